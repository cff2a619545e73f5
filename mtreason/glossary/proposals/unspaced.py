"""Candidates where words are not separated: what is quoted, what is in Latin letters, and signs that keep together.

Letters: w a run of signs, u and v two runs that make it up, f how often a run occurs, N the number of signs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mtreason.glossary.proposals.function_words import function_signs, function_words
from mtreason.glossary.proposals.proposal import NAME, NEW, TERM, Found
from mtreason.glossary.proposals.text import BREAK, words_only
from mtreason.glossary.words.fold import CHINESE, fold
from mtreason.glossary.words.lemma import is_known

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

_HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_JAPANESE = re.compile("[\u30a1-\u30ffー々\u3007\u3400-\u9fff\uf900-\ufaff]{2,}")
_LATIN = re.compile(r"(?<![A-Za-z0-9À-ɏ])[A-Za-zÀ-ɏ][A-Za-z0-9À-ɏ'’.&+#-]*(?: [A-Za-zÀ-ɏ0-9][A-Za-z0-9À-ɏ'’.&+#-]*)*")
_TITLE = re.compile(r"《([^《》\n]{1,40})》|『([^『』\n]{2,40})』")
_QUOTED = re.compile(r"(?<![：:，,、道说問问喊叫答])[「“\"]([^「」“”\"\n。！？!?，,；;…的了地]{2,8})[」”\"](?![とっ])")
_COUNTED = "%％元块个位名年月日号人件份台分秒米天条集万千百亿"
_MEASURED = re.compile("[一二两三四五几每这那][个只朵株种条位次件片本家张台]")
_REPEATED = re.compile(rf"(?<![A-Za-z0-9_.,:/¥$￥+-])(?:([1-9])\1{{2,}}|23{{2,}})(?!\d|[.,:/-]\d|[{_COUNTED}])")
_CROSSINGS = ((1, 1), (1, 2), (2, 1))
"""How many signs of a word stand before and after the border that it crosses."""
_MOST_LATIN = 6
"""Words in a run of Latin letters; more are a sentence."""


def find_unspaced(segments: Sequence[str], primary: str, ordinary: Ordinary) -> list[Found]:
    """Return the candidates of a text whose words are not separated; `ordinary` knows words that everybody knows."""
    shown = [words_only(text) for text in segments]
    found = [*_marked(shown), *find_latin(segments)]
    if primary in CHINESE:
        found += _cohesive(shown, primary, ordinary)
    elif primary == "ja":
        found += _maximal(shown, ordinary)
    return found


def _gathered(places: Iterator[tuple[str, str, int]], least: Mapping[str, int]) -> list[Found]:
    """Return what occurs often enough for its kind; a run with several kinds has the first one."""
    seen: dict[str, tuple[str, list[int]]] = {}
    for source, kind, segment in places:
        seen.setdefault(source, (kind, []))[1].append(segment)
    return [Found(s, kind, tuple(own)) for s, (kind, own) in seen.items() if len(own) >= least.get(kind, 1)]


# What is marked as a name or a new word.


def _marked(shown: Sequence[str]) -> list[Found]:
    """Return titles, what is quoted, and numbers that are said for their sound."""

    def places() -> Iterator[tuple[str, str, int]]:
        for i, text in enumerate(shown):
            for match in _TITLE.finditer(text):
                yield (match[1] or match[2]).strip(), NAME, i
            for match in _QUOTED.finditer(text):
                if BREAK not in match[1] and any(map(str.isalpha, match[1])):
                    yield match[1].strip(), NEW, i
            for match in _REPEATED.finditer(text):
                yield match[0], NEW, i

    return _gathered(places(), {})


def find_latin(segments: Sequence[str]) -> list[Found]:
    """Return runs of Latin letters: with capitals names, in small letters words that English does not have."""

    def places() -> Iterator[tuple[str, str, int]]:
        for i, text in enumerate(segments):
            for match in _LATIN.finditer(words_only(text)):
                run = match[0].rstrip(".'’&- ")
                words = run.split(" ")
                if len(run) < 2 or len(words) > _MOST_LATIN or _is_sentence(words):
                    continue
                if run != run.lower():
                    yield run, NAME, i
                elif not all(len(word) < 2 or is_known(word, "en") for word in words):
                    yield run, NEW, i

    return _gathered(places(), {})


def _is_sentence(words: Sequence[str]) -> bool:
    """Whether words are English that goes on, or one that everybody knows."""
    lows = [word.lower() for word in words]
    if len(words) == 1:
        return lows[0] in {"ok", "no", "yes"} or (lows[0] in function_words("en") and not words[0].isupper())
    return lows[0] in function_words("en") or sum(low in function_words("en") for low in lows) > len(lows) // 2


# Signs that keep together.


@dataclass(slots=True)
class _Run:
    """What is known of a run of signs."""

    segments: list[int] = field(default_factory=list)
    before: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)


def _cohesive(shown: Sequence[str], primary: str, ordinary: Ordinary) -> list[Found]:
    """Return runs of signs that recur in different company and hold together, as new-word discovery finds them.

    The variety of the neighbours is that of Feng et al. 2004 ("Accessor variety criteria for Chinese word
    extraction"), the cohesion mutual information without its logarithm (Sproat and Shih 1990).
    """
    clauses = [(i, match[0]) for i, text in enumerate(shown) for match in _HAN.finditer(text)]
    total = sum(len(clause) for _, clause in clauses)
    size = Counter(run for _, clause in clauses for run in _parts(clause))
    often = {run for run, count in size.items() if count >= LEAST and _may_be_term(run, primary)}
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
    return [
        Found(run, _kind(run, ordinary), tuple(runs[run].segments))
        for run, count in whole.items()
        if count - _nested(run, whole) >= LEAST
    ]


def _parts(clause: str) -> Iterator[str]:
    for start in range(len(clause)):
        for end in range(start + 1, min(start + LONGEST, len(clause)) + 1):
            yield clause[start:end]


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


def _nested(run: str, counts: Mapping[str, int]) -> int:
    """Return how often a run is a part of the most frequent longer one."""
    return max((count for other, count in counts.items() if run in other and run != other), default=0)


def _may_be_term(run: str, primary: str) -> bool:
    """Whether a run of at least two signs neither begins nor ends with what is grammar."""
    first, last, inside = function_signs(primary)
    low = fold(run, primary)
    if len(run) < 2 or low[0] in first or low[-1] in last or inside & set(low):
        return False
    ordinary = function_words(primary)
    return not _MEASURED.search(low) and not any(low[:k] in ordinary or low[-k:] in ordinary for k in (2, 3))


def _kind(run: str, ordinary: Ordinary) -> str:
    """Whether a run is made up of words, as terms are, or of signs alone."""
    return TERM if any(ordinary(run[:k]) or ordinary(run[k:]) for k in range(2, len(run) - 1)) else NEW


def _maximal(shown: Sequence[str], ordinary: Ordinary) -> list[Found]:
    """Return what stands in Katakana and Chinese characters between Hiragana, which writes what is grammar."""

    def places() -> Iterator[tuple[str, str, int]]:
        for i, text in enumerate(shown):
            for match in _JAPANESE.finditer(text):
                if not ordinary(match[0]):
                    yield match[0], TERM, i

    return _gathered(places(), {TERM: LEAST})
