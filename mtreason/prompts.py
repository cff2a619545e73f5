"""The words of a prompt, from a segment, its context and its glossary hits. Text only: no tokens, no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mtreason.glossary import Hit
from mtreason.languages import Language


@dataclass(frozen=True, slots=True)
class Prompt:
    """A chat turn in three parts, so that the segment is always data between them and never part of the wording."""

    system: str
    before: str
    """What stands before the segment in the user's message: first what all prompts of a run share."""
    segment: str
    after: str


SYSTEM = "You are a professional translator."


def translation_prompt(
    segment: str, source: Language, target: Language, context: Sequence[str] = (), hits: Sequence[Hit] = ()
) -> Prompt:
    """Ask for the translation of one segment.

    `context` are the segments before it, for reference only. Hints are named once each, in the order of the text.
    """
    before = (
        f"Translate the following {source.name} text into {target.name}. "
        "Give only the translation, without any explanation.\n\n"
    )
    if context:
        before += "Preceding text, for reference only:\n" + "\n".join(context) + "\n\nText to translate:\n"
    return Prompt(SYSTEM, before, segment, "")
