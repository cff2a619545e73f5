"""Rewards: what a finished translation is worth. A new part is a file with a `Part`, and a line below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mtreason.models.calls import Calls
from mtreason.models.protocol import Capability
from mtreason.rewards.channel import CHANNEL
from mtreason.rewards.confidence import CONFIDENCE
from mtreason.rewards.consensus import CONSENSUS
from mtreason.rewards.file import load_reward, read_reward, write_reward
from mtreason.rewards.heads import Head, read_head, write_head
from mtreason.rewards.length import LENGTH
from mtreason.rewards.likelihood import LIKELIHOOD
from mtreason.rewards.llama_o1 import LLAMA_O1
from mtreason.rewards.protocol import Checkpoint, Draft, Part, Reasoning, Reward, RewardContext, Samples, Score
from mtreason.rewards.qe import COMET_CONSENSUS, QE
from mtreason.rewards.reference import REFERENCE
from mtreason.rewards.terms import TERMS
from mtreason.rewards.value import VALUE

__all__ = [
    "PARTS",
    "REWARDS",
    "Checkpoint",
    "Draft",
    "Head",
    "Part",
    "Reasoning",
    "Reward",
    "RewardContext",
    "Samples",
    "Score",
    "judge",
    "load_reward",
    "parts_of",
    "read_head",
    "reads_states",
    "weigh",
    "write_head",
    "write_reward",
]

PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        CONFIDENCE, LIKELIHOOD, CHANNEL, LENGTH, TERMS, LLAMA_O1, QE, REFERENCE,
        CONSENSUS, COMET_CONSENSUS, VALUE,
    )
}  # fmt: skip

REWARDS: dict[str, Reward] = {
    reward.name: reward
    for reward in (
        *(Reward(part.name, {part.name: 1.0}) for part in PARTS.values() if part not in {LENGTH, TERMS}),
        Reward("two-way", {"likelihood": 0.5, "channel": 0.5}),
        read_reward(Path(__file__).with_name("mix.toml"), PARTS),
    )
}
"""All parts that can be a reward by themselves, and the sums that have a name."""


def parts_of(reward: Reward) -> tuple[Part, ...]:
    """Return the parts of a reward."""
    return tuple(PARTS[name] for name in reward.weights)


def reads_states(reward: Reward) -> bool:
    """Whether a reward reads the model's hidden states."""
    return any(Capability.HIDDEN_STATES in part.needs for part in parts_of(reward))


def judge(
    reward: Reward, context: RewardContext, drafts: Sequence[Draft], samples: Samples, *, compared: bool
) -> Calls[list[dict[str, float]]]:
    """Return each draft's parts: either those that compare samples, or those of the draft alone, with all free ones.

    Of the parts that compare samples, only those of the reward are computed.
    """
    table: dict[str, list[float]] = {}
    for name, part in PARTS.items():
        asked = name in reward.weights or (part.free and not compared)
        if drafts and asked and part.compares_samples == compared:
            table[name] = yield from part.score(context, drafts, samples)
    return [{name: values[i] for name, values in table.items()} for i in range(len(drafts))]


def weigh(reward: Reward, parts: dict[str, float]) -> float:
    """Return the weighted sum of the parts that are present."""
    return sum(weight * parts[name] for name, weight in reward.weights.items() if name in parts)
