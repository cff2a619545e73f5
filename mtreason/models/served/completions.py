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
from numpy.typing import NDArray

from mtreason.models.protocol import TokenMask, TopTokens
from mtreason.models.served.answers import LEAST, MOST_VOCABULARY, ROUNDING, FaultyAnswerError, log_prob
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
    tokens, told = zip(*listed, strict=True)
    if set(map(type, tokens)) != {int} or min(tokens) < 0 or max(tokens) >= MOST_VOCABULARY:
        raise FaultyAnswerError("an alternative that is no token")
    if len(set(tokens)) < len(tokens):
        raise FaultyAnswerError("the same token twice among its alternatives")
    values = _log_probs(told)
    mass = float(np.exp(values).sum())
    if mass > MASS:
        raise FaultyAnswerError(f"probabilities that add up to {mass:.3g}")
    order = np.argsort(-values, kind="stable")
    return TopTokens(np.array(tokens, np.int64)[order], values[order])


def _log_probs(told: Sequence[Any]) -> NDArray[np.float64]:
    """Take log-probabilities as `log_prob` does, but all at once: an answer has ten thousands of them."""
    if set(map(type, told)) != {float}:
        return np.array([log_prob(value) for value in told], np.float64)
    values = np.array(told, np.float64)
    if not (values <= ROUNDING).all():
        raise FaultyAnswerError(f"a log-probability of {values[~(values <= ROUNDING)][0]}")
    return np.where(values > LEAST, np.minimum(values, 0.0), -np.inf)


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
    highest = int(np.concatenate([one.tokens, *(top.tokens for top in one.top)]).max())
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
        tokens = top.tokens.tolist()
        place = tokens.index(token) if token in tokens else None
        told = float(top.log_probs[-1 if place is None else place])
        least = -np.inf if place is None else told - TOLERANCE
        if not least <= own <= told + TOLERANCE:
            raise FaultyAnswerError(f"the log-probability of another token ({own:.4g} beside {told:.4g})")
