"""Small text files, read and written whole."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from mtreason.characters import utf8
from mtreason.errors import InputError, MtreasonError

MOST_BYTES = 1 << 28
"""A larger file is not read whole: it may be a device that never ends."""


def read_text(path: Path, advice: str) -> str:
    """Read a UTF-8 file, with or without a byte-order mark.

    Raises `InputError` that names the line and byte that is not UTF-8, or ends with the advice when reading fails.
    """
    try:
        return read_bytes(path, advice).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: not UTF-8 (byte offset {error.start}): save it as UTF-8") from error


def read_bytes(path: Path, advice: str) -> bytes:
    """Read a file; raises `InputError` that ends with the advice when that fails, and for one that does not end."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}): {advice}") from error
    if len(data) > MOST_BYTES:
        raise InputError(f"{path}: larger than {MOST_BYTES >> 20} MB: {advice}")
    return data


def resolved(path: Path) -> Path:
    """Return the real path of a file that need not exist; raises `InputError` for links that lead in a circle."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path} leads nowhere ({getattr(error, 'strerror', None) or error}): name another") from error


def followed(path: Path) -> Path:
    """Return the file that a symbolic link leads to, or the path itself; raises `InputError` as `resolved` does."""
    try:
        return resolved(path) if path.is_symlink() else path
    except OSError as error:  # a name that is too long
        raise InputError(f"{path} cannot be used ({error.strerror or error}): name another file") from error


def is_pipe(path: Path) -> bool:
    """Whether a path names something that can be read only once; a path that names nothing is no pipe."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def check_output(out: Path, *inputs: Path) -> None:
    """Raise `InputError` for an output that is also an input, and would be overwritten before it is used again."""
    for path in inputs:
        if resolved(out) == resolved(path):
            raise InputError(f"{out} is also an input and would be overwritten: name another file")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_lines(path: Path) -> list[str]:
    """Read the lines of a UTF-8 file, with blank ones; raises `InputError` as `read_text` does."""
    text = read_text(path, "check the name")
    # Not splitlines(), which also breaks at separators that may occur inside a text.
    lines = text.replace("\r\n", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def write_text(path: Path, text: str) -> None:
    """Write a text file, as UTF-8 with bare line feeds, completely or not at all; raises `MtreasonError` on failure."""
    write_bytes(path, utf8(text))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file completely or not at all; raises `MtreasonError` on failure."""
    temporary = part_of(path)
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise MtreasonError(f"{path} cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):  # After success it no longer exists.
            temporary.unlink()


PART = "mtreason-part"
"""The extension of files that are being written."""


def part_of(path: Path) -> Path:
    """Return the path where a file is written until it is complete; no other process writes there."""
    return path.with_name(f".{path.name}.{os.getpid()}.{PART}")


def sweep_parts(path: Path) -> None:
    """Remove unfinished versions of a file that ended processes have left."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.{PART}"):
        number = part.name.split(".")[-2]
        if number.isdecimal() and not _runs(int(number)):
            with suppress(OSError):
                part.unlink()


def _runs(process: int) -> bool:
    if os.name == "nt":
        return False  # On Windows an open file cannot be removed, and asking would end the process.
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Remove what XML cannot contain: control characters and lone surrogates."""
    return _NOT_IN_XML.sub("", text)
