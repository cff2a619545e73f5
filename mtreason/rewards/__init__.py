"""Rewards: what a finished translation is worth. A new one is a file with a function, and a line below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mtreason.models.calls import Calls
from mtreason.rewards.channel import channel
from mtreason.rewards.confidence import confidence
from mtreason.rewards.consensus import consensus
from mtreason.rewards.file import load_reward, read_reward, write_reward
from mtreason.rewards.length import length
from mtreason.rewards.likelihood import likelihood
from mtreason.rewards.llama_o1 import llama_o1
from mtreason.rewards.protocol import Draft, Part, PoolPart, Reasoning, Reward, RewardContext, Samples
from mtreason.rewards.qe import comet_consensus, qe
from mtreason.rewards.terms import terms

__all__ = [
    "FREE_PARTS",
    "PARTS",
    "POOL_PARTS",
    "REWARDS",
    "Draft",
    "Reasoning",
    "Reward",
    "RewardContext",
    "Samples",
    "asks_samples",
    "compare",
    "judge",
    "load_reward",
    "weigh",
    "write_reward",
]

PARTS: dict[str, Part] = {
    "confidence": confidence,
    "likelihood": likelihood,
    "channel": channel,
    "length": length,
    "terms": terms,
    "llama-o1": llama_o1,
    "qe": qe,
}
"""What a draft is worth by itself."""

POOL_PARTS: dict[str, PoolPart] = {"consensus": consensus, "comet-consensus": comet_consensus}
"""What a draft is worth beside what the model draws freely; weighed anew when all samples are known."""

FREE_PARTS = ("confidence", "likelihood", "length", "terms")
"""Parts that need no model call: always in the record."""

REWARDS: dict[str, Reward] = {
    reward.name: reward
    for reward in (
        Reward("confidence", {"confidence": 1.0}),
        Reward("likelihood", {"likelihood": 1.0}),
        Reward("channel", {"channel": 1.0}),
        Reward("two-way", {"likelihood": 0.5, "channel": 0.5}),
        Reward("consensus", {"consensus": 1.0}),
        Reward("llama-o1", {"llama-o1": 1.0}),
        Reward("qe", {"qe": 1.0}),
        Reward("comet-consensus", {"comet-consensus": 1.0}),
        read_reward(Path(__file__).with_name("mix.toml"), (*PARTS, *POOL_PARTS)),
    )
}


def asks_samples(reward: Reward) -> bool:
    """Whether a draft's worth depends on what the model draws freely beside it."""
    return not POOL_PARTS.keys().isdisjoint(reward.weights)


def judge(reward: Reward, context: RewardContext, drafts: Sequence[Draft]) -> Calls[list[dict[str, float]]]:
    """Return each draft's parts: those of the reward that it has by itself, and all that are free."""
    table: dict[str, list[float]] = {}
    for name, part in PARTS.items():
        if name in reward.weights or name in FREE_PARTS:
            table[name] = yield from part(context, drafts)
    return _rows(table, len(drafts))


def compare(
    reward: Reward, context: RewardContext, drafts: Sequence[Draft], samples: Samples
) -> Calls[list[dict[str, float]]]:
    """Return each draft's parts that it has beside the samples."""
    table: dict[str, list[float]] = {}
    for name, part in POOL_PARTS.items():
        if drafts and name in reward.weights:
            table[name] = yield from part(context, drafts, samples)
    return _rows(table, len(drafts))


def _rows(table: dict[str, list[float]], count: int) -> list[dict[str, float]]:
    return [{name: values[i] for name, values in table.items()} for i in range(count)]


def weigh(reward: Reward, parts: dict[str, float]) -> float:
    """Add up the parts that are there."""
    return sum(weight * parts[name] for name, weight in reward.weights.items() if name in parts)
