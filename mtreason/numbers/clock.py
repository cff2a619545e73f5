"""Times of the day: 下午3点半, 3:30 p.m., 15h30, 15:30 Uhr, halb vier."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

from mtreason.numbers.han import SIMPLE, value_of
from mtreason.numbers.mention import Mention, Reading, Value
from mtreason.numbers.words import words_of

_AM = r"凌晨|清晨|早上|早晨|清早|上午|午前|오전|새벽|아침"
_PM = r"下午|午後|오후|傍晚"
_OTHER = r"中午|晚上|今晚|夜里|夜裡|半夜|深夜|夜晚|正午|明晚|昨晚|当晚|저녁|밤"
_MINUTES = rf"(?P<half>半|반)|(?P<quarter>[一三1-3])刻|(?P<minute>{SIMPLE})\s?(?:分|분)?"
EAST = re.compile(
    rf"(?:(?P<am>{_AM})|(?P<pm>{_PM})|(?P<other>{_OTHER}))?\s?(?P<hour>{SIMPLE})\s?"
    rf"(?:[点點时時](?![候間间])|시(?!간))\s?(?:过|過)?(?:{_MINUTES})?(?P<exact>[钟鐘整])?"
)
"""Times in Chinese, Japanese and Korean."""
_AM_PM = r"(?P<half_day>(?i:[ap]\.?\s?m\b\.?))"
WEST = re.compile(
    rf"(?:(?P<before_am>{_AM})|(?P<before_pm>{_PM}))?\s?(?<![\d.,:])(?P<hour>\d{{1,2}})"
    rf"(?:(?P<sign>:|(?i:h))(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?:\s?{_AM_PM})?"
    rf"|(?:\.(?P<dotted>[0-5]\d))?\s?(?:{_AM_PM.replace('half_day', 'later')}"
    rf"|(?P<word>(?i:uhr|o'clock|heures?|h)\b)(?:\s?(?P<after>[0-5]?\d)(?!\d))?))"
)
"""Times in digits with a sign between, or with a word after them."""
AFTER_WORD = re.compile(
    r"\b(?i:klo|kl|klockan|klokken|pukul|jam|kell)\.?\s?(?P<hour>[01]?\d|2[0-4])(?:[.:](?P<minute>[0-5]\d))?(?![\d.:,]\d|\d)"
)
"""Times in digits after a word, as in the languages of the north and in Indonesian."""
UNTIL = re.compile(r"(?<=\x00)\s?-\s?(?P<hour>[01]?\d|2[0-4])(?:[.:](?P<minute>[0-5]\d))?(?![\d.:,]\d|\d)")
"""The end of a span that begins with such a time."""
HALF_TO = {
    tag: re.compile(rf"\b{word} (?P<hour>\w{{1,12}})", re.IGNORECASE)
    for tag, word in {
        "de": "halb",
        "nl": "half",
        "sv": "halv",
        "da": "halv",
        "no": "halv",
        "nb": "halv",
        "nn": "halv",
    }.items()
}
"""Half an hour before an hour."""
_HOURS = {
    word: n
    for row in (
        "en/één twee drie vier vijf zes zeven acht negen tien elf twaalf",
        "ett två tre fyra fem sex sju åtta nio tio elva tolv",
        "et/en to tre fire fem seks syv/sju otte/åtte ni ti elleve tolv",
        "ein/eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    )
    for n, words in enumerate(row.split(), 1)
    for word in words.split("/")
}
"""Hours in words of Germanic languages."""
_TO = {
    "en": r"(?P<minute>\w{3,12})(?: minutes)? (?:to|before|till|of) (?P<hour>\w{1,6})\b",
    "de": r"(?P<minute>\w{3,12})(?: Minuten)? vor (?P<hour>\w{1,6})\b",
    "fr": r"(?P<hour>\w{2,6}) heures? moins (?:le )?(?P<minute>\w{3,12})\b",
    "es": r"(?P<hour>\w{2,6}) menos (?P<minute>\w{3,12})\b",
    "it": r"(?P<hour>\w{2,9}) meno (?:un )?(?P<minute>\w{3,12})\b",
}
"""How minutes before an hour are said."""
_PAST = {
    "en": r"(?P<minute>\w{3,12})(?: minutes)? (?:past|after) (?P<hour>\w{1,6})\b",
    "de": r"(?P<minute>\w{3,12})(?: Minuten)? nach (?P<hour>\w{1,6})\b",
    "fr": r"(?P<hour>\w{2,6}) heures? (?:et )?(?P<minute>demie|quart|\w{3,12})\b",
    "es": r"(?P<hour>\w{2,6}) y (?P<minute>\w{3,12})\b",
    "it": r"(?P<hour>\w{2,9}) e (?:un )?(?P<minute>\w{3,12})\b",
}
"""How minutes after an hour are said; "tres y media" may also be a number."""
_THREE_QUARTERS = re.compile(r"\bdrei ?viertel (?P<hour>\w{2,6})\b", re.IGNORECASE)
_SAID = frozenset({5, 10, 15, 20, 25, 30})
"""Minutes of times that are said in words: nine to five is a working day."""
_HALVES = frozenset({"half", "demie", "media", "mezza", "mezzo"})
_QUARTERS = frozenset({"quarter", "viertel", "quart", "cuarto", "quarto"})


def east(found: re.Match[str], shown: str) -> Mention | None:
    """Return what a match of `EAST` means; None for what is none: 三点 may be three points, 3点5 a decimal number."""
    hour = value_of(found["hour"])
    named = found["am"] or found["pm"] or found["other"]
    if hour is None or hour.denominator != 1 or hour > 24:
        return None
    minute = _minute(found)
    said = named or found["half"] or found["quarter"] or found["exact"] or found[0].rstrip()[-1] in "分분时時시"
    if minute is None or not (said or _two_digits(found["minute"]) or (hour > 12 and not found["minute"])):
        return None
    return mention(shown, int(hour), minute, am=bool(found["am"]), pm=bool(found["pm"]))


def _minute(found: re.Match[str]) -> int | None:
    if found["half"]:
        return 30
    if found["quarter"]:
        return 15 * int({"一": 1, "三": 3}.get(found["quarter"]) or found["quarter"])
    if not found["minute"]:
        return 0
    minute = value_of(found["minute"])
    return int(minute) if minute is not None and minute.denominator == 1 and minute < 60 else None


def _two_digits(minute: str | None) -> bool:
    value = value_of(minute) if minute else None
    return value is not None and value >= 10


def west(found: re.Match[str], shown: str) -> Mention | None:
    """Return what a match of `WEST` means."""
    hour = int(found["hour"])
    if hour > 24 or (found["word"] and found["word"].casefold().startswith("heure") and not found["after"]):
        return None
    minute = int(found["minute"] or found["dotted"] or found["after"] or 0)
    half_day = (found["half_day"] or found["later"] or "")[:1].casefold()
    am, pm = half_day == "a" or found["before_am"], half_day == "p" or found["before_pm"]
    return mention(shown, hour, minute, am=bool(am), pm=bool(pm))


def half_to(found: re.Match[str], shown: str) -> Mention | None:
    """Return what a match of `HALF_TO` means; None for half of something else."""
    word = found["hour"].casefold()
    hour = int(word) if word.isascii() and word.isdecimal() else _HOURS.get(word, 0)
    return mention(shown, hour - 1 or 12, 30, sure=False) if 1 <= hour <= 24 else None


def after_word(found: re.Match[str], shown: str) -> Mention:
    """Return what a match of `AFTER_WORD` or `UNTIL` means."""
    return mention(shown, int(found["hour"]), int(found["minute"] or 0))


def around_the_hour(text: str, primary: str) -> Iterator[Mention]:
    """Yield what may be times such as "a quarter to three"; "five to ten" may be none."""
    if primary not in _TO:
        return
    for found in re.finditer(_TO[primary], text, re.IGNORECASE):
        minute, hour = _minutes(found["minute"], primary), _value(found["hour"], primary)
        if minute in _SAID and 1 <= hour <= 12:
            yield mention(found[0], hour - 1 or 12, 60 - minute, sure=False)
    for found in re.finditer(_PAST[primary], text, re.IGNORECASE):
        minute, hour = _minutes(found["minute"], primary), _value(found["hour"], primary)
        if minute in _SAID and 1 <= hour <= 12:
            yield mention(found[0], hour, minute, sure=False)
    for found in _THREE_QUARTERS.finditer(text) if primary == "de" else ():
        if 1 <= (hour := _value(found["hour"], primary)) <= 12:
            yield mention(found[0], hour - 1 or 12, 45, sure=False)


def _minutes(word: str, primary: str) -> int:
    word = word.casefold()
    return 15 if word in _QUARTERS else 30 if word in _HALVES else _value(word, primary)


def _value(word: str, primary: str) -> int:
    """Return the value of a word or of digits; 0 for what has none."""
    word = word.casefold()
    words = words_of(primary)
    return int(word) if word.isascii() and word.isdecimal() else (words.values.get(word, 0) if words else 0)


def mention(text: str, hour: int, minute: int, *, am: bool = False, pm: bool = False, sure: bool = True) -> Mention:
    """Return the mention of a time; without a half of the day either is meant up to 12."""
    if pm:
        hours = [hour % 12 + 12] if hour <= 12 else [hour]
    elif am:
        hours = [hour % 12] if hour <= 12 else [hour]
    else:
        hours = [hour % 12, hour % 12 + 12] if hour <= 12 else [hour % 24]
    minutes: Iterable[Value] = [Fraction(minute)] if minute else []
    apart = dict.fromkeys(frozenset({Fraction(h), *minutes}) for h in (hour, hour % 12 or 12))
    at: list[Reading] = [frozenset({("at", h * 60 + minute)}) for h in hours]
    clock = hours[0] * 60 + minute if am or pm or hour > 12 else None
    if minute:  # it may be a span of time
        apart[frozenset({Fraction(hour * 60 + minute, 60)})] = None
    also = frozenset({Fraction(minute)})
    small = hour < 3 and minute == 0
    return Mention(text.strip(), (*at, *apart), also, sure=sure and not small, clock=clock)
