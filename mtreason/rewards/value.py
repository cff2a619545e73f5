"""What the model's own hidden states say of its translation: a linear head over them, learned beforehand.

Middle layers know more of a translation's quality than the probabilities at the end, and drawing a translation computes
them anyway (middle layers before the last: ALOPE, Sindhujan et al. 2025; a head beside the output: Sigmoid Head,
2026). `mtreason tune --value` fits the head.

Letters: n tokens of a translation, K = 2 layers, W hidden width.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtreason.models.calls import Calls, states
from mtreason.models.protocol import Capability, Prefix
from mtreason.rewards.protocol import Draft, Part, RewardContext, Samples

SHARES = (1 / 2, 2 / 3)
"""After which shares of the layers the states are read."""
FEATURES = "mean 1/2, mean 2/3, last 1/2"
"""What `pooled` returns; a head is for features of one description only."""


def layers_read(depth: int) -> tuple[int, ...]:
    """Return the layers, counted from 1, whose states are read of a model with so many layers."""
    return tuple(max(1, round(share * depth)) for share in SHARES)


def pooled(kept: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features of states [n, K, W]: the mean of each layer, and the last of the first layer, [3 W]."""
    whole: NDArray[np.float32] = np.concatenate([*kept.mean(0, dtype=np.float64), kept[-1, 0]]).astype(np.float32)
    return whole


def read_features(prefix: Prefix, tokens: int) -> Calls[NDArray[np.float32]]:
    """Return the features of a continuation of so many tokens, whose prefix covers all of them but the last.

    The last token was drawn, and never read. Where it is the only one, the state that it was drawn from stands for it.
    """
    return pooled((yield from states(prefix, max(1, tokens - 1))))


def _value(context: RewardContext, drafts: Sequence[Draft], samples: Samples) -> Calls[list[float]]:
    """Value of each draft by the head, in standard deviations of its training labels within a source.

    Values compare drafts of one sentence: the head was trained on differences from the mean of a sentence, and what
    all its drafts have in common is left in, as it changes no choice. Costs no model call. Like the likelihood it is a
    value of what the model wrote, chatter included that a gate cut off.
    """
    del samples
    yield from ()
    head = context.head
    if head is None:
        raise TypeError("a reward asks for a value, and the run was given no head")
    return [head.value(_features(draft)) for draft in drafts]


def _features(draft: Draft) -> NDArray[np.float32]:
    if draft.features is None:
        raise TypeError("a reward asks for a value, and the draft came without hidden states")
    return draft.features


VALUE = Part(
    "value",
    "what the model's hidden states say of it, by a head that tune --value has trained",
    _value,
    needs=frozenset({Capability.HIDDEN_STATES}),
)
