"""Answers that reason first: where the thought ends, where the translation is, and whether the answer kept its form.

The form is that of Marco-o1 (arXiv 2411.14405): `<Thought>…</Thought>`, a line break, `<Output>…</Output>`.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtreason.decoding.prompts import CLOSE_OUTPUT, CLOSE_THOUGHT, OPEN_OUTPUT, OPEN_THOUGHT
from mtreason.gates.language import foreign_letters
from mtreason.glossary import Hit
from mtreason.models.protocol import Continuation, TokenMask
from mtreason.models.sequences import running_away
from mtreason.rewards import Draft, Reasoning

OK = "ok"

_TAG = re.compile(r"</?\s*(?:tho|tou|ou|$)", re.IGNORECASE)
"""Matches anything that looks like a tag of the form, also one that is misspelled or broken off."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """How the answers of a run reason first."""

    limit: int
    """The largest number of tokens of a thought, its tags included."""
    mask: TokenMask
    """Allows any script and line breaks in a thought."""
    close: tuple[int, ...]
    """Ends a thought and begins the output."""
    open: tuple[int, ...]
    """Begins the output after a thought that was ended."""
    encode: Callable[[str], tuple[int, ...]]
    end: int
    """The token that ends a text."""
    scripts: frozenset[str]
    """Scripts that the translation may be written in."""
    reward_all: bool = False
    """Whether likelihood and confidence are means over everything drawn, and not over the output alone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of an answer, as positions in its text."""

    text: str
    thought_end: int
    """The position after the thought and its closing tag."""
    closed: bool
    """Whether the thought was ended by its tag."""
    opened: bool
    """Whether `<Output>` was written."""
    tag_end: int
    """The position after `<Output>`; where that is missing, the position after the thought."""
    start: int
    """Where the translation begins; the length of the text where there is no translation yet."""
    end: int
    """Where its closing tag begins, or the length of the text."""

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
        """Whether the next token belongs to the translation."""
        return self.opened or self.start < len(self.text)

    @property
    def form(self) -> str:
        """Return "ok", or the first fault in the form."""
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

    The first `</Thought>` ends the thought; where there is none, `<Output>` does. The text after the thought is the
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
    """Return which tokens [n] were drawn and not given: those that had alternatives."""
    own: NDArray[np.bool_] = np.isfinite(piece.top_log_probs[:, 0])
    return own


class Tokens:
    """The tokens of an answer together with its text."""

    def __init__(self, tokens: tuple[int, ...], stop: frozenset[int], decode: Callable[[tuple[int, ...]], str]) -> None:
        self.tokens = tokens
        self.decode = decode
        self.count = len(tokens) - bool(tokens and tokens[-1] in stop)
        """The tokens without the one that ends the text."""
        self.answer = read_answer(decode(tokens[: self.count]))

    def covering(self, place: int) -> int:
        """Return how many tokens are needed to write the text up to a position."""
        if place <= 0:
            return 0
        return bisect.bisect_left(range(self.count), place, key=lambda i: len(self.decode(self.tokens[:i])))

    @property
    def output_start(self) -> int:
        """Index of the first token that writes a part of the translation."""
        return max(0, self.covering(self.answer.start + 1) - 1)

    @property
    def parts_at_output(self) -> bool:
        """Whether no token writes both a part of the translation and a part of the tag before it."""
        return len(self.decode(self.tokens[: self.output_start])) >= self.answer.tag_end

    @property
    def output_end(self) -> int:
        """The index after the token that ends the translation: the token of its closing tag, or the last one."""
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
    """Turn an answer to the prompt into a draft of the translation in it, which may take `room` tokens."""
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


def answer_problems(text: str) -> tuple[str, ...]:
    """Return the problem that a token mask rules out for bare translations only: "tag"."""
    return ("tag",) if _TAG.search(text) else ()


def foreign(thinking: Thinking, text: str, hits: Sequence[Hit]) -> bool:
    """Whether a translation has letters of a script that is not allowed; terms to be kept may have any."""
    return foreign_letters(text, thinking.scripts, [h.term.source for h in hits if not h.term.targets])
