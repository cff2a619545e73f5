"""JSON, JSON lines and ARB: string values are translated in place; keys, order, numbers, spaces and escapes stay.

The text is walked here, not by the library: its values lose their positions, it recurses, and it refuses long numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from json.decoder import JSONDecodeError
from pathlib import PurePath

from mtreason.characters import LETTER
from mtreason.documents.data.plurals import Key, Member, Seen, with_forms
from mtreason.documents.icu import message_span
from mtreason.documents.notes import note_of
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Fix, Group, Span, SpannedDocument, bounded, decode, line_numbers, noted, raw_lines
from mtreason.errors import DocumentError
from mtreason.records import parse_record

MOST_BLANKS = 1000
"""Before a key; what is further away is not written again before another."""
MOST_NESTED = 10_000
"""Levels of lists and objects inside one another."""

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null|NaN|-?Infinity")
_LOCALE = re.compile(r'"@@locale"\s*:')
_ESCAPED = re.compile(r"\\u(?!00[0-7])")
_CHOSEN = (("\\u003c", "<"), ("\\u003e", ">"), ("\\u0026", "&"), ("\\u0027", "'"), ("\\/", "/"), ("\\u00a0", "\xa0"))
"""Escapes that a writer need not make; programs that put strings into pages make them."""
# Reads one string and returns where it ends; the library has this function, its stubs do not.
scan_string: Callable[[str, int, bool], tuple[str, int]] = vars(json.decoder)["scanstring"]


def read_json(data: bytes, name: str, reading: Reading) -> Document:
    """Read a JSON file; with columns, only strings directly under one of them, or in a list there, are translated.

    A file that names its locale as ARB does is read as ARB: what describes a message is not translated. In the
    messages.json of a browser's extension, nothing but the messages is.
    """
    content, bom = decode(data, name)
    if not reading.columns and _is_of_extension(content, name):
        reading = replace(reading, columns=("message",))
    values = [(0, content)] if content.strip() else []
    return _document(content, bom, values, name, reading)


def _is_of_extension(content: str, name: str) -> bool:
    """Whether a file is named and built as browsers want the messages of their extensions."""
    if PurePath(name).name != "messages.json":
        return False
    try:
        root = parse_record(content, finite=False)
    except ValueError:
        return False  # what is wrong is said where it is read
    entries = list(root.values()) if isinstance(root, dict) else []
    return bool(entries) and all(isinstance(e, dict) and isinstance(e.get("message"), str) for e in entries)


def read_jsonl(data: bytes, name: str, reading: Reading) -> Document:
    """Read one JSON value per line; columns as for JSON."""
    content, bom = decode(data, name)
    values = ((line.start, line.text) for line in raw_lines(content) if line.text.strip())
    return _document(content, bom, values, name, reading)


def _document(
    content: str, bom: bytes, values: Iterable[tuple[int, str]], name: str, reading: Reading
) -> SpannedDocument:
    fixes: list[Fix] = []
    spans = bounded(_spans(content, values, name, reading, fixes), name)
    return SpannedDocument(content, spans, bom, fixes=fixes)


def _spans(
    content: str, values: Iterable[tuple[int, str]], name: str, reading: Reading, fixes: list[Fix]
) -> Iterator[Span | Group]:
    """Yield the spans of JSON values, given as (position in the content, text)."""
    line_of = line_numbers(content)
    ascii_only = content.isascii() and _ESCAPED.search(content) is not None
    arb = _LOCALE.search(content) is not None
    for offset, text in values:
        try:
            seen = Seen()
            found = list(strings(text, frozenset(reading.columns), seen, arb=arb))
            said = {string.key[1:]: string.value for string in found if string.role is Role.DESCRIPTION}
            members = []
            for string in found:
                start, end, value = offset + string.start, offset + string.end, string.value
                if string.role is Role.LOCALE and reading.target is not None:
                    fixes.append(Fix(start, end, json.dumps(reading.target.tag.replace("-", "_"))))
                if string.role is not Role.TEXT:
                    continue
                place = f"line {line_of(start)}"
                span = message_span(start, end, place, value, writer(content[start:end], ascii_only), reading.target)
                key = string.at and replace(string.at, start=offset + string.at.start, end=offset + string.at.end)
                members.append(Member(key, noted(span, note_of(said.get(string.key, "")))))
            yield from with_forms(content, members, seen, reading.target, partial(_apart, content))
        except JSONDecodeError as error:
            place = f"line {line_of(offset + error.pos)}"
            raise DocumentError(f"{name}: {place}: not JSON: {error.msg}") from error


def _apart(content: str, key: Key) -> str:
    """Return what stands before another key beside one."""
    before = content[max(0, key.start - MOST_BLANKS) : key.start]
    return "," + before[len(before.rstrip()) :]


def writer(raw: str, ascii_only: bool = False) -> Callable[[str], str]:
    """Return what writes a string in the place of another, with the escapes that are used there."""
    if "\\" not in raw:
        return _write_ascii if ascii_only else _write
    there = raw.lower()
    escapes = {ord(char): escape for escape, char in _CHOSEN if escape in there}
    return partial(_write_escaped, escapes, ascii_only)


def _write(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write_ascii(text: str) -> str:
    return json.dumps(text)


def _write_escaped(escapes: dict[int, str], ascii_only: bool, text: str) -> str:
    return json.dumps(text, ensure_ascii=ascii_only).translate(escapes)


class Role(Enum):
    """What a string is in its file."""

    TEXT = "text"
    LOCALE = "locale"
    """The name of the file's language."""
    DESCRIPTION = "description"
    """What an ARB file says of a text."""


@dataclass(frozen=True, slots=True)
class JsonString:
    """A string at `text[start:end]`, quotation marks included."""

    start: int
    end: int
    value: str
    key: str
    """What it is under; a description, what the object is under that it is in."""
    role: Role = Role.TEXT
    at: Key | None = None
    """The key directly before it, where that may be the key of a plural form."""


def strings(text: str, keys: frozenset[str], seen: Seen, *, arb: bool = False) -> Iterator[JsonString]:
    """Yield the strings to translate in one JSON value, and count its keys; raises `JSONDecodeError`.

    What may be a plural form is there without a word as well.
    """
    key = ""
    at_key: Key | None = None
    open_: list[_Level] = []
    chosen = not keys
    objects = 0
    at = after_space(text, 0)
    while True:
        sign = text[at : at + 1]
        if sign and sign in "[{":
            if len(open_) == MOST_NESTED:
                raise JSONDecodeError(f"nested deeper than {MOST_NESTED:,} levels", text, at)
            objects += 1
            open_.append(_Level("]" if sign == "[" else "}", key, objects))
            at = after_space(text, at + 1)
            if not text.startswith(open_[-1].end, at):
                key, at_key, at = _next(text, at, open_[-1], seen)
                continue
            # What is empty is closed below.
        elif sign == '"':
            string, after = scan_string(text, at + 1, True)
            about = arb and (open_[1].key if len(open_) > 1 else key).startswith("@")
            if about and len(open_) == 1 and key == "@@locale":
                yield JsonString(at, after, string, key, Role.LOCALE)
            elif about and len(open_) == 2 and key == "description":
                yield JsonString(at, after, string, open_[1].key, Role.DESCRIPTION)
            elif not about and (chosen or key in keys) and (at_key or LETTER.search(string)):
                yield JsonString(at, after, string, key, at=at_key)
            at = after_space(text, after)
        else:
            at = after_space(text, scan_scalar(text, at)[1])
        while open_ and text.startswith(open_[-1].end, at):
            open_.pop()
            at = after_space(text, at + 1)
        if not open_:
            if at < len(text):
                raise JSONDecodeError("expected nothing more", text, at)
            return
        if not text.startswith(",", at):
            raise JSONDecodeError(f"expected a comma or {open_[-1].end}", text, at)
        key, at_key, at = _next(text, after_space(text, at + 1), open_[-1], seen)


@dataclass(slots=True)
class _Level:
    """A list or object around a place."""

    end: str
    """The sign that closes it."""
    key: str
    """What it is under."""
    number: int
    count: int = 0
    """How many keys it has so far."""


def _next(text: str, at: int, level: _Level, seen: Seen) -> tuple[str, Key | None, int]:
    """Return the key of the next value of a list or object, where it stands, and where the value begins."""
    if level.end == "]":
        return level.key, None, at
    level.count += 1
    name, value = key_at(text, at)
    if not seen.add(level.number, name):
        return name, None, value
    return name, Key(name, at, text.rindex('"', at, value) + 1, level.number, level.count), value


def key_at(text: str, at: int) -> tuple[str, int]:
    """Return the key at a place, and where its value begins."""
    if not text.startswith('"', at):
        raise JSONDecodeError("expected a key in quotation marks", text, at)
    key, at = scan_string(text, at + 1, True)
    at = after_space(text, at)
    if not text.startswith(":", at):
        raise JSONDecodeError("expected a colon", text, at)
    return key, after_space(text, at + 1)


def scan_scalar(text: str, at: int) -> tuple[object, int]:
    """Return the number, boolean or null at a place, and where it ends."""
    found = _SCALAR.match(text, at)
    if found is None:
        raise JSONDecodeError("expected a value", text, at)
    value: object = {"true": True, "false": False, "null": None}.get(found[0], found[0])
    return value, found.end()


def after_space(text: str, at: int) -> int:
    """Return where white space at a place ends."""
    found = _SPACE.match(text, at)
    return found.end() if found else at
