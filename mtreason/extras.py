"""Packages that only one command needs: an extra of this package installs them, and they are imported at their use."""

from __future__ import annotations

from importlib import import_module

from mtreason.errors import InputError

PACKAGES = {"docx": ("python-docx", "docx"), "matplotlib": ("matplotlib", "report")}
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
