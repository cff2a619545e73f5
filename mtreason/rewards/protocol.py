"""What a reward is: a weighted sum of parts, each a number per finished draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mtreason.glossary import Hit
from mtreason.models.calls import Calls
from mtreason.models.protocol import Capability
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
    """What ends a prompt, after the text that it is about."""
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
    hits: tuple[Hit, ...]
    """Glossary terms of the sentence that its prompt hints at."""
    target_tag: str
    references: tuple[str, ...] = ()
    """Translations by people, where there are some."""

    def close(self) -> Calls[None]:
        """Give back what the model holds for the judging."""
        yield from self.back.close()
        yield from self.verdict.close()


Samples = Mapping[str, int]
"""What the model wrote when it drew freely from the beginning: text -> how often. Drafts that a search made are not
among them: they say what the search likes, not what the model means."""

Score = Callable[[RewardContext, Sequence[Draft], Samples], Calls[list[float]]]
"""Judges drafts of one sentence; one number a draft, higher is better."""


class Checkpoint(StrEnum):
    """Which kind of COMET checkpoint a part asks."""

    REFERENCELESS = "without references"
    WITH_REFERENCES = "with references"


@dataclass(frozen=True, slots=True)
class Part:
    """One measure of a draft, and all that others have to know of it."""

    name: str
    help: str
    """What it measures, in a few words."""
    score: Score
    needs: frozenset[Capability] = frozenset()
    """What the model has to be able to do."""
    free: bool = False
    """Whether it costs no model call: then it is in every record."""
    compares_samples: bool = False
    """Whether it depends on what else was drawn: then it is asked again when more samples are known."""
    checkpoint: Checkpoint | None = None
    """Which learned metric it asks."""
    asks_references: bool = False
    """Whether it looks at the sentence's references: such a reward is for experiments and for making training data."""
    metric: str = ""
    """The metric of an evaluation that it is, or is the expectation of: what chooses by it is marked there."""
    contrasts: bool = False
    """Whether writing may aim at it before it is asked, by a contrast with the prompt that lacks the source."""
    counts_terms: bool = False
    """Whether it counts the glossary: then a candidate that follows more terms goes first, and missed ones are written
    in."""


@dataclass(frozen=True, slots=True)
class Reward:
    """A named sum of parts."""

    name: str
    weights: Mapping[str, float]
    """Part name -> weight, not negative; they sum to 1."""
