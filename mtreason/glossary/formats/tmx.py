"""Translation memory exchange (TMX 1.1 to 1.4b), read as units of several languages; short ones can be terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

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
                notes.append(" ".join("".join(part.itertext()).split()))
            elif kind == "tuv":
                tag = part.get(_LANG) or part.get("lang") or ""
                segment = next((s for s in part if s.tag.rpartition("}")[2] == "seg"), None)
                text = "" if segment is None else "".join(segment.itertext()).strip()
                variants.setdefault(tag, []).extend([text] if text else [])
        yield TransUnit(unit.sourceline or 1, variants, notes)


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row | LeftOut]:
    """Yield the units that are in both languages as terms; raises `GlossaryError` as the other formats do."""
    seen: dict[str, None] = {}
    found = False
    try:
        for unit in read_units(data, name):
            seen |= dict.fromkeys(unit.variants)
            source, target = (best_tag(wanted, unit.variants) for wanted in direction)
            sources = unit.variants[source] if source is not None else []
            targets = unit.variants[target] if target is not None else []
            found |= source is not None and target is not None
            if not (sources and targets):
                yield LeftOut(unit.line, UNTRANSLATED if sources else NO_SOURCE)
            for term in sources if targets else ():
                renderings = tuple(" ".join(t.split()) for t in targets)
                yield Row(
                    unit.line, {"source": " ".join(term.split()), "target": renderings, "note": "; ".join(unit.notes)}
                )
    except DocumentError as error:
        raise GlossaryError(error) from error
    if seen and not found:
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
