"""Tuning: the search for weights, the evidence for them, the pools, and the command."""

import itertools
import json
import math
import re
import tomllib

import numpy as np
import pytest
import sacrebleu

from mtreason.cli import app
from mtreason.cli import tune as tune_command
from mtreason.cli.loading import Session
from mtreason.decoding.wordings import read_wording
from mtreason.errors import InputError, InterruptedRunError, MtreasonError
from mtreason.evaluation.learned.estimator import Estimator
from mtreason.rewards import REWARDS, load_reward
from mtreason.rewards.consensus import chrf_matrix
from mtreason.runs.spec import RunSpec
from mtreason.tuning import Judged, PoolFile, read_segments, tune
from mtreason.tuning.fit import _Grid, assign_folds, choose, finest, gold_table, simplex

PARTS = ["likelihood", "channel", "consensus"]
SCALES = {"likelihood": 0.1, "channel": 0.3, "consensus": 0.05}
DEFAULT = {"likelihood": 1 / 3, "channel": 1 / 3, "terms": 1 / 3}


def synthetic(true, noise, segments=120, candidates=8, seed=0):
    """Pools whose gold value is a weighted sum of their parts, in units of the parts' scales, and noise."""
    generator = np.random.default_rng(seed)
    pools = []
    for i in range(segments):
        values = generator.normal(size=(len(true), candidates))
        gold = np.array(list(true.values())) @ values + noise * generator.normal(size=candidates)
        parts = {part: (own * SCALES[part]).tolist() for part, own in zip(true, values, strict=True)}
        pools.append(Judged("abc"[i % 3], parts, gold.tolist(), float(gold[0])))
    return pools


def in_scales(weights):
    shares = {part: weight * SCALES[part] for part, weight in weights.items()}
    return {part: share / sum(shares.values()) for part, share in shares.items()}


def brute_force(pools, weights):
    chosen = []
    for pool in pools:
        totals = [
            math.fsum(w * pool.parts[p][c] for p, w in weights.items() if p in pool.parts)
            for c in range(len(pool.gold))
        ]
        chosen.append(pool.gold[totals.index(max(totals))])
    return chosen


@pytest.mark.parametrize("true", [(0.5, 0.3, 0.2), (0.2, 0.2, 0.6), (0.8, 0.1, 0.1)])
def test_known_weights_are_found(true) -> None:
    true = dict(zip(PARTS, true, strict=True))
    tuned = tune(synthetic(true, noise=0.1), PARTS, DEFAULT, 5, 0)
    assert in_scales(tuned.weights) == pytest.approx(true, abs=0.05)
    assert sum(tuned.weights.values()) == pytest.approx(1, abs=1e-12)
    assert tuned.over_default.low > 0
    assert tuned.over_first.low > 0
    assert tuned.training["default"] < tuned.training["fitted"] <= tuned.training["best"]


def test_gain_that_is_promised_is_kept_on_new_segments() -> None:
    true = {"likelihood": 0.2, "channel": 0.1, "consensus": 0.7}
    promised, kept = [], []
    for seed in range(6):
        tuned = tune(synthetic(true, noise=1.5, seed=seed), PARTS, DEFAULT, 5, 0)
        new = synthetic(true, noise=1.5, segments=1000, seed=100 + seed)
        promised.append(tuned.over_default.delta)
        kept.append((choose(new, tuned.weights) - choose(new, DEFAULT)).mean())
    assert np.mean(kept) > 0.2
    assert np.mean(promised) == pytest.approx(np.mean(kept), abs=0.1)


def test_noise_promises_nothing() -> None:
    found = [
        tune(synthetic(dict.fromkeys(PARTS, 0.0), noise=1.0, seed=seed), PARTS, DEFAULT, 5, 0) for seed in range(10)
    ]
    gains = [tuned.over_default.delta for tuned in found]
    assert abs(np.mean(gains)) < 3 * np.std(gains) / math.sqrt(len(gains)) + 0.02
    assert sum(t.over_default.low <= 0 <= t.over_default.high for t in found) >= 8
    # On the data that it was fitted to, the same fit seems to gain: what the folds are for.
    assert np.mean([t.training["fitted"] - t.training["default"] for t in found]) > np.mean(gains) + 0.05


@pytest.mark.parametrize("parts", [1, 2, 3, 4])
def test_grid_is_the_simplex(parts) -> None:
    steps = 6
    expected = [p for p in itertools.product(range(steps + 1), repeat=parts) if sum(p) == steps]
    assert simplex(parts, steps).tolist() == [list(p) for p in expected]
    fine = finest(parts, 2000)
    assert math.comb(fine + parts - 1, parts - 1) <= 2000
    assert fine == 100 or math.comb(fine + parts, parts - 1) > 2000


def test_grid_knows_what_is_chosen() -> None:
    pools = synthetic(dict.fromkeys(PARTS, 1.0), noise=1.0, segments=7, candidates=5)
    weights = simplex(3, 7) / 7
    table = gold_table(pools, PARTS, weights)
    for point, own in zip(weights.tolist(), table.tolist(), strict=True):
        named = dict(zip(PARTS, point, strict=True))
        assert own == pytest.approx(brute_force(pools, named))
        assert own == pytest.approx(choose(pools, named).tolist())


def test_best_of_two_parts_is_between_the_exact_borders() -> None:
    """One segment, where the candidate in the middle wins only between two crossings of lines."""
    pool = Judged("", {"likelihood": [0.0, 0.7, 1.0], "channel": [1.0, 0.7, 0.0]}, [0.0, 5.0, 1.0], 0.0)
    grid = _Grid([pool], ["likelihood", "channel"], [1.0, 1.0])
    weight, other = grid.best(np.ones(1, bool), 0)
    assert weight + other == pytest.approx(1)
    # 1 - w = 0.7 at the lower border, w = 0.7 at the upper; the middle of the area is taken.
    assert weight == pytest.approx(0.5, abs=0.01)


def test_ties_go_to_the_first() -> None:
    pool = Judged("", {"likelihood": [0.5, 0.5, 0.1]}, [1.0, 2.0, 3.0], 1.0)
    assert choose([pool], {"likelihood": 1.0}).tolist() == [1.0]
    assert choose([pool], {"terms": 1.0}).tolist() == [1.0]


def test_part_that_never_differs_keeps_its_share() -> None:
    pools = [
        Judged(p.domain, {**p.parts, "terms": [0.0] * 8, "llama-o1": [-0.3] * 8}, p.gold, p.first)
        for p in synthetic({"likelihood": 0.5, "channel": 0.5}, noise=0.2)
    ]
    tuned = tune(pools, ["likelihood", "terms", "channel", "llama-o1"], DEFAULT, 4, 0)
    assert tuned.kept == ("terms", "llama-o1")
    assert list(tuned.weights) == ["likelihood", "terms", "channel", "llama-o1"]
    assert tuned.weights["terms"] == pytest.approx(1 / 3)
    assert tuned.weights["llama-o1"] == 0
    assert sum(tuned.weights.values()) == pytest.approx(1)
    assert in_scales({p: tuned.weights[p] for p in ("likelihood", "channel")})["channel"] == pytest.approx(0.5, abs=0.1)


def test_what_cannot_be_fitted_is_refused() -> None:
    pools = synthetic({"likelihood": 1.0}, noise=0.1, segments=4)
    with pytest.raises(InputError, match="4 segments cannot be cut into 5 folds"):
        tune(pools, ["likelihood"], DEFAULT, 5, 0)
    same = [Judged("", {"likelihood": [1.0, 1.0]}, [0.0, 1.0], 0.0)] * 5
    with pytest.raises(InputError, match="likelihood: equal for all candidates of every segment"):
        tune(same, ["likelihood"], DEFAULT, 5, 0)


def test_folds_deal_out_every_domain() -> None:
    domains = ["a"] * 11 + ["b"] * 5 + ["c"] * 7
    numbers = assign_folds(domains, 5, 3)
    assert np.ptp(np.bincount(numbers)) <= 1
    for domain in "abc":
        own = np.bincount([n for n, d in zip(numbers, domains, strict=True) if d == domain], minlength=5)
        assert np.ptp(own) <= 1
    assert numbers.tolist() == assign_folds(domains, 5, 3).tolist()
    assert numbers.tolist() != assign_folds(domains, 5, 4).tolist()


SOURCES = ["今天天气很好。", "我们去公园吧。", "这双鞋太好了！", "她说天气好。", "公园里的鞋。", "你好吗？"]
REFERENCES = ["The weather is nice.", "Let us go to the park.", "These shoes!", "She says so.", "In the park.", "Hi?"]
HYPOTHESES = ["The weather is nice today.", "the park is", "shoes shoes never"]


def row(i, **changes):
    own = {"id": f"r{i}", "src_lang": "zh", "tgt_lang": "en", "src": SOURCES[i], "refs": [REFERENCES[i], "Shoes, hi"]}
    return own | {"domain": "chat" if i % 2 else "review"} | changes


def rated(i, **changes):
    return {k: v for k, v in row(i).items() if k != "refs"} | {"hyps": HYPOTHESES, "ratings": [4, 2.5, 1]} | changes


def write_rows(path, rows):
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return path


def command(*args):
    app(["tune", *map(str, args)], standalone_mode=False)


@pytest.fixture
def data(tmp_path):
    return write_rows(tmp_path / "dev.jsonl", [row(i) for i in range(6)])


@pytest.fixture
def fitted(data, tmp_path, tiny_model, capfd):
    """Run the command with a small budget; returns what it prints with --json, and what it says."""

    def run(*args, data=data, budget=("--budget", 12)):
        common = ["--data", data, "--model", tiny_model, "-o", tmp_path / "reward.toml", "--folds", 3, "--json"]
        command(*common, *budget, *args)
        captured = capfd.readouterr()
        return json.loads(captured.out), captured.err

    return run


def test_command_writes_a_reward_that_can_be_used(fitted, tmp_path, capfd) -> None:
    report, said = fitted("--pools", tmp_path / "pools.jsonl")
    assert "6 segments are few" in said
    assert report["segments"] == sum(fold["segments"] for fold in report["folds"])
    assert len(report["folds"]) == 3
    assert "terms" in report["kept"]
    reward = load_reward(str(tmp_path / "reward.toml"))
    assert reward.name == "reward"
    assert reward.weights == pytest.approx({p: w for p, w in report["weights"].items() if w}, abs=1e-3)
    fit = tomllib.loads((tmp_path / "reward.toml").read_text("utf-8"))["fit"]
    assert (fit["gold"], fit["pair"], fit["data"], fit["folds"]) == ("chrF++", "zh-en", "dev.jsonl", 3)
    assert fit["gain_over_default"] == pytest.approx(report["over_default"]["delta"], abs=1e-4)
    (tmp_path / "in.txt").write_text("今天天气很好。\n", "utf-8")
    model = ["--model", json.loads((tmp_path / "pools.jsonl").read_text("utf-8").splitlines()[0])["pools"]["model"]]
    args = ["translate", str(tmp_path / "in.txt"), "--from", "zh", "--to", "en", *model, "--budget", "3"]
    assert app([*args, "--reward", str(tmp_path / "reward.toml")], standalone_mode=False) in {None, 3}
    assert f"reward {tmp_path / 'reward.toml'}" in capfd.readouterr().err


def test_pools_hold_what_decides(fitted, tmp_path) -> None:
    report, _ = fitted("--pools", tmp_path / "pools.jsonl", "--parts", "likelihood,consensus")
    head, *records = [json.loads(line) for line in (tmp_path / "pools.jsonl").read_text("utf-8").splitlines()]
    assert set(head["pools"]["parts"]) == {*REWARDS["mix"].weights, "likelihood", "consensus"}
    assert sorted(r["id"] for r in records) == [f"r{i}" for i in range(6)]
    best, first = [], []
    for record in records:
        own = [record["greedy"], *(c["text"] for c in record["candidates"])]
        refs = [REFERENCES[int(record["id"][1:])], "Shoes, hi"]
        greedy, *gold = (sacrebleu.sentence_chrf(t, refs, word_order=2).score for t in own)
        if gold:
            best.append(max(gold))
            first.append(greedy)
            assert record["greedy"] not in own[2:]
            assert own[2:] == sorted(own[2:])
            assert all(
                head["pools"]["parts"] and set(head["pools"]["parts"]) <= set(c["parts"]) for c in record["candidates"]
            )
    assert report["segments"] == len(best)
    assert report["training"]["best"] == pytest.approx(np.mean(best))
    assert report["training"]["first"] == pytest.approx(np.mean(first))


@pytest.mark.parametrize("cut", ["middle of a line", "middle of the first line", "nothing"])
def test_goes_on_with_pools_that_are_there(fitted, tmp_path, cut, monkeypatch) -> None:
    pools = tmp_path / "pools.jsonl"
    whole, _ = fitted("--pools", pools)
    raw = pools.read_bytes()
    keep = {"middle of a line": raw.index(b"\n", len(raw) // 2) + 30, "middle of the first line": 20, "nothing": None}
    pools.write_bytes(raw[: keep[cut]])
    if cut == "nothing":
        monkeypatch.setattr(Session, "open_model", lambda *_: pytest.fail("the model is not needed"))
    again, said = fitted("--pools", pools)
    assert again == whole
    assert sorted(pools.read_bytes().split(b"\n")) == sorted(raw.split(b"\n"))
    if cut != "middle of the first line":
        assert "of 6 pools already" in said


def test_interrupt_keeps_pools(fitted, tmp_path, monkeypatch) -> None:
    add = PoolFile.add

    def stop_at_third(self, record):
        if len(self.records) == 2:
            raise KeyboardInterrupt
        add(self, record)

    with monkeypatch.context() as patch:
        patch.setattr(PoolFile, "add", stop_at_third)
        with pytest.raises(InterruptedRunError, match="2 pools of this run are made; the same command goes on in"):
            fitted("--pools", tmp_path / "pools.jsonl")
        with pytest.raises(InterruptedRunError, match="nothing is kept: name a file with --pools"):
            fitted()
    assert "holds 2 of 6 pools already" in fitted("--pools", tmp_path / "pools.jsonl")[1]
    assert not list(tmp_path.glob(".*"))


def test_pools_of_another_configuration_are_refused(fitted, data, tmp_path) -> None:
    pools = tmp_path / "pools.jsonl"
    fitted("--pools", pools, "--parts", "likelihood,channel,consensus")
    before = pools.read_bytes()
    with pytest.raises(InputError, match=r"another configuration: .*budget was 12\.0, now 3\.0; name another --pools"):
        fitted("--pools", pools, "--parts", "likelihood", budget=("--budget", 3))
    with pytest.raises(InputError, match="another configuration: it lacks llama-o1; name another"):
        fitted("--pools", pools, "--parts", "likelihood,llama-o1")
    report, _ = fitted("--pools", pools, "--parts", "likelihood,channel")
    assert list(report["weights"]) == ["likelihood", "channel"]
    write_rows(data, [row(i, src=SOURCES[i] * 2) for i in range(6)])
    with pytest.raises(InputError, match="the segment 'r0' has changed since"):
        fitted("--pools", pools)
    assert pools.read_bytes() == before


RUN = RunSpec("1", "", "", "", "zh", "en", {}, {})
HEAD = json.dumps({"pools": {"parts": ["likelihood"], "run": RUN.to_json()}}).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello", "is not what 'mtreason tune --pools' writes"),
        (b"hello\n", ":1: not what 'mtreason tune --pools' writes"),
        (b"[]\n", ":1: not what"),
        (b'{"pools": {"parts": ["likelihood"]}}\n', ":1: not what"),
        (
            HEAD + b'{"id": "r0"}\n',
            ":2: not what 'mtreason tune --pools' writes: delete",
        ),
        (
            HEAD.replace(b'"parts": ["likelihood"]', b'"parts": []') + b'{"id": 1\n',
            ":2: not what 'mtreason tune --pools' writes: delete",
        ),
    ],
)
def test_file_of_something_else_is_not_touched(tmp_path, content, message) -> None:
    path = tmp_path / "pools.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        PoolFile(path)
    assert f"{path}" in str(caught.value)
    assert message in str(caught.value)
    assert path.read_bytes() == content


def test_given_texts_are_judged(fitted, tmp_path, tiny_model) -> None:
    data = write_rows(tmp_path / "rated.jsonl", [rated(i) for i in range(6)])
    pools = tmp_path / "pools.jsonl"
    report, _ = fitted("--pools", pools, "--parts", "likelihood,consensus,channel", data=data, budget=())
    assert report["gold"] == "ratings"
    assert report["training"]["best"] == report["training"]["first"] == 4
    head, *records = [json.loads(line) for line in pools.read_text("utf-8").splitlines()]
    assert "confidence" not in records[0]["candidates"][0]["parts"]
    assert head["pools"]["candidates"] == "rated"
    for record in records:
        assert [c["text"] for c in record["candidates"]] == HYPOTHESES
        # The two others are what each is compared with.
        utilities = chrf_matrix(HYPOTHESES, HYPOTHESES)
        expected = (utilities.sum(1) - np.diag(utilities)) / 2
        assert [c["parts"]["consensus"] for c in record["candidates"]] == pytest.approx(expected, abs=1e-5)
    assert by_hand(tiny_model, SOURCES[0], HYPOTHESES[0]) == pytest.approx(
        next(r for r in records if r["id"] == "r0")["candidates"][0]["parts"]["likelihood"], abs=1e-4
    )


def by_hand(tiny_model, source, text):
    """Mean log-probability of the text and its end after the prompt, by the library's own forward pass."""
    from mtreason.languages import Direction, parse_language
    from mtreason.models.engine.load import load_directory
    from mtreason.runs.translator import Translator

    loaded = load_directory(tiny_model, note=pytest.fail)
    direction = Direction(parse_language("zh"), parse_language("en"))
    translator = Translator(loaded, direction.source, direction.target)
    task = translator.bind(translator.task(0, source))
    target = [*translator.codec.encode(text), translator.codec.end]
    prefixes = loaded.model.extend([task.head], [task.prompt])
    total = 0.0
    for token in target:  # one token at a time
        [log_probs] = loaded.model.score(prefixes, [[token]])
        total += float(log_probs[0])
        prefixes = loaded.model.extend(prefixes, [[token]])
    return total / len(target)


def test_learned_metric_is_a_part(fitted, tmp_path, tiny_comet) -> None:
    data = write_rows(tmp_path / "rated.jsonl", [rated(i) for i in range(6)])
    checkpoint = tiny_comet("referenceless_regression_metric")
    pools = tmp_path / "pools.jsonl"
    report, _ = fitted("--parts", "likelihood,qe", "--qe", checkpoint, "--pools", pools, data=data, budget=())
    assert list(report["weights"]) == ["likelihood", "qe"]
    records = [json.loads(line) for line in pools.read_text("utf-8").splitlines()[1:]]
    found = {(r["src"], c["text"]): c["parts"]["qe"] for r in records for c in r["candidates"]}
    triples = [(source, text, None) for source, text in found]
    assert Estimator(str(checkpoint)).scores(triples) == pytest.approx(list(found.values()), abs=1e-5)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(0), row(1, src_lang="en", tgt_lang="zh")], "has zh-en, en-zh: weights are fitted to one pair"),
        ([row(0, refs=[]), row(1, refs=[])], "no row has refs, or hyps with ratings"),
        ([row(0), rated(1)], "1 rows have ratings and 1 have references"),
        ([rated(0), rated(1, ratings=[1, 2])], ":2: 3 hyps and 2 ratings"),
        ([rated(0, hyps=["a", " ", "b"])], ":1: hyps must be a list of texts that are not blank"),
        ([rated(0, ratings=[1, "2", 3])], ":1: ratings must be a list of numbers"),
        ([rated(0, ratings=[1, True, 3])], ":1: ratings must be a list of numbers"),
        ([rated(0, ratings=[1, float("nan"), 3])], ":1: ratings must be a list of numbers"),
        ([rated(0, hyps=["a", "\ud800", "b"])], "line 1, byte offset 116, is not UTF-8"),
    ],
)
def test_rows_that_cannot_be_used(tmp_path, rows, message) -> None:
    path = tmp_path / "dev.jsonl"
    path.write_bytes(b"".join(json.dumps(r, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n" for r in rows))
    with pytest.raises(InputError) as caught:
        read_segments(path, None, None)
    assert message in str(caught.value)


def test_rows_are_picked(tmp_path) -> None:
    rows = [row(0), row(1, refs=[]), row(2), row(3, src_lang="en", tgt_lang="zh", src="Hi"), row(4), row(5)]
    path = write_rows(tmp_path / "dev.jsonl", rows)
    segments, left_out = read_segments(path, "zh-en", 2)
    assert ([s.row.id for s in segments], left_out) == (["r0", "r4"], 1)
    assert [s.row.id for s in read_segments(path, "en-zh", None)[0]] == ["r3"]
    with pytest.raises(InputError, match=r"--langs 'zh-fr': .*dev\.jsonl has zh-en, en-zh"):
        read_segments(path, "zh-fr", None)


def test_arguments_that_do_not_go_together(data, tmp_path) -> None:
    out = tmp_path / "r.toml"
    ratings = write_rows(tmp_path / "rated.jsonl", [rated(i) for i in range(6)])
    for args, message in (
        (["--parts", "likelihod"], "no such part, did you mean 'likelihood'"),
        (["--decoder", "mbr"], "--decoder 'mbr': expected one that chooses by the reward: best-of-n"),
        (["--budget", "0"], "`budget` 0"),
        (["--parts", "likelihood,qe"], "--parts qe: needs a COMET checkpoint: name one with --qe"),
        (["--qe", "none.ckpt"], "--qe none.ckpt: nothing here uses it: add qe or comet-consensus to --parts"),
        (["--pools", data], "--pools .* is named for something else"),
        (["--pools", out], "-o .* is named for something else|--pools .* is named for something else"),
        (["--pools", tmp_path], "is a directory"),
        (["--pools", tmp_path / "no" / "p"], "there is no directory"),
        (["--data", ratings, "--parts", "likelihood,confidence"], "--parts confidence: not known of texts"),
        (["--data", ratings, "--budget", 3], "--budget: nothing is decoded"),
    ):
        with pytest.raises(MtreasonError, match=message):
            command("--data", data, "-o", out, *args)
    assert not out.exists()


def test_table_is_aligned(data, tmp_path, tiny_model, capfd) -> None:
    command("--data", data, "--model", tiny_model, "-o", tmp_path / "r.toml", "--folds", 2, "--budget", 12, "-q")
    captured = capfd.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].endswith("segments, 2 folds, gold: chrF++")
    parts = ["part", *tune_command.PARTS_TO_FIT.split(",")]
    weights = lines[lines.index("") + 1 :][: len(parts)]
    assert [line.split()[0] for line in weights] == parts
    assert {len(line.split("  not fitted")[0]) for line in weights} == {29}
    folds = [line for line in lines if line[:1].isdigit()][-2:]
    assert len({len(line) for line in folds}) == 1
    assert "few" in captured.err


def test_the_best_wording_and_what_choosing_gains() -> None:
    from mtreason.tuning.wordings import Tried, pick_best

    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, 60)
    gains = {"usual": 0.0, "better": 2.0, "worse": -2.0}
    tried = [Tried(n, (), tuple((40 + g + noise).tolist()), (), (), {}, 9.0) for n, g in gains.items()]
    folds = [list(range(k, 60, 5)) for k in range(5)]
    name, over, by_fold = pick_best(tried, "usual", folds)
    assert name == "better"
    assert by_fold == ["better"] * 5
    assert over.delta == pytest.approx(2.0)
    assert (over.wins, over.losses) == (60, 0)


def test_a_choice_by_chance_gains_nothing_on_segments_held_out() -> None:
    from mtreason.tuning.wordings import Tried, pick_best

    gains = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        tried = [Tried(str(i), (), tuple(rng.normal(40, 5, 40).tolist()), (), (), {}, 9.0) for i in range(8)]
        _, over, _ = pick_best(tried, "0", [list(range(k, 40, 5)) for k in range(5)])
        gains.append(over.delta)
    assert abs(np.mean(gains)) < 0.5


def test_a_wording_is_tuned_from_the_command_line(tiny_model, tmp_path, capfd, data) -> None:
    out = tmp_path / "wording.toml"
    own = tmp_path / "own.toml"
    own.write_text('instruction = "To {target}: "\n', "utf-8")
    command("--prompt", "--data", data, "-o", out, "--prompts", f"formal,{own}", "--folds", 2, "--model", tiny_model)
    table = capfd.readouterr().out
    assert all(name in table for name in ("formal", "short", "own", "picked", "usual", "held out"))
    assert read_wording(out).name in {"formal", "short", "own"}
    assert out.read_text("utf-8").startswith("# ")
    before = out.read_bytes()
    command(
        "--prompt", "--data", data, "-o", out, "--prompts", f"formal,{own}", "--folds", 2, "--model", tiny_model,
        "--json",
    )  # fmt: skip
    report = json.loads(capfd.readouterr().out)
    assert {row["wording"] for row in report["wordings"]} == {"formal", "short", "own"}
    assert report["usual"] == "short"
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (["--budget", "4"], "--budget: it is about weights"),
        (["--pools", "p.jsonl"], "--pools: it is about weights"),
        (["--prompts", "nothing"], "no such wording"),
        (["-o", "wording.txt"], "ends with .toml"),
        (["--folds", "99"], "--folds 99"),
    ],
)
def test_what_a_wording_cannot_be_tuned_with(tmp_path, data, extra, told) -> None:
    with pytest.raises(MtreasonError, match=re.escape(told)):
        command("--prompt", "--data", data, "-o", tmp_path / "w.toml", *extra)
