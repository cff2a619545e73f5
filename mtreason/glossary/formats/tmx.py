"""Translation memory exchange (TMX 1.1 to 1.4b), read as units of several languages; short ones can be terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

from mtreason.errors import DocumentError, GlossaryError
from mtreason.files import xml_text
from mtreason.glossary.formats.text import NO_SOURCE, UNTRANSLATED, Direction, LeftOut, MismatchError, Row
from mtreason.glossary.term import Term
from mtreason.languages import best_tag
from mtreason.xmlfiles import stream_xml

KEEPS = frozenset({"source", "target", "note"})
"""Columns that this format keeps."""

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class TransUnit(NamedTuple):
    """A unit of a memory."""

    line: int
    variants: dict[str, list[str]]
    """Texts by the tag of their language, as it is written there; without empty ones."""
    notes: list[str]


def read_units(data: bytes, name: str) -> Iterator[TransUnit]:
    """Yield the units in order; raises `DocumentError` for a file of another kind, malformed, or with entities.

    A DOCTYPE is not loaded. In-line codes are part of the text, as the memory has them.
    """
    elements = stream_xml(data, name, frozenset({"tu"}))
    root = next(elements).tag.rpartition("}")[2]
    if root.lower() != "tmx":
        raise DocumentError(f"{name}: expected <tmx>, found <{root}>")
    for unit in elements:
        variants: dict[str, list[str]] = {}
        notes = []
        for part in unit:
            kind = part.tag.rpartition("}")[2]
            if kind == "note":
                notes.append(" ".join(_text_of(part).split()))
            elif kind == "tuv":
                tag = part.get(_LANG) or part.get("lang") or ""
                own = variants.setdefault(tag, [])
                segment = next((s for s in part if s.tag.rpartition("}")[2] == "seg"), None)
                text = "" if segment is None else _text_of(segment).strip()
                if text:
                    own.append(text)
        yield TransUnit(unit.sourceline or 1, variants, notes)


def _text_of(element: Any) -> str:  # noqa: ANN401 - lxml is untyped
    return "".join(element.itertext()) if len(element) else element.text or ""


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row | LeftOut]:
    """Yield the units that are in both languages as terms; raises `GlossaryError` as the other formats do."""
    pairs: dict[tuple[str, ...], tuple[str | None, str | None]] = {}
    try:
        for line, variants, notes in read_units(data, name):
            there = tuple(variants)
            if there not in pairs:
                pairs[there] = (best_tag(direction[0], there), best_tag(direction[1], there))
            source, target = pairs[there]
            sources = variants[source] if source is not None else ()
            targets = variants[target] if target is not None else ()
            if not (sources and targets):
                yield LeftOut(line, UNTRANSLATED if sources else NO_SOURCE)
                continue
            renderings = tuple([" ".join(text.split()) for text in targets])
            for term in sources:
                yield Row(line, {"source": " ".join(term.split()), "target": renderings, "note": "; ".join(notes)})
    except DocumentError as error:
        raise GlossaryError(error) from error
    if pairs and not any(None not in pair for pair in pairs.values()):
        seen = dict.fromkeys(tag for there in pairs for tag in there)
        raise MismatchError(name, ", ".join(seen), direction)


def write(terms: Sequence[Term], direction: Direction) -> bytes:
    """Return a memory with a unit for each rendering; a term that is kept is its own rendering."""
    parts = [head("glossary")]
    for term in terms:
        note = f"<note>{_text(term.note)}</note>" if term.note else ""
        for target in term.targets or (term.source,):
            pair = zip(direction, (term.source, target), strict=True)
            variants = "".join(f'<tuv xml:lang="{tag}"><seg>{_text(text)}</seg></tuv>' for tag, text in pair)
            parts.append(f"    <tu>{note}{variants}</tu>\n")
    return "".join([*parts, "  </body>\n</tmx>\n"]).encode()


def head(kind: str) -> str:
    """Return what a memory begins with; `kind` is the kind of its segments."""
    from mtreason import __version__

    segments = "phrase" if kind == "glossary" else "sentence"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4">\n  <header creationtool="mtreason" '
        f'creationtoolversion="{__version__}" segtype="{segments}" adminlang="en" srclang="*all*" datatype="plaintext" '
        'o-tmf="mtreason"/>\n  <body>\n'
    )


def _text(text: str) -> str:
    return escape(xml_text(text), quote=False).replace("\r", "&#13;")
