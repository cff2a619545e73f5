"""The folder that a corpus is written to: its identity, the parts that are finished, and what is to be done."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mtreason.corpus.places import Folder
from mtreason.corpus.rows import FAILED, read_output, rows_bytes, table_bytes
from mtreason.errors import InputError
from mtreason.records import parse_record
from mtreason.runs.spec import RunSpec, read_spec
from mtreason.runs.translation import FELL_BACK
from mtreason.storage.locking import HeldError, Lock
from mtreason.storage.shapes import fits

OWN = "_mtreason"
"""The folder in it that is no data; readers of folders leave out what begins so."""
MANIFEST = f"{OWN}/manifest.json"
WORK, TEXTS = f"{OWN}/work", f"{OWN}/texts"
"""Folders with a file for each part that is not finished: all its rows, and the texts that have to be translated."""
LAYOUT = 1
"""Version of the manifest."""
PLANNED = pa.schema(
    {
        "part": pa.int64(),
        "row": pa.int64(),
        "id": pa.string(),
        "text": pa.string(),
        "error": pa.string(),
        "own": pa.bool_(),
    }
)
"""Columns of what is to be done: `own` rows are to be translated, the others have the text of another one."""
_RECORD = {"rows": int, "failed": int, "fell_back": int, "tokens": int, "seconds": [(float, int)], "bytes": int}


@dataclass(frozen=True, slots=True)
class Finished:
    """A part that is finished."""

    rows: int
    failed: int
    fell_back: int
    tokens: int
    """Of rows that were translated for this part."""
    seconds: Sequence[float]
    """Of each row; 0 for one that has the translation of another."""
    bytes: int
    """Size of its file."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a folder holds: the same job makes the same bytes."""

    run: RunSpec
    corpus: Mapping[str, Any]
    """Columns, format, rows a part; and the number and digest of the rows, once they are known."""

    def differences(self, before: Identity) -> list[tuple[str, Any, Any]]:
        """Return (name, earlier value, value now) of what differs and is known in both."""
        names = [name for name in self.corpus if name in before.corpus and self.corpus[name] != before.corpus[name]]
        return [(n, before.corpus[n], self.corpus[n]) for n in names] + self.run.differences(before.run)


@dataclass(frozen=True, slots=True)
class Output:
    """The folder of an output."""

    folder: Folder
    form: str

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no other process of this machine write there; raises `InputError` where one does."""
        if not self.folder.local:
            yield
            return
        try:
            Path(self.folder.at(OWN)).mkdir(parents=True, exist_ok=True)
            lock = Lock(Path(self.folder.at(f"{OWN}/lock")))
        except HeldError as error:
            raise InputError(f"{self.folder.name} is being written by another process: wait for it") from error
        except OSError as error:
            raise InputError(
                f"{self.folder.name} cannot be written ({error.strerror or error}): name another folder"
            ) from error
        try:
            yield
        finally:
            lock.release()

    def check(self, identity: Identity) -> bool:
        """Return whether this job has been here; raises `InputError` for a folder of another job, or of other files."""
        try:
            before = self._identity()
        except FileNotFoundError:
            if self._only_ours():
                return False
            raise InputError(f"{self.folder.name} holds other files: name a folder of its own") from None
        differences = identity.differences(before)
        if differences:
            said = "; ".join(f"{name} is {_short(new)}, and was {_short(old)}" for name, old, new in differences)
            raise InputError(f"{self.folder.name} is of another job: {said}: name another folder with -o")
        return True

    def _only_ours(self) -> bool:
        """Whether nothing is there but what a run made that ended before it knew its identity."""
        return self.folder.names() <= {OWN}

    def _identity(self) -> Identity:
        where = self.folder.at(MANIFEST)
        try:
            record = parse_record(self.folder.read(MANIFEST))
            if not fits(record, {"layout": int, "run": dict, "corpus": dict}):
                raise ValueError("not of this form")
        except ValueError as error:
            raise InputError(f"{where}: not the manifest of a corpus ({error}): name another folder with -o") from error
        if record["layout"] != LAYOUT:
            raise InputError(f"{where}: written by another version of mtreason: name another folder with -o")
        return Identity(read_spec(record["run"], where), record["corpus"])

    def begin(self, identity: Identity) -> None:
        """Record what this folder holds."""
        record = {
            "layout": LAYOUT,
            "digest": identity.run.digest,
            "run": identity.run.to_json(),
            "corpus": dict(identity.corpus),
        }
        self.folder.write(MANIFEST, json.dumps(record, ensure_ascii=False, indent=2).encode("utf-8"))

    def name(self, part: int) -> str:
        """Return the name of a part's file."""
        return f"part-{part:06}.{self.form}"

    def finished(self) -> dict[int, Finished]:
        """Return the parts that are finished: there is a record of them, and a file of the size that it says."""
        sizes, found = self.folder.listing(), {}
        for name in self.folder.listing(f"{OWN}/parts"):
            with suppress(ValueError, FileNotFoundError):
                part = int(name.removesuffix(".json"))
                record = parse_record(self.folder.read(f"{OWN}/parts/{name}"))
                if fits(record, _RECORD) and sizes.get(self.name(part)) == record["bytes"]:
                    found[part] = Finished(**{key: record[key] for key in _RECORD})
        return found

    def rows(self, part: int) -> list[dict[str, Any]]:
        """Return the rows of a part that is finished."""
        name = self.name(part)
        return read_output(self.folder.read(name), self.form, self.folder.at(name))

    def finish(self, part: int, rows: Sequence[Mapping[str, Any]], tokens: int, seconds: Sequence[float]) -> Finished:
        """Write a part, then the record that says so."""
        data = rows_bytes(rows, self.form)
        statuses = [row["status"] for row in rows]
        done = Finished(len(rows), statuses.count(FAILED), statuses.count(FELL_BACK), tokens, seconds, len(data))
        self.folder.write(self.name(part), data)
        record = {key: getattr(done, key) for key in _RECORD}
        self.folder.write(f"{OWN}/parts/{part:06}.json", json.dumps(record).encode("utf-8"))
        for folder in (WORK, TEXTS):
            self.folder.remove(f"{folder}/{part:06}.parquet")
        return done

    def end(self) -> None:
        """Remove what is needed for a resume only."""
        for folder in (WORK, TEXTS):
            self.folder.remove(folder)

    def plan(self, part: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write what is to be done for a part."""
        table = pa.Table.from_pylist(rows, PLANNED)
        self.folder.write(f"{WORK}/{part:06}.parquet", table_bytes(table))
        own = table.filter(table["own"]).select(["part", "row", "text"])
        self.folder.write(f"{TEXTS}/{part:06}.parquet", table_bytes(own))

    def planned(self, part: int) -> pa.Table:
        """Return what is to be done for a part."""
        return pq.read_table(io.BytesIO(self.folder.read(f"{WORK}/{part:06}.parquet")))

    def own(self, part: int) -> pa.Table:
        """Return the texts of a part that have to be translated: part, row, text."""
        return pq.read_table(io.BytesIO(self.folder.read(f"{TEXTS}/{part:06}.parquet")))


def _short(value: Any) -> str:  # noqa: ANN401 - what JSON can hold
    """Return a value in a few words."""
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value or "nothing"
    if len(text) <= 40:
        return text
    return f"{text[:20]}… ({hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]})"
