"""How well metrics agree with people: over all translations of a set, and between translations of one source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sacrebleu
from numpy.typing import NDArray
from ratings import Rated
from scipy.stats import kendalltau, rankdata, spearmanr

Scorer = Callable[[Sequence[Rated]], Sequence[float]]
"""Scores rows, one each; higher is better."""

RESAMPLES = 500


@dataclass(frozen=True)
class Agreement:
    """What one metric has in common with the ratings of one set."""

    metric: str
    spearman: float
    spearman_interval: tuple[float, float]
    kendall: float
    pairwise: float | None
    """Share of pairs of translations of one source that it puts in the order of their ratings; None without pairs."""
    ahead_of_chrf: tuple[float, float, float] | None
    """The difference of that share from chrF's, with the bounds of its 95 % interval."""


def chrf(rows: Sequence[Rated]) -> list[float]:
    """Sentence chrF++; chrF2 into Chinese."""
    return [
        sacrebleu.sentence_chrf(r.translation, [str(r.reference)], word_order=0 if r.pair.endswith("zh") else 2).score
        for r in rows
    ]


def bleu(rows: Sequence[Rated]) -> list[float]:
    """Sentence BLEU."""
    return [
        sacrebleu.sentence_bleu(
            r.translation, [str(r.reference)], tokenize="zh" if r.pair.endswith("zh") else "13a"
        ).score
        for r in rows
    ]


def by_set(rows: Sequence[Rated]) -> dict[tuple[str, str], list[Rated]]:
    """Sort rows by where they come from and by their languages."""
    found: dict[tuple[str, str], list[Rated]] = defaultdict(list)
    for row in rows:
        found[row.origin, row.pair].append(row)
    return dict(sorted(found.items()))


def measure(rows: Sequence[Rated], scorers: Mapping[str, Scorer]) -> list[Agreement]:
    """Compare metrics on the rows of one set; intervals by bootstrap over sources."""
    scores = {name: np.asarray(scorer(rows), np.float64) for name, scorer in scorers.items()}
    people = np.array([r.score for r in rows])
    groups = [np.array(own) for own in _by_source(rows).values()]
    right = {name: np.array([_in_order(people[g], own[g]) for g in groups]) for name, own in scores.items()}
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(groups), (RESAMPLES, len(groups)))
    found = []
    for name, own in scores.items():
        resampled = [_spearman(people, own, groups, sample) for sample in drawn]
        low, high = np.quantile(resampled, [0.025, 0.975])
        hits, pairs = right[name].sum(0)
        ahead = None
        if pairs and "chrF" in scores and name != "chrF":
            shares = [right[n][drawn].sum(1) for n in (name, "chrF")]
            differences = shares[0][:, 0] / shares[0][:, 1] - shares[1][:, 0] / shares[1][:, 1]
            bounds = np.quantile(differences, [0.025, 0.975])
            ahead = (float((hits - right["chrF"].sum(0)[0]) / pairs), float(bounds[0]), float(bounds[1]))
        found.append(
            Agreement(
                name,
                float(spearmanr(own, people).statistic),
                (float(low), float(high)),
                float(kendalltau(own, people).statistic),
                float(hits / pairs) if pairs else None,
                ahead,
            )
        )
    return found


def _spearman(
    people: NDArray[np.float64], own: NDArray[np.float64], groups: Sequence[NDArray[np.int64]], sample: Sequence[int]
) -> float:
    rows = np.concatenate([groups[i] for i in sample])
    return float(np.corrcoef(rankdata(people[rows]), rankdata(own[rows]))[0, 1])


def _by_source(rows: Sequence[Rated]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        groups[row.source].append(i)
    return groups


def _in_order(people: NDArray[np.float64], own: NDArray[np.float64]) -> tuple[float, float]:
    """Count pairs that people tell apart, and those put in their order (ties half): order first."""
    better = people[:, None] > people[None, :]
    lead = (own[:, None] - own[None, :])[better]
    return float((lead > 0).sum() + 0.5 * (lead == 0).sum()), float(len(lead))
