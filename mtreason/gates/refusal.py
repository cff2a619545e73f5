"""Drafts in which the model speaks for itself: it refuses, or says what it is."""

from __future__ import annotations

from mtreason.gates.counterpart import Kind, expression, found
from mtreason.gates.pair import Pair
from mtreason.gates.words import in_any

KINDS = (
    Kind(
        "it apologises for what it cannot do",
        expression(rf"^\W*(?:{in_any('sorry')}|{in_any('unwilling')})"),
        expression(in_any("apology"), in_any("unable")),
    ),
    Kind(
        "it refuses the task",
        expression(in_any("helpless")),
        expression(*map(in_any, ("apology", "helping", "request", "translating"))),
    ),
    Kind("it speaks as a machine", expression(in_any("speaking-as-a-machine")), expression(in_any("machine"))),
)


def refused(pair: Pair) -> tuple[str, ...]:
    """Find a draft in which the model speaks for itself, where the source says nothing of the kind."""
    return found(KINDS, pair.source, pair.text)
