"""HTML: the text of each block is one unit, with its inline tags; scripts, styles, code and attributes stay.

`translate="no"` is respected. Malformed HTML is read as browsers do in the simple cases: nothing outside a unit is ever
changed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from mtreason.documents.literals import literals
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Span, SpannedDocument, bounded, check_count, decode, line_numbers
from mtreason.documents.tags import EMPTY, END, START, TEXT, Piece, attribute, pieces
from mtreason.files import xml_text

# fmt: off
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "del", "dfn",
    "em", "font", "i", "img", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby",
    "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
    "wbr",
})
# fmt: on
_UNTOUCHED = frozenset({"script", "style", "pre", "code", "textarea", "svg", "math", "template", "noscript"})
MOST_TAGS = 2_000_000
"""Reading more would take a minute."""
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_KEPT_ENTITIES = re.compile(r"&(?:amp|lt|gt|nbsp|#38|#60|#62|#160);", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_SPACE = re.compile(r"\s+")
_NO_WORDS = re.compile(r"<[^<>]*>|&[#\w]+;")


def read_html(data: bytes, name: str, reading: Reading) -> Document:
    """Read an HTML or XHTML file."""
    content, bom = decode(data, name)
    check_count(content, "<", MOST_TAGS, name, "tags")
    return SpannedDocument(content, bounded(html_spans(content), name), bom)


def html_spans(content: str) -> Iterator[Span]:
    """Yield the units of HTML text."""
    blocks = _Blocks(content)
    for piece in pieces(content):
        if (span := blocks.add(piece)) is not None:
            yield span
    if (span := blocks.flush()) is not None:
        yield span


class _Blocks:
    """The block that is being read: its text so far, and what is open."""

    def __init__(self, content: str) -> None:
        self._content = content
        self._line_of = line_numbers(content)
        self._from: int | None = None
        """Where the text of the block began."""
        self._to = 0
        """Where it ended so far: after the last text or closed inline tag."""
        self._open: list[tuple[str, int]] = []
        """Inline tags that were opened inside the block's text, with their positions."""
        self._held: list[str] = []
        """Enclosing elements whose text stays unchanged."""

    def add(self, piece: Piece) -> Span | None:
        """Read one piece; return the block that it ends."""
        if piece.kind == TEXT:
            self._text(piece)
        elif piece.kind == START:
            return self._start(piece)
        elif piece.kind == END:
            return self._end(piece)
        elif piece.kind == EMPTY and piece.name not in _INLINE and not self._held:
            return self.flush()
        return None

    def _start(self, piece: Piece) -> Span | None:
        tag = piece.name
        if self._held:
            if tag == self._held[-1] and tag not in _VOID:
                self._held.append(tag)
            return None
        ended = None if tag in _INLINE else self.flush()
        if tag in _VOID:
            return ended
        if tag in _UNTOUCHED or attribute(self._content[piece.start : piece.end], "translate") == "no":
            self._held.append(tag)
        elif tag in _INLINE and self._from is not None:
            self._open.append((tag, piece.start))
        return ended

    def _end(self, piece: Piece) -> Span | None:
        tag = piece.name
        if self._held:
            if tag == self._held[-1]:
                self._held.pop()
                if not self._held and tag in _INLINE and self._from is not None:
                    self._to = piece.end
            return None
        if tag not in _INLINE:
            return self.flush()
        if self._open and self._open[-1][0] == tag:
            self._open.pop()
            self._to = max(self._to, piece.end)
        return None

    def _text(self, piece: Piece) -> None:
        raw = self._content[piece.start : piece.end]
        if self._held or not raw.strip():
            return
        if self._from is None:
            self._from = piece.end - len(raw.lstrip())
        self._to = piece.start + len(raw.rstrip())

    def flush(self) -> Span | None:
        """End the block; return its text if it has words."""
        start, self._from = self._from, None
        open_, self._open = self._open, []
        if start is None:
            return None
        # A tag that is still open belongs to the next text.
        end = min([self._to, *(at for _, at in open_)])
        raw = self._content[start : max(end, start)].rstrip()
        if not _LETTER.search(_NO_WORDS.sub(" ", raw)):
            return None
        return Span(start, start + len(raw), f"line {self._line_of(start)}", unescape(raw), escape)


def unescape(raw: str) -> str:
    """Return inner HTML on one line, with characters in place of entities, except those that markup needs."""
    parts = []
    end = 0
    for kept in _KEPT_ENTITIES.finditer(raw):
        parts += [html.unescape(raw[end : kept.start()]), kept[0]]
        end = kept.end()
    return _SPACE.sub(" ", "".join([*parts, html.unescape(raw[end:])]))


def escape(text: str) -> str:
    """Write a translation as inner HTML: tags and entities of the source stay, and other signs are escaped."""
    text = xml_text(text)
    parts = []
    done = 0
    for found in literals(text):
        if text[found.start] in "<&":
            parts += [html.escape(text[done : found.start], quote=False), text[found.start : found.end]]
            done = found.end
    return "".join([*parts, html.escape(text[done:], quote=False)])
