"""Finds glossary terms in text with Aho-Corasick automata, and keeps whole words, by context, and the longest overlap.

One automaton reads folded text. In languages that separate words and have lemmas here, a second automaton reads lemmas
word by word, so that *goes viral* is an occurrence of *go viral*.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mtreason.glossary.fold import fold, is_bounded, is_unspaced, primary_language
from mtreason.glossary.lemma import lemma, lemma_languages
from mtreason.glossary.term import Term

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
NOT_HINTED = "is an ordinary phrase, for which nothing is hinted"
"""Why a term is no hit that exists only to keep shorter ones from matching inside it."""
_UNKNOWN = 0
"""Number of a word that occurs in no term."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One occurrence of a term: `text[start:end]`, in characters of the searched text, is its surface form."""

    term: Term
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Find:
    """An occurrence of a term's characters, and the reason if it is no hit."""

    hit: Hit
    dropped: str
    """The reason why it is no hit; "" for a hit."""


class Matcher:
    """Finds the terms of one or more glossaries in text of one language.

    Terms that fold to the same string are one term. Among its variants, those of the last file are tried first, so that
    a user's file after a shipped one overrides it; within one file, those with conditions are tried first.
    """

    def __init__(self, terms: Iterable[Term], language: str) -> None:
        import ahocorasick  # an extension module without stubs

        self._language = language
        self._lemmas = primary_language(language) in lemma_languages()
        by_term: dict[str, list[Term]] = {}
        for term in terms:
            if key := fold(term.source, language):
                by_term.setdefault(key, []).append(term)
        by_key = {key: tuple(_in_order(own)) for key, own in by_term.items()}
        self._empty = not by_key
        self._automaton = ahocorasick.Automaton()
        for key, own in by_key.items():
            self._automaton.add_word(key, (len(key), own))
        self._words: dict[str, int] = {}
        self._sequences = ahocorasick.Automaton(ahocorasick.STORE_ANY, ahocorasick.KEY_SEQUENCE)
        for key, own in by_key.items() if self._lemmas else ():
            lemmas = [self._lemma(word) for _, _, word in _words(key)]
            if lemmas and not any(map(is_unspaced, key)):
                numbers = tuple(self._words.setdefault(lemma, len(self._words) + 1) for lemma in lemmas)
                known = self._sequences.get(numbers, (0, ()))[1]
                self._sequences.add_word(numbers, (len(numbers), (*known, *own)))
        for automaton in (self._automaton, self._sequences):
            if len(automaton):
                automaton.make_automaton()

    def find(self, text: str) -> tuple[Hit, ...]:
        """Return the hits in text order, without overlaps.

        Where terms overlap the longest wins, and among equally long ones the leftmost. In scripts with spaces a term
        must be a whole word; in Chinese and similar scripts it may occur anywhere.
        """
        return tuple(found.hit for found in self.explain(text) if not found.dropped)

    def explain(self, text: str) -> tuple[Find, ...]:
        """Return all occurrences in text order; those that are no hits have the reason."""
        if self._empty or not text:
            return ()
        folded = fold(text, self._language)
        spans: dict[tuple[int, int], tuple[Term, ...]] = {}
        for start, end, terms in self._occurrences(folded):
            spans.setdefault((start, end), terms)
        found = [self._judge(text, folded, span, terms) for span, terms in spans.items()]
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

    def _occurrences(self, folded: str) -> Iterator[tuple[int, int, tuple[Term, ...]]]:
        for last, (length, terms) in self._automaton.iter(folded):
            start = last + 1 - length
            if is_bounded(folded, start, last + 1):
                yield start, last + 1, terms
        if len(self._sequences):
            words = list(_words(folded))
            numbers = tuple(self._words.get(self._lemma(word), _UNKNOWN) for _, _, word in words)
            for last, (length, terms) in self._sequences.iter(numbers):
                own = words[last + 1 - length : last + 1]
                fitting = tuple(e for e in terms if self._inflects(e, own))
                if fitting and _only_spaces(folded, own):
                    yield own[0][0], own[-1][1], fitting

    def _inflects(self, term: Term, found: Sequence[tuple[int, int, str]]) -> bool:
        """Whether words whose lemmas are those of a term may be its forms.

        Of a word with hyphens only the last part has forms: ripping off is no rip-off. A noun in -ing has no form
        without that ending: what one builds is not always a building.
        """
        words = [word for _, _, word in _words(fold(term.source, self._language))]
        if "-" in term.source and [w for _, _, w in found[:-1]] != words[:-1]:
            return False
        return len(words) > 1 or not words[0].endswith("ing") or found[0][2].removesuffix("s").endswith("ing")

    def _judge(self, text: str, folded: str, span: tuple[int, int], terms: Sequence[Term]) -> Find:
        """Return the first term whose conditions hold, as a hit or with the reason why it is none."""
        start, end = span
        around = folded[:start] + " " * (end - start) + folded[end:]
        why = ""
        for term in terms:
            why = self._missing(term, text[start:end], around)
            if not why:
                return Find(Hit(term, start, end), "")
        return Find(Hit(terms[0], start, end), why)

    def _missing(self, term: Term, surface: str, around: str) -> str:
        """Return the condition of a term that does not hold, if there is one."""
        if term.case_sensitive and surface != term.source:
            return f"is written otherwise than {term.source}"
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

    def _lemma(self, word: str) -> str:
        return lemma(word.removesuffix("'s").removesuffix("'"), primary_language(self._language))


def _in_order(terms: Sequence[Term]) -> list[Term]:
    """Return the variants of a term in the order in which they are tried, without those that are overridden."""
    files = list(dict.fromkeys(term.file for term in terms))
    places = sorted(range(len(terms)), key=lambda i: (-files.index(terms[i].file), not terms[i].conditional, -i))
    by_conditions: dict[tuple[object, ...], Term] = {}
    for i in places:
        by_conditions.setdefault(terms[i].conditions, terms[i])
    return list(by_conditions.values())


def _words(folded: str) -> Iterator[tuple[int, int, str]]:
    for found in _WORD.finditer(folded):
        yield found.start(), found.end(), found[0]


def _only_spaces(folded: str, words: Sequence[tuple[int, int, str]]) -> bool:
    """Return whether only spaces and hyphens are between the words."""
    return all(set(folded[a[1] : b[0]]) <= set(" \t-\u00a0") for a, b in itertools.pairwise(words))
