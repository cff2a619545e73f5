"""What is wrong with a translation, as far as it and its source tell: for drafts, and for what people made.

A file holds gates of a kind; the table names them all. To add one: its function, and a line in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mtreason.gates.answer import answered
from mtreason.gates.chatter import strip_chatter, talks_of_itself
from mtreason.gates.codes import literal_lost, placeholder_lost
from mtreason.gates.form import copied, cut_short, empty, repeats, single_spaced, unfinished
from mtreason.gates.language import in_variant, no_own_letter, wrong_language, wrong_script
from mtreason.gates.numbers import numbers_differ
from mtreason.gates.pair import Pair
from mtreason.gates.refusal import refused

__all__ = ["GATES", "Gate", "Pair", "doubts", "in_variant", "problems", "single_spaced", "strip_chatter"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that can be wrong."""

    name: str
    finds: Callable[[Pair], Sequence[str]]
    """Says what is wrong, in a few words for each; nothing for a good translation."""
    doubt: bool = False
    """Whether a draft is only put behind those without it, like one that misses a term, and not held back."""
    named: bool = True
    """Whether a doubt is told to people; else it only helps to choose."""


GATES: dict[str, Gate] = {
    gate.name: gate
    for gate in (
        Gate("empty", empty),
        Gate("unfinished", unfinished),
        Gate("chatter", talks_of_itself),
        Gate("refusal", refused),
        Gate("answer", answered),
        Gate("copy", copied),
        Gate("loop", repeats),
        Gate("short", cut_short),
        Gate("placeholder", placeholder_lost),
        Gate("literal", literal_lost),
        Gate("number", numbers_differ, doubt=True),
        Gate("script", wrong_script),
        Gate("letters", no_own_letter, doubt=True, named=False),
        Gate("language", wrong_language),
    )
}


def problems(pair: Pair) -> tuple[str, ...]:
    """Return the names of the gates that hold a draft back."""
    return tuple(gate.name for gate in GATES.values() if not gate.doubt and gate.finds(pair))


def doubts(pair: Pair, *, named: bool = True) -> tuple[str, ...]:
    """Return what speaks against a draft without holding it back, in words; with `named`, only what people are told."""
    return tuple(said for gate in GATES.values() if gate.doubt and gate.named >= named for said in gate.finds(pair))
