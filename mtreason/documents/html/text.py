"""The text of a block of HTML with its inline codes: how it is put together from tokens, and how it is written."""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import NamedTuple

from mtreason.characters import LETTER
from mtreason.documents.coded import MOST_CODES, TAG, Coded, Coder
from mtreason.documents.spans import Span
from mtreason.files import xml_text

WORDS, OPEN, CLOSE, ALONE, SAID, BREAK, GONE = "words", "open", "close", "alone", "said", "break", "gone"
"""Kinds of tokens: text, inline tags, other markup, markup that is part of the sentence, <br>, and what a translation
does not have (the readings of ruby)."""
BLANKS = "\t\n\r\f "
_BLANKS = re.compile(rf"[{BLANKS}]+")
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9A-Fa-f]+;?|[A-Za-z][^\t\n\f <&#;]{0,31};?)")
_WINDOWS = re.compile(r"&#(?:0*1(?:2[89]|[345]\d)|[xX]0*[89][0-9A-Fa-f]);")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]")
_BRACE = re.compile(r"[{}]")
_TAG_OR_BRACE = re.compile(rf"{TAG.pattern}|[{{}}]")
_BREAK = "\x00"
"""Stands for a line break of a unit until all is written; no file that is read has it."""


class Token(NamedTuple):
    """A part of a block, at `content[start:end]`."""

    kind: str
    start: int
    end: int
    name: str = ""
    """Of an element."""


def span_of(content: str, tokens: Sequence[Token], place: Callable[[int], str], *, xml: bool) -> Span | None:
    """Return the unit of a block, without the markup at its ends that need not be in it; None for one without words."""
    partner = _partners(tokens)
    said = _counts(content, tokens, {SAID, GONE})
    low, high = _inner(partner, said)
    if low == high:
        return None
    start, end = tokens[low].start, tokens[high - 1].end
    if tokens[low].kind == WORDS:
        start = _after_blanks(content, start, end)
    if tokens[high - 1].kind == WORDS:
        end = _before_blanks(content, start, end)
    builder = _Builder(content, start, end, xml=xml)
    filled = _counts(content, tokens, {SAID, GONE, BREAK})
    numbers: dict[int, int] = {}
    i = low
    while i < high:
        token, other = tokens[i], partner.get(i, -1)
        if i < other < high and filled[other] == filled[i]:
            builder.code(token.start, tokens[other].end)
            i = other
        elif token.kind == OPEN and i < other < high:
            numbers[i] = builder.open(token)
        elif token.kind == CLOSE and other in numbers:
            builder.close(numbers[other], token)
        else:
            builder.add(token)
        i += 1
    return builder.span(place(start))


def _partners(tokens: Sequence[Token]) -> dict[int, int]:
    """Return, for each tag that opens or closes, the index of the one that belongs to it; pairs do not cross."""
    partner: dict[int, int] = {}
    open_: list[int] = []
    by_name: dict[str, list[int]] = {}
    for i, token in enumerate(tokens):
        if token.kind == OPEN:
            by_name.setdefault(token.name, []).append(len(open_))
            open_.append(i)
        elif token.kind == CLOSE and by_name.get(token.name):
            at = by_name[token.name][-1]
            partner[open_[at]], partner[i] = i, open_[at]
            for gone in open_[at:]:  # what was opened after it and never closed stands alone
                by_name[tokens[gone].name].pop()
            del open_[at:]
    return partner


def _counts(content: str, tokens: Sequence[Token], kinds: Collection[str]) -> list[int]:
    """Return for each token how many before it have words, or are of some kinds; one more for the end."""
    found = (t.kind in kinds or (t.kind == WORDS and content[t.start : t.end].strip(BLANKS) != "") for t in tokens)
    return list(accumulate(found, initial=0))


def _inner(partner: Mapping[int, int], said: Sequence[int]) -> tuple[int, int]:
    """Return where the tokens of a block begin and end that have to be in its unit."""
    low, high = 0, len(said) - 1
    while low < high:
        first, last = partner.get(low, -1), partner.get(high - 1, -1)
        if said[low + 1] == said[low] and (first < 0 or said[first] == said[low]):
            low = max(low, first) + 1
        elif said[high] == said[high - 1] and (last < 0 or said[last] == said[high]):
            high = high - 1 if last < 0 else last
        elif first == high - 1:
            low, high = low + 1, high - 1
        else:
            return low, high
    return low, low


def _after_blanks(content: str, start: int, end: int) -> int:
    while start < end and content[start] in BLANKS:
        start += 1
    return start


def _before_blanks(content: str, start: int, end: int) -> int:
    while end > start and content[end - 1] in BLANKS:
        end -= 1
    return end


class _Builder:
    """Puts the text of a unit together."""

    def __init__(self, content: str, start: int, end: int, *, xml: bool) -> None:
        self._content = content
        self._start, self._end = start, end
        self._xml = xml
        self._coder = Coder()
        self._words: list[str] = []
        self._has_letters = False
        self._entities: dict[str, str] = {}
        """How the file writes characters, where it does so by name or number."""
        self._breaks: list[str] = []
        self._done = start
        """Where the last line break ended, with the blanks after it."""

    def open(self, token: Token) -> int:
        self._flush()
        return self._coder.open(self._content[token.start : token.end])

    def close(self, number: int, token: Token) -> None:
        self._flush()
        self._coder.close(number, self._content[token.start : token.end])

    def code(self, start: int, end: int, *, said: bool = False) -> None:
        self._flush()
        self._coder.alone(self._content[start:end], said=said)

    def add(self, token: Token) -> None:
        """Add a token that is no half of a pair."""
        if token.kind == WORDS:
            start, end = max(token.start, self._done), min(token.end, self._end)
            if start < end:
                self._text(self._content[start:end])
        elif token.kind == BREAK:
            start = _before_blanks(self._content, self._done, token.start)
            if self._words:
                self._words[-1] = self._words[-1].rstrip(" ")
            self._done = _after_blanks(self._content, token.end, self._end)
            self._words.append("\n")
            self._breaks.append(self._content[start : self._done])
        elif token.kind != GONE:
            self.code(token.start, token.end, said=token.kind == SAID)

    def _text(self, raw: str) -> None:
        if self._xml and raw.startswith("<![CDATA["):
            self._words.append(_BLANKS.sub(" ", raw[9:].removesuffix("]]>")))
            return
        raw = _BLANKS.sub(" ", raw)
        if "&" not in raw:
            self._words.append(raw)
            return
        at = 0
        for found in _REFERENCE.finditer(raw):
            self._words.append(raw[at : found.start()])
            self._reference(found[0])
            at = found.end()
        self._words.append(raw[at:])

    def _reference(self, raw: str) -> None:
        """Add a reference to a character; one to nothing that can be written stays as it is."""
        char = html.unescape(raw)
        if not char or _CONTROL.search(char) or (self._xml and _unlike_xml(raw, char)):
            self._flush()
            self._coder.alone(raw)
            return
        if len(char) == 1 and char > "\x7f" and raw.endswith(";"):
            self._entities.setdefault(char, raw)
        self._words.append(" " if char in BLANKS else char)

    def _flush(self) -> None:
        text = "".join(self._words)
        self._words = []
        self._has_letters = self._has_letters or LETTER.search(text) is not None
        self._coder.text(text, escaped)

    def span(self, place: str) -> Span | None:
        """Return the unit; None for one without words."""
        self._flush()
        if not self._has_letters:
            return None
        coded = _without_braces(self._coder.coded())
        if len(coded.codes) > MOST_CODES:
            return None
        escape = partial(escaped, entities=self._entities) if self._entities else escaped
        write = partial(_with_breaks, tuple(self._breaks))
        return Span(self._start, self._end, place, coded.text, write, coded.codes, escape)


def _without_braces(coded: Coded) -> Coded:
    """Make codes of braces around codes: other braces are taken for variables, which are not translated."""
    if not coded.codes or "{" not in coded.text:
        return coded
    tags = [found.start() for found in TAG.finditer(coded.text)]
    open_: list[int] = []
    around: set[int] = set()
    for found in _BRACE.finditer(coded.text):
        if found[0] == "{":
            open_.append(found.start())
        elif open_ and bisect_left(tags, open_[-1]) < bisect_left(tags, found.start()):
            around |= {open_.pop(), found.start()}
        elif open_:
            open_.pop()
    return _with_codes_at(coded, around) if around else coded


def _with_codes_at(coded: Coded, places: set[int]) -> Coded:
    """Return a text with more codes: the characters at certain places."""
    coder = Coder()
    numbers: dict[str, int] = {}
    at = 0
    for found in _TAG_OR_BRACE.finditer(coded.text):
        code = coded.codes.get(found[0])
        if code is None and found.start() not in places:
            continue
        coder.text(coded.text[at : found.start()])
        at = found.end()
        if code is None:
            coder.alone(found[0], said=True)
        elif found[3]:
            coder.alone(code.raw, said=code.said)
        elif found[1]:
            coder.close(numbers[found[2]], code.raw)
        else:
            numbers[found[2]] = coder.open(code.raw)
    coder.text(coded.text[at:])
    return coder.coded()


def _unlike_xml(raw: str, char: str) -> bool:
    """Whether XML does not read a reference as HTML does: it knows entities of its own, and no Windows characters."""
    if not raw.endswith(";") or char == raw:
        return True
    return _WINDOWS.fullmatch(raw) is not None


def escaped(text: str, entities: Mapping[str, str] | None = None) -> str:
    """Write text as HTML: nothing in it becomes markup; `entities` says how the file writes some characters."""
    text = html.escape(xml_text(text), quote=False).replace("\n", _BREAK)
    for char, entity in (entities or {}).items():
        text = text.replace(char, entity)
    return text


def _with_breaks(breaks: Sequence[str], text: str) -> str:
    """Write line breaks as the file has them; where a translation has more, the last one again."""
    if _BREAK not in text:
        return text
    first, *lines = text.split(_BREAK)
    given: Iterator[str] = iter(breaks)
    again = breaks[-1] if breaks else " "
    return "".join([first, *(part for line in lines for part in (next(given, again), line))])
