"""What is wrong or doubtful about glossary files, beyond what keeps them from being read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtreason.errors import GlossaryError
from mtreason.glossary.check import contains, honoured
from mtreason.glossary.entry import COLUMNS, Entry
from mtreason.glossary.fold import fold
from mtreason.glossary.load import read_entries, twins
from mtreason.glossary.match import Matcher
from mtreason.languages import Language, scripts_of

ERROR, WARNING, NOTE = "error", "warning", "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (an error: the file is refused), doubtful (a warning) or good to know (a note)."""

    level: str
    where: str
    """The file, and where there is one the line."""
    message: str


def lint(paths: Sequence[Path], source: Language, target: Language) -> list[Finding]:
    """Look through files that a run would be given together, in that order; findings by file and line."""
    found: list[Finding] = []
    before: list[Entry] = []
    for path in paths:
        entries = []
        try:
            for entry in read_entries(path, source.tag, target.tag):
                if isinstance(entry, GlossaryError):
                    found.append(_error(entry))
                else:
                    entries.append(entry)
        except GlossaryError as error:
            found.append(_error(error))
        own = [*_twins(entries, source), *_unused(path, entries)]
        own += [f for entry in entries for f in _doubts(entry, source, target)]
        own += [*_overlaps(entries, source), *_chains(entries, target), *_conflicts(before, entries, source)]
        found += sorted(own, key=lambda f: int(f.where.rpartition(":")[2]) if f.where[-1:].isdigit() else 0)
        before += entries
    return found


def _error(error: GlossaryError) -> Finding:
    where, _, message = str(error).partition(": ")
    return Finding(ERROR, where, message)


def _warn(entry: Entry, message: str, level: str = WARNING) -> Finding:
    return Finding(level, f"{entry.file}:{entry.line}", message)


def _twins(entries: Sequence[Entry], source: Language) -> Iterator[Finding]:
    for twin, first in twins(entries, source.tag):
        same = "with the same renderings" if twin.targets == first.targets else "with other renderings"
        yield Finding(
            ERROR,
            f"{twin.file}:{twin.line}",
            f"the term {twin.source!r} is already on line {first.line} {same}: keep one of the two lines",
        )


def _unused(path: Path, entries: Sequence[Entry]) -> Iterator[Finding]:
    """Name columns that are declared for all and filled in for none."""
    if len(entries) < 2 or path.suffix.lower() not in {".tsv", ".csv"}:
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
                if column in COLUMNS and not any(getattr(e, COLUMNS[column]) for e in entries):
                    yield Finding(WARNING, entries[0].file, f"the column {column} is empty on every line")
            return


def _doubts(entry: Entry, source: Language, target: Language) -> Iterator[Finding]:
    """Look at one entry by itself."""
    if len(entry.source) == 1 and not entry.guarded:
        yield _warn(entry, f"{entry.source!r} is one character, which stands in many words: guard it with requires")
    foreign = scripts_of(entry.source) - {*source.scripts, "Latin"}
    if foreign:
        yield _warn(
            entry, f"{entry.source!r} has letters that {source.name} does not use ({', '.join(sorted(foreign))})"
        )
    for rendering in entry.targets:
        foreign = scripts_of(rendering) - {*target.scripts, "Latin"}
        if foreign:
            listed = ", ".join(sorted(foreign))
            yield _warn(entry, f"the rendering {rendering!r} has letters that {target.name} does not use ({listed})")
        if entry.source in rendering and rendering != entry.source:
            yield _warn(entry, f"the rendering {rendering!r} contains the term itself")
        for bad in (entry.literal, *entry.forbidden):
            if bad and contains(bad, rendering, target.tag):
                yield _warn(entry, f"the rendering {rendering!r} contains {bad!r}, which is to be avoided")
    if entry.example and not any(hit.entry == entry for hit in Matcher([entry], source.tag).find(entry.example)):
        yield _warn(entry, "the example does not contain the term")
    if entry.rendered and not honoured(entry, entry.rendered, target.tag):
        yield _warn(entry, "the example's translation honours none of the renderings")


def _overlaps(entries: Sequence[Entry], source: Language) -> Iterator[Finding]:
    """Name terms that stand inside others: where both are meant, only the longer one counts."""
    matcher = Matcher(entries, source.tag)
    for entry in entries:
        if entry.note.startswith("guard:"):
            continue  # that is what it is there for
        for found in matcher.explain(entry.source):
            inner = found.hit.entry
            if found.hit.end - found.hit.start < len(entry.source) and inner.file == entry.file:
                yield _warn(entry, f"contains the term {inner.source!r} of line {inner.line}, and wins over it", NOTE)


def _chains(entries: Sequence[Entry], target: Language) -> Iterator[Finding]:
    """Name renderings that are terms of the same glossary themselves."""
    by_term = {fold(entry.source, target.tag): entry for entry in entries}
    for entry in entries:
        for rendering in entry.targets:
            other = by_term.get(fold(rendering, target.tag))
            if other is not None and other != entry:
                yield _warn(entry, f"the rendering {rendering!r} is a term on line {other.line}")


def _conflicts(before: Sequence[Entry], entries: Sequence[Entry], source: Language) -> Iterator[Finding]:
    """Name entries that override those of files before with other renderings."""
    known = {(fold(e.source, source.tag), e.guard): e for e in before}
    for entry in entries:
        other = known.get((fold(entry.source, source.tag), entry.guard))
        if other is not None and other.targets != entry.targets:
            was = "|".join(other.targets) or "no rendering"
            yield _warn(entry, f"overrides {other.file}:{other.line}, which has {was}", NOTE)
