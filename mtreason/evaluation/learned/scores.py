"""Scores of a learned metric that are kept from run to run; without them, texts are scored again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mtreason.errors import MtreasonError
from mtreason.files import seal, unseal
from mtreason.storage.database import Database

SIZE = 1 << 28
"""Bytes on disk; those used longest ago are removed."""


class KeptScores:
    """Scores by key; at its first error it says so, and is not used again."""

    def __init__(self, directory: Path, note: Callable[[str], None]) -> None:
        self._note = note
        self._cache: Database | None = None
        try:
            self._cache = Database(directory, SIZE, "the store of scores")
        except MtreasonError as error:
            self._give_up(error)

    def get(self, keys: Sequence[str]) -> dict[str, float]:
        """Return what is known; a damaged score counts as unknown."""
        found: dict[str, float] = {}
        try:
            for key in keys if self._cache is not None else ():
                value = self._cache.get(key.encode()) if self._cache is not None else None
                score = None if value is None else _score(key, value)
                if score is not None:
                    found[key] = score
        except MtreasonError as error:
            self._give_up(error)
        return found

    def put(self, scores: Mapping[str, float]) -> None:
        """Keep scores."""
        try:
            if self._cache is not None and scores:
                self._cache.put({key.encode(): seal([key, score]) for key, score in scores.items()})
        except MtreasonError as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file; nothing is kept afterwards."""
        if self._cache is not None:
            self._cache.close()
        self._cache = None

    def _give_up(self, error: MtreasonError) -> None:
        self._cache = None
        self._note(f"{error}: going on without")


def _score(own: str, value: bytes) -> float | None:
    try:
        key, score = unseal(value)
    except (ValueError, TypeError):
        return None
    return score if key == own and type(score) is float and math.isfinite(score) else None
