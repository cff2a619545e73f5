"""Reads glossary files: finds the format and the direction, makes terms, and says what is left out.

A direction may be stated at the end of the file name (`slang.zh-en.tsv`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from mtreason.collector import without_collector
from mtreason.errors import GlossaryError
from mtreason.glossary import cache
from mtreason.glossary.formats import ADVICE, ALSO, FORMATS
from mtreason.glossary.formats.text import UNTRANSLATED, Direction, LeftOut, check_direction, serves
from mtreason.glossary.formats.tsv import CODE
from mtreason.glossary.merge import Entry, apart, merge
from mtreason.glossary.term import Term, make_term
from mtreason.glossary.terms import Glossary, Terms
from mtreason.languages import Language, parse_language

MAX_BYTES = 256 * 1024 * 1024

# Stricter than a header: a name such as `our-own.tsv` or `terms.en-GB.tsv` does not state a direction.
_ENDINGS = "|".join([*FORMATS, *filter(None, ALSO)])
_NAMED_PAIR = re.compile(rf".+\.({CODE})-({CODE})\.(?i:{_ENDINGS})".replace("{2,3}", "{2}"), re.DOTALL)


def load_glossary(
    path: Path, source: str, target: str, name: str | None = None, note: Callable[[str], None] | None = None
) -> Terms:
    """Read the glossary file `path` for a run that translates `source` to `target` (BCP-47 codes).

    `name` is how messages name the file; its path if None. `note` is told, in one line, what is left out. A large file
    that was read before comes from the cache. Raises `GlossaryError` as `read_glossary` does.
    """
    name = name or _shown(path)
    data, module = _open(path, source, target, name)
    key = cache.key_of(data, module.__name__, (source, target)) if len(data) >= cache.WORTH else ""
    with without_collector():
        found = cache.find(key, name) if key else None
        if found is None:
            found = _glossary(_entries(data, module, (source, target), name), source, target, name)
            found = cache.keep(key, found, source) if key else found
    if found.left_out and note is not None:
        note(found.left_out)
    return Terms([found])


def load_glossaries(
    paths: Iterable[Path | tuple[Path, str]], source: str, target: str, note: Callable[[str], None] | None = None
) -> Terms:
    """Read several files, or pairs of a file and how messages name it, as `load_glossary` does; the last one wins."""
    named = (own if isinstance(own, tuple) else (own, None) for own in paths)
    return Terms(part for path, name in named for part in load_glossary(path, source, target, name, note).parts)


def read_glossary(path: Path, source: str, target: str, name: str | None = None, *, merged: bool = True) -> Glossary:
    """Read a glossary file for a direction; unless `merged`, each entry is a term of its own, but equal ones are one.

    Raises `GlossaryError`, one line that names the file and, where there is one, the line, when the file cannot be read
    or decoded, is no glossary, is larger than 256 MB, changes while it is read, has a line that cannot be a term,
    states another direction, or has nothing for this one.
    """
    name = name or _shown(path)
    return _glossary(read_entries(path, source, target, name), source, target, name, merged=merged)


def _glossary(
    found: Iterable[Entry | LeftOut | GlossaryError], source: str, target: str, name: str, *, merged: bool = True
) -> Glossary:
    entries: list[Entry] = []
    left: list[LeftOut] = []
    with without_collector():
        for item in found:
            if isinstance(item, GlossaryError):
                raise item
            if isinstance(item, LeftOut):
                left.append(item)
            else:
                entries.append(item)
        terms, bare = (merge if merged else apart)(entries, source)
    left += [LeftOut(term.line, UNTRANSLATED) for term in bare]
    said = describe(left, parse_language(source), parse_language(target))
    if not terms:
        raise GlossaryError(
            f"{name}: no terms for {source} to {target}{f': {said} left out' if said else ''}: give a file with some"
        )
    return Glossary(name, tuple(terms), said)


def describe(left: Sequence[LeftOut], source: Language, target: Language) -> str:
    """Return what is left out in words: how many entries, why, and the line of the first of each kind."""
    lines: dict[str, list[int]] = {}
    for item in left:
        if not item.columns:
            lines.setdefault(reason(item, source, target), []).append(item.line)
    parts = [reason(item, source, target) for item in left if item.columns]
    for why, own in sorted(lines.items(), key=lambda pair: -len(pair[1])):
        parts.append(f"{len(own):,} {why} ({'first in ' if len(own) > 1 else ''}line {min(own)})")
    return ", ".join(parts)


def reason(item: LeftOut, source: Language, target: Language) -> str:
    """Return why something is left out, in words."""
    # What comes from the file is no pattern: braces in it are braces.
    why = item.why.format(source.name, target.name)
    return f"{why}: {', '.join(item.columns)}" if item.columns else why


def read_entries(
    path: Path, source: str, target: str, name: str | None = None
) -> Iterator[Entry | LeftOut | GlossaryError]:
    """Yield the entries of a file in order, what is left out, and for each faulty entry the error that says why.

    Raises `GlossaryError` for a fault of the file as a whole.
    """
    name = name or _shown(path)
    data, module = _open(path, source, target, name)
    yield from _entries(data, module, (source, target), name)


def _open(path: Path, source: str, target: str, name: str) -> tuple[bytes, ModuleType]:
    """Return the content of a file, and the module that reads its format."""
    module = FORMATS[format_of(path, name)]
    data = _read(path, name)
    stated = stated_direction(path)
    if stated is not None:
        check_direction(name, stated, (source, target))
    _check_kind(data, name)
    return data, module


def _entries(
    data: bytes, module: ModuleType, direction: Direction, name: str
) -> Iterator[Entry | LeftOut | GlossaryError]:
    for row in module.read(data, name, direction):
        if isinstance(row, LeftOut):
            yield row
            continue
        try:
            term = make_term(row.fields, name, row.line)
            yield Entry(term, bool(term.targets) or row.kept)
        except GlossaryError as error:
            yield error


def _shown(path: Path) -> str:
    return path.name if path.parent in _shipped_directories() else str(path)


def stated_direction(path: Path) -> Direction | None:
    """Return the direction that a file's name states."""
    stated = _NAMED_PAIR.fullmatch(path.name)
    return (stated[1], stated[2]) if stated else None


def format_of(path: Path, name: str) -> str:
    """Return the format that a file's name states; raises `GlossaryError` for a name of something else."""
    ending = path.suffix.lower().removeprefix(".")
    found = ending if ending in FORMATS else ALSO.get(ending)
    if found is None:
        what = ADVICE.get(ending, f"a .{ending} file: name it .{', .'.join(FORMATS)} if it is one of these formats")
        raise GlossaryError(f"{name}: not a glossary but {what}")
    return found


_BINARY = {
    b"PK\x03\x04": "an archive or Office document: save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Office document: save it as CSV",
    b"%PDF": "a PDF: write its table as CSV",
    b"\x1f\x8b": "compressed: unpack it",
    b"SQLite format 3": "a database: export it as CSV",
}
_TEXTS = {
    b"%Wordfast TM": "a Wordfast memory: export it as TMX",
    b"# Community maintained free Chinese-English": "CC-CEDICT: take its slang with `mtreason glossary import cedict`",
    b"# Version :: ": "a dictionary of Ding: write the entries that you need as 'source<TAB>target'",
}


def _check_kind(data: bytes, name: str) -> None:
    """Raise `GlossaryError` for content that is no text, whatever the file's name is."""
    for mark, what in _BINARY.items():
        if data.startswith(mark):
            raise GlossaryError(f"{name}: not a glossary but {what}")
    beginning = data[:1000].replace(b"\0", b"")  # UTF-16 as well
    for mark, what in _TEXTS.items():
        if mark in beginning:
            raise GlossaryError(f"{name}: not a glossary but {what}")


def write_glossary(terms: Sequence[Term], form: str, direction: Direction) -> bytes:
    """Return the bytes of a file in one of the `FORMATS`."""
    written: bytes = FORMATS[form].write(terms, direction)
    return written


def shipped_glossaries(source: str, target: str) -> tuple[Path, ...]:
    """Return the glossary files of this package for this direction, sorted by name; often there are none."""
    for directory in _shipped_directories():
        if directory.is_dir():
            pairs = ((path, stated_direction(path)) for path in sorted(directory.glob("*.tsv")))
            return tuple(path for path, pair in pairs if pair and serves(pair, (source, target)))
    return ()


def _shipped_directories() -> tuple[Path, Path]:
    # An installed wheel has the files inside the package; a checkout has them beside it.
    package = Path(__file__).resolve().parents[1]
    return package / "glossaries", package.parent / "glossaries"


def _read(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            data = file.read(MAX_BYTES + 1)
            after = path.stat()
    except FileNotFoundError:
        raise GlossaryError(f"{name}: no such glossary file: check the path") from None
    except IsADirectoryError:
        raise GlossaryError(f"{name}: is a directory, not a glossary file: name one file in it") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        # Windows reports a directory as permission denied.
        if os.name == "nt" and path.is_dir():
            raise GlossaryError(f"{name}: is a directory, not a glossary file: name one file in it") from None
        reason = getattr(error, "strerror", None) or str(error)
        raise GlossaryError(f"{name}: the glossary file cannot be read ({reason}): check its permissions") from None
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // (1024 * 1024)
        raise GlossaryError(f"{name}: the glossary file is larger than {limit} MB: split it or check that it is one")
    if (before.st_size, before.st_mtime_ns, before.st_ino) != (after.st_size, after.st_mtime_ns, after.st_ino):
        raise GlossaryError(f"{name}: the glossary file changed while it was read: run the same command again")
    return data
