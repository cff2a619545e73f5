"""What a document is to other modules: units to translate, and the rest, which stays unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mtreason.documents.views import View


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a document that is translated by itself: a line, a paragraph, a cell, a caption."""

    number: int
    """From 1, in the order of the document."""
    place: str
    """Where a person finds it: "line 12", "cue 3", "msgid on line 40"."""
    text: str
    """The text for the model; written back unchanged, it gives the same file."""


class Document(Protocol):
    """A document that was read; a format is a function from a file's bytes to such a document."""

    @property
    def units(self) -> Iterable[Unit]:
        """The units to translate, in order. Plain text yields lines as they are read, once."""

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the file, given a text for every unit in order; each part is yielded as soon as its text is known.

        With the units' own texts this is the file that was read, byte for byte, except where the format says otherwise.
        """

    def view(self) -> View:
        """Return the file as it stands, piece by piece; plain text can be read once, so this or its units."""
