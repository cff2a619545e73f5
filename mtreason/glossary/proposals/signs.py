"""Runs of Chinese characters that keep together, as the discovery of new words finds them.

Letters: w a run of signs, u and v two runs that make it up, f how often a run occurs, N the number of signs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mtreason.glossary.proposals.function_words import may_be_term
from mtreason.glossary.proposals.proposal import NEW, TERM, Found
from mtreason.glossary.proposals.text import words_only

LONGEST = 6
"""The largest number of signs in a run."""
LEAST = 2
"""How often a run has to occur."""
LEAST_COHESION = 20.0
"""The least f(w) N / (f(u) f(v)): how much more often two parts stand together than by chance."""
LEAST_TOGETHER = 0.2
"""The least Dice coefficient of two words that make up a term."""
SHARE_OF_COHESION = 0.25
"""In a short text the least is so much of N / f(w), which parts have that never stand alone."""
LEAST_BESIDE = 2
"""How many different signs have to stand before a run, and after it; the border of a clause counts each time."""

Ordinary = Callable[[str], bool]
"""Whether everybody knows a run as a word."""

_HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_CROSSINGS = ((1, 1), (1, 2), (2, 1))
"""How many signs of a word stand before and after the border that it crosses."""


@dataclass(slots=True)
class _Run:
    """What is known of a run of signs."""

    segments: list[int] = field(default_factory=list)
    before: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)


def find_cohesive(segments: Sequence[str], primary: str, ordinary: Ordinary) -> list[Found]:
    """Return runs of signs that recur in different company and hold together, as new-word discovery finds them.

    The variety of the neighbours is that of Feng et al. 2004 ("Accessor variety criteria for Chinese word
    extraction"), the cohesion mutual information without its logarithm (Sproat and Shih 1990).
    """
    clauses = [(i, match[0]) for i, text in enumerate(map(words_only, segments)) for match in _HAN.finditer(text)]
    total = sum(len(clause) for _, clause in clauses)
    size = _counted([clause for _, clause in clauses])
    often = {run for run in size if may_be_term(run, primary) and not _repeats(run)}
    runs: dict[str, _Run] = {}
    for i, clause in clauses:
        for start in range(len(clause)):
            for end in range(start + 2, min(start + LONGEST, len(clause)) + 1):
                if clause[start:end] in often and not _crossed(clause, (start, end), ordinary):
                    _note(runs, i, clause, start, end)
    whole = {
        run: len(own.segments)
        for run, own in runs.items()
        if len(own.segments) >= LEAST
        and min(len(own.before), len(own.after)) >= LEAST_BESIDE
        and not ordinary(run)
        and _together(run, size, ordinary) >= LEAST_TOGETHER
        and cohesion(run, size, total) >= min(LEAST_COHESION, SHARE_OF_COHESION * total / size[run])
    }
    nested = _nested(whole)
    return [
        Found(run, _kind(run, ordinary), tuple(runs[run].segments))
        for run, count in whole.items()
        if count - nested.get(run, 0) >= LEAST
    ]


def _counted(clauses: Sequence[str]) -> Mapping[str, int]:
    """Count single signs, and the longer runs that recur: each is made up of shorter ones that do."""
    size = Counter(sign for clause in clauses for sign in clause)
    often = set(size)
    for n in range(2, LONGEST + 1):
        runs = Counter(
            clause[i : i + n]
            for clause in clauses
            for i in range(len(clause) - n + 1)
            if clause[i : i + n - 1] in often and clause[i + 1 : i + n] in often
        )
        often = {run for run, count in runs.items() if count >= LEAST}
        size.update({run: runs[run] for run in often})
    return size


def _repeats(run: str) -> bool:
    """Whether a run of more than two signs says one thing again and again."""
    return len(run) > 2 and run in (run + run)[1:-1]


def _crossed(clause: str, span: tuple[int, int], ordinary: Ordinary) -> bool:
    """Whether a word that everybody knows goes over one end of a run."""
    return any(
        ordinary(clause[at - k : at + m])
        for at in span
        if 0 < at < len(clause)
        for k, m in _CROSSINGS
        if k <= at <= len(clause) - m
    )


def _note(runs: dict[str, _Run], segment: int, clause: str, start: int, end: int) -> None:
    run = runs.setdefault(clause[start:end], _Run())
    run.segments.append(segment)
    border = f"{len(run.segments)}"
    run.before.add(clause[start - 1] if start else border)
    run.after.add(clause[end] if end < len(clause) else border)


def cohesion(run: str, counts: Mapping[str, int], total: int) -> float:
    """Return the least f(w) N / (f(u) f(v)) over the ways to part a run in two."""
    return min(counts[run] * total / (counts[run[:k]] * counts[run[k:]]) for k in range(1, len(run)))


def _together(run: str, counts: Mapping[str, int], ordinary: Ordinary) -> float:
    """Return the least Dice coefficient of two parts of a run, one of them a word that everybody knows; 1 without."""
    places = (k for k in range(2, len(run) - 1) if ordinary(run[:k]) or ordinary(run[k:]))
    return min((2 * counts[run] / (counts[run[:k]] + counts[run[k:]]) for k in places), default=1.0)


def _nested(counts: Mapping[str, int]) -> Mapping[str, int]:
    """Return how often runs are a part of the most frequent longer one."""
    most: dict[str, int] = {}
    for run, count in counts.items():
        for size in range(2, len(run)):
            for start in range(len(run) - size + 1):
                part = run[start : start + size]
                most[part] = max(count, most.get(part, 0))
    return most


def _kind(run: str, ordinary: Ordinary) -> str:
    """Whether a run is made up of words, as terms are, or of signs alone."""
    return TERM if any(ordinary(run[:k]) or ordinary(run[k:]) for k in range(2, len(run) - 1)) else NEW
