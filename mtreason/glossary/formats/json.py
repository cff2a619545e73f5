"""JSON: `{"languages": "zh-en", "terms": [{"source": …, "target": […], …}]}`, or the list of terms alone.

Lists of objects with the names of other tools (`src` and `dst`, `en` and `de`) and an object that maps terms to their
renderings are read as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from mtreason.errors import GlossaryError
from mtreason.glossary.formats import columns as found_columns
from mtreason.glossary.formats.table import read_rows
from mtreason.glossary.formats.text import UNTRANSLATED, Direction, LeftOut, Row, check_direction, decode
from mtreason.glossary.formats.tsv import parse_pair
from mtreason.glossary.term import COLUMNS, FLAGS, LISTS, Term, to_fields
from mtreason.glossary.values import Value
from mtreason.records import parse_record

KEEPS = frozenset(COLUMNS)
"""Columns that this format keeps."""

_LISTS = ("terms", "entries", "glossary")
"""Names under which the list of terms may stand."""


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row | LeftOut]:
    """Yield the terms of a file, numbered in their order; raises `GlossaryError` for what cannot be parsed."""
    text = decode(data, name, direction)
    try:
        content = parse_record(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise GlossaryError(f"{name}:{line}: not JSON ({getattr(error, 'msg', error)}): correct it there") from error
    terms: Any = content
    if isinstance(content, dict):
        terms = next((content[key] for key in _LISTS if isinstance(content.get(key), list)), None)
        if "languages" in content:
            check_direction(name, parse_pair(name, str(content["languages"])), direction)
        elif terms is None and content and all(isinstance(value, str) for value in content.values()):
            return _mapping(content)
    if not isinstance(terms, list):
        raise GlossaryError(
            f'{name}: not a glossary: expected a list of terms, {{"languages": …, "terms": […]}} or {{"term": '
            '"rendering", …}'
        )
    if all(isinstance(term, dict) for term in terms) and not _is_own(terms):
        return _table(terms, name, direction)
    return (Row(n, _fields(f"{name}: term {n}", term), kept=True) for n, term in enumerate(terms, 1))


def _is_own(terms: Sequence[dict[str, Any]]) -> bool:
    """Whether most objects are terms of this tool: a value of one that cannot be is a fault, and no other format."""
    return all("source" in term for term in terms) and not any(set(term) - {*COLUMNS} for term in terms)


def _mapping(content: dict[str, str]) -> Iterator[Row | LeftOut]:
    for number, (source, target) in enumerate(content.items(), 1):
        if source.strip() and target.strip():
            yield Row(number, {"source": _flat(source), "target": (_flat(target),)})
        else:
            yield LeftOut(number, UNTRANSLATED)


def _table(terms: Sequence[dict[str, Any]], name: str, direction: Direction) -> Iterator[Row | LeftOut]:
    """Read objects as rows whose keys are a header."""
    header = list(dict.fromkeys(key for term in terms for key in term))
    columns = found_columns.from_header(header, name, direction)
    if columns is None:
        listed = ", ".join(header)[:80]
        raise GlossaryError(f"{name}: the terms have {listed}, expected source and target: name them so")
    own = {header[i].lower() for i in (columns.source, columns.target)} == {"source", "target"}
    for number, term in enumerate(terms, 1):
        for i in (columns.source, columns.target) if own else ():
            if header[i] in term and not isinstance(term[header[i]], str | list):
                _fields(f"{name}: term {number}", {header[i].lower(): term[header[i]]})
    rows = [(n, [_cell(term.get(key)) for key in header]) for n, term in enumerate(terms, 1)]
    return read_rows(rows, columns, name, direction, [cells for _, cells in rows[:200]])


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "|".join(_flat(str(v)) for v in value)
    if isinstance(value, bool) or value is None:
        return "yes" if value else ""
    return _flat(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _fields(where: str, term: object) -> dict[str, Value]:
    if not isinstance(term, dict):
        raise GlossaryError(f"{where}: expected an object with source and target, found {type(term).__name__}")
    fields: dict[str, Value] = {}
    for column, value in term.items():
        values = value if column in LISTS and isinstance(value, list) else [value]
        if isinstance(value, bool) and column in FLAGS:
            values = ["yes" if value else "no"]
        if not all(isinstance(v, str) for v in values):
            raise GlossaryError(f"{where}: {column} is {json.dumps(value, ensure_ascii=False)}, expected text")
        flat = tuple(_flat(v) for v in values)
        if column in LISTS and isinstance(value, list):
            if "" in flat:
                raise GlossaryError(f"{where}: {column} has an empty value: take it out")
            fields[column] = flat
        else:
            fields[column] = flat[0]
    return fields


def write(terms: Sequence[Term], direction: Direction) -> bytes:
    """Return a file with these terms."""
    rows: list[dict[str, Any]] = []
    for term in terms:
        fields = to_fields(term)
        rows.append({c: list(getattr(term, COLUMNS[c])) if c in LISTS else v for c, v in fields.items()})
    content = {"languages": "-".join(direction), "terms": rows}
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
