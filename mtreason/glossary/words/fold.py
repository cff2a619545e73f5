"""Folding: which texts count as the same; each character is folded to one character.

Because no fold changes a length, an offset in the folded text is an offset in the text itself. The
traditional-to-simplified table is OpenCC's, used one character at a time: OpenCC is maintained, its data is
Apache-2.0 like this project (zhconv's data is GPL), and its wheels need nothing else.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

CHINESE = frozenset({"zh", "cmn", "yue", "wuu", "hak", "nan", "gan", "hsn", "cdo", "lzh"})

# Typographic variants that NFKC does not unify: apostrophes and hyphens.
_TWINS = {ord(char): "'" for char in "\u2018\u2019\u201b\u02bc\u0060\u00b4"} | {
    ord(char): "-" for char in "\u2010\u2011\u2012\u2013\u2212"
}

# Scripts written without spaces between words, and Hangul, whose particles are joined to the word they follow.
_UNSPACED_RANGES = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u31ff\u3400-\u9fff\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
_UNSPACED = re.compile(f"[{_UNSPACED_RANGES}]")
_ALIKE = re.compile(f"[{_UNSPACED_RANGES}]+|[^{_UNSPACED_RANGES}]*")


_LEADING_VOWELS = frozenset("\u0e40\u0e41\u0e42\u0e43\u0e44\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4")
"""Vowels of Thai and Lao that are written before the consonant after which they are spoken."""
_TRAILING_VOWELS = frozenset("\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3")
_SUBSCRIBERS = frozenset("\u17d2\u1039")
"""Signs of Khmer and Burmese that put the next consonant below the one before."""
_SILENT = "\u0e4c\u0ecc"
_ENDS_AFTER = _LEADING_VOWELS | frozenset(_SILENT)
_THAI_MARKS = frozenset(chr(c) for c in (*range(0xE31, 0xE3B), *range(0xE47, 0xE4F), *range(0xEB1, 0xECF)))


class _FoldTable(dict[int, str]):
    """A table for `str.translate` that computes the fold of each character at its first use and keeps it."""

    def __init__(self, chinese: bool) -> None:
        super().__init__()
        self._simplify: Callable[[str], str] = str
        if chinese:
            from opencc import OpenCC

            self._simplify = OpenCC("t2s").convert

    def __missing__(self, code: int) -> str:
        char, previous = chr(code), ""
        if 0xD800 <= code <= 0xDFFF:
            previous = char  # a lone surrogate cannot cross into OpenCC
        while char != previous:  # one step can enable another, and U+85B4 is simplified twice
            previous = char
            char = _TWINS.get(ord(char), char)
            char = _same_length(char, unicodedata.normalize("NFKC", char))
            char = _same_length(_same_length(char, char.lower()), char.casefold())
            char = _same_length(char, self._simplify(char))
        self[code] = char
        return char


def _same_length(char: str, folded: str) -> str:
    return folded if len(folded) == 1 else char


@lru_cache(maxsize=1024)
def primary_language(code: str) -> str:
    """Return the primary subtag of a language code in lower case: `zh` for `zh-Hant-TW`."""
    return re.split("[-_]", code, maxsplit=1)[0].lower()


@cache
def _fold_table(chinese: bool) -> _FoldTable:
    return _FoldTable(chinese)


def fold(text: str, language: str) -> str:
    """Return the text with case, width and (for Chinese) traditional characters folded.

    The result has the length of `text`, character for character, and folding it again changes nothing.
    """
    if text.isascii() and "`" not in text:
        return text.lower()
    return text.translate(_fold_table(primary_language(language) in CHINESE))


_SYLLABLES = re.compile("[\uac00-\ud7a3]+")


def hangul_letters(text: str) -> str:
    """Return the text with Korean syllables as their letters, which endings are told by; all else stays."""
    return _SYLLABLES.sub(lambda found: unicodedata.normalize("NFD", found[0]), text)


def is_bounded(folded: str, start: int, end: int) -> bool:
    """Return whether `folded[start:end]` is bounded: no letter, digit or mark of a spaced script continues it.

    In Thai, Lao, Khmer and Burmese it neither begins nor ends inside a syllable, as far as the letters beside it tell.
    """
    if start and (folded[start - 1] in _LEADING_VOWELS or folded[start - 1] in _SUBSCRIBERS):
        return False
    opens = start == 0 or not (_is_spaced(folded[start]) and _is_spaced(folded[start - 1]))
    closes = end == len(folded) or not (_is_spaced(folded[end - 1]) and _is_spaced(folded[end]))
    return opens and closes and not _in_syllable(folded, end)


def _in_syllable(folded: str, end: int) -> bool:
    """Whether the syllable before a place goes on after it.

    A vowel sign or tone mark belongs to what is before it. So does a consonant that cannot begin a syllable, because
    what follows it is nothing, a vowel that is written before its own consonant, the mark of a silent letter, or the
    same consonant again: สัญญา is not a word of สัญญาณแล้ว.
    """
    after = folded[end : end + 2]
    if not after or (not "\u0e00" <= after[0] <= "\u109f" and not "\u1780" <= after[0] <= "\u17ff"):
        return False
    if after[0] in _TRAILING_VOWELS or unicodedata.category(after[0]) in {"Mn", "Mc"}:
        return True
    if not _is_thai_consonant(after[0]):
        return False
    following = after[1:]
    return (
        (not following.isalpha() and following not in _THAI_MARKS) or following in _ENDS_AFTER or following == after[0]
    )


def _is_thai_consonant(char: str) -> bool:
    return "\u0e01" <= char <= "\u0e2e" or "\u0e81" <= char <= "\u0eae"


def is_unspaced(char: str) -> bool:
    """Return whether the character belongs to a script that does not separate words by spaces."""
    return _UNSPACED.match(char) is not None


def len_alike(text: str) -> int:
    """Return the length of what a text begins with in scripts that separate words, or in scripts that do not."""
    found = _ALIKE.match(text)
    return found.end() if found else 0


def _is_spaced(char: str) -> bool:
    if char.isalnum():
        return not is_unspaced(char)
    # An accent belongs to its letter; the variation selector after an emoji does not.
    return unicodedata.combining(char) != 0 and not is_unspaced(char)
