"""Drafts from which the source cannot be told back: answers to it, in the place of its translation."""

from collections import Counter

import numpy as np
import pytest
from support.common import SENTENCES, decode, play, table_settings, table_tasks, translator
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
    """For random weights every other draft is one."""
    t = translator(loaded, decoder=decoder, budget=8)
    found = Counter()
    for result in decode(t):
        task = t.bind(t.task(result.index, SENTENCES[result.index]))
        judge = Judge(task, t.decoding)
        for candidate in result.candidates:
            if candidate.parts:
                [parts] = play(judge.alone([candidate.draft]), t.model)
                told = play(judge.told_back(parts), t.model)
                assert (told < 0) == (candidate.problems == (UNRELATED,))
                found[told < 0] += 1
        clean = [not c.problems for c in result.candidates]
        assert clean == sorted(clean, reverse=True)
        assert result.fell_back != any(clean)
    assert all(found[kind] for kind in (True, False))


def test_a_model_that_forgets_the_draft() -> None:
    """What a table says next depends on one token, so that no draft tells more or less than nothing."""
    model = TableModel()
    for result in run(DECODERS["mcts"], table_tasks(model, 3), table_settings("mix", 8.0), model, 2):
        assert not any(UNRELATED in c.problems for c in result.candidates)
