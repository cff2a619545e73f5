"""What a language has for numbers, from CLDR and a few by hand: signs, words for thousands and more, months."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from mtreason.languages import Language
from mtreason.numbers.words import HAN

if TYPE_CHECKING:
    import babel

_BY_HAND: dict[str, dict[str, int]] = {
    "en": {
        "hundred": 100, "thousand": 10**3, "mn": 10**6, "mil": 10**6, "mln": 10**6, "bn": 10**9, "tn": 10**12,
        "lakh": 10**5, "lakhs": 10**5, "crore": 10**7, "crores": 10**7, "dozen": 12, "millions": 10**6,
        "billions": 10**9,
    },
    "de": {"hundert": 100, "mill": 10**6, "dutzend": 12},
    "fr": {"douzaine": 12, "douzaines": 12, "md": 10**9, "mds": 10**9},
    "es": {"docena": 12, "docenas": 12, "cientos": 100},
    "it": {"mila": 10**3, "mln": 10**6, "mld": 10**9, "dozzina": 12},
}  # fmt: skip
"""Words that stand after digits, and that CLDR lacks."""
_SIGNS = {"en": {"k": 10**3, "m": 10**6, "b": 10**9}}
"""Letters that stand after digits, and that CLDR lacks."""
_CURRENCIES = frozenset({"RMB", "Rs", "US", "HK", "NT", "A", "C", "R", "kr"})
_EITHER = frozenset({"es"})
"""Tags of languages that use both decimal signs, depending on the country."""
_UNSPACED = {"th": "(?!ธ)", "lo": "", "km": "", "my": ""}
"""Languages without blanks between words -> what rules out that a word ends there (พันธุ์ is a breed, พัน a thousand)."""
_SPANS = {"month": 12, "day": 7, "hour": 24, "minute": 60}
"""Units of time -> how many make one of the next larger unit."""
_COUNTS = (1, 2, 5, 24)
"""Numbers after which words have all their forms."""
_LETTER = r"[^\W\d_]"


@dataclass(frozen=True, slots=True, eq=False)
class Locale:
    """A language, as far as numbers are concerned."""

    primary: str
    decimal: str
    """"." or ","."""
    either: bool
    """Whether the other decimal sign is as usual."""
    magnitudes: Mapping[str, Fraction]
    """Case-folded word after digits -> what it multiplies by."""
    signs: Mapping[str, Fraction]
    """The same for single letters, such as "K"; they are also signs of units."""
    magnitude: str
    """All of them, as a regular expression."""
    currencies: frozenset[str]
    """Codes and letters that stand before an amount."""
    months: Mapping[str, int]
    """Case-folded name -> number."""
    spans: Mapping[str, int]
    """Case-folded words for units of time -> how many make one of the next larger unit."""
    span: str
    """All of them, as a regular expression for what stands after a number; they may be inflected."""
    han: bool
    """Whether numbers are written in Chinese characters."""

    def multiplier(self, word: str) -> Fraction | None:
        """Return what a word of `magnitude` multiplies by; None for what is none for sure."""
        word = word.casefold().rstrip(".")
        for end in range(len(word), max(len(word) - 4, 0), -1):
            if (found := self.magnitudes.get(word[:end])) is not None:
                return found
        return None


@functools.lru_cache(maxsize=256)
def locale_of(language: Language) -> Locale | None:
    """Return what CLDR knows of a language; None where it does not know it."""
    from babel import Locale as Known
    from babel import UnknownLocaleError

    try:
        known = Known.parse(language.tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
    magnitudes, signs = _magnitudes(known)
    magnitudes |= {word: Fraction(n) for word, n in _BY_HAND.get(language.primary, {}).items()}
    signs |= {sign: Fraction(n) for sign, n in _SIGNS.get(language.primary, {}).items()}
    decimal = str(known.number_symbols.get("latn", {}).get("decimal", "."))
    whole = _UNSPACED.get(language.primary)
    ending = (
        f"{_LETTER}{{0,3}}" if whole is None and language.primary not in _BY_HAND else ""
    )  # words that are inflected
    end = rf"(?!{_LETTER})" if whole is None else whole
    longest_first = sorted(magnitudes, key=len, reverse=True)
    words = [re.escape(w) + (ending if len(w) > 3 else "") for w in longest_first]
    words += [f"(?-i:{re.escape(sign)})" for sign in sorted(signs, key=len, reverse=True)]
    spans = _spans(known)
    return Locale(
        primary=language.primary,
        decimal=decimal if decimal in {".", ","} else ".",
        either=language.tag in _EITHER,
        magnitudes=magnitudes,
        signs=signs,
        magnitude=rf"(?:(?:{'|'.join(words)}){end})" if words else r"(?!)",
        currencies=frozenset(known.currencies) | _CURRENCIES,
        months=_months(known) | ({"sept": 9} if language.primary == "en" else {}),
        spans=spans,
        span=rf"[\s-]?({'|'.join(map(re.escape, sorted(spans, key=len, reverse=True)))})" if spans else r"(?!)",
        han=language.primary in HAN,
    )


def _magnitudes(known: babel.Locale) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """Return the words and the letters that stand after digits for powers of ten."""
    words: dict[str, Fraction] = {}
    signs: dict[str, Fraction] = {}
    for length in ("long", "short"):
        for forms in known.compact_decimal_formats.get(length, {}).values():
            for power, pattern in forms.items():
                shape = str(pattern.pattern).partition(";")[0].replace("'", "")
                word = shape.replace("0", "").strip(" \u00a0\u202f\u200f.")
                if not word or not any(c.isalpha() for c in word):
                    continue
                own = Fraction(int(power), 10 ** max(shape.count("0") - 1, 0))
                into = words if length == "long" or (len(word) > 1 and not word.isupper()) else signs
                into.setdefault(word.casefold() if into is words else word, own)
    return words, signs


def _months(known: babel.Locale) -> dict[str, int]:
    found: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for month, name in known.months.get(context, {}).get(width, {}).items():
                word = name.casefold().rstrip(".")
                if len(word) > 2 and not any(c.isdecimal() for c in word):
                    found.setdefault(word, month)
    return found


def _spans(known: babel.Locale) -> dict[str, int]:
    """Return the words that stand after a number of months, days, hours and minutes."""
    from babel.units import format_unit

    found: dict[str, int] = {}
    lengths: tuple[Literal["long", "short"], ...] = ("long", "short")
    for (unit, parts), length, count in itertools.product(_SPANS.items(), lengths, _COUNTS):
        number, _, word = format_unit(count, f"duration-{unit}", length, locale=known).rpartition(str(count))
        if word and not number:
            found.setdefault(word.strip(" \u00a0\u202f\u200f.").casefold(), parts)
    return found
