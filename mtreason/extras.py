"""Packages that only one command needs: they come with an extra of this package, and are imported on use."""

from __future__ import annotations

from importlib import import_module

from mtreason.errors import InputError

PACKAGES = {"docx": ("python-docx", "docx"), "matplotlib": ("matplotlib", "report")}
"""Module -> the package that brings it, and the extra that brings the package."""


def need(module: str, what: str) -> None:
    """Import a module of `PACKAGES`; raises `InputError` that says what needs it and how to get it."""
    package, extra = PACKAGES[module]
    try:
        import_module(module)
    except ImportError as error:
        # Where the package is there and something that it needs is not, that has to be said.
        why = "" if isinstance(error, ModuleNotFoundError) and error.name == module else f" ({error})"
        raise InputError(f"{what} needs {package}{why}: pip install 'mtreason[{extra}]'") from error
