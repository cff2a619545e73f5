"""Requests to a language model, as values.

Decoders and rewards are generators: they yield calls and are sent the answers. Whoever runs them (the scheduler in
`mtreason.decoding`) gathers the calls of many sentences and makes one batch of each kind.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mtreason.models.protocol import Alternatives, Continuation, Draw, Guard, Prefix, Triple


@dataclass(frozen=True, slots=True)
class Extend:
    """`LanguageModel.extend`; answered by the new prefixes."""

    prefixes: Sequence[Prefix]
    tokens: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Sample:
    """`LanguageModel.sampling`; answered by the continuations."""

    draws: Sequence[Draw]
    guard: Guard


@dataclass(frozen=True, slots=True)
class Score:
    """`LanguageModel.score`; answered by the log-probabilities."""

    prefixes: Sequence[Prefix]
    targets: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Peek:
    """`LanguageModel.alternatives`; answered by what may come next."""

    prefixes: Sequence[Prefix]
    guard: Guard
    count: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """`Estimating.scores`; answered by the scores."""

    triples: Sequence[Triple]


@dataclass(frozen=True, slots=True)
class Cut:
    """`LanguageModel.cut`; answered by the prefix. Costs nothing."""

    prefix: Prefix
    length: int


@dataclass(frozen=True, slots=True)
class Release:
    """`LanguageModel.release`; answered by None."""

    prefixes: Sequence[Prefix]


Call = Extend | Sample | Score | Peek | Estimate | Cut | Release

T = TypeVar("T")
# What is sent back depends on the call, which a generator's type cannot say; the helpers below can.
Steps = Generator[Call, Any, T]


def extend(prefixes: Sequence[Prefix], tokens: Sequence[Sequence[int]]) -> Steps[list[Prefix]]:
    """Read tokens after prefixes."""
    if not prefixes:
        return []
    answer: list[Prefix] = yield Extend(prefixes, tokens)
    return answer


def sample(draws: Sequence[Draw], guard: Guard) -> Steps[list[Continuation]]:
    """Draw continuations."""
    if not draws:
        return []
    answer: list[Continuation] = yield Sample(draws, guard)
    return answer


def score(prefixes: Sequence[Prefix], targets: Sequence[Sequence[int]]) -> Steps[list[NDArray[np.float32]]]:
    """Ask for the log-probabilities of targets."""
    if not prefixes:
        return []
    answer: list[NDArray[np.float32]] = yield Score(prefixes, targets)
    return answer


def peek(prefixes: Sequence[Prefix], guard: Guard, count: int) -> Steps[list[Alternatives]]:
    """Ask for the most probable next tokens."""
    answer: list[Alternatives] = yield Peek(prefixes, guard, count)
    return answer


def estimate(triples: Sequence[Triple]) -> Steps[list[float]]:
    """Ask for the scores of a learned metric."""
    if not triples:
        return []
    answer: list[float] = yield Estimate(triples)
    return answer


def cut(prefix: Prefix, length: int) -> Steps[Prefix]:
    """Name the first `length` tokens of a prefix."""
    answer: Prefix = yield Cut(prefix, length)
    return answer


def release(prefixes: Sequence[Prefix]) -> Steps[None]:
    """Give prefixes back."""
    yield Release(prefixes)
