"""Comma-separated files, as translation services export them, and files with named columns.

- DeepL: no header; source, target, and optionally the codes of their languages.
- Google: a header of language codes, one column each; any two terms of a row can be source and target.
- Named: a header with `source`, `target` and further columns of this tool.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from mtreason.errors import GlossaryError
from mtreason.glossary.fold import primary_language
from mtreason.glossary.formats.text import Direction, Row, decode
from mtreason.glossary.term import COLUMNS, Term, to_fields

KEEPS = frozenset(COLUMNS)
"""Columns that this format keeps: it is written with named columns."""

_CODE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|[0-9]{3}))?")
_BESIDE = {"pos": "pos", "description": "note"}
"""Google's names for columns that are not languages."""
DEEPL = ("source", "target", "source language", "target language")
MOST_COLUMNS = 200


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row]:
    """Yield the terms of a file for a direction; raises `GlossaryError` for what cannot be parsed."""
    text = decode(data, name)
    reader = csv.reader(io.StringIO(text, newline=""), _delimiter(text), strict=True)
    header: Sequence[str] | None = None
    line = 1
    try:
        for fields in reader:
            cells = [cell.strip() for cell in fields]
            if any(cells):
                if header is None:
                    header = _header(cells)
                    columns = _columns(header, name, direction)
                    if header is not DEEPL:
                        line = reader.line_num + 1
                        continue
                row = _row(cells, columns, f"{name}:{line}", direction)
                if row is not None:
                    yield Row(line, row)
            line = reader.line_num + 1
    except csv.Error as error:
        raise GlossaryError(f"{name}:{reader.line_num}: not CSV ({error}): check the quotation marks") from error


def _delimiter(text: str) -> type[csv.Dialect]:
    first = text.split("\n", 1)[0]

    class Found(csv.excel):
        delimiter = max(",;\t", key=first.count)

    return Found


def _header(cells: Sequence[str]) -> Sequence[str]:
    """Return the first line where it names columns, otherwise the columns of DeepL."""
    lowered = [cell.lower() for cell in cells]
    if {"source", "target"} <= set(lowered):
        return lowered
    codes = [c for c in cells if c.lower() not in _BESIDE]
    return cells if len(codes) >= 2 and all(_CODE.fullmatch(c) for c in codes) else DEEPL


def _columns(header: Sequence[str], name: str, direction: Direction) -> dict[str, int]:
    """Return the position of each column."""
    if header is DEEPL:
        return {column: place for place, column in enumerate(DEEPL)}
    if "source" in header:
        unknown = [c for c in header if c not in {*COLUMNS, ""}]
        if unknown:
            raise GlossaryError(f"{name}:1: no such column {unknown[0]!r} (there are {', '.join(COLUMNS)})")
        return {column: place for place, column in enumerate(header) if column}
    found = {_BESIDE[c.lower()]: place for place, c in enumerate(header) if c.lower() in _BESIDE}
    for column, language in zip(("source", "target"), direction, strict=True):
        places = [i for i, c in enumerate(header) if c.lower() not in _BESIDE]
        exact = [i for i in places if header[i].replace("_", "-").lower() == language.lower()]
        close = [i for i in places if primary_language(header[i]) == primary_language(language)]
        if not close:
            listed = ", ".join(header[i] for i in places)
            raise GlossaryError(
                f"{name}:1: this glossary is for {listed}, but the run translates {direction[0]} to {direction[1]}: "
                "leave it out or give one with both languages"
            )
        found[column] = (exact or close)[0]
    return found


def _row(cells: Sequence[str], columns: dict[str, int], where: str, direction: Direction) -> dict[str, str] | None:
    """Return the fields of a line; None where its languages are others."""
    if len(cells) < 2 or len(cells) > MOST_COLUMNS:
        raise GlossaryError(f"{where}: found {len(cells)} field(s), expected source and target: add the comma")
    fields = {column: cells[place] for column, place in columns.items() if place < len(cells)}
    stated = [fields.pop(column, "") for column in DEEPL[2:]]
    for code, language in zip(stated, direction, strict=True):
        if code and primary_language(code) != primary_language(language):
            return None
    # A row need not have a term for every language.
    return fields if fields.get("source") or set(columns) & {"source language"} else None


def write(terms: Sequence[Term], direction: Direction) -> bytes:
    """Return a file with these terms and named columns, as far as the terms use them."""
    del direction
    rows = [to_fields(term) for term in terms]
    columns = [c for c in COLUMNS if c in {"source", "target"} or any(c in row for row in rows)]
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()
