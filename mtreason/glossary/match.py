"""Finds glossary terms in text, and keeps whole words, by context, and the longest overlap.

Terms are looked up in an index of their numbers (`index.py`), and made only where a text has what they begin with, so
that a large glossary from the cache costs little.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mtreason.collector import without_collector
from mtreason.glossary.index import (
    MOST_CHARACTERS,
    MOST_WORDS,
    Numbers,
    beginnings_of,
    folded_source,
    words_of,
)
from mtreason.glossary.merge import one
from mtreason.glossary.term import Term
from mtreason.glossary.terms import indexed
from mtreason.glossary.words.apart import pairs
from mtreason.glossary.words.fold import fold, is_bounded, primary_language
from mtreason.glossary.words.forms import forms, key
from mtreason.glossary.words.places import place
from mtreason.glossary.words.tokens import Token, read
from mtreason.glossary.words.unspaced import run_regex

NOT_HINTED = "is an ordinary phrase, for which nothing is hinted"
"""Why a term is no hit that exists only to keep shorter ones from matching inside it."""

_DOUBLED = frozenset(1 << k for k in range(MOST_CHARACTERS.bit_length() - 1))
"""1, 2, 4 and so on, to half of the longest anchor."""
_BETWEEN = frozenset(" \t-\u00a0'*")
"""What may stand between the words of a term."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One occurrence of a term: `text[start:end]`, in characters of the searched text, is its surface form.

    Of a verb whose parts stand apart it is the verb.
    """

    term: Term
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Find:
    """An occurrence of a term's characters, and the reason if it is no hit."""

    hit: Hit
    dropped: str
    """The reason why it is no hit; "" for a hit."""


_Found = tuple[int, int, tuple[Term, ...]]
"""Where an occurrence starts and ends in the folded text, and the terms that it may be, in the order to try them."""


class Matcher:
    """Finds the terms of one or more glossaries in text of one language.

    Terms that fold to the same string are one term. Among its variants, those of the last file are tried first, so that
    a user's file after a shipped one overrides it; within one file, those that count only as they are written are tried
    first, then those with conditions. Where several of these hold, they are one term with several senses.
    """

    def __init__(self, terms: Iterable[Term], language: str) -> None:
        self._language = language
        with without_collector():
            terms, index = indexed(terms, language)
            self._words = _Words(index.lines, terms, language)
            self._characters = _Characters(index.anchors, terms, language)

    def find(self, text: str) -> tuple[Hit, ...]:
        """Return the hits in text order, without overlaps.

        Where terms overlap the longest wins, and among equally long ones the leftmost. In scripts with spaces a term
        must be a whole word; in Chinese and similar scripts it may occur anywhere.
        """
        return tuple(found.hit for found in self.explain(text) if not found.dropped)

    def explain(self, text: str) -> tuple[Find, ...]:
        """Return all occurrences in text order; those that are no hits have the reason."""
        placed = place(text, self._language)
        spans: dict[tuple[int, int], tuple[Term, ...]] = {}
        for start, end, terms in (*self._characters.find(placed.folded), *self._words.find(placed.folded)):
            spans.setdefault(placed.span(start, end), terms)
        found = [self._judge(text, span, terms) for span, terms in spans.items()]
        found.sort(key=lambda f: (f.hit.start - f.hit.end, f.hit.start))
        taken: list[Hit | None] = [None] * len(text)
        judged = []
        for f in found:
            if not f.dropped:
                # Chosen hits are at least as long as this one, so one that overlaps it covers one of its two ends.
                longer = taken[f.hit.start] or taken[f.hit.end - 1]
                if longer is None:
                    taken[f.hit.start : f.hit.end] = [f.hit] * (f.hit.end - f.hit.start)
                else:
                    f = Find(f.hit, f"overlaps {longer.term.source}, which is longer or comes first")  # noqa: PLW2901
            if not f.dropped and not f.hit.term.hinted:
                f = Find(f.hit, NOT_HINTED)  # noqa: PLW2901
            judged.append(f)
        return tuple(sorted(judged, key=lambda f: (f.hit.start, f.hit.end)))

    def _judge(self, text: str, span: tuple[int, int], terms: Sequence[Term]) -> Find:
        """Return the term whose conditions hold, as a hit or with the reason why there is none."""
        start, end = span
        why = [self._missing(term, text, start, end) if term.conditional else "" for term in terms]
        holding = [term for term, missing in zip(terms, why, strict=True) if not missing]
        if not holding:
            return Find(Hit(terms[0], start, end), why[0])
        return Find(Hit(self._together(holding), start, end), "")

    def _together(self, terms: Sequence[Term]) -> Term:
        """Return the first of several terms, with what others of its file say that are meant under like conditions."""
        if len(terms) == 1:
            return terms[0]
        alike = [term for term in terms if self._kind(term) == self._kind(terms[0])]
        return one(sorted(alike, key=lambda term: term.line), [True] * len(alike))

    def _kind(self, term: Term) -> tuple[object, ...]:
        return fold(term.source, self._language), term.file, term.case_sensitive, term.conditional, term.hinted

    def _missing(self, term: Term, text: str, start: int, end: int) -> str:
        """Return the condition of a term that does not hold, if there is one."""
        if term.case_sensitive and text[start:end] != term.source:
            return f"is written otherwise than {term.source}"
        around = fold(text[:start] + " " * (end - start) + text[end:], self._language)
        present = [word for word in term.excludes if self._stands_in(word, around)]
        if present:
            return f"stands with {present[0]}"
        if term.requires and not any(self._stands_in(word, around) for word in term.requires):
            return f"stands without {' or '.join(term.requires)}"
        return ""

    def _stands_in(self, word: str, folded: str) -> bool:
        needle = fold(word, self._language)
        start = folded.find(needle)
        while start >= 0:
            if is_bounded(folded, start, start + len(needle)):
                return True
            start = folded.find(needle, start + 1)
        return False


def _in_order(terms: Sequence[Term]) -> list[Term]:
    """Return the variants of a term in the order in which they are tried, without those that are overridden."""
    files = list(dict.fromkeys(term.file for term in terms))
    places = sorted(range(len(terms)), key=lambda i: (-files.index(terms[i].file), *_last(terms[i]), -i))
    by_conditions: dict[tuple[object, ...], Term] = {}
    for i in places:
        by_conditions.setdefault(terms[i].conditions, terms[i])
    return list(by_conditions.values())


def _last(term: Term) -> tuple[bool, bool]:
    """Sort terms that are meant in fewer places before others."""
    return not term.case_sensitive, not term.conditional


def _variants(numbers: Iterable[int], terms: Sequence[Term], language: str) -> dict[str, tuple[Term, ...]]:
    """Return terms by what they are, folded; those that fold to the same string in the order to try them."""
    found: dict[str, list[Term]] = {}
    for number in numbers:
        term = terms[number]
        found.setdefault(folded_source(term, language), []).append(term)
    return {folded: tuple(_in_order(own) if len(own) > 1 else own) for folded, own in found.items()}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A term of a line of the index."""

    term: Term
    written: str
    """As it is written, but for case and width."""
    rest: tuple[str, ...]
    """The keys of its words that are not in the line."""


class _Words:
    """Terms by the keys of their words.

    A text is read from each of its words on for as long as some line of the index begins with the keys that were read.
    """

    def __init__(self, lines: Numbers, terms: Sequence[Term], language: str) -> None:
        self._language, self._primary = language, primary_language(language)
        self._lines = lines
        self._terms = terms
        self._beginnings = {beginning for line in lines for beginning in beginnings_of(line)}
        self._made: dict[str, tuple[_Entry, ...]] = {}
        for line in itertools.islice(lines, 1):
            forms(line.partition(" ")[0], self._primary)  # loads the table, which a text would wait for

    def find(self, folded: str) -> Iterator[_Found]:
        """Yield the occurrences of terms in a folded text."""
        if not self._lines:
            return
        text = tuple(read(folded, self._primary))
        for i in range(len(text)):
            yield from self._from(i, text, folded)
        for i, k in pairs(text, self._primary):
            part = text[k].text
            for form in forms(text[i].text, self._primary):
                own = self._entries(f"{form} {part}" if self._primary == "en" else part + form)
                if own:
                    yield text[i].start, text[i].end, tuple(entry.term for entry in own)

    def _entries(self, line: str) -> tuple[_Entry, ...]:
        """Return the terms of a line, which are made when they are first asked for."""
        if line not in self._lines:
            return ()
        if line not in self._made:
            own = _variants(self._lines[line], self._terms, self._language)
            self._made[line] = tuple(
                _Entry(term, place(term.source.strip(), "und").folded, self._rest(folded))
                for folded, terms in own.items()
                for term in terms
            )
        return self._made[line]

    def _rest(self, folded: str) -> tuple[str, ...]:
        return tuple(key(word, self._primary) for word in words_of(folded, self._primary)[MOST_WORDS:])

    def _from(self, first: int, text: Sequence[Token], folded: str) -> Iterator[_Found]:
        lines, last = [""], first
        while lines and last < len(text) and (last == first or _goes_on(text, last, folded)):
            own = [line + form for line in lines for form in forms(text[last].text, self._primary)]
            for line in own:
                if line in self._lines:
                    yield from self._fitting(self._entries(line), first, last, text, folded)
            lines = [line for line in (f"{line} " for line in own) if line in self._beginnings]
            last += 1

    def _fitting(
        self, entries: Sequence[_Entry], first: int, last: int, text: Sequence[Token], folded: str
    ) -> Iterator[_Found]:
        """Yield an occurrence with those of its terms that it may be a form of, first those that are written so."""
        for rest in dict.fromkeys(entry.rest for entry in entries):
            if rest and not self._follow(rest, last + 1, text, folded):
                continue
            found = text[first : last + 1 + len(rest)]
            surface = folded[found[0].start : found[-1].end]
            own = [entry for entry in entries if entry.rest == rest]
            fitting = [e.term for e in own if e.written == surface]
            fitting += [e.term for e in own if e.written != surface and self._inflects(e.written, found)]
            if fitting:
                yield found[0].start, found[-1].end, tuple(fitting)

    def _follow(self, rest: Sequence[str], first: int, text: Sequence[Token], folded: str) -> bool:
        """Whether forms of words stand in a text from a token on."""
        return first + len(rest) <= len(text) and all(
            _goes_on(text, k, folded) and word in forms(text[k].text, self._primary)
            for k, word in enumerate(rest, first)
        )

    def _inflects(self, written: str, found: Sequence[Token]) -> bool:
        """Whether words whose lemmas are those of a term, written so, may be its forms.

        Of a word with hyphens only the last part has forms: ripping off is no rip-off. A noun in -ing has no form
        without that ending: what one builds is not always a building.
        """
        if self._primary != "en":
            return True
        words = words_of(written, "en")
        if "-" in written and [t.text for t in found[:-1]] != words[:-1]:
            return False
        return len(words) != 1 or not words[0].endswith("ing") or found[0].text.removesuffix("s").endswith("ing")


def _goes_on(text: Sequence[Token], k: int, folded: str) -> bool:
    """Whether only spaces and hyphens are between a word and the one before it."""
    return _only_spaces(folded, text[k - 1].end, text[k].start)


def _only_spaces(folded: str, start: int, end: int) -> bool:
    """Return whether only spaces and hyphens are between two words."""
    return (end - start == 1 and folded[start] in _BETWEEN) or _BETWEEN.issuperset(folded[start:end])


class _Characters:
    """Terms by the characters that all their forms begin with.

    From each place of a text ever longer pieces are looked up. At lengths that double, the search goes on only where
    some anchor begins so.
    """

    def __init__(self, anchors: Numbers, terms: Sequence[Term], language: str) -> None:
        self._language, self._primary = language, primary_language(language)
        self._anchors = anchors
        self._terms = terms
        self._beginnings = {a[:k] for k in _DOUBLED for a in anchors if len(a) > k}
        self._lengths = sorted({*map(len, anchors), *map(len, self._beginnings)})
        self._made: dict[str, dict[str, tuple[Term, ...]]] = {}

    def find(self, folded: str) -> Iterator[_Found]:
        """Yield the occurrences of terms in a folded text."""
        for start in range(len(folded)) if self._anchors else ():
            for length in self._lengths:
                piece = folded[start : start + length]
                if len(piece) < length:
                    break
                if piece in self._anchors:
                    yield from self._from(start, piece, folded)
                if length in _DOUBLED and piece not in self._beginnings:
                    break

    def _from(self, start: int, anchor: str, folded: str) -> Iterator[_Found]:
        if anchor not in self._made:
            self._made[anchor] = _variants(self._anchors[anchor], self._terms, self._language)
        for term, own in self._made[anchor].items():
            end = start + len(term) if term == anchor else self._end(term, folded, start)
            if end > start and is_bounded(folded, start, end):
                yield start, end, own

    def _end(self, term: str, folded: str, start: int) -> int:
        """Return where a form of a term that begins at a place ends; the place itself where none does."""
        found = _regex(term, self._primary).match(folded, start)
        return found.end() if found else start


@lru_cache(maxsize=65536)
def _regex(run: str, primary: str) -> re.Pattern[str]:
    return re.compile(run_regex(run, primary))
