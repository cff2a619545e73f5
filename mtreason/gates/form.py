"""Drafts that are no translation by their form: empty, unfinished, the source itself."""

from __future__ import annotations

import re
import unicodedata

from mtreason.gates.pair import Pair
from mtreason.languages import scripts_of

_BLANKS = re.compile(r"[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")
MAX_NAME = 24
"""A text up to this length may be a name that stays unchanged."""


def single_spaced(text: str) -> str:
    """Put a text on one line, with single blanks; no-break and other special spaces stay as they are."""
    return _BLANKS.sub(" ", text.strip())


def has_words(text: str) -> bool:
    """Whether a text says anything: in letters, numbers or signs."""
    return any(unicodedata.category(c)[0] in "LNS" for c in text)


def empty(pair: Pair) -> tuple[str, ...]:
    """Find a draft that says nothing."""
    return () if has_words(pair.text) else ("there are no words",)


def unfinished(pair: Pair) -> tuple[str, ...]:
    """Find a draft that the model did not end."""
    return () if pair.finished else ("it does not end",)


def copied(pair: Pair) -> tuple[str, ...]:
    """Find the source itself, alone or among other words; between variants of a language that may be right."""
    source, target = pair.direction.source, pair.direction.target
    if source.primary == target.primary and source.tag != target.tag:
        return ()
    own = single_spaced(pair.source)
    if len(own) <= MAX_NAME or own not in pair.text or not scripts_of(own):
        return ()
    return ("it is the source",) if own == pair.text else ("the source stands in it",)
