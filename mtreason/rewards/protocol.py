"""What a reward is: a weighted sum of parts, each a number per finished draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtreason.glossary import Hit
from mtreason.models.calls import Calls
from mtreason.models.sequences import SharedSequences


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What stands around a translation where the model reasons first."""

    thought: str
    thought_tokens: int
    form: str
    """Where the answer first missed its form, or "ok"."""
    complete: bool
    """Whether the translation came to its end, within its limit."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A finished translation and what the model thought while writing it. n tokens, the end token included."""

    text: str
    tokens: tuple[int, ...]
    log_probs: NDArray[np.float32]
    """[n] natural logarithms, at temperature 1."""
    top_log_probs: NDArray[np.float32]
    """[n, 5] of the five most probable tokens at each position."""
    reasoning: Reasoning | None = None
    """If there is one, n may differ for the probabilities: they are of the tokens that rewards are to look at."""


@dataclass(frozen=True, slots=True)
class RewardContext:
    """What a reward may know of the sentence whose drafts it judges."""

    source: str
    tail: tuple[int, ...]
    """What ends a prompt, behind the text that it is about."""
    back: SharedSequences
    """The prompt of the opposite direction, up to where the text to translate back begins."""
    source_tokens: tuple[int, ...]
    """The source sentence as the model would write it, the end token included."""
    verdict: SharedSequences
    """What all prompts of the run begin with."""
    verdict_prompt: tuple[int, ...]
    """The question whether a draft is a good translation, up to where the draft begins."""
    verdict_tokens: tuple[tuple[int, ...], ...]
    """The answers: good, bad."""
    hints: tuple[Hit, ...]
    target_tag: str


Part = Callable[[RewardContext, Sequence[Draft]], Calls[list[float]]]
"""Judges drafts of one sentence, each by itself; higher is better."""

Samples = Mapping[str, int]
"""What the model wrote when it drew freely from the beginning: text -> how often. Drafts that a search made are not
among them: they say what the search likes, not what the model means."""

PoolPart = Callable[[RewardContext, Sequence[Draft], Samples], Calls[list[float]]]
"""Judges drafts beside the samples drawn so far."""


@dataclass(frozen=True, slots=True)
class Reward:
    """A named sum of parts."""

    name: str
    weights: Mapping[str, float]
    """Part name -> weight, not negative; they sum to 1."""
