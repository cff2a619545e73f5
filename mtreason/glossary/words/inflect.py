"""The forms of a word, from its dictionary form: the tables of lemmas, read backwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from mtreason.glossary.words.forms import is_word
from mtreason.glossary.words.lemma import is_known, lemma, lemma_languages, table

_BEGINNING = 2
"""So many letters begin all forms that are looked for in a packed table; reading it whole takes seconds."""


@lru_cache(maxsize=4096)
def inflections(word: str, primary: str) -> tuple[str, ...]:
    """Return the other forms of a word, the shortest first; nothing where it is no dictionary form.

    Capitals are as in the word: of a name that is written like another word there are no forms. The first word of a
    language takes as long as its table does to load, and every further one up to 2 s in the largest (Polish, Finnish).
    """
    if primary not in lemma_languages() or not is_word(word):
        return ()
    found = set(_listed(word, table(primary), primary))
    if primary == "en":
        found |= {form for form in _gerunds(word) if is_known(form, "en") and lemma(form, "en") == word}
    return tuple(sorted(found - {word}, key=lambda form: (len(form), form)))


def _listed(word: str, listed: Mapping[str, str], primary: str) -> Iterator[str]:
    if primary == "en":  # the one table that is not packed
        yield from (form for form, base in listed.items() if base == word)
        return
    beginning = word[:_BEGINNING]
    yield from (form for form in listed if form.startswith(beginning) and listed[form] == word)


def _gerunds(word: str) -> Iterator[str]:
    """Yield how an English verb may look in -ing: the table has these forms as nouns of their own."""
    yield f"{word}ing"
    yield f"{word[:-1]}ing" if word.endswith("e") else f"{word}{word[-1:]}ing"
