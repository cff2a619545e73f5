"""What the formats have in common: rows, what is left out, and how text is decoded."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mtreason.errors import GlossaryError
from mtreason.glossary.values import Value
from mtreason.languages import best_tag, parse_language, scripts_of

Direction = tuple[str, str]
"""Codes of the source and the target language."""


class Row(NamedTuple):
    """One term as a file has it."""

    line: int
    fields: Mapping[str, Value]
    """Values by column. Those of a column with several values are a tuple, or a text with `|` between them."""
    kept: bool = False
    """Whether the term is kept where it has no rendering; otherwise it is not translated yet."""


class LeftOut(NamedTuple):
    """Something of a file that is no term of the run."""

    line: int
    why: str
    """What is left out and why: a pattern for the names of the two languages, such as `UNTRANSLATED`."""
    columns: tuple[str, ...] = ()
    """Names of columns that are left out as a whole, as the file has them."""


UNTRANSLATED = "without a rendering in {1}"
NO_SOURCE = "without a term in {0}"
BAD_SOURCE = "with a term that is deprecated or forbidden"
OTHER_LANGUAGES = "for other languages"
UNUSED = "columns that mean nothing here"


class MismatchError(GlossaryError):
    """A glossary that is for other languages."""

    def __init__(self, where: str, there: str, run: Direction, advice: str = "") -> None:
        super().__init__(
            f"{where}: this glossary is for {there}, but the run translates {run[0]} to {run[1]}: leave it out or give "
            f"one {advice or 'with both languages'}"
        )


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16 does, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OLD = {
    "zh": ("gb18030", "big5"), "ja": ("shift_jis", "euc_jp"), "ko": ("cp949",), "ru": ("cp1251",), "uk": ("cp1251",),
    "bg": ("cp1251",), "sr": ("cp1251",), "el": ("cp1253",), "tr": ("cp1254",), "he": ("cp1255",), "ar": ("cp1256",),
    "th": ("cp874",), "pl": ("cp1250",), "cs": ("cp1250",), "sk": ("cp1250",), "hu": ("cp1250",), "sl": ("cp1250",),
    "hr": ("cp1250",), "ro": ("cp1250",), "lt": ("cp1257",), "lv": ("cp1257",), "et": ("cp1257",), "vi": ("cp1258",),
}  # fmt: skip
"""Encodings before Unicode by language; the others wrote cp1252."""


def decode(data: bytes, name: str, direction: Direction | None = None) -> str:
    """Decode UTF-8, or UTF-16 and UTF-32 by their byte-order mark.

    Raises `GlossaryError` that names the line and byte, and the encoding that the languages make likely.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise _undecoded(data, name, error, len(mark), encoding.upper(), "") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _undecoded(data, name, error, 0, "UTF-8", _likely_encoding(data, direction)) from None


def _undecoded(
    data: bytes, name: str, error: UnicodeDecodeError, before: int, encoding: str, likely: str
) -> GlossaryError:
    offset = before + error.start
    line = data.count(b"\n", 0, offset) + 1
    maybe = f" (it reads as {likely})" if likely else ""
    return GlossaryError(
        f"{name}:{line}: not {encoding}, byte 0x{data[offset]:02x} at byte offset {offset} of the file{maybe}: "
        "save the glossary as UTF-8"
    )


def _likely_encoding(data: bytes, direction: Direction | None) -> str:
    languages = [parse_language(tag) for tag in direction or ()]
    scripts = {script for language in languages for script in language.scripts} | {"Latin"}
    for encoding in [e for language in languages for e in _OLD.get(language.primary, ())] + ["cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if languages and scripts_of(text[:10_000]) <= scripts:
            return encoding
    return ""


def check_direction(where: str, stated: Direction, run: Direction) -> None:
    """Raise `GlossaryError` where a file is for another direction than the run."""
    if not serves(stated, run):
        raise MismatchError(where, f"{stated[0]} to {stated[1]}", run, f"for {run[0]} to {run[1]}")


def serves(stated: Direction, run: Direction) -> bool:
    """Whether what is stated to be for two languages can be used for those of a run."""
    return all(best_tag(wanted, (there,)) is not None for wanted, there in zip(run, stated, strict=True))


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line) for every line that is not blank."""
    # Not str.splitlines: that would also break a note at U+2028 or a form feed, and shift the line numbers.
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if line.strip():
            yield number, line


_QUOTED = re.compile(r'"((?:[^"]|"")*+)"')


def cells_of(line: str) -> list[str]:
    """Return the cells of a line of tab-separated text; quotation marks around a cell are taken off as CSV has them."""
    cells = [cell.strip() for cell in line.split("\t")]
    if '"' not in line:
        return cells
    quoted = [(cell, _QUOTED.fullmatch(cell)) for cell in cells]
    return [cell if found is None else found[1].replace('""', '"').strip() for cell, found in quoted]


def cell_for(text: str) -> str:
    """Write a cell of tab-separated text: on one line, and in quotation marks where it would be read otherwise."""
    flat = " ".join(text.split()) if re.search(r"[\t\r\n]", text) else text
    quoted = flat.startswith("#") or _QUOTED.fullmatch(flat) is not None
    return '"' + flat.replace('"', '""') + '"' if quoted else flat
