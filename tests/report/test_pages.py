"""Pages, opened in a real browser: what is on them, what a click does, and that nothing else is asked for."""

import json
import re
from html import unescape

import pytest

from mtreason.cli import app
from mtreason.errors import InputError
from mtreason.glossary import Term
from mtreason.report.page import mark_differences
from mtreason.report.tree import build_branches, pick_segment

NASTY = "<script>alert(1)</script> & “引号” {{ 7 * 7 }}"


def command(*args):
    app([*map(str, args)], standalone_mode=False)


def result(system, i, translation, **changes):
    return {
        "system": system, "pair": "zh-en", "id": f"r{i}", "src_lang": "zh", "tgt_lang": "en",
        "domain": "chat" if i % 2 else "news",
        "src": f"今天 {NASTY}", "refs": [f"It is day {i} today."], "translation": translation, "reward": -1.0 - i / 10,
        "parts": {"likelihood": -0.5}, "cost": {"prompt_tokens": 5, "sampled_tokens": 9, "scored_tokens": 4},
        "cost_tokens": 18, "budget_tokens": 20, "distinct": 3, "candidates": 4, "fell_back": False, "seconds": 0.1,
    } | changes  # fmt: skip


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory):
    directory = tmp_path_factory.mktemp("bench")
    rows = [result("greedy", i, f"It was day {i}.") for i in range(6)]
    rows += [result("mcts", i, f"It is day {i} today." if i else "Bad.") for i in range(6)]
    (directory / "results.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    config = {
        "model": {"name": "tiny", "digest": "0", "dtype": "fp32", "device": "cpu"}, "seed": 0,
        "glossary": {"terms": 0, "digest": ""},
        "systems": {"greedy": {}, "mcts": {"decoder": "mcts", "reward": "mix", "budget": 4.0}},
    }  # fmt: skip
    (directory / "config.json").write_text(json.dumps(config), "utf-8")
    command("bench", "report", directory)
    return directory


@pytest.fixture(scope="module")
def trace(loaded, tmp_path_factory):
    """A real search of a tiny model."""
    from support.common import text_units

    from mtreason.languages import parse_language
    from mtreason.runs.pipeline import translate_units
    from mtreason.runs.settings import Settings
    from mtreason.runs.trace import trace_record
    from mtreason.runs.translator import Translator

    options = Settings(budget=40.0, full_budget=True)
    zh, en = parse_language("zh"), parse_language("en")
    entry = Term(source="踩屎感", targets=("comfy sole",), literal="", note="", file="mine.tsv", line=1)
    t = Translator(loaded, zh, en, options, terms=[entry])
    file = tmp_path_factory.mktemp("trace") / "trace.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        units = text_units("今天天气很好。\n", "这双鞋的踩屎感太强了！\n")
        list(translate_units(t, units, lambda s: stream.write(json.dumps(trace_record(s, options)) + "\n") and None))
    return file


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_in_a_browser(benchmark, visit, scheme) -> None:
    page = visit(benchmark / "report.html", color_scheme=scheme)
    ids = page.locator("#segments li:visible code")
    assert ids.all_inner_texts()[0] == "r0", "the worst loss first"
    page.get_by_label("Order").select_option("wins")
    assert ids.all_inner_texts()[-1] == "r0"
    page.get_by_label("Domain").select_option("news")
    assert sorted(ids.all_inner_texts()) == ["r0", "r2", "r4"]
    page.get_by_label("Search").fill("BAD.")
    assert ids.all_inner_texts() == ["r0"]
    assert page.locator("output").inner_text() == "1 segments"
    assert page.locator("dd:visible", has_text="今天").first.inner_text() == f"今天 {NASTY}"
    assert page.get_by_role("img").count() == 2
    assert page.get_by_role("table").count() >= 4
    page.keyboard.press("Tab")
    ink, ground = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    light, ground_light = (sum(map(int, re.findall(r"\d+", colour))) for colour in (ink, ground))
    assert (light > ground_light) == (scheme == "dark")


def test_report_without_a_browser(benchmark) -> None:
    text = (benchmark / "report.html").read_text("utf-8")
    assert "<script>alert" not in text
    assert f"今天 {NASTY}" in unescape(text)
    assert "http" not in text.replace("http://www.w3.org/", ""), "a page of its own"


def test_tree_in_a_browser(trace, tmp_path, visit) -> None:
    command("explain", trace, "--segment", 2, "-o", tmp_path / "tree.html")
    [record] = [r for r in map(json.loads, trace.read_text("utf-8").splitlines()) if r["segment"] == 2]
    page = visit(tmp_path / "tree.html")
    assert page.locator(".tree .chosen > .end").last.inner_text() == record["translation"]
    hidden = page.locator(".tree li:not(:visible)").count()
    assert hidden > 0
    page.get_by_role("button", name="Open all").click()
    assert page.locator(".tree li:not(:visible)").count() == 0
    page.get_by_role("button", name="Only the chosen path").click()
    assert page.locator(".tree li:not(:visible)").count() == hidden
    page.locator(".tree summary").first.click()
    assert page.locator(".tree li:visible").count() == 1
    assert page.locator("tbody tr").count() == len(record["candidates"])
    assert "踩屎感" in page.locator(".hints").inner_text()


def test_branches_hold_the_whole_tree(trace) -> None:
    for line in trace.read_text("utf-8").splitlines():
        record = json.loads(line)
        root = build_branches(record["tree"], record["translation"])
        ends, todo = [], [root]
        while todo:
            branch = todo.pop()
            ends += [branch.translation] if branch.translation is not None else []
            todo += branch.children
        assert sorted(ends) == sorted(t for t in record["tree"]["translation"] if t is not None)
        assert set(ends) <= {c["text"] for c in record["candidates"]}


def test_a_large_tree(tmp_path) -> None:
    n = 499  # no node has a single child, so that all are drawn
    tree = {
        "parent": [-1, *[(i - 1) // 3 for i in range(1, n)]], "visits": [1] * n, "mean_value": [None] * n,
        "best_value": [None] * n, "text": ["x"] * n, "prior": [0.5] * n, "translation": [None] * n,
    }  # fmt: skip
    record = {
        "segment": 1,
        "line": 1,
        "source": NASTY,
        "translation": "x",
        "status": "model",
        "candidates": [],
        "terms": [],
        "tree": tree,
    }
    record["usage"] = {"sampled_tokens": 1, "scored_tokens": 1, "prompt_tokens": 1}
    (tmp_path / "t.jsonl").write_text(json.dumps(record) + "\n", "utf-8")
    command("explain", tmp_path / "t.jsonl", "-o", tmp_path / "t.html")
    assert (tmp_path / "t.html").read_text("utf-8").count("<summary>") == n


@pytest.mark.parametrize(
    ("theirs", "ours", "only"),
    [("a b c", "a x c", [["b"], ["x"]]), ("", "a", [[], ["a"]]), ("same", "same", [[], []])],
)
def test_differences_are_marked(theirs, ours, only) -> None:
    found = mark_differences(theirs, ours)
    assert ["".join(text for _, text in side) for side in found] == [theirs, ours]
    assert [[text for different, text in side if different] for side in found] == only


@pytest.mark.parametrize(
    ("lines", "asked", "message"),
    [
        ([{"segment": 1, "tree": None}], None, "no segment was searched"),
        ([{"segment": 1, "tree": {"parent": [-1]}}, {"segment": 2, "tree": None}], "3", "has 2 segments, from 1"),
        ([{"segment": 1, "tree": {"parent": [-1]}}, {"segment": 2, "tree": None}], "2", "1 was"),
    ],
)
def test_segments_that_cannot_be_drawn(lines, asked, message) -> None:
    with pytest.raises(InputError, match=message):
        pick_segment(lines, asked, "t.jsonl")


def test_damaged_traces(tmp_path, trace) -> None:
    file = tmp_path / "t.jsonl"
    file.write_text("{}\n", "utf-8")
    with pytest.raises(InputError, match=r"t.jsonl:1: expected"):
        command("explain", file, "-o", tmp_path / "t.html")
    record = json.loads(trace.read_text("utf-8").splitlines()[0])
    record["tree"]["parent"][1] = 7
    file.write_text(json.dumps(record) + "\n", "utf-8")
    with pytest.raises(InputError, match="damaged"):
        command("explain", file, "-o", tmp_path / "t.html")
