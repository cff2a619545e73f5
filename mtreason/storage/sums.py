"""Checksums of the lines of files that other programs read and write as well.

They are in a file beside it, or the last field of each line. A line that was damaged since is noticed; one without a
checksum, as where somebody copied only the lines or wrote them, is not checked.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mtreason.files import checksum


class LineSums:
    """Checksums of a file's lines."""

    def __init__(self, file: Path) -> None:
        """Read those of a file, where there are any; raises `OSError`."""
        self._path = file.with_name(f".{file.name}.sums")
        self._sums: set[bytes] | None = None
        if os.path.lexists(self._path):
            if self._path.is_symlink() or not self._path.is_file():
                raise OSError(f"{self._path.name} is no file: remove it")
            self._sums = set(self._path.read_bytes().split(b"\n"))

    def begin(self) -> None:
        """Check lines from now on: the file has none yet. Raises `OSError`."""
        self._path.write_bytes(b"")
        self._sums = set()

    def add(self, line: bytes) -> None:
        """Record a line without its line break; to be called before the line is written. Raises `OSError`."""
        if self._sums is None:
            return
        own = checksum(line).encode()
        with self._path.open("ab") as stream:
            # What was cut off before must not become a part of this one.
            stream.write(b"\n" + own + b"\n")
        self._sums.add(own)

    def fits(self, line: bytes) -> bool:
        """Whether a line without its line break is as it was written, as far as that is known."""
        return self._sums is None or checksum(line).encode() in self._sums


_SUM = re.compile(rb'(.*), "sum": "([0-9a-f]+)"}', re.DOTALL)


def with_sum(record: Mapping[str, Any]) -> bytes:
    """Return a record as a line of JSON without its line break, with the checksum as the last field."""
    body = json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return body[:-1] + f', "sum": "{checksum(body)}"}}'.encode()


def sum_fits(line: bytes) -> bool:
    """Whether a line of `with_sum` is as it was written; true for any other line."""
    found = _SUM.fullmatch(line)
    return found is None or checksum(found[1] + b"}").encode() == found[2]
