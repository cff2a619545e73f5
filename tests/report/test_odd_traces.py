"""Traces from anywhere: deep ones are drawn, damaged ones are refused with their line; names in charts are names."""

import copy
import json

import pytest
from lxml import etree

from mtreason.errors import InputError
from mtreason.report.charts import Point, cost_chart, difference_chart
from mtreason.report.picture import to_svg
from mtreason.report.tree import pick_segment, read_trace, to_html


def deep(levels):
    """A tree with a fork at every step."""
    nodes = 2 * levels + 1
    return {
        "segment": 1,
        "source": "a",
        "translation": "end",
        "candidates": [{"text": "end", "reward": 1.0, "parts": {"x": 0.5}, "count": 1, "problems": [], "chosen": True}],
        "status": "model",
        "terms": [{"source": "a", "targets": ["b"], "file": "f", "followed": True}],
        "usage": {"prompt_tokens": 1, "sampled_tokens": 1, "scored_tokens": 1},
        "tree": {
            "parent": [-1, *(2 * (i // 2) for i in range(nodes - 1))],
            "visits": [1] * nodes,
            "mean_value": [0.5] * nodes,
            "best_value": [None, *([0.5] * (nodes - 1))],
            "text": [f"t{i}" for i in range(nodes)],
            "prior": [0.5] * nodes,
            "translation": [None if i % 2 == 0 and i < nodes - 1 else "end" for i in range(nodes)],
        },
    }


def drawn(path):
    picked = pick_segment(read_trace(path), None, str(path))
    return to_html(picked, str(path)), to_svg(picked, str(path))


@pytest.mark.parametrize("levels", [1, 600, 5000])
def test_deep_trees(levels, tmp_path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps(deep(levels)) + "\n", "utf-8")
    page, picture = drawn(path)
    assert page.count("<details") == page.count("</details>") == 2 * levels + 1
    assert page.count("<ul>") + 1 == page.count("</ul>") - page.count('<ul class="hints">')
    assert etree.fromstring(picture.encode(), etree.XMLParser(huge_tree=True)).tag.endswith("svg")


def changed(*path_and_value):
    *path, value = path_and_value
    record = copy.deepcopy(deep(2))
    place = record
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(record)


@pytest.mark.parametrize(
    "line",
    [
        "[" * 600 + "]" * 600, "[" * 100_000, "{", "7", "[]", json.dumps(deep(1)).replace("0.5", "NaN"),
        "9" * 5000,
        changed("segment", "1"), changed("segment", True), changed("segment", 1e300), changed("source", 1),
        changed("candidates", {}),
        changed("candidates", 0, "parts", {"x": "y"}), changed("candidates", 0, "count", None),
        changed("terms", [1]), changed("status", None), changed("usage", None), changed("translation", ["a"]),
    ],
)  # fmt: skip
def test_damaged_records(line, tmp_path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(f"\n{line}\n", "utf-8")
    with pytest.raises(InputError, match=r"t\.jsonl:2: expected what 'mtreason translate --trace' writes"):
        drawn(path)


@pytest.mark.parametrize(
    "line",
    [
        changed("tree", "parent", 1, -1), changed("tree", "parent", 0, 0), changed("tree", "parent", 1, 3),
        changed("tree", "parent", 1, "0"), changed("tree", "visits", 0, "x"), changed("tree", "text", [1]),
        changed("tree", "translation", 1, 2), changed("tree", [1]), changed("tree", "prior", 1, None),
    ],
)  # fmt: skip
def test_damaged_trees(line, tmp_path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(line, "utf-8")
    with pytest.raises(InputError, match="the tree of this segment is damaged"):
        drawn(path)


NAMES = ("$x^2$", "a $\\frac{$ b", "_hidden", "{b} <i>", "\\g<1>", "n" * 5000, "a\x1b[31m", "$", "\ud800")


@pytest.mark.filterwarnings("ignore::UserWarning")  # a font lacks characters
def test_names_in_charts() -> None:
    points = [Point(name, name, 100.0 + i, 50.0, 49.0, 51.0, frontier=i == 0) for i, name in enumerate(NAMES)]
    pairs = {name: {"interval": [0.0, 1.0], "delta": 0.5} for name in NAMES}
    for svg in (cost_chart(points, "chrF++", " ".join(NAMES)), difference_chart(pairs, "chrF++", " ".join(NAMES))):
        shown = "".join(etree.fromstring(svg.encode("utf-8", "replace"), etree.XMLParser(recover=True)).itertext())
        for name in ("$x^2$", "a $\\frac{$ b", "_hidden", "{b} <i>", "\\g<1>", "n" * 59 + "…", "a\\x1b[31m"):
            assert name in shown
