"""Translations in a wrong language or script."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from mtreason.documents.literals import literals, without_literals
from mtreason.gates.pair import Pair
from mtreason.languages import Language, in_other_language, letters_of, other_letters, scripts_of, to_variant, weight

CARRIED = "Latin"
"""Names, addresses and units of measurement are written in this script in any language."""
FEW_WORDS = 3
"""Words in small letters that a source in Latin script needs to be more than names."""
FEW_LETTERS = 5
"""Letters that a source in another script needs for the same: 微信 may be WeChat."""
SAID = "its letters are not those of the language"
_SMALL = re.compile(r"(?<![\w'’-])[^\W\d_]{2,}")
_SENTENCE = re.compile(r"(?<!\w)(?:[a-zà-öø-ÿ]{2,}[ ,]+){2}[a-zà-öø-ÿ]{2,}")
NEIGHBOURS = {
    "af": ("nl",), "be": ("ru",), "ca": ("es",), "eu": ("es",), "fa": ("ar",), "kk": ("ru",), "mk": ("bg",),
    "mn": ("ru",), "sk": ("cs",), "uk": ("ru",), "ur": ("ar", "fa"),
}  # fmt: skip
"""Language -> those that models write instead of it, because they have read more of them."""


def foreign_letters(text: str, scripts: frozenset[str], kept: Sequence[str]) -> bool:
    """Whether a text has letters of scripts that are not in `scripts`, outside the terms that are to be kept."""
    return not scripts_of(_without(text, kept)) <= scripts


def _without(text: str, kept: Iterable[str]) -> str:
    for term in kept:
        text = text.replace(term, " ")
    return text


def _carried(pair: Pair) -> tuple[str, ...]:
    """Return what a translation may have from its source as it is: terms to be kept, and words of third languages."""
    foreign = scripts_of(pair.source) - set(pair.direction.source.scripts)
    if not foreign:
        return pair.kept
    return (*pair.kept, *(word for word in _runs(pair.source) if scripts_of(word) <= foreign))


def _runs(text: str) -> list[str]:
    """Return the runs of letters of one script."""
    runs: list[str] = []
    last: frozenset[str] = frozenset()
    for char in text:
        own = scripts_of(char)
        if own and own == last:
            runs[-1] += char
        elif own:
            runs.append(char)
        last = own
    return runs


def has_wrong_letters(text: str, language: Language, kept: Sequence[str] = ()) -> bool:
    """Whether a text has letters that its language is not written in: of other scripts, or of the other variant.

    Names in Latin letters are part of texts in any script.
    """
    rest = _without(text, kept)
    return not scripts_of(rest) <= {*language.scripts, CARRIED} or bool(other_letters(rest, language))


def wrong_script(pair: Pair) -> tuple[str, ...]:
    """Find letters that the language is not written in, and translations of sentences without one that it is."""
    if has_wrong_letters(without_literals(pair.text), pair.direction.target, _carried(pair)):
        return (SAID,)
    if _lacks_letters(pair) and _is_said(pair):
        return (f"there is no letter of {pair.direction.target.name}",)
    if _is_mostly_latin(pair):
        return (f"most of it is not in letters of {pair.direction.target.name}",)
    mixed = _mixed_word(pair)
    return (f"{mixed} mixes letters of two scripts",) if mixed else ()


def _is_mostly_latin(pair: Pair) -> bool:
    """Whether several words in a row are in small Latin letters, and such letters say more than the target's own."""
    if CARRIED in pair.direction.target.scripts or pair.text.isascii():
        return False
    rest = without_literals(_without(pair.text, _carried(pair)))
    own = weight(letters_of(rest, frozenset(pair.direction.target.scripts)))
    return _SENTENCE.search(rest) is not None and weight(letters_of(rest, frozenset({CARRIED}))) > own


def _mixed_word(pair: Pair) -> str:
    """Return a word with small Latin and Cyrillic letters side by side that the source does not have; "" for none.

    Many look the same, so that nobody sees it, and no search finds the word.
    """
    if pair.text.isascii() or "Cyrillic" not in pair.direction.target.scripts:
        return ""
    words = re.findall(r"[^\W\d_]+", without_literals(_without(pair.text, pair.kept)))
    return next((word for word in words if _is_mixed(word) and word not in pair.source), "")


def _is_mixed(word: str) -> bool:
    return any(both.islower() and scripts_of(both) == {"Latin", "Cyrillic"} for both in map("".join, pairwise(word)))


def no_own_letter(pair: Pair) -> tuple[str, ...]:
    """Find translations of a few words, which may be names, without a letter that the language is written in."""
    return (f"no letter of {pair.direction.target.name}",) if _lacks_letters(pair) and not _is_said(pair) else ()


def _lacks_letters(pair: Pair) -> bool:
    """Whether a draft has letters, and none of them belongs to the target's own script."""
    # Chinese letters are also written in Korean, but no text of it has only them.
    own = {"Hangul"} if "Hangul" in pair.direction.target.scripts else set(pair.direction.target.scripts)
    if CARRIED in own:
        return False
    scripts = scripts_of(pair.text)
    if not scripts or scripts & own:
        return False
    return bool(scripts_of(_without(without_literals(pair.source), pair.kept)))


def _is_said(pair: Pair) -> bool:
    """Whether a source says something, besides names and what stays as it is."""
    rest = _without(without_literals(pair.source), pair.kept)
    if len([word for word in _SMALL.findall(rest) if word.islower()]) >= FEW_WORDS:
        return True
    return sum(char.isalpha() and CARRIED not in scripts_of(char) for char in rest) >= FEW_LETTERS


def wrong_language(pair: Pair) -> tuple[str, ...]:
    """Find a draft in the source language, or in what models fall back on: English, or a neighbour of the target."""
    source, target = pair.direction.source, pair.direction.target
    found = _language_of(without_literals(_without(pair.text, pair.kept)), source, target)
    return (f"it is in {found}",) if found else ()


@functools.lru_cache(maxsize=4096)
def _language_of(text: str, source: Language, target: Language) -> str:
    return in_other_language(text, (source.primary, "en", *NEIGHBOURS.get(target.primary, ())), target)


def in_variant(pair: Pair) -> str:
    """Return a draft with its words in the target's variant of Chinese; what is to be kept stays as it is."""
    text, target = pair.text, pair.direction.target
    if text.isascii() or to_variant(text, target) == text:
        return text
    spans = [(found.start, found.end) for found in literals(text)]
    for term in filter(None, _carried(pair)):
        spans += [found.span() for found in re.finditer(re.escape(term), text)]
    parts, at = [], 0
    for start, end in sorted(spans):
        if start >= at:
            parts += [to_variant(text[at:start], target), text[start:end]]
            at = end
    return "".join([*parts, to_variant(text[at:], target)])
