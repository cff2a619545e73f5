"""Numbers in digits of any script, with the separators of any language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction

from mtreason.numbers.locale import Locale
from mtreason.numbers.mention import MOST_DIGITS, Reading, Value

SPACES = " \u00a0\u2009\u202f"
NUMBER = (
    rf"(?:(?<![\d.,])\d{{1,3}}(?:[{SPACES}]\d{{3}}){{1,9}}+(?!\d)(?:[.,]\d++)?+"
    r"|\d++(?:[.,'’]\d++)*+|(?<![\w.])\.\d++)"
)
"""A number in plain digits, as a regular expression; matches in one pass."""

_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_WIDE_COMMA = re.compile(r"(?<=[０-９])，(?=[０-９]{3})")
_SIGNS = str.maketrans("％．：／－−–〜～＋٫٬", "%.:/---~~+.,")
_GROUPED = re.compile(rf"[{SPACES}'’]")


def plain(text: str) -> str:
    """Return a text of the same length with ASCII digits and signs for those of other scripts and widths."""
    text = _WIDE_COMMA.sub(",", text)
    return _OTHER_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), text).translate(_SIGNS)


def whole(digits: str) -> Value:
    """Return the value of a run of digits, or the run itself where it is longer than any quantity."""
    digits = digits.lstrip("0") or "0"
    return digits if len(digits) > MOST_DIGITS else Fraction(int(digits))


def decimal(before: str, after: str) -> Value:
    """Return the value of digits before and after a decimal sign."""
    if len(before) + len(after) > MOST_DIGITS:
        return f"{before}.{after}"
    return Fraction(int(before + after), 10 ** len(after))


def readings(token: str, locale: Locale) -> tuple[tuple[Reading, ...], Reading]:
    """Return what a match of `NUMBER` means in a language, and what people who do not keep its rules may mean by it."""
    if _GROUPED.search(token):
        return _grouped(token)
    parts = re.split(r"[.,]", token)
    signs = re.findall(r"[.,]", token)
    if not signs:
        return _one(whole(token))
    if len(signs) == 1:
        return _with_one_sign(parts[0], signs[0], parts[1], locale)
    if signs[-1] not in signs[:-1] and _are_groups(parts[:-1]):
        return _one(decimal("".join(parts[:-1]), parts[-1]))
    if len(set(signs)) == 1 and _are_groups(parts):
        return _one(whole("".join(parts)))
    return (frozenset(map(whole, parts)),), frozenset()


def _one(value: Value, *also: Value) -> tuple[tuple[Reading, ...], Reading]:
    return (frozenset({value}),), frozenset(also)


def _grouped(token: str) -> tuple[tuple[Reading, ...], Reading]:
    """Read a number whose groups are divided by spaces or apostrophes; spaces may also divide two numbers."""
    body, sign, after = re.match(r"(.*?)(?:([.,])(\d*))?$", token, re.DOTALL).groups()  # type: ignore[union-attr]
    parts = re.split(r"[^\d]", body)
    joined = "".join(parts)
    if not _are_groups(parts):
        return (frozenset(map(whole, parts)),), frozenset()
    value = decimal(joined, after) if sign else whole(joined)
    apart = frozenset(map(whole, parts))
    own = (frozenset({value}), apart) if any(s in token for s in SPACES) else (frozenset({value}),)
    return own, frozenset()


def _with_one_sign(before: str, sign: str, after: str, locale: Locale) -> tuple[tuple[Reading, ...], Reading]:
    small = decimal(before, after)
    if len(after) != 3 or len(before) > 3 or before[:1] in {"", "0"}:
        apart = frozenset({whole(before), whole(after)})  # a date, or a list
        # 2.10 may be the tenth part of the second; 2.1 and 2.15 are quantities.
        one = sign == "." == locale.decimal and not after.endswith("0")
        own = (frozenset({small}),) if one else (frozenset({small}), apart)
        return own, frozenset()
    large = whole(before + after)
    first, second = (small, large) if sign == locale.decimal else (large, small)
    if locale.either:
        return (frozenset({first}), frozenset({second})), frozenset()
    return _one(first) if locale.decimal == "." else _one(first, second)


def _are_groups(parts: Sequence[str]) -> bool:
    """Whether digits are grouped by thousands, or as in India."""
    first, *middle = parts
    if not middle or not 1 <= len(first) <= 3:
        return False
    return len(middle[-1]) == 3 and ({len(p) for p in middle} == {3} or {len(p) for p in middle[:-1]} <= {2})
