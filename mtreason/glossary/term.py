"""A term of a glossary, and the columns that describe it in every file format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mtreason.characters import HALF_PAIR, has_half_pair
from mtreason.errors import GlossaryError


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a glossary.

    `targets` are the accepted renderings, best first; none means that the source term is kept. `literal` is the reading
    to avoid, `forbidden` are further renderings that must not appear. `requires` and `excludes` are words of the source
    language that tell senses apart: one of `requires` has to occur in the same segment, and none of `excludes` may.
    `rendered` translates `example`. A term that is not `hinted` is an ordinary phrase, which only keeps shorter terms
    from matching inside it: it has no hint and is never checked. A field that is not given is "" or empty. `file` is
    the path as the user gave it, or the bare name of a shipped file; `line` counts from 1.
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

    @property
    def conditions(self) -> tuple[object, ...]:
        """The conditions under which the term is meant: two terms with the same source must differ in them."""
        return self.case_sensitive and self.source, frozenset(self.requires), frozenset(self.excludes)

    @property
    def conditional(self) -> bool:
        """Whether the term is meant in some contexts only."""
        return self.case_sensitive or bool(self.requires or self.excludes)


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


def make_term(fields: Mapping[str, str], file: str, line: int) -> Term:
    """Turn the columns of one term into a term; raises `GlossaryError` that names the file and line."""
    where = f"{file}:{line}"
    source = fields.get("source", "")
    if not source:
        raise GlossaryError(f"{where}: the source term is empty: write the term into the first column")
    for column, value in fields.items():
        if has_half_pair(value):
            raise GlossaryError(f"{where}: {column} {HALF_PAIR}")
    lists = {name: _split(name, fields.get(name, ""), where) for name in LISTS}
    case = _flag(fields, "case", where, default=False)
    hinted = _flag(fields, "hint", where, default=True)
    both = set(lists["target"]) & {*lists["forbidden"], fields.get("literal", "")}
    if both:
        raise GlossaryError(
            f"{where}: {min(both)!r} is a rendering and to be avoided at once: take it out of one column"
        )
    return Term(
        source=source,
        targets=lists["target"],
        literal=fields.get("literal", ""),
        note=fields.get("note", ""),
        file=file,
        line=line,
        forbidden=lists["forbidden"],
        part_of_speech=fields.get("pos", ""),
        domain=fields.get("domain", ""),
        case_sensitive=case,
        requires=lists["requires"],
        excludes=lists["excludes"],
        example=fields.get("example", ""),
        rendered=fields.get("rendered", ""),
        hinted=hinted,
    )


def _flag(fields: Mapping[str, str], column: str, where: str, *, default: bool) -> bool:
    value = fields.get(column, "").lower()
    if value and value not in _YES:
        raise GlossaryError(f"{where}: {column} is {value!r}, expected yes or no")
    return _YES.get(value, default)


def _split(name: str, value: str, where: str) -> tuple[str, ...]:
    values = tuple(piece.strip() for piece in value.split("|")) if value else ()
    if "" in values:
        what = "rendering" if name == "target" else "value"
        raise GlossaryError(
            f"{where}: an empty {what} in {value!r}, expected {what}s with one '|' between them: remove the extra '|'"
        )
    return values


def to_fields(term: Term) -> dict[str, str]:
    """Return the columns of a term that have a value, and always the target."""
    fields = {}
    for column, attribute in COLUMNS.items():
        value = getattr(term, attribute)
        if column in LISTS:
            value = "|".join(value)
        elif column in FLAGS:
            value = FLAGS[column][value]
        if value or column == "target":
            fields[column] = value
    return fields
