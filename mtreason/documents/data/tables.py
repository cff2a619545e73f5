"""CSV and TSV: chosen columns are translated; cells that did not change keep their bytes.

Which sign separates cells, and how quotation marks are meant, is found out: the first of `_DIALECTS` in which the file
is a table with the columns that were asked for. Cells are found here, not by the library, which loses their positions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from mtreason.documents.charsets import marked
from mtreason.documents.icu import message_span
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Group, Span, SpannedDocument, bounded, check_count, line_numbers
from mtreason.errors import DocumentError, near
from mtreason.lines import LINE_END

MOST_CELLS = 5_000_000
MOST = 1 << 24
"""The largest number of characters in a cell."""

_SEPARATORS = (",", ";", "\t", "|")
_STATED = re.compile(rf"sep=(.)(?:{LINE_END.pattern})")
"""The line with which Excel states the separator."""
_FORMULA = re.compile(r"=[A-Z][A-Z0-9.]*\(.*\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How quotation marks are meant."""

    blank: bool = False
    """Whether one may follow a blank."""
    backslash: bool = False
    """Whether one in a cell follows a backslash, where it is otherwise written twice."""
    loose: bool = False
    """Whether text may follow what is quoted."""


_DIALECTS = (_Dialect(), _Dialect(blank=True), _Dialect(backslash=True), _Dialect(loose=True))


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell at `content[start:end]`, quotation marks included."""

    start: int
    end: int
    text: str
    quoted: bool


class _NoTableError(Exception):
    """What is wrong, at a place in the content."""

    def __init__(self, place: int | None, what: str) -> None:
        super().__init__(what)
        self.place = place
        self.what = what


def read_table(data: bytes, name: str, reading: Reading, separator: str) -> Document:
    """Read a table with a header line; the columns are names in the header.

    Raises `DocumentError` for a column that does not exist, a record with more cells than the header, or a quotation
    that is not closed.
    """
    return marked(data, name, partial(_read, reading=reading, separator=separator))


def _read(content: str, name: str, bom: bytes, *, reading: Reading, separator: str) -> SpannedDocument:
    columns = reading.columns
    stated = _STATED.match(content)
    begin = stated.end() if stated else 0
    signs = (stated[1],) if stated else tuple(dict.fromkeys((separator, *_SEPARATORS)))
    sign = _separator(content, begin, signs, columns)
    if sign is None:
        return SpannedDocument(content, [], bom)
    check_count(content, sign, MOST_CELLS, name, "cells")
    faults: list[_NoTableError] = []
    for dialect in _DIALECTS:
        try:
            spans = bounded(_spans(content, begin, name, reading, sign, dialect), name)
        except _NoTableError as error:
            faults.append(error)
            continue
        return SpannedDocument(content, spans, bom)
    # A column that is not there says more than quotation marks that are meant in another way.
    fault = next((fault for fault in faults if fault.place is None), faults[0])
    line = "" if fault.place is None else f"line {line_numbers(content)(fault.place)}: "
    raise DocumentError(f"{name}: {line}{fault.what}")


def _separator(content: str, begin: int, signs: Sequence[str], columns: Sequence[str]) -> str | None:
    """Return the sign that separates cells: the first with which the header has the columns; None without a header."""
    counts: dict[str, int] = {}
    for sign in signs:
        for dialect in _DIALECTS:
            try:
                header = next(_records(content, begin, sign, dialect), None)
            except _NoTableError:
                continue
            if header is None:
                return None
            if columns and all(_columns(column, header, content) for column in columns):
                return sign
            counts[sign] = max(counts.get(sign, 0), len(header))
    if not counts or counts.get(signs[0], 0) > 1:
        return signs[0]
    return max(counts, key=lambda sign: counts[sign])


def _columns(column: str, header: Sequence[_Cell], content: str) -> list[int]:
    """Return which cells of a header a column is, by its name or by how it stands there."""
    names = {column, column.strip()}
    return [
        i
        for i, cell in enumerate(header)
        if not names.isdisjoint((cell.text, cell.text.strip(), content[cell.start : cell.end]))
    ]


def _spans(
    content: str, begin: int, name: str, reading: Reading, sign: str, dialect: _Dialect
) -> Iterator[Span | Group]:
    """Yield the spans of the chosen columns; raises `_NoTableError` where the file is no such table."""
    records = _records(content, begin, sign, dialect)
    header = next(records, [])
    names = [cell.text for cell in header]
    if not reading.columns:
        raise DocumentError(f"{name}: name the columns to translate with --column, of {', '.join(names)}")
    chosen: set[int] = set()
    for column in reading.columns:
        found = _columns(column, header, content)
        if not found:
            raise _NoTableError(None, f"there is no column {column!r}{near(column, names)} (of {', '.join(names)})")
        chosen.update(found)
    line_of = line_numbers(content)
    for record in records:
        if len(record) > len(header):
            what = f"{len(record)} cells, but the header names {len(header)} columns"
            raise _NoTableError(record[0].start, what)
        for i, cell in ((i, record[i]) for i in sorted(chosen) if i < len(record)):
            if cell.text.strip() and not _FORMULA.fullmatch(cell.text):
                place = f"line {line_of(record[0].start)}, column {names[i]}"
                write = partial(_write, sign, dialect, cell)
                yield message_span(cell.start, cell.end, place, cell.text, write, reading.target)


def _records(content: str, begin: int, sign: str, dialect: _Dialect) -> Iterator[list[_Cell]]:
    """Yield the records that are not blank."""
    within = re.compile(r'(?:[^"\\]|\\.)*+' if dialect.backslash else r'(?:[^"]|"")*+', re.DOTALL)
    plain = re.compile(rf"[^{re.escape(sign)}\r\n]*")
    blanks = re.compile(" *" if dialect.blank else "")
    record: list[_Cell] = []
    at = begin
    while at < len(content):
        at = _end(blanks, content, at)
        start = at
        quoted = content.startswith('"', at)
        text = ""
        if quoted:
            at = _end(within, content, at + 1)
            if at >= len(content):
                raise _NoTableError(start, "not a table of this kind: a quotation mark is not closed")
            text = _unquoted(content[start + 1 : at], dialect)
            at += 1
        end = at
        at = _end(plain, content, at)
        if not quoted or (dialect.loose and at > end):
            text, quoted, end = text + content[end:at], False, at
        elif content[end:at].strip(" " if dialect.blank else ""):
            raise _NoTableError(end, f"not a table of this kind: {sign!r} expected after a quotation mark")
        if end - start > MOST:
            raise _NoTableError(start, f"a cell of more than {MOST:,} characters")
        record.append(_Cell(start, end, text, quoted))
        if content.startswith(sign, at):
            at += 1
            if at < len(content):
                continue
            record.append(_Cell(at, at, "", quoted=False))
        ended = LINE_END.match(content, at)
        if len(record) > 1 or record[0].end > record[0].start:
            yield record
        record = []
        at = ended.end() if ended else at


def _end(pattern: re.Pattern[str], content: str, at: int) -> int:
    found = pattern.match(content, at)
    return found.end() if found else at


def _unquoted(raw: str, dialect: _Dialect) -> str:
    return re.sub(r'\\(["\\])', r"\1", raw) if dialect.backslash else raw.replace('""', '"')


def _write(sign: str, dialect: _Dialect, cell: _Cell, text: str) -> str:
    """Write a text in the place of a cell; it stands in quotation marks where that one did, and where it has to."""
    plain = not cell.quoted and not any(c in text for c in f"{sign}\r\n")
    marks = text.lstrip(" ").startswith('"') or ('"' in text and '"' not in cell.text)
    if plain and not marks and not (dialect.blank and text.startswith(" ")):
        return text
    if dialect.backslash:
        return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'
    return '"' + text.replace('"', '""') + '"'
