"""The blocks of HTML, and of XHTML as XML: which texts and tags belong together, and what is left as it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from mtreason.documents.html.said import Tag, joined, said_by
from mtreason.documents.html.tags import CODE, EMPTY, END, FOREIGN, START, TEXT, Piece, attribute
from mtreason.documents.html.text import ALONE, BREAK, CLOSE, GONE, OPEN, SAID, WORDS, Token, span_of
from mtreason.documents.spans import Group, Span, line_numbers

# fmt: off
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "del", "dfn", "em", "font", "i", "img",
    "input", "ins", "kbd", "label", "mark", "math", "nobr", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "small",
    "span", "strike", "strong", "sub", "sup", "svg", "time", "tt", "u", "var", "wbr",
})
_SAID = frozenset({"code", "kbd", "math", "samp", "tt", "var"})
"""Inline elements that stay as they are, and are words of their sentence."""
_LEFT = frozenset({
    *_SAID, "iframe", "listing", "noembed", "noframes", "plaintext", "pre", "script", "style", "svg",
    "template", "textarea", "xmp",
})
"""Elements that stay as they are."""
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "html",
    "li", "main", "nav", "ol", "p", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})
_AFTER_P = (_BLOCKS - {"body", "caption", "html", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}) | {
    "dir", "hgroup", "hr", "listing", "menu", "plaintext", "pre", "search", "summary", "xmp",
}
"""What ends a paragraph that is open."""
_CELLS = frozenset({"caption", "td", "th"})
_FORMATTING = frozenset({"code", "tt"})
"""Elements that browsers open again in the next block where one ends before them; only a cell ends them."""
_SIBLINGS = frozenset({"dd", "dt", "li", "option", "p", "td", "th", "tr"})
"""Elements that the next of the same name ends."""
_OUT_OF_SVG = frozenset({
    "b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed", "h1", "h2", "h3",
    "h4", "h5", "h6", "head", "hr", "i", "img", "li", "listing", "menu", "meta", "nobr", "ol", "p", "pre", "ruby", "s",
    "small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul", "var",
})
"""What ends a drawing or equation that was left open (HTML 13.2.6.5)."""
_HTML_IN_SVG = frozenset({"annotation-xml", "desc", "foreignobject", "mi", "mn", "mo", "ms", "mtext", "title"})
# fmt: on
_TRANSLATE = re.compile("translate", re.IGNORECASE)
_RUBY_END = re.compile(r"</ruby", re.IGNORECASE)
_EAST_ASIAN = re.compile("[\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
MOST_RUBY = 2000
MOST_TOKENS = 1000
"""A block of more tokens is cut into several units."""


@dataclass(slots=True)
class _Left:
    """An element that stays as it is."""

    name: str
    start: int
    inline: bool
    depth: int = 1
    """How many elements of its name are open."""
    inner: Counter[str] = field(default_factory=Counter)
    """The blocks that are open in it; in a drawing or equation, all elements."""


class Blocks:
    """Takes pieces one by one, and yields a unit for each block that they end."""

    def __init__(self, content: str, *, xml: bool) -> None:
        self._content = content
        self._xml = xml
        self._line_of = line_numbers(content)
        self._tokens: list[Token] = []
        """Of the block that is being read."""
        self._tags: list[Tag] = []
        """Those of its inline tags that have attributes which people read."""
        self._left: _Left | None = None
        self._opened: Counter[str] = Counter()
        """The elements that are open."""
        self._ruby_end = 0
        """Where the ruby ends whose readings are left out."""
        self._reading = False

    def add(self, piece: Piece) -> Iterator[Span | Group]:
        """Read one piece; yield the unit of the block that it ends."""
        if self._left is not None and self._stays(self._left, piece):
            return
        if piece.start < self._ruby_end and self._is_reading(piece):
            self._token(GONE, piece)
        elif piece.kind == TEXT:
            self._token(WORDS, piece)
        elif piece.kind == CODE:
            value = self._content.startswith(("{{", "<?=", "<%="), piece.start)
            self._token(SAID if value else ALONE, piece)
        elif piece.kind in {START, EMPTY}:
            yield from self._start(piece)
        elif piece.kind == END:
            yield from self._end(piece)
        elif self._content.startswith("<![CDATA[", piece.start) and self._xml:
            self._token(WORDS, piece)
        else:
            self._token(ALONE, piece)
        if len(self._tokens) >= MOST_TOKENS:
            yield from self.flush()

    def flush(self) -> Iterator[Span | Group]:
        """End the block; yield its unit if it has words, and those of attributes in it."""
        if self._tokens:
            span = span_of(self._content, self._tokens, self._place, xml=self._xml)
            tags, self._tokens, self._tags = self._tags, [], []
            yield from joined(self._content, span, tags)

    def is_translated(self, piece: Piece) -> bool:
        """Whether the last piece begins a block, and is not part of what stays as it is."""
        return self._left is None and not self._is_inline(piece.name)

    def end(self) -> Iterator[Span | Group]:
        """Yield the last unit."""
        if self._left is not None:
            self._release(len(self._content))
        yield from self.flush()

    def _place(self, at: int) -> str:
        return f"line {self._line_of(at)}"

    def _token(self, kind: str, piece: Piece) -> None:
        self._tokens.append(Token(kind, piece.start, piece.end, piece.name))

    def _is_inline(self, name: str) -> bool:
        return name in _INLINE or (":" in name and not self._xml)

    def _start(self, piece: Piece) -> Iterator[Span | Group]:
        name = piece.name
        inline = self._is_inline(name)
        if not inline:
            yield from self.flush()
        kept = self._stays_by_attribute(piece)
        spans = [] if kept else list(said_by(self._content, piece, self._place, xml=self._xml))
        if inline and spans:
            self._tags.append(Tag(piece.start, piece.end, spans))
        elif spans:
            yield from spans
        alone = name in _VOID or (piece.kind == EMPTY and (self._xml or name in FOREIGN))
        if alone:
            if inline:
                self._token(BREAK if name == "br" else ALONE, piece)
        elif name in _LEFT or kept:
            self._left = _Left(name, piece.start, inline)
        elif inline:
            if name == "ruby":
                self._begin_ruby(piece)
            self._token(GONE if piece.start < self._ruby_end else OPEN, piece)
            self._opened[name] += 1
        else:
            if name in _AFTER_P and not self._xml:
                self._opened["p"] = 0
            self._opened[name] += 1

    def _end(self, piece: Piece) -> Iterator[Span | Group]:
        self._opened[piece.name] = max(self._opened[piece.name] - 1, 0)
        if not self._is_inline(piece.name):
            yield from self.flush()
        else:
            self._token(CLOSE, piece)

    def _stays_by_attribute(self, piece: Piece) -> bool:
        if _TRANSLATE.search(self._content, piece.start, piece.end) is None:
            return False
        value = attribute(self._content, piece, "translate")
        return value is not None and value.strip().lower() == "no"

    def _begin_ruby(self, piece: Piece) -> None:
        """Note where ruby ends whose readings a translation does not need: those of East Asian text."""
        found = _RUBY_END.search(self._content, piece.end, piece.end + MOST_RUBY)
        if found is None or self._content.find("<rt", piece.end, found.start()) < 0:
            return
        if _EAST_ASIAN.search(self._content, piece.end, found.start()):
            self._ruby_end = found.start() + 1
            self._reading = False

    def _is_reading(self, piece: Piece) -> bool:
        """Whether a piece inside of ruby is left out of a translation: readings, and the tags of ruby."""
        if piece.kind in {START, END, EMPTY} and piece.name in {"ruby", "rb", "rbc", "rp", "rt", "rtc"}:
            self._reading = piece.kind == START and piece.name in {"rp", "rt", "rtc"}
            return True
        return self._reading

    def _stays(self, left: _Left, piece: Piece) -> bool:
        """Whether a piece belongs to the element that stays as it is; ends the element where it does not."""
        name = piece.name
        if piece.kind in {START, EMPTY} and not self._xml and self._begins_outside(left, name):
            self._release(piece.start)
            return False
        if piece.kind == START and name not in _VOID:
            if name == left.name:
                left.depth += 1
            elif left.name in FOREIGN or not self._is_inline(name):
                left.inner[name] += 1
        elif piece.kind == END:
            if name == left.name:
                left.depth -= 1
                if left.depth == 0:
                    self._release(piece.end)
            elif left.inner[name] > 0:
                left.inner[name] -= 1
            elif self._ends_outside(left, name):
                self._release(piece.start)
                return False
        return True

    def _begins_outside(self, left: _Left, name: str) -> bool:
        """Whether a tag that opens is after an element that was left open."""
        if left.name in FOREIGN:
            return name in _OUT_OF_SVG and not self._has_html(left)
        if left.name == name:
            return name in _SIBLINGS and not any(left.inner[inner] for inner in ("ol", "ul", "dl", "table"))
        if name not in _AFTER_P or left.name in _FORMATTING:
            return False
        return left.name == "p" or (left.inline and self._opened["p"] > 0)

    def _ends_outside(self, left: _Left, name: str) -> bool:
        """Whether a tag that closes belongs to what is around an element that was left open."""
        foreign = left.name in FOREIGN
        known = name in _BLOCKS or (foreign and name in _INLINE)
        if not known or not self._opened[name] or (foreign and self._has_html(left)):
            return False
        if left.name in _FORMATTING:
            return name in _CELLS
        return left.inline or name != "p"

    def _has_html(self, left: _Left) -> bool:
        """Whether HTML is open inside of a drawing or an equation."""
        return any(left.inner[name] for name in _HTML_IN_SVG)

    def _release(self, end: int) -> None:
        """End the element that stays as it is."""
        left, self._left = self._left, None
        if left is not None and left.inline:
            self._tokens.append(Token(ALONE if left.name == "svg" else SAID, left.start, end))
