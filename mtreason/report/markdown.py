"""The tables of a report, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mtreason.evaluation import CHRF, COMET
from mtreason.frames import format_table
from mtreason.report.figures import figure_of
from mtreason.report.table import REWARD

Figures = Mapping[str, Any]

NOTHING = "–"
STAR = "*"
DIGITS = {COMET: 4, REWARD: 3}
"""Decimals of metrics whose values are small; the others have one."""


def to_markdown(report: Figures) -> str:
    """Return a report, as `build_report` makes it, as text for readers."""
    parts = ["# Benchmark", setting(report["config"])]
    for own in report.get("pairs_of_languages", {"": report}).values():
        parts += _pair(own)
    return "\n\n".join(parts) + "\n"


def setting(config: Figures) -> str:
    """Say what was run."""
    model = config["model"]
    budgets = sorted({own["budget"] for own in config["systems"].values() if own.get("budget")})
    spent = f"budget {', '.join(f'{b:g}' for b in budgets)} samples, " if budgets else ""
    return (
        f"Model {model['name']} ({model['dtype']}, {model['device']}), {spent}seed {config['seed']}, "
        f"{config['glossary']['terms']} glossary terms."
    )


def _pair(report: Figures) -> Iterator[str]:
    yield f"## {report['languages']}: {counts(report)}"
    systems = report["systems"]
    yield _system_table(report)
    if any(own["optimised"] for own in systems.values()):
        yield r"\* the system maximised this while it chose: no evidence that its translations are better."
    yield cost_note(report)
    for key, rows in frontier_rows(report).items():
        yield f"### {report['metrics'][key]} against cost"
        yield format_table(rows)
        yield FRONTIER_NOTE
    if notes := worth_notes(report):
        yield "\n".join(f"- {note}" for note in notes)
    if report["pairs"]:
        yield "### Differences"
        for key in compared_metrics(report):
            yield f"{report['metrics'][key]}:"
            yield format_table(difference_rows(report["pairs"], key))
        yield (
            "p by approximate randomisation, two-sided; p (Holm) corrected for all comparisons of the table; intervals "
            "of 95 % by bootstrap. Wins, ties and losses count segments."
        )
    if report["correlations"]:
        yield "### Does the reward see what the metrics see?"
        yield format_table(correlation_rows(report))
        yield CORRELATION_NOTE
    if report["domains"]:
        yield "### chrF++ by domain"
        yield format_table(domain_rows(report))
    for kind in ("wins", "losses"):
        if report["examples"][kind]:
            yield f"### Largest {kind} of {report['search']} against {report['baseline']}"
            yield "\n".join(_example(e, report) for e in report["examples"][kind])
    if report["signatures"]:
        yield "Signatures: " + "; ".join(f"{key} `{value}`" for key, value in report["signatures"].items())


def counts(report: Figures) -> str:
    """Say how many segments are compared."""
    segments, referenced = report["segments"], report["with_references"]
    text = f"{segments} segments"
    if report["left_out"]:
        text += f" finished by all systems ({report['left_out']} others are left out)"
    if not referenced:
        text += ", no references: no reference metrics"
    elif referenced < segments:
        text += f", {referenced} with references: BLEU and chrF++ are of those"
    return text + (" (an indication: fewer than 100)" if report["indication"] else "")


def _system_table(report: Figures) -> str:
    return f"{format_table(system_rows(report))}\n\n{system_note(report)}"


def system_rows(report: Figures) -> list[dict[str, str]]:
    """Return the table of systems, by column."""
    best = report["best_without_search"]
    rows = []
    for name, own in report["systems"].items():
        row = {"system": name}
        for key, title in report["metrics"].items():
            row[title] = _with_half(own, figure_of(key), DIGITS.get(key, 1)) + STAR * (key in own["optimised"])
        for other in (o for o in (report["baseline"], best) if o in report["systems"]):
            row[f"p vs {other}"] = _p_of(report["pairs"], name, other)
        row |= {
            "tokens": f"{own['cost_tokens']:.0f}",
            "of budget": f"{own['cost_tokens'] / own['budget_tokens']:.0%}" if own["budget_tokens"] else NOTHING,
            "drawn": f"{own['candidates']:.1f}",
            "distinct": f"{own['distinct']:.1f}",
            "fell back": str(own["fell_back"]),
            "seconds": f"{own['seconds']:.2f}",
        }
        rows.append(row)
    return rows


def system_note(report: Figures) -> str:
    """Say how to read the table of systems."""
    best = report["best_without_search"]
    note = "Scores with half of their 95 % interval; p-values are of chrF++; the others are means per segment."
    if best is not None:
        note += f" The best system that does not search is {best}."
    return note


def _with_half(own: Figures, key: str, digits: int) -> str:
    if own[key] is None:
        return NOTHING
    low, high = own[f"{key}_interval"]
    return f"{own[key]:.{digits}f} ± {(high - low) / 2:.{digits}f}"


def _p_of(pairs: Figures, name: str, other: str | None) -> str:
    found = pairs.get(f"{name} vs {other}") or pairs.get(f"{other} vs {name}")
    return format_p(found["p_value"]) if found else NOTHING


def format_p(value: float | None) -> str:
    """Write a p-value."""
    if value is None:
        return NOTHING
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def compared_metrics(report: Figures) -> list[str]:
    """Return the metrics in which systems are compared, chrF++ first."""
    return sorted(report["metrics"], key=lambda key: key != CHRF) if report["pairs"] else []


def difference_rows(pairs: Figures, key: str) -> list[dict[str, str]]:
    """Return the table of comparisons in one metric, by column."""
    digits = DIGITS.get(key, 1)
    rows = []
    for name, own in pairs.items():
        found = own if key == CHRF else own["metrics"][key]
        low, high = found["interval"]
        rows.append(
            {
                "comparison": name,
                "difference": f"{found['delta']:+.{digits}f}",
                "95 %": f"{low:+.{digits}f} to {high:+.{digits}f}",
                "p": format_p(found["p_value"]),
                "p (Holm)": format_p(found["p_holm"]),
                "wins": str(found["wins"]),
                "ties": str(found["ties"]),
                "losses": str(found["losses"]),
            }
        )
    return rows


def domain_rows(report: Figures) -> list[dict[str, str]]:
    """Return the table of domains, by column."""
    return [
        {"domain": name, "segments": str(own["segments"])} | {n: f"{score:.1f}" for n, score in own["chrf"].items()}
        for name, own in report["domains"].items()
    ]


CORRELATION_NOTE = (
    "Spearman's correlation of the reward with each metric (TER with its sign turned, as less is better), over the "
    "translations of all systems; within a segment: after the segment's mean is taken off both, which is what choosing "
    "between candidates depends on."
)


def correlation_rows(report: Figures) -> list[dict[str, str]]:
    """Return the table of correlations, by column."""
    return [
        {
            "metric": report["metrics"][key],
            "overall": f"{own['overall']:.3f}",
            "within a segment": f"{own['within']:.3f}",
            "translations": str(own["translations"]),
        }
        for key, own in report["correlations"].items()
    ]


def cost_note(report: Figures) -> str:
    """Say how equal the costs are."""
    deviation = report["cost_deviation"]
    if deviation is None:
        return "No two systems have the same budget, so there are no equal costs to compare."
    return (
        f"Cost: the dearest system of a budget ({deviation['dearest']}) spends {deviation['percent']:.1f} % more "
        f"tokens than the cheapest ({deviation['cheapest']})."
    )


def frontier_rows(report: Figures) -> dict[str, list[dict[str, str]]]:
    """Return for each metric the systems that no cheaper one equals, and what they cost, by column."""
    return {
        key: [
            {
                "system": name,
                "tokens": f"{report['systems'][name]['cost_tokens']:.0f}",
                "seconds": f"{report['systems'][name]['seconds']:.2f}",
                report["metrics"][key]: _with_half(report["systems"][name], key, DIGITS.get(key, 1)),
            }
            for name in names
        ]
        for key, names in report["frontier"].items()
    }


FRONTIER_NOTE = "No cheaper system translates as well as these; tokens and seconds are means per segment."


def worth_notes(report: Figures) -> list[str]:
    """Say of each search whether it is better than what can be had without it for the same cost."""
    notes = []
    for own in report["worth"]:
        low, high = own["interval"]
        verdict = "the search pays" if own["pays"] else "that the search pays is not shown"
        notes.append(
            f"{own['search']} ({own['tokens']:.0f} tokens) against {own['against']} ({own['against_tokens']:.0f}), the "
            f"best one without a search for no more: {own['delta']:+.1f} chrF++ [{low:+.1f}, {high:+.1f}]: {verdict}."
        )
    return notes


def _example(example: Figures, report: Figures) -> str:
    lines = [
        f"- {example['id']} ({example['delta']:+.1f})",
        f"  - source: {_plain(example['src'])}",
        f"  - reference: {' | '.join(map(_plain, example['refs']))}",
        f"  - {report['search']}: {_plain(example['ours'])}",
        f"  - {report['baseline']}: {_plain(example['theirs'])}",
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Keep quoted text on one line, and keep it from being read as Markdown."""
    joined = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_<>[]" else c for c in joined)
