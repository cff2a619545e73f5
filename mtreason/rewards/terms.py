"""Whether the glossary was followed."""

from __future__ import annotations

from collections.abc import Sequence

from mtreason.glossary import Verdict, judge_term
from mtreason.models.calls import Calls
from mtreason.models.protocol import Capability
from mtreason.rewards.protocol import Draft, Part, RewardContext, Samples

WORTH = {Verdict.FOLLOWED: 1, Verdict.MISSED: 0, Verdict.FORBIDDEN: -1}


def _terms(context: RewardContext, drafts: Sequence[Draft], samples: Samples) -> Calls[list[float]]:
    """Mean over the sentence's glossary terms, in [-1, 1]; 0 where it has none.

    A term counts 1 if the draft follows it, 0 if the draft misses it, and -1 if the draft has a forbidden reading.
    """
    del samples
    yield from ()
    count = max(1, len(context.hits))

    def worth(text: str) -> float:
        return sum(WORTH[judge_term(hit.term, text, context.target_tag).verdict] for hit in context.hits) / count

    return [worth(draft.text) for draft in drafts]


TERMS = Part(
    "terms",
    "share of glossary terms that are followed",
    _terms,
    # Needed to find where a missed term fits.
    needs=frozenset({Capability.PROMPT_LOG_PROBS}),
    free=True,
    counts_terms=True,
)
