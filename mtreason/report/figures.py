"""The figures of a benchmark, in JSON types.

A report of one pair of languages holds, at its top level:

- `config`: what was run; `segments`: how many are compared, namely those that every system has finished;
  `left_out`: how many others some system has finished; `with_references`; `indication`: fewer than 100 are compared;
  `metrics`: metric -> title, in the order of columns; `search`: the system whose search is reported, or null;
  `baseline`: the system that others are compared with.
- `systems.NAME`: `segments`; means per segment (`cost_tokens`, `budget_tokens` or null, `prompt_tokens`,
  `sampled_tokens`, `scored_tokens`, `distinct`, `candidates`, `seconds`, `mean_reward`, and its `parts`); `fell_back`
  (a count); scores of the corpus (`bleu`, `chrf`, null without references; `comet` where one was named); their 95 %
  intervals (`bleu_interval` and so on); and `optimised`: metrics that the system maximised while it chose.
- `pairs."A vs B"`: A minus B in chrF++: `delta`, `interval`, `p_value`, `p_holm` (corrected for all comparisons of that
  metric), `wins`, `ties`, `losses`; `metrics.bleu`, `metrics.comet` and `metrics.reward` hold the same.
- `best_without_search`, `signatures`, `domains.NAME` (`segments`, and `chrf` by system), `cost_deviation` (`percent` by
  which the dearest system with a budget exceeds the cheapest), `examples` (`wins` and `losses` of the search, `ours`,
  against the baseline, `theirs`), `correlations.METRIC` of the reward: `overall`, `within` segments,
  `translations` (how many).
- `costs`: `system`, `budget`, `cost_tokens`, and scores with intervals, of this benchmark and of others with further
  budgets.

With several pairs of languages, `pairs_of_languages.PAIR` holds these for each, and only `config` is beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtreason.benchmark import optimised
from mtreason.errors import InputError
from mtreason.evaluation import CHRF, COMET, Metric, bootstrap, compare_all, interval
from mtreason.frames import means_of, means_under, results_frame, spearman
from mtreason.report.table import REWARD, Benchmark, Record, Table

BASELINE = "greedy"
SEARCHING = ("mcts", "marco")
"""The beginnings of the names of systems that search."""
INDICATION = 100
EXAMPLES = 5
MEAN_REWARD = "mean_reward"


def build_report(benchmark: Benchmark, others: Sequence[Benchmark] = (), baseline: str = BASELINE) -> dict[str, Any]:
    """Compute all figures of a benchmark; `others` are the same benchmark with other budgets.

    Raises `InputError` where they are another benchmark, and where no system is the baseline.
    """
    for other in others:
        _check_comparable(benchmark, other)
    reports = {pair: _report(benchmark, pair, others, baseline) for pair in benchmark.tables}
    if len(reports) == 1:
        [only] = reports.values()
        return {"config": benchmark.config, **only}
    return {"config": benchmark.config, "pairs_of_languages": reports}


def _check_comparable(benchmark: Benchmark, other: Benchmark) -> None:
    keys = [k for k in ("model", "seed", "data", "glossary") if benchmark.config.get(k) != other.config.get(k)]
    sizes = [{pair: len(table.segments) for pair, table in one.tables.items()} for one in (benchmark, other)]
    if not keys and sizes[0] != sizes[1]:
        keys = ["finished segments"]
    if keys:
        raise InputError(
            f"{other.directory} and {benchmark.directory} differ in {', '.join(keys)}: a report of several directories "
            "takes the same benchmark with different budgets"
        )


def _report(benchmark: Benchmark, pair: str, others: Sequence[Benchmark], baseline: str) -> dict[str, Any]:
    table = benchmark.tables[pair]
    if baseline != BASELINE and baseline not in table.names:
        raise InputError(f"--baseline {baseline!r}: not in this benchmark, which has {', '.join(table.names)}")
    figures = _systems(benchmark, pair)
    best = _best_without_search(figures)
    finished = {row["id"] for own in table.all_rows.values() for row in own}
    segments = len(table.segments)
    return {
        "languages": pair,
        "segments": segments,
        "left_out": len(finished) - segments,
        "with_references": len(table.referenced),
        "indication": segments < INDICATION,
        "metrics": {name: metric.title for name, metric in table.metrics.items()},
        "search": searching(table),
        "baseline": baseline,
        "systems": figures,
        "best_without_search": best,
        "pairs": _pairs(table, best, baseline),
        "signatures": {key: m.signature for key, m in table.metrics.items() if m.signature},
        "domains": _domains(table),
        "cost_deviation": _cost_deviation(figures),
        "correlations": _correlations(table),
        "costs": [
            *_costs(benchmark, figures),
            *(point for other in others for point in _costs(other, _systems(other, pair))),
        ],
        "examples": _examples(table, baseline),
    }


def _systems(benchmark: Benchmark, pair: str) -> dict[str, dict[str, Any]]:
    options = benchmark.config["systems"]
    table = benchmark.tables[pair]
    return {name: _system(options.get(name, {}), table, name) for name in table.names}


def _system(options: Record, table: Table, name: str) -> dict[str, Any]:
    """Describe one system; its seconds are those of all its rows, because each row counts from the one before."""
    rows = results_frame(table.rows[name])
    figures: dict[str, Any] = {"segments": len(rows), "fell_back": int(rows["fell_back"].sum())}
    figures |= means_of(rows, ("cost_tokens", "distinct", "candidates"))
    # Null is not a number, and zero is no budget: a system has a budget if every segment has one.
    budgets = rows["budget_tokens"].fillna(0)
    figures["budget_tokens"] = float(budgets.mean()) if budgets.all() else None
    figures |= means_under(rows, "cost")
    figures |= means_of(results_frame(table.all_rows[name]), ["seconds"])
    figures["parts"] = means_under(rows, "parts")
    for key in dict.fromkeys(("bleu", CHRF, REWARD, *table.metrics)):
        metric, shown = table.metrics.get(key), figure_of(key)
        position = table.names.index(name)
        figures[shown] = metric.score(metric.statistics[position].sum(0)) if metric else None
        figures[f"{shown}_interval"] = list(interval(bootstrap(metric, position))) if metric else None
    figures["optimised"] = optimised(options)
    return figures


def figure_of(metric: str) -> str:
    """Return the name of a system's figure of a metric."""
    return MEAN_REWARD if metric == REWARD else metric


def _best_without_search(figures: Mapping[str, Record]) -> str | None:
    """Return the system with the highest chrF++, or reward without chrF++, among those that do not search."""
    key = CHRF if any(f[CHRF] is not None for f in figures.values()) else MEAN_REWARD
    still = [n for n, f in figures.items() if not n.startswith(SEARCHING) and f[key] is not None]
    return max(still, key=lambda n: float(figures[n][key])) if still else None


def searching(table: Table) -> str | None:
    """Return the system whose search is reported."""
    return next((name for name in ("mcts", "mcts-early") if name in table.names), None)


def _pairs(table: Table, best: str | None, baseline: str) -> dict[str, Any]:
    """Compare all systems with the baseline and the best one that does not search, and the search with all others."""
    wanted = [(n, baseline) for n in table.names] + [(searching(table), n) for n in table.names]
    wanted += [(n, best) for n in table.names if best]
    chosen: list[tuple[str, str]] = []
    for a, b in wanted:
        if a is not None and a != b and {a, b} <= set(table.names) and not {(a, b), (b, a)} & set(chosen):
            chosen.append((a, b))
    found: dict[str, dict[str, Any]] = {f"{a} vs {b}": {} for a, b in chosen}
    for key, metric in table.metrics.items():
        compared = compare_all(metric, [(table.names.index(a), table.names.index(b)) for a, b in chosen])
        for own, comparison in zip(found.values(), compared, strict=True):
            figures = {k: v for k, v in asdict(comparison).items() if k not in {"low", "high"}}
            own[key] = {**figures, "interval": [comparison.low, comparison.high]}
    # chrF++ is at the top level, the others below it.
    none = dict.fromkeys(("delta", "p_value", "wins", "ties", "losses", "interval", "p_holm"))
    return {n: {**own.pop(CHRF, none), "metrics": own} for n, own in found.items()}


def _domains(table: Table) -> dict[str, Any]:
    """Return chrF++ by domain; nothing where all rows are of one domain."""
    metric = table.metrics.get(CHRF)
    if metric is None:
        return {}
    rows = results_frame(table.segments[i] for i in table.referenced)
    domains = rows.groupby(rows["domain"].fillna("").replace({"": "none"}), sort=False).indices
    if len(domains) < 2:
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


def _correlations(table: Table) -> dict[str, Any]:
    """Correlate the reward with each metric over all translations, and within segments, less their means."""
    if REWARD not in table.metrics or len(table.names) < 2:
        return {}
    found = {}
    judged = set(table.positions[REWARD])
    for key in table.metrics:
        both = [i for i in table.positions[key] if i in judged]
        if key == REWARD or len(both) < 2:
            continue
        rewards, scores = (_segment_scores(table, name, both) for name in (REWARD, key))
        within = [(a - a.mean(0)).ravel() for a in (rewards, scores)]
        if min(np.ptp(a) for a in (rewards, scores, *within)) > 0:
            found[key] = {
                "overall": spearman(rewards.ravel(), scores.ravel()),
                "within": spearman(*within),
                "translations": int(rewards.size),
            }
    return found


def _segment_scores(table: Table, name: str, rows: Sequence[int]) -> NDArray[np.float64]:
    """Return a metric's score of every system's translation of these rows, [systems, rows]."""
    metric: Metric = table.metrics[name]
    at = {row: place for place, row in enumerate(table.positions[name])}
    return np.array([[metric.segment_score(own[at[i]]) for i in rows] for own in metric.statistics], np.float64)


def _cost_deviation(figures: Mapping[str, Record]) -> dict[str, Any] | None:
    """Compare mean costs of the systems that have a budget; None where fewer than two have one."""
    costs = {n: own["cost_tokens"] for n, own in figures.items() if own["budget_tokens"]}
    if len(costs) < 2:
        return None
    low, high = min(costs, key=lambda n: costs[n]), max(costs, key=lambda n: costs[n])
    return {"percent": 100 * (costs[high] / costs[low] - 1), "cheapest": low, "dearest": high}


def _costs(benchmark: Benchmark, figures: Mapping[str, Record]) -> list[dict[str, Any]]:
    """Return what every system costs, and its scores."""
    wanted = [name for key in (CHRF, COMET) for name in (key, f"{key}_interval")]
    return [
        {"system": name, "budget": benchmark.config["budget"], "cost_tokens": own["cost_tokens"]}
        | {key: own[key] for key in wanted if own.get(key) is not None}
        for name, own in figures.items()
    ]


def _examples(table: Table, baseline: str) -> dict[str, list[dict[str, Any]]]:
    """Return the segments on which the search wins and loses most chrF++ against the baseline."""
    ranked = _segments(table, baseline)
    return {
        "wins": [e for e in ranked if e["delta"] > 0][:EXAMPLES],
        "losses": [e for e in reversed(ranked) if e["delta"] < 0][:EXAMPLES],
    }


def build_segments(benchmark: Benchmark, baseline: str = BASELINE) -> list[dict[str, Any]]:
    """Return all segments that the search and the baseline have finished, sorted by the difference in chrF++."""
    return [segment for table in benchmark.tables.values() for segment in _segments(table, baseline)]


def _segments(table: Table, baseline: str) -> list[dict[str, Any]]:
    """Describe the segments with references; the largest gain of the search over the baseline comes first."""
    metric, search = table.metrics.get(CHRF), searching(table)
    if metric is None or search is None or baseline not in table.names:
        return []
    positions = table.positions[CHRF]
    scores = _segment_scores(table, CHRF, positions)
    ahead = scores[table.names.index(search)] - scores[table.names.index(baseline)]

    def describe(place: int) -> dict[str, Any]:
        """Describe the segment at one of the positions."""
        row, other = (table.rows[name][positions[place]] for name in (search, baseline))
        return {
            "id": row["id"],
            "source_tag": row["src_lang"],
            "target_tag": row["tgt_lang"],
            "domain": row["domain"],
            "src": row["src"],
            "refs": row["refs"],
            "ours": row["translation"],
            "theirs": other["translation"],
            "delta": float(ahead[place]) if abs(ahead[place]) > metric.tie else 0.0,
        }

    return [describe(int(i)) for i in np.argsort(-ahead, kind="stable")]
