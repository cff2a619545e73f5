"""Terms in texts that are aligned line by line: where they occur, and what their translation makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtreason.glossary.check import Judgement, judge_term
from mtreason.glossary.match import Hit, Matcher


def judge_lines(
    matcher: Matcher, sources: Sequence[str], translations: Sequence[str], language: str
) -> Iterator[tuple[int, Hit, Judgement]]:
    """Yield each hit of each line, counted from 1, with the judgement of the line's translation into a language."""
    for number, (source, translation) in enumerate(zip(sources, translations, strict=True), 1):
        for hit in matcher.find(source):
            yield number, hit, judge_term(hit.term, translation, language)
