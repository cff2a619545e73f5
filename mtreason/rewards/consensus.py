"""How far a draft agrees with the samples: minimum Bayes risk decoding with chrF as the utility.

Letters: C texts, R references, G distinct n-grams of one order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtreason.models.calls import Calls
from mtreason.rewards.protocol import Draft, Part, RewardContext, Samples

ORDERS = 6
BETA = 2.0
"""chrF2 (Popović 2015), the settings of sacrebleu: character n-grams up to six, recall weighs twice as much."""


def _consensus(context: RewardContext, drafts: Sequence[Draft], samples: Samples) -> Calls[list[float]]:
    """Mean chrF of each draft against the samples, in [0, 1]; one sample that equals the draft is left out.

    The expected utility of minimum Bayes risk decoding (Kumar & Byrne 2004; Eikema & Aziz 2020). Costs no model call.
    """
    del context
    yield from ()
    texts = [" ".join(draft.text.split()) for draft in drafts]
    utilities = chrf_matrix(texts, list(samples))
    return [expected_utility(row, samples, own=text) for row, text in zip(utilities, texts, strict=True)]


def expected_utility(utilities: Sequence[float] | NDArray[np.float64], samples: Samples, own: str) -> float:
    """Average a text's utilities, one per sample, over all draws but one of the text itself; 1 if there is none."""
    weights = np.array([count - (text == own) for text, count in samples.items()], np.float64)
    return float(np.dot(utilities, weights) / weights.sum()) if weights.sum() else 1.0


def chrf_matrix(texts: Sequence[str], references: Sequence[str]) -> NDArray[np.float64]:
    """Return sentence chrF in [0, 1] of every text (row) against every reference (column), [C, R]."""
    shape = len(texts), len(references)
    precision, recall, orders = (np.zeros(shape) for _ in range(3))
    bare = ["".join(text.split()) for text in (*texts, *references)]
    for n in range(1, ORDERS + 1):
        grams = _gram_counts(bare, n)
        sizes = grams.sum(1, dtype=np.float64)
        own, other = grams[: len(texts)], grams[len(texts) :]
        matches = np.array([np.minimum(row, other).sum(1, dtype=np.float64) for row in own]).reshape(shape)
        own_sizes, other_sizes = sizes[: len(texts), None], sizes[None, len(texts) :]
        both = (own_sizes > 0) & (other_sizes > 0)
        precision += np.where(both, matches / np.maximum(own_sizes, 1), 0.0)
        recall += np.where(both, matches / np.maximum(other_sizes, 1), 0.0)
        orders += both
    orders = np.maximum(orders, 1)
    precision, recall = precision / orders, recall / orders
    weighted = BETA**2 * precision + recall
    return np.where(weighted > 0, (1 + BETA**2) * precision * recall / np.where(weighted > 0, weighted, 1), 0.0)


def _gram_counts(texts: Sequence[str], n: int) -> NDArray[np.int16]:
    """Count the n-grams of each text, [C + R, G]."""
    counters = [Counter(text[i : i + n] for i in range(len(text) - n + 1)) for text in texts]
    index = {gram: place for place, gram in enumerate(dict.fromkeys(gram for c in counters for gram in c))}
    counts = np.zeros((len(texts), len(index)), np.int16)
    for row, counter in enumerate(counters):
        for gram, times in counter.items():
            counts[row, index[gram]] = times
    return counts


CONSENSUS = Part(
    "consensus", "mean chrF against what the model draws freely", _consensus, compares_samples=True, metric="chrf"
)
