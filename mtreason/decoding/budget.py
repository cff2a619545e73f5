"""What a sentence may still cost: tokens, counted in full samples, and time."""

from __future__ import annotations

import time
from typing import Any, TypeVar

from mtreason.decoding.protocol import Cost
from mtreason.models.calls import Calls, Extend, Sample, Score

T = TypeVar("T")


class Budget:
    """Counts the cost of one sentence, and says what it can still pay for."""

    def __init__(self, samples: float, prompt_tokens: int, max_seconds: float | None) -> None:
        """Allow the cost of this many full samples; reading the prompt is not counted: every decoder needs it."""
        self.samples = samples
        self.cost = Cost()
        self.sample_cost = 0
        """Tokens that one full sample costs; known after the greedy draft."""
        self.timed_out = False
        """Whether something was not done because the time was over."""
        self._prompt_tokens = prompt_tokens
        self._deadline = None if max_seconds is None else time.monotonic() + max_seconds

    def counted(self, calls: Calls[T]) -> Calls[T]:
        """Pass calls on and add up their cost: everything that a decoder asks of the model goes through here."""
        answer: Any = None
        while True:
            try:
                call = calls.send(answer)
            except StopIteration as stop:
                result: T = stop.value
                return result
            answer = yield call
            match call:
                case Extend():
                    self.cost.prompt_tokens += sum(map(len, call.tokens))
                case Score():
                    self.cost.scored_tokens += sum(map(len, call.targets))
                case Sample():
                    self.cost.sampled_tokens += sum(len(c.tokens) for c in answer)
                    self.cost.scored_tokens += sum(len(c.tokens) for c in answer if c.contrast is not None)

    def count_as_sampled(self, tokens: int) -> None:
        """Count tokens as sampled that were read just now: the decoder chose them, nobody gave them."""
        self.cost.prompt_tokens -= tokens
        self.cost.sampled_tokens += tokens

    @property
    def spent(self) -> float:
        """The cost so far, in full samples."""
        return (self.cost.tokens - self._prompt_tokens) / max(1, self.sample_cost)

    def affordable(self, drafts: int, drawn: int, reserve: float) -> int:
        """Return how many of `drafts` further drafts can be paid for, at the average price of those drawn so far.

        `reserve`, in full samples, is kept for something else.
        """
        price = self.spent / max(1, drawn)
        # Rounding up from half a draft: the mean cost then meets the budget instead of staying below it.
        room = max(0, min(drafts, int((self.samples - reserve - self.spent) / max(price, 1e-9) + 0.5)))
        return 0 if room and self.out_of_time() else room

    def out_of_time(self) -> bool:
        """Whether the time is over; to be asked only where work is left, because the answer is recorded."""
        self.timed_out = self.timed_out or (self._deadline is not None and time.monotonic() >= self._deadline)
        return self.timed_out
