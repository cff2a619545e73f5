"""What the lock remembers of an output: for each piece, what it was translated from and what was written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from mtreason.characters import LETTER
from mtreason.documents.views import View
from mtreason.errors import DocumentError
from mtreason.runs.repository import Snapshot

PERSON = "person"
NOTHING = "-"
_UNCLEAN = " ! "
_PIECE = re.compile(r"[0-9a-f]+ (?:[0-9a-f]+|-)(?: person(?: [0-9a-f]+)?)?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of an output, by digests."""

    source: str
    """What it is the translation of."""
    output: str
    """What stood in the output; "" where it cannot be found there."""
    person: bool = False
    """Whether a person wrote it."""
    asked: str = ""
    """The other source that it now stands beside, while a person has to decide whether it fits."""
    unclean: str = ""
    """Where no clean translation was found, and why, in words; "" for a clean one, and for a person's."""

    def __str__(self) -> str:
        """Return it as a line of the lock."""
        words = [self.source, self.output or NOTHING, PERSON if self.person or self.asked else "", self.asked]
        return " ".join(word for word in words if word) + (_UNCLEAN + self.unclean if self.unclean else "")


@dataclass(frozen=True, slots=True)
class Made:
    """What one output was made from, and what was made."""

    source: str
    """SHA-256 of its source."""
    run: str
    """Digest of the run."""
    output: str
    """SHA-256 of the output."""
    frames: tuple[str, str] = ("", "")
    """Digests of what is around the pieces: in the source, and in the output as this tool writes it."""
    pieces: tuple[Entry, ...] = ()
    """In the order of the source; none where the pieces of the two files cannot be told apart."""
    person: bool = False
    """Whether a person also changed what is around the pieces."""
    asked: str = ""
    """SHA-256 of the source that the file as a whole stands beside, while a person has to decide."""
    loose: tuple[str, ...] = ()
    """Where no clean translation was found, as far as that belongs to no piece; see `Entry.unclean`."""

    @property
    def unclean(self) -> tuple[str, ...]:
        """All places where no clean translation was found, and why."""
        return (*(entry.unclean for entry in self.pieces if entry.unclean), *self.loose)

    @property
    def theirs(self) -> bool:
        """Whether anything in the output is a person's."""
        return self.person or bool(self.asked) or any(entry.person or entry.asked for entry in self.pieces)

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON types; a piece is one line."""
        found: dict[str, Any] = {"source": self.source, "run": self.run, "output": self.output}
        found |= {"frames": list(self.frames), "pieces": [str(entry) for entry in self.pieces]}
        found |= {"person": True} if self.person else {}
        found |= {"unclean": list(self.loose)} if self.loose else {}
        return found | ({"asked": self.asked} if self.asked else {})


def read_made(record: Mapping[str, Any]) -> Made:
    """Read it from JSON; raises `TypeError`, `KeyError` or `ValueError` for anything else."""
    values = {name: _text(record[name]) for name in ("source", "run", "output")}
    frames, pieces, loose = record["frames"], record["pieces"], record.get("unclean", [])
    if not all(isinstance(found, list) for found in (frames, pieces, loose)):
        raise TypeError(record)
    first, second = (_text(frame) for frame in frames)
    person, asked = record.get("person", False), _text(record.get("asked", ""))
    if not isinstance(person, bool) or set(record) - _KEYS:
        raise TypeError(record)
    entries, loose = tuple(map(_entry, pieces)), tuple(map(_text, loose))
    return Made(**values, frames=(first, second), pieces=entries, person=person, asked=asked, loose=loose)


_KEYS = {"source", "run", "output", "frames", "pieces", "person", "asked", "unclean"}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _entry(line: object) -> Entry:
    digests, _, unclean = _text(line).partition(_UNCLEAN)
    if not _PIECE.fullmatch(digests):
        raise ValueError(line)
    source, output, person, asked = [*digests.split(), "", ""][:4]
    return Entry(source, "" if output == NOTHING else output, bool(person), asked, unclean)


def places_of(source: View, output: View, texts: Sequence[str] | None = None) -> list[int | None] | None:
    """Return where each piece of a source stands in what was rendered from it, or None where that cannot be told.

    `texts` are the translations that were written; one without a letter is not found again by a reader.
    """
    if source.keyed:
        at = {piece.key: i for i, piece in enumerate(output.pieces)}
        return [at.get(piece.key) for piece in source.pieces]
    count = len(output.pieces)
    if len(source.pieces) == count:
        return list(range(count))
    if texts is None or len(texts) != len(source.pieces):
        return None
    found = [bool(LETTER.search(text)) for text in texts]
    if sum(found) != count:
        return None
    numbers = accumulate(found, initial=0)
    return [number if there else None for number, there in zip(numbers, found, strict=False)]


def just_made(source: Snapshot, output: Snapshot, run: str, texts: Sequence[str] | None = None) -> Made:
    """Return the record of an output that this tool has just made, wholly; see `places_of` for the texts."""
    try:
        before, after = source.view, output.view
        places = places_of(before, after, texts)
        frames = before.frame, after.frame
    except DocumentError:
        places = None
    if places is None:
        return Made(source.digest, run, output.digest)
    return Made(source.digest, run, output.digest, frames, entries(before, after, places))


def entries(source: View, output: View, places: Sequence[int | None]) -> tuple[Entry, ...]:
    """Return the entries of pieces that all are this tool's."""
    marks = [piece.as_output for piece in output.pieces]
    pairs = zip(source.pieces, places, strict=True)
    return tuple(Entry(piece.as_source, "" if place is None else marks[place]) for piece, place in pairs)


def with_unclean(made: Made, unclean: Mapping[int, str]) -> Made:
    """Return the record with what is unclean in an output that was made just now, by piece; -1 for no piece."""
    pieces = [
        entry if entry.person or entry.asked else replace(entry, unclean=unclean.get(i, ""))
        for i, entry in enumerate(made.pieces)
    ]
    loose = tuple(said for i, said in unclean.items() if not 0 <= i < len(pieces))
    return replace(made, pieces=tuple(pieces), loose=loose)


def adopted(source: Snapshot, output: Snapshot, run: str) -> Made:
    """Return the record of an output that people made, or said to be right as it is beside this source.

    What has no translation yet is not theirs. Where the pieces cannot be told apart the whole file is.
    """
    whole = Made(source.digest, run, output.digest, person=True)
    try:
        before, after = source.view, output.view
        if before.keyed:
            at = {piece.as_source: i for i, piece in enumerate(after.pieces)}
            places: list[int | None] = [at.get(piece.as_source) for piece in before.pieces]
            known = {piece.as_source for piece in before.pieces}
            if before.frame and any(p.filled and p.as_source not in known for p in after.pieces):
                return whole
        elif len(before.pieces) == len(after.pieces) > 0:
            places = list(range(len(after.pieces)))
        else:
            return whole
        frame = after.frame if before.frame == after.frame else ""
        frames = before.frame, frame
    except DocumentError:
        return whole
    found = []
    for piece, place in zip(before.pieces, places, strict=True):
        there = None if place is None else after.pieces[place]
        if there is None or not there.filled:
            found.append(Entry(piece.as_source, "" if there is None else there.as_output))
        else:
            found.append(Entry(piece.as_source, there.as_output, person=True))
    alone = before.keyed and not before.frame
    extras = alone and len({p for p in places if p is not None}) < len(after.pieces)
    return Made(source.digest, run, output.digest, frames, tuple(found), person=extras)
