"""The finished translations of one sentence: cleaned, merged, judged once, ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mtreason.decoding.answers import answer_problems, to_answer
from mtreason.decoding.judging import Judge
from mtreason.decoding.protocol import BoundTask, Candidate, DecodingSettings
from mtreason.gates import Pair, doubts, in_variant, problems, single_spaced, strip_chatter
from mtreason.glossary import follows, undecided
from mtreason.models.calls import Calls
from mtreason.models.protocol import Continuation
from mtreason.rewards import Draft, parts_of
from mtreason.rewards.value import read_features

UNRELATED = "unrelated"
"""The problem of a draft from which the source is told back no better than from nothing: an answer to it, a refusal, an
invention. (Of 155 sentences from Chinese, 0.5B, one greedy draft in a hundred and none that a search chose.)"""


def to_draft(task: BoundTask, settings: DecodingSettings, whole: Continuation) -> Draft:
    """Turn a continuation after the prompt into a draft."""
    if settings.thinking is not None:
        return to_answer(settings.thinking, whole, settings.decode, task.max_new_tokens)
    text = settings.decode(whole.tokens[:-1] if whole.finished else whole.tokens)
    return Draft(text, whole.tokens, whole.log_probs, whole.top_log_probs, whole.features)


def clean(task: BoundTask, draft: Draft) -> Pair:
    """Return a draft without chatter, in the target's variant, beside its source."""
    text = strip_chatter(draft.text, task.source)
    stripped = text != single_spaced(draft.text)
    kept = tuple(hit.term.source for hit in task.hits if not hit.term.targets)
    pair = Pair(task.source, text, task.direction, stripped=stripped, kept=kept)
    return replace(pair, text=in_variant(pair))


def check(task: BoundTask, settings: DecodingSettings, draft: Draft, *, finished: bool) -> Candidate:
    """Clean the text of a draft and list its problems; the candidate is not judged yet."""
    pair = replace(clean(task, draft), finished=finished)
    why = problems(pair)
    if settings.thinking is not None:
        why += answer_problems(pair.text)
    hedged = undecided((hit.term for hit in task.hits), pair.text, task.direction.target.tag)
    return Candidate(pair.text, draft, float("-inf"), {}, 0, why, (*doubts(pair, named=False), *hedged))


def _with_features(drawn: Sequence[Continuation]) -> Calls[list[Continuation]]:
    """Return continuations with the features of their hidden states, which the model kept as it drew them."""
    told = []
    for whole in drawn:
        if whole.features is None:
            features = yield from read_features(whole.prefix, len(whole.tokens))
            told.append(replace(whole, features=features))
        else:
            told.append(whole)
    return told


class Candidates:
    """All drafts of one sentence, by their texts."""

    def __init__(self, task: BoundTask, settings: DecodingSettings, judge: Judge) -> None:
        self.task = task
        self.settings = settings
        self.judge = judge
        self.by_text: dict[str, Candidate] = {}
        self.continuations: dict[str, Continuation] = {}
        """The drafts of each candidate, from the prompt on; their handles belong to the decoder."""
        self.samples: Counter[str] = Counter()
        """Clean samples, the greedy draft, and the hypotheses of a beam."""
        self.forms: Counter[str] = Counter()
        """How often answers that reason first kept their form, and how often they missed it in which way."""
        self._counts_terms = any(part.counts_terms for part in parts_of(judge.reward))

    @property
    def drawn(self) -> int:
        """How many drafts were drawn."""
        return sum(c.count for c in self.by_text.values())

    @property
    def clean(self) -> list[Candidate]:
        """Candidates that pass the gates, in the order in which they were found."""
        return [c for c in self.by_text.values() if not c.problems]

    def add_samples(self, drawn: Sequence[Continuation]) -> Calls[list[Candidate]]:
        """Judge whole continuations that no search has steered: they show what the model prefers by itself."""
        self.samples.update(c.text for c in map(self._checked, drawn) if not c.problems)
        return (yield from self.add_drawn(drawn))

    def add_drawn(self, drawn: Sequence[Continuation]) -> Calls[list[Candidate]]:
        """Judge whole continuations after the prompt."""
        if self.settings.states:
            drawn = yield from _with_features(drawn)
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
        """Judge drafts; a draft with a known text is merged, and costs nothing more."""
        fresh: dict[str, Candidate] = {}
        for candidate in checked:
            known = fresh.get(candidate.text) or self.by_text.get(candidate.text)
            # A clean draft replaces one that has the same text, but with chatter around it or without an end.
            if known is None or (known.problems not in {(), (UNRELATED,)} and not candidate.problems):
                fresh[candidate.text] = candidate
        # A draft with problems is never chosen over a clean one, so judging it would waste tokens.
        clean = [c for c in fresh.values() if not c.problems]
        own = yield from self.judge.alone([c.draft for c in clean])
        for candidate, parts in zip(clean, own, strict=True):
            told = yield from self.judge.told_back(parts)
            why = (UNRELATED,) if told is not None and told < 0 else ()
            fresh[candidate.text] = replace(candidate, parts=parts, problems=why)
        for text, candidate in fresh.items():
            count = self.by_text[text].count if text in self.by_text else 0
            self.by_text[text] = replace(candidate, count=count)
        yield from self._compare([c.text for c in clean])
        for candidate in checked:
            merged = self.by_text[candidate.text]
            self.by_text[candidate.text] = replace(merged, count=merged.count + 1)
        return [self.by_text[c.text] for c in checked]

    def compare_all(self) -> Calls[None]:
        """Judge all clean candidates again, now that all samples are known."""
        yield from self._compare([c.text for c in self.clean])

    def _compare(self, texts: Sequence[str]) -> Calls[None]:
        """Judge clean candidates against the samples that are known by now."""
        known = [self.by_text[text] for text in texts]
        samples = {text: count for text, count in self.samples.items() if not self.by_text[text].problems}
        beside = yield from self.judge.beside([c.draft for c in known], samples)
        for candidate, parts in zip(known, beside, strict=True):
            together = {**candidate.parts, **parts}
            self.by_text[candidate.text] = replace(candidate, parts=together, reward=self.judge.weigh(together))

    def mark(self, candidate: Candidate, **changes: Any) -> None:  # noqa: ANN401 - fields of `Candidate`
        """Record where a candidate came from."""
        self.by_text[candidate.text] = replace(self.by_text[candidate.text], **changes)

    def lookup(self, whole: Continuation) -> Candidate:
        """Return the candidate of a continuation that was added."""
        draft = to_draft(self.task, self.settings, whole)
        return self.by_text[clean(self.task, draft).text]

    def missed(self, text: str) -> int:
        """Return how many terms a translation does not follow; 0 where the reward does not count terms."""
        if not self._counts_terms:
            return 0
        return sum(not follows(hit.term, text, self.task.direction.target.tag) for hit in self.task.hits)

    @property
    def misses(self) -> bool:
        """Whether no clean candidate follows all terms."""
        return bool(self.task.hits) and all(self.missed(c.text) for c in self.clean)

    def _rank(self, candidate: Candidate) -> tuple[bool, int, float]:
        """Return a sort key, the best first: no gain in probability outweighs a term that is followed, or a doubt."""
        return bool(candidate.problems), self.missed(candidate.text) + len(candidate.doubts), -candidate.reward

    def best(self) -> Candidate | None:
        """Return the candidate that would be chosen now, if it is clean."""
        return min(self.clean, key=self._rank, default=None)

    def ranked(self) -> tuple[Candidate, ...]:
        """Return all candidates, the best first."""
        return tuple(sorted(self.by_text.values(), key=self._rank))
