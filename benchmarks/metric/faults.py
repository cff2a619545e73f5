"""Ways to damage a translation that must cost it its score: what fools learned metrics."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Others:
    """What may be put in a translation's place."""

    language: str
    """A text that is not in its language."""
    sentence: str
    """The translation of something else."""


Damage = Callable[[str, str, Others, random.Random], str | None]
"""From source, translation, other texts and chance; None where a text cannot be damaged so."""

_NUMBER = re.compile(r"\d+")
_NEGATIONS = (
    (r"\b(is|are|was|were|can|could|will|would|should|must|do|does|did|has|have|had)\b(?! not|n't)", r"\1 not"),
    (r"不(?!仅|但|过|断|同)", ""),
    (r"没有", "有"),
    (r"(是|会|能|可以|应该|想|要)(?!不)", r"不\1"),
)
_NOT = re.compile(r"\b(not |n't|never |no )")


def copied(source: str, translation: str, other: Others, chance: random.Random) -> str | None:
    """Give the source back."""
    del translation, other, chance
    return source


def empty(source: str, translation: str, other: Others, chance: random.Random) -> str | None:
    """Say nothing."""
    del source, translation, other
    return chance.choice(["", ".", "…"])


def other_language(source: str, translation: str, other: Others, chance: random.Random) -> str | None:
    """Say something in a language that nobody asked for."""
    del source, translation, chance
    return other.language


def unrelated(source: str, translation: str, other: Others, chance: random.Random) -> str | None:
    """Say something else, and well."""
    del source, translation, chance
    return other.sentence


def truncated(source: str, translation: str, other: Others, chance: random.Random) -> str | None:
    """Break off in the first half or at two thirds."""
    del source, other
    words = translation.split(" ") if " " in translation.strip() else list(translation)
    if len(words) < 6:
        return None
    kept = words[: max(1, int(len(words) * chance.uniform(0.25, 0.67)))]
    return (" " if " " in translation else "").join(kept)


def repeated(source: str, translation: str, other: Others, chance: random.Random) -> str | None:
    """Say the whole or its end again and again."""
    del source, other
    gap = " " if " " in translation.strip() else ""
    words = translation.split(" ") if gap else list(translation)
    if chance.random() < 0.5 or len(words) < 6:
        return gap.join([translation] * chance.randint(2, 4))
    tail = words[-chance.randint(2, 5) :]
    return gap.join([*words, *(tail * chance.randint(3, 8))])


def negated(source: str, translation: str, other: Others, chance: random.Random) -> str | None:
    """Say the opposite: take a "not" away, or put one in."""
    del source, other, chance
    if _NOT.search(translation) and re.search("[A-Za-z]", translation):
        return _NOT.sub("", translation, count=1)
    for pattern, replacement in _NEGATIONS:
        changed = re.sub(pattern, replacement, translation, count=1)
        if changed != translation:
            return changed
    return None


def number_changed(source: str, translation: str, other: Others, chance: random.Random) -> str | None:
    """Put another number in the place of one."""
    del source, other
    numbers = list(_NUMBER.finditer(translation))
    if not numbers:
        return None
    found = chance.choice(numbers)
    wrong = str(int(found[0]) + chance.choice([1, 3, 10, 100]) if chance.random() < 0.7 else int(found[0]) * 10 + 3)
    return translation[: found.start()] + wrong + translation[found.end() :]


DAMAGES: dict[str, Damage] = {
    "copied source": copied,
    "empty": empty,
    "other language": other_language,
    "unrelated": unrelated,
    "truncated": truncated,
    "repeated": repeated,
    "negated": negated,
    "number changed": number_changed,
}
SUBTLE = ("negated", "number changed")
"""Those that leave nearly everything as it was."""
