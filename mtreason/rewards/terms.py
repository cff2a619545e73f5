"""Whether the glossary was followed."""

from __future__ import annotations

from collections.abc import Sequence

from mtreason.glossary import avoided, honoured
from mtreason.models.calls import Calls
from mtreason.rewards.protocol import Draft, RewardContext


def terms(context: RewardContext, drafts: Sequence[Draft]) -> Calls[list[float]]:
    """Mean over the sentence's glossary hints, in [-1, 1]; 0 where it has none.

    A hint is worth 1 where it is honoured, 0 where it is missed, and -1 where the draft says what it warns of.
    """
    yield from ()
    count = max(1, len(context.hints))

    def worth(text: str) -> float:
        bad = [avoided(hit.term, text, context.target_tag) for hit in context.hints]
        kept = [honoured(hit.term, text, context.target_tag) for hit in context.hints]
        return sum(-1 if b else int(k) for b, k in zip(bad, kept, strict=True)) / count

    return [worth(draft.text) for draft in drafts]
