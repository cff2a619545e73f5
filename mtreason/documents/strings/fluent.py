"""Fluent (.ftl): values and attributes of messages and terms, each variant of a selector as a text.

Placeables are codes. What Fluent 1.0 does not have is refused, where Fluent itself would pass over it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mtreason.characters import LETTER
from mtreason.documents.branches import (
    CATEGORIES,
    MOST_NESTED,
    Branch,
    Choice,
    MalformedError,
    Part,
    spread,
)
from mtreason.documents.messages import coded_message
from mtreason.documents.notes import note_of
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Group, Span, SpannedDocument, bounded, decode, line_numbers, noted
from mtreason.errors import DocumentError
from mtreason.languages import Language

_ENTRY = re.compile(r"-?[A-Za-z][\w-]*[ ]*=[ ]*", re.ASCII)
_ATTRIBUTE = re.compile(r"[ ]*\.[A-Za-z][\w-]*[ ]*=[ ]*", re.ASCII)
_COMMENT = re.compile(r"#{1,3}(?:[ ][^\r\n]*)?(?=\r?\n|\Z)")
_BREAK = re.compile(r"\r?\n")
_BLANK_LINES = re.compile(r"(?:[ ]*\r?\n)*")
_BLANKS = re.compile(r"[ ]*")
_SPACE = re.compile(r"(?:[ ]|\r?\n)*")
_TEXT = re.compile(r"(?:[^{}\r\n]|\r(?!\n))+")
_PIECE = re.compile(r'"(?:\\.|[^"\\\r\n])*+"|->|[{}]|[^"{}-]+|-')
_KEY = re.compile(r"\*?\[(?:[ ]|\r?\n)*(-?\d+(?:\.\d+)?|[A-Za-z][\w-]*)(?:[ ]|\r?\n)*\][ ]*", re.ASCII)
_ORDINAL = re.compile(r"NUMBER\([^)]*\btype\s*:\s*\"ordinal\"")


class _FaultError(Exception):
    """What is wrong, at a place in the content."""

    def __init__(self, place: int, what: str) -> None:
        super().__init__(what)
        self.place = place
        self.what = what


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A value at `content[start:end]`."""

    start: int
    end: int
    parts: Sequence[Part | Choice]
    indent: str
    """What stands before its further lines."""
    note: str = ""


def read_fluent(data: bytes, name: str, reading: Reading) -> Document:
    """Read a Fluent file; raises `DocumentError` for what Fluent would pass over."""
    content, bom = decode(data, name)
    try:
        spans = bounded(_spans(content, reading.target), name)
    except _FaultError as error:
        line = line_numbers(content)(min(error.place, len(content)))
        raise DocumentError(f"{name}: line {line}: not Fluent: {error.what}") from error
    return SpannedDocument(content, spans, bom)


def _spans(content: str, target: Language | None) -> Iterator[Span | Group]:
    line_of = line_numbers(content)
    line_break = "\r\n" if "\r\n" in content else "\n"
    for pattern in _patterns(content):
        place = f"line {line_of(pattern.start)}"
        before = content[content.rfind("\n", 0, pattern.start) + 1 : pattern.start]
        write = partial(_write, line_break + pattern.indent, at_line_start=not before.strip())
        if not before and pattern.start:
            # Only what is in braces may stand at the beginning of a line without blanks.
            write = partial(_indented, write)
        if any(isinstance(part, Choice) for part in pattern.parts):
            try:
                message = spread(pattern.parts, target, _escape)
            except MalformedError:
                raise _FaultError(pattern.start, "too many variants inside one another for one message") from None
            if any(LETTER.search(coded.text) for coded, _ in message.texts):
                write = partial(_write, line_break + " " * 12, at_line_start=False)
                yield noted(message.group(pattern.start, pattern.end, place, write_text=write), pattern.note)
            continue
        text, fixed = "", []
        for part in (p for p in pattern.parts if isinstance(p, Part)):
            if part.fixed:
                fixed.append((len(text), len(text) + len(part.text)))
            text += part.text
        if any(LETTER.search(p.text) for p in pattern.parts if isinstance(p, Part) and not p.fixed):
            coded = coded_message(text, fixed, _escape)
            yield Span(pattern.start, pattern.end, place, coded.text, write, coded.codes, _escape, pattern.note)


def _patterns(content: str) -> Iterator[_Pattern]:
    """Yield all values of a file, also those of attributes."""
    at = end = 0
    comments: list[str] = []
    while (at := _after(_BLANK_LINES, content, at)) < len(content):
        if at > end:
            comments = []  # a blank line parts a comment from what it is about
        if content.startswith("#", at):
            comment = _COMMENT.match(content, at)
            if comment is None:
                raise _FaultError(at, "a comment needs a blank after its signs")
            at = end = _after(_BREAK, content, comment.end())
            comments += [comment[0][2:]] if not comment[0].startswith("##") else []
            continue
        note, comments = note_of(" ".join(comments)), []
        entry = _ENTRY.match(content, at)
        if entry is None:
            if not content[at:].strip(" \r\n"):
                return
            raise _FaultError(at, "expected a message, a term or a comment")
        pattern = _pattern(content, entry.end(), 0)
        if pattern is not None:
            yield replace(pattern, note=note)
        at = entry.end() if pattern is None else pattern.end
        found = pattern is not None
        while attribute := _ATTRIBUTE.match(content, after := _after(_BLANK_LINES, content, _to_line_end(content, at))):
            if not attribute[0].startswith(" "):
                raise _FaultError(after, "an attribute begins with a blank")
            value = _pattern(content, attribute.end(), 0)
            if value is None:
                raise _FaultError(attribute.start(), "an attribute without a value")
            if not entry[0].startswith("-"):  # those of terms are what grammar asks of them
                yield replace(value, note=note)
            at, found = value.end, True
        if not found:
            raise _FaultError(entry.start(), "a message without a value")
        at = _to_line_end(content, at)


def _to_line_end(content: str, at: int) -> int:
    """Return the place after the line break that follows a value."""
    end = _after(_BLANKS, content, at)
    if end < len(content) and not _BREAK.match(content, end):
        raise _FaultError(end, "expected the end of the line")
    return _after(_BREAK, content, end)


def _after(pattern: re.Pattern[str], content: str, at: int) -> int:
    found = pattern.match(content, at)
    return found.end() if found else at


def _pattern(content: str, at: int, depth: int) -> _Pattern | None:
    """Read a value, which may go on in indented lines; None where there is none."""
    items: list[Part | Choice | tuple[int, int]] = []  # a pair is a line break: empty lines, and how far it is indented
    start = end = -1
    while True:
        text = _TEXT.match(content, at)
        if text is not None:
            items.append(Part(text[0]))
            if text[0].strip(" "):
                start = text.start() if start < 0 else start
                end = text.start() + len(text[0].rstrip(" "))
            at = text.end()
        elif content.startswith("{", at):
            item, after = _placeable(content, at, depth)
            items.append(item)
            start, end, at = (at if start < 0 else start), after, after
        elif content.startswith("}", at):
            raise _FaultError(at, "a brace that nothing opened")
        else:
            further = _further_line(content, at)
            if further is None:
                break
            items.append((further[0], further[1]))
            at = further[2]
    if start < 0:
        return None
    indents = [item[1] for item in items if isinstance(item, tuple)]
    return _Pattern(start, end, _joined(items), " " * (min(indents, default=0) or 4))


def _further_line(content: str, at: int) -> tuple[int, int, int] | None:
    """Return how many empty lines follow, how far the line after them is indented, and where its value begins."""
    line = _BREAK.match(content, at)
    if line is None:
        return None
    blank = _BLANK_LINES.match(content, line.end())
    begin = blank.end() if blank else line.end()
    first = _after(_BLANKS, content, begin)
    sign = content[first : first + 1]
    if not sign or (sign != "{" and (first == begin or sign in "}.[*")):
        return None
    return content.count("\n", line.end(), begin), first - begin, first


def _joined(items: Sequence[Part | Choice | tuple[int, int]]) -> list[Part | Choice]:
    """Return the parts of a value, without the blanks that all further lines begin with, and those at its end."""
    common = min((item[1] for item in items if isinstance(item, tuple)), default=0)
    parts: list[Part | Choice] = []
    said = False
    for item in items:
        part: Part | Choice
        if isinstance(item, tuple):
            # What stands before the first line is no part of the value's place.
            part = Part("\n" * (item[0] + 1) + " " * (item[1] - common) if said else "")
        else:
            part = item
        said = said or not isinstance(item, tuple)
        last = parts[-1] if parts else None
        if isinstance(part, Part) and isinstance(last, Part) and not part.fixed and not last.fixed:
            parts[-1] = Part(last.text + part.text)
        else:
            parts.append(part)
    if isinstance(parts[-1], Part) and not parts[-1].fixed:
        parts[-1] = Part(parts[-1].text.rstrip(" \n"))
    return [part for part in parts if not isinstance(part, Part) or part.text]


def _placeable(content: str, at: int, depth: int) -> tuple[Part | Choice, int]:
    """Read a placeable; returns it and where it ends."""
    place, open_ = at + 1, 1
    while open_:
        piece = _PIECE.match(content, place)
        if piece is None:
            raise _FaultError(at, "a brace that is not closed")
        place = piece.end()
        if piece[0] == "->":
            if open_ > 1 or depth == MOST_NESTED:
                raise _FaultError(at, "a selector inside braces: write it without those around it")
            return _choice(content, at, place, depth)
        open_ += (piece[0] == "{") - (piece[0] == "}")
    return Part(content[at:place], fixed=True), place


def _choice(content: str, start: int, at: int, depth: int) -> tuple[Choice, int]:
    """Read the variants of a selector; returns it and where it ends."""
    branches: list[Branch] = []
    default = ""
    before, head = at, content[start:at]
    at = _to_line_end(content, at)
    while not content.startswith("}", at := _after(_SPACE, content, at)):
        key = _KEY.match(content, at)
        if key is None:
            raise _FaultError(at, "expected a variant")
        value = _pattern(content, key.end(), depth + 1)
        if value is None:
            raise _FaultError(at, "a variant without a value")
        branches.append(Branch(content[before : value.start], key[1], value.parts))
        if key[0].startswith("*") and default:
            raise _FaultError(at, "two default variants")
        default = key[0].rstrip(" ") if key[0].startswith("*") else default
        before, at = value.end, _to_line_end(content, value.end)
    names = [branch.selector for branch in branches]
    if not default:
        raise _FaultError(start, "a selector without a default variant, which has a *")
    forms = {name for name in names if name[0].isalpha()}
    plural = len(names) > 1 and len(set(names)) == len(names) and forms <= {*CATEGORIES}
    plural = plural and default.strip("*[] \r\n") == "other"
    kind = ("ordinal" if _ORDINAL.search(head) else "plural") if plural else ""
    return Choice(head, branches, "", content[before : at + 1], kind, (default, "[{}]"), _escape), at + 1


def _escape(text: str) -> str:
    """Write plain text, with a mark after its line breaks, which `_write` takes away; those in codes have none."""
    text = text.replace("\r\n", "\n").replace("\r", " ").replace("\0", "")
    return re.sub(r"[{}]", r'{"\g<0>"}', text).replace("\n", "\n\0")


def _indented(write: Callable[[str], str], text: str) -> str:
    value = write(text)
    return value if value.startswith("{") else f"    {value}"


def _write(line_break: str, text: str, *, at_line_start: bool) -> str:
    """Write a value; `line_break` has the blanks before further lines.

    Signs that would end the value, and blanks that would be lost, are put in quotation marks.
    """
    lines = text.split("\n\0")
    even = any(line and not line.startswith(" ") for line in lines[1:])
    for i, line in enumerate(lines):
        if i == 0 and (line.startswith(" ") or not line):
            lines[i] = '{""}' + line
        elif line.startswith((".", "*", "[")) and (i or at_line_start):
            lines[i] = f'{{"{line[0]}"}}{line[1:]}'
        elif line.startswith(" ") and not (even and line.lstrip(" ")[:1] not in {"", ".", "*", "["}):
            lines[i] = '{""}' + line
    if not lines[-1] or lines[-1].endswith(" "):
        lines[-1] += '{""}'
    further = (line_break + line if line else line_break.rstrip(" ") for line in lines[1:])
    return "".join([lines[0], *further])
