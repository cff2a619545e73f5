"""What a translation must contain unchanged: variables of programs, markup, entities."""

from __future__ import annotations

import re
from collections import Counter

_TAG = r"</?[A-Za-z][^<>]*>|<!--.*?-->"
_ENTITY = r"&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);"
_PRINTF = r"%(?:\([A-Za-z_]\w*\)|[0-9]+\$)?[-+#0]?[0-9]*(?:\.[0-9]+)?[sdifuxXoeEgGc@](?![A-Za-z])"
_OPENING = re.compile(r"\$?\{")
_OTHERS = re.compile(f"{_TAG}|{_ENTITY}|{_PRINTF}", re.DOTALL)
MOST_BRACED = 4000
"""A brace that is not closed within this many characters is an ordinary character."""


def placeholders(text: str) -> tuple[str, ...]:
    """Return the placeholders that a translation must contain, in order, each as often as it occurs.

    {name}, {0}, {{name}}, ${x} and whole ICU messages in braces ({n, plural, …}); %s, %1$d, %(name)s; <b> and other
    tags; &amp; and other entities.
    """
    found: list[tuple[int, str]] = []
    rest = list(text)
    at = 0
    while opening := _OPENING.search(text, at):
        end = _closing(text, opening.end() - 1)
        at = end or opening.end()
        if end and end - opening.end() > 0:
            found.append((opening.start(), text[opening.start() : end]))
            rest[opening.start() : end] = " " * (end - opening.start())
    found += [(m.start(), m[0]) for m in _OTHERS.finditer("".join(rest))]
    return tuple(piece for _, piece in sorted(found))


def _closing(text: str, start: int) -> int:
    """Return the position after the brace that closes the one at `start`, or 0."""
    depth = 0
    for i in range(start, min(len(text), start + MOST_BRACED)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return i + 1
    return 0


def broken(kept: tuple[str, ...], text: str) -> bool:
    """Return whether a translation lacks a placeholder, or has one too often."""
    return Counter(placeholders(text)) != Counter(kept)
