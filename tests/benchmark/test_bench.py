"""Benchmarks: what is read, what is written, what goes on after a cut, and what the tables hold."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sacrebleu
from support.common import head_for

from mtreason.benchmark import SYSTEMS, by_pair, optimised, read_files, read_rows, read_testset
from mtreason.benchmark import run as run_module
from mtreason.benchmark.results import ResultsWriter
from mtreason.benchmark.systems import COMMON_REWARD, own_settings, settings_of
from mtreason.cli import app
from mtreason.decoding import DECODERS
from mtreason.errors import InputError, InterruptedRunError, MtreasonError
from mtreason.evaluation.learned.estimator import Estimator
from mtreason.models.files.resolve import content_digest
from mtreason.report import build_report, read_benchmark, to_markdown
from mtreason.rewards import REWARDS, read_head, write_head
from mtreason.runs.checks import check_settings
from mtreason.runs.settings import Settings

THREE = ["greedy", "best-of-n:mix", "mcts"]
SOURCES = ["今天天气很好。", "我们去公园吧。", "这双鞋的踩屎感太强了！", "穿上就不想脱下来。", "天气太好了！"]
REFERENCES = [
    ["The weather is nice today.", "It is a fine day."], ["Let us go to the park."], [],
    ["I never want to take them off."], ["The weather is so nice!"],
]  # fmt: skip


def row(i, **changes):
    own = {"id": f"r{i}", "src_lang": "zh", "tgt_lang": "en", "src": SOURCES[i], "refs": REFERENCES[i]}
    return own | {"domain": "chat" if i % 2 else "review"} | changes


def write_rows(path, rows):
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return path


def command(*args):
    app([*map(str, args)], standalone_mode=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_rows(tmp_path_factory.mktemp("data") / "data.jsonl", [row(i) for i in range(5)])


@pytest.fixture(scope="module")
def bench(data, tiny_model):
    """Run the command with three systems, or others."""

    def run(out, *args, systems=THREE, data=data, budgets="2"):
        common = ["--model", tiny_model, "--budgets", budgets, "--systems", ",".join(systems)]
        command("bench", "run", "--data", data, *common, "-o", out, *args)
        return out

    return run


@pytest.fixture(scope="module")
def finished(bench, tmp_path_factory):
    return bench(tmp_path_factory.mktemp("bench") / "out")


def lines(directory):
    return [json.loads(line) for line in (directory / "results.jsonl").read_text("utf-8").splitlines()]


def settled(directory):
    """Results without what differs from run to run: the order, and the seconds."""
    return sorted(json.dumps({k: v for k, v in r.items() if k != "seconds"}) for r in lines(directory))


def test_one_line_for_each_system_and_segment(finished) -> None:
    found = lines(finished)
    assert sorted((r["system"], r["id"]) for r in found) == sorted((s, f"r{i}") for s in THREE for i in range(5))
    for record in found:
        number = int(record["id"][1:])
        assert (record["src"], record["refs"], record["pair"]) == (SOURCES[number], REFERENCES[number], "zh-en")
        assert record["cost_tokens"] == sum(record["cost"].values()) > 0
        assert 1 <= record["distinct"] <= record["candidates"]
        assert record["seconds"] >= 0
        assert (record["budget_tokens"] is None) == (record["system"] == "greedy")
    config = json.loads((finished / "config.json").read_text("utf-8"))
    assert set(config["systems"]) == set(THREE)
    assert config["data"]["segments"] == {"zh-en": 5}
    manifest = json.loads((finished / "manifest.json").read_text("utf-8"))
    assert {s: m["segments"] for s, m in manifest["systems"].items()} == dict.fromkeys(THREE, 5)


def test_all_systems_are_judged_alike(finished) -> None:
    """Greedy chooses by nothing, yet has the reward that its translation would get anywhere else."""
    by_text = {}
    for record in lines(finished):
        expected = sum(w * record["parts"][p] for p, w in COMMON_REWARD.weights.items())
        assert record["reward"] == pytest.approx(expected, abs=1e-5)
        by_text.setdefault((record["id"], record["translation"]), []).append(record["reward"])
    shared = [rewards for rewards in by_text.values() if len(rewards) > 1]
    assert shared
    for rewards in shared:
        assert np.ptp(rewards) < 1e-4
    # All three draw the greedy draft, and it costs greedy no reverse scoring.
    assert {r["cost"]["scored_tokens"] for r in lines(finished) if r["system"] == "greedy"} == {0}


def test_goes_on_after_a_line_that_was_cut_off(finished, bench, tmp_path, capfd) -> None:
    bench(tmp_path)
    raw = (tmp_path / "results.jsonl").read_bytes()
    cut = raw[: raw.index(b"\n", len(raw) // 2) + 1]
    (tmp_path / "results.jsonl").write_bytes(cut + raw[len(cut) : len(cut) + 20])
    capfd.readouterr()
    bench(tmp_path)
    assert (tmp_path / "results.jsonl").read_bytes().startswith(cut)
    assert settled(tmp_path) == settled(finished)
    assert f"holds {cut.count(10)} results already" in capfd.readouterr().err


def test_interrupt_keeps_what_is_finished(finished, bench, tmp_path, monkeypatch) -> None:
    write = ResultsWriter.write

    def interrupted(self, record):
        if len(self.done) == 7:
            raise KeyboardInterrupt
        write(self, record)

    monkeypatch.setattr(ResultsWriter, "write", interrupted)
    with pytest.raises(InterruptedRunError, match="7 results of this run") as caught:
        bench(tmp_path)
    assert caught.value.exit_code == 130
    assert len(lines(tmp_path)) == 7
    assert not (tmp_path / "manifest.json").exists()
    monkeypatch.undo()
    bench(tmp_path)
    assert settled(tmp_path) == settled(finished)
    assert (tmp_path / "manifest.json").exists()


def test_further_systems_join_in(finished, bench, tmp_path) -> None:
    bench(tmp_path, systems=["mcts"])
    bench(tmp_path, systems=["greedy", "best-of-n:mix"])
    assert settled(tmp_path) == settled(finished)
    again, before = (build_report(read_benchmark(d))["systems"]["mcts"]["chrf"] for d in (tmp_path, finished))
    assert again == before


@pytest.mark.parametrize(
    ("args", "difference"),
    [
        (["--budgets", "3"], "systems.mcts.budget was 2.0, now 3.0"),
        (["--seed", "1"], "seed was 0, now 1"),
        (["--no-glossary"], "glossary.terms was"),
        (["--dtype", "fp32"], "model.dtype was"),
        (["--limit", "3"], "data.segments.zh-en was 5, now 3"),
    ],
)
def test_directory_of_another_configuration(finished, bench, args, difference) -> None:
    before = {p.name: p.read_bytes() for p in finished.iterdir()}
    with pytest.raises(InputError) as caught:
        bench(finished, *args)
    assert str(finished) in str(caught.value)
    assert difference in str(caught.value)
    assert {p.name: p.read_bytes() for p in finished.iterdir()} == before


def test_other_options_of_a_system(finished, bench, monkeypatch) -> None:
    monkeypatch.setitem(SYSTEMS, "mcts", {"nodes": "4"})
    with pytest.raises(InputError, match=r'systems\.mcts\.nodes was "1", now "4"'):
        bench(finished)


def test_report_of_one_pair(finished, capsys) -> None:
    command("bench", "report", finished, "--json")
    found = json.loads((finished / "report.json").read_text("utf-8"))
    assert list(found["systems"]) == THREE
    with_references = [i for i in range(5) if REFERENCES[i]]
    for name, own in found["systems"].items():
        records = {r["id"]: r for r in lines(finished) if r["system"] == name}
        rows = [records[f"r{i}"] for i in range(5)]
        assert own["segments"] == 5
        assert own["cost_tokens"] == pytest.approx(np.mean([r["cost_tokens"] for r in rows]))
        assert own["mean_reward"] == pytest.approx(np.mean([r["reward"] for r in rows]))
        assert own["distinct"] == pytest.approx(np.mean([r["distinct"] for r in rows]))
        assert own["seconds"] == pytest.approx(np.mean([r["seconds"] for r in rows]))
        texts = [rows[i]["translation"] for i in with_references]
        streams = [[REFERENCES[i][0] for i in with_references], [(*REFERENCES[i], None)[1] for i in with_references]]
        assert own["chrf"] == pytest.approx(sacrebleu.corpus_chrf(texts, streams, word_order=2).score)
        assert own["bleu"] == pytest.approx(sacrebleu.corpus_bleu(texts, streams).score)
        assert own["chrf_interval"][0] <= own["chrf"] <= own["chrf_interval"][1]
    assert found["systems"]["mcts"]["optimised"] == ["reward", *sorted(REWARDS["mix"].weights), "chrf"]
    assert found["systems"]["greedy"]["optimised"] == []
    assert (found["segments"], found["with_references"], found["indication"]) == (5, 4, True)
    pair = found["pairs"]["mcts vs greedy"]
    assert pair["delta"] == pytest.approx(found["systems"]["mcts"]["chrf"] - found["systems"]["greedy"]["chrf"])
    for own, count in ((pair, 4), (pair["metrics"]["bleu"], 4), (pair["metrics"]["reward"], 5)):
        assert own["wins"] + own["ties"] + own["losses"] == count
        assert 0 < own["p_value"] <= own["p_holm"] <= 1
        assert own["interval"][0] <= own["delta"] <= own["interval"][1]
    assert {"best-of-n:mix vs greedy", "mcts vs best-of-n:mix"} <= set(found["pairs"])
    assert found["best_without_search"] in {"greedy", "best-of-n:mix"}
    assert found["cost_deviation"]["percent"] >= 0
    assert {d: own["segments"] for d, own in found["domains"].items()} == {"review": 2, "chat": 2}
    assert json.loads(capsys.readouterr().out) == found


def test_report_as_text(finished, capsys) -> None:
    command("bench", "report", finished)
    text = capsys.readouterr().out
    assert text == (finished / "report.md").read_text("utf-8")
    assert "5 segments, 4 with references: BLEU and chrF++ are of those (an indication: fewer than 100)" in text
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 8
    for table in tables:
        assert len({len(line) for line in table.splitlines()}) == 1, "aligned"
    [mcts] = [line for line in tables[0].splitlines() if line.startswith("| mcts")]
    assert re.search(r"± \d\.\d+\*", mcts)
    assert "p (Holm)" in text
    assert "nw:2" in text


@pytest.fixture(scope="module")
def budgets(bench, tmp_path_factory):
    """Three systems with several budgets each, where they have any."""
    return bench(tmp_path_factory.mktemp("budgets") / "out", budgets="2,8,4")


def test_several_budgets_are_systems_beside_one_another(budgets, finished) -> None:
    found = lines(budgets)
    named = ["greedy", *(f"{name}/{n}" for name in ("best-of-n:mix", "mcts") for n in (2, 4, 8))]
    assert {r["system"] for r in found} == set(named)
    # A system with a budget of two does the same, whatever else is run beside it.
    same = [{k: v for k, v in r.items() if k not in {"seconds", "system"}} for r in found if r["system"] == "mcts/2"]
    before = [{k: v for k, v in r.items() if k not in {"seconds", "system"}} for r in lines(finished)]
    assert all(own in before for own in same)
    config = json.loads((budgets / "config.json").read_text("utf-8"))["systems"]
    assert [config[name]["budget"] for name in named] == [None, 2, 4, 8, 2, 4, 8]


def test_the_frontier_of_quality_and_cost(budgets, tmp_path, capsys) -> None:
    shutil.copytree(budgets, tmp_path / "b")
    command("bench", "report", tmp_path / "b")
    text = capsys.readouterr().out
    found = json.loads((tmp_path / "b" / "report.json").read_text("utf-8"))
    assert found["search"] == "mcts/8"
    systems = found["systems"]
    reached = found["frontier"]["chrf"]
    for name, own in systems.items():
        no_dearer = [systems[n]["chrf"] for n in systems if systems[n]["cost_tokens"] <= own["cost_tokens"]]
        assert (name in reached) == (own["chrf"] == max(no_dearer) and no_dearer.count(own["chrf"]) == 1)
    assert "### chrF++ against cost" in text
    for own in found["worth"]:
        assert own["search"].startswith("mcts/")
        assert own["against_tokens"] <= 1.03 * own["tokens"]
        assert own["pays"] == (own["interval"][0] > 0)
        assert f"- {own['search']} ({own['tokens']:.0f} tokens) against {own['against']}" in text
    assert len(found["worth"]) == 3
    # Systems are compared where they cost the same.
    assert "mcts/4 vs best-of-n:mix/4" in found["pairs"]
    assert "mcts/4 vs best-of-n:mix/8" not in found["pairs"] or found["best_without_search"] == "best-of-n:mix/8"
    page = (tmp_path / "b" / "report.html").read_text("utf-8")
    assert page.count('role="img"') == 2
    assert "No cheaper system" in page


def test_search_that_does_not_pay_is_said_so(budgets, tmp_path, capsys) -> None:
    """The translations of greedy, at the price of a search."""
    greedy = {r["id"]: r["translation"] for r in lines(budgets) if r["system"] == "greedy"}
    shutil.copy(budgets / "config.json", tmp_path / "config.json")
    write_rows(tmp_path / "results.jsonl", [r | {"translation": greedy[r["id"]]} for r in lines(budgets)])
    command("bench", "report", tmp_path)
    found = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert found["frontier"]["chrf"] == ["greedy"]
    assert [own["pays"] for own in found["worth"]] == [False] * 3
    assert capsys.readouterr().out.count("that the search pays is not shown") == 3


def test_another_baseline(finished, tmp_path, capsys) -> None:
    shutil.copytree(finished, tmp_path / "b")
    command("bench", "report", tmp_path / "b", "--baseline", "best-of-n:mix")
    text = capsys.readouterr().out
    assert "### Largest losses of mcts against best-of-n:mix" in text or "### Largest wins of mcts" in text
    found = json.loads((tmp_path / "b" / "report.json").read_text("utf-8"))
    assert found["baseline"] == "best-of-n:mix"
    assert set(found["pairs"]) >= {"greedy vs best-of-n:mix", "mcts vs best-of-n:mix"}
    with pytest.raises(InputError, match="--baseline 'none': not in this benchmark, which has greedy, best-of-n:mix"):
        command("bench", "report", tmp_path / "b", "--baseline", "none")


def test_learned_metric_beside_the_others(finished, tmp_path, tiny_comet, capfd, monkeypatch) -> None:
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    directory = tmp_path / "b"
    shutil.copytree(finished, directory)
    checkpoint = tiny_comet("regression_metric")
    command("bench", "report", directory, "--comet-model", checkpoint, "-q")
    found = json.loads((directory / "report.json").read_text("utf-8"))
    title = f"COMET[{checkpoint.name}]"
    assert found["metrics"]["comet"] == title
    rows = [r for r in lines(directory) if r["refs"] and r["system"] == "mcts"]
    scores = Estimator(str(checkpoint)).scores([(r["src"], r["translation"], r["refs"][0]) for r in rows])
    assert found["systems"]["mcts"]["comet"] == pytest.approx(np.mean(scores))
    assert found["pairs"]["mcts vs greedy"]["metrics"]["comet"]["p_value"] <= 1
    assert set(found["correlations"]) <= {"bleu", "chrf", "ter", "comet"}
    assert checkpoint.name in found["signatures"]["comet"]
    out, err = capfd.readouterr()
    assert f"| {title} |" in re.sub(" +", " ", out)
    assert not err
    assert title in (directory / "report.html").read_text("utf-8")
    monkeypatch.setattr(Estimator, "_compute", None)  # all scores are kept
    command("bench", "report", directory, "--comet-model", checkpoint)
    with pytest.raises(InputError, match="--comet-encoder belongs to --comet-model"):
        command("bench", "report", directory, "--comet-encoder", checkpoint)


def test_a_report_that_cannot_be_written(finished, tmp_path) -> None:
    shutil.copytree(finished, tmp_path / "b")
    (tmp_path / "b" / "report.html").unlink(missing_ok=True)
    (tmp_path / "b" / "report.html").mkdir()
    with pytest.raises(MtreasonError, match=r"report\.html cannot be written \(Is a directory\)"):
        command("bench", "report", tmp_path / "b")


def test_only_segments_of_all_systems_are_compared(finished, tmp_path) -> None:
    (tmp_path / "config.json").write_bytes((finished / "config.json").read_bytes())
    kept = [r for r in lines(finished) if r["system"] != "mcts" or r["id"] in {"r0", "r1", "r4"}]
    write_rows(tmp_path / "results.jsonl", kept)
    found = build_report(read_benchmark(tmp_path))
    assert (found["segments"], found["left_out"]) == (3, 2)
    assert "3 segments finished by all systems (2 others are left out)" in to_markdown(found)
    write_rows(tmp_path / "results.jsonl", [r for r in kept if r["system"] == "greedy" or r["id"] == "r9"])
    alone = build_report(read_benchmark(tmp_path))
    assert list(alone["systems"]) == ["greedy"]
    assert "None" not in to_markdown(alone)
    write_rows(tmp_path / "results.jsonl", [kept[0] | {"system": "greedy", "id": "a"}, kept[0] | {"system": "mcts"}])
    with pytest.raises(InputError, match="no zh-en segment is finished by all of greedy, mcts"):
        build_report(read_benchmark(tmp_path))


def test_without_references_and_mixed_pairs(bench, tmp_path, capfd) -> None:
    english = {"src_lang": "en", "tgt_lang": "zh", "src": "Let us go to the park.", "refs": []}
    data = write_rows(tmp_path / "mixed.jsonl", [row(0, refs=[]), row(1, refs=None), row(2, **english)])
    out = bench(tmp_path / "out", systems=["greedy", "sample"], data=data)
    assert "3 of 3 segments have no reference" in capfd.readouterr().err
    found = build_report(read_benchmark(out))
    assert set(found) == {"config", "pairs_of_languages"}
    assert {p: own["segments"] for p, own in found["pairs_of_languages"].items()} == {"zh-en": 2, "en-zh": 1}
    for own in found["pairs_of_languages"].values():
        assert own["systems"]["greedy"]["chrf"] is None
        assert own["systems"]["greedy"]["mean_reward"] < 0
        assert own["pairs"]["sample vs greedy"]["delta"] is None
        assert own["pairs"]["sample vs greedy"]["metrics"]["reward"]["p_value"] > 0
    text = to_markdown(found)
    assert "## zh-en: 2 segments, no references: no reference metrics" in text
    assert "## en-zh: 1 segments" in text


def test_results_do_not_depend_on_the_company(finished, bench, tmp_path) -> None:
    bench(tmp_path, "--in-flight", "1", systems=["greedy", "mcts"])
    assert settled(tmp_path) == [r for r in settled(finished) if json.loads(r)["system"] != "best-of-n:mix"]


def test_empty_output_is_judged_as_it_stands(bench, tmp_path, monkeypatch) -> None:
    """A system that found nothing usable still has a reward, that of what it drew."""
    monkeypatch.setattr("mtreason.decoding.candidates.strip_chatter", lambda text, source: "")
    out = bench(tmp_path, systems=["greedy"])
    for record in lines(out):
        assert record["fell_back"]
        assert record["translation"] == record["src"]
        assert np.isfinite(record["reward"])


@pytest.mark.parametrize("name", SYSTEMS)
def test_systems_are_settings_that_exist(name) -> None:
    settings = settings_of(name, Settings(budget=7))
    assert settings.budget == 7
    check_settings(settings)
    own = own_settings(name, Settings())
    assert (own["budget"] is None) == (name in {"greedy", "sample", "beam-5"})
    assert own["decoder"] in DECODERS
    assert (own["reward"] in REWARDS) == (own["decoder"] in {"best-of-n", "mcts", "mcts-uct"})


def test_what_systems_maximise() -> None:
    def maximised(system, **more):
        return sorted(optimised(own_settings(system, Settings(**more))))

    assert maximised("best-of-n:confidence") == ["confidence"]
    assert maximised("best-of-n:likelihood") == ["likelihood"]
    assert maximised("mbr") == maximised("best-of-n:consensus") == ["chrf", "consensus"]
    assert maximised("beam") == ["likelihood"]
    assert maximised("greedy") == maximised("sample") == []


GOOD = json.dumps({"id": "1", "src_lang": "zh", "tgt_lang": "en", "src": "好"})


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("{oops", ["not JSON"]),
        ("[1]", ["expected an object"]),
        ('{"id": "2", "src": "好"}', ["src_lang, tgt_lang missing"]),
        ('{"id": 2, "src_lang": "zh", "tgt_lang": "en", "src": "好"}', ["id must be a text"]),
        ('{"id": "2", "src_lang": "zh", "tgt_lang": "en", "src": " "}', ["src must be a text"]),
        ('{"id": "2", "src_lang": "zh", "tgt_lang": "en", "src": "好", "refs": "good"}', ["refs must be a list"]),
        ('{"id": "2", "src_lang": "zh", "tgt_lang": "xx", "src": "好"}', ["unknown language 'xx'"]),
        ('{"id": "2", "src_lang": "en", "tgt_lang": "EN", "src": "good"}', ["both 'en'"]),
        ('{"id": "2", "src_lang": "zh", "tgt_lang": "en", "src": "\\ud83d"}', ["surrogate"]),
        (GOOD, ["'1' is on line 1 already"]),
    ],
)
def test_bad_rows(tmp_path, line, parts) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{GOOD}\n\n{line}\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_rows(path)
    for part in (f"{path}:3", *parts):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_hold_nothing(tmp_path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n", "utf-8")
    with pytest.raises(InputError, match="no segments"):
        read_rows(empty)
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(tmp_path / "none.jsonl")
    empty.write_bytes(b"\n\xff")
    with pytest.raises(InputError, match=r"empty\.jsonl: line 2, byte offset 1, is not UTF-8"):
        read_rows(empty)


def test_plain_files(tmp_path) -> None:
    source, first, second = (tmp_path / n for n in ("s.txt", "a.txt", "b.txt"))
    source.write_text("今天\r\n\r\n天气\u2028很好", "utf-8")
    first.write_text("today\nx\nnice weather\n", "utf-8")
    second.write_text("now\n\n\n", "utf-8")
    rows = read_files(source, [first, second], "zh", "EN")
    assert [(r.id, r.source, r.references, r.pair) for r in rows] == [
        ("1", "今天", ("today", "now"), "zh-en"),
        ("3", "天气\u2028很好", ("nice weather",), "zh-en"),
    ]
    second.write_text("now\n", "utf-8")
    with pytest.raises(InputError, match=r"s\.txt has 3 lines and .*b\.txt has 1"):
        read_files(source, [first, second], "zh", "en")


def test_limit_is_spread_evenly_over_each_pair(tmp_path) -> None:
    made = [row(0, id=f"{i}", tgt_lang="en" if i % 3 else "de") for i in range(30)]
    groups = by_pair(read_rows(write_rows(tmp_path / "x.jsonl", made)), 4)
    assert [r.id for r in groups["zh-de"]] == ["0", "6", "15", "21"]
    assert [r.id for r in groups["zh-en"]] == ["1", "8", "16", "23"]
    assert len(by_pair(read_rows(tmp_path / "x.jsonl"), 40)["zh-de"]) == 10
    assert {r.pair for r in read_rows(tmp_path / "x.jsonl", "zh-de")} == {"zh-de"}


def test_testset_without_a_network(tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.setattr("sacrebleu.dataset.base.SACREBLEU_DIR", str(tmp_path))
    with pytest.raises(InputError, match=r"cannot be downloaded .*--data FILE\.jsonl, or with --src") as caught:
        read_testset("wmt22", "zh-en")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(InputError, match="'wmt99'"):
        read_testset("wmt99", "zh-en")
    with pytest.raises(InputError, match=r"'zh-tlh'.*zh-en"):
        read_testset("wmt22", "zh-tlh")


def test_refused_commands(data, tmp_path) -> None:
    out = ["-o", str(tmp_path / "out")]
    file = tmp_path / "file"
    file.write_text("x", "utf-8")
    run = ["bench", "run"]
    for args, expected in (
        ([*run, "--data", data, "--systems", "greedy,mctx", *out], r"'mctx': no such system, did you mean 'mcts'\?"),
        ([*run, "--data", data, "--budgets", "0.5", *out], "`budget` 0.5: must be at least 1"),
        ([*run, "--data", data, "--budgets", "4;8", *out], "--budgets '4;8': expected numbers with commas"),
        ([*run, *out], "no segments are named"),
        ([*run, "--data", data, "--testset", "wmt22", *out], "--data and --testset exclude each other"),
        ([*run, "--data", data, "--from", "zh", *out], "--from belongs to --src"),
        ([*run, "--src", data, "--from", "zh", *out], "--src needs --to"),
        ([*run, "--testset", "wmt22", *out], "--testset needs --langs"),
        ([*run, "--data", data, "--langs", "zh-de", *out], r"--langs 'zh-de': .*data\.jsonl has zh-en"),
        ([*run, "--data", data, "-o", file], "cannot be written to"),
        (["bench", "report", tmp_path / "none"], "holds no benchmark"),
    ):
        with pytest.raises(MtreasonError, match=expected) as caught:
            command(*args)
        assert caught.value.exit_code == 2
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_directories_that_are_not_benchmarks(finished, bench, tmp_path) -> None:
    (tmp_path / "config.json").write_text("{}", "utf-8")
    with pytest.raises(InputError, match="is not what 'mtreason bench run' writes"):
        build_report(read_benchmark(tmp_path))
    (tmp_path / "config.json").write_bytes((finished / "config.json").read_bytes())
    with pytest.raises(InputError, match="cannot be read"):
        build_report(read_benchmark(tmp_path))
    (tmp_path / "results.jsonl").write_bytes(b'{"system": "mcts"')
    with pytest.raises(InputError, match="no finished result yet"):
        build_report(read_benchmark(tmp_path))
    (tmp_path / "results.jsonl").write_bytes(b'{"system": "mcts"}\n')
    with pytest.raises(InputError, match=r"results\.jsonl:1: not a result"):
        build_report(read_benchmark(tmp_path))
    (tmp_path / "config.json").unlink()
    with pytest.raises(InputError, match="exists without"):
        bench(tmp_path)


def test_two_at_once(finished, bench, monkeypatch) -> None:
    from filelock import FileLock

    with (
        FileLock(finished / ".lock", is_singleton=False),
        pytest.raises(InputError, match="another benchmark is writing there"),
    ):
        bench(finished)


def test_judging_is_not_paid_for(bench, tmp_path, monkeypatch) -> None:
    """Seconds of results add up to the run's, less what judging took."""
    clock = iter(np.arange(0.0, 10_000.0, 1.0))
    monkeypatch.setattr(run_module.time, "monotonic", lambda: float(next(clock)))
    out = bench(tmp_path, "--limit", 4, systems=["greedy"])
    assert [r["seconds"] for r in lines(out)] == [1.0] * 4
    assert Path(out / "manifest.json").exists()


def test_a_head_is_read_by_the_systems_that_ask_for_it(bench, loaded, tiny_model, tmp_path, capfd) -> None:
    head = head_for(loaded, tmp_path / "head.safetensors")
    write_head(head, replace(read_head(head), model=content_digest(tiny_model)))
    data = write_rows(tmp_path / "rows.jsonl", [row(0), row(1, src_lang="ja")])
    out = bench(tmp_path / "out", "--head", head, systems=["greedy", "best-of-n:value"], data=data)
    said = capfd.readouterr().err
    assert said.count("was trained for zh-en, not for ja-en: its values say less there") == 1
    assert "not for zh-en" not in said
    systems = json.loads((out / "config.json").read_text("utf-8"))["systems"]
    assert [systems[name]["head"] for name in ("greedy", "best-of-n:value")] == [None, str(head)]
    assert len(lines(out)) == 4
