"""What is kept of a segment, and the interface of stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredTranslation:
    """A translation, kept under the key of everything that it depends on."""

    source: str
    translation: str
    fell_back: bool
    languages: tuple[str, str]
    """Source and target, BCP 47."""


class Store(Protocol):
    """Keeps translations by key."""

    def get(self, key: str) -> StoredTranslation | None:
        """Return the translation under a key."""

    def put(self, key: str, kept: StoredTranslation) -> None:
        """Keep a translation."""
