"""What is known of the texts and ids of a whole corpus: in a temporary file, so that memory does not grow with it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Self

from mtreason.corpus.rows import Outcome, outcome_of
from mtreason.errors import MtreasonError
from mtreason.files import short_digest
from mtreason.records import parse_record

MEMORY_KB = 1 << 16
"""Of the index; the rest is on disk."""


class Index:
    """Which part of the output each text is translated in, and the outcomes that several parts need.

    SQLite removes the file when the process ends, whichever way; it is in SQLITE_TMPDIR, TMPDIR or /var/tmp.
    """

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)
        for statement in (
            f"PRAGMA cache_size = -{MEMORY_KB}",
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "CREATE TABLE texts (key BLOB PRIMARY KEY, part INTEGER, shared INTEGER) WITHOUT ROWID",
            "CREATE TABLE ids (key BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID",
            "CREATE TABLE outcomes (key BLOB PRIMARY KEY, value TEXT) WITHOUT ROWID",
        ):
            self._base.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    @contextmanager
    def _explained(self) -> Iterator[sqlite3.Cursor]:
        try:
            with closing(self._base.cursor()) as cursor:
                yield cursor
        except sqlite3.OperationalError as error:
            raise MtreasonError(
                f"the index of the corpus cannot be written ({error}): let SQLITE_TMPDIR name a folder with room"
            ) from error

    def add_id(self, own: str, row: int) -> int | None:
        """Record the id of a row; return the number of the earlier row that has it, or None."""
        key = short_digest(own)
        with self._explained() as cursor:
            if cursor.execute("INSERT OR IGNORE INTO ids VALUES (?, ?)", (key, row)).rowcount:
                return None
            [first] = cursor.execute("SELECT row FROM ids WHERE key = ?", (key,)).fetchone()
            return int(first)

    def add_text(self, text: str, part: int) -> bool:
        """Record that a part has a text; return whether it is the first row of all with it."""
        key = short_digest(text)
        with self._explained() as cursor:
            if cursor.execute("INSERT OR IGNORE INTO texts VALUES (?, ?, 0)", (key, part)).rowcount:
                return True
            cursor.execute("UPDATE texts SET shared = 1 WHERE key = ? AND part < ? AND shared = 0", (key, part))
            return False

    def parts_that_share(self) -> list[int]:
        """Return the parts with texts that later parts have too."""
        with self._explained() as cursor:
            return [part for (part,) in cursor.execute("SELECT DISTINCT part FROM texts WHERE shared ORDER BY part")]

    def put(self, text: str, outcome: Outcome) -> None:
        """Keep the outcome of a text that a later part has too, or may have."""
        value = json.dumps(asdict(outcome) | {"seconds": 0.0})
        with self._explained() as cursor:
            cursor.execute("INSERT OR REPLACE INTO outcomes VALUES (?, ?)", (short_digest(text), value))

    def shared(self, text: str) -> bool:
        """Whether a part later than the first one with this text has it too."""
        with self._explained() as cursor:
            found = cursor.execute("SELECT shared FROM texts WHERE key = ?", (short_digest(text),)).fetchone()
            return bool(found and found[0])

    def get(self, text: str) -> Outcome | None:
        """Return the outcome of a text that is kept here."""
        with self._explained() as cursor:
            found = cursor.execute("SELECT value FROM outcomes WHERE key = ?", (short_digest(text),)).fetchone()
        return None if found is None else outcome_of(parse_record(found[0]))
