"""The input of a decoder for one sentence, and its output."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mtreason.decoding.answers import Thinking
from mtreason.glossary import Hit
from mtreason.languages import Direction
from mtreason.models.calls import Calls
from mtreason.models.protocol import Prefix, TokenMask
from mtreason.rewards import Draft, Head, Reward, RewardContext, Samples, judge

Decode = Callable[[tuple[int, ...]], str]
"""From tokens to text."""


@dataclass(frozen=True, slots=True)
class BoundTask:
    """One sentence to translate, bound to a model: the beginnings of its prompts are prefixes, the rest is in tokens.

    The `Task` that it was made from can be sent to another process; see `mtreason.runs.task`.
    """

    index: int
    """Position in the run; results carry it, and nothing depends on the order in which tasks are started."""
    source: str
    head: Prefix
    """What all prompts of this run begin with; the model has read it already."""
    prompt: tuple[int, ...]
    """The rest of the prompt."""
    unconditional: Prefix
    """The unconditional prompt, without a sentence to translate; the model has read it already."""
    back_head: Prefix
    back_tail: tuple[int, ...]
    source_tokens: tuple[int, ...]
    chat_head: Prefix
    verdict_prompt: tuple[int, ...]
    verdict_tail: tuple[int, ...]
    verdict_tokens: tuple[tuple[int, ...], ...]
    """See `mtreason.rewards.RewardContext`; the model has read the heads already."""
    hits: tuple[Hit, ...]
    """Glossary hits in the sentence, for which its prompt has hints."""
    direction: Direction
    mask: TokenMask
    seed: int
    max_new_tokens: int
    references: tuple[str, ...] = ()
    """Translations by people, for rewards that look at them."""
    asked_again: tuple[int, ...] = ()
    """A whole prompt in another wording, for a second attempt; nothing for none. See `mtreason.decoding.asking`."""


class Judging(Protocol):
    """How the parts of a reward are computed: `mtreason.rewards.judge`, or what an experiment uses instead."""

    def __call__(
        self, reward: Reward, context: RewardContext, drafts: Sequence[Draft], samples: Samples, *, compared: bool
    ) -> Calls[list[dict[str, float]]]:
        """See `mtreason.rewards.judge`."""
        ...


@dataclass(frozen=True, slots=True)
class DecodingSettings:
    """How to decode; the same for all sentences of a run."""

    reward: Reward
    budget: float
    """What a sentence may cost, in full samples."""
    decode: Decode
    encode: Callable[[str], tuple[int, ...]]
    """From a translation to the tokens that follow the prompt."""
    inside: Callable[[str], tuple[int, ...]]
    """From words to their tokens inside a translation, after other words."""
    end: int
    """The token that ends a translation."""
    border: Border
    """Where a continuation is cut into the steps of a search."""
    temperature: float = 0.5
    """Temperature of drafts that are drawn from the beginning."""
    beam_width: int | None = None
    """Width of beam search, or of the beam that a tree begins with; None for what the decoder finds best."""
    full_budget: bool = False
    """Whether to keep searching when nothing better is expected."""
    thinking: Thinking | None = None
    """How answers reason first; None for bare translations."""
    reflection: tuple[int, ...] = ()
    """Tokens after the end of a draft that ask the model to think it over; empty for no reflection."""
    scores: bool = True
    """Whether the model says how probable a given text is."""
    states: bool = False
    """Whether drafts carry what `mtreason.rewards.value` reads of the model's hidden states; the model keeps them."""
    head: Head | None = None
    """What gives these a value."""
    judge: Judging = judge
    max_seconds: float | None = None
    """After this time a sentence gets no further drafts; the first ones always finish."""


class Border(Protocol):
    """Decides where the steps of a search end."""

    def __call__(self, tokens: tuple[int, ...], start: int) -> list[int]:
        """Return the ends of the steps of `tokens[start:]`, ascending; the last one is len(tokens)."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A distinct finished translation."""

    text: str
    draft: Draft
    reward: float
    parts: Mapping[str, float]
    count: int
    """How often it was drawn."""
    problems: tuple[str, ...]
    """Why the gates do not let it be chosen; empty for a clean one."""
    doubts: tuple[str, ...] = ()
    """What speaks against it without holding it back; see `mtreason.gates`."""
    reflected: bool = False
    """Whether it is the result of reflection."""
    repaired: bool = False
    """Whether a glossary term was written into it afterwards."""
    placed: bool = False
    """Whether codes or other literals were put into it afterwards."""
    asked_again: bool = False
    """Whether it was drawn after another prompt, because all drafts after the first one were held back."""


@dataclass(slots=True)
class Cost:
    """Tokens of one sentence that passed through the model, without what the whole run shares."""

    prompt_tokens: int = 0
    sampled_tokens: int = 0
    scored_tokens: int = 0

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.prompt_tokens + self.sampled_tokens + self.scored_tokens


@dataclass(frozen=True, slots=True)
class Result:
    """A translated sentence."""

    index: int
    text: str
    """The translation; the source where no candidate is usable (`fell_back` is then True)."""
    fell_back: bool
    candidates: tuple[Candidate, ...]
    """Best first: clean candidates before the others, then by reward, then in the order in which they were found."""
    cost: Cost
    sample_cost: int = 0
    """Tokens that one full sample of this sentence costs, the unit of its budget; 0 if the decoder has none."""
    trace: Mapping[str, Any] | None = field(default=None)
    """What the decoder shows of its work, in JSON types."""
    forms: Mapping[str, int] = field(default_factory=dict)
    """How often answers that reason first kept their form ("ok"), and how often they missed it in which way."""
    timed_out: bool = False
    """Whether the time limit was reached before the budget was spent."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Why it fell back: what the gates found in the text, or in all drafts where the text is the source."""
        if not self.fell_back:
            return ()
        own = [c for c in self.candidates if c.text == self.text] or self.candidates
        return tuple(dict.fromkeys(name for c in own for name in c.problems)) or ("empty",)


class Decoder(Protocol):
    """Translates one sentence."""

    @property
    def name(self) -> str:
        """Its name in `--decoder`."""
        ...

    @property
    def reward(self) -> Reward | None:
        """The reward that it always chooses by; None where it uses the one of the settings."""
        ...

    @property
    def chooses(self) -> bool:
        """Whether it draws several drafts and chooses the best of them."""
        ...

    @property
    def options(self) -> frozenset[str]:
        """Which of the settings reward, budget, nodes, beam_width, full_budget, think and reflect have an effect."""
        ...

    def decode(self, task: BoundTask, settings: DecodingSettings) -> Calls[Result]:
        """Yield model calls until the sentence is done."""
        ...


def derive_seed(*parts: object) -> int:
    """Return 64 bits that depend on these parts only."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
