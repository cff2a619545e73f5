"""HTML and XHTML: the text of each block is one unit, with its inline tags as codes; everything else stays.

Attributes that people read or hear are units as well. Scripts, styles, code, drawings and whatever has `translate="no"`
stay as they are. Malformed HTML is read as browsers read it. A file in another charset is written as UTF-8, and says
so.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from mtreason.documents.html.blocks import Blocks
from mtreason.documents.html.charset import Declared, declared_by, declared_in_xml, decode_page, is_utf_8
from mtreason.documents.html.tags import EMPTY, START, Piece, attributes, pieces
from mtreason.documents.protocol import Reading
from mtreason.documents.spans import Fix, Group, Span, SpannedDocument, bounded, check_count, spliced_view
from mtreason.documents.views import View
from mtreason.languages import Language

MOST_TAGS = 4_000_000
"""Reading more would take a minute."""
_MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
XML_SUFFIXES = (".xhtml", ".xht")


def read_html(data: bytes, name: str, reading: Reading) -> SpannedDocument:
    """Read an HTML file, or an XHTML file."""
    return read_page(data, name, reading, xml=name.lower().endswith(XML_SUFFIXES))


def read_page(data: bytes, name: str, reading: Reading, *, xml: bool) -> SpannedDocument:
    """Read a page as HTML, or as XML; raises `DocumentError` for bytes that are not in its charset."""
    content, bom, charset = decode_page(data, name, xml=xml)
    check_count(content, "<", MOST_TAGS, name, "tags")
    page = _Page(content, reading.target, xml=xml)
    spans = bounded(page.spans(), name)

    def view() -> View:
        mark = _MARKS.get(charset, b"")
        return spliced_view(content, spans, mark, charset)

    if charset == "utf-8":
        return SpannedDocument(content, spans, bom, fixes=page.fixes)
    return SpannedDocument(content, spans, bom, view, page.fixes, data)


class _Page:
    """A page, and what changes in it beside its units once it is translated."""

    def __init__(self, content: str, target: Language | None, *, xml: bool) -> None:
        self._content = content
        self._target = target
        self._xml = xml
        self._language = ""
        """That of the page, by its first element that names one."""
        self.fixes: list[Fix] = []
        """Complete after `spans`."""

    def spans(self) -> Iterator[Span | Group]:
        """Yield the units."""
        blocks = Blocks(self._content, xml=self._xml)
        if (declared := declared_in_xml(self._content)) is not None:
            self._fix_charset(declared)
        for piece in pieces(self._content, xml=self._xml):
            if piece.kind in {START, EMPTY} and piece.name == "meta":
                for found in declared_by(self._content, piece):
                    self._fix_charset(found)
            yield from blocks.add(piece)
            if piece.kind in {START, EMPTY} and blocks.is_translated(piece):
                self._fix_language(piece)
        yield from blocks.end()

    def _fix_language(self, piece: Piece) -> None:
        """Let the page, and what in it is said to be in the same language, name that of the translation."""
        if self._target is None or self._content.find("lang", piece.start, piece.end) < 0:
            return
        for fix in languages_of(self._content, piece, self._target):
            primary = self._content[fix.start : fix.end].strip().replace("_", "-").partition("-")[0].lower()
            if piece.name in {"html", "body"} and not self._language:
                self._language = primary
            if primary == self._language or piece.name == "html":
                self.fixes.append(fix)

    def _fix_charset(self, declared: Declared) -> None:
        if not is_utf_8(declared.label):
            self.fixes.append(Fix(declared.start, declared.end, "utf-8", "charset"))


def languages_of(content: str, piece: Piece, target: Language) -> Iterator[Fix]:
    """Yield what changes in a tag that names the language of a text."""
    for found in attributes(content, piece):
        if found.name in {"lang", "xml:lang"} and found.value.strip():
            yield Fix(found.start, found.end, target.tag)
