"""From lines to lines: segments of many lines in flight, output in order, nothing held back that is done."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mtreason.config import REWARD_OVER, Options
from mtreason.decoding import Candidate, Result, Task, run
from mtreason.decoding.protocol import Cost
from mtreason.documents import Line, join_line, parse_line
from mtreason.glossary import Hit, follows
from mtreason.languages import Language, already_in
from mtreason.translator import Translator


@dataclass(frozen=True, slots=True)
class Segment:
    """What became of one segment."""

    number: int
    """In the text, from 1."""
    line: int
    source: str
    translation: str
    passed: bool
    """In the target language already: not translated."""
    result: Result | None
    hits: tuple[Hit, ...]
    honoured: tuple[bool, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class TranslatedLine:
    """One line of output, with its line ending."""

    number: int
    text: str
    segments: tuple[Segment, ...]


def translate_lines(
    translator: Translator, lines: Iterable[Line], on_result: Callable[[Segment], None]
) -> Iterator[TranslatedLine]:
    """Yield translated lines in order, each as soon as it and all before it are done.

    `on_result` is told of every segment as it finishes, in any order. Lines are read only as fast as they are
    translated.
    """
    t = translator
    book = _Book(t, on_result)
    for result in run(t.decoder, book.tasks(lines), t.settings, t.model, t.options.in_flight, t.estimator):
        book.settle(result)
        yield from book.ready()
    yield from book.ready()


@dataclass(slots=True)
class _Open:
    """A line of which segments are still in flight."""

    line: Line
    segments: dict[int, Segment] = field(default_factory=dict)


class _Book:
    """Remembers which segment belongs where while they are in flight."""

    def __init__(self, translator: Translator, on_result: Callable[[Segment], None]) -> None:
        self.translator = translator
        self.on_result = on_result
        self.lines: deque[_Open] = deque()
        self.places: dict[int, tuple[_Open, int, Task | None, float]] = {}
        self.context: deque[str] = deque(maxlen=translator.options.context)

    def tasks(self, lines: Iterable[Line]) -> Iterator[Task | Result]:
        """Yield what is to be done for each segment, or what is done already."""
        index = 0
        direction = self.translator.direction
        for line in lines:
            entry = _Open(line)
            self.lines.append(entry)
            for position, segment in enumerate(line.segments):
                passed = already_in(segment, direction.source, direction.target)
                task = None if passed else self.translator.task(index, segment, tuple(self.context))
                self.places[index] = (entry, position, task, time.monotonic())
                self.context.append(segment)
                yield task or Result(index, segment, fell_back=False, candidates=(), cost=Cost())
                index += 1
            if not line.segments:
                # Lets finished lines out even where a document is nothing but blank lines.
                yield Result(-1, "", fell_back=False, candidates=(), cost=Cost())

    def settle(self, result: Result) -> None:
        """File a result under its line."""
        if result.index not in self.places:
            return
        entry, position, task, started = self.places.pop(result.index)
        hits = task.hints if task else ()
        tag = self.translator.direction.target.tag
        segment = Segment(
            number=result.index + 1,
            line=entry.line.number,
            source=entry.line.segments[position],
            translation=result.text,
            passed=task is None,
            result=result if task else None,
            hits=hits,
            honoured=tuple(follows(h.entry, result.text, tag) for h in hits),
            seconds=time.monotonic() - started,
        )
        entry.segments[position] = segment
        self.on_result(segment)

    def ready(self) -> Iterator[TranslatedLine]:
        """Yield the lines at the front whose segments are all done."""
        direction = self.translator.direction
        while self.lines and len(self.lines[0].segments) == len(self.lines[0].line.segments):
            entry = self.lines.popleft()
            segments = tuple(entry.segments[i] for i in range(len(entry.segments)))
            text = join_line(entry.line, [s.translation for s in segments], direction.source, direction.target)
            yield TranslatedLine(entry.line.number, text, segments)


def parse_lines(raw: Iterable[str], language: Language) -> Iterator[Line]:
    """Cut raw lines into segments."""
    for number, text in enumerate(raw, 1):
        yield parse_line(number, text, language)


def trace_record(segment: Segment, options: Options) -> dict[str, Any]:
    """Describe a segment and all that was considered for it, in JSON types."""
    result = segment.result
    cost = result.cost if result else Cost()
    return {
        "segment": segment.number,
        "line": segment.line,
        "source": segment.source,
        "translation": segment.translation,
        "decoder": None if segment.passed else options.decoder,
        "reasoning": _reasoning_record(options, result),
        "passed_through": segment.passed,
        "fell_back": bool(result and result.fell_back),
        "candidates": [_candidate_record(c) for c in (result.candidates if result else ())],
        "tree": result.trace if result else None,
        "hints": [
            {"source": h.entry.source, "targets": list(h.entry.targets), "file": h.entry.file, "honoured": ok}
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
