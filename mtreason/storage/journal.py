"""The journal of one output: every finished segment, written before anything depends on it.

A line of JSON a segment, appended and handed to the system at once, so that a process that is killed loses nothing; and
forced to the disk at most `SYNC` seconds later, which is what a power cut can cost. It lies beside the output and is
removed when the output stands under its name.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout

from mtreason.errors import DocumentError, MtreasonError
from mtreason.storage.protocol import Kept

SYNC = 1.0
"""Seconds between two that are forced to the disk."""


class Journal:
    """What is finished of an output; one process at a time."""

    def __init__(self, output: Path) -> None:
        """Open the journal of an output, with what an interrupted run left in it.

        Raises `DocumentError` where another process writes this output, or where the journal cannot be written.
        """
        self.path = output.with_name(f".{output.name}.mtreason-journal")
        self._lock = FileLock(f"{self.path}.lock", timeout=0)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise DocumentError(f"{output} is being written by {_owner(self.path)}: wait for it, or stop it") from error
        except OSError as error:
            raise self._refused(error) from error
        try:
            self._kept = _read(self.path)
            self._stream = self.path.open("ab" if self._kept else "wb")
            # Half a line may stand at the end.
            self._stream.write(b"\n" if self._kept else b"")
            self._write({"process": os.getpid()})
        except OSError as error:
            self._lock.release()
            raise self._refused(error) from error
        self._synced = time.monotonic()
        self.found = len(self._kept)
        """Segments that were there when it was opened."""

    def _refused(self, error: OSError) -> DocumentError:
        return DocumentError(f"{self.path} cannot be written ({error.strerror or error}): name another file with -o")

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> Kept | None:
        """Return what is kept under a key."""
        return self._kept.get(key)

    def put(self, key: str, kept: Kept) -> None:
        """Append a segment; raises `MtreasonError` where there is no room."""
        if key in self._kept:
            return
        try:
            self._write({"key": key, **asdict(kept)})
        except OSError as error:
            raise MtreasonError(
                f"{self.path} cannot be written ({error.strerror or error}): {len(self._kept)} segments are in it; "
                "make room and run the same command again"
            ) from error
        self._kept[key] = kept

    def _write(self, record: dict[str, object]) -> None:
        start = self._stream.tell()
        try:
            self._stream.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            self._stream.flush()
            if time.monotonic() - getattr(self, "_synced", 0.0) > SYNC:
                os.fsync(self._stream.fileno())
                self._synced = time.monotonic()
        except OSError:
            self._take_back(start)
            raise

    def _take_back(self, size: int) -> None:
        """Take half a line away, so that what was there before stays readable."""
        # Where that fails too: half a line at the end is skipped when the journal is read.
        with suppress(OSError):
            os.truncate(self.path, size)

    def close(self) -> None:
        """Force all of it to the disk, and let another process in."""
        if not self._stream.closed:
            with suppress(OSError):  # Said before, where something was lost.
                self._stream.flush()
                os.fsync(self._stream.fileno())
            self._stream.close()
        self._lock.release()

    def remove(self) -> None:
        """Take the journal away: the output is there."""
        self.close()
        self.path.unlink(missing_ok=True)
        Path(f"{self.path}.lock").unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Kept]:
    """Return what a journal holds; half a line at its end, or what is no line of it, is skipped."""
    found: dict[str, Kept] = {}
    if not path.exists():
        return found
    for line in path.read_bytes().split(b"\n"):
        try:
            record = json.loads(line)
            found[record["key"]] = Kept(
                record["source"], record["translation"], bool(record["fell_back"]), tuple(record["languages"])
            )
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _owner(path: Path) -> str:
    """Name the process that has the journal: the last one that wrote itself down."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return "another process"
    for line in reversed(lines):
        if line.startswith(b'{"process"'):
            return f"process {json.loads(line)['process']}"
    return "another process"
