"""Rows of the output, and the two formats in which they are written: the same rows are the same bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mtreason.corpus.places import PARQUET
from mtreason.errors import InputError
from mtreason.records import parse_record, record_line

FAILED = "failed"
"""Status of a row that was not translated; a resume tries it again."""

OUTCOME = {
    "translation": pa.string(),
    "score": pa.float64(),
    "parts": pa.map_(pa.string(), pa.float64()),
    "status": pa.string(),
    "error": pa.string(),
    "terms_missed": pa.list_(pa.string()),
    "tokens": pa.int64(),
}
"""Columns that a translation has."""
SCHEMA = pa.schema({"id": pa.string(), "source": pa.string(), **OUTCOME, "run": pa.string()})
"""Columns of the output."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a text."""

    translation: str | None
    """None where it failed."""
    score: float | None
    parts: Mapping[str, float]
    status: str
    """A status of `Translation`, or FAILED; never "kept", which depends on what else was translated."""
    error: str | None
    """Why it failed, or the names of the gates that it fell back for."""
    terms_missed: Sequence[str]
    """Sources of glossary terms that the translation does not follow."""
    tokens: int
    """What passes through the model for this text alone."""
    seconds: float = field(default=0.0, compare=False)
    """From start to end, other texts in flight. No column of the output, whose bytes would never be the same."""


def failed(error: str) -> Outcome:
    """Return the outcome of a text that was not translated."""
    return Outcome(None, None, {}, FAILED, " ".join(error.split())[:300], (), 0)


def output_row(own: str, source: str, outcome: Outcome, run: str) -> dict[str, Any]:
    """Return a row of the output."""
    values = asdict(outcome)
    del values["seconds"]
    return {"id": own, "source": source, **values, "terms_missed": list(outcome.terms_missed), "run": run}


def outcome_of(row: Mapping[str, Any]) -> Outcome:
    """Return the outcome in a row of the output, or of a batch that was translated."""
    values = {name: row[name] for name in OUTCOME}
    return Outcome(**values | {"parts": dict(row["parts"] or ())}, seconds=row.get("seconds", 0.0))


def outcome_columns(outcomes: Sequence[Outcome]) -> dict[str, pa.Array]:
    """Return the columns of outcomes, with that of the seconds."""
    rows = [asdict(outcome) | {"parts": list(outcome.parts.items())} for outcome in outcomes]
    types = {**OUTCOME, "seconds": pa.float64()}
    return {name: pa.array([row[name] for row in rows], kind) for name, kind in types.items()}


def table_bytes(table: pa.Table) -> bytes:
    """Return a table as a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def rows_bytes(rows: Sequence[Mapping[str, Any]], form: str) -> bytes:
    """Return rows of the output as a file of this format."""
    if form != PARQUET:
        return "".join(record_line(row) for row in rows).encode("utf-8")
    listed = [{**row, "parts": list(row["parts"].items())} for row in rows]
    return table_bytes(pa.Table.from_pylist(listed, SCHEMA))


def read_output(data: bytes, form: str, name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of the output; raises `InputError` for one that was changed."""
    try:
        if form == PARQUET:
            rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(data)).to_pylist()
        else:
            rows = [parse_record(line) for line in data.decode("utf-8").split("\n") if line]
        for row in rows:
            outcome_of(row)
    except (ValueError, KeyError, TypeError, OSError, pa.ArrowException) as error:
        raise InputError(
            f"{name}: damaged ({' '.join(str(error).split())[:100]}): remove it, it is made again"
        ) from error
    return rows
