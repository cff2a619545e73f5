"""What quality costs: the systems that no cheaper one equals, and whether a search is worth its tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtreason.evaluation import CHRF
from mtreason.report.table import MEAN_REWARD, Record

SAME_COST = 1.03
"""Systems of one budget may differ in cost by so much."""


def _quality(figures: Mapping[str, Record]) -> str:
    """Return the figure by which systems are ordered: chrF++, or the reward where there are no references."""
    return CHRF if any(own[CHRF] is not None for own in figures.values()) else MEAN_REWARD


def best_of(figures: Mapping[str, Record]) -> str | None:
    """Return the system of the best quality; None where none is scored."""
    key = _quality(figures)
    scored = [name for name, own in figures.items() if own[key] is not None]
    return max(scored, key=lambda name: float(figures[name][key]), default=None)


def find_rivals(figures: Mapping[str, Record], searches: Sequence[str]) -> dict[str, str]:
    """Return for each search the best system that does not search and costs no more."""
    rivals = {}
    for search in searches:
        most = SAME_COST * figures[search]["cost_tokens"]
        cheap = {n: own for n, own in figures.items() if n not in searches and own["cost_tokens"] <= most}
        if (best := best_of(cheap)) is not None:
            rivals[search] = best
    return rivals


def frontier(figures: Mapping[str, Record], key: str) -> list[str]:
    """Return the systems whose score no cheaper one reaches, the cheapest first."""
    best = float("-inf")
    found = []
    for name in sorted(figures, key=lambda n: (figures[n]["cost_tokens"], -(figures[n][key] or 0.0))):
        score = figures[name][key]
        if score is not None and score > best:
            best = score
            found.append(name)
    return found


def judge_searches(
    figures: Mapping[str, Record], rivals: Mapping[str, str], pairs: Mapping[str, Record]
) -> list[Record]:
    """Say of each search whether it is better than the best that can be had without it for the same cost."""
    found: list[Record] = []
    for search, rival in rivals.items():
        ahead = pairs.get(f"{search} vs {rival}")
        if ahead is not None and ahead["interval"] is not None:
            found.append(
                {
                    "search": search,
                    "tokens": figures[search]["cost_tokens"],
                    "against": rival,
                    "against_tokens": figures[rival]["cost_tokens"],
                    "delta": ahead["delta"],
                    "interval": ahead["interval"],
                    "pays": ahead["interval"][0] > 0,
                }
            )
    return found
