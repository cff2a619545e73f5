"""Fits a linear head to labelled candidates: ridge regression on differences within a source, in closed form.

Only what differs between the candidates of one source can help to choose one of them, so features and labels are
centred within each source. Columns are divided by their spread there: a few dimensions of hidden states are hundreds of
times as large as the others, and a penalty on raw weights would keep nothing else.

Letters: S sources, N candidates of all sources, C candidates of one source, F features, G penalties.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtreason.errors import InputError

PENALTIES = tuple(10.0 ** (k / 2) for k in range(-4, 5))
"""Tried in units of N: beside columns of variance 1, a penalty of 1 halves what a single one may explain."""
_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The candidates of one source, with their labels."""

    fold: int
    features: NDArray[np.float32]
    """[C, F]"""
    labels: NDArray[np.float64]
    """[C], higher is better; only their differences count."""


@dataclass(frozen=True, slots=True, eq=False)
class Ridge:
    """Fitted weights, with what they say of candidates outside the fit."""

    weights: NDArray[np.float64]
    """[F], for features as they are."""
    offset: float
    """What makes the mean value of all candidates 0."""
    penalty: float
    """One of PENALTIES."""
    errors: tuple[float, ...]
    """For each of PENALTIES, the squared error on the folds held out, as a share of the labels' variance: below 1 where
    something was learned."""
    held_out: tuple[NDArray[np.float64], ...]
    """For each pool [C], values by the weights that were fitted without its fold."""


def fit_ridge(pools: Sequence[Pool]) -> Ridge:
    """Fit with the penalty whose squared error on the folds held out is least.

    Raises `InputError` where there is nothing to learn: fewer than two folds, equal labels, equal features.
    """
    numbers = sorted({pool.fold for pool in pools})
    if len(numbers) < 2:
        raise InputError("one document, or one source: a head needs two at least, to be tested on one it has not seen")
    folds = np.repeat([pool.fold for pool in pools], [len(pool.labels) for pool in pools])  # [N]
    labels = np.concatenate([pool.labels - pool.labels.mean() for pool in pools])  # [N]
    if not (labels**2).sum() > _TINY:
        raise InputError("all candidates of each source have the same label: there is nothing to learn")
    columns, scales = _columns(pools)
    held = np.zeros((len(PENALTIES), len(labels)))  # [G, N]
    for number in numbers:
        own = folds == number
        solve = _solver(columns[~own], labels[~own])
        for row, penalty in enumerate(PENALTIES):
            held[row, own] = columns[own] @ solve(penalty)
    errors = ((held - labels) ** 2).sum(1) / (labels**2).sum()
    best = int(errors.argmin())
    weights = _solver(columns, labels)(PENALTIES[best]) / scales
    mean = np.concatenate([pool.features for pool in pools]).mean(0, dtype=np.float64)
    ends = np.cumsum([len(pool.labels) for pool in pools])[:-1]
    return Ridge(
        weights=weights,
        offset=-float(mean @ weights),
        penalty=PENALTIES[best],
        errors=tuple(map(float, errors)),
        held_out=tuple(np.split(held[best], ends)),
    )


def _columns(pools: Sequence[Pool]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centred and scaled features [N, F], and the scales [F]; a column that never differs is left at 0."""
    centred = np.concatenate([pool.features - pool.features.mean(0, dtype=np.float64) for pool in pools])
    spreads = np.sqrt((centred**2).mean(0))
    if not (spreads > _TINY).any():
        raise InputError("the hidden states of all candidates of each source are the same: there is nothing to learn")
    scales = np.where(spreads > _TINY, spreads, np.inf)
    return centred / scales, scales


def _solver(columns: NDArray[np.float64], labels: NDArray[np.float64]) -> Callable[[float], NDArray[np.float64]]:
    """Return the weights [F] as a function of the penalty: (X'X + N p I)^-1 X'y, or X'(XX' + N p I)^-1 y if N < F.

    The second form is the same by the push-through identity; the smaller matrix is taken apart once, for all penalties.
    """
    count, width = columns.shape
    wide = count < width
    gram = columns @ columns.T if wide else columns.T @ columns
    values, vectors = np.linalg.eigh(gram)
    turned = vectors.T @ (labels if wide else columns.T @ labels)

    def solve(penalty: float) -> NDArray[np.float64]:
        solved: NDArray[np.float64] = vectors @ (turned / (np.maximum(values, 0.0) + count * penalty))
        return np.asarray(columns.T @ solved if wide else solved)

    return solve
