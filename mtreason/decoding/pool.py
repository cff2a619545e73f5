"""The finished translations of one sentence: merged, judged once, paid for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from mtreason.decoding.answers import answer_problems, to_answer
from mtreason.decoding.gates import problems, strip_chatter
from mtreason.decoding.protocol import Candidate, Cost, Result, Settings, Task, derive_seed
from mtreason.decoding.thinking import draw_answers
from mtreason.documents import broken
from mtreason.glossary import Hit, follows
from mtreason.glossary.fold import is_unspaced
from mtreason.models.calls import Calls, Extend, Sample, Score, extend, release, sample
from mtreason.models.protocol import Continuation, Draw, Prefix
from mtreason.models.sequences import SharedSequences
from mtreason.rewards import Draft, RewardContext, compare, judge, weigh

MIN_REPAIR_BUDGET = 4
"""Below it there is nothing to spare for a second attempt."""

FIRST_DRAFTS = 4
"""Drafts of the opening round, unless a decoder wants more."""

T = TypeVar("T")


class Pool:
    """Opens a sentence's prompt, draws drafts, and keeps what comes of them."""

    def __init__(self, task: Task, settings: Settings) -> None:
        self.task = task
        self.settings = settings
        self.cost = Cost()
        self.candidates: dict[str, Candidate] = {}
        self.continuations: dict[str, Continuation] = {}
        """What each candidate was drawn as, from the prompt on; the handles are the decoder's."""
        self.reserve = 0.0
        """How much of the budget is put by for reflection."""
        self.repair_reserve = 0.0
        """How much is put by for a repair, as long as terms are missed."""
        self._forms: Counter[str] = Counter()
        self.samples: Counter[str] = Counter()
        """Clean drafts that were drawn freely, the greedy one among them."""
        self.unit = 0
        """Tokens that one full sample costs, the unit of the budget; known once the greedy draft is."""
        self.timed_out = False
        """Whether something was left undone because the time was over."""
        limit = settings.max_seconds
        self._deadline = None if limit is None else time.monotonic() + limit
        self._context = reward_context(task)
        self.prompt: Prefix | None = None

    def counted(self, steps: Calls[T]) -> Calls[T]:
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

    def open(self) -> Calls[Prefix]:
        """Read the prompt."""
        [self.prompt] = yield from extend([self.task.head], [self.task.prompt])
        return self.prompt

    def draw(self, draws: Sequence[Draw], before: Sequence[tuple[int, ...]] = ()) -> Calls[list[Continuation]]:
        """Draw continuations; `before` are the tokens from the prompt to each, nothing if all begin there."""
        if (thinking := self.settings.thinking) is not None:
            paths = before or [()] * len(draws)
            return (yield from draw_answers(thinking, self.settings, self.task, draws, paths))
        return (yield from sample(draws, self.task.mask))

    def open_with_drafts(self, count: int = FIRST_DRAFTS) -> Calls[list[Continuation]]:
        """Read the prompt and draw so many drafts, numbered alike for every decoder: the greedy one, then samples."""
        prefix = yield from self.open()
        count = max(1, min(count, int(self.settings.budget) - 2 * bool(self.settings.reflection)))
        drawn = yield from self.draw([self.full_draw(prefix, i) for i in range(count)])
        self.set_unit(drawn[0])
        yield from self.add_samples(drawn)
        return drawn

    def set_unit(self, greedy: Continuation) -> None:
        """Take the greedy draft as the measure: drawing it, reading it to be translated back, scoring the source.

        The same for every decoder and reward, so that all of them get the same number of tokens for a sentence.
        """
        read = len(self.to_draft(greedy).tokens)
        self.unit = len(greedy.tokens) + read + len(self.task.tail) + len(self.task.source_tokens)
        if turn := self.settings.reflection:
            self.reserve = 1 + (len(turn) + len(greedy.tokens)) / self.unit
        if self.repairs:
            # Reading the best draft, asking for the longest term at every token, then writing and judging what comes.
            longest = max(len(inside) for _, inside in self.task.renderings)
            self.repair_reserve = 1 + (longest + 2) * len(greedy.tokens) / self.unit

    def full_draw(self, prefix: Prefix, number: int) -> Draw:
        """Describe the draw of the number-th whole draft; number 0 is the greedy one."""
        temperature = self.settings.temperature if number else 0.0
        return Draw(prefix, derive_seed(self.task.seed, "draft", number), temperature, self.task.max_new_tokens)

    def add_samples(self, drawn: Sequence[Continuation]) -> Calls[list[Candidate]]:
        """Judge whole continuations that were drawn freely; they say what the model means."""
        self.samples.update(c.text for c in map(self._checked, drawn) if not c.problems)
        return (yield from self.add_drawn(drawn))

    def add_drawn(self, drawn: Sequence[Continuation]) -> Calls[list[Candidate]]:
        """Judge whole continuations of the prompt."""
        checked = [self._checked(c) for c in drawn]
        added = yield from self.add(checked)
        for continuation, own in zip(drawn, checked, strict=True):
            if self.candidates[own.text].draft is own.draft:
                self.continuations[own.text] = continuation
            if own.draft.reasoning is not None:
                self._forms[own.draft.reasoning.form] += 1
        return added

    def to_draft(self, whole: Continuation) -> Draft:
        """Turn a continuation of the prompt into a draft."""
        decode = self.settings.decode
        if (thinking := self.settings.thinking) is not None:
            return to_answer(thinking, whole, decode, self.task.max_new_tokens)
        text = decode(whole.tokens[:-1] if whole.finished else whole.tokens)
        return Draft(text, whole.tokens, whole.log_probs, whole.top_log_probs)

    def _checked(self, piece: Continuation) -> Candidate:
        draft = self.to_draft(piece)
        return self.check(draft, finished=piece.finished if draft.reasoning is None else draft.reasoning.complete)

    def check(self, draft: Draft, *, finished: bool) -> Candidate:
        """Clean a draft's text and name what is wrong with it; it is not judged yet."""
        text = strip_chatter(draft.text, self.task.source)
        why = problems(text, self.task.source, finished=finished, chatter=text != " ".join(draft.text.split()))
        if broken(self.task.placeholders, text):
            why += ("placeholder",)
        if self.settings.thinking is not None:
            why += answer_problems(self.settings.thinking, text, self.task.hints)
        return Candidate(text, draft, float("-inf"), {}, 0, why)

    def add(self, checked: Sequence[Candidate]) -> Calls[list[Candidate]]:
        """Judge drafts; those whose text is known are merged and cost nothing more."""
        fresh: dict[str, Candidate] = {}
        for candidate in checked:
            known = fresh.get(candidate.text) or self.candidates.get(candidate.text)
            # A clean draft takes the place of one that says the same with chatter around it or without an end.
            if known is None or (known.problems and not candidate.problems):
                fresh[candidate.text] = candidate
        # A draft that is held back is never chosen over a clean one, so judging it would be money thrown away.
        clean = [c for c in fresh.values() if not c.problems]
        drafts = [c.draft for c in clean]
        own = yield from judge(self.settings.reward, self._context, drafts)
        for candidate, parts in zip(clean, own, strict=True):
            fresh[candidate.text] = replace(candidate, parts=parts)
        for text, candidate in fresh.items():
            count = self.candidates[text].count if text in self.candidates else 0
            self.candidates[text] = replace(candidate, count=count)
        yield from self._compare([c.text for c in clean])
        for candidate in checked:
            merged = self.candidates[candidate.text]
            self.candidates[candidate.text] = replace(merged, count=merged.count + 1)
        return [self.candidates[c.text] for c in checked]

    def compare_all(self) -> Calls[None]:
        """Weigh all clean candidates anew, now that all samples are known."""
        yield from self._compare([text for text, c in self.candidates.items() if not c.problems])

    def _compare(self, texts: Sequence[str]) -> Calls[None]:
        """Weigh clean candidates beside the samples known by now."""
        known = [self.candidates[text] for text in texts]
        reward = self.settings.reward
        beside = yield from compare(reward, self._context, [c.draft for c in known], self.samples)
        for candidate, parts in zip(known, beside, strict=True):
            together = {**candidate.parts, **parts}
            self.candidates[candidate.text] = replace(candidate, parts=together, reward=weigh(reward, together))

    @property
    def spent(self) -> float:
        """Cost so far in units of one full sample; reading the prompt is not counted, every decoder has to."""
        return (self.cost.tokens - len(self.task.prompt)) / max(1, self.unit)

    def affordable(self, drafts: int) -> int:
        """How many of so many further drafts the budget still pays for, at the average price so far."""
        drawn = sum(c.count for c in self.candidates.values())
        price = self.spent / max(1, drawn)
        # Half a draft of tolerance: the mean of what is spent then meets the budget instead of staying below it.
        reserve = self.reserve + (self.repair_reserve if self.misses else 0.0)
        room = max(0, min(drafts, int((self.settings.budget - reserve - self.spent) / max(price, 1e-9) + 0.5)))
        return 0 if room and self.out_of_time() else room

    def out_of_time(self) -> bool:
        """Whether the time is over; asked only where there is something left to do."""
        self.timed_out = self.timed_out or (self._deadline is not None and time.monotonic() >= self._deadline)
        return self.timed_out

    @property
    def repairs(self) -> bool:
        """Whether a missed term is written in at the end: where the reward asks for terms, and the budget allows."""
        asked = "terms" in self.settings.reward.weights and bool(self.task.hints)
        return asked and self.settings.thinking is None and self.settings.budget >= MIN_REPAIR_BUDGET

    def follows(self, hit: Hit, text: str) -> bool:
        """Whether a translation says what the glossary asks for, and not what it warns of."""
        return follows(hit.term, text, self.task.target_tag)

    def missed(self, text: str) -> int:
        """Return how many hints a translation does not follow; none counts where the reward does not ask."""
        if "terms" not in self.settings.reward.weights:
            return 0
        return sum(not self.follows(hit, text) for hit in self.task.hints)

    @property
    def misses(self) -> bool:
        """Whether no clean candidate follows all hints."""
        return bool(self.task.hints) and all(self.missed(c.text) for c in self.candidates.values() if not c.problems)

    def begins_word(self, token: int) -> bool:
        """Whether a token of the translation begins a word; every one may where words are not set apart."""
        piece = self.settings.decode((token,))
        return piece[:1].isspace() or is_unspaced(piece[:1] or " ")

    def _rank(self, candidate: Candidate) -> tuple[bool, int, float]:
        """Order candidates, the best first: a term that can be had is not traded for probability."""
        return bool(candidate.problems), self.missed(candidate.text), -candidate.reward

    def best(self) -> Candidate | None:
        """Return the candidate that would be chosen now, if it is clean."""
        clean = [c for c in self.candidates.values() if not c.problems]
        return min(clean, key=self._rank) if clean else None

    def lookup(self, draft: Draft) -> Candidate:
        """Return what became of a draft that was added."""
        return self.candidates[strip_chatter(draft.text, self.task.source)]

    def close(self, drawn: Sequence[Continuation], trace: dict[str, Any] | None = None) -> Calls[Result]:
        """Give back what the model holds for this sentence, `drawn` included, and choose."""
        yield from self.compare_all()
        yield from self._context.back.close()
        yield from self._context.verdict.close()
        yield from release([p for c in drawn for p in c.prefixes])
        if self.prompt is not None:
            yield from release([self.prompt])
        ranked = tuple(sorted(self.candidates.values(), key=self._rank))
        # With a placeholder broken a program may not run: then the source is the better translation.
        usable = [c for c in ranked if not {"empty", "placeholder"} & set(c.problems)]
        fell_back = not usable or bool(usable[0].problems)
        text = usable[0].text if usable else self.task.source
        return Result(
            self.task.index, text, fell_back, ranked, self.cost, self.unit, trace, dict(self._forms), self.timed_out
        )


def reward_context(task: Task) -> RewardContext:
    """Describe a sentence to those who judge its drafts; its sequences are to be closed."""
    return RewardContext(
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
