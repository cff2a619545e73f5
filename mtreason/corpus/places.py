"""Files on this machine and elsewhere, through one interface: that of fsspec.

`s3://`, `gs://` and `hdfs://` are those of pyarrow, which brings them along; whatever else fsspec knows has the package
that fsspec asks for.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtreason.errors import InputError, MtreasonError
from mtreason.files import write_bytes

PARQUET, JSONL = "parquet", "jsonl"
SUFFIXES = {".parquet": PARQUET, ".jsonl": JSONL, ".ndjson": JSONL, ".jsonl.gz": JSONL, ".ndjson.gz": JSONL}
"""How the name of an input file ends -> its format."""
OF_ARROW = ("s3", "gs", "hdfs")
HIDDEN = ("_", ".")
"""What begins so in a folder is no data, by the custom of all who read such folders."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read."""

    files: Any
    """The file system, with the interface of fsspec."""
    path: str
    name: str
    """For people."""
    form: str
    """PARQUET or JSONL."""


def open_place(name: str) -> tuple[Any, str]:
    """Return the file system and the path in it of a path or a URI; raises `InputError` for one that nobody knows."""
    from fsspec.core import url_to_fs
    from fsspec.implementations.arrow import ArrowFSWrapper
    from fsspec.implementations.local import LocalFileSystem
    from pyarrow.fs import FileSystem

    scheme = name.partition("://")[0] if "://" in name else ""
    if not scheme:
        return LocalFileSystem(), os.path.abspath(name)  # noqa: PTH100 - links stay what they are
    try:
        if scheme in OF_ARROW:
            found, path = FileSystem.from_uri(name)
            return ArrowFSWrapper(found), path
        files, path = url_to_fs(name)
    except (ImportError, ValueError, OSError) as error:
        raise InputError(f"{name} cannot be opened ({error}): check the address") from error
    return files, path


def find_files(names: Iterable[str]) -> list[InputFile]:
    """Return the files that names lead to: files, folders with all in them, and patterns, each file once.

    Raises `InputError` for a name that leads to no file that can be read.
    """
    found: dict[str, InputFile] = {}
    for name in names:
        for file in _found(name):
            found.setdefault(file.name, file)
    return list(found.values())


def _found(name: str) -> list[InputFile]:
    files, path = open_place(name)
    kinds = ", ".join(SUFFIXES)
    try:
        if files.isdir(path):
            paths = [p for p in sorted(files.find(path)) if not _hidden(p[len(path) :]) and form_of(p)]
            if not paths:
                raise InputError(f"{name}: the folder has no files that end in {kinds}: name another")
        elif not files.exists(path) and glob.has_magic(path):
            paths = sorted(files.glob(path))
            if not paths:
                raise InputError(f"{name}: nothing matches the pattern: check it")
        elif files.exists(path):
            paths = [path]
        else:
            raise InputError(f"{name}: no such file or folder: check the name")
    except (OSError, ValueError) as error:
        raise InputError(f"{name} cannot be read ({_brief(error)}): check the name") from error
    unknown = [p for p in paths if not form_of(p)]
    if unknown:
        raise InputError(f"{unknown[0]}: expected a name that ends in {kinds}")
    return [InputFile(files, p, p, form_of(p)) for p in paths]


def form_of(path: str) -> str:
    """Return the format of a file by its name, "" for one that is not read."""
    return next((form for end, form in SUFFIXES.items() if path.lower().endswith(end)), "")


def _hidden(path: str) -> bool:
    return any(part.startswith(HIDDEN) for part in path.split("/") if part)


def _brief(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder to write to. A file in it is there completely or not at all."""

    files: Any
    path: str
    name: str
    """As it was given."""

    @property
    def address(self) -> str:
        """What leads here from any folder."""
        return self.name if "://" in self.name else self.path

    def at(self, file: str) -> str:
        """Return the path of a file of this folder."""
        return f"{self.path.rstrip('/')}/{file}"

    @property
    def local(self) -> bool:
        """Whether it is on this machine, as far as the system knows."""
        return "file" in self.files.protocol

    def listing(self, folder: str = "") -> dict[str, int]:
        """Return the sizes of the files in it, by name; nothing where it does not exist."""
        try:
            entries = self.files.ls(self.at(folder), detail=True, refresh=True)
        except FileNotFoundError:
            return {}
        except TypeError:  # not all of them can be asked for what is there now
            entries = self.files.ls(self.at(folder), detail=True)
        except OSError as error:
            raise InputError(f"{self.name} cannot be read ({_brief(error)}): name another folder") from error
        return {e["name"].rstrip("/").rpartition("/")[2]: e["size"] or 0 for e in entries if e["type"] == "file"}

    def names(self) -> set[str]:
        """Return the names of all that is in it; nothing where it does not exist."""
        try:
            return {str(entry).rstrip("/").rpartition("/")[2] for entry in self.files.ls(self.path, detail=False)}
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise InputError(f"{self.name} cannot be read ({_brief(error)}): name another folder") from error

    def read(self, file: str) -> bytes:
        """Return the content of a file; raises `FileNotFoundError`, and `InputError` where reading fails."""
        try:
            content: bytes = self.files.cat_file(self.at(file))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise InputError(f"{self.at(file)} cannot be read ({_brief(error)}): check the disk") from error
        return content

    def write(self, file: str, data: bytes) -> None:
        """Write a file under a temporary name, and give it its own; raises `MtreasonError`."""
        path = self.at(file)
        try:
            self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
            if self.local:
                write_bytes(Path(path), data)
                return
            # An object is there once all of it is; other systems rename.
            temporary = self.at(f"_mtreason/{file.replace('/', '-')}.part")
            self.files.makedirs(temporary.rpartition("/")[0], exist_ok=True)
            self.files.pipe_file(temporary, data)
            if self.files.exists(path):
                self.files.rm_file(path)
            self.files.mv(temporary, path)
        except OSError as error:
            raise MtreasonError(
                f"{path} cannot be written ({_brief(error)}): make room and run the same command again"
            ) from error

    def remove(self, file: str) -> None:
        """Remove a file, or a folder with all in it, where it is there."""
        if self.files.exists(self.at(file)):
            self.files.rm(self.at(file), recursive=True)


def open_folder(name: str) -> Folder:
    """Return a folder by its path or URI."""
    return Folder(*open_place(name), name)
