"""Scores of a learned metric of the COMET family (Rei et al. 2020; 2022 for the metrics without references).

Another model than the translating one makes the passes, so they are not in the tokens of the cost.
"""

from __future__ import annotations

from collections.abc import Sequence

from mtreason.models.calls import Calls, score_triples
from mtreason.rewards.consensus import expected_utility
from mtreason.rewards.protocol import Checkpoint, Draft, Part, RewardContext, Samples


def _qe(context: RewardContext, drafts: Sequence[Draft], samples: Samples) -> Calls[list[float]]:
    """Score of each draft without a reference, in the checkpoint's own units (often about 0 to 1)."""
    del samples
    # Scored as it will be written: the line breaks and double spaces of a draft are not kept.
    return (yield from score_triples([(context.source, " ".join(draft.text.split()), None) for draft in drafts]))


def _comet_consensus(context: RewardContext, drafts: Sequence[Draft], samples: Samples) -> Calls[list[float]]:
    """Mean score of each draft with each sample as its reference; one sample that equals the draft is left out.

    Minimum Bayes risk decoding with a learned utility (Freitag et al. 2022); needs a checkpoint that takes references,
    and asks it for one score for each pair.
    """
    texts = [" ".join(draft.text.split()) for draft in drafts]
    scores = yield from score_triples([(context.source, text, sample) for text in texts for sample in samples])
    rows = [scores[i * len(samples) : (i + 1) * len(samples)] for i in range(len(texts))]
    return [expected_utility(row, samples, own=text) for row, text in zip(rows, texts, strict=True)]


QE = Part("qe", "a COMET checkpoint without references", _qe, checkpoint=Checkpoint.REFERENCELESS, metric="comet")
COMET_CONSENSUS = Part(
    "comet-consensus",
    "mean score of a COMET checkpoint with the samples as references",
    _comet_consensus,
    compares_samples=True,
    checkpoint=Checkpoint.WITH_REFERENCES,
    metric="comet",
)
