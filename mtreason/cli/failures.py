"""What nobody foresaw: one line on the terminal, and a report for those who mend it."""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import time
import traceback
from importlib import metadata
from pathlib import Path

from mtreason import __version__
from mtreason.characters import utf8

UNFORESEEN = 70
"""Exit code: a fault of this program, or of a library or machine that it runs on."""
REPORTS = "reports"
"""The directory for reports, in the directory for caches."""

_LIBRARIES = ("torch", "transformers", "lxml", "typer", "rich", "httpx", "numpy", "pandas", "polib", "markdown-it-py")
_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")


def describe_failure(error: Exception) -> str:
    """Write a report about an error that was not foreseen, and return the line that says so."""
    what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    if isinstance(error, MemoryError):
        what = "not enough memory"
    elif isinstance(error, OSError) and error.strerror:
        what = f"{error.strerror}{f': {error.filename}' if error.filename else ''}"
    try:
        place = _write(_report(error))
    except Exception:  # noqa: BLE001 - there may be no memory left for a report
        place = None
    where = f"the report is in {place}" if place else "no report could be written"
    return f"failed, which was not foreseen ({what}): {where}; please send it to those who maintain mtreason"


def _report(error: Exception) -> str:
    """Return the traceback, the command without passwords, and versions."""
    command = " ".join(_PASSWORD.sub("…@", argument) for argument in sys.argv)
    versions = [f"mtreason {__version__}", f"Python {platform.python_version()}", platform.platform()]
    for name in _LIBRARIES:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    trace = "".join(traceback.format_exception(error))
    return f"command: {command}\nversions: {', '.join(versions)}\n\n{trace}"


def _directories() -> tuple[Path, Path]:
    from mtreason.files import cache_dir

    return cache_dir() / REPORTS, Path(tempfile.gettempdir())


def _write(report: str) -> Path | None:
    """Write a report that only its owner can read; return None where no directory takes it."""
    for directory in _directories():
        try:
            directory.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(".txt", f"mtreason-{time.strftime('%Y%m%d-%H%M%S')}-", directory)
            with os.fdopen(number, "wb") as stream:
                stream.write(utf8(report))
        except OSError:
            continue
        return Path(name)
    return None
