"""What people see while a command works: messages and a progress bar on standard error, tables on standard output.

Nothing else in the package prints. What is quoted is data: no character of it acts on the terminal, and neither braces
nor brackets in it mean anything.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mtreason.characters import visible

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


HEARTBEAT = 60.0
"""Seconds between two signs of life where standard error is not a terminal."""


def say(message: str) -> None:
    """Write one line to standard error; control characters of quoted input are made visible."""
    if sys.stderr is None:
        return  # The caller closed it.
    try:
        sys.stderr.buffer.write(f"mtreason: {visible(message)}\n".encode("utf-8", "replace"))
        sys.stderr.flush()
    except (OSError, ValueError):
        pass  # The reader is gone; the exit code still tells the result.


def print_table(rows: Iterable[Sequence[str]], titles: Sequence[str] = (), *more: str) -> None:
    """Print rows of cells to standard output, and more lines after them."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=bool(titles))
    for title in titles:
        table.add_column(title, no_wrap=True)
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    console.print(table)
    for line in more:
        console.print(visible(line))


def counted(number: int, what: str = "segment") -> str:
    """Return a number of things, in words."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


class ProgressLine:
    """Progress on a terminal; nothing elsewhere, except where a method says so."""

    def __init__(self, *, shown: bool) -> None:
        self.heard = shown and sys.stderr is not None
        self.shown = self.heard and sys.stderr.isatty()
        self._beat = 0.0
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._stage = ""

    def stage(self, name: str, fraction: float) -> None:
        """Show a stage of preparation; where there is no terminal, name each stage once."""
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
        """Show how many units are written and segments done, and the speed; without a terminal only now and then."""
        done = f"{segments} segments  {tokens_per_second:.0f} tokens/s"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=units, done=done)
        elif self.heard and time.monotonic() - self._beat > HEARTBEAT:
            self._beat = time.monotonic()
            say(f"{units} units, {done}")

    def rows(self, done: int, total: int, said: str) -> None:
        """Show how many rows of a corpus are done, and what else is said of them; without a terminal now and then."""
        if self.shown:
            if self._stage != "translating":
                self.stop()
                self._start("translating", total, "{task.completed:.0f}/{task.total:.0f}  {task.fields[done]}")
                self._stage = "translating"
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, completed=done, done=said)
        elif self.heard and time.monotonic() - self._beat > HEARTBEAT:
            self._beat = time.monotonic()
            say(f"{done} of {total} rows, {said}")

    def count(self, name: str, done: int, total: int) -> None:
        """Show how many of the things with this name are done; nothing without a terminal."""
        if not self.shown:
            return
        if name != self._stage:
            self.stop()
            self._start(name, total, "{task.completed:.0f}/{task.total:.0f}")
            self._stage = name
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done)

    def say(self, message: str) -> None:
        """Write a line above the progress line."""
        if self._bar is not None:
            self._bar.stop()
        say(message)
        if self._bar is not None:
            self._bar.start()

    def stop(self) -> None:
        """Remove the progress line."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _start(self, name: str, total: float | None, figures: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        said = TextColumn("{task.description}", markup=False)
        columns = (said, BarColumn(bar_width=30), TextColumn(figures), TimeRemainingColumn(compact=True))
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(visible(name), total=total, done="")
        self._bar.start()
