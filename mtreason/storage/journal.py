"""The journal of one output: it records every finished segment before anything depends on the segment.

Each segment is a line of JSON after its checksum, appended and passed to the operating system at once, so that a killed
process loses nothing. The file is forced to the disk at most `SYNC` seconds later, which is what a power cut can cost.
A line that was damaged since is left out: its segment is translated again. The journal is beside the output, has the
output's permissions, and is removed when the output has its final name.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from mtreason.errors import DocumentError, MtreasonError
from mtreason.files import open_own, read_regular, seal, short_digest, unseal
from mtreason.storage.locking import HeldError, Lock
from mtreason.storage.protocol import StoredTranslation, stored

SYNC = 1.0
"""Seconds between two times that the file is forced to the disk."""
MOST_NAMED = 10
"""How many damaged lines are named."""


class Journal:
    """What is finished of an output; open in one process only. Memory holds only the positions of its lines."""

    def __init__(self, output: Path) -> None:
        """Open the journal of an output, with what an interrupted run left in it.

        Raises `DocumentError` where another process writes this output, or where the journal cannot be written.
        """
        self.path = output.with_name(f".{output.name}.mtreason-journal")
        self._synced = time.monotonic()
        try:
            self._lock = Lock(Path(f"{self.path}.lock"))
        except HeldError as error:
            raise DocumentError(f"{output} is being written by {_owner(self.path)}: wait for it, or stop it") from error
        except OSError as error:
            raise self._refused(error) from error
        try:
            self._stream = open_own(output, self.path, os.O_RDWR)
            self.damaged: list[int] = []
            """Numbers of the lines that are damaged, from 1; their segments are translated again."""
            self._places = self._read()
            self._write({"process": os.getpid()})
        except OSError as error:
            self._lock.release()
            raise self._refused(error) from error
        self.found = len(self._places)
        """How many segments it held when it was opened."""

    def _refused(self, error: OSError) -> DocumentError:
        return DocumentError(f"{self.path} cannot be written ({error.strerror or error}): name another file with -o")

    def damage(self) -> str:
        """Say which lines are damaged; "" where none is."""
        if not self.damaged:
            return ""
        named = ", ".join(str(number) for number in self.damaged[:MOST_NAMED])
        more = f" and {len(self.damaged) - MOST_NAMED} more" if len(self.damaged) > MOST_NAMED else ""
        what = "line" if len(self.damaged) == 1 else "lines"
        return f"{self.path}: damaged in {what} {named}{more}: what stood there is translated again, the rest is kept"

    def _read(self) -> dict[bytes, int]:
        """Find the lines of segments; half a line at the end is removed, and damaged lines are left out."""
        places = {}
        place = 0
        self._stream.seek(0)
        for number, line in enumerate(self._stream, 1):
            if not line.endswith(b"\n"):
                self._stream.truncate(place)
                break
            try:
                record = unseal(line[:-1])
                if set(record) != {"process"}:
                    places[short_digest(_parse(record)[0])] = place
            except (ValueError, TypeError):
                self.damaged.append(number)
            place += len(line)
        return places

    def __len__(self) -> int:
        return len(self._places)

    def get(self, key: str) -> StoredTranslation | None:
        """Return the translation under a key; None where its line was damaged since the journal was opened."""
        place = self._places.get(short_digest(key))
        if place is None:
            return None
        self._stream.seek(place)
        try:
            found, kept = _parse(unseal(self._stream.readline().removesuffix(b"\n")))
        except (ValueError, TypeError):
            found = ""
        if found != key:
            del self._places[short_digest(key)]
            return None
        return kept

    def put(self, key: str, kept: StoredTranslation) -> None:
        """Append a segment; raises `MtreasonError` where there is no room."""
        if short_digest(key) in self._places:
            return
        # Counted first: a signal that comes while the line is written ends the run once it is.
        self._places[short_digest(key)] = self._stream.seek(0, os.SEEK_END)
        try:
            self._write({"key": key, **asdict(kept)})
        except OSError as error:
            del self._places[short_digest(key)]
            raise MtreasonError(
                f"{self.path} cannot be written ({error.strerror or error}): {len(self)} segments are in it; make room "
                "and run the same command again"
            ) from error

    def _write(self, record: dict[str, object]) -> None:
        """Append a line."""
        start = self._stream.seek(0, os.SEEK_END)
        try:
            self._stream.write(seal(record) + b"\n")
            self._stream.flush()
            if time.monotonic() - self._synced > SYNC:
                os.fsync(self._stream.fileno())
                self._synced = time.monotonic()
        except OSError:
            # Remove half a line, so that earlier lines stay usable; if that fails too, the next start removes it.
            with suppress(OSError):
                os.truncate(self.path, start)
            raise

    def close(self) -> None:
        """Force everything to the disk, and unlock the journal."""
        self._end_stream()
        self._lock.release()

    def _end_stream(self) -> None:
        if self._stream.closed:
            return
        with suppress(OSError):  # If something was lost, an error has said so before.
            self._stream.flush()
            os.fsync(self._stream.fileno())
        with suppress(OSError):
            self._stream.close()

    def remove(self) -> None:
        """Remove the journal: the output is complete."""
        self._end_stream()
        # Before the lock is released: afterwards another process may have begun a journal of this name.
        self.path.unlink(missing_ok=True)
        self._lock.remove()


def _parse(record: object) -> tuple[str, StoredTranslation]:
    """Return the key and translation of a record; raises `ValueError` for any other record."""
    if not isinstance(record, dict) or not isinstance(key := record.pop("key", None), str):
        raise ValueError("no key")
    return key, stored(record)


def _owner(path: Path) -> str:
    """Return a name for the process that holds the journal: the last one that wrote its number there."""
    try:
        lines = read_regular(path).split(b"\n")
    except OSError:
        return "another process"
    for line in reversed(lines):
        with suppress(ValueError, TypeError, KeyError):
            return f"process {int(unseal(line)['process'])}"
    return "another process"
