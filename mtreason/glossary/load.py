"""Reads glossary files: UTF-8, one term a line, fields separated by tabs.

`source<TAB>target<TAB>literal<TAB>note`: several targets are separated by `|`, an empty target keeps the source term,
the last two fields may be left out. Lines that start with `#` are comments; `# languages: zh-en` before the first term,
or `.zh-en.tsv` at the end of the file name, states the direction the file is for.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mtreason.errors import GlossaryError
from mtreason.glossary.fold import fold, primary_language

MAX_BYTES = 64 * 1024 * 1024

_LAYOUT = "source<TAB>target[<TAB>literal[<TAB>note]]"
_CODE = r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?"
_PAIR = re.compile(rf"({_CODE})-({_CODE})")
# Stricter than the header: a name such as `our-own.tsv` or `terms.en-GB.tsv` states no direction.
_NAMED_PAIR = re.compile(rf".+\.({_CODE})-({_CODE})\.tsv".replace("{2,3}", "{2}"), re.DOTALL)
_HEADER = re.compile(r"#\s*languages?\s*:(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One term of a glossary.

    `targets` are the accepted renderings, best first; none means that the source term is kept as it is. `literal` is
    the reading to avoid ("" when not given). `file` is the path as the user gave it, or the bare name of a shipped
    file; `line` counts from 1.
    """

    source: str
    targets: tuple[str, ...]
    literal: str
    note: str
    file: str
    line: int


def load_glossary(path: Path, source: str, target: str) -> tuple[Entry, ...]:
    """Read the glossary file `path` for a run that translates `source` to `target` (BCP-47 codes).

    Raises GlossaryError, one line that names the file and where there is one the line, when the file cannot be read,
    is not UTF-8, is larger than 64 MB, has a line that cannot be understood, lists a term twice (also in another case,
    width or, for Chinese, script: the matcher cannot tell those apart), or states another direction.
    """
    name = path.name if path.parent in _shipped_directories() else str(path)
    text = _read(path, name)
    stated = _NAMED_PAIR.fullmatch(path.name)
    if stated:
        _check_direction(name, stated, (source, target))
    entries: list[Entry] = []
    first_lines: dict[str, int] = {}
    for number, line in _lines(text):
        where = f"{name}:{number}"
        if line.startswith("#"):
            header = _HEADER.fullmatch(line)
            if header and not entries:
                _check_direction(where, _parse_header(where, header[1].strip()), (source, target))
            continue
        entry = _parse_line(line, name, number)
        key = fold(entry.source, source)
        if key in first_lines:
            raise GlossaryError(
                f"{where}: the term {entry.source!r} is already on line {first_lines[key]} of this file "
                "(case, width and script variants count as the same term): keep one of the two lines and put all "
                "renderings there, separated by '|'"
            )
        first_lines[key] = number
        entries.append(entry)
    return tuple(entries)


def shipped_glossaries(source: str, target: str) -> tuple[Path, ...]:
    """Return the glossary files that come with mtreason for this direction, sorted by name; often there are none."""
    wanted = (primary_language(source), primary_language(target))
    for directory in _shipped_directories():
        if directory.is_dir():
            pairs = ((path, _NAMED_PAIR.fullmatch(path.name)) for path in sorted(directory.glob("*.tsv")))
            return tuple(path for path, pair in pairs if pair and _primaries(pair) == wanted)
    return ()


def _shipped_directories() -> tuple[Path, Path]:
    # An installed wheel has the files inside the package; a checkout has them beside it.
    package = Path(__file__).resolve().parents[1]
    return package / "glossaries", package.parent / "glossaries"


def _read(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise GlossaryError(f"{name}: no such glossary file: check the path") from None
    except IsADirectoryError:
        raise GlossaryError(f"{name}: is a directory, not a glossary file: name one TSV file in it") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        # Windows reports a directory as permission denied.
        if os.name == "nt" and path.is_dir():
            raise GlossaryError(f"{name}: is a directory, not a glossary file: name one TSV file in it") from None
        reason = getattr(error, "strerror", None) or str(error)
        raise GlossaryError(f"{name}: the glossary file cannot be read ({reason}): check its permissions") from None
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // (1024 * 1024)
        raise GlossaryError(f"{name}: the glossary file is larger than {limit} MB: split it or check that it is a TSV")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise GlossaryError(
            f"{name}:{line}: not UTF-8, byte 0x{data[error.start]:02x} at byte offset {error.start} of the file: "
            "save the glossary as UTF-8"
        ) from None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line) for every line that is not blank."""
    # Not str.splitlines: that would also break a note at U+2028 or a form feed and shift the numbers editors show.
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if line.strip():
            yield number, line


def _parse_line(line: str, name: str, number: int) -> Entry:
    where = f"{name}:{number}"
    fields = [field.strip() for field in line.split("\t")]
    if not 2 <= len(fields) <= 4:
        found = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
        fix = "put a tab after the source term" if len(fields) == 1 else "remove the extra tabs"
        raise GlossaryError(f"{where}: found {found}, expected 2 to 4 as in {_LAYOUT}: {fix}")
    source, target, literal, note = [*fields, "", ""][:4]
    if not source:
        raise GlossaryError(f"{where}: the source term is empty, expected {_LAYOUT}: write the term before the tab")
    targets = tuple(piece.strip() for piece in target.split("|")) if target else ()
    if "" in targets:
        raise GlossaryError(
            f"{where}: an empty rendering in {target!r}, expected renderings with one '|' between them: "
            "remove the extra '|'"
        )
    return Entry(source, targets, literal, note, name, number)


def _parse_header(where: str, value: str) -> re.Match[str]:
    pair = _PAIR.fullmatch(value)
    if pair is None:
        raise GlossaryError(
            f"{where}: languages are {value!r}, expected two codes such as 'zh-en' or 'zh-Hant-en-GB': "
            "correct the header line or remove it"
        )
    return pair


def _primaries(pair: re.Match[str]) -> tuple[str, str]:
    return primary_language(pair[1]), primary_language(pair[2])


def _check_direction(where: str, pair: re.Match[str], run: tuple[str, str]) -> None:
    if _primaries(pair) != (primary_language(run[0]), primary_language(run[1])):
        raise GlossaryError(
            f"{where}: this glossary is for {pair[1]} to {pair[2]}, but the run translates {run[0]} to {run[1]}: "
            f"leave it out or give one for {run[0]} to {run[1]}"
        )
