"""Checks what a translation makes of a glossary term.

In languages with spaces, rendering and translation are compared word by word, and two words agree when they share a
form: as written, without a possessive ending, or the lemma. In languages without spaces the folded rendering must
occur exactly.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from mtreason.glossary.fold import CHINESE, fold, is_bounded, is_unspaced, primary_language
from mtreason.glossary.lemma import lemma, lemma_languages
from mtreason.glossary.term import Term

# Korean has spaces, but its particles are joined to the noun, so that whole words would never agree.
_UNSPACED_LANGUAGES = CHINESE | {"ja", "ko", "th", "lo", "my", "km", "bo", "dz"}

# Letters with their accents, and the Indic blocks whole, since `\w` leaves their vowel signs out.
_LETTER = r"[^\W_]|[\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff]"
_TOKEN = re.compile(rf"(?:{_LETTER})+(?:'(?:{_LETTER})+)*'?|[.!?;。।]+|[^\w\s]")
_SENTENCE_ENDS = ".!?;。।"
_PUNCTUATION_WITH_MEANING = "#%&/@"
_STOP = "."  # a sentence end: no gap extends over it
_ELLIPSIS = re.compile(r"\.{3,}")
_OPTIONAL = re.compile(r"\(([^()]*)\)")
_MAX_OPTIONAL = 4  # 2^4 variants of one rendering

_ARTICLES = frozenset({"a", "an", "the", "to"})
_POSSESSIVES = frozenset({"my", "your", "his", "her", "its", "our", "their", "whose", "one's"})
_REFLEXIVES = frozenset(
    {"myself", "yourself", "himself", "herself", "itself", "ourselves", "yourselves", "themselves", "oneself"}
)
# Their lemmas are other words: "good" does not honour "the best".
_COMPARATIVES = frozenset({"better", "best", "worse", "worst", "more", "most", "less", "least", "further", "furthest"})


@dataclass(frozen=True, slots=True)
class _Gap:
    """Matches `least` to `most` words of any kind, within a sentence."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class _Slot:
    """Matches 1 to `most` words that `accepts` approves of together."""

    accepts: Callable[[tuple[str, ...]], bool]
    most: int


_Pattern = tuple[str | _Gap | _Slot, ...]


def honoured(term: Term, translation: str, language: str) -> bool:
    """Return whether the translation (in `language`) contains one of the term's renderings.

    A term without renderings asks for its source term as it is. Case, width, hyphens against spaces, curly against
    straight apostrophes, commas and, in English, a leading a/an/the/to make no difference. In a rendering `(...)` is
    optional and an ellipsis may be a gap of a few words; in English so may `sth` and `sb`, while `one's` is any
    possessive and `oneself` any reflexive.
    """
    if not term.targets:
        kept = _contains_as_written(term.source, translation, language)
        return kept or contains(term.source, translation, language)
    return any(contains(variant, translation, language) for target in term.targets for variant in _variants(target))


def contains(rendering: str, translation: str, language: str) -> bool:
    """Return whether the translation contains a rendering, compared as in `honoured`."""
    primary = primary_language(language)
    if primary in _UNSPACED_LANGUAGES:
        return _contains_run(rendering, translation, language)
    pattern = _pattern(rendering, primary)
    if not pattern:  # nothing but punctuation, or gaps
        return _contains_as_written(rendering, translation, language)
    tokens = _tokens(translation)
    return any(_matches(pattern, tokens, start, primary) for start in range(len(tokens)))


def _contains_as_written(term: str, translation: str, language: str) -> bool:
    needle, text = fold(term, language), fold(translation, language)
    return any(is_bounded(text, start, start + len(needle)) for start in _occurrences(needle, text))


def _occurrences(needle: str, text: str) -> Iterator[int]:
    start = text.find(needle)
    while start >= 0:
        yield start
        start = text.find(needle, start + 1)


@lru_cache(maxsize=4096)
def _variants(rendering: str) -> tuple[str, ...]:
    """Return the rendering with and without each of its parenthesised parts; empty variants are left out."""
    variants = [unicodedata.normalize("NFKC", rendering)]
    for _ in range(_MAX_OPTIONAL):
        variants = [
            choice
            for text in dict.fromkeys(variants)
            for choice in (_OPTIONAL.sub(r"\1", text, 1), _OPTIONAL.sub("", text, 1))
        ]
    variants = [_OPTIONAL.sub(r"\1", text).strip() for text in variants]
    return tuple(dict.fromkeys(text for text in variants if text)) or (rendering,)


def _contains_run(rendering: str, translation: str, language: str) -> bool:
    """Look for the rendering in text without spaces between words; spaces at an inserted Latin word are optional."""
    runs = [fold(run.strip(), language) for run in _ELLIPSIS.split(rendering)]
    runs = [run for run in runs if run]
    if not runs:
        return _contains_as_written(rendering, translation, language)
    regex = "[^。.!?;\n]{0,12}?".join(_spaces_free(run) for run in runs)
    text = fold(translation, language)
    # The lookahead makes the search try every start, also inside an earlier match that was not bounded.
    return any(is_bounded(text, *found.span(1)) for found in re.finditer(f"(?=({regex}))", text))


def _spaces_free(run: str) -> str:
    """Return a regular expression for the run: its spaces are optional, as are spaces beside unspaced characters."""
    regex = ""
    for before, char in pairwise(" " + " ".join(run.split())):
        if char == " ":
            regex += r"\s*"
        elif before != " " and (is_unspaced(before) or is_unspaced(char)):
            regex += r"\s*" + re.escape(char)
        else:
            regex += re.escape(char)
    return regex


@lru_cache(maxsize=64)
def _tokens(text: str) -> tuple[str, ...]:
    """Return the words, symbols and sentence ends (as `_STOP`) of the text, folded; other punctuation is left out."""
    # NFKC after the fold: the length no longer matters here, and it turns the ellipsis character into three dots.
    folded = unicodedata.normalize("NFKC", fold(text, "und"))
    tokens = []
    for token in _TOKEN.findall(folded):
        if token[0] in _SENTENCE_ENDS:
            if not _ELLIPSIS.fullmatch(token):  # a pause, not an end
                tokens.append(_STOP)
        elif token in _PUNCTUATION_WITH_MEANING or not unicodedata.category(token[0]).startswith("P"):
            tokens.append(token)
    return tuple(tokens)


@lru_cache(maxsize=4096)
def _pattern(rendering: str, primary: str) -> _Pattern:
    elements: list[str | _Gap | _Slot] = []
    for number, piece in enumerate(_ELLIPSIS.split(rendering)):
        elements += [_Gap(0, 5)] if number else []
        elements += [_element(word) if primary == "en" else word for word in _tokens(piece)]
    pattern: list[str | _Gap | _Slot] = []
    for element in elements:
        before = pattern[-1] if pattern else None
        if isinstance(before, _Gap) and isinstance(element, _Gap):
            # Two gaps in a row are merged: trying every split between them would take exponential time.
            pattern[-1] = _Gap(before.least + element.least, before.most + element.most)
        else:
            pattern.append(element)
    # A gap or a full stop at either end requires nothing.
    while pattern and (pattern[0] == _STOP or isinstance(pattern[0], _Gap)):
        del pattern[0]
    while pattern and (pattern[-1] == _STOP or isinstance(pattern[-1], _Gap)):
        del pattern[-1]
    if primary == "en" and len(pattern) > 1 and pattern[0] in _ARTICLES:
        del pattern[0]
    return tuple(pattern)


def _element(word: str) -> str | _Gap | _Slot:
    if word in {"sth", "sb"}:
        return _Gap(1, 4)
    if word in {"one's", "sb's"}:
        return _Slot(_is_possessive, 3)
    if word == "oneself":
        return _Slot(_is_reflexive, 1)
    return word


def _is_possessive(words: tuple[str, ...]) -> bool:
    if len(words) == 1 and words[0] in _POSSESSIVES:
        return True
    return words[-1].endswith(("'s", "s'")) and _STOP not in words


def _is_reflexive(words: tuple[str, ...]) -> bool:
    return words[0] in _REFLEXIVES


def _matches(pattern: _Pattern, tokens: tuple[str, ...], start: int, primary: str) -> bool:
    """Return whether the pattern matches the tokens from `start` on."""
    if not pattern:
        return True
    head, rest = pattern[0], pattern[1:]
    if isinstance(head, _Gap):
        for length in range(head.most + 1):
            if length >= head.least and _matches(rest, tokens, start + length, primary):
                return True
            if start + length >= len(tokens) or tokens[start + length] == _STOP:
                return False
        return False
    if start >= len(tokens):
        return False
    if isinstance(head, _Slot):
        ends = range(start + 1, min(start + head.most, len(tokens)) + 1)
        return any(head.accepts(tokens[start:end]) and _matches(rest, tokens, end, primary) for end in ends)
    agrees = not _forms(head, primary).isdisjoint(_forms(tokens[start], primary))
    return agrees and _matches(rest, tokens, start + 1, primary)


@lru_cache(maxsize=65536)
def _forms(word: str, primary: str) -> frozenset[str]:
    """Return the forms that a word is compared by: itself, without a possessive ending, and its lemma."""
    bare = word.removesuffix("'").removesuffix("'s")
    forms = {word, bare}
    comparative = primary == "en" and bare in _COMPARATIVES
    if bare.isalpha() and not comparative and primary in lemma_languages():
        forms.add(lemma(bare, primary))
    return frozenset(forms)


class Verdict(StrEnum):
    """Whether a translation follows a term."""

    FOLLOWED = "followed"
    MISSED = "missed"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict; where the translation says something forbidden, also that reading."""

    verdict: Verdict
    reading: str = ""


def judge_term(term: Term, translation: str, language: str) -> Judgement:
    """Return the verdict on a term: everything that counts, checks or rewards terms uses this function.

    A reading in `term.forbidden` is forbidden wherever it occurs. The literal reading is forbidden only where no
    rendering is honoured, since it may be part of a good one.
    """
    for reading in term.forbidden:
        if contains(reading, translation, language):
            return Judgement(Verdict.FORBIDDEN, reading)
    if honoured(term, translation, language):
        return Judgement(Verdict.FOLLOWED)
    if term.literal and contains(term.literal, translation, language):
        return Judgement(Verdict.FORBIDDEN, term.literal)
    return Judgement(Verdict.MISSED)


def follows(term: Term, translation: str, language: str) -> bool:
    """Return whether a translation honours a term and contains none of its forbidden readings."""
    return judge_term(term, translation, language).verdict is Verdict.FOLLOWED


_PLACEHOLDERS = re.compile(r"\b(?:sth|sb|one's|sb's|oneself)\b|\.{3,}|[()]")


def written(term: Term) -> str:
    """Return the best rendering that can be written as it is, without placeholders such as `sb` or a gap."""
    plain = [t for t in term.targets if not _PLACEHOLDERS.search(unicodedata.normalize("NFKC", t))]
    return (plain or term.targets or (term.source,))[0]
