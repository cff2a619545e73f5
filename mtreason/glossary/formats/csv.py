"""Comma-separated files: with named columns, with columns of languages, or as DeepL and Google write them.

Separators are commas, semicolons or tabs, found by which makes rows of one width. An empty target is not translated
yet; `=` in it keeps the term.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from mtreason.errors import GlossaryError
from mtreason.glossary.formats.table import KEEP, Record, read_table, target_cell
from mtreason.glossary.formats.text import Direction, LeftOut, Row, decode
from mtreason.glossary.term import COLUMNS, Term, to_fields

KEEPS = frozenset(COLUMNS)
"""Columns that this format keeps: it is written with named columns."""

_SEPARATORS = ",;\t"
_MOST_SNIFFED = 50
_STATED = re.compile(r"sep=([,;\t|])\r?\n")
"""The first line by which Excel is told the separator."""


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row | LeftOut]:
    """Yield the terms of a file for a direction; raises `GlossaryError` for what cannot be parsed."""
    text = decode(data, name, direction)
    stated = _STATED.match(text)
    separator = stated[1] if stated else _separator(text)
    records = _records(text[stated.end() :] if stated else text, separator, name, 2 if stated else 1)
    return read_table(records, name, direction)


def _dialect(separator: str) -> type[csv.Dialect]:
    class Found(csv.excel):
        delimiter = separator
        strict = True
        skipinitialspace = separator != "\t"

    return Found


def _records(text: str, separator: str, name: str, line: int) -> Iterator[Record]:
    reader = csv.reader(io.StringIO(text, newline=""), _dialect(separator))
    before = line - 1
    try:
        for fields in reader:
            cells = [_flat(cell) for cell in fields]
            if any(cells):
                yield line, cells
            line = before + reader.line_num + 1
    except csv.Error as error:
        what = f"{name}:{before + reader.line_num}: not CSV ({error}): check the quotation marks"
        raise GlossaryError(what) from error


def _flat(cell: str) -> str:
    return " ".join(cell.split()) if "\n" in cell or "\r" in cell or "\t" in cell else cell.strip()


def _separator(text: str) -> str:
    """Return the separator that gives the most rows one and the same width of two or more."""
    return max(_SEPARATORS, key=lambda sign: _evenness(text, sign))


def _evenness(text: str, separator: str) -> tuple[float, int]:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), _dialect(separator))
        widths = [len(row) for row in itertools.islice(reader, _MOST_SNIFFED) if row]
    except csv.Error:
        return 0.0, 0
    counts = Counter(width for width in widths if width > 1)
    if not counts:
        return 0.0, 0
    width, count = counts.most_common(1)[0]
    return count / len(widths), width


def write(terms: Sequence[Term], direction: Direction) -> bytes:
    """Return a file with these terms and named columns, as far as the terms use them."""
    del direction
    rows = [to_fields(term) for term in terms]
    columns = [c for c in COLUMNS if c in {"source", "target"} or any(c in row for row in rows)]
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(row | {"target": target_cell(row["target"]) or KEEP})
    return stream.getvalue().encode()
