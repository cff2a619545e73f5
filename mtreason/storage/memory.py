"""The memory of translations: a translation with the same settings is made only once.

It is a SQLite file in the cache directory (diskcache), for all documents and runs; the least recently used goes first.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtreason.errors import MtreasonError
from mtreason.storage.protocol import Store, StoredTranslation

if TYPE_CHECKING:
    from diskcache import Cache

SIZE = 1 << 30
"""Bytes on disk."""


class Memory:
    """Translations by key."""

    def __init__(self, directory: Path) -> None:
        """Open the memory; raises `MtreasonError` where it cannot be written."""
        from diskcache import Cache, JSONDisk, Timeout

        self.directory = directory
        try:
            self._cache: Cache = Cache(
                str(directory), disk=JSONDisk, size_limit=SIZE, eviction_policy="least-recently-used"
            )
        except (OSError, sqlite3.Error, Timeout) as error:
            raise MtreasonError(f"{directory}: the memory of translations cannot be opened ({error})") from error

    def get(self, key: str) -> StoredTranslation | None:
        """Return the translation under a key; raises `MtreasonError` where the file cannot be read."""
        from diskcache import Timeout

        try:
            record = self._cache.get(key)
        except (OSError, sqlite3.Error, Timeout) as error:
            raise MtreasonError(f"{self.directory}: the memory of translations cannot be read ({error})") from error
        return None if record is None else _kept(record)

    def put(self, key: str, kept: StoredTranslation) -> None:
        """Keep a translation; raises `MtreasonError` where there is no room."""
        from diskcache import Timeout

        try:
            self._cache.set(key, asdict(kept), tag=repr(time.time()))
        except (OSError, sqlite3.Error, Timeout) as error:
            raise MtreasonError(f"{self.directory}: the memory of translations cannot be written ({error})") from error

    def entries(self) -> Iterator[StoredTranslation]:
        """Yield all translations, oldest first."""
        for key in self._cache:
            found = self.get(key)
            if found is not None:
                yield found

    def size(self) -> tuple[int, int]:
        """Return (translations, bytes)."""
        return len(self._cache), self._cache.volume()

    def prune(self, seconds: float | None) -> int:
        """Remove what was kept longer ago than this, or everything for None; return how many."""
        if seconds is None:
            return int(self._cache.clear())
        limit = time.time() - seconds
        gone = 0
        for key in list(self._cache):
            _, stored = self._cache.get(key, tag=True)
            if stored is not None and float(stored) < limit:
                gone += bool(self._cache.delete(key))
        return gone


class BestEffortStore:
    """A store that a run can do without: at its first error it says so, and is not used again."""

    def __init__(self, store: Store, note: Callable[[str], None]) -> None:
        self._store: Store | None = store
        self._note = note

    def get(self, key: str) -> StoredTranslation | None:
        """See `Store.get`."""
        try:
            return self._store.get(key) if self._store is not None else None
        except MtreasonError as error:
            self._give_up(error)
            return None

    def put(self, key: str, kept: StoredTranslation) -> None:
        """See `Store.put`."""
        try:
            if self._store is not None:
                self._store.put(key, kept)
        except MtreasonError as error:
            self._give_up(error)

    def _give_up(self, error: MtreasonError) -> None:
        self._store = None
        self._note(f"{error}: going on without")


def _kept(record: dict[str, Any]) -> StoredTranslation:
    source, target = record["languages"]
    return StoredTranslation(
        str(record["source"]), str(record["translation"]), bool(record["fell_back"]), (source, target)
    )
