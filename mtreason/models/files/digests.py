"""Digests of large files by their contents, remembered so that a start does not read gigabytes once more.

A file is taken for the one that was read where its place, its number in the file system, its size and the times of its
last changes are the same. The time of the last change of its entry cannot be set by programs as the others can. A file
that was changed a moment ago is not remembered: another change could carry the same time.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mtreason.errors import MtreasonError
from mtreason.files import cache_dir, read_regular, seal, unseal, write_bytes

FILE = "digests.json"
MOST = 4096
"""How many files are remembered."""
SETTLED = 2.0
"""Seconds after a change from which on a further change has another time in every usual file system."""
WORTH = 1 << 20
"""Bytes from which on remembering is worth it."""
CHUNK = 1 << 22

Stamp = list[int]
_WRITING = threading.Lock()


def file_digest(path: Path, progress: Callable[[float], None] = lambda _: None) -> str:
    """Return the SHA-256 of a file's contents; `progress` is told how much is read, 0 to 1. Raises `OSError`."""
    place = str(path.resolve())
    before = _stamp(path)
    if before[2] >= WORTH:
        known = _known().get(place)
        if known is not None and known[0] == before:
            return str(known[1])
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
            progress(file.tell() / max(1, before[2]))
    found = digest.hexdigest()
    newest = max(before[3], before[4]) / 1e9
    if before[2] >= WORTH and _stamp(path) == before and newest + SETTLED < time.time():
        with _WRITING:
            _remember(place, before, found)
    return found


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _place() -> Path:
    return cache_dir() / FILE


def _known() -> dict[str, Any]:
    """Return what is remembered: place -> [stamp, digest]; nothing where the file is damaged."""
    try:
        found = unseal(read_regular(_place()).removesuffix(b"\n"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict) or not all(map(_is_entry, found.values())):
        return {}
    return found


def _is_entry(entry: object) -> bool:
    match entry:
        case [[int(), int(), int(), int(), int()], str(digest)]:
            return len(digest) == 64
    return False


def _remember(place: str, stamp: Stamp, digest: str) -> None:
    known = _known()
    known.pop(place, None)
    known[place] = [stamp, digest]
    for old in list(known)[: max(0, len(known) - MOST)]:
        del known[old]
    file = _place()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(file, seal(known) + b"\n")
    except (OSError, MtreasonError):
        return  # A cache that cannot be written to goes without.
