"""Candidates where words are not separated: what is marked, and signs that keep together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mtreason.glossary.proposals.marked import find_latin, find_marked, gathered
from mtreason.glossary.proposals.proposal import TERM, Found
from mtreason.glossary.proposals.signs import Ordinary, find_cohesive
from mtreason.glossary.proposals.text import words_only
from mtreason.glossary.words.fold import CHINESE

LEAST = 2
"""How often a Japanese run has to occur."""
_JAPANESE = re.compile("[\u30a1-\u30ffー々\u3007\u3400-\u9fff\uf900-\ufaff]{2,}")


def find_unspaced(segments: Sequence[str], primary: str, ordinary: Ordinary) -> list[Found]:
    """Return the candidates of a text; `ordinary` says whether everybody knows a run as a word.

    In Chinese and Japanese all that recurs; in Thai, Khmer and others only what is marked: to find words there takes
    a list of words.
    """
    found = [*find_marked(segments, primary), *find_latin(segments)]
    if primary in CHINESE:
        found += find_cohesive(segments, primary, ordinary)
    elif primary == "ja":
        found += _maximal(segments, ordinary)
    return found


def _maximal(segments: Sequence[str], ordinary: Ordinary) -> list[Found]:
    """Return what stands in Katakana and Chinese characters between Hiragana, which writes what is grammar."""

    def places() -> Iterator[tuple[str, str, int]]:
        for i, text in enumerate(map(words_only, segments)):
            for match in _JAPANESE.finditer(text):
                if not ordinary(match[0]):
                    yield match[0], TERM, i

    return gathered(places(), LEAST)
