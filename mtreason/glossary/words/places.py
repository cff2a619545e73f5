"""A text as terms are looked for in it, and where each of its characters comes from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from mtreason.glossary.words.fold import fold, hangul_letters, primary_language

_MARKS = "\u0300-\u036f\u3099\u309a\uff9e\uff9f"
_CLUSTER = re.compile(rf"[^\s{_MARKS}][{_MARKS}]*|.", re.DOTALL)
"""A letter with the accents, or a kana with the voicing marks, that follow it; a mark without a letter by itself."""
_VOICING = re.compile("[\u3099\u309a\uff9e\uff9f]")
"""Voicing marks, which Unicode's canonical form leaves apart where they or their kana are of half width."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A folded text; its character k comes from `text[starts[k]:ends[k]]`, or from `text[k]` where nothing moved."""

    folded: str
    starts: Sequence[int] = ()
    ends: Sequence[int] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the text of a place in the folded text, which is not empty."""
        return (self.starts[start], self.ends[end - 1]) if self.starts else (start, end)


def place(text: str, language: str, *, syllables: bool = False) -> Placed:
    """Fold a text; accents that stand apart are composed, and Korean syllables become letters unless they are kept."""
    korean = primary_language(language) == "ko" and not syllables
    if text.isascii() or (not korean and unicodedata.is_normalized("NFC", text) and not _VOICING.search(text)):
        return Placed(fold(text, language))
    folded, starts, ends = [], [], []
    at = 0
    for cluster in _CLUSTER.findall(text):
        composed = fold(_composed(cluster) if len(cluster) > 1 else cluster, language)
        for k, char in enumerate(composed):
            start, end = (at, at + len(cluster)) if len(composed) < len(cluster) else (at + k, at + k + 1)
            for letter in hangul_letters(char) if korean else char:
                folded.append(letter)
                starts.append(start)
                ends.append(end)
        at += len(cluster)
    return Placed("".join(folded), starts, ends)


def _composed(cluster: str) -> str:
    """Return a letter with its marks in as few characters as there are, the rest of the marks in Unicode's order."""
    whole = unicodedata.normalize("NFKC", cluster)
    # Where it is no shorter, a ligature may have come apart: that would move what follows.
    return whole if len(whole) < len(cluster) else unicodedata.normalize("NFC", cluster)
