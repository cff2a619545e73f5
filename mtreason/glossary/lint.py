"""What is wrong or doubtful in glossary files, besides faults that keep them from being read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtreason.errors import GlossaryError
from mtreason.glossary.check import contains, honoured
from mtreason.glossary.load import read_entries, reason
from mtreason.glossary.match import Matcher
from mtreason.glossary.merge import Entry, key_of, merge
from mtreason.glossary.own_text import OwnText, doubts_in_text
from mtreason.glossary.spelling import spelling
from mtreason.glossary.term import Term
from mtreason.glossary.words.fold import fold
from mtreason.glossary.written import as_written
from mtreason.languages import Language, scripts_of

ERROR, WARNING, NOTE = "error", "warning", "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong (an error: the file is refused), doubtful (a warning) or good to know (a note)."""

    level: str
    where: str
    """The file, and the line if there is one."""
    message: str


def lint(paths: Sequence[Path], source: Language, target: Language, text: OwnText | None = None) -> list[Finding]:
    """Check files that a run would get together, in that order; return findings by file and line.

    What a person's own `text` shows comes last, in the order of the text.
    """
    found: list[Finding] = []
    before: list[Term] = []
    together: list[Term] = []
    for path in paths:
        entries, own = _read(path, source, target)
        terms = [entry.term for entry in entries]
        own += [*_repeated(entries, source), *_written(path, terms, source, target)]
        own += [f for term in terms for f in _doubts(term, source, target)]
        own += [*_overlaps(terms, source), *_chains(terms, target), *_conflicts(before, terms, source)]
        found += sorted(own, key=lambda f: int(f.where.rpartition(":")[2]) if f.where[-1:].isdigit() else 0)
        before += terms
        together += merge(entries, source.tag)[0]
    for term, message, sure in doubts_in_text(together, text, source, target) if text else ():
        found.append(_warn(term, f"{term.source!r}: {message}", WARNING if sure else NOTE))
    return found


def _read(path: Path, source: Language, target: Language) -> tuple[list[Entry], list[Finding]]:
    """Read a file as far as it goes; return its entries, and what is wrong with it or left out of it."""
    entries: list[Entry] = []
    found: list[Finding] = []
    try:
        for item in read_entries(path, source.tag, target.tag):
            if isinstance(item, GlossaryError):
                found.append(_error(item))
            elif isinstance(item, Entry):
                entries.append(item)
            else:
                where = f"{path}:{item.line}" if item.line else str(path)
                found.append(Finding(WARNING, where, f"left out: {reason(item, source, target)}"))
    except GlossaryError as error:
        found.append(_error(error))
    if not entries and not any(f.level == ERROR for f in found):
        found.append(Finding(ERROR, str(path), f"no terms for {source.tag} to {target.tag}: give a file with some"))
    return entries, found


def _error(error: GlossaryError) -> Finding:
    where, _, message = str(error).partition(": ")
    return Finding(ERROR, where, message)


def _warn(term: Term, message: str, level: str = WARNING) -> Finding:
    return Finding(level, f"{term.file}:{term.line}", message)


def _repeated(entries: Sequence[Entry], source: Language) -> Iterator[Finding]:
    """Report entries of one term, and terms that differ in case or script only."""
    first: dict[tuple[object, ...], Term] = {}
    for term, _ in entries:
        known = first.setdefault(key_of(term, source.tag), term)
        if known is term:
            continue
        what = f"the term {term.source!r} is already on line {known.line}"
        if known.source != term.source:
            what += f" as {known.source!r}"
        if known.targets == term.targets and known.forbidden == term.forbidden:
            yield _warn(term, f"{what} with the same renderings: take one of the lines out")
        else:
            yield _warn(
                term,
                f"{what} with other renderings, and the model has the choice: tell the lines apart by pos or note, "
                "or by requires, excludes or case; if they mean the same, put them on one line with '|' between them",
            )


def _written(path: Path, terms: Sequence[Term], source: Language, target: Language) -> Iterator[Finding]:
    """Report what the text of a file shows and its terms do not."""
    for line, message in as_written(path, terms, (source.tag, target.tag)):
        yield Finding(WARNING, f"{path}:{line}" if line else str(path), message)


def _doubts(term: Term, source: Language, target: Language) -> Iterator[Finding]:
    """Check one term by itself."""
    for message in spelling(term):
        yield _warn(term, message)
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
    if term.example and not Matcher([replace(term, hinted=True)], source.tag).find(term.example):
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
            if other is not None and other.source != term.source:
                yield _warn(term, f"the rendering {rendering!r} is a term on line {other.line}")


def _conflicts(before: Sequence[Term], terms: Sequence[Term], source: Language) -> Iterator[Finding]:
    """Report terms that override terms of earlier files with other renderings."""
    known = {key_of(term, source.tag): term for term in before}
    for term in terms:
        other = known.get(key_of(term, source.tag))
        if other is not None and not set(other.targets) & set(term.targets) and (other.targets or term.targets):
            was = "|".join(other.targets) or "no rendering"
            yield _warn(
                term,
                f"{term.source!r} overrides {other.file}:{other.line}, which has {was}: make the two agree, or leave "
                "one out",
            )
