"""Small text files, read and written whole."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import stat
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from mtreason.characters import utf8
from mtreason.errors import InputError, MtreasonError
from mtreason.records import parse_record

if sys.platform != "win32":
    import fcntl

MOST_BYTES = 1 << 28
"""A larger file is not read whole: it may be a device that never ends."""


PACKED = ".gz"
"""The suffix of a file that gzip has packed."""


def cache_dir() -> Path:
    """Return where models and all else that can be made again is kept: MTREASON_CACHE, or the platform's directory."""
    import platformdirs

    own = os.environ.get("MTREASON_CACHE")
    return Path(own) if own else platformdirs.user_cache_path("mtreason")


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


def read_unpacked(path: Path, advice: str) -> bytes:
    """Read a file as `read_bytes` does, and unpack one whose name ends with `PACKED`, within the same limit."""
    if path.suffix.lower() != PACKED:
        return read_bytes(path, advice)
    try:
        with gzip.open(path) as stream:
            data = stream.read(MOST_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: damaged, or not packed by gzip ({error}): pack it again") from error
    except (OSError, ValueError) as error:  # as above
        raise InputError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}): {advice}") from error
    if len(data) > MOST_BYTES:
        raise InputError(f"{path}: unpacks to more than {MOST_BYTES >> 20} MB: {advice}")
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


def refuse_pipe(path: Path, what: str) -> None:
    """Raise `InputError` for a pipe or a device in place of a file: it would be waited for; `what` names it."""
    if is_pipe(path):
        raise InputError(f"{path}, {what}, is no file but a pipe or a device: name a file")


def check_output(out: Path, *inputs: Path) -> None:
    """Raise `InputError` for an output that is also an input, and would be overwritten before it is used again."""
    for path in inputs:
        if resolved(out) == resolved(path):
            raise InputError(f"{out} is also an input and would be overwritten: name another file")


def read_regular(path: Path) -> bytes:
    """Read a file of our own; raises `OSError` for a pipe, which would be waited for, and for whatever is no file."""
    if path.exists() and not path.is_file():
        raise OSError("it is no file")
    return path.read_bytes()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def short_digest(text: str) -> bytes:
    """Return what stands for a text where texts are looked up: 16 of the 32 bytes of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def write_text(path: Path, text: str) -> None:
    """Write a text file, as UTF-8 with bare line feeds, completely or not at all; raises `MtreasonError` on failure."""
    write_bytes(path, utf8(text))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file completely or not at all; raises `MtreasonError` on failure.

    A file that was there keeps its permissions. A symbolic link is replaced, because it may lead anywhere.
    """
    temporary = part_of(path)
    try:
        sweep_parts(path)
        with open_part(path) as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise MtreasonError(f"{path} cannot be written ({error.strerror or error})") from error
    finally:
        _remove_unheld(temporary)  # After success it no longer exists.


PART = "mtreason-part"
"""The extension of files that are being written."""


def part_of(path: Path) -> Path:
    """Return the path where a file is written until it is complete; no other process writes there."""
    return path.with_name(f".{path.name}.{os.getpid()}.{PART}")


def open_part(path: Path) -> BinaryIO:
    """Open the part of a file for writing, with the permissions that the file has or would get."""
    temporary = part_of(path)
    # A killed process may have had our number; one in another container may have it now.
    _remove_unheld(temporary)
    stream = open_like(path, temporary, os.O_WRONLY | os.O_EXCL)
    _hold(stream)
    return stream


def open_like(model: Path, path: Path, flags: int) -> BinaryIO:
    """Open a file as the flags say; a new one gets the permissions of the model from the beginning.

    Where there is no model, they are those that a new file gets.
    """
    try:
        like = model.stat()
    except OSError:
        like = None
    flags |= os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags, 0o666 if like is None else 0o600)
    try:
        if like is not None and sys.platform != "win32":
            with suppress(OSError):  # Only some may give a file to its owner or group.
                os.fchown(descriptor, like.st_uid, like.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
        return os.fdopen(descriptor, "r+b" if flags & os.O_RDWR else "wb")
    except BaseException:
        os.close(descriptor)
        raise


NOT_THROUGH_LINKS = getattr(os, "O_NOFOLLOW", 0)
"""Opens no symbolic link: what lies beside an output may come from strangers, and would lead a writer elsewhere."""


def open_own(model: Path, path: Path, flags: int) -> BinaryIO:
    """Open a file of our own beside an output, as `open_like` does.

    Raises `OSError` for what a stranger may have put there: a link, a pipe, another name of a file from elsewhere.
    """
    if os.path.lexists(path):
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise OSError("it is no file of its own: remove it")
    return open_like(model, path, flags | NOT_THROUGH_LINKS)


def sweep_parts(path: Path) -> None:
    """Remove the parts that ended processes have left in the directory of a file."""
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            name = entry.name.split(".")
            if len(name) < 4 or name[0] or name[-1] != PART or not name[-2].isascii() or not name[-2].isdecimal():
                continue
            process = int(name[-2]) if len(name[-2]) < 20 else 0
            if process == os.getpid() or not _runs(process):
                _remove_unheld(Path(entry.path))


def _hold(stream: BinaryIO) -> None:
    """Mark a part as being written: a process may be out of sight, and numbers of processes are used again."""
    if sys.platform != "win32":
        with suppress(OSError):  # Some file systems have no locks.
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove_unheld(part: Path) -> None:
    with suppress(OSError):
        if sys.platform == "win32" or not stat.S_ISREG(part.lstat().st_mode):
            part.unlink()  # On Windows this fails while somebody writes there.
            return
        descriptor = os.open(part, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
        finally:
            os.close(descriptor)


def _runs(process: int) -> bool:
    if os.name == "nt":
        return False  # On Windows an open file cannot be removed, and asking would end the process.
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


SUM = 16
"""Hexadecimal digits of a checksum."""


def checksum(data: bytes) -> str:
    """Return a checksum that shows any damage; it does not protect against a person who wants to deceive."""
    return hashlib.sha256(data).hexdigest()[:SUM]


def seal(value: Any) -> bytes:  # noqa: ANN401 - what JSON can hold
    """Write a value as one line of JSON that begins with its checksum, without a line break; see `unseal`."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return f"{checksum(body)} ".encode() + body


def unseal(line: bytes) -> Any:  # noqa: ANN401 - what JSON can hold
    """Return the value of a line of `seal`; raises `ValueError` for a line that has changed since, or is no such line.

    Numbers that are none (NaN, infinity) are refused too.
    """
    if line[SUM : SUM + 1] != b" " or line[:SUM] != checksum(line[SUM + 1 :]).encode():
        raise ValueError("the checksum does not fit")
    return parse_record(line[SUM + 1 :])


_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Remove what XML cannot contain: control characters and lone surrogates."""
    return _NOT_IN_XML.sub("", text)
