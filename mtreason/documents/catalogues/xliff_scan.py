"""Where the units of an XLIFF file stand in its text: so what is not translated stays as it was written.

The file has been read as XML before, so that what is found here has an end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mtreason.characters import utf8
from mtreason.documents.spans import Fix, spliced
from mtreason.errors import DocumentError

_NAME = r"[^\s<>/=\"']+"
_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[(?P<cdata>.*?)\]\]>|<\?.*?\?>"
    r"|<!DOCTYPE(?:[^\[<>\"']|\"[^\"]*\"|'[^']*'|\[(?:<!--.*?-->|<\?.*?\?>|[^\]\"'<]|\"[^\"]*\"|'[^']*'|<(?!!--|\?))*+\])*+>"
    rf"|<(?P<end>/?)(?P<name>{_NAME})(?P<attributes>(?:[^<>\"'/]|\"[^\"]*\"|'[^']*')*+)(?P<empty>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rf"(\s+)({_NAME})(\s*=\s*)(\"[^\"]*\"|'[^']*')")
_REFERENCE = re.compile(r"&(?:#(\d+)|#x([0-9A-Fa-f]+)|(\w+));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_LINE_END = re.compile(r"\r\n?")
_ENCODING = re.compile(r"<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z][\w.-]*)[\"']")
UNITS = frozenset({"trans-unit", "segment"})
_CHILDREN = frozenset({"source", "seg-source", "target"})


@dataclass(frozen=True, slots=True)
class Token:
    """A tag, a comment or the like, or text, at `content[start:end]`."""

    start: int
    end: int
    kind: str
    """One of "open", "close", "empty", "text", "other"."""
    name: str = ""
    """Of a tag, with its prefix."""
    attributes: str = ""
    """As they are written."""
    text: str = ""
    """What a parser reads here."""

    @property
    def local(self) -> str:
        """The name without its prefix."""
        return self.name.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """The prefix with its colon."""
        return self.name[: len(self.name) - len(self.local)]


def tokens(content: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Yield the tokens of a part of a file, which join to it."""
    end = len(content) if end is None else end
    at = start
    for found in _TOKEN.finditer(content, start, end):
        if found.start() > at:
            yield Token(at, found.start(), "text", text=decoded(content[at : found.start()]))
        at = found.end()
        if found["name"] is not None:
            kind = "close" if found["end"] else "empty" if found["empty"] else "open"
            yield Token(found.start(), at, kind, found["name"], found["attributes"])
        elif found["cdata"] is not None:
            yield Token(found.start(), at, "text", text=_LINE_END.sub("\n", found["cdata"]))
        else:
            yield Token(found.start(), at, "other")
    if at < end:
        yield Token(at, end, "text", text=decoded(content[at:end]))


def decoded(text: str) -> str:
    """Return text without references."""
    if "\r" in text:
        text = _LINE_END.sub("\n", text)
    return _REFERENCE.sub(_char, text) if "&" in text else text


def _char(found: re.Match[str]) -> str:
    if found[3] is not None:
        return _NAMED.get(found[3], found[0])
    return chr(int(found[1]) if found[1] is not None else int(found[2], 16))


def attributes_of(written: str) -> dict[str, str]:
    """Return the attributes of a tag."""
    return {found[2]: decoded(found[4][1:-1]) for found in _ATTRIBUTE.finditer(written)}


def with_attributes(tag: str, values: Mapping[str, str | None]) -> str:
    """Return a start tag with other values for some attributes, and without those that are None."""
    left = {name: value for name, value in values.items() if value is not None}
    parts, at = [], 0
    for found in _ATTRIBUTE.finditer(tag):
        if found[2] not in values:
            continue
        value = left.pop(found[2], None)
        parts.append(tag[at : found.start()])
        parts.append("" if value is None else f'{found[1]}{found[2]}{found[3]}"{quoted(value)}"')
        at = found.end()
    parts.append(tag[at:])
    written = "".join(parts)
    end = len(written) - (2 if written.endswith("/>") else 1)
    more = "".join(f' {name}="{quoted(value)}"' for name, value in left.items())
    return written[:end].rstrip() + more + written[end:] if more else written


def quoted(text: str) -> str:
    """Return a text as it stands in quotation marks."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


@dataclass(slots=True)
class Element:
    """An element at `content[start:end]`, and its content at `content[opened:closed]`."""

    name: str
    start: int
    opened: int
    attributes: Mapping[str, str]
    closed: int = 0
    end: int = 0


def text_of(content: str, element: Element) -> str:
    """Return what an element says, without the tags in it."""
    return "".join(token.text for token in tokens(content, element.opened, element.closed))


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
