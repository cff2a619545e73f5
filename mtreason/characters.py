"""Letters, ends of lines, and characters that need care: halves of pairs, and those that act on a terminal."""

from __future__ import annotations

import re

LETTER = re.compile(r"[^\W\d_]")
"""A letter of any script."""


def utf8(text: str) -> bytes:
    r"""Encode any text: half a surrogate pair, which UTF-8 cannot hold, becomes the escape `\udc80` of JSON and Python.

    Such halves come from file names that are not UTF-8, from JSON, and from what a model or server says.
    """
    return text.encode("utf-8", "backslashreplace")


def plain_characters(text: str, source: str) -> str:
    """Return a translation without characters that no text has, but those of its source.

    Halves of surrogate pairs become the sign for what is unknown, U+FFFD, control characters a blank.
    """
    kept = set(source)
    return _NO_TEXT.sub(lambda found: found[0] if found[0] in kept else _instead(found[0]), text)


def _instead(char: str) -> str:
    return "\ufffd" if _HALF.match(char) else " "


def visible(text: str) -> str:
    r"""Write what is not printable as escapes (`\x1b`), so that quoted input does nothing to a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def visible_lines(text: str) -> str:
    """Do so in a text of many lines: only control characters become escapes, but not tabs and the ends of lines."""
    return _CONTROL.sub(lambda found: visible(found[0]), text)


def has_half_pair(text: str) -> bool:
    """Whether a text holds half a surrogate pair, which is no character."""
    return _HALF.search(text) is not None


HALF_PAIR = "has half of a surrogate pair (\\ud800 to \\udfff): write the whole character"
"""What is said of such a text."""
_CONTROL = re.compile(r"[\0-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
_HALF = re.compile("[\ud800-\udfff]")
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
