"""Translations whose numbers have other values than those of the source."""

from __future__ import annotations

from mtreason.documents.literals import literals
from mtreason.gates.pair import Pair
from mtreason.languages import Direction
from mtreason.numbers import differing


def numbers_differ(pair: Pair) -> tuple[str, ...]:
    """Find numbers that are lost, changed or new."""
    return differing_numbers(pair.source, pair.text, pair.direction)


def differing_numbers(source: str, text: str, direction: Direction) -> tuple[str, ...]:
    """Return in words which numbers of texts of documents differ; what is in codes and other literals is left out."""
    return differing(_words(source), _words(text), direction)


def _words(text: str) -> str:
    """Return a text with blanks in place of its literals, but for those that are numbers (1.234.567)."""
    parts = []
    at = 0
    for found in literals(text):
        if any(c.isalpha() for c in text[found.start : found.end]) or found.hard:
            parts += [text[at : found.start], " " * (found.end - found.start)]
            at = found.end
    return "".join([*parts, text[at:]])
