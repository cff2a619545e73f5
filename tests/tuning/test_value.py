"""Training the head of the reward `value`: labels, ridge, agreement, and the command."""

import itertools
import json

import numpy as np
import pytest
from sacrebleu import sentence_chrf, sentence_ter

from mtreason.cli import app
from mtreason.errors import InputError, MtreasonError
from mtreason.rewards import REWARDS, read_head
from mtreason.tuning.agreement import agreement, standardised
from mtreason.tuning.labels import labels_of, measures_of
from mtreason.tuning.pools import packed, unpacked
from mtreason.tuning.ridge import PENALTIES, Pool, _solver, fit_ridge
from mtreason.tuning.segments import read_segments, read_sources

SOURCES = ["今天天气很好。", "我们去公园吧。", "这双鞋太好了！", "她说天气好。", "公园里的鞋。", "你好吗？"]
REFERENCES = ["The weather is nice.", "Let us go to the park.", "These shoes!", "She says so.", "In the park.", "Hi?"]


def planted(noise, sources=60, candidates=6, width=20, seed=0, scale=1.0):
    """Pools whose labels are a direction of their features, besides what all candidates of a source have in common."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=width)
    pools = []
    for i in range(sources):
        features = rng.normal(size=(candidates, width)) + 50 * rng.normal(size=width)
        labels = features @ direction + noise * rng.normal(size=candidates) + 100 * rng.normal()
        features[:, 3] *= scale
        pools.append(Pool(i % 5, features.astype(np.float32), labels))
    direction[3] /= scale
    return pools, direction


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("width", [20, 400])
def test_a_planted_direction_is_found(width) -> None:
    """Also where there are more features than candidates, and beside what no candidate of a source differs in."""
    pools, direction = planted(noise=1.0, width=width)
    ridge = fit_ridge(pools)
    new, _ = planted(noise=0.0, width=width)
    found = agreement([pool.features @ ridge.weights for pool in new], [pool.labels for pool in new])
    assert found.pairs_right > (0.95 if width == 20 else 0.85)
    assert cosine(ridge.weights, direction) > (0.99 if width == 20 else 0.6)
    assert min(ridge.errors) < (0.1 if width == 20 else 0.9)


def test_dimensions_that_are_hundreds_of_times_as_large_change_nothing() -> None:
    pools, direction = planted(noise=1.0)
    larger, its = planted(noise=1.0, scale=1024.0)  # a power of two: the same digits
    a, b = fit_ridge(pools), fit_ridge(larger)
    assert a.penalty == b.penalty
    assert np.allclose(a.weights[3], b.weights[3] * 1024, rtol=1e-4)
    assert np.allclose(np.delete(a.weights, 3), np.delete(b.weights, 3), rtol=1e-4, atol=1e-6)
    assert its[3] == direction[3] / 1024


def test_noise_is_not_learned() -> None:
    rng = np.random.default_rng(3)
    pools = [
        Pool(i % 5, rng.normal(size=(6, 200)).astype(np.float32), rng.normal(size=6)) for i in range(60)
    ]  # more features than can be told apart
    ridge = fit_ridge(pools)
    assert min(ridge.errors) > 0.95
    held = agreement(ridge.held_out, [pool.labels for pool in pools])
    assert abs(held.pairs_right - 0.5) < 0.06
    inside = agreement([pool.features @ ridge.weights for pool in pools], [pool.labels for pool in pools])
    assert inside.pairs_right > held.pairs_right + 0.1, "why folds are needed"


@pytest.mark.parametrize("fold", range(5))
def test_values_held_out_are_of_weights_that_did_not_see_them(monkeypatch, fold) -> None:
    monkeypatch.setattr("mtreason.tuning.ridge.PENALTIES", (1.0,))
    pools, _ = planted(noise=2.0, sources=20)
    changed = [Pool(p.fold, p.features, -p.labels if p.fold == fold else p.labels) for p in pools]
    both = zip(fit_ridge(pools).held_out, fit_ridge(changed).held_out, pools, strict=True)
    same = [pool.fold for before, after, pool in both if np.allclose(before, after)]
    assert same == [pool.fold for pool in pools if pool.fold == fold]


@pytest.mark.parametrize("shape", [(12, 5), (5, 12)])
def test_both_forms_of_the_solution_are_that_of_the_normal_equations(shape) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=shape), rng.normal(size=shape[0])
    solve = _solver(x, y)
    for penalty in PENALTIES:
        expected = np.linalg.solve(x.T @ x + shape[0] * penalty * np.eye(shape[1]), x.T @ y)
        assert np.allclose(solve(penalty), expected)


def test_the_mean_value_of_all_candidates_is_nothing() -> None:
    pools, _ = planted(noise=1.0)
    ridge = fit_ridge(pools)
    values = np.concatenate([pool.features @ ridge.weights + ridge.offset for pool in pools])
    assert values.mean() == pytest.approx(0, abs=1e-3)


def test_what_nothing_can_be_learned_from() -> None:
    pools, _ = planted(noise=1.0, sources=10)
    with pytest.raises(InputError, match="one document, or one source: a head needs two at least"):
        fit_ridge([Pool(0, p.features, p.labels) for p in pools])
    with pytest.raises(InputError, match="the same label: there is nothing to learn"):
        fit_ridge([Pool(p.fold, p.features, np.full(6, 3.0)) for p in pools])
    with pytest.raises(InputError, match="hidden states of all candidates of each source are the same"):
        fit_ridge([Pool(p.fold, np.ones((6, 4), np.float32), p.labels) for p in pools])


def test_agreement_by_hand() -> None:
    labels = [np.array([1.0, 2.0, 3.0]), np.array([5.0, 5.0])]
    found = agreement([np.array([1.0, 3.0, 2.0]), np.array([1.0, 2.0])], labels)
    assert (found.pairs_right, found.pairs) == (2 / 3, 3)
    assert found.spearman == pytest.approx(0.5)
    assert agreement([np.zeros(3), np.zeros(2)], labels).pairs_right == 0.5
    assert np.isnan(agreement([np.zeros(2)], labels[1:]).pairs_right)


def test_agreement_is_that_of_scipy() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 4, 12).astype(float), rng.integers(0, 4, 12).astype(float)
    assert agreement([scores], [labels]).spearman == pytest.approx(spearmanr(scores, labels).statistic)


def test_labels_are_in_units_of_their_spread_without_the_length() -> None:
    rng = np.random.default_rng(0)
    texts = [["x" * int(n) for n in rng.integers(5, 60, 7)] for _ in range(40)]
    lengths = [np.log([len(t) for t in own]) for own in texts]
    good = [rng.normal(size=7) for _ in texts]
    measures = {
        "a": [1000 * g + 3000 * n for g, n in zip(good, lengths, strict=True)],
        "b": [g - 2 * n + 7 for g, n in zip(good, lengths, strict=True)],
    }
    labels = labels_of(measures, texts)
    flat, long = np.concatenate(labels), np.concatenate([own - own.mean() for own in lengths])
    assert abs(flat @ long) < 1e-9
    assert agreement(labels, good).pairs_right > 0.9
    assert [own.sum() for own in labels] == pytest.approx([0] * 40)
    # Another unit of a measure changes nothing.
    again = labels_of({"a": measures["a"], "b": [own * 50 - 3 for own in measures["b"]]}, texts)
    assert np.allclose(flat, np.concatenate(again))
    assert np.concatenate(standardised(measures["a"])).std() == pytest.approx(1)


def row(i, **changes):
    own = {"id": f"r{i}", "src_lang": "zh", "tgt_lang": "en", "src": SOURCES[i], "refs": [REFERENCES[i], "Shoes, hi"]}
    return {k: v for k, v in (own | {"doc": f"d{i}"} | changes).items() if v is not None}


def write_rows(path, rows):
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return path


def record(texts):
    parts = [{"likelihood": -1.0 * i, "channel": -2.0, "consensus": 0.5 * i, "terms": 9.0 * i} for i in range(9)]
    return {"candidates": [{"text": t, "parts": p} for t, p in zip(texts, parts, strict=False)]}


def test_measures_by_what_a_file_has(tmp_path) -> None:
    texts = ["The weather is good.", "Weather nice."]
    path = write_rows(tmp_path / "a.jsonl", [row(0)])
    [with_refs], _ = read_sources(path, None, None)
    found = measures_of([with_refs], [record(texts)], lambda triples: [len(t) + 0.5 for _, t, _ in triples])
    assert list(found) == ["chrF++", "-TER", "COMET"]
    refs = [REFERENCES[0], "Shoes, hi"]
    assert found["chrF++"][0] == pytest.approx([sentence_chrf(t, refs, word_order=2).score for t in texts])
    assert found["-TER"][0] == pytest.approx([-sentence_ter(t, refs).score for t in texts])
    assert found["COMET"][0].tolist() == [len(t) + 0.5 for t in texts]
    [plain], _ = read_sources(write_rows(tmp_path / "b.jsonl", [row(0, refs=None)]), None, None)
    own = measures_of([plain], [record(texts)], None)
    weights = REWARDS["mix"].weights
    assert list(own) == ["mix"]
    assert own["mix"][0] == pytest.approx(
        [-2 * weights["channel"], -weights["likelihood"] - 2 * weights["channel"] + 0.5 * weights["consensus"]]
    )
    rated = row(0, refs=None, hyps=texts, ratings=[3, 1])
    [segment], _ = read_sources(write_rows(tmp_path / "c.jsonl", [rated]), None, None)
    assert {n: [v.tolist() for v in m] for n, m in measures_of([segment], [record(texts)], None).items()} == {
        "ratings": [[3.0, 1.0]]
    }


def test_sources_of_lines_and_of_rows(tmp_path) -> None:
    lines = tmp_path / "plain.txt"
    lines.write_text("\n".join(["一二三", "", *(f"第{i}行" for i in range(12))]), "utf-8")
    found, left_out = read_sources(lines, "zh-en", None)
    assert left_out == 0
    assert [s.row.source for s in found[:2]] == ["一二三", "第0行"]
    assert [s.document for s in found] == ["0"] * 10 + ["1"] * 3
    with pytest.raises(InputError, match=r"plain\.txt does not say its languages: add --langs, such as --langs zh-en"):
        read_sources(lines, None, None)
    rows = write_rows(tmp_path / "rows.jsonl", [row(0), row(1, refs=None), row(2, doc=None)])
    found, left_out = read_sources(rows, None, None)
    assert ([s.document for s in found], left_out) == (["d0", "0"], 1)
    plain = write_rows(tmp_path / "neither.jsonl", [row(i, refs=None) for i in range(3)])
    assert len(read_sources(plain, None, None)[0]) == 3
    with pytest.raises(InputError, match="no row has refs, or hyps with ratings"):
        read_segments(plain, None, None)


def test_numbers_come_back_from_a_pool_as_they_were() -> None:
    numbers = np.array([1.5, -3e38, 1e-40, 0], np.float32)
    assert unpacked(packed(numbers)).tobytes() == numbers.tobytes()
    for wrong, message in (
        ("!", "base64"),
        ("AAA", "padding"),
        ("AAAA", "size"),
        (packed(np.array([np.inf], np.float32)), "finite"),
    ):
        with pytest.raises(ValueError, match=message):
            unpacked(wrong)


def command(*args):
    app(["tune", "--value", *map(str, args)], standalone_mode=False)


@pytest.fixture
def data(tmp_path):
    return write_rows(tmp_path / "dev.jsonl", [row(i) for i in range(6)])


@pytest.fixture
def trained(tmp_path, terse_model, capfd):
    """Run the command on the terse model; returns what it prints with --json, and what it says."""

    def run(data, *args):
        common = ["--data", data, "--model", terse_model, "-o", tmp_path / "head.safetensors", "--folds", 2, "--json"]
        command(*common, "--budget", 24, *args)
        captured = capfd.readouterr()
        return json.loads(captured.out), captured.err

    return run


def test_command_writes_a_head_that_can_be_used(trained, data, tmp_path, terse_model, capfd) -> None:
    pools = tmp_path / "pools.jsonl"
    report, said = trained(data, "--pools", pools)
    assert "6 sources are few" in said
    assert report["label"] == ["chrF++", "-TER"]
    assert report["folds"] == 2
    assert list(report["held_out"]) == [
        "value", "likelihood", "consensus", "channel", "value + likelihood + consensus", "likelihood + consensus",
    ]  # fmt: skip
    head = read_head(tmp_path / "head.safetensors")
    assert head.directions == ("zh-en",)
    assert head.command.startswith("mtreason")
    assert head.origin["held_out"] == report["held_out"]
    assert head.origin["sources"] == report["sources"] <= 6
    (tmp_path / "in.txt").write_text("今天天气很好。\n", "utf-8")
    args = ["translate", str(tmp_path / "in.txt"), "--from", "zh", "--to", "en", "--model", str(terse_model)]
    args += ["--budget", "3", "--reward", "value", "--head", str(tmp_path / "head.safetensors")]
    assert app(args, standalone_mode=False) in {None, 3}
    assert "was trained for" not in capfd.readouterr().err
    args[args.index("zh")] = "ja"
    assert app(args, standalone_mode=False) in {None, 3}
    assert capfd.readouterr().err.count("was trained for zh-en, not for ja-en") == 1
    # The weight of the head beside other parts is fitted as that of any part.
    fit = ["tune", "--data", data, "--model", terse_model, "-o", tmp_path / "reward.toml", "--folds", 2, "--budget", 12]
    fit += ["--parts", "value,likelihood", "--head", tmp_path / "head.safetensors"]
    app([*map(str, fit)], standalone_mode=False)
    assert "value" in capfd.readouterr().out


def test_goes_on_with_pools_that_are_there(trained, data, tmp_path) -> None:
    pools = tmp_path / "pools.jsonl"
    whole, _ = trained(data, "--pools", pools)
    head = (tmp_path / "head.safetensors").read_bytes()
    raw = pools.read_bytes()
    pools.write_bytes(raw[: raw.index(b"\n", len(raw) // 2) + 30])
    again, said = trained(data, "--pools", pools)
    assert again == whole
    assert "of 6 pools already" in said
    assert (tmp_path / "head.safetensors").read_bytes() == head
    # The same candidates, labelled by the model itself.
    plain = write_rows(tmp_path / "plain.jsonl", [row(i, refs=None) for i in range(6)])
    own, said = trained(plain, "--pools", pools)
    assert own["label"] == ["mix"]
    assert "holds 6 of 6 pools already" in said
    app(["tune", "--data", str(data), "--model", whole["model"], "-o", str(tmp_path / "r.toml"), "--budget", "24",
         "--folds", "2", "--pools", str(tmp_path / "weights.jsonl")], standalone_mode=False)  # fmt: skip
    with pytest.raises(InputError, match="another configuration: it lacks the hidden states; name another --pools"):
        trained(data, "--pools", tmp_path / "weights.jsonl")


def test_ratings_of_given_texts(trained, tmp_path, terse_model) -> None:
    texts = ["The weather is nice today.", "the park is", "shoes shoes never"]
    rows = [row(i, refs=None, hyps=texts, ratings=[4, 2.5 + i, 1]) for i in range(6)]
    path = write_rows(tmp_path / "rated.jsonl", rows)
    args = ["--data", path, "-o", tmp_path / "head.safetensors", "--folds", 2, "--json", "--model"]
    with pytest.raises(InputError, match="--budget: nothing is decoded"):
        trained(path)
    pools = tmp_path / "pools.jsonl"
    command(*args, terse_model, "--pools", pools)
    assert read_head(tmp_path / "head.safetensors").origin["label"] == ["ratings"]
    records = [json.loads(line) for line in pools.read_text("utf-8").splitlines()[1:]]
    assert all(len({c["features"] for c in r["candidates"]}) == 3 for r in records)


def test_table_is_aligned(data, tmp_path, terse_model, capfd) -> None:
    out = tmp_path / "head.safetensors"
    command("--data", data, "--model", terse_model, "-o", out, "--folds", 2, "--budget", 24, "-q")
    lines = capfd.readouterr().out.splitlines()
    table = lines[lines.index("") + 1 :]
    assert len(table) == 7
    assert len({len(line) for line in table}) == 1


def test_what_does_not_go_together(data, tmp_path) -> None:
    out = tmp_path / "head.safetensors"
    one = write_rows(tmp_path / "one.jsonl", [row(0)])
    same = [row(i, refs=None, hyps=["One.", "Two."], ratings=[1, 1]) for i in range(6)]
    for args, message in (
        (["-o", tmp_path / "head.toml"], r"a head is kept in a file whose name ends with \.safetensors"),
        (["--data", one], "one source: a head needs two at least"),
        (["--parts", "likelihood"], "--parts: it does nothing beside --value"),
        (["--prompt"], "--prompt: it does nothing beside --value"),
        (["--head", out], "--head: it does nothing beside --value"),
        (["--decoder", "greedy"], "--decoder 'greedy': expected one that chooses by the reward"),
        (["--data", write_rows(tmp_path / "r.jsonl", same), "--budget", 3], "--budget: nothing is decoded"),
    ):
        with pytest.raises(MtreasonError, match=message):
            command(*itertools.chain(["--data", data, "-o", out], args))
    assert not out.exists()


def test_labels_that_are_all_the_same(tmp_path, terse_model) -> None:
    same = [row(i, refs=None, hyps=["One.", "Two."], ratings=[1, 1]) for i in range(6)]
    path = write_rows(tmp_path / "same.jsonl", same)
    with pytest.raises(InputError, match="the same label: there is nothing to learn"):
        command("--data", path, "-o", tmp_path / "h.safetensors", "--model", terse_model, "--folds", 2)
    rows = [row(i, refs=None, hyps=["One.", "Two."], ratings=[1, 2 + i], doc="d") for i in range(6)]
    with pytest.raises(InputError, match="one document, or one source: a head needs two at least"):
        command("--data", write_rows(path, rows), "-o", tmp_path / "h.safetensors", "--model", terse_model)


def test_a_checkpoint_is_a_part_of_the_label(trained, data, tmp_path, tiny_comet) -> None:
    with_it = tiny_comet("regression_metric")
    report, _ = trained(data, "--qe", with_it)
    assert report["label"] == ["chrF++", "-TER", "COMET"]
    plain = write_rows(tmp_path / "plain.jsonl", [row(i, refs=None) for i in range(6)])
    with pytest.raises(InputError, match=r"needs references, and .*plain\.jsonl has none: name one that does without"):
        trained(plain, "--qe", with_it)
    rated = write_rows(tmp_path / "rated.jsonl", [row(i, refs=None, hyps=["a", "b"], ratings=[1, 2]) for i in range(6)])
    with pytest.raises(InputError, match="has ratings, which are the labels: leave it out"):
        command("--data", rated, "-o", tmp_path / "h.safetensors", "--qe", with_it)
