"""Translations to be scored, from plain files or from what other commands of this tool wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mtreason.errors import InputError
from mtreason.files import read_text


@dataclass(frozen=True, slots=True)
class System:
    """What one system made of the segments; all tuples are n long."""

    name: str
    translations: tuple[str, ...]
    sources: tuple[str, ...] | None
    references: tuple[tuple[str, ...], ...] | None
    """Of each segment; some may have none."""


def read_systems(hypotheses: Sequence[Path], references: Sequence[Path], source: Path | None) -> tuple[System, ...]:
    """Read the systems of all files; they have the same segments.

    A file of JSON lines may hold several systems, with sources and references; beside plain text these come from
    files of their own. Raises `InputError` for files that do not go together.
    """
    found = [system for path in hypotheses for system in _read(path)]
    names = [system.name for system in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two systems are called {name!r}: rename one of the files")
    first = found[0]
    sizes = {len(system.translations): system.name for system in found}
    if len(sizes) > 1:
        listed = ", ".join(f"{s.name} has {len(s.translations)}" for s in found)
        raise InputError(f"the systems do not have the same number of segments: {listed}")
    size = len(first.translations)
    if not size:
        raise InputError(f"{hypotheses[0]} is empty: there is nothing to score")
    given: dict[str, Any] = {}
    if references:
        columns = [_aligned(path, size, hypotheses[0]) for path in references]
        given["references"] = tuple(tuple(r for r in row if r.strip()) for row in zip(*columns, strict=True))
    if source is not None:
        given["sources"] = tuple(_aligned(source, size, hypotheses[0]))
    for name, option in (("references", "--ref"), ("sources", "--src")):
        own = {getattr(system, name) for system in found} - {None}
        if name in given and own:
            raise InputError(f"{option}: {hypotheses[0]} has its own {name}: leave the option out")
        if len(own) > 1:
            raise InputError(f"the files have different {name}: score systems that translated the same segments")
        if own:
            given[name] = own.pop()
    return tuple(replace(system, **given) for system in found)


def _aligned(path: Path, size: int, beside: Path) -> list[str]:
    lines = read_lines(path)
    if len(lines) != size:
        raise InputError(f"{path} has {len(lines)} lines, {beside} has {size} segments: they must match line by line")
    return lines


def read_lines(path: Path) -> list[str]:
    """Read the lines of a UTF-8 file; blank ones count."""
    text = read_text(path, "check the name")
    # Not splitlines(), which also breaks at separators that may stand inside a text.
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def _read(path: Path) -> list[System]:
    if path.suffix != ".jsonl":
        return [System(path.name, tuple(read_lines(path)), None, None)]
    records = []
    for number, line in enumerate(read_lines(path), 1):
        try:
            record = json.loads(line)
            records.append((str(record.get("system", path.name)), _key(record), record))
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise InputError(
                f"{path}:{number}: expected what bench, translate --json or --trace wrote, an object with a translation"
            ) from error
    return _grouped(path, records)


def _key(record: dict[str, Any]) -> tuple[str, str]:
    """Say which segment a record is of: by its id in benchmarks, by its line elsewhere."""
    if not isinstance(record["translation"], str):
        raise TypeError
    return str(record.get("pair", "")), str(record["id"] if "id" in record else record["line"])


def _grouped(path: Path, records: Sequence[tuple[str, tuple[str, str], dict[str, Any]]]) -> list[System]:
    by_system: dict[str, dict[tuple[str, str], list[dict[str, Any]]]] = {}
    for system, key, record in records:
        by_system.setdefault(system, {}).setdefault(key, []).append(record)
    if len({pair for own in by_system.values() for pair, _ in own}) > 1:
        raise InputError(f"{path} has several pairs of languages: 'mtreason bench report' tells them apart")
    # Only what every system has finished can be compared.
    keys = [k for k in next(iter(by_system.values()), {}) if all(k in own for own in by_system.values())]
    systems = []
    for name, own in by_system.items():
        rows = [own[k] for k in keys]
        systems.append(
            System(
                name,
                tuple(" ".join(r["translation"].strip() for r in row) for row in rows),
                tuple(" ".join(str(r.get("src", r.get("source", ""))).strip() for r in row) for row in rows),
                tuple(tuple(row[0]["refs"]) for row in rows) if all("refs" in row[0] for row in rows) else None,
            )
        )
    return systems
