"""Packages of others: those that only one command needs, and what no package may do here.

An extra of this package installs the former, and they are imported at their use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from mtreason.errors import InputError

PACKAGES = {"matplotlib": ("matplotlib", "report"), "pyarrow": ("pyarrow", "corpus"), "ray": ("ray[data]", "ray")}
"""Module -> the package that contains it, and the extra that installs the package."""


def need(module: str, what: str) -> None:
    """Import a module of `PACKAGES`; raises `InputError` that says what needs it and how to install it."""
    package, extra = PACKAGES[module]
    try:
        import_module(module)
    except ImportError as error:
        # If the package is installed and something that it needs is missing, the message says so.
        why = "" if isinstance(error, ModuleNotFoundError) and error.name == module else f" ({error})"
        raise InputError(f"{what} needs {package}{why}: pip install 'mtreason[{extra}]'") from error


@contextmanager
def unattended() -> Iterator[None]:
    """Let libraries find the end of standard input while they work: what stands there is a document, and no answer.

    Some of them ask whether they may run code that lies beside a model.
    """
    own = sys.stdin
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        sys.stdin = nothing
        try:
            yield
        finally:
            sys.stdin = own
