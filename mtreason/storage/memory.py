"""The memory of translations: a translation with the same settings is made only once.

It is a file in the cache directory, for all documents and runs; the least recently used goes first. Each translation is
a line of JSON after its checksum, so that a damaged one is noticed and made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from mtreason.errors import MtreasonError
from mtreason.files import seal, short_digest, unseal
from mtreason.storage.database import Database
from mtreason.storage.protocol import Store, StoredTranslation, stored

SIZE = 1 << 30
"""Bytes on disk."""


class Memory:
    """Translations by key."""

    def __init__(self, directory: Path) -> None:
        """Open the memory; raises `MtreasonError` where it cannot be written, or is not what this version writes."""
        self.directory = directory
        self._cache = Database(directory, SIZE, "the memory of translations")
        self.note: Callable[[str], None] = lambda _: None
        """Told once where a translation is damaged."""
        self.damaged = 0
        """How many damaged translations were met so far."""

    def get(self, key: str) -> StoredTranslation | None:
        """Return the translation under a key, None for a damaged one too.

        Raises `MtreasonError` where the file cannot be read.
        """
        own = short_digest(key)
        value = self._cache.get(own)
        kept = None if value is None else _kept(own, value)
        if value is not None and kept is None:
            self._tell_damage()
        return kept

    def put(self, key: str, kept: StoredTranslation) -> None:
        """Keep a translation; raises `MtreasonError` where there is no room."""
        self._cache.put({short_digest(key): seal({"key": key, **asdict(kept)})})

    def entries(self) -> Iterator[StoredTranslation]:
        """Yield all translations that are not damaged, oldest first."""
        for _, key, _, value in self._cache.entries():
            kept = _kept(key, value)
            if kept is None:
                self._tell_damage()
            else:
                yield kept

    def size(self) -> tuple[int, int]:
        """Return (translations, bytes)."""
        return self._cache.size()

    def prune(self, seconds: float | None) -> int:
        """Remove what was kept longer ago than this and what is damaged, or everything for None; return how many."""
        if seconds is None:
            return self._cache.remove()
        limit = time.time() - seconds
        return self._cache.remove(
            [n for n, key, made, value in self._cache.entries() if not made >= limit or _kept(key, value) is None]
        )

    def close(self) -> None:
        """Close the file; the memory must not be used afterwards."""
        self._cache.close()

    def _tell_damage(self) -> None:
        self.damaged += 1
        if self.damaged == 1:
            self.note(
                f"{self._cache.path}: a translation in it is damaged and left out; "
                "'mtreason cache prune --older-than 3650d' removes such ones"
            )


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


def _kept(own: bytes, value: bytes) -> StoredTranslation | None:
    """Return the translation in a value; None for a damaged value, and for that of another key."""
    try:
        record = unseal(value)
        if short_digest(record.pop("key")) != own:
            return None
        return stored(record)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
