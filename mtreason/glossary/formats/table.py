"""Rows of a table as terms: one reader for comma-separated, tab-separated and UTX files, and lists of JSON objects."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from mtreason.errors import GlossaryError
from mtreason.glossary.formats import columns as found_columns
from mtreason.glossary.formats.columns import Columns
from mtreason.glossary.formats.text import (
    BAD_SOURCE,
    NO_SOURCE,
    OTHER_LANGUAGES,
    UNTRANSLATED,
    UNUSED,
    Direction,
    LeftOut,
    Row,
    serves,
)
from mtreason.glossary.term import COLUMNS, LISTS
from mtreason.glossary.values import Value, join_values, split_values

Record = tuple[int, Sequence[str]]
"""Line and cells of a row."""

MOST_PEEKED = 200
"""Rows that are looked at to find out what the columns hold."""
KEEP = "="
"""What stands for the term itself in the target of a table."""

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
"""What programs replace: a bar in it is its own, as in {{name|upper}}."""
_BANNED = re.compile(r"\[!(.+)\]")
_YES = frozenset({"yes", "y", "true", "1", "x", "t", "on", "sensitive", "case-sensitive", "case sensitive"})
_NO = frozenset({"", "no", "n", "false", "0", "f", "off", "none", "-"})
_FORBIDDEN = frozenset({
    "forbidden", "deprecated", "superseded", "obsolete", "notrecommended", "donotuse", "rejected", "prohibited",
    "banned", "deprecatedterm", "supersededterm", "deprecatedtermadmnsts", "supersededtermadmnsts", "obsoleteterm",
    "avoid",
})  # fmt: skip


def is_forbidden(status: str) -> bool:
    """Whether the status of a term says that it must not be used, in the words of ISO 30042, UTX and other tools."""
    return "".join(c for c in status.casefold() if c.isalpha()) in _FORBIDDEN


def read_table(
    records: Iterable[Record], name: str, direction: Direction, *, comments: bool = False
) -> Iterator[Row | LeftOut]:
    """Yield the terms of a table whose first row may be a header.

    Where there is none, further columns are notes, and with `comments` nothing else.
    Raises `GlossaryError` for a table of other languages, and for rows that cannot be terms.
    """
    rest = iter(records)
    first = list(itertools.islice(rest, MOST_PEEKED))
    if not first:
        return
    line, cells = first[0]
    found = found_columns.from_header(cells, f"{name}:{line}", direction, first[1][1] if len(first) > 1 else ())
    if found is None:
        found = found_columns.from_rows([cells for _, cells in first], direction, comments=comments)
    else:
        first = first[1:]
    yield from read_rows(itertools.chain(first, rest), found, name, direction, [cells for _, cells in first])


def read_rows(
    records: Iterable[Record], columns: Columns, name: str, direction: Direction, sample: Sequence[Sequence[str]]
) -> Iterator[Row | LeftOut]:
    """Yield the terms of the rows of a table with these columns; `sample` are some of them."""
    if columns.unused:
        yield LeftOut(0, UNUSED, columns.unused)
    flagged = not columns.own and _holds_flags(columns, sample)
    for line, cells in records:
        if len(cells) < 2 and not columns.lenient:
            raise GlossaryError(
                f"{name}:{line}: found {len(cells)} field(s), expected source and target: add the comma"
            )
        row = _row(line, cells, columns, f"{name}:{line}", direction, flagged=flagged)
        if columns.synonyms and isinstance(row, Row):
            yield from _synonyms(row)
        else:
            yield row


def _holds_flags(columns: Columns, sample: Sequence[Sequence[str]]) -> bool:
    """Whether a column `forbidden` says yes or no, and not which renderings are forbidden."""
    places = [i for i, kind in columns.beside if kind == "forbidden"]
    return all(row[i].casefold() in _YES | _NO for i in places for row in sample if i < len(row))


def _row(
    line: int, cells: Sequence[str], columns: Columns, where: str, direction: Direction, *, flagged: bool
) -> Row | LeftOut:
    source = cells[columns.source] if columns.source < len(cells) else ""
    target = cells[columns.target] if columns.target < len(cells) else ""
    if not source:
        if columns.lenient:
            return LeftOut(line, NO_SOURCE)
        raise GlossaryError(f"{where}: the source term is empty: write the term into its column, or remove the line")
    beside: dict[str, list[str]] = {}
    for place, kind in columns.beside:
        if place < len(cells) and cells[place]:
            beside.setdefault(kind, []).append(cells[place])
    if columns.own:
        own: dict[str, Value] = {"source": source, "target": _targets(target)}
        return Row(line, own | {kind: values[0] for kind, values in beside.items()}, target == KEEP)
    stated = (beside.pop("source language", None), beside.pop("target language", None))
    there = (stated[0][0] if stated[0] else direction[0], stated[1][0] if stated[1] else direction[1])
    if there != direction and not serves(there, direction):
        return LeftOut(line, OTHER_LANGUAGES)
    if any(map(is_forbidden, beside.pop("source status", []))):
        return LeftOut(line, BAD_SOURCE)
    if target == KEEP:
        beside["kept"] = ["yes"]
    return _foreign(line, source, _targets(target), beside, flagged=flagged)


def _synonyms(row: Row) -> Iterator[Row]:
    """Yield a row for each synonym of the source that may be used; `[!…]` stands around those that may not."""
    targets = {t: _BANNED.fullmatch(t) for t in _values(row.fields.get("target", ""))}
    banned = [found[1] for found in targets.values() if found]
    fields = {**row.fields, "target": tuple(t for t, found in targets.items() if not found)}
    if banned:
        fields["forbidden"] = (*_values(row.fields.get("forbidden", "")), *banned)
    for source in split_values(str(row.fields["source"])):
        if source and not _BANNED.fullmatch(source):
            yield row._replace(fields=fields | {"source": source})


def _values(value: Value) -> tuple[str, ...]:
    return tuple(v for v in split_values(value) if v) if isinstance(value, str) else value


def target_cell(text: str) -> str:
    """Write a rendering so that it does not say that the term is kept."""
    return f"\\{KEEP}" if text == KEEP else text


def _targets(cell: str) -> str:
    return "" if cell == KEEP else KEEP if cell == f"\\{KEEP}" else cell


def _foreign(line: int, source: str, given: str, beside: dict[str, list[str]], *, flagged: bool) -> Row | LeftOut:
    """Return a row whose columns beside the term are those of another tool."""
    needed = [value.casefold() for value in beside.pop("translatable", [])]
    kept = any(v in _NO for v in needed) or _yes(beside.pop("kept", []))
    bad = any(map(is_forbidden, beside.pop("status", [])))
    forbidden = beside.pop("forbidden", [])
    if flagged:
        bad, forbidden = bad or _yes(forbidden), []
    if "{" in given:
        given = _PLACEHOLDER.sub(lambda found: join_values((found[0],)), given)
    fields: dict[str, Value] = {"source": source, "target": () if bad or kept else given}
    banned = (*(v for text in forbidden for v in split_values(text)), *(_values(given) if bad else ()))
    if banned:
        fields["forbidden"] = banned
    if _yes(beside.pop("case", [])):
        fields["case"] = "yes"
    for kind, values in beside.items():
        if kind in COLUMNS:
            fields[kind] = values[0] if kind in LISTS else "; ".join(dict.fromkeys(values))
    if not (fields["target"] or banned or kept):
        return LeftOut(line, UNTRANSLATED)
    return Row(line, fields, kept)


def _yes(values: Sequence[str]) -> bool:
    return any(value.casefold() in _YES for value in values)
