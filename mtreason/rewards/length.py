"""Rewards a draft for its length, so that it says all that the source says."""

from __future__ import annotations

from collections.abc import Sequence

from mtreason.models.calls import Calls
from mtreason.rewards.protocol import Draft, Part, RewardContext, Samples

MOST = 2.0
"""A draft with more tokens per token of the source than this gets no higher value."""


def _length(context: RewardContext, drafts: Sequence[Draft], samples: Samples) -> Calls[list[float]]:
    """Tokens of the draft per token of the source, at most MOST.

    The word penalty of log-linear models (Och & Ney 2002), here mostly a bonus: small models leave things out, and the
    two probabilities punish that less than a reader does. Costs nothing.
    """
    del samples
    yield from ()
    return [min(MOST, len(draft.tokens) / len(context.source_tokens)) for draft in drafts]


LENGTH = Part("length", "tokens per token of the source", _length, free=True)
