"""What a word is compared by: its spelling, its lemmas, the verb that pronouns are joined to."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from mtreason.glossary.words.lemma import lemma, lemma_languages, other_lemmas
from mtreason.glossary.words.verbs import joined_verbs, separable_forms

# Their lemmas are other words: "good" does not honour "the best".
_COMPARATIVES = frozenset({"better", "best", "worse", "worst", "more", "most", "less", "least", "further", "furthest"})


@lru_cache(maxsize=65536)
def forms(word: str, primary: str) -> frozenset[str]:
    """Return what a word is compared by: as it is, without what is joined to it, and its lemmas."""
    bare = word.removesuffix("'").removesuffix("'s")
    if primary == "tr":
        bare = word.partition("'")[0]
    found = {word, bare}
    if is_word(bare) and not (primary == "en" and bare in _COMPARATIVES) and primary in lemma_languages():
        for spelling in _spellings(bare, primary):
            found |= {lemma(spelling, primary), *other_lemmas(spelling, primary)}
        found |= set(joined_verbs(bare, primary)) | set(separable_forms(bare, primary))
    return frozenset(plain(form, primary) for form in found)


def is_word(text: str) -> bool:
    """Return whether a text has nothing but letters, with their marks and apostrophes."""
    return text.isalpha() or (text[:1].isalpha() and all(c.isalpha() or c == "'" or is_mark(c) for c in text))


def is_mark(char: str) -> bool:
    """Return whether a character is an accent or a vowel sign, which belongs to the letter before it."""
    return unicodedata.category(char) in {"Mn", "Mc"}


def plain(word: str, primary: str) -> str:
    """Return a word without differences of spelling that make no other word."""
    if primary == "de":
        return word.replace("ß", "ss")
    if primary == "el":
        return word.replace("ς", "σ")
    if primary in {"ru", "be", "uk"}:
        return word.replace("ё", "е")
    if primary in {"tr", "az"}:
        return word.translate(_TURKISH).replace("i\u0307", "i")
    if primary in {"ar", "fa", "ur", "he", "yi"}:
        return "".join(c for c in word.translate(_ARABIC) if not unicodedata.combining(c))
    return word


_TURKISH = str.maketrans("âîûİ", "aiui")
_ARABIC = str.maketrans("أإآٱىة", "اااايه", "\u0640\u200c")


def _spellings(word: str, primary: str) -> Iterator[str]:
    yield word
    if primary == "de" and "ss" in word:  # Swiss spelling has no ß
        yield word.replace("ss", "ß")
    if primary == "tr":
        yield plain(word, primary)
    if primary == "el" and word.endswith("σ"):  # the fold has one sigma
        yield word[:-1] + "ς"


def key(word: str, primary: str) -> str:
    """Return the one of the forms of a term's word that every form of that word in a text has among its own."""
    bare = word.removesuffix("'").removesuffix("'s")
    if primary not in lemma_languages() or not is_word(bare) or (primary == "en" and bare in _COMPARATIVES):
        return plain(bare, primary)
    if primary == "el":
        *_, bare = _spellings(bare, primary)
    return plain(lemma(bare, primary), primary)
