"""EPUB: each text of the book is an XHTML file in the archive, and is translated as HTML; everything else stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from mtreason.documents.archives import read_members, replaced
from mtreason.documents.html import read_html
from mtreason.documents.protocol import Document, Reading, Unit
from mtreason.documents.spans import MOST_UNITS
from mtreason.documents.views import JoinedView, View
from mtreason.errors import DocumentError

_SUFFIXES = (".xhtml", ".html", ".htm")


class EpubDocument:
    """A book."""

    def __init__(self, data: bytes, name: str, reading: Reading) -> None:
        self._data = data
        self._archive = read_members(data, name, "an EPUB book")
        if "META-INF/container.xml" not in self._archive.namelist():
            raise DocumentError(f"{name}: not an EPUB book: it has no META-INF/container.xml")
        paths = [p for p in self._archive.namelist() if p.lower().endswith(_SUFFIXES)]
        self._parts: dict[str, Document] = {
            path: read_html(self._archive.read(path), f"{name}: {path}", reading) for path in paths
        }
        places = [(path, unit) for path, part in self._parts.items() for unit in part.units]
        if len(places) > MOST_UNITS:
            raise DocumentError(f"{name}: more than {MOST_UNITS:,} units: cut the book into parts")
        self.units = tuple(Unit(i, f"{path}, {u.place}", u.text) for i, (path, u) in enumerate(places, 1))

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the book; exactly the bytes that were read if nothing was translated."""
        given = list(texts)
        if given == [unit.text for unit in self.units]:
            yield self._data
            return
        rest = iter(given)
        changes = {}
        for path, part in self._parts.items():
            own = [next(rest) for _ in part.units]
            changes[path] = b"".join(part.render(own))
        yield replaced(self._archive, changes)

    def view(self) -> View:
        """Return the book as it stands, piece by piece."""
        others = [n for n in sorted(self._archive.namelist()) if n not in self._parts]
        rest = [f"{n} {hashlib.sha256(self._archive.read(n)).hexdigest()}" for n in others]
        parts = {path: part.view() for path, part in self._parts.items()}
        return JoinedView(parts, "\n".join(rest), lambda changes: replaced(self._archive, changes))


def read_epub(data: bytes, name: str, reading: Reading) -> Document:
    """Read a book; raises `DocumentError` for a file that is no archive, or exceeds the limits."""
    return EpubDocument(data, name, reading)
