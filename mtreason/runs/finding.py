"""What is wrong with an output, or has to be known about it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that has to be translated, mended or decided, or that a person did."""

    kind: str
    """stale, conflict, unknown, unreadable, unwritable, structure, number, term, metric or a `Fault`'s; or edited,
    which is no fault."""
    name: str
    message: str


def name_of(path: Path) -> str:
    """Return the name of a file in UTF-8, whatever its bytes are."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
