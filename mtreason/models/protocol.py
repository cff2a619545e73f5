"""What every language model backend offers to the layers above it.

A model keeps a tree of token sequences. A `Prefix` names one node of it: the sequence from the root to that
node. Decoders hold prefixes and never see a tensor. Every call takes many prefixes, of many sentences, and runs
them as one batch; the result of a row never depends on the other rows.

Letters: n tokens of one continuation, K = 5 alternatives kept per token.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOP_K = 5
"""How many of the most probable tokens are kept at each position (Marco-o1's confidence needs five)."""


class Capability(StrEnum):
    """What a backend may lack, and rewards may need."""

    PROMPT_LOG_PROBS = "prompt log-probabilities"
    TOP_K = "top-5"
    HIDDEN_STATES = "hidden states"


@dataclass(frozen=True, slots=True)
class Prefix:
    """Handle to a node of a model's token tree; owns no tensor, and is given back with `LanguageModel.release`."""

    id: int
    parent: int
    length: int
    """Tokens from the root to the end of this node."""


ROOT = Prefix(id=0, parent=-1, length=0)
"""The empty sequence, always there."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """Tokens drawn after a prefix, with the model's probabilities for them.

    Log-probabilities are natural, at temperature 1, over the tokens that the call allowed.
    """

    tokens: tuple[int, ...]
    log_probs: NDArray[np.float32]
    """[n], log p of each drawn token."""
    top_log_probs: NDArray[np.float32]
    """[n, K], log p of the K most probable tokens at each position, highest first."""
    finished: bool
    """Ended with a stop token (the last of `tokens`); False when `max_new_tokens` cut it."""
    prefix: Prefix
    """Covers all tokens but the last one, which was drawn but not yet read by the model."""
    contrast: Prefix | None = None
    """The same tokens after the prefix of the contrast."""
    earlier: tuple[Prefix, ...] = ()
    """Where several draws were joined: handles to the tokens before the span of `prefix`, in order of length."""
    features: NDArray[np.float32] | None = None
    """[3 W], what `mtreason.rewards.value` reads of the hidden states at its tokens, where a reward asks for it."""

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """All handles that have to be given back."""
        return (*self.earlier, self.prefix) if self.contrast is None else (*self.earlier, self.prefix, self.contrast)

    def spanning(self, length: int) -> Prefix:
        """Return the handle whose own span contains the position after this many tokens from the root."""
        return next((p for p in self.earlier if p.length >= length), self.prefix)


@dataclass(frozen=True, slots=True, eq=False)
class TopTokens:
    """The k most probable tokens at one place, the most probable first."""

    tokens: NDArray[np.int64]
    """[k]"""
    log_probs: NDArray[np.float64]
    """[k], natural, at temperature 1, over the tokens that the mask allows."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """A second prefix that a continuation should depend on little: tokens that are probable after it are drawn less.

    Draws come from the softmax over tokens k of

        (log p(k | prefix of the draw) - weight * log p(k | prefix here)) / (1 - weight)

    among the tokens that are at least PLAUSIBLE times as probable as the most probable one. With the prompt that lacks
    the source as its prefix this is the MMI-antiLM objective of Li et al. 2016 (arXiv 1510.03055), token by token;
    the bound is that of contrastive decoding (Li et al. 2023, arXiv 2210.15097).
    """

    prefix: Prefix
    weight: float
    """In [0, 1)."""


PLAUSIBLE = 0.1


@dataclass(frozen=True, slots=True)
class Draw:
    """One row of `Sampling`: a continuation to draw after a prefix."""

    prefix: Prefix
    seed: int
    """64 bits; the only source of randomness of this row."""
    temperature: float
    """0 draws the most probable token."""
    max_new_tokens: int
    banned_first: tuple[int, ...] = ()
    """Tokens that may not come first (drawing without replacement below a node)."""
    contrast: Contrast | None = None
    """Reading each drawn token after the contrast's prefix too counts as one scored token."""


@dataclass(slots=True)
class Usage:
    """Tokens that passed through the model; only grows. All cost figures come from it."""

    prompt_tokens: int = 0
    sampled_tokens: int = 0
    scored_tokens: int = 0
    passes: int = 0
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        """All tokens that cost something: prefilled, sampled and scored tokens."""
        return self.prompt_tokens + self.sampled_tokens + self.scored_tokens


@dataclass(frozen=True, slots=True, eq=False)
class TokenMask:
    """Which tokens a sampled continuation may use, and which end it."""

    banned: NDArray[np.bool_] = field(repr=False)
    """[V], True where a token may never be drawn."""
    stop: frozenset[int]
    """Tokens that end a continuation; never banned."""
    top_p: float
    """Nucleus from which tokens are drawn at temperatures above 0."""


class Sampling(Protocol):
    """Continuations that are drawn as one batch; new ones take the place of finished ones."""

    @property
    def rows(self) -> int:
        """How many have not ended yet."""
        ...

    def add(self, draws: Sequence[Draw]) -> None:
        """Begin further continuations; all are numbered from 0 in the order in which they are added."""
        ...

    def advance(self) -> list[tuple[int, Continuation]]:
        """Continue until some end; return these with their numbers, nothing only if there were no rows."""
        ...


class AtOnce:
    """Sampling for a model in which no row can join a running batch: it draws everything that was added, to the end."""

    def __init__(self, sample: Callable[[Sequence[Draw]], list[Continuation]]) -> None:
        self._sample = sample
        self._waiting: list[Draw] = []
        self._done = 0

    @property
    def rows(self) -> int:
        """See `Sampling.rows`."""
        return len(self._waiting)

    def add(self, draws: Sequence[Draw]) -> None:
        """See `Sampling.add`."""
        self._waiting += draws

    def advance(self) -> list[tuple[int, Continuation]]:
        """See `Sampling.advance`."""
        if not self._waiting:
            return []
        drawn = self._sample(self._waiting)
        numbered = list(enumerate(drawn, self._done))
        self._done += len(drawn)
        self._waiting = []
        return numbered


class LanguageModel(Protocol):
    """A causal language model whose sequences form a tree."""

    @property
    def usage(self) -> Usage:
        """Totals since the model was loaded."""
        ...

    def extend(self, prefixes: Sequence[Prefix], tokens: Sequence[Sequence[int]]) -> list[Prefix]:
        """Read tokens (at least one a row) after each prefix; counts them as prompt tokens."""
        ...

    def sampling(self, mask: TokenMask) -> Sampling:
        """Begin a batch of continuations."""
        ...

    def score(self, prefixes: Sequence[Prefix], targets: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """Return log p of every token of each target, read after its prefix: one array [len(target)] a row."""
        ...

    def top_k(self, prefixes: Sequence[Prefix], mask: TokenMask, count: int) -> list[TopTokens]:
        """Return the `count` most probable next tokens after each prefix; what was read already costs nothing."""
        ...

    def cut(self, prefix: Prefix, length: int) -> Prefix:
        """Return a new handle to the first `length` tokens of a prefix; nothing is computed or copied.

        `length` must lie in the node's own span: parent's length < length <= prefix.length.
        """
        ...

    def release(self, prefixes: Sequence[Prefix]) -> None:
        """Give handles back. Children made from a prefix stay valid."""
        ...


@runtime_checkable
class KeepsStates(Protocol):
    """A language model that can keep hidden states of what it reads anyway; see `Capability.HIDDEN_STATES`."""

    @property
    def depth(self) -> int:
        """How many layers there are."""
        ...

    @property
    def width(self) -> int:
        """The width W of a state."""
        ...

    def keep_states(self, layers: Sequence[int]) -> None:
        """Keep, of every token read from now on, the states after so many of the layers (1 to `depth`)."""
        ...

    def states(self, prefix: Prefix, count: int) -> NDArray[np.float32]:
        """Return what was kept of the last `count` tokens of a prefix, [count, layers, W]; costs nothing.

        Raises `ValueError` where a token of them was read before `keep_states` asked for these layers.
        """
        ...


Triple = tuple[str, str, str | None]
"""A source, a translation of it, and a reference translation where there is one."""


class LearnedMetric(Protocol):
    """A learned metric of translations."""

    def scores(self, triples: Sequence[Triple]) -> list[float]:
        """Return one score a triple, in the metric's own units, higher is better; it depends on that triple only."""
        ...
