"""TermBase eXchange (ISO 30042), read and written by the Translate Toolkit.

A concept has terms in several languages: any two of them can be source and target. Deprecated terms of the target
become forbidden renderings; notes, definitions and parts of speech become notes.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

from mtreason.errors import DocumentError, GlossaryError
from mtreason.glossary.formats.text import Direction, Row
from mtreason.glossary.term import Term
from mtreason.xmlfiles import plain_xml

KEEPS = frozenset({"source", "target", "note"})
"""Columns that this format keeps."""

_MISSING = "{}: TBX needs the Translate Toolkit: pip install 'mtreason[tbx]'"


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row]:
    """Yield the terms of a file; raises `GlossaryError` for a file of another kind, or without one of the languages."""
    store = _store(name)
    try:
        plain = plain_xml(data, name)
    except DocumentError as error:
        raise GlossaryError(error) from error
    store.setsourcelanguage(direction[0])
    store.settargetlanguage(direction[1])
    try:
        store.parse(plain)
    except Exception as error:
        raise GlossaryError(f"{name}: not TBX ({_first_line(error)}): export it again") from error
    found = False
    for unit in store.units:
        sources = [term.text for term in unit.get_source_terms() if term.text and not term.deprecated]
        targets = unit.get_target_terms(direction[1])
        found |= bool(sources and targets)
        notes = dict.fromkeys(note.text for note in unit.get_common_notes(source=True) if note.text)
        fields = {
            "target": _listed(name, [t.text for t in targets if t.text and not t.deprecated]),
            "forbidden": _listed(name, [t.text for t in targets if t.text and t.deprecated]),
            "note": " ".join("; ".join(notes).split()),
        }
        line = unit.xmlelement.sourceline or 1
        if targets:
            for source in sources:
                yield Row(line, {"source": " ".join(source.split()), **fields})
    if store.units and not found:
        raise GlossaryError(
            f"{name}: no concept has terms in {direction[0]} and {direction[1]}, the languages of the run: leave it "
            "out or give one with both"
        )


def _listed(name: str, terms: Sequence[str]) -> str:
    if any("|" in term for term in terms):
        raise GlossaryError(f"{name}: a term holds a '|', which separates renderings here: take it out")
    return "|".join(" ".join(term.split()) for term in dict.fromkeys(terms))


def write(terms: Sequence[Term], direction: Direction) -> bytes:
    """Return a file with these terms, one concept for each."""
    store = _store("-")
    store.setsourcelanguage(direction[0])
    store.settargetlanguage(direction[1])
    for term in terms:
        unit = store.addsourceunit(term.source)
        unit.set_target_terms(list(term.targets) or [term.source], direction[1])
        if term.note:
            unit.addnote(term.note, origin="definition")
    return bytes(store)


def _store(name: str) -> Any:  # noqa: ANN401 - the library is untyped
    if importlib.util.find_spec("translate") is None:
        raise GlossaryError(_MISSING.format(name))
    from translate.storage.tbx import tbxfile

    return tbxfile()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
