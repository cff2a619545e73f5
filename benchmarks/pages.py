"""Takes HTML, XHTML and Markdown apart with parsers of other people, and what all oracles have in common."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

EXACT, TEXT, EITHER = "exact", "text", "either"
"""How a token has to come back: as it is; translated; translated or as it is."""


class Token(NamedTuple):
    """A part of a document."""

    place: str
    kind: str
    value: str
    how: str = EXACT


def flat(text: str) -> str:
    return " ".join(text.split())


def parsed_xml(data: bytes) -> Any:  # noqa: ANN401 - lxml has no types
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def local_name(node: Any) -> str:  # noqa: ANN401
    return str(node.tag).rpartition("}")[2] if isinstance(node.tag, str) else "comment"


# HTML

_AS_IT_IS = {
    "code", "iframe", "kbd", "listing", "math", "noembed", "noframes", "noscript", "plaintext", "pre", "samp", "script",
    "style", "svg", "template", "textarea", "tt", "var", "xmp",
}  # fmt: skip
_SAID = {
    "abbr", "alt", "aria-description", "aria-label", "aria-placeholder", "aria-roledescription", "aria-valuetext",
    "content", "label", "placeholder", "summary", "title", "value",
}  # fmt: skip
_RUBY = {"rb", "rp", "rt", "rtc", "ruby"}
"""Readings of East Asian text are left out of a translation."""
_LETTER = re.compile(r"[^\W\d_]")
_TEMPLATE = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|(?<!\w)@(?:else )?[a-z]+ *(?:\([^{}]*\)[^{}]*)?\{|@let [^;]*;", re.DOTALL
)
_FOLLOWS = {"lang", "xml:lang", "charset", "dir"}


def html_text(content: str) -> Iterator[Token]:
    """Yield the tokens of the tree that HTML's own standard makes of a page, as html5lib builds it."""
    import html5lib

    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree", fullTree=True), namespaceHTMLElements=False)
    walker = html5lib.getTreeWalker("etree")(parser.parse(content))
    yield from merged(list(_elements(_of_tree(walker))))


def _of_tree(walker: Iterable[dict[str, Any]]) -> Iterator[_Event]:
    for token in walker:
        kind = token["type"]
        if kind in {"StartTag", "EmptyTag"}:
            yield "start", token["name"], {name: value for (_, name), value in token["data"].items()}
        if kind in {"EndTag", "EmptyTag"}:
            yield "end", token["name"], {}
        elif kind in {"Characters", "SpaceCharacters"}:
            yield "text", token["data"], {}
        elif kind == "Comment":
            yield "comment", token["data"], {}
        elif kind == "Doctype":
            yield "declaration", f"{token['name']} {token['publicId']} {token['systemId']}", {}


def xhtml(data: bytes) -> Iterator[Token]:
    """As XML, where it is some."""
    try:
        root = parsed_xml(data)
    except SyntaxError:
        yield from html_text(data.decode(charset(data), "replace"))
    else:
        yield from merged(list(_elements(_of_xml(root))))


def _of_xml(root: Any) -> Iterator[_Event]:  # noqa: ANN401 - lxml has no types
    from lxml import etree

    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            yield "start", local_name(node), {name.rpartition("}")[2]: value for name, value in node.attrib.items()}
        elif event == "end":
            yield "end", local_name(node), {}
        else:
            yield event, node.text or "", {}
        yield "text", (node.text if event == "start" else node.tail) or "", {}


_Event = tuple[str, str, dict[str, str]]
"""What a parser found: "start" and "end" with the name of an element, or another kind with its text."""


def _elements(events: Iterable[_Event]) -> Iterator[Token]:
    """Yield tokens, of which those in code and the like need not be translated; the place of each is its element."""
    path: list[str] = []
    kept: list[bool] = []
    for kind, value, attributes in events:
        place = "/".join(path[-3:])
        if kind == "start":
            if value not in _RUBY:
                yield Token(place, "tag", value)
            for name, said in attributes.items():
                if name not in _FOLLOWS and not (value == "meta" and name == "content"):
                    yield Token(place, f"attribute {name} of {value}", said, EITHER if name in _SAID else EXACT)
            path.append(value)
            kept.append(
                (kept or [False])[-1] or value in _AS_IT_IS or attributes.get("translate", "").strip().lower() == "no"
            )
        elif kind == "end":
            if value not in _RUBY:
                yield Token(place, "end tag", value)
            path.pop()
            kept.pop()
        elif kind == "text" and path[-1:] not in (["rt"], ["rp"]):
            stays = (kept or [False])[-1] or not _LETTER.search(_TEMPLATE.sub("", value))
            yield Token(place, "text", value, EITHER if stays else TEXT)
        elif kind != "text":
            yield Token(place, kind, flat(re.sub(r"encoding=\S+", "", value)))


def html(data: bytes) -> Iterator[Token]:
    if data.startswith(b"<?xml"):
        yield from xhtml(data)
    else:
        yield from html_text(data.decode(charset(data), "replace"))


def charset(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = data[:4096]
    found = re.search(rb"(?s)<meta[^>]*charset\s*=\s*[\"']?([\w-]+)", head) or re.match(
        rb"\s*<\?xml[^>]*encoding=[\"']([\w-]+)", head
    )
    name = found[1].decode() if found else "utf-8"
    try:
        return codecs.lookup(name).name.replace("utf-8", "utf-8-sig")
    except LookupError:
        return "utf-8-sig"


def merged(tokens: list[Token]) -> Iterator[Token]:
    """Join texts beside one another, and leave out blank ones."""
    for (kind, how), group in groupby(tokens, lambda token: (token.kind, token.how)):
        own = list(group)
        if kind != "text":
            yield from own
        elif value := flat("".join(token.value for token in own)):
            yield Token(own[0].place, kind, value, how)


# Markdown


def markdown(data: bytes) -> Iterator[Token]:
    from markdown_it import MarkdownIt

    content = data.decode("utf-8-sig").replace("\r\n", "\n")
    front = re.match(r"(---|\+\+\+)\n(.*?\n)\1[ \t]*\n", content, re.DOTALL)
    if front:
        for number, line in enumerate(front[2].split("\n"), 2):
            key, sign, value = re.match(r"([^:=]*)([:=]?)(.*)", line).groups()  # type: ignore[union-attr]
            yield Token(f"line {number}", "key of the front matter", key + sign)
            yield Token(f"line {number}", "value of the front matter", flat(value), EITHER)
        content = "\n" * content[: front.end()].count("\n") + content[front.end() :]
    container = False
    for token in MarkdownIt("commonmark").enable("table").parse(content):
        place = f"line {token.map[0] + 1}" if token.map else ""
        if token.type == "html_block":
            yield from (
                t._replace(place=place, how=EITHER if t.how == TEXT else t.how) for t in html_text(token.content)
            )
        elif token.type == "code_block" and container:
            yield Token(place, "text", flat(token.content), EITHER)
        elif token.type == "inline":
            container = _CONTAINER.match(token.content) is not None
            for child in merged([t._replace(place=place) for t in _inline(token.children)]):
                yield child._replace(how=EITHER) if child.how == TEXT and _CONTAINER.match(child.value) else child
        else:
            yield Token(place, token.type, f"{token.tag} {token.info} {token.content} {sorted(token.attrs.items())}")


_CONTAINER = re.compile(r":::|!!!|\?\?\?|===|///|\$\$|\[!|\[\[|\[\^|\[TOC\]|\{%|@")
"""What begins a line that is structure for some programs, and text for others; what is indented after it is no code."""


def _inline(children: Any) -> Iterator[Token]:  # noqa: ANN401 - of a library without types for it
    kept = ""
    for child in children:
        if child.type in {"text", "softbreak"}:
            yield Token("", "text", child.content or " ", EITHER if kept else TEXT)
            continue
        if child.type == "html_inline":
            name = child.content.strip("</>").partition(" ")[0].lower()
            kept = "" if child.content.startswith("</") else name if name in _AS_IT_IS else kept
        attributes = dict(child.attrs)
        title = str(attributes.pop("title", ""))
        attributes.pop("alt", None)
        yield Token(
            "", child.type, f"{child.tag} {sorted(attributes.items())} {'' if child.children else child.content}"
        )
        if title:
            yield Token("", "title", title, EITHER)
        if child.children:
            yield from _inline(child.children)
