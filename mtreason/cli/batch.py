"""`mtreason batch`: a repository of documents that stays translated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtreason.cli import options
from mtreason.cli.loading import Session
from mtreason.cli.output import say
from mtreason.errors import InputError

if TYPE_CHECKING:
    from mtreason.runs.inspection import Finding
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

    for path in summary or ():
        if path.suffix.lower() not in SUMMARIES:
            raise InputError(f"--summary {path}: expected a name that ends in {', '.join(SUMMARIES)}")
    project, update = Project(config), Update()
    session = Session(quiet, project.config.model or None, trust_remote_code)
    if not check:
        update = project.update(session.open_model, in_flight=in_flight, max_seconds=max_seconds, progress=session)
    findings = project.check()
    for path in summary or ():
        _write_summary(path, project, update, findings)
    for finding in findings:
        say(f"{finding.name}: {finding.kind}: {finding.message}")
    if update.fell_back:
        say(f"{update.fell_back} segments found no clean translation")
    verb = "checked" if check else f"{len(update.made)} made, {update.tokens} tokens"
    session.note(f"{len(project.jobs)} outputs, {verb}; {len(findings)} findings")
    if findings or update.fell_back:
        raise typer.Exit(FINDINGS)


def _write_summary(path: Path, project: Project, update: Update, findings: Sequence[Finding]) -> None:
    """Write a summary in the format that the file's name says."""
    from mtreason.files import write_bytes, write_text
    from mtreason.runs.inspection import junit, markdown

    if path.suffix.lower() == ".md":
        write_text(path, markdown(project.jobs, update.made, findings))
    elif path.suffix.lower() == ".xml":
        write_bytes(path, junit(project.jobs, findings))
    else:
        rows = [{"kind": f.kind, "name": f.name, "message": f.message} for f in findings]
        record = {"outputs": len(project.jobs), "made": update.made, "tokens": update.tokens, "findings": rows}
        write_text(path, json.dumps(record, ensure_ascii=False, indent=2) + "\n")
