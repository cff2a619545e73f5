"""What a server's JSON holds, taken only where it has the type and the size that it has to have.

A server may be broken, of another version, or hostile. So nothing of an answer is converted by force: Python would read
a number from `true` or "٣", count a list from its end for a negative index, and make a thousand bytes from 1000.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MOST_TEXT = 1 << 20
"""Characters of a text, where the request gives no other limit."""
MOST_NAME = 1024
"""Characters of a name or a path."""
MOST_VOCABULARY = 1 << 22
"""Tokens; the largest vocabularies in use have a quarter of a million."""
MOST_COUNT = 1 << 40
"""For numbers that are only counted."""
QUOTED = 60
"""Characters of an answer that are quoted in a message."""

LEAST = -1e4
"""Lower log-probabilities stand for minus infinity, which JSON cannot express."""
ROUNDING = 1e-3
"""How far above 0 a log-probability may be by rounding."""


class FaultyAnswerError(Exception):
    """An answer that does not fit the request; asking again may help."""


def quote(value: object) -> str:
    """Return what was found instead, short enough for a message."""
    shown = repr(value[: 2 * QUOTED] if isinstance(value, str | bytes | list) else value)
    if isinstance(value, Mapping):
        shown = "an object"
    return shown if len(shown) <= QUOTED else f"{shown[:QUOTED]}…"


def mapping(value: Any, what: str) -> Mapping[str, Any]:  # noqa: ANN401 - what JSON can hold
    """Take a JSON object."""
    if not isinstance(value, dict):
        raise FaultyAnswerError(f"{what}: expected an object, found {quote(value)}")
    return value


def rows(value: Any, what: str, *, most: int) -> Sequence[Any]:  # noqa: ANN401
    """Take a JSON array of at most so many elements."""
    if not isinstance(value, list):
        raise FaultyAnswerError(f"{what}: expected a list, found {quote(value)}")
    if len(value) > most:
        raise FaultyAnswerError(f"{what}: {len(value)} entries, at most {most} were asked for")
    return value


def whole(value: Any, what: str, *, least: int = 0, most: int = MOST_COUNT) -> int:  # noqa: ANN401
    """Take an integer between two bounds."""
    if type(value) is not int:
        raise FaultyAnswerError(f"{what}: expected an integer, found {quote(value)}")
    if not least <= value <= most:
        found = value if -MOST_COUNT <= value <= MOST_COUNT else "a number with too many digits"
        raise FaultyAnswerError(f"{what}: {found} is not between {least} and {most}")
    return value


def text(value: Any, what: str, *, most: int = MOST_TEXT) -> str:  # noqa: ANN401
    """Take a text without half surrogate pairs, which JSON can express and UTF-8 cannot."""
    if not isinstance(value, str):
        raise FaultyAnswerError(f"{what}: expected a text, found {quote(value)}")
    if len(value) > most:
        raise FaultyAnswerError(f"{what}: a text of {len(value)} characters, expected at most {most}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise FaultyAnswerError(f"{what}: half a surrogate pair") from None
    return value


def octets(value: Any, what: str, *, most: int = MOST_NAME) -> bytes:  # noqa: ANN401
    """Take a list of bytes, written as numbers."""
    return bytes(whole(byte, what, most=255) for byte in rows(value, what, most=most))


def tokens_of(value: Any, what: str, *, most: int, vocabulary: int) -> tuple[int, ...]:  # noqa: ANN401
    """Take a list of tokens of a vocabulary of this size."""
    return tuple(whole(token, what, most=vocabulary - 1) for token in rows(value, what, most=most))


def log_prob(value: Any) -> float:  # noqa: ANN401
    """Take a log-probability: a number that is not above 0, or minus infinity."""
    if value is None:
        raise FaultyAnswerError("a log-probability is missing")
    if type(value) not in {int, float}:
        raise FaultyAnswerError(f"expected a log-probability, found {quote(value)}")
    if not value <= ROUNDING:  # also for what is not a number
        found = value if type(value) is float else "a number far above 0"
        raise FaultyAnswerError(f"a log-probability of {found}")
    return min(float(value), 0.0) if value > LEAST else float("-inf")
