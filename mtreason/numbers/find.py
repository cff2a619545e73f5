"""Finds the numbers of a text: each kind in turn, and no character is read twice."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator
from fractions import Fraction

from mtreason.numbers import clock, han
from mtreason.numbers.digits import NUMBER, SPACES, plain, readings, whole
from mtreason.numbers.han import SIMPLE, value_of
from mtreason.numbers.locale import Locale
from mtreason.numbers.mention import BELOW, Mention, Reading, Value, is_small, number
from mtreason.numbers.words import word_mentions

_Maker = Callable[[re.Match[str], str], Mention | None]
_BLANK = "\x00"
_MOST_ROMAN = 8

_WEEKDAY = re.compile(r"(?:周|週|星期|礼拜|禮拜)[一二三四五六日天]")
_DECADE_OF = re.compile(rf"(?P<century>{SIMPLE})世[纪紀]\s?(?P<decade>{SIMPLE})年代")
_DECADE = re.compile(rf"(?P<decade>{SIMPLE})(?:年代|[后後](?!的?[天年月]))")
_CENTURY = re.compile(rf"(?P<century>{SIMPLE})世[纪紀]")
_ERA = re.compile(rf"(?P<era>令和|平成|昭和|大正|明治|民国|民國)(?P<year>{SIMPLE}|元)年")
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "民国": 1911, "民國": 1911}
_SHORT_YEARS = re.compile(r"(?<![\d.,])(?:\d{2}\s?[年]?\s?[-~至到—]+\s?)?\d{2}\s?年(?![代以])")
_PARTS = re.compile(rf"(?P<of>{SIMPLE}|万|萬)分之(?P<share>{SIMPLE}(?:[点點][{han.DIGIT}]+)?)")
_TENTHS = re.compile(
    rf"(?P<share>{SIMPLE})(?P<kind>成(?![功为為就立员員年绩績本果语語长長熟交不分人了])|割(?![合れり])|折)"
    r"(?P<half>[半一二三四五六七八九])?"
)
_SPLIT = re.compile(
    rf"(?P<large>{SIMPLE})(?P<unit>[块塊元米])(?P<small>\d{{1,2}}|[{han.DIGIT}]{{1,2}})"
    rf"(?![\d{han.DIGIT}十百千万萬亿個个])"
)
_AND_HALF = re.compile(
    rf"(?P<large>{SIMPLE})(?P<unit>[个個年倍块塊天岁歲小时時点點里斤米月周]{{0,2}})"
    "半(?![球导導岛島径徑圆圓价價夜边邊数數途场場身])"
)
_WEIGHT = re.compile(rf"(?P<value>{SIMPLE})(?=[多来]?[斤里](?!面))")
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
_OF_NUMBERS = {
    "俩": 2,
    "倆": 2,
    "仨": 3,
    "双": 2,
    "雙": 2,
    "对": 2,
    "兩": 2,
    "刻": 15,
    "打": 12,
    "旬": 10,
    "季": 3,
    "周": 7,
    "週": 7,
}
_IN_WORDS = {
    "半": (Fraction(1, 2), Fraction(3, 2), Fraction(50), Fraction(30), Fraction(6)), "正午": (Fraction(12),),
    "中午": (Fraction(12),), "午夜": (Fraction(0), Fraction(12), Fraction(24)), "元旦": (Fraction(1),),
    "除夕": (Fraction(12),), "世纪": (Fraction(100),), "小数": (), "三刻": (Fraction(45),), "翻两番": (Fraction(4),),
    "ひとつ": (Fraction(1),), "ふたつ": (Fraction(2),), "みっつ": (Fraction(3),), "よっつ": (Fraction(4),),
    "いつつ": (Fraction(5),), "むっつ": (Fraction(6),), "ななつ": (Fraction(7),), "やっつ": (Fraction(8),),
    "ここのつ": (Fraction(9),), "ダース": (Fraction(12),),
    "国庆": (Fraction(10), Fraction(1)), "双十一": (Fraction(11),),
}  # fmt: skip


def mentions(text: str, locale: Locale) -> list[Mention]:
    """Return the numbers of a text in a language."""
    scan = _Scan(text)
    scan.take(_CODE, lambda found, shown: _code(found, shown, locale))
    scan.take(_YEARS, _years)
    scan.take(_BELOW, lambda found, shown: _below(found, shown, locale))
    east = locale.han or locale.primary == "ko"
    if east:
        scan.skip(_WEEKDAY)
        for pattern, make in _EAST:
            scan.take(pattern, make)
    if locale.primary == "de":
        scan.take(clock.HALF_TO, clock.half_to)
    scan.take(clock.WEST, clock.west)
    scan.take(_TENS, _tens)
    scan.take(_DATE, _date)
    scan.take(_ROW, _row)
    if east:
        scan.take(han.RUN, han.mention_of)
        scan.found += _said_otherwise(scan.text)
    scan.take(_in_digits(locale), lambda found, shown: _digits(found, shown, locale))
    scan.found += clock.before_the_hour(scan.written, locale.primary)
    scan.found += word_mentions(scan.text, locale.primary)
    scan.found += _months(scan.text, locale)
    scan.found += _romans(scan.text)
    scan.found += _vulgar(scan.text)
    return scan.found


class _Scan:
    """A text whose numbers are found kind by kind; what was found is blanked out for the next."""

    def __init__(self, text: str) -> None:
        self.written = text
        self.text = plain(text)
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
    small = len(own[0]) == 1 and is_small(next(iter(own[0])))
    return Mention(shown.strip(), own, also, sure=not small)


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
    letters = sign.casefold() if sign and re.fullmatch(r"[A-Za-z_-]+[\d.-]+", found[0]) else ""
    return Mention(shown, (own,), sure=False, letters=letters)


def _below(found: re.Match[str], shown: str, locale: Locale) -> Mention:
    own, also = readings(found["value"], locale)
    return Mention(shown.strip(), own, also | {BELOW})


def _years(found: re.Match[str], shown: str) -> Mention:
    """Read 1981-87."""
    first, last = Fraction(int(found["first"])), Fraction(int(found["last"]))
    return Mention(shown, _alternatives({first, last}, {first, last + first - first % 100}))


def _decade_of(found: re.Match[str], shown: str) -> Mention | None:
    century, decade = value_of(found["century"]), value_of(found["decade"])
    if century is None or decade is None:
        return None
    year = (century - 1) * 100 + decade
    return Mention(shown, _alternatives({century, decade}, {year}))


def _decade(found: re.Match[str], shown: str) -> Mention | None:
    run = han.read_run(found["decade"])
    decade = run.value if run is not None else None
    if run is None or not isinstance(decade, Fraction) or (decade >= 100 and found[0][-1] in "后後"):
        return None
    if found[0][-1] in "后後" and decade % 10 and decade not in {85, 95, 5}:
        return None
    near = [value for value in run.also if isinstance(value, Fraction)]  # 八九十年代: two of them
    also = frozenset[Value](value + year for value in near for year in (0, 1900))
    own = _alternatives({decade}, {decade + 1900}, {decade + 2000}, {decade + 1800})
    return Mention(shown, own, also, sure=decade >= 20 and not near)


def _century(found: re.Match[str], shown: str) -> Mention | None:
    century = value_of(found["century"])
    if century is None:
        return None
    return Mention(shown, _alternatives({century}, {(century - 1) * 100}), sure=century >= 3)


def _era(found: re.Match[str], shown: str) -> Mention | None:
    year = Fraction(1) if found["year"] == "元" else value_of(found["year"])
    return None if year is None else Mention(shown, _alternatives({year + _ERAS[found["era"]]}, {year}))


def _short_years(found: re.Match[str], shown: str) -> Mention:
    years = [Fraction(int(year)) for year in re.findall(r"\d+", found[0])]
    full = [{year + head for year in years} for head in (1900, 2000)]
    ends = {years[0] + head for head in (1900, 2000)}
    own = _alternatives(set(years), *full, *({end, *years[1:]} for end in ends))
    return Mention(shown, own, frozenset(ends), sure=not all(map(is_small, years)))


def _parts(found: re.Match[str], shown: str) -> Mention | None:
    """Read 三分之一 and 百分之三十."""
    of = Fraction(10**4) if found["of"] in "万萬" else value_of(found["of"])
    share = value_of(found["share"])
    if not of or share is None:
        return None
    if of == 100:
        also = {share / 100} | ({Fraction(1)} if share == 100 else set())
        return Mention(shown, _alternatives({share}), frozenset(also), sure=not is_small(share) and share != 100)
    return Mention(shown, _alternatives({share / of}, {share, of}, {share / of * 1000}), frozenset({share / of * 100}))


def _tenths(found: re.Match[str], shown: str) -> Mention | None:
    """Read 三成 and 3割 (30 %), 八折 (80 % of the price, 20 % off) and 85折."""
    share = value_of(found["share"])
    if share is None or share >= 100 or share == 0:
        return None
    if found["kind"] != "折" and share > 10 and share.denominator == 1:  # 78成: seven or eight tenths
        low, high = divmod(share, 10)
        return Mention(shown, _alternatives({Fraction(low * 10), high * 10}, {share}), sure=False)
    tail = found["half"]
    more = Fraction(1, 2) if tail == "半" else Fraction(han.DIGITS.get(tail, 0) if tail else 0)
    if found["kind"] != "折":
        percent = share * 10 + (5 if tail == "半" else more)
        sure = 1 <= share < 10 and found["share"] not in {"八", "九"}  # also "most likely"
        own = _alternatives({percent}, {percent / 100}, {percent / 10, Fraction(10)}, {100 - percent})
        return Mention(shown, own, sure=sure)
    percent = share * 10 if share < 10 else share
    return Mention(shown, _alternatives({percent}, {100 - percent}, {share}, {percent / 100}), sure=share > 2)


def _split(found: re.Match[str], shown: str) -> Mention | None:
    """Read 29块9 and 1米83."""
    large = value_of(found["large"])
    small = "".join(str(han.DIGITS.get(c, c)) for c in found["small"])
    if large is None or large.denominator != 1 or not small.isdecimal():
        return None
    if large == 1 and found["unit"] in "块塊":  # 一块3寸的晶片: a piece
        return None
    value = large + Fraction(int(small), 10 ** len(small))
    in_cents = value * 100
    return Mention(shown, _alternatives({value}, {large, Fraction(int(small))}, {in_cents}))


def _and_half(found: re.Match[str], shown: str) -> Mention | None:
    """Read 两年半 and 3个半小时."""
    large = value_of(found["large"])
    if large is None or large.denominator != 1 or (not found["unit"] and large < 1):
        return None
    value = large + Fraction(1, 2)
    also = {large, value, Fraction(1, 2), Fraction(30), Fraction(6)}
    own = _alternatives({value}, {large, Fraction(1, 2)}, {value * 12}, {value * 60})
    return Mention(shown, own, frozenset(also))


def _weight(found: re.Match[str], shown: str) -> Mention | None:
    """Read what people may give in kilograms and kilometres."""
    value = value_of(found["value"])
    if value is None or found["value"] in {"千", "万", "百"}:
        return None
    digits = found["value"][:1].isascii()
    return Mention(shown, _alternatives({value}, {value / 2}), sure=digits and not is_small(value))


def _alternatives(*readings_: set[Fraction]) -> tuple[Reading, ...]:
    return tuple(frozenset(reading) for reading in readings_)


_EAST: tuple[tuple[re.Pattern[str], _Maker], ...] = (
    (_DECADE_OF, _decade_of),
    (_DECADE, _decade),
    (_CENTURY, _century),
    (_ERA, _era),
    (clock.EAST, clock.east),
    (_PARTS, _parts),
    (_SHORT_YEARS, _short_years),
    (_TENTHS, _tenths),
    (_SPLIT, _split),
    (_AND_HALF, _and_half),
    (_WEIGHT, _weight),
)


def _tens(found: re.Match[str], shown: str) -> Mention:
    """Read 1980s, 80s, 80er and années 80."""
    tens = Fraction(int(found["tens"] or found["short"]))
    if found["century"]:
        century = int(found["century"])
        return Mention(shown, _alternatives({century * 100 + tens}, {tens}, {Fraction(century + 1)}))
    return Mention(shown, _alternatives({tens}, {tens + 1900}, {tens + 2000}, {tens + 1800}))


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


def _said_otherwise(text: str) -> Iterator[Mention]:
    """Yield words of Chinese and Japanese that account for a number in the other text."""
    for word, value in _OF_NUMBERS.items():
        if word in text:
            yield number(word, Fraction(value), sure=False)
    for word, values in _IN_WORDS.items():
        if word in text:
            yield Mention(word, (frozenset(),), frozenset(values), sure=False)


def _months(text: str, locale: Locale) -> Iterator[Mention]:
    for found in re.finditer(r"[^\W\d_]+", text):
        month = locale.months.get(found[0].casefold())
        if month is not None:
            yield number(found[0], Fraction(month), sure=False)


def _romans(text: str) -> Iterator[Mention]:
    values = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
    for found in _ROMAN.finditer(text):
        own = [values[c] for c in found[0]]
        total = sum(-v if v < after else v for v, after in zip(own, [*own[1:], 0], strict=True))
        yield number(found[0], Fraction(total), sure=False)


def _vulgar(text: str) -> Iterator[Mention]:
    for char in set(text):
        if unicodedata.category(char) in {"No", "Nl"}:
            value = Fraction(unicodedata.numeric(char)).limit_denominator(1000)
            yield number(char, value, sure=False, also=(value.numerator * Fraction(1), Fraction(value.denominator)))
