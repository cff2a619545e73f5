"""What became of an output since the lock, and how a person's work and a new translation go into one file.

Four files are compared: the source and the output as the lock remembers them, and both as they are now. What only a
person changed is kept, what only the source changed is translated again, and where both changed the person's text is
kept and a person is asked. The pieces of a file are compared one by one. Everything around them is its frame, and a
new file has either the frame of the source (RENDER) or that of the present output (PATCH): where both frames
changed, the whole file is kept and a person is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from hashlib import sha256

from mtreason.documents.views import View
from mtreason.errors import DocumentError, MtreasonError
from mtreason.runs.made import Entry, Made, adopted, just_made, places_of
from mtreason.runs.matching import by_key, by_neighbours, in_place
from mtreason.runs.repository import Snapshot

WHOLE = "the whole file"
MISSING = "missing"
INCOMPLETE = "incomplete"


class Mode(Enum):
    """How an output is made."""

    NEW = "new"
    """All from the source: nothing in it is a person's."""
    RENDER = "render"
    """From the source, with a person's pieces."""
    PATCH = "patch"
    """From the present output, with new translations of some pieces."""
    KEEP = "keep"
    """Not at all."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one piece of the source."""

    entry: Entry | None
    """What the lock says of it; None for a piece that is new."""
    place: int | None
    """Where it stands in the present output."""
    person: bool = False
    """Whether the text there is a person's, and stays."""
    asked: bool = False
    """Whether a person has to decide, because the source changed as well."""
    open: bool = False
    """Whether it has to be translated whatever the run is: it is new, changed, or has no translation."""

    def recorded(self, source: str, output: str) -> Entry:
        """Return what the lock shall say, given digests of the piece and of what now stands in the output."""
        if self.asked and self.entry is not None:
            return Entry(self.entry.source, output, person=True, asked=source)
        unclean = self.entry.unclean if self.entry is not None and not self.person else ""
        return Entry(source, output, person=self.person, unclean=unclean)


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of an output, and what to do."""

    mode: Mode
    why: str = ""
    """Why something has to be translated; "" where nothing has."""
    edited: tuple[str, ...] = ()
    """Places that are people's, and stay."""
    asked: tuple[str, ...] = ()
    """Places where a person has to decide."""
    made: Made | None = None
    """What the lock shall say where nothing is translated."""
    base: Made | None = None
    """What the lock says."""
    decisions: tuple[Decision, ...] = field(default=(), repr=False)
    """One for each piece of the source, in the modes RENDER and PATCH."""

    @property
    def unclean(self) -> tuple[str, ...]:
        """Where the present output has no clean translation, and why."""
        if self.made is not None:
            return self.made.unclean
        return tuple(d.entry.unclean for d in self.decisions if d.entry and d.entry.unclean and not d.person)


def compare(
    made: Made, source: Snapshot, output: Snapshot | None, changed: Sequence[str] = (), *, adopt: bool = False
) -> Standing:
    """Return what became of an output; `changed` names what differs between its run and the present one.

    With `adopt`, a person has decided: what would be asked about, and what is not clean, is right as it is beside the
    present source. Raises `DocumentError` for a source that cannot be read.
    """
    if output is None:
        return Standing(Mode.NEW, MISSING)
    touched = output.digest != made.output
    if made.loose and (touched or (adopt and made.source == source.digest)):
        # Which piece it belongs to is unknown: it is settled with the file, which is a person's where there are none.
        made = replace(made, loose=(), person=made.person or not (touched or made.pieces))
    names = [*(["source"] if made.source != source.digest else []), *changed]
    why = f"{' and '.join(names)} changed" if names else ""
    settled = adopt and any(entry.unclean for entry in made.pieces)
    if not touched and not made.theirs and not settled:
        return Standing(Mode.NEW if why else Mode.KEEP, why, made=made)
    if made.asked and made.asked == source.digest and not touched and not adopt:
        return Standing(Mode.KEEP, asked=(WHOLE,), made=made)
    if made.asked and made.asked == source.digest:
        # A person was asked, and changed the file, or says that it is right as it is.
        return compare(adopted(source, output, made.run), source, output, changed)
    before = source.view
    try:
        after = output.view
    except DocumentError:
        after = None
    standing = None
    if after is not None and made.pieces:
        standing = _Comparison(made, source, output, before, after, tuple(changed), adopt).standing(why)
    if standing is not None:
        return standing
    if made.source == source.digest:
        return Standing(Mode.KEEP, edited=(WHOLE,), made=made)
    if adopt:
        return compare(adopted(source, output, made.run), source, output, changed)
    return Standing(Mode.KEEP, asked=(WHOLE,), made=replace(made, output=output.digest, asked=source.digest))


@dataclass(frozen=True)
class _Comparison:
    """An output whose pieces can be told apart."""

    made: Made
    source: Snapshot
    output: Snapshot
    before: View
    after: View
    changed: tuple[str, ...]
    adopt: bool

    def standing(self, why: str) -> Standing | None:
        """Return what became of the output, or None where its pieces cannot be told apart any more: it stays whole."""
        made = self.made
        same_source = self.before.frame == made.frames[0]
        if self.own_frame:
            mode, of_source = Mode.RENDER, self._entries_of_source()
        elif same_source and len(self.before.pieces) == len(made.pieces):
            mode, of_source = Mode.PATCH, list(range(len(made.pieces)))
        else:
            return None
        places = self._places()
        decisions = tuple(self._decide(of_source, places))
        if self._loses(of_source, places) or (
            mode is Mode.PATCH and any(d.open and d.place is None for d in decisions)
        ):
            return None
        edited = tuple(self._where(d) for d in decisions if d.person and not d.asked)
        asked = tuple(self._where(d) for d in decisions if d.asked)
        around = not self.own_frame or bool(self._additions(decisions))
        edited += ("what is around its texts",) if around and not edited else ()
        if (
            any(d.open for d in decisions)
            or (self.changed and not all(d.person for d in decisions))
            or not same_source
            or (mode is Mode.RENDER and not self.before.keyed and of_source != list(range(len(made.pieces))))
            or (self.alone and made.source != self.source.digest)
        ):
            return Standing(mode, why or INCOMPLETE, edited, asked, None, made, decisions)
        pieces = tuple(
            d.recorded(piece.as_source, "" if d.place is None else self.marks[d.place])
            for d, piece in zip(decisions, self.before.pieces, strict=True)
        )
        record = Made(
            self.source.digest,
            made.run,
            self.output.digest,
            made.frames,
            pieces,
            person=made.person or around,
            loose=made.loose,
        )
        return Standing(Mode.KEEP, "", edited, asked, record, made, decisions)

    @property
    def alone(self) -> bool:
        """Whether pieces stand alone, so that there is no frame."""
        return self.before.keyed and not self.before.frame

    @cached_property
    def marks(self) -> list[str]:
        """Digests of the pieces of the present output."""
        return [piece.as_output for piece in self.after.pieces]

    @cached_property
    def own_frame(self) -> bool:
        """Whether what is around the pieces is as this tool wrote it."""
        if self.alone:
            return True
        fixed = self.before.keyed or in_place([entry.output for entry in self.made.pieces], self.marks)
        return fixed and not self.made.person and self.after.frame == self.made.frames[1]

    def _entries_of_source(self) -> list[int | None]:
        """Return for each piece of the source which entry of the lock it is, also where pieces were moved."""
        return by_neighbours([e.asked or e.source for e in self.made.pieces], [p.as_source for p in self.before.pieces])

    def _places(self) -> list[int | None]:
        """Return for each entry of the lock where it stands in the present output."""
        if self.before.keyed:
            return by_key(
                [e.asked or e.source for e in self.made.pieces], [piece.as_source for piece in self.after.pieces]
            )
        outputs = [entry.output for entry in self.made.pieces]
        if self.own_frame:
            found = iter(range(len(self.marks)))
            return [next(found) if output else None for output in outputs]
        pairs = by_neighbours(self.marks, outputs)
        return [place if output else None for output, place in zip(outputs, pairs, strict=True)]

    def _loses(self, of_source: Sequence[int | None], places: Sequence[int | None]) -> bool:
        """Return whether a person's text belongs to a piece that the source no longer has."""
        if self.alone:
            return False  # it becomes an obsolete message
        kept = set(of_source)
        return any(i not in kept and self._is_theirs(e, places[i]) for i, e in enumerate(self.made.pieces))

    def _is_theirs(self, entry: Entry, place: int | None) -> bool:
        return entry.person or (place is not None and self.marks[place] != entry.output)

    def _additions(self, decisions: Sequence[Decision]) -> list[int]:
        """Return which pieces of the present output belong to none of the source; only where they stand alone."""
        used = {d.place for d in decisions}
        return [i for i in range(len(self.after.pieces)) if i not in used] if self.alone else []

    def _decide(self, of_source: Sequence[int | None], places: Sequence[int | None]) -> Iterator[Decision]:
        keys = [piece.as_source for piece in self.before.pieces]
        there = by_key(keys, [piece.as_source for piece in self.after.pieces]) if self.alone else [None] * len(keys)
        for key, i, own in zip(keys, of_source, there, strict=True):
            if i is None:
                # A person who added a message before the program did has translated it.
                filled = own is not None and self.after.pieces[own].filled
                yield Decision(None, own, person=filled, open=not filled)
                continue
            entry, place = self.made.pieces[i], places[i]
            edited = ("" if place is None else self.marks[place]) != entry.output
            absent = self.alone if place is None else not self.after.pieces[place].filled
            right = self.adopt and bool(entry.unclean) and key == entry.source
            if absent or not (entry.person or edited or right):
                yield Decision(entry, place, open=absent or key != entry.source)
            elif self.adopt or key == entry.source or (edited and entry.asked == key):
                yield Decision(entry, place, person=True)
            else:
                yield Decision(entry, place, person=True, asked=True)

    def _where(self, decision: Decision) -> str:
        return "a part that was removed" if decision.place is None else self.after.pieces[decision.place].place


class UnmergeableError(MtreasonError):
    """A person's work and a new translation do not go into one file."""


def merge(
    standing: Standing,
    source: Snapshot,
    output: Snapshot | None,
    fresh: Snapshot,
    run: str,
    texts: Sequence[str] | None = None,
) -> tuple[bytes, Made]:
    """Return the file to write, and what the lock shall say of it.

    `fresh` is the output as it would be without people, and `texts` are what was written into it, unit by unit.
    Raises `UnmergeableError` where the two do not go together, which may show only now.
    """
    if standing.mode is Mode.NEW or output is None:
        return fresh.data, just_made(source, fresh, run, texts)
    try:
        before, new, old = source.view, fresh.view, output.view
        places = places_of(before, new, texts)
        if places is None:
            raise UnmergeableError
        join = _into_new if standing.mode is Mode.RENDER else _into_old
        data, stands, person = join(standing, before, old, new, places)
        merged = Snapshot(output.path, data, source.columns, source.target).view
        marks = [piece.as_output for piece in merged.pieces]
        if before.keyed:
            found: Sequence[int | None] = by_key([p.key for p in before.pieces], [p.key for p in merged.pieces])
        else:
            found = stands
            if len(marks) != len((new if standing.mode is Mode.RENDER else old).pieces):
                raise UnmergeableError
    except DocumentError as error:
        raise UnmergeableError from error
    pieces = []
    for decision, piece, place in zip(standing.decisions, before.pieces, found, strict=True):
        if decision.person and decision.place is not None:
            wanted = old.pieces[decision.place]
            if place is None or not (
                decision.asked or merged.pieces[place].as_output == wanted.as_output or before.keyed
            ):
                raise UnmergeableError
        pieces.append(decision.recorded(piece.as_source, "" if place is None else marks[place]))
    frames = before.frame, new.frame
    return data, Made(source.digest, run, sha256(data).hexdigest(), frames, tuple(pieces), person=person)


Joined = tuple[bytes, Sequence[int | None], bool]
"""A file, where the pieces of the source stand in it, and whether what is around them is a person's."""


def _into_new(standing: Standing, before: View, old: View, new: View, places: Sequence[int | None]) -> Joined:
    """Put a person's pieces into the new file."""
    raws: dict[int, str] = {}
    for decision, place in zip(standing.decisions, places, strict=True):
        if not decision.person or decision.place is None:
            continue
        if place is None:
            raise UnmergeableError
        raw = old.pieces[decision.place].raw
        raws[place] = new.doubtful(raw) if decision.asked else raw
    more = list(_more(standing, before, old)) if before.keyed and not before.frame else []
    return new.put(raws, more), places, bool(more)


def _into_old(standing: Standing, before: View, old: View, new: View, places: Sequence[int | None]) -> Joined:
    """Put new translations into the present file."""
    del before
    raws: dict[int, str] = {}
    for decision, place in zip(standing.decisions, places, strict=True):
        if decision.person or decision.place is None:
            continue
        if place is None:
            raise UnmergeableError
        if new.pieces[place].as_output != old.pieces[decision.place].as_output:
            raws[decision.place] = new.pieces[place].raw
    return old.put(raws), [decision.place for decision in standing.decisions], True


def _more(standing: Standing, before: View, old: View) -> Iterator[str]:
    """Yield what stands in the present output alone: what a person added, and what the source no longer has."""
    used = {d.place for d in standing.decisions}
    wanted = {piece.key for piece in before.pieces}
    outputs = {} if standing.base is None else {e.asked or e.source: e for e in standing.base.pieces}
    for i, piece in enumerate(old.pieces):
        entry = outputs.get(piece.as_source)
        if i in used or piece.key in wanted:
            continue
        if entry is None:
            yield piece.block
        elif entry.person or piece.as_output != entry.output:
            yield old.obsolete(piece)


def left_alone(standing: Standing, source: Snapshot, output: Snapshot) -> Made:
    """Return what the lock shall say of an output that could not be merged: a person is asked about the whole file."""
    base = standing.base or just_made(source, output, "")
    return replace(base, output=output.digest, asked=source.digest)
