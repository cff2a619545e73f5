"""A run over a corpus: read it, translate what is not there yet, write part after part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from mtreason.corpus import DEFAULT_BATCH, DEFAULT_ROWS
from mtreason.corpus.batches import add_outcomes
from mtreason.corpus.index import Index
from mtreason.corpus.output import Finished, Identity, Output
from mtreason.corpus.places import JSONL, PARQUET, InputFile, find_files, open_folder
from mtreason.corpus.plan import Plan, Planner
from mtreason.corpus.reading import Reader
from mtreason.corpus.rows import FAILED, Outcome, failed, outcome_of, output_row
from mtreason.errors import InputError, InterruptedRunError
from mtreason.files import sha256_of
from mtreason.runs.checks import plan
from mtreason.runs.spec import RunSpec, describe_run
from mtreason.runs.stopping import keeping

if TYPE_CHECKING:
    from mtreason.glossary import Terms
    from mtreason.languages import Direction
    from mtreason.runs.settings import Settings
    from mtreason.runs.translator import Translator

MOST_ROWS = 1_000_000
"""They are held in memory."""
LOST = "no worker brought a result: each that began it died"


@dataclass(frozen=True, slots=True)
class CorpusJob:
    """What is read, and where it is written. Raises `InputError` for numbers that are not possible."""

    inputs: tuple[str, ...]
    out: str
    column: str = "text"
    id_column: str | None = None
    form: str | None = None
    """Of the output; None for that of the first input."""
    rows_per_file: int = DEFAULT_ROWS
    batch_size: int = DEFAULT_BATCH
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.form not in {None, PARQUET, JSONL}:
            raise InputError(f"--format {self.form!r}: expected {PARQUET} or {JSONL}")
        for name, value in (("rows-per-file", self.rows_per_file), ("batch-size", self.batch_size)):
            if not 1 <= value <= MOST_ROWS:
                raise InputError(f"--{name} {value}: must be at least 1 and at most {MOST_ROWS}")


class Workers(Protocol):
    """Those who translate."""

    def describe(self) -> RunSpec:
        """Return the identity of what they do."""

    def translate(self, output: Output, parts: Mapping[int, int]) -> Iterator[pa.Table]:
        """Yield the rows that have to be translated of parts (number -> how many), with their outcomes, in order.

        A row may be missing: then nobody could say what became of it.
        """


@dataclass(slots=True)
class Here:
    """Translates in this process."""

    open_translator: Callable[[], Translator]
    batch_size: int = DEFAULT_BATCH
    _translator: Translator | None = None

    @property
    def translator(self) -> Translator:
        """The translator, opened at its first use."""
        self._translator = self._translator or self.open_translator()
        return self._translator

    def describe(self) -> RunSpec:
        """See `Workers.describe`."""
        return self.translator.spec

    def translate(self, output: Output, parts: Mapping[int, int]) -> Iterator[pa.Table]:
        """See `Workers.translate`."""
        for part in parts:
            table = output.own(part)
            for start in range(0, len(table), self.batch_size):
                yield add_outcomes(self.translator, table.slice(start, self.batch_size), "text")


@dataclass(slots=True)
class CorpusReport:
    """What was done."""

    rows: int = 0
    """Of the whole corpus."""
    failed: int = 0
    fell_back: int = 0
    missed: int = 0
    """Rows that miss a term."""
    translated: int = 0
    """Rows that this run gave to the model."""
    tokens: int = 0
    """What these cost."""
    seconds: float = 0.0
    without_id: int = 0
    first_failure: str = ""


class Watch(Protocol):
    """Is told how far a run is."""

    def read(self, rows: int) -> None:
        """So many rows were read."""

    def done(self, report: CorpusReport, rows: int, total: int) -> None:
        """So many of the rows that were not finished are."""


def before_model(direction: Direction, settings: Settings, terms: Terms) -> RunSpec:
    """Return what is known of the identity of a run before a model is loaded."""
    _, reward = plan(settings)
    memories = [(str(path), sha256_of(path)) for path in settings.memories]
    return describe_run(settings, direction, None, reward, terms, metric="", memories=memories)


@dataclass(slots=True)
class CorpusRun:
    """A run over a corpus."""

    job: CorpusJob
    early: RunSpec
    """What is known of the identity before a model is."""
    watch: Watch
    output: Output = field(init=False)
    files: list[InputFile] = field(init=False)
    report: CorpusReport = field(default_factory=CorpusReport)
    _kept: int = 0

    def __post_init__(self) -> None:
        """Find the files; raises `InputError` for names that lead nowhere, and for an output among the inputs."""
        self.files = find_files(self.job.inputs)
        folder = open_folder(self.job.out)
        inside = [file.name for file in self.files if f"{file.path}/".startswith(f"{folder.path.rstrip('/')}/")]
        if inside:
            raise InputError(f"{inside[0]} is in the folder of the output: name another folder with -o")
        form = self.job.form or self.files[0].form
        self.output = Output(folder, form)

    def __call__(self, workers: Workers) -> CorpusReport:
        """Do what is not done; raises `InputError` for bad input, and `InterruptedRunError` where a limit ends it."""
        job, started = self.job, time.monotonic()
        corpus: dict[str, Any] = {"column": job.column, "id column": job.id_column, "format": self.output.form}
        corpus["rows per file"] = job.rows_per_file
        with self.output.held(), Index() as index, keeping(self._what_is_kept):
            self.output.check(Identity(self.early, corpus))
            finished = self.output.finished()
            planner = Planner(self.output, index, finished, job.rows_per_file, self.watch.read)
            found = planner.read(self.files, Reader(job.column, job.id_column))
            identity = Identity(self.early, corpus | {"rows": found.rows, "digest of the rows": found.digest})
            self.output.check(identity)
            self.report.rows, self.report.without_id = found.rows, found.without_id
            for part, done in finished.items():
                if part not in found.todo:
                    self._count(done)
            if found.todo:
                identity = Identity(workers.describe(), identity.corpus)
                self.output.check(identity)
                self.output.begin(identity)
                self._translate(workers, found, index, identity.run.digest, started)
            self.output.end()
        self.report.seconds = time.monotonic() - started
        return self.report

    def _what_is_kept(self) -> str:
        return f"{self._kept} rows are finished; the same command goes on"

    def _count(self, done: Finished) -> None:
        self._kept += done.rows
        self.report.failed += done.failed
        self.report.fell_back += done.fell_back

    def _translate(self, workers: Workers, found: Plan, index: Index, run: str, started: float) -> None:
        """Translate parts in order, and write each as soon as it and those before it are complete."""
        parts, size = sorted(found.todo), self.job.rows_per_file
        total = sum(min(size, found.rows - part * size) for part in parts)
        before = self._kept
        stream = workers.translate(self.output, {part: found.todo[part] for part in parts if found.todo[part]})
        for part, outcomes in gathered(stream, found.todo, self._limited(started)):
            self._count(self._finish(part, outcomes, index, run))
            self.report.seconds = time.monotonic() - started
            self.watch.done(self.report, self._kept - before, total)

    def _limited(self, started: float) -> Callable[[], None]:
        """Return a function that raises `InterruptedRunError` once the time is over."""

        def check() -> None:
            limit = self.job.max_seconds
            if limit is not None and time.monotonic() - started >= limit:
                raise InterruptedRunError(f"--max-seconds {limit:g} are over")

        return check

    def _finish(self, part: int, outcomes: dict[int, Outcome], index: Index, run: str) -> Finished:
        """Write a part."""
        table: list[dict[str, Any]] = self.output.planned(part).to_pylist()
        own = {row["text"]: outcomes.get(row["row"]) or failed(LOST) for row in table if row["own"]}
        for text, outcome in own.items():
            if index.shared(text):
                index.put(text, outcome)
        rows = []
        for row in table:
            known = failed(row["error"]) if row["error"] else own.get(row["text"]) or index.get(row["text"])
            rows.append(output_row(row["id"], row["text"], known or failed(LOST), run))
        tokens = sum(outcome.tokens for outcome in own.values())
        seconds = [own[row["text"]].seconds if row["own"] else 0.0 for row in table]
        self._look_at(rows)
        self.report.translated += len(own)
        self.report.tokens += tokens
        return self.output.finish(part, rows, tokens, [round(s, 4) for s in seconds])

    def _look_at(self, rows: Iterable[dict[str, Any]]) -> None:
        for row in rows:
            self.report.missed += bool(row["terms_missed"])
            if row["status"] == FAILED and not self.report.first_failure:
                self.report.first_failure = f"{row['id'][:40]} ({row['error']})"


def gathered(
    stream: Iterator[pa.Table], todo: dict[int, int], check: Callable[[], None]
) -> Iterator[tuple[int, dict[int, Outcome]]]:
    """Yield each part with the outcomes of its rows, in order, as soon as it is complete.

    Once a later part has begun, what is missing in an earlier one will not come any more.
    """
    waiting = iter(sorted(todo))
    current = next(waiting, None)
    found: dict[int, Outcome] = {}
    for table in stream:
        for row in table.to_pylist():
            while current is not None and (row["part"] > current or not todo[current]):
                yield current, found
                current, found = next(waiting, None), {}
            found[row["row"]] = outcome_of(row)
        while current is not None and len(found) == todo[current]:
            yield current, found
            current, found = next(waiting, None), {}
        check()
    while current is not None:
        yield current, found
        current, found = next(waiting, None), {}
