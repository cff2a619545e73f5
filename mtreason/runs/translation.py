"""Texts in, translations out: what the Python interface gives back."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtreason.characters import HALF_PAIR, has_half_pair
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
    problems: tuple[str, ...]
    """Why segments fell back: names of gates (`mtreason.gates.GATES`), "unrelated" for a draft that does not tell its
    source, "half pair" for a source that nobody can read."""
    doubts: tuple[str, ...]
    """What speaks against the translation without holding it back, in words."""
    placed: bool
    """Whether markup or other literals were put back after the model lost them."""
    timed_out: bool
    """Whether the time of a segment was over before its budget."""
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
    return [_joined(lines[start:end]) for start, end in itertools.pairwise([0, *ends])]


def _joined(lines: Sequence[TranslatedUnit]) -> Translation:
    source, text = ("\n".join(texts) for texts in zip(*((line.unit.text, line.text) for line in lines), strict=True))
    return summed_up(source, text, [segment for line in lines for segment in line.segments])


def summed_up(source: str, text: str, segments: Sequence[Segment]) -> Translation:
    """Return what happened to a text, given its segments."""
    chosen = [s.chosen for s in segments if s.chosen is not None and not s.fell_back]
    names = list(dict.fromkeys(name for c in chosen for name in c.parts))
    parts = {name: _mean([c.parts[name] for c in chosen if name in c.parts]) for name in names}
    return Translation(
        source=source,
        text=text,
        status=_status(segments),
        score=_mean([c.reward for c in chosen]) if chosen else None,
        parts=parts,
        problems=tuple(dict.fromkeys(name for s in segments for name in s.problems)),
        doubts=tuple(dict.fromkeys(said for s in segments for said in s.doubts)),
        placed=any(s.placed for s in segments),
        timed_out=any(s.timed_out for s in segments),
        alternatives=_alternatives(segments),
        terms=tuple(TermUse(hit.term, ok) for s in segments for hit, ok in zip(s.hits, s.followed, strict=True)),
        usage=_usage(segments),
        segments=tuple(segments),
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _status(segments: Sequence[Segment]) -> str:
    found = {FELL_BACK if s.fell_back else s.origin for s in segments}
    return next((status for status in (FELL_BACK, MODEL, KEPT, HUMAN) if status in found), PASSED)


def _alternatives(segments: Sequence[Segment]) -> tuple[str, ...]:
    return tuple(c.text for c in segments[0].others) if len(segments) == 1 else ()


def _usage(segments: Sequence[Segment]) -> Usage:
    costs = [s.result.cost for s in segments if s.result]
    return Usage(
        prompt_tokens=sum(c.prompt_tokens for c in costs),
        sampled_tokens=sum(c.sampled_tokens for c in costs),
        scored_tokens=sum(c.scored_tokens for c in costs),
        seconds=sum(s.seconds for s in segments if s.result),
    )
