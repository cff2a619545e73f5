"""What is kept of a segment, and the interface of stores."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredTranslation:
    """A translation, kept under the key of everything that it depends on."""

    source: str
    translation: str
    problems: tuple[str, ...]
    """Names of what the gates found in it; empty for a clean one."""
    languages: tuple[str, str]
    """Source and target, BCP 47."""


_FIELDS = {"source", "translation", "problems", "languages"}
_TAG = re.compile(r"[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*")


def stored(record: object) -> StoredTranslation:
    """Return the translation that a record in JSON types describes; raises `ValueError` for anything else."""
    # In this form because a memory has hundreds of thousands of them.
    if isinstance(record, dict) and record.keys() == _FIELDS:
        source, translation, problems = record["source"], record["translation"], record["problems"]
        languages = record["languages"]
        lists = isinstance(languages, list) and isinstance(problems, list) and len(languages) == 2
        texts = [source, translation, *languages, *problems] if lists else [None]
        if all(type(text) is str for text in texts) and all(_TAG.fullmatch(tag) for tag in languages):
            return StoredTranslation(source, translation, tuple(problems), (languages[0], languages[1]))
    raise ValueError("no translation")


class Store(Protocol):
    """Keeps translations by key."""

    def get(self, key: str) -> StoredTranslation | None:
        """Return the translation under a key."""

    def put(self, key: str, kept: StoredTranslation) -> None:
        """Keep a translation."""
