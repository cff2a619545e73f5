"""The cache of large glossaries: what a file holds for a direction, and where its terms are found.

A reading is a file of JSON in the cache directory, found by the content of the glossary, by the direction, and by the
code and the tables of words that it was made with. It is only data: what does not fit its checksum and its shape is as
good as absent, and the glossary is read anew. Those used longest ago go first.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mtreason.errors import MtreasonError
from mtreason.files import SUM, cache_dir, checksum, read_regular, write_bytes
from mtreason.glossary.index import Index, Numbers, index_of
from mtreason.glossary.term import Term
from mtreason.glossary.terms import LISTS, Glossary, StoredTerms, columns_of, packed
from mtreason.records import parse_record

WORTH = 1 << 18
"""Bytes of a glossary from which on keeping its reading is worth it."""
SIZE = 1 << 29
"""Bytes that all readings may take."""

_FOLDER = "glossaries"
_LIBRARIES = ("simplemma", "opencc", "langcodes")
_TYPES = {"line": int, "case_sensitive": bool, "hinted": bool}
"""Attributes of terms that are no texts."""


def key_of(data: bytes, form: str, direction: tuple[str, str]) -> str:
    """Return what the reading of a file's content, in a format and for a direction, is kept under."""
    said = json.dumps([hashlib.sha256(data).hexdigest(), form, direction, _made_with()])
    return hashlib.sha256(said.encode()).hexdigest()[:32]


@cache
def _made_with() -> str:
    """Return a digest of the code that reads, folds and indexes, and of the versions of its libraries."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for folder in ("*.py", "glossary/**/*.py", "languages/**/*.py"):
        for path in sorted(package.glob(folder)):
            digest.update(path.read_bytes())
    digest.update(" ".join(map(version, _LIBRARIES)).encode())
    return digest.hexdigest()


def find(key: str, file: str) -> Glossary | None:
    """Return a reading as the glossary `file`; None where it is not kept, or is damaged."""
    path = _path(key)
    try:
        about, found, terms = _unpacked(read_regular(path))
        index = Index(about["language"], _numbers(found["lines"]), _numbers(found["anchors"]))
        glossary = Glossary(
            file, StoredTerms(terms | {"line": about["line"]}, file), about["left"], index, about["digest"]
        )
        _check(about, terms, index)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    with suppress(OSError):
        os.utime(path)  # used now
    return glossary


def keep(key: str, glossary: Glossary, language: str) -> Glossary:
    """Keep a reading and make room for it; return it as `find` does, with its index for texts of a language.

    Where it cannot be written, it is not kept.
    """
    columns = columns_of(glossary.terms)
    stored = StoredTerms(dict(columns), glossary.file)
    lines = columns.pop("line")
    terms = packed(columns)
    found = index_of(glossary.terms, language)
    whole = replace(glossary, terms=stored, index=found, digest=hashlib.sha256(terms).hexdigest())
    about = {"language": language, "digest": whole.digest, "left": whole.left, "line": lines}
    index = {"lines": _pairs(found.lines), "anchors": _pairs(found.anchors)}
    body = b"\n".join([packed(about), packed(index), terms])
    with suppress(MtreasonError, OSError):
        path = _path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(len(body))
        write_bytes(path, checksum(body).encode() + body)
    return whole


def kept() -> list[tuple[Path, int, float]]:
    """Return each reading that is kept, its bytes and when it was used, those used longest ago first."""
    found = []
    with suppress(OSError):
        for path in (cache_dir() / _FOLDER).glob("*.json"):
            with suppress(OSError):
                state = path.lstat()
                found.append((path, state.st_size, state.st_mtime))
    return sorted(found, key=lambda own: own[2])


def prune(seconds: float | None = None) -> int:
    """Remove what was used longer ago than this, or everything for None; return how many readings."""
    return _remove([path for path, _, used in kept() if seconds is None or used < time.time() - seconds])


def _make_room(size: int) -> None:
    there = kept()
    over = sum(own for _, own, _ in there) + size - SIZE
    before = itertools.accumulate((own for _, own, _ in there), initial=0)
    _remove([path for (path, _, _), gone in zip(there, before, strict=False) if gone < over])


def _remove(paths: Sequence[Path]) -> int:
    gone = 0
    for path in paths:
        with suppress(OSError):
            path.unlink()
            gone += 1
    return gone


def _path(key: str) -> Path:
    return cache_dir() / _FOLDER / f"{key}.json"


def _unpacked(data: bytes) -> list[dict[str, Any]]:
    """Return what is said of the reading, its index, and the columns of its terms; raises `ValueError` for damage."""
    if data[:SUM] != checksum(data[SUM:]).encode():
        raise ValueError("the checksum does not fit")
    return [parse_record(line) for line in data[SUM:].split(b"\n")]


def _pairs(numbers: Numbers) -> list[list[Any]]:
    """Return the texts of an index, and how many numbers each has, and those, which takes less room than lists."""
    return [list(numbers), list(map(len, numbers.values())), list(itertools.chain.from_iterable(numbers.values()))]


def _numbers(pairs: list[list[Any]]) -> Numbers:
    texts, counts, numbers = pairs
    _check_types(texts, str)
    _check_types(counts, int)
    if min(counts, default=1) < 1 or sum(counts) != len(numbers) or len(set(texts)) != len(counts):
        raise ValueError("texts and numbers do not fit")
    if len(counts) == len(numbers):
        return dict(zip(texts, map(list, zip(numbers)), strict=True))
    rest = iter(numbers)
    return {text: list(itertools.islice(rest, count)) for text, count in zip(texts, counts, strict=True)}


def _check(about: dict[str, Any], terms: dict[str, list[Any]], index: Index) -> None:
    """Raise for a reading in which something is missing, or is not what it is said to be."""
    count = len(terms["source"])
    for name in ("language", "digest", "left"):
        _check_types([about[name]], str)
    if "" in terms["source"] or not set(terms) <= _ATTRIBUTES:
        raise ValueError("no terms")
    for name, column in {**terms, "line": about["line"]}.items():
        if len(column) != count:
            raise ValueError("columns of different lengths")
        _check_types(column, list if name in LISTS else _TYPES.get(name, str))
        if name in LISTS:
            _check_types(itertools.chain.from_iterable(column), str)
    for numbers in (index.lines, index.anchors):
        _check_numbers(itertools.chain.from_iterable(numbers.values()), count)


def _check_types(values: Sequence[Any] | Iterator[Any], kind: type) -> None:
    if not set(map(type, values)) <= {kind}:
        raise ValueError(f"something that is no {kind.__name__}")


def _check_numbers(numbers: Iterator[int], count: int) -> None:
    own = list(numbers)
    _check_types(own, int)
    if own and not 0 <= min(own) <= max(own) < count:
        raise ValueError("a number of no term")


_ATTRIBUTES = frozenset(Term.__slots__) - {"file", "line"}
