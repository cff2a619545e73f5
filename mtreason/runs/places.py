"""Where a repository may be written to: never onto what it is made from, outside of it, or into hidden directories."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mtreason.errors import InputError
from mtreason.files import refuse_pipe


def folded(name: str) -> str:
    """Return a name so that two names are equal where a file system may take them for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def has_controls(name: str) -> bool:
    """Return whether a name has characters that would act on a terminal or break a line, or that are none."""
    return any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in name)


def leads_into(path: Path, top: Path) -> bool:
    """Return whether a path, with all its symbolic links, ends in a directory or below it; false for a loop."""
    try:
        return path.resolve().is_relative_to(top)
    except (OSError, RuntimeError):  # RuntimeError: a loop
        return False


@dataclass(frozen=True, slots=True)
class Protected:
    """Which files of a repository must never be written: what it is made from."""

    root: Path
    names: Mapping[str, str]
    """Folded path -> what it is: "the configuration", "a glossary"."""
    files: Mapping[tuple[int, int], str]
    """The same by device and inode, for other names of a file."""

    def checked(self, name: str, what: str) -> Path:
        """Return the path of a name in the repository that may be written.

        Raises `InputError`, which begins with `what`, for every other one.
        """
        path = inside(self.root, name, what)
        self.refuse_inputs(path, what)
        return path

    def refuse_inputs(self, path: Path, what: str) -> None:
        """Raise `InputError` for a path that leads to an input, or is in one, and for one that is no file."""
        same = _identity(path)
        kind = self.names.get(folded(str(path))) or (self.files.get(same, "") if same else "")
        if kind == SOURCE:
            raise InputError(f"{what} is itself a source: leave it out with exclude, or name others")
        if kind:
            raise InputError(f"{what} is {kind}: name a place of its own")
        for parent in path.parents:
            if kind := self.names.get(folded(str(parent)), ""):
                raise InputError(f"{what} is inside of {kind}: name a place of its own")
        if same is not None and not path.is_file():
            raise InputError(f"{what} is there already, and is no file: name a place of its own")


SOURCE = "a source"


def protect(root: Path, inputs: Iterable[tuple[Path, str]]) -> Protected:
    """Return what must not be written in a repository with these inputs; raises `InputError` for one that is no file.

    A pipe would be waited for, and holds nothing when it is read again.
    """
    names: dict[str, str] = {}
    files: dict[tuple[int, int], str] = {}
    for path, kind in inputs:
        refuse_pipe(path, kind)
        names.setdefault(folded(str(path)), kind)
        if (same := _identity(path)) is not None:
            files.setdefault(same, kind)
    return Protected(root, names, files)


def inside(root: Path, name: str, what: str) -> Path:
    """Return the path of a name in the repository.

    Raises `InputError` for a path outside, a hidden one, and one that is a symbolic link or behind one that leads
    outside.
    """
    pure = PurePosixPath(name)
    if has_controls(name):
        raise InputError(f"{what} has a control character in its name: name another place")
    if pure.is_absolute() or ".." in pure.parts:
        raise InputError(f"{what} is outside of {root}")
    if not pure.parts:
        raise InputError(f"{what} is no name of a file")
    if any(part.startswith(".") for part in pure.parts):
        raise InputError(f"{what} is hidden, or in a hidden directory: name another place")
    path = root / name
    try:
        linked = path.is_symlink() or not leads_into(path.parent, root.resolve())
    except OSError as error:
        raise InputError(f"{what} cannot be a file ({error.strerror or error}): name another place") from error
    if linked:
        raise InputError(f"{what} is, or is behind, a symbolic link: name a place of its own")
    return path


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells whether two names are the same file, or None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
