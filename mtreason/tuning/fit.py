"""Fits the weights of a reward, so that it chooses good translations from pools of candidates.

The mean gold value of the chosen candidates is piecewise constant in the weights, so there are no gradients. As there
are few parts, all weights of a fine grid are tried; the exact line search of Och (2003), made for many more parts,
finds no better ones. What each point of the grid chooses in each segment is remembered, so that folds and resamples
cost little.

The highest point of such a function depends much on chance (Cer, Jurafsky & Manning 2008). So the highest points of
many bootstrap resamples of the segments are averaged (bagging, Breiman 1996). In simulations with three parts and 150
segments, the choices of such weights on new segments are worth 1 to 11 % more than those of the single best weights:
the gain is larger, the more the candidates differ in what no part measures.

Letters: S segments, C candidates of one segment, K parts, P points of the grid, R resamples.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtreason.errors import InputError
from mtreason.evaluation import Comparison, compare, mean_metric

MOST_POINTS = 12_000
MOST_CELLS = 20_000_000
"""The largest size of the table of points and segments: 160 MB."""
FINEST = 100
"""The most steps from 0 to 1 along an edge of the grid: this many for two and three parts, 39 for four."""
RESAMPLES = 200
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Judged:
    """The candidates of one segment and their gold values."""

    domain: str
    parts: Mapping[str, Sequence[float]]
    """Part -> value of each candidate; ties go to the first."""
    gold: Sequence[float]
    """What the weights should maximise; higher is better."""
    first: float
    """Gold value of the greedy translation, which need not be a candidate: the gates may refuse it."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Weights that were fitted without the segments of this fold, and their gain on those segments."""

    segments: int
    weights: Mapping[str, float]
    over_default: float
    over_first: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """Fitted weights, with evidence for them."""

    weights: Mapping[str, float]
    """Weights of all requested parts, fitted on all segments; they sum to 1."""
    kept: tuple[str, ...]
    """Parts that never differ within a segment: they are not fitted, and keep their share of the default."""
    segments: int
    folds: tuple[Fold, ...]
    over_default: Comparison
    """Held-out: each segment is judged with the weights that were fitted without its fold."""
    over_first: Comparison
    training: Mapping[str, float]
    """Mean gold value on all segments: of "fitted", "default", "first", and the "best" possible choice."""


def tune(pools: Sequence[Judged], parts: Sequence[str], default: Mapping[str, float], folds: int, seed: int) -> Tuned:
    """Fit the weights of parts, and measure by cross-validation what they gain on segments outside the fit.

    `default` are the weights to compare with. Raises `InputError` when there are fewer segments than folds, or when no
    part distinguishes any two candidates.
    """
    if len(pools) < folds:
        raise InputError(f"{len(pools)} segments cannot be cut into {folds} folds: give more data, or fewer --folds")
    spreads = {part: _spread(pools, part) for part in parts}
    fitted = [part for part in parts if spreads[part] > 0]
    if not fitted:
        raise InputError(
            f"{', '.join(parts)}: equal for all candidates of every segment, so there is nothing to choose by: "
            "raise --budget, or name other --parts"
        )
    kept = tuple(part for part in parts if spreads[part] == 0)
    grid = _Grid(pools, fitted, [spreads[part] for part in fitted])
    shares = {part: default.get(part, 0.0) for part in kept}

    def fit(segments: NDArray[np.bool_]) -> dict[str, float]:
        rest = 1 - math.fsum(shares.values())
        own = {part: w * rest for part, w in zip(fitted, grid.best(segments, seed), strict=True)}
        return {part: (own | shares)[part] for part in parts}

    by_default, first = choose(pools, default), np.array([pool.first for pool in pools])
    held_out = np.zeros(len(pools))
    numbers = assign_folds([pool.domain for pool in pools], folds, seed)
    made = []
    for fold in range(folds):
        held = numbers == fold
        weights = fit(~held)
        held_out[held] = choose([pools[i] for i in np.flatnonzero(held)], weights)
        gains = [float((held_out - other)[held].mean()) for other in (by_default, first)]
        made.append(Fold(int(held.sum()), weights, *gains))
    weights = fit(np.ones(len(pools), bool))
    training = {
        "fitted": choose(pools, weights).mean(),
        "default": by_default.mean(),
        "first": first.mean(),
        "best": np.mean([max(pool.gold) for pool in pools]),
    }
    return Tuned(
        weights=weights,
        kept=kept,
        segments=len(pools),
        folds=tuple(made),
        over_default=_compare(held_out, by_default),
        over_first=_compare(held_out, first),
        training={name: float(value) for name, value in training.items()},
    )


def _compare(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> Comparison:
    return compare(mean_metric("gold", "gold value", [ours.tolist(), theirs.tolist()], 1e-6), 0, 1)


def choose(pools: Sequence[Judged], weights: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the gold value of the candidate that the weights choose in each segment, [S]; missing parts count 0."""
    chosen = []
    for pool in pools:
        total = sum((w * np.asarray(pool.parts[p]) for p, w in weights.items() if p in pool.parts), np.zeros(1))
        chosen.append(pool.gold[int(np.argmax(total))])
    return np.array(chosen, np.float64)


def _spread(pools: Sequence[Judged], part: str) -> float:
    """Return the standard deviation of a part within segments; 0 where only rounding makes it differ."""
    values = [np.asarray(pool.parts[part], np.float64) for pool in pools]
    if max(float(np.ptp(own)) for own in values) < ROUNDING:
        return 0.0
    return float(np.sqrt(np.mean([own.var() for own in values])))


def assign_folds(domains: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """Return the fold of each segment, [S]: every domain is spread evenly over the folds, and so are all segments."""
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(len(domains))
    order = sorted(shuffled.tolist(), key=lambda i: domains[i])  # stable: the order within a domain stays random
    numbers = np.empty(len(domains), np.int64)
    numbers[order] = np.arange(len(domains)) % folds
    return numbers


class _Grid:
    """Weights on a simplex, evenly spaced in units of each part's spread, and what they choose."""

    def __init__(self, pools: Sequence[Judged], parts: Sequence[str], spreads: Sequence[float]) -> None:
        count = len(parts)
        points = simplex(count, finest(count, min(MOST_POINTS, MOST_CELLS // len(pools))))
        self.shares = points / points.sum(1, keepdims=True)  # [P, K]
        self.spreads = np.array(spreads)
        self.table = gold_table(pools, parts, self.shares / self.spreads)  # [P, S]

    def best(self, segments: NDArray[np.bool_], seed: int) -> list[float]:
        """Return the weights, [K], that are best for some of the segments, as an average over resamples."""
        table = self.table[:, segments]
        count = table.shape[1]
        times = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)  # [R, S]
        values = table @ times.T.astype(np.float64)  # [P, R]
        highest = values.max(0)
        # Many points choose the same candidates: the best ones form an area, and its middle is taken.
        equal = (values >= highest - ROUNDING * np.maximum(1, np.abs(highest))).astype(np.float64)
        middles = equal.T @ self.shares / equal.sum(0)[:, None]  # [R, K]
        weights = middles.mean(0) / self.spreads
        return [float(weight) for weight in weights / weights.sum()]


def finest(parts: int, points: int) -> int:
    """Return the finest grid with at most this many points, in steps."""
    return max(n for n in range(1, FINEST + 1) if n == 1 or math.comb(n + parts - 1, parts - 1) <= points)


def simplex(parts: int, steps: int) -> NDArray[np.int64]:
    """Return all ways to distribute `steps` among the parts, [P, K], in ascending order."""
    bars = itertools.combinations(range(steps + parts - 1), parts - 1)
    cuts = np.array(list(bars), np.int64)  # [P, K - 1]
    ends = np.pad(cuts, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, steps + parts - 1)))
    return np.diff(ends, axis=1) - 1


def gold_table(pools: Sequence[Judged], parts: Sequence[str], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gold value of what each row of weights [P, K] chooses in each segment, [P, S]."""
    table = np.empty((len(weights), len(pools)))
    for i, pool in enumerate(pools):
        values = np.array([pool.parts[part] for part in parts])  # [K, C]
        table[:, i] = np.asarray(pool.gold, np.float64)[(weights @ values).argmax(1)]
    return table
