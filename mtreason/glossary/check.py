"""Checks what a translation makes of a glossary term.

In languages with spaces, rendering and translation are compared word by word, and two words agree when they share a
form (`agree.py`): as written, without what is joined to them, the lemma, a part of a compound. A verb and its
particle may be apart (`apart.py`). In languages without spaces a regular expression has the forms of a rendering
(`unspaced.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import zip_longest

from mtreason.glossary.term import Term
from mtreason.glossary.words.agree import agree
from mtreason.glossary.words.apart import stands_apart
from mtreason.glossary.words.fold import fold, is_bounded, primary_language
from mtreason.glossary.words.inflect import inflections
from mtreason.glossary.words.tokens import STOP, Token, tokens
from mtreason.glossary.words.unspaced import UNSPACED_LANGUAGES, is_empty, occurs

_ELLIPSIS = re.compile(r"\.{3,}")
_OPTIONAL = re.compile(r"\(([^()]*)\)")
_MAX_OPTIONAL = 4  # 2^4 variants of one rendering

_EMPTY = {"en": frozenset({"a", "an", "the", "to"}), "de": frozenset({"sich", "zu"}), "nl": frozenset({"zich", "te"})}
"""Language -> words that a rendering may begin with and a translation need not have."""
_MOVED_PRONOUNS = {
    "fr": {"se"}, "pt": {"se"}, "pl": {"się"}, "cs": {"se", "si"}, "sk": {"sa", "si"}, "sl": {"se", "si"}, "hr": {"se"},
    "sr": {"se"}, "bs": {"se"}, "bg": {"се", "си"}, "ro": {"se"}, "sv": {"sig"}, "da": {"sig"}, "nb": {"seg"},
}  # fmt: skip
"""Language -> what stands in a rendering for a pronoun that agrees with the subject, and may stand elsewhere."""
_POSSESSIVES = frozenset({"my", "your", "his", "her", "its", "our", "their", "whose", "one's"})
_REFLEXIVES = frozenset(
    {"myself", "yourself", "himself", "herself", "itself", "ourselves", "yourselves", "themselves", "oneself"}
)


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
    if primary in UNSPACED_LANGUAGES:
        as_written = is_empty(rendering)
        return (_contains_as_written if as_written else occurs)(rendering, translation, language)
    pattern = _pattern(rendering, primary)
    if not pattern:  # nothing but punctuation, or gaps
        return _contains_as_written(rendering, translation, language)
    text = tokens(translation, primary)
    if any(_matches(pattern, text, start, primary) for start in range(len(text))):
        return True
    words = tuple(element for element in pattern if isinstance(element, str))
    return len(words) == len(pattern) and stands_apart(words, text, primary)


def _contains_as_written(term: str, translation: str, language: str) -> bool:
    needle, text = fold(term, language), fold(translation, language)
    return any(is_bounded(text, start, start + len(needle)) for start in _occurrences(needle, text))


def _occurrences(needle: str, text: str) -> Iterator[int]:
    start = text.find(needle) if needle else -1
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


@lru_cache(maxsize=4096)
def _pattern(rendering: str, primary: str) -> _Pattern:
    elements: list[str | _Gap | _Slot] = []
    for number, piece in enumerate(_ELLIPSIS.split(rendering)):
        elements += [_Gap(0, 5)] if number else []
        elements += [_element(token.text, primary) for token in tokens(piece, primary)]
    pattern: list[str | _Gap | _Slot] = []
    for element in elements:
        before = pattern[-1] if pattern else None
        if isinstance(before, _Gap) and isinstance(element, _Gap):
            # Two gaps in a row are merged: trying every split between them would take exponential time.
            pattern[-1] = _Gap(before.least + element.least, before.most + element.most)
        else:
            pattern.append(element)
    # A gap or a full stop at either end requires nothing.
    while pattern and (pattern[0] == STOP or isinstance(pattern[0], _Gap)):
        del pattern[0]
    while pattern and (pattern[-1] == STOP or isinstance(pattern[-1], _Gap)):
        del pattern[-1]
    if len(pattern) > 1 and pattern[0] in _EMPTY.get(primary, ()):
        del pattern[0]
    return tuple(pattern)


def _element(word: str, primary: str) -> str | _Gap | _Slot:
    if word in _MOVED_PRONOUNS.get(primary, ()):
        return _Gap(0, 2)
    if primary != "en":
        return word
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
    return words[-1].endswith(("'s", "s'")) and STOP not in words


def _is_reflexive(words: tuple[str, ...]) -> bool:
    return words[0] in _REFLEXIVES


def _matches(pattern: _Pattern, text: tuple[Token, ...], start: int, primary: str) -> bool:
    """Return whether the pattern matches the tokens from `start` on."""
    if not pattern:
        return True
    head, rest = pattern[0], pattern[1:]
    if isinstance(head, _Gap):
        for length in range(head.most + 1):
            if length >= head.least and _matches(rest, text, start + length, primary):
                return True
            if start + length >= len(text) or text[start + length].stops:
                return False
        return False
    if start >= len(text):
        return False
    if isinstance(head, _Slot):
        ends = range(start + 1, min(start + head.most, len(text)) + 1)
        return any(
            head.accepts(tuple(t.text for t in text[start:end])) and _matches(rest, text, end, primary) for end in ends
        )
    return agree(head, text[start].text, primary) and _matches(rest, text, start + 1, primary)


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


def undecided(terms: Iterable[Term], translation: str, language: str) -> tuple[str, ...]:
    """Say of which terms a translation has renderings of more senses than the terms occur, as *Bank or Ufer* has.

    `terms` are those of all hits in the source, one for each.
    """
    counts = Counter(term for term in terms if term.senses)
    said = {term: len(_senses_said(term, translation, language)) for term in counts}
    return tuple(f"{term.source} is said in {said[term]} senses" for term, n in counts.items() if said[term] > n)


def _senses_said(term: Term, translation: str, language: str) -> list[tuple[str, ...]]:
    """Return the renderings of each sense that a translation has, without those that are parts of others' renderings.

    *Apple Inc.* is no apple.
    """
    found: list[tuple[str, ...]] = []
    for sense in sorted(term.senses, key=lambda sense: -max(map(len, sense.targets))):
        own = tuple(t for t in sense.targets if any(contains(v, translation, language) for v in _variants(t)))
        if own and not any(contains(t, longer, language) for t in own for said in found for longer in said):
            found.append(own)
    return found


_PLACEHOLDERS = re.compile(r"\b(?:sth|sb|one's|sb's|oneself)\b|\.{3,}|[()]")


def written(term: Term) -> tuple[str, ...]:
    """Return what can be written for a term as it is, without placeholders such as `sb` or a gap: the best first.

    Of a term with senses it is the best rendering of each, otherwise that of the term. There is always one.
    """
    return tuple(dict.fromkeys(_plain(s.targets)[0] for s in term.senses)) or _plain(term.targets or (term.source,))[:1]


def _plain(targets: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(t for t in targets if not _PLACEHOLDERS.search(unicodedata.normalize("NFKC", t))) or targets


def written_forms(term: Term, language: str, most: int) -> tuple[str, ...]:
    """Return up to `most` ways to write a term in a translation: `written`, other renderings, and their forms.

    A rendering is inflected in its first word or in its last one. Forms that do not honour the term (*worst* for
    *bad*) are left out.
    """
    plain = tuple(dict.fromkeys((*written(term), *_plain(term.targets))))[: max(1, most // 2)]
    forms = zip_longest(*(_inflected(text, primary_language(language)) for text in plain)) if term.targets else ()
    honouring = (form for own in forms for form in own if form and honoured(term, form, language))
    found = dict.fromkeys((*plain, *honouring))
    return tuple(found)[:most]


def _inflected(text: str, primary: str) -> tuple[str, ...]:
    """Return a rendering with one of its words in another form."""
    words = text.split(" ")
    last = len(words) - 1
    own = [
        [" ".join((*words[:i], form, *words[i + 1 :])) for form in inflections(words[i], primary)]
        for i in sorted({0, last})
    ]
    return tuple(form for pair in zip_longest(*own) for form in pair if form)
