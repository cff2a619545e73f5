"""Requests to a language model, as values.

Decoders and rewards are generators: they yield calls and receive the answers. The scheduler in `mtreason.decoding`
collects the calls of many sentences and makes one batch of each kind.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mtreason.models.protocol import Continuation, Draw, Prefix, TokenMask, TopTokens, Triple


@dataclass(frozen=True, slots=True)
class Extend:
    """`LanguageModel.extend`; the answer is the new prefixes."""

    prefixes: Sequence[Prefix]
    tokens: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Sample:
    """`LanguageModel.sampling`; the answer is the continuations."""

    draws: Sequence[Draw]
    mask: TokenMask


@dataclass(frozen=True, slots=True)
class Score:
    """`LanguageModel.score`; the answer is the log-probabilities."""

    prefixes: Sequence[Prefix]
    targets: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class TopK:
    """`LanguageModel.top_k`; the answer is the most probable next tokens."""

    prefixes: Sequence[Prefix]
    mask: TokenMask
    count: int


@dataclass(frozen=True, slots=True)
class ScoreTriples:
    """`LearnedMetric.scores`; the answer is the scores."""

    triples: Sequence[Triple]


@dataclass(frozen=True, slots=True)
class Cut:
    """`LanguageModel.cut`; the answer is the prefix. Costs nothing."""

    prefix: Prefix
    length: int


@dataclass(frozen=True, slots=True)
class States:
    """`KeepsStates.states`; the answer is the states. Costs nothing."""

    prefix: Prefix
    count: int


@dataclass(frozen=True, slots=True)
class Release:
    """`LanguageModel.release`; the answer is None."""

    prefixes: Sequence[Prefix]


Call = Extend | Sample | Score | TopK | ScoreTriples | Cut | States | Release

T = TypeVar("T")
# The answer depends on the call, which the type of a generator cannot express; the helpers below can.
Calls = Generator[Call, Any, T]


def extend(prefixes: Sequence[Prefix], tokens: Sequence[Sequence[int]]) -> Calls[list[Prefix]]:
    """Read tokens after prefixes."""
    if not prefixes:
        return []
    answer: list[Prefix] = yield Extend(prefixes, tokens)
    return answer


def sample(draws: Sequence[Draw], mask: TokenMask) -> Calls[list[Continuation]]:
    """Draw continuations."""
    if not draws:
        return []
    answer: list[Continuation] = yield Sample(draws, mask)
    return answer


def score(prefixes: Sequence[Prefix], targets: Sequence[Sequence[int]]) -> Calls[list[NDArray[np.float32]]]:
    """Ask for the log-probabilities of targets."""
    if not prefixes:
        return []
    answer: list[NDArray[np.float32]] = yield Score(prefixes, targets)
    return answer


def top_k(prefixes: Sequence[Prefix], mask: TokenMask, count: int) -> Calls[list[TopTokens]]:
    """Ask for the top-k tokens."""
    answer: list[TopTokens] = yield TopK(prefixes, mask, count)
    return answer


def score_triples(triples: Sequence[Triple]) -> Calls[list[float]]:
    """Ask for the scores of a learned metric."""
    if not triples:
        return []
    answer: list[float] = yield ScoreTriples(triples)
    return answer


def cut(prefix: Prefix, length: int) -> Calls[Prefix]:
    """Ask for a prefix of the first `length` tokens of a prefix."""
    answer: Prefix = yield Cut(prefix, length)
    return answer


def states(prefix: Prefix, count: int) -> Calls[NDArray[np.float32]]:
    """Ask for the hidden states that were kept of the last `count` tokens of a prefix."""
    answer: NDArray[np.float32] = yield States(prefix, count)
    return answer


def release(prefixes: Sequence[Prefix]) -> Calls[None]:
    """Give prefixes back."""
    yield Release(prefixes)
