"""What gates look at."""

from __future__ import annotations

from dataclasses import dataclass

from mtreason.languages import Direction


@dataclass(frozen=True, slots=True)
class Pair:
    """A text and what is said to be its translation."""

    source: str
    text: str
    """Without the chatter around it."""
    direction: Direction
    finished: bool = True
    """Whether the model ended it."""
    stripped: bool = False
    """Whether chatter was cut off."""
    kept: tuple[str, ...] = ()
    """Terms of the source that a glossary keeps as they are."""
