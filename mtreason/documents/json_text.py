"""JSON and JSON lines: string values are translated in place; keys, order, numbers, spaces and escapes elsewhere stay.

The text is walked here, not by the library: its values lose their positions, it recurses, and it refuses long numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from json.decoder import JSONDecodeError

from mtreason.characters import HALF_PAIR, has_half_pair
from mtreason.documents.messages import coded_message
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Span, SpannedDocument, bounded, decode, line_numbers, raw_lines
from mtreason.errors import DocumentError

MOST_NESTED = 10_000
"""Levels of lists and objects inside one another."""

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null|NaN|-?Infinity")
_LETTER = re.compile(r"[^\W\d_]")
# Reads one string and returns where it ends; the library has this function, its stubs do not.
_scan_string: Callable[[str, int, bool], tuple[str, int]] = vars(json.decoder)["scanstring"]


def read_json(data: bytes, name: str, reading: Reading) -> Document:
    """Read a JSON file; with columns, only strings directly under one of them, or in a list there, are translated."""
    content, bom = decode(data, name)
    values = [(0, content)] if content.strip() else []
    return SpannedDocument(content, bounded(_spans(content, values, name, reading.columns), name), bom)


def read_jsonl(data: bytes, name: str, reading: Reading) -> Document:
    """Read one JSON value per line; columns as for JSON."""
    content, bom = decode(data, name)
    values = ((line.start, line.text) for line in raw_lines(content) if line.text.strip())
    return SpannedDocument(content, bounded(_spans(content, values, name, reading.columns), name), bom)


def _spans(content: str, values: Iterable[tuple[int, str]], name: str, keys: Sequence[str]) -> Iterator[Span]:
    """Yield the spans of JSON values, given as (position in the content, text)."""
    line_of = line_numbers(content)
    for offset, text in values:
        try:
            for start, end, value in _strings(text, frozenset(keys)):
                place = f"line {line_of(offset + start)}"
                if has_half_pair(value):
                    raise DocumentError(f"{name}: {place}: a text {HALF_PAIR}")
                coded = coded_message(value)
                yield Span(offset + start, offset + end, place, coded.text, _write, coded.codes)
        except JSONDecodeError as error:
            place = f"line {line_of(offset + error.pos)}"
            raise DocumentError(f"{name}: {place}: not JSON: {error.msg}") from error


def _write(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _strings(text: str, keys: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, value) of the strings to translate in one JSON value; raises `JSONDecodeError`."""
    key = ""
    open_: list[tuple[str, str]] = []  # how each list and object around this place ends, and the key that it is under
    chosen = not keys
    at = _after_space(text, 0)
    while True:
        sign = text[at : at + 1]
        if sign and sign in "[{":
            if len(open_) == MOST_NESTED:
                raise JSONDecodeError(f"nested deeper than {MOST_NESTED:,} levels", text, at)
            end = "]" if sign == "[" else "}"
            open_.append((end, key))
            at = _after_space(text, at + 1)
            if not text.startswith(end, at):
                key, at = (key, at) if end == "]" else _key(text, at)
                continue
            # What is empty is closed below.
        elif sign == '"':
            string, after = _scan_string(text, at + 1, True)
            if (chosen or key in keys) and _LETTER.search(string):
                yield at, after, string
            at = _after_space(text, after)
        else:
            scalar = _SCALAR.match(text, at)
            if scalar is None:
                raise JSONDecodeError("expected a value", text, at)
            at = _after_space(text, scalar.end())
        while open_ and text.startswith(open_[-1][0], at):
            open_.pop()
            at = _after_space(text, at + 1)
        if not open_:
            if at < len(text):
                raise JSONDecodeError("expected nothing more", text, at)
            return
        end, around = open_[-1]
        if not text.startswith(",", at):
            raise JSONDecodeError(f"expected a comma or {end}", text, at)
        at = _after_space(text, at + 1)
        key, at = (around, at) if end == "]" else _key(text, at)


def _key(text: str, at: int) -> tuple[str, int]:
    """Return the key at a place, and where its value begins."""
    if not text.startswith('"', at):
        raise JSONDecodeError("expected a key in quotation marks", text, at)
    key, at = _scan_string(text, at + 1, True)
    at = _after_space(text, at)
    if not text.startswith(":", at):
        raise JSONDecodeError("expected a colon", text, at)
    return key, _after_space(text, at + 1)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
