"""Sentences side by side: batches, room, and no influence on one another."""

from dataclasses import replace

import pytest
from support.common import SENTENCES, summary, table_settings, table_tasks, translator
from support.fakes import TableModel

from mtreason.decoding import DECODERS, run
from mtreason.decoding.protocol import Cost, Result
from mtreason.models.calls import cut, extend, release, score


def test_scheduler_passes_results_on_and_keeps_to_its_room(loaded) -> None:
    t = translator(loaded, decoder="greedy")
    taken = []
    done = []

    def tasks():
        for i, sentence in enumerate(SENTENCES):
            taken.append(i)
            assert len(taken) - len(done) <= 2 + 1
            yield (
                Result(i, "ready", fell_back=False, candidates=(), cost=Cost())
                if i % 3 == 0
                else t.bind(t.task(i, sentence))
            )

    for result in run(t.decoder, tasks(), t.decoding, t.model, 2):
        done.append(result.index)
        assert (result.text == "ready") == (result.index % 3 == 0)
    assert sorted(done) == list(range(len(SENTENCES)))


class Countdown:
    """A decoder that asks for a pass `task.index % 4` times and watches how many like it are open."""

    name = "countdown"

    def __init__(self) -> None:
        self.open = self.most = 0

    def decode(self, task, settings):
        self.open += 1
        self.most = max(self.most, self.open)
        for turn in range(task.index % 4):
            [one, two] = yield from extend([task.head] * 2, [(task.index,), (task.index, turn)])
            part = yield from cut(two, two.length - 1)
            [first, second] = yield from score([one, part], [(1,), (2, task.index % 5)])
            assert (len(first), len(second)) == (1, 2)
            yield from release([one, two, part])
        self.open -= 1
        return Result(task.index, str(task.index), fell_back=False, candidates=(), cost=Cost())


@pytest.mark.parametrize("in_flight", [1, 3, 16])
def test_scheduler_opens_no_more_than_allowed_and_makes_batches(in_flight) -> None:
    model = TableModel(size=40)
    decoder = Countdown()
    tasks = table_tasks(model, 12)
    held = set(model.tokens)
    results = list(run(decoder, tasks, table_settings(), model, in_flight))
    assert sorted(r.index for r in results) == list(range(12))
    assert all(r.text == str(r.index) for r in results)
    assert decoder.most <= in_flight
    assert set(model.tokens) == held
    passes = [call for call in model.calls if call[0] == "score"]
    assert sum(rows for _, rows in passes) == 2 * 3 * (1 + 2 + 3)
    assert len(passes) == {1: 18, 16: 3}.get(in_flight, len(passes))
    assert len(passes) < 18 or in_flight == 1


def test_scheduler_keeps_samples_of_different_guards_apart() -> None:
    model = TableModel(seed=2)
    tasks = [replace(task, index=i) for i, task in enumerate(table_tasks(model, 3) + table_tasks(model, 3, banned=[3]))]
    together = {r.index: r for r in run(DECODERS["mcts"], tasks, table_settings(budget=9.0), model, 6)}
    for task in tasks:
        [alone] = run(DECODERS["mcts"], [task], table_settings(budget=9.0), model, 1)
        assert summary([alone]) == summary([together[task.index]])
        if task.index >= 3:
            assert all(3 not in c.draft.tokens for c in alone.candidates)
    assert any(3 in c.draft.tokens for i in range(3) for c in together[i].candidates)
