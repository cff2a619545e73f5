"""Word documents: each paragraph is one unit, also in tables, headers and footers.

python-docx reads and writes. A translation takes the formatting of the run that holds most of the paragraph's letters;
the formatting of single words is lost, and pictures, fields, breaks and links stay in their places.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mtreason.documents.archives import check_xml, read_members
from mtreason.documents.protocol import Document, Unit
from mtreason.errors import DocumentError
from mtreason.extras import need
from mtreason.files import xml_text

if TYPE_CHECKING:
    from docx.text.paragraph import Paragraph

_LETTER = re.compile(r"[^\W\d_]")
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


class DocxDocument:
    """A Word document."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        check_xml(read_members(data, name, "a Word document"), name)
        self._document, self._paragraphs = _open(data, name)
        self.units = tuple(Unit(i, f"paragraph {i}", _text(p).strip()) for i, p in enumerate(self._paragraphs, 1))

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the document; exactly the bytes that were read if nothing was translated."""
        given = list(texts)
        if given == [unit.text for unit in self.units]:
            yield self._data
            return
        for paragraph, unit, text in zip(self._paragraphs, self.units, given, strict=True):
            if text != unit.text:
                _put(paragraph, xml_text(text))
        stream = io.BytesIO()
        self._document.save(stream)
        yield stream.getvalue()


def read_docx(data: bytes, name: str) -> Document:
    """Read a Word document; raises `DocumentError` for a file that is no archive, or exceeds the limits."""
    return DocxDocument(data, name)


def _open(data: bytes, name: str) -> tuple[Any, list[Paragraph]]:
    """Return a document and its paragraphs that have letters."""
    need("docx", f"{name}: a Word document")
    import docx

    try:
        document = docx.Document(io.BytesIO(data))
        return document, [p for p in _paragraphs(document) if _LETTER.search(_text(p))]
    except Exception as error:
        raise DocumentError(f"{name}: not a Word document: {str(error) or type(error).__name__}") from error


def _paragraphs(document: Any) -> Iterator[Paragraph]:  # noqa: ANN401 - as above
    """Yield all paragraphs: those of the text and its tables in order, then those of headers and footers."""
    from docx.oxml.ns import qn
    from docx.text.paragraph import Paragraph

    parts = [document.element.body]
    for section in document.sections:
        parts += [area._element for area in (section.header, section.footer) if not area.is_linked_to_previous]
    seen = set()
    for part in parts:
        for element in part.iter(qn("w:p")):
            if element not in seen:
                seen.add(element)
                yield Paragraph(element, document)


def _texts(paragraph: Paragraph) -> list[Any]:
    from docx.oxml.ns import qn

    return [element for element in paragraph._p.iter(qn("w:t")) if element.text]


def _text(paragraph: Paragraph) -> str:
    return "".join(element.text for element in _texts(paragraph))


def _put(paragraph: Paragraph, text: str) -> None:
    """Write a translation where most of the paragraph's letters are, and empty its other texts."""
    texts = _texts(paragraph)
    whole = _text(paragraph)
    main = max(range(len(texts)), key=lambda i: len(texts[i].text))
    edges = whole[: len(whole) - len(whole.lstrip())], whole[len(whole.rstrip()) :]
    for i, element in enumerate(texts):
        element.text = edges[0] + text + edges[1] if i == main else ""
        element.set(_SPACE, "preserve")
