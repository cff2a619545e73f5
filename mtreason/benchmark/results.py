"""The directory of a benchmark: what to run (config), each result (results.jsonl), what was done (manifest)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from mtreason.errors import InputError, MtreasonError
from mtreason.files import write_text
from mtreason.records import parse_record

CONFIG, RESULTS, MANIFEST = "config.json", "results.jsonl", "manifest.json"
MOST_SHOWN = 4
"""How many differences are named when a directory belongs to another configuration."""


class ResultsWriter:
    """Adds results to a directory, one JSON line each, as they come."""

    def __init__(self, directory: Path, stream: IO[bytes], done: dict[tuple[str, str, str], float]) -> None:
        self.directory = directory
        self.done = done
        """(system, pair, id) of every result in the file -> its seconds."""
        self._stream = stream

    def write(self, record: Mapping[str, Any]) -> None:
        """Write and flush one result; raises `MtreasonError` when that fails."""
        try:
            self._stream.write(json.dumps(record, ensure_ascii=False).encode("utf-8") + b"\n")
            self._stream.flush()
        except OSError as error:
            raise MtreasonError(
                f"{self.directory / RESULTS} cannot be written ({error.strerror or error}): make room and run again, "
                "all results before are kept"
            ) from error
        self.done[_key(record)] = float(record["seconds"])

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest, which says that the results are complete."""
        write_json(self.directory / MANIFEST, manifest)


def _key(record: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(record["system"]), str(record["pair"]), str(record["id"])


def check_directory(directory: Path) -> None:
    """Create the directory; raises `InputError` when nothing can be written there."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"{directory} cannot be written to ({error.strerror or error}): name another -o") from error


@contextmanager
def open_results(directory: Path, config: Mapping[str, Any]) -> Iterator[ResultsWriter]:
    """Begin a benchmark, or continue one with the same configuration.

    `config` may have further systems, but must agree in everything else. A last line that was cut off is dropped.
    Raises `InputError` for a directory of another configuration, and while another run writes to it.
    """
    from filelock import FileLock, Timeout

    try:
        with FileLock(directory / ".lock", timeout=0):
            yield from _open(directory, config)
    except Timeout as error:
        raise InputError(f"{directory}: another benchmark is writing there: wait for it, or name another -o") from error


def _open(directory: Path, config: Mapping[str, Any]) -> Iterator[ResultsWriter]:
    file = directory / RESULTS
    if (directory / CONFIG).is_file():
        before = read_config(directory)
        check_same(directory, before, config)
        config = {**config, "systems": {**before["systems"], **config["systems"]}}
    elif file.exists():
        raise InputError(f"{file} exists without {CONFIG}: its configuration is unknown, name another -o")
    write_json(directory / CONFIG, config)
    drop_broken_end(file)
    done = {_key(record): float(record["seconds"]) for record in read_results(directory)}
    (directory / MANIFEST).unlink(missing_ok=True)
    with file.open("ab") as stream:
        yield ResultsWriter(directory, stream, done)


def drop_broken_end(file: Path) -> None:
    """Cut off the text after the last line break: a line that was not written to its end."""
    if not file.exists():
        file.touch()
        return
    with file.open("r+b") as stream:
        stream.truncate(stream.read().rfind(b"\n") + 1)


def check_same(directory: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise `InputError` that names the differences of two configurations, if there are any."""
    both = before["systems"].keys() & now["systems"].keys()
    old, new = (dict(_flat({**c, "systems": {n: c["systems"][n] for n in sorted(both)}}, "")) for c in (before, now))
    names = [k for k in {**old, **new} if old.get(k) != new.get(k)]
    if names:
        shown = "; ".join(f"{k} was {_short(old.get(k))}, now {_short(new.get(k))}" for k in names[:MOST_SHOWN])
        more = f"; and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
        raise InputError(f"{directory} holds a benchmark of another configuration: {shown}{more}; name another -o")


def _short(value: object) -> str:
    """Return a value as it is shown; for a digest, its beginning."""
    text = json.dumps(value, ensure_ascii=False)
    return text[:13] + '…"' if len(text) == 66 else text


def _flat(value: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _flat(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", inner


def read_config(directory: Path) -> dict[str, Any]:
    """Read the configuration of a benchmark; raises `InputError` where there is none."""
    path = directory / CONFIG
    try:
        config: dict[str, Any] = parse_record(path.read_text("utf-8"))
        config["systems"].keys(), config["glossary"]["terms"], config["model"]["name"]
    except OSError as error:
        raise InputError(
            f"{directory} holds no benchmark ({CONFIG}: {error.strerror or error}): "
            "name a directory that 'mtreason bench run -o' wrote"
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path} is not what 'mtreason bench run' writes: name another directory") from error
    return config


def read_results(directory: Path) -> list[dict[str, Any]]:
    """Read all finished results, without a last line that was cut off; of duplicates, only the first."""
    path = directory / RESULTS
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror or error}): run 'mtreason bench run' first"
        ) from error
    records: dict[tuple[str, str, str], dict[str, Any]] = {}
    for number, line in enumerate(lines, 1):
        try:
            record = parse_record(line)
            records.setdefault(_key(record), record)
            float(record["seconds"])
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"{path}:{number}: not a result: delete the line to have it made again") from error
    return list(records.values())


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a file completely or not at all."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")
