"""What is to be translated, as a value: it can be sent to another process, which binds it to a model of its own."""

from __future__ import annotations

from dataclasses import dataclass

from mtreason.glossary import Hit
from mtreason.languages import Direction
from mtreason.runs.settings import Settings


@dataclass(frozen=True, slots=True)
class Task:
    """One segment to translate; holds no handle of any model. `Translator.bind` turns it into what a decoder takes."""

    index: int
    """Position in the run; results carry it, and no translation depends on it."""
    text: str
    direction: Direction
    settings: Settings
    context: tuple[tuple[str, str], ...] = ()
    """Segments before it with their translations."""
    hits: tuple[Hit, ...] = ()
    """Glossary terms in it: found once, here, for the prompt, the reward, the record and the check."""
    references: tuple[str, ...] = ()
    """Translations by people, for rewards that look at them."""
