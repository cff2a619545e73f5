"""Tab-separated text: the format of this tool.

A line is `source<TAB>target<TAB>literal<TAB>note`, of which the last two are optional. A line such as
`# columns: source, target, example` before the first term names other columns. `|` separates several values of a
column, and an empty target keeps the source term. Lines that start with `#` are comments; `# languages: zh-en` states
the direction of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mtreason.errors import GlossaryError, near
from mtreason.glossary.formats.text import Direction, Row, check_direction, decode
from mtreason.glossary.term import COLUMNS, Term, to_fields

KEEPS = frozenset(COLUMNS)
"""Columns that this format keeps."""

USUAL = ("source", "target", "literal", "note")
CODE = r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?"
_PAIR = re.compile(rf"({CODE})-({CODE})")
_HEADER = re.compile(r"#\s*(languages?|columns?)\s*:(.*)", re.IGNORECASE)


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row]:
    """Yield the terms of a file; raises `GlossaryError` for what cannot be parsed, or is for another direction."""
    columns: Sequence[str] = USUAL
    begun = False
    for number, line in _lines(decode(data, name)):
        where = f"{name}:{number}"
        if line.startswith("#"):
            header = _HEADER.fullmatch(line)
            if header and not begun and header[1].lower().startswith("language"):
                check_direction(where, parse_pair(where, header[2].strip()), direction)
            elif header and not begun:
                columns = _parse_columns(where, header[2])
            continue
        begun = True
        yield Row(number, _fields(where, line, columns))


def _fields(where: str, line: str, columns: Sequence[str]) -> dict[str, str]:
    fields = [field.strip() for field in line.split("\t")]
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


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line) for every line that is not blank."""
    # Not str.splitlines: that would also break a note at U+2028 or a form feed, and shift the line numbers.
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if line.strip():
            yield number, line


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
    lines += ["\t".join(" ".join(row.get(c, "").split()) for c in columns).rstrip("\t ") for row in rows]
    return "".join(f"{line}\t\n" if "\t" not in line and line[:1] != "#" else f"{line}\n" for line in lines).encode()
