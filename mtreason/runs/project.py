"""A repository of documents that stays translated: it makes what is missing or stale, and checks everything."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mtreason.errors import DocumentError, InputError
from mtreason.files import read_bytes
from mtreason.glossary import Matcher, Terms, load_glossaries, shipped_glossaries
from mtreason.languages import Direction, Language, parse_language
from mtreason.models.files.resolve import known_digest
from mtreason.models.loaded import LoadedModel
from mtreason.runs.checks import plan
from mtreason.runs.document import Translates
from mtreason.runs.examination import examine
from mtreason.runs.finding import Finding, name_of
from mtreason.runs.inspection import below_floors, inspect
from mtreason.runs.lock import read_lock
from mtreason.runs.places import Protected, protect
from mtreason.runs.progress import Progress, Silence
from mtreason.runs.repository import Job, find_jobs, find_sources, inputs_of, read_config, unnamable
from mtreason.runs.settings import Settings
from mtreason.runs.spec import RunSpec, describe_run
from mtreason.runs.ways import wording_of
from mtreason.storage import read_tmx

CONFIG = "mtreason.toml"


@dataclass(slots=True)
class Update:
    """What an update did."""

    made: list[str] = field(default_factory=list)
    """Names of outputs."""
    fell_back: int = 0
    """Segments without a clean translation."""
    tokens: int = 0
    faults: list[Finding] = field(default_factory=list)
    """Outputs that could not be made."""


@dataclass(frozen=True, slots=True)
class Review:
    """What a check found."""

    findings: list[Finding]
    """What has to be translated, mended or decided."""
    edited: list[Finding]
    """What people changed, which is kept."""


@dataclass(frozen=True, slots=True)
class RunInputs:
    """What the translations into one language depend on besides sources and model, read once."""

    terms: Terms
    human: dict[str, str]
    memories: tuple[tuple[str, str], ...]
    """Name and digest of each memory."""


class Project:
    """The documents that a configuration names, and their translations."""

    def __init__(self, config: Path | str = CONFIG) -> None:
        """Read a configuration; raises `InputError` for a faulty one, and for patterns that match no file."""
        self.path = Path(config)
        self.config = read_config(self.path)
        self.root = self.path.absolute().parent
        self.jobs: Sequence[Job] = find_jobs(self.config, self.root, self.protected)
        self.source = parse_language(self.config.source)

    @cached_property
    def protected(self) -> Protected:
        """The files that must never be written."""
        return protect(self.root, inputs_of(self.config, self.root, self.path))

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

    def terms(self, target: Language, note: Callable[[str], None] | None = None) -> Terms:
        """Read the glossaries for a language; reports name files as the configuration does.

        `note` is told what is left out of them.
        """
        source, tag = self.config.source, target.tag
        shipped = shipped_glossaries(source, tag) if self.config.shipped_glossaries else ()
        own = [(self.root / name, name) for name in self.config.glossaries]
        return load_glossaries([*shipped, *own], source, tag, note)

    def inputs(self, target: Language, note: Callable[[str], None] | None = None) -> RunInputs:
        """Read the glossaries and memories for a language, once: what is recorded is what is used; see `terms`."""
        human: dict[str, str] = {}
        memories = []
        for name in self.config.memories:
            path = self.root / name
            digest = _digest(path)
            human |= read_tmx(path, self.source, target)
            if _digest(path) != digest:
                raise InputError(f"{path} changed while it was read: run the same command again")
            memories.append((name, digest))
        return RunInputs(self.terms(target, note), human, tuple(memories))

    def run(self, target: Language, model: LoadedModel | None = None, inputs: RunInputs | None = None) -> RunSpec:
        """Return the identity of a run into a language; without a model, only what is known without one."""
        read = inputs or self.inputs(target)
        settings = self.settings()
        direction = Direction(self.source, target)
        named = self.config.model or None
        return describe_run(
            settings,
            direction,
            wording_of(settings.prompt, direction, named, model),
            plan(settings)[1],
            read.terms,
            model=known_digest(named) if model is None else model.digest,
            arithmetic="" if model is None else model.arithmetic,
            memories=read.memories,
            document={"columns": list(self.config.columns)},
        )

    def check(self) -> list[Finding]:
        """Return what is wrong with the present outputs; changes nothing and needs no model."""
        return self.review().findings

    def review(self) -> Review:
        """Return what is wrong with the present outputs, and what people changed in them; changes nothing."""
        lock = read_lock(self.root)
        found: list[Finding] = []
        edited: list[Finding] = []
        for source in find_sources(self.config, self.root):
            if unnamable(source):
                name = name_of(source.relative_to(self.root))
                found.append(Finding("unreadable", name, "its name is not UTF-8, or has control characters: rename it"))
        targets = {job.target: self.inputs(job.target) for job in self.jobs}
        runs = {target: self.run(target, None, inputs) for target, inputs in targets.items()}
        matchers = {target: Matcher(inputs.terms, self.config.source) for target, inputs in targets.items()}
        for job in self.jobs:
            try:
                examined = examine(job, lock, runs[job.target])
            except DocumentError as error:
                found.append(Finding("unreadable", job.name, str(error)))
                continue
            found += examined.findings
            edited += examined.edited
            if examined.output is not None:
                found += inspect(job, self.config, matchers[job.target], free=examined.free)
        return Review([*found, *below_floors(self.config, self.root, self.jobs)], edited)

    def update(
        self,
        open_model: Callable[[], LoadedModel] | None = None,
        *,
        translator: Translates | None = None,
        adopt: bool = False,
        in_flight: int = 16,
        max_seconds: float | None = None,
        progress: Progress | None = None,
    ) -> Update:
        """Make what is missing or stale, language by language; `open_model` is called only if there is work.

        What people changed in an output stays, and a file that the lock does not know is left alone, unless `adopt`
        says that people made it. `translator` replaces the model, for experiments. Finished segments and outputs
        survive however the update ends; the same call continues. Raises `InterruptedRunError` at the limit of seconds
        or a signal.
        """
        from mtreason.runs.update import Updater

        updater = Updater(self, Update(), progress or Silence(), in_flight, max_seconds)
        updater.run(open_model, translator, adopt=adopt)
        return updater.update


def _digest(path: Path) -> str:
    return hashlib.sha256(read_bytes(path, "name a memory")).hexdigest()
