"""The finished translations of one sentence: cleaned, merged, judged once, ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mtreason.decoding.answers import answer_problems, to_answer
from mtreason.decoding.gates import problems, strip_chatter
from mtreason.decoding.judging import Judge
from mtreason.decoding.protocol import BoundTask, Candidate, DecodingSettings
from mtreason.documents import broken
from mtreason.glossary import follows
from mtreason.models.calls import Calls
from mtreason.models.protocol import Continuation
from mtreason.rewards import Draft, parts_of


def to_draft(task: BoundTask, settings: DecodingSettings, whole: Continuation) -> Draft:
    """Turn a continuation of the prompt into a draft."""
    if settings.thinking is not None:
        return to_answer(settings.thinking, whole, settings.decode, task.max_new_tokens)
    text = settings.decode(whole.tokens[:-1] if whole.finished else whole.tokens)
    return Draft(text, whole.tokens, whole.log_probs, whole.top_log_probs)


def check(task: BoundTask, settings: DecodingSettings, draft: Draft, *, finished: bool) -> Candidate:
    """Clean a draft's text and name what is wrong with it; it is not judged yet."""
    text = strip_chatter(draft.text, task.source)
    why = problems(text, task.source, finished=finished, chatter=text != " ".join(draft.text.split()))
    if broken(task.placeholders, text):
        why += ("placeholder",)
    if settings.thinking is not None:
        why += answer_problems(settings.thinking, text, task.hits)
    return Candidate(text, draft, float("-inf"), {}, 0, why)


class Candidates:
    """All that was drawn for one sentence, by its text."""

    def __init__(self, task: BoundTask, settings: DecodingSettings, judge: Judge) -> None:
        self.task = task
        self.settings = settings
        self.judge = judge
        self.by_text: dict[str, Candidate] = {}
        self.continuations: dict[str, Continuation] = {}
        """What each candidate was drawn as, from the prompt on; the handles are the decoder's."""
        self.samples: Counter[str] = Counter()
        """Clean drafts that were drawn freely, the greedy one among them."""
        self.forms: Counter[str] = Counter()
        """How often answers that reason first kept their form, or how they missed it."""
        self._counts_terms = any(part.counts_terms for part in parts_of(judge.reward))

    @property
    def drawn(self) -> int:
        """How many drafts were drawn."""
        return sum(c.count for c in self.by_text.values())

    @property
    def clean(self) -> list[Candidate]:
        """Those that the gates let through, in the order in which they were found."""
        return [c for c in self.by_text.values() if not c.problems]

    def add_samples(self, drawn: Sequence[Continuation]) -> Calls[list[Candidate]]:
        """Judge whole continuations that were drawn freely; they say what the model means."""
        self.samples.update(c.text for c in map(self._checked, drawn) if not c.problems)
        return (yield from self.add_drawn(drawn))

    def add_drawn(self, drawn: Sequence[Continuation]) -> Calls[list[Candidate]]:
        """Judge whole continuations of the prompt."""
        checked = [self._checked(c) for c in drawn]
        added = yield from self.add(checked)
        for continuation, own in zip(drawn, checked, strict=True):
            if self.by_text[own.text].draft is own.draft:
                self.continuations[own.text] = continuation
            if own.draft.reasoning is not None:
                self.forms[own.draft.reasoning.form] += 1
        return added

    def _checked(self, whole: Continuation) -> Candidate:
        draft = to_draft(self.task, self.settings, whole)
        finished = whole.finished if draft.reasoning is None else draft.reasoning.complete
        return check(self.task, self.settings, draft, finished=finished)

    def add(self, checked: Sequence[Candidate]) -> Calls[list[Candidate]]:
        """Judge drafts; those whose text is known are merged and cost nothing more."""
        fresh: dict[str, Candidate] = {}
        for candidate in checked:
            known = fresh.get(candidate.text) or self.by_text.get(candidate.text)
            # A clean draft takes the place of one that says the same with chatter around it or without an end.
            if known is None or (known.problems and not candidate.problems):
                fresh[candidate.text] = candidate
        # A draft that is held back is never chosen over a clean one: judging it would cost tokens for nothing.
        clean = [c for c in fresh.values() if not c.problems]
        own = yield from self.judge.alone([c.draft for c in clean])
        for candidate, parts in zip(clean, own, strict=True):
            fresh[candidate.text] = replace(candidate, parts=parts)
        for text, candidate in fresh.items():
            count = self.by_text[text].count if text in self.by_text else 0
            self.by_text[text] = replace(candidate, count=count)
        yield from self._compare([c.text for c in clean])
        for candidate in checked:
            merged = self.by_text[candidate.text]
            self.by_text[candidate.text] = replace(merged, count=merged.count + 1)
        return [self.by_text[c.text] for c in checked]

    def compare_all(self) -> Calls[None]:
        """Weigh all clean candidates anew, now that all samples are known."""
        yield from self._compare([c.text for c in self.clean])

    def _compare(self, texts: Sequence[str]) -> Calls[None]:
        """Weigh clean candidates beside the samples known by now."""
        known = [self.by_text[text] for text in texts]
        beside = yield from self.judge.beside([c.draft for c in known], self.samples)
        for candidate, parts in zip(known, beside, strict=True):
            together = {**candidate.parts, **parts}
            self.by_text[candidate.text] = replace(candidate, parts=together, reward=self.judge.weigh(together))

    def mark(self, candidate: Candidate, **changes: Any) -> None:  # noqa: ANN401 - fields of `Candidate`
        """Note where a candidate came from."""
        self.by_text[candidate.text] = replace(self.by_text[candidate.text], **changes)

    def lookup(self, whole: Continuation) -> Candidate:
        """Return what became of a continuation that was added."""
        draft = to_draft(self.task, self.settings, whole)
        return self.by_text[strip_chatter(draft.text, self.task.source)]

    def missed(self, text: str) -> int:
        """Return how many terms a translation does not follow; none counts where the reward does not ask."""
        if not self._counts_terms:
            return 0
        return sum(not follows(hit.term, text, self.task.target_tag) for hit in self.task.hits)

    @property
    def misses(self) -> bool:
        """Whether no clean candidate follows all terms."""
        return bool(self.task.hits) and all(self.missed(c.text) for c in self.clean)

    def _rank(self, candidate: Candidate) -> tuple[bool, int, float]:
        """Order candidates, the best first: a term that can be had is not traded for probability."""
        return bool(candidate.problems), self.missed(candidate.text), -candidate.reward

    def best(self) -> Candidate | None:
        """Return the candidate that would be chosen now, if it is clean."""
        return min(self.clean, key=self._rank, default=None)

    def ranked(self) -> tuple[Candidate, ...]:
        """Return all candidates, the best first."""
        return tuple(sorted(self.by_text.values(), key=self._rank))
