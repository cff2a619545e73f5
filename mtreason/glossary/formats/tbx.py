"""TermBase eXchange: ISO 30042 of 2008 (`martif`) and of 2019 (`tbx`, in its styles DCA and DCT), and TBX-Min.

A concept has terms in several languages: any two of them can be source and target. Terms of the target that are
deprecated, superseded, obsolete or forbidden become forbidden renderings. DCA writes data categories as
`<termNote type="partOfSpeech">`, DCT and TBX-Min as elements with that name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

from mtreason.errors import DocumentError, GlossaryError
from mtreason.files import xml_text
from mtreason.glossary.formats.table import is_forbidden
from mtreason.glossary.formats.text import BAD_SOURCE, NO_SOURCE, UNTRANSLATED, Direction, LeftOut, MismatchError, Row
from mtreason.glossary.term import Term
from mtreason.glossary.values import Value
from mtreason.languages import best_tag
from mtreason.xmlfiles import stream_xml

KEEPS = frozenset({"source", "target", "note", "forbidden", "pos", "domain", "example", "rendered"})
"""Columns that this format keeps."""

_ROOTS = frozenset({"martif", "tbx", "TBX"})
_CONCEPTS = frozenset({"termEntry", "conceptEntry", "entry"})
_LANGUAGES = frozenset({"langSet", "langSec", "langGroup"})
_SECTIONS = frozenset({"tig", "ntig", "termSec", "termGroup"})
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_CATEGORIES = {
    "definition": "note", "explanation": "note", "note": "note", "usagenote": "note", "context": "example",
    "example": "example", "partofspeech": "pos", "subjectfield": "domain", "domain": "domain",
    "administrativestatus": "status", "normativeauthorization": "status", "termstatus": "status", "status": "status",
    "usagestatus": "status", "translationneeded": "translatable",
}  # fmt: skip
"""What data categories become; the others say nothing about a translation."""


@cache
def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


@cache
def _category_of(name: str) -> str:
    return _CATEGORIES.get("".join(c for c in name.casefold() if c.isalpha()), "")


@dataclass(slots=True)
class _Described:
    """A term or a concept, with its data categories."""

    text: str = ""
    beside: dict[str, list[str]] = field(default_factory=dict)

    @property
    def forbidden(self) -> bool:
        """Whether the term must not be used."""
        return "status" in self.beside and any(map(is_forbidden, self.beside["status"]))


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row | LeftOut]:
    """Yield the terms of a file; raises `GlossaryError` for a file of another kind, or without one of the languages."""
    seen: dict[str, None] = {}
    found = False
    try:
        elements = stream_xml(data, name, _CONCEPTS)
        _check_root(next(elements), name)
        for element in elements:
            concept, languages = _concept(element)
            seen |= dict.fromkeys(languages)
            pair = [best_tag(wanted, languages) for wanted in direction]
            if pair[1] is None and pair[0] is not None and _is_kept(concept):
                found = True
                yield from _rows(element.sourceline or 1, concept, languages[pair[0]], ())
                continue
            if pair[0] is None or pair[1] is None:
                yield LeftOut(element.sourceline or 1, NO_SOURCE if pair[0] is None else UNTRANSLATED)
                continue
            found = True
            yield from _rows(element.sourceline or 1, concept, languages[pair[0]], languages[pair[1]])
    except DocumentError as error:
        raise GlossaryError(str(error).replace(": not XML: ", ": not TBX: ", 1)) from error
    if seen and not found:
        raise MismatchError(name, ", ".join(seen), direction)


def _check_root(root: Any, name: str) -> None:  # noqa: ANN401 - lxml is untyped
    tag = _local(root.tag)
    if tag not in _ROOTS:
        what = "MultiTerm XML" if tag == "mtf" else f"<{tag}>"
        raise GlossaryError(f"{name}: not a glossary but {what}: export it as TBX or CSV")


def _concept(element: Any) -> tuple[_Described, dict[str, list[_Described]]]:  # noqa: ANN401 - as above
    """Return what is said of a concept as a whole, and its terms by language."""
    concept = _Described()
    languages: dict[str, list[_Described]] = {}
    for child in element:
        if _local(child.tag) not in _LANGUAGES:
            _describe(child, [concept])
            continue
        described = [_Described()]  # the language, and then its terms
        _describe(child, described)
        terms = [term for term in described[1:] if term.text]
        for kind, values in described[0].beside.items():
            for term in terms:
                term.beside.setdefault(kind, []).extend(values)
        languages.setdefault(child.get(_LANG) or child.get("lang") or "", []).extend(terms)
    return concept, languages


def _describe(element: Any, described: list[_Described]) -> None:  # noqa: ANN401 - as above
    """Add the terms of an element, and give data categories to the term that they stand with, or else to the first."""
    for part in element.iter():
        local = _local(part.tag)
        if local == "term":
            described[-1].text = described[-1].text or _text_of(part)
        elif local in _SECTIONS:
            described.append(_Described())
        elif kind := _category_of(part.get("type") or local):
            text = _text_of(part)
            if text:
                described[-1].beside.setdefault(kind, []).append(text)


def _text_of(element: Any) -> str:  # noqa: ANN401 - as above
    text = "".join(element.itertext()) if len(element) else element.text or ""
    return " ".join(text.split())


def _rows(
    line: int, concept: _Described, sources: Sequence[_Described], targets: Sequence[_Described]
) -> Iterator[Row | LeftOut]:
    """Yield a row for each term of the source."""
    good = [t for t in targets if not t.forbidden]
    accepted = tuple([t.text for t in good])
    forbidden = tuple([t.text for t in targets if t.forbidden and t.text not in accepted])
    kept = _is_kept(concept)
    if not (accepted or forbidden or kept):
        yield LeftOut(line, UNTRANSLATED)
        return
    for source in sources:
        if source.forbidden:
            yield LeftOut(line, BAD_SOURCE)
            continue
        fields: dict[str, Value] = {"source": source.text, "target": accepted, "forbidden": forbidden}
        fields |= _about(concept.beside, source.beside, [t.beside for t in good if t.beside])
        yield Row(line, fields, kept)
    if not sources:
        yield LeftOut(line, NO_SOURCE)


def _is_kept(concept: _Described) -> bool:
    """Whether a concept needs no translation, as Weblate says it."""
    return any(value.casefold() == "no" for value in concept.beside.get("translatable", ()))


_Beside = dict[str, list[str]]


def _about(concept: _Beside, source: _Beside, targets: list[_Beside]) -> dict[str, Value]:
    """Return the columns beside the term and its renderings."""
    if not (concept or source or targets):
        return {}
    return {
        "note": _joined("note", concept, source, *targets),
        "pos": _joined("pos", source) or _joined("pos", *targets),
        "domain": _joined("domain", concept, source),
        "example": _joined("example", concept, source),
        "rendered": _joined("example", *targets),
    }


def _joined(kind: str, *descriptions: _Beside) -> str:
    found = [text for beside in descriptions if kind in beside for text in beside[kind]]
    return found[0] if len(found) == 1 else "; ".join(dict.fromkeys(found))


def write(terms: Sequence[Term], direction: Direction) -> bytes:
    """Return a file of 2008, which most tools read, one concept a term; a kept term is its own rendering."""
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">\n'
        f'<martif type="TBX" xml:lang="{direction[0]}">\n <martifHeader><fileDesc><sourceDesc><p>mtreason</p>'
        "</sourceDesc></fileDesc></martifHeader>\n <text><body>\n"
    ]
    for number, term in enumerate(terms, 1):
        status = _category("termNote", "administrativeStatus", "deprecatedTerm-admn-sts")
        about = _category("termNote", "partOfSpeech", term.part_of_speech)
        renderings = [_tig(t, "") for t in term.targets or (term.source,)] + [_tig(t, status) for t in term.forbidden]
        if term.rendered:
            renderings[0] = _tig((term.targets or (term.source,))[0], _category("descrip", "context", term.rendered))
        parts.append(
            f'  <termEntry id="c{number}">'
            + _category("descrip", "subjectField", term.domain)
            + _category("descrip", "definition", term.note)
            + f'<langSet xml:lang="{direction[0]}">'
            + _tig(term.source, about + _category("descrip", "context", term.example))
            + f'</langSet><langSet xml:lang="{direction[1]}">{"".join(renderings)}</langSet></termEntry>\n'
        )
    return "".join([*parts, " </body></text>\n</martif>\n"]).encode()


def _tig(term: str, about: str) -> str:
    return f"<tig><term>{escape(xml_text(term), quote=False)}</term>{about}</tig>"


def _category(element: str, kind: str, text: str) -> str:
    return f'<{element} type="{kind}">{escape(xml_text(text), quote=False)}</{element}>' if text else ""
