"""Text with inline codes: what is markup in a format stands in the text as a numbered tag.

A reader puts `<1>`, `</1>` and `<2/>` where its file has something that opens, closes, or stands alone; a writer puts
back what was there, and escapes everything else. So markup cannot become text, nor text markup, whatever a model says.
A tag that the file itself has as text is a code as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

NUMBER = r"\d{1,9}"
"""The number of a code; more digits than `MOST_CODES` has, since strings of programs are read whatever they hold."""
TAG = re.compile(rf"<(/?)({NUMBER})(/?)>")
"""A code as it stands in a text: `<1>` opens, `</1>` closes, `<1/>` stands alone."""
MOST_CODES = 9999
"""A unit with more codes than this is left alone, or its document refused."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a tag stands for."""

    raw: str
    """What the file has there."""
    said: bool = False
    """Whether it is part of the sentence, as code or an equation is; others may stand outside of what is translated."""
    mark: str = ""
    """What it has to be the same in as that of the source, where parts of it are translated; "" for `raw`."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A text with inline codes."""

    text: str
    codes: Mapping[str, Code] = field(default_factory=dict)
    """By the tags in the text: each of them stands there once."""


class Coder:
    """Puts a coded text together."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._codes: dict[str, Code] = {}
        self._count = 0

    def text(self, text: str, escape: Callable[[str], str] = str) -> None:
        """Add text; `escape` gives the file's own writing of what looks like one of our tags."""
        at = 0
        for found in TAG.finditer(text):
            self._parts.append(text[at : found.start()])
            self.alone(escape(found[0]))
            at = found.end()
        self._parts.append(text[at:])

    def open(self, raw: str) -> int:
        """Add a code that opens; returns the number that closes it."""
        self._count += 1
        self._add(f"<{self._count}>", Code(raw))
        return self._count

    def close(self, number: int, raw: str) -> None:
        """Add the code that closes another."""
        self._add(f"</{number}>", Code(raw))

    def alone(self, raw: str, *, said: bool = False) -> None:
        """Add a code that stands alone; see `Code`."""
        self._count += 1
        self._add(f"<{self._count}/>", Code(raw, said))

    def _add(self, tag: str, code: Code) -> None:
        self._codes[tag] = code
        self._parts.append(tag)

    def coded(self) -> Coded:
        """Return what was added."""
        return Coded("".join(self._parts), self._codes)


def parts(text: str, codes: Mapping[str, Code]) -> Iterator[str | Code]:
    """Yield the text and the codes of a translation, in order; a tag that is none of them is text."""
    at = 0
    for found in TAG.finditer(text):
        if found[0] in codes:
            if found.start() > at:
                yield text[at : found.start()]
            yield codes[found[0]]
            at = found.end()
    if at < len(text):
        yield text[at:]


def written(text: str, codes: Mapping[str, Code], escape: Callable[[str], str] = str) -> str:
    """Return a translation as its file has it, with text `escape`d."""
    return "".join(part.raw if isinstance(part, Code) else escape(part) for part in parts(text, codes))


def coded_again(native: str, codes: Mapping[str, Code]) -> str:
    """Return a text in which codes stand as their file writes them with tags in their place, each tag once."""
    at = 0
    for tag, code in codes.items():
        place = native.find(code.raw, at) if code.raw else -1
        place = native.find(code.raw) if place < 0 and code.raw else place
        if place >= 0:
            native = native[:place] + tag + native[place + len(code.raw) :]
            at = place + len(tag)
    return native


def tags(text: str) -> list[str]:
    """Return all tags of a text, in order."""
    return [found[0] for found in TAG.finditer(text)]


def nested(source: str, text: str) -> bool:
    """Whether the codes of a translation open and close as they may, given that it has those of its source.

    A source that is a part of a longer text may open what it does not close, and close what it did not open: what is
    open after it, and what it closes first, must be the same in the translation, and in the same order.
    """
    return _balance(tags(source)) == _balance(tags(text))


def _balance(found: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return which numbers are closed without having been opened, and which stay open; None where pairs cross."""
    closed: list[str] = []
    open_: list[str] = []
    opened: Counter[str] = Counter()
    for tag in found:
        number = tag.strip("</>")
        if tag.endswith("/>"):
            continue
        if not tag.startswith("</"):
            open_.append(number)
            opened[number] += 1
        elif open_ and open_[-1] == number:
            open_.pop()
        elif opened[number] or open_:
            return None
        else:
            closed.append(number)
    return tuple(closed), tuple(open_)
