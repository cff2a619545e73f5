"""XLIFF 1.2 and 2.x: units with a missing, empty or unfinished target get one; inline tags are kept.

lxml reads, without entities and without a network. lxml also writes a file in which something was translated: elements,
attributes and their order stay; quotation marks around attributes may change, and the encoding becomes UTF-8.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any

from mtreason.documents.html import escape
from mtreason.documents.protocol import Document, Unit
from mtreason.errors import DocumentError
from mtreason.files import xml_text
from mtreason.xmlfiles import parse_xml, xml_parser

_LETTER = re.compile(r"[^\W\d_]")
_FINAL = frozenset({"final", "signed-off", "translated", "reviewed"})
_TAG = re.compile(r"<[^>]*>")
_XMLNS = re.compile(r'\s+xmlns(?::\w+)?="[^"]*"')


class XliffDocument:
    """A file of translation units."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
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


def read_xliff(data: bytes, name: str) -> Document:
    """Read an XLIFF file; raises `DocumentError` with the line of what is malformed, or for entities."""
    return XliffDocument(data, name)


def _inner(element: Any) -> str:  # noqa: ANN401 - lxml's element
    """Return the content of an element, as XML if it has inline tags."""
    from lxml import etree

    if len(element) == 0:
        return element.text or ""
    parts = [html.escape(element.text or "", quote=False)]
    return "".join([*parts, *(_XMLNS.sub("", etree.tostring(child, encoding="unicode")) for child in element)])
