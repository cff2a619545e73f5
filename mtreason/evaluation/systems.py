"""Translations to be scored, read from plain files or from the output of other commands of this tool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any

from mtreason.characters import HALF_PAIR, has_half_pair
from mtreason.errors import InputError
from mtreason.files import PACKED
from mtreason.lines import read_lines
from mtreason.records import parse_record


@dataclass(frozen=True, slots=True)
class System:
    """The translations of one system; all tuples have length n."""

    name: str
    translations: tuple[str, ...]
    sources: tuple[str, ...] | None
    references: tuple[tuple[str, ...], ...] | None
    """References of each segment; some may have none."""


def read_systems(hypotheses: Sequence[Path], references: Sequence[Path], source: Path | None) -> tuple[System, ...]:
    """Read the systems in all files; they must have the same segments.

    A file of JSON lines may hold several systems, with sources and references; for plain text these are read from files
    of their own. Raises `InputError` for files that do not belong together.
    """
    found = [system for path in hypotheses for system in _read(path)]
    for name, count in Counter(system.name for system in found).items():
        if count > 1:
            raise InputError(f"two systems are called {name!r}: rename one of the files")
    if not found:
        raise InputError(f"{hypotheses[0]} is empty: there is nothing to score")
    first = found[0]
    if len({len(system.translations) for system in found}) > 1:
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
    return _without_blanks([replace(system, **given) for system in found])


def _without_blanks(systems: Sequence[System]) -> tuple[System, ...]:
    """Leave out segments without a source, a reference and a translation."""
    first = systems[0]
    lines = zip(*(s.translations for s in systems), strict=True)
    texts = ["".join(line) for line in lines]
    if first.sources:
        texts = [text + source for text, source in zip(texts, first.sources, strict=True)]
    if first.references:
        texts = [text + "".join(own) for text, own in zip(texts, first.references, strict=True)]
    kept = [bool(text.strip()) for text in texts]
    return tuple(
        replace(
            s,
            translations=tuple(compress(s.translations, kept)),
            sources=s.sources and tuple(compress(s.sources, kept)),
            references=s.references and tuple(compress(s.references, kept)),
        )
        for s in systems
    )


def _aligned(path: Path, size: int, beside: Path) -> list[str]:
    lines = read_lines(path)
    if not any(line.strip() for line in lines[size:]):
        del lines[size:]  # a trace ends with the last line that has a text
    if len(lines) != size:
        raise InputError(f"{path} has {len(lines)} lines, {beside} has {size} segments: they must match line by line")
    return lines


def _read(path: Path) -> list[System]:
    if not path.name.removesuffix(PACKED).endswith(".jsonl"):
        return [System(path.name, tuple(read_lines(path)), None, None)]
    records = []
    for number, line in enumerate(read_lines(path), 1):
        try:
            record = parse_record(line)
            if has_half_pair(f"{record['translation']}{record.get('src', record.get('source'))}"):
                raise InputError(f"{path}:{number}: a text {HALF_PAIR}")
            records.append((str(record.get("system", path.name)), _key(record), record))
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise InputError(
                f"{path}:{number}: expected what bench, translate --json or --trace wrote, an object with a translation"
            ) from error
    # A trace lists segments in the order in which they finished.
    records.sort(key=lambda r: (r[2].get("line", 0), r[2].get("segment", 0)))
    return _grouped(path, records)


def _key(record: dict[str, Any]) -> tuple[str, str]:
    """Return which segment a record is for: its id in benchmarks, its line and segment number elsewhere."""
    if not isinstance(record["translation"], str):
        raise TypeError
    return str(record.get("pair", "")), str(record["id"] if "id" in record else int(record["line"]))


def _grouped(path: Path, records: Sequence[tuple[str, tuple[str, str], dict[str, Any]]]) -> list[System]:
    by_system: dict[str, dict[tuple[str, str], list[dict[str, Any]]]] = {}
    for system, key, record in records:
        by_system.setdefault(system, {}).setdefault(key, []).append(record)
    if len({pair for own in by_system.values() for pair, _ in own}) > 1:
        raise InputError(f"{path} has several pairs of languages: 'mtreason bench report' tells them apart")
    # Only segments that every system has finished can be compared.
    keys = [k for k in next(iter(by_system.values()), {}) if all(k in own for own in by_system.values())]
    if keys and "id" not in records[0][2]:
        # A trace has no blank lines, but the text files that belong to it do.
        keys = [("", str(line)) for line in range(1, int(keys[-1][1]) + 1)]
    systems = []
    for name, own in by_system.items():
        rows = [own.get(k, []) for k in keys]
        sources = None
        if all("src" in r or "source" in r for row in rows for r in row):
            sources = tuple(" ".join(str(r.get("src", r.get("source"))).strip() for r in row) for row in rows)
        references = tuple(tuple(row[0]["refs"]) for row in rows) if all(r and "refs" in r[0] for r in rows) else None
        translations = tuple(" ".join(r["translation"].strip() for r in row) for row in rows)
        systems.append(System(name, translations, sources, references))
    return systems
