"""A text as terms are looked for in it, and where each of its characters comes from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from mtreason.glossary.words.fold import fold, primary_language

_CLUSTER = re.compile("[^\u0300-\u036f\u3099\u309a\uff9e\uff9f][\u0300-\u036f\u3099\u309a\uff9e\uff9f]*", re.DOTALL)
"""A letter with the accents, or a kana with the voicing marks, that follow it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A folded text; its character k comes from `text[starts[k]:ends[k]]`, or from `text[k]` where nothing moved."""

    folded: str
    starts: Sequence[int] = ()
    ends: Sequence[int] = ()

    @property
    def composed(self) -> str:
        """The folded text with whole Korean syllables."""
        return unicodedata.normalize("NFC", self.folded) if self.starts else self.folded

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the text of a place in the folded text, which is not empty."""
        return (self.starts[start], self.ends[end - 1]) if self.starts else (start, end)


def place(text: str, language: str) -> Placed:
    """Fold a text; accents that stand apart are composed, and Korean syllables become their letters."""
    korean = primary_language(language) == "ko"
    if text.isascii() or (not korean and len(unicodedata.normalize("NFKC", text)) == len(text)):
        return Placed(fold(text, language))
    folded, starts, ends = [], [], []
    at = 0
    for cluster in _CLUSTER.findall(text) if not _starts_bare(text) else text:
        composed = fold(cluster, language)
        if len(cluster) > 1 and len(whole := unicodedata.normalize("NFKC", cluster)) == 1:
            composed = fold(whole, language)
        for k, char in enumerate(composed):
            start, end = (at, at + len(cluster)) if len(composed) < len(cluster) else (at + k, at + k + 1)
            for letter in unicodedata.normalize("NFD", char) if korean and "\uac00" <= char <= "\ud7a3" else char:
                folded.append(letter)
                starts.append(start)
                ends.append(end)
        at += len(cluster)
    return Placed("".join(folded), starts, ends)


def _starts_bare(text: str) -> bool:
    """Whether a text begins with an accent that has no letter."""
    return _CLUSTER.match(text) is None
