"""EPUB: the chapters of a book are XHTML files in an archive; its titles stand in the package and the contents.

The package says which file is a chapter, whatever its suffix. Once something is translated, the language of the book
follows.
"""

from __future__ import annotations

import hashlib
import html
import posixpath
import zipfile
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from mtreason.documents.archives import read_members, replaced
from mtreason.documents.charsets import declared_in_xml, decode_page, is_utf_8
from mtreason.documents.html import languages_of, read_page
from mtreason.documents.html_text import WORDS, Token, span_of
from mtreason.documents.protocol import Document, Reading, Unit
from mtreason.documents.spans import MOST_UNITS, Fix, Span, SpannedDocument, bounded, check_count, line_numbers
from mtreason.documents.tags import EMPTY, END, START, TEXT, Piece, attribute, pieces
from mtreason.documents.views import JoinedView, View
from mtreason.errors import DocumentError

_CONTAINER = "META-INF/container.xml"
_SUFFIXES = (".xhtml", ".html", ".htm")
_CHAPTERS = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})
_CONTENTS = "application/x-dtbncx+xml"
_PACKAGE_TITLES = frozenset({"title"})
_NCX_TITLES = frozenset({"text"})
MOST_XML_TAGS = 1_000_000


class EpubDocument:
    """A book."""

    def __init__(self, data: bytes, name: str, reading: Reading) -> None:
        self._data = data
        self._archive = read_members(data, name, "an EPUB book")
        if _CONTAINER not in self._archive.namelist():
            raise DocumentError(f"{name}: not an EPUB book: it has no {_CONTAINER}")
        chapters, titles = _texts_of(self._archive, name)
        self._titles = titles
        self._parts: dict[str, SpannedDocument] = {}
        for path in dict.fromkeys(self._archive.namelist()):
            if path in titles:
                self._parts[path] = _read_titles(self._archive.read(path), f"{name}: {path}", reading, titles[path])
            elif path in chapters:
                self._parts[path] = read_page(self._archive.read(path), f"{name}: {path}", reading, xml=True)
        places = [(path, unit) for path, part in self._parts.items() for unit in part.units]
        if len(places) > MOST_UNITS:
            raise DocumentError(f"{name}: more than {MOST_UNITS:,} units: cut the book into parts")
        self.units = tuple(Unit(i, f"{path}, {u.place}", u.text, u.codes) for i, (path, u) in enumerate(places, 1))

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the book; exactly the bytes that were read if nothing was translated."""
        given = list(texts)
        if given == [unit.text for unit in self.units]:
            yield self._data
            return
        rest = iter(given)
        changes = {}
        for path, part in self._parts.items():
            own = [next(rest) for _ in part.units]
            changes[path] = b"".join(part.render_fixed(own) if path in self._titles else part.render(own))
        yield replaced(self._archive, changes)

    def view(self) -> View:
        """Return the book as it stands, piece by piece."""
        others = [n for n in sorted(self._archive.namelist()) if n not in self._parts]
        rest = [f"{n} {hashlib.sha256(self._archive.read(n)).hexdigest()}" for n in others]
        parts = {path: part.view() for path, part in self._parts.items()}
        return JoinedView(parts, "\n".join(rest), lambda changes: replaced(self._archive, changes))


def read_epub(data: bytes, name: str, reading: Reading) -> Document:
    """Read a book; raises `DocumentError` for a file that is no archive, or exceeds the limits."""
    return EpubDocument(data, name, reading)


def _texts_of(archive: zipfile.ZipFile, name: str) -> tuple[set[str], dict[str, frozenset[str]]]:
    """Return which files of a book are chapters, and which have titles, in elements of which names."""
    members = set(archive.namelist())
    chapters = {path for path in members if path.lower().endswith(_SUFFIXES)}
    titles: dict[str, frozenset[str]] = {}
    for root in _tags(archive, _CONTAINER, name, "rootfile"):
        package = html.unescape(root.get("full-path", ""))
        if package not in members or package in titles:
            continue
        titles[package] = _PACKAGE_TITLES
        items = list(_tags(archive, package, name, "item", "itemref"))
        spine = {item.get("idref") for item in items}
        for item in items:
            path = _member(package, html.unescape(item.get("href", "")))
            kind = item.get("media-type", "").strip().lower()
            if path not in members or path == package:
                continue
            if kind == _CONTENTS:
                titles[path] = _NCX_TITLES
            elif kind in _CHAPTERS or (item.get("id") in spine and kind in {"text/xml", "application/xml", ""}):
                chapters.add(path)
    return chapters, titles


def _tags(archive: zipfile.ZipFile, path: str, name: str, *wanted: str) -> Iterator[dict[str, str]]:
    """Yield the attributes of elements of a file of XML."""
    content = _xml(archive.read(path), f"{name}: {path}")[0]
    for piece in pieces(content, xml=True):
        if piece.name in wanted and piece.kind in {START, EMPTY}:
            yield {key: attribute(content, piece, key) or "" for key in _KEYS}


_KEYS = ("full-path", "id", "idref", "href", "media-type")


def _member(package: str, href: str) -> str:
    """Return the name in the archive of what a package refers to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(package), unquote(href.partition("#")[0])))


def _xml(data: bytes, name: str) -> tuple[str, bytes, str]:
    found = decode_page(data, name, xml=True)
    check_count(found[0], "<", MOST_XML_TAGS, name, "tags")
    return found


def _read_titles(data: bytes, name: str, reading: Reading, wanted: frozenset[str]) -> SpannedDocument:
    """Read a package, or the contents of a book: elements of some names are units."""
    content, bom, charset = _xml(data, name)
    fixes: list[Fix] = []
    declared = declared_in_xml(content)
    if declared is not None and not is_utf_8(declared.label):
        fixes.append(Fix(declared.start, declared.end, "utf-8"))
    spans = bounded(_titles(content, reading, wanted, fixes), name)
    return SpannedDocument(content, spans, bom, fixes=fixes, data=None if charset == "utf-8" else data)


def _titles(content: str, reading: Reading, wanted: frozenset[str], fixes: list[Fix]) -> Iterator[Span]:
    line_of = line_numbers(content)
    opened: Piece | None = None
    texts: list[Piece] = []
    rooted = False
    for piece in pieces(content, xml=True):
        if piece.kind == START:
            opened, texts = piece, []
            if not rooted and reading.target is not None:
                fixes += languages_of(content, piece, reading.target)
            rooted = True
        elif piece.kind == TEXT and opened is not None:
            texts.append(piece)
        elif piece.kind == END and opened is not None:
            if len(texts) == 1 and opened.name in wanted:
                tokens = [Token(WORDS, texts[0].start, texts[0].end)]
                span = span_of(content, tokens, lambda at: f"line {line_of(at)}", xml=True)
                if span is not None:
                    yield span
            elif len(texts) == 1 and opened.name == "language" and reading.target is not None:
                fixes.append(Fix(texts[0].start, texts[0].end, reading.target.tag))
            opened = None
