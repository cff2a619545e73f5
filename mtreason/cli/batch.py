"""`mtreason batch`: a repository of documents that stays translated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtreason.cli import options
from mtreason.cli.loading import Session
from mtreason.cli.output import counted, say
from mtreason.errors import InputError

if TYPE_CHECKING:
    from mtreason.runs.finding import Finding
    from mtreason.runs.project import Project, Update

FINDINGS = 3
"""Exit code: something is stale or faulty."""
SUMMARIES = (".md", ".json", ".xml")


def batch(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="What is translated, into what, and how.")] = Path(
        "mtreason.toml"
    ),
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing and load no model; exit with 3 where something is wrong.")
    ] = False,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="Take outputs that the lock does not know, or that wait for a decision, as people's: they are kept.",
        ),
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
    from mtreason.runs.project import Project, Update

    if check and adopt:
        raise InputError("--adopt changes the lock, and --check changes nothing: leave one of them out")
    project, update = Project(config), Update()
    _check_summaries(summary or (), project)
    session = Session(quiet, project.config.model or None, trust_remote_code)
    if not check:
        update = project.update(
            session.open_model, adopt=adopt, in_flight=in_flight, max_seconds=max_seconds, progress=session
        )
    review = project.review()
    known = {(finding.kind, finding.name) for finding in review.findings}
    findings = [*review.findings, *(f for f in update.faults if (f.kind, f.name) not in known)]
    for path in summary or ():
        _write_summary(path, project, update, findings, review.edited)
    for finding in findings:
        say(f"{finding.name}: {finding.kind}: {finding.message}")
    for edit in review.edited:
        session.note(f"{edit.name}: {edit.kind}: {edit.message}")
    if update.fell_back:
        say(f"no clean translation was found for {counted(update.fell_back)}")
    verb = "checked" if check else f"{len(update.made)} made, {update.tokens} tokens"
    session.note(f"{len(project.jobs)} outputs, {verb}; {len(findings)} findings")
    if findings or update.fell_back:
        raise typer.Exit(FINDINGS)


def _check_summaries(paths: Sequence[Path], project: Project) -> None:
    """Raise `InputError` for a summary that would replace anything but an earlier summary."""
    from mtreason.runs.places import folded, inside

    outputs = {folded(str(job.output)): job.name for job in project.jobs}
    seen: set[str] = set()
    for path in paths:
        what = f"--summary {path}"
        if path.suffix.lower() not in SUMMARIES:
            raise InputError(f"{what}: expected a name that ends in {', '.join(SUMMARIES)}")
        whole = path.absolute()
        if whole.is_relative_to(project.root):
            inside(project.root, whole.relative_to(project.root).as_posix(), what)
        if path.is_symlink() or path.name.startswith(".") or ".git" in whole.parts:
            raise InputError(f"{what} is hidden, or a symbolic link: name a place of its own")
        project.protected.refuse_inputs(whole, what)
        key = folded(str(whole.parent.resolve() / whole.name))
        if key in outputs or folded(str(whole)) in outputs:
            raise InputError(f"{what} is an output: name a place of its own")
        if key in seen:
            raise InputError(f"{what} is named twice: name two files")
        seen.add(key)
        if not _replaceable(path):
            raise InputError(f"{what} is there already, and is no summary of this tool: name another file, or move it")


def _replaceable(path: Path) -> bool:
    """Return whether nothing is there but a summary of an earlier run, or an empty file."""
    from mtreason.runs.inspection import TITLE

    try:
        with path.open("rb") as file:
            start = file.read(200)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    begins = {".md": TITLE.encode(), ".json": b'{\n  "outputs":', ".xml": b"<?xml"}[path.suffix.lower()]
    return not start or (start.startswith(begins) and (path.suffix.lower() != ".xml" or b'name="mtreason"' in start))


def _write_summary(
    path: Path, project: Project, update: Update, findings: Sequence[Finding], edited: Sequence[Finding]
) -> None:
    """Write a summary in the format that the file's name says."""
    from mtreason.characters import visible
    from mtreason.files import write_bytes, write_text
    from mtreason.runs.inspection import junit, markdown

    if path.suffix.lower() == ".md":
        write_text(path, markdown(project.jobs, update.made, findings, edited))
    elif path.suffix.lower() == ".xml":
        write_bytes(path, junit(project.jobs, findings))
    else:
        faults, kept = (
            [{"kind": f.kind, "name": visible(f.name), "message": visible(f.message)} for f in listed]
            for listed in (findings, edited)
        )
        record = {"outputs": len(project.jobs), "made": update.made, "tokens": update.tokens, "findings": faults}
        write_text(path, json.dumps(record | {"edited": kept}, ensure_ascii=False, indent=2) + "\n")
