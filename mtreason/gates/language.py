"""Translations in a wrong language or script."""

from __future__ import annotations

from collections.abc import Sequence

from mtreason.languages import scripts_of


def foreign_letters(text: str, scripts: frozenset[str], kept: Sequence[str]) -> bool:
    """Whether a text has letters of scripts that are not in `scripts`, outside the terms that are to be kept."""
    for term in kept:
        text = text.replace(term, " ")
    return not scripts_of(text) <= scripts
