"""Runs many sentences together: their calls become batches, and the next sentence starts when one is finished.

Sentences do not wait for one another: while some draw, others get their answers and begin to draw in rows that have
become free. The translation of a sentence does not depend on the other sentences in flight.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mtreason.decoding.protocol import BoundTask, Decoder, DecodingSettings, Result
from mtreason.models.calls import Call, Cut, Extend, Release, Sample, Score, ScoreTriples, States, TopK
from mtreason.models.protocol import Continuation, KeepsStates, LanguageModel, LearnedMetric, Sampling, TokenMask

GATHER = 4
"""A pass is made when at least this share of the sentences (one in four) waits for it, or when nothing else is left."""


class _End:
    """There are no more tasks."""


_END = _End()


@dataclass(slots=True, eq=False)
class _Running:
    steps: Generator[Call, Any, Result]
    call: Call | None = None
    drawn: list[Continuation | None] = field(default_factory=list)
    """The continuations drawn so far for the call."""


@dataclass(slots=True)
class _Drawing:
    """The batch of one mask, and the sentences that its rows belong to."""

    mask: TokenMask
    sampling: Sampling
    owners: dict[int, tuple[_Running, int]] = field(default_factory=dict)
    """Row number -> sentence, and index of the draw in its call."""
    begun: int = 0


def run(
    decoder: Decoder,
    tasks: Iterable[BoundTask | Result | None],
    settings: DecodingSettings,
    model: LanguageModel,
    in_flight: int,
    metric: LearnedMetric | None = None,
) -> Iterator[Result]:
    """Yield results as sentences finish, in any order.

    At most `in_flight` tasks are open at once; a task is taken from the iterable only when there is room. A result
    among the tasks is passed on, because it needs no decoding; None says that the next task waits for one that is in
    flight. `metric` answers rewards that use a learned metric.
    """
    waiting = iter(tasks)
    batcher = Batcher(model, metric)
    while True:
        while len(batcher.running) < in_flight and not batcher.done:
            task = next(waiting, _END)
            if task is None or isinstance(task, _End):
                break
            if isinstance(task, Result):
                batcher.done.append(task)
            else:
                batcher.begin(decoder.decode(task, settings))
        if batcher.done:
            yield batcher.done.popleft()
        elif batcher.running:
            batcher.work()
        else:
            return


class Batcher:
    """The sentences in flight."""

    def __init__(self, model: LanguageModel, metric: LearnedMetric | None) -> None:
        self.model = model
        self.metric = metric
        self.running: list[_Running] = []
        self.done: deque[Result] = deque()
        self._asking: list[_Running] = []
        """Sentences that wait for passes; the others are drawing."""
        self._drawings: dict[int, _Drawing] = {}

    def begin(self, steps: Generator[Call, Any, Result]) -> None:
        """Start a sentence."""
        entry = _Running(steps)
        self.running.append(entry)
        self._go_on(entry, None)

    def work(self) -> None:
        """Do the most useful work: passes for the sentences that wait for them, or some steps of drawing."""
        drawing = next((d for d in self._drawings.values() if d.sampling.rows), None)
        if drawing is None or GATHER * len(self._asking) >= len(self.running):
            asking, self._asking = self._asking, []
            answers = _answer([e.call for e in asking], self.model, self.metric)
            for entry, answer in zip(asking, answers, strict=True):
                self._go_on(entry, answer)
            return
        for number, continuation in drawing.sampling.advance():
            entry, place = drawing.owners.pop(number)
            entry.drawn[place] = continuation
            if None not in entry.drawn:
                self._go_on(entry, entry.drawn)
        if not drawing.sampling.rows:
            del self._drawings[id(drawing.mask)]

    def _go_on(self, entry: _Running, answer: object) -> None:
        """Send a sentence its answer, and answer free calls at once, until it needs the model or is done."""
        try:
            call = next(entry.steps) if entry.call is None else entry.steps.send(answer)
            while isinstance(call, Cut | States | Release):
                call = entry.steps.send(_answer_free(call, self.model))
        except StopIteration as stop:
            self.done.append(stop.value)
            self.running.remove(entry)
            return
        entry.call = call
        if isinstance(call, Sample):
            self._draw(entry, call)
        else:
            self._asking.append(entry)

    def _draw(self, entry: _Running, call: Sample) -> None:
        key = id(call.mask)
        if key not in self._drawings:
            self._drawings[key] = _Drawing(call.mask, self.model.sampling(call.mask))
        drawing = self._drawings[key]
        entry.drawn = [None] * len(call.draws)
        drawing.sampling.add(call.draws)
        for place in range(len(call.draws)):
            drawing.owners[drawing.begun] = entry, place
            drawing.begun += 1


def _answer_free(call: Cut | States | Release, model: LanguageModel) -> object:
    """Answer a call that needs no pass."""
    if isinstance(call, Cut):
        return model.cut(call.prefix, call.length)
    if isinstance(call, Release):
        model.release(call.prefixes)
        return None
    if not isinstance(model, KeepsStates):
        raise TypeError("a reward asks for hidden states, and the model keeps none")
    return model.states(call.prefix, call.count)


def _answer(calls: list[Call | None], model: LanguageModel, metric: LearnedMetric | None) -> list[Any]:
    """Answer all calls, those of one kind as one batch; the answers are in the order of the calls."""
    answers: list[Any] = [None] * len(calls)
    for kind, serve in ((Extend, model.extend), (Score, model.score)):
        members = [(i, call) for i, call in enumerate(calls) if isinstance(call, kind)]
        if not members:
            continue
        prefixes = [p for _, call in members for p in call.prefixes]
        tokens = [t for _, call in members for t in (call.tokens if isinstance(call, Extend) else call.targets)]
        flat = iter(serve(prefixes, tokens))
        for i, call in members:
            answers[i] = list(itertools.islice(flat, len(call.prefixes)))
    by_mask: dict[tuple[int, int], list[tuple[int, TopK]]] = {}
    for i, asked in enumerate(calls):
        if isinstance(asked, TopK):
            by_mask.setdefault((id(asked.mask), asked.count), []).append((i, asked))
    for alike in by_mask.values():
        first = alike[0][1]
        tops = iter(model.top_k([p for _, top in alike for p in top.prefixes], first.mask, first.count))
        for i, top in alike:
            answers[i] = list(itertools.islice(tops, len(top.prefixes)))
    scorings = [(i, asked) for i, asked in enumerate(calls) if isinstance(asked, ScoreTriples)]
    if scorings:
        if metric is None:
            raise TypeError("a reward asks a learned metric, and the run was given none")
        scores = iter(metric.scores([t for _, scoring in scorings for t in scoring.triples]))
        for i, scoring in scorings:
            answers[i] = list(itertools.islice(scores, len(scoring.triples)))
    return answers
