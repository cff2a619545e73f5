"""What a document is to other modules: units to translate, and the rest, which stays unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from mtreason.documents.coded import Code
from mtreason.languages import Language

if TYPE_CHECKING:
    from mtreason.documents.views import View


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader is told beside the file."""

    columns: tuple[str, ...] = ()
    """The columns or keys to translate; none for all."""
    target: Language | None = None
    """The language of the output, where it is known: some formats name it, and have units for its plural forms."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a document that is translated by itself: a line, a paragraph, a cell, a caption."""

    number: int
    """From 1, in the order of the document."""
    place: str
    """Where a person finds it: "line 12", "cue 3", "msgid on line 40"."""
    text: str
    """The text to translate; written back unchanged, it gives the same file. A line break in it is one of the file."""
    codes: Mapping[str, Code] = field(default_factory=dict)
    """What the tags in the text stand for."""
    note: str = ""
    """What the file says of the text to those who translate it; see `mtreason.documents.notes`."""


class Document(Protocol):
    """A document that was read; a format is a function from a file's bytes to such a document."""

    @property
    def units(self) -> Iterable[Unit]:
        """The units to translate, in order. Plain text yields lines as they are read, once."""

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the file, given a text for every unit in order; plain text is yielded line by line as it comes.

        With the units' own texts this is the file that was read, byte for byte, except where the format says otherwise.
        """

    def view(self) -> View:
        """Return the file as it stands, piece by piece; plain text can be read once, so this or its units."""
