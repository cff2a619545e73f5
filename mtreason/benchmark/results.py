"""The directory of a benchmark: what to run (config), each result (results.jsonl), what was done (manifest)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from mtreason.errors import InputError, MtreasonError
from mtreason.files import part_of, read_regular, write_bytes
from mtreason.records import parse_record, without_nan
from mtreason.storage.shapes import MAYBE_NUMBER, NUMBER, Each, fits
from mtreason.storage.sums import LineSums

CONFIG, RESULTS, MANIFEST = "config.json", "results.jsonl", "manifest.json"
_COST = {"prompt_tokens": int, "sampled_tokens": int, "scored_tokens": int}
_RESULT = {
    "system": str, "pair": str, "id": str, "src_lang": str, "tgt_lang": str, "domain": (str, type(None)), "src": str,
    "refs": [str], "translation": str, "reward": MAYBE_NUMBER, "parts": Each(MAYBE_NUMBER), "cost": _COST,
    "cost_tokens": int, "budget_tokens": MAYBE_NUMBER, "distinct": int, "candidates": int, "fell_back": bool,
    "seconds": NUMBER,
}  # fmt: skip
_SYSTEM = Each((str, int, float, bool, type(None), list, dict))
_CONFIG = {
    "model": {"name": str, "digest": str, "dtype": str, "device": str}, "seed": int,
    "glossary": {"terms": int, "digest": str}, "systems": Each(_SYSTEM),
}  # fmt: skip
MOST_SHOWN = 4
"""How many differences are named when a directory belongs to another configuration."""


class ResultsWriter:
    """Adds results to a directory, one JSON line each, as they come."""

    def __init__(
        self, directory: Path, stream: IO[bytes], done: dict[tuple[str, str, str], float], sums: LineSums
    ) -> None:
        self.directory = directory
        self._sums = sums
        self.done = done
        """(system, pair, id) of every result in the file -> its seconds."""
        self._stream = stream

    def write(self, record: Mapping[str, Any]) -> None:
        """Write and flush one result; raises `MtreasonError` when that fails."""
        try:
            line = json.dumps(without_nan(record), ensure_ascii=False).encode("utf-8", "backslashreplace")
            self._sums.add(line)
            self._stream.write(line + b"\n")
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
        probe = part_of(directory / "probe")
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
    text = _json_text(config)
    try:
        if file.is_symlink():
            raise OSError("it is a link, which may lead anywhere")
        drop_broken_end(file)
        sums = LineSums(file)
        if not file.stat().st_size:
            sums.begin()
        sums.add(text)
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror or error}): name another -o") from error
    write_bytes(directory / CONFIG, text)
    done = {_key(record): float(record["seconds"]) for record in read_results(directory)}
    (directory / MANIFEST).unlink(missing_ok=True)
    with file.open("ab") as stream:
        yield ResultsWriter(directory, stream, done, sums)


def drop_broken_end(file: Path) -> None:
    """Cut off the text after the last line break: a line that was not written to its end."""
    if not file.exists():
        file.touch()
        return
    if not file.is_file():
        raise OSError("it is no file")
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
        data = read_regular(path)
        config: dict[str, Any] = parse_record(data)
        sums = LineSums(directory / RESULTS)
    except OSError as error:
        raise InputError(
            f"{directory} holds no benchmark ({CONFIG}: {error.strerror or error}): "
            "name a directory that 'mtreason bench run -o' wrote"
        ) from error
    except ValueError as error:
        raise InputError(f"{path} is not what 'mtreason bench run' writes: name another directory") from error
    if not fits(config, _CONFIG) or not all(fits(own, _named(own)) for own in config["systems"].values()):
        raise InputError(f"{path} is not what 'mtreason bench run' writes: name another directory")
    if not sums.fits(data):
        raise InputError(f"{path} is damaged (its checksum does not fit): fetch it again, or name another directory")
    return config


def _named(system: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shape of a system's settings: those that it has of the ones that are read here."""
    known = {"decoder": str, "reward": (str, type(None)), "budget": MAYBE_NUMBER}
    return {name: shape for name, shape in known.items() if name in system}


def read_results(directory: Path) -> list[dict[str, Any]]:
    """Read all finished results, without a last line that was cut off; of duplicates, only the first."""
    path = directory / RESULTS
    try:
        lines = read_regular(path).split(b"\n")[:-1]
        sums = LineSums(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror or error}): run 'mtreason bench run' first"
        ) from error
    records: dict[tuple[str, str, str], dict[str, Any]] = {}
    for number, line in enumerate(lines, 1):
        try:
            record = parse_record(line)
        except ValueError:
            record = None
        if not fits(record, _RESULT):
            raise InputError(f"{path}:{number}: not a result: delete the line to have it made again")
        if not sums.fits(line):
            raise InputError(
                f"{path}:{number}: damaged (its checksum does not fit): delete the line to have it made again"
            )
        records.setdefault(_key(record), record)
    return list(records.values())


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a file completely or not at all."""
    write_bytes(path, _json_text(value))


def _json_text(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")
