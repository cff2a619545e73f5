"""Rows of the input, one at a time: what is wrong with a row is said in it, what is wrong with a file is an error."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mtreason.characters import HALF_PAIR, has_half_pair, utf8
from mtreason.corpus.places import PARQUET, InputFile
from mtreason.errors import InputError
from mtreason.files import short_digest
from mtreason.lines import LONGEST
from mtreason.records import parse_record

MOST_CHARACTERS = 100_000
"""Of a cell; a longer one is a document."""
AT_A_TIME = 100
"""Rows of Parquet in memory, which may all be long."""
HASH = "sha256:"
"""What the id of a row begins with that has none of its own."""
TEXT, NUMBER = "text", "whole numbers"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the input."""

    id: str
    text: str
    """With escapes or U+FFFD where it is no text."""
    error: str = ""
    """Why it cannot be translated."""


@dataclass(slots=True)
class Reader:
    """Reads rows with a text in one column and, if named, an id in another."""

    column: str
    id_column: str | None = None
    _kinds: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Column -> what it holds, and the file that showed it first."""

    def rows(self, file: InputFile) -> Iterator[Row]:
        """Yield the rows of a file.

        Raises `InputError` for a file that is not of its format, lacks a column, or has other types than those before.
        """
        try:
            yield from self._parquet(file) if file.form == PARQUET else self._jsonl(file)
        except (OSError, EOFError, pa.ArrowException) as error:
            what = " ".join(str(error).split())[:200]
            raise InputError(f"{file.name}: cannot be read as {file.form} ({what}): check the file") from error

    def _parquet(self, file: InputFile) -> Iterator[Row]:
        wanted = [self.column, *([self.id_column] if self.id_column else [])]
        with file.files.open(file.path, "rb") as stream:
            opened = pq.ParquetFile(stream)
            schema = opened.schema_arrow
            for name in wanted:
                if name not in schema.names:
                    raise _no_column(file, name, schema.names, self.column)
            self._check_kind(file, self.column, schema.field(self.column).type, (TEXT,))
            if self.id_column:
                self._check_kind(file, self.id_column, schema.field(self.id_column).type, (TEXT, NUMBER))
            for batch in opened.iter_batches(AT_A_TIME, columns=wanted):
                texts = _cells(batch.column(self.column))
                ids = _cells(batch.column(self.id_column)) if self.id_column else [None] * len(texts)
                for text, own in zip(texts, ids, strict=True):
                    yield _row(text, own)

    def _check_kind(self, file: InputFile, name: str, found: Any, allowed: tuple[str, ...]) -> None:  # noqa: ANN401
        """Raise `InputError` for a column of a type that is not allowed, or of another than in the files before."""
        found = found.value_type if pa.types.is_dictionary(found) else found
        kind = NUMBER if pa.types.is_integer(found) else TEXT if _textual(found) else ""
        if kind not in allowed:
            raise InputError(f"{file.name}: the column {name!r} is {found}: expected {' or '.join(allowed)}")
        if not pa.types.is_null(found):
            self._same_kind(file.name, name, kind)

    def _same_kind(self, where: str, name: str, kind: str) -> None:
        before, first = self._kinds.setdefault(name, (kind, where))
        if kind != before:
            raise InputError(f"{where}: {name!r} holds {kind}, but {before} in {first}: give all files one type")

    def _jsonl(self, file: InputFile) -> Iterator[Row]:
        """Yield the rows of lines; a file of which no line has the column is refused."""
        lost: list[Row] = []
        names: dict[str, None] = {}
        found = False
        for number, line in enumerate(_lines(file), 1):
            row, record = self._line(line, f"{file.name}:{number}")
            found = found or self.column in record
            names |= dict.fromkeys(list(record)[:20])
            if found:
                yield from lost
                lost.clear()
                yield row
            else:
                lost.append(row)
                if len(lost) > AT_A_TIME:
                    break
        if lost and not found:
            if names:
                raise _no_column(file, self.column, list(names), self.column)
            raise InputError(f"{file.name}:1: {lost[0].error}: expected an object of JSON on each line")

    def _line(self, line: bytes, where: str) -> tuple[Row, Mapping[str, Any]]:
        """Return the row of a line, and the record in it."""
        error = ""
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as wrong:
            text, error = line.decode("utf-8", "replace"), _not_utf8(wrong)
        try:
            record = parse_record(text, finite=False)
        except ValueError as wrong:
            return _row(text, None, error or f"not JSON ({wrong})"), {}
        if not isinstance(record, dict):
            return _row(text, None, f"no object of JSON but {_kind(record)}"), {}
        own = record.get(self.id_column) if self.id_column else None
        if own is not None:
            kind = TEXT if isinstance(own, str) else NUMBER if type(own) is int else _kind(own)
            if kind not in {TEXT, NUMBER}:
                raise InputError(f"{where}: {self.id_column!r} is {kind}: expected {TEXT} or {NUMBER}")
            self._same_kind(where, str(self.id_column), kind)
        value = record.get(self.column)
        if value is not None and not isinstance(value, str):
            return _row(str(value), own, f"no text but {_kind(value)}"), record
        return _row(value, own, error), record


def _lines(file: InputFile) -> Iterator[bytes]:
    """Yield the lines of a file that are not blank, and hold an empty place for the others."""
    packed = file.files.open(file.path, "rb", compression="infer")
    with packed, io.BufferedReader(packed, 1 << 20) as stream:
        first = True
        while line := stream.readline(LONGEST + 1):
            if len(line) > LONGEST:
                raise InputError(f"{file.name}: a line has no end in {LONGEST >> 20} MB: divide it")
            line = line.removeprefix(b"\xef\xbb\xbf") if first else line
            first = False
            if line.strip():
                yield line.rstrip(b"\r\n")


def _no_column(file: InputFile, name: str, there: list[str], column: str) -> InputError:
    option = "--column" if name == column else "--id-column"
    listed = ", ".join(there[:20])
    return InputError(f"{file.name}: no column {name!r} (there are {listed}): name one with {option}")


def _textual(kind: Any) -> bool:  # noqa: ANN401 - a type of pyarrow, which has no types for Python
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(test(kind) for test in (*tests, pa.types.is_null))


def _cells(column: Any) -> list[Any]:  # noqa: ANN401 - as above
    """Return the cells of a column; texts as bytes, because nobody has checked that they are UTF-8."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = column.view(pa.binary() if pa.types.is_string(column.type) else pa.large_binary())
    cells: list[Any] = column.to_pylist()
    return cells


def _row(text: str | bytes | None, own: str | bytes | int | None, error: str = "") -> Row:
    """Return a row of cells as they were read; one without an id gets the hash of its text."""
    if isinstance(text, bytes):
        data = text
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as wrong:
            text, error = data.decode("utf-8", "replace"), _not_utf8(wrong)
    if text is None:
        text, error = "", error or "there is no text"
    elif has_half_pair(text):
        text, error = utf8(text).decode("utf-8"), error or HALF_PAIR
    elif len(text) > MOST_CHARACTERS:
        error = error or f"{len(text)} characters, at most {MOST_CHARACTERS} are possible: translate it as a document"
    if isinstance(own, bytes):
        own = own.decode("utf-8", "replace")
    given = "" if own is None else utf8(str(own)).decode("utf-8")
    return Row(given or f"{HASH}{short_digest(text).hex()}", text, error)


def _not_utf8(error: UnicodeDecodeError) -> str:
    return f"not UTF-8 (byte 0x{error.object[error.start]:02x} at byte offset {error.start})"


def _kind(value: object) -> str:
    names = {bool: "a truth value", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "nothing" if value is None else "a text")
