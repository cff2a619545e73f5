"""Compares the numbers of a text with those of its translation."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from mtreason.languages import Direction, Language
from mtreason.numbers.dates import month_of
from mtreason.numbers.find import mentions
from mtreason.numbers.locale import Locale, locale_of
from mtreason.numbers.mention import BELOW, Mention, Reading, Value, sayable
from mtreason.numbers.words import LANGUAGES

_MOST_KEPT = 2000
"""Longer texts, in characters, are not kept for the next comparison."""
_DAY = 24 * 60
_BELOW = re.compile(
    r"[-−–－—]\s?\d|minus|negati|below|zero|null|unter|moins|sous|bajo|menos|meno|sotto|零下|负|負|冰点|氷点|マイナス",
    re.IGNORECASE,
)
"""Signs and words for temperatures below zero, in the languages whose words are known."""


def differing(source: str, text: str, direction: Direction) -> tuple[str, ...]:
    """Return in words for people which numbers are lost, changed or new in a translation; nothing where all agree.

    Values are compared, however they are written: 3.08亿 is 308 million, 下午3点半 is 3:30 p.m., 三成 is 30 %. Only
    what can be compared with confidence is: small numbers may be words on either side ("one" and "two" are none at
    all), and names such as COVID-19 may change. How often a number occurs makes no difference. Takes time in
    proportion to the texts. Languages that CLDR does not have are not compared.
    """
    theirs, ours = locale_of(direction.source), locale_of(direction.target)
    if theirs is None or ours is None:
        return ()
    before = _of_source(source, theirs) if len(source) <= _MOST_KEPT else mentions(source, theirs)
    after = mentions(text, ours)
    said = [f"{m.described()} is not in the translation" for m in _missing(before, after, ours.primary)]
    said += [f"{m.described()} is not in the source" for m in _missing(after, before, theirs.primary)]
    if ours.primary in LANGUAGES and not _BELOW.search(text):
        said += [f"{m.described()} is not below zero in the translation" for m in before if BELOW in m.also]
    said += [*_at_other_times(before, after), *_other_hours(before, after)]
    return tuple(dict.fromkeys([*said, *_other_names(before, after), *_other_months(before, after)]))


def values_in(text: str, language: Language) -> Reading:
    """Return all values that the numbers of a text may have, in words or in digits; none in a language not in CLDR."""
    locale = locale_of(language)
    return frozenset[Value]().union(*(m.gives for m in mentions(text, locale))) if locale else frozenset()


def numbers_in(text: str, language: Language) -> tuple[str, ...]:
    """Return the numbers of a text as they are written there, but not words that may be no number ("a pair").

    There are none in a language that CLDR does not have.
    """
    locale = locale_of(language)
    found = mentions(text, locale) if locale else []
    return tuple(dict.fromkeys(m.text for m in found if m.sure or any(map(str.isdecimal, m.text))))


@functools.lru_cache(maxsize=256)
def _of_source(text: str, locale: Locale) -> list[Mention]:
    """Read a source once for all drafts of it."""
    return mentions(text, locale)


def _missing(wanted: Sequence[Mention], there: Sequence[Mention], primary: str) -> Iterator[Mention]:
    """Yield the numbers for which the other text, in a language, has no reading."""
    known: Reading = frozenset[Value]().union(*(m.gives for m in there))
    in_words = primary in LANGUAGES
    for mention in wanted:
        compared = mention.sure and (in_words or not sayable(mention))
        if compared and not any(reading <= known for reading in mention.readings):
            yield mention


def _other_names(before: Sequence[Mention], after: Sequence[Mention]) -> Iterator[str]:
    """Yield names such as B-52 that have another number in the translation."""
    known = [frozenset[Value]().union(*(m.gives for m in own)) for own in (before, after)]
    new = {m.letters: m for m in after if m.letters and not m.readings[0] <= known[0]}
    for mention in before:
        if mention.letters in new and not mention.readings[0] <= known[1]:
            yield f"{mention.text} is not {new[mention.letters].text}"


def _other_months(before: Sequence[Mention], after: Sequence[Mention]) -> Iterator[str]:
    """Yield a month that is surely another one in the translation."""
    theirs, ours = ({month: m for m in own if (month := month_of(m)) is not None} for own in (before, after))
    if theirs and ours and not theirs.keys() & ours.keys():
        yield f"{next(iter(theirs.values())).text} is not {next(iter(ours.values())).text}"


def _other_hours(before: Sequence[Mention], after: Sequence[Mention]) -> Iterator[str]:
    """Yield the only time of a text that is another one in the translation, where it is said in words."""
    theirs, ours = ([m for m in own if _hours(m)] for own in (before, after))
    if not len(theirs) == len(ours) == 1 or (theirs[0].sure and ours[0].sure):
        return
    if not _hours(theirs[0]) & _hours(ours[0]):
        yield f"{theirs[0].text} is not {ours[0].text}"


def _hours(mention: Mention) -> frozenset[int]:
    """Return which time is meant, in minutes after noon or midnight; none for a full hour, which may be a span."""
    times = (v for reading in mention.readings for v in reading if isinstance(v, tuple) and v[0] == "at")
    return frozenset(minutes % (_DAY // 2) for _, minutes in times if minutes % 60)


def _at_other_times(before: Sequence[Mention], after: Sequence[Mention]) -> Iterator[str]:
    """Yield times that are in the other half of the day in the translation."""
    known: Reading = frozenset[Value]().union(*(m.gives for m in after))
    named = {m.clock: m for m in after if m.clock is not None}
    for mention in before:
        if mention.clock is None or ("at", mention.clock) in known:
            continue
        other = named.get((mention.clock + _DAY // 2) % _DAY)
        if other is not None:
            yield f"{mention.text} is not {other.text}"
