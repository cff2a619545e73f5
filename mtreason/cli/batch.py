"""`mtreason batch`: a repository of documents that stays translated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtreason.cli import options
from mtreason.cli.limits import stopping
from mtreason.cli.loading import Session
from mtreason.cli.output import Output, say
from mtreason.errors import DocumentError, InputError
from mtreason.runs.settings import Options
from mtreason.runs.stopping import keeping

if TYPE_CHECKING:
    from mtreason.documents import Document, Unit
    from mtreason.languages import Language
    from mtreason.models.files.resolve import ResolvedModel
    from mtreason.models.loaded import LoadedModel
    from mtreason.runs.pipeline import Segment, TranslatedUnit, TranslationCache
    from mtreason.runs.project import Config, Finding, Job
    from mtreason.runs.translator import Translator
    from mtreason.storage import Journal

FINDINGS = 3
"""Exit code: something is stale, or not as it should be."""
SUMMARIES = (".md", ".json", ".xml")


def batch(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="What is translated, into what, and how.")] = Path(
        "mtreason.toml"
    ),
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing and load no model; exit with 3 where something is wrong.")
    ] = False,
    summary: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Write a summary: .md, .json, or .xml for JUnit; may be repeated."),
    ] = None,
    in_flight: options.InFlight = 16,
    max_seconds: options.MaxSeconds = None,
    quiet: options.Quiet = False,
    trust_remote_code: options.TrustRemoteCode = False,
) -> None:
    """Translate what is missing or stale of a set of documents, and hold all of it against its sources."""
    from mtreason.runs.project import find_jobs, read_config

    for path in summary or ():
        if path.suffix.lower() not in SUMMARIES:
            raise InputError(f"--summary {path}: expected a name that ends in {', '.join(SUMMARIES)}")
    read = read_config(config)
    root = config.absolute().parent
    jobs = find_jobs(read, root)
    run = _Run(read, root, jobs, Session(quiet, read.model or None, trust_remote_code), in_flight, max_seconds)
    if not check:
        run.translate()
    findings = run.findings()
    run.report(findings, summary or (), check=check)
    if findings or run.fell_back:
        raise typer.Exit(FINDINGS)


@dataclass(slots=True)
class _Run:
    config: Config
    root: Path
    jobs: list[Job]
    session: Session
    in_flight: int
    max_seconds: float | None
    made: list[str] = field(default_factory=list)
    fell_back: int = 0
    tokens: int = 0

    def translate(self) -> None:
        """Make what is stale, language by language, with one model."""
        from mtreason.runs.project import LOCK, read_lock, settings_digest, stale
        from mtreason.storage import Journal

        with (
            closing(Journal(self.root / LOCK)) as journal,
            keeping(lambda: f"{len(journal)} segments are kept; the same command goes on"),
        ):
            lock = read_lock(self.root)
            todo = []
            for target, own in groupby(sorted(self.jobs, key=lambda j: j.target.tag), lambda j: j.target):
                settings = settings_digest(self.config, self.root, target)
                waiting = [job for job in own if stale(job, settings, lock)]
                if waiting:
                    todo.append((target, settings, waiting))
            names = {job.name for job in self.jobs}
            kept = {name: entry for name, entry in lock.items() if name in names}
            if todo:
                self._make(todo, kept, journal)
            elif kept != lock:
                self._write_lock(kept)
            journal.remove()

    def _write_lock(self, lock: dict[str, dict[str, str]]) -> None:
        from mtreason.runs.project import write_lock

        write_lock(self.root, lock)

    def _make(
        self, todo: list[tuple[Language, str, list[Job]]], lock: dict[str, dict[str, str]], journal: Journal
    ) -> None:
        resolved, loaded = self.session.open_model("auto")
        with stopping(self.max_seconds, None, loaded.model.usage) as stop:
            for target, settings, jobs in todo:
                self.session.note(f"into {target.name}: {len(jobs)} of {len(self.jobs)} outputs")
                for job in self._translate_into(target, jobs, resolved, loaded, journal, stop):
                    lock[job.name] = self._record(job, settings)
                    self._write_lock(lock)
                    self.made.append(job.name)
                    self.session.note(f"{job.name}: done")

    @staticmethod
    def _record(job: Job, settings: str) -> dict[str, str]:
        from mtreason.runs.project import made_from

        return made_from(job, settings)

    def _prepare(
        self, target: Language, resolved: ResolvedModel, loaded: LoadedModel, journal: Journal
    ) -> tuple[Translator, TranslationCache]:
        """Return what translates into a language, and what need not be."""
        from mtreason.languages import parse_language
        from mtreason.runs.pipeline import TranslationCache, run_key
        from mtreason.runs.translator import Direction, Translator, load_terms
        from mtreason.storage import Store, read_tmx

        config = self.config
        direction = Direction(parse_language(config.source), target)
        settings = Options(
            decoder=config.decoder,
            budget=config.budget,
            context=config.context,
            seed=config.seed,
            in_flight=self.in_flight,
            glossaries=tuple(self.root / g for g in config.glossaries),
            shipped_glossaries=config.shipped_glossaries,
        )
        translator = Translator(loaded, direction, settings, load_terms(direction, settings))
        human: dict[str, str] = {}
        for path in config.memories:
            human |= read_tmx(self.root / path, direction.source, target)
        stores: list[Store] = [journal, *self.session.open_memory()]
        return translator, TranslationCache(run_key(translator, resolved.digest, loaded.dtype), stores, human)

    def _translate_into(
        self,
        target: Language,
        jobs: Sequence[Job],
        resolved: ResolvedModel,
        loaded: LoadedModel,
        journal: Journal,
        stop: Callable[[], str],
    ) -> Iterator[Job]:
        """Yield each output once it stands under its name; segments of many files are in flight together."""
        from mtreason.runs.pipeline import translate_units
        from mtreason.runs.project import open_document

        translator, shelf = self._prepare(target, resolved, loaded, journal)
        documents: list[tuple[Job, Document, list[Unit]]] = [
            (job, *open_document(job.source, self.config.columns)) for job in jobs
        ]

        progress, usage = self.session.progress, loaded.model.usage
        before, started, finished = usage.tokens, time.monotonic(), 0

        def settle(segment: Segment) -> None:
            nonlocal finished
            finished += 1
            self.fell_back += segment.fell_back

        def texts(done: Iterator[TranslatedUnit]) -> Iterator[str]:
            for number, unit in enumerate(done, 1):
                progress.advance(number, finished, (usage.tokens - before) / (time.monotonic() - started))
                yield unit.text

        progress.segments(sum(len(own) for _, _, own in documents))
        units = chain.from_iterable(units for _, _, units in documents)
        done = texts(translate_units(translator, units, settle, shelf, stop))
        try:
            for job, document, own in documents:
                yield _written(job, document, islice(done, len(own)))
        finally:
            progress.stop()
            self.tokens += usage.tokens - before

    def findings(self) -> list[Finding]:
        """Return what is wrong with the outputs as they are."""
        from mtreason.runs.project import Finding, below_floors, inspect, matcher_of, read_lock, settings_digest, stale

        lock = read_lock(self.root)
        found = []
        digests = {t: settings_digest(self.config, self.root, t) for t in {job.target for job in self.jobs}}
        matchers = {t: matcher_of(self.config, self.root, t) for t in digests}
        for job in self.jobs:
            why = stale(job, digests[job.target], lock)
            if why:
                found.append(Finding("stale", job.name, f"{why}: run mtreason batch"))
            if job.output.is_file():
                found += inspect(job, self.config, matchers[job.target])
        return [*found, *below_floors(self.config, self.root, self.jobs)]

    def report(self, findings: Sequence[Finding], summaries: Sequence[Path], *, check: bool) -> None:
        """Say what was made and what is wrong, and write the summaries."""
        from mtreason.files import write_bytes, write_text
        from mtreason.runs.project import junit, markdown

        text = markdown(self.jobs, self.made, findings)
        for path in summaries:
            if path.suffix.lower() == ".md":
                write_text(path, text)
            elif path.suffix.lower() == ".xml":
                write_bytes(path, junit(self.jobs, findings))
            else:
                rows = [{"kind": f.kind, "name": f.name, "message": f.message} for f in findings]
                record = {"outputs": len(self.jobs), "made": self.made, "tokens": self.tokens, "findings": rows}
                write_text(path, json.dumps(record, ensure_ascii=False, indent=2) + "\n")
        for finding in findings:
            say(f"{finding.name}: {finding.kind}: {finding.message}")
        if self.fell_back:
            say(f"{self.fell_back} segments found no clean translation")
        verb = "checked" if check else f"{len(self.made)} made, {self.tokens} tokens"
        self.session.note(f"{len(self.jobs)} outputs, {verb}; {len(findings)} findings")


def _written(job: Job, document: Document, texts: Iterator[str]) -> Job:
    """Write an output whole."""
    try:
        job.output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DocumentError(f"{job.output.parent} cannot be made ({error.strerror or error})") from error
    output = Output(job.output, whole=True)
    try:
        for data in document.render(texts):
            output.write_bytes(data)
        output.close()
    except BaseException:
        output.discard()
        raise
    return job
