"""How well the source can be recovered from the translation (the channel of noisy-channel translation)."""

from __future__ import annotations

from collections.abc import Sequence

from mtreason.models.calls import Calls, score
from mtreason.models.protocol import Capability
from mtreason.rewards.protocol import Draft, Part, RewardContext, Samples


def _channel(context: RewardContext, drafts: Sequence[Draft], samples: Samples) -> Calls[list[float]]:
    """Mean log p(x given y) per token of the source, in nats, at most 0.

    The model gets the prompt of the opposite direction, and scores the source as its answer (Yu et al. 2017; Yee et al.
    2019). Drafts that begin alike share the reading of that beginning.
    """
    del samples
    # The end token is the last one of a draft, and no part of its text.
    texts = [draft.tokens[:-1] + context.back_tail for draft in drafts]
    prefixes = yield from context.back.read(texts)
    scores = yield from score(prefixes, [context.source_tokens] * len(drafts))
    return [float(s.astype("float64").mean()) for s in scores]


CHANNEL = Part(
    "channel",
    "how well the source can be told back from the translation, asked of the same model",
    _channel,
    needs=frozenset({Capability.PROMPT_LOG_PROBS}),
    contrasts=True,
)
