"""Files in another charset than UTF-8: read as text, and written back in their own."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mtreason.documents.faults import Fault, document_faults
from mtreason.documents.protocol import Document, Unit
from mtreason.documents.spans import decode
from mtreason.documents.views import Piece, View
from mtreason.errors import DocumentError

_MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BEGINS_ALIKE = codecs.BOM_UTF32_LE
"""It begins as UTF-16 does, and is not read."""
Reader = Callable[[str, str, bytes], Document]
"""Reads a text, given with the file's name and the mark that is to stand before what is written."""


def marked(data: bytes, name: str, read: Reader) -> Document:
    """Read a file as its byte order mark says, and otherwise as UTF-8."""
    for mark, charset in _MARKS:
        if data.startswith(mark) and not data.startswith(_BEGINS_ALIKE):
            return in_charset(data[len(mark) :], name, read, charset, mark)
    content, bom = decode(data, name)
    return read(content, name, bom)


def in_charset(data: bytes, name: str, read: Reader, charset: str, mark: bytes = b"") -> Document:
    """Read a file in a charset; raises `DocumentError` where it is not in it."""
    try:
        plain = data.decode(charset).encode()
    except UnicodeDecodeError as error:
        byte = len(mark) + error.start
        raise DocumentError(
            f"{name}: byte offset {byte}, is not {charset.upper()}: convert the file to UTF-8"
        ) from error
    content, bom = decode(plain, name)
    return _Recoded(read(content, name, bom), charset, mark)


@dataclass(frozen=True, slots=True)
class _Recoded:
    """A document that is written in a charset of its own."""

    inner: Document
    charset: str
    mark: bytes

    @property
    def units(self) -> Iterable[Unit]:
        """See `Document.units`."""
        return self.inner.units

    @property
    def wraps(self) -> bool:
        """See `mtreason.documents.faults`."""
        return bool(getattr(self.inner, "wraps", False))

    def faults(self) -> Iterator[Fault]:
        """See `Checks.faults`."""
        yield from document_faults(self.inner)

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """See `Document.render`."""
        yield _written(b"".join(self.inner.render(texts)), self.charset, self.mark)

    def view(self) -> View:
        """See `Document.view`."""
        return _RecodedView(self.inner.view(), self.charset, self.mark)


@dataclass(frozen=True, slots=True)
class _RecodedView:
    """The view of such a document; implements `View`."""

    inner: View
    charset: str
    mark: bytes

    @property
    def pieces(self) -> Sequence[Piece]:
        """See `View.pieces`."""
        return self.inner.pieces

    @property
    def frame(self) -> str:
        """See `View.frame`."""
        return self.inner.frame

    @property
    def keyed(self) -> bool:
        """See `View.keyed`."""
        return self.inner.keyed

    def put(self, raws: Mapping[int, str], more: Sequence[str] = ()) -> bytes:
        """See `View.put`."""
        return _written(self.inner.put(raws, more), self.charset, self.mark)

    def owner(self, unit: Unit) -> int:
        """See `View.owner`."""
        return self.inner.owner(unit)

    def doubtful(self, raw: str) -> str:
        """See `View.doubtful`."""
        return self.inner.doubtful(raw)

    def obsolete(self, piece: Piece) -> str:
        """See `View.obsolete`."""
        return self.inner.obsolete(piece)


def _written(plain: bytes, charset: str, mark: bytes) -> bytes:
    return mark + plain.decode().encode(charset, "replace")
