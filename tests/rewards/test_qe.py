"""The learned metric: against comet itself, alone and in company, as a reward, and where it cannot be had."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from support.commands import ROOT, refused, run
from support.common import SENTENCES, decode, play, summary, translator
from support.fakes import TableMetric, TableModel

from mtreason.decoding import Candidate
from mtreason.errors import ModelError, SettingError
from mtreason.evaluation.learned import estimator as module
from mtreason.evaluation.learned.estimator import APART, TOGETHER, Estimator, _quiet, check_checkpoint
from mtreason.models.calls import ScoreTriples, score_triples
from mtreason.rewards import REWARDS
from mtreason.rewards.qe import COMET_CONSENSUS
from mtreason.runs.checks import check_settings, load_metric, plan
from mtreason.runs.settings import Settings

REFERENCELESS, REGRESSION, UNIFIED = "referenceless_regression_metric", "regression_metric", "unified_metric"
WORDS = ["the", "weather", "is", "nice", "today", "let", "us", "go", "to", "park", "these", "shoes", "comfortable"]


def some_triples(count=40, *, references):
    draw = random.Random(5)

    def text():
        return " ".join(draw.choices(WORDS, k=draw.randint(0, 14)))

    return [(draw.choice(SENTENCES) * draw.randint(1, 2), text(), text() if references else None) for _ in range(count)]


def predicted(path, triples):
    """What comet's own command would say."""
    from comet import load_from_checkpoint

    samples = [{"src": s, "mt": h} | ({} if r is None else {"ref": r}) for s, h, r in triples]
    with _quiet():
        model = load_from_checkpoint(str(path / "checkpoints" / "model.ckpt"))
        return model.predict(samples, batch_size=8, gpus=0, num_workers=0, progress_bar=False)["scores"]


@pytest.fixture(scope="session")
def referenceless(tiny_comet):
    return Estimator(str(tiny_comet(REFERENCELESS)))


@pytest.mark.parametrize(
    ("kind", "references"),
    [
        (REFERENCELESS, False),
        (REGRESSION, True),
        ("ranking_metric", True),
        (UNIFIED, False),
        (UNIFIED, True),
        ("xcomet_metric", False),
        ("xcomet_metric", True),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "as on a GPU"])
def test_scores_are_what_comet_predicts(tiny_comet, kind, references, device) -> None:
    path = tiny_comet(kind)
    triples = some_triples(references=references)
    metric = Estimator(str(path))
    metric._one_by_one = device == "cpu"
    found = metric.scores(triples)
    assert found == pytest.approx(predicted(path, triples), abs=2e-6)
    assert kind == "xcomet_metric" or len(set(found)) > 20
    assert metric.needs_references == (kind in {REGRESSION, "ranking_metric"})
    assert metric.takes_references == (kind != REFERENCELESS)
    file = path / "checkpoints" / "model.ckpt"
    assert metric.digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert Estimator(str(file)).scores(triples[:1]) == pytest.approx(found[:1], abs=2e-6)


def test_every_kind_of_comet_is_known() -> None:
    with _quiet():
        from comet.models import str2model
    assert set(str2model) == {*APART, *TOGETHER}


@pytest.mark.parametrize(("kind", "references"), [(REFERENCELESS, False), (REGRESSION, True), (UNIFIED, True)])
def test_company_and_order_change_no_bit(tiny_comet, kind, references) -> None:
    triples = some_triples(80, references=references)
    together = dict(zip(triples, Estimator(str(tiny_comet(kind))).scores(triples), strict=True))
    shuffled = random.Random(2).sample(triples, len(triples))
    metric = Estimator(str(tiny_comet(kind)))
    rest = list(shuffled)
    while rest:
        part, rest = rest[:7], rest[7:]
        assert metric.scores(part) == [together[t] for t in part]
    alone = Estimator(str(tiny_comet(kind)))
    assert [alone.scores([t])[0] for t in shuffled] == [together[t] for t in shuffled]


def count_rows(metric, monkeypatch):
    """Rows that the encoder has read, one entry a pass."""
    rows = []
    inner = metric._model.encoder.forward

    def forward(input_ids, *args, **kwargs):
        rows.append(len(input_ids))
        return inner(input_ids, *args, **kwargs)

    monkeypatch.setattr(metric._model.encoder, "forward", forward)
    return rows


@pytest.mark.parametrize("kind", [REFERENCELESS, UNIFIED])
def test_nothing_is_computed_twice(tiny_comet, kind, monkeypatch) -> None:
    metric = Estimator(str(tiny_comet(kind)))
    rows = count_rows(metric, monkeypatch)
    triples = [("今天", f"today {word}", None) for word in WORDS[:5]]
    first = metric.scores(triples * 2)
    assert first[:5] == first[5:]
    assert metric.computed == 5
    # Five translations, and the source once where it is read by itself.
    assert sum(rows) == (6 if kind == REFERENCELESS else 5)
    assert metric.scores(triples[::-1]) == first[:5][::-1]
    assert sum(rows) == (6 if kind == REFERENCELESS else 5)
    metric.scores([("今天", "something else", None)])
    assert sum(rows) == (7 if kind == REFERENCELESS else 6)
    assert metric.scores([]) == []


def test_texts_are_read_in_batches_where_that_pays(tiny_comet, monkeypatch) -> None:
    metric = Estimator(str(tiny_comet(UNIFIED)))
    metric._one_by_one = False
    rows = count_rows(metric, monkeypatch)
    metric.scores(some_triples(70, references=False))
    assert max(rows) == module.ROWS
    assert len(rows) == 3


def test_memory_is_bounded(tiny_comet, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_SCORES", 8)
    monkeypatch.setattr(module, "MOST_TEXTS", 8)
    metric = Estimator(str(tiny_comet(REGRESSION)))
    triples = some_triples(50, references=True)
    found = metric.scores(triples)
    assert len(metric._scores) == len(metric._texts) == 8
    assert metric.scores(triples) == found


def test_loading_leaves_logging_and_warnings_alone(tiny_comet) -> None:
    """Comet's import sets up the root logger, and each of its predictions gives advice."""
    code = (
        "import logging, sys, warnings\n"
        "from mtreason.evaluation.learned.estimator import Estimator\n"
        "filters = list(warnings.filters)\n"
        "Estimator(sys.argv[1]).scores([('a', 'b', None)])\n"
        "root = logging.getLogger()\n"
        "assert (root.handlers, root.level, logging.root.manager.disable) == ([], logging.WARNING, 0), root.handlers\n"
        "assert all(f in warnings.filters for f in filters)"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    args = [sys.executable, "-W", "error", "-c", code, str(tiny_comet(REFERENCELESS))]
    done = subprocess.run(args, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_scheduler_makes_one_batch_of_the_estimates_of_many() -> None:
    class Asking:
        name = "asking"

        def decode(self, task, settings):
            assert (yield from score_triples([])) == []
            one = yield from score_triples([("s", "a" * task, None)])
            two = yield from score_triples([("s", "bb", None), ("s", "ccc", None)])
            return task, one + two

    from mtreason.decoding import run as schedule

    table = TableMetric()
    found = sorted(schedule(Asking(), iter([1, 2, 3]), None, TableModel(), 8, table))
    assert found == [(n, [float(n), 2.0, 3.0]) for n in (1, 2, 3)]
    assert table.batches == [3, 6]
    with pytest.raises(TypeError, match="learned metric"):
        list(schedule(Asking(), iter([1]), None, TableModel(), 8))


# As a reward.


def test_best_of_n_takes_the_highest_score(loaded, tiny_comet, referenceless) -> None:
    t = translator(loaded, decoder="best-of-n", reward="qe", budget=8, qe=str(tiny_comet(REFERENCELESS)))
    chosen = 0
    for source, result in zip(SENTENCES, decode(t), strict=True):
        clean: list[Candidate] = [c for c in result.candidates if not c.problems]
        scores = referenceless.scores([(source, c.text, None) for c in clean])
        assert [c.parts["qe"] for c in clean] == [c.reward for c in clean] == scores
        if clean:
            sure = [score for score, c in zip(scores, clean, strict=True) if len(c.doubts) == len(clean[0].doubts)]
            assert (result.text, scores[0]) == (clean[0].text, max(sure))
        chosen += len(clean) > 1
    assert chosen


@pytest.mark.parametrize("decoder", ["best-of-n", "mcts"])
def test_in_flight_changes_nothing(loaded, tiny_comet, decoder) -> None:
    def results(in_flight):
        t = translator(loaded, decoder=decoder, reward="qe", budget=6, qe=str(tiny_comet(REFERENCELESS)))
        return summary(decode(t, in_flight=in_flight))

    expected = results(1)
    assert results(4) == expected
    assert results(16) == expected


# As the utility of minimum Bayes risk decoding.


class Playing:
    """Answers estimates."""

    def __init__(self, metric):
        self.metric = metric

    def play(self, steps):
        try:
            call = next(steps)
            while True:
                assert isinstance(call, ScoreTriples)
                call = steps.send(self.metric.scores(call.triples))
        except StopIteration as stop:
            return stop.value


def utility(source, texts, samples):
    drafts = [SimpleNamespace(text=text) for text in texts]
    return COMET_CONSENSUS.score(SimpleNamespace(source=source), drafts, samples)


def test_utility_by_hand(tiny_comet, monkeypatch) -> None:
    metric = Estimator(str(tiny_comet(REGRESSION)))
    rows = count_rows(metric, monkeypatch)
    samples = {"the weather is nice": 3, "nice weather": 1, "go to the park": 2}
    a, b, c = samples
    texts = [*samples, "the park"]
    found = Playing(metric).play(utility("今天天气很好。", texts, samples))
    assert sum(rows) == 5, "every text is encoded once"
    own = {(h, r): predicted(tiny_comet(REGRESSION), [("今天天气很好。", h, r)])[0] for h in texts for r in samples}
    expected = [
        (2 * own[a, a] + 1 * own[a, b] + 2 * own[a, c]) / 5,
        (3 * own[b, a] + 2 * own[b, c]) / 5,
        (3 * own[c, a] + 1 * own[c, b] + 1 * own[c, c]) / 5,
        (3 * own["the park", a] + 1 * own["the park", b] + 2 * own["the park", c]) / 6,
    ]
    assert found == pytest.approx(expected, abs=2e-6)
    assert Playing(metric).play(utility("今天", ["alone"], {"alone": 1})) == [1.0]
    assert play(utility("今天", [], {}), None) == []


# What cannot be.


def broken(tiny_comet, tmp_path, kind=REFERENCELESS):
    path = tmp_path / "broken"
    shutil.copytree(tiny_comet(kind), path)
    return path, path / "checkpoints" / "model.ckpt"


def test_reward_without_checkpoint_and_checkpoint_without_reward(tmp_path, tiny_comet) -> None:
    cache, text = tmp_path / "cache", tmp_path / "in.txt"
    text.write_text("今天天气很好。\n", "utf-8")
    args = ["translate", text, "--from", "zh", "--to", "en", "--model", "nothing"]
    refused([*args, "--reward", "qe"], cache, "--reward qe", "needs a COMET checkpoint", "--qe", "--reward channel")
    qe = str(tiny_comet(REFERENCELESS))
    refused([*args, "--qe", qe], cache, f"--qe {qe}", "nothing here uses it", "--reward qe")
    with_reward = [*args, "--reward", "qe", "--qe"]
    refused([*with_reward, tiny_comet(REGRESSION)], cache, "needs references", "referenceless")
    refused([*with_reward, tmp_path / "none.ckpt"], cache, "none.ckpt", "no such file")
    refused([*with_reward, tmp_path], cache, str(tmp_path), "checkpoints/model.ckpt", "found none")
    refused([*with_reward, text], cache, "in.txt is no COMET checkpoint", "hparams.yaml")


def test_the_command_uses_it(tmp_path, tiny_comet, tiny_model) -> None:
    qe = tiny_comet(REFERENCELESS)
    args = ["translate", "--from", "zh", "--to", "en", "--model", tiny_model, "--decoder", "best-of-n", "--budget", "4"]
    trace = tmp_path / "trace.jsonl"
    code, out, err = run(
        [*args, "--reward", "qe", "--qe", qe, "--trace", trace], tmp_path / "cache", "\n".join(SENTENCES).encode()
    )
    assert code in {0, 3}, err
    assert out
    assert '"qe": ' in trace.read_text("utf-8")
    assert f"loading {qe}" in err
    assert "reward qe" in err
    for noise in ("Encoder", "Tip", "GPU", "Warning", "frozen"):
        assert noise not in err


@pytest.mark.parametrize("name", ["Unbabel/wmt22-cometkiwi-da", "wmt20-comet-qe-da"])
def test_a_name_without_network(name, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    check_checkpoint(name, referenceless=True)
    with pytest.raises(ModelError, match="cannot get the COMET checkpoint") as error:
        Estimator(name)
    message = str(error.value)
    assert name in message
    assert "not supported" not in message
    assert "\n" not in message
    assert ("outgoing traffic" if "/" in name else "socket") in message


def test_comet_that_is_not_installed(monkeypatch, tiny_comet) -> None:
    path = str(tiny_comet(REFERENCELESS))
    monkeypatch.setitem(sys.modules, "comet", None)
    with pytest.raises(ModelError, match=r"pip install 'mtreason\[comet\]'"):
        Estimator(path)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ModelError, match=r"pip install 'mtreason\[comet\]'"):
        check_checkpoint(path, referenceless=True)


def test_a_checkpoint_that_is_damaged(tiny_comet, tmp_path) -> None:
    path, file = broken(tiny_comet, tmp_path)
    good = torch.load(file)
    torch.save({**good, "state_dict": dict(list(good["state_dict"].items())[:-1])}, file)
    with pytest.raises(ModelError, match=r"model\.ckpt lacks weights: \['estimator"):
        Estimator(str(path)).load()
    weights = {name: torch.full_like(w, torch.nan) for name, w in good["state_dict"].items()}
    torch.save({**good, "state_dict": weights}, file)
    with pytest.raises(ModelError, match="no number"):
        Estimator(str(path)).scores([("a", "b", None)])
    torch.save({"state_dict": {}}, file)
    with pytest.raises(ModelError, match="cannot load the COMET checkpoint"):
        Estimator(str(path)).load()
    file.write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match="is no COMET checkpoint: not a file that torch"):
        Estimator(str(path)).load()


def test_a_checkpoint_without_its_encoder(tiny_comet, tmp_path) -> None:
    path, file = broken(tiny_comet, tmp_path)
    good = torch.load(file)
    gone = str(tmp_path / "gone")
    torch.save({**good, "hyper_parameters": {**good["hyper_parameters"], "pretrained_model": gone}}, file)
    with pytest.raises(ModelError, match="cannot load the encoder that the COMET checkpoint") as error:
        Estimator(str(path)).load()
    assert "\n" not in str(error.value)


def test_settings_beside_a_checkpoint(tiny_comet, tmp_path) -> None:
    path, _ = broken(tiny_comet, tmp_path)
    for text, said in (("class_identifier: bleurt\n", "'bleurt'"), ("- 1\n", "None"), ("a: [\n", "not the YAML")):
        (path / "hparams.yaml").write_text(text, "utf-8")
        with pytest.raises(ModelError, match=r"hparams\.yaml") as error:
            check_checkpoint(str(path), referenceless=True)
        assert said in str(error.value)
    shutil.copy(path / "checkpoints" / "model.ckpt", path / "checkpoints" / "other.ckpt")
    with pytest.raises(ModelError, match="2 of them"):
        check_checkpoint(str(path), referenceless=True)


def test_references_where_they_are_asked(tiny_comet) -> None:
    with pytest.raises(ModelError, match="needs references"):
        Estimator(str(tiny_comet(REGRESSION))).scores([("a", "b", None)])
    for kind in (*APART, *TOGETHER):
        options = Settings(decoder="mbr", qe=str(tiny_comet(kind)))
        check_settings(options)
        decoder, reward = plan(options)
        assert decoder.reward is reward
        assert reward.weights == {"comet-consensus": 1.0}
        if kind == REFERENCELESS:
            with pytest.raises(SettingError, match="takes no references"):
                load_metric(reward, options)
        else:
            assert load_metric(reward, options).takes_references
    for name in ("qe", "comet-consensus"):
        with pytest.raises(SettingError, match=f"`reward` {name} needs a COMET checkpoint"):
            check_settings(Settings(reward=name))
    assert load_metric(REWARDS["qe"], Settings(qe=str(tiny_comet(UNIFIED)))).computed == 0
    assert load_metric(REWARDS["mix"], Settings()) is None
