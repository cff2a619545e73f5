"""Strings of Apple's programs (.strings): the values are translated in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from mtreason.characters import LETTER, has_half_pair
from mtreason.documents.charsets import marked
from mtreason.documents.messages import coded_message
from mtreason.documents.notes import comment_before, note_of
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Span, SpannedDocument, bounded, line_numbers
from mtreason.errors import DocumentError

_BETWEEN = re.compile(r"(?:\s|/\*.*?\*/|//[^\r\n]*)*+", re.DOTALL)
_KEY = re.compile(r'"(?:[^"\\]|\\.)*+"|[\w.$/:-]+', re.DOTALL)
_VALUE = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(U[0-9A-Fa-f]{4}|u[0-9A-Fa-f]{4}|[0-7]{1,3}|.)", re.DOTALL)
_SAID = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_NO_COMMENT = frozenset({"No comment provided by engineer.", "(no comment)"})
"""What Apple's tools write where the program says nothing."""


def read_strings(data: bytes, name: str, reading: Reading) -> Document:
    """Read a .strings file; raises `DocumentError` for property lists of other kinds."""
    if data.startswith((b"bplist", b"<?xml", b"\xef\xbb\xbf<?xml")):
        raise DocumentError(f"{name}: a property list of another kind: convert it with `plutil -convert strings`")
    return marked(data, name, partial(_read_strings, reading=reading))


def _read_strings(content: str, name: str, bom: bytes, *, reading: Reading) -> SpannedDocument:
    del reading
    return SpannedDocument(content, bounded(_strings(content, name), name), bom)


def _strings(content: str, name: str) -> Iterator[Span]:
    line_of = line_numbers(content)

    def after(place: int) -> int:
        found = _BETWEEN.match(content, place)
        return found.end() if found else place

    def expect(sign: str, place: int) -> int:
        if not content.startswith(sign, place):
            there = repr(content[place]) if place < len(content) else "the end"
            raise DocumentError(f"{name}: line {line_of(place)}: not a .strings file: expected {sign}, found {there}")
        return after(place + len(sign))

    at = after(0)
    while at < len(content):
        key = _KEY.match(content, at)
        if key is None:
            expect("a key", at)
            return
        note = _comment(content, at)
        at = after(key.end())
        if content.startswith(";", at):  # the key is the text, and stays
            at = after(at + 1)
            continue
        at = expect("=", at)
        value = _VALUE.match(content, at)
        if value is None:
            expect("a text in quotation marks", at)
            return
        text = _unescaped(value[1])
        line = line_of(at)
        if LETTER.search(text):
            coded = coded_message(text)
            write = partial(_write, "\n" in value[1])
            yield Span(value.start(1), value.end(1), f"line {line}", coded.text, write, coded.codes, note=note)
        at = expect(";", after(value.end()))


def _comment(content: str, at: int) -> str:
    """Return the comment directly before a key, which may be several lines of //."""
    said = comment_before(content, at, "/*", "*/")
    lines: list[str] = []
    while not said and at > 0:
        start = content.rfind("\n", 0, at - 1) + 1
        line = content[start:at].strip()
        if not line.startswith("//"):
            break
        lines.append(line[2:])
        at = start
    said = note_of(said or " ".join(reversed(lines)))
    return "" if said in _NO_COMMENT else said


def _unescaped(raw: str) -> str:
    def said(found: re.Match[str]) -> str:
        code = found[1]
        if code[0] in "uU" and len(code) == 5:
            return chr(int(code[1:], 16))
        return chr(int(code, 8)) if code[0] in "01234567" else _SAID.get(code, code)

    text = _ESCAPE.sub(said, raw)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") if has_half_pair(text) else text


def _write(broken: bool, text: str) -> str:
    """Write a text; its lines break as those of the source do, which is `broken` or has escapes."""
    text = text.replace("\\", r"\\").replace('"', r"\"").replace("\t", r"\t").replace("\r", r"\r")
    return text if broken else text.replace("\n", r"\n")
