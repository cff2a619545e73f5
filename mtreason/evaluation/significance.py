"""Paired tests of whether the difference of two systems on the same segments is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mtreason.evaluation.metrics import Metric, Statistics

SEED = 12345
"""The seed that sacrebleu uses, so that figures can be compared with its own."""
TRIALS = 10_000
RESAMPLES = 1_000
ROUNDING = 1e-9
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """System A against system B."""

    delta: float
    """Score of A minus score of B."""
    low: float
    high: float
    """95 % interval of delta, by paired bootstrap."""
    p_value: float
    """Two-sided, by approximate randomisation."""
    bootstrap_p_value: float
    """The same, by paired bootstrap."""
    wins: int
    """Segments on which A is better."""
    ties: int
    losses: int
    p_holm: float
    """`p_value`, corrected for all comparisons that were made together."""


def compare(metric: Metric, a: int, b: int) -> Comparison:
    """Compare two systems of a metric, given by their positions."""
    [found] = compare_all(metric, [(a, b)])
    return found


def compare_all(metric: Metric, pairs: Sequence[tuple[int, int]]) -> list[Comparison]:
    """Compare pairs of systems as `compare` does, but resample each system only once."""
    resampled = {system: bootstrap(metric, system) for system in {s for pair in pairs for s in pair}}
    p_values = [randomisation_p(metric, metric.statistics[a], metric.statistics[b]) for a, b in pairs]
    return [
        _compare(metric, a, b, resampled[a] - resampled[b], p_value, corrected)
        for (a, b), p_value, corrected in zip(pairs, p_values, holm(p_values), strict=True)
    ]


def _compare(
    metric: Metric, a: int, b: int, differences: NDArray[np.float64], p_value: float, p_holm: float
) -> Comparison:
    ours, theirs = metric.statistics[a], metric.statistics[b]
    low, high = interval(differences)
    ahead = np.array(
        [metric.segment_score(x) - metric.segment_score(y) for x, y in zip(ours, theirs, strict=True)], np.float64
    )
    ahead = -ahead if metric.lower_is_better else ahead
    wins, losses = int((ahead > metric.tie).sum()), int((ahead < -metric.tie).sum())
    delta = metric.score(ours.sum(0)) - metric.score(theirs.sum(0))
    return Comparison(
        delta=delta,
        low=low,
        high=high,
        p_value=p_value,
        bootstrap_p_value=bootstrap_p(differences, delta),
        wins=wins,
        ties=len(ahead) - wins - losses,
        losses=losses,
        p_holm=p_holm,
    )


def randomisation_p(metric: Metric, a: Statistics, b: Statistics, trials: int = TRIALS, seed: int = SEED) -> float:
    """Return how often swapping the outputs of random segments makes a difference at least as large as the real one.

    Approximate randomisation (Riezler & Maxwell 2005), with the draws of sacrebleu's `PairedTest`. That one counts
    only larger differences, so that two equal systems, or two that differ in one segment, come out at p = 0.0001.
    """
    swapped = np.random.default_rng(seed).integers(2, size=(trials, len(a)), dtype=bool)
    sum_a, sum_b = a.sum(0), b.sum(0)
    real = abs(metric.score(sum_a) - metric.score(sum_b))
    as_large = 0
    for start in range(0, trials, _CHUNK):
        first = sum_b + swapped[start : start + _CHUNK].astype(np.float64) @ (a - b)
        differences = metric.scores(first) - metric.scores(sum_a + sum_b - first)
        as_large += int((np.abs(differences) >= real - ROUNDING).sum())
    return (as_large + 1) / (trials + 1)


def bootstrap_p(differences: NDArray[np.float64], delta: float) -> float:
    """Return how often resampled differences stray from their mean by at least the real one (Koehn 2004).

    The formula is sacrebleu's, which takes absolute differences before it centres them; for ties see `randomisation_p`.
    """
    sizes = np.abs(differences)
    return float(((sizes - sizes.mean() >= abs(delta) - ROUNDING).sum() + 1) / (len(sizes) + 1))


def bootstrap(metric: Metric, system: int, resamples: int = RESAMPLES, seed: int = SEED) -> NDArray[np.float64]:
    """Return the system's score on corpora drawn from its segments with replacement, [resamples].

    Systems of the same size get the same corpora, so that differences of two systems are paired. They are the corpora
    that sacrebleu's `PairedTest` draws.
    """
    own = metric.statistics[system]
    return metric.scores(_times_drawn(len(own), resamples, seed) @ own)


@lru_cache(maxsize=4)
def _times_drawn(n: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """Return how often each of n segments occurs in each resampled corpus, [resamples, n]."""
    drawn = np.random.default_rng(seed).choice(n, size=(resamples, n), replace=True)
    return np.array([np.bincount(row, minlength=n) for row in drawn], np.float64)


def interval(scores: NDArray[np.float64]) -> tuple[float, float]:
    """Return the bounds between which the middle 95 % of scores lie."""
    low, high = np.percentile(scores, [2.5, 97.5])
    return float(low), float(high)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct for the number of comparisons (Holm 1979); the chance of any false alarm stays at the level."""
    corrected = [0.0] * len(p_values)
    running = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = running
    return corrected
