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


def comet_consensus(scene: Scene, drafts: Sequence[Draft], counts: Sequence[int]) -> Steps[list[float]]:
    """Mean score of each draft with each of the others that were drawn as its reference, one's own text left out.

    Minimum Bayes risk decoding with a learned utility (Freitag et al. 2022); asks for n(n-1) scores of a checkpoint
    that takes references. A text that stands alone has no others: 0.
    """
    texts = [" ".join(draft.text.split()) for draft in drafts]
    pairs = [(i, j) for i in range(len(texts)) for j in range(len(texts)) if i != j]
    scores = yield from estimate([(scene.source, texts[i], texts[j]) for i, j in pairs])
    sums = [0.0] * len(texts)
    for (i, j), score in zip(pairs, scores, strict=True):
        sums[i] += counts[j] * score
    total = sum(counts)
    return [value / (total - count) if total > count else 0.0 for value, count in zip(sums, counts, strict=True)]
