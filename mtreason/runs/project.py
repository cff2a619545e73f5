"""A repository of documents that stays translated: it makes what is missing or stale, and checks everything."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, groupby, islice
from pathlib import Path

from mtreason.documents import Document, Unit
from mtreason.errors import DocumentError
from mtreason.files import read_bytes
from mtreason.glossary import Matcher, Term, load_glossary, shipped_glossaries
from mtreason.languages import Direction, Language, parse_language
from mtreason.models.files.resolve import known_digest
from mtreason.models.load import load_model
from mtreason.models.loaded import LoadedModel
from mtreason.runs.checks import plan
from mtreason.runs.document import open_memory
from mtreason.runs.inspection import Finding, below_floors, inspect
from mtreason.runs.limits import stopping
from mtreason.runs.lock import LOCK, Lock, read_lock, write_lock
from mtreason.runs.output import Output
from mtreason.runs.pipeline import Segment, TranslatedUnit, TranslationCache, translate_units
from mtreason.runs.progress import Progress, Silence
from mtreason.runs.repository import Job, find_jobs, open_document, read_config
from mtreason.runs.settings import Settings
from mtreason.runs.spec import RunSpec, describe_run
from mtreason.runs.stopping import keeping
from mtreason.runs.translator import Translator
from mtreason.runs.ways import wording_of
from mtreason.storage import Journal

CONFIG = "mtreason.toml"


@dataclass(slots=True)
class Update:
    """What an update did."""

    made: list[str] = field(default_factory=list)
    """Names of outputs."""
    fell_back: int = 0
    """Segments without a clean translation."""
    tokens: int = 0


class Project:
    """The documents that a configuration names, and their translations."""

    def __init__(self, config: Path | str = CONFIG) -> None:
        """Read a configuration; raises `InputError` for a faulty one, and for patterns that match no file."""
        path = Path(config)
        self.config = read_config(path)
        self.root = path.absolute().parent
        self.jobs: Sequence[Job] = find_jobs(self.config, self.root)
        self.source = parse_language(self.config.source)

    def settings(self, in_flight: int = 16) -> Settings:
        """Return the settings that its documents are translated with."""
        config = self.config
        return Settings(
            prompt=self._prompt(),
            decoder=config.decoder,
            budget=config.budget,
            context=config.context,
            seed=config.seed,
            in_flight=in_flight,
            glossaries=tuple(self.root / name for name in config.glossaries),
            shipped_glossaries=config.shipped_glossaries,
            memories=tuple(self.root / name for name in config.memories),
        )

    def _prompt(self) -> str | None:
        given = self.config.prompt
        return str(self.root / given) if given.endswith(".toml") else given or None

    def terms(self, target: Language) -> tuple[Term, ...]:
        """Read the glossaries for a language; reports name files as the configuration does."""
        source, tag = self.config.source, target.tag
        shipped = shipped_glossaries(source, tag) if self.config.shipped_glossaries else ()
        terms = [term for path in shipped for term in load_glossary(path, source, tag)]
        for name in self.config.glossaries:
            terms += load_glossary(self.root / name, source, tag, name)
        return tuple(terms)

    def run(self, target: Language, model: LoadedModel | None = None) -> RunSpec:
        """Return the identity of a run into a language; without a model, only what is known without one."""
        memories = []
        for name in self.config.memories:
            data = read_bytes(self.root / name, "name a memory")
            memories.append((name, hashlib.sha256(data).hexdigest()))
        settings = self.settings()
        direction = Direction(self.source, target)
        named = self.config.model or None
        return describe_run(
            settings,
            direction,
            wording_of(settings.prompt, direction, named, model),
            plan(settings)[1],
            self.terms(target),
            model=known_digest(named) if model is None else model.digest,
            arithmetic="" if model is None else model.arithmetic,
            memories=memories,
            document={"columns": list(self.config.columns)},
        )

    def check(self) -> list[Finding]:
        """Return what is wrong with the present outputs; changes nothing and needs no model."""
        lock = read_lock(self.root)
        found: list[Finding] = []
        targets = {job.target for job in self.jobs}
        runs = {target: self.run(target) for target in targets}
        matchers = {target: Matcher(self.terms(target), self.config.source) for target in targets}
        for job in self.jobs:
            why = lock.stale(job, runs[job.target])
            if why:
                found.append(Finding("stale", job.name, f"{why}: run mtreason batch"))
            if job.output.is_file():
                found += inspect(job, self.config, matchers[job.target])
        return [*found, *below_floors(self.config, self.root, self.jobs)]

    def update(
        self,
        open_model: Callable[[], LoadedModel] | None = None,
        *,
        in_flight: int = 16,
        max_seconds: float | None = None,
        progress: Progress | None = None,
    ) -> Update:
        """Make what is missing or stale, language by language; `open_model` is called only if there is work.

        Finished segments and outputs survive however the update ends; the same call continues. Raises
        `InterruptedRunError` at the limit of seconds or a signal.
        """
        shown = progress or Silence()
        update = Update()
        with (
            closing(Journal(self.root / LOCK)) as journal,
            keeping(lambda: f"{len(journal)} segments are kept; the same command goes on"),
        ):
            if journal.damaged:
                shown.warn(journal.damage())
            lock = read_lock(self.root)
            todo = self._todo(lock)
            names = {job.name for job in self.jobs}
            gone = set(lock.outputs) - names
            for name in gone:
                del lock.outputs[name]
            if todo:
                model = open_model() if open_model is not None else load_model(self.config.model or None)
                with stopping(max_seconds, None, model.model.usage) as stop:
                    work = _Work(self, model, journal, stop, in_flight, shown, update)
                    for target, jobs in todo:
                        self._make(work, lock, target, jobs)
            elif gone:
                write_lock(self.root, lock)
            journal.remove()
        return update

    def _todo(self, lock: Lock) -> list[tuple[Language, list[Job]]]:
        """Return what has to be made, by language."""
        todo = []
        for target, own in groupby(sorted(self.jobs, key=lambda job: job.target.tag), lambda job: job.target):
            run = self.run(target)
            waiting = [job for job in own if lock.stale(job, run)]
            if waiting:
                todo.append((target, waiting))
        return todo

    def _make(self, work: _Work, lock: Lock, target: Language, jobs: Sequence[Job]) -> None:
        run = self.run(target, work.model)
        work.progress.note(f"into {target.name}: {len(jobs)} of {len(self.jobs)} outputs")
        for job in work.translate(target, jobs):
            lock.record(job, run)
            write_lock(self.root, lock)
            work.update.made.append(job.name)
            work.progress.note(f"{job.name}: done")


@dataclass(frozen=True, slots=True)
class _Work:
    """One update: what all its languages share."""

    project: Project
    model: LoadedModel
    journal: Journal
    stop: Callable[[], str]
    in_flight: int
    progress: Progress
    update: Update

    def translate(self, target: Language, jobs: Sequence[Job]) -> Iterator[Job]:
        """Yield each output once its file has its final name; segments of many files are in flight together."""
        project = self.project
        translator = Translator(
            self.model, project.source, target, project.settings(self.in_flight), terms=project.terms(target)
        )
        documents: list[tuple[Job, Document, list[Unit]]] = [
            (job, *open_document(job.source, project.config.columns)) for job in jobs
        ]
        cache = TranslationCache([self.journal, *open_memory(self.progress)])
        usage = self.model.model.usage
        before, started, finished = usage.tokens, time.monotonic(), 0

        def settle(segment: Segment) -> None:
            nonlocal finished
            finished += 1
            self.update.fell_back += segment.fell_back

        def texts(done: Iterator[TranslatedUnit]) -> Iterator[str]:
            for number, unit in enumerate(done, 1):
                self.progress.advance(number, finished, (usage.tokens - before) / (time.monotonic() - started))
                yield unit.text

        self.progress.segments(sum(len(own) for _, _, own in documents))
        units = chain.from_iterable(units for _, _, units in documents)
        try:
            with self.model.lock:
                done = texts(translate_units(translator, units, settle, cache, self.stop))
                for job, document, own in documents:
                    yield _written(job, document, islice(done, len(own)))
        finally:
            self.progress.stop()
            self.update.tokens += usage.tokens - before


def _written(job: Job, document: Document, texts: Iterator[str]) -> Job:
    """Write an output; its file appears when it is complete."""
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
