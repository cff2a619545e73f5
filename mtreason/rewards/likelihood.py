"""How probable the model found its own translation."""

from __future__ import annotations

from collections.abc import Sequence

from mtreason.models.calls import Calls
from mtreason.rewards.protocol import Draft, Part, RewardContext, Samples


def _likelihood(context: RewardContext, drafts: Sequence[Draft], samples: Samples) -> Calls[list[float]]:
    """Mean log p(y given x) per token, in nats, at most 0. Costs nothing."""
    del context, samples
    yield from ()
    return [float(draft.log_probs.astype("float64").mean()) for draft in drafts]


LIKELIHOOD = Part("likelihood", "how probable the translation is given the source", _likelihood, free=True)
