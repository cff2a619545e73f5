"""What the text formats have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mtreason.errors import GlossaryError
from mtreason.glossary.fold import primary_language

Direction = tuple[str, str]
"""Codes of the source and the target language."""


class Row(NamedTuple):
    """One term as a file has it."""

    line: int
    fields: Mapping[str, str]
    """Values by column."""


def decode(data: bytes, name: str) -> str:
    """Decode UTF-8, with or without a byte-order mark; raises `GlossaryError` that names the line and byte."""
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise GlossaryError(
            f"{name}:{line}: not UTF-8, byte 0x{data[error.start]:02x} at byte offset {error.start} of the file: "
            "save the glossary as UTF-8"
        ) from None


def check_direction(where: str, stated: Direction, run: Direction) -> None:
    """Raise `GlossaryError` where a file is for another direction than the run."""
    if tuple(map(primary_language, stated)) != tuple(map(primary_language, run)):
        raise GlossaryError(
            f"{where}: this glossary is for {stated[0]} to {stated[1]}, but the run translates {run[0]} to {run[1]}: "
            f"leave it out or give one for {run[0]} to {run[1]}"
        )
