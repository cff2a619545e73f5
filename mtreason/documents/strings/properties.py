"""Java's .properties: values are translated in place; keys, separators, comments and everything else stay.

A value with arguments such as {0} is a pattern of MessageFormat, in which an apostrophe is written twice, unless the
file writes it otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from mtreason.characters import LETTER, has_half_pair
from mtreason.documents.charsets import in_charset, marked
from mtreason.documents.coded import Coded
from mtreason.documents.icu import icu_message, message_span
from mtreason.documents.messages import coded_message
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Group, Span, SpannedDocument, bounded, raw_lines
from mtreason.errors import DocumentError
from mtreason.lines import LINE_END

_COMMENT = re.compile(r"[ \t\f]*[#!]")
_KEY = re.compile(r"(?:[^\\=: \t\f]|\\[^\r\n])*+[ \t\f]*+[=:]?[ \t\f]*+")
_BLANKS = re.compile(r"[ \t\f]*")
_ODD = re.compile(r"(?:[^\\]|^)(?:\\\\)*\\$")
_JOIN = re.compile(rf"\\(?:{LINE_END.pattern})[ \t\f]*")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|[^u]|u)", re.DOTALL)
_SAID = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_WRITTEN = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\f": r"\f"}
_UNICODE = re.compile(r"\\u(?!00[0-7])[0-9A-Fa-f]{4}")
_ARGUMENT = re.compile(r"\{\d+\s*(?:,[^{}']*)?\}")
_PATTERN = re.compile(r"''|'(?:[{}]|'')+'|\{\d+\s*(?:,[^{}']*)?\}|['{}]")
_STORED = ":=#!"
"""What Java's own writer escapes in values, though it need not."""


def read_properties(data: bytes, name: str, reading: Reading) -> Document:
    """Read a .properties file in UTF-8 or, as Java wrote them before, in Latin-1."""
    read = partial(_read, reading=reading)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return in_charset(data, name, partial(_read, reading=reading, escapes=True), "latin-1")
    return marked(data, name, read)


def _read(content: str, name: str, bom: bytes, *, reading: Reading, escapes: bool = False) -> SpannedDocument:
    ascii_only = escapes or content.isascii() or _UNICODE.search(content) is not None
    entries = list(_entries(content, name))
    patterns = [e.value for e in entries if _ARGUMENT.search(e.value)]
    doubled = not any(_single(value) for value in patterns)
    spans = (
        _span(content, entry, reading, ascii_only=ascii_only, doubled=doubled)
        for entry in entries
        if LETTER.search(entry.value)
    )
    return SpannedDocument(content, bounded(spans, name), bom)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A value at `content[start:end]`, which may go over several lines."""

    start: int
    end: int
    line: int
    value: str


def _entries(content: str, name: str) -> Iterator[_Entry]:
    """Yield all entries; raises `DocumentError` for an escape that Java refuses."""
    lines = raw_lines(content)
    for line in lines:
        if not line.text.strip(" \t\f") or _COMMENT.match(line.text):
            continue
        last = line
        while _ODD.search(last.text) and (following := next(lines, None)):
            last = following
        start = line.start + _length(_BLANKS, line.text)
        end = last.end - bool(_ODD.search(last.text))  # Java passes over a backslash at the end of the file
        logical, places = _joined(content, start, end)
        at = _length(_KEY, logical)
        value = logical[at:]
        if re.search(r"(?<!\\)(?:\\\\)*\\u(?![0-9A-Fa-f]{4})", logical):
            raise DocumentError(f"{name}: line {line.number}: \\u needs four hexadecimal digits after it")
        begin = places(at)
        yield _Entry(begin, max(begin, end), line.number, _unescaped(value))


def _length(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.match(text)
    return found.end() if found else 0


def _joined(content: str, start: int, end: int) -> tuple[str, Callable[[int], int]]:
    """Return lines as one, and a function from a place in it to that in the content."""
    raw = content[start:end]
    parts: list[tuple[int, int]] = []  # (place in the line, place in the content) of each part
    text, at, length = [], 0, 0
    for found in _JOIN.finditer(raw):
        text.append(raw[at : found.start()])
        parts.append((length, start + at))
        length += found.start() - at
        at = found.end()
    text.append(raw[at:])
    parts.append((length, start + at))

    def place(index: int) -> int:
        own = [p for p in parts if p[0] <= index][-1]
        return own[1] + index - own[0]

    return "".join(text), place


def _unescaped(raw: str) -> str:
    def said(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _SAID.get(code, code)

    text = _ESCAPE.sub(said, raw)
    # Characters beyond the first 65,536 are escaped as pairs.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") if has_half_pair(text) else text


def _span(content: str, entry: _Entry, reading: Reading, *, ascii_only: bool, doubled: bool) -> Span | Group:
    raw = content[entry.start : entry.end]
    stored = "".join(sign for sign in _STORED if f"\\{sign}" in raw)
    write = partial(_write, stored, ascii_only)
    place = f"line {entry.line}"
    if doubled and _ARGUMENT.search(entry.value) and icu_message(entry.value, reading.target) is None:
        coded = _pattern(entry.value)
        return Span(entry.start, entry.end, place, coded.text, write, coded.codes, _escaped)
    return message_span(entry.start, entry.end, place, entry.value, write, reading.target)


def _pattern(value: str) -> Coded:
    """Return a pattern of MessageFormat with its arguments as codes."""
    parts: list[str] = []
    fixed: list[tuple[int, int]] = []
    at = length = 0
    for found in _PATTERN.finditer(value):
        own = found[0]
        said = own if len(own) == 1 or own.startswith("{") else "'" if own == "''" else own[1:-1].replace("''", "'")
        parts += [value[at : found.start()], said]
        length += found.start() - at
        if own.startswith("{") and len(own) > 1:
            fixed.append((length, length + len(said)))
        length += len(said)
        at = found.end()
    return coded_message("".join([*parts, value[at:]]), fixed, _escaped)


def _single(value: str) -> bool:
    """Whether a pattern has an apostrophe that is neither doubled nor around braces."""
    return any(found[0] in {"'", "{", "}"} for found in _PATTERN.finditer(value))


def _escaped(text: str) -> str:
    """Write text as MessageFormat has it."""

    def quoted(found: re.Match[str]) -> str:
        doubled = found[0].replace("'", "''")
        return f"'{doubled}'" if "{" in doubled or "}" in doubled else doubled

    return re.sub(r"['{}]+", quoted, text)


def _write(stored: str, ascii_only: bool, text: str) -> str:
    parts = []
    for i, char in enumerate(text):
        if char in _WRITTEN:
            parts.append(_WRITTEN[char])
        elif char in stored or (char == " " and i == 0):
            parts.append(f"\\{char}")
        elif (ascii_only and not char.isascii()) or unicodedata.category(char) in {"Cc", "Cs"}:
            units = char.encode("utf-16-be", "surrogatepass")
            parts += [f"\\u{units[k]:02x}{units[k + 1]:02x}" for k in range(0, len(units), 2)]
        else:
            parts.append(char)
    return "".join(parts)
