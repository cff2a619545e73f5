"""A document, its translation and the trace of it, joined: what each segment says, and what else it might say.

The trace tells from which file the translation was made, and what was chosen for every segment. Whether the three
belong together is not taken on trust: the translation is made once more from the other two, and has to be the same,
byte for byte.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mtreason.characters import plain_characters
from mtreason.documents import TEXT, Document, Line, Unit, join_line, parse_line
from mtreason.documents.coded import Code, written
from mtreason.errors import InputError, MtreasonError
from mtreason.files import read_unpacked, refuse_pipe
from mtreason.languages import Direction, parse_language
from mtreason.lines import LINE_END
from mtreason.report.tree import read_trace
from mtreason.runs.job import STANDARD_INPUT
from mtreason.runs.pipeline import PASSED
from mtreason.runs.repository import Snapshot, take_snapshot
from mtreason.storage.shapes import MAYBE_NUMBER, fits

MOST_SHOWN = 9
"""Drafts of a segment that are shown, the chosen one among them: each has a key of its own, 1 to 9."""
UNUSABLE = frozenset({"empty", "placeholder"})
"""Gates whose drafts are not offered: nobody can take what says nothing, or lost what programs read."""

_RECORD = {
    "line": int, "place": str, "text": str, "problems": [str], "doubts": [str], "placed": bool, "score": MAYBE_NUMBER,
    "document": {"source": str, "format": (str, type(None)), "columns": [str], "languages": [str]},
    "candidates": [{"doubts": [str]}],
}  # fmt: skip
"""What a trace has beside what `read_trace` looks at."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another draft of a segment."""

    text: str
    """With codes as tags."""
    score: float | None
    """Its reward; None for one that is not clean."""
    problems: tuple[str, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A segment under review. Its texts have codes as tags."""

    number: int
    """In the document, from 1."""
    place: str
    source: str
    text: str
    """What was chosen."""
    codes: Mapping[str, Code]
    status: str
    """As in `runs.translation.Translation`."""
    problems: tuple[str, ...]
    doubts: tuple[str, ...]
    placed: bool
    score: float | None
    terms: tuple[Mapping[str, Any], ...]
    """Glossary terms, as a trace describes them."""
    alternatives: tuple[Alternative, ...]
    """The best first, at most `MOST_SHOWN` less one."""

    @property
    def passed(self) -> bool:
        """Whether there was nothing to translate."""
        return self.status == PASSED

    @property
    def missed(self) -> bool:
        """Whether a term of the glossary is not followed."""
        return not all(term["followed"] for term in self.terms)


@dataclass(frozen=True, slots=True)
class Review:
    """A document under review."""

    name: str
    """The name of the file that holds the translation, without its directory."""
    translation: Snapshot
    source: Snapshot
    document: Document
    """The source, as it was read."""
    direction: Direction
    digests: Mapping[str, str]
    """SHA-256 of the three files by what they are: "translation", "trace", "source"."""
    passages: tuple[Passage, ...]
    units: tuple[tuple[Unit, Line], ...]
    """The units of the source, each cut as it was when it was translated."""

    def written(self, texts: Mapping[int, str]) -> bytes:
        """Return the document with other texts for some segments, by their numbers."""
        return _written(self.document, self.units, self.passages, self.direction, texts)


def open_review(translation: Path, trace: Path, source: Path | None = None) -> Review:
    """Read a translation and what it was made from; the trace names the source unless it is given.

    Raises `InputError` where one of them is missing, damaged, or does not belong to the others.
    """
    refuse_pipe(trace, "the trace")
    records = _read_records(trace)
    about = records[0]["document"]
    source = source or _named_source(about["source"], trace)
    direction = _direction(about["languages"], trace)
    snapshot = _snapshot(source, about, direction)
    document = snapshot.document()
    waiting = deque(records)
    cut = tuple((unit, _cut(unit, waiting, direction, f"{source}, {unit.place}", trace)) for unit in document.units)
    if waiting:
        raise InputError(f"{source}: ends before segment {waiting[0]['segment']} of {trace}: {_CHANGED}")
    sources = [(unit, text) for unit, line in cut for text in line.segments]
    passages = tuple(_passages(records, sources))
    refuse_pipe(translation, "the translation")
    done = take_snapshot(translation)
    if _written(document, cut, passages, direction, {}) != done.data:
        raise InputError(
            f"{translation}: is not what {trace} makes of {source}: it was changed since, or comes from another run: "
            "name the file as it was written, or translate again with --trace"
        )
    digests = {
        "translation": done.digest,
        "trace": hashlib.sha256(read_unpacked(trace, "check the name")).hexdigest(),
        "source": snapshot.digest,
    }
    return Review(translation.name, done, snapshot, document, direction, digests, passages, cut)


_CHANGED = "it was changed since: name the file as it was translated with --source, or translate again with --trace"


def _read_records(trace: Path) -> list[dict[str, Any]]:
    records = read_trace(trace)
    for record in records:
        if not fits(record, _RECORD):
            what = "the document was passed through" if record.get("document") is None else "it is not complete"
            raise InputError(
                f"{trace}: segment {record['segment']}: {what}: expected what 'mtreason translate --trace' writes of a "
                "document that it translates"
            )
    if not records:
        raise InputError(f"{trace}: holds no segment: there is nothing to review")
    for number, record in enumerate(records, 1):
        if record["segment"] != number:
            raise InputError(f"{trace}: segment {number} is missing or there twice: translate again with --trace")
    return records


def _named_source(name: str, trace: Path) -> Path:
    if name == STANDARD_INPUT:
        raise InputError(f"{trace}: was translated from standard input: name a file with that text with --source")
    if not Path(name).is_file():
        raise InputError(f"{trace}: was translated from {name}, which is not here: name that file with --source")
    return Path(name)


def _direction(tags: Sequence[str], trace: Path) -> Direction:
    if len(tags) != 2:
        raise InputError(f"{trace}: names {len(tags)} languages, not two: translate again with --trace")
    try:
        return Direction(*map(parse_language, tags))
    except MtreasonError as error:
        raise InputError(f"{trace}: {error}") from error


def _snapshot(source: Path, about: Mapping[str, Any], direction: Direction) -> Snapshot:
    refuse_pipe(source, "the source")
    found = take_snapshot(source, about["columns"], direction.target)
    form = TEXT if about["source"] == STANDARD_INPUT else about["format"]
    return replace(found, form=form)


def _cut(unit: Unit, waiting: deque[dict[str, Any]], direction: Direction, where: str, trace: Path) -> Line:
    """Cut a unit into the segments of the next records, and take these from the queue."""
    own = list(itertools.takewhile(lambda record: record["line"] == unit.number, waiting))
    for _ in own:
        waiting.popleft()
    said = [record["source"] for record in own]
    core = unit.text.strip()
    at = unit.text.index(core)
    # What a person translated as a whole was not cut; see `runs.pipeline`.
    whole = Line(unit.number, (core,), (unit.text[:at], unit.text[at + len(core) :]))
    for line in (parse_line(unit.number, unit.text, direction.source, unit.codes), whole):
        if [written(text, unit.codes) for text in line.segments] == said:
            return line
    raise InputError(f"{where}: is not what {trace} was made from: {_CHANGED}")


def _passages(records: Sequence[Mapping[str, Any]], sources: Sequence[tuple[Unit, str]]) -> Iterator[Passage]:
    drafts: dict[str, Sequence[Mapping[str, Any]]] = {}
    for record, (_, source) in zip(records, sources, strict=True):
        # A sentence that occurs again is translated once.
        drafts[source] = drafts.get(source) or record["candidates"]
    for record, (unit, source) in zip(records, sources, strict=True):
        yield Passage(
            record["segment"],
            record["place"],
            source,
            record["text"],
            unit.codes,
            record["status"],
            tuple(record["problems"]),
            tuple(record["doubts"]),
            record["placed"],
            record["score"],
            tuple(record["terms"]),
            tuple(_alternatives(drafts[source], source, record["text"])),
        )


def _alternatives(drafts: Sequence[Mapping[str, Any]], source: str, chosen: str) -> list[Alternative]:
    """Return the drafts that a person may take instead, the clean ones first, none twice."""
    usable = [draft for draft in drafts if not UNUSABLE & set(draft["problems"])]
    texts = [(one_line(plain_characters(draft["text"], source)), draft) for draft in usable]
    found = {
        text: Alternative(text, draft["reward"], tuple(draft["problems"]), tuple(draft["doubts"]))
        for text, draft in texts
        if text and text != chosen
    }
    order = sorted(found.values(), key=lambda own: (bool(own.problems), -(own.score or 0.0)))
    return order[: MOST_SHOWN - 1]


def one_line(text: str) -> str:
    """Return a text as it can stand in place of a segment: on one line, without blanks at its ends."""
    return LINE_END.sub(" ", text).strip()


def _written(
    document: Document,
    units: Sequence[tuple[Unit, Line]],
    passages: Sequence[Passage],
    direction: Direction,
    texts: Mapping[int, str],
) -> bytes:
    """Return the document with the texts of its segments, or others for some of them, by their numbers."""
    rest = iter(passages)

    def joined() -> Iterator[str]:
        for unit, line in units:
            own = itertools.islice(rest, len(line.segments))
            said = [texts.get(passage.number, passage.text) for passage in own]
            yield join_line(line, said, direction.source, direction.target) if said else unit.text

    return b"".join(document.render(joined()))
