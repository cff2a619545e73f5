"""The words of a text whose words are separated, and which of their capitals mean something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mtreason.glossary.proposals.function_words import function_words
from mtreason.glossary.proposals.text import words_only
from mtreason.glossary.words.fold import fold
from mtreason.glossary.words.lemma import is_ordinary, lemma, lemma_languages

NOUNS_IN_CAPITALS = frozenset({"de", "lb", "nds"})
"""Languages in which every noun begins with a capital."""

_LETTER = r"[^\W_]|[\u0300-\u036f\u0900-\u0963\u0966-\u0dff]"
_WORD = re.compile(rf"(?:[A-Z]\.){{2,}}|(?:{_LETTER})+(?:['’&‐-](?:{_LETTER})+)*[+#]*")
_BEGINS = re.compile(r"[.!?:;…\"“„«»‘‹(\[|•*]|[-–—]\s")
"""What may stand before the first word of a sentence."""
_PARTED = re.compile("[-\u2010\u2011](?![-\u2010\u2011])")
_POSSESSIVE = re.compile(r"['’]s$")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a segment."""

    text: str
    low: str
    """Folded, with straight apostrophes."""
    placed: bool
    """Whether its place explains a capital: it begins a sentence, or stands in a heading."""

    @property
    def capital(self) -> bool:
        """Whether it begins with a letter and has a capital, not only after a hyphen (non-Chinese)."""
        first = self.text.partition("-")[0]
        return first[0].isalpha() and first != first.lower()

    @property
    def marked(self) -> bool:
        """Whether it has capitals that no place explains: it is an acronym, or has some inside."""
        return self.capital and any(part[1:] != part[1:].lower() for part in self.text.split("-"))


Clause = tuple[Word, ...]
Clauses = Sequence[tuple[int, Clause]]
"""Runs of words with nothing but blanks between them, with the index of their segment."""


def read_clauses(segments: Sequence[str], primary: str) -> list[tuple[int, Clause]]:
    """Return the clauses of a text."""
    return [(i, clause) for i, text in enumerate(segments) for clause in _clauses(text, primary)]


def _clauses(text: str, primary: str) -> Iterator[Clause]:
    shown = words_only(text)
    found = list(_WORD.finditer(shown))
    heading = _is_heading([match[0] for match in found], primary)
    held: list[Word] = []
    at = 0
    for match in found:
        gap = shown[at : match.start()]
        if held and gap.strip(" \u00a0\t"):
            yield tuple(held)
            held = []
        if _PARTED.match(shown, match.end()):
            continue  # a part of a compound, the rest of which stands with the next one
        word = _POSSESSIVE.sub("", match[0]) if primary == "en" else match[0]
        held.append(Word(word, fold(word, primary), heading or not at or _BEGINS.search(gap) is not None))
        at = match.end()
        if word != match[0]:
            yield tuple(held)  # a name ends with its possessive
            held = []
    if held:
        yield tuple(held)


def _is_heading(words: Sequence[str], primary: str) -> bool:
    """Whether capitals say nothing in a segment, since even ordinary words have them."""
    content = [word for word in words if word.lower() not in function_words(primary)]
    if primary in NOUNS_IN_CAPITALS:
        return len(content) > 1 and all(map(str.isupper, content))
    capitals = [word for word in words[1:] if word[0].isupper() and not _is_capital_by_itself(word, primary)]
    small = sum(word[0].islower() for word in content)
    return len(capitals) > 2 * small + (small > 0)


def _is_capital_by_itself(word: str, primary: str) -> bool:
    """Whether a word has its capital in every place, as far as the table of a language tells."""
    low = word.lower()
    if low in function_words(primary):
        return len(word) < 2
    return primary in lemma_languages() and not is_ordinary(word, primary)


def key_of_words(lows: Sequence[str], primary: str) -> str:
    """Return what is equal for the forms of a run of words: all of them folded, and the last one's lemma."""
    last = lemma(lows[-1], primary) if primary in lemma_languages() else lows[-1]
    return " ".join([*lows[:-1], last])
