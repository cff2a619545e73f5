"""The text of a prompt: a wording around a segment, with its context, glossary hits and note. No tokens, no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mtreason.decoding.wordings import Wording
from mtreason.glossary import Hit, Sense, Term
from mtreason.languages import Direction, Language

OPEN_THOUGHT, CLOSE_THOUGHT = "<Thought>", "</Thought>"
OPEN_OUTPUT, CLOSE_OUTPUT = "<Output>", "</Output>"
"""The form in which Marco-o1 (arXiv 2411.14405) was trained to answer."""

MOST_SENSES = 6
LONGEST_NOTE = 60
"""So many senses of a term are shown, and so many characters of what tells each from the others."""

WORDS_PER_TOKEN = 0.75
"""Words of English: models can keep to a number of words, while they do not see their tokens."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A user's message in three parts around the segment, which is data and never part of the wording."""

    instruction: str
    """What all prompts of a run begin with, as far as they have hints, context or a note, or have not."""
    before: str
    """Hints, context and a note, up to where the segment begins."""
    segment: str
    after: str
    hinted: bool
    """Whether hints, context or a note stand before the segment."""

    @property
    def text(self) -> str:
        """The whole message."""
        return self.instruction + self.before + self.segment + self.after


def instruction(
    wording: Wording,
    source: Language,
    target: Language,
    max_thought_tokens: int | None = None,
    *,
    hinted: bool = False,
) -> str:
    """Return the beginning that all prompts of a direction share; with a number of tokens, answers reason first.

    `hinted` prompts have hints, context or a note before the segment.
    """
    if max_thought_tokens is None:
        asked = "instruction_with_hints" if hinted and wording.instruction_with_hints else "instruction"
        return wording.fill(asked, source, target)
    words = max(1, int(WORDS_PER_TOKEN * max_thought_tokens))
    return wording.fill("thinking", source, target, words=str(words))


def translation_prompt(
    wording: Wording,
    segment: str,
    source: Language,
    target: Language,
    context: Sequence[tuple[str, str]] = (),
    hits: Sequence[Hit] = (),
    note: str = "",
) -> Prompt:
    """Ask for the translation of one segment.

    `context` are the segments before it with their translations, for reference only. The prompt names each glossary
    hit, and puts the rendering into the segment in place of the term: of the forms tried (benchmarks/slang.md) small
    models follow this one most often, and they never see the literal reading. A term with senses has a line for each
    of them, and stays in the segment, so that the model decides. A note is what the file says of the text.
    """
    way = source, target
    before, after = wording.around(*way)
    given = ""
    if context:
        shown = "\n".join(line for pair in context for line in pair)
        given += wording.fill("context", source, target, context=shown)
    if hits:
        lines = [
            wording.fill("hint", *way, term=hit.term.source, rendering=rendering)
            for hit in hits
            for rendering in _renderings(wording, hit.term, way)
        ]
        given += wording.fill("hints", source, target, hints="\n".join(dict.fromkeys(lines)))
    if note:
        given += wording.fill("note", source, target, note=note)
    if given:
        given += wording.fill("label", source, target)
    hinted = bool(given)
    asked = instruction(wording, source, target, hinted=hinted)
    return Prompt(asked, given + before, _with_renderings(segment, hits), after, hinted)


def _renderings(wording: Wording, term: Term, way: tuple[Language, Language]) -> list[str]:
    """Return what hints say of a term: its best rendering, or that of each sense with what tells it from the others."""
    if not term.senses:
        return [term.targets[0] if term.targets else term.source]
    return [
        wording.fill("sense", *way, rendering=sense.targets[0], note=_short(sense.about))
        if sense.about
        else sense.targets[0]
        for sense in term.senses[:MOST_SENSES]
    ]


def _short(note: str) -> str:
    """Return the beginning of a note on one line, up to a border of words where there is one."""
    line = " ".join(note.split())
    if len(line) <= LONGEST_NOTE:
        return line
    cut = line[:LONGEST_NOTE]
    return cut.rpartition(" ")[0] or cut


def _with_renderings(segment: str, hits: Sequence[Hit]) -> str:
    parts, end = [], 0
    for hit in hits:
        kept = segment[hit.start : hit.end]
        chosen = hit.term.targets[0] if hit.term.targets and not hit.term.senses else kept
        parts += [segment[end : hit.start], chosen]
        end = hit.end
    return "".join([*parts, segment[end:]])


def rendered(wording: Wording, direction: Direction) -> tuple[str, ...]:
    """Return all that a wording says, filled in for a made-up segment: two wordings with the same result are the same.

    The identity of a run holds its digest.
    """
    source, target = direction.source, direction.target
    senses = Sense(("h",), "k"), Sense(("i",), "")
    hits = (
        Hit(_PROBE_TERM, 0, 1),
        Hit(replace(_PROBE_TERM, source="b", senses=senses), 1, 2),
        Hit(replace(_PROBE_TERM, targets=()), 2, 3),
    )
    prompts = [
        translation_prompt(wording, "abc", *way, context, own, note)
        for way in ((source, target), (target, source))
        for context in ((), (("d", "e"), ("f", "g")))
        for own in ((), hits)
        for note in ("", "l")
    ]
    return (
        "chat" if wording.chat else "text",
        "no system turn" if wording.system is None else wording.fill("system", source, target),
        instruction(wording, source, target, 256),
        *(part for p in prompts for part in (p.instruction, p.before, p.segment, p.after)),
        wording.fill("answer", source, target),
        wording.fill("answer", target, source),
        *(text for pair in wording.shown(source, target) for text in pair),
        wording.fill("verdict", source, target, text="abc"),
        *wording.verdicts,
        wording.rethink,
        OPEN_THOUGHT,
        CLOSE_THOUGHT,
        OPEN_OUTPUT,
        CLOSE_OUTPUT,
    )


_PROBE_TERM = Term("a", ("h", "i"), "j", "k", "", 0)
