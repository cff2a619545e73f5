"""What is wrong or doubtful in glossary files, besides faults that keep them from being read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtreason.errors import GlossaryError
from mtreason.glossary.check import contains, honoured
from mtreason.glossary.fold import fold
from mtreason.glossary.load import read_terms, twins
from mtreason.glossary.match import Matcher
from mtreason.glossary.term import COLUMNS, Term
from mtreason.languages import Language, scripts_of

ERROR, WARNING, NOTE = "error", "warning", "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong (an error: the file is refused), doubtful (a warning) or good to know (a note)."""

    level: str
    where: str
    """The file, and the line if there is one."""
    message: str


def lint(paths: Sequence[Path], source: Language, target: Language) -> list[Finding]:
    """Check files that a run would get together, in that order; return findings by file and line."""
    found: list[Finding] = []
    before: list[Term] = []
    for path in paths:
        terms = []
        try:
            for term in read_terms(path, source.tag, target.tag):
                if isinstance(term, GlossaryError):
                    found.append(_error(term))
                else:
                    terms.append(term)
        except GlossaryError as error:
            found.append(_error(error))
        own = [*_twins(terms, source), *_unused(path, terms)]
        own += [f for term in terms for f in _doubts(term, source, target)]
        own += [*_overlaps(terms, source), *_chains(terms, target), *_conflicts(before, terms, source)]
        found += sorted(own, key=lambda f: int(f.where.rpartition(":")[2]) if f.where[-1:].isdigit() else 0)
        before += terms
    return found


def _error(error: GlossaryError) -> Finding:
    where, _, message = str(error).partition(": ")
    return Finding(ERROR, where, message)


def _warn(term: Term, message: str, level: str = WARNING) -> Finding:
    return Finding(level, f"{term.file}:{term.line}", message)


def _twins(terms: Sequence[Term], source: Language) -> Iterator[Finding]:
    for twin, first in twins(terms, source.tag):
        same = "with the same renderings" if twin.targets == first.targets else "with other renderings"
        yield Finding(
            ERROR,
            f"{twin.file}:{twin.line}",
            f"the term {twin.source!r} is already on line {first.line} {same}: keep one of the two lines",
        )


def _unused(path: Path, terms: Sequence[Term]) -> Iterator[Finding]:
    """Report columns that a file declares and no term fills in."""
    if len(terms) < 2 or path.suffix.lower() not in {".tsv", ".csv"}:
        return
    try:
        head = path.read_text("utf-8-sig").split("\n", 20)[:20]
    except (OSError, UnicodeDecodeError):
        return
    for line in head:
        text = line.lower().removeprefix("#").strip()
        if text.startswith("columns:") or {"source", "target"} <= {c.strip() for c in text.split(",")}:
            named = [c.strip() for c in text.removeprefix("columns:").split(",")]
            for column in named:
                if column in COLUMNS and not any(getattr(e, COLUMNS[column]) for e in terms):
                    yield Finding(WARNING, terms[0].file, f"the column {column} is empty on every line")
            return


def _doubts(term: Term, source: Language, target: Language) -> Iterator[Finding]:
    """Check one term by itself."""
    if len(term.source) == 1 and not term.conditional:
        yield _warn(
            term, f"{term.source!r} is one character, which stands in many words: say with requires where it is meant"
        )
    foreign = scripts_of(term.source) - {*source.scripts, "Latin"}
    if foreign:
        yield _warn(term, f"{term.source!r} has letters that {source.name} does not use ({', '.join(sorted(foreign))})")
    for rendering in term.targets:
        foreign = scripts_of(rendering) - {*target.scripts, "Latin"}
        if foreign:
            listed = ", ".join(sorted(foreign))
            yield _warn(term, f"the rendering {rendering!r} has letters that {target.name} does not use ({listed})")
        if term.source in rendering and rendering != term.source:
            yield _warn(term, f"the rendering {rendering!r} contains the term itself")
        for bad in (term.literal, *term.forbidden):
            if bad and contains(bad, rendering, target.tag):
                yield _warn(term, f"the rendering {rendering!r} contains {bad!r}, which is to be avoided")
    found = Matcher([replace(term, hinted=True)], source.tag).find(term.example)
    if term.example and not found:
        yield _warn(term, "the example does not contain the term")
    if term.rendered and not honoured(term, term.rendered, target.tag):
        yield _warn(term, "the example's translation honours none of the renderings")


def _overlaps(terms: Sequence[Term], source: Language) -> Iterator[Finding]:
    """Report terms that are part of others: where both would match, only the longer one counts."""
    matcher = Matcher(terms, source.tag)
    for term in terms:
        if not term.hinted:
            continue  # it exists to contain the shorter term
        for found in matcher.explain(term.source):
            inner = found.hit.term
            if found.hit.end - found.hit.start < len(term.source) and inner.file == term.file:
                yield _warn(term, f"contains the term {inner.source!r} of line {inner.line}, and wins over it", NOTE)


def _chains(terms: Sequence[Term], target: Language) -> Iterator[Finding]:
    """Report renderings that are themselves terms of the same glossary."""
    by_term = {fold(term.source, target.tag): term for term in terms}
    for term in terms:
        for rendering in term.targets:
            other = by_term.get(fold(rendering, target.tag))
            if other is not None and other != term:
                yield _warn(term, f"the rendering {rendering!r} is a term on line {other.line}")


def _conflicts(before: Sequence[Term], terms: Sequence[Term], source: Language) -> Iterator[Finding]:
    """Report terms that override terms of earlier files with other renderings."""
    known = {(fold(e.source, source.tag), e.conditions): e for e in before}
    for term in terms:
        other = known.get((fold(term.source, source.tag), term.conditions))
        if other is not None and other.targets != term.targets:
            was = "|".join(other.targets) or "no rendering"
            yield _warn(term, f"overrides {other.file}:{other.line}, which has {was}", NOTE)
