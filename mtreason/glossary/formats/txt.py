"""Tab-separated text as OmegaT and other tools have it: source, target, and comments.

An empty target is not translated yet. Where lines at the beginning name languages or columns it is the format of this
tool (see `tsv`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtreason.errors import GlossaryError
from mtreason.glossary.formats import tsv, utx
from mtreason.glossary.formats.table import Record, read_table
from mtreason.glossary.formats.text import (
    Direction,
    LeftOut,
    Row,
    cell_for,
    cells_of,
    decode,
)
from mtreason.glossary.term import Term
from mtreason.glossary.values import join_values

KEEPS = frozenset({"source", "target", "note"})
"""Columns that this format keeps."""


def read(data: bytes, name: str, direction: Direction) -> Iterator[Row | LeftOut]:
    """Yield the terms of a file; raises `GlossaryError` for a line without a tab, and for another direction."""
    text = decode(data, name, direction)
    if utx.is_utx(text):
        return utx.read_text(text, name, direction)
    columns, lines = tsv.read_head(text, name, direction)
    if columns is not None:
        rows = ((number, tsv.fields_of(f"{name}:{number}", cells_of(line), columns)) for number, line in lines)
        return (Row(number, fields, kept=True) for number, fields in rows)
    return read_table(_records(lines, name), name, direction, comments=True)


def _records(lines: Iterator[tuple[int, str]], name: str) -> Iterator[Record]:
    for number, line in lines:
        cells = cells_of(line)
        if len(cells) < 2:
            raise GlossaryError(
                f"{name}:{number}: found 1 field, expected source<TAB>target[<TAB>note]: "
                "put a tab after the source term"
            )
        yield number, cells


def write(terms: Sequence[Term], direction: Direction) -> bytes:
    """Return a file with these terms, a line for each rendering; a term that is kept is its own rendering.

    It names its columns in a comment, so that no first term is taken for a header (AI, IA: both are languages).
    """
    del direction
    rows = [(t.source, join_values((target,)), t.note) for t in terms for target in t.targets or (t.source,)]
    lines = ["# columns: source, target, note", *("\t".join(map(cell_for, row)).rstrip("\t") for row in rows)]
    return "".join(f"{line}\n" for line in lines).encode()
