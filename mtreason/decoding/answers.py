"""Answers that reason first: where the thought ends, where the translation stands, and how well the form was kept.

The form is that of Marco-o1 (arXiv 2411.14405): `<Thought>…</Thought>`, a line break, `<Output>…</Output>`.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtreason.decoding.gates import foreign_letters
from mtreason.decoding.prompts import CLOSE_OUTPUT, CLOSE_THOUGHT, OPEN_OUTPUT, OPEN_THOUGHT
from mtreason.glossary import Hit
from mtreason.models.protocol import Continuation, TokenMask
from mtreason.models.sequences import running_away
from mtreason.rewards import Draft, Reasoning

OK = "ok"

_TAG = re.compile(r"</?\s*(?:tho|tou|ou|$)", re.IGNORECASE)
"""What looks like a tag of the form, spelled wrong or broken off too."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """How answers of a run reason first."""

    limit: int
    """Most tokens of a thought, its tags included."""
    mask: TokenMask
    """Lets a thought use any script, and line breaks."""
    close: tuple[int, ...]
    """Ends a thought and begins the output."""
    open: tuple[int, ...]
    """Begins the output behind a thought that was ended."""
    encode: Callable[[str], tuple[int, ...]]
    end: int
    """The token that ends a text."""
    scripts: frozenset[str]
    """What the translation may be written in."""
    reward_all: bool = False
    """Whether likelihood and confidence are means over everything drawn, not over the output alone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of an answer, as places in its text."""

    text: str
    thought_end: int
    """Behind the thought, its closing tag included."""
    closed: bool
    """Whether the thought was ended by its tag."""
    opened: bool
    """Whether `<Output>` was written."""
    tag_end: int
    """Behind `<Output>`; behind the thought where it is missing."""
    start: int
    """Where the translation begins; the text's length where there is none yet."""
    end: int
    """Where its closing tag stands, or the text's length."""

    @property
    def thought(self) -> str:
        """The reasoning itself."""
        return self.text[: self.thought_end].removesuffix(CLOSE_THOUGHT).strip().removeprefix(OPEN_THOUGHT).strip()

    @property
    def output(self) -> str:
        """The translation itself."""
        return self.text[self.start : self.end].strip()

    @property
    def complete(self) -> bool:
        """Whether the closing tag of the output was written."""
        return self.end < len(self.text)

    @property
    def begun(self) -> bool:
        """Whether what comes next belongs to the translation."""
        return self.opened or self.start < len(self.text)

    @property
    def form(self) -> str:
        """Say how the form was missed, the first fault only, or "ok"."""
        if not self.closed:
            return "unclosed thought" if self.thought else "no thought"
        if not self.opened:
            return "no output tag"
        if not self.output:
            return "empty output"
        if not self.complete:
            return "unclosed output"
        between = self.text[self.thought_end : self.tag_end].removesuffix(OPEN_OUTPUT)
        behind = self.text[self.end :].removeprefix(CLOSE_OUTPUT)
        return "text outside the tags" if (between + behind).strip() else OK


def read_answer(text: str) -> Answer:
    """Find the parts of an answer.

    The first `</Thought>` ends the thought; where there is none, `<Output>` does. What stands behind the thought is the
    translation even without its tag.
    """
    at = text.find(CLOSE_THOUGHT)
    closed = at >= 0
    thought_end = at + len(CLOSE_THOUGHT) if closed else 0
    tag = text.find(OPEN_OUTPUT, thought_end)
    opened = tag >= 0
    if not closed:
        thought_end = tag if opened else len(text)
    start = tag_end = tag + len(OPEN_OUTPUT) if opened else thought_end
    while start < len(text) and text[start].isspace():
        start += 1
    end = text.find(CLOSE_OUTPUT, start)
    return Answer(text, thought_end, closed, opened, tag_end, start, end if end >= 0 else len(text))


def drawn(piece: Continuation) -> NDArray[np.bool_]:
    """Return which tokens [n] were drawn, not given: those that had alternatives."""
    own: NDArray[np.bool_] = np.isfinite(piece.top_log_probs[:, 0])
    return own


class Tokens:
    """The tokens of an answer beside its text."""

    def __init__(self, tokens: tuple[int, ...], stop: frozenset[int], decode: Callable[[tuple[int, ...]], str]) -> None:
        self.tokens = tokens
        self.decode = decode
        self.count = len(tokens) - bool(tokens and tokens[-1] in stop)
        """Without the one that ends the text."""
        self.answer = read_answer(decode(tokens[: self.count]))

    def covering(self, place: int) -> int:
        """Return how many tokens it takes to write the text up to a place."""
        if place <= 0:
            return 0
        return bisect.bisect_left(range(self.count), place, key=lambda i: len(self.decode(self.tokens[:i])))

    @property
    def output_start(self) -> int:
        """The first token that writes some of the translation."""
        return max(0, self.covering(self.answer.start + 1) - 1)

    @property
    def parts_at_output(self) -> bool:
        """Whether no token writes both some of the translation and some of the tag before it."""
        return len(self.decode(self.tokens[: self.output_start])) >= self.answer.tag_end

    @property
    def output_end(self) -> int:
        """Behind the token that ends the translation: that of its closing tag, or the last one."""
        return self.covering(self.answer.end + 1) if self.answer.complete else len(self.tokens)


def counted(thinking: Thinking, whole: Continuation, tokens: Tokens) -> NDArray[np.bool_]:
    """Return which tokens [n] likelihood and confidence look at."""
    own = drawn(whole)
    if thinking.reward_all:
        return own
    mask = np.zeros_like(own)
    mask[min(tokens.output_start, tokens.output_end - 1) : tokens.output_end] = True
    return mask & own


def to_answer(thinking: Thinking, whole: Continuation, decode: Callable[[tuple[int, ...]], str], room: int) -> Draft:
    """Turn an answer, from the prompt on, into a draft of the translation in it, which may take `room` tokens."""
    tokens = Tokens(whole.tokens, thinking.mask.stop, decode)
    answer = tokens.answer
    start, end = tokens.output_start, tokens.output_end
    own = drawn(whole)[:end]
    form, thought, thought_tokens = answer.form, answer.thought, tokens.covering(answer.thought_end)
    if not own.all():
        given = int(np.argmin(own))
        own_words = read_answer(decode(whole.tokens[:given]))
        endless = given >= thinking.limit or running_away(whole.tokens[:given])
        form = "no output tag" if own_words.closed else "endless thought" if endless else own_words.form
        thought, thought_tokens = own_words.thought, min(given, thought_tokens)
    mask = counted(thinking, whole, tokens)
    reasoning = Reasoning(
        thought=thought,
        thought_tokens=thought_tokens,
        form=form,
        complete=(answer.complete or whole.finished) and end - start <= room,
    )
    return Draft(
        text=answer.output,
        tokens=(*thinking.encode(answer.output), thinking.end),
        log_probs=whole.log_probs[mask],
        top_log_probs=whole.top_log_probs[mask],
        reasoning=reasoning,
    )


def answer_problems(thinking: Thinking, text: str, hits: Sequence[Hit]) -> tuple[str, ...]:
    """Say what only the masks of a bare translation rule out: "tag", "script"."""
    found = []
    if _TAG.search(text):
        found.append("tag")
    if foreign(thinking, text, hits):
        found.append("script")
    return tuple(found)


def foreign(thinking: Thinking, text: str, hits: Sequence[Hit]) -> bool:
    """Whether a translation has letters that it may not have; terms to be kept may have any."""
    return foreign_letters(text, thinking.scripts, [h.term.source for h in hits if not h.term.targets])
