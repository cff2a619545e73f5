"""What a translation must contain unchanged: variables of programs, markup, entities."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

_TAG = r"</?[A-Za-z][^<>]*>"
_ENTITY = r"&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);"
_PRINTF = r"%(?:\([A-Za-z_]\w*\)|[0-9]+\$)?[-+#0]?[0-9]*(?:\.[0-9]+)?[sdifuxXoeEgGc@](?![A-Za-z])"
_BRACES = re.compile(r"\$?\{|\}")
_OTHERS = re.compile(f"<!--|{_TAG}|{_ENTITY}|{_PRINTF}")
_COMMENT_END = "-->"
MOST_BRACED = 4000
"""A brace that is not closed within this many characters is an ordinary character."""


def placeholders(text: str) -> tuple[str, ...]:
    """Return the placeholders that a translation must contain, in order, each as often as it occurs.

    {name}, {0}, {{name}}, ${x} and whole ICU messages in braces ({n, plural, …}); %s, %1$d, %(name)s; <b> and other
    tags; &amp; and other entities.
    """
    return tuple(text[start:end] for start, end in placed(text))


def placed(text: str) -> list[tuple[int, int]]:
    """Return where placeholders begin and end, in order; none overlaps another."""
    braced = list(_braced(text))
    rest = []
    at = 0
    for start, end in braced:
        rest += [text[at:start], " " * (end - start)]
        at = end
    return sorted([*braced, *_others("".join([*rest, text[at:]]))])


def _braced(text: str) -> Iterator[tuple[int, int]]:
    """Yield the outermost braces that are closed and not empty, with a dollar sign before them."""
    ends: dict[int, int] = {}
    waiting: list[re.Match[str]] = []
    openings = []
    for sign in _BRACES.finditer(text):
        if sign[0] != "}":
            waiting.append(sign)
            openings.append(sign)
        elif waiting:
            ends[waiting.pop().start()] = sign.end()
    done = 0
    for opening in openings:
        end = ends.get(opening.start(), 0)
        if opening.start() >= done and opening.end() - 1 < end <= opening.end() - 1 + MOST_BRACED:
            done = end
            yield opening.start(), end


def _others(text: str) -> Iterator[tuple[int, int]]:
    """Yield tags, comments, entities and variables of printf."""
    last = text.rfind(_COMMENT_END)
    at = 0
    while found := _OTHERS.search(text, at):
        start, at = found.span()
        if found[0] == "<!--":
            if last < at:
                continue  # No comment ends after this place, so none needs to be looked for.
            at = text.index(_COMMENT_END, at) + len(_COMMENT_END)
        yield start, at


def broken(kept: tuple[str, ...], text: str) -> bool:
    """Return whether a translation lacks a placeholder, or has one too often."""
    return Counter(placeholders(text)) != Counter(kept)
