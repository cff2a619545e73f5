"""Numbers in Chinese characters and in Korean, alone and after digits: 一百二十三, 3.08亿, 5千, 三万五, 十几."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from mtreason.numbers.mention import MOST_DIGITS, Mention, Value, is_small

DIGITS = {
    c: i
    for i, chars in enumerate(["〇零", "一壹", "二两兩贰貳", "三叁叄", "四肆", "五伍", "六", "七柒", "八捌", "九玖"])
    for c in chars
}
UNITS = {
    "十": 10, "百": 100, "千": 1000, "佰": 100, "仟": 1000, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8,
    "兆": 10**12, "십": 10, "백": 100, "천": 1000, "만": 10**4, "억": 10**8, "조": 10**12,
}  # fmt: skip
_BIG = 10**4
DIGIT = "".join(DIGITS)
"""All of them, for a set of characters in a regular expression."""
_D, _U = DIGIT, "".join(UNITS)
_HAN_U = "".join(u for u in UNITS if u < "가")
_BIG_U = "".join(u for u, value in UNITS.items() if value >= _BIG)
_ABOUT = "多余餘几幾来"
LATIN = r"(?:\d++(?:,\d{3})*+(?:\.\d++)?+)"
RUN = re.compile(
    rf"[几幾数數上]?(?:"
    rf"(?<![\d.,]){LATIN}\s?[{_ABOUT}]?(?:여\s?)?(?=[{_U}])|[{_D}{_HAN_U}廿卅]"
    rf"|(?<=[\d{_D}十百千])[{_ABOUT}여](?=[{_BIG_U}])"
    rf"|(?<=[{_U}])(?: ?{LATIN}(?=[{_U}])|\d(?!\d)|[여 ]?[{_U}])|(?<=[\d{_U}])[{_U}]"
    rf"|(?<=\d[{_BIG_U}])\d{{1,4}}(?![\d.,年])"
    rf"|(?<=十)[又有](?=[{_D}](?![个個位名人条條]))"
    rf"|(?<=[{_D}])[点點](?=[{_D}]))++[几幾]?"
)
"""Characters that make a number, in one pass; digits only where a unit follows."""
SIMPLE = rf"(?:(?<![\d.,])\d++(?:\.\d++)?+|[{_D}十百千廿卅]{{1,24}}+)"
"""A number before a measure word."""
LEAST_WORD = 16
"""In characters and words, smaller numbers are part of too many other words."""
_IDIOMS = frozenset({"二百五", "十万八千", "三百六十", "三十六", "九十九", "百八十"})
_TOKEN = re.compile(rf"(?P<latin>{LATIN})|(?P<digit>[{_D}])|(?P<unit>[{_U}])|(?P<twenty>[廿卅])")
_PREFIXES = {"千": frozenset("米克瓦卡赫伏帕"), "兆": frozenset("焦帕瓦赫欧字比")}
"""Units of which there are thousands or millions: 千米 is a kilometre."""
_LEAST_WITHOUT_ONE = 3
"""How many characters a number has at least that begins with a hundred, as in Japanese (百三十)."""
_MOST_CHARACTERS = 60
"""A longer run is no number."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of characters means."""

    value: Value
    sure: bool
    also: frozenset[Value] = frozenset()


def value_of(text: str) -> Fraction | None:
    """Return the value of a number in digits or characters; None for what is none, or no single one."""
    run = read_run(text)
    return run.value if run is not None and isinstance(run.value, Fraction) else None


def mention_of(found: re.Match[str], shown: str) -> Mention | None:
    """Return what a match of `RUN` means."""
    run = read_run(found[0])
    if run is None:
        return None
    also = run.also
    if found[0][-1] in _PREFIXES and found.string[found.end() : found.end() + 1] in _PREFIXES[found[0][-1]]:
        before = value_of(found[0][:-1])  # 五十千米: fifty kilometres
        own = tuple(frozenset({value}) for value in (run.value, before) if value is not None)
        return Mention(shown.strip(), own, also, sure=run.sure)
    return Mention(shown.strip(), (frozenset({run.value}),), also, run.sure and not is_small(run.value))


def read_run(text: str) -> Run | None:
    """Read a run of digits and characters."""
    if len(text) > _MOST_CHARACTERS:
        return None
    about = text[:1] in "几幾数數上" or text[-1:] in {"几", "幾"}
    text = re.sub(r"[几幾数數上여 \s多余餘来]", "", text.replace(",", ""))
    parts = list(_tokens(text))
    if not parts:
        return None
    if not any(kind == "unit" for kind, _ in parts):
        return _positional(text, [int(v) for kind, v in parts if kind == "digit"], parts)
    near = _near_one_another(text)
    if near is not None:
        return near
    value = _with_units(text)
    first = int(parts[0][1]) if parts[0][0] == "unit" else 0
    bare = first >= _BIG or (first >= 100 and len(parts) < _LEAST_WITHOUT_ONE)  # 万一 and 千五 are no numbers
    latin = parts[0][0] == "latin"
    hyperbole = not latin and value < 10**8 and not str(value).strip("0").removeprefix("1") and value >= 100
    # It is not said whether 一百万 and the like are meant as numbers.
    sure = not (about or bare or hyperbole or text in _IDIOMS) and (latin or value >= LEAST_WORD)
    return Run(value, sure)


def _tokens(text: str) -> Iterator[tuple[str, Fraction]]:
    for found in _TOKEN.finditer(text):
        kind, char = str(found.lastgroup), found[0]
        if kind == "latin":
            value = Fraction(char) if len(char) <= MOST_DIGITS else Fraction(0)
        else:
            value = Fraction({**DIGITS, **UNITS, "廿": 20, "卅": 30}[char])
        yield kind, value


def _positional(text: str, digits: list[int], parts: list[tuple[str, Fraction]]) -> Run | None:
    """Read characters without units: a year, a number of a room, a single digit, or a rough number (三五)."""
    if "点" in text or "點" in text:
        before, after = re.split("[点點]", text, maxsplit=1)
        value = Fraction(int("".join(str(DIGITS[c]) for c in before if c in DIGITS) or 0))
        tail = "".join(str(DIGITS[c]) for c in after if c in DIGITS)
        with_rest = value + (Fraction(int(tail), 10 ** len(tail)) if tail else 0)
        return Run(with_rest, sure=False, also=frozenset(Fraction(DIGITS[c]) for c in text if c in DIGITS))
    if len(digits) != len(parts):
        value = parts[0][1]
        return Run(value, sure=False) if len(parts) == 1 else Run(sum((v for _, v in parts), Fraction(0)), sure=False)
    together = Fraction(int("".join(map(str, digits))))
    if len(digits) == 1:
        return Run(together, sure=False)
    return Run(together, sure=len(digits) == 4 and 0 in digits, also=frozenset(map(Fraction, digits)))


def _near_one_another(text: str) -> Run | None:
    """Read 三四十 and 七八百: rough numbers, which say two that are near one another."""
    pair = re.search(rf"(?<![{_D}])[一二三四五六七八九两兩]{{2}}(?=[{_U}])", text)
    pair = pair or re.search(rf"(?<=[{_U}])[一二三四五六七八九]{{2}}", text)
    if pair is None:
        return None
    at = pair.start()
    values = [_with_units(text[:at] + text[at + 1 :]), _with_units(text[: at + 1] + text[at + 2 :])]
    return Run(values[0], sure=False, also=frozenset(values))


def _with_units(text: str) -> Fraction:
    """Add up what stands before each unit."""
    whole, _, rest = text.partition("点") if "点" in text else text.partition("點")
    if rest:
        tail = re.match(rf"[{_D}]*", rest)[0]  # type: ignore[index]
        value = _with_units(whole) if whole else Fraction(0)
        value += Fraction(int("".join(str(DIGITS[c]) for c in tail) or 0), 10 ** len(tail))
        for char in rest[len(tail) :]:
            value *= UNITS.get(char, 1)
        return value
    total = section = Fraction(0)
    waiting: Fraction | None = None
    unit, zero, biggest = 0, False, 0
    for kind, value in _tokens(text):
        if kind != "unit":
            zero = zero or (kind == "digit" and value == 0)
            waiting = value
            continue
        unit = int(value)
        if unit < _BIG:
            section += (Fraction(1) if waiting is None else waiting) * unit
        else:
            own = section + (waiting or 0)
            if own == 0 and total:
                total *= unit
            elif total and unit > biggest:
                total = (total + own) * unit
            else:
                total += (own or 1) * unit
            section, biggest = Fraction(0), unit
        waiting, zero = None, False
    if waiting is not None:
        short = unit >= 100 and not zero and waiting < 10  # 三万五 is 35,000
        section += waiting * unit / 10 if short else waiting
    return total + section
