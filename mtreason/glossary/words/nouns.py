"""Forms of nouns that no table of lemmas has: those that are forms of other words too, and compounds."""

from __future__ import annotations

import re
from functools import lru_cache

from mtreason.glossary.words.forms import forms, plain
from mtreason.glossary.words.lemma import is_known, lemma_languages

# Nouns of Finnish and Turkish whose forms are also forms of other words: kadut, sillan, değişikliğini.

_FINNISH_GRADES = {
    "kk": "k", "pp": "p", "tt": "t", "nk": "ng", "nt": "nn", "lt": "ll", "rt": "rr", "mp": "mm", "ht": "hd", "lk": "l",
    "rk": "r", "k": "", "p": "v", "t": "d",
}  # fmt: skip
"""Consonants before the last vowel, and their weak grade, which stands in closed syllables."""
_FINNISH_NOUN = re.compile(r"(.*?[aeiouyäö])([bcdfghjklmnpqrstvwxz]{1,2})([aeiouyäö])")
_FINNISH_ENDINGS = re.compile(
    "(?:[nt]|n?a|n?ä|ss[aä]|st[aä]|ll[aä]|lt[aä]|lle|n[aä]|ksi|tt[aä]|[aeiouyäö]n|i(?:ss[aä]|st[aä]|ll[aä]|lt[aä]|lle|n[aä]|ksi)|"
    "je?n|j[aä])(?:ni|si|ns[aä]|mme|nne|[ae]n|än)?(?:kin|k[oö])?"
)
_TURKISH_ENDINGS = re.compile(
    "(?:l[ae]r)?(?:[ıiuü]?[mn][ıiuü]z|[ıiuü]?[mn]|s?[ıiuü]|l[ae]r[ıiuü])?"
    "(?:[ny]?[ıiuü]|[ny]?[ae]|n?[dt][ae]n?|n?[ıiuü]n|y?l[ae]|n?c[ae])?(?:ki(?:ler)?)?(?:[dt][ıiuü]r)?"
)
_TURKISH_SOFT = {"p": "b", "ç": "c", "t": "d", "k": "ğ"}


def declines(word: str, token: str, primary: str) -> bool:
    """Whether a token is a regular form of a noun, whatever else it may be."""
    if primary == "fi" and (noun := _FINNISH_NOUN.fullmatch(word)):
        head, consonants, vowel = noun.groups()
        weak = head + _FINNISH_GRADES.get(consonants, consonants) + vowel
        return any(token.startswith(s) and _FINNISH_ENDINGS.fullmatch(token, len(s)) for s in (word, weak))
    if primary == "tr" and len(word) > 2:
        word, token = plain(word, "tr"), plain(token.replace("'", ""), "tr")
        soft = word[:-1] + _TURKISH_SOFT.get(word[-1], word[-1])
        return any(token.startswith(s) and _TURKISH_ENDINGS.fullmatch(token, len(s)) for s in (word, soft))
    return False


# Compounds.

COMPOUNDING = frozenset({"de", "nl", "sv", "da", "nb", "nn", "no", "fi", "et", "hu", "is", "lb", "fy", "af"})
"""Languages that write a compound of nouns as one word."""
_LINKS = {
    "de": ("", "s", "es", "n", "en", "er", "e"),
    "nl": ("", "s", "en", "e", "n"),
    "sv": ("", "s", "e", "o", "u"),
    "da": ("", "s", "e"),
    "nb": ("", "s", "e"),
    "fi": ("", "n", "en"),
    "et": ("", "a", "e", "i", "u"),
}
"""What stands between the parts of a compound."""
_NO_PARTS = "ver ent zer emp miss aus auf ein vor her hin mit nach weg ont her toe aan uit ge be"
"""Prefixes of verbs, which are no first parts of compounds."""
_LEAST_PART = 3
_LEAST_WORD = 4
_MANY_PARTS = 3


@lru_cache(maxsize=65536)
def compounded(word: str, token: str, primary: str) -> bool:
    """Whether a token is a compound whose first or last part is a form of a word.

    What is left has to be a word of the table or a compound itself, so that a word that only begins or ends with the
    same letters is none.
    """
    if primary not in COMPOUNDING or primary not in lemma_languages() or len(token) < len(word) + _LEAST_PART - 1:
        return False
    if len(word) >= _LEAST_WORD and any(token.startswith(first) for first in _as_first(word)):
        rests = (token[len(f) :] for f in _as_first(word) if token.startswith(f))
        if any(
            _is_part(rest.removeprefix(link), primary)
            for rest in rests
            for link in _links(primary)
            if rest.startswith(link)
        ):
            return True
    own = forms(word, primary)
    least = max(_LEAST_PART, len(word) - 3)
    for start in range(_LEAST_PART, len(token) - least + 1):
        if not own.isdisjoint(forms(token[start:], primary)) and _is_head(token[:start], primary):
            return True
    return False


def _as_first(word: str) -> tuple[str, ...]:
    """Return how a word may begin a compound: some lose their last vowel."""
    return (word, word[:-1]) if word.endswith("e") else (word,)


def _links(primary: str) -> tuple[str, ...]:
    return _LINKS.get(primary, ("", "s", "e"))


def _is_head(text: str, primary: str) -> bool:
    """Whether a text, without what links it to the next part, is the first part of a compound."""
    return any(_is_part(text.removesuffix(link), primary) for link in _links(primary) if text.endswith(link))


def _is_part(text: str, primary: str, depth: int = _MANY_PARTS) -> bool:
    if len(text) < _LEAST_PART or text in _NO_PARTS.split():
        return False
    if is_known(text, primary) or (text[-1] not in "es" and len(text) > _LEAST_WORD and is_known(f"{text}e", primary)):
        return True
    return depth > 1 and any(
        is_known(text[:k], primary) and _is_part(text[k + len(link) :], primary, depth - 1)
        for k in range(_LEAST_WORD, len(text) - _LEAST_PART + 1)
        for link in _links(primary)
        if text.startswith(link, k)
    )
