"""Documents of which parts are replaced: every byte outside the translated parts stays unchanged."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mtreason.characters import utf8
from mtreason.documents.coded import Code, written
from mtreason.documents.protocol import Unit
from mtreason.documents.views import Piece, SplicedView, View
from mtreason.errors import DocumentError

MOST_UNITS = 1_000_000
MOST_LINES = 5_000_000
"""More units or lines than this would take gigabytes of memory."""
_LINE_END = re.compile(r"\r\n|\n|\r")


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

    def written(self, text: str) -> str:
        """Return what stands in the file for a translation."""
        return self.write(written(text, self.codes, self.escape))


@dataclass(frozen=True, slots=True)
class Fix:
    """What stands at `content[start:end]` once something was translated: the language of the file, its charset."""

    start: int
    end: int
    text: str


class SpannedDocument:
    """Text with the spans that are translated, in order and without overlap."""

    def __init__(
        self,
        content: str,
        spans: Sequence[Span],
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
        self.units: tuple[Unit, ...] = tuple(Unit(i, s.place, s.text, s.codes) for i, s in enumerate(spans, 1))

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the content with translations in place of spans; a unit with its own text stays as it was written."""
        given = list(zip(self._spans, texts, strict=True))
        changes = [Fix(s.start, s.end, s.written(text)) for s, text in given if text != s.text]
        if not changes and self._data is not None:
            yield self._data
            return
        yield from self._changed([*changes, *self._fixes] if changes else [])

    def render_fixed(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the content as `render` does, with all fixes even where nothing in it was translated."""
        given = zip(self._spans, texts, strict=True)
        yield from self._changed([*(Fix(s.start, s.end, s.written(t)) for s, t in given if t != s.text), *self._fixes])

    def _changed(self, changes: Iterable[Fix]) -> Iterator[bytes]:
        end = 0
        yield self._bom
        for change in sorted(changes, key=lambda fix: fix.start):
            yield self._content[end : change.start].encode()
            yield utf8(change.text)
            end = change.end
        yield self._content[end:].encode()

    def view(self) -> View:
        """Return the file as it stands, piece by piece."""
        if self._view is not None:
            return self._view()
        bounds = [(s.start, s.end) for s in self._spans]
        pieces = [Piece(s.place, "", s.text, self._content[s.start : s.end]) for s in self._spans]
        return SplicedView(self._content, bounds, pieces, self._bom)


def check_count(content: str, signs: str, most: int, name: str, what: str) -> None:
    """Raise `DocumentError` for a text in which certain characters occur more often than there is memory for."""
    if sum(map(content.count, signs)) > most:
        raise DocumentError(f"{name}: more than {most:,} {what}: cut the file into parts")


def bounded(spans: Iterable[Span], name: str) -> list[Span]:
    """Return all spans of a file; raises `DocumentError` at one too many, before more of them take memory."""
    found: list[Span] = []
    for span in spans:
        if len(found) == MOST_UNITS:
            raise DocumentError(f"{name}: {span.place}: more than {MOST_UNITS:,} units: cut the file into parts")
        found.append(span)
    return found


def decode(data: bytes, name: str) -> tuple[str, bytes]:
    """Return a file's text and its byte order mark; raises `DocumentError` that names the line that is not UTF-8."""
    bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DocumentError(f"{name}: is UTF-16: convert the file to UTF-8")
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
    for number, end in enumerate(_LINE_END.finditer(content), 1):
        yield RawLine(number, start, content[start : end.start()])
        start = end.end()
    if start < len(content):
        yield RawLine(number + 1, start, content[start:])
