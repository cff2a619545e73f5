"""Says whether a translation honours a glossary entry.

In languages with spaces, rendering and translation are compared word by word, and two words agree when they share a
form: as written, without a possessive ending, or the lemma (simplemma, whose dictionaries ship in its wheel; the
English one takes about 0.2 s and 35 MB, so it is loaded on first use). In languages without spaces the folded rendering
must occur as it stands.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from mtreason.glossary.fold import fold, is_bounded, is_unspaced, primary_language
from mtreason.glossary.load import Entry

# Korean has spaces, but its particles are written onto the noun, so that whole words would never agree.
_UNSPACED_LANGUAGES = frozenset(
    {
        "zh",
        "cmn",
        "yue",
        "wuu",
        "hak",
        "nan",
        "gan",
        "hsn",
        "cdo",
        "lzh",
        "ja",
        "ko",
        "th",
        "lo",
        "my",
        "km",
        "bo",
        "dz",
    }
)

_WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+(?:'\w+)*'?|[.!?;]+|[^\w\s,:'\"()\[\]{}-]")
_STOP = "."  # a sentence end: no gap reaches over it
_ELLIPSIS = re.compile(r"\.{3,}")
_OPTIONAL = re.compile(r"\(([^()]*)\)")
_MAX_OPTIONAL = 4  # 2^4 variants of one rendering

_ARTICLES = frozenset({"a", "an", "the", "to"})
_POSSESSIVES = frozenset({"my", "your", "his", "her", "its", "our", "their", "whose", "one's"})
_REFLEXIVES = frozenset(
    {"myself", "yourself", "himself", "herself", "itself", "ourselves", "yourselves", "themselves", "oneself"}
)


@dataclass(frozen=True, slots=True)
class _Gap:
    """Stands for `least` to `most` words of any kind, within a sentence."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class _Slot:
    """Stands for one word that `accepts` approves of."""

    accepts: Callable[[str], bool]


_Pattern = tuple["str | _Gap | _Slot", ...]


def honoured(entry: Entry, translation: str, language: str) -> bool:
    """Say whether the translation (in `language`) contains one of the entry's renderings.

    An entry without renderings asks for its source term as it is. Case, width, hyphens against spaces, curly against
    straight apostrophes, commas and, in English, a leading a/an/the/to make no difference. In a rendering `(...)` is
    optional and an ellipsis may be a gap of a few words; in English so may `sth` and `sb`, while `one's` is any
    possessive and `oneself` any reflexive.
    """
    if not entry.targets:
        return _contains_as_written(entry.source, translation, language)
    return any(_contains(variant, translation, language) for target in entry.targets for variant in _variants(target))


def _contains(rendering: str, translation: str, language: str) -> bool:
    primary = primary_language(language)
    if primary in _UNSPACED_LANGUAGES:
        return _contains_run(rendering, translation, language)
    pattern = _pattern(rendering, primary)
    if not pattern:  # nothing but punctuation or emoji marks
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


def _variants(rendering: str) -> tuple[str, ...]:
    """Return the rendering with and without each of its parenthesised parts, leaving out what becomes empty."""
    variants = [unicodedata.normalize("NFKC", rendering)]
    for _ in range(_MAX_OPTIONAL):
        variants = [
            choice for text in variants for choice in (_OPTIONAL.sub(r"\1", text, 1), _OPTIONAL.sub("", text, 1))
        ]
    variants = [_OPTIONAL.sub(r"\1", text).strip() for text in variants]
    return tuple(dict.fromkeys(text for text in variants if text)) or (rendering,)


def _contains_run(rendering: str, translation: str, language: str) -> bool:
    """Look for the rendering in text without spaces between words; spaces around an inserted Latin word are free."""
    runs = [fold(run.strip(), language) for run in _ELLIPSIS.split(rendering)]
    runs = [run for run in runs if run]
    if not runs:
        return _contains_as_written(rendering, translation, language)
    regex = "[^。.!?;\n]{0,12}?".join(_spaces_free(run) for run in runs)
    text = fold(translation, language)
    # The lookahead makes the search try every start, also inside an earlier find that was not bounded.
    return any(is_bounded(text, *found.span(1)) for found in re.finditer(f"(?=({regex}))", text))


def _spaces_free(run: str) -> str:
    chars = [char for char in run if not char.isspace()]
    parts = [re.escape(char) for char in chars[:1]]
    gaps = set()
    position = 0
    for char in run:
        if char.isspace():
            gaps.add(position)
        else:
            position += 1
    for index in range(1, len(chars)):
        free = index in gaps or is_unspaced(chars[index - 1]) or is_unspaced(chars[index])
        parts.append((r"\s*" if free else "") + re.escape(chars[index]))
    return "".join(parts)


@lru_cache(maxsize=64)
def _tokens(text: str) -> tuple[str, ...]:
    """Return words, symbols and sentence ends (as `_STOP`) of the text, folded; commas, quotes and hyphens are gone."""
    # NFC after the fold: it is the length that no longer matters here.
    folded = unicodedata.normalize("NFC", fold(text, "und"))
    return tuple(_STOP if token[0] in ".!?;" else token for token in _WORD.findall(folded))


@lru_cache(maxsize=4096)
def _pattern(rendering: str, primary: str) -> _Pattern:
    pattern: list[str | _Gap | _Slot] = []
    for number, piece in enumerate(_ELLIPSIS.split(rendering)):
        if number:
            pattern.append(_Gap(0, 5))
        words = _tokens(piece)
        pattern.extend(_element(word) if primary == "en" else word for word in words)
    # A gap or a full stop at either end asks for nothing.
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
        return _Slot(_is_possessive)
    if word == "oneself":
        return _Slot(_REFLEXIVES.__contains__)
    return word


def _is_possessive(word: str) -> bool:
    return word in _POSSESSIVES or word.endswith(("'s", "s'"))


def _matches(pattern: _Pattern, tokens: tuple[str, ...], start: int, primary: str) -> bool:
    """Say whether the pattern fits the tokens from `start` on."""
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
        agrees = head.accepts(tokens[start])
    else:
        agrees = not _forms(head, primary).isdisjoint(_forms(tokens[start], primary))
    return agrees and _matches(rest, tokens, start + 1, primary)


@lru_cache(maxsize=65536)
def _forms(word: str, primary: str) -> frozenset[str]:
    """Return what the word may be counted as: itself, without a possessive ending, and its lemma."""
    bare = word.removesuffix("'").removesuffix("'s")
    forms = {word, bare}
    if bare.isalpha() and primary in _lemma_languages():
        import simplemma

        forms.add(simplemma.lemmatize(bare, lang=primary).lower())
        # New words such as "influencers" are in no dictionary; the regular English plural still is one.
        if primary == "en" and len(bare) > 3 and bare.endswith("s") and not simplemma.is_known(bare, lang="en"):
            forms.add(bare[:-1])
    return frozenset(forms)


@cache
def _lemma_languages() -> frozenset[str]:
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    return frozenset(SUPPORTED_LANGUAGES)
