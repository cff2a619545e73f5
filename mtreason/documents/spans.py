"""Documents of which parts are replaced: every byte outside the translated parts stays unchanged."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from mtreason.characters import plain_characters, utf8
from mtreason.documents.coded import Code, written
from mtreason.documents.faults import Fault
from mtreason.documents.protocol import Unit
from mtreason.documents.views import Piece, SplicedView, View
from mtreason.errors import DocumentError
from mtreason.lines import LINE_END

MOST_UNITS = 1_000_000
MOST_LINES = 5_000_000
"""More units or lines than this would take gigabytes of memory."""
_OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}  # fmt: skip


def as_it_is(text: str) -> str:
    """Return a translation for a file that needs no escapes."""
    return text


@dataclass(frozen=True, slots=True)
class Span:
    """The text at `content[start:end]`, and how a translation is written there."""

    start: int
    end: int
    place: str
    text: str
    write: Callable[[str], str] = as_it_is
    """Writes a translation in which codes stand as they are in the file."""
    codes: Mapping[str, Code] = field(default_factory=dict)
    escape: Callable[[str], str] = as_it_is
    """Writes the text between the codes."""
    note: str = ""
    """See `Unit.note`."""

    def written(self, text: str) -> str:
        """Return what stands in the file for a translation."""
        return self.write(written(text, self.codes, self.escape))


@dataclass(frozen=True, slots=True)
class Group:
    """Several texts that one place of a file holds, `content[start:end]`: the branches of a message, plural forms."""

    start: int
    end: int
    spans: Sequence[Span]
    """What each of them is, and how it is written into `write`; at least one."""
    write: Callable[[Sequence[str]], str]
    """Returns what stands there, given all texts as they are written."""

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return self.spans[0].place


@dataclass(frozen=True, slots=True)
class Fix:
    """What stands at `content[start:end]` once something was translated: the language of the file, its charset."""

    start: int
    end: int
    text: str
    kind: str = "language"
    """What kind of fault it is where the file says something else, see `Fault`; "" where it is none."""


def spliced(content: str, changes: Iterable[Fix]) -> str:
    """Return a text with changes that do not overlap."""
    parts, at = [], 0
    for change in sorted(changes, key=lambda fix: fix.start):
        parts += [content[at : change.start], change.text]
        at = change.end
    return "".join([*parts, content[at:]])


def unmet(content: str, fixes: Iterable[Fix]) -> Iterator[Fault]:
    """Yield what a file that should be translated says of itself as if it were not."""
    line_of = line_numbers(content)
    for fix in fixes:
        found = content[fix.start : fix.end]
        if fix.kind and found != fix.text:
            yield Fault(fix.kind, f"line {line_of(fix.start)}", f"says {found!r}, and should say {fix.text!r}")


_S = TypeVar("_S", Span, Span | Group)


class SpannedDocument:
    """Text with the spans that are translated, in order and without overlap."""

    def __init__(
        self,
        content: str,
        spans: Sequence[Span | Group],
        bom: bytes = b"",
        view: Callable[[], View] | None = None,
        fixes: Sequence[Fix] = (),
        data: bytes | None = None,
    ) -> None:
        """Keep what is needed to write; `data` is a file that was not UTF-8: with nothing translated it comes back."""
        self._data = data
        self._content = content
        self._bom = bom
        self._spans = spans
        self._view = view
        self._fixes = fixes
        every = (s for own in spans for s in texts_of(own))
        self.units: tuple[Unit, ...] = tuple(unit_of(i, s) for i, s in enumerate(every, 1))

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the content with translations in place of spans; a unit with its own text stays as it was written."""
        changes = list(self._changes(texts))
        if not changes and self._data is not None:
            yield self._data
            return
        yield from self._changed([*changes, *self._fixes] if changes else [])

    def render_fixed(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the content as `render` does, with all fixes even where nothing in it was translated."""
        yield from self._changed([*self._changes(texts), *self._fixes])

    def _changes(self, texts: Iterable[str]) -> Iterator[Fix]:
        """Yield the places at which a text is not what it was."""
        given = (text for _, text in zip(self.units, list(texts), strict=True))
        for span in self._spans:
            own = [(s, plain_characters(next(given), s.text)) for s in texts_of(span)]
            if all(text == s.text for s, text in own):
                continue
            written = [s.written(text) for s, text in own]
            yield Fix(span.start, span.end, written[0] if isinstance(span, Span) else span.write(written))

    def _changed(self, changes: Iterable[Fix]) -> Iterator[bytes]:
        end = 0
        yield self._bom
        for change in sorted(changes, key=lambda fix: fix.start):
            yield self._content[end : change.start].encode()
            yield utf8(change.text)
            end = change.end
        yield self._content[end:].encode()

    def faults(self) -> Iterator[Fault]:
        """See `Checks.faults`."""
        return unmet(self._content, self._fixes)

    def view(self) -> View:
        """Return the file as it stands, piece by piece."""
        if self._view is not None:
            return self._view()
        return spliced_view(self._content, self._spans, self._bom)


def spliced_view(content: str, spans: Sequence[Span | Group], bom: bytes, encoding: str = "utf-8") -> View:
    """Return the view of a text that is cut at its spans."""
    bounds = [(s.start, s.end) for s in spans]
    raws = [content[start:end] for start, end in bounds]
    pieces = [
        Piece(s.place, "", written(s.text, s.codes) if isinstance(s, Span) else raw, raw)
        for s, raw in zip(spans, raws, strict=True)
    ]
    owners = [i for i, own in enumerate(spans) for _ in texts_of(own)]
    return SplicedView(content, bounds, pieces, bom, owners=owners, encoding=encoding)


def unit_of(number: int, span: Span) -> Unit:
    """Return a span as a unit."""
    return Unit(number, span.place, span.text, span.codes, span.note)


def noted(span: _S, note: str) -> _S:
    """Return a place with a note on its texts; see `note_of`."""
    if not note:
        return span
    if isinstance(span, Group):
        return replace(span, spans=[replace(own, note=note) for own in span.spans])
    return replace(span, note=note)


def texts_of(span: Span | Group) -> Sequence[Span]:
    """Return the texts of a place, one by one."""
    return (span,) if isinstance(span, Span) else span.spans


def check_count(content: str, signs: str, most: int, name: str, what: str) -> None:
    """Raise `DocumentError` for a text in which certain characters occur more often than there is memory for."""
    if sum(map(content.count, signs)) > most:
        raise DocumentError(f"{name}: more than {most:,} {what}: cut the file into parts")


def bounded(spans: Iterable[_S], name: str) -> list[_S]:
    """Return all spans of a file; raises `DocumentError` at one too many, before more of them take memory."""
    found: list[_S] = []
    count = 0
    for span in spans:
        count += len(texts_of(span))
        if count > MOST_UNITS:
            raise DocumentError(f"{name}: {span.place}: more than {MOST_UNITS:,} units: cut the file into parts")
        found.append(span)
    return found


def decode(data: bytes, name: str) -> tuple[str, bytes]:
    """Return a file's text and its byte order mark; raises `DocumentError` that names the line that is not UTF-8."""
    bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    for mark, charset in _OTHER_MARKS.items():
        if data.startswith(mark):
            raise DocumentError(f"{name}: is {charset}: convert the file to UTF-8")
    try:
        text = data[len(bom) :].decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        byte = error.object[error.start]
        raise DocumentError(
            f"{name}: line {line}, byte offset {len(bom) + error.start}, is not UTF-8 (byte 0x{byte:02x}): "
            "convert the file to UTF-8"
        ) from error
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise DocumentError(f"{name}: line {line}, is a NUL byte: this is no text; name a text file")
    check_count(text, "\n", MOST_LINES, name, "lines")
    return text, bom


def line_numbers(content: str) -> Callable[[int], int]:
    """Return a function from the position of a character to the number of its line, from 1."""
    starts = [0, *(found.end() for found in re.finditer("\n", content))]
    return lambda place: bisect_right(starts, place)


def one_line(text: str) -> str:
    """Put a translation on one line, for places where a line break has a meaning."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class RawLine:
    """A line without its end."""

    number: int
    start: int
    text: str

    @property
    def end(self) -> int:
        """The position of its line break."""
        return self.start + len(self.text)


def raw_lines(content: str) -> Iterator[RawLine]:
    r"""Yield the lines of a text; they end with "\n", "\r\n" or "\r"."""
    start = number = 0
    for number, end in enumerate(LINE_END.finditer(content), 1):
        yield RawLine(number, start, content[start : end.start()])
        start = end.end()
    if start < len(content):
        yield RawLine(number + 1, start, content[start:])
