"""Terms that are missed are written in where the model finds them most plausible, once, and paid for."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from support.common import EN, ZH, play, table_settings, table_tasks
from support.fakes import TableModel

from mtreason.decoding import DECODERS, run
from mtreason.decoding.repair import as_whole
from mtreason.glossary import Hit, Sense, Term
from mtreason.languages import Direction
from mtreason.rewards import Reward

LETTERS = " 甲乙丙丁戊"
"""Of a language without spaces, so that a term may stand anywhere."""
TERM = 4
"""The token 丁."""
REWARD = Reward("with terms", {"likelihood": 0.7, "terms": 0.3})


def hints(*targets, literal="", forbidden=()):
    return tuple(Hit(Term("源", (t,), literal, "", "g.tsv", 1, forbidden), 0, 1) for t in targets)


def unspell(text):
    return tuple(map(LETTERS.index, text))


def decode(model, decoder="best-of-n", reward=REWARD, budget=8.0, banned=(), **more):
    own = {"hints": hints("丁")} | more
    [task] = table_tasks(model, banned=banned, **own)
    settings = replace(
        table_settings(budget=budget),
        reward=reward,
        decode=lambda tokens: "".join(LETTERS[t] for t in tokens),
        encode=unspell,
        inside=unspell,
    )
    before = set(model.tokens)
    [result] = run(DECODERS[decoder], [replace(task, direction=Direction(EN, ZH))], settings, model, 1)
    assert set(model.tokens) == before, "all handles are given back"
    return result


def never(letter, seed=0):
    """A model that all but never writes a letter, and comes to an end."""
    model = TableModel(seed=seed)
    model.logits[:, letter] = -30.0
    model.logits[2:, 0] += 3.0
    return model


@pytest.mark.parametrize("decoder", ["best-of-n", "mcts"])
@pytest.mark.parametrize("seed", range(4))
def test_a_missed_term_is_written_in_and_chosen(decoder, seed) -> None:
    model = never(TERM, seed)
    result = decode(model, decoder)
    assert "丁" in result.text
    [repaired] = [c for c in result.candidates if c.repaired]
    assert result.candidates[0] == repaired
    path = (3, 1, *repaired.draft.tokens)
    expected = [model.log_probs(a)[b] for a, b in itertools.pairwise(path[1:])]
    assert repaired.draft.log_probs == pytest.approx(expected, abs=1e-4), "as if it had been drawn"
    assert np.isfinite(repaired.draft.top_log_probs).all()


def test_where_it_is_most_probable() -> None:
    """Of all places in the best translation, the one after the letter that D follows least improbably."""
    model = never(TERM)
    without = decode(never(TERM), reward=Reward("likelihood", {"likelihood": 1.0}))
    best = without.candidates[0].draft.tokens
    letters = [3 % 6 and 1, *best[:-1]]
    model.logits[letters[-1], TERM] = -5.0
    result = decode(model)
    [repaired] = [c for c in result.candidates if c.repaired]
    place = repaired.draft.tokens.index(TERM)
    assert place == 0 or repaired.draft.tokens[place - 1] == letters[-1]


@pytest.mark.parametrize(("likelier", "expected"), [(4, "丁"), (5, "戊")])
def test_the_rendering_that_is_most_probable_there(likelier, expected) -> None:
    model = TableModel()
    model.logits[:, 4:] = -30.0
    model.logits[2:, 0] += 3.0
    model.logits[:, likelier] = -25.0
    term = Term("源", ("丁", "戊"), "", "", "g.tsv", 1)
    [repaired] = [c for c in decode(model, hints=(Hit(term, 0, 1),)).candidates if c.repaired]
    assert set(repaired.text) & {"丁", "戊"} == {expected}


@pytest.mark.parametrize(("likelier", "expected"), [(4, "丁"), (5, "戊")])
def test_the_sense_that_is_most_probable_there(likelier, expected) -> None:
    model = TableModel()
    model.logits[:, 4:] = -30.0
    model.logits[2:, 0] += 3.0
    model.logits[:, likelier] = -25.0
    senses = (Sense(("丁",), "a"), Sense(("戊",), "b"))
    term = Term("源", ("丁", "戊"), "", "", "g.tsv", 1, senses=senses)
    [repaired] = [c for c in decode(model, hints=(Hit(term, 0, 1),)).candidates if c.repaired]
    assert set(repaired.text) & {"丁", "戊"} == {expected}


def test_a_form_is_as_probable_as_what_is_no_longer_form() -> None:
    """Of (1,), which is written in 60 %, 50 % go on as (1, 2), of which 10 % go on as (1, 2, 3)."""
    found = as_whole([(1,), (1, 2, 3), (1, 2), (4,)], np.log([0.6, 0.1, 0.5, 0.2]))
    assert np.exp(found) == pytest.approx([0.1, 0.1, 0.4, 0.2])
    assert as_whole([(1,), (1, 2)], [-2000.0, -2000.0]) == [-np.inf, -2000.0]
    assert as_whole([(1,), (2, 3)], [-2000.0, -2001.0]) == [-2000.0, -2001.0]


@pytest.mark.parametrize(
    ("reward", "budget", "more"),
    [
        (Reward("likelihood", {"likelihood": 1.0}), 8.0, {}),
        (REWARD, 3.0, {}),
        (REWARD, 8.0, {"hints": ()}),
    ],
)
def test_nothing_is_written_where_nobody_asks(reward, budget, more) -> None:
    result = decode(never(TERM), reward=reward, budget=budget, **more)
    assert not any(c.repaired for c in result.candidates)


def test_nothing_is_written_where_the_term_is_there() -> None:
    model = TableModel(seed=1)
    model.logits[:, TERM] += 3
    result = decode(model)
    assert "丁" in result.text
    assert not any(c.repaired for c in result.candidates)


@pytest.mark.parametrize("budget", [4.0, 8.0, 16.0])
@pytest.mark.parametrize("decoder", ["best-of-n", "mcts"])
def test_a_repair_is_paid_from_the_budget(decoder, budget) -> None:
    results = [decode(never(TERM, seed), decoder, budget=budget) for seed in range(16)]
    repaired = [r for r in results if any(c.repaired for c in r.candidates)]
    assert len(repaired) >= 12, "the others have no clean draft"
    assert np.mean([(r.cost.tokens - 2) / r.sample_cost for r in repaired]) <= 1.25 * budget


def test_a_term_is_not_traded_for_probability() -> None:
    """However small the weight of terms, a translation that misses one is chosen only if all do."""
    model = TableModel(seed=2)
    reward = Reward("hardly", {"likelihood": 0.999, "terms": 0.001})
    result = decode(model, reward=reward, budget=24.0)
    with_term = [c for c in result.candidates if "丁" in c.text and not c.problems]
    assert with_term, "the model writes it now and then"
    assert result.text == max(with_term, key=lambda c: c.reward).text


def test_forbidden_and_literal_readings_count_against_a_draft() -> None:
    from mtreason.decoding.judging import Judge
    from mtreason.rewards import Draft

    model = TableModel()
    own = hints("丁", literal="戊", forbidden=("甲",))
    [task] = table_tasks(model, hints=own)
    task = replace(task, direction=Direction(EN, ZH))
    texts = ["丁", "乙", "戊", "丁戊", "丁甲", "甲"]
    drafts = [Draft(t, (1,), np.zeros(1, np.float32), np.zeros((1, 5), np.float32)) for t in texts]
    judge = Judge(task, replace(table_settings(), reward=REWARD))
    assert [parts["terms"] for parts in play(judge.alone(drafts), model)] == [1, 0, -1, 1, -1, -1]
