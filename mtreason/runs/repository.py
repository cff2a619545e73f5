"""A repository of documents as `mtreason.toml` describes it: which outputs to make, and from which sources."""

from __future__ import annotations

import hashlib
import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path, PurePosixPath
from string import Formatter
from typing import Any

from mtreason.documents import Document, Reading, TextDocument, Unit, open_text, pick_format
from mtreason.documents.formats import MOST_BYTES
from mtreason.documents.views import View
from mtreason.errors import DocumentError, InputError, check_names, near
from mtreason.evaluation.metrics import TITLES
from mtreason.files import read_text, refuse_pipe
from mtreason.languages import Language, parse_language
from mtreason.lines import lines_of
from mtreason.records import parse_toml
from mtreason.runs.places import SOURCE, Protected, folded, has_controls, leads_into, protect

LOCK = "mtreason.lock"
"""The name of the file that says what was made from what; see `runs.lock`."""


@dataclass(frozen=True, slots=True)
class Config:
    """`mtreason.toml`: what is translated, into what, and how."""

    source: str
    targets: tuple[str, ...]
    files: tuple[str, ...]
    """Globs, relative to the directory of the configuration."""
    output: str
    """A pattern with {lang}, and {path} or {dir}, {stem} and {suffix}."""
    exclude: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    glossaries: tuple[str, ...] = ()
    shipped_glossaries: bool = True
    memories: tuple[str, ...] = ()
    model: str = ""
    prompt: str = ""
    """The name of a wording, or a file that ends with .toml; empty for what is best for the model."""
    decoder: str = "mcts"
    budget: float = 16
    context: int = 0
    seed: int = 0
    references: str = ""
    """Where the references are, a pattern like `output`; the floors need them."""
    floors: Mapping[str, float] = field(default_factory=dict)
    """The lowest value of a metric that is accepted, over all files of a language."""


_KEYS: dict[str, Any] = {
    "source": str, "targets": list, "files": list, "output": str, "exclude": list, "columns": list, "glossaries": list,
    "shipped_glossaries": bool, "memories": list, "model": str, "prompt": str, "decoder": str, "budget": (int, float),
    "context": int, "seed": int, "references": str, "floors": dict,
}  # fmt: skip


MOST_CONFIG = 1 << 20
"""The largest size of a configuration."""


def read_config(path: Path) -> Config:
    """Read a configuration; raises `InputError` that names what is unknown, missing or of the wrong kind."""
    refuse_pipe(path, "the configuration")
    text = read_text(path, "name the configuration")
    if len(text) > MOST_CONFIG:
        raise InputError(f"{path}: larger than {MOST_CONFIG >> 20} MB: this is no configuration")
    try:
        found: dict[str, Any] = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not TOML: {error}") from error
    for key, value in found.items():
        if key not in _KEYS:
            raise InputError(f"{path}: unknown key {key!r}{near(key, _KEYS)} (there are {', '.join(_KEYS)})")
        if not isinstance(value, _KEYS[key]) or (isinstance(value, bool) and _KEYS[key] is not bool):
            raise InputError(f"{path}: {key} is {shortened(value)}, which is of the wrong kind")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise InputError(f"{path}: {key} holds something that is no text")
    for spec in fields(Config)[:4]:
        if not found.get(spec.name):
            raise InputError(f"{path}: {spec.name} is missing")
    floors = found.get("floors", {})
    check_names(f"{path}: floors", list(floors), "metric", TITLES)
    for name, value in floors.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{path}: floors: {name} is {shortened(value)}, which is no number")
    if "{lang}" not in found["output"] and len(found["targets"]) > 1:
        raise InputError(f"{path}: output {found['output']!r} has no {{lang}}, but there are several targets")
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in found.items()}
    return Config(**values)


def shortened(value: object) -> str:
    """Return a value as Python writes it, but not at any length."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, or a nest of thousands of lists
        text = f"a {type(value).__name__} of great size"
    return text if len(text) <= 60 else f"{text[:57]}..."


@dataclass(frozen=True, slots=True)
class Job:
    """One output."""

    source: Path
    output: Path
    target: Language
    name: str
    """The output's name, relative to the root, with slashes."""
    columns: tuple[str, ...] = ()
    """What is translated in a table or in JSON."""


def inputs_of(config: Config, root: Path, path: Path | None = None) -> Iterator[tuple[Path, str]]:
    """Yield all files that a repository is made from, with what they are."""
    yield root / (path or Path("mtreason.toml")).name, "the configuration"
    yield root / LOCK, "the lock"
    yield from ((root / name, "a glossary") for name in config.glossaries)
    yield from ((root / name, "a memory") for name in config.memories)
    if config.prompt.endswith(".toml"):
        yield root / config.prompt, "the prompt"
    if config.model and (model := Path(config.model).expanduser()).exists():
        yield model.absolute(), "the model"
    sources = [source for source in find_sources(config, root) if not unnamable(source)]
    yield from ((source, SOURCE) for source in sources)
    if config.references:
        for target in map(parse_language, config.targets):
            yield from ((root / fill_pattern(config.references, root, s, target), "a reference") for s in sources)


def find_jobs(config: Config, root: Path, protected: Protected | None = None) -> list[Job]:
    """Return the outputs to keep translated, sorted by name.

    A source whose name cannot be written is left out; see `unnamable`. Raises `InputError` for a pattern without files,
    an output in a place where none may be (see `Protected`), or two sources for one output.
    """
    sources = find_sources(config, root)
    protected = protected or protect(root, inputs_of(config, root))
    jobs: dict[str, Job] = {}
    for target in map(parse_language, config.targets):
        for source in sources:
            if unnamable(source):
                continue
            name = fill_pattern(config.output, root, source, target)
            output = protected.checked(name, f"output {name!r}")
            key = folded(name)
            if key in jobs:
                other = jobs[key]
                same = "" if other.name == name else f" (as {other.name!r}, which some file systems take for the same)"
                advice = "leave one out with exclude" if "{path}" in config.output else "use {path} in it"
                raise InputError(f"output {name!r} would come from {other.source} and from {source}{same}: {advice}")
            jobs[key] = Job(source, output, target, name, config.columns)
    for key, job in jobs.items():
        for parent in PurePosixPath(key).parents:
            if str(parent) in jobs:
                raise InputError(f"output {job.name!r} would be inside of {jobs[str(parent)].name!r}, which is a file")
    return sorted(jobs.values(), key=lambda job: job.name)


def find_sources(config: Config, root: Path) -> list[Path]:
    """Return the files that the patterns of a configuration match, in order."""
    excluded = {path for pattern in config.exclude for path in _glob(root, pattern)}
    sources: list[Path] = []
    for pattern in config.files:
        matching = [p for p in _glob(root, pattern) if _is_file(p)]
        if not matching:
            raise InputError(f"files {pattern!r}: nothing in {root} matches")
        sources += [p for p in matching if p not in excluded]
    return list(dict.fromkeys(sources))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def unnamable(path: Path) -> bool:
    """Return whether a file's name cannot be written in a lock or a report: it is not UTF-8, or has line breaks."""
    return has_controls(str(path))


def _glob(root: Path, pattern: str) -> list[Path]:
    if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
        raise InputError(f"files {pattern!r}: patterns begin in the directory of the configuration")
    try:
        top = root.resolve()
        found = (p for p in root.glob(pattern) if leads_into(p, top))
        return sorted(p for p in found if not _hidden(p.relative_to(root), pattern))
    except RecursionError as error:
        raise InputError(f"files {pattern!r}: directories are nested too deeply: name those that are meant") from error
    except (ValueError, IndexError, NotImplementedError, OSError) as error:
        raise InputError(f"files {pattern!r}: not a pattern: {error}") from error


def _hidden(path: Path, pattern: str) -> bool:
    """Whether a name begins with a dot where the pattern does not: only patterns that say so match it, as in shells."""
    return sum(p.startswith(".") for p in path.parts) > sum(p.startswith(".") for p in PurePosixPath(pattern).parts)


def fill_pattern(pattern: str, root: Path, source: Path, target: Language) -> str:
    """Return the file name that a pattern gives for a source; raises `InputError` for an unknown placeholder."""
    path = source.relative_to(root)
    parts = {
        "lang": target.tag, "path": path.as_posix(), "dir": path.parent.as_posix(), "stem": path.stem,
        "suffix": path.suffix,
    }  # fmt: skip
    filled = ""
    try:
        for text, name, form, conversion in Formatter().parse(pattern):
            if form or conversion:
                raise ValueError(form)
            filled += text + ("" if name is None else parts[name])
    except (KeyError, ValueError) as error:
        raise InputError(f"output {pattern!r}: use {{lang}}, {{path}}, {{dir}}, {{stem}} and {{suffix}}") from error
    return PurePosixPath(filled).as_posix()


@dataclass(frozen=True)
class Snapshot:
    """A file as it was read, once: what is compared, translated and recorded are the same bytes."""

    path: Path
    data: bytes
    columns: tuple[str, ...] = ()
    target: Language | None = None
    form: str | None = None
    """The format to read it in; None chooses by the name."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def document(self) -> Document:
        """Read it as a document; raises `DocumentError` for what is none."""
        form = pick_format(self.path.name, self.form, ())
        if form is not None:
            columns = tuple(c for c in self.columns if c) if form.columns else ()
            return form.read(self.data, str(self.path), Reading(columns, self.target))
        return TextDocument(list(lines_of(io.BytesIO(self.data), str(self.path))))

    @cached_property
    def view(self) -> View:
        """Its pieces as they stand; raises `DocumentError` as `document` does."""
        return self.document().view()


def take_snapshot(path: Path, columns: Sequence[str] = (), target: Language | None = None) -> Snapshot:
    """Read a file once; raises `DocumentError` for one that cannot be read, or is too large."""
    with open_text(path) as stream:
        try:
            data = stream.read(MOST_BYTES + 1)
        except OSError as error:
            raise DocumentError(f"{path}: cannot be read ({error.strerror or error})") from error
    if len(data) > MOST_BYTES:
        raise DocumentError(f"{path}: larger than {MOST_BYTES >> 20} MB: cut it into parts")
    return Snapshot(path, data, tuple(columns), target)


def open_document(path: Path, columns: Sequence[str], target: Language | None = None) -> tuple[Document, list[Unit]]:
    """Read a file of the repository, with its units."""
    document = take_snapshot(path, columns, target).document()
    return document, list(document.units)
