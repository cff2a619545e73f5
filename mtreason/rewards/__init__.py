"""Rewards: what a finished translation is worth. A new one is a file with a function, and a line below."""

from __future__ import annotations

from collections.abc import Sequence

from mtreason.models.calls import Steps
from mtreason.rewards.channel import channel
from mtreason.rewards.confidence import confidence
from mtreason.rewards.likelihood import likelihood
from mtreason.rewards.protocol import Draft, Part, Reward, Scene
from mtreason.rewards.qe import qe
from mtreason.rewards.terms import terms

__all__ = ["FREE_PARTS", "PARTS", "REWARDS", "Draft", "Part", "Reward", "Scene", "judge"]

PARTS: dict[str, Part] = {
    "confidence": confidence,
    "likelihood": likelihood,
    "channel": channel,
    "terms": terms,
    "qe": qe,
}

FREE_PARTS = ("confidence", "likelihood", "terms")
"""Parts that need no model call: always in the record."""

REWARDS: dict[str, Reward] = {
    reward.name: reward
    for reward in (
        Reward("confidence", {"confidence": 1.0}),
        Reward("likelihood", {"likelihood": 1.0}),
        Reward("channel", {"channel": 1.0}),
        Reward("qe", {"qe": 1.0}),
        Reward("mix", {"likelihood": 1.0, "channel": 1.0, "terms": 1.0}),
    )
}


def judge(reward: Reward, scene: Scene, drafts: Sequence[Draft]) -> Steps[list[tuple[float, dict[str, float]]]]:
    """Return each draft's reward and its parts (those of the reward, and all that are free)."""
    table: dict[str, list[float]] = {}
    for name, part in PARTS.items():
        if name in reward.weights or name in FREE_PARTS:
            table[name] = yield from part(scene, drafts)
    judged = []
    for i in range(len(drafts)):
        parts = {name: values[i] for name, values in table.items()}
        judged.append((sum(weight * parts[name] for name, weight in reward.weights.items()), parts))
    return judged
