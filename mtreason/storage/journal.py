"""The journal of one output: it records every finished segment before anything depends on the segment.

Each segment is a line of JSON, appended and passed to the operating system at once, so that a killed process loses
nothing. The file is forced to the disk at most `SYNC` seconds later, which is what a power cut can cost. It is beside
the output, and is removed when the output has its final name.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout

from mtreason.errors import DocumentError, MtreasonError
from mtreason.storage.protocol import StoredTranslation

SYNC = 1.0
"""Seconds between two times that the file is forced to the disk."""


class Journal:
    """What is finished of an output; open in one process only. Memory holds only the positions of its lines."""

    def __init__(self, output: Path) -> None:
        """Open the journal of an output, with what an interrupted run left in it.

        Raises `DocumentError` where another process writes this output, or where the journal cannot be written.
        """
        self.path = output.with_name(f".{output.name}.mtreason-journal")
        self._lock = FileLock(f"{self.path}.lock", timeout=0)
        self._synced = time.monotonic()
        try:
            self._lock.acquire()
        except Timeout as error:
            raise DocumentError(f"{output} is being written by {_owner(self.path)}: wait for it, or stop it") from error
        except OSError as error:
            raise self._refused(error) from error
        try:
            self._stream = self.path.open("a+b")
            self._places = self._read()
            self._write({"process": os.getpid()})
        except OSError as error:
            self._lock.release()
            raise self._refused(error) from error
        self.found = len(self._places)
        """How many segments it held when it was opened."""

    def _refused(self, error: OSError) -> DocumentError:
        return DocumentError(f"{self.path} cannot be written ({error.strerror or error}): name another file with -o")

    def _read(self) -> dict[bytes, int]:
        """Find the lines of segments; half a line at the end is removed, and other lines are skipped."""
        places = {}
        place = 0
        self._stream.seek(0)
        for line in self._stream:
            if not line.endswith(b"\n"):
                self._stream.truncate(place)
                break
            with suppress(ValueError, KeyError, TypeError):
                key, _ = _parse(line)
                places[_short(key)] = place
            place += len(line)
        return places

    def __len__(self) -> int:
        return len(self._places)

    def get(self, key: str) -> StoredTranslation | None:
        """Return the translation under a key."""
        place = self._places.get(_short(key))
        if place is None:
            return None
        self._stream.seek(place)
        return _parse(self._stream.readline())[1]

    def put(self, key: str, kept: StoredTranslation) -> None:
        """Append a segment; raises `MtreasonError` where there is no room."""
        if _short(key) in self._places:
            return
        try:
            self._places[_short(key)] = self._write({"key": key, **asdict(kept)})
        except OSError as error:
            raise MtreasonError(
                f"{self.path} cannot be written ({error.strerror or error}): {len(self)} segments are in it; make room "
                "and run the same command again"
            ) from error

    def _write(self, record: dict[str, object]) -> int:
        """Append a line, and return its position."""
        start = self._stream.seek(0, os.SEEK_END)
        try:
            self._stream.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
            self._stream.flush()
            if time.monotonic() - self._synced > SYNC:
                os.fsync(self._stream.fileno())
                self._synced = time.monotonic()
        except OSError:
            # Remove half a line, so that earlier lines stay usable; if that fails too, the next start removes it.
            with suppress(OSError):
                os.truncate(self.path, start)
            raise
        return start

    def close(self) -> None:
        """Force everything to the disk, and unlock the journal."""
        if not self._stream.closed:
            with suppress(OSError):  # If something was lost, an error has said so before.
                self._stream.flush()
                os.fsync(self._stream.fileno())
            self._stream.close()
        self._lock.release()

    def remove(self) -> None:
        """Remove the journal: the output is complete."""
        self.close()
        self.path.unlink(missing_ok=True)
        Path(f"{self.path}.lock").unlink(missing_ok=True)


def _parse(line: bytes) -> tuple[str, StoredTranslation]:
    """Return the key and translation in a line; raises ValueError, KeyError or TypeError for any other line."""
    record = json.loads(line)
    source, target = map(str, record["languages"])
    kept = StoredTranslation(
        str(record["source"]), str(record["translation"]), bool(record["fell_back"]), (source, target)
    )
    return str(record["key"]), kept


def _short(key: str) -> bytes:
    """Return what identifies a key in memory: 16 of the 32 bytes of a digest."""
    return hashlib.sha256(key.encode()).digest()[:16]


def _owner(path: Path) -> str:
    """Return a name for the process that holds the journal: the last one that wrote its number there."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return "another process"
    for line in reversed(lines):
        if line.startswith(b'{"process"'):
            return f"process {json.loads(line)['process']}"
    return "another process"
