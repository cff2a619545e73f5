"""HTML: the text of each block is one unit, with its inline tags; scripts, styles, code and attributes stay.

Positions come from the standard library's parser. `translate="no"` is respected. Malformed HTML is read as browsers do
in the simple cases: nothing outside a unit is ever changed.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from mtreason.documents.placeholders import placeholders
from mtreason.documents.protocol import Document
from mtreason.documents.spans import Span, SpannedDocument, decode, line_of
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
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_KEPT_ENTITIES = re.compile(r"&(?:amp|lt|gt|nbsp|#38|#60|#62|#160);", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_SPACE = re.compile(r"\s+")


def read_html(data: bytes, name: str) -> Document:
    """Read an HTML or XHTML file."""
    content, bom = decode(data, name)
    return SpannedDocument(content, html_spans(content), bom)


def html_spans(content: str) -> list[Span]:
    """Return the units of HTML text."""
    parser = _Parser(content)
    parser.feed(content)
    parser.close()
    parser.flush()
    return parser.spans


class _Parser(HTMLParser):
    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=False)
        self.content = content
        self.spans: list[Span] = []
        self._starts = [0]
        for i, char in enumerate(content):
            if char == "\n":
                self._starts.append(i + 1)
        self._from: int | None = None
        """Where the text of the block began."""
        self._to = 0
        """Where it ended so far: after the last text or closed inline tag."""
        self._open: list[tuple[str, int]] = []
        """Inline tags that were opened inside the block's text, with their positions."""
        self._held: list[str] = []
        """Enclosing elements whose text stays unchanged."""

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Read `<![x` as browsers do, as a comment: the library fails on it."""
        place = self.lineno, self.offset
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            self.lineno, self.offset = place
            return int(self.parse_bogus_comment(i))

    def _place(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        place = self._place()
        if self._held:
            if tag == self._held[-1].partition(" ")[0] and tag not in _VOID:
                self._held.append(tag)
            return
        untouched = dict(attrs).get("translate") == "no"
        inline = tag in _INLINE
        if not inline:
            self.flush()
        if (untouched or tag in _UNTOUCHED) and tag not in _VOID:
            self._held.append(tag)
            return
        if inline and self._from is not None and tag not in _VOID:
            self._open.append((tag, place))

    def handle_endtag(self, tag: str) -> None:
        place = self._place()
        end = self.content.find(">", place) + 1 or len(self.content)
        if self._held:
            if tag == self._held[-1]:
                self._held.pop()
                if not self._held and tag in _INLINE and self._from is not None:
                    self._to = end
            return
        if tag not in _INLINE:
            self.flush()
        elif self._open and self._open[-1][0] == tag:
            self._open.pop()
            self._to = max(self._to, end)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag not in _INLINE and not self._held:
            self.flush()

    def _text(self, raw: str) -> None:
        if self._held or not raw.strip():
            return
        place = self._place()
        if self._from is None:
            self._from = place + len(raw) - len(raw.lstrip())
        self._to = place + len(raw.rstrip())

    def handle_data(self, data: str) -> None:
        self._text(data)

    def handle_entityref(self, name: str) -> None:
        self._text(self.content[self._place() :][: len(name) + 2].split(";")[0] + ";")

    def handle_charref(self, name: str) -> None:
        self._text(self.content[self._place() :][: len(name) + 3].split(";")[0] + ";")

    def flush(self) -> None:
        """End the block's text."""
        if self._from is not None:
            # A tag that is still open belongs to the next text.
            end = min([self._to, *(at for _, at in self._open if at >= self._from)])
            raw = self.content[self._from : max(end, self._from)].rstrip()
            visible = re.sub(r"<[^>]*>|&[#\w]+;", " ", raw)
            if _LETTER.search(visible):
                line = line_of(self.content, self._from)
                self.spans.append(Span(self._from, self._from + len(raw), f"line {line}", unescape(raw), escape))
        self._from, self._open = None, []


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
    end = 0
    for piece in placeholders(text):
        if piece[0] in "<&":
            at = text.index(piece, end)
            parts += [html.escape(text[end:at], quote=False), piece]
            end = at + len(piece)
    return "".join([*parts, html.escape(text[end:], quote=False)])
