"""JSON: `{"languages": "zh-en", "terms": [{"source": …, "target": […], …}]}`, or the list of terms alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from mtreason.errors import GlossaryError
from mtreason.glossary.formats.text import Direction, Row, check_direction, decode
from mtreason.glossary.formats.tsv import parse_pair
from mtreason.glossary.term import COLUMNS, LISTS, Term, to_fields
from mtreason.records import parse_record

KEEPS = frozenset(COLUMNS)
"""Columns that this format keeps."""


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row]:
    """Yield the terms of a file, numbered in their order; raises `GlossaryError` for what cannot be parsed."""
    text = decode(data, name)
    try:
        content = parse_record(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise GlossaryError(f"{name}:{line}: not JSON ({getattr(error, 'msg', error)}): correct it there") from error
    terms: Any = content
    if isinstance(content, dict):
        terms = content.get("terms")
        if "languages" in content:
            check_direction(name, parse_pair(name, str(content["languages"])), direction)
    if not isinstance(terms, list):
        raise GlossaryError(f'{name}: expected a list of terms, or {{"languages": …, "terms": […]}}')
    for number, term in enumerate(terms, 1):
        yield Row(number, _fields(f"{name}: term {number}", term))


def _fields(where: str, term: object) -> dict[str, str]:
    if not isinstance(term, dict):
        raise GlossaryError(f"{where}: expected an object with source and target, found {type(term).__name__}")
    fields = {}
    for column, value in term.items():
        if column not in COLUMNS:
            raise GlossaryError(f"{where}: no such column {column!r} (there are {', '.join(COLUMNS)})")
        values = value if column in LISTS and isinstance(value, list) else [value]
        if isinstance(value, bool) and column == "case":
            values = ["yes" if value else "no"]
        if not all(isinstance(v, str) for v in values):
            raise GlossaryError(f"{where}: {column} is {json.dumps(value, ensure_ascii=False)}, expected text")
        if any("|" in v for v in values) and len(values) > 1:
            raise GlossaryError(f"{where}: {column} holds a '|', which separates values: write two values")
        fields[column] = "|".join(" ".join(v.split()) for v in values)
    return fields


def write(terms: Sequence[Term], direction: Direction) -> bytes:
    """Return a file with these terms."""
    rows: list[dict[str, Any]] = []
    for term in terms:
        fields = to_fields(term)
        rows.append({c: v.split("|") if c in LISTS and v else [] if c in LISTS else v for c, v in fields.items()})
    content = {"languages": "-".join(direction), "terms": rows}
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
