"""What is kept of a segment, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredTranslation:
    """A translation, under the key of all that it depends on."""

    source: str
    translation: str
    fell_back: bool
    languages: tuple[str, str]
    """Source and target, BCP 47."""


class Store(Protocol):
    """Keeps translations by key."""

    def get(self, key: str) -> StoredTranslation | None:
        """Return what is kept under a key."""

    def put(self, key: str, kept: StoredTranslation) -> None:
        """Keep a translation."""
