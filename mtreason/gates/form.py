"""Drafts that are no translation by their form: empty, unfinished, the source itself, in a loop, far too short."""

from __future__ import annotations

import re
import unicodedata

from mtreason.documents.literals import without_literals
from mtreason.gates.pair import Pair
from mtreason.languages import scripts_of, weight

_BLANKS = re.compile(r"[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")
MAX_NAME = 24
"""A text up to this length may be a name that stays unchanged."""

_LOOP = re.compile(r"(.{2,80}?)\1{3,}", re.DOTALL)
_REPEATED = re.compile(r"(.)\1\1|(.{2,80}?)\2", re.DOTALL)
_AGAIN = re.compile(r"(.{1,80}?)\1{2,}", re.DOTALL)
LONG_LOOP = 12
"""Letters of an alphabet that a loop has at least: "ha ha ha ha" is none."""
DRAWN_OUT = 5
"""Times the length of a source that repeats itself which a loop in its translation may have."""
SAYS_ENOUGH = 40
"""Letters of an alphabet from which a source cannot be said in a word."""
LEAST_SHARE = 0.2
"""Share of what the source says, in letters of an alphabet, that a translation has at least. (The least of 1,197
references to such sources has 0.31.)"""


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


def repeats(pair: Pair) -> tuple[str, ...]:
    """Find a draft that says the same over and over, where the source does not."""
    for loop in _LOOP.finditer(pair.text):
        once = loop[1]
        drawn_out = len(set(once)) == 1 and once.isascii()  # Nooooo!
        if weight(loop[0]) < LONG_LOOP * (2 if drawn_out else 1):
            continue
        if not _REPEATED.search(pair.source) or len(loop[0]) > DRAWN_OUT * len(pair.source):
            return ("it says the same over and over",)
    return ()


def cut_short(pair: Pair) -> tuple[str, ...]:
    """Find a draft that says far less than the source."""
    said = weight(_AGAIN.sub(r"\1", without_literals(pair.source)))
    if said < SAYS_ENOUGH or weight(pair.text) >= LEAST_SHARE * said:
        return ()
    return ("it says much less than the source",)
