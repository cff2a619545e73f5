"""Parts of a reward, against sums done by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.common import play, table_settings, table_tasks
from support.fakes import TableModel

from mtreason.decoding import DECODERS, run
from mtreason.glossary import Hit, Term, follows
from mtreason.models.protocol import ROOT
from mtreason.models.sequences import SharedSequences
from mtreason.rewards import REWARDS, Draft, RewardContext, judge, weigh
from mtreason.rewards.consensus import chrf_matrix, expected_utility


def test_confidence_and_likelihood_by_hand(loaded) -> None:
    log_probs = np.log(np.array([0.5, 0.01], np.float32))
    top = np.log(np.array([[0.5, 0.2, 0.1, 0.1, 0.05], [0.4, 0.2, 0.1, 0.1, 0.1]], np.float32))
    draft = Draft("x", (1, 2), log_probs, top)
    shared = SharedSequences(ROOT)
    context = RewardContext("源", shared, (), (1,), shared, (), (), (), (), "en")
    [parts] = play(judge(REWARDS["confidence"], context, [draft], {}, compared=False), loaded.model)
    assert weigh(REWARDS["confidence"], parts) == pytest.approx((0.5 / 0.95 + 0.01 / 0.9) / 2, rel=1e-5)
    assert parts["likelihood"] == pytest.approx(np.log(0.5 * 0.01) / 2, rel=1e-5)


@given(st.lists(st.text(alphabet="abc d猫。", max_size=12), min_size=1, max_size=6, unique=True), st.data())
def test_consensus_is_chrf_against_the_samples(texts, data) -> None:
    from sacrebleu.metrics import CHRF

    metric = CHRF()
    expected = np.array([[metric.sentence_score(a, [b]).score / 100 for b in texts] for a in texts])
    assert np.allclose(chrf_matrix(texts, texts), expected, atol=1e-9)
    assert np.allclose(chrf_matrix(texts[:2], texts[1:]), expected[:2, 1:], atol=1e-9)
    samples = {text: data.draw(st.integers(1, 3)) for text in texts}
    for i, text in enumerate(texts):
        others = [expected[i][j] for j, t in enumerate(texts) for _ in range(samples[t] - (i == j))]
        value = expected_utility(expected[i], samples, own=text)
        assert value == pytest.approx(np.mean(others) if others else 1.0)


def test_llama_o1_is_the_probability_of_yes_among_yes_and_no() -> None:
    model = TableModel(seed=6)
    [task] = table_tasks(model)
    [result] = run(DECODERS["best-of-n"], [task], table_settings("llama-o1", 12.0, temperature=1.0), model, 1)
    for c in result.candidates:
        if not c.problems:
            after = task.verdict_tail[-1]
            yes = float(model.log_probs(after)[5])
            no = float(model.log_probs(after)[1] + model.log_probs(1)[2])
            assert c.reward == pytest.approx(yes - np.logaddexp(yes, no), abs=1e-5)


def channel_by_hand(model, candidate):
    path = (*candidate.draft.tokens[:-1], 4, 5, 2, 0)[-4:]
    return np.mean([model.log_probs(a)[b] for a, b in itertools.pairwise(path)])


def test_the_parts_of_a_reward_add_up_to_it() -> None:
    model = TableModel(seed=6)
    entry = Term("源", ("AB",), "", "", "own.tsv", 1)
    hints = (Hit(entry, 0, 1),)
    [task] = table_tasks(model, hints=hints)
    [result] = run(DECODERS["best-of-n"], [task], table_settings("mix", 16.0, temperature=1.0), model, 1)
    clean = [c for c in result.candidates if not c.problems]
    assert len(clean) > 3
    for c in clean:
        assert c.parts["channel"] == pytest.approx(channel_by_hand(model, c), abs=1e-5)
        assert c.parts["terms"] == float(follows(entry, c.text, "en"))
        assert c.reward == pytest.approx(sum(w * c.parts[p] for p, w in REWARDS["mix"].weights.items()))


def test_confidence_of_a_token_outside_the_five() -> None:
    """Marco-o1: c = p(token) / (sum of the five highest p); the mean over tokens is the value of a rollout."""
    model = TableModel(seed=6)
    [task] = table_tasks(model)
    [result] = run(DECODERS["best-of-n"], [task], table_settings("confidence", 16.0), model, 1)
    for c in result.candidates:
        shares = []
        for before, token in itertools.pairwise((task.prompt[-1], *c.draft.tokens)):
            p = np.exp(model.log_probs(before))
            shares.append(p[token] / np.sort(p)[-5:].sum())
        if not c.problems:
            assert c.reward == pytest.approx(np.mean(shares), rel=1e-5)
