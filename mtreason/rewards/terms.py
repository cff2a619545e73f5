"""Whether the glossary was followed."""

from __future__ import annotations

from collections.abc import Sequence

from mtreason.glossary import honoured
from mtreason.models.calls import Steps
from mtreason.rewards.protocol import Draft, Scene


def terms(scene: Scene, drafts: Sequence[Draft]) -> Steps[list[float]]:
    """Share of the sentence's glossary hints that the draft honours, in [0, 1]; 0 where it has none."""
    yield from ()
    count = max(1, len(scene.hints))
    return [sum(honoured(hit.entry, draft.text, scene.target_tag) for hit in scene.hints) / count for draft in drafts]
