"""Rewards: what a finished translation is worth. A new one is a file with a function, and a line below."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mtreason.models.calls import Steps
from mtreason.rewards.channel import channel
from mtreason.rewards.confidence import confidence
from mtreason.rewards.likelihood import likelihood
from mtreason.rewards.protocol import Draft, Part, Reward, Scene
from mtreason.rewards.terms import terms

__all__ = ["FREE_PARTS", "PARTS", "REWARDS", "Draft", "Part", "Reward", "Scene", "judge"]

PARTS: dict[str, Part] = {
    "confidence": confidence,
    "likelihood": likelihood,
    "channel": channel,
    "terms": terms,
}

FREE_PARTS = ("confidence", "likelihood", "terms")
"""Parts that need no model call: always in the record."""

REWARDS: dict[str, Reward] = {
    reward.name: reward
    for reward in (
        Reward("confidence", {"confidence": 1.0}),
        Reward("likelihood", {"likelihood": 1.0}),
        Reward("channel", {"channel": 1.0}),
        Reward("mix", {"likelihood": 1.0, "channel": 1.0, "terms": 1.0}),
    )
}


def judge(
    reward: Reward, scene: Scene, drafts: Sequence[Draft], hopeless: Callable[[dict[str, float]], bool]
) -> Steps[list[tuple[float, dict[str, float]] | None]]:
    """Return each draft's reward and its parts (those of the reward, and all that are free).

    `hopeless` is asked with the free parts of each draft; where it says yes, nothing further is paid and None stands
    in the draft's place.
    """
    judged: list[dict[str, float]] = [{} for _ in drafts]
    for name in FREE_PARTS:
        for parts, value in zip(judged, (yield from PARTS[name](scene, drafts)), strict=True):
            parts[name] = value
    kept = [i for i, parts in enumerate(judged) if not hopeless(parts)]
    for name, part in PARTS.items():
        if name in reward.weights and name not in FREE_PARTS:
            for i, value in zip(kept, (yield from part(scene, [drafts[i] for i in kept])), strict=True):
                judged[i][name] = value
    answer: list[tuple[float, dict[str, float]] | None] = [None] * len(drafts)
    for i in kept:
        answer[i] = (sum(weight * judged[i][name] for name, weight in reward.weights.items()), judged[i])
    return answer
