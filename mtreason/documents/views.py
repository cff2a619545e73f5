"""What a person may have changed in a file: its translatable pieces as they stand, and the frame around them.

A repository compares three files by their views: the source, the output that a person may have edited, and the same
output as it would be made now. Pieces are compared one by one, and everything else at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from mtreason.documents.protocol import Unit

SHORT = 16
"""How many hexadecimal digits identify a piece among those of one file."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a file as it stands there."""

    place: str
    """Where a person finds it."""
    key: str
    """What the format itself calls it; "" where only the order tells."""
    text: str
    """What is translated, without what the format leaves open, such as where its lines break."""
    raw: str
    """Its part of the file, as it can be put into another file of the same kind."""
    mark: str = ""
    """What tells whether somebody changed it; "" for `raw`."""
    filled: bool = True
    """Whether there is a translation at all."""
    block: str = ""
    """All of it, in a file where a piece can stand alone."""

    @property
    def as_source(self) -> str:
        """A digest of what a translation of it depends on."""
        return short_digest(f"{self.key}\0{self.text}")

    @property
    def as_output(self) -> str:
        """A digest of what a person may have changed."""
        return short_digest(self.mark or self.raw)


class View(Protocol):
    """A file, taken apart."""

    @property
    def pieces(self) -> Sequence[Piece]:
        """All pieces, in the order of the file."""

    @property
    def frame(self) -> str:
        """A digest of everything else; "" where pieces stand alone and nothing else matters."""

    @property
    def keyed(self) -> bool:
        """Whether the format names its pieces, so that their order does not matter."""

    def put(self, raws: Mapping[int, str], more: Sequence[str] = ()) -> bytes:
        """Return the file with other contents for some pieces, and with more blocks where pieces can stand alone."""

    def owner(self, unit: Unit) -> int:
        """Return the index of the piece that a unit of the same file belongs to, or -1 where that cannot be told."""

    def doubtful(self, raw: str) -> str:
        """Mark a piece as one that a person should look at, where the format has a sign for that."""

    def obsolete(self, piece: Piece) -> str:
        """Return a piece of another such file as a block that programs pass over; "" where there is no such thing."""


class PlainView:
    """What views have in common where the units are the pieces, and the format has no signs for a person."""

    __slots__ = ()

    def owner(self, unit: Unit) -> int:
        """See `View.owner`."""
        return unit.number - 1

    def doubtful(self, raw: str) -> str:
        """See `View.doubtful`."""
        return raw

    def obsolete(self, piece: Piece) -> str:
        """See `View.obsolete`."""
        del piece
        return ""


@dataclass(frozen=True, slots=True)
class SplicedView(PlainView):
    """A text that is cut at its pieces."""

    content: str
    bounds: Sequence[tuple[int, int]]
    pieces: Sequence[Piece]
    bom: bytes = b""
    keyed: bool = False
    owners: Sequence[int] = ()
    """The piece of each unit, where a piece may have several; () where each is one."""
    encoding: str = "utf-8"
    """Another only for markup, in which characters that it lacks can be written by number."""

    def owner(self, unit: Unit) -> int:
        """See `View.owner`."""
        return self.owners[unit.number - 1] if self.owners else unit.number - 1

    @property
    def frame(self) -> str:
        """See `View.frame`."""
        ends = [0, *(end for _, end in self.bounds)]
        starts = [*(start for start, _ in self.bounds), len(self.content)]
        return short_digest("\0".join(self.content[a:b] for a, b in zip(ends, starts, strict=True)))

    def put(self, raws: Mapping[int, str], more: Sequence[str] = ()) -> bytes:
        """See `View.put`."""
        del more
        parts: list[str] = []
        at = 0
        for i, (start, end) in enumerate(self.bounds):
            parts += [self.content[at:start], raws.get(i, self.content[start:end])]
            at = end
        errors = "strict" if self.encoding == "utf-8" else "xmlcharrefreplace"
        return self.bom + "".join([*parts, self.content[at:]]).encode(self.encoding, errors)


@dataclass(frozen=True)
class JoinedView(PlainView):
    """A file that consists of other files, such as a book."""

    parts: Mapping[str, View]
    rest: str
    """A digest of what is in no part."""
    write: Callable[[Mapping[str, bytes]], bytes]
    keyed: bool = False

    @cached_property
    def pieces(self) -> Sequence[Piece]:
        """See `View.pieces`."""
        return [replace(p, place=f"{name}, {p.place}") for name, view in self.parts.items() for p in view.pieces]

    @property
    def frame(self) -> str:
        """See `View.frame`."""
        return short_digest("\0".join([self.rest, *(f"{name}\0{view.frame}" for name, view in self.parts.items())]))

    def put(self, raws: Mapping[int, str], more: Sequence[str] = ()) -> bytes:
        """See `View.put`."""
        changed = {}
        before = 0
        for name, view in self.parts.items():
            count = len(view.pieces)
            own = {i - before: raw for i, raw in raws.items() if before <= i < before + count}
            if own:
                changed[name] = view.put(own, more)
            before += count
        return self.write(changed)


def view_of_lines(lines: Iterable[str], bom: bytes = b"") -> View:
    """Return the view of plain text: each line is a piece."""
    bounds, pieces = [], []
    at = 0
    kept = list(lines)
    for number, line in enumerate(kept, 1):
        bounds.append((at, at + len(line)))
        pieces.append(Piece(f"line {number}", "", line, line))
        at += len(line)
    return SplicedView("".join(kept), bounds, pieces, bom)


def short_digest(text: str) -> str:
    """Return a digest that tells pieces of one file apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SHORT]
