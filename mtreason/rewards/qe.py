"""What a learned metric of the COMET family makes of a translation (Rei et al. 2020; 2022 for the referenceless ones).

Its passes are made by another model than the one that translates, so they are not in the tokens of the cost.
"""

from __future__ import annotations

from collections.abc import Sequence

from mtreason.models.calls import Steps, estimate
from mtreason.rewards.protocol import Draft, Scene


def qe(scene: Scene, drafts: Sequence[Draft]) -> Steps[list[float]]:
    """Score of each draft without a reference, in the checkpoint's own units (often about 0 to 1)."""
    # As it will be written: what a draft has of line breaks and double spaces is not kept.
    return (yield from estimate([(scene.source, " ".join(draft.text.split()), None) for draft in drafts]))


def utility(source: str, texts: Sequence[str], counts: Sequence[int]) -> Steps[list[float]]:
    """Return the expected score of each text when one of the others, drawn as often as `counts` says, is its reference.

    The utility of minimum Bayes risk decoding (Eikema & Aziz 2020; with COMET, Freitag et al. 2022); asks for n(n-1)
    scores of a checkpoint that takes references. A text that stands alone has no others: 0.
    """
    n = len(texts)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    scores = yield from estimate([(source, texts[i], texts[j]) for i, j in pairs])
    sums = [0.0] * n
    for (i, j), score in zip(pairs, scores, strict=True):
        sums[i] += counts[j] * score
    total = sum(counts)
    return [value / (total - count) if total > count else 0.0 for value, count in zip(sums, counts, strict=True)]
