"""The same terms for the other direction, where that is sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from mtreason.glossary.entry import Entry
from mtreason.glossary.fold import fold

_PLACEHOLDERS = frozenset({"sb", "sth", "one's", "oneself", "…"})


def reverse(entries: Sequence[Entry], target: str) -> tuple[Entry, ...]:
    """Return the entries that also hold from the target language back, as entries of that direction.

    Those are names and terms: one rendering, which no other entry has, without conditions of the source language; a
    term that is kept is kept both ways. Of several renderings each means other things as well, so none leads back.
    `literal`, `forbidden` and the conditions belong to one direction and stay behind.
    """
    uses = Counter(fold(rendering, target) for entry in entries for rendering in entry.targets)
    found = []
    for entry in entries:
        if not entry.targets and not entry.guarded:
            found.append(replace(entry, literal="", forbidden=()))
        elif len(entry.targets) == 1 and not (entry.requires or entry.excludes):
            [rendering] = entry.targets
            if uses[fold(rendering, target)] == 1 and not _PLACEHOLDERS & set(rendering.split()):
                found.append(
                    replace(
                        entry,
                        source=rendering,
                        targets=(entry.source,),
                        literal="",
                        forbidden=(),
                        example=entry.rendered,
                        rendered=entry.example,
                    )
                )
    return tuple(found)
