"""The confidence of Marco-o1 (arXiv 2411.14405, section 4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtreason.models.calls import Calls
from mtreason.models.protocol import Capability
from mtreason.rewards.protocol import Draft, Part, RewardContext, Samples


def _score(context: RewardContext, drafts: Sequence[Draft], samples: Samples) -> Calls[list[float]]:
    """Mean over tokens of p(token) / sum of the five highest p at its position.

    In (0, 1]; a token outside the five keeps its own numerator, so its share is below theirs. Costs nothing, because
    the probabilities were kept while sampling.
    """
    del context, samples
    yield from ()
    return [_confidence(draft) for draft in drafts]


def _confidence(draft: Draft) -> float:
    own = np.exp(draft.log_probs.astype(np.float64))
    five = np.exp(draft.top_log_probs.astype(np.float64)).sum(axis=1)
    return float(np.mean(own / five))


CONFIDENCE = Part(
    "confidence",
    "the confidence of Marco-o1: each token among the five most probable",
    _score,
    needs=frozenset({Capability.TOP_K}),
    free=True,
)
