"""Continuations that were asked of a server, and what must be true of its answers.

An answer can be well formed and still not be one to this request: of another prompt, of another length, with the
probabilities of other tokens. What can be told from the answer itself is checked here, so that it is asked for again.

Letters: n tokens, N alternatives per token.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtreason.models.protocol import TokenMask, TopTokens
from mtreason.models.served.answers import MOST_VOCABULARY, FaultyAnswerError, log_prob, whole
from mtreason.models.served.exchange import LARGE, MOST_BYTES

TOLERANCE = 0.05
"""How far two reports of one log-probability may differ, in nats."""
MASS = 1.1
"""The most that the probabilities of different tokens may add up to; not 1, because servers round."""
ENTRY_BYTES = 256
"""Room for one alternative in an answer; the longest form, with the bytes of the token, has 80 on the average."""
ECHOES = 4
"""Servers may repeat a request in each of their answers, in a longer form."""


@dataclass(frozen=True, slots=True)
class Completion:
    """Tokens after a prompt, drawn or given."""

    tokens: tuple[int, ...]
    log_probs: tuple[float, ...]
    top: tuple[TopTokens, ...]
    """The most probable tokens at each of the n positions."""
    finished: bool
    """Whether the model ended here; the last token is then the end."""
    read: int
    """Prompt tokens that the server computed."""
    cached: int
    """Prompt tokens that the server had in its cache."""
    gaps: tuple[int, ...] = ()
    """Positions for which the server reports nothing: NaN and no alternatives; they are asked for one by one."""


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """A request for continuations."""

    prompt: tuple[int, ...]
    count: int
    room: int
    """The largest number of tokens of each."""
    temperature: float
    seed: int
    mask: TokenMask | None
    """None for any token and any script."""

    @property
    def top_p(self) -> float:
        """Nucleus from which the server draws."""
        return self.mask.top_p if self.mask is not None else 1.0


def largest_answer(places: int, alternatives: int, *, answers: int = 1, asked: int = 0) -> int:
    """Return the most bytes that an answer can have, from what was asked for; `asked` is the request's own length."""
    return min(MOST_BYTES, LARGE + answers * (places * (alternatives + 2) * ENTRY_BYTES + ECHOES * asked))


def alternatives_of(pairs: Iterable[tuple[Any, Any]], *, most: int) -> TopTokens:
    """Take (token, log-probability) pairs, each token once; returns them with the most probable first."""
    listed = list(pairs)
    if not 0 < len(listed) <= most:
        raise FaultyAnswerError(f"{len(listed)} alternatives of a token, {most} were asked for")
    tokens = [whole(token, "an alternative", most=MOST_VOCABULARY) for token, _ in listed]
    if len(set(tokens)) < len(tokens):
        raise FaultyAnswerError("the same token twice among its alternatives")
    values = np.array([log_prob(value) for _, value in listed], np.float64)
    if float(np.exp(values).sum()) > MASS:
        raise FaultyAnswerError(f"probabilities that add up to {float(np.exp(values).sum()):.3g}")
    order = np.argsort(-values, kind="stable")
    return TopTokens(np.array(tokens, np.int64)[order], values[order])


def nothing_told() -> TopTokens:
    """Return the alternatives of a gap."""
    return TopTokens(np.zeros(0, np.int64), np.zeros(0))


def same_length(tokens: Sequence[Any], places: Sequence[Any]) -> None:
    """Raise `FaultyAnswerError` unless there is something for every token."""
    if not tokens or len(tokens) != len(places):
        raise FaultyAnswerError(f"{len(places)} log-probabilities for {len(tokens)} tokens")


def same_prompt(told: int, prompt: int) -> None:
    """Raise `FaultyAnswerError` where a server read a prompt of another length than the one that was sent."""
    if told != prompt:
        raise FaultyAnswerError(f"it is for a prompt of {told} tokens, {prompt} were sent")


def each_once(numbers: Sequence[int]) -> None:
    """Raise `FaultyAnswerError` where two continuations have the same number."""
    if len(set(numbers)) < len(numbers):
        raise FaultyAnswerError("two continuations with the same number")


def check_written(found: Sequence[Completion], ask: SampleRequest) -> None:
    """Raise `FaultyAnswerError` for more continuations, or longer ones, than were asked for, or none."""
    if not 0 < len(found) <= ask.count:
        raise FaultyAnswerError(f"{len(found)} continuations, {ask.count} were asked for")
    for one in found:
        if len(one.tokens) > ask.room:
            raise FaultyAnswerError(f"a continuation of {len(one.tokens)} tokens, at most {ask.room} were asked for")


def check_tokens(one: Completion, vocabulary: int) -> None:
    """Raise `FaultyAnswerError` for a token that the model does not have."""
    highest = max((*one.tokens, *(int(top.tokens.max()) for top in one.top if len(top.tokens))))
    if highest >= vocabulary:
        raise FaultyAnswerError(
            f"token {highest} of a vocabulary of {vocabulary}: is the tokenizer that of the served model?"
        )


def check_places(one: Completion) -> None:
    """Raise `FaultyAnswerError` where a token's log-probability contradicts its alternatives: it is of another token.

    A token outside the alternatives is at most as probable as the last of them.
    """
    for i, (token, own, top) in enumerate(zip(one.tokens, one.log_probs, one.top, strict=True)):
        if i in one.gaps:
            continue
        found = np.flatnonzero(top.tokens == token)
        told = float(top.log_probs[found[0] if len(found) else -1])
        highest, least = told + TOLERANCE, told - TOLERANCE if len(found) else -np.inf
        if not least <= own <= highest:
            raise FaultyAnswerError(f"the log-probability of another token ({own:.4g} beside {told:.4g})")
