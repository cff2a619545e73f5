"""The text of a prompt, made from a segment, its context and its glossary hits. Text only: no tokens, no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mtreason.glossary import Hit, Term
from mtreason.languages import Direction, Language


@dataclass(frozen=True, slots=True)
class Prompt:
    """A user's message in two parts around the segment, which is data and never part of the wording."""

    before: str
    """The text before the segment; begins with what all prompts of a run share."""
    segment: str


SYSTEM = "You are a professional translator."


def instruction(source: Language, target: Language) -> str:
    """Return the beginning that all prompts of a direction share."""
    return (
        f"Translate the following {source.name} text into {target.name}. "
        "Give only the translation, without any explanation.\n\n"
    )


OPEN_THOUGHT, CLOSE_THOUGHT = "<Thought>", "</Thought>"
OPEN_OUTPUT, CLOSE_OUTPUT = "<Output>", "</Output>"
"""The form in which Marco-o1 (arXiv 2411.14405) was trained to answer."""

WORDS_PER_TOKEN = 0.75
"""Words of English: models can keep to a number of words, while they do not see their tokens."""

RETHINK = "Wait! Maybe I made some mistakes! I need to rethink from scratch."
"""This phrase of Marco-o1 (section 5) makes the model look at its own answer again."""


def thinking_instruction(source: Language, target: Language, max_thought_tokens: int) -> str:
    """Return the beginning that all prompts of a direction share where answers reason first.

    The form is described, not shown: a 0.5B model copied a form with words for the parts as its answer (3 of 4 times),
    and kept a form that was only described, with its first tag given (3 of 4).
    """
    words = max(1, int(WORDS_PER_TOKEN * max_thought_tokens))
    return (
        f"Translate the following {source.name} text into {target.name}. First reason inside {OPEN_THOUGHT} and "
        f"{CLOSE_THOUGHT}, in at most {words} words: what the text means, which words are difficult, how to say it "
        f"best. Then give only the translation inside {OPEN_OUTPUT} and {CLOSE_OUTPUT}.\n\n"
    )


def verdict_question(segment: str, source: Language, target: Language) -> str:
    """Ask whether the text that follows is a good translation of a segment."""
    return (
        f"Is this a good translation from {source.name} into {target.name}? Answer Yes or No.\n\n"
        f"{source.name}: {segment}\n{target.name}: "
    )


VERDICTS = ("Yes", "No")
"""The answers: good, bad."""


def translation_prompt(
    segment: str,
    source: Language,
    target: Language,
    context: Sequence[tuple[str, str]] = (),
    hits: Sequence[Hit] = (),
) -> Prompt:
    """Ask for the translation of one segment.

    `context` are the segments before it with their translations, for reference only. The prompt names each glossary
    hit, and puts the rendering into the segment in place of the term: of the wordings tried (benchmarks/slang.md) small
    models follow this one most often, and they never see the literal reading.
    """
    before = instruction(source, target)
    if context:
        shown = "\n".join(line for pair in context for line in pair)
        before += f"Preceding text with its translation, for reference only:\n{shown}\n\n"
    if hits:
        pairs = dict.fromkeys(f"{h.term.source} = {_rendering(h)}" for h in hits)
        before += "Use these translations:\n" + "\n".join(pairs) + "\n\n"
    if context or hits:
        before += "Text:\n"
    return Prompt(before, _with_renderings(segment, hits))


def _rendering(hit: Hit) -> str:
    return hit.term.targets[0] if hit.term.targets else hit.term.source


def _with_renderings(segment: str, hits: Sequence[Hit]) -> str:
    parts, end = [], 0
    for hit in hits:
        kept = segment[hit.start : hit.end]
        parts += [segment[end : hit.start], hit.term.targets[0] if hit.term.targets else kept]
        end = hit.end
    return "".join([*parts, segment[end:]])


@dataclass(frozen=True, slots=True)
class Wording:
    """Everything that a prompt says besides the text; an experiment changes one field and leaves the rest."""

    system: str = SYSTEM
    instruction: Callable[[Language, Language], str] = instruction
    """What all prompts of a direction begin with."""
    thinking: Callable[[Language, Language, int], str] = thinking_instruction
    """The same where answers reason first."""
    prompt: Callable[[str, Language, Language, Sequence[tuple[str, str]], Sequence[Hit]], Prompt] = translation_prompt
    """Asks for the translation of one segment; its `before` begins with the instruction."""
    verdict: Callable[[str, Language, Language], str] = verdict_question
    verdicts: tuple[str, str] = VERDICTS
    rethink: str = RETHINK

    def rendered(self, direction: Direction) -> tuple[str, ...]:
        """Return all wordings, filled in for a made-up segment: two wordings with the same result are the same."""
        source, target = direction.source, direction.target
        hits = (Hit(_PROBE_TERM, 0, 1), Hit(replace(_PROBE_TERM, targets=()), 2, 3))
        prompts = [
            self.prompt("abc", source, target, context, own)
            for context in ((), (("d", "e"), ("f", "g")))
            for own in ((), hits)
        ]
        return (
            self.system,
            self.instruction(source, target),
            self.instruction(target, source),
            self.thinking(source, target, 256),
            *(part for prompt in prompts for part in (prompt.before, prompt.segment)),
            self.verdict("abc", source, target),
            *self.verdicts,
            self.rethink,
            OPEN_THOUGHT,
            CLOSE_THOUGHT,
            OPEN_OUTPUT,
            CLOSE_OUTPUT,
        )


_PROBE_TERM = Term("a", ("h", "i"), "j", "k", "", 0)

WORDING = Wording()
