"""What a person's own text, and its translation where there is one, show to be wrong in a glossary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mtreason.glossary.check import Verdict, judge_term
from mtreason.glossary.match import NOT_HINTED, Find, Matcher
from mtreason.glossary.suggest import suggest
from mtreason.glossary.term import Term
from mtreason.glossary.words.fold import fold
from mtreason.languages import Language


@dataclass(frozen=True, slots=True)
class OwnText:
    """Lines of a source text and their translations, with the files that they are from."""

    path: Path
    lines: Sequence[str]
    translated: Path | None = None
    translations: Sequence[str] = ()
    """One for each line; none where there is no translation."""


@dataclass(slots=True)
class _Seen:
    """Where a term occurs: number of a line, from 0, and what stands there."""

    term: Term
    hits: list[int] = field(default_factory=list)
    dropped: list[tuple[int, Find]] = field(default_factory=list)


def doubts_in_text(
    terms: Sequence[Term], text: OwnText, source: Language, target: Language
) -> Iterator[tuple[Term, str, bool]]:
    """Yield a term, what is wrong with it and what to type, and whether that is sure or only good to know."""
    used = _renderings_used(text, source, target)
    for seen in _occurrences(terms, text.lines, source.tag):
        if not seen.hits:
            yield from _never_found(seen, text)
        elif text.translations:
            yield from _translated(seen, text, used.get(fold(seen.term.source, source.tag), ""), target)


def _occurrences(terms: Sequence[Term], lines: Sequence[str], language: str) -> list[_Seen]:
    matcher = Matcher(terms, language)
    found: dict[tuple[str, int], _Seen] = {}
    for number, line in enumerate(lines):
        for own in matcher.explain(line):
            term = own.hit.term
            seen = found.setdefault((term.file, term.line), _Seen(term))
            if own.dropped:
                seen.dropped.append((number, own))
            else:
                seen.hits.append(number)
    return list(found.values())


def _renderings_used(text: OwnText, source: Language, target: Language) -> dict[str, str]:
    """Return what translations seem to say for runs of the source, folded."""
    if not text.translations:
        return {}
    found = suggest(text.lines, text.translations, [""] * len(text.lines), (source, target))
    return {own.source: own.target for own in reversed(found)}


def _never_found(seen: _Seen, text: OwnText) -> Iterator[tuple[Term, str, bool]]:
    """Say why a term that stands in the text is no hit in any line."""
    number, first = seen.dropped[0]
    term, where = seen.term, f"{text.path}:{number + 1}"
    reasons = {own.dropped for _, own in seen.dropped}
    if NOT_HINTED in reasons:
        return
    if all(reason.startswith("overlaps") for reason in reasons):
        yield (
            term,
            f"is always part of a longer term, as in {where}, never hinted: take it out if that is all",
            False,
        )
        return
    surface = text.lines[number][first.hit.start : first.hit.end]
    if term.case_sensitive and surface != term.source:
        yield (
            term,
            f"{where} has {surface!r}, and no line {term.source!r}: write it so, or take yes out of the column case",
            True,
        )
        return
    yield (
        term,
        f"is in the text and never hinted: in {where} it {first.dropped}: correct requires or excludes",
        True,
    )


def _translated(seen: _Seen, text: OwnText, used: str, target: Language) -> Iterator[tuple[Term, str, bool]]:
    """Say where translations do not honour a term."""
    term = seen.term
    judged = [(n, judge_term(term, text.translations[n], target.tag)) for n in dict.fromkeys(seen.hits)]
    said = next(((n, j.reading) for n, j in judged if j.verdict is Verdict.FORBIDDEN), None)
    if said is not None:
        yield (
            term,
            f"{text.translated}:{said[0] + 1} says {said[1]!r}, which is to be avoided: correct the line, or take "
            "it out of the columns literal and forbidden",
            True,
        )
        return
    missed = [n for n, j in judged if j.verdict is Verdict.MISSED]
    if not missed:
        return
    where = f"{text.translated}:{missed[0] + 1}"
    maybe = f" ({used!r}, it seems)" if used else ""
    if len(missed) == len(judged):
        yield (
            term,
            f"none of its renderings is in the translation of a line that has it ({len(missed)}, the first {where}): "
            f"put '|' and what stands there{maybe} after them, or say with requires where it is meant",
            True,
        )
    else:
        yield (
            term,
            f"{len(missed)} of {len(judged)} lines that have it are translated otherwise, the first {where}: put '|' "
            f"and what stands there{maybe} after its renderings, if that is right",
            False,
        )
