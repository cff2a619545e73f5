"""The finished translations of one sentence: merged, judged once, paid for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mtreason.decoding.gates import problems, strip_chatter
from mtreason.decoding.protocol import Candidate, Cost, Result, Settings, Task, derive_seed
from mtreason.models.calls import Steps, extend, release, sample
from mtreason.models.protocol import Continuation, Draw, Prefix
from mtreason.models.sequences import SharedSequences
from mtreason.rewards import Draft, Scene, judge

FIRST_DRAFTS = 4
"""Drafts of the opening round, of every decoder that draws several."""


class Pool:
    """Opens a sentence's prompt, draws drafts, and keeps what comes of them."""

    def __init__(self, task: Task, settings: Settings) -> None:
        self.task = task
        self.settings = settings
        self.cost = Cost()
        self.candidates: dict[str, Candidate] = {}
        self.unit = 0.0
        """Tokens that one full sample costs, drawn and judged: the unit of the budget."""
        back = SharedSequences(task.back_head)
        self._scene = Scene(task.source, back, task.back_tail, task.source_tokens, task.hints, task.target_tag)
        self.prompt: Prefix | None = None

    def open(self) -> Steps[Prefix]:
        """Read the prompt."""
        [self.prompt] = yield from extend([self.task.head], [self.task.prompt])
        self.cost.prompt_tokens += len(self.task.prompt)
        return self.prompt

    def draw(self, draws: Sequence[Draw]) -> Steps[list[Continuation]]:
        """Draw continuations, counting them."""
        drawn = yield from sample(draws, self.task.guard)
        self.cost.sampled_tokens += sum(len(c.tokens) for c in drawn)
        self.cost.scored_tokens += sum(len(c.tokens) for c in drawn if c.contrast is not None)
        return drawn

    def open_with_drafts(self) -> Steps[list[Continuation]]:
        """Read the prompt and draw the first drafts, the same for every decoder: the greedy one, then samples.

        Sets the unit of the budget from what they cost.
        """
        drafts = max(1, min(FIRST_DRAFTS, int(self.settings.budget)))
        prefix = yield from self.open()
        drawn = yield from self.draw([self.full_draw(prefix, i) for i in range(drafts)])
        sampled = self.cost.sampled_tokens
        yield from self.add([to_draft(self.settings, c) for c in drawn], [c.finished for c in drawn])
        judging = self.cost.tokens - sampled - self.cost.prompt_tokens + self.back_tokens
        judged = sum(not c.problems for c in self.candidates.values())
        self.unit = sampled / drafts + judging / max(1, judged)
        return drawn

    def full_draw(self, prefix: Prefix, number: int) -> Draw:
        """Describe the draw of the number-th whole draft; number 0 is the greedy one."""
        temperature = self.settings.temperature if number else 0.0
        return Draw(prefix, derive_seed(self.task.seed, "draft", number), temperature, self.task.max_new_tokens)

    @property
    def back_tokens(self) -> int:
        """Tokens read so far to translate drafts back."""
        return self._scene.back.read_tokens

    def add(self, drafts: Sequence[Draft], finished: Sequence[bool]) -> Steps[list[Candidate]]:
        """Judge finished drafts; those whose text is known are merged and cost nothing more."""
        cleaned = [strip_chatter(d.text, self.task.source) for d in drafts]
        fresh: dict[str, tuple[Draft, tuple[str, ...]]] = {}
        for text, draft, end in zip(cleaned, drafts, finished, strict=True):
            why = problems(text, self.task.source, finished=end, chatter=text != " ".join(draft.text.split()))
            known = fresh[text][1] if text in fresh else old.problems if (old := self.candidates.get(text)) else None
            # A clean draft takes the place of one that says the same with chatter around it or without an end.
            if known is None or (known and not why):
                fresh[text] = draft, why
        # A draft that is held back is never chosen over a clean one, so judging it would be money thrown away.
        clean = [text for text, (_, why) in fresh.items() if not why]
        judged = dict(zip(clean, (yield from self._judge([fresh[t][0] for t in clean])), strict=True))
        for text, (draft, why) in fresh.items():
            reward, parts = judged.get(text, (float("-inf"), {}))
            count = self.candidates[text].count if text in self.candidates else 0
            self.candidates[text] = Candidate(text, draft, reward, parts, count, why)
        for text in cleaned:
            merged = self.candidates[text]
            self.candidates[text] = replace(merged, count=merged.count + 1)
        return [self.candidates[t] for t in cleaned]

    def _judge(self, drafts: Sequence[Draft]) -> Steps[list[tuple[float, dict[str, float]]]]:
        back = self._scene.back
        read = back.read_tokens
        judged = yield from judge(self.settings.reward, self._scene, drafts)
        self.cost.prompt_tokens += back.read_tokens - read
        if "channel" in self.settings.reward.weights:
            self.cost.scored_tokens += len(self.task.source_tokens) * len(drafts)
        return judged

    @property
    def spent(self) -> float:
        """Cost so far in units of one full sample; reading the prompt is not counted, every decoder has to."""
        return (self.cost.tokens - len(self.task.prompt)) / max(1, self.unit)

    def affordable(self, drafts: int) -> int:
        """How many of so many further drafts the budget still pays for, at the average price so far."""
        drawn = sum(c.count for c in self.candidates.values())
        price = self.spent / max(1, drawn)
        # Half a draft of tolerance: the mean of what is spent then meets the budget instead of staying below it.
        return max(0, min(drafts, int((self.settings.budget - self.spent) / max(price, 1e-9) + 0.5)))

    def ranked(self) -> tuple[Candidate, ...]:
        """Return all candidates, the one to choose first."""
        return tuple(sorted(self.candidates.values(), key=lambda c: (bool(c.problems), -c.reward)))

    def lookup(self, draft: Draft) -> Candidate:
        """Return what became of a draft that was added."""
        return self.candidates[strip_chatter(draft.text, self.task.source)]

    def close(self, drawn: Sequence[Continuation], trace: dict[str, Any] | None = None) -> Steps[Result]:
        """Give back what the model holds for this sentence, `drawn` included, and choose."""
        yield from self._scene.back.close()
        yield from release([p for c in drawn for p in c.prefixes])
        if self.prompt is not None:
            yield from release([self.prompt])
        ranked = self.ranked()
        usable = [c for c in ranked if "empty" not in c.problems]
        fell_back = not usable or bool(usable[0].problems)
        text = usable[0].text if usable else self.task.source
        return Result(self.task.index, text, fell_back, ranked, self.cost, trace)


def to_draft(settings: Settings, piece: Continuation) -> Draft:
    """Turn a continuation of the prompt into a draft."""
    text = settings.decode(piece.tokens[:-1] if piece.finished else piece.tokens)
    return Draft(text, piece.tokens, piece.log_probs, piece.top_log_probs)
