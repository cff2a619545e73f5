"""The model's own verdict on a draft, after LLaMA-O1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtreason.models.calls import Calls, score
from mtreason.models.protocol import Capability
from mtreason.rewards.protocol import Draft, Part, RewardContext, Samples


def _llama_o1(context: RewardContext, drafts: Sequence[Draft], samples: Samples) -> Calls[list[float]]:
    """Return log p(good) - log(p(good) + p(bad)), in nats, at most 0.

    The value of LLaMA-O1 (SimpleBerry 2024, `compute_value_head` of its main.py): after a state the model may write a
    positive or a negative rating, and the value is the log-probability of the positive one, among these two. LLaMA-O1
    was trained to write such tokens. Other models are asked whether the translation is right, and "Yes" and "No" are
    used in place of the tokens.
    """
    del samples
    texts = [context.verdict_prompt + draft.tokens[:-1] + context.verdict_tail for draft in drafts]
    prefixes = yield from context.verdict.read(texts)
    verdicts = len(context.verdict_tokens)  # good, bad
    targets = [token for _ in drafts for token in context.verdict_tokens]
    scores = yield from score([p for p in prefixes for _ in range(verdicts)], targets)
    totals = np.array([float(s.astype("float64").sum()) for s in scores]).reshape(-1, verdicts)
    return [float(value) for value in totals[:, 0] - np.logaddexp(totals[:, 0], totals[:, 1])]


LLAMA_O1 = Part(
    "llama-o1",
    "whether the model itself calls the translation good, after LLaMA-O1",
    _llama_o1,
    needs=frozenset({Capability.PROMPT_LOG_PROBS}),
)
