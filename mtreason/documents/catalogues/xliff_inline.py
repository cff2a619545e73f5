"""The content of XLIFF's sources as text with codes, and translations as content of its targets."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mtreason.characters import LETTER
from mtreason.documents.branches import Message
from mtreason.documents.coded import MOST_CODES, TAG, Code, Coded, Coder, written
from mtreason.documents.icu import icu_message
from mtreason.documents.xml_tokens import Element, Token, attributes_of, tokens
from mtreason.files import xml_text
from mtreason.languages import Language

_OPENING = {"bpt": "pt", "bx": "x", "sc": "c", "sm": "m"}
_CLOSING = {"ept": "pt", "ex": "x", "ec": "c", "em": "m"}
"""Markers that belong together without being one element, and what tells the kinds apart."""
_WHOLE = frozenset({"ph", "it", "ut", "x", "cp", *_OPENING, *_CLOSING})
"""Elements in which there is no text to translate."""
_NAMED = re.compile(r"(START|CLOSE)_(.+?)(?:_\d+)?")
"""How Angular names the tags of a template."""
_VALUE = re.compile(r"[{$]|%\w|%\(|INTERPOLATION")
"""What shows that a placeholder stands for a word."""
_LINE_END = re.compile(r"[\r\n]")
_TWO_BRACES = re.compile(r"(?<=\{)(?=\{\s*[\w.-]+\s*,\s*(?:plural|select))")


@dataclass(frozen=True, slots=True)
class _Item:
    """Text, or a code at `content[start:end]`."""

    start: int
    end: int
    kind: str
    """One of "text", "open" and "close" (elements), "begin" and "finish" (markers), "alone"."""
    key: str = ""
    """What a marker shares with its partner."""
    text: str = ""
    said: bool = False
    protected: bool = False
    """Whether all up to its partner stays as it is."""


def coded_content(content: str, start: int, end: int, prefix: str) -> Coded:
    """Return the content of an element with its inline elements as codes; `prefix` is that of XLIFF's elements."""
    items = list(_items(content, start, end, prefix))
    partner = _partners(items)
    coder = Coder()
    numbers: dict[int, int] = {}
    pending: list[str] = []

    def flush() -> None:
        coder.text("".join(pending), _escaped)
        pending.clear()

    i = 0
    while i < len(items):
        item = items[i]
        raw = item.text or content[item.start : item.end]
        if item.kind == "text":
            pending.append(item.text)
            i += 1
            continue
        flush()
        if i not in partner:
            coder.alone(raw, said=item.said)
        elif partner[i] < i:
            coder.close(numbers[partner[i]], raw)
        elif item.protected:
            coder.alone(content[item.start : items[partner[i]].end], said=True)
            i = partner[i]
        else:
            numbers[i] = coder.open(raw)
        i += 1
    flush()
    return coder.coded()


@dataclass(frozen=True, slots=True)
class Texts:
    """The content of an element as texts to translate: one, or those of a message with branches."""

    coded: Coded
    message: Message | None

    @property
    def each(self) -> Sequence[Coded]:
        """All texts, with codes as the file has them."""
        if self.message is None:
            return [self.coded]
        return [
            Coded(own.text, {t: self._native(code) for t, code in own.codes.items()}) for own, _ in self.message.texts
        ]

    def _native(self, code: Code) -> Code:
        """Return a code of a branch, which holds codes of the content."""
        return replace(code, raw=written(code.raw, self.coded.codes))

    @property
    def has_words(self) -> bool:
        """Whether there is something to translate."""
        return len(self.coded.codes) <= MOST_CODES and any(LETTER.search(TAG.sub("", own.text)) for own in self.each)

    def written(self, texts: Sequence[str], newline: str) -> str:
        """Return translations as content; where elements in one would cross, it has none but empty ones."""
        codes = self.coded.codes
        text = texts[0]
        if self.message is not None:
            own = zip(self.message.texts, texts, strict=True)
            text = self.message.written([written(t, coded.codes, escape) for (coded, escape), t in own])
            text = _TWO_BRACES.sub(" ", text)  # Angular takes {{ for the beginning of an expression
        return written(text, _well_formed(text, codes), lambda plain: _escaped(plain, newline))


def texts_of(content: str, element: Element, prefix: str, target: Language | None) -> Texts:
    """Return what an element says; `prefix` is that of XLIFF's elements, `target` the language of the translation."""
    coded = coded_content(content, element.opened, element.closed, prefix)
    return Texts(coded, icu_message(coded.text, target))


def has_text(content: str, element: Element) -> bool:
    """Whether there is text in an element."""
    return any(t.kind == "text" and t.text.strip() for t in tokens(content, element.opened, element.closed))


def normal(content: str, start: int, end: int, *, frame: bool = False) -> str:
    """Return content such that it does not matter how a program writes quotation marks, references, or empty tags.

    In a `frame`, white space at the ends of a text does not matter either, nor what the XML declaration says.
    """
    parts = []
    for token in tokens(content, start, end):
        if token.kind == "text":
            parts.append(_escaped(token.text.strip() if frame else token.text))
        elif not token.name:
            declaration = frame and content.startswith("<?xml ", token.start)
            parts.append("" if declaration else content[token.start : token.end])
        elif token.kind == "close":
            parts.append(f"</{token.name}>")
        else:
            own = sorted(x for x in attributes_of(token.attributes).items() if not x[0].startswith("xmlns"))
            ends = f"</{token.name}>" if token.kind == "empty" else ""
            parts.append(f"<{token.name}{''.join(f' {k}={v!r}' for k, v in own)}>{ends}")
    return "".join(parts)


def _escaped(text: str, newline: str = "\n") -> str:
    escaped = html.escape(xml_text(text), quote=False)
    if _LINE_END.search(escaped) is None:
        return escaped
    return escaped.replace("\r", "&#13;").replace("\n", newline)


def _items(content: str, start: int, end: int, prefix: str) -> Iterator[_Item]:
    """Yield text and codes; an element in which nothing is translated is one code, with all that is in it."""
    whole: Token | None = None
    inside = 0
    said = False
    for token in tokens(content, start, end):
        if whole is not None:
            inside += {"open": 1, "close": -1}.get(token.kind, 0)
            if inside == 0:
                yield _whole(content, whole, token.end, said=said)
                whole = None
            continue
        if token.kind == "text":
            yield from _text(token)
        elif token.kind == "other":
            yield _Item(token.start, token.end, "alone")
        elif token.kind == "close":
            yield _Item(token.start, token.end, "close")
        else:
            attributes = attributes_of(token.attributes)
            protected = attributes.get("translate") == "no" or attributes.get("mtype", "").endswith("protected")
            said = token.local == "mrk" and protected
            if token.kind == "empty":
                yield _whole(content, token, token.end, said=said)
            elif said or token.local in _WHOLE or token.prefix != prefix:
                whole, inside = token, 1
            else:
                yield _Item(token.start, token.end, "open")


def _whole(content: str, token: Token, end: int, *, said: bool) -> _Item:
    """Return an element as one code."""
    own = attributes_of(token.attributes)
    said = said or (token.local in {"x", "ph"} and _VALUE.search(content, token.start, end) is not None)
    number = own.get("rid") or own.get("startRef") or own.get("id", "")
    if token.local in _OPENING:
        protected = token.local == "sm" and own.get("translate") == "no"
        return _Item(token.start, end, "begin", f"{_OPENING[token.local]} {number}", protected=protected)
    if token.local in _CLOSING:
        return _Item(token.start, end, "finish", f"{_CLOSING[token.local]} {number}")
    named = _NAMED.fullmatch(own.get("id", "")) if token.local == "x" else None
    if named is not None:
        return _Item(token.start, end, "begin" if named[1] == "START" else "finish", f"x {named[2]}")
    return _Item(token.start, end, "alone", said=said)


def _text(token: Token) -> Iterator[_Item]:
    """Yield text; a carriage return that is written as a reference is a code."""
    first, *rest = token.text.split("\r")
    yield _Item(token.start, token.end, "text", text=first)
    for text in rest:
        yield _Item(token.start, token.start, "alone", text="&#13;")
        yield _Item(token.start, token.end, "text", text=text)


def _partners(items: list[_Item]) -> dict[int, int]:
    """Return for what opens or closes the index of its partner; markers that would cross others have none."""
    partner: dict[int, int] = {}
    open_: list[int] = []
    places: dict[str, list[int]] = {}
    """The places in `open_` of the markers with a key; those inside of the innermost open element come last."""
    elements: list[int] = []
    """The places in `open_` of elements."""

    def close(place: int, by: int) -> None:
        for i in open_[place:]:
            if items[i].kind == "begin":
                places[items[i].key].pop()
        partner[open_[place]], partner[by] = by, open_[place]
        del open_[place:]

    for i, item in enumerate(items):
        if item.kind == "open":
            elements.append(len(open_))
            open_.append(i)
        elif item.kind == "close":
            close(elements.pop(), i)
        elif item.kind == "begin":
            places.setdefault(item.key, []).append(len(open_))
            open_.append(i)
        elif item.kind == "finish" and (found := places.get(item.key)) and found[-1] > (elements or [-1])[-1]:
            close(found[-1], i)
    return partner


def _well_formed(text: str, codes: Mapping[str, Code]) -> Mapping[str, Code]:
    """Return the codes that a text can be written with: all, or those alone where elements would cross."""
    elements = {tag[2:-1] for tag, code in codes.items() if tag.startswith("</") and code.raw.startswith("</")}
    open_: list[str] = []
    for found in TAG.finditer(text):
        if found[0] not in codes or found[2] not in elements:
            continue
        if not found[1]:
            open_.append(found[2])
        elif not open_ or open_.pop() != found[2]:
            break
    else:
        if not open_:
            return codes
    return {tag: Code("") if tag.strip("</>") in elements else code for tag, code in codes.items()}
