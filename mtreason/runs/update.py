"""One update of a repository: outputs are translated, merged with what people did, and recorded one by one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from mtreason.documents import Document, Unit
from mtreason.errors import DocumentError
from mtreason.files import sweep_parts
from mtreason.languages import Direction, Language
from mtreason.models.load import load_model
from mtreason.models.loaded import LoadedModel
from mtreason.runs.document import Translates, open_memory, translated_by
from mtreason.runs.examination import Examined, examine
from mtreason.runs.finding import Finding
from mtreason.runs.limits import stopping
from mtreason.runs.lock import Intents, Lock, digest_of, read_lock, write_lock
from mtreason.runs.made import Made, with_unclean
from mtreason.runs.merge import Mode, UnmergeableError, left_alone, merge
from mtreason.runs.output import Output
from mtreason.runs.pipeline import Segment, TranslatedUnit, TranslationCache, translate_units
from mtreason.runs.progress import Progress
from mtreason.runs.repository import LOCK, Snapshot
from mtreason.runs.spec import RunSpec
from mtreason.runs.stopping import keeping
from mtreason.runs.translator import Translator
from mtreason.runs.ways import wording_of
from mtreason.storage import Journal

if TYPE_CHECKING:
    from mtreason.runs.project import Project, RunInputs, Update

SHARE = 10.0
"""Writing the lock takes at most this part of the time, as a divisor: a large one is not written for every output."""


@dataclass(slots=True)
class _Ledger:
    """The lock while outputs are made."""

    project: Project
    lock: Lock
    intents: Intents
    changed: bool = False
    next: float = 0.0

    def put(self, name: str, made: Made, run: RunSpec | None = None) -> None:
        """Record an output, and write that soon."""
        self.lock.put(name, made, run)
        self.changed = True
        if time.monotonic() >= self.next:
            started = time.monotonic()
            self.write()
            self.next = started + SHARE * (time.monotonic() - started)

    def write(self) -> None:
        """Write the lock where it changed."""
        if self.changed:
            write_lock(self.project.root, self.lock)
            self.changed = False
        self.intents.clear()


@dataclass(slots=True)
class Updater:
    """One update."""

    project: Project
    update: Update
    progress: Progress
    in_flight: int
    max_seconds: float | None
    ledger: _Ledger = field(init=False)

    def run(self, open_model: Callable[[], LoadedModel] | None, translator: Translates | None, *, adopt: bool) -> None:
        """See `Project.update`."""
        root = self.project.root
        journal = Journal(root / LOCK)
        with closing(journal), keeping(lambda: f"{len(journal)} segments are kept; the same command goes on"):
            if journal.damaged:
                self.progress.warn(journal.damage())
            try:
                self._sweep()
                self.ledger = _Ledger(self.project, read_lock(root), Intents(root))
                self.ledger.changed = self.ledger.intents.pending
                try:
                    self._go_on(journal, open_model, translator, adopt=adopt)
                finally:
                    self.ledger.write()
                journal.remove()
            finally:
                if not len(journal):
                    journal.remove()

    def _go_on(
        self,
        journal: Journal,
        open_model: Callable[[], LoadedModel] | None,
        translator: Translates | None,
        *,
        adopt: bool,
    ) -> None:
        project = self.project
        self._forget()
        inputs = {job.target: project.inputs(job.target, self.progress.warn) for job in project.jobs}
        todo = {target: self._examined(target, inputs[target], adopt=adopt) for target in inputs}
        todo = {target: found for target, found in sorted(todo.items(), key=lambda t: t[0].tag) if found}
        self.ledger.write()
        if not todo:
            return
        if translator is not None:
            for target, found in todo.items():
                run = project.run(target, None, inputs[target])
                self._make(target, found, run, lambda units: translated_by(translator, units, self._settle))
            return
        model = open_model() if open_model is not None else load_model(project.config.model or None)
        with stopping(self.max_seconds, None, model.model.usage) as stop:
            for target, found in todo.items():
                self._ours(journal, model, stop, target, found, inputs[target])

    def _settle(self, segment: Segment) -> None:
        self.update.fell_back += segment.fell_back

    def _sweep(self) -> None:
        """Remove what killed runs have left of unfinished files."""
        root = self.project.root
        paths = [root / LOCK, *(job.output for job in self.project.jobs)]
        for path in {path.parent: path for path in paths}.values():
            sweep_parts(path)

    def _forget(self) -> None:
        """Forget outputs that are no longer wanted, and no longer there."""
        lock, root = self.ledger.lock, self.project.root
        names = {job.name for job in self.project.jobs}
        for name in [n for n in lock.outputs if n not in names and not os.path.lexists(root / n)]:
            del lock.outputs[name]
            self.ledger.changed = True

    def _examined(self, target: Language, inputs: RunInputs, *, adopt: bool) -> list[Examined]:
        """Return what has to be translated into a language; records what people did where nothing has."""
        lock = self.ledger.lock
        run = self.project.run(target, None, inputs)
        found = []
        for job in (job for job in self.project.jobs if job.target == target):
            try:
                examined = examine(job, lock, run, adopt=adopt)
            except DocumentError:
                continue  # A check says so, and the others are made.
            standing = examined.standing
            if standing is None:
                continue
            if standing.mode is not Mode.KEEP:
                found.append(examined)
            elif standing.made is not None and standing.made != lock.outputs.get(job.name):
                lock.put(job.name, standing.made, run if standing.made.run == run.digest else None)
                self.ledger.changed = True
        return found

    def _ours(
        self,
        journal: Journal,
        model: LoadedModel,
        stop: Callable[[], str],
        target: Language,
        found: Sequence[Examined],
        inputs: RunInputs,
    ) -> None:
        """Translate with the model."""
        project, usage = self.project, model.model.usage
        settings = project.settings(self.in_flight)
        direction = Direction(project.source, target)
        wording = wording_of(settings.prompt, direction, project.config.model or None, model)
        translator = Translator(
            model, project.source, target, settings, terms=inputs.terms, human=inputs.human, wording=wording
        )
        cache = TranslationCache([journal, *open_memory(self.progress)])
        before, started, finished = usage.tokens, time.monotonic(), 0

        def settle(segment: Segment) -> None:
            nonlocal finished
            finished += 1
            self._settle(segment)

        def translated(units: Iterable[Unit]) -> Iterator[TranslatedUnit]:
            for number, unit in enumerate(translate_units(translator, units, settle, cache, stop), 1):
                self.progress.advance(number, finished, (usage.tokens - before) / (time.monotonic() - started))
                yield unit

        try:
            with model.lock:
                self._make(target, found, project.run(target, model, inputs), translated)
        finally:
            self.update.tokens += usage.tokens - before

    def _make(
        self,
        target: Language,
        found: Sequence[Examined],
        run: RunSpec,
        translate: Callable[[Iterable[Unit]], Iterator[TranslatedUnit]],
    ) -> None:
        """Make outputs; segments of many files are in flight together, and each file appears when it is complete."""
        self.progress.note(f"into {target.name}: {len(found)} of {len(self.project.jobs)} outputs")
        opened = []
        for examined in found:
            with suppress(DocumentError):  # A check says so, and the others are made.
                opened.append(_opened(examined))
        self.progress.segments(sum(len(own.wanted) for own in opened))
        done = translate(chain.from_iterable(own.wanted for own in opened))
        try:
            for own in opened:
                units = list(islice(done, len(own.wanted)))
                try:
                    self._finish(own, own.filled([unit.text for unit in units]), own.unclean(units), run)
                except DocumentError as error:
                    self.update.faults.append(Finding("unwritable", own.examined.job.name, str(error)))
        finally:
            self.progress.stop()

    def _finish(self, own: _Opened, texts: Sequence[str], unclean: Mapping[int, str], run: RunSpec) -> None:
        """Merge, write and record one output."""
        examined = own.examined
        job, standing, output = examined.job, examined.standing, examined.output
        if standing is None:
            return
        data = b"".join(own.document.render(texts))
        fresh = Snapshot(job.output, data, job.columns, job.target)
        try:
            merged, made = merge(standing, examined.source, output, fresh, run.digest, texts)
            made = with_unclean(made, unclean)
        except UnmergeableError:
            if output is not None:
                self.ledger.put(job.name, left_alone(standing, examined.source, output))
            return
        before = "" if output is None else output.digest
        if digest_of(job.output) != before or os.path.lexists(job.output) != (output is not None):
            message = "changed while it was translated, and is left alone: run mtreason batch again"
            self.update.faults.append(Finding("conflict", job.name, message))
            return
        self._write(examined, merged, made, run, before)
        self.ledger.put(job.name, made, run)
        self.update.made.append(job.name)
        self.progress.note(f"{job.name}: done")

    def _write(self, examined: Examined, data: bytes, made: Made, run: RunSpec, before: str) -> None:
        """Write an output; its file appears when it is complete, and after that is announced."""
        path = examined.job.output
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DocumentError(f"{path.parent} cannot be made ({error.strerror or error})") from error
        output = Output(path, whole=True)
        try:
            output.write_bytes(data)
            self.ledger.intents.add(examined.job.name, made, run, before)
            output.close()
        except BaseException:
            output.discard()
            raise


@dataclass(frozen=True, slots=True)
class _Opened:
    """A document that is translated, but for what is a person's."""

    examined: Examined
    document: Document
    units: Sequence[Unit]
    kept: frozenset[int]
    """Indices of units that are not translated."""

    @property
    def wanted(self) -> list[Unit]:
        """The units to translate; the first has the number 1, which tells documents apart."""
        own = (unit for i, unit in enumerate(self.units) if i not in self.kept)
        return [replace(unit, number=number) for number, unit in enumerate(own, 1)]

    def filled(self, texts: Sequence[str]) -> list[str]:
        """Return a text for every unit, given those that were translated."""
        rest = iter(texts)
        return [unit.text if i in self.kept else next(rest) for i, unit in enumerate(self.units)]

    def unclean(self, done: Iterable[TranslatedUnit]) -> dict[int, str]:
        """Return what is not clean in what was translated, by pieces of the source; -1 for what belongs to none."""
        own = (unit for i, unit in enumerate(self.units) if i not in self.kept)
        found: dict[int, list[str]] = {}
        for unit, translated in zip(own, done, strict=True):
            problems = dict.fromkeys(name for segment in translated.segments for name in segment.problems)
            if problems:
                found.setdefault(self._owner(unit), []).append(f"{unit.place}: {', '.join(problems)}")
        return {piece: "; ".join(said) for piece, said in found.items()}

    def _owner(self, unit: Unit) -> int:
        try:
            return self.examined.source.view.owner(unit)
        except DocumentError:
            return -1


def _opened(examined: Examined) -> _Opened:
    document, standing = examined.source.document(), examined.standing
    units = list(document.units)
    kept: set[int] = set()
    if standing is not None and standing.decisions:
        view = examined.source.view
        owners = [view.owner(unit) for unit in units]
        kept = {i for i, owner in enumerate(owners) if owner >= 0 and standing.decisions[owner].person}
    return _Opened(examined, document, units, frozenset(kept))
