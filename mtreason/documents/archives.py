"""Zip archives: they are read within limits, and written again with only chosen members replaced."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Mapping

from mtreason.errors import DocumentError
from mtreason.xmlfiles import MOST_TAGS, plain_xml

MOST_BYTES = 256 << 20
MOST_MEMBERS = 10_000
_KIND = "mimetype"


def read_members(data: bytes, name: str, kind: str) -> zipfile.ZipFile:
    """Open an archive; raises `DocumentError` for a file that is no archive, is damaged, or unpacks to too much."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise DocumentError(f"{name}: not {kind}: {error}") from error
    sizes = [member.file_size for member in archive.infolist()]
    if len(sizes) > MOST_MEMBERS or sum(sizes) > MOST_BYTES:
        raise DocumentError(
            f"{name}: unpacks to {sum(sizes) >> 20} MB in {len(sizes)} files; more than {MOST_BYTES >> 20} MB or "
            f"{MOST_MEMBERS} files are not read"
        )
    try:
        damaged = archive.testzip()
    except Exception as error:  # a damaged file can raise anything in the library
        raise DocumentError(f"{name}: a file in it cannot be read: {error}") from error
    if damaged is not None:
        raise DocumentError(f"{name}: {damaged} in it is damaged")
    return archive


def check_xml(archive: zipfile.ZipFile, name: str) -> None:
    """Raise `DocumentError` for entities in any XML file of an archive, and where all have too many tags together."""
    tags = 0
    for path in archive.namelist():
        if path.lower().endswith((".xml", ".rels")):
            plain = plain_xml(archive.read(path), f"{name}: {path}")
            tags += plain.count(b"<") + plain.count(b"=")
    if tags > MOST_TAGS:
        raise DocumentError(f"{name}: more than {MOST_TAGS:,} tags and attributes: cut the document into parts")


def replaced(archive: zipfile.ZipFile, changes: Mapping[str, bytes]) -> bytes:
    """Return the archive with other contents for some members, in the same order and with the same dates.

    The member that says what the archive is (mimetype) comes first and is not compressed, where there is one.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        for info in sorted(archive.infolist(), key=lambda member: member.filename != _KIND):
            content = changes[info.filename] if info.filename in changes else archive.read(info)
            # Writing notes in an entry where it now stands, and the archive must be readable after this.
            stored = zipfile.ZIP_STORED if info.filename == _KIND else info.compress_type
            written.writestr(copy.copy(info), content, stored)
    return out.getvalue()
