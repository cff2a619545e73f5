"""XLIFF 1.2 and 2.x: units with a missing, empty or unfinished target get one; inline tags are kept.

lxml reads, without entities and without a network. lxml also writes a file in which something was translated: elements,
attributes and their order stay; quotation marks around attributes may change, and the encoding becomes UTF-8.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from mtreason.documents.html import escape
from mtreason.documents.protocol import Document, Reading, Unit
from mtreason.documents.views import Piece, PlainView, View, short_digest
from mtreason.errors import DocumentError
from mtreason.files import xml_text
from mtreason.records import parse_record
from mtreason.xmlfiles import parse_xml, xml_parser

_LETTER = re.compile(r"[^\W\d_]")
_FINAL = frozenset({"final", "signed-off", "translated", "reviewed"})
_TAG = re.compile(r"<[^>]*>")
_XMLNS = re.compile(r'\s+xmlns(?::\w+)?="[^"]*"')


class XliffDocument:
    """A file of translation units."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._root = parse_xml(data, name)
        parse_xml(self._written(), name)  # lxml reads some names that it cannot read again after writing them
        space, _, local = self._root.tag.rpartition("}")
        self._space = f"{space}}}" if space else ""
        if local != "xliff":
            raise DocumentError(f"{name}: expected <xliff>, found <{local}>")
        self._sources = list(self._open_units())
        self.units = tuple(
            Unit(i, f"line {source.sourceline}", _inner(source)) for i, source in enumerate(self._sources, 1)
        )

    def _open_units(self) -> Iterator[Any]:
        for element in self._root.iter(f"{self._space}trans-unit", f"{self._space}segment"):
            source, target = element.find(f"{self._space}source"), element.find(f"{self._space}target")
            if source is None or element.get("translate") == "no":
                continue
            state = (target.get("state") if target is not None else None) or element.get("state") or ""
            there = target is not None and bool("".join(target.itertext()).strip())
            wanted = (not there or state.startswith(("needs", "initial", "new"))) and state not in _FINAL
            if wanted and _LETTER.search("".join(source.itertext())):
                yield source

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the file; exactly the bytes that were read if nothing was translated."""
        given = list(texts)
        if given == [unit.text for unit in self.units]:
            yield self._data
            return
        for source, unit, text in zip(self._sources, self.units, given, strict=True):
            if text != unit.text:
                self._put(source, xml_text(text))
        yield self._written()

    def _written(self) -> bytes:
        from lxml import etree

        return bytes(etree.tostring(self._root.getroottree(), xml_declaration=True, encoding="UTF-8"))

    def view(self) -> View:
        """Return the targets as they stand, unit by unit."""
        return XliffView(self._data, self._name, self._space)

    def _put(self, source: Any, text: str) -> None:  # noqa: ANN401 - lxml's element
        from lxml import etree

        target = source.getparent().find(f"{self._space}target")
        if target is None:
            target = etree.Element(f"{self._space}target", nsmap=None)
            target.tail = source.tail
            source.addnext(target)
        for child in list(target):
            target.remove(child)
        if len(source) == 0:
            target.text = text
            return
        spaces = " ".join(f'xmlns{":" + k if k else ""}="{v}"' for k, v in source.nsmap.items())
        try:
            filled = etree.fromstring(f"<t {spaces}>{escape(text)}</t>", xml_parser())
        except etree.XMLSyntaxError:
            # All tags are there, but one closes before it opens: keep the words and drop the tags.
            filled = etree.fromstring(f"<t>{escape(_TAG.sub('', text))}</t>", xml_parser())
        target.text = filled.text
        target.extend(list(filled))


class XliffView(PlainView):
    """The targets of a file, known by the names of their units; implements `View`."""

    keyed = True

    def __init__(self, data: bytes, name: str, space: str) -> None:
        self._data, self._name, self._space = data, name, space
        found = [
            e
            for e in parse_xml(data, name).iter(f"{space}trans-unit", f"{space}segment")
            if self._source(e) is not None
        ]
        seen: Counter[str] = Counter()
        self.pieces = []
        for element in found:
            key = _path(element)
            seen[key] += 1
            self.pieces.append(self._piece(element, f"{key} {seen[key]}"))

    def _source(self, element: Any) -> Any:  # noqa: ANN401 - lxml's element
        return element.find(f"{self._space}source")

    def _piece(self, element: Any, key: str) -> Piece:  # noqa: ANN401 - as above
        from lxml import etree

        source, target = self._source(element), element.find(f"{self._space}target")
        written = "" if target is None else etree.tostring(target, encoding="unicode", with_tail=False)
        state = [(a, element.get(a)) for a in _STATES if element.get(a) is not None]
        attributes = [] if target is None else sorted(target.attrib.items())
        return Piece(
            f"line {source.sourceline}",
            key,
            _inner(source),
            json.dumps([state, written]),
            repr((state, attributes, "" if target is None else _inner(target))),
            target is not None and bool("".join(target.itertext()).strip()),
        )

    @property
    def frame(self) -> str:
        """See `View.frame`."""
        from lxml import etree

        root = parse_xml(self._data, self._name)
        for target in list(root.iter(f"{self._space}target")):
            target.getparent().remove(target)
        for element in root.iter(f"{self._space}trans-unit", f"{self._space}segment"):
            for attribute in _STATES:
                element.attrib.pop(attribute, None)
        for element in root.iter():
            element.tail = (element.tail or "").strip()
            element.text = (element.text or "").strip() if len(element) else element.text
        return short_digest(etree.tostring(root, method="c14n").decode())

    def put(self, raws: Mapping[int, str], more: Sequence[str] = ()) -> bytes:
        """See `View.put`."""
        from lxml import etree

        del more
        root = parse_xml(self._data, self._name)
        found = [
            e for e in root.iter(f"{self._space}trans-unit", f"{self._space}segment") if self._source(e) is not None
        ]
        for i, raw in raws.items():
            state, written = parse_record(raw)
            element = found[i]
            for attribute in _STATES:
                element.attrib.pop(attribute, None)
            element.attrib.update(dict(state))
            old = element.find(f"{self._space}target")
            new = etree.fromstring(written, xml_parser()) if written else None
            if old is not None and new is not None:
                new.tail = old.tail
                element.replace(old, new)
            elif new is not None:
                source = self._source(element)
                new.tail = source.tail
                source.addnext(new)
            elif old is not None:
                element.remove(old)
        return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8"))

    def owner(self, unit: Unit) -> int:
        """See `View.owner`."""
        return self._places.get(unit.place, -1)

    @cached_property
    def _places(self) -> dict[str, int]:
        # Where several units stand on one line, it does not tell them apart.
        lines = Counter(piece.place for piece in self.pieces)
        return {piece.place: i for i, piece in enumerate(self.pieces) if lines[piece.place] == 1}


_STATES = ("state", "subState", "approved")


def _path(element: Any) -> str:  # noqa: ANN401 - lxml's element
    """Return the names of a unit and of all that it is in."""
    names = [a.get("id") or a.get("original") or "" for a in (element, *element.iterancestors())]
    return "/".join(reversed(names))


def read_xliff(data: bytes, name: str, reading: Reading) -> Document:
    """Read an XLIFF file; raises `DocumentError` with the line of what is malformed, or for entities."""
    return XliffDocument(data, name)


def _inner(element: Any) -> str:  # noqa: ANN401 - lxml's element
    """Return the content of an element, as XML if it has inline tags."""
    from lxml import etree

    if len(element) == 0:
        return element.text or ""
    parts = [html.escape(element.text or "", quote=False)]
    return "".join([*parts, *(_XMLNS.sub("", etree.tostring(child, encoding="unicode")) for child in element)])
