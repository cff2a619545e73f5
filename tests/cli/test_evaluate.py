"""`mtreason evaluate`: the same figures as sacrebleu's own command, files that fit together, one line for bad ones."""

import json
import re
import shutil
import subprocess
import sys

import pytest
import torch
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import PairedTest
from support.commands import run_inside
from support.systems import streams, texts

from mtreason.evaluation import compare, corpus_metrics
from mtreason.evaluation.learned.estimator import Estimator
from mtreason.evaluation.metrics import TITLES
from mtreason.languages import parse_language


@pytest.fixture
def evaluate(monkeypatch, capfd):
    """Run the command in this process; returns what it prints."""

    def command(*args):
        code, out, err = run_inside(["evaluate", *args], monkeypatch, capfd)
        assert code == 0, err
        return out

    return command


@pytest.fixture
def files(tmp_path, world):
    good, bad, _ = world
    for name, lines in (("good", good), ("bad", bad), ("ref", texts(0)), ("src", ["猫坐着。"] * len(good))):
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")
    return tmp_path


def test_scores_are_those_of_the_sacrebleu_command(files, evaluate) -> None:
    hyps = ["--hyp", files / "bad", "--hyp", files / "good"]
    report = json.loads(evaluate(*hyps, "--ref", files / "ref", "--to", "en", "--json"))
    command = [sys.executable, "-m", "sacrebleu", str(files / "ref"), "-i", str(files / "bad"), str(files / "good")]
    command += ["-m", "bleu", "chrf", "ter", "--chrf-word-order", "2", "--paired-bs", "-f", "json"]
    theirs = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for system, name in zip(theirs, ("bad", "good"), strict=True):
        for key, title in (("bleu", "BLEU"), ("chrf", "chrF2++"), ("ter", "TER")):
            ours = report["systems"][name]["scores"][key]["score"]
            assert ours == pytest.approx(system[title]["score"], abs=1e-6)
            if name == "good":
                p = report["pairs"]["good vs bad"][key]["bootstrap_p_value"]
                assert p == pytest.approx(system[title]["p_value"], abs=1e-9)


def test_both_tests_of_significance_are_those_of_sacrebleu(world) -> None:
    good, bad, references = world
    metrics = corpus_metrics([bad, good], references, parse_language("en"), tuple(TITLES))
    scorers = {"bleu": BLEU(), "chrf2": CHRF(), "chrf": CHRF(word_order=2), "ter": TER()}
    for kind, name in (("ar", "p_value"), ("bs", "bootstrap_p_value")):
        test = PairedTest([("bad", bad), ("good", good)], scorers, streams(references), kind, n_samples=0)
        _, theirs = test()
        for metric, key in zip(metrics, ("BLEU", "chrF2", "chrF2++", "TER"), strict=True):
            assert getattr(compare(metric, 1, 0), name) == pytest.approx(theirs[key][1].p_value, abs=1e-9), key


def test_fewer_errors_are_wins() -> None:
    [ter] = corpus_metrics([["a cat sat"], ["a dog sat"]], [("a cat sat",)], parse_language("en"), ("ter",))
    found = compare(ter, 0, 1)
    assert (found.wins, found.losses) == (1, 0)
    assert found.delta < 0


def test_numbers_that_differ_are_counted_where_the_source_is_known(files, evaluate) -> None:
    (files / "hyp").write_text("560 million\n5.6 million\n", "utf-8")
    (files / "s").write_text("560万\n560万\n", "utf-8")
    (files / "r").write_text("5.6 million\n5.6 million\n", "utf-8")
    given = ("--hyp", files / "hyp", "--ref", files / "r", "--src", files / "s", "--to", "en")
    counts = json.loads(evaluate(*given, "--from", "zh", "--json"))["systems"]["hyp"]["counts"]
    assert counts["numbers"] == 1
    assert "numbers" not in json.loads(evaluate(*given, "--json"))["systems"]["hyp"]["counts"]
    assert "numbers differ" in evaluate(*given, "--from", "zh")


def test_faults_are_counted(files, evaluate) -> None:
    lines = ["", "This source is long enough to be no name.", "Ein 猫 sat.", "The cat sat."]
    (files / "hyp").write_text("\n".join(lines) + "\n", "utf-8")
    (files / "s").write_text("猫\nThis source is long enough to be no name.\n猫\n猫\n", "utf-8")
    (files / "r").write_text("cat\nx\ny\nThe cat sat.\n", "utf-8")
    (files / "terms.tsv").write_text("猫\tcat\n", "utf-8")
    found = evaluate(
        "--hyp", files / "hyp", "--ref", files / "r", "--src", files / "s", "--to", "en", "--from", "zh",
        "--glossary", files / "terms.tsv", "--json",
    )  # fmt: skip
    counts = json.loads(found)["systems"]["hyp"]["counts"]
    assert counts == {
        "empty": 1, "copied": 1, "wrong_script": 1, "terms": 3, "terms_right": 1, "numbers": 0,
        "length_ratio": pytest.approx(sum(map(len, lines)) / 17),
    }  # fmt: skip


def test_results_of_a_benchmark_bring_everything_along(tmp_path, evaluate) -> None:
    rows = [
        {"system": s, "pair": "zh-en", "id": i, "src": "猫", "refs": ["The cat sat."], "translation": t}
        for s, t in (("greedy", "A cat."), ("mcts", "The cat sat."))
        for i in "abc"
    ]
    file = tmp_path / "results.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in rows[:-1]), "utf-8")
    report = json.loads(evaluate("--hyp", file, "--to", "en", "--metric", "chrf", "--json"))
    assert report["segments"] == 2, "what both systems have"
    assert report["systems"]["mcts"]["scores"]["chrf"]["score"] == 100
    table = evaluate("--hyp", file, "--to", "en")
    assert "mcts vs greedy" in table
    assert "an indication" in table


def test_a_trace_is_put_in_order_and_blank_lines_count_nothing(tmp_path, evaluate) -> None:
    """Segments stand in a trace as they were finished, several on a line, and blank lines are not in it."""
    records = [
        {"segment": number, "line": line, "source": source, "translation": text}
        for number, line, source, text in ((3, 3, "丙", "C."), (2, 1, "乙", "B."), (1, 1, "甲", "A."))
    ]
    trace = tmp_path / "trace.jsonl"
    trace.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    for name, text in (("src", "甲乙\n\n丙\n\n"), ("ref", "A. B.\n\nC.\n\n")):
        (tmp_path / name).write_text(text, "utf-8")
    common = ["--ref", tmp_path / "ref", "--to", "en", "--metric", "chrf", "--json"]
    report = json.loads(evaluate("--hyp", trace, *common))
    [system] = report["systems"].values()
    assert (report["segments"], system["counts"]["empty"]) == (2, 0)
    assert system["scores"]["chrf"]["score"] == pytest.approx(100)
    (tmp_path / "plain").write_text("A. B.\n\n\n\n", "utf-8")
    [system] = json.loads(evaluate("--hyp", tmp_path / "plain", "--src", tmp_path / "src", *common))["systems"].values()
    assert system["counts"]["empty"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hyp", "good", "--to", "en"], "add --ref"),
        (["--hyp", "good", "--ref", "short", "--to", "en"], "short has 1 lines, .*good has 40 segments"),
        (["--hyp", "good", "--hyp", "short", "--to", "en"], "good has 40, short has 1"),
        (["--hyp", "empty", "--ref", "empty", "--to", "en"], "empty is empty"),
        (["--hyp", "missing", "--to", "en"], "missing cannot be read"),
        (["--hyp", "good", "--hyp", "good", "--to", "en"], "two systems are called 'good'"),
        (["--hyp", "good", "--ref", "ref", "--metric", "blue", "--to", "en"], "did you mean 'bleu'"),
        (["--hyp", "good", "--ref", "ref", "--metric", "comet", "--to", "en"], "comet looks at the source"),
        (["--hyp", "good", "--ref", "ref", "--to", "en", "--glossary", "t"], "name it with --src"),
        (["--hyp", "good", "--ref", "ref", "--to", "en", "--comet-encoder", "d"], "--comet-encoder belongs to"),
        (["--hyp", "bad.jsonl", "--to", "en"], r"bad.jsonl:1: expected"),
    ],
)  # fmt: skip
def test_bad_input(files, monkeypatch, capfd, arguments, message) -> None:
    (files / "short").write_text("one\n", "utf-8")
    (files / "empty").write_text("", "utf-8")
    (files / "bad.jsonl").write_text('{"translation": 3, "line": 1}\n', "utf-8")
    monkeypatch.chdir(files)
    code, _, err = run_inside(["evaluate", *arguments], monkeypatch, capfd)
    [line] = err.splitlines()
    assert code == 2, err
    assert re.search(message, line)


# The command makes the model half as precise, which moves scores by some 1e-4; all else is to be the same.
COMET_SCORE = """
import torch
torch.nn.Module.half = lambda self: self
from comet.cli.score import score_command
score_command()
"""


def test_comet_scores_are_those_of_the_comet_score_command(files, evaluate, tiny_comet, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    checkpoint = tiny_comet("regression_metric")
    common = ["-s", files / "src", "-r", files / "ref", "--gpus", "0", "--quiet", "--to_json", files / "comet.json"]
    model = checkpoint / "checkpoints" / "model.ckpt"
    command = [sys.executable, "-W", "ignore", "-c", COMET_SCORE, "-t", files / "bad", files / "good", *common]
    subprocess.run([*map(str, command), "--model", str(model)], check=True, capture_output=True, timeout=300)
    theirs = json.loads((files / "comet.json").read_text("utf-8"))
    hyps = ["--hyp", files / "bad", "--hyp", files / "good", "--src", files / "src", "--ref", files / "ref"]
    arguments = [*hyps, "--to", "en", "--metric", "comet", "--comet-model", checkpoint, "--json"]
    report = json.loads(evaluate(*arguments))
    for name in ("bad", "good"):
        segments = [row["COMET"] for row in theirs[str(files / name)]]
        ours = report["systems"][name]["scores"]["comet"]["score"]
        assert ours == pytest.approx(sum(segments) / len(segments), abs=1e-5)
    sources, references = texts_of(files / "src"), texts_of(files / "ref")
    triples = list(zip(sources, texts_of(files / "bad"), references, strict=True))
    expected = [row["COMET"] for row in theirs[str(files / "bad")]]
    assert Estimator(str(checkpoint)).scores(triples) == pytest.approx(expected, abs=1e-5)
    assert "good vs bad" in report["pairs"]
    assert f"model:{checkpoint.name}|" in report["signatures"]["comet"]


def texts_of(file):
    return file.read_text("utf-8").splitlines()


def test_another_encoder(files, evaluate, tiny_comet, tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    made = tiny_comet("referenceless_regression_metric")
    moved = tmp_path / "moved"
    shutil.copytree(made, moved)
    (moved / "encoder").rename(tmp_path / "elsewhere")
    checkpoint = torch.load(moved / "checkpoints" / "model.ckpt", weights_only=False)
    checkpoint["hyper_parameters"]["pretrained_model"] = "no/such-encoder"
    torch.save(checkpoint, moved / "checkpoints" / "model.ckpt")
    arguments = ["--hyp", files / "bad", "--src", files / "src", "--to", "en", "--metric", "comet", "--json"]
    found = evaluate(*arguments, "--comet-model", moved, "--comet-encoder", tmp_path / "elsewhere")
    scores = json.loads(found)["systems"]["bad"]["scores"]["comet"]["score"]
    expected = json.loads(evaluate(*arguments, "--comet-model", made))["systems"]["bad"]["scores"]["comet"]["score"]
    assert scores == pytest.approx(expected, abs=1e-9)
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "no scores yet"))
    missing = tmp_path / "nowhere"
    for extra, message in (
        (["--comet-model", moved, "--comet-encoder", missing], "nowhere does not fit the COMET checkpoint"),
        (["--comet-encoder", made], "--comet-encoder belongs to --comet-model"),
    ):
        code, _, err = run_inside(["evaluate", *arguments, *extra, "-q"], monkeypatch, capfd)
        [line] = err.splitlines()
        assert code != 0
        assert message in line
