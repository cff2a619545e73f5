"""The one place that writes data: to standard output, a file that grows, or a file that appears when it is complete."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from mtreason.characters import utf8, visible_lines
from mtreason.errors import DocumentError, MtreasonError
from mtreason.files import open_part, part_of, sweep_parts


@dataclass(slots=True)
class Output:
    """Where data goes: standard output, a file that grows, or a file that appears when it is complete."""

    path: Path | None
    """None: standard output."""
    whole: bool = False
    """Write to a file beside this one, and rename that at the end."""
    append: bool = False
    """Write after what is in the file already."""
    parts: int = 0
    """How many parts were written so far."""
    _stream: BinaryIO | None = field(default=None, init=False)

    def write(self, text: str) -> None:
        """Write one line with its line ending, and flush it; raises `MtreasonError` when that fails."""
        self.write_bytes(utf8(text))

    def write_bytes(self, data: bytes) -> None:
        """Write a part of a file; on a terminal, control characters in it become visible and do nothing."""
        with self._explained():
            stream = self._open()
            if self.path is None and stream.isatty():
                data = visible_lines(data.decode("utf-8", "backslashreplace")).encode()
            stream.write(data)
            stream.flush()
        self.parts += 1

    def close(self) -> None:
        """Create the file even when there was nothing to write, and give it its final name."""
        with self._explained():
            stream = self._open()
            if self.path is None:
                return
            if self.whole:
                os.fsync(stream.fileno())
            stream.close()
            if self.whole:
                self._beside.replace(self.path)

    def discard(self) -> None:
        """Close the file, and remove one that is not complete."""
        if self._stream is None or self.path is None:
            return
        # On a full disk, what is still in the buffer fails once more.
        with suppress(OSError):
            self._stream.close()
        if self.whole:
            with suppress(OSError):
                self._beside.unlink(missing_ok=True)

    @property
    def _beside(self) -> Path:
        return part_of(Path("-") if self.path is None else self.path)

    def _open(self) -> BinaryIO:
        if self._stream is None:
            if self.path is None and sys.stdout is None:
                raise DocumentError("standard output is closed: name a file with -o")
            if self.path is None:
                self._stream = sys.stdout.buffer
            else:
                sweep_parts(self.path)
                self._stream = open_part(self.path) if self.whole else self.path.open("ab" if self.append else "wb")
        return self._stream

    @contextmanager
    def _explained(self) -> Iterator[None]:
        name = "standard output" if self.path is None else str(self.path)
        try:
            yield
        except BrokenPipeError as error:
            # Otherwise Python complains once more when it flushes at exit.
            if self.path is None:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise MtreasonError(
                f"{name} was closed by its reader after {self.parts} lines: write to a file with -o to keep all"
            ) from error
        except OSError as error:
            self.discard()
            if error.errno == errno.ENOSPC:
                raise MtreasonError(f"no space left for {name}: make room and run the same command again") from error
            raise DocumentError(
                f"{name} cannot be written ({error.strerror or error}): name another file with -o"
            ) from error
