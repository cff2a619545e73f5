"""XML as tokens that join to the file: so what is not translated stays as it was written.

The file has been read as XML before, so that what is found here has an end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mtreason.errors import DocumentError
from mtreason.xmlfiles import parse_xml

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
_DECLARED = re.compile(r"<\?xml[^>]*?\sencoding\s*=\s*[\"']([\w.-]+)[\"']")
CDATA, CDATA_END = "<![CDATA[", "]]>"


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
    tokens: list[Token] = field(default_factory=list)
    """In its content, in order, but for text that is no CDATA section; only of `elements`."""
    parents: tuple[Element, ...] = ()
    """From the root on; only of `elements`."""


def text_of(content: str, element: Element) -> str:
    """Return what an element says, without the tags in it."""
    return "".join(token.text for token in tokens(content, element.opened, element.closed))


def check_root(content: str, name: str, root: str) -> None:
    """Raise `DocumentError` for what is no XML in UTF-8 with this root, given without its byte order mark."""
    declared = _DECLARED.match(content)
    if declared and declared[1].lower() not in {"utf-8", "utf-16", "us-ascii", "ascii"}:
        raise DocumentError(f"{name}: line 1: declares the encoding {declared[1]}: convert the file to UTF-8")
    found = parse_xml(
        (content[: declared.start(1)] + "utf-8" + content[declared.end(1) :] if declared else content).encode(), name
    )
    if found.tag != root:
        raise DocumentError(f"{name}: expected <{root}>, found <{found.tag}>")


def elements(content: str, wanted: frozenset[str]) -> Iterator[Element]:
    """Yield the elements of these names, each after its end; `content` must be well-formed."""
    open_: list[Element] = []
    for token in tokens(content):
        if token.kind == "close":
            element = open_.pop()
            element.closed, element.end = token.start, token.end
            if element.name in wanted:
                yield element
        if token.kind != "text" or content.startswith(CDATA, token.start):
            for around in open_:
                if around.name in wanted:
                    around.tokens.append(token)
        if token.kind in {"open", "empty"}:
            own = attributes_of(token.attributes)
            element = Element(token.name, token.start, token.end, own, parents=tuple(open_))
            if token.kind == "open":
                open_.append(element)


def plain_text(content: str, element: Element) -> str | None:
    """Return the text of an element without other elements in it; None where it has some, or comments."""
    if any(token.kind != "text" for token in element.tokens):
        return None
    return text_of(content, element)


def escape_xml(text: str) -> str:
    """Write text in an element."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
