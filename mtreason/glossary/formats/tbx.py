"""TermBase eXchange: ISO 30042 of 2008 (`martif`) and of 2019 (`tbx`, in its styles DCA and DCT), and TBX-Min.

A concept has terms in several languages: any two of them can be source and target. Terms of the target that are
deprecated, superseded, obsolete or forbidden become forbidden renderings. DCA writes data categories as
`<termNote type="partOfSpeech">`, DCT and TBX-Min as elements with that name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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


_CONCEPT = {"note": "note", "domain": "domain", "example": "example"}
_SOURCE = _CONCEPT | {"pos": "pos"}
_TARGET = {"note": "note", "example": "rendered", "pos": "target pos"}
"""What data categories are columns of, by whether they describe the concept, the term, or a rendering."""

_LANGUAGE, _TERM, _SECTION = "language", "term", "section"


@cache
def _role(tag: object) -> str:
    """Return what an element is to the reader, or else its name; "" for what only holds other elements."""
    local = _local(tag)
    if local in _LANGUAGES:
        return _LANGUAGE
    if local in _SECTIONS:
        return _SECTION
    return "" if local in _CONCEPTS or local.endswith("Grp") else local


def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


@cache
def _meaning(name: str) -> str:
    """Return what a data category becomes; "" for one that says nothing about a translation."""
    return _CATEGORIES.get("".join(c for c in name.casefold() if c.isalpha()), "")


_Beside = dict[str, list[str]]
"""Data categories, by what they become."""


@dataclass(slots=True)
class _Described:
    """A term with its data categories."""

    text: str
    beside: _Beside

    @property
    def forbidden(self) -> bool:
        """Whether the term must not be used."""
        return "status" in self.beside and any(map(is_forbidden, self.beside["status"]))


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row | LeftOut]:
    """Yield the terms of a file; raises `GlossaryError` for a file of another kind, or without one of the languages."""
    pairs: dict[tuple[str, ...], tuple[str | None, str | None]] = {}
    found = False
    try:
        elements = stream_xml(data, name, _CONCEPTS)
        _check_root(next(elements), name)
        for element in elements:
            line = element.sourceline or 1
            concept, languages = _concept(element)
            there = tuple(languages)
            if there not in pairs:
                pairs[there] = (best_tag(direction[0], there), best_tag(direction[1], there))
            source, target = pairs[there]
            if source is None:
                yield LeftOut(line, NO_SOURCE)
            elif target is not None or _is_kept(concept):
                found = True
                yield from _rows(line, concept, languages[source], () if target is None else languages[target])
            else:
                yield LeftOut(line, UNTRANSLATED)
    except DocumentError as error:
        raise GlossaryError(str(error).replace(": not XML: ", ": not TBX: ", 1)) from error
    seen = dict.fromkeys(tag for there in pairs for tag in there)
    if seen and not found:
        raise MismatchError(name, ", ".join(seen), direction)


def _check_root(root: Any, name: str) -> None:  # noqa: ANN401 - lxml is untyped
    tag = _local(root.tag)
    if tag not in _ROOTS:
        what = "MultiTerm XML" if tag == "mtf" else f"<{tag}>"
        raise GlossaryError(f"{name}: not a glossary but {what}: export it as TBX or CSV")


def _concept(element: Any) -> tuple[_Beside, dict[str, list[_Described]]]:  # noqa: ANN401 - as above
    """Return what is said of a concept as a whole, and its terms by language."""
    concept: _Beside = {}
    languages: dict[str, list[_Described]] = {}
    for child in element:
        if _role(child.tag) == _LANGUAGE:
            tag = child.get(_LANG) or child.get("lang") or ""
            languages.setdefault(tag, []).extend(_terms(child))
        else:
            _describe(child, concept, [])
    return concept, languages


def _terms(element: Any) -> list[_Described]:  # noqa: ANN401 - as above
    """Return the terms of a language; what is said of the language holds for all of them."""
    language: _Beside = {}
    terms: list[_Described] = []
    _describe(element, language, terms)
    for kind, values in language.items():
        for term in terms:
            term.beside.setdefault(kind, []).extend(values)
    return [term for term in terms if term.text]


def _describe(element: Any, beside: _Beside, terms: list[_Described]) -> None:  # noqa: ANN401 - as above
    """Add the terms of an element; data categories go to the term that they stand with, or else to `beside`."""
    for part in element.iter():
        role = _role(part.tag)
        if role == _SECTION:
            beside = {}
            terms.append(_Described("", beside))
        elif role == _TERM:
            if terms and not terms[-1].text:
                terms[-1].text = _text_of(part)
        elif role and role != _LANGUAGE:
            meaning = _meaning(part.get("type") or role)
            if meaning and (text := _text_of(part)):
                beside.setdefault(meaning, []).append(text)


def _text_of(element: Any) -> str:  # noqa: ANN401 - as above
    text = "".join(element.itertext()) if len(element) else element.text or ""
    return " ".join(text.split())


def _rows(
    line: int, concept: _Beside, sources: Sequence[_Described], targets: Sequence[_Described]
) -> Iterator[Row | LeftOut]:
    """Yield a row for each term of the source."""
    good = [t for t in targets if not (t.beside and t.forbidden)]
    accepted = tuple([t.text for t in good])
    bad = [t.text for t in targets if t.forbidden] if len(good) < len(targets) else ()
    forbidden = tuple([text for text in bad if text not in accepted])
    kept = _is_kept(concept)
    if not (accepted or forbidden or kept):
        yield LeftOut(line, UNTRANSLATED)
        return
    for source in sources:
        if source.beside and source.forbidden:
            yield LeftOut(line, BAD_SOURCE)
            continue
        fields: dict[str, Value] = {"source": source.text, "target": accepted}
        if forbidden:
            fields["forbidden"] = forbidden
        yield Row(line, fields | _about(concept, source, good), kept)
    if not sources:
        yield LeftOut(line, NO_SOURCE)


def _is_kept(concept: _Beside) -> bool:
    """Whether a concept needs no translation, as Weblate says it."""
    return any(value.casefold() == "no" for value in concept.get("translatable", ()))


def _about(concept: _Beside, source: _Described, targets: Sequence[_Described]) -> dict[str, str]:
    """Return the columns beside the term and its renderings."""
    found: dict[str, list[str]] = {}
    _add(concept, _CONCEPT, found)
    _add(source.beside, _SOURCE, found)
    for target in targets:
        if target.beside:
            _add(target.beside, _TARGET, found)
    pos = found.pop("target pos", None)
    if pos:
        found.setdefault("pos", pos)
    return {k: v[0] if len(v) == 1 else "; ".join(dict.fromkeys(v)) for k, v in found.items()}


def _add(beside: _Beside, columns: Mapping[str, str], found: _Beside) -> None:
    for kind, values in beside.items():
        column = columns.get(kind)
        if column:
            found[column] = found[column] + values if column in found else values


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
