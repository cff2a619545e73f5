"""`mtreason.lock`: what every output of a repository was made from, and what was written into it.

The file is beside the configuration, and belongs in version control: one line for each piece of an output.

An output gets its final name a moment before the lock can say so. What is about to happen is therefore written into
a file beside the lock first (`Intents`); after a crash, that file and the output together tell what did happen.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtreason.errors import InputError, MtreasonError
from mtreason.files import open_own, read_regular, read_text, refuse_pipe, write_text
from mtreason.runs.made import Made, just_made, read_made
from mtreason.runs.places import inside
from mtreason.runs.repository import LOCK, Job, take_snapshot
from mtreason.runs.spec import RunSpec, read_spec

VERSION = 3
ADVICE = (
    "take it from version control again; without it, mtreason batch --adopt keeps all outputs as they are, and "
    "overwrites none"
)


@dataclass(slots=True)
class Lock:
    """What all outputs were made from."""

    outputs: dict[str, Made] = field(default_factory=dict)
    """By name."""
    runs: dict[str, RunSpec] = field(default_factory=dict)
    """By digest; several outputs may share one run."""

    def record(self, job: Job, run: RunSpec) -> None:
        """Record that this run has just made an output, all of it."""
        output = take_snapshot(job.output, job.columns, job.target)
        self.put(job.name, just_made(take_snapshot(job.source, job.columns, job.target), output, run.digest), run)

    def put(self, name: str, made: Made, run: RunSpec | None = None) -> None:
        """Record what an output is made from; `run` is needed where its run is not known yet."""
        if run is not None:
            self.runs[run.digest] = run
        self.outputs[name] = made


def read_lock(root: Path) -> Lock:
    """Read the lock; an empty one where there is none. Raises `InputError` for a newer version or a broken lock.

    What an older version recorded cannot be told from what people did since, so it counts as unknown.
    """
    path = root / LOCK
    lock = Lock()
    if os.path.lexists(path):
        refuse_pipe(path, "the lock")
        text = read_text(path, "check it")
        try:
            lock = _parse(json.loads(text), path)
        except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"{path}: not a lock of this tool: {ADVICE}") from error
    _replay(root, lock)
    return lock


def _parse(found: Any, path: Path) -> Lock:  # noqa: ANN401 - what JSON can hold
    version = found["version"]
    if not isinstance(version, int) or isinstance(version, bool):
        raise TypeError(version)
    newer = version > VERSION
    if not newer:
        if version < VERSION:
            return Lock()
        runs = {digest: _spec(record, path) for digest, record in found["runs"].items()}
        outputs = {name: read_made(made) for name, made in found["outputs"].items()}
        _check(runs, outputs)
        return Lock(outputs, runs)
    raise _newer(path, f"lock {version}, this one knows {VERSION}")


def _newer(path: Path, versions: str) -> InputError:
    return InputError(f"{path}: written by a newer version of mtreason ({versions}): update mtreason")


def _spec(record: Any, path: Path) -> RunSpec:  # noqa: ANN401 - as above
    try:
        run = read_spec(record, str(path))
    except InputError as error:
        if "newer version" in str(error):
            raise _newer(path, "in the identity of a run") from error
        raise ValueError(str(error)) from error
    run.changed(run)  # fails where a field has the wrong type
    return run


def _check(runs: Mapping[str, RunSpec], outputs: Mapping[str, Made]) -> None:
    """Raise for an output whose run is missing, a run that does not match its digest, and a name that cannot be one."""
    for name, made in outputs.items():
        name.encode()
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
        "outputs": {name: made.to_json() for name, made in sorted(lock.outputs.items())},
    }
    write_text(root / LOCK, json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def intents_path(root: Path) -> Path:
    """Return where intents are written."""
    return root / f".{LOCK}.mtreason-made"


@dataclass(slots=True)
class Intents:
    """What is about to get its final name; each line is on the disk before that happens."""

    root: Path

    def add(self, name: str, made: Made, run: RunSpec, before: str) -> None:
        """Write what is about to be made; `before` is the digest of what stands there now, "" for nothing.

        Raises `MtreasonError` where it cannot be written.
        """
        path = intents_path(self.root)
        record = {"name": name, "made": made.to_json(), "run": run.to_json(), "before": before}
        text = json.dumps(record, ensure_ascii=False)
        try:
            with open_own(self.root / LOCK, path, os.O_WRONLY | os.O_APPEND) as stream:
                stream.write(f"{_sum(text)} {text}\n".encode())
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise MtreasonError(f"{path} cannot be written ({error.strerror or error})") from error

    @property
    def pending(self) -> bool:
        """Whether an interrupted run has left some."""
        return intents_path(self.root).exists()

    def clear(self) -> None:
        """Remove them: the lock says the same."""
        with suppress(OSError):
            intents_path(self.root).unlink()


def _replay(root: Path, lock: Lock) -> None:
    """Put into the lock what an interrupted run has made, and could not record there."""
    with suppress(OSError):
        for raw in read_regular(intents_path(root)).split(b"\n"):
            with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError, InputError):
                total, _, text = raw.decode().partition(" ")
                if total != _sum(text):
                    continue  # half a line, or a damaged one: what it says did not happen, or counts as a person's
                record = json.loads(text)
                if digest_of(inside(root, record["name"], "an output")) != record["before"]:
                    run = read_spec(record["run"], str(root))
                    lock.put(record["name"], read_made(record["made"]), run)


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, or "" where there is none that can be read."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
