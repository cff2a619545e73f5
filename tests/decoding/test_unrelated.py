"""Drafts from which the source cannot be told back: answers to it, in the place of its translation."""

from dataclasses import replace

import numpy as np
import pytest
from support.common import decode, play, table_settings, table_tasks, translator
from support.fakes import TableModel

from mtreason.decoding import DECODERS, run
from mtreason.decoding.candidates import UNRELATED
from mtreason.decoding.judging import Judge
from mtreason.models.protocol import ROOT
from mtreason.rewards import Draft


def test_what_a_draft_adds(loaded) -> None:
    """The same, asked of the model directly."""
    t = translator(loaded)
    task = t.bind(t.task(0, "今天天气很好。"))
    tokens = (*t.codec.encode("The weather is nice."), t.codec.end)
    judge = Judge(task, t.decoding)
    figures = np.zeros(len(tokens), np.float32)
    [parts] = play(judge.alone([Draft("The weather is nice.", tokens, figures, figures[:, None])]), t.model)
    told = play(judge.told_back(parts), t.model)
    head = t.way_back.head + t.way_back.before
    means = []
    for text in (tokens[:-1], ()):
        [prefix] = t.model.extend([ROOT], [head + text + task.back_tail])
        [scores] = t.model.score([prefix], [task.source_tokens])
        means.append(float(scores.mean()))
    assert told == pytest.approx(means[0] - means[1], abs=2e-2)
    assert play(judge.told_back({"likelihood": -1.0}), t.model) is None


@pytest.mark.parametrize("decoder", ["mcts", "best-of-n"])
def test_they_are_never_chosen_over_others(loaded, decoder) -> None:
    t = translator(loaded, decoder=decoder, budget=8)
    for least in (-50.0, 0.0, 50.0):
        t.decoding = replace(t.decoding, least_told_back=least)
        for result in decode(t):
            clean = [not c.problems for c in result.candidates]
            assert clean == sorted(clean, reverse=True)
            if least == -50.0:
                assert not any(UNRELATED in c.problems for c in result.candidates)
            if least == 50.0:
                assert result.fell_back


def test_a_model_that_forgets_the_draft() -> None:
    """What a table says next depends on one token, so that no draft adds anything."""
    model = TableModel()
    settings = table_settings("mix", 8.0)
    for asked, expected in ((None, False), (-0.001, False), (0.001, True)):
        judged = replace(settings, least_told_back=asked)
        for result in run(DECODERS["mcts"], table_tasks(model, 3), judged, model, 2):
            judged_ones = [c for c in result.candidates if c.parts]
            assert judged_ones
            assert all((UNRELATED in c.problems) == expected for c in judged_ones)
