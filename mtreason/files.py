"""Small text files, read and written whole."""

from __future__ import annotations

import glob
import os
import re
from contextlib import suppress
from pathlib import Path

from mtreason.errors import InputError, MtreasonError


def read_text(path: Path, advice: str) -> str:
    """Read a UTF-8 file, with or without a byte-order mark.

    Raises `InputError` that names the line and byte where it is not, or ends with the advice when it cannot be read.
    """
    try:
        return read_bytes(path, advice).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: not UTF-8 (byte offset {error.start}): save it as UTF-8") from error


def read_bytes(path: Path, advice: str) -> bytes:
    """Read a file; raises `InputError` that ends with the advice when it cannot be."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}): {advice}") from error


def read_lines(path: Path) -> list[str]:
    """Read the lines of a UTF-8 file, blank ones among them; raises `InputError` as `read_text` does."""
    text = read_text(path, "check the name")
    # Not splitlines(), which also breaks at separators that may stand inside a text.
    lines = text.replace("\r\n", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def write_text(path: Path, text: str) -> None:
    """Write a text file, as UTF-8 with bare line feeds, whole or not at all; raises `MtreasonError` when it cannot."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; raises `MtreasonError` when it cannot be."""
    temporary = part_of(path)
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise MtreasonError(f"{path} cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):  # It is gone where all went well.
            temporary.unlink()


PART = "mtreason-part"
"""How the names of files end that are being written."""


def part_of(path: Path) -> Path:
    """Return where a file is written until it is whole; no other process writes there."""
    return path.with_name(f".{path.name}.{os.getpid()}.{PART}")


def sweep_parts(path: Path) -> None:
    """Remove what processes that are gone have left of a file that they did not finish."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.{PART}"):
        number = part.name.split(".")[-2]
        if number.isdecimal() and not _runs(int(number)):
            with suppress(OSError):
                part.unlink()


def _runs(process: int) -> bool:
    if os.name == "nt":
        return False  # There a file that is open cannot be removed, and asking would end the process.
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Leave out what XML cannot hold: control characters and lone surrogates."""
    return _NOT_IN_XML.sub("", text)
