"""Finds glossary terms in text, and keeps whole words, by context, and the longest overlap.

Where words are separated, a table by words: the key of each word is its lemma, so that *goes viral* is an occurrence of
*go viral*. Elsewhere, and for terms with punctuation in them, an Aho-Corasick automaton over characters: it finds
what all forms of a term begin with, and the term's regular expression says whether one stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mtreason.glossary.merge import one
from mtreason.glossary.term import Term
from mtreason.glossary.words.apart import pairs
from mtreason.glossary.words.fold import fold, is_bounded, is_unspaced, primary_language
from mtreason.glossary.words.forms import forms, key
from mtreason.glossary.words.places import place
from mtreason.glossary.words.tokens import Token, read
from mtreason.glossary.words.unspaced import UNSPACED_LANGUAGES, anchors, run_regex

NOT_HINTED = "is an ordinary phrase, for which nothing is hinted"
"""Why a term is no hit that exists only to keep shorter ones from matching inside it."""

_PLAIN = re.compile(r"[a-z0-9]+(?:[ -][a-z0-9]+)*")
_LETTER = "[^\\W_]|[\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff]"
_WORDS = re.compile(f"(?:{_LETTER})+(?:[ '-](?:{_LETTER})+)*'?")
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
        by_term: dict[str, list[Term]] = {}
        for term in terms:
            if folded := place(term.source.strip(), language, syllables=True).folded:
                by_term.setdefault(folded, []).append(term)
        by_words: dict[str, tuple[Term, ...]] = {}
        by_characters: dict[str, tuple[Term, ...]] = {}
        spaced = primary_language(language) not in UNSPACED_LANGUAGES
        for folded, own in by_term.items():
            group = by_words if spaced and _is_words(folded) else by_characters
            group[folded] = tuple(_in_order(own)) if len(own) > 1 else tuple(own)
        self._words = _Words(by_words, primary_language(language))
        self._characters = _Characters(by_characters, language)

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


def _is_words(folded: str) -> bool:
    """Whether a term is nothing but words that are separated by spaces or hyphens."""
    if _PLAIN.fullmatch(folded):
        return True
    return bool(_WORDS.fullmatch(folded)) and (folded.isascii() or not any(map(is_unspaced, folded)))


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


class _Words:
    """Terms by the keys of their words, one space between them.

    A text is read from each of its words on for as long as some term begins with the keys that were read.
    """

    def __init__(self, terms: dict[str, tuple[Term, ...]], primary: str) -> None:
        self._primary = primary
        self._terms: dict[str, tuple[Term, ...]] = {}
        self._beginnings: set[str] = set()
        keys: dict[str, str] = {}
        for folded, own in terms.items():
            words = _words(folded, primary)
            for word in words:
                if word not in keys:
                    keys[word] = key(word, primary)
            line = ""
            for word in words[:-1]:
                line += keys[word] + " "
                self._beginnings.add(line)
            line += keys[words[-1]]
            self._terms[line] = (*self._terms[line], *own) if line in self._terms else own

    def find(self, folded: str) -> Iterator[_Found]:
        """Yield the occurrences of terms in a folded text."""
        if not self._terms:
            return
        text = tuple(read(folded, self._primary))
        for i in range(len(text)):
            yield from self._from(i, text, folded)
        for i, k in pairs(text, self._primary):
            part = text[k].text
            for form in forms(text[i].text, self._primary):
                own = self._terms.get(f"{form} {part}" if self._primary == "en" else part + form)
                if own:
                    yield text[i].start, text[i].end, own

    def _from(self, first: int, text: Sequence[Token], folded: str) -> Iterator[_Found]:
        lines, last = [""], first
        while (
            lines and last < len(text) and (last == first or _only_spaces(folded, text[last - 1].end, text[last].start))
        ):
            own = [line + form for line in lines for form in forms(text[last].text, self._primary)]
            for line in own:
                if line in self._terms:
                    yield from self._fitting(self._terms[line], text[first : last + 1], folded)
            lines = [line for line in (f"{line} " for line in own) if line in self._beginnings]
            last += 1

    def _fitting(self, terms: tuple[Term, ...], found: Sequence[Token], folded: str) -> Iterator[_Found]:
        """Yield an occurrence with those of its terms that it may be a form of, first those that are written so."""
        start, end = found[0].start, found[-1].end
        surface = folded[start:end]
        written = {t: place(t.source.strip(), "und").folded for t in terms}
        fitting = [t for t in terms if written[t] == surface]
        fitting += [t for t in terms if written[t] != surface and self._inflects(written[t], found)]
        if fitting:
            yield start, end, tuple(fitting)

    def _inflects(self, written: str, found: Sequence[Token]) -> bool:
        """Whether words whose lemmas are those of a term, written so, may be its forms.

        Of a word with hyphens only the last part has forms: ripping off is no rip-off. A noun in -ing has no form
        without that ending: what one builds is not always a building.
        """
        if self._primary != "en":
            return True
        words = _words(written, "en")
        if "-" in written and [t.text for t in found[:-1]] != words[:-1]:
            return False
        return len(words) > 1 or not words[0].endswith("ing") or found[0].text.removesuffix("s").endswith("ing")


def _words(folded: str, primary: str) -> list[str]:
    if primary == "en" and _PLAIN.fullmatch(folded):
        return folded.replace("-", " ").split(" ")
    return [token.text for token in read(folded, primary)]


def _only_spaces(folded: str, start: int, end: int) -> bool:
    """Return whether only spaces and hyphens are between two words."""
    return (end - start == 1 and folded[start] in _BETWEEN) or _BETWEEN.issuperset(folded[start:end])


class _Characters:
    """Terms by the characters that all their forms begin with."""

    def __init__(self, terms: dict[str, tuple[Term, ...]], language: str) -> None:
        import ahocorasick  # an extension module without stubs

        self._primary = primary_language(language)
        by_anchor: dict[str, list[tuple[str, tuple[Term, ...]]]] = {}
        for folded, own in terms.items():
            for anchor in anchors(folded, self._primary):
                by_anchor.setdefault(anchor, []).append((folded, own))
        self._automaton = ahocorasick.Automaton()
        for anchor, found in by_anchor.items():
            self._automaton.add_word(anchor, (len(anchor), tuple(found)))
        if by_anchor:
            self._automaton.make_automaton()

    def find(self, folded: str) -> Iterator[_Found]:
        """Yield the occurrences of terms in a folded text."""
        if not len(self._automaton):
            return
        for last, (length, found) in self._automaton.iter(folded):
            start = last + 1 - length
            for term, own in found:
                end = last + 1 if term == folded[start : last + 1] else self._end(term, folded, start)
                if end > start and is_bounded(folded, start, end):
                    yield start, end, own

    def _end(self, term: str, folded: str, start: int) -> int:
        """Return where a form of a term that begins at a place ends; the place itself where none does."""
        found = _regex(term, self._primary).match(folded, start)
        return found.end() if found else start


@lru_cache(maxsize=65536)
def _regex(run: str, primary: str) -> re.Pattern[str]:
    return re.compile(run_regex(run, primary))
