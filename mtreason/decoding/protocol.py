"""What a decoder is given for one sentence, and what it gives back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mtreason.decoding.answers import Thinking
from mtreason.glossary import Hit
from mtreason.models.calls import Calls
from mtreason.models.protocol import Prefix, TokenMask
from mtreason.rewards import Draft, Reward, RewardContext, Samples, judge

Decode = Callable[[tuple[int, ...]], str]
"""From tokens to text."""


@dataclass(frozen=True, slots=True)
class BoundTask:
    """One sentence to translate, bound to a model: what its prompt begins with is read, all else is in tokens.

    What can travel to another process is the task that it was made of, see `mtreason.runs.task`.
    """

    index: int
    """Position in the run; results carry it, and nothing depends on the order in which tasks are taken up."""
    source: str
    head: Prefix
    """What the prompts of this run share; read before."""
    prompt: tuple[int, ...]
    """The rest of the prompt."""
    unconditional: Prefix
    """The prompt without a sentence to translate: what follows it owes nothing to the source; read before."""
    tail: tuple[int, ...]
    back_head: Prefix
    source_tokens: tuple[int, ...]
    chat_head: Prefix
    verdict_prompt: tuple[int, ...]
    verdict_tokens: tuple[tuple[int, ...], ...]
    """See `mtreason.rewards.RewardContext`; the heads are read before."""
    hits: tuple[Hit, ...]
    """Glossary terms in the sentence, which its prompt hints at."""
    renderings: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    """Tokens of each term's best rendering, as it would begin a translation and as it would stand inside one."""
    target_tag: str
    mask: TokenMask
    seed: int
    max_new_tokens: int
    placeholders: tuple[str, ...] = ()
    """What a translation has to carry over as it is, each as often as it is named."""
    references: tuple[str, ...] = ()
    """Translations by people, for rewards that look at them."""


class Judging(Protocol):
    """How parts of a reward are computed; `mtreason.rewards.judge`, or what an experiment puts in its place."""

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
    border: Border
    """Where a continuation is cut into steps."""
    temperature: float = 0.5
    """Of drafts drawn from the beginning."""
    beam_width: int | None = None
    """Of beam search; None for what the budget pays for."""
    full_budget: bool = False
    """Whether to search on where nothing better is to be expected."""
    thinking: Thinking | None = None
    """How answers reason first; None for bare translations."""
    reflection: tuple[int, ...] = ()
    """What gives a draft back to the model to be thought over, from the draft's end on; nothing for no reflection."""
    judge: Judging = judge
    max_seconds: float | None = None
    """After so long a sentence gets no further drafts; the first ones always finish."""


class Border(Protocol):
    """Decides where the steps of a search end."""

    def __call__(self, tokens: tuple[int, ...], start: int) -> list[int]:
        """Return the ends of the steps of `tokens[start:]`, ascending, the last one len(tokens)."""
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
    """Why the gates hold it back; empty for a clean one."""
    reflected: bool = False
    """Whether reflection came to it."""
    repaired: bool = False
    """Whether a glossary term was written into it."""


@dataclass(slots=True)
class Cost:
    """Tokens that one sentence passed through the model, beyond what the run shares."""

    prompt_tokens: int = 0
    sampled_tokens: int = 0
    scored_tokens: int = 0

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.prompt_tokens + self.sampled_tokens + self.scored_tokens


@dataclass(frozen=True, slots=True)
class Result:
    """A translated sentence."""

    index: int
    text: str
    """The translation; the source where no usable one was found (then `fell_back`)."""
    fell_back: bool
    candidates: tuple[Candidate, ...]
    """Best first: clean ones before those held back, then by reward, then in the order they were found."""
    cost: Cost
    sample_cost: int = 0
    """Tokens that one full sample of this sentence costs, in which the budget counts; 0 if the decoder has none."""
    trace: Mapping[str, Any] | None = field(default=None)
    """What the decoder wants to show of its work, in JSON types."""
    forms: Mapping[str, int] = field(default_factory=dict)
    """How often answers that reason first kept their form ("ok") or missed it, and how."""
    timed_out: bool = False
    """Whether the time was over before the budget was spent."""


class Decoder(Protocol):
    """Translates one sentence."""

    @property
    def name(self) -> str:
        """What `--decoder` calls it."""
        ...

    @property
    def reward(self) -> Reward | None:
        """What it chooses by, whatever the settings say; None where it does as they say."""
        ...

    @property
    def chooses(self) -> bool:
        """Whether it draws several drafts and keeps the best of them."""
        ...

    @property
    def options(self) -> frozenset[str]:
        """Which of the options reward, nodes, beam_width, full_budget, think and reflect make a difference to it."""
        ...

    def decode(self, task: BoundTask, settings: DecodingSettings) -> Calls[Result]:
        """Yield model calls until the sentence is done."""
        ...


def derive_seed(*parts: object) -> int:
    """Return 64 bits that depend on these parts and on nothing else."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
