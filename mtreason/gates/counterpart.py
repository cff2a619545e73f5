"""What a draft may say only where its source does: kinds, each with how it looks in a draft and what answers it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


def expression(*alternatives: str) -> re.Pattern[str]:
    """Compile expressions of which one has to match, in any case."""
    return re.compile("|".join(alternatives), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that models write around a translation or instead of one."""

    said: str
    """What is wrong with a draft that has it, in a few words."""
    shape: re.Pattern[str]
    """How it looks in a draft. A group that matches is what stays when the rest is cut off."""
    counterpart: re.Pattern[str]
    """What a source has, in any language, whose translation looks so."""
    cut: bool = False
    """Whether it can be cut off, so that a translation is left."""

    def has_counterpart(self, source: str) -> bool:
        """Whether a source has what a translation may then have: what answers the shape, or the shape itself."""
        return bool(self.counterpart.search(source) or self.shape.search(source))


def found(kinds: Sequence[Kind], source: str, text: str) -> tuple[str, ...]:
    """Return what is wrong with a text: the kinds that it has and its source has not."""
    return tuple(kind.said for kind in kinds if kind.shape.search(text) and not kind.has_counterpart(source))
