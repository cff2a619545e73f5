"""The finished translations of one sentence: merged, judged once, paid for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from mtreason.decoding.gates import problems, strip_chatter
from mtreason.decoding.protocol import Candidate, Cost, Result, Settings, Task, derive_seed
from mtreason.models.calls import Extend, Sample, Score, Steps, extend, release, sample
from mtreason.models.protocol import Continuation, Draw, Prefix
from mtreason.models.sequences import SharedSequences
from mtreason.rewards import Draft, Scene, judge, judge_pool, weigh

FIRST_DRAFTS = 4
"""Drafts of the opening round, of every decoder that draws several."""

T = TypeVar("T")


class Pool:
    """Opens a sentence's prompt, draws drafts, and keeps what comes of them."""

    def __init__(self, task: Task, settings: Settings) -> None:
        self.task = task
        self.settings = settings
        self.cost = Cost()
        self.candidates: dict[str, Candidate] = {}
        self.unit = 0
        """Tokens that one full sample costs, the unit of the budget; known once the greedy draft is."""
        self._scene = scene_of(task)
        self.prompt: Prefix | None = None

    def counted(self, steps: Steps[T]) -> Steps[T]:
        """Pass calls on, adding up what they cost: everything a decoder asks of the model goes through here."""
        answer: Any = None
        while True:
            try:
                call = steps.send(answer)
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
        """Tokens just read were not given but chosen."""
        self.cost.prompt_tokens -= tokens
        self.cost.sampled_tokens += tokens

    def open(self) -> Steps[Prefix]:
        """Read the prompt."""
        [self.prompt] = yield from extend([self.task.head], [self.task.prompt])
        return self.prompt

    def draw(self, draws: Sequence[Draw]) -> Steps[list[Continuation]]:
        """Draw continuations."""
        return (yield from sample(draws, self.task.guard))

    def open_with_drafts(self) -> Steps[list[Continuation]]:
        """Read the prompt and draw the first drafts, the same for every decoder: the greedy one, then samples."""
        prefix = yield from self.open()
        count = max(1, min(FIRST_DRAFTS, int(self.settings.budget)))
        drawn = yield from self.draw([self.full_draw(prefix, i) for i in range(count)])
        self.set_unit(drawn[0])
        yield from self.add_drawn(drawn)
        return drawn

    def set_unit(self, greedy: Continuation) -> None:
        """Take the greedy draft as the measure: drawing it, reading it to be translated back, scoring the source.

        The same for every decoder and reward, so that all of them get the same number of tokens for a sentence.
        """
        self.unit = 2 * len(greedy.tokens) + len(self.task.tail) + len(self.task.source_tokens)

    def full_draw(self, prefix: Prefix, number: int) -> Draw:
        """Describe the draw of the number-th whole draft; number 0 is the greedy one."""
        temperature = self.settings.temperature if number else 0.0
        return Draw(prefix, derive_seed(self.task.seed, "draft", number), temperature, self.task.max_new_tokens)

    def add_drawn(self, drawn: Sequence[Continuation]) -> Steps[list[Candidate]]:
        """Judge whole continuations of the prompt."""
        return (yield from self.add([to_draft(self.settings, c) for c in drawn], [c.finished for c in drawn]))

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
        judged = yield from judge(self.settings.reward, self._scene, [fresh[t][0] for t in clean])
        parts = dict(zip(clean, judged, strict=True))
        for text, (draft, why) in fresh.items():
            reward = weigh(self.settings.reward, parts[text]) if text in parts else float("-inf")
            count = self.candidates[text].count if text in self.candidates else 0
            self.candidates[text] = Candidate(text, draft, reward, parts.get(text, {}), count, why)
        for text in cleaned:
            merged = self.candidates[text]
            self.candidates[text] = replace(merged, count=merged.count + 1)
        return [self.candidates[t] for t in cleaned]

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

    def lookup(self, draft: Draft) -> Candidate:
        """Return what became of a draft that was added."""
        return self.candidates[strip_chatter(draft.text, self.task.source)]

    def close(self, drawn: Sequence[Continuation], trace: dict[str, Any] | None = None) -> Steps[Result]:
        """Give back what the model holds for this sentence, `drawn` included, and choose."""
        yield from self._compare()
        yield from self._scene.back.close()
        yield from self._scene.verdict.close()
        yield from release([p for c in drawn for p in c.prefixes])
        if self.prompt is not None:
            yield from release([self.prompt])
        ranked = tuple(sorted(self.candidates.values(), key=lambda c: (bool(c.problems), -c.reward)))
        usable = [c for c in ranked if "empty" not in c.problems]
        fell_back = not usable or bool(usable[0].problems)
        text = usable[0].text if usable else self.task.source
        return Result(self.task.index, text, fell_back, ranked, self.cost, self.unit, trace)

    def _compare(self) -> Steps[None]:
        """Add what clean candidates are worth beside one another."""
        clean = [c for c in self.candidates.values() if not c.problems]
        more = yield from judge_pool(
            self.settings.reward, self._scene, [c.draft for c in clean], [c.count for c in clean]
        )
        for candidate, parts in zip(clean, more, strict=True):
            together = {**candidate.parts, **parts}
            reward = weigh(self.settings.reward, together)
            self.candidates[candidate.text] = replace(candidate, parts=together, reward=reward)


def scene_of(task: Task) -> Scene:
    """Describe a sentence to those who judge its drafts; its sequences are to be closed."""
    return Scene(
        source=task.source,
        tail=task.tail,
        back=SharedSequences(task.back_head),
        source_tokens=task.source_tokens,
        verdict=SharedSequences(task.chat_head),
        verdict_prompt=task.verdict_prompt,
        verdict_tokens=task.verdict_tokens,
        hints=task.hints,
        target_tag=task.target_tag,
    )


def to_draft(settings: Settings, piece: Continuation) -> Draft:
    """Turn a continuation of the prompt into a draft."""
    text = settings.decode(piece.tokens[:-1] if piece.finished else piece.tokens)
    return Draft(text, piece.tokens, piece.log_probs, piece.top_log_probs)
