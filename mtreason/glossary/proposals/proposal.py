"""What is proposed: a term with the evidence for it, and what it may be rendered by."""

from __future__ import annotations

from dataclasses import dataclass

NAME, TERM, NEW = "name", "term", "new word"
KINDS = (NAME, TERM, NEW)
"""Names, terms that recur, and words that no table knows: slang, abbreviations, terms of one word."""


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate as a text has it."""

    source: str
    kind: str
    """One of KINDS."""
    segments: tuple[int, ...]
    """Indices of the segments, one for each occurrence."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A term that a glossary may need, for a person to accept."""

    source: str
    kind: str
    """One of KINDS."""
    count: int
    """How often it occurs."""
    segments: int
    """In how many segments."""
    example: str
    """The shortest of them."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """What was found in a document."""

    proposals: tuple[Proposal, ...]
    """Names first, then terms, then new words; each kind by the number of occurrences."""
    known: int
    """How many more are left out because a glossary has them."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a term may be rendered by."""

    text: str
    certainty: float
    """0 to 1: Dice's coefficient with the term over the pairs of a memory, or the share of the model's drafts."""
    basis: str
    """What that is, in words."""
