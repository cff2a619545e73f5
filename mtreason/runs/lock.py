"""`mtreason.lock`: what every output of a repository was made from.

The file is beside the configuration, and belongs in version control.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtreason.errors import InputError
from mtreason.files import read_text, sha256_of, write_text
from mtreason.runs.repository import Job
from mtreason.runs.spec import RunSpec, read_spec

LOCK = "mtreason.lock"
VERSION = 2


@dataclass(frozen=True, slots=True)
class Made:
    """What one output was made from."""

    source: str
    """SHA-256 of its source."""
    run: str
    """Digest of the run."""


@dataclass(slots=True)
class Lock:
    """What all outputs were made from."""

    outputs: dict[str, Made] = field(default_factory=dict)
    """By name."""
    runs: dict[str, RunSpec] = field(default_factory=dict)
    """By digest; several outputs may share one run."""

    def record(self, job: Job, run: RunSpec) -> None:
        """Record that this run has just made an output."""
        self.runs[run.digest] = run
        self.outputs[job.name] = Made(sha256_of(job.source), run.digest)

    def stale(self, job: Job, run: RunSpec) -> str:
        """Return why this run has to make an output again, or "" where it does not."""
        if not job.output.is_file():
            return "missing"
        made = self.outputs.get(job.name)
        if made is None:
            return "not made by this tool"
        changed = ["source"] if made.source != sha256_of(job.source) else []
        changed += run.changed(self.runs[made.run])
        return f"{' and '.join(changed)} changed" if changed else ""


def read_lock(root: Path) -> Lock:
    """Read the lock; an empty one where there is none. Raises `InputError` for another version or a broken lock."""
    path = root / LOCK
    if not path.exists():
        return Lock()
    if not path.is_file():
        raise InputError(f"{path}: it is no file: remove it")
    try:
        found: dict[str, Any] = json.loads(read_text(path, "check it"))
        version = found["version"]
        if version > VERSION:
            raise InputError(
                f"{path}: written by a newer version of mtreason (lock {version}, this one knows {VERSION}): update "
                "mtreason, or remove the file to translate all anew"
            )
        runs = {str(digest): read_spec(record, str(path)) for digest, record in found["runs"].items()}
        outputs = {str(n): Made(str(made["source"]), str(made["run"])) for n, made in found["outputs"].items()}
        _check(runs, outputs)
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: not a lock of this tool: remove it to translate all anew") from error
    return Lock(outputs, runs)


def _check(runs: Mapping[str, RunSpec], outputs: Mapping[str, Made]) -> None:
    """Raise `KeyError` for an output whose run is missing, and for a run that does not match its digest."""
    for made in outputs.values():
        runs[made.run]
    for digest, run in runs.items():
        if run.digest != digest:
            raise KeyError(digest)


def write_lock(root: Path, lock: Lock) -> None:
    """Write the lock, sorted, so that its changes are easy to read; runs without an output are left out."""
    used = {made.run for made in lock.outputs.values()}
    content = {
        "version": VERSION,
        "runs": {digest: lock.runs[digest].to_json() for digest in sorted(used)},
        "outputs": {name: {"source": m.source, "run": m.run} for name, m in sorted(lock.outputs.items())},
    }
    write_text(root / LOCK, json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
