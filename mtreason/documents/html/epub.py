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
from dataclasses import replace
from urllib.parse import unquote

from mtreason.documents.archives import read_members, replaced
from mtreason.documents.faults import Fault
from mtreason.documents.html.charset import declared_in_xml, decode_page, is_utf_8
from mtreason.documents.html.read import languages_of, read_page
from mtreason.documents.html.tags import EMPTY, END, START, TEXT, Piece, attributes, pieces
from mtreason.documents.html.text import WORDS, Token, span_of
from mtreason.documents.protocol import Document, Reading, Unit
from mtreason.documents.spans import MOST_UNITS, Fix, Span, SpannedDocument, bounded, check_count, line_numbers
from mtreason.documents.views import JoinedView, View
from mtreason.errors import DocumentError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_SUFFIXES = (".xhtml", ".html", ".htm")
_CHAPTERS = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})
_ANY_XML = frozenset({"", "text/xml", "application/xml"})
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
        for path, wanted in titles.items():
            self._parts[path] = _read_titles(self._archive.read(path), f"{name}: {path}", reading, wanted)
        for path in chapters:
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

    def faults(self) -> Iterator[Fault]:
        """See `Checks.faults`; a chapter without words says what it said."""
        for path, part in self._parts.items():
            if part.units or path in self._titles:
                yield from (replace(fault, place=f"{path}, {fault.place}") for fault in part.faults())

    def view(self) -> View:
        """Return the book as it stands, piece by piece."""
        others = [n for n in sorted(self._archive.namelist()) if n not in self._parts]
        rest = [f"{n} {hashlib.sha256(self._archive.read(n)).hexdigest()}" for n in others]
        parts = {path: part.view() for path, part in self._parts.items()}
        return JoinedView(parts, "\n".join(rest), lambda changes: replaced(self._archive, changes))


def read_epub(data: bytes, name: str, reading: Reading) -> Document:
    """Read a book; raises `DocumentError` for a file that is no archive, or exceeds the limits."""
    return EpubDocument(data, name, reading)


def _texts_of(archive: zipfile.ZipFile, name: str) -> tuple[list[str], dict[str, frozenset[str]]]:
    """Return the chapters of a book, in the order in which they are read, and which files have titles, in what."""
    members = dict.fromkeys(archive.namelist())
    chapters: list[str] = []
    titles: dict[str, frozenset[str]] = {}
    for root in _tags(archive, _CONTAINER, name, "rootfile"):
        package = html.unescape(root["full-path"])
        if package in members and package not in titles:
            titles[package] = _PACKAGE_TITLES
            own, contents = _listed(list(_tags(archive, package, name, "item", "itemref")), package)
            titles |= {path: _NCX_TITLES for path in contents if path in members}
            chapters += [path for path in own if path in members]
    chapters += [path for path in members if path.lower().endswith(_SUFFIXES)]
    found = [path for path in dict.fromkeys(chapters) if path not in titles]
    if _ENCRYPTION in members:
        locked = {html.unescape(tag["uri"]) for tag in _tags(archive, _ENCRYPTION, name, "cipherreference")}
        for path in (*found, *titles):
            if path in locked:
                raise DocumentError(f"{name}: {path} is encrypted: name a book without protection")
    return found, titles


def _listed(tags: list[dict[str, str]], package: str) -> tuple[list[str], list[str]]:
    """Return which files a package lists as chapters, those of the spine first, and which as contents."""
    items = {tag["id"]: tag for tag in tags if tag["href"]}
    spine = [tag["idref"] for tag in tags if tag["idref"] in items]
    read = set(spine)
    chapters, contents = [], []
    for key in dict.fromkeys([*spine, *items]):
        path, kind = _member(package, html.unescape(items[key]["href"])), items[key]["media-type"].strip().lower()
        if kind == _CONTENTS:
            contents.append(path)
        elif kind in _CHAPTERS or (kind in _ANY_XML and key in read):
            chapters.append(path)
    return chapters, contents


def _tags(archive: zipfile.ZipFile, path: str, name: str, *wanted: str) -> Iterator[dict[str, str]]:
    """Yield the attributes of elements of a file of XML."""
    content = _xml(archive.read(path), f"{name}: {path}")[0]
    for piece in pieces(content, xml=True):
        if piece.name in wanted and piece.kind in {START, EMPTY}:
            found = {attribute.name: attribute.value for attribute in attributes(content, piece)}
            yield {key: found.get(key, "") for key in _KEYS}


_KEYS = ("full-path", "id", "idref", "href", "media-type", "uri")


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
        fixes.append(Fix(declared.start, declared.end, "utf-8", "charset"))
    spans = bounded(_titles(content, reading, wanted, fixes), name)
    return SpannedDocument(content, spans, bom, fixes=fixes, data=None if charset == "utf-8" else data)


def _titles(content: str, reading: Reading, wanted: frozenset[str], fixes: list[Fix]) -> Iterator[Span]:
    """Yield the units, and add to what follows the language of the book."""
    line_of = line_numbers(content)
    opened: Piece | None = None
    texts: list[Piece] = []
    root = stated = False
    for piece in pieces(content, xml=True):
        if piece.kind == START:
            opened, texts = piece, []
            if reading.target is not None and (not root or piece.name in wanted):
                fixes += languages_of(content, piece, reading.target)
            root = True
        elif piece.kind == TEXT:
            texts.append(piece)
        elif piece.kind == END and opened is not None:
            if len(texts) == 1 and opened.name in wanted:
                tokens = [Token(WORDS, texts[0].start, texts[0].end)]
                span = span_of(content, tokens, lambda at: f"line {line_of(at)}", xml=True)
                if span is not None:
                    yield span
            elif texts and opened.name == "language" and not stated and reading.target is not None:
                stated = True
                fixes.append(Fix(opened.end, piece.start, reading.target.tag))
            opened = None
