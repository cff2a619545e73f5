"""The file that `--trace` names: a line of JSON for each segment, as soon as the segment is done.

A run that goes on where another was stopped keeps what the other wrote. A segment has one line: one that is there
already with the same translation is not written again, and at the end older lines of other translations, which an
edited document or a damaged line leave behind, are removed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mtreason.errors import DocumentError
from mtreason.records import parse_record, record_line
from mtreason.runs.output import Output


class TraceFile:
    """Writes records of segments; see `mtreason.runs.trace`."""

    def __init__(self, path: Path) -> None:
        self._output = Output(path)
        self._path = path
        self._there: dict[int, bytes] = {}
        """Number of a segment -> digest of what a line of an earlier run says of it."""
        self._lines: list[tuple[int, int]] = []
        """For each line of the earlier run: the number of its segment, -1 for a damaged one, and its length."""
        self._stale: set[int] = set()
        self._met: set[int] = set()

    def go_on(self) -> None:
        """Keep the lines that are in the file; raises `DocumentError` where it cannot be read."""
        if not self._path.is_file():
            return
        try:
            with self._path.open("r+b") as stream:
                for line in stream:
                    if not line.endswith(b"\n"):
                        stream.truncate(sum(length for _, length in self._lines))
                        break
                    number, digest = _of_line(line)
                    self._lines.append((number, len(line)))
                    if number >= 0:
                        self._there[number] = digest
        except OSError as error:
            raise DocumentError(
                f"{self._path} cannot be read ({error.strerror or error}): name another --trace"
            ) from error
        self._output = Output(self._path, append=True)

    def write(self, record: Mapping[str, Any]) -> None:
        """Write the record of a segment, unless it is there already."""
        number = int(record["segment"])
        self._met.add(number)
        if number in self._there:
            if self._there[number] == _digest(record["source"], record["translation"]):
                return
            self._stale.add(number)
        self._output.write(record_line(record))

    def close(self) -> None:
        """End the file, and remove the lines of an earlier run that do not hold any more."""
        self._output.close()
        last = {number: i for i, (number, _) in enumerate(self._lines)}
        kept = [
            number in self._met and number not in self._stale and last[number] == i
            for i, (number, _) in enumerate(self._lines)
        ]
        if all(kept):
            return
        whole = Output(self._path, whole=True)
        try:
            with self._path.open("rb") as stream:
                for keep, line in itertools.zip_longest(kept, stream, fillvalue=True):
                    if keep and isinstance(line, bytes):
                        whole.write_bytes(line)
            whole.close()
        finally:
            whole.discard()

    def discard(self) -> None:
        """Close the file where a run ends early; what is in it stays."""
        self._output.discard()


def _of_line(line: bytes) -> tuple[int, bytes]:
    """Return the number of a line's segment and a digest of what it says; -1 for a damaged line."""
    try:
        record = parse_record(line)
        number = record["segment"]
        if type(number) is not int or number < 0 or (not record["candidates"] and record["tree"]):
            return -1, b""
        return number, _digest(record["source"], record["translation"])
    except (ValueError, KeyError, TypeError):
        return -1, b""


def _digest(source: str, translation: str) -> bytes:
    text = json.dumps([source, translation])
    return hashlib.sha256(text.encode()).digest()[:16]
