"""Words of many languages by which gates know what is said; they are in `words.toml`, with what each list is for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def by_language(name: str) -> Mapping[str, str]:
    """Return a list of words: for each language a regular expression, to be matched in any case."""
    found: dict[str, str] = _lists()[name]
    return found


def in_any(name: str) -> str:
    """Return one regular expression for a list, whatever the language."""
    return "|".join(by_language(name).values())


@cache
def _lists() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("mtreason.gates").joinpath("words.toml").read_text("utf-8"))
