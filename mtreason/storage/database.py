"""Values by key in a SQLite file that several processes share; those used longest ago go first.

What is in the file is only data, whoever wrote it: values are bytes that are never more than parsed, and a file whose
tables, triggers or views are not exactly the ones below is refused before anything of it is used.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mtreason.errors import MtreasonError

FILE = "cache.db"
BESIDE = ("-wal", "-shm", "-journal")
"""Ends of the names of files that SQLite keeps beside it."""
WAIT = 60.0
"""Seconds to wait for another process that writes."""
LONGEST = 1 << 22
"""Bytes of a value; a longer one is neither kept nor read."""
EVICTED = 64
"""How many values are removed at a time where there is no room."""
PAGE = 100
"""How many values are read at a time: no other process waits for a reader, and the longest fit into memory."""

_SCHEMA = {
    "kept": "CREATE TABLE kept (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL, "
    "made REAL NOT NULL, used REAL NOT NULL)",
    "kept_used": "CREATE INDEX kept_used ON kept (used)",
}
_AUTOMATIC = "sqlite_autoindex_kept_1"
_GET = "SELECT CASE WHEN typeof(value) = 'blob' AND length(value) <= ? THEN value END FROM kept WHERE key = ?"
_PAGE = """
SELECT id, CASE typeof(key) WHEN 'blob' THEN key END, CASE typeof(made) WHEN 'real' THEN made END,
CASE WHEN typeof(value) = 'blob' AND length(value) <= ? THEN value END FROM kept WHERE id > ? ORDER BY id LIMIT ?
"""


class Database:
    """Values by key."""

    def __init__(self, directory: Path, limit: int, what: str) -> None:
        """Open the file in a directory, or make it. It takes `limit` bytes on disk; `what` names it in messages.

        Raises `MtreasonError` where it cannot be written, or is not what this version writes.
        """
        self.path = directory / FILE
        self._limit = limit
        self._what = what
        self._lock = threading.Lock()
        with self._explained("opened"):
            directory.mkdir(parents=True, exist_ok=True)
            for path in (self.path, *(self.path.with_name(FILE + end) for end in BESIDE)):
                # A link would lead SQLite to write into any other file.
                if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
                    raise OSError(f"{path.name} is no file: remove it")
            self._connection = sqlite3.connect(
                self.path, timeout=WAIT, isolation_level=None, check_same_thread=False, cached_statements=32
            )
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        with self._explained("opened"):
            self._run("PRAGMA trusted_schema = OFF")
            self._run("PRAGMA auto_vacuum = INCREMENTAL")  # Without effect once there is a table.
            if not self._is_ours():
                with self._transaction():
                    if not self._is_ours():
                        for statement in _SCHEMA.values():
                            self._run(statement)
            self._share()
            self._run("PRAGMA synchronous = NORMAL")

    def _is_ours(self) -> bool:
        """Whether the tables are there; False for an empty file. Raises `sqlite3.DatabaseError` for any others."""
        found = dict(self._run("SELECT name, sql FROM sqlite_master").fetchall())
        if found and found != {**_SCHEMA, _AUTOMATIC: None}:
            raise sqlite3.DatabaseError(
                "it is damaged, or another version or program made it: remove the file to begin anew"
            )
        return bool(found)

    def _share(self) -> None:
        """Let one process write while others read."""
        end = time.monotonic() + WAIT
        while True:
            try:
                self._run("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                # SQLite does not wait here for another process that does the same.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(0.01)
            else:
                return

    def get(self, key: bytes) -> bytes | None:
        """Return the value under a key, which counts as used now; b"" for one that is no value."""
        with self._explained("read"), self._lock:
            row = self._run(_GET, LONGEST, key).fetchone()
            if row is None:
                return None
            self._run("UPDATE kept SET used = ? WHERE key = ?", time.time(), key)
            return row[0] or b""

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep values, all of them or none, and make room for them."""
        with self._explained("written"), self._lock, self._transaction():
            now = time.time()
            for key, value in values.items():
                if len(value) > LONGEST:
                    continue
                self._run(
                    "INSERT OR REPLACE INTO kept (key, value, made, used) VALUES (?, ?, ?, ?)", key, value, now, now
                )
            while self._volume() > self._limit:
                gone = self._run(
                    "DELETE FROM kept WHERE id IN (SELECT id FROM kept ORDER BY used, id LIMIT ?)", EVICTED
                )
                if gone.rowcount < EVICTED:
                    break

    def entries(self) -> Iterator[tuple[int, bytes, float, bytes]]:
        """Yield (number, key, time it was kept, value) in the order in which they were kept.

        Whatever is not of these types is replaced by something empty of the type.
        """
        last = -(1 << 63)
        while True:
            with self._explained("read"), self._lock:
                rows = self._run(_PAGE, LONGEST, last, PAGE).fetchall()
            for number, key, made, value in rows:
                yield number, key or b"", made or 0.0, value or b""
            if len(rows) < PAGE:
                return
            last = rows[-1][0]

    def size(self) -> tuple[int, int]:
        """Return (values, bytes on disk)."""
        with self._explained("read"), self._lock:
            return int(self._run("SELECT count(*) FROM kept").fetchone()[0]), self._volume()

    def remove(self, numbers: list[int] | None = None) -> int:
        """Remove the values with these numbers, or all for None; return how many there were."""
        with self._explained("written"), self._lock:
            with self._transaction():
                if numbers is None:
                    gone = int(self._run("DELETE FROM kept").rowcount)
                else:
                    many = self._connection.executemany("DELETE FROM kept WHERE id = ?", [(n,) for n in numbers])
                    gone = int(many.rowcount) if numbers else 0
            # As a script: each step gives one page back, and `execute` takes one step.
            self._connection.executescript("PRAGMA incremental_vacuum")
            self._run("PRAGMA wal_checkpoint(TRUNCATE)")
            return gone

    def close(self) -> None:
        """Close the file; it must not be used afterwards."""
        with self._lock:
            self._connection.close()

    def _run(self, statement: str, *values: bytes | float) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def _volume(self) -> int:
        pages, free, size = (
            int(self._run(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._run("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._run("ROLLBACK")
            raise
        self._run("COMMIT")

    @contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error, OverflowError) as error:
            reason = (error.strerror or error) if isinstance(error, OSError) else error
            raise MtreasonError(f"{self.path}: {self._what} cannot be {verb} ({reason})") from error
