"""What a reward is: a weighted sum of parts, each a number for each finished draft."""

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
from mtreason.rewards.heads import Head


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What surrounds a translation where the model reasons first."""

    thought: str
    thought_tokens: int
    form: str
    """Either "ok" or the first fault in the form of the answer."""
    complete: bool
    """Whether the translation has an end, within its limit."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A finished translation and what the model thought while writing it. n tokens, the end token included."""

    text: str
    tokens: tuple[int, ...]
    log_probs: NDArray[np.float32]
    """[n] natural logarithms, at temperature 1."""
    top_log_probs: NDArray[np.float32]
    """[n, 5], log-probabilities of the five most probable tokens at each position."""
    features: NDArray[np.float32] | None = None
    """[3 W], what `mtreason.rewards.value` reads of the hidden states, where a reward asks for it."""
    reasoning: Reasoning | None = None
    """Where it is set, the probabilities may have another n: they belong to the tokens that rewards look at."""


@dataclass(frozen=True, slots=True)
class RewardContext:
    """What a reward may know about the sentence whose drafts it judges."""

    source: str
    back: SharedSequences
    """The prompt of the opposite direction, up to where the text to translate back begins."""
    back_tail: tuple[int, ...]
    """From the end of that text to where its translation begins."""
    source_tokens: tuple[int, ...]
    """The source sentence as the model would write it, the end token included."""
    verdict: SharedSequences
    """What all prompts of the run begin with."""
    verdict_prompt: tuple[int, ...]
    """The question whether a draft is a good translation, up to where the draft begins."""
    verdict_tail: tuple[int, ...]
    """From the end of that draft to where the answer begins."""
    verdict_tokens: tuple[tuple[int, ...], ...]
    """The answers: good, bad."""
    hits: tuple[Hit, ...]
    """Glossary hits of the sentence, for which its prompt has hints."""
    target_tag: str
    references: tuple[str, ...] = ()
    """Translations by people, if there are any."""
    head: Head | None = None
    """What reads hidden states, where the reward asks for it."""

    def close(self) -> Calls[None]:
        """Give back the prefixes that were read for the judging."""
        yield from self.back.close()
        yield from self.verdict.close()


Samples = Mapping[str, int]
"""The samples of a sentence: text -> how often it was drawn. Drafts from a search are not among them, because they show
what the search prefers and not what the model prefers."""

Score = Callable[[RewardContext, Sequence[Draft], Samples], Calls[list[float]]]
"""Judges drafts of one sentence; returns one number for each draft, higher is better."""


class Checkpoint(StrEnum):
    """The kind of COMET checkpoint that a part needs."""

    REFERENCELESS = "without references"
    WITH_REFERENCES = "with references"


@dataclass(frozen=True, slots=True)
class Part:
    """One measure of a draft, and everything that other modules have to know about it."""

    name: str
    help: str
    """What it measures, in a few words."""
    score: Score
    needs: frozenset[Capability] = frozenset()
    """What the model has to be able to do."""
    free: bool = False
    """Whether it costs no model call; a free part is in every record."""
    compares_samples: bool = False
    """Whether it depends on the samples; it is then computed again when more samples are known."""
    checkpoint: Checkpoint | None = None
    """The learned metric that it uses."""
    asks_references: bool = False
    """Whether it uses the sentence's references; such a reward is for experiments and for making training data."""
    metric: str = ""
    """The metric of an evaluation that it equals or estimates; an evaluation marks systems that choose by it."""
    contrasts: bool = False
    """Whether drawing may aim at it before it is computed, by a contrast with the unconditional prompt."""
    counts_terms: bool = False
    """Whether it counts glossary terms; a candidate that follows more terms then goes first, and missed terms are
    written in."""


@dataclass(frozen=True, slots=True)
class Reward:
    """A named sum of parts."""

    name: str
    weights: Mapping[str, float]
    """Part name -> weight, not negative; the weights sum to 1."""
