"""Where a text names a number, and which values it may mean there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

Value = Fraction | str | tuple[str, int]
"""A number; a clock time as ("at", minutes since midnight); a run of digits too long for a number as these digits."""
BELOW: Value = ("below", 0)
"""Stands for the sign of a temperature below zero."""
Reading = frozenset[Value]
"""Values that are meant together, such as the day and the month of a date."""

HALF: tuple[Value, ...] = (Fraction(1, 2), Fraction(3, 2), Fraction(50), Fraction(30), Fraction(6))
"""Half of something, one and a half, half in percent, of an hour in minutes, of a year in months."""
MOST_DIGITS = 30
"""A longer run of digits is no quantity, and compared as it is."""
LEAST_SURE = 3
"""Whole numbers below this are said in too many ways ("both", "a pair", "twice") to be missed."""
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Mention:
    """A number in a text."""

    text: str
    """As it is written there."""
    readings: tuple[Reading, ...]
    """What it may mean, the likeliest first; the other text has to have all values of one of them."""
    also: Reading = frozenset()
    """Further values that it accounts for in the other text."""
    sure: bool = True
    """Whether it counts as a difference if the other text has no reading of it."""
    clock: int | None = None
    """Minutes since midnight, where the text says which half of the day is meant."""
    letters: str = ""
    """A name such as B-52 without its numbers, case-folded ("b#"); "I" for a Roman numeral."""

    @property
    def gives(self) -> Reading:
        """All values that it accounts for in the other text."""
        return self.also.union(*self.readings)

    def described(self) -> str:
        """Return the text for people, with its value where that is written otherwise."""
        text = self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}…"
        values = self.readings[0]
        [value] = values if len(values) == 1 else [None]
        if not isinstance(value, Fraction) or shown(value).replace(",", "") == text.replace(",", ""):
            return text
        return f"{text} ({shown(value)})"


def shown(value: Fraction) -> str:
    """Return a number as English writes it."""
    if value.denominator == 1:
        return f"{value.numerator:,}"
    places = next((n for n in range(1, 7) if (value * 10**n).denominator == 1), None)
    return f"{value.numerator}/{value.denominator}" if places is None else f"{float(value):,.{places}f}"


def number(text: str, value: Value, *, sure: bool = True, also: Iterable[Value] = ()) -> Mention:
    """Return a mention of one value; small whole numbers are never sure."""
    return Mention(text, (frozenset({value}),), frozenset(also), sure and not is_small(value))


def alternatives(*readings: Iterable[Fraction]) -> tuple[Reading, ...]:
    """Return readings, the likeliest first."""
    return tuple(frozenset(reading) for reading in readings)


def is_small(value: Value) -> bool:
    """Whether it is a whole number that is said in too many ways to be missed."""
    return isinstance(value, Fraction) and value.denominator == 1 and value < LEAST_SURE


def sayable(mention: Mention) -> bool:
    """Whether words may stand for it in a text: whole numbers up to a hundred, round ones, halves to quarters."""
    return any(all(_sayable(value) for value in reading) for reading in mention.readings)


def _sayable(value: Value) -> bool:
    if not isinstance(value, Fraction):
        return False
    if value.denominator != 1:
        return value < 1 and value.denominator <= 4
    return value <= 100 or not str(value.numerator).rstrip("0")[1:]
