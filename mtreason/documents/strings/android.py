"""Strings of Android (res/values/strings.xml): strings, arrays, and plurals in the quantities of the target.

Only contents of elements change. What Android reads in them is written as it reads it: escapes, quotation marks, tags;
what stands in <xliff:g> is a code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from mtreason.characters import LETTER
from mtreason.documents.branches import CATEGORIES, plural_categories
from mtreason.documents.charsets import marked
from mtreason.documents.messages import Place, coded_message
from mtreason.documents.notes import comment_before, note_of
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Fix, Group, Span, SpannedDocument, bounded, line_numbers, noted
from mtreason.documents.xml_tokens import CDATA, CDATA_END, Element, Token, check_root, decoded, elements, escape_xml
from mtreason.errors import DocumentError
from mtreason.files import xml_text
from mtreason.languages import Language

_REFERENCE = re.compile(r"\s*[@?](?:\+?[\w.]+:)?[\w.]+/[\w.]+\s*|\s*@(?:null|empty)\s*")
_LITERAL = re.compile(r"\\(u[0-9A-Fa-f]{4}|[^u]|u)|\"|[ \t\r\n]+", re.DOTALL)
_SAID = {"n": "\n", "t": "\t", "'": "'", '"': '"', "\\": "\\", "@": "@", "?": "?", "#": "#"}
_LOCALE = re.compile(r"\stools:locale\s*=\s*[\"']([\w-]+)[\"']")
_KINDS = frozenset({"string", "item"})


def read_android(data: bytes, name: str, reading: Reading) -> Document:
    """Read a file of resources; raises `DocumentError` for XML that is none of Android's."""
    return marked(data, name, partial(_read, reading=reading))


def _read(content: str, name: str, bom: bytes, *, reading: Reading) -> SpannedDocument:
    check_root(content, name, "resources")
    fixes = []
    locale = _LOCALE.search(content, 0, content.find(">", content.index("<resources")))
    if locale and reading.target is not None:
        fixes.append(Fix(locale.start(1), locale.end(1), reading.target.tag))
    return SpannedDocument(content, bounded(_spans(content, name, reading.target), name), bom, fixes=fixes)


_PLACES = {"string": (["resources"],), "item": (["resources", "string-array"], ["resources", "plurals"])}
"""What each kind of text is in, from the outside."""


def _spans(content: str, name: str, target: Language | None) -> Iterator[Span | Group]:
    line_of = line_numbers(content)
    items: list[tuple[Element, Span]] = []
    for element in elements(content, frozenset({"string", "item", "plurals"})):
        around = [parent.name for parent in element.parents]
        own = (element, *element.parents)
        if any(e.attributes.get("translatable") == "false" for e in own):
            continue
        if element.name == "plurals" and around == ["resources"]:
            quantities = [item.attributes.get("quantity", "") for item, _ in items]
            if len(set(quantities)) < len(items) or not set(quantities) <= set(CATEGORIES):
                yield from (span for _, span in items if LETTER.search(span.text))  # no plural that Android knows
            elif any(LETTER.search(span.text) for _, span in items):
                yield noted(_plurals(content, items, target), _note(content, element))
            items = []
            continue
        if around not in _PLACES.get(element.name, ()):
            continue
        span = _span(content, element, f"line {line_of(element.start)}", name)
        if around[-1] == "plurals":
            items.append((element, span))
        elif LETTER.search(span.text) and not _REFERENCE.fullmatch(content[element.opened : element.closed]):
            yield noted(span, _note(content, element))


def _note(content: str, element: Element) -> str:
    """Return what comments say of a text, and of the array that it is in."""
    about = (*element.parents[1:], element)
    return note_of(*(comment_before(content, e.start, "<!--", "-->") for e in about))


def _plurals(content: str, items: Sequence[tuple[Element, Span]], target: Language | None) -> Group:
    """Return the items that a target needs, each from the nearest of the source."""
    own = {element.attributes["quantity"]: i for i, (element, _) in enumerate(items)}
    other = own.get("other", len(items) - 1)
    wanted = plural_categories(target) or tuple(name for name in CATEGORIES if name in own)
    first, last = items[0][0], items[-1][0]
    ends = [first.start, *(element.end for element, _ in items)]
    heads, spans, tails = [], [], []
    for quantity in wanted:
        i = own.get(quantity, other)
        element, span = items[i]
        head = content[ends[i] : element.opened]
        if quantity not in own:
            tag = re.sub(r"(\squantity\s*=\s*[\"'])\w*", rf"\g<1>{quantity}", content[element.start : element.opened])
            blanks = re.search(
                r"\s*$", content[ends[other] : element.start] or content[first.parents[-1].opened : first.start]
            )
            head = (blanks[0] if blanks else "") + tag
        heads.append(head)
        spans.append(span)
        tails.append(content[element.closed : element.end])
    # The first item stands after the blanks of the file.
    heads[0] = heads[0].lstrip()

    def write(texts: Sequence[str]) -> str:
        return "".join(part for three in zip(heads, texts, tails, strict=True) for part in three)

    return Group(first.start, last.end, spans, write)


@dataclass(slots=True)
class _Flat:
    """The content of an element as text, with what in it is none."""

    parts: list[str]
    fixed: list[Place]
    markup: list[Place]
    length: int = 0

    def add(self, text: str, places: list[Place] | None = None) -> None:
        """Add text, or something else at one of these places."""
        if places is not None:
            places.append((self.length, self.length + len(text)))
        self.parts.append(text)
        self.length += len(text)


def _span(content: str, element: Element, place: str, name: str) -> Span:
    start, end = element.opened, element.closed
    raw = content[start:end]
    sections = [token for token in element.tokens if token.kind == "text"]
    cdata = len(sections) == len(element.tokens) == 1 and raw.strip() == content[sections[0].start : sections[0].end]
    if cdata:
        start, end = sections[0].start + len(CDATA), sections[0].end - len(CDATA_END)
    else:
        start += len(raw) - len(raw.lstrip())
        end = max(start, end - (len(raw) - len(raw.rstrip())))
    tokens = [] if cdata else element.tokens
    quoted = not tokens and re.fullmatch(r'"(?:[^"\\]|\\.)*"', content[start:end], re.DOTALL) is not None
    if quoted:
        start, end = start + 1, end - 1
    flat = _Flat([], [], [])
    blanks = not quoted and '"' not in re.sub(r"<[^>]*>|\\.", "", content[start:end])
    at = start
    for token in _outermost(tokens):
        _add_text(flat, decoded(content[at : token.start]), place, name, blanks=blanks, cdata=cdata)
        if token.kind == "text":
            _add_text(flat, token.text, place, name, blanks=blanks, cdata=cdata)
        elif token.name and not token.name.endswith("xliff:g"):
            flat.add(content[token.start : token.end], flat.markup)
        else:
            flat.add(content[token.start : token.end], flat.fixed)
        at = token.end
    text = content[at:end]
    _add_text(flat, text if cdata else decoded(text), place, name, blanks=blanks, cdata=cdata)
    escape = partial(_escape, cdata=cdata, quoted=quoted)
    coded = coded_message("".join(flat.parts), flat.fixed, escape, flat.markup)
    return Span(start, end, place, coded.text, _kept_blanks if not quoted else str, coded.codes, escape)


def _outermost(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield tokens, with each <xliff:g> and all in it as one."""
    depth = 0
    start = 0
    for token in tokens:
        named = token.name == "xliff:g"
        if named and token.kind == "open":
            start = token.start if depth == 0 else start
            depth += 1
        elif named and token.kind == "close":
            depth -= 1
            if depth == 0:
                yield Token(start, token.end, "empty", "xliff:g")
        elif depth == 0:
            yield token


def _add_text(flat: _Flat, text: str, place: str, name: str, *, blanks: bool, cdata: bool) -> None:
    """Add text as Android reads it; `blanks` are joined to one where no quotation marks keep them."""
    at = 0
    for found in _LITERAL.finditer(text):
        flat.add(text[at : found.start()])
        at = found.end()
        code = found[1]
        if code == "u":
            raise DocumentError(f"{name}: {place}: \\u needs four hexadecimal digits after it")
        if code is None and found[0] != '"':
            flat.add(" " if blanks else found[0])
        elif code is None or (code not in _SAID and len(code) != 5):
            flat.add(found[0] if cdata else escape_xml(found[0]), flat.fixed)
        elif len(code) == 5 and not 0xD800 <= int(code[1:], 16) < 0xE000:
            flat.add(chr(int(code[1:], 16)))
        elif len(code) == 5:
            flat.add(found[0], flat.fixed)  # half of a character
        else:
            flat.add(_SAID[code])
    flat.add(text[at:])


def _escape(text: str, *, cdata: bool, quoted: bool) -> str:
    text = xml_text(text).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n").replace("\t", r"\t")
    if not quoted:
        text = text.replace("'", r"\'")
        text = re.sub(r"(?<= ) ", r"\\u0020", text)
    return text.replace("]]>", "]]]]><![CDATA[>") if cdata else escape_xml(text)


def _kept_blanks(text: str) -> str:
    """Write what would be read otherwise at the beginning or the end of a value."""
    text = re.sub(r"^ | $", r"\\u0020", text)
    return f"\\{text}" if text.startswith(("@", "?")) else text
