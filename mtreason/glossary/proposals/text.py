"""A segment without what is never a term: codes, placeholders, addresses and other literals."""

from __future__ import annotations

from mtreason.documents.literals import literals, without

BREAK = "\n"
"""Stands for each character of a literal; no candidate goes beyond one."""


def words_only(text: str) -> str:
    """Return a segment with a break in place of each literal; as long as the text."""
    return without(text, literals(text), BREAK)
