"""UTX (Universal Terminology eXchange 1.11 of AAMT): tab-separated text whose second line names the columns.

Terms whose status is forbidden are forbidden renderings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from mtreason.errors import GlossaryError
from mtreason.glossary.formats import columns as found_columns
from mtreason.glossary.formats.table import read_rows, target_cell
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
from mtreason.glossary.term import Term
from mtreason.glossary.values import join_values

KEEPS = frozenset({"source", "target", "note", "forbidden", "pos"})
"""Columns that this format keeps."""

_FIRST = re.compile(r"#UTX[^;]*;\s*([\w-]+)\s*(?:/\s*([\w-]+))?", re.IGNORECASE)


def is_utx(text: str) -> bool:
    """Whether a text begins as UTX does."""
    return text[:4].upper() == "#UTX"


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row | LeftOut]:
    """Yield the terms of a file; raises `GlossaryError` for a file of another kind or direction."""
    text = decode(data, name, direction)
    if not is_utx(text):
        raise GlossaryError(f"{name}:1: not UTX: its first line begins with #UTX: name the file .txt or .tsv")
    return read_text(text, name, direction)


def read_text(text: str, name: str, direction: Direction) -> Iterator[Row | LeftOut]:
    """Yield the terms of a decoded file; raises `GlossaryError` as `read` does."""
    lines = numbered_lines(text)
    number, line = next(lines)
    stated = _FIRST.match(line)
    header = ""
    records: list[tuple[int, list[str]]] = []
    for number, line in lines:  # noqa: B007 - the number of the header's line is used below
        if not line.startswith("#"):
            break
        if "\t" in line:
            header = line
            break
    where = f"{name}:{number}"
    if stated is None or not header:
        raise GlossaryError(
            f"{where}: not UTX: expected '#UTX 1.11; en/de; …' and '#src<TAB>tgt<TAB>…': add both lines"
        )
    columns = found_columns.from_header(cells_of(header.lstrip("#")), where, direction)
    if columns is None:
        raise GlossaryError(f"{where}: the columns of this UTX file are {header!r}, expected src and tgt: name them so")
    if stated[2] and not columns.lenient:
        check_direction(f"{name}:1", (stated[1], stated[2]), direction)
    records = [(n, cells_of(own)) for n, own in lines if not own.startswith("#")]
    yield from read_rows(records, columns, name, direction, [cells for _, cells in records[:200]])


def write(terms: Sequence[Term], direction: Direction) -> bytes:
    """Return a file with these terms, a line for each rendering, accepted and forbidden ones."""
    today = datetime.now(UTC).date().isoformat()
    lines = [f"#UTX 1.11; {'/'.join(direction)}; {today}", "#src\ttgt\tsrc:pos\tterm status\tcomment"]
    for term in terms:
        renderings = [(t, "approved") for t in term.targets or (term.source,)]
        renderings += [(t, "forbidden") for t in term.forbidden]
        for target, status in renderings:
            cells = (term.source, target_cell(join_values((target,))), term.part_of_speech, status, term.note)
            lines.append("\t".join(map(cell_for, cells)).rstrip("\t"))
    return "".join(f"{line}\n" for line in lines).encode()
