"""Reads numbers in words: "two hundred and fifty", "quatre-vingt-dix", "zweieinhalb Millionen", "half a million"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from mtreason.numbers.han import LEAST_WORD
from mtreason.numbers.mention import Mention, Value, is_small
from mtreason.numbers.words import Words, words_of

_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = 4
"""How many words may stand from a number to "and a half", and from "half" to what is halved."""
_NEAR = 2
_SPANS = {
    "decade": 10, "decades": 10, "century": 100, "centuries": 100, "jahrzehnte": 10, "jahrzehnten": 10,
    "jahrhunderte": 100, "jahrhunderten": 100, "décennies": 10, "siècles": 100, "décadas": 10, "siglos": 100,
    "decenni": 10, "secoli": 100,
}  # fmt: skip
"""Spans of years, of which there may be several: at most `_NEAR` words after their number."""
_MOST_WORDS = 40
"""A longer row of number words is read in parts."""
_ENDLESS = 10**15


def word_mentions(text: str, primary: str) -> Iterator[Mention]:
    """Yield the numbers in words of a text; `text` has blanks for what was read in digits."""
    words = words_of(primary)
    if words is None:
        return
    near = _Near(words)
    row: list[str] = []
    end = 0
    for place, found in enumerate(_WORD.finditer(text)):
        word = found[0].casefold()
        beside = not text[end : found.start()].strip(" -‐‑\u00a0") and end < found.start()
        known = words.counts(word)
        if row and not (beside and (known or word in words.joins) and len(row) < _MOST_WORDS):
            yield from _read(row, words, primary)
            row = []
        if known or (row and word in words.joins):
            row.append(word)
        accounted = frozenset(near.accounted(place, word))
        if accounted:
            yield Mention(found[0], (frozenset(),), accounted, sure=False)
        end = found.end()
    yield from _read(row, words, primary)


@dataclass(slots=True)
class _Near:
    """What words account for together with a number or a share a few words before them."""

    words: Words
    number: tuple[int, int] = (-_BETWEEN - 1, 0)
    """Where the last number was, and its value."""
    share: tuple[int, Fraction] = (-_BETWEEN - 1, Fraction(1))
    """The same for a half or the like."""

    def accounted(self, place: int, word: str) -> Iterator[Value]:
        """Yield values that a word accounts for, and go on to the next one."""
        words = self.words
        own = words.others.get(word, ())
        yield from own
        (at, value), (share_at, share) = self.number, self.share
        if words.parts.get(word) == 2 and place - at <= _BETWEEN:
            yield value + Fraction(1, 2)
        if word in words.magnitudes and place - share_at < _BETWEEN:  # half a million
            yield words.magnitudes[word] * share
        if word in _SPANS and place - at <= _NEAR:  # two decades
            yield Fraction(value * _SPANS[word])
        if word in words.parts:
            self.share = place, Fraction(1, words.parts[word])
        elif len(own) == 1 and isinstance(own[0], Fraction) and own[0].denominator == 2:
            self.share = place, own[0]  # zweieinhalb Millionen
        if word in words.values:
            self.number = place, words.values[word]


def _read(row: list[str], words: Words, primary: str) -> Iterator[Mention]:
    """Yield the numbers of a row of number words."""
    at = 0
    last: Fraction | None = None
    while at < len(row):
        if row[at] in words.joins:
            at += 1
            continue
        value, end = _longest(row, at, words, primary)
        if end == at:  # a fraction alone
            yield _part(row[at], last, words)
            last, at = None, at + 1
            continue
        followed = end < len(row) and words.value(row[end]) is not None
        yield _whole(row[at:end], value, words, last, followed=followed)
        last, at = value, end


def _whole(own: list[str], value: Fraction, words: Words, last: Fraction | None, *, followed: bool) -> Mention:
    """Return the mention of a number; one beside another may be half of a year (nineteen eighty-four)."""
    also = {value + 1900, value + 2000} if value < 100 else set()
    if last is not None and 10 <= last < 100 and 0 < value < 100:
        also.add(last * 100 + value)
    also |= {Fraction(1, words.parts[word]) for word in own if word in words.parts}
    power = not str(value.numerator).strip("0").removeprefix("1")
    sure = value >= LEAST_WORD and value not in words.ordinary and not power
    sure = sure and not is_small(value) and not (value < 100 and (last or followed))
    return Mention(" ".join(own), (frozenset({value}),), frozenset(also), sure=sure)


def _part(word: str, before: Fraction | None, words: Words) -> Mention:
    share = Fraction(1, words.parts[word])
    also = {share, Fraction(words.parts[word])} | ({before * share} if before is not None else set())
    return Mention(word, (frozenset(),), frozenset(also), sure=False)


def _longest(row: list[str], at: int, words: Words, primary: str) -> tuple[Fraction, int]:
    """Return the number that begins at a place of a row, and its end; the place itself where none begins."""
    said = _Sum(words, primary)
    end = at
    for i in range(at, len(row)):
        if row[i] in words.joins:
            if i + 1 >= len(row) or not said.joins(row[i + 1]):
                break
        elif said.add(row[i], first=i == at):
            end = i + 1
        else:
            break
    return Fraction(said.total + said.group), end


@dataclass(slots=True)
class _Sum:
    """What the words of a number add up to so far."""

    words: Words
    primary: str
    total: int = 0
    """Thousands and more."""
    group: int = 0
    """What is below the next thousand."""
    least: int = _ENDLESS
    """The last of the magnitudes, which become smaller."""

    def add(self, word: str, *, first: bool) -> bool:
        """Add a word; false where it does not belong to this number."""
        value, words = self.words.value(word), self.words
        if value is not None:
            return self._add_value(word, value, first=first)
        if word in words.hundreds and self.group < 100:
            self.group = max(self.group, 1) * 100
            return True
        power = words.magnitudes.get(word)
        if power is None:
            return False
        if power < 1000:  # two dozen
            self.group = max(self.group, 1) * power
            return not self.total
        return self._multiply(power)

    def _add_value(self, word: str, value: int, *, first: bool) -> bool:
        if not first and word in self.words.parts and value < 10 and self.group and self.group % 100 == 0:
            return False  # a hundred thirds
        if first or self.fits(value):
            self.group += value
        elif value == 20 and self.group % 100 == 4 and self.primary == "fr":  # quatre-vingts
            self.group += 76
        else:
            return False
        return True

    def _multiply(self, power: int) -> bool:
        if power == self.least:
            return False
        if power > self.least:  # mil millones
            self.total = (self.total + self.group) * power
        else:
            self.total += max(self.group, 1) * power
        self.group, self.least = 0, power
        return True

    def fits(self, value: int) -> bool:
        """Whether a value can be added to what was said before it."""
        rest = self.group % 100
        if self.group == 0:
            return self.total > 0
        if value >= 100 or rest == 0:
            return value < 100
        if rest == 10 and self.primary == "fr":  # dix-huit
            return 7 <= value <= 9
        return (20 <= rest < 100 and rest % 10 == 0 and value < 10) or (rest in {60, 80} and 10 <= value < 20)

    def joins(self, word: str) -> bool:
        """Whether "and" and a word go on; it stands after hundreds in English, after tens in languages of the south."""
        value = self.words.value(word)
        return value is not None and self.fits(value) and (self.primary != "en" or self.group % 100 == 0)
