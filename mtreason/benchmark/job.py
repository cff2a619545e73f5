"""A benchmark from beginning to end: segments, systems, results, manifest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtreason.benchmark.data import Row, by_pair, read_files, read_rows, read_testset
from mtreason.benchmark.results import check_directory, open_results
from mtreason.benchmark.run import describe, make_plan, manifest, run_benchmark
from mtreason.benchmark.systems import pick_systems
from mtreason.errors import InputError
from mtreason.languages import Direction, parse_language
from mtreason.models.loaded import LoadedModel
from mtreason.rewards import read_head
from mtreason.runs.checks import untrained
from mtreason.runs.progress import Progress
from mtreason.runs.settings import Settings


@dataclass(frozen=True, slots=True)
class SegmentSource:
    """The source of segments: one of three."""

    data: Path | None
    src: Path | None
    ref: tuple[Path, ...]
    from_: str | None
    to: str | None
    testset: str | None
    langs: str | None

    def read(self) -> list[Row]:
        """Read the segments; raises `InputError` unless exactly one source is named, with everything that it needs."""
        given = [n for n, v in (("--data", self.data), ("--src", self.src), ("--testset", self.testset)) if v]
        if len(given) != 1:
            found = f"{' and '.join(given)} exclude each other" if given else "no segments are named"
            raise InputError(
                f"{found}: give --data FILE.jsonl, or --src FILE --ref FILE --from LANG --to LANG, or "
                "--testset NAME --langs L-L"
            )
        for name, value, owner in (
            ("--ref", self.ref, "--src"),
            ("--from", self.from_, "--src"),
            ("--to", self.to, "--src"),
            ("--langs", self.langs, "--data" if self.data and self.langs else "--testset"),
        ):
            if value and given != [owner]:
                raise InputError(f"{name} belongs to {owner}, and {given[0]} is given: leave one of them out")
            if not value and given == [owner] and name != "--ref":
                raise InputError(f"{owner} needs {name}: say which language")
        if self.data:
            return read_rows(self.data, self.langs)
        if self.src:
            return read_files(self.src, self.ref, str(self.from_), str(self.to))
        return read_testset(str(self.testset), str(self.langs))


@dataclass(slots=True)
class BenchmarkJob:
    """One benchmark, from its segments to its manifest; an interrupted one continues in the same directory."""

    out: Path
    settings: Settings
    """The settings that all systems share."""
    progress: Progress
    command: Sequence[str]
    """The command that the manifest names as the origin of the results."""
    written: int = 0

    def what_is_kept(self) -> str:
        """Say what is kept where the job ends early."""
        return f"{self.written} results of this run are in {self.out}; the same command goes on from there"

    def run(
        self,
        source: SegmentSource,
        limit: int | None,
        systems: list[str],
        budgets: Sequence[float],
        open_model: Callable[[], LoadedModel],
    ) -> None:
        """Check everything that is cheap to check, then run the systems with these budgets."""
        picked = pick_systems(systems, budgets)
        groups = by_pair(source.read(), limit)
        plan = make_plan(groups, picked, self.settings, self.progress.warn)
        check_directory(self.out)
        self._check_head(groups)
        without = sum(not row.references for rows in groups.values() for row in rows)
        if without:
            total = sum(map(len, groups.values()))
            self.progress.note(
                f"{without} of {total} segments have no reference: scored by the model's own reward only"
            )
        started = time.monotonic()
        loaded = open_model()
        with open_results(self.out, describe(plan, loaded)) as writer:
            kept = len(writer.done)
            if kept:
                self.progress.note(f"{self.out} holds {kept} results already")

            def advance(system: str, pair: str, done: int, total: int) -> None:
                """Show how far a system is."""
                self.written = len(writer.done) - kept
                self.progress.count(f"{system} {pair}", done, total)
                if done == total:
                    self.progress.stop()
                    self.progress.note(f"{system}, {pair}: {total} segments")

            run_benchmark(plan, loaded, writer, advance)
            writer.finish(manifest(plan, writer, self.command, time.monotonic() - started))

    def _check_head(self, groups: Mapping[str, Sequence[Row]]) -> None:
        """Say for which languages the head was not trained."""
        if self.settings.head is None:
            return
        head = read_head(self.settings.head)
        for first, *_ in groups.values():
            direction = Direction(parse_language(first.source_tag), parse_language(first.target_tag))
            if (doubt := untrained(head, direction)) is not None:
                self.progress.warn(doubt)
