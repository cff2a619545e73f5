"""Runs many sentences side by side: their calls become batches, and a finished sentence makes room for the next."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mtreason.decoding.protocol import Decoder, Result, Settings, Task
from mtreason.models.calls import Call, Cut, Extend, Release, Sample, Score
from mtreason.models.protocol import LanguageModel


@dataclass(slots=True)
class _Running:
    steps: Generator[Call, Any, Result]
    call: Call | None = None


def run(
    decoder: Decoder, tasks: Iterable[Task | Result], settings: Settings, model: LanguageModel, in_flight: int
) -> Iterator[Result]:
    """Yield results as sentences finish, in any order.

    At most `in_flight` tasks are open at a time; tasks are taken from the iterable only when there is room. What needs
    no decoding may stand among the tasks as a result and is passed on.
    """
    waiting = iter(tasks)
    running: list[_Running] = []
    done: deque[Result] = deque()
    while True:
        while len(running) < in_flight and not done:
            task = next(waiting, None)
            if task is None:
                break
            if isinstance(task, Result):
                done.append(task)
            else:
                _advance(_Running(decoder.decode(task, settings)), None, model, running, done, fresh=True)
        if done:
            yield done.popleft()
        elif not running:
            return
        else:
            answers = _answer([r.call for r in running if r.call is not None], model)
            for entry, answer in zip(list(running), answers, strict=True):
                _advance(entry, answer, model, running, done, fresh=False)


def _advance(
    entry: _Running, answer: object, model: LanguageModel, running: list[_Running], done: deque[Result], *, fresh: bool
) -> None:
    """Give a sentence its answer, and serve what costs nothing at once, until it asks for a pass or is done."""
    try:
        call = next(entry.steps) if fresh else entry.steps.send(answer)
        while isinstance(call, Cut | Release):
            if isinstance(call, Cut):
                call = entry.steps.send(model.cut(call.prefix, call.length))
            else:
                model.release(call.prefixes)
                call = entry.steps.send(None)
    except StopIteration as stop:
        done.append(stop.value)
        if not fresh:
            running.remove(entry)
        return
    entry.call = call
    if fresh:
        running.append(entry)


def _answer(calls: list[Call], model: LanguageModel) -> list[Any]:
    """Answer all calls, those of one kind as one batch; answers in the order of calls."""
    answers: list[Any] = [None] * len(calls)
    kinds: dict[object, list[int]] = {}
    for i, call in enumerate(calls):
        kinds.setdefault((Sample, id(call.guard)) if isinstance(call, Sample) else type(call), []).append(i)
    for members in kinds.values():
        flat = _batch([calls[i] for i in members], model)
        for i in members:
            call = calls[i]
            size = len(call.draws) if isinstance(call, Sample) else len(call.prefixes)  # type: ignore[union-attr]
            answers[i] = list(itertools.islice(flat, size))
    return answers


def _batch(calls: list[Call], model: LanguageModel) -> Iterator[Any]:
    first = calls[0]
    if isinstance(first, Sample):
        return iter(model.sample([d for c in calls if isinstance(c, Sample) for d in c.draws], first.guard))
    prefixes = [p for c in calls if isinstance(c, Extend | Score) for p in c.prefixes]
    if isinstance(first, Extend):
        return iter(model.extend(prefixes, [t for c in calls if isinstance(c, Extend) for t in c.tokens]))
    return iter(model.score(prefixes, [t for c in calls if isinstance(c, Score) for t in c.targets]))
