"""Similarity to references by people, where a sentence has some; a translator never sees them."""

from __future__ import annotations

from collections.abc import Sequence

from mtreason.models.calls import Calls
from mtreason.rewards.consensus import chrf_matrix
from mtreason.rewards.protocol import Draft, Part, RewardContext, Samples


def _reference(context: RewardContext, drafts: Sequence[Draft], samples: Samples) -> Calls[list[float]]:
    """Highest sentence chrF of each draft against one of the references, in [0, 1]; 0 where there is none.

    Its choice is the oracle of a pool: no reward can choose better by this metric. Costs no model call.
    """
    del samples
    yield from ()
    if not context.references:
        return [0.0] * len(drafts)
    texts = [" ".join(draft.text.split()) for draft in drafts]
    return [float(row.max()) for row in chrf_matrix(texts, context.references)]


REFERENCE = Part(
    "reference", "chrF against the references, for experiments", _reference, asks_references=True, metric="chrf"
)
