"""Terms in a text whose words are separated: runs of words that recur, and words that no table knows.

Letters: a a run of words, f(a) how often it occurs, T_a the longer candidates that contain it, b one of them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mtreason.glossary.proposals.clauses import NOUNS_IN_CAPITALS, Clause, Clauses, Word, key_of_words
from mtreason.glossary.proposals.function_words import function_words
from mtreason.glossary.proposals.names import calendar
from mtreason.glossary.proposals.proposal import NEW, TERM, Found
from mtreason.glossary.proposals.text import BREAK, words_only
from mtreason.glossary.words.lemma import is_known, lemma_languages

LONGEST = 4
"""The largest number of words in a term."""
LEAST = 2
"""How often a term or a new word has to occur; a part of longer terms, so often by itself."""
LEAST_TOGETHER = 0.3
"""The least Dice coefficient of the first and the last word of a term (Smadja et al. 1996)."""
LONGEST_QUOTED = 3
"""The largest number of words that quotation marks make a new word."""

_INSIDE = frozenset({"of", "de", "del", "della", "di", "du", "des", "da", "do"})
"""Function words that may stand inside of a term."""
_QUOTED = re.compile(r"[\"“„«‘]([^\"“”„«»‘’.,;:!?\n]{2,40})[\"”“»’]")
_LEAST_LETTERS = 3


@dataclass(slots=True)
class _Run:
    """What is known of a run of words."""

    segments: list[int] = field(default_factory=list)
    surfaces: Counter[str] = field(default_factory=Counter)
    before: set[str] = field(default_factory=set)
    """The words before it; each place without one counts as another."""
    after: set[str] = field(default_factory=set)


def find_terms(clauses: Clauses, primary: str) -> list[Found]:
    """Return runs of words that recur, by C-value (Frantzi, Ananiadou and Mima 2000, section 2.3)."""
    words = Counter(key_of_words([word.low], primary) for _, clause in clauses for word in clause)
    often = Counter(_key(clause, span, primary) for _, clause in clauses for span in _spans(clause, primary))
    runs: dict[str, _Run] = {}
    for i, clause in clauses:
        for span in _spans(clause, primary):
            if often[_key(clause, span, primary)] >= LEAST:
                _note(runs, i, clause, span, primary)
    counts = {key: len(run.segments) for key, run in runs.items() if _is_whole(run)}
    kept = {key: count for key, count in counts.items() if _together(key, count, words, primary) >= LEAST_TOGETHER}
    return [
        Found(_surface(runs[key].surfaces), TERM, tuple(runs[key].segments))
        for key, value in c_values(kept).items()
        if value >= LEAST * math.log2(key.count(" ") + 1)
    ]


def _spans(clause: Clause, primary: str) -> Iterator[tuple[int, int]]:
    """Yield where runs of words are that could be terms."""
    for start in range(len(clause)):
        for end in range(start + 2, min(start + LONGEST, len(clause)) + 1):
            if _may_be_term(clause[start:end], primary):
                yield start, end


def _key(clause: Clause, span: tuple[int, int], primary: str) -> str:
    return key_of_words([word.low for word in clause[slice(*span)]], primary)


def c_values(counts: Mapping[str, int]) -> dict[str, float]:
    """Return log2 |a| · (f(a) - mean of f(b) over T_a) for runs of words, given their numbers of occurrences."""
    nested: dict[str, list[int]] = {}
    for key, count in counts.items():
        for part in {*parts_of(key)}:
            nested.setdefault(part, []).append(count)
    return {
        key: math.log2(key.count(" ") + 1) * (count - (sum(own) / len(own) if (own := nested.get(key)) else 0.0))
        for key, count in counts.items()
    }


def parts_of(key: str) -> Iterator[str]:
    """Yield the shorter runs of words in a run."""
    words = key.split(" ")
    for size in range(1, len(words)):
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])


def _note(runs: dict[str, _Run], segment: int, clause: Clause, span: tuple[int, int], primary: str) -> None:
    start, end = span
    run = runs.setdefault(_key(clause, span, primary), _Run())
    run.segments.append(segment)
    run.surfaces[" ".join(word.text for word in clause[start:end])] += 1
    ordinary = function_words(primary)
    own = f"{segment}:{len(run.segments)}"
    for beside, place in ((run.before, start - 1), (run.after, end)):
        inside = 0 <= place < len(clause) and clause[place].low not in ordinary
        beside.add(clause[place].low if inside else own)


def _is_whole(run: _Run) -> bool:
    """Whether a run is not always a part of one longer run."""
    return len(run.before) > 1 and len(run.after) > 1


def _may_be_term(words: Sequence[Word], primary: str) -> bool:
    """Whether a run of words has content at its ends, and no digits alone."""
    ordinary = function_words(primary)
    first, last = words[0], words[-1]
    ends = {first.low, last.low, key_of_words([first.low], primary), key_of_words([last.low], primary)}
    if ends & ordinary or ends & _INSIDE or min(map(len, ends)) < 2:
        return False
    if primary in NOUNS_IN_CAPITALS and not last.capital:
        return False
    inside = [w.low for w in words[1:-1] if w.low in ordinary]
    return all(w in _INSIDE for w in inside) and not any(w.text[0].isdecimal() for w in words)


def _together(key: str, count: int, words: Mapping[str, int], primary: str) -> float:
    """Return Dice's coefficient of the first and the last word of a run."""
    first, *_, last = key.split(" ")
    return 2 * count / sum(max(count, words[key_of_words([word], primary)]) for word in (first, last))


def _surface(written: Counter[str]) -> str:
    """Return the form that is used most often; of equally frequent ones the shortest, in small letters."""
    return min(written, key=lambda text: (-written[text], len(text), text != text.lower(), text))


def find_new_words(clauses: Clauses, primary: str) -> list[Found]:
    """Return words that recur, and that the table of the language does not know; a noun in capitals is a term."""
    if primary not in lemma_languages():
        return []
    runs: dict[str, _Run] = {}
    for i, clause in clauses:
        for word in clause:
            if is_new(word.text, primary):
                run = runs.setdefault(key_of_words([word.low], primary), _Run())
                run.segments.append(i)
                run.surfaces[word.text] += 1
    return [
        Found(surface, TERM if _is_noun(surface, primary) else NEW, tuple(run.segments))
        for run in runs.values()
        if len(run.segments) >= LEAST and (surface := _surface(run.surfaces))
    ]


def _is_noun(text: str, primary: str) -> bool:
    return primary in NOUNS_IN_CAPITALS and text[0].isupper()


def is_new(text: str, primary: str) -> bool:
    """Whether a word is written as ordinary ones are, and is in no table."""
    if len(text) < _LEAST_LETTERS or not text.isalpha() or text[1:] != text[1:].lower():
        return False
    low = text.lower()
    return low not in function_words(primary) and low not in calendar(primary) and not is_known(text, primary)


def find_quoted(segments: Sequence[str], primary: str) -> list[Found]:
    """Return what stands in quotation marks: a few words that recur so, or have one that is in no table."""
    places: dict[str, list[int]] = {}
    for i, text in enumerate(segments):
        for own in _quoted(words_only(text)):
            places.setdefault(own, []).append(i)
    return [
        Found(text, NEW, tuple(own))
        for text, own in places.items()
        if len(own) >= LEAST or (primary in lemma_languages() and any(is_new(w, primary) for w in text.split()))
    ]


def _quoted(text: str) -> Iterator[str]:
    for match in _QUOTED.finditer(text):
        words = match[1].split()
        if BREAK not in match[1] and 1 <= len(words) <= LONGEST_QUOTED and all(w.isalpha() for w in words):
            yield " ".join(words)
