"""Divides long lines into segments that a model can translate at once, without losing a character.

Lengths are in units of about a token: a character of a script without spaces counts 1, any other character a quarter.
"""

from __future__ import annotations

import functools
import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from mtreason.documents.coded import TAG
from mtreason.documents.literals import Literal, literals
from mtreason.languages import Language

if TYPE_CHECKING:
    import regex

LIMIT = 80
"""A line up to this length is not divided: short lines with several sentences translate better with their context."""
HARD_LIMIT = 3 * LIMIT
"""No segment is longer than this."""
WINDOW = 4000
"""How many characters the segmenter gets at once: its work grows with the square of its input.

More than HARD_LIMIT units of any text, so that a window that is one sentence has a place where it can be cut.
"""


def units(char: str) -> float:
    """Return the length of one character."""
    return 1.0 if char >= "\u2e80" else 0.25


def length(text: str) -> float:
    """Return the length of a text."""
    return sum(map(units, text))


def split_segments(text: str, language: Language) -> list[str]:
    """Divide a text into pieces that join to it again; pieces may have white space at their ends.

    What has to stay as it is (`mtreason.documents.literals`) is in one piece, however long that is.
    """
    if length(text) <= LIMIT:
        return [text]
    found = literals(text)
    pieces = _divided(_blanked(text, found), language) if found else _divided(text, language)
    borders = list(accumulate(map(len, pieces)))[:-1]
    for literal in found:
        i = bisect_right(borders, literal.start)
        while i < len(borders) and borders[i] < literal.end:
            borders[i] = literal.start
            i += 1
    ends = [0, *dict.fromkeys(borders), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(ends) if b > a]


def _blanked(text: str, found: Sequence[Literal]) -> str:
    """Hide literals: a sentence ends neither inside one, nor because of the letters in one. Codes hide as blanks."""
    parts = []
    at = 0
    for literal in found:
        own = text[literal.start : literal.end]
        hidden = " " * len(own) if TAG.fullmatch(own) else "".join("x" if units(c) < 1 else "一" for c in own)
        parts += [text[at : literal.start], hidden]
        at = literal.end
    return "".join([*parts, text[at:]])


def _divided(text: str, language: Language) -> list[str]:
    pieces: list[str] = []
    size = 0.0
    for sentence in split_sentences(text, language):
        for part in _bounded(sentence):
            own = length(part)
            if pieces and size + own <= LIMIT:
                pieces[-1] += part
                size += own
            else:
                pieces.append(part)
                size = own
    return pieces


def split_sentences(text: str, language: Language) -> Iterator[str]:
    """Yield sentences that join to the text, one window of it after another."""
    import sentencex

    start = 0
    while start < len(text):
        window = text[start : start + WINDOW]
        found = list(sentencex.segment(language.primary, window))
        if "".join(found) != window:
            # The segmenter promises to return all of the text; if it ever does not, the window stays undivided.
            found = [window]
        if start + WINDOW < len(text):
            if len(found) == 1:
                found = list(_bounded(window))
            # The last part may continue after the window: the end of a window is no place to cut.
            found.pop()
        yield from found
        start += sum(map(len, found))


def _bounded(sentence: str) -> Iterator[str]:
    """Yield parts of a sentence within HARD_LIMIT: cut after a clause, else at white space, else anywhere."""
    while True:
        sizes = accumulate(map(units, sentence))
        end = next((i for i, size in enumerate(sizes) if size > HARD_LIMIT), None)
        if end is None:
            yield sentence
            return
        at = _last_cut(sentence, end)
        yield sentence[:at]
        sentence = sentence[at:]


@functools.cache
def _cuts() -> tuple[regex.Pattern[str], ...]:
    """Return patterns for where to cut, best first: after clauses, at white space, between visible characters.

    Signs that also occur inside numbers and addresses ("1,000", "12:30") end a clause only before white space.
    """
    import regex

    return (
        regex.compile(r"[，；：、—）】》」』”]+[\s]*|[,;:)\]]\s+"),
        regex.compile(r"\s+"),
        regex.compile(r"\X"),
    )


def _last_cut(text: str, end: int) -> int:
    """Return the best place to cut in the second half of `text[:end]`; `end` when one character fills all of it."""
    clause, space, character = _cuts()
    for cut, low in ((clause, end // 2), (space, end // 2), (character, 0)):
        # Search from the beginning: whether a flag emoji begins or ends at a place depends on everything before.
        found = [m.end() for m in cut.finditer(text[: end + 1], low) if m.end() <= end]
        if found:
            return int(found[-1])
    return end
