"""Elements of an XML file with their places in it, for formats of which only some texts are replaced."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mtreason.errors import DocumentError
from mtreason.xmlfiles import parse_xml

_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>"
    r"|<(/?)([^\s/>!?]+)((?:[^>\"'/]|\"[^\"]*\"|'[^']*'|/(?!>))*+)(/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_DECLARED = re.compile(r"<\?xml[^>]*?\sencoding\s*=\s*[\"']([\w.-]+)[\"']")
CDATA = "<![CDATA["
CDATA_END = "]]>"


@dataclass(frozen=True, slots=True)
class Token:
    """A tag, a comment, an instruction, or a CDATA section at `content[start:end]`; other characters are text."""

    start: int
    end: int
    name: str = ""
    """Of an element, as it is written."""
    closes: bool = False
    empty: bool = False


@dataclass(slots=True)
class Element:
    """An element and all that is in it."""

    name: str
    start: int
    inner: int
    """Where its content begins."""
    attributes: dict[str, str]
    inner_end: int = 0
    end: int = 0
    tokens: list[Token] = field(default_factory=list)
    """In its content, in order."""
    parents: tuple[Element, ...] = ()
    """From the root on."""


def check_xml(content: str, name: str, root: str) -> None:
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
    for found in _TOKEN.finditer(content):
        token = Token(found.start(), found.end(), found[2] or "", found[1] == "/", found[4] == "/")
        if token.closes:
            element = open_.pop()
            element.inner_end, element.end = token.start, token.end
            if element.name in wanted:
                yield element
        for around in open_:
            if around.name in wanted:
                around.tokens.append(token)
        if token.name and not token.closes:
            attributes = {
                a[1]: html.unescape(a[2] if a[2] is not None else a[3]) for a in _ATTRIBUTE.finditer(found[3])
            }
            element = Element(token.name, token.start, token.end, attributes, parents=tuple(open_))
            if not token.empty:
                open_.append(element)


def unescape_xml(raw: str) -> str:
    """Return text as XML means it: references to characters, and line breaks."""
    return html.unescape(raw.replace("\r\n", "\n").replace("\r", "\n"))


def escape_xml(text: str) -> str:
    """Write text in an element."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def plain_text(content: str, element: Element) -> str | None:
    """Return the text of an element without other elements in it; None where it has some, or comments."""
    parts, at = [], element.inner
    for token in element.tokens:
        if not content.startswith(CDATA, token.start):
            return None
        parts += [
            unescape_xml(content[at : token.start]),
            content[token.start + len(CDATA) : token.end - len(CDATA_END)],
        ]
        at = token.end
    return "".join([*parts, unescape_xml(content[at : element.inner_end])])
