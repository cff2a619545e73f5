"""CSV and TSV: chosen columns are translated; records that did not change keep their bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from functools import partial

from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Span, SpannedDocument, bounded, check_count, decode
from mtreason.errors import DocumentError, near

MOST_CELLS = 5_000_000
MOST = 1 << 24
"""The largest number of characters in a cell."""


def read_table(data: bytes, name: str, reading: Reading, delimiter: str) -> Document:
    """Read a table with a header line; the columns are names in the header.

    Raises `DocumentError` for a column that does not exist, a record with more cells than the header, or a quotation
    that is not closed.
    """
    columns = reading.columns
    content, bom = decode(data, name)
    check_count(content, delimiter, MOST_CELLS, name, "cells")
    csv.field_size_limit(MOST)
    records = list(_records(content, name, delimiter))
    if not records:
        return SpannedDocument(content, [], bom)
    header = records[0][2]
    if not columns:
        raise DocumentError(f"{name}: name the columns to translate with --column, of {', '.join(header)}")
    for column in columns:
        if column not in header:
            raise DocumentError(f"{name}: there is no column {column!r}{near(column, header)} (of {', '.join(header)})")
    chosen = sorted(header.index(column) for column in columns)
    spans = []
    for start, line, cells in records[1:]:
        if len(cells) > len(header):
            raise DocumentError(f"{name}: line {line}: {len(cells)} cells, but the header names {len(header)} columns")
        at = _cell_places(content, start, cells, delimiter)
        spans += [
            Span(at[i][0], at[i][1], f"line {line}, column {header[i]}", cells[i], partial(_write, delimiter))
            for i in chosen
            if i < len(cells) and cells[i].strip()
        ]
    return SpannedDocument(content, bounded(spans, name), bom)


def _records(content: str, name: str, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield (start, line, cells) of records that are not blank."""
    starts = [0]

    def lines() -> Iterator[str]:
        for line in io.StringIO(content, newline=""):
            starts.append(starts[-1] + len(line))
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    before = 0
    try:
        for cells in reader:
            if cells:
                yield starts[before], before + 1, cells
            before = reader.line_num
    except csv.Error as error:
        raise DocumentError(f"{name}: line {before + 1}: not a table of this kind: {error}") from error


def _cell_places(content: str, start: int, cells: Sequence[str], delimiter: str) -> list[tuple[int, int]]:
    """Return the positions of a record's cells, quotation marks included."""
    places = []
    at = start
    for cell in cells:
        quoted = content.startswith('"', at)
        end = at + (len(cell.replace('"', '""')) + 2 if quoted else len(cell))
        places.append((at, end))
        at = end + len(delimiter)
    return places


def _write(delimiter: str, text: str) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerow([text, ""])
    return stream.getvalue().removesuffix(f"{delimiter}\n")
