"""A repository of documents that stays translated: which outputs are stale, and what is wrong with the others."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from mtreason.documents import (
    Document,
    TextDocument,
    Unit,
    broken,
    check_text,
    open_text,
    pick_format,
    placeholders,
    read_document,
    read_lines,
)
from mtreason.errors import DocumentError, InputError, check_names, near
from mtreason.evaluation.metrics import TITLES, corpus_metrics
from mtreason.files import read_bytes, read_text, write_text, xml_text
from mtreason.glossary import Matcher, follows, load_glossary, shipped_glossaries
from mtreason.languages import Language, already_in, parse_language

LOCK = "mtreason.lock"
"""What every output was made from; lies beside the configuration, and belongs into version control."""


@dataclass(frozen=True, slots=True)
class Config:
    """`mtreason.toml`: what is translated, into what, and how."""

    source: str
    targets: tuple[str, ...]
    files: tuple[str, ...]
    """Globs, seen from the directory of the configuration."""
    output: str
    """With {lang}, and {path} or {dir}, {stem} and {suffix}."""
    exclude: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    glossaries: tuple[str, ...] = ()
    shipped_glossaries: bool = True
    memories: tuple[str, ...] = ()
    model: str = ""
    decoder: str = "mcts"
    budget: float = 16
    context: int = 0
    seed: int = 0
    references: str = ""
    """Where references are, as `output`; for the floors."""
    floors: Mapping[str, float] = field(default_factory=dict)
    """Least value of a metric, over all files of a language."""


_KEYS: dict[str, Any] = {
    "source": str, "targets": list, "files": list, "output": str, "exclude": list, "columns": list, "glossaries": list,
    "shipped_glossaries": bool, "memories": list, "model": str, "decoder": str, "budget": (int, float), "context": int,
    "seed": int, "references": str, "floors": dict,
}  # fmt: skip


def read_config(path: Path) -> Config:
    """Read a configuration; raises `InputError` that names what is unknown, missing or of the wrong kind."""
    try:
        found: dict[str, Any] = tomllib.loads(read_text(path, "name the configuration"))
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
    """Of the output, seen from the root, with slashes."""


def find_jobs(config: Config, root: Path) -> list[Job]:
    """Return what there is to keep translated, by name.

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
            name = _fill(config.output, root, source, target)
            output = _inside(root, name)
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


def _fill(pattern: str, root: Path, source: Path, target: Language) -> str:
    path = source.relative_to(root)
    parts = {
        "lang": target.tag, "path": path.as_posix(), "dir": path.parent.as_posix(), "stem": path.stem,
        "suffix": path.suffix,
    }  # fmt: skip
    try:
        return PurePosixPath(pattern.format(**parts)).as_posix()
    except (KeyError, IndexError, ValueError) as error:
        raise InputError(f"output {pattern!r}: use {{lang}}, {{path}}, {{dir}}, {{stem}} and {{suffix}}") from error


def _inside(root: Path, name: str) -> Path:
    path = root / name
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise InputError(f"output {name!r} is outside of {root}")
    if path.is_symlink() or not path.parent.resolve().is_relative_to(root.resolve()):
        raise InputError(f"output {name!r} is, or is behind, a symbolic link: name a place of its own")
    return path


def settings_digest(config: Config, root: Path, target: Language) -> str:
    """Return a digest of all that outputs of a language depend on, but for their sources."""
    glossaries = [*(root / g for g in config.glossaries), *(root / m for m in config.memories)]
    if config.shipped_glossaries:
        glossaries += shipped_glossaries(config.source, target.tag)
    files = {p.name: _sha256(read_bytes(p, "name a glossary or memory")) for p in glossaries}
    used = (config.source, config.columns, config.model, config.decoder, config.budget, config.context, config.seed)
    return _sha256(json.dumps([used, files]).encode())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read_lock(root: Path) -> dict[str, dict[str, str]]:
    """Return what each output was made from; nothing where there is no lock yet."""
    path = root / LOCK
    if not path.exists():
        return {}
    try:
        found = json.loads(read_text(path, "check it"))
        return {str(name): {str(k): str(v) for k, v in entry.items()} for name, entry in found.items()}
    except (ValueError, AttributeError) as error:
        raise InputError(f"{path}: not a lock of this tool: remove it to translate all anew") from error


def write_lock(root: Path, lock: Mapping[str, Mapping[str, str]]) -> None:
    """Write the lock, sorted, so that changes of it can be read."""
    write_text(root / LOCK, json.dumps(dict(sorted(lock.items())), indent=1, ensure_ascii=False) + "\n")


def made_from(job: Job, settings: str) -> dict[str, str]:
    """Return what an output is made from now."""
    return {"source": _sha256(read_bytes(job.source, "check it")), "settings": settings}


def stale(job: Job, settings: str, lock: Mapping[str, Mapping[str, str]]) -> str:
    """Say why an output has to be made again; nothing where it need not be."""
    if not job.output.is_file():
        return "missing"
    known = lock.get(job.name)
    if known is None:
        return "not made by this tool"
    now = made_from(job, settings)
    changed = [name for name in ("source", "settings") if known.get(name) != now[name]]
    return f"{' and '.join(changed)} changed" if changed else ""


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


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with an output."""

    kind: str
    """stale, structure, placeholder, term or metric."""
    name: str
    message: str


def inspect(job: Job, config: Config, matcher: Matcher) -> Iterator[Finding]:
    """Hold an output against its source: as many units, all placeholders, all terms."""
    try:
        _, sources = open_document(job.source, config.columns)
        _, outputs = open_document(job.output, config.columns)
    except DocumentError as error:
        yield Finding("structure", job.name, str(error))
        return
    if job.source.suffix.lower() in {".po", ".pot", ".xlf", ".xliff"}:
        return  # what is translated is no longer open in the output
    if len(sources) != len(outputs):
        yield Finding("structure", job.name, f"has {len(outputs)} units, the source {len(sources)}: translate it again")
        return
    source = parse_language(config.source)
    for before, after in zip(sources, outputs, strict=True):
        kept = placeholders(before.text)
        if broken(kept, after.text):
            listed = ", ".join(dict.fromkeys(kept)) or "none"
            yield Finding("placeholder", job.name, f"{after.place}: placeholders differ from the source's ({listed})")
        if already_in(before.text, source, job.target):
            continue
        for hit in matcher.find(before.text):
            if not follows(hit.term, after.text, job.target.tag):
                wanted = "|".join(hit.term.targets[:3]) or hit.term.source
                yield Finding("term", job.name, f"{after.place}: {hit.term.source} is not {wanted}")


def matcher_of(config: Config, root: Path, target: Language) -> Matcher:
    """Return what finds the glossary terms of a language."""
    paths = [*(shipped_glossaries(config.source, target.tag) if config.shipped_glossaries else ())]
    paths += [root / g for g in config.glossaries]
    terms = [t for path in paths for t in load_glossary(path, config.source, target.tag)]
    return Matcher(terms, config.source)


def below_floors(config: Config, root: Path, jobs: Sequence[Job]) -> Iterator[Finding]:
    """Compare outputs with references, language by language."""
    if not config.floors:
        return
    if not config.references:
        raise InputError("floors: a metric needs references: say where they are")
    for target in dict.fromkeys(job.target for job in jobs):
        hypotheses: list[str] = []
        references: list[str] = []
        for job in (j for j in jobs if j.target == target):
            path = _inside(root, _fill(config.references, root, job.source, target))
            if not path.is_file() or not job.output.is_file():
                continue
            _, own = open_document(job.output, config.columns)
            _, wanted = open_document(path, config.columns)
            if len(own) != len(wanted):
                yield Finding("metric", job.name, f"has {len(own)} units, its reference {len(wanted)}")
                continue
            hypotheses += [u.text.strip() for u in own]
            references += [u.text.strip() for u in wanted]
        if not hypotheses:
            yield Finding("metric", target.tag, f"there are no references at {config.references}")
            continue
        for metric in corpus_metrics([hypotheses], [[r] for r in references], target, list(config.floors)):
            score, least = metric.score(metric.statistics[0].sum(axis=0)), config.floors[metric.name]
            if (score > least) if metric.lower_is_better else (score < least):
                yield Finding("metric", target.tag, f"{metric.title} is {score:.1f}, the floor is {least:g}")


def junit(jobs: Sequence[Job], findings: Sequence[Finding]) -> bytes:
    """Return findings as JUnit XML, a test case for each output."""
    from lxml import etree

    names = list(dict.fromkeys([*(job.name for job in jobs), *(f.name for f in findings)]))
    suite = etree.Element("testsuite", name="mtreason", tests=str(len(names)))
    failed = 0
    for name in names:
        case = etree.SubElement(suite, "testcase", classname="mtreason", name=name)
        own = [f for f in findings if f.name == name]
        failed += bool(own)
        for finding in own:
            message = xml_text(finding.message)
            etree.SubElement(case, "failure", type=finding.kind, message=message).text = message
    suite.set("failures", str(failed))
    return bytes(etree.tostring(suite, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def markdown(jobs: Sequence[Job], made: Sequence[str], findings: Sequence[Finding]) -> str:
    """Return a summary for people."""
    from tabulate import tabulate

    text = f"## Translations\n\n{len(jobs)} outputs, {len(made)} made, {len(findings)} findings\n"
    if findings:
        rows = [[f.kind, f.name, f.message.replace("|", "\\|")] for f in findings]
        text += "\n" + tabulate(rows, ["what", "where", "finding"], tablefmt="github") + "\n"
    return text
