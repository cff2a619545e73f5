"""How a run asks: its wording, and in tokens what stands around a segment in the prompt of a direction."""

from __future__ import annotations

from dataclasses import dataclass

from mtreason.decoding.prompts import instruction
from mtreason.decoding.wordings import Wording, known_wording, pick_wording
from mtreason.languages import Direction, Language
from mtreason.models.files.resolve import known_chat, known_name
from mtreason.models.loaded import LoadedModel
from mtreason.models.text import ChatFrame, Codec


def wording_of(
    prompt: str | None, direction: Direction, named: str | None, loaded: LoadedModel | None
) -> Wording | None:
    """Return the wording of a run with the model that is `named`; None where only the loaded model will tell."""
    if loaded is not None:
        return pick_wording(prompt, loaded.name, direction, chat=loaded.tokenizer.chat)
    return known_wording(prompt, known_name(named), direction, chat=known_chat(named))


@dataclass(frozen=True, slots=True)
class Way:
    """The prompts from one language into another; a segment stands between `before` and `tail`."""

    head: tuple[int, ...]
    """What all prompts begin with: turns before the message, and its instruction."""
    before: tuple[int, ...]
    """What stands directly before the segment."""
    tail: tuple[int, ...]
    """From the end of the segment to where the translation begins."""
    lead: str
    """The space before the translation, where the answer's beginning is given and a space follows it."""
    end: int
    """The token that ends a translation."""


def open_chat(codec: Codec, wording: Wording, source: Language, target: Language, *, fold: bool) -> ChatFrame:
    """Return what stands around a message without examples; nothing but a beginning where there is no chat.

    `fold` is for templates that refuse a system turn; see `Codec.frame`.
    """
    if not wording.chat:
        return ChatFrame(codec.begin or codec.encode("\n"), ())
    return codec.frame(wording.system_turn(source, target), fold=fold)


def make_way(
    codec: Codec,
    wording: Wording,
    source: Language,
    target: Language,
    max_thought_tokens: int | None = None,
    *,
    hinted: bool = False,
    fold: bool,
) -> Way:
    """Put a wording into tokens; with a number of tokens for a thought, answers reason first.

    `hinted` prompts have hints or context before the segment.
    """
    asked = instruction(wording, source, target, max_thought_tokens, hinted=hinted)
    before, after = wording.around(source, target)
    # Examples of bare translations, and an answer that is one, would contradict an instruction to reason.
    bare = max_thought_tokens is None
    answer = wording.fill("answer", source, target) if bare else ""
    given = answer.rstrip(" ")
    shown = wording.shown(source, target) if bare else ()
    examples = [(before + text + after, answer + translation) for text, translation in shown]
    if wording.chat:
        turns = [(asked + message, reply) for message, reply in examples]
        frame = codec.frame(wording.system_turn(source, target), turns, fold=fold)
        head, end = frame.head + codec.encode(asked), codec.end
    else:
        frame = open_chat(codec, wording, source, target, fold=fold)
        lines = "".join(f"{message}{reply}{BETWEEN}" for message, reply in examples)
        head, end = frame.head + codec.encode(asked + lines), codec.encode(BETWEEN)[0]
    tail = codec.encode(after) + frame.tail + codec.encode(given)
    return Way(head, codec.encode(before), tail, answer[len(given) :], end)


BETWEEN = "\n\n"
"""Separates examples in a prompt that is no chat."""
