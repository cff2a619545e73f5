"""Cuts HTML into texts and tags, as browsers do, in one pass: the work grows with the length, whatever the file holds.

The parser of the standard library looks for the end of the same unfinished tag again and again, and has changed what
it does from release to release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

TEXT, START, EMPTY, END, OTHER = "text", "start", "empty", "end", "other"
"""Kinds of pieces: `EMPTY` is <a/>, `OTHER` a comment, a declaration, or what a script holds."""

_NAME = re.compile(r"[A-Za-z][^\t\n\r\f />]*")
_QUOTE_OR_END = re.compile(r"=[\t\n\r\f ]*+([\"'])|>")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]++)(?:\s*+=\s*+("[^"]*"|'[^']*'|[^\s"'=<>`]++))?""")
_RAW = {name: re.compile(rf"</{name}(?=[\t\n\r\f />])", re.IGNORECASE) for name in ("script", "style", "textarea")}
"""Elements that hold no tags, and what ends them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The text or tag at `content[start:end]`."""

    kind: str
    start: int
    end: int
    name: str = ""
    """Of an element, in small letters."""


def pieces(content: str) -> Iterator[Piece]:
    """Yield the pieces of HTML, which join to it. A tag that has no end is text."""
    ends = _Ends(content)
    at = 0
    while at < len(content):
        tag = content.find("<", at)
        if tag != at:
            tag = len(content) if tag < 0 else tag
            yield Piece(TEXT, at, tag)
            at = tag
            continue
        piece = _tag(content, at, ends)
        yield piece
        at = piece.end
        if piece.kind == START and piece.name in _RAW:
            found = _RAW[piece.name].search(content, at)
            end = found.start() if found else len(content)
            if end > at:
                yield Piece(OTHER, at, end)
            at = end


def attribute(tag: str, name: str) -> str | None:
    """Return the value of an attribute of a tag as it is written, without quotation marks; None where it has none."""
    for found in _ATTRIBUTE.finditer(tag.rstrip("/>"), 1):
        if found[1].lower() == name:
            return (found[2] or "").strip("\"'")
    return None


def _tag(content: str, at: int, ends: _Ends) -> Piece:
    """Return what begins with the sign < at a place."""
    after = content[at + 1 : at + 2]
    if after in {"!", "?"}:
        end = ends.declaration(at)
        return Piece(OTHER if end else TEXT, at, end or at + 1)
    closing = after == "/"
    if not ends.any(">", at):
        return Piece(TEXT, at, at + 1)
    name = _NAME.match(content, at + 1 + closing)
    if name is None and not closing:
        return Piece(TEXT, at, at + 1)
    end = ends.first(">", at) if name is None or closing else ends.tag(name.end())
    if name is None:
        return Piece(OTHER, at, end)
    kind = END if closing else EMPTY if content.endswith("/", at, end - 1) else START
    return Piece(kind, at, end, name[0].lower())


class _Ends:
    """Finds ends, and remembers which are no longer to be found: so no search goes through the same text twice."""

    def __init__(self, content: str) -> None:
        self._content = content
        self._last = {end: content.rfind(end) for end in (">", "-->", "]]>", '"', "'")}
        self._quotes = True

    def any(self, end: str, at: int) -> bool:
        """Whether there is such an end after a place."""
        return self._last[end] >= at

    def first(self, end: str, at: int) -> int:
        """Return the place after the next such end, or 0."""
        return self._content.index(end, at) + len(end) if self.any(end, at) else 0

    def declaration(self, at: int) -> int:
        """Return where a comment or declaration ends, or 0."""
        content = self._content
        if content.startswith(("<!-->", "<!--->"), at):
            return self.first(">", at)
        special = ""
        if content.startswith("<!--", at):
            special = "-->"
        elif content.startswith("<![CDATA[", at):
            special = "]]>"
        return (special and self.first(special, at + 4)) or self.first(">", at)

    def tag(self, at: int) -> int:
        """Return where a tag ends, of which the name ends at a place; a > between quotation marks is no end."""
        place = at
        while self._quotes:
            found = _QUOTE_OR_END.search(self._content, place)
            if found is None:
                # All that could end it is between quotation marks, so one of them was left open by mistake. From here
                # on they are ordinary characters: otherwise each of the next tags would be read to the end of the file.
                self._quotes = False
                break
            if found[1] is None:
                return found.end()
            place = self.first(found[1], found.end()) or found.end()
        return self.first(">", at)
