"""One pass over the input: what is wrong with it, which rows are a part, and what has to be translated at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from mtreason.corpus.index import Index
from mtreason.corpus.output import Finished, Output
from mtreason.corpus.places import InputFile
from mtreason.corpus.reading import HASH, Reader, Row
from mtreason.corpus.rows import FAILED, outcome_of
from mtreason.errors import InputError


@dataclass(slots=True)
class Plan:
    """What is to be done."""

    rows: int = 0
    """Of the whole corpus."""
    parts: int = 0
    todo: dict[int, int] = field(default_factory=dict)
    """Part that is not finished -> how many of its rows have to be translated."""
    without_id: int = 0
    digest: str = ""
    """Of all rows, in their order."""

    @property
    def own(self) -> int:
        """How many rows have to be translated."""
        return sum(self.todo.values())


@dataclass(slots=True)
class Planner:
    """Divides rows into parts by position."""

    output: Output
    index: Index
    finished: Mapping[int, Finished]
    rows_per_file: int
    progress: Callable[[int], None] = lambda _rows: None
    """Called with the number of rows that were read."""

    def read(self, files: Iterable[InputFile], reader: Reader) -> Plan:
        """Read everything; raises `InputError` for files that cannot be read, ids that repeat, and for no rows."""
        plan = Plan()
        digest = hashlib.sha256()
        part: list[Row] = []
        for file in files:
            for row in reader.rows(file):
                if reader.id_column:
                    self._check_id(plan, row, file)
                for text in (row.id, row.text, row.error):
                    data = text.encode("utf-8")
                    digest.update(len(data).to_bytes(8, "big") + data)
                part.append(row)
                plan.rows += 1
                if len(part) == self.rows_per_file:
                    self._close(plan, part)
                    part = []
        if part:
            self._close(plan, part)
        if not plan.rows:
            raise InputError("there are no rows in the input: name files that have some")
        plan.digest = digest.hexdigest()
        self._share(plan)
        return plan

    def _check_id(self, plan: Plan, row: Row, file: InputFile) -> None:
        if row.id.startswith(HASH):
            plan.without_id += 1
            return  # They share an id where they share a text, and then all else too.
        before = self.index.add_id(row.id, plan.rows)
        if before is not None:
            raise InputError(
                f"{file.name}: the id {row.id[:40]!r} of row {plan.rows + 1} of the corpus is that of row {before + 1} "
                "too: make ids that differ, or leave out --id-column"
            )

    def _close(self, plan: Plan, rows: list[Row]) -> None:
        """Write what is to be done for a part, unless it is finished."""
        number = plan.parts
        plan.parts += 1
        first = [not row.error and self.index.add_text(row.text, number) for row in rows]
        done = self.finished.get(number)
        self.progress(plan.rows)
        if done is not None and not done.failed:
            return
        known = self._known(number) if done is not None else set()
        own = [is_first and row.text not in known for row, is_first in zip(rows, first, strict=True)]
        self.output.plan(
            number,
            [
                {"part": number, "row": i, "id": row.id, "text": row.text, "error": row.error, "own": own[i]}
                for i, row in enumerate(rows)
            ],
        )
        plan.todo[number] = sum(own)

    def _known(self, part: int) -> set[str]:
        """Return the texts of a part with failures that did not fail, and keep their outcomes."""
        rows = [row for row in self.output.rows(part) if row["status"] != FAILED]
        for row in rows:
            self.index.put(row["source"], outcome_of(row))
        return {row["source"] for row in rows}

    def _share(self, plan: Plan) -> None:
        """Keep the outcomes in finished parts that others need."""
        last = max(plan.todo, default=-1)
        for part in self.index.parts_that_share():
            if part in self.finished and part not in plan.todo and part < last:
                for row in self.output.rows(part):
                    if row["status"] != FAILED and self.index.shared(row["source"]):
                        self.index.put(row["source"], outcome_of(row))
