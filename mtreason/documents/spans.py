"""Documents of which parts are replaced: every byte outside the translated parts stays unchanged."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mtreason.documents.protocol import Unit
from mtreason.documents.views import Piece, SplicedView, View
from mtreason.errors import DocumentError


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


class SpannedDocument:
    """Text with the spans that are translated, in order and without overlap."""

    def __init__(
        self, content: str, spans: Sequence[Span], bom: bytes = b"", view: Callable[[], View] | None = None
    ) -> None:
        self._content = content
        self._bom = bom
        self._spans = spans
        self._view = view
        self.units: tuple[Unit, ...] = tuple(Unit(i, s.place, s.text) for i, s in enumerate(spans, 1))

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the content with translations in place of spans; a unit with its own text stays as it was written."""
        end = 0
        yield self._bom
        for span, text in zip(self._spans, texts, strict=True):
            yield self._content[end : span.start].encode()
            same = text == span.text
            yield (self._content[span.start : span.end] if same else span.write(text)).encode()
            end = span.end
        yield self._content[end:].encode()

    def view(self) -> View:
        """Return the file as it stands, piece by piece."""
        if self._view is not None:
            return self._view()
        bounds = [(s.start, s.end) for s in self._spans]
        pieces = [Piece(s.place, "", s.text, self._content[s.start : s.end]) for s in self._spans]
        return SplicedView(self._content, bounds, pieces, self._bom)


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
    return text, bom


def line_of(content: str, place: int) -> int:
    """Return the number of the line with this character, from 1."""
    return content.count("\n", 0, place) + 1


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
    while start < len(content):
        number += 1
        stops = [i for i in (content.find("\n", start), content.find("\r", start)) if i >= 0]
        end = min(stops, default=len(content))
        yield RawLine(number, start, content[start:end])
        start = end + (2 if content.startswith("\r\n", end) else 1)
