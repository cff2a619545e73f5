"""Drafts that lose what has to come back as it is; see `mtreason.documents.literals`."""

from __future__ import annotations

import functools

from mtreason.documents.literals import lost
from mtreason.gates.pair import Pair

_lost = functools.lru_cache(maxsize=256)(lost)
"""Both gates ask about the same pair, one after the other."""


def placeholder_lost(pair: Pair) -> tuple[str, ...]:
    """Find a code, or a literal that programs read, that is lost, new or in a wrong place: a program may fail on it."""
    return ("codes or placeholders differ",) if _lost(pair.source, pair.text).breaks else ()


def literal_lost(pair: Pair) -> tuple[str, ...]:
    """Find literals that people read and the draft lost."""
    return tuple(f"{literal} is lost" for literal in _lost(pair.source, pair.text).soft)
