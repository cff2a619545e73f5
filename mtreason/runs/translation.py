"""Texts in, translations out: what the Python interface gives back."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtreason.characters import HALF_PAIR, has_half_pair
from mtreason.decoding import Candidate
from mtreason.documents import Unit
from mtreason.errors import InputError
from mtreason.glossary import Term
from mtreason.models.protocol import Usage
from mtreason.runs.pipeline import HUMAN, KEPT, MODEL, PASSED, Segment, TranslatedUnit, translate_units

if TYPE_CHECKING:
    from mtreason.runs.translator import Translator

FELL_BACK = "fell back"
"""Status of a text with a segment that has no clean translation: that segment has its best other one, or its source."""


@dataclass(frozen=True, slots=True)
class TermUse:
    """A glossary term that occurs in a text."""

    term: Term
    followed: bool
    """Whether the translation says what the glossary asks for."""


@dataclass(frozen=True, slots=True)
class Translation:
    """What happened to one text."""

    source: str
    text: str
    status: str
    """Where it comes from: "model", "kept" (translated before), "human" (a memory of people), "passed" (there was
    nothing to translate), or "fell back". A text with several segments has the first status of "fell back", "model",
    "kept", "human" and "passed" that one of its segments has."""
    score: float | None
    """Reward of the chosen translation, as the mean over segments; None where the model was not asked."""
    parts: Mapping[str, float]
    """The parts of the reward, as means over segments too."""
    alternatives: tuple[str, ...]
    """Other clean translations, the best first; only for a text with one segment."""
    terms: tuple[TermUse, ...]
    usage: Usage
    """Tokens that passed through the model for this text."""
    segments: tuple[Segment, ...]
    """The segments of the text, each with all its candidates."""


def translate_texts(translator: Translator, texts: Iterable[str]) -> list[Translation]:
    """See `Translator.translate`."""
    if isinstance(texts, str):
        raise TypeError("translate takes a list of texts, not one text: put it into a list")
    units: list[Unit] = []
    ends = []
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise TypeError(f"text {number} is {text!r}: expected str, found {type(text).__name__}")
        if has_half_pair(text):
            raise InputError(f"text {number} {HALF_PAIR}")
        for place, line in enumerate(text.split("\n"), 1):
            units.append(Unit(len(units) + 1, f"text {number}, line {place}", line))
        ends.append(len(units))
    with translator.loaded.lock:
        lines = list(translate_units(translator, units, lambda _: None))
    return [_translation(lines[start:end]) for start, end in itertools.pairwise([0, *ends])]


def _translation(lines: Sequence[TranslatedUnit]) -> Translation:
    segments = tuple(segment for line in lines for segment in line.segments)
    chosen = [c for c in map(_chosen, segments) if c is not None and not c.problems]
    names = list(dict.fromkeys(name for c in chosen for name in c.parts))
    parts = {name: _mean([c.parts[name] for c in chosen if name in c.parts]) for name in names}
    return Translation(
        source="\n".join(line.unit.text for line in lines),
        text="\n".join(line.text for line in lines),
        status=_status(segments),
        score=_mean([c.reward for c in chosen]) if chosen else None,
        parts=parts,
        alternatives=_alternatives(segments),
        terms=tuple(TermUse(hit.term, ok) for s in segments for hit, ok in zip(s.hits, s.followed, strict=True)),
        usage=_usage(segments),
        segments=segments,
    )


def _chosen(segment: Segment) -> Candidate | None:
    candidates = segment.result.candidates if segment.result else ()
    return next((c for c in candidates if c.text == segment.translation), None)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _status(segments: tuple[Segment, ...]) -> str:
    found = {FELL_BACK if s.fell_back else s.origin for s in segments}
    return next((status for status in (FELL_BACK, MODEL, KEPT, HUMAN) if status in found), PASSED)


def _alternatives(segments: tuple[Segment, ...]) -> tuple[str, ...]:
    if len(segments) != 1 or segments[0].result is None:
        return ()
    [segment] = segments
    return tuple(c.text for c in segments[0].result.candidates if not c.problems and c.text != segment.translation)


def _usage(segments: tuple[Segment, ...]) -> Usage:
    costs = [s.result.cost for s in segments if s.result]
    return Usage(
        prompt_tokens=sum(c.prompt_tokens for c in costs),
        sampled_tokens=sum(c.sampled_tokens for c in costs),
        scored_tokens=sum(c.scored_tokens for c in costs),
        seconds=sum(s.seconds for s in segments if s.result),
    )
