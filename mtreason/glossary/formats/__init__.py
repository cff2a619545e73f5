"""The formats of glossary files. A new one is a file with `read`, `write` and `KEEPS`, and a line below."""

from __future__ import annotations

from types import ModuleType

from mtreason.glossary.formats import csv, json, tbx, tsv

FORMATS: dict[str, ModuleType] = {"tsv": tsv, "csv": csv, "json": json, "tbx": tbx}
"""By the extension of a file's name."""
