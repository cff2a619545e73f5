"""What a run reports about itself while it works; the command line shows it, a program may ignore it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives how far a run is."""

    def note(self, message: str) -> None:
        """Report something that is good to know."""

    def warn(self, message: str) -> None:
        """Report something that the user has to know."""

    def stage(self, name: str, fraction: float) -> None:
        """Show a stage of preparation; `fraction` of it is done."""

    def segments(self, total: int | None) -> None:
        """Begin counting the units of a document; None where their number is not known."""

    def advance(self, units: int, segments: int, tokens_per_second: float) -> None:
        """Show how many units are written and segments done, and the speed."""

    def count(self, name: str, done: int, total: int) -> None:
        """Show how many of the things with this name are done."""

    def stop(self) -> None:
        """Stop showing progress: the work is done."""


class Silence:
    """Progress that is shown nowhere."""

    def note(self, message: str) -> None:
        """See `Progress.note`."""

    def warn(self, message: str) -> None:
        """See `Progress.warn`."""

    def stage(self, name: str, fraction: float) -> None:
        """See `Progress.stage`."""

    def segments(self, total: int | None) -> None:
        """See `Progress.segments`."""

    def advance(self, units: int, segments: int, tokens_per_second: float) -> None:
        """See `Progress.advance`."""

    def count(self, name: str, done: int, total: int) -> None:
        """See `Progress.count`."""

    def stop(self) -> None:
        """See `Progress.stop`."""
