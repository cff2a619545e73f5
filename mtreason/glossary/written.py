"""Doubts about how the lines of a text file are written: comments that may be terms, and columns without use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mtreason.errors import GlossaryError
from mtreason.glossary.formats import tsv
from mtreason.glossary.formats.columns import looks_like_header
from mtreason.glossary.formats.text import Direction, decode, numbered_lines
from mtreason.glossary.proposals.sheet import is_sheet
from mtreason.glossary.term import COLUMNS, Term

_MOST_BEFORE = 20
"""Lines in which a header is looked for."""


def as_written(path: Path, terms: Sequence[Term], direction: Direction) -> Iterator[tuple[int, str]]:
    """Yield line (0 for the file) and doubt, each with what to type; nothing for a file that cannot be read."""
    if path.suffix.lower() not in {".tsv", ".txt", ".tab", ".csv", ""}:
        return
    try:
        lines = list(numbered_lines(decode(path.read_bytes(), str(path))))
    except (OSError, ValueError, GlossaryError):
        return
    declared = _declared(lines)
    yield from _unused(declared, terms) if declared else _header(terms, direction)
    if path.suffix.lower() == ".csv":
        return
    proposed = is_sheet(lines)
    for number, line in lines:
        if line.startswith("#") and "\t" in line:
            if not (proposed and tsv.is_comment(line)):
                yield number, _hash(line)
        elif line.count('"') % 2 and any(cell.strip().startswith('"') for cell in line.split("\t")):
            yield number, "a cell begins with a quotation mark that is not closed: close it, or take it off"


def _hash(line: str) -> str:
    term = line.split("\t", 1)[0]
    if tsv.is_comment(line):
        return f"this line is a comment: if {term[:40]!r} is a term, put it into quotation marks"
    return f"{term[:40]!r} is read as a term, though it begins with '#': put a blank after '#' if it is a comment"


def _declared(lines: Sequence[tuple[int, str]]) -> list[str]:
    """Return the columns of this tool that a file names before its first term."""
    for _, line in lines[:_MOST_BEFORE]:
        text = line.lower().removeprefix("#").strip()
        if text.startswith("columns:") or {"source", "target"} <= {c.strip() for c in text.split(",")}:
            return [c.strip() for c in text.removeprefix("columns:").split(",")]
    return []


def _unused(declared: Sequence[str], terms: Sequence[Term]) -> Iterator[tuple[int, str]]:
    """Report columns that a file declares and no term fills in."""
    for column in declared if len(terms) > 1 else ():
        if column in COLUMNS and not any(getattr(term, COLUMNS[column]) for term in terms):
            yield 0, f"the column {column} is empty on every line"


def _header(terms: Sequence[Term], direction: Direction) -> Iterator[tuple[int, str]]:
    """Report a first row that was read as a term and looks like a header; there is none below declared columns."""
    for term in terms[:1]:
        if looks_like_header([term.source, *term.targets[:1]]):
            names = " and ".join(direction)
            yield (
                term.line,
                f"{term.source!r} looks like the name of a column: name the columns {names}, or take the line out",
            )
