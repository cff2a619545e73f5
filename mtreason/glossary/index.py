"""Where terms may be found: their numbers by what a text is searched for, made from the terms or read from the cache.

Where words are separated, the key of each word is its lemma, so that *goes viral* is found under *go viral*. Elsewhere,
and for terms with punctuation in them, it is what all forms of a term begin with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mtreason.glossary.term import Term
from mtreason.glossary.words.fold import is_unspaced, primary_language
from mtreason.glossary.words.forms import key
from mtreason.glossary.words.places import place
from mtreason.glossary.words.tokens import read
from mtreason.glossary.words.unspaced import UNSPACED_LANGUAGES, anchors

MOST_WORDS = 8
"""Words of a term that are in the index; the others are compared where these are found."""
MOST_CHARACTERS = 32
"""Characters of an anchor."""

_PLAIN = re.compile(r"[a-z0-9]+(?:[ -][a-z0-9]+)*")
_LETTER = "[^\\W_]|[\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff]"
_WORDS = re.compile(f"(?:{_LETTER})+(?:[ '-](?:{_LETTER})+)*'?")

Numbers = dict[str, list[int]]
"""Numbers of terms, counted from 0, in their order."""


@dataclass(frozen=True, slots=True)
class Index:
    """Where the terms of a glossary may be found in texts of a language."""

    language: str
    """A BCP-47 tag."""
    lines: Numbers
    """By the keys of their first `MOST_WORDS` words, one space between them."""
    anchors: Numbers
    """By what their forms begin with, at most `MOST_CHARACTERS` of it."""


def index_of(terms: Iterable[Term], language: str) -> Index:
    """Return where terms are found; those without a letter or sign are found nowhere."""
    primary = primary_language(language)
    spaced = primary not in UNSPACED_LANGUAGES
    lines: Numbers = {}
    beginnings: Numbers = {}
    keys = _Keys(primary)
    for number, term in enumerate(terms):
        folded = folded_source(term, language)
        if spaced and _is_words(folded):
            words = words_of(folded, primary)
            lines.setdefault(" ".join([keys[word] for word in words[:MOST_WORDS]]), []).append(number)
        elif folded:
            found = anchors(folded, primary)
            cut = [anchor[:MOST_CHARACTERS] for anchor in found if anchor]
            for anchor in cut if len(cut) == 1 else dict.fromkeys(cut):
                beginnings.setdefault(anchor, []).append(number)
    return Index(language, lines, beginnings)


class _Keys(dict[str, str]):
    """The keys of words of a language, each found out once."""

    def __init__(self, primary: str) -> None:
        super().__init__()
        self._primary = primary

    def __missing__(self, word: str) -> str:
        self[word] = own = key(word, self._primary)
        return own


def joined(parts: Sequence[tuple[int, Index]], language: str) -> Index:
    """Return one index for several, each with the number of its first term."""
    if len(parts) == 1 and parts[0][0] == 0:
        return parts[0][1]
    whole = Index(language, {}, {})
    for first, part in parts:
        for mine, theirs in ((whole.lines, part.lines), (whole.anchors, part.anchors)):
            for text, numbers in theirs.items():
                mine.setdefault(text, []).extend([first + number for number in numbers])
    return whole


def folded_source(term: Term, language: str) -> str:
    """Return what a term is, however it is written."""
    return place(term.source.strip(), language, syllables=True).folded


def words_of(folded: str, primary: str) -> list[str]:
    """Return the words of a folded term."""
    if primary == "en" and _PLAIN.fullmatch(folded):
        return folded.replace("-", " ").split(" ")
    return [token.text for token in read(folded, primary)]


def beginnings_of(line: str) -> Iterator[str]:
    """Yield what stands before each word of a line but the first."""
    at = line.find(" ")
    while at >= 0:
        yield line[: at + 1]
        at = line.find(" ", at + 1)


def _is_words(folded: str) -> bool:
    """Whether a term is nothing but words that are separated by spaces or hyphens."""
    if _PLAIN.fullmatch(folded):
        return True
    return bool(_WORDS.fullmatch(folded)) and (folded.isascii() or not any(map(is_unspaced, folded)))
