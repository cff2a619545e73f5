"""Where tags and expressions of JSX end, as they stand in MDX."""

from __future__ import annotations

import re

MOST = 4000
"""A tag or expression that is longer than this is none."""
DEEPEST = 30
"""An expression with more braces inside of one another is none."""
_SIGN = re.compile(r"[{}\"'`]|/\*|//")
_START = re.compile(r"</?(?:>|[A-Za-z_$][\w.:$-]*(?=[\s/>{]))")
_IN_TAG = re.compile(r"[{>\"'<]")


def jsx_end(text: str, at: int, end: int) -> int:
    """Return the place after the tag, comment or expression that begins at a place, or 0."""
    end = min(end, at + MOST)
    if text[at] == "{":
        return _expression(text, at, end)
    if text.startswith("<!--", at):
        return text.find("-->", at, end) + 3 if text.find("-->", at, end) >= 0 else 0
    found = _START.match(text, at, end)
    if found is None:
        return 0
    if found[0].endswith(">"):
        return found.end()
    place = found.end()
    while sign := _IN_TAG.search(text, place, end):
        if sign[0] == ">":
            return sign.end()
        if sign[0] == "<":
            return 0
        place = _expression(text, sign.start(), end) if sign[0] == "{" else text.find(sign[0], sign.end(), end) + 1
        if place <= 0:
            return 0
    return 0


def _expression(text: str, at: int, end: int) -> int:
    """Return the place after the brace that closes the one at a place, or 0."""
    if text.find("}", at, end) < 0:
        return 0
    depth = 0
    place = at
    while depth <= DEEPEST and (sign := _SIGN.search(text, place, end)):
        place = sign.end()
        if sign[0] == "{":
            depth += 1
        elif sign[0] == "}":
            depth -= 1
            if depth == 0:
                return place
        else:
            closing = {"/*": "*/", "//": "\n"}.get(sign[0], sign[0])
            place = _after(text, closing, place, end)
            if place == 0:
                return 0
    return 0


def _after(text: str, closing: str, at: int, end: int) -> int:
    """Return the place after the end of a string or comment, or 0."""
    while (found := text.find(closing, at, end)) >= 0:
        slashes = found - at - len(text[at:found].rstrip("\\"))
        if closing in {"*/", "\n"} or slashes % 2 == 0:
            return found + len(closing)
        at = found + 1
    return 0
