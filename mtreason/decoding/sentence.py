"""One sentence while it is decoded: its prompt, its drafts, and what it may still cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtreason.decoding.asking import ask_again, is_misunderstood
from mtreason.decoding.budget import Budget
from mtreason.decoding.candidates import Candidates, to_draft
from mtreason.decoding.judging import Judge
from mtreason.decoding.placing import place
from mtreason.decoding.protocol import BoundTask, DecodingSettings, Result, derive_seed
from mtreason.decoding.thinking import draw_answers
from mtreason.glossary import written
from mtreason.models.calls import Calls, extend, release, sample
from mtreason.models.protocol import Continuation, Draw, Prefix
from mtreason.rewards import parts_of

MIN_REPAIR_BUDGET = 4
"""A smaller budget has no room for a second attempt."""

MOST_PLACES, MOST_FORMS = 2, 8
"""In how many places of a translation a missed term is tried in its forms, and in how many of them."""

FIRST_DRAFTS = 4
"""How many drafts are drawn first, unless a decoder wants more."""

WORSE_THAN_SOURCE = {"empty", "placeholder", "refusal", "answer"}
"""With one of these problems a draft is never the output: the source says more, and no program fails on it."""


class Sentence:
    """Reads a sentence's prompt, draws drafts, and gives back the prefixes that the model keeps for it."""

    def __init__(self, task: BoundTask, settings: DecodingSettings) -> None:
        self.task = task
        self.settings = settings
        self.budget = Budget(settings.budget, len(task.prompt), settings.max_seconds)
        self.judge = Judge(task, settings)
        self.candidates = Candidates(task, settings, self.judge)
        self._prompt: Prefix | None = None
        self._reflection_reserve = 0.0
        self._repair_reserve = 0.0
        """How much of the budget is kept for a repair, as long as terms are missed."""
        self._asking_reserve = 0.0
        """How much of it is kept for asking again, as long as every draft is misunderstood."""

    @property
    def prompt(self) -> Prefix:
        """The sentence's prompt; read by `open`."""
        if self._prompt is None:
            raise RuntimeError("the prompt is not read yet: open it first")
        return self._prompt

    def open(self) -> Calls[Prefix]:
        """Read the prompt."""
        [self._prompt] = yield from extend([self.task.head], [self.task.prompt])
        return self._prompt

    def draw(self, draws: Sequence[Draw], before: Sequence[tuple[int, ...]] = ()) -> Calls[list[Continuation]]:
        """Draw continuations; `before` are the tokens from the prompt to each, nothing if all begin there."""
        if (thinking := self.settings.thinking) is not None:
            paths = before or [()] * len(draws)
            return (yield from draw_answers(thinking, self.settings, self.task, draws, paths))
        return (yield from sample(draws, self.task.mask))

    def full_draw(self, number: int) -> Draw:
        """Describe the draw of the whole draft with this number; number 0 is the greedy one."""
        temperature = self.settings.temperature if number else 0.0
        return Draw(self.prompt, derive_seed(self.task.seed, "draft", number), temperature, self.task.max_new_tokens)

    def open_with_drafts(self, count: int = FIRST_DRAFTS) -> Calls[list[Continuation]]:
        """Read the prompt and draw `count` drafts, numbered alike for every decoder: the greedy one, then samples."""
        yield from self.open()
        count = max(1, min(count, int(self.settings.budget) - 2 * bool(self.settings.reflection)))
        drawn = yield from self.draw([self.full_draw(i) for i in range(count)])
        self.set_sample_cost(drawn[0])
        yield from self.candidates.add_samples(drawn)
        return drawn

    def set_sample_cost(self, greedy: Continuation) -> None:
        """Set the sample cost by the greedy draft: draw it, read it to be translated back, and score the source.

        It is the same for every decoder and reward, so that all of them get the same number of tokens for a sentence.
        """
        read = len(to_draft(self.task, self.settings, greedy).tokens)
        cost = len(greedy.tokens) + read + len(self.task.back_tail) + len(self.task.source_tokens)
        self.budget.sample_cost = cost
        if turn := self.settings.reflection:
            self._reflection_reserve = 1 + (len(turn) + len(greedy.tokens)) / cost
        if self.task.asked_again:
            self._asking_reserve = 1 + (len(self.task.asked_again) + len(greedy.tokens)) / cost
        if self.repairs:
            # Reading the best draft, asking for the longest term at every token, then for its forms where it fits best,
            # then writing and judging the result.
            longest = max(sum(len(self.settings.inside(w)) for w in written(h.term)) for h in self.task.hits)
            asked = (longest + 2) * len(greedy.tokens) + MOST_PLACES * MOST_FORMS * (longest + 1)
            self._repair_reserve = 1 + asked / cost

    def affordable(self, drafts: int, *, reserved: bool = True) -> int:
        """Return how many of `drafts` further drafts the budget pays for, besides what is `reserved` for the end."""
        return self.budget.affordable(drafts, self.candidates.drawn, self._reserve if reserved else 0.0)

    @property
    def _reserve(self) -> float:
        """How much of the budget is kept for what comes at the end, as far as it is known to come."""
        repair = self._repair_reserve if self.candidates.misses else 0.0
        asking = self._asking_reserve if is_misunderstood(self.candidates) else 0.0
        return self._reflection_reserve + repair + asking

    @property
    def repairs(self) -> bool:
        """Whether a missed term is written in at the end: where the reward counts terms, and the budget allows it."""
        asked = bool(self.task.hits) and any(part.counts_terms for part in parts_of(self.judge.reward))
        return asked and self.settings.thinking is None and self.settings.budget >= MIN_REPAIR_BUDGET

    def close(self, drawn: Sequence[Continuation], trace: dict[str, Any] | None = None) -> Calls[Result]:
        """Make the second attempts, give back the prefixes of this sentence and of `drawn`, and choose."""
        yield from ask_again(self)
        yield from place(self)
        yield from self.candidates.compare_all()
        yield from self.judge.close()
        yield from release([p for c in drawn for p in c.prefixes])
        if self._prompt is not None:
            yield from release([self._prompt])
        ranked = self.candidates.ranked()
        usable = [c for c in ranked if not WORSE_THAN_SOURCE & set(c.problems)]
        return Result(
            index=self.task.index,
            text=usable[0].text if usable else self.task.source,
            fell_back=not usable or bool(usable[0].problems),
            candidates=ranked,
            cost=self.budget.cost,
            sample_cost=self.budget.sample_cost,
            trace=trace,
            forms=dict(self.candidates.forms),
            timed_out=self.budget.timed_out,
        )
