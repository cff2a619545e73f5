"""Where the units of an XLIFF file stand in its text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mtreason.characters import utf8
from mtreason.documents.spans import Fix, spliced
from mtreason.documents.xml_tokens import Element, Token, attributes_of, tokens
from mtreason.errors import DocumentError

_ENCODING = re.compile(r"<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z][\w.-]*)[\"']")
UNITS = frozenset({"trans-unit", "segment"})
_CHILDREN = frozenset({"source", "seg-source", "target"})


@dataclass(slots=True)
class XliffUnit:
    """A <trans-unit> or <segment>."""

    element: Element
    file: Element | None
    """The <file> that it is in."""
    translate: bool
    key: str
    """The names of the unit and of all that it is in."""
    notes: list[Element] = field(default_factory=list)
    """<note> of it, or of the <unit> around it."""
    parts: dict[str, Element] = field(default_factory=dict)
    """<source>, <seg-source> and <target>, by name."""

    @property
    def segment(self) -> bool:
        """Whether it is one of XLIFF 2."""
        return self.element.name.endswith("segment")


@dataclass(frozen=True, slots=True)
class Scan:
    """A file of units."""

    root: Element
    units: tuple[XliffUnit, ...]
    """Those that have a source."""


@dataclass(slots=True)
class _Open:
    """An element around a place."""

    element: Element
    local: str
    """"" for an element of another namespace."""
    spaces: Mapping[str, str]
    translate: bool
    unit: XliffUnit | None = None
    notes: list[Element] = field(default_factory=list)


def scan(content: str, name: str) -> Scan:
    """Find the units of a file; raises `DocumentError` for one that is none."""
    root: Element | None = None
    space = None
    open_: list[_Open] = []
    units: list[XliffUnit] = []
    file: Element | None = None
    for token in tokens(content):
        if not token.name:
            continue
        if token.kind == "close":
            around = open_.pop()
            around.element.closed, around.element.end = token.start, token.end
            continue
        attributes = attributes_of(token.attributes)
        _check_names(name, token, attributes)
        spaces = _spaces(open_[-1].spaces if open_ else {}, attributes)
        own = spaces.get(token.prefix.rstrip(":"), "")
        element = Element(token.name, token.start, token.end, attributes, token.end, token.end)
        if root is None:
            root, space = element, own
            if token.local != "xliff":
                raise DocumentError(f"{name}: expected <xliff>, found <{token.local}>")
        local = token.local if own == space else ""
        translate = open_[-1].translate if open_ else True
        if local in {"file", "group", "unit", *UNITS}:
            translate = {"no": False, "yes": True}.get(attributes.get("translate", ""), translate)
        file = element if local == "file" else file
        here = _Open(element, local, spaces, translate)
        if local in UNITS:
            names = [a.get("id") or a.get("original") or "" for a in (o.element.attributes for o in (*open_, here))]
            here.unit = XliffUnit(
                element,
                file,
                translate,
                "/".join(names),
                open_[-1].notes if open_ and open_[-1].local == "unit" else here.notes,
            )
            units.append(here.unit)
        elif local in _CHILDREN and open_ and (unit := open_[-1].unit) is not None:
            unit.parts.setdefault(local, element)
        elif local == "note" and _of_source(attributes):
            open_[-2 if open_[-1].local == "notes" else -1].notes.append(element)
        if token.kind == "open":
            open_.append(here)
    if root is None:
        raise DocumentError(f"{name}: expected <xliff>")
    return Scan(root, tuple(unit for unit in units if "source" in unit.parts))


def _of_source(attributes: Mapping[str, str]) -> bool:
    """Whether a <note> says something of the text, and not of a translation, or of where a program has it."""
    return attributes.get("annotates") != "target" and attributes.get("category") != "location"


def _spaces(around: Mapping[str, str], attributes: Mapping[str, str]) -> Mapping[str, str]:
    """Return the namespaces of prefixes inside an element."""
    own = {n.partition(":")[2]: value for n, value in attributes.items() if n == "xmlns" or n.startswith("xmlns:")}
    return {**around, **own} if own else around


def _check_names(name: str, token: Token, attributes: Mapping[str, str]) -> None:
    """Raise `DocumentError` for names that lxml reads, but no other library."""
    for own in (token.name, *attributes):
        if own.startswith(":") or own.endswith(":") or own.count(":") > 1:
            raise DocumentError(f"{name}: not XML: Failed to parse QName {own!r}")


def place_of_target(content: str, unit: XliffUnit) -> tuple[int, str]:
    """Return where a new target belongs, after the source and the segments in it, and what is before it on its line."""
    source = unit.parts["source"]
    indent = content[content.rfind(">", 0, source.start) + 1 : source.start]
    return unit.parts.get("seg-source", source).end, "" if indent.strip() else indent


def written(content: str, changes: Iterable[Fix]) -> bytes:
    """Return a file with changes, in UTF-8 and with a declaration that says so."""
    declared = _ENCODING.match(content)
    if declared is not None and declared[1].lower() not in {"utf-8", "utf8"}:
        changes = [Fix(*declared.span(1), "UTF-8"), *changes]
    return utf8(spliced(content, changes))
