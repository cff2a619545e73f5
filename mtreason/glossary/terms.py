"""The terms of glossary files: those of one file, those of several in the order of the files, and where they are found.

A large file that was read before comes from the cache as columns of values, of which terms are made one by one.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, overload

from mtreason.glossary.index import Index, index_of, joined
from mtreason.glossary.term import Sense, Term

Columns = Mapping[str, Sequence[Any]]
"""Values by attribute of `Term`, without `file`, and without those that no term has."""

_NONE = Term("", (), "", "", "", 0)
LISTS = frozenset(f.name for f in fields(Term) if isinstance(getattr(_NONE, f.name), tuple))
"""Attributes with several values."""
_OPTIONAL = [f.name for f in fields(Term) if f.name not in {"source", "file", "line"}]


def columns_of(terms: Iterable[Term]) -> dict[str, list[Any]]:
    """Return what terms say as columns; `terms_of` makes them again."""
    terms = list(terms)
    columns: dict[str, list[Any]] = {"source": [t.source for t in terms], "line": [t.line for t in terms]}
    for name in _OPTIONAL:
        own = [getattr(term, name) for term in terms]
        default = getattr(_NONE, name)
        if any(value != default for value in own):
            columns[name] = own
    return columns


class StoredTerms(Sequence[Term]):
    """Terms that are made of columns when they are looked at."""

    def __init__(self, columns: Columns, file: str) -> None:
        self._columns, self._file = columns, file

    def __len__(self) -> int:
        return len(self._columns["source"])

    @overload
    def __getitem__(self, place: int) -> Term: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Term, ...]: ...
    def __getitem__(self, place: int | slice) -> Term | tuple[Term, ...]:
        if isinstance(place, slice):
            return tuple(self[k] for k in range(*place.indices(len(self))))
        own = {k: tuple(c[place]) if k in LISTS else c[place] for k, c in self._columns.items()}
        if "senses" in own:
            own["senses"] = tuple(Sense(tuple(targets), about) for targets, about in own["senses"])
        return Term(**({"targets": (), "literal": "", "note": ""} | own), file=self._file)


def packed(columns: Columns) -> bytes:
    """Return columns as a line of JSON."""
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def digest_of(terms: Iterable[Term]) -> str:
    """Return a digest of everything that the terms of a file say, wherever they stand in it."""
    columns = columns_of(terms)
    del columns["line"]
    return hashlib.sha256(packed(columns)).hexdigest()


@dataclass(frozen=True, slots=True)
class Glossary:
    """What a file holds for a direction."""

    file: str
    terms: Sequence[Term]
    left: str = ""
    """What is left out, counted and named; "" where nothing is."""
    index: Index | None = None
    """Where the terms are found; None for a small file, whose index is made when it is needed."""
    digest: str = ""
    """That of `digest_of`, where it is known already."""

    @property
    def left_out(self) -> str:
        """One line that says what is left out, and begins with the file's name; "" where nothing is."""
        return f"{self.file}: left out: {self.left}" if self.left else ""


class Terms(Sequence[Term]):
    """The terms of several files, in order; equal to every sequence of the same terms."""

    def __init__(self, parts: Iterable[Glossary]) -> None:
        self.parts = tuple(parts)
        self._starts = [0, *itertools.accumulate(len(part.terms) for part in self.parts)]

    def __len__(self) -> int:
        return self._starts[-1]

    def __iter__(self) -> Iterator[Term]:
        return itertools.chain.from_iterable(part.terms for part in self.parts)

    @overload
    def __getitem__(self, place: int) -> Term: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Term, ...]: ...
    def __getitem__(self, place: int | slice) -> Term | tuple[Term, ...]:
        if isinstance(place, slice):
            return tuple(self[k] for k in range(*place.indices(len(self))))
        k = range(len(self))[place]
        part = bisect_right(self._starts, k) - 1
        return self.parts[part].terms[k - self._starts[part]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment] # as of other sequences that are compared by what is in them

    def indexed(self, language: str) -> Index:
        """Return where all the terms are found in texts of a language."""
        found = [
            part.index if part.index and part.index.language == language else index_of(part.terms, language)
            for part in self.parts
        ]
        return joined(list(zip(self._starts, found, strict=False)), language)


def indexed(terms: Iterable[Term], language: str) -> tuple[Sequence[Term], Index]:
    """Return terms by number, and where they are found."""
    if isinstance(terms, Terms):
        return terms, terms.indexed(language)
    own = tuple(terms)
    return own, index_of(own, language)


def digests(terms: Iterable[Term]) -> tuple[tuple[str, str], ...]:
    """Return the files that terms come from, each with a digest of everything that its terms say."""
    if isinstance(terms, Terms):
        return tuple((part.file, part.digest or digest_of(part.terms)) for part in terms.parts)
    return tuple((file, digest_of(own)) for file, own in itertools.groupby(terms, lambda term: term.file))
