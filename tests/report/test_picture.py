"""The picture of a search is XML that names what was searched and what was chosen."""

from lxml import etree

from mtreason.report.picture import LEAVES, LONGEST, to_svg

SVG = "{http://www.w3.org/2000/svg}"


def record(paths):
    """A trace of paths (steps, reward), the best one chosen."""
    nodes = [{"parent": -1, "text": "", "translation": None, "best": None, "visits": 0}]
    known = {(): 0}
    for steps, reward in paths:
        for i in range(1, len(steps) + 1):
            if steps[:i] not in known:
                known[steps[:i]] = len(nodes)
                nodes.append(
                    {
                        "parent": known[steps[: i - 1]],
                        "text": steps[i - 1],
                        "translation": None,
                        "best": None,
                        "visits": 0,
                    }
                )
        nodes[known[steps]]["translation"] = "".join(steps).strip()
        for i in range(len(steps) + 1):
            node = nodes[known[steps[:i]]]
            node["visits"] += 1
            node["best"] = reward if node["best"] is None else max(node["best"], reward)
    chosen = max(paths, key=lambda p: p[1])[0]
    return {
        "source": "天气 & <b>",
        "translation": "".join(chosen).strip(),
        "candidates": [{"text": "".join(chosen).strip(), "chosen": True}],
        "tree": {
            "parent": [n["parent"] for n in nodes],
            "text": [n["text"] for n in nodes],
            "translation": [n["translation"] for n in nodes],
            "best_value": [n["best"] for n in nodes],
            "mean_value": [n["best"] for n in nodes],
            "visits": [n["visits"] for n in nodes],
            "prior": [0.5] * len(nodes),
        },
    }


def texts(svg):
    return ["".join(t.itertext()) for t in etree.fromstring(svg.encode()).iter(f"{SVG}text")]


def test_all_of_a_small_tree_is_there() -> None:
    svg = to_svg(record([(("The", " weather", "."), -0.5), (("The", " sky", "."), -0.9), (("It", "."), -1.5)]), "t")
    found = texts(svg)
    assert found[0] == "天气 & <b>  →  The weather."
    assert "3 translations" in found[1]
    assert "not shown" not in found[1]
    assert {"(beginning)", "The", "weather.", "sky.", "It."} <= set(found)
    assert {"-0.500", "-0.900", "-1.500"} <= set(found)
    [bold] = {
        t.text
        for t in etree.fromstring(svg.encode()).iter(f"{SVG}text")
        if t.get("font-weight") and t.text == "weather."
    }
    assert bold == "weather."


def test_of_a_big_tree_the_best_are_shown_and_the_rest_is_counted() -> None:
    paths = [((f"w{i}", " " + "x" * 60), -float(i)) for i in range(40)]
    found = texts(to_svg(record(paths), "t"))
    assert f"{40 - LEAVES} not shown" in found[1]
    assert sum(text.startswith("w") for text in found) == LEAVES
    assert all(len(text) <= LONGEST for text in found[2:])
    assert "-0.000" in found
    assert "-39.000" not in found


def test_nothing_overlaps() -> None:
    paths = [((f"a{i % 3}", f" b{i}"), -float(i)) for i in range(9)]
    svg = etree.fromstring(to_svg(record(paths), "t").encode())
    rects = [r for r in svg.iter(f"{SVG}rect") if r.get("x")]
    boxes = [tuple(float(r.get(side)) for side in ("x", "y", "width", "height")) for r in rects]
    for i, (x, y, w, h) in enumerate(boxes):
        for a, b, c, d in boxes[i + 1 :]:
            assert x + w <= a or a + c <= x or y + h <= b or b + d <= y
    width, height = float(svg.get("width")), float(svg.get("height"))
    assert all(x + w <= width and y + h <= height for x, y, w, h in boxes)
