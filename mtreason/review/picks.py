"""What a person picked on the page of a review, as the file that leaves the page holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtreason.characters import has_half_pair, plain_characters
from mtreason.documents import lost
from mtreason.errors import InputError
from mtreason.files import read_bytes, refuse_pipe
from mtreason.records import parse_record
from mtreason.review.document import Passage, Review, one_line
from mtreason.storage.shapes import fits

KIND = "mtreason picks"
"""What the file calls itself."""
KEPT, OTHER, EDITED = "kept", "other", "edited"
"""What a person did with a segment: left it as it was, took another draft, or wrote something."""

_SHAPE = {
    "kind": str, "name": str, "digests": {"translation": str, "trace": str, "source": str},
    "picks": [{"segment": int, "text": str}],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picked:
    """A segment that a person has looked at."""

    passage: Passage
    text: str
    """What it shall say, with codes as tags."""

    @property
    def what(self) -> str:
        """One of KEPT, OTHER, EDITED."""
        if self.text == self.passage.text:
            return KEPT
        return OTHER if any(self.text == other.text for other in self.passage.alternatives) else EDITED


def read_picks(path: Path, review: Review) -> list[Picked]:
    """Read the picks of a review, in the order of the document.

    Raises `InputError` for a file that is none, that belongs to other files than the review, or that holds a text which
    cannot be written: blank, without a code that its source has, or with characters that no text has.
    """
    refuse_pipe(path, "the picks")
    found = _parsed(path)
    _check_digests(path, found, review)
    passages = {passage.number: passage for passage in review.passages}
    picked: dict[int, Picked] = {}
    for pick in found["picks"]:
        number = pick["segment"]
        if number not in passages:
            raise InputError(f"{path}: segment {number}: there are {len(passages)} segments: save the picks again")
        if number in picked:
            raise InputError(f"{path}: segment {number} is there twice: leave one of them out")
        picked[number] = _checked(path, passages[number], pick["text"])
    if not picked:
        raise InputError(f"{path}: holds no picks: review some segments on the page, and save them again")
    return [picked[number] for number in sorted(picked)]


def _parsed(path: Path) -> dict[str, Any]:
    try:
        found = parse_record(read_bytes(path, "check the name"))
    except ValueError:
        found = None
    if not fits(found, _SHAPE) or found["kind"] != KIND:
        raise InputError(f"{path}: expected the file that the page of 'mtreason review' saves")
    checked: dict[str, Any] = found
    return checked


def _check_digests(path: Path, found: Mapping[str, Any], review: Review) -> None:
    for what, digest in review.digests.items():
        theirs = found["digests"][what]
        if theirs != digest:
            raise InputError(
                f"{path}: was saved by a page of {found['name']!r} whose {what} is another one ({theirs[:12]}…, not "
                f"{digest[:12]}…): name the files that the page was made from, or make the page again"
            )


def _checked(path: Path, passage: Passage, said: str) -> Picked:
    """Return a pick whose text can be written."""
    if said == passage.text:
        return Picked(passage, said)
    text = one_line(said)
    wrong = "; ".join(_faults(passage, text))
    if wrong:
        raise InputError(f"{path}: segment {passage.number} ({passage.place}): {wrong}: mend it on the page")
    return Picked(passage, text)


def _faults(passage: Passage, text: str) -> Iterator[str]:
    """Say what keeps a text from being written."""
    if not text:
        yield "the text is blank"
        return
    if has_half_pair(text) or plain_characters(text, passage.source) != text:
        yield "the text has characters that no text has (control characters, halves of pairs)"
    missing = lost(passage.source, text)
    if missing.hard:
        yield f"the text loses {', '.join(missing.hard)}"
    if missing.added:
        yield f"the text has {', '.join(missing.added)}, which the source has not, or not so often"
    if missing.crossed:
        yield "the text has codes that cross, or close before they open"
