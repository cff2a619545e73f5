"""Whether a word of a text is a form of a word of a term."""

from __future__ import annotations

from mtreason.glossary.words.forms import forms, is_word, plain
from mtreason.glossary.words.lemma import is_known, lemma_languages
from mtreason.glossary.words.nouns import compounded, declines
from mtreason.glossary.words.verbs import conjugates, not_reflexive

_LEAST_STEM = 4
_LONGEST_ENDING = 4
_STEM_SHARE = 0.6


def agree(word: str, token: str, primary: str) -> bool:
    """Return whether a token of a text is a form of a term's word, or a compound with it."""
    own = forms(word, primary) | forms(not_reflexive(word, primary), primary)
    if not own.isdisjoint(forms(token, primary)):
        return True
    if not (is_word(word) and is_word(token)):
        return False
    return (
        conjugates(word, token, primary)
        or declines(word, token, primary)
        or compounded(word, token, primary)
        or _shares_stem(word, token, primary)
    )


def _shares_stem(word: str, token: str, primary: str) -> bool:
    """Whether two words have the same beginning, of at least 4 letters and 60 % of the longer one, and short endings.

    That decides where there are no lemmas, or where the token is in no table: no form of another word that is known.
    """
    if primary == "en" or (primary in lemma_languages() and is_known(token, primary)):
        return False
    a, b = plain(word, primary), plain(token.partition("'")[0], primary)
    stem = next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    ending = max(len(a), len(b)) - stem
    if stem < max(_LEAST_STEM, _STEM_SHARE * max(len(a), len(b))) or ending > _LONGEST_ENDING:
        return False
    return len(a) - stem <= 2
