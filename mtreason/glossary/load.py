"""Reads glossary files: finds the format and the direction, and refuses a term that is listed twice.

A direction may be stated at the end of the file name (`slang.zh-en.tsv`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mtreason.errors import GlossaryError
from mtreason.glossary.fold import fold, primary_language
from mtreason.glossary.formats import FORMATS
from mtreason.glossary.formats.text import Direction, Row, check_direction
from mtreason.glossary.formats.tsv import CODE
from mtreason.glossary.term import Term, make_term

MAX_BYTES = 64 * 1024 * 1024

# Stricter than a header: a name such as `our-own.tsv` or `terms.en-GB.tsv` does not state a direction.
_NAMED_PAIR = re.compile(rf".+\.({CODE})-({CODE})\.(?i:{'|'.join(FORMATS)})".replace("{2,3}", "{2}"), re.DOTALL)


def load_glossary(path: Path, source: str, target: str, name: str | None = None) -> tuple[Term, ...]:
    """Read the glossary file `path` for a run that translates `source` to `target` (BCP-47 codes).

    `name` is how messages name the file; its path if None. Raises GlossaryError, one line that names the file and,
    where there is one, the line, when the file cannot be read, is not UTF-8, is larger than 64 MB, has a line that
    cannot be parsed, lists a term twice (also in another case, width or, for Chinese, script: the matcher cannot tell
    those apart) without context that tells the two apart, or states another direction.
    """
    terms = []
    for term in read_terms(path, source, target, name):
        if isinstance(term, GlossaryError):
            raise term
        terms.append(term)
    for twin, first in twins(terms, source):
        raise GlossaryError(
            f"{twin.file}:{twin.line}: the term {twin.source!r} is already on line {first.line} of this file "
            "(case, width and script variants count as the same term): keep one of the two lines and put all "
            "renderings there, separated by '|', or tell them apart by requires, excludes or case"
        )
    return tuple(terms)


def read_terms(path: Path, source: str, target: str, name: str | None = None) -> Iterator[Term | GlossaryError]:
    """Yield the terms of a file in order, and in place of each faulty one the error that says what is wrong with it.

    Raises `GlossaryError` for a fault of the file as a whole.
    """
    name = name or (path.name if path.parent in _shipped_directories() else str(path))
    data = _read(path, name)
    stated = stated_direction(path)
    if stated is not None:
        check_direction(name, stated, (source, target))
    module = FORMATS[format_of(path)]
    rows: Iterator[Row] = module.read(data, name, (source, target))
    for row in rows:
        try:
            yield make_term(row.fields, name, row.line)
        except GlossaryError as error:
            yield error


def stated_direction(path: Path) -> Direction | None:
    """Return the direction that a file's name states."""
    stated = _NAMED_PAIR.fullmatch(path.name)
    return (stated[1], stated[2]) if stated else None


def format_of(path: Path) -> str:
    """Return the format that a file's name states, or tab-separated text where it states none."""
    ending = path.suffix.lower().removeprefix(".")
    return ending if ending in FORMATS else "tsv"


def twins(terms: Iterable[Term], language: str) -> Iterator[tuple[Term, Term]]:
    """Yield pairs of a term and an earlier one that has the same source and the same conditions."""
    first: dict[tuple[object, ...], Term] = {}
    for term in terms:
        key = (fold(term.source, language), term.conditions)
        if key in first:
            yield term, first[key]
        else:
            first[key] = term


def write_glossary(terms: Sequence[Term], form: str, direction: Direction) -> bytes:
    """Return the bytes of a file in one of the `FORMATS`."""
    written: bytes = FORMATS[form].write(terms, direction)
    return written


def shipped_glossaries(source: str, target: str) -> tuple[Path, ...]:
    """Return the glossary files of this package for this direction, sorted by name; often there are none."""
    wanted = (primary_language(source), primary_language(target))
    for directory in _shipped_directories():
        if directory.is_dir():
            pairs = ((path, stated_direction(path)) for path in sorted(directory.glob("*.tsv")))
            return tuple(path for path, pair in pairs if pair and tuple(map(primary_language, pair)) == wanted)
    return ()


def _shipped_directories() -> tuple[Path, Path]:
    # An installed wheel has the files inside the package; a checkout has them beside it.
    package = Path(__file__).resolve().parents[1]
    return package / "glossaries", package.parent / "glossaries"


def _read(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
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
    return data
