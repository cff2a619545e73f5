"""JSON and JSON lines: string values are translated in place; keys, order, spaces and escapes elsewhere stay."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from json.decoder import JSONDecodeError

from mtreason.documents.protocol import Document
from mtreason.documents.spans import Span, SpannedDocument, decode, line_of, raw_lines
from mtreason.errors import DocumentError

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|NaN|-?Infinity")
_LETTER = re.compile(r"[^\W\d_]")
# Reads one string and returns where it ends; the library has this function, its stubs do not.
_scan_string: Callable[[str, int, bool], tuple[str, int]] = vars(json.decoder)["scanstring"]


def read_json(data: bytes, name: str, keys: Sequence[str]) -> Document:
    """Read a JSON file; with `keys`, only strings directly under one of them, or in a list there, are translated."""
    content, bom = decode(data, name)
    return SpannedDocument(content, list(_values(content, 0, content, name, keys)) if content.strip() else [], bom)


def read_jsonl(data: bytes, name: str, keys: Sequence[str]) -> Document:
    """Read one JSON value per line; `keys` as for JSON."""
    content, bom = decode(data, name)
    spans = [
        span
        for line in raw_lines(content)
        if line.text.strip()
        for span in _values(line.text, line.start, content, name, keys)
    ]
    return SpannedDocument(content, spans, bom)


def _values(text: str, offset: int, content: str, name: str, keys: Sequence[str]) -> Iterator[Span]:
    try:
        json.loads(text)
    except (JSONDecodeError, RecursionError) as error:
        at = error.pos if isinstance(error, JSONDecodeError) else 0
        what = error.msg if isinstance(error, JSONDecodeError) else "nested too deep"
        raise DocumentError(f"{name}: line {line_of(content, offset + at)}: not JSON: {what}") from error
    scanner = _Scanner(text)
    scanner.value("", inside=not keys, keys=frozenset(keys))
    for start, end, value in scanner.found:
        place = f"line {line_of(content, offset + start)}"
        yield Span(offset + start, offset + end, place, value, lambda t: json.dumps(t, ensure_ascii=False))


class _Scanner:
    """Walks valid JSON and remembers the positions of the chosen strings."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: list[tuple[int, int, str]] = []

    def value(self, key: str, *, inside: bool, keys: frozenset[str]) -> None:
        """Read a value under `key`."""
        self._space()
        sign = self.text[self.at]
        chosen = inside or key in keys
        if sign == '"':
            start = self.at
            string, self.at = _scan_string(self.text, start + 1, True)
            if chosen and _LETTER.search(string):
                self.found.append((start, self.at, string))
        elif sign == "{":
            self._members(keys, inside=inside)
        elif sign == "[":
            self._items(key, keys, inside=inside)
        else:
            scalar = _SCALAR.match(self.text, self.at)
            self.at = scalar.end() if scalar else len(self.text)

    def _members(self, keys: frozenset[str], *, inside: bool) -> None:
        self.at += 1
        while self._next("}"):
            name, self.at = _scan_string(self.text, self.at + 1, True)
            self._space()
            self.at += 1  # the colon
            self.value(name, inside=inside, keys=keys)

    def _items(self, key: str, keys: frozenset[str], *, inside: bool) -> None:
        self.at += 1
        while self._next("]"):
            self.value(key, inside=inside, keys=keys)

    def _next(self, end: str) -> bool:
        """Go to the next member or item, or past the end."""
        self._space()
        if self.text[self.at] == ",":
            self.at += 1
            self._space()
        if self.text[self.at] == end:
            self.at += 1
            return False
        return True

    def _space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
