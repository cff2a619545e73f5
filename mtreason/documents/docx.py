"""Word documents: each paragraph is one unit, also in tables, headers and footers.

python-docx reads and writes. A translation takes the formatting of the run that holds most of the paragraph's letters;
the formatting of single words is lost, and pictures, fields, breaks and links stay in their places.
"""

from __future__ import annotations

import copy
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mtreason.documents.archives import check_xml, read_members
from mtreason.documents.protocol import Document, Reading, Unit
from mtreason.documents.views import Piece, PlainView, View, short_digest
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
        self._name = name
        check_xml(read_members(data, name, "a Word document"), name)
        self._document, self._paragraphs = _open(data, name)
        self.units = tuple(Unit(i, f"paragraph {i}", _text(p).strip()) for i, p in enumerate(self._paragraphs, 1))

    def view(self) -> View:
        """Return the document as it stands, paragraph by paragraph."""
        pieces = [
            Piece(unit.place, "", unit.text, _written(p._p), _mark(p._p))
            for unit, p in zip(self.units, self._paragraphs, strict=True)
        ]
        return DocxView(self._data, self._name, pieces)

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


@dataclass(frozen=True, slots=True)
class DocxView(PlainView):
    """The paragraphs of a document; implements `View`."""

    data: bytes
    name: str
    pieces: Sequence[Piece]
    keyed: bool = False

    @property
    def frame(self) -> str:
        """See `View.frame`; what Word writes anew each time does not count."""
        archive = read_members(self.data, self.name, "a Word document")
        members = [n for n in sorted(archive.namelist()) if not n.startswith("docProps/")]
        return short_digest("\0".join(f"{n} {_frame_of(n, archive.read(n))}" for n in members))

    def put(self, raws: Mapping[int, str], more: Sequence[str] = ()) -> bytes:
        """See `View.put`."""
        from docx.oxml import parse_xml

        del more
        document, paragraphs = _open(self.data, self.name)
        for i, raw in raws.items():
            old, new = paragraphs[i]._p, parse_xml(raw)
            if _relations(old) != _relations(new):
                raise DocumentError(f"{self.name}: paragraph {i + 1}: its links and pictures are those of another file")
            old.getparent().replace(old, new)
        stream = io.BytesIO()
        document.save(stream)
        return stream.getvalue()


_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def _relations(element: Any) -> list[str]:  # noqa: ANN401 - lxml's element
    """Return what a paragraph refers to in other parts of its file."""
    return [value for child in element.iter() for name, value in child.attrib.items() if name.startswith(_RELATION)]


_NOTHING = re.compile(r"}(?:proofErr|lastRenderedPageBreak|bookmarkStart|bookmarkEnd|lang|noProof|rsids)$")
_OF_WORD = re.compile(r"}(?:rsid\w*|paraId|textId)$")
_WITH_PIECES = re.compile(r"word/(?:document|header\d*|footer\d*)\.xml")


def _tidied(element: Any) -> Any:  # noqa: ANN401 - lxml's element
    """Remove what says nothing, and changes each time that Word saves the file."""
    for child in list(element.iter()):
        for attribute in [a for a in child.attrib if _OF_WORD.search(a)]:
            del child.attrib[attribute]
        parent = child.getparent()
        if parent is not None and isinstance(child.tag, str) and _NOTHING.search(child.tag):
            parent.remove(child)
    return element


def _frame_of(name: str, content: bytes) -> str:
    """Return a digest of a member, without the paragraphs that are pieces."""
    from docx.oxml.ns import qn
    from lxml import etree

    if not name.endswith((".xml", ".rels")):
        return hashlib.sha256(content).hexdigest()
    root = _tidied(etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)))
    for paragraph in list(root.iter(qn("w:p"))) if _WITH_PIECES.fullmatch(name) else []:
        if _LETTER.search("".join(t.text or "" for t in paragraph.iter(qn("w:t")))):
            paragraph.clear()
    if name.endswith(".rels"):
        root[:] = sorted(root, key=lambda e: e.get("Id") or "")
    return short_digest(etree.tostring(root, method="c14n").decode())


def _mark(element: Any) -> str:  # noqa: ANN401 - lxml's element
    """Return the text and formatting of a paragraph, however it is cut into runs."""
    from docx.oxml.ns import qn
    from lxml import etree

    parts: list[tuple[str, str]] = []
    for child in _tidied(copy.deepcopy(element)).iter(qn("w:t"), qn("w:br"), qn("w:tab"), qn("w:drawing"), qn("w:pPr")):
        form = child.getparent().find(qn("w:rPr")) if child.tag != qn("w:pPr") else None
        look = "" if form is None or not len(form) else etree.tostring(form, method="c14n").decode()
        said = child.text or "" if child.tag == qn("w:t") else etree.tostring(child, method="c14n").decode()
        if said and parts and parts[-1][0] == look:
            parts[-1] = (look, parts[-1][1] + said)
        elif said:
            parts.append((look, said))
    return repr(parts)


def read_docx(data: bytes, name: str, reading: Reading) -> Document:
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


def _written(element: Any) -> str:  # noqa: ANN401 - lxml's element
    from lxml import etree

    return str(etree.tostring(element, encoding="unicode", with_tail=False))


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
