"""How much a draft says what the other drafts say: minimum Bayes risk decoding with chrF as the utility.

Letters: C texts, G distinct n-grams of one order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtreason.models.calls import Steps
from mtreason.rewards.protocol import Draft, Scene

ORDERS = 6
BETA = 2.0
"""chrF2 (Popović 2015), the settings of sacrebleu: character n-grams up to six, recall weighs twice as much."""


def consensus(scene: Scene, drafts: Sequence[Draft], counts: Sequence[int]) -> Steps[list[float]]:
    """Mean chrF of each draft against all others that were drawn, in [0, 1].

    The expected utility of minimum Bayes risk decoding (Kumar & Byrne 2004; Eikema & Aziz 2020), each text weighted by
    how often it was drawn, the further draws of the draft's own text among them. Costs no model call.
    """
    del scene
    yield from ()
    return expected_utility(chrf_matrix([draft.text for draft in drafts]), counts)


def expected_utility(utilities: NDArray[np.float64], counts: Sequence[int]) -> list[float]:
    """Average utilities [C, C] (row: draft, column: what is taken as its reference) over all draws but one's own."""
    draws = np.asarray(counts, np.float64)
    if draws.sum() <= 1:
        return [1.0] * len(draws)
    total = utilities @ draws - np.diag(utilities)
    return [float(value) for value in total / (draws.sum() - 1)]


def chrf_matrix(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return sentence chrF in [0, 1] of every text (row) against every other as its reference (column), [C, C]."""
    count = len(texts)
    precision, recall, orders = (np.zeros((count, count)) for _ in range(3))
    bare = ["".join(text.split()) for text in texts]
    for n in range(1, ORDERS + 1):
        grams = _gram_counts(bare, n)
        sizes = grams.sum(1, dtype=np.float64)  # [C]
        matches = np.stack([np.minimum(row, grams).sum(1, dtype=np.float64) for row in grams])  # [C, C]
        both = (sizes[:, None] > 0) & (sizes[None, :] > 0)
        safe = np.maximum(sizes, 1)
        precision += np.where(both, matches / safe[:, None], 0.0)
        recall += np.where(both, matches / safe[None, :], 0.0)
        orders += both
    orders = np.maximum(orders, 1)
    precision, recall = precision / orders, recall / orders
    weighted = BETA**2 * precision + recall
    return np.where(weighted > 0, (1 + BETA**2) * precision * recall / np.where(weighted > 0, weighted, 1), 0.0)


def _gram_counts(texts: Sequence[str], n: int) -> NDArray[np.int16]:
    """Count the n-grams of each text, [C, G]."""
    counters = [Counter(text[i : i + n] for i in range(len(text) - n + 1)) for text in texts]
    index = {gram: place for place, gram in enumerate(dict.fromkeys(gram for c in counters for gram in c))}
    counts = np.zeros((len(texts), len(index)), np.int16)
    for row, counter in enumerate(counters):
        for gram, times in counter.items():
            counts[row, index[gram]] = times
    return counts
