"""Translations whose numbers have other values than those of the source."""

from __future__ import annotations

from mtreason.documents.literals import literals, without
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
    """Return a text with blanks in place of its literals, but for those of digits, which may be numbers (1.2.3)."""
    return without(
        text, (own for own in literals(text) if own.hard or any(map(str.isalpha, text[own.start : own.end])))
    )
