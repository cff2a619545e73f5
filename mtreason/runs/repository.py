"""A repository of documents as `mtreason.toml` describes it: which outputs to make, and from which sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from mtreason.documents import (
    Document,
    TextDocument,
    Unit,
    check_text,
    open_text,
    pick_format,
    read_document,
    read_lines,
)
from mtreason.errors import InputError, check_names, near
from mtreason.evaluation.metrics import TITLES
from mtreason.files import read_text
from mtreason.languages import Language, parse_language
from mtreason.records import parse_toml


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


def read_config(path: Path) -> Config:
    """Read a configuration; raises `InputError` that names what is unknown, missing or of the wrong kind."""
    try:
        found: dict[str, Any] = parse_toml(read_text(path, "name the configuration"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not TOML: {error}") from error
    for key, value in found.items():
        if key not in _KEYS:
            raise InputError(f"{path}: unknown key {key!r}{near(key, _KEYS)} (there are {', '.join(_KEYS)})")
        if not isinstance(value, _KEYS[key]) or (isinstance(value, bool) and _KEYS[key] is not bool):
            raise InputError(f"{path}: {key} is {value!r}, which is of the wrong kind")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise InputError(f"{path}: {key} holds something that is no text")
    for spec in fields(Config)[:4]:
        if not found.get(spec.name):
            raise InputError(f"{path}: {spec.name} is missing")
    check_names(f"{path}: floors", list(found.get("floors", {})), "metric", TITLES)
    if "{lang}" not in found["output"] and len(found["targets"]) > 1:
        raise InputError(f"{path}: output {found['output']!r} has no {{lang}}, but there are several targets")
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in found.items()}
    return Config(**values)


@dataclass(frozen=True, slots=True)
class Job:
    """One output."""

    source: Path
    output: Path
    target: Language
    name: str
    """The output's name, relative to the root, with slashes."""


def find_jobs(config: Config, root: Path) -> list[Job]:
    """Return the outputs to keep translated, sorted by name.

    Raises `InputError` for a pattern without files, an output outside the root, a symbolic link in the place of an
    output, or two sources for one output.
    """
    excluded = {path for pattern in config.exclude for path in _glob(root, pattern)}
    sources: list[Path] = []
    for pattern in config.files:
        matching = [p for p in _glob(root, pattern) if p.is_file()]
        if not matching:
            raise InputError(f"files {pattern!r}: nothing in {root} matches")
        sources += [p for p in matching if p not in excluded]
    jobs: dict[str, Job] = {}
    for target in map(parse_language, config.targets):
        for source in dict.fromkeys(sources):
            name = fill_pattern(config.output, root, source, target)
            output = inside(root, name)
            if output == source or output in sources:
                raise InputError(f"output {name!r} is itself a source: leave it out with exclude, or name others")
            if name in jobs:
                other = jobs[name].source
                raise InputError(f"output {name!r} would come from {other} and from {source}: use {{path}} in it")
            jobs[name] = Job(source, output, target, name)
    return [jobs[name] for name in sorted(jobs)]


def _glob(root: Path, pattern: str) -> list[Path]:
    if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
        raise InputError(f"files {pattern!r}: patterns begin in the directory of the configuration")
    try:
        return sorted(p for p in root.glob(pattern) if p.resolve().is_relative_to(root.resolve()))
    except (ValueError, IndexError, NotImplementedError, OSError) as error:
        raise InputError(f"files {pattern!r}: not a pattern: {error}") from error


def fill_pattern(pattern: str, root: Path, source: Path, target: Language) -> str:
    """Return the file name that a pattern gives for a source; raises `InputError` for an unknown placeholder."""
    path = source.relative_to(root)
    parts = {
        "lang": target.tag, "path": path.as_posix(), "dir": path.parent.as_posix(), "stem": path.stem,
        "suffix": path.suffix,
    }  # fmt: skip
    try:
        return PurePosixPath(pattern.format(**parts)).as_posix()
    except (KeyError, IndexError, ValueError) as error:
        raise InputError(f"output {pattern!r}: use {{lang}}, {{path}}, {{dir}}, {{stem}} and {{suffix}}") from error


def inside(root: Path, name: str) -> Path:
    """Return the path of a name in the repository; raises `InputError` for a path outside, or a symbolic link."""
    path = root / name
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise InputError(f"output {name!r} is outside of {root}")
    if path.is_symlink() or not path.parent.resolve().is_relative_to(root.resolve()):
        raise InputError(f"output {name!r} is, or is behind, a symbolic link: name a place of its own")
    return path


def open_document(path: Path, columns: Sequence[str]) -> tuple[Document, list[Unit]]:
    """Read a file of the repository, with its units."""
    asked = [c for c in columns if c]
    form = pick_format(path.name, None, ())
    if form is not None:
        document = read_document(path, form, asked if form.columns else ())
        return document, list(document.units)
    check_text(path)
    with open_text(path) as stream:
        lines = list(read_lines(stream, str(path)))
    document = TextDocument(lines)
    return document, list(document.units)
