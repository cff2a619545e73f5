"""Scores equal sacrebleu's own, and tests of significance equal other people's where those are right."""

import math

import numpy as np
import pytest
import sacrebleu
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import PairedTest
from scipy.stats import permutation_test
from support.systems import streams

from mtreason.evaluation import bootstrap, compare, corpus_metrics, holm, interval, mean_metric
from mtreason.evaluation.metrics import tokenizer_for
from mtreason.evaluation.significance import randomisation_p
from mtreason.languages import parse_language

ENGLISH = parse_language("en")


def test_scores_are_those_of_sacrebleu(world) -> None:
    good, _, references = world
    bleu, chrf = corpus_metrics([good], references, ENGLISH)
    theirs = BLEU(trg_lang="en"), CHRF(word_order=2)
    for ours, scorer in zip((bleu, chrf), theirs, strict=True):
        expected = scorer.corpus_score(good, streams(references)).score
        assert ours.score(ours.statistics[0].sum(0)) == pytest.approx(expected, abs=1e-12)
        assert ours.signature == scorer.get_signature().format()
    assert "nrefs:var" in chrf.signature
    assert "nw:2" in chrf.signature
    for text, refs, own in zip(good, references, chrf.statistics[0], strict=True):
        assert chrf.segment_score(own) == pytest.approx(sacrebleu.sentence_chrf(text, list(refs), word_order=2).score)
    for text, refs, own in zip(good, references, bleu.statistics[0], strict=True):
        assert bleu.segment_score(own) == pytest.approx(sacrebleu.sentence_bleu(text, list(refs)).score)


def test_chinese_is_cut_into_characters() -> None:
    [bleu, _] = corpus_metrics([["今天天气很好啊"]], [("今天天气真好啊",)], parse_language("zh"))
    expected = sacrebleu.corpus_bleu(["今天天气很好啊"], [["今天天气真好啊"]], tokenize="zh")
    assert bleu.score(bleu.statistics[0].sum(0)) == pytest.approx(expected.score)
    assert "tok:zh" in bleu.signature


@pytest.mark.parametrize(
    ("tag", "name"),
    [("en", "13a"), ("zh-Hant", "zh"), ("ja", "char"), ("th", "char"), ("ko", "char"), ("pt-BR", "13a")],
)
def test_tokenizers(tag, name, monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    assert tokenizer_for(parse_language(tag)) == ("zh" if tag.startswith("zh") else name)


def test_proper_tokenizer_where_it_is_installed(monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda module: module)
    assert tokenizer_for(parse_language("ja")) == "ja-mecab"


def test_p_values_are_those_of_sacrebleu(world) -> None:
    good, bad, references = world
    metrics = corpus_metrics([good, bad], references, ENGLISH)
    scorers = {"bleu": BLEU(), "chrf": CHRF(word_order=2)}
    _, found = PairedTest([("bad", bad), ("good", good)], scorers, streams(references), "ar", n_samples=2000)()
    for metric, key in zip(metrics, ("BLEU", "chrF2++"), strict=True):
        ours = randomisation_p(metric, *metric.statistics, trials=2000)
        assert ours == pytest.approx(found[key][1].p_value, abs=1e-12)


def test_p_value_of_a_mean_is_that_of_scipy() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(0.4, 1, 12), rng.normal(0, 1, 12)
    exact = permutation_test(
        (a, b), lambda x, y: np.mean(x) - np.mean(y), permutation_type="samples", n_resamples=math.inf
    )
    metric = mean_metric("reward", "reward", [a.tolist(), b.tolist()], 0.0)
    assert compare(metric, 0, 1).p_value == pytest.approx(exact.pvalue, abs=0.02)


def test_one_segment_proves_nothing() -> None:
    """sacrebleu says 0.0001 to both: it counts only differences that are larger than the real one."""
    same = corpus_metrics([["a cat", "a dog"]] * 2, [("a cat",), ("the dog",)], ENGLISH)
    other = corpus_metrics([["a cat", "a dog"], ["a cat", "the dog"]], [("a cat",), ("the dog",)], ENGLISH)
    for metric in (*same, *other):
        assert randomisation_p(metric, *metric.statistics, trials=100) == 1.0


def test_comparison_by_hand() -> None:
    metric = mean_metric("reward", "reward", [[1.0, 2.0, 3.0, 4.0], [1.0, 2.0000001, 1.0, 4.5]], tie=1e-6)
    found = compare(metric, 0, 1)
    assert (found.wins, found.ties, found.losses) == (1, 2, 1)
    assert found.delta == pytest.approx((2 - 0.5 - 1e-7) / 4)
    # Of the 4 ways to sign the differences 2 and -0.5, those of size 1.5 and 2.5 are both as large.
    assert found.p_value == 1.0
    # Six differences of the same sign: 2 of 64 ways are as large.
    six = mean_metric("reward", "reward", [[1.0] * 6, [0.0] * 6], tie=0)
    assert compare(six, 0, 1).p_value == pytest.approx(2 / 64, abs=0.01)


def test_bootstrap_interval_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(1).normal(2, 1, 400)
    low, high = interval(bootstrap(mean_metric("x", "x", [values.tolist()], 0), 0))
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)


def test_bootstrap_of_a_difference_is_paired() -> None:
    values = np.random.default_rng(1).normal(0, 100, 50)
    found = compare(mean_metric("x", "x", [(values + 1).tolist(), values.tolist()], 0), 0, 1)
    assert (found.low, found.high) == pytest.approx((1, 1))


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
