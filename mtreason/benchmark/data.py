"""The segments of a benchmark, from JSON lines, from plain files, or from a test set that sacrebleu knows."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, TypeVar

from mtreason.characters import HALF_PAIR, has_half_pair
from mtreason.errors import InputError, LanguageError
from mtreason.languages import parse_language
from mtreason.lines import read_lines
from mtreason.records import parse_record

T = TypeVar("T")

KEYS = ("id", "src_lang", "tgt_lang", "src")
"""The keys that every row must have; `refs` (a list of texts) and `domain` are optional."""


@dataclass(frozen=True, slots=True)
class Row:
    """One segment to translate."""

    id: str
    source_tag: str
    target_tag: str
    source: str
    references: tuple[str, ...]
    """Empty: the segment is scored without reference metrics."""
    domain: str

    @property
    def pair(self) -> str:
        """The direction, such as "zh-en"."""
        return f"{self.source_tag}-{self.target_tag}"


def read_rows(path: Path, pair: str | None = None) -> list[Row]:
    """Read JSON lines, those of one pair of languages or all.

    Raises `InputError` with file and line for what cannot be parsed, and when the pair does not occur.
    """
    return [row for row, _, _ in read_records(path, pair)]


def read_records(path: Path, pair: str | None = None) -> list[tuple[Row, str, dict[str, Any]]]:
    """Read as `read_rows` does, and return each row with its place (file and line) and everything in the line."""
    records = []
    first_lines: dict[str, int] = {}
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        record = _parse_record(where, line)
        row = _parse_row(where, record)
        if row.id in first_lines:
            raise InputError(f"{where}: the id {row.id!r} is on line {first_lines[row.id]} already: ids must differ")
        first_lines[row.id] = number
        records.append((row, where, record))
    pairs = list(dict.fromkeys(row.pair for row, _, _ in _some(records, str(path))))
    if pair is not None and pair not in pairs:
        raise InputError(f"--langs {pair!r}: {path} has {', '.join(pairs)}")
    return [record for record in records if pair in {None, record[0].pair}]


def _parse_record(where: str, line: str) -> dict[str, Any]:
    try:
        record = parse_record(line, finite=False)
    except ValueError as error:
        raise InputError(f"{where}: not JSON ({error}): expected one object a line") from error
    if not isinstance(record, dict):
        raise InputError(f"{where}: expected an object with {', '.join(KEYS)}, refs and domain")
    return record


def _parse_row(where: str, record: dict[str, Any]) -> Row:
    missing = [key for key in KEYS if key not in record]
    if missing:
        raise InputError(f"{where}: {', '.join(missing)} missing: a row has {', '.join(KEYS)}, refs and domain")
    wrong = [key for key in KEYS if not _is_text(record[key])]
    if wrong:
        raise InputError(f"{where}: {wrong[0]} must be a text that is not blank")
    references = record.get("refs") or []
    if not isinstance(references, list) or not all(isinstance(r, str) for r in references):
        raise InputError(f"{where}: refs must be a list of texts")
    domain = record.get("domain") or ""
    if not isinstance(domain, str):
        raise InputError(f"{where}: domain must be a text")
    for text in (record["id"], record["src"], domain, *references):
        if has_half_pair(text):
            raise InputError(f"{where}: {HALF_PAIR}")
    source, target = _languages(where, record["src_lang"], record["tgt_lang"])
    return Row(record["id"], source, target, record["src"], tuple(r for r in references if r.strip()), domain)


def _is_text(value: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    return isinstance(value, str) and bool(value.strip())


def _languages(where: str, source: str, target: str) -> tuple[str, str]:
    try:
        tags = parse_language(source).tag, parse_language(target).tag
    except LanguageError as error:
        raise LanguageError(f"{where}: {error}") from error
    if tags[0] == tags[1]:
        raise InputError(f"{where}: source and target language are both {tags[0]!r}")
    return tags


def read_files(source: Path, references: Sequence[Path], source_tag: str, target_tag: str) -> list[Row]:
    """Read plain files that are aligned line by line; ids are line numbers, blank source lines are left out.

    A blank line of a reference file means that there is none.
    """
    tags = _languages(str(source), source_tag, target_tag)
    files = [read_lines(path) for path in (source, *references)]
    for path, lines in zip(references, files[1:], strict=True):
        if len(lines) != len(files[0]):
            raise InputError(
                f"{source} has {len(files[0])} lines and {path} has {len(lines)}: they must be aligned line by line"
            )
    rows = []
    for number, (text, *refs) in enumerate(zip(*files, strict=True), 1):
        if text.strip():
            rows.append(Row(str(number), *tags, text.strip(), tuple(r.strip() for r in refs if r.strip()), ""))
    return _some(rows, str(source))


def read_testset(name: str, pair: str) -> list[Row]:
    """Fetch a test set through sacrebleu, or take it from its cache; raises `InputError` where that fails."""
    import logging

    from sacrebleu.dataset import DATASETS
    from sacrebleu.utils import get_langpairs_for_testset, get_reference_files, get_source_file

    if name not in DATASETS:
        raise InputError(f"--testset {name!r}: sacrebleu knows no such test set; 'sacrebleu --list' names them all")
    pairs = get_langpairs_for_testset(name)
    if pair not in pairs:
        raise InputError(f"--langs {pair!r}: the test set {name} has {', '.join(pairs)}")
    logger = logging.getLogger("sacrebleu")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        source, references = get_source_file(name, pair), get_reference_files(name, pair)
    except (Exception, SystemExit) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"the test set {name} cannot be downloaded ({reason}): name files with --data FILE.jsonl, or with "
            "--src FILE --ref FILE --from LANG --to LANG"
        ) from error
    finally:
        logger.setLevel(level)
    rows = read_files(Path(source), [Path(r) for r in references], *pair.split("-", 1))
    return [Row(f"{name}-{pair}-{r.id}", *astuple(r)[1:]) for r in rows]


def by_pair(rows: Iterable[Row], limit: int | None) -> dict[str, list[Row]]:
    """Group rows by their languages; take `limit` rows of each group, evenly from beginning to end."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.pair, []).append(row)
    if limit is None:
        return groups
    return {
        pair: [group[i * len(group) // limit] for i in range(limit)] if limit < len(group) else group
        for pair, group in groups.items()
    }


def digest(parts: Iterable[Any]) -> str:
    """Return a SHA-256 of values in JSON types."""
    made = hashlib.sha256()
    for part in parts:
        made.update(json.dumps(part, ensure_ascii=False, sort_keys=True).encode("utf-8") + b"\n")
    return made.hexdigest()


def rows_digest(groups: Mapping[str, Sequence[Row]]) -> str:
    """Return a digest of everything in the rows."""
    return digest(astuple(row) for row in itertools.chain.from_iterable(groups.values()))


def _some(rows: list[T], name: str) -> list[T]:
    if not rows:
        raise InputError(f"{name} has no segments: expected at least one")
    return rows
