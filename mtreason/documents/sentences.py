"""Long lines are cut into segments that a model can translate in one go; nothing is ever lost in between.

Lengths are in units of about a token: a character of a script without spaces counts 1, any other a quarter.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from mtreason.languages import Language

LIMIT = 80
"""A line up to this length stays whole: short lines with several sentences translate better with their context."""
HARD_LIMIT = 3 * LIMIT
"""No segment is longer than this."""
WINDOW = 4000
"""Characters given to the segmenter at a time, whose work grows with the square of its input."""

_CLAUSE_ENDS = "，,；;：:、—)）]】》」』”"


def units(char: str) -> float:
    """Return the length of one character."""
    return 1.0 if char >= "\u2e80" else 0.25


def length(text: str) -> float:
    """Return the length of a text."""
    return sum(map(units, text))


def split_segments(text: str, language: Language) -> list[str]:
    """Cut a text into pieces that join to it again; pieces may carry white space at their ends."""
    if length(text) <= LIMIT:
        return [text]
    pieces: list[str] = []
    size = 0.0
    for sentence in _sentences(text, language):
        for part in _bounded(sentence):
            own = length(part)
            if pieces and size + own <= LIMIT:
                pieces[-1] += part
                size += own
            else:
                pieces.append(part)
                size = own
    return pieces


def _sentences(text: str, language: Language) -> Iterator[str]:
    """Yield sentences that join to the text, looking at a window of it at a time."""
    import sentencex

    start = 0
    while start < len(text):
        window = text[start : start + WINDOW]
        found = list(sentencex.segment(language.primary, window))
        if "".join(found) != window:
            # The segmenter promises to give everything back; if it ever does not, the text comes first.
            found = [window]
        if start + WINDOW < len(text) and len(found) > 1:
            # The last sentence may go on behind the window.
            found.pop()
        yield from found
        start += sum(map(len, found))


def _bounded(sentence: str) -> Iterator[str]:
    """Yield parts of a sentence within HARD_LIMIT: cut behind a clause, else at white space, else anywhere."""
    while True:
        sizes = accumulate(map(units, sentence))
        end = next((i for i, size in enumerate(sizes) if size > HARD_LIMIT), None)
        if end is None:
            yield sentence
            return
        half = end // 2
        clause = max(sentence.rfind(mark, half, end) for mark in _CLAUSE_ENDS) + 1
        space = max(sentence.rfind(mark, half, end) for mark in " \t\u3000") + 1
        at = clause or space or _grapheme_border(sentence, end)
        yield sentence[:at]
        sentence = sentence[at:]


def _grapheme_border(text: str, end: int) -> int:
    """Return the last border between two visible characters at or before `end`."""
    import regex

    start = max(0, end - 64)
    borders = [start + m.end() for m in regex.finditer(r"\X", text[start : end + 64]) if start + m.end() <= end]
    return borders[-1] if borders else end
