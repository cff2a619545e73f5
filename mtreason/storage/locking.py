"""A lock that one process holds at a time, and that the end of the process releases.

The file of the lock may be removed by its holder: whoever waited for it with the removed file open finds that the name
now leads elsewhere, and begins anew. Without that, two processes could hold one lock.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from mtreason.files import NOT_THROUGH_LINKS

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class HeldError(Exception):
    """Another process holds the lock."""


class Lock:
    """A lock that is held from the beginning."""

    def __init__(self, path: Path) -> None:
        """Take the lock at once; raises `HeldError`, or `OSError` where its file cannot be made."""
        self.path = path
        while True:
            flags = os.O_RDWR | os.O_CREAT | NOT_THROUGH_LINKS | getattr(os, "O_CLOEXEC", 0)
            self._descriptor = os.open(path, flags, 0o666)
            try:
                _take(self._descriptor)
                if _leads_to(path, self._descriptor):
                    return
            except BaseException:
                os.close(self._descriptor)
                raise
            os.close(self._descriptor)

    def release(self) -> None:
        """Release the lock; its file stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """Remove the file of the lock while it is still held, and release it."""
        if sys.platform == "win32":  # An open file cannot be removed there, nor can one that another process has open.
            self.release()
        if self._descriptor >= 0 or sys.platform == "win32":
            with suppress(OSError):
                self.path.unlink()
        self.release()


def _take(descriptor: int) -> None:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise HeldError from error


def _leads_to(path: Path, descriptor: int) -> bool:
    """Whether a name still leads to an open file."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
