"""Word documents: each paragraph is a unit, in the text, its tables, text boxes and notes, in headers and footers.

Titles of charts and the text of SmartArt are units as well; what a chart shows of its table stays as it is there. What
is written anew is the text of paragraphs that were translated, in the XML of the parts that have some; all other parts
stay as they are. Comments and building blocks are not read.
"""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote
from zipfile import ZipFile

from mtreason.documents.archives import check_xml, read_members, replaced
from mtreason.documents.protocol import Document, Reading, Unit
from mtreason.documents.spans import MOST_UNITS
from mtreason.documents.word.elements import Element, local_name, namespace, text_namespace
from mtreason.documents.word.paragraph import Paragraph, set_language
from mtreason.documents.word.tokens import LETTER, FieldState, Kind, fields_that_end, story_of, tokens_of
from mtreason.errors import DocumentError
from mtreason.xmlfiles import parse_xml

if TYPE_CHECKING:
    from mtreason.documents.views import View

KIND = "a Word document"
_WITH_TEXT = (
    "footnotes", "endnotes", "header", "footer", "chart", "chartEx", "diagramData", "diagramDrawing",
)  # fmt: skip
"""Parts that have text beside the main one, in the order of their units."""
_MARKUP = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*\?>\s*")
_STANDARD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class DocxDocument:
    """A Word document."""

    def __init__(self, data: bytes, name: str, reading: Reading) -> None:
        self._data = data
        self._name = name
        self._target = reading.target
        self._archive = read_members(data, name, KIND)
        check_xml(self._archive, name)
        self._parts = TextParts(self._archive, name)
        self._counts: dict[str, int] = {}
        units: list[Unit] = []
        for part in self._parts.paths:
            first = len(units)
            for number, paragraph in self._parts.open(part):
                if number < len(units) - first:
                    continue
                place = self._parts.place(part, number)
                units.append(Unit(len(units) + 1, place, paragraph.coded.text, paragraph.coded.codes))
                if len(units) > MOST_UNITS:
                    raise DocumentError(f"{name}: more than {MOST_UNITS:,} units: cut the document into parts")
            self._counts[part] = len(units) - first
        self.units = tuple(units)

    def view(self) -> View:
        """Return the document as it stands, paragraph by paragraph."""
        from mtreason.documents.word.view import view_of

        return view_of(self._archive, self._name, self._parts)

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the document; exactly the bytes that were read if nothing was translated."""
        given = list(texts)
        changes: dict[str, bytes] = {}
        at = 0
        for part, count in self._counts.items():
            own = list(zip(self.units[at : at + count], given[at : at + count], strict=True))
            at += count
            if any(unit.text != text for unit, text in own):
                read = self._parts.open(part)
                for number, paragraph in read:
                    unit, text = own[number]
                    if text != unit.text:
                        paragraph.write(text, self._target)
                changes[part] = read.written()
        if changes:
            changes |= self._styles()
        yield replaced(self._archive, changes) if changes else self._data

    def _styles(self) -> dict[str, bytes]:
        """Return the styles with the language of the output."""
        path = self._parts.styles
        if path is None or self._target is None:
            return {}
        content = self._archive.read(path)
        root = parse_xml(content, f"{self._name}: {path}")
        for properties in root.iter(f"{{{namespace(root)}}}rPr"):
            set_language(properties, self._target)
        return {path: serialised(root, content)}


@dataclass(slots=True)
class Part:
    """A part of a document with text."""

    root: Element
    content: bytes
    where: str

    def __iter__(self) -> Iterator[tuple[int, Paragraph]]:
        """Yield the paragraphs with something to translate, each with the number of its unit in the part, from 0.

        Two paragraphs have the same number where a text box stands there in a second form for older programs. What is
        in a paragraph may be changed while it is the last one that was yielded.
        """
        word = text_namespace(self.root)
        ended = fields_that_end(self.root, word)
        states: dict[Element, FieldState] = {}
        stories: dict[Element, Element] = {}
        twins = _Twins() if next(self.root.iter(f"{_MARKUP}AlternateContent"), None) is not None else None
        number = 0
        for element in list(self.root.iter(f"{{{word}}}p")):  # all before the first is changed
            parent = element.getparent()
            if parent not in stories:
                stories[parent] = self.root if parent is None else story_of(parent)
            state = states.get(stories[parent]) or states.setdefault(stories[parent], FieldState(ended))
            tokens = tokens_of(element, word, state)
            if not any(token.kind is Kind.TEXT and LETTER.search(token.text) for token in tokens):
                continue
            paragraph = Paragraph(element, tokens, self.where)
            own = number if twins is None else twins.number(paragraph, number)
            number += own == number
            yield own, paragraph

    def written(self) -> bytes:
        """Return the part as it is now."""
        return serialised(self.root, self.content)


class TextParts:
    """Which parts of a document have text: those that its relations name, whatever they are called."""

    def __init__(self, archive: ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name
        self._members = {_plain(path): path for path in archive.namelist()}
        main = next((path for kind, path in self._relations("") if kind == "officeDocument"), None)
        if main is None:
            raise DocumentError(f"{name}: not {KIND}: no part of it is named as its text")
        others = list(self._relations(main))
        self.main = main
        self.styles = next((path for kind, path in others if kind == "styles"), None)
        notes = [path for wanted in _WITH_TEXT for kind, path in others if kind == wanted]
        self.paths = list(dict.fromkeys([main, *notes]))

    def _relations(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield the kinds and the names of the parts that a part refers to; "" for the document itself."""
        folder, base = posixpath.split(path)
        member = self._members.get(_plain(posixpath.join(folder, "_rels", f"{base}.rels")))
        if member is None:
            return
        for relation in parse_xml(self._archive.read(member), f"{self._name}: {member}"):
            if local_name(relation) != "Relationship" or relation.get("TargetMode") == "External":
                continue
            there = posixpath.normpath(posixpath.join("/", folder, unquote(relation.get("Target", ""))))
            found = self._members.get(_plain(there))
            if found is not None:
                yield relation.get("Type", "").rpartition("/")[2], found

    def place(self, path: str, number: int) -> str:
        """Return where a person finds a paragraph, given its number in a part, from 0."""
        return f"paragraph {number + 1}" if path == self.main else f"{posixpath.basename(path)}, paragraph {number + 1}"

    def open(self, path: str) -> Part:
        """Read a part; raises `DocumentError` for one that is no XML, or not of Word."""
        content = self._archive.read(path)
        root = parse_xml(content, f"{self._name}: {path}")
        if path == self.main and local_name(root) != "document":
            raise DocumentError(f"{self._name}: not {KIND}: its text is in <{local_name(root)}>")
        return Part(root, content, f"{self._name}: {path}")


def read_docx(data: bytes, name: str, reading: Reading) -> Document:
    """Read a Word document; raises `DocumentError` for a file that is no archive, or exceeds the limits."""
    return DocxDocument(data, name, reading)


def _plain(path: str) -> str:
    """Return the name of a part as it is compared (Open Packaging Conventions, 6.2.2)."""
    return path.replace("\\", "/").lstrip("/").lower()


def paragraph_of(root: Element, where: str) -> Paragraph | None:
    """Return a paragraph that was read by itself; None for one without anything to translate."""
    return next((paragraph for _, paragraph in Part(root, b"", where) if paragraph.element is root), None)


class _Twins:
    """Tells which paragraphs stand in a part twice: in a text box, and in its form for older programs."""

    def __init__(self) -> None:
        self._waiting: dict[Element, dict[str, deque[int]]] = {}

    def number(self, paragraph: Paragraph, number: int) -> int:
        """Return the number of the unit that a paragraph belongs to: the next one, or that of its twin."""
        node = paragraph.element
        branches = []
        while (parent := node.getparent()) is not None:
            if parent.tag == f"{_MARKUP}AlternateContent":
                branches.append((parent, node.tag == f"{_MARKUP}Fallback"))
            node = parent
        said = paragraph.coded.text
        for alternative, older in branches:
            twins = self._waiting.get(alternative, {}).get(said)
            if older and twins:
                return twins[0] if len(twins) == 1 else twins.popleft()
        for alternative, older in branches:
            if not older:
                self._waiting.setdefault(alternative, {}).setdefault(said, deque()).append(number)
        return number


def serialised(root: Element, content: bytes) -> bytes:
    """Return XML that was read from `content`, with the same declaration if that says UTF-8."""
    from lxml import etree

    declaration = _DECLARATION.match(content)
    kept = declaration is not None and b"utf-8" in declaration[0].lower()
    before = declaration[0] if declaration is not None and kept else _STANDARD
    return before + bytes(etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=False))
