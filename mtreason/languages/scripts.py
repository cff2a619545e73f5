"""Scripts: which letters of a text belong to which."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

KNOWN_SCRIPTS = (
    "Latin", "Han", "Hiragana", "Katakana", "Hangul", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Thai",
    "Bopomofo", "Bengali", "Tamil", "Telugu", "Gujarati", "Gurmukhi", "Kannada", "Malayalam", "Oriya", "Sinhala",
    "Lao", "Khmer", "Myanmar", "Tibetan", "Georgian", "Armenian", "Ethiopic", "Mongolian", "Thaana", "Cherokee",
    "Canadian_Aboriginal", "Tifinagh", "Syriac", "Javanese", "Balinese", "Sundanese", "Ol_Chiki", "Adlam", "Yi",
)  # fmt: skip
"""Unicode names of the scripts that are distinguished."""
OTHER = "Other"
"""Stands for any other script, in `Language.scripts` and in `scripts_of`."""


@functools.cache
def _letter() -> regex.Pattern[str]:
    """Return a pattern that matches one letter, with its script as the name of the group that matched."""
    import regex

    scripts = "|".join(rf"(?P<{name}>\p{{Script={name}}})" for name in KNOWN_SCRIPTS)
    return regex.compile(
        rf"(?=\p{{L}})(?:{scripts}|(?P<Common>[\p{{Script=Common}}\p{{Script=Inherited}}])|(?P<{OTHER}>.))"
    )


@functools.lru_cache(maxsize=65536)
def script_of(char: str) -> str:
    """Return the script of a letter by its long Unicode name; "" for what is no letter or has no single script."""
    match = _letter().match(char)
    return "" if match is None or match.lastgroup == "Common" else str(match.lastgroup)


def scripts_of(text: str) -> frozenset[str]:
    """Return the scripts of a text's letters; characters of no single script (digits, "ー") are left out."""
    return frozenset(s for c in set(text) if (s := script_of(c)))


def letters_of(text: str, scripts: frozenset[str] = frozenset({*KNOWN_SCRIPTS, OTHER})) -> str:
    """Return the letters of a text that are of these scripts; the same as `script_of` of each, fast for long texts."""
    return "".join(_letters_of(scripts).findall(text))


@functools.cache
def _letters_of(scripts: frozenset[str]) -> regex.Pattern[str]:
    import regex

    # Those that are not wanted are taken away, so that what is of no known script is there with OTHER.
    unwanted = {"Common", "Inherited", *KNOWN_SCRIPTS} - scripts
    if OTHER in scripts:
        return regex.compile(r"(?V1)[\p{L}" + "".join(rf"--\p{{Script={name}}}" for name in sorted(unwanted)) + "]+")
    return regex.compile(r"(?V1)[\p{L}&&[" + "".join(rf"\p{{Script={name}}}" for name in sorted(scripts)) + "]]+")
