"""What to translate, as a value: it can be sent to another process, which binds it to its own model."""

from __future__ import annotations

from dataclasses import dataclass

from mtreason.glossary import Hit
from mtreason.languages import Direction
from mtreason.runs.settings import Settings


@dataclass(frozen=True, slots=True)
class Task:
    """One segment to translate; holds no handle of a model. `Translator.bind` turns it into the input of a decoder."""

    index: int
    """Position in the run; results carry it, and no translation depends on it."""
    text: str
    direction: Direction
    settings: Settings
    context: tuple[tuple[str, str], ...] = ()
    """Preceding segments with their translations."""
    hits: tuple[Hit, ...] = ()
    """Glossary hits: found once, here, for the prompt, the reward, the record and the check."""
    note: str = ""
    """What the prompt says of the text; see `Unit.note`."""
    references: tuple[str, ...] = ()
    """Translations by people, for rewards that look at them."""
