"""A report as one page that needs nothing else: no network, no other files."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtreason.benchmark import family
from mtreason.evaluation import CHRF, COMET
from mtreason.report.charts import Point, cost_chart, difference_chart
from mtreason.report.markdown import (
    CORRELATION_NOTE,
    FRONTIER_NOTE,
    Figures,
    compared_metrics,
    correlation_rows,
    cost_note,
    counts,
    difference_rows,
    domain_rows,
    frontier_rows,
    setting,
    system_note,
    system_rows,
    worth_notes,
)

if TYPE_CHECKING:
    from jinja2 import Environment

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def to_html(report: Figures, segments: Sequence[Mapping[str, Any]]) -> str:
    """Return a report, as `build_report` makes it, and its segments, as a page."""
    config = report["config"]
    pairs = report.get("pairs_of_languages", {"": report})
    some = next((own for own in pairs.values() if own["search"]), next(iter(pairs.values())))
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            title="Benchmark",
            setting=setting(config),
            pairs=[_pair(own) for own in pairs.values()],
            examples=[_example(e) for e in sorted(segments, key=lambda e: float(e["delta"]))],
            domains=sorted({e["domain"] for e in segments if e["domain"]}),
            ours=some["search"],
            theirs=some["baseline"],
        )
    )


def environment() -> Environment:
    """Return the environment that fills in the pages; it escapes everything that is quoted."""
    from jinja2 import Environment, PackageLoader

    return Environment(loader=PackageLoader("mtreason.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _pair(report: Figures) -> dict[str, Any]:
    return {
        "languages": report["languages"],
        "heading": f"{report['languages']}: {counts(report)}",
        "systems": system_rows(report),
        "note": system_note(report) + " * The system maximised this while it chose: no evidence that it is better.",
        "cost_note": cost_note(report),
        "figures": list(_figures(report)),
        "frontier": [{"title": report["metrics"][key], "rows": rows} for key, rows in frontier_rows(report).items()],
        "frontier_note": FRONTIER_NOTE,
        "worth": worth_notes(report),
        "differences": [
            {"title": report["metrics"][key], "rows": difference_rows(report["pairs"], key)}
            for key in compared_metrics(report)
        ],
        "domains": domain_rows(report),
        "correlations": correlation_rows(report),
        "correlation_note": CORRELATION_NOTE,
        "signatures": "; ".join(f"{key} {value}" for key, value in report["signatures"].items()),
    }


def _figures(report: Figures) -> Iterator[dict[str, str]]:
    for key in (CHRF, COMET):
        if key not in report["metrics"]:
            continue
        title = report["metrics"][key]
        reached = report["frontier"][key]
        points = [_point(name, own, key, frontier=name in reached) for name, own in report["systems"].items()]
        read = ", ".join(f"{p.system} {p.score:.3g} at {p.tokens:.0f} tokens" for p in points)
        yield {
            "svg": cost_chart(points, title, f"{title} against cost: {read}"),
            "caption": f"{title} with its 95 % interval against tokens a segment; systems of one cost side by side. No "
            "cheaper system reaches those on the dotted line.",
        }
    if report["pairs"] and CHRF in report["metrics"]:
        read = ", ".join(f"{name} {own['delta']:+.1f}" for name, own in report["pairs"].items())
        yield {
            "svg": difference_chart(report["pairs"], "difference in chrF++", f"Differences in chrF++: {read}"),
            "caption": "Differences in chrF++ with their 95 % intervals; filled: zero is outside.",
        }


def _point(system: str, own: Figures, key: str, *, frontier: bool) -> Point:
    low, high = own[f"{key}_interval"]
    return Point(system, family(system), own["cost_tokens"], own[key], low, high, frontier)


def _example(example: Mapping[str, Any]) -> dict[str, Any]:
    theirs, ours = mark_differences(example["theirs"], example["ours"])
    return {**example, "theirs": theirs, "ours": ours}


def mark_differences(theirs: str, ours: str) -> tuple[list[tuple[bool, str]], list[tuple[bool, str]]]:
    """Divide two texts into runs of words that both have (False) or only one has (True)."""
    a, b = _WORDS.findall(theirs), _WORDS.findall(ours)
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    left: list[tuple[bool, str]] = []
    right: list[tuple[bool, str]] = []
    for kind, a1, a2, b1, b2 in matcher.get_opcodes():
        only = kind != "equal"
        left += [(only, "".join(a[a1:a2]))] if a2 > a1 else []
        right += [(only, "".join(b[b1:b2]))] if b2 > b1 else []
    return left, right
