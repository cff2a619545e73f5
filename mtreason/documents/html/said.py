"""Attributes that people read or hear: alternative texts, tool tips, labels, descriptions of the page."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from mtreason.documents.coded import Code
from mtreason.documents.html.tags import OPENERS, SERVER_CODE, TEXT, Attribute, Piece, attributes, texts
from mtreason.documents.html.text import SAID, WORDS, Token, span_of
from mtreason.documents.spans import Fix, Group, Span, spliced

_ANYWHERE = frozenset(
    {"aria-description", "aria-label", "aria-placeholder", "aria-roledescription", "aria-valuetext", "title"}
)
_OF_ELEMENTS: Mapping[str, frozenset[str]] = {
    "abbr": frozenset({"th"}),
    "alt": frozenset({"area", "img", "input"}),
    "label": frozenset({"optgroup", "option", "track"}),
    "placeholder": frozenset({"input", "textarea"}),
}
_NAMES_OF_STYLES = frozenset({"link", "style"})
"""The title of these is a name that programs compare."""
_BUTTONS = frozenset({"button", "reset", "submit"})
_DESCRIPTIONS = frozenset({
    "description", "og:description", "og:image:alt", "og:title", "twitter:description", "twitter:image:alt",
    "twitter:title",
})  # fmt: skip
"""Names of <meta> whose content people read."""
_MAY_BE = re.compile(r"title|alt|label|placeholder|aria-|value|content|abbr", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_EMPTY = re.compile("=(?:\"\"|'')")
_BARE = re.compile(r"[^\s\"'=<>`]+")


def said_by(content: str, piece: Piece, place: Callable[[int], str], *, xml: bool) -> Iterator[Span]:
    """Yield the units of a tag: attributes with words, in their order."""
    if _MAY_BE.search(content, piece.start, piece.end) is None:
        return
    given: dict[str, Attribute] = {}
    for found in _attributes(content, piece):
        given.setdefault(found.name, found)  # browsers pass over a second one
    for found in given.values():
        if found.start < found.end and _is_said(piece.name, found.name, given):
            span = _span(content, found, place, xml=xml)
            if span is not None:
                yield span


def _attributes(content: str, piece: Piece) -> Iterator[Attribute]:
    """Yield the attributes of a tag; what runs on a server has no quotation marks that end one."""
    tag = content[piece.start : piece.end]
    if any(sign in tag for sign in OPENERS):
        tag = SERVER_CODE.sub(lambda code: "x" * len(code[0]), tag)
    for found in attributes(tag, Piece(piece.kind, 0, len(tag), piece.name)):
        yield found._replace(start=piece.start + found.start, end=piece.start + found.end)


def _is_said(element: str, name: str, given: Mapping[str, Attribute]) -> bool:
    if name in _ANYWHERE:
        return element not in _NAMES_OF_STYLES
    if element == "meta":
        named = given.get("name") or given.get("property")
        return name == "content" and named is not None and named.value.strip().lower() in _DESCRIPTIONS
    if element == "input" and name == "value":
        return "type" in given and given["type"].value.strip().lower() in _BUTTONS
    return element in _OF_ELEMENTS.get(name, ())


def _span(content: str, found: Attribute, place: Callable[[int], str], *, xml: bool) -> Span | None:
    parts = list(texts(content, found.start, found.end))
    if any(p.kind == TEXT and any(sign in content[p.start : p.end] for sign in OPENERS) for p in parts):
        return None  # what runs on a server is cut off here
    tokens = [Token(WORDS if part.kind == TEXT else SAID, part.start, part.end) for part in parts]
    span = span_of(content, tokens, place, xml=xml)
    sign = content[found.start - 1]
    if span is None or sign in "\"'":
        return None if span is None else replace(span, escape=partial(_escaped, span.escape))
    if span.codes:
        return None  # where such a value ends, only the server knows
    return replace(span, escape=partial(_escaped, span.escape), write=partial(_bare, span.write))


def _escaped(escape: Callable[[str], str], text: str) -> str:
    """Write text between quotation marks of either kind."""
    return escape(text).replace('"', "&quot;").replace("'", "&#39;")


def _bare(write: Callable[[str], str], text: str) -> str:
    written = write(text)
    return written if _BARE.fullmatch(written) else f'"{written}"'


class Tag(NamedTuple):
    """A tag at `content[start:end]` with the units of its attributes."""

    start: int
    end: int
    spans: Sequence[Span]


def joined(content: str, block: Span | None, tags: Sequence[Tag]) -> Iterator[Span | Group]:
    """Yield the unit of a block, and those of the inline tags in it and beside it, in their order.

    A tag inside of the text is part of a code, in which its attributes are written. Where it is not to be told there
    from others that look like it, they stay.
    """
    inner = [t for t in tags if block is not None and block.start <= t.start and t.end <= block.end]
    for tag in tags:
        if block is None or tag.end <= block.start:
            yield from tag.spans
    if block is not None:
        raws = "\0".join(code.raw for code in block.codes.values())
        count = Counter(content[tag.start : tag.end] for tag in inner)
        inner = [t for t in inner if count[raw := content[t.start : t.end]] == raws.count(raw)]
        spans = [block, *(span for tag in inner for span in tag.spans)]
        block = spans[0] = replace(block, codes=_marked(content, block.codes, inner))
        yield Group(block.start, block.end, spans, partial(_written, content, inner)) if inner else block
    for tag in tags:
        if block is not None and tag.start >= block.end:
            yield from tag.spans


def _marked(content: str, codes: Mapping[str, Code], tags: Sequence[Tag]) -> Mapping[str, Code]:
    """Return codes that are the same as others if all but the texts in their tags is."""
    bare: dict[str, str] = {}
    for tag in tags:
        raw = content[tag.start : tag.end]
        empty = spliced(raw, [Fix(s.start - tag.start, s.end - tag.start, "") for s in tag.spans])
        bare[raw] = _EMPTY.sub("=", empty)

    def mark(raw: str) -> str:
        return bare.get(raw) or _TAG.sub(lambda found: bare.get(found[0], found[0]), raw)

    return {tag: replace(code, mark=mark(code.raw)) for tag, code in codes.items()} if bare else codes


def _written(content: str, tags: Sequence[Tag], texts: Sequence[str]) -> str:
    """Write attributes into the tags of a text."""
    block, *given = texts
    rest = iter(given)
    new: dict[str, deque[str]] = {}
    for tag in tags:
        fixes = [Fix(span.start - tag.start, span.end - tag.start, next(rest)) for span in tag.spans]
        raw = content[tag.start : tag.end]
        new.setdefault(raw, deque()).append(spliced(raw, fixes))
    pattern = re.compile("|".join(map(re.escape, sorted(new, key=len, reverse=True))))
    return pattern.sub(lambda found: new[found[0]].popleft() if new[found[0]] else found[0], block)
