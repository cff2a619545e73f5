"""Choosing a token among the most probable ones: what every backend does alike, whatever computes the probabilities.

Letters: C candidates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtreason.models.protocol import PLAUSIBLE

CANDIDATES = 64
"""Tokens are drawn among this many of the most probable; at translation temperatures the rest weighs nothing."""


def uniforms(seed: int, count: int) -> NDArray[np.float64]:
    """Return the random numbers of one row, [count] in [0, 1): a function of its seed alone."""
    return np.random.Generator(np.random.Philox(key=seed)).random(count)


def contrasted(log_probs: NDArray[np.float64], against: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return the unnormalised log-probabilities [C] that `Contrast` describes."""
    plausible = np.isfinite(log_probs) & (log_probs >= log_probs.max() + np.log(PLAUSIBLE))
    return np.where(plausible, (log_probs - weight * np.where(plausible, against, 0.0)) / (1 - weight), -np.inf)


def draw(log_probs: NDArray[np.float64], temperature: float, top_p: float, u: float) -> int:
    """Pick an index of [C] by inverse transform; temperature 0 picks the highest, ties the lowest index."""
    if temperature == 0 or not np.isfinite(log_probs).any():
        return int(np.argmax(log_probs))
    weights = np.exp((log_probs - log_probs.max()) / temperature)
    # Forbidden tokens leave holes, so the order by probability is no longer the order of the array.
    order = np.argsort(-weights, kind="stable")
    sorted_weights = weights[order]
    before = np.cumsum(sorted_weights) - sorted_weights
    # The two sums round differently, so with top_p = 1 the first test alone lets tokens of no weight through.
    kept = sorted_weights[(before < top_p * sorted_weights.sum()) & (sorted_weights > 0)]
    return int(order[min(np.searchsorted(np.cumsum(kept), u * kept.sum(), side="right"), len(kept) - 1)])
