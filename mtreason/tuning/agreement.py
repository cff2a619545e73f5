"""How well scores order candidates as labels do, within each source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = Sequence[NDArray[np.float64]]
"""For each source, a value of each of its candidates."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What scores say of labels."""

    pairs_right: float
    """Of all pairs in a source whose labels differ, the share that the scores order alike; half of a tie. In [0, 1]."""
    spearman: float
    """Mean rank correlation over sources in which scores and labels differ, in [-1, 1]."""
    pairs: int


def agreement(scores: Values, labels: Values) -> Agreement:
    """Compare scores with labels, source by source; NaN where there is no pair."""
    right, pairs, correlations = 0.0, 0, []
    for own, label in zip(scores, labels, strict=True):
        upper = np.triu_indices(len(label), 1)
        wanted = np.sign(label[:, None] - label)[upper]
        found = np.sign(own[:, None] - own)[upper]
        differ = wanted != 0
        right += float(((1 + wanted * found) / 2)[differ].sum())
        pairs += int(differ.sum())
        if differ.any() and (found != 0).any():
            correlations.append(float(np.corrcoef(_ranks(own), _ranks(label))[0, 1]))
    return Agreement(
        right / pairs if pairs else float("nan"),
        float(np.mean(correlations)) if correlations else float("nan"),
        pairs,
    )


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks from 0, equal values with the mean of theirs."""
    below = (values[:, None] > values).sum(1)
    equal = (values[:, None] == values).sum(1)
    ranks: NDArray[np.float64] = below + (equal - 1) / 2
    return ranks


def standardised(values: Values) -> list[NDArray[np.float64]]:
    """Return values centred within each source, in units of their spread over all sources; zeros for none."""
    centred = [own - own.mean() for own in values]
    spread = float(np.sqrt(np.concatenate(centred).var()))
    return [own / spread if spread > 0 else own for own in centred]
