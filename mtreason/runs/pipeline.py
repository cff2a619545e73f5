"""From units to units: segments of many units in flight, output in order, nothing held back that is done."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mtreason.decoding import Candidate, Result, Task, run
from mtreason.decoding.protocol import Cost
from mtreason.documents import Line, Unit, join_line, parse_line
from mtreason.errors import InterruptedRunError
from mtreason.glossary import Hit, follows
from mtreason.languages import already_in
from mtreason.runs.settings import REWARD_OVER, Options
from mtreason.runs.translator import Translator
from mtreason.storage import Store, StoredTranslation

MODEL, KEPT, HUMAN, PASSED = "model", "kept", "human", "passed"
"""Where the translation of a segment comes from: the model, a run before, a person's memory, or the source itself."""

NOT_IN_KEYS = frozenset({"in_flight", "glossaries", "shipped_glossaries", "context", "qe"})
"""Options that change no translation, or of which what they come to in a segment is in its key."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What became of one segment."""

    number: int
    """In the document, from 1."""
    unit: Unit
    source: str
    translation: str
    origin: str
    """One of MODEL, KEPT, HUMAN, PASSED."""
    fell_back: bool
    result: Result | None
    """What the model did, where it was asked now."""
    hits: tuple[Hit, ...]
    honoured: tuple[bool, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class TranslatedUnit:
    """One unit of output."""

    unit: Unit
    text: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class TranslationCache:
    """Translations that need not be made."""

    run: str = ""
    """A digest of all that is the same for every segment, see `run_key`."""
    stores: Sequence[Store] = ()
    """Asked in order; what the model makes is put into all of them."""
    human: Mapping[str, str] = field(default_factory=dict)
    """What a person wrote, by source text; comes first."""

    def get(self, key: str) -> StoredTranslation | None:
        """Return what is kept, and put it into the stores that lack it."""
        for i, store in enumerate(self.stores):
            found = store.get(key)
            if found is not None:
                for other in self.stores[:i]:
                    other.put(key, found)
                return found
        return None

    def put(self, key: str, kept: StoredTranslation) -> None:
        """Keep what the model made."""
        for store in self.stores:
            store.put(key, kept)


def run_key(translator: Translator, model_digest: str, dtype: str) -> str:
    """Return a digest of the model and the settings: two runs with the same one translate a segment alike."""
    t = translator
    options = {k: str(v) for k, v in asdict(t.options).items() if k not in NOT_IN_KEYS}
    metric = t.estimator.digest if t.estimator is not None else ""
    languages = (t.direction.source.tag, t.direction.target.tag)
    described = [model_digest, dtype, languages, options, sorted(t.settings.reward.weights.items()), metric]
    return hashlib.sha256(json.dumps(described, ensure_ascii=False).encode()).hexdigest()


def segment_key(run: str, source: str, hints: Sequence[Hit], context: Sequence[tuple[str, str]]) -> str:
    """Return a digest of all that a segment's translation depends on."""
    hits = [(e.source, e.targets, e.literal, e.forbidden, e.case_sensitive) for e in (hit.term for hit in hints)]
    described = json.dumps([run, source, list(context), hits], ensure_ascii=False)
    return hashlib.sha256(described.encode("utf-8", "surrogatepass")).hexdigest()


def translate_units(
    translator: Translator,
    units: Iterable[Unit],
    on_result: Callable[[Segment], None],
    shelf: TranslationCache | None = None,
    stop: Callable[[], str] = lambda: "",
) -> Iterator[TranslatedUnit]:
    """Yield translated units in order, each as soon as it and all before it are done.

    `on_result` is told of every segment as it finishes, in any order. Units are read only as fast as they are
    translated. Once `stop` gives a reason, nothing new is begun, what is in flight is finished, and
    `InterruptedRunError` is raised with it.
    """
    t = translator
    book = InFlight(t, on_result, shelf or TranslationCache(), stop)
    for result in run(t.decoder, book.tasks(units), t.settings, t.model, t.options.in_flight, t.estimator):
        book.settle(result)
        yield from book.ready()
    yield from book.ready()
    if book.stopped:
        raise InterruptedRunError(book.stopped)


@dataclass(slots=True)
class _Open:
    """A unit of which segments are still in flight."""

    unit: Unit
    line: Line
    segments: dict[int, Segment] = field(default_factory=dict)


@dataclass(slots=True)
class _Place:
    """Where a segment in flight belongs, and where its translation comes from."""

    entry: _Open
    position: int
    started: float
    origin: str = MODEL
    key: str = ""
    hints: tuple[Hit, ...] = ()


class InFlight:
    """Remembers which segment belongs where while they are in flight."""

    def __init__(
        self,
        translator: Translator,
        on_result: Callable[[Segment], None],
        shelf: TranslationCache,
        stop: Callable[[], str],
    ) -> None:
        self.translator = translator
        self.on_result = on_result
        self.shelf = shelf
        self.stop = stop
        self.stopped = ""
        self.open: deque[_Open] = deque()
        self.places: dict[int, _Place] = {}
        self.same: dict[str, list[int]] = {}
        """Of segments in flight, by their keys: the indices of others that are the same, and wait for them."""
        self.before: deque[int] = deque(maxlen=translator.options.context)
        """Segments that the next one is shown, by their indices."""
        self.pairs: dict[int, tuple[str, str]] = {}
        """Those of them that are done, with their translations."""

    def tasks(self, units: Iterable[Unit]) -> Iterator[Task | Result | None]:
        """Yield what is to be done for each segment, what is done already, or None while it waits for others."""
        index = 0
        for unit in units:
            if unit.number == 1:
                self.before.clear()  # another document
            entry = _Open(unit, self._cut(unit))
            self.open.append(entry)
            for position in range(len(entry.line.segments)):
                if self.stopped or (reason := self.stop()):
                    self.stopped = self.stopped or reason
                    return
                while not all(i in self.pairs for i in self.before):
                    yield None
                context = tuple(self.pairs[i] for i in self.before)
                self.before.append(index)
                begun = self._begin(index, entry, position, context)
                if begun is not None:
                    yield begun
                self.pairs = {i: pair for i, pair in self.pairs.items() if i in self.before}
                index += 1
            if not entry.line.segments:
                # Lets finished units out even where a document is nothing but blank lines.
                yield Result(-1, "", fell_back=False, candidates=(), cost=Cost())

    def _cut(self, unit: Unit) -> Line:
        """Cut a unit into segments; what a person translated as a whole stays whole."""
        core = unit.text.strip()
        if core in self.shelf.human:
            at = unit.text.index(core)
            return Line(unit.number, (core,), (unit.text[:at], unit.text[at + len(core) :]))
        return parse_line(unit.number, unit.text, self.translator.direction.source)

    def _begin(
        self, index: int, entry: _Open, position: int, context: tuple[tuple[str, str], ...]
    ) -> Task | Result | None:
        """Return what is to be done for a segment; None where the same one is in flight already."""
        direction = self.translator.direction
        segment = entry.line.segments[position]
        place = _Place(entry, position, time.monotonic())
        self.places[index] = place
        if segment in self.shelf.human:
            place.origin = HUMAN
            return _given(index, self.shelf.human[segment])
        if already_in(segment, direction.source, direction.target):
            place.origin = PASSED
            return _given(index, segment)
        place.hints = self.translator.hints(segment)
        place.key = segment_key(self.shelf.run, segment, place.hints, context)
        kept = self.shelf.get(place.key)
        if kept is not None:
            place.origin = KEPT
            return _given(index, kept.translation, fell_back=kept.fell_back)
        if place.key in self.same:
            place.origin = KEPT
            self.same[place.key].append(index)
            return None
        self.same[place.key] = []
        return self.translator.task(index, segment, context)

    def settle(self, result: Result) -> None:
        """File a result under its unit."""
        if result.index not in self.places:
            return
        place = self.places.pop(result.index)
        entry = place.entry
        direction = self.translator.direction
        if place.origin == MODEL:
            languages = (direction.source.tag, direction.target.tag)
            source = entry.line.segments[place.position]
            self.shelf.put(place.key, StoredTranslation(source, result.text, result.fell_back, languages))
        segment = Segment(
            number=result.index + 1,
            unit=entry.unit,
            source=entry.line.segments[place.position],
            translation=result.text,
            origin=place.origin,
            fell_back=result.fell_back,
            result=result if place.origin == MODEL else None,
            hits=place.hints,
            honoured=tuple(follows(h.term, result.text, direction.target.tag) for h in place.hints),
            seconds=time.monotonic() - place.started,
        )
        entry.segments[place.position] = segment
        if result.index in self.before:
            self.pairs[result.index] = (segment.source, segment.translation)
        self.on_result(segment)
        for other in self.same.pop(place.key, ()) if place.origin == MODEL else ():
            self.settle(_given(other, result.text, fell_back=result.fell_back))

    def ready(self) -> Iterator[TranslatedUnit]:
        """Yield the units at the front whose segments are all done."""
        direction = self.translator.direction
        while self.open and len(self.open[0].segments) == len(self.open[0].line.segments):
            entry = self.open.popleft()
            segments = tuple(entry.segments[i] for i in range(len(entry.segments)))
            text = join_line(entry.line, [s.translation for s in segments], direction.source, direction.target)
            yield TranslatedUnit(entry.unit, text, segments)


def _given(index: int, text: str, *, fell_back: bool = False) -> Result:
    return Result(index, text, fell_back=fell_back, candidates=(), cost=Cost())


def trace_record(segment: Segment, options: Options) -> dict[str, Any]:
    """Describe a segment and all that was considered for it, in JSON types."""
    result = segment.result
    cost = result.cost if result else Cost()
    return {
        "segment": segment.number,
        "line": segment.unit.number,
        "place": segment.unit.place,
        "source": segment.source,
        "translation": segment.translation,
        "origin": segment.origin,
        "decoder": options.decoder if result else None,
        "reasoning": _reasoning_record(options, result),
        "fell_back": segment.fell_back,
        "timed_out": bool(result and result.timed_out),
        "candidates": [_candidate_record(c) for c in (result.candidates if result else ())],
        "tree": result.trace if result else None,
        "hints": [
            {"source": h.term.source, "targets": list(h.term.targets), "file": h.term.file, "honoured": ok}
            for h, ok in zip(segment.hits, segment.honoured, strict=True)
        ],
        "usage": {
            "prompt_tokens": cost.prompt_tokens,
            "sampled_tokens": cost.sampled_tokens,
            "scored_tokens": cost.scored_tokens,
        },
        "seconds": round(segment.seconds, 3),
    }


def _candidate_record(candidate: Candidate) -> dict[str, Any]:
    return {
        "text": candidate.text,
        "reward": round(candidate.reward, 5) if not candidate.problems else None,
        "parts": {name: round(value, 5) for name, value in candidate.parts.items()},
        "count": candidate.count,
        "tokens": len(candidate.draft.tokens),
        "problems": list(candidate.problems),
        "reflected": candidate.reflected,
        "repaired": candidate.repaired,
        **_thought_record(candidate),
    }


def _thought_record(candidate: Candidate) -> dict[str, Any]:
    reasoning = candidate.draft.reasoning
    if reasoning is None:
        return {}
    return {"form": reasoning.form, "thought_tokens": reasoning.thought_tokens, "thought": reasoning.thought}


def _reasoning_record(options: Options, result: Result | None) -> dict[str, Any]:
    """Describe the mode, and how often answers kept their form in it."""
    if not options.think:
        return {"think": False, "reflect": options.reflect}
    return {
        "think": True,
        "reflect": options.reflect,
        "max_thought_tokens": options.thought_limit,
        "reward_over": options.reward_over or REWARD_OVER[0],
        "forms": dict(result.forms) if result else {},
    }
