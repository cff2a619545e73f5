"""What a run is asked to do, checked before anything heavy is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mtreason.errors import InputError

EFFORTS = {"low": 4, "medium": 16, "high": 64}
"""Names for budgets: what so many full samples cost."""

DEFAULT_REWARD = "mix"
DEFAULT_NODES = "1"

DEFAULT_THOUGHT = 256
"""Tokens a thought may take."""

REWARD_OVER = ("output", "all")

MIN_REFLECTION_BUDGET = 4
"""Reading a draft again and answering anew costs up to twice what a draft does, and there have to be drafts."""

MOST = 100_000
"""No number of samples, sentences or segments beyond this is meant."""

DTYPES = ("auto", "int8", "bf16", "fp16", "fp32")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a translation run that do not depend on the model."""

    decoder: str = "mcts"
    reward: str | None = None
    """None for DEFAULT_REWARD; given only for a decoder that chooses by it."""
    nodes: str | None = None
    """None for DEFAULT_NODES; given only for a decoder that searches a tree."""
    beam_width: int | None = None
    """Of beam search; None for what the budget pays for."""
    full_budget: bool = False
    """Whether to search on where nothing better is to be expected."""
    budget: float = EFFORTS["medium"]
    context: int = 0
    """Preceding segments shown in each prompt."""
    in_flight: int = 16
    """Sentences translated side by side; changes speed and memory, never the output."""
    seed: int = 0
    glossaries: tuple[Path, ...] = ()
    shipped_glossaries: bool = True
    qe: str | None = None
    """A COMET-family checkpoint: a path, or the name of one on a hub."""
    dtype: str = "auto"
    """Number format of the linear layers; auto is int8 on a CPU."""
    think: bool = False
    """Reason first, then translate."""
    max_thought_tokens: int | None = None
    """None for `DEFAULT_THOUGHT`."""
    reward_over: str | None = None
    """Where answers reason first: which tokens likelihood and confidence look at; None for the output's."""
    reflect: bool = False
    """Give the best draft back to be thought over."""
    segment_seconds: float | None = None
    """After so long a segment gets no further drafts, and the best so far is taken; None for no such limit."""

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise InputError(f"--dtype {self.dtype!r}: expected one of {', '.join(DTYPES)}")
        for name, value, least in (
            ("--budget", self.budget, 1),
            ("--beam-width", 1 if self.beam_width is None else self.beam_width, 1),
            ("--in-flight", self.in_flight, 1),
            ("--context", self.context, 0),
            ("--max-thought-tokens", self.thought_limit, 1),
            ("--segment-seconds", self.segment_seconds or 0, 0),
        ):
            if not least <= value <= MOST:  # not a number fails both comparisons
                raise InputError(f"{name} {value}: must be at least {least} and at most {MOST}")
        self._check_reasoning()

    def _check_reasoning(self) -> None:
        if self.reward_over is not None and self.reward_over not in REWARD_OVER:
            raise InputError(f"--reward-over {self.reward_over!r}: expected one of {', '.join(REWARD_OVER)}")
        for name, value in (("--max-thought-tokens", self.max_thought_tokens), ("--reward-over", self.reward_over)):
            if value is not None and not self.think:
                raise InputError(f"{name} {value}: there are no thoughts without --think, add it or leave this out")
        if self.reflect and self.budget < MIN_REFLECTION_BUDGET:
            raise InputError(
                f"--budget {self.budget:g} is too small for --reflect: a draft, reading it again and a new answer cost "
                f"up to {MIN_REFLECTION_BUDGET}"
            )

    @property
    def thought_limit(self) -> int:
        """Most tokens of a thought."""
        return DEFAULT_THOUGHT if self.max_thought_tokens is None else self.max_thought_tokens
