"""The figures of a benchmark, in JSON types.

A report of one pair of languages holds, at its top level:

- `config`: what was run; `segments`: how many are compared, which are those that every system has finished;
  `left_out`: how many others some system has finished; `with_references`; `indication`: fewer than 100 are compared.
- `systems.NAME`: `segments`; means per segment (`cost_tokens`, `budget_tokens` or null, `prompt_tokens`,
  `sampled_tokens`, `scored_tokens`, `distinct`, `candidates`, `seconds`, `mean_reward`, and its `parts`); `fell_back`
  (a count); scores of the corpus (`bleu`, `chrf`; null without references); 95 % intervals (`bleu_interval`,
  `chrf_interval`, `mean_reward_interval`); and `optimised`: metrics that the system maximised while it chose.
- `pairs."A vs B"`: A minus B in chrF++: `delta`, `interval`, `p_value`, `p_holm` (corrected for all comparisons of that
  metric), `wins`, `ties`, `losses`; `metrics.bleu` and `metrics.reward` hold the same.
- `best_without_search`, `signatures`, `domains.NAME` (`segments`, and `chrf` by system), `cost_deviation` (`percent` by
  which the dearest system with a budget exceeds the cheapest), `examples` (`wins` and `losses` of mcts against greedy).

With several pairs of languages, `pairs_of_languages.PAIR` holds these for each, and only `config` stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mtreason.benchmark import SYSTEMS, optimised, read_config, read_results
from mtreason.errors import InputError
from mtreason.evaluation import CHRF, Metric, bootstrap, compare, corpus_metrics, holm, interval, mean_metric
from mtreason.languages import parse_language

Record = Mapping[str, Any]

BASELINE, SEARCH = "greedy", "mcts"
SEARCHING = ("mcts", "marco")
"""How the names of systems begin that search."""
INDICATION = 100
EXAMPLES = 5
REWARD = "reward"
REWARD_TIE = 1e-4
"""Nats; what a part of rounding may amount to when the same tokens are read in other batches."""


def build_report(directory: Path) -> dict[str, Any]:
    """Compute all figures of a directory of results; raises `InputError` where there is nothing to compare."""
    config = read_config(directory)
    by_pair: dict[str, dict[str, dict[str, Record]]] = {}
    for record in read_results(directory):
        by_pair.setdefault(record["pair"], {}).setdefault(record["system"], {})[record["id"]] = record
    if not by_pair:
        raise InputError(f"{directory} holds no finished result yet: let 'mtreason bench run' go on")
    reports = {pair: _report(config, pair, systems) for pair, systems in by_pair.items()}
    if len(reports) == 1:
        [only] = reports.values()
        return {"config": config, **only}
    return {"config": config, "pairs_of_languages": reports}


@dataclass(frozen=True, slots=True)
class _Table:
    """What the systems did with the segments that all of them have finished, of one pair of languages."""

    names: list[str]
    rows: dict[str, list[Record]]
    """By system; the same segments in the same order."""
    referenced: list[int]
    """Positions of the rows that have references."""
    metrics: dict[str, Metric]
    """BLEU and chrF++ on those, the reward on all; their systems stand in the order of names."""


def _table(pair: str, results: Mapping[str, Mapping[str, Record]]) -> _Table:
    names = [*(n for n in SYSTEMS if n in results), *(n for n in results if n not in SYSTEMS)]
    common = [i for i in results[names[0]] if all(i in own for own in results.values())]
    if not common:
        raise InputError(
            f"no {pair} segment is finished by all of {', '.join(names)}: let 'mtreason bench run' go on, or begin "
            "another directory with fewer systems"
        )
    rows = {name: [results[name][i] for i in common] for name in names}
    some = rows[names[0]]
    referenced = [i for i, row in enumerate(some) if row["refs"]]
    metrics = {}
    if referenced:
        texts = [[own[i]["translation"] for i in referenced] for own in rows.values()]
        target = parse_language(some[0]["tgt_lang"])
        metrics = {m.name: m for m in corpus_metrics(texts, [some[i]["refs"] for i in referenced], target)}
    judged = [i for i in range(len(some)) if all(own[i]["reward"] is not None for own in rows.values())]
    if judged:
        values = [[own[i]["reward"] for i in judged] for own in rows.values()]
        metrics[REWARD] = mean_metric(REWARD, "mean reward", values, REWARD_TIE)
    return _Table(names, rows, referenced, metrics)


def _report(config: Record, pair: str, results: Mapping[str, Mapping[str, Record]]) -> dict[str, Any]:
    table = _table(pair, results)
    figures = {n: _system(config["systems"].get(n, {}), table, n, list(results[n].values())) for n in table.names}
    best = _best_without_search(figures)
    finished = {i for own in results.values() for i in own}
    segments = len(table.rows[table.names[0]])
    return {
        "languages": pair,
        "segments": segments,
        "left_out": len(finished) - segments,
        "with_references": len(table.referenced),
        "indication": segments < INDICATION,
        "systems": figures,
        "best_without_search": best,
        "pairs": _pairs(table, best),
        "signatures": {key: m.signature for key, m in table.metrics.items() if m.signature},
        "domains": _domains(table),
        "cost_deviation": _cost_deviation(figures),
        "examples": _examples(table),
    }


def _system(options: Record, table: _Table, name: str, all_rows: Sequence[Record]) -> dict[str, Any]:
    """Describe one system; its seconds are those of all its rows, as each counts from the one before."""
    rows = table.rows[name]
    figures: dict[str, Any] = {"segments": len(rows), "fell_back": sum(bool(r["fell_back"]) for r in rows)}
    figures |= {key: _mean([r[key] for r in rows]) for key in ("cost_tokens", "distinct", "candidates")}
    budgeted = all(r["budget_tokens"] for r in rows)
    figures["budget_tokens"] = _mean([r["budget_tokens"] for r in rows]) if budgeted else None
    figures |= {key: _mean([r["cost"][key] for r in rows]) for key in rows[0]["cost"]}
    figures["seconds"] = _mean([r["seconds"] for r in all_rows])
    shared = [p for p in rows[0]["parts"] if all(p in r["parts"] for r in rows)]
    figures["parts"] = {p: _mean([r["parts"][p] for r in rows]) for p in shared}
    for key, shown in (("bleu", "bleu"), (CHRF, CHRF), (REWARD, "mean_reward")):
        metric, position = table.metrics.get(key), table.names.index(name)
        figures[shown] = metric.score(metric.statistics[position].sum(0)) if metric else None
        figures[f"{shown}_interval"] = list(interval(bootstrap(metric, position))) if metric else None
    figures["optimised"] = optimised(options.get("decoder", ""), options.get("reward"))
    return figures


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _best_without_search(figures: Mapping[str, Record]) -> str | None:
    """Name the system of the highest chrF++, or reward where there is none, among those that do not search."""
    key = CHRF if any(f[CHRF] is not None for f in figures.values()) else "mean_reward"
    still = [n for n, f in figures.items() if not n.startswith(SEARCHING) and f[key] is not None]
    return max(still, key=lambda n: float(figures[n][key])) if still else None


def _pairs(table: _Table, best: str | None) -> dict[str, Any]:
    """Compare every system with greedy and with the best that does not search, and mcts with every other one."""
    wanted = [(n, BASELINE) for n in table.names] + [(SEARCH, n) for n in table.names]
    wanted += [(n, best) for n in table.names if best]
    chosen: list[tuple[str, str]] = []
    for a, b in wanted:
        if a != b and {a, b} <= set(table.names) and (a, b) not in chosen and (b, a) not in chosen:
            chosen.append((a, b))
    found: dict[str, dict[str, Any]] = {f"{a} vs {b}": {} for a, b in chosen}
    for key, metric in table.metrics.items():
        compared = [compare(metric, table.names.index(a), table.names.index(b)) for a, b in chosen]
        corrected = holm([c.p_value for c in compared])
        for own, comparison, p in zip(found.values(), compared, corrected, strict=True):
            figures = {k: v for k, v in asdict(comparison).items() if k not in {"low", "high"}}
            own[key] = {**figures, "interval": [comparison.low, comparison.high], "p_holm": p}
    # chrF++ stands on top, the others below it.
    none = dict.fromkeys(("delta", "p_value", "wins", "ties", "losses", "interval", "p_holm"))
    return {n: {**own.pop(CHRF, none), "metrics": own} for n, own in found.items()}


def _domains(table: _Table) -> dict[str, Any]:
    """Return chrF++ by domain; nothing where all rows are of one."""
    metric = table.metrics.get(CHRF)
    domains: dict[str, list[int]] = {}
    for position, i in enumerate(table.referenced):
        domains.setdefault(table.rows[table.names[0]][i]["domain"] or "none", []).append(position)
    if metric is None or len(domains) < 2:
        return {}
    return {
        domain: {
            "segments": len(own),
            CHRF: {
                name: metric.score(statistics[own].sum(0))
                for name, statistics in zip(table.names, metric.statistics, strict=True)
            },
        }
        for domain, own in domains.items()
    }


def _cost_deviation(figures: Mapping[str, Record]) -> dict[str, Any] | None:
    """Compare mean costs of the systems that have a budget; None where fewer than two have one."""
    costs = {n: own["cost_tokens"] for n, own in figures.items() if own["budget_tokens"]}
    if len(costs) < 2:
        return None
    low, high = min(costs, key=lambda n: costs[n]), max(costs, key=lambda n: costs[n])
    return {"percent": 100 * (costs[high] / costs[low] - 1), "cheapest": low, "dearest": high}


def _examples(table: _Table) -> dict[str, list[dict[str, Any]]]:
    """Return the segments on which mcts wins and loses most chrF++ against greedy."""
    metric = table.metrics.get(CHRF)
    if metric is None or not {SEARCH, BASELINE} <= set(table.names):
        return {"wins": [], "losses": []}
    scores = [
        [metric.segment_score(own) for own in metric.statistics[table.names.index(name)]] for name in (SEARCH, BASELINE)
    ]
    ahead = np.array(scores[0]) - np.array(scores[1])

    def describe(position: int) -> dict[str, Any]:
        ours, theirs = (table.rows[name][table.referenced[position]] for name in (SEARCH, BASELINE))
        return {
            "id": ours["id"],
            "src": ours["src"],
            "refs": ours["refs"],
            SEARCH: ours["translation"],
            BASELINE: theirs["translation"],
            "delta": float(ahead[position]),
        }

    order = [int(i) for i in np.argsort(-ahead, kind="stable")]
    return {
        "wins": [describe(i) for i in order if ahead[i] > metric.tie][:EXAMPLES],
        "losses": [describe(i) for i in reversed(order) if ahead[i] < -metric.tie][:EXAMPLES],
    }
