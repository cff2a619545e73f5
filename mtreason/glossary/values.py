"""Several values in one text, with `|` between them."""

from __future__ import annotations

import re

Value = str | tuple[str, ...]
"""What a column holds: a text, in which `|` separates values where there are several, or the values."""

# A run of backslashes is looked at once, from its beginning.
_BAR = re.compile(r"(?<!\\)(\\*+)\|")
_CLOSING = re.compile(r"(?<!\\)\\++$")


def split_values(text: str) -> tuple[str, ...]:
    r"""Split a text at `|`; before one that belongs to a value stands `\`, and before that `\` means itself."""
    if "\\" not in text:
        return tuple(piece.strip() for piece in text.split("|"))
    values, current, done = [], "", 0
    for found in _BAR.finditer(text):
        slashes = len(found[1])
        current += text[done : found.start()] + "\\" * (slashes // 2)
        done = found.end()
        if slashes % 2:
            current += "|"
        else:
            values.append(current)
            current = ""
    return tuple(value.strip() for value in [*values, current + text[done:]])


def join_values(values: tuple[str, ...]) -> str:
    """Write several values as one text, which `split_values` reads."""
    escaped = [_BAR.sub(lambda found: found[1] * 2 + "\\|", value) for value in values]
    # What ends in a backslash would make the bar after it a part of the value.
    return "|".join([*(_CLOSING.sub(lambda found: found[0] * 2, value) for value in escaped[:-1]), *escaped[-1:]])
