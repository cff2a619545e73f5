"""Years of other calendars, and the months of dates: พ.ศ. 2500, سال ۱۳۹۹, 2024-03-05, 12.07.2023, 3月5日."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from mtreason.numbers.han import DIGIT, value_of
from mtreason.numbers.locale import Locale
from mtreason.numbers.mention import Mention, Value, alternatives

_PERSIAN_MONTHS = "فروردین|اردیبهشت|خرداد|تیر|مرداد|شهریور|مهر|آبان|آذر|دی|بهمن|اسفند"
_YEARS = {
    "th": re.compile(r"(?:พ\.\s?ศ\.?|ปี)\s?(?P<year>2[3-6]\d\d)(?![\d.,]\d?)"),
    "fa": re.compile(rf"(?:سال|{_PERSIAN_MONTHS})(?:\sماه)?\s(?:سال\s)?(?P<year>1[2-4]\d\d)(?!\d)"),
    "ar": re.compile(r"(?<!\d)(?P<year>1[0-5]\d\d)\s?(?:هـ|ه\b|للهجرة|هجري)"),
}
"""Language -> a year that may be counted as nowhere else."""
_BUDDHIST, _PERSIAN = 543, 621
"""How many years these calendars are ahead, and behind; a Persian year begins in March."""
_MONTH = "month"
_NUMERIC = re.compile(
    r"(?<![\d.-])(?:1\d|20)\d\d[-/](?P<iso>0?[1-9]|1[0-2])[-/][0-3]?\d(?!\d)"
    r"|(?<![\d.])[0-3]?\d\.\s?(?P<dotted>0?[1-9]|1[0-2])\.\s?(?:1\d|20)\d\d(?!\d)"
    r"|\btháng (?P<word>1[0-2]|0?[1-9])(?!\d)"
)
"""Dates in which only one number can be the month."""
_EAST = re.compile(rf"(?P<month>\d{{1,2}}|[{DIGIT}十]{{1,2}})[月월]\s?(?=[\d{DIGIT}十]{{1,3}}\s?[日号號일])")
_DAY_BEFORE = re.compile(r"[\x00\d][\s.]{0,3}(?:de |of )?$")
_DAY_AFTER = re.compile(r"[\s.,]{0,3}[\x00\d]")


def year_pattern(locale: Locale) -> re.Pattern[str] | None:
    """Return what years of another calendar look like in a language; None where there are none."""
    return _YEARS.get(locale.primary)


def year(found: re.Match[str], shown: str) -> Mention:
    """Return what a match of `year_pattern` means: the year as it is written, or in the common era."""
    written = Fraction(int(found["year"]))
    if written > 2000:
        return Mention(shown, alternatives({written}, {written - _BUDDHIST}))
    if found.re is _YEARS["fa"]:
        return Mention(shown, alternatives({written}, {written + _PERSIAN}, {written + _PERSIAN + 1}))
    # The years of the Hijra are eleven days shorter: 33 of them are 32 years.
    about = 622 + written * 32 // 33
    return Mention(shown, alternatives({written}, {Fraction(about)}, {Fraction(about - 1)}, {Fraction(about + 1)}))


def months(written: str, rest: str, locale: Locale) -> Iterator[Mention]:
    """Yield the months that a text names; of `rest`, what was read as a number is blanked out."""
    for found in re.finditer(r"[^\W\d_]+", rest):
        month = locale.months.get(found[0].casefold())
        if month is not None:
            dated = _DAY_AFTER.match(rest, found.end()) or _DAY_BEFORE.search(
                rest[max(found.start() - 8, 0) : found.start()]
            )
            also: frozenset[Value] = frozenset({(_MONTH, month)} if dated else ())
            yield Mention(found[0], (frozenset({Fraction(month)}),), also, sure=False)
    for found in _NUMERIC.finditer(written):
        yield _named(found[0], int(found["iso"] or found["dotted"] or found["word"]))
    for found in _EAST.finditer(written):
        value = value_of(found["month"])
        if value is not None and 1 <= value <= 12:
            yield _named(found[0], int(value))


def _named(text: str, month: int) -> Mention:
    return Mention(text.strip(), (frozenset(),), frozenset({(_MONTH, month)}), sure=False)


def month_of(mention: Mention) -> int | None:
    """Return the month that a mention surely names; None where it names none, or a number that may be another thing."""
    return next((value[1] for value in mention.also if isinstance(value, tuple) and value[0] == _MONTH), None)
