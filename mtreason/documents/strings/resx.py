"""Resources of .NET (.resx, .resw): the values of texts are translated in place; comments and files stay."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from mtreason.characters import LETTER, has_half_pair
from mtreason.documents.charsets import marked
from mtreason.documents.icu import message_span
from mtreason.documents.notes import note_of
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Group, Span, SpannedDocument, bounded, line_numbers, noted
from mtreason.documents.xml_tokens import CDATA, CDATA_END, Element, check_root, elements, escape_xml, plain_text
from mtreason.errors import DocumentError
from mtreason.files import xml_text


def read_resx(data: bytes, name: str, reading: Reading) -> Document:
    """Read a file of resources; those that have a type are objects, and those that begin with >> are for designers."""
    return marked(data, name, partial(_read, reading=reading))


def _read(content: str, name: str, bom: bytes, *, reading: Reading) -> SpannedDocument:
    check_root(content, name, "root")
    return SpannedDocument(content, bounded(_spans(content, name, reading), name), bom)


def _spans(content: str, name: str, reading: Reading) -> Iterator[Span | Group]:
    line_of = line_numbers(content)
    found = list(elements(content, frozenset({"value", "comment"})))
    notes = {e.parents[-1].start: plain_text(content, e) or "" for e in found if e.name == "comment" and e.parents}
    for value in (e for e in found if e.name == "value"):
        if len(value.parents) != 2 or not _is_text(value.parents[-1]):
            continue
        text = plain_text(content, value)
        place = f"line {line_of(value.start)}"
        if text is None:
            raise DocumentError(f"{name}: {place}: a value with elements or comments in it: write it as text")
        if LETTER.search(text) and not has_half_pair(text):
            raw = content[value.opened : value.closed]
            write = _in_cdata if raw.startswith(CDATA) and raw.endswith(CDATA_END) else _plain
            span = message_span(value.opened, value.closed, place, text, write, reading.target)
            yield noted(span, note_of(notes.get(value.parents[-1].start, "")))


def _is_text(data: Element) -> bool:
    name = data.attributes.get("name", "")
    typed = {"type", "mimetype"} & data.attributes.keys()
    # What a designer keeps for itself is named after its fields.
    return data.name == "data" and not typed and not name.startswith((">>", "$this.Name"))


def _plain(text: str) -> str:
    return escape_xml(xml_text(text))


def _in_cdata(text: str) -> str:
    return CDATA + xml_text(text).replace("]]>", "]]]]><![CDATA[>") + CDATA_END
