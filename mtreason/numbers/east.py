"""What only Chinese and Japanese write: 三分之一, 三成, 八折, 29块9, 三毛二, 两年半, 20世纪80年代, 令和5年."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from mtreason.numbers import clock, han
from mtreason.numbers.han import SIMPLE, value_of
from mtreason.numbers.mention import HALF, Mention, Value, alternatives, is_small, number

WEEKDAY = re.compile(r"(?:周|週|星期|礼拜|禮拜)[一二三四五六日天]")
"""Days of the week, which are no numbers elsewhere."""
_DECADE_OF = re.compile(rf"(?P<century>{SIMPLE})世[纪紀]\s?(?P<decade>{SIMPLE})年代")
_DECADE = re.compile(rf"(?P<decade>{SIMPLE})(?:年代|[后後](?!的?[天年月]))")
_CENTURY = re.compile(rf"(?P<century>{SIMPLE})世[纪紀]")
_ERA = re.compile(rf"(?P<era>令和|平成|昭和|大正|明治|民国|民國)(?P<year>{SIMPLE}|元)年")
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "民国": 1911, "民國": 1911}
_SHORT_YEARS = re.compile(r"(?<![\d.,])(?:\d{2}\s?[年]?\s?[-~至到—]+\s?)?\d{2}\s?年(?![代以])")
_PARTS = re.compile(rf"(?P<of>{SIMPLE}|万|萬)分之(?P<share>{SIMPLE}(?:[点點][{han.DIGIT}]+)?)")
_TENTHS = re.compile(
    rf"(?P<share>{SIMPLE})(?P<kind>成(?![功为為就立员員年绩績本果语語长長熟交不分人了热熱])|割(?![合れり])|折)"
    r"(?P<half>[半一二三四五六七八九])?"
)
_COUNTED = "斤个個只隻条條张張本包盒瓶袋串份杯碗颗顆粒枚支把根块塊人位次天月年米"
_SPLIT = re.compile(
    rf"(?P<large>{SIMPLE})(?:(?P<unit>[块塊元米])(?P<small>[{han.DIGIT}](?=(?:一|十[{han.DIGIT}]?)[{_COUNTED}])"
    rf"|(?:\d{{1,2}}|[{han.DIGIT}]{{1,2}})(?![\d{han.DIGIT}十百千万萬亿個个]))"
    rf"|度(?P<tenths>[\d{han.DIGIT}])(?![\d{han.DIGIT}十百千万萬亿点點{_COUNTED}级級号號名月日]))"
)
"""What stands after the unit is a part of it; a counted thing after it (三块五一斤) is none."""
_SMALL_MONEY = re.compile(
    rf"(?:(?P<yuan>{SIMPLE})[块塊元])?(?P<jiao>[\d{han.DIGIT}])[毛角](?:(?P<fen>[\d{han.DIGIT}])分?(?![\d{han.DIGIT}])|(?P<money>[钱錢]))?"
)
_AND_HALF = re.compile(
    rf"(?P<large>{SIMPLE})(?P<unit>[个個年倍块塊天岁歲小时時間点點里斤米月周分秒ヶカか]{{0,2}}|\s?(?:시간|년|달|개월)\s?)"
    "[半반](?![ば球导導岛島径徑圆圓价價夜边邊数數途场場身])"
)
_PARTS_OF = {
    "年": 12,
    "년": 12,
    "岁": 12,
    "歲": 12,
    "时": 60,
    "時": 60,
    "点": 60,
    "點": 60,
    "시": 60,
    "个": 60,
    "個": 60,
}
"""How many months or minutes there are in what is halved; 两个半 may be hours."""
_WEIGHT = re.compile(rf"(?P<value>{SIMPLE})(?=[多来]?[斤里](?!面))")
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
}
_IN_WORDS = {
    "半": HALF, "正午": (Fraction(12),),
    "中午": (Fraction(12),), "午夜": (Fraction(0), Fraction(12), Fraction(24)), "元旦": (Fraction(1),),
    "除夕": (Fraction(12),), "世纪": (Fraction(100),), "三刻": (Fraction(45),), "翻两番": (Fraction(4),),
    "ひとつ": (Fraction(1),), "ふたつ": (Fraction(2),), "みっつ": (Fraction(3),), "よっつ": (Fraction(4),),
    "いつつ": (Fraction(5),), "むっつ": (Fraction(6),), "ななつ": (Fraction(7),), "やっつ": (Fraction(8),),
    "ここのつ": (Fraction(9),), "ダース": (Fraction(12),),
    "国庆": (Fraction(10), Fraction(1)), "双十一": (Fraction(11),),
}  # fmt: skip
"""Words that account for numbers in the other text."""


def said_otherwise(text: str) -> Iterator[Mention]:
    """Yield words of Chinese and Japanese that account for a number in the other text."""
    for word, value in _OF_NUMBERS.items():
        if word in text:
            yield number(word, Fraction(value), sure=False)
    for word, values in _IN_WORDS.items():
        if word in text:
            yield Mention(word, (frozenset(),), frozenset(values), sure=False)


def _decade_of(found: re.Match[str], shown: str) -> Mention | None:
    century, decade = value_of(found["century"]), value_of(found["decade"])
    if century is None or decade is None:
        return None
    year = (century - 1) * 100 + decade
    return Mention(shown, alternatives({century, decade}, {year}))


def _decade(found: re.Match[str], shown: str) -> Mention | None:
    run = han.read_run(found["decade"])
    decade = run.value if run is not None else None
    if run is None or not isinstance(decade, Fraction) or (decade >= 100 and found[0][-1] in "后後"):
        return None
    if found[0][-1] in "后後" and decade % 10 and decade not in {85, 95, 5}:
        return None
    near = [value for value in run.also if isinstance(value, Fraction)]  # 八九十年代: two of them
    also = frozenset[Value](value + year for value in near for year in (0, 1900))
    own = alternatives({decade}, {decade + 1900}, {decade + 2000}, {decade + 1800})
    return Mention(shown, own, also, sure=decade >= 20 and not near)


def _century(found: re.Match[str], shown: str) -> Mention | None:
    century = value_of(found["century"])
    if century is None:
        return None
    return Mention(shown, alternatives({century}, {(century - 1) * 100}), sure=century >= 3)


def _era(found: re.Match[str], shown: str) -> Mention | None:
    year = Fraction(1) if found["year"] == "元" else value_of(found["year"])
    return None if year is None else Mention(shown, alternatives({year + _ERAS[found["era"]]}, {year}))


def _short_years(found: re.Match[str], shown: str) -> Mention:
    years = [Fraction(int(year)) for year in re.findall(r"\d+", found[0])]
    full = [{year + head for year in years} for head in (1900, 2000)]
    ends = {years[0] + head for head in (1900, 2000)}
    own = alternatives(set(years), *full, *({end, *years[1:]} for end in ends))
    return Mention(shown, own, frozenset(ends), sure=not all(map(is_small, years)))


def _parts(found: re.Match[str], shown: str) -> Mention | None:
    """Read 三分之一 and 百分之三十."""
    of = Fraction(10**4) if found["of"] in "万萬" else value_of(found["of"])
    share = value_of(found["share"])
    if not of or share is None:
        return None
    if of == 100:
        also = {share / 100} | ({Fraction(1)} if share == 100 else set())
        return Mention(shown, alternatives({share}), frozenset(also), sure=not is_small(share) and share != 100)
    return Mention(shown, alternatives({share / of}, {share, of}, {share / of * 1000}), frozenset({share / of * 100}))


def _tenths(found: re.Match[str], shown: str) -> Mention | None:
    """Read 三成 and 3割 (30 %), 八折 (80 % of the price, 20 % off) and 85折."""
    share = value_of(found["share"])
    if share is None or share >= 100 or share == 0:
        return None
    if found["kind"] != "折" and share > 10 and share.denominator == 1:  # 78成: seven or eight tenths
        low, high = divmod(share, 10)
        return Mention(shown, alternatives({Fraction(low * 10), high * 10}, {share}), sure=False)
    tail = found["half"]
    more = Fraction(1, 2) if tail == "半" else Fraction(han.DIGITS.get(tail, 0) if tail else 0)
    if found["kind"] != "折":
        percent = share * 10 + (5 if tail == "半" else more)
        sure = 1 <= share < 10 and found["share"] not in {"八", "九"}  # also "most likely"
        own = alternatives({percent}, {percent / 100}, {percent / 10, Fraction(10)}, {100 - percent})
        return Mention(shown, own, sure=sure)
    percent = share * 10 if share < 10 else share
    return Mention(shown, alternatives({percent}, {100 - percent}, {share}, {percent / 100}), sure=share > 2)


def _split(found: re.Match[str], shown: str) -> Mention | None:
    """Read 29块9 and 1米83."""
    large = value_of(found["large"])
    small = "".join(str(han.DIGITS.get(c, c)) for c in found["small"] or found["tenths"])
    if large is None or large.denominator != 1 or not small.isdecimal():
        return None
    if large == 1 and found["unit"] not in {"米", "元"}:  # 一块3寸的晶片: a piece; 一度: once
        return None
    value = large + Fraction(int(small), 10 ** len(small))
    in_cents = value * 100
    return Mention(shown, alternatives({value}, {large, Fraction(int(small))}, {large, in_cents % 100}, {in_cents}))


def _small_money(found: re.Match[str], shown: str) -> Mention | None:
    """Read 五块三毛二 and 三毛二; None for 三毛 alone, which is a name as well."""
    if not (found["yuan"] or found["money"] or (found["fen"] and "毛" in found[0])):
        return None
    yuan, jiao, fen = (value_of(found[name]) if found[name] else Fraction(0) for name in ("yuan", "jiao", "fen"))
    if yuan is None or jiao is None or fen is None:
        return None
    cents = jiao * 10 + fen
    value = yuan + cents / 100
    return Mention(shown, alternatives({value}, {yuan, cents} if yuan else {cents}, {value * 100}))


def _and_half(found: re.Match[str], shown: str) -> Mention | None:
    """Read 两年半 and 3个半小时."""
    large = value_of(found["large"])
    if large is None or large.denominator != 1 or (not found["unit"] and large < 1):
        return None
    value = large + Fraction(1, 2)
    also = {large, value, Fraction(1, 2), Fraction(30), Fraction(6)}
    smaller = [{value * parts} for sign, parts in _PARTS_OF.items() if sign in found["unit"]]
    own = alternatives({value}, {large, Fraction(1, 2)}, *smaller)
    return Mention(shown, own, frozenset(also))


def _weight(found: re.Match[str], shown: str) -> Mention | None:
    """Read what people may give in kilograms and kilometres."""
    value = value_of(found["value"])
    if value is None or found["value"] in {"千", "万", "百"}:
        return None
    digits = found["value"][:1].isascii()
    return Mention(shown, alternatives({value}, {value / 2}), sure=digits and not is_small(value))


READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], Mention | None]], ...] = (
    (_DECADE_OF, _decade_of),
    (_DECADE, _decade),
    (_CENTURY, _century),
    (_ERA, _era),
    (clock.EAST, clock.east),
    (_PARTS, _parts),
    (_SHORT_YEARS, _short_years),
    (_TENTHS, _tenths),
    (_SMALL_MONEY, _small_money),
    (_SPLIT, _split),
    (_AND_HALF, _and_half),
    (_WEIGHT, _weight),
)
"""Patterns and what reads them, in order: what one has read is blanked out for the next."""
