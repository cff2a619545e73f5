"""The one place that writes: data to standard output or a file, everything else to standard error."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mtreason.errors import DocumentError, MtreasonError
from mtreason.files import part_of, sweep_parts

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


HEARTBEAT = 60.0
"""Seconds between two signs of life where nobody watches a terminal."""


def say(message: str) -> None:
    """Write one line to standard error; control characters of quoted input are made visible."""
    if sys.stderr is None:
        return  # Closed by whoever started us.
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in message)
    try:
        sys.stderr.buffer.write(f"mtreason: {line}\n".encode("utf-8", "replace"))
        sys.stderr.flush()
    except (OSError, ValueError):
        pass  # Nobody listens any more; the exit code still tells.


@dataclass(slots=True)
class Output:
    """Where data goes: standard output, a file that grows, or a file that appears when it is complete."""

    path: Path | None
    """None: standard output."""
    whole: bool = False
    """Write beside the file, and give it its name at the end."""
    parts: int = 0
    """Completion so far."""
    _stream: BinaryIO | None = field(default=None, init=False)

    def write(self, text: str) -> None:
        """Write one line, with its ending, all the way out; raises `MtreasonError` when it cannot be."""
        self.write_bytes(text.encode("utf-8"))

    def write_bytes(self, data: bytes) -> None:
        """Write a part of a file."""
        with self._explained():
            self._open().write(data)
            self._open().flush()
        self.parts += 1

    def close(self) -> None:
        """Make sure a file exists even when there was nothing to write, and give it its name."""
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
        """Take away what is not complete."""
        if self.whole and self._stream is not None and self.path is not None:
            self._stream.close()
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
                if self.whole:
                    sweep_parts(self.path)
                self._stream = (self._beside if self.whole else self.path).open("wb")
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


class ProgressLine:
    """Progress on a terminal, silence elsewhere."""

    def __init__(self, *, shown: bool) -> None:
        self.heard = shown and sys.stderr is not None
        self.shown = self.heard and sys.stderr.isatty()
        self._beat = 0.0
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._stage = ""

    def stage(self, name: str, fraction: float) -> None:
        """Show a stage of preparation; off a terminal each stage is named once."""
        if not self.shown:
            if name != self._stage:
                say(name)
            self._stage = name
            return
        if name != self._stage:
            self.stop()
            self._start(name, 1.0, "{task.percentage:>3.0f}%")
            self._stage = name
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=fraction)

    def segments(self, total: int | None) -> None:
        """Begin counting units of the document."""
        self.stop()
        self._beat = time.monotonic()
        if self.shown:
            self._start("translating", total, "{task.completed:.0f}/{task.total}  {task.fields[done]}")

    def advance(self, units: int, segments: int, tokens_per_second: float) -> None:
        """Show how many units are written and segments done, and the speed; off a terminal now and then."""
        done = f"{segments} segments  {tokens_per_second:.0f} tokens/s"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=units, done=done)
        elif self.heard and time.monotonic() - self._beat > HEARTBEAT:
            self._beat = time.monotonic()
            say(f"{units} units, {done}")

    def count(self, name: str, done: int, total: int) -> None:
        """Show how many of so many things that have this name are done; silence off a terminal."""
        if not self.shown:
            return
        if name != self._stage:
            self.stop()
            self._start(name, total, "{task.completed:.0f}/{task.total:.0f}")
            self._stage = name
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done)

    def say(self, message: str) -> None:
        """Write a line above this one."""
        if self._bar is not None:
            self._bar.stop()
        say(message)
        if self._bar is not None:
            self._bar.start()

    def stop(self) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _start(self, name: str, total: float | None, figures: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn(name), BarColumn(bar_width=30), TextColumn(figures), TimeRemainingColumn(compact=True))
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(name, total=total, done="")
        self._bar.start()
