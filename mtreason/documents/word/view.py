"""A Word document taken apart for the merge of people's edits: its paragraphs, and all the rest."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zipfile import ZipFile

from mtreason.documents.archives import replaced
from mtreason.documents.coded import tags
from mtreason.documents.views import Piece, PlainView, View, short_digest
from mtreason.documents.word.elements import Element, digest, local_name
from mtreason.documents.word.paragraph import Paragraph
from mtreason.documents.word.read import TextParts, paragraph_of
from mtreason.errors import DocumentError
from mtreason.xmlfiles import parse_xml

_RELATION = re.compile(r"\{http://(?:schemas\.openxmlformats|purl\.oclc)\.org/[^}]*/relationships\}")
_NOTHING = frozenset({"proofErr", "lastRenderedPageBreak", "bookmarkStart", "bookmarkEnd", "lang", "noProof", "rsids"})
_OF_WORD = re.compile(r"}(?:rsid\w*|paraId|textId)$")


@dataclass(frozen=True, slots=True)
class DocxView(PlainView):
    """The paragraphs of a document; implements `View`."""

    archive: ZipFile
    name: str
    parts: TextParts
    pieces: Sequence[Piece]
    keyed: bool = False

    @property
    def frame(self) -> str:
        """See `View.frame`; what Word writes anew each time does not count."""
        members = [n for n in sorted(self.archive.namelist()) if not n.startswith("docProps/")]
        return short_digest("\0".join(f"{n} {self._frame_of(n)}" for n in members))

    def _frame_of(self, path: str) -> str:
        """Return a digest of a member, without the paragraphs that are pieces."""
        content = self.archive.read(path)
        if path in self.parts.paths:
            part = self.parts.open(path)
            for element in [paragraph.element for _, paragraph in part]:
                _cut_out(element)
            root = part.root
        elif path.lower().endswith((".xml", ".rels")):
            try:
                root = parse_xml(content, path)
            except DocumentError:
                return hashlib.sha256(content).hexdigest()
        else:
            return hashlib.sha256(content).hexdigest()
        _tidy(root)
        if path.endswith(".rels"):
            root[:] = sorted(root, key=lambda e: e.get("Id") or "")
        return _said(root)

    def put(self, raws: Mapping[int, str], more: Sequence[str] = ()) -> bytes:
        """See `View.put`."""
        del more
        changes: dict[str, bytes] = {}
        before = 0
        for path in self.parts.paths:
            part = self.parts.open(path)
            found = list(part)
            own = {i - before: raw for i, raw in raws.items()}
            seen: set[int] = set()
            for number, paragraph in found:
                if number in own:
                    self._change(paragraph, own[number], self.parts.place(path, number), again=number in seen)
                    changes[path] = b""
                seen.add(number)
            if path in changes:
                changes[path] = part.written()
            before += len(seen)
        return replaced(self.archive, changes)

    def _change(self, old: Paragraph, raw: str, place: str, *, again: bool) -> None:
        """Put another paragraph in the place of one; the older form of a text box stays as it is but for its text."""
        new = parse_xml(raw.encode("utf-8", "replace"), self.name)
        read = paragraph_of(new, self.name)
        if again and read is not None and tags(read.coded.text) == tags(old.coded.text):
            old.write(read.coded.text)
        elif not _replace(old.element, new) and not again:
            raise DocumentError(f"{self.name}: {place}: its links, pictures and text boxes are those of another file")


def view_of(archive: ZipFile, name: str, parts: TextParts) -> View:
    """Return a document, piece by piece."""
    pieces: list[Piece] = []
    for path in parts.paths:
        first = len(pieces)
        for number, paragraph in parts.open(path):
            if number == len(pieces) - first:
                pieces.append(_piece(paragraph, parts.place(path, number)))
    return DocxView(archive, name, parts, pieces)


def _piece(paragraph: Paragraph, place: str) -> Piece:
    return Piece(place, "", paragraph.coded.text, _written(paragraph.element), _mark(paragraph))


def _mark(paragraph: Paragraph) -> str:
    """Return the text and formatting of a paragraph, however it is cut into runs."""
    element = paragraph.element
    form = next((digest(child) for child in element if local_name(child) == "pPr"), "")
    codes = [code.raw for code in paragraph.coded.codes.values()]
    return repr((form, paragraph.look, paragraph.coded.text, codes))


def _inner(element: Element) -> list[Element]:
    """Return the paragraphs that stand in a paragraph, but not those in them."""
    found: list[Element] = []
    waiting = [element]
    while waiting:
        for child in reversed(waiting.pop()):
            (found if child.tag == element.tag else waiting).append(child)
    return found


def _written(element: Element) -> str:
    """Return a paragraph as it can be put into another file; paragraphs in it are empty, and pieces of their own."""
    from lxml import etree

    inner = _inner(element)
    if inner:
        element = copy.deepcopy(element)
        for paragraph in _inner(element):
            paragraph.clear()
    return str(etree.tostring(element, encoding="unicode", with_tail=False))


def _replace(old: Element, new: Element) -> bool:
    """Put another paragraph in the place of one, if both refer to the same; paragraphs in it stay."""
    inner = _inner(old)
    empty = _inner(new)
    if len(inner) != len(empty) or _relations(old) != _relations(new):
        return False
    for there, here in zip(empty, inner, strict=True):
        there.getparent().replace(there, here)
    new.tail = old.tail
    old.getparent().replace(old, new)
    return True


def _relations(element: Element) -> list[str]:
    """Return what a paragraph refers to in other parts of its file."""
    found = []
    waiting = [element]
    while waiting:
        node = waiting.pop()
        found += [value for name, value in node.attrib.items() if _RELATION.match(name)]
        waiting += [child for child in node if isinstance(child.tag, str) and child.tag != element.tag]
    return sorted(found)


def _cut_out(element: Element) -> None:
    """Empty a paragraph; those in it are pieces of their own, or count as part of it."""
    tail = element.tail
    element.clear()
    element.tail = tail


def _tidy(root: Element) -> None:
    """Remove what says nothing, and changes each time that Word saves the file."""
    for child in list(root.iter()):
        for attribute in [a for a in child.attrib if _OF_WORD.search(a)]:
            del child.attrib[attribute]
        parent = child.getparent()
        if parent is not None and local_name(child) in _NOTHING:
            parent.remove(child)


def _said(root: Element) -> str:
    """Return a digest of all that an element says."""
    found = hashlib.sha256()
    for node in root.iter():
        name = node.tag if isinstance(node.tag, str) else ""
        said = (name, sorted(node.attrib.items()), node.text, node.tail, len(node))
        found.update(repr(said).encode("utf-8", "surrogatepass"))
    return found.hexdigest()
