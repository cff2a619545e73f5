"""Names in a text whose words are separated: words with capitals that neither place nor language explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache

from mtreason.glossary.proposals.clauses import NOUNS_IN_CAPITALS, Clause, Clauses, Word
from mtreason.glossary.proposals.function_words import function_words
from mtreason.glossary.proposals.proposal import NAME, Found
from mtreason.glossary.words.lemma import is_known, is_listed, is_ordinary, lemma_languages

LONGEST_NAME = 6
"""The largest number of words in a name."""
_INSIDE = frozenset({"of", "de", "del", "della", "di", "da", "do", "du", "von", "van", "der", "den", "zu", "&"})
"""What may stand between the words of a name."""
_ARTICLES = frozenset({"the", "a", "an"})
_SHOUTED = 4
"""Letters from which a word in capitals may be an ordinary one."""
_LEAST_PART = 3
"""Letters of a part of a compound."""

_Name = tuple[str, ...]


def find_names(clauses: Clauses, primary: str) -> list[Found]:
    """Return the names that capitals show, wherever they occur."""
    seen = Counter(name for _, clause in clauses for name in _shown(clause, primary))
    small = Counter(word.text for _, clause in clauses for word in clause if not word.capital)
    names = {name for name, count in seen.items() if not _is_doubtful(name, count, small, primary)}
    places: dict[_Name, list[int]] = {}
    for i, clause in clauses:
        for name in _longest(tuple(word.text for word in clause), names):
            places.setdefault(name, []).append(i)
    return [Found(" ".join(name), NAME, tuple(own)) for name, own in places.items()]


def _is_doubtful(name: _Name, count: int, small: Counter[str], primary: str) -> bool:
    """Whether a single word may be an ordinary one: it occurs in small letters, or is listed so and shown once."""
    if len(name) > 1 or name[0][1:] != name[0][1:].lower():
        return False
    low = name[0].lower()
    return small[low] > 0 or (count < 2 and is_ordinary(name[0], primary))


def _shown(clause: Clause, primary: str) -> Iterator[_Name]:
    """Yield the names that the capitals of a clause show."""
    for words in _runs(clause, primary):
        run = _trimmed(words, primary)
        if any(_shows(word, primary) for word in run) and len(run[0].text + run[-1].text) > 2:
            yield tuple(word.text for word in run[:LONGEST_NAME])


def _runs(clause: Clause, primary: str) -> Iterator[Clause]:
    """Yield where words with capitals follow each other, with what may stand between them and digits after them."""
    at = 0
    while at < len(clause):
        if not clause[at].capital or _is_unit(clause, at):
            at += 1
            continue
        end = at + 1
        while end < len(clause):
            if clause[end].capital or clause[end].text.isdecimal():
                end += 1
            elif _joins(clause, end, primary):
                end += 2
            else:
                break
        yield clause[at:end]
        at = end


def _joins(clause: Clause, at: int, primary: str) -> bool:
    """Whether a word stands inside of a name: Bank of England; in German only between words that are no nouns."""
    if clause[at].text not in _INSIDE or at + 1 >= len(clause) or not clause[at + 1].capital:
        return False
    return primary not in NOUNS_IN_CAPITALS or (_shows(clause[at - 1], primary) and _shows(clause[at + 1], primary))


def _is_unit(clause: Clause, at: int) -> bool:
    """Whether a word of capitals stands after a number: 5 MB."""
    return clause[at].marked and at > 0 and clause[at - 1].text[0].isdecimal()


def _trimmed(run: Clause, primary: str) -> Clause:
    """Take away what does not belong to a name at the ends of a run."""
    ordinary = _ordinary(primary)
    while run and (not run[0].capital or _opens(run[0], primary)):
        run = run[1:]
    while run and (run[-1].low in calendar(primary) or run[-1].text in _INSIDE):
        run = run[:-1]
    if all(word.low in ordinary for word in run) and not (len(run) == 1 and run[0].marked and len(run[0].text) < 5):
        return ()
    return run


def _opens(word: Word, primary: str) -> bool:
    """Whether a word before a name is none of it."""
    if word.low in _ARTICLES or word.low in calendar(primary) or "'" in word.low[:2]:
        return True
    if not word.placed or (word.marked and not _is_shouted(word.text, primary)):
        return False
    if primary in NOUNS_IN_CAPITALS:
        return not _shows(word, primary)
    return word.low in _ordinary(primary) or primary not in lemma_languages() or is_listed(word.low, primary)


def _shows(word: Word, primary: str) -> bool:
    """Whether a word is part of a name as far as its capitals tell."""
    if _is_shouted(word.text, primary):
        return False
    if primary not in NOUNS_IN_CAPITALS:
        return word.marked or (word.capital and not word.placed)
    parts = word.text.split("-")
    return word.capital and (word.marked or len(word.text) > 1) and not all(_is_noun(part, primary) for part in parts)


def _is_shouted(text: str, primary: str) -> bool:
    """Whether a word is an ordinary one in capitals: NOTE, but not WHO."""
    return len(text) >= _SHOUTED and text.isupper() and is_listed(text.lower(), primary)


@lru_cache(maxsize=65536)
def _is_noun(text: str, primary: str) -> bool:
    """Whether a word of a language with nouns in capitals is in its table, or a compound of words that are."""
    if text.isupper() and len(text) > 1:
        return False
    low = text.lower()
    if low in function_words(primary) or is_listed(low, primary) or is_known(text, primary):
        return is_listed(low, primary) or not low.istitle()
    return any(
        is_known(low[:k].removesuffix(link), primary) and is_known(low[k:], primary)
        for k in range(_LEAST_PART, len(low) - _LEAST_PART + 1)
        for link in ("", "s", "n", "en")
        if len(low[:k].removesuffix(link)) >= _LEAST_PART
    )


@cache
def _ordinary(primary: str) -> frozenset[str]:
    """Return words that are no names, in small letters, though some have capitals."""
    return function_words(primary) | calendar(primary)


@cache
def calendar(primary: str) -> frozenset[str]:
    """Return the names of months, days and languages, in small letters: every translator knows them."""
    from babel import Locale, UnknownLocaleError

    try:
        known = Locale.parse(primary)
    except (UnknownLocaleError, ValueError):
        return frozenset()
    listed = [*known.months["format"]["wide"].values(), *known.days["format"]["wide"].values()]
    return frozenset(word.lower() for word in (*listed, *known.languages.values()))


def _longest(words: tuple[str, ...], names: set[_Name]) -> Iterator[_Name]:
    """Yield the names in a run of words, the longest at each place."""
    at = 0
    while at < len(words):
        size = next((n for n in range(LONGEST_NAME, 0, -1) if words[at : at + n] in names), 0)
        if size:
            yield words[at : at + size]
        at += size or 1
