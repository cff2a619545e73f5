"""The figures of a benchmark, in JSON types.

A report of one pair of languages holds, at its top level:

- `config`: what was run; `segments`: how many are compared, namely those that every system has finished;
  `left_out`: how many others some system has finished; `with_references`; `indication`: fewer than 100 are compared;
  `metrics`: metric -> title, in the order of columns; `search`: the system whose search is reported, or null;
  `baseline`: the system that others are compared with.
- `systems.NAME`: `segments`; `budget` (null where it has none); means per segment (`cost_tokens`, `budget_tokens` or
  null, `prompt_tokens`, `sampled_tokens`, `scored_tokens`, `distinct`, `candidates`, `seconds`, `mean_reward`, and its
  `parts`); `fell_back` (a count); scores of the corpus (`bleu`, `chrf`, `ter`, null without references; `comet` where
  one was named); their 95 % intervals (`bleu_interval` and so on); and `optimised`: metrics that the system maximised
  while it chose.
- `pairs."A vs B"`: A minus B in chrF++: `delta`, `interval`, `p_value`, `p_holm` (corrected for all comparisons of that
  metric), `wins`, `ties`, `losses`; `metrics.bleu`, `metrics.comet` and `metrics.reward` hold the same.
- `best_without_search`, `signatures`, `domains.NAME` (`segments`, and `chrf` by system), `cost_deviation` (`percent` by
  which the dearest system of a budget exceeds the cheapest of the same, where that is most), `examples` (`wins` and
  `losses` of the search, `ours`, against the baseline, `theirs`), `correlations.METRIC` of the reward: `overall`,
  `within` segments, `translations` (how many).
- `frontier.METRIC` (chrF++ and COMET): the systems that no cheaper one equals, the cheapest first; `worth`: for each
  search, `search` and its `tokens`, the best system that costs no more and does not search, `against` and its `tokens`,
  and whether the search is better (`pays`: its interval in chrF++ lies above 0).

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
from mtreason.report.frontier import best_of, find_rivals, frontier, judge_searches
from mtreason.report.table import MEAN_REWARD, REWARD, Benchmark, Record, Table

BASELINE = "greedy"
SEARCHING = frozenset({"mcts", "mcts-uct"})
"""The decoders that search."""
INDICATION = 100
EXAMPLES = 5


def build_report(benchmark: Benchmark, baseline: str = BASELINE) -> dict[str, Any]:
    """Compute all figures of a benchmark; raises `InputError` where no system is the baseline."""
    reports = {pair: _report(benchmark, pair, baseline) for pair in benchmark.tables}
    if len(reports) == 1:
        [only] = reports.values()
        return {"config": benchmark.config, **only}
    return {"config": benchmark.config, "pairs_of_languages": reports}


def _report(benchmark: Benchmark, pair: str, baseline: str) -> dict[str, Any]:
    table = benchmark.tables[pair]
    if baseline != BASELINE and baseline not in table.names:
        raise InputError(f"--baseline {baseline!r}: not in this benchmark, which has {', '.join(table.names)}")
    figures = _systems(benchmark, pair)
    searches = [name for name in table.names if is_search(benchmark, name)]
    best = best_of({n: own for n, own in figures.items() if n not in searches})
    rivals = find_rivals(figures, searches)
    pairs = _pairs(table, _compared(figures, searches, rivals, best, baseline))
    search = searching(benchmark, pair)
    finished = {row["id"] for own in table.all_rows.values() for row in own}
    segments = len(table.segments)
    return {
        "languages": pair,
        "segments": segments,
        "left_out": len(finished) - segments,
        "with_references": len(table.referenced),
        "indication": segments < INDICATION,
        "metrics": {name: metric.title for name, metric in table.metrics.items()},
        "search": search,
        "baseline": baseline,
        "systems": figures,
        "best_without_search": best,
        "pairs": pairs,
        "signatures": {key: m.signature for key, m in table.metrics.items() if m.signature},
        "domains": _domains(table),
        "cost_deviation": _cost_deviation(figures),
        "correlations": _correlations(table),
        "frontier": {key: frontier(figures, key) for key in (CHRF, COMET) if key in table.metrics},
        "worth": judge_searches(figures, rivals, pairs),
        "examples": _examples(table, search, baseline),
    }


def _systems(benchmark: Benchmark, pair: str) -> dict[str, dict[str, Any]]:
    options = benchmark.config["systems"]
    table = benchmark.tables[pair]
    return {name: _system(options.get(name, {}), table, name) for name in table.names}


def _system(options: Record, table: Table, name: str) -> dict[str, Any]:
    """Describe one system; its seconds are those of all its rows, because each row counts from the one before."""
    rows = results_frame(table.rows[name])
    figures: dict[str, Any] = {"segments": len(rows), "fell_back": int(rows["fell_back"].sum())}
    figures["budget"] = options.get("budget")
    figures |= means_of(rows, ("cost_tokens", "distinct", "candidates"))
    # Null is not a number, and zero is no budget: a system has a budget if every segment has one.
    budgets = rows["budget_tokens"].fillna(0)
    figures["budget_tokens"] = float(budgets.mean()) if budgets.all() else None
    figures |= means_under(rows, "cost")
    figures |= means_of(results_frame(table.all_rows[name]), ["seconds"])
    figures["parts"] = means_under(rows, "parts")
    for key in dict.fromkeys(("bleu", CHRF, "ter", REWARD, *table.metrics)):
        metric, shown = table.metrics.get(key), figure_of(key)
        position = table.names.index(name)
        figures[shown] = metric.score(metric.statistics[position].sum(0)) if metric else None
        figures[f"{shown}_interval"] = list(interval(bootstrap(metric, position))) if metric else None
    figures["optimised"] = optimised(options)
    return figures


def figure_of(metric: str) -> str:
    """Return the name of a system's figure of a metric."""
    return MEAN_REWARD if metric == REWARD else metric


def is_search(benchmark: Benchmark, system: str) -> bool:
    """Return whether a system searches a tree."""
    return benchmark.config["systems"].get(system, {}).get("decoder") in SEARCHING


def searching(benchmark: Benchmark, pair: str) -> str | None:
    """Return the system whose search is reported: our own, with all of its budget and the largest one."""
    options = benchmark.config["systems"]
    ours = [n for n in benchmark.tables[pair].names if options.get(n, {}).get("decoder") == "mcts"]

    def rank(name: str) -> tuple[bool, float]:
        """Return what makes a search the one to report."""
        return bool(options[name].get("full_budget")), float(options[name].get("budget") or 0)

    return max(ours, key=rank, default=None)


def _compared(
    figures: Mapping[str, Record], searches: Sequence[str], rivals: Mapping[str, str], best: str | None, baseline: str
) -> list[tuple[str, str]]:
    """Return the pairs of systems to compare.

    All systems with the baseline and with the best one that does not search; every search with its rival and with the
    systems of its budget.
    """
    budgets = {name: own["budget"] for name, own in figures.items()}
    alone = len({budget for budget in budgets.values() if budget}) < 2
    wanted = [(name, baseline) for name in figures]
    wanted += [(s, n) for s in searches for n in figures if budgets[n] == budgets[s] or (alone and not budgets[n])]
    wanted += [(name, best) for name in figures if best] + list(rivals.items())
    chosen: list[tuple[str, str]] = []
    for a, b in wanted:
        if a != b and {a, b} <= set(figures) and not {(a, b), (b, a)} & set(chosen):
            chosen.append((a, b))
    return chosen


def _pairs(table: Table, chosen: Sequence[tuple[str, str]]) -> dict[str, Any]:
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
        # So that a positive correlation is a good one in every row.
        scores = -scores if table.metrics[key].lower_is_better else scores
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
    """Compare mean costs of systems of one budget; None where no two have the same."""
    groups: dict[float, dict[str, float]] = {}
    for name, own in figures.items():
        if own["budget_tokens"]:
            groups.setdefault(own["budget"], {})[name] = own["cost_tokens"]
    found: list[dict[str, Any]] = []
    for costs in groups.values():
        low, high = min(costs, key=lambda n: costs[n]), max(costs, key=lambda n: costs[n])
        if low != high:
            found.append({"percent": 100 * (costs[high] / costs[low] - 1), "cheapest": low, "dearest": high})
    return max(found, key=lambda own: own["percent"], default=None)


def _examples(table: Table, search: str | None, baseline: str) -> dict[str, list[dict[str, Any]]]:
    """Return the segments on which the search wins and loses most chrF++ against the baseline."""
    ranked = _segments(table, search, baseline)
    return {
        "wins": [e for e in ranked if e["delta"] > 0][:EXAMPLES],
        "losses": [e for e in reversed(ranked) if e["delta"] < 0][:EXAMPLES],
    }


def build_segments(benchmark: Benchmark, baseline: str = BASELINE) -> list[dict[str, Any]]:
    """Return all segments that the search and the baseline have finished, sorted by the difference in chrF++."""
    tables = benchmark.tables
    return [s for pair, table in tables.items() for s in _segments(table, searching(benchmark, pair), baseline)]


def _segments(table: Table, search: str | None, baseline: str) -> list[dict[str, Any]]:
    """Describe the segments with references; the largest gain of the search over the baseline comes first."""
    metric = table.metrics.get(CHRF)
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
