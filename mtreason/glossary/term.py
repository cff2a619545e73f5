"""A term of a glossary, and the columns that describe it in every file format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mtreason.characters import HALF_PAIR, has_half_pair
from mtreason.errors import GlossaryError
from mtreason.glossary.values import Value, join_values, split_values


class Sense(NamedTuple):
    """What a term may mean: one of several entries for it that all hold where it occurs."""

    targets: tuple[str, ...]
    """Its renderings, best first; the term itself where it is kept."""
    about: str
    """What tells it from the others: part of speech, note or domain; "" where the entry says nothing."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a glossary.

    `targets` are the accepted renderings, best first; none means that the source term is kept. `literal` is the reading
    to avoid, `forbidden` are further renderings that must not appear. `requires` and `excludes` are words of the source
    language that tell senses apart: one of `requires` has to occur in the same segment, and none of `excludes` may.
    `rendered` translates `example`. A term that is not `hinted` is an ordinary phrase, which only keeps shorter terms
    from matching inside it: it has no hint and is never checked. `senses` are the choice where several entries were
    made one term that have different best renderings; its own fields have what they say together. A field that is not
    given is "" or empty. `file` is the path as the user gave it, or the bare name of a shipped file; `line` counts
    from 1.
    """

    source: str
    targets: tuple[str, ...]
    literal: str
    note: str
    file: str
    line: int
    forbidden: tuple[str, ...] = ()
    part_of_speech: str = ""
    domain: str = ""
    case_sensitive: bool = False
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    example: str = ""
    rendered: str = ""
    hinted: bool = True
    senses: tuple[Sense, ...] = ()

    @property
    def conditions(self) -> tuple[object, ...]:
        """The conditions under which the term is meant: two terms with the same source must differ in them."""
        if not self.conditional:
            return _UNCONDITIONAL
        return self.case_sensitive and self.source, frozenset(self.requires), frozenset(self.excludes)

    @property
    def conditional(self) -> bool:
        """Whether the term is meant in some contexts only."""
        return self.case_sensitive or bool(self.requires or self.excludes)


_UNCONDITIONAL: tuple[object, ...] = (False, frozenset(), frozenset())


COLUMNS = {
    "source": "source",
    "target": "targets",
    "literal": "literal",
    "note": "note",
    "forbidden": "forbidden",
    "pos": "part_of_speech",
    "domain": "domain",
    "case": "case_sensitive",
    "requires": "requires",
    "excludes": "excludes",
    "example": "example",
    "rendered": "rendered",
    "hint": "hinted",
}
"""Column -> attribute of `Term`; `source` and `target` are required."""

LISTS = frozenset({"target", "forbidden", "requires", "excludes"})
"""Columns with several values, separated by '|'."""

FLAGS = {"case": {True: "yes", False: ""}, "hint": {True: "", False: "no"}}
"""Columns that are yes or no, and how these are written: a default value is not written."""

_YES = {"no": False, "yes": True}


MOST_CHARACTERS = 100_000
"""Characters of a value: what is longer is no term and no note."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FREE = frozenset({"note", "example", "rendered", "domain", "pos"})
"""Columns for people, of which nothing is looked for in texts."""


def make_term(fields: Mapping[str, Value], file: str, line: int) -> Term:
    """Turn the columns of one term into a term; raises `GlossaryError` that names the file and line."""
    source = fields.get("source")
    if not source or not isinstance(source, str):
        raise GlossaryError(f"{file}:{line}: the source term is empty: write the term into the first column")
    own: dict[str, Any] = {"targets": (), "literal": "", "note": ""}
    for column, value in fields.items():
        if value:
            own[COLUMNS[column]] = _parsed(column, value, file, line)
    if "forbidden" in own or own["literal"]:
        both = {*own.get("forbidden", ()), own["literal"]}.intersection(own["targets"])
        if both:
            raise GlossaryError(
                f"{file}:{line}: {min(both)!r} is a rendering and to be avoided at once: take it out of one column"
            )
    return Term(file=file, line=line, **own)


def _parsed(column: str, value: Value, file: str, line: int) -> Value | bool:
    """Return what a column that is not empty says."""
    text = value if isinstance(value, str) else " ".join(value)
    if len(text) > MOST_CHARACTERS or not text.isprintable():
        _check_characters(column, text, f"{file}:{line}")
    if column in LISTS:
        return _split(column, text, f"{file}:{line}") if value is text else tuple(dict.fromkeys(value))
    return _flag(text, column, f"{file}:{line}") if column in FLAGS else text


def _check_characters(column: str, text: str, where: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise GlossaryError(
            f"{where}: {column} has {len(text):,} characters, expected at most {MOST_CHARACTERS:,}: cut it"
        )
    if has_half_pair(text):
        raise GlossaryError(f"{where}: {column} {HALF_PAIR}")
    control = None if column in _FREE else _CONTROL.search(text)
    if control is not None:
        raise GlossaryError(f"{where}: {column} has the control character \\x{ord(control[0]):02x}: take it out")


def _flag(text: str, column: str, where: str) -> bool:
    value = text.lower()
    if value not in _YES:
        raise GlossaryError(f"{where}: {column} is {value!r}, expected yes or no")
    return _YES[value]


def _split(name: str, text: str, where: str) -> tuple[str, ...]:
    values = split_values(text)
    if "" in values:
        what = "rendering" if name == "target" else "value"
        raise GlossaryError(
            f"{where}: an empty {what} in {text!r}, expected {what}s with one '|' between them: remove the extra '|'"
        )
    return values


def to_fields(term: Term) -> dict[str, str]:
    """Return the columns of a term that have a value, and always the target."""
    fields = {}
    for column, attribute in COLUMNS.items():
        value = getattr(term, attribute)
        if column in LISTS:
            value = join_values(value)
        elif column in FLAGS:
            value = FLAGS[column][value]
        if value or column == "target":
            fields[column] = value
    return fields
