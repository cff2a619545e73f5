"""Tells what language texts are in, and says so where it cannot know.

A text is taken apart by writing systems first: `iPhone 15 真香` is a Latin and a Chinese piece. What only one language
writes is settled by its letters; the rest is asked of lingua, without addresses, codes, names and numbers.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mtreason.languages.detectors import SIBLINGS, confidences, detectable, likely
from mtreason.languages.scripts import script_of, scripts_of
from mtreason.languages.tags import Language, parse_language
from mtreason.languages.variants import (
    SIMPLIFIED,
    TRADITIONAL,
    is_regional,
    other_letters,
    simplified_letters,
    traditional_letters,
    variant_of,
    written_variant,
)

SURE = 0.85
"""Confidence, 0 to 1, from which a piece is in a language."""
SURE_PASSED = 0.9
"""The same for the target language, which then is not translated; no language is thought likelier than another."""
MIN_LETTERS = 6
"""Of a script that many languages share; shorter pieces are not settled by themselves."""
MIN_NAMES = 4
"""So many words without a small letter at their beginning are needed: fewer may be names."""
MOST_READ = 400
"""How many characters of a piece are read."""
DENSITY = {"Han": 3, "Hiragana": 2, "Katakana": 2, "Hangul": 2}
"""How many letters of an alphabet say as much as one of these."""
MOST_NAMED = 3
"""How many languages an error names."""

if TYPE_CHECKING:
    import regex

# ASCII only: text without spaces may directly follow an address, and has to be translated. How an
# address begins has a largest length, so that a long word without an address is not read once for each of its letters.
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]{0,30}://[!-~]+|www\.[!-~]+|[\w.+-]{1,64}@[\w-]+\.[\w.-]+", re.ASCII | re.IGNORECASE
)
_CHINESE_OR_JAPANESE = frozenset({"Han", "Hiragana", "Katakana", "Bopomofo"})
_ONE_LANGUAGE = {
    "Hangul": "ko", "Greek": "el", "Thai": "th", "Georgian": "ka", "Armenian": "hy", "Tamil": "ta", "Telugu": "te",
    "Gujarati": "gu", "Gurmukhi": "pa", "Kannada": "kn", "Malayalam": "ml", "Oriya": "or", "Sinhala": "si", "Lao": "lo",
    "Khmer": "km", "Myanmar": "my", "Tibetan": "bo", "Thaana": "dv", "Hebrew": "he", "Bengali": "bn", "Ethiopic": "am",
}  # fmt: skip
"""Scripts that (nearly) only one language is written in today."""
_ONE_LETTER_IS_NO_WORD = frozenset({"Greek", "Cyrillic", "Latin"})
"""Single letters of these are signs: π, μ, Ω, x."""


@dataclass(frozen=True, slots=True)
class Detected:
    """What language a piece of a text is in."""

    code: str
    """The most probable language, as a BCP 47 code; "" where nothing is known."""
    confidence: float
    """0 to 1; of related languages (Croatian, Serbian) the sum."""
    script: str
    """Its writing system: a Unicode name; for Chinese Hans, Hant or, where its letters tell neither, Han."""
    weight: int
    """How much it says, in letters of an alphabet."""
    words: str
    """What was read: no more than `MOST_READ` characters."""
    others: tuple[str, ...] = ()
    """Which other languages it may be in, the likelier first."""

    @property
    def sure(self) -> bool:
        """Whether the language is settled."""
        return bool(self.code) and self.confidence >= SURE


@dataclass(frozen=True, slots=True)
class Origin:
    """What texts of a document have to be translated from."""

    source: Language | None
    """The main language that is not the target; None where none is."""
    passed: int = 0
    """How much is in the target language, in letters of an alphabet."""
    doubt: int = 0
    """How much may be in it or in another one."""
    doubtful: tuple[int, ...] = ()
    """Indices of the texts that are in doubt."""
    question: str = ""
    """What is in doubt, and what to type, in one line."""


def detect(text: str) -> list[Detected]:
    """Return what language each piece of a text is in, by writing systems in the order in which they occur."""
    pieces: dict[str, list[str]] = {}
    for word in _words().findall(_ADDRESS.sub(" ", text)):
        for script, part in _by_script(word):
            pieces.setdefault(script, []).append(part)
    if "Hangul" in pieces:
        pieces.pop("Han", None)  # explains a Korean word beside it
    found = (_piece(script, words) for script, words in pieces.items())
    return [piece for piece in found if piece is not None]


def detect_language(text: str) -> Language | None:
    """Return the language of a text; None when it has no letters, or is too short or mixed to be sure."""
    pieces = [piece for piece in detect(text) if piece.sure]
    if not pieces:
        return None
    return parse_language(max(pieces, key=lambda piece: piece.weight).code)


@functools.cache
def _words() -> regex.Pattern[str]:
    import regex

    return regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*")


def weight(text: str) -> int:
    """Return how much a text says, in letters of an alphabet; digits count as letters."""
    return sum(DENSITY.get(script_of(char), 1) for char in text if char.isalnum())


def _by_script(word: str) -> list[tuple[str, str]]:
    """Cut a word where its writing system changes; marks and digits stay with the letters before them."""
    parts: list[tuple[str, str]] = []
    for char in word:
        script = script_of(char)
        if script in _CHINESE_OR_JAPANESE:
            script = "Han"
        if parts and (not script or parts[-1][0] in {script, ""}):
            parts[-1] = (script or parts[-1][0], parts[-1][1] + char)
        else:
            parts.append((script, char))
    return [(script, part) for script, part in parts if script]


def _piece(script: str, words: list[str]) -> Detected | None:
    """Detect the language of the words of one writing system."""
    weight = sum(DENSITY.get(script_of(char), 1) for word in words for char in word if char.isalpha())
    text = " ".join(words)[:MOST_READ]
    if script in _ONE_LETTER_IS_NO_WORD and all(len(word) == 1 for word in words):
        return Detected("", 0.0, script, weight, text) if script == "Latin" else None
    if script == "Han":
        return _chinese_or_japanese(text, weight)
    if script in _ONE_LANGUAGE:
        return Detected(_ONE_LANGUAGE[script], 1.0, script, weight, text)
    return _shared(script, words, weight)


def _chinese_or_japanese(text: str, weight: int) -> Detected:
    scripts = scripts_of(text)
    if scripts & {"Hiragana", "Katakana"}:
        return Detected("ja", 1.0, "Jpan", weight, text)
    letters = {char for char in text if script_of(char) == "Han"}
    both = letters & simplified_letters() and letters & traditional_letters()
    japanese = all(_in_cp932(char) for char in letters)
    variant = written_variant(text) or "Han"
    if japanese and (both or weight < 5 * DENSITY["Han"]) and variant != SIMPLIFIED:
        # 会議 is Japanese by its letters, 大学 is both.
        code, other = ("ja", "zh") if both else ("zh", "ja")
        return Detected(code, 0.9 if both else 0.85, variant, weight, text, (other,))
    return Detected("zh", 1.0, variant, weight, text)


def _in_cp932(char: str) -> bool:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def _ordinary(words: Sequence[str]) -> list[str]:
    """Return words without numbers, and without names of things by their form (iPhone, MIT, B2B), unless all are."""
    words = [word for word in words if not any(char.isdigit() for char in word)]
    if all(word.isupper() for word in words):
        return [word.lower() for word in words]
    return [word for word in words if not any(char.isupper() for char in word[1:])]


def _shared(script: str, words: list[str], weight: int) -> Detected:
    """Detect the language of words in a script that many languages share."""
    ordinary = _ordinary(words)
    text = " ".join(ordinary)[:MOST_READ]
    letters = sum(map(str.isalpha, text))
    found = likely(text) if letters else ()
    if not found:
        return Detected("", 0.0, script, weight, text)
    code, confidence = found[0]
    kin = next((group for group in SIBLINGS if code in group), frozenset({code}))
    confidence = sum(value for other, value in found if other in kin)
    others = tuple(other for other, value in found[1:] if value > 0.05 or other in kin)
    named = script == "Latin" and len(ordinary) < MIN_NAMES and not any(word[0].islower() for word in ordinary)
    if letters < MIN_LETTERS or named:
        confidence = min(confidence, SURE / 2)
    return Detected(code, confidence, script, letters, text, others)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A piece of one of several texts, and whether it is in the target language."""

    index: int
    piece: Detected
    fits: bool | None
    """None where that is in doubt."""


def find_origin(texts: Sequence[str], target: Language) -> Origin:
    """Return what texts of one document have to be translated from, to be in the target language.

    Texts that leave doubt by themselves take the language of the others, where it is among those that they may be in.
    """
    parts = [(index, part) for index, text in enumerate(texts) for part in _windows(text)]
    units = _settled([detect(part) for _, part in parts])
    judged = list(_judge([(index, own) for (index, _), own in zip(parts, units, strict=True)], target))
    weights: dict[str, int] = {}
    for own in judged:
        if own.fits is False:
            code = _source_code(own.piece, target)
            weights[code] = weights.get(code, 0) + own.piece.weight
    doubtful = [own for own in judged if own.fits is None]
    return Origin(
        parse_language(max(weights, key=lambda code: weights[code])) if weights else None,
        sum(own.piece.weight for own in judged if own.fits),
        sum(max(1, own.piece.weight) for own in doubtful),
        tuple(sorted({own.index for own in doubtful})),
        _question(doubtful, texts) if doubtful else "",
    )


def _windows(text: str) -> Iterator[str]:
    """Cut a long text into parts that are read whole."""
    start = 0
    while start < len(text):
        end = start + MOST_READ
        blank = text.rfind(" ", start, end) if end < len(text) else -1
        end = blank if blank > start + MOST_READ // 2 else end
        yield text[start:end]
        start = end


def _settled(units: Sequence[Sequence[Detected]]) -> list[list[Detected]]:
    """Give pieces in doubt the language of all pieces of their script together, where that may be theirs."""
    together: dict[str, Detected] = {}
    for script in {p.script for own in units for p in own if not p.sure}:
        words = [word for own in units for p in own if p.script == script for word in p.words.split()]
        found = _piece(script, words) if script not in {"Han", TRADITIONAL} else None
        if found is not None and found.sure:
            together[script] = found
    return [[_as_the_others(piece, together.get(piece.script)) for piece in own] for own in units]


def _as_the_others(piece: Detected, others: Detected | None) -> Detected:
    if piece.sure or others is None:
        return piece
    may_be = piece.weight < MIN_LETTERS or not piece.code or others.code in {piece.code, *piece.others}
    return replace(piece, code=others.code, confidence=others.confidence) if may_be else piece


def _judge(units: Sequence[tuple[int, Sequence[Detected]]], target: Language) -> Iterator[_Judged]:
    for index, pieces in units:
        verdicts = [(piece, _fits(piece, target)) for piece in pieces]
        for piece, fits in verdicts:
            rest = sum(other.weight for other, _ in verdicts if other is not piece)
            # Names and quotations in Latin letters are part of a text in any script, and do not decide for it.
            carried = piece.script == "Latin" and rest > 0 and not (piece.sure and piece.weight > rest)
            if not carried or len(verdicts) == 1:
                yield _Judged(index, piece, fits)


def _fits(piece: Detected, target: Language) -> bool | None:
    """Whether a piece is in the target language; None where that is in doubt."""
    if not piece.sure:
        return None
    same = _kin(piece.code, target.primary)
    if not same or not _unicode_scripts(piece) <= set(target.scripts) or is_regional(target):
        return False
    if variant_of(target) in {SIMPLIFIED, TRADITIONAL}:
        return piece.script in {variant_of(target), "Han"}
    if piece.code != target.primary or piece.others or piece.confidence < 1:
        return True if _is_without_prior(piece.words, target.primary) else None
    return True


def _kin(code: str, primary: str) -> bool:
    """Whether two codes mean one language, or languages that a text cannot tell apart."""
    primary = {"nb": "no", "cmn": "zh", "fil": "tl"}.get(primary, primary)
    return code == primary or any({code, primary} <= group for group in SIBLINGS)


def _unicode_scripts(piece: Detected) -> set[str]:
    return set(scripts_of(piece.words))


def _is_without_prior(words: str, code: str) -> bool:
    """Whether words are in a language even if no language is thought likelier than another."""
    found = likely(words, even=True)
    return bool(found) and found[0][0] == code and found[0][1] >= SURE_PASSED


def _source_code(piece: Detected, target: Language) -> str:
    """Return the code of what a piece is translated from; with its script where that tells it from the target."""
    if not _kin(piece.code, target.primary):
        return piece.code
    if piece.code == "zh":
        return f"zh-{piece.script}" if piece.script in {SIMPLIFIED, TRADITIONAL} else "zh"
    script = {"Latin": "Latn", "Cyrillic": "Cyrl"}.get(piece.script)
    if script and piece.script not in target.scripts and piece.script in parse_language(target.primary).scripts:
        return f"{target.primary}-{script}"
    return piece.code


def _question(doubtful: Sequence[_Judged], texts: Sequence[str]) -> str:
    """Say in one line what cannot be told, and what to type."""
    first = max(doubtful, key=lambda own: own.piece.weight)
    shown = " ".join(texts[first.index].split())
    shown = shown if len(shown) <= MOST_SHOWN else shown[:MOST_SHOWN] + "…"
    codes = [code for code in (first.piece.code, *first.piece.others) if code][:MOST_NAMED]
    if not codes or first.piece.weight < MIN_LETTERS:
        return f"cannot tell what language {shown!r} is in: it is too short: add --from LANG"
    names = " or ".join(parse_language(code).name for code in codes)
    options = " or ".join(f"--from {code}" for code in codes)
    return f"cannot tell what language {shown!r} is in, it may be {names}: add {options}, or the right code"


MOST_SHOWN = 40
"""How many characters of a text its error repeats."""
LONG_ENOUGH = 20
"""Letters that a segment needs to be taken for another language than the source and the target."""
WORDS_ENOUGH = 3
"""Words with a small letter at their beginning that it needs as well."""
BETWEEN_TWO = 0.95
"""Confidence, 0 to 1, that a text in a shared script is in the target language and not in the source language."""
MIN_SHARED = 12
"""Letters of a text in a script that source and target share; shorter ones are not told apart."""


def already_in(text: str, source: Language, target: Language) -> bool:
    """Whether a segment needs no translation: no letters at all, or already in the target language.

    If it is wrong, it should be wrong only by returning False.
    """
    words = _ADDRESS.sub(" ", text)
    scripts = scripts_of(words)
    if not scripts:
        return True
    if not scripts <= set(target.scripts) or other_letters(words, target):
        return False
    if source.primary == target.primary:
        return _in_other_writing(words, source, target)
    if not scripts & set(source.scripts):
        return not is_clearly_other(words, target)
    # The detector knows each language only in its first script, and does not recognise Serbian in Latin letters.
    if source.scripts[0] not in scripts or {source.primary, target.primary} - set(detectable()):
        return False
    if sum(c.isalpha() for c in words) < MIN_SHARED:
        return False
    found = confidences(words, (source.primary, target.primary))
    return found.get(target.primary, 0.0) >= BETWEEN_TWO and not is_clearly_other(words, target)


def _in_other_writing(words: str, source: Language, target: Language) -> bool:
    """Whether a text is in the writing of the target, where source and target are one language in two writings."""
    if is_regional(target):
        return False
    if variant_of(target) in {SIMPLIFIED, TRADITIONAL}:
        return variant_of(source) != variant_of(target) == written_variant(words)
    return not scripts_of(words) & set(source.scripts)


def is_clearly_other(text: str, target: Language) -> bool:
    """Whether a text has a piece that is surely in another language than the target, and no name or quoted word."""
    words = _words().findall(text[:MOST_READ])
    if scripts_of(text) <= {"Latin"} and (len(words) < WORDS_ENOUGH or sum(map(len, words)) < LONG_ENOUGH):
        return False
    return any(_clearly_other(piece, target) for piece in detect(text[:MOST_READ]))


def _clearly_other(piece: Detected, target: Language) -> bool:
    if not piece.sure or _kin(piece.code, target.primary) or target.primary in piece.others:
        return False
    if not _unicode_scripts(piece) <= set(target.scripts):
        return True
    small = sum(word[0].islower() for word in piece.words.split())
    return piece.script != "Latin" or (piece.weight >= LONG_ENOUGH and small >= WORDS_ENOUGH)


ENOUGH = 25
"""Letters of an alphabet that a translation needs for its language to be looked at."""
SURE_WRONG = 0.9
"""Confidence, 0 to 1, that it is in one of the other languages that it is compared with."""


def in_other_language(text: str, codes: Sequence[str], target: Language) -> str:
    """Return the name of the language, of those with these codes, that a text is surely in, and not in the target.

    Returns "" for text that is too short, and where the languages share no script or are too close to be told apart.
    """
    scripts = scripts_of(text) & set(target.scripts)
    others = [code for code in dict.fromkeys(codes) if not _kin(code, target.primary) and scripts & _scripts(code)]
    if not others or {target.primary, *others} - set(detectable()):
        return ""
    words = " ".join(_ordinary(_words().findall(_ADDRESS.sub(" ", text))))[:MOST_READ]
    if sum(DENSITY.get(script_of(char), 1) for char in words if script_of(char) in scripts) < ENOUGH:
        return ""
    found = confidences(words, (target.primary, *others))
    best = max(found, key=lambda code: found[code])
    return parse_language(best).name if best in others and found[best] >= SURE_WRONG else ""


@functools.cache
def _scripts(code: str) -> frozenset[str]:
    return frozenset(parse_language(code).scripts)
