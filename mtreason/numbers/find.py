"""Finds the numbers of a text: each kind in turn, and no character is read twice."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from mtreason.numbers import clock, dates, east, han
from mtreason.numbers.digits import NUMBER, SPACES, plain, readings, whole
from mtreason.numbers.locale import Locale
from mtreason.numbers.mention import BELOW, Mention, Reading, Value, alternatives, is_small, number
from mtreason.numbers.spoken import word_mentions

_Maker = Callable[[re.Match[str], str], Mention | None]
_BLANK = "\x00"
_MOST_ROMAN = 8

_DATE = re.compile(r"(?<![\d/])\d{1,4}/\d{1,2}(?:/\d{1,4})?(?![\d/])")
_ROW = re.compile(r"(?<![\d.,-])\d++(?:-\d++){2,}+")
_TENS = re.compile(
    r"(?<![\d.,])(?P<century>1[5-9]|20)?(?P<tens>\d0)(?:'?s|er(?:n|-Jahren?)?)\b|(?:années|anni|años)\s(?P<short>\d0)\b"
)
_CODE = re.compile(
    r"(?<![A-Za-z\d\u00c0-\u024f])(?P<sign>[A-Za-z]{1,12})(?:[-_][A-Za-z]{1,12}){0,3}[-_]?\d++[A-Za-z\d]{0,12}(?:[-.]\d++)*+"
    r"|(?<![\d.,A-Za-z])\d{1,2}(?P<after>[A-Z]{1,2})(?![A-Za-z\d])"
)
_AHEAD = 20
"""How many characters are looked at for what belongs to a number."""
_YEARS = re.compile(r"(?<![\d.,-])(?P<first>1[5-9]\d\d|20\d\d)\s?[-/]\s?(?P<last>\d\d)(?![\d-]|[.,]\d)")
_BELOW = re.compile(
    rf"(?:(?<![\dA-Za-z)\]])-|零下\s?|マイナス\s?)\s?(?P<value>{NUMBER})\s?(?=°|℃|℉|度|摄氏|degrees|Grad|degrés|grados|gradi)"
)
_ROMAN = re.compile(r"\b[IVXLCDM]{2,8}(?=e\b|\b|º|ème)")
_WELL_FORMED = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_GAP = "[ \u00a0\u202f]"
_MIXED = re.compile(
    rf"(?<![\d.,/])(?P<whole>\d{{1,4}})(?:{_GAP}?(?P<sign>[¼-¾⅐-⅞])"
    rf"|{_GAP}(?P<top>[1-9]\d?)[/⁄](?P<of>[2-9]|1\d)(?![\d/]))"
)
_POWER = re.compile(r"(?<![\d.,])10⁻?(?P<power>[⁰¹²³⁴-⁹]{1,3})")
_IN_GROUPS = re.compile(rf"(?<![\d.,(-])\d{{1,4}}(?:{_GAP}\d{{2,4}}){{2,6}}(?![\d.,])")
_LEAST_DIGITS = 7
"""Of a telephone number."""


def mentions(text: str, locale: Locale) -> list[Mention]:
    """Return the numbers of a text in a language."""
    scan = _Scan(text)
    scan.take(_MIXED, _mixed)
    scan.take(_POWER, _power)
    scan.take(_IN_GROUPS, _in_groups)
    if (years := dates.year_pattern(locale)) is not None:
        scan.take(years, dates.year)
    scan.take(_CODE, lambda found, shown: _code(found, shown, locale))
    scan.take(_YEARS, _years)
    scan.take(_BELOW, lambda found, shown: _below(found, shown, locale))
    eastern = locale.han or locale.primary == "ko"
    if eastern:
        scan.skip(east.WEEKDAY)
        for pattern, make in east.READERS:
            scan.take(pattern, make)
    if locale.primary in clock.HALF_TO:
        scan.take(clock.HALF_TO[locale.primary], clock.half_to)
    scan.take(clock.AFTER_WORD, clock.after_word)
    scan.take(clock.UNTIL, clock.after_word)
    scan.take(clock.WEST, clock.west)
    scan.take(_TENS, _tens)
    scan.take(_DATE, _date)
    scan.take(_ROW, _row)
    if eastern:
        scan.take(han.RUN, lambda found, shown: _in_larger_units(han.mention_of(found, shown), found, locale))
        scan.found += east.said_otherwise(scan.text)
    scan.take(_in_digits(locale), lambda found, shown: _in_larger_units(_digits(found, shown, locale), found, locale))
    scan.found += clock.around_the_hour(scan.written, locale.primary)
    scan.found += word_mentions(scan.text, locale.primary)
    scan.found += dates.months(scan.plain, scan.text, locale)
    scan.found += _romans(scan.text)
    scan.found += _vulgar(scan.text)
    return scan.found


class _Scan:
    """A text whose numbers are found kind by kind; what was found is blanked out for the next."""

    def __init__(self, text: str) -> None:
        self.written = text
        self.plain = self.text = plain(text)
        self.found: list[Mention] = []

    def take(self, pattern: re.Pattern[str], make: _Maker) -> None:
        """Read all matches of a pattern for which `make` returns something."""
        parts = []
        at = 0
        for match in pattern.finditer(self.text):
            start, end = match.span()
            made = make(match, self.written[start:end])
            if made is not None:
                self.found.append(made)
                parts += [self.text[at:start], _BLANK * (end - start)]
                at = end
        self.text = "".join([*parts, self.text[at:]])

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Blank out what is no number."""
        self.text = pattern.sub(lambda found: _BLANK * len(found[0]), self.text)


@functools.lru_cache(maxsize=256)
def _in_digits(locale: Locale) -> re.Pattern[str]:
    """Return a pattern for digits with the words of a language that may stand after them."""
    return re.compile(rf"(?P<number>{NUMBER})(?P<words>(?:[{SPACES}]?{locale.magnitude}){{0,3}})", re.IGNORECASE)


def _digits(found: re.Match[str], shown: str, locale: Locale) -> Mention | None:
    """Read digits with the words after them: 3.5 million, 20 thousand, 5K."""
    own, also = readings(found["number"], locale)
    times = Fraction(1)
    either = False
    for word in re.findall(locale.magnitude, found["words"], re.IGNORECASE):
        by_sign = locale.signs.get(word)
        times *= by_sign or locale.multiplier(word) or 1
        either = either or by_sign is not None
    single = len(own[0]) == 1
    if times != 1 and single:
        scaled = tuple(_times(reading, times) for reading in own)
        own = (*scaled, *own) if either else scaled
        also = _times(also, times)
    elif single and (cents := re.fullmatch(r"(\d+)[.,](\d\d)", found["number"])):  # $4.85: four dollars and 85 cents
        own = (*own, frozenset(map(whole, cents.groups())))
    small = len(own[0]) == 1 and is_small(next(iter(own[0])))
    return Mention(shown.strip(), own, also, sure=not small)


def _in_larger_units(mention: Mention | None, found: re.Match[str], locale: Locale) -> Mention | None:
    """Let 24 months be two years as well, and 90 minutes one hour and a half."""
    unit = re.match(locale.span, found.string[found.end() : found.end() + _AHEAD], re.IGNORECASE)
    if mention is None or unit is None:
        return mention
    parts = locale.spans[unit[1].casefold()]
    values = [value for reading in mention.readings if len(reading) == 1 for value in reading]
    larger = [value / parts for value in values if isinstance(value, Fraction) and value >= parts]
    said = alternatives(*({value} for value in larger if value.denominator <= 2))
    return replace(mention, readings=(*mention.readings, *said))


def _times(reading: Reading, factor: Fraction) -> Reading:
    return frozenset(value * factor if isinstance(value, Fraction) else value for value in reading)


def _code(found: re.Match[str], shown: str, locale: Locale) -> Mention | None:
    """Read the name of a thing, such as B-52, COVID-19 or 3D: it may be called otherwise, so it is never missed.

    None for a quantity with a currency before it (RMB280, Rs5) or a letter for its magnitude (5M).
    """
    sign = found["sign"]
    if sign in locale.currencies or found["after"] in locale.signs:
        return None
    if sign and re.match(rf"(?:[.,]\d+)*\s?{locale.magnitude}", found.string[found.end() : found.end() + _AHEAD], re.I):
        return None
    own = frozenset(map(whole, re.findall(r"\d+", found[0])))
    letters = re.sub(r"\d+", "#", re.sub(r"[-_]", "", found[0].casefold()))
    return Mention(shown, (own,), sure=False, letters=letters)


def _below(found: re.Match[str], shown: str, locale: Locale) -> Mention:
    own, also = readings(found["value"], locale)
    return Mention(shown.strip(), own, also | {BELOW})


def _years(found: re.Match[str], shown: str) -> Mention:
    """Read 1981-87."""
    first, last = Fraction(int(found["first"])), Fraction(int(found["last"]))
    return Mention(shown, alternatives({first, last}, {first, last + first - first % 100}))


def _tens(found: re.Match[str], shown: str) -> Mention:
    """Read 1980s, 80s, 80er and années 80."""
    tens = Fraction(int(found["tens"] or found["short"]))
    if found["century"]:
        century = int(found["century"])
        return Mention(shown, alternatives({century * 100 + tens}, {tens}, {Fraction(century + 1)}))
    return Mention(shown, alternatives({tens}, {tens + 1900}, {tens + 2000}, {tens + 1800}))


def _date(found: re.Match[str], shown: str) -> Mention:
    """Read 5/3/2023, and 2/3, which may also be a fraction."""
    parts = [int(part) for part in found[0].split("/")]
    values = {Fraction(part) for part in parts}
    own = [frozenset(values)]
    if len(parts) == 3 and parts[-1] < 100:
        own += [frozenset({*map(Fraction, parts[:2]), Fraction(parts[-1] + head)}) for head in (1900, 2000)]
    if len(parts) == 2 and parts[1]:
        own = [frozenset({Fraction(parts[0], parts[1])}), *own]
    return Mention(shown, tuple(own), sure=not all(map(is_small, values)))


def _row(found: re.Match[str], shown: str) -> Mention:
    """Read the number of a telephone, or a date: the parts may be written together."""
    parts = found[0].split("-")
    apart: Reading = frozenset(map(whole, parts))
    together: set[Value] = {whole("".join(parts))}
    return Mention(shown, (apart, frozenset(together)))


def _mixed(found: re.Match[str], shown: str) -> Mention:
    """Read 2½ and 2 1/2."""
    part = _vulgar_value(found["sign"]) if found["sign"] else Fraction(int(found["top"]), int(found["of"]))
    whole_part = Fraction(int(found["whole"]))
    own = alternatives({whole_part + part}, {whole_part, part}, *([] if found["sign"] else [_apart(found)]))
    return Mention(shown, own)


def _apart(found: re.Match[str]) -> set[Fraction]:
    return {Fraction(int(found[name])) for name in ("whole", "top", "of")}


def _power(found: re.Match[str], shown: str) -> Mention:
    """Read 10²³, which may be 10^23 elsewhere."""
    power = int("".join(str(unicodedata.digit(char)) for char in found["power"]))
    return Mention(
        shown, alternatives({Fraction(power)}, {Fraction(10) ** power}), frozenset({Fraction(10)}), power > 2
    )


def _in_groups(found: re.Match[str], shown: str) -> Mention | None:
    """Read 138 0013 8000, which may be written together; None for a number with its thousands divided."""
    parts = found[0].split()
    if len("".join(parts)) < _LEAST_DIGITS or (len(parts[0]) < 4 and {len(part) for part in parts[1:]} == {3}):
        return None
    together: set[Value] = {whole("".join(parts))}
    return Mention(shown, (frozenset(map(whole, parts)), frozenset(together)))


def _romans(text: str) -> Iterator[Mention]:
    values = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
    for found in _ROMAN.finditer(text):
        own = [values[c] for c in found[0]]
        total = sum(-v if v < after else v for v, after in zip(own, [*own[1:], 0], strict=True))
        letters = "I" if _WELL_FORMED.fullmatch(found[0]) else ""
        yield Mention(found[0], (frozenset({Fraction(total)}),), sure=False, letters=letters)


def _vulgar(text: str) -> Iterator[Mention]:
    for char in set(text):
        if unicodedata.category(char) in {"No", "Nl"}:
            value = _vulgar_value(char)
            yield number(char, value, sure=False, also=(value.numerator * Fraction(1), Fraction(value.denominator)))


def _vulgar_value(char: str) -> Fraction:
    return Fraction(unicodedata.numeric(char)).limit_denominator(1000)
