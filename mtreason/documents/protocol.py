"""What a document is to everything else: units to translate, and the rest, which stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a document that is translated by itself: a line, a paragraph, a cell, a caption."""

    number: int
    """From 1, in the order of the document."""
    place: str
    """Where a person finds it: "line 12", "cue 3", "msgid on line 40"."""
    text: str
    """As the model sees it; gives the unit back unchanged when it is put in its own place."""


class Document(Protocol):
    """A document that was read; a format is a function from a file's bytes to one of these."""

    @property
    def units(self) -> Iterable[Unit]:
        """What there is to translate, in order. Plain text yields lines as they are read, once."""

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the file with a text for every unit, in order, as soon as each is known.

        With the units' own texts it is the file that was read, byte for byte, but for what a format says of itself.
        """
