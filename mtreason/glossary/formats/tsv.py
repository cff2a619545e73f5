"""Tab-separated text: the format of this tool.

A line is `source<TAB>target<TAB>literal<TAB>note`, of which the last two are optional. A line such as
`# columns: source, target, example` before the first term names other columns. `|` separates several values of a
column, and an empty target keeps the source term. `# languages: zh-en` states the direction of the file. Lines that
start with `#` are comments, but one with a tab that has no blank after the `#` is a term (`#define`). A first row that
names columns or languages is a header as in CSV.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mtreason.errors import GlossaryError, near
from mtreason.glossary.formats import columns as found_columns
from mtreason.glossary.formats import utx
from mtreason.glossary.formats.table import read_rows
from mtreason.glossary.formats.text import (
    Direction,
    LeftOut,
    Row,
    cell_for,
    cells_of,
    check_direction,
    decode,
    numbered_lines,
)
from mtreason.glossary.term import COLUMNS, Term, to_fields

KEEPS = frozenset(COLUMNS)
"""Columns that this format keeps."""

USUAL = ("source", "target", "literal", "note")
CODE = r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?"
_PAIR = re.compile(rf"({CODE})-({CODE})")
_HEADER = re.compile(r"#\s*(languages?|columns?)\s*:(.*)", re.IGNORECASE)


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row | LeftOut]:
    """Yield the terms of a file; raises `GlossaryError` for what cannot be parsed, or is for another direction."""
    text = decode(data, name, direction)
    if utx.is_utx(text):
        yield from utx.read_text(text, name, direction)
        return
    columns, lines = read_head(text, name, direction)
    records = ((number, cells_of(line)) for number, line in lines)
    if columns is None and (first := next(records, None)) is not None:
        number, cells = first
        found = found_columns.from_header(cells, f"{name}:{number}", direction)
        if found is not None:
            yield from read_rows(records, found, name, direction, ())
            return
        yield Row(number, fields_of(f"{name}:{number}", cells, USUAL), kept=True)
    for number, cells in records:
        yield Row(number, fields_of(f"{name}:{number}", cells, columns or USUAL), kept=True)


def read_head(text: str, name: str, direction: Direction) -> tuple[list[str] | None, Iterator[tuple[int, str]]]:
    """Return the columns that lines before the first term name, None where they do not, and the lines with terms."""
    columns = None
    lines = numbered_lines(text)
    for number, line in lines:
        if not is_comment(line):
            return columns, _terms(number, line, lines)
        header = _HEADER.fullmatch(line.strip())
        where = f"{name}:{number}"
        if header and header[1].lower().startswith("language"):
            check_direction(where, parse_pair(where, header[2].strip()), direction)
        elif header:
            columns = _parse_columns(where, header[2])
    return columns, iter(())


def _terms(number: int, line: str, rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield number, line
    yield from (pair for pair in rest if not is_comment(pair[1]))


def is_comment(line: str) -> bool:
    """Whether a line is a comment: with a tab after `#define` it is a term."""
    return line.startswith("#") and ("\t" not in line or line[1:2].isspace() or line[1:2] == "#")


def fields_of(where: str, cells: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Return the values of a line by column; raises `GlossaryError` for one that does not fit the columns."""
    fields = list(cells)
    while len(fields) > len(columns) and not fields[-1]:
        del fields[-1]
    if not 2 <= len(fields) <= len(columns):
        found = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
        fix = "put a tab after the source term" if len(fields) == 1 else "remove the extra tabs"
        raise GlossaryError(f"{where}: found {found}, expected 2 to {len(columns)} as in {_layout(columns)}: {fix}")
    if not fields[0]:
        raise GlossaryError(
            f"{where}: the source term is empty, expected {_layout(columns)}: write the term before the tab"
        )
    return dict(zip(columns, fields, strict=False))


def _layout(columns: Sequence[str]) -> str:
    return "<TAB>".join(columns[:2]) + "".join(f"[<TAB>{c}" for c in columns[2:]) + "]" * len(columns[2:])


def _parse_columns(where: str, value: str) -> list[str]:
    columns = [column.strip().lower() for column in value.split(",")]
    for column in columns:
        if column not in COLUMNS:
            raise GlossaryError(
                f"{where}: no such column {column!r}{near(column, COLUMNS)} (there are {', '.join(COLUMNS)})"
            )
    if columns[:2] != ["source", "target"] or len(set(columns)) < len(columns):
        raise GlossaryError(f"{where}: columns are {', '.join(columns)}: begin with source, target and name each once")
    return columns


def parse_pair(where: str, value: str) -> Direction:
    """Parse a pair of language codes; raises `GlossaryError`."""
    pair = _PAIR.fullmatch(value)
    if pair is None:
        raise GlossaryError(
            f"{where}: languages are {value!r}, expected two codes such as 'zh-en' or 'zh-Hant-en-GB': "
            "correct the header line or remove it"
        )
    return pair[1], pair[2]


def write(terms: Sequence[Term], direction: Direction, comments: Sequence[str] = ()) -> bytes:
    """Return a file with these terms, with the columns that they use, and with comments before them."""
    rows = [to_fields(term) for term in terms]
    columns = [c for c in COLUMNS if c in USUAL[:2] or any(c in row for row in rows)]
    lines = [f"# languages: {'-'.join(direction)}", *(f"# {c}" for c in comments), f"# columns: {', '.join(columns)}"]
    for row in rows:
        cells = [cell_for(row.get(column, "")) for column in columns]
        while len(cells) > 2 and not cells[-1]:
            del cells[-1]
        lines.append("\t".join(cells))
    return "".join(f"{line}\n" for line in lines).encode()
