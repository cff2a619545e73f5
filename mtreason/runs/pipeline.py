"""From units to translated units: segments of many units are in flight, and finished units leave in order at once."""

from __future__ import annotations

import itertools
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mtreason.characters import has_half_pair, plain_characters
from mtreason.decoding import BoundTask, Candidate, Result, run
from mtreason.decoding.protocol import Cost
from mtreason.documents import Line, Unit, join_line, parse_line, without_literals
from mtreason.documents.coded import coded_again, nested, tags, written
from mtreason.errors import InterruptedRunError
from mtreason.gates import Pair, doubts
from mtreason.glossary import Hit, follows
from mtreason.languages import Language, already_in
from mtreason.lines import unwrapped
from mtreason.runs.translator import Translator
from mtreason.storage import Store, StoredTranslation

MODEL, KEPT, HUMAN, PASSED = "model", "kept", "human", "passed"
"""Where the translation of a segment comes from: the model, an earlier run, a person's memory, or the source itself."""
HALF = "half pair"
"""The problem of a source with half of a surrogate pair, which nobody can translate: it stays."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What happened to one segment."""

    number: int
    """In the document, from 1."""
    unit: Unit
    source: str
    translation: str
    origin: str
    """One of MODEL, KEPT, HUMAN, PASSED."""
    problems: tuple[str, ...] = ()
    """Why there is no clean translation: names of gates, `UNRELATED` or `HALF`; empty for a clean one."""
    doubts: tuple[str, ...] = ()
    """What speaks against the translation without holding it back, in words; see `mtreason.gates`."""
    result: Result | None = None
    """The decoder's result, where this run asked the model."""
    hits: tuple[Hit, ...] = ()
    """Glossary hits in the segment."""
    followed: tuple[bool, ...] = ()
    """Whether the translation follows the term of each hit."""
    seconds: float = 0.0

    @property
    def fell_back(self) -> bool:
        """Whether it has its best translation that is not clean, or its source."""
        return bool(self.problems)

    @property
    def timed_out(self) -> bool:
        """Whether its time was over before its budget."""
        return self.result is not None and self.result.timed_out

    @property
    def chosen(self) -> Candidate | None:
        """The candidate that is the translation, where this run asked the model and one was usable."""
        drawn = self.result.candidates if self.result else ()
        return next((c for c in drawn if c.text == self.translation), None)

    @property
    def others(self) -> tuple[Candidate, ...]:
        """The other clean candidates, the best first."""
        drawn = self.result.candidates if self.result else ()
        return tuple(c for c in drawn if not c.problems and c.text != self.translation)

    @property
    def placed(self) -> bool:
        """Whether codes or other literals were put into the translation after it was drawn."""
        return not self.fell_back and self.chosen is not None and self.chosen.placed

    @property
    def pair(self) -> tuple[str, str]:
        """The source and the translation, with codes as the file writes them."""
        return written(self.source, self.unit.codes), written(self.translation, self.unit.codes)


@dataclass(frozen=True, slots=True)
class TranslatedUnit:
    """One unit of output."""

    unit: Unit
    text: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class TranslationCache:
    """Translations that the model made before, under the keys of `RunSpec.segment_key`."""

    stores: Sequence[Store] = ()
    """The cache asks them in order, and puts what the model makes into all of them."""

    def get(self, key: str) -> StoredTranslation | None:
        """Return a kept translation, and copy it into the stores that lack it."""
        for i, store in enumerate(self.stores):
            found = store.get(key)
            if found is not None:
                for other in self.stores[:i]:
                    other.put(key, found)
                return found
        return None

    def put(self, key: str, kept: StoredTranslation) -> None:
        """Keep a translation that the model made."""
        for store in self.stores:
            store.put(key, kept)


def translate_units(
    translator: Translator,
    units: Iterable[Unit],
    on_result: Callable[[Segment], None],
    cache: TranslationCache | None = None,
    stop: Callable[[], str] = lambda: "",
) -> Iterator[TranslatedUnit]:
    """Yield translated units in order, each as soon as it and all units before it are done.

    `on_result` is called with every segment as it finishes, in any order. Units are read only as fast as they are
    translated. Once `stop` returns a reason, nothing new is started and what is in flight is finished; then
    `InterruptedRunError` is raised with that reason.
    """
    t = translator
    flight = InFlight(t, on_result, cache or TranslationCache(), stop)
    for result in run(t.decoder, flight.tasks(units), t.decoding, t.model, t.settings.in_flight, t.metric):
        flight.settle(result)
        yield from flight.ready()
    yield from flight.ready()
    if flight.stopped:
        raise InterruptedRunError(flight.stopped)


@dataclass(slots=True)
class _Open:
    """A unit that still has segments in flight."""

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
    problems: tuple[str, ...] = ()
    """What an earlier run found in it."""
    hits: tuple[Hit, ...] = ()


class InFlight:
    """Segments in flight: the unit that each belongs to, and the segments that wait for others."""

    def __init__(
        self,
        translator: Translator,
        on_result: Callable[[Segment], None],
        cache: TranslationCache,
        stop: Callable[[], str],
    ) -> None:
        self.translator = translator
        self.on_result = on_result
        self.cache = cache
        self.stop = stop
        self.stopped = ""
        self.open: deque[_Open] = deque()
        self.places: dict[int, _Place] = {}
        self.same: dict[str, list[int]] = {}
        """Key of a segment in flight -> indices of other segments with the same key, which wait for its result."""
        self.before: deque[int] = deque(maxlen=translator.settings.context)
        """Indices of the segments that the next prompt shows as context."""
        self.pairs: dict[int, tuple[str, str]] = {}
        """The finished ones of them, with their translations."""

    def tasks(self, units: Iterable[Unit]) -> Iterator[BoundTask | Result | None]:
        """Yield for each segment its task, or its result if it is done already, or None while it waits for others."""
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
                # Without this, a document of blank lines would yield no unit before its end.
                yield Result(-1, "", fell_back=False, candidates=(), cost=Cost())

    def _cut(self, unit: Unit) -> Line:
        """Cut a unit into segments; a unit that a person translated as a whole is not cut."""
        core = unit.text.strip()
        if self._by_people(unit, core) is not None:
            at = unit.text.index(core)
            return Line(unit.number, (core,), (unit.text[:at], unit.text[at + len(core) :]))
        return parse_line(unit.number, unit.text, self.translator.direction.source, unit.codes)

    def _by_people(self, unit: Unit, text: str) -> str | None:
        """Return what a memory of people has for a text of a unit, if it has its codes, in whichever writing."""
        human = self.translator.human
        joined = unwrapped(text)
        writings = (text, written(text, unit.codes), joined, written(joined, unit.codes))
        found = next((human[own] for own in writings if own in human), None)
        if found is None or not unit.codes:
            return found
        own = {tag: unit.codes[tag] for tag in tags(text) if tag in unit.codes}
        found = found if Counter(tags(found)) == Counter(tags(text)) else coded_again(found, own)
        return found if Counter(tags(found)) == Counter(tags(text)) and nested(text, found) else None

    def _begin(
        self, index: int, entry: _Open, position: int, context: tuple[tuple[str, str], ...]
    ) -> BoundTask | Result | None:
        """Return the task or the result of a segment; None where an equal segment is in flight already."""
        direction = self.translator.direction
        segment = entry.line.segments[position]
        place = _Place(entry, position, time.monotonic())
        self.places[index] = place
        if has_half_pair(segment):
            # Nobody can translate it: it stays, and its place is named.
            place.origin, place.problems = PASSED, (HALF,)
            return _given(index, segment)
        theirs = self._by_people(entry.unit, segment)
        if theirs is not None:
            place.origin = HUMAN
            return _given(index, theirs)
        if already_in(without_literals(segment), direction.source, direction.target):
            place.origin = PASSED
            return _given(index, segment)
        task = self.translator.task(index, segment, context, note=entry.unit.note)
        place.hits = task.hits
        place.key = self.translator.spec.segment_key(segment, task.hits, context, task.note)
        kept = self.cache.get(place.key)
        if kept is not None:
            place.origin, place.problems = KEPT, kept.problems
            return _given(index, kept.translation)
        if place.key in self.same:
            place.origin = KEPT
            self.same[place.key].append(index)
            return None
        self.same[place.key] = []
        return self.translator.bind(task)

    def settle(self, result: Result) -> None:
        """Store a result in its unit."""
        if result.index not in self.places:
            return
        place = self.places.pop(result.index)
        entry = place.entry
        direction = self.translator.direction
        source = entry.line.segments[place.position]
        if place.origin == MODEL:
            place.problems = result.problems
            languages = (direction.source.tag, direction.target.tag)
            self.cache.put(place.key, StoredTranslation(source, result.text, place.problems, languages))
        kept = tuple(hit.term.source for hit in place.hits if not hit.term.targets)
        segment = Segment(
            number=result.index + 1,
            unit=entry.unit,
            source=source,
            translation=result.text,
            origin=place.origin,
            problems=place.problems,
            doubts=() if place.origin == PASSED else doubts(Pair(source, result.text, direction, kept=kept)),
            result=result if place.origin == MODEL else None,
            hits=place.hits,
            followed=tuple(follows(h.term, result.text, direction.target.tag) for h in place.hits),
            seconds=time.monotonic() - place.started,
        )
        entry.segments[place.position] = segment
        if result.index in self.before:
            pair = segment.source, segment.translation
            half = has_half_pair(segment.source)  # no model reads that
            self.pairs[result.index] = (plain_characters(pair[0], ""), plain_characters(pair[1], "")) if half else pair
        self.on_result(segment)
        for other in self.same.pop(place.key, ()) if place.origin == MODEL else ():
            self.places[other].problems = place.problems
            self.settle(_given(other, result.text))

    def ready(self) -> Iterator[TranslatedUnit]:
        """Yield the units at the front of the queue whose segments are all done."""
        direction = self.translator.direction
        while self.open and len(self.open[0].segments) == len(self.open[0].line.segments):
            entry = self.open.popleft()
            segments = tuple(entry.segments[i] for i in range(len(entry.segments)))
            text = join_line(entry.line, [s.translation for s in segments], direction.source, direction.target)
            yield TranslatedUnit(entry.unit, text, segments)


def _given(index: int, text: str) -> Result:
    return Result(index, text, fell_back=False, candidates=(), cost=Cost())


def pass_units(
    units: Iterable[Unit], language: Language, on_result: Callable[[Segment], None]
) -> Iterator[TranslatedUnit]:
    """Yield units of a document that is in the target language already, as `translate_units` does: unchanged."""
    count = itertools.count(1)
    for unit in units:
        found = parse_line(unit.number, unit.text, language, unit.codes).segments
        segments = tuple(Segment(next(count), unit, text, text, PASSED) for text in found)
        for segment in segments:
            on_result(segment)
        yield TranslatedUnit(unit, unit.text, segments)
