"""The tables of a report, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]

NOTHING = "–"
STAR = "*"
_SCORES = (("BLEU", "bleu", "bleu"), ("chrF++", "chrf", "chrf"), ("mean reward", "mean_reward", "reward"))
"""Title, key of a system's figure, and what `optimised` calls it."""


def to_markdown(report: Figures) -> str:
    """Return a report, as `build_report` makes it, as text for people."""
    config = report["config"]
    model = config["model"]
    parts = [
        "# Benchmark",
        f"Model {model['name']} ({model['dtype']}, {model['device']}), budget {config['budget']:g} samples, "
        f"seed {config['seed']}, {config['glossary']['entries']} glossary entries.",
    ]
    for own in report.get("pairs_of_languages", {"": report}).values():
        parts += _pair(own)
    return "\n\n".join(parts) + "\n"


def _pair(report: Figures) -> Iterator[str]:
    yield f"## {report['languages']}: {_counts(report)}"
    systems = report["systems"]
    yield _system_table(report)
    if any(own["optimised"] for own in systems.values()):
        yield r"\* the system maximised this while it chose: no evidence that its translations are better."
    yield _cost_note(report)
    if report["pairs"]:
        yield "### Differences"
        for title, key in (("chrF++", "chrf"), ("BLEU", "bleu"), ("mean reward", "reward")):
            table = _pair_table(report["pairs"], key)
            if table:
                yield f"{title}:"
                yield table
        yield (
            "p by approximate randomisation, two-sided; p (Holm) corrected for all comparisons of the table; intervals "
            "of 95 % by bootstrap. Wins, ties and losses count segments."
        )
    if report["domains"]:
        yield "### chrF++ by domain"
        yield _domain_table(report)
    for kind in ("wins", "losses"):
        if report["examples"][kind]:
            yield f"### Largest {kind} of mcts against greedy"
            yield "\n".join(_example(e) for e in report["examples"][kind])
    if report["signatures"]:
        yield "Signatures: " + "; ".join(f"{key} `{value}`" for key, value in report["signatures"].items())


def _counts(report: Figures) -> str:
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
    best = report["best_without_search"]
    rows = []
    for name, own in report["systems"].items():
        row = {"system": name}
        for title, key, metric in _SCORES:
            row[title] = _with_half(own, key, 3 if metric == "reward" else 1) + STAR * (metric in own["optimised"])
        for title, other in (("p vs greedy", "greedy"), (f"p vs {best}", best)):
            row[title] = _p_of(report["pairs"], name, other)
        row |= {
            "tokens": f"{own['cost_tokens']:.0f}",
            "of budget": f"{own['cost_tokens'] / own['budget_tokens']:.0%}" if own["budget_tokens"] else NOTHING,
            "drawn": f"{own['candidates']:.1f}",
            "distinct": f"{own['distinct']:.1f}",
            "fell back": str(own["fell_back"]),
            "seconds": f"{own['seconds']:.2f}",
        }
        rows.append(row)
    note = "Scores with half of their 95 % interval; p-values are of chrF++; the others are means per segment."
    if best is not None:
        note += f" The best system that does not search is {best}."
    return f"{_table(rows)}\n\n{note}"


def _with_half(own: Figures, key: str, digits: int) -> str:
    if own[key] is None:
        return NOTHING
    low, high = own[f"{key}_interval"]
    return f"{own[key]:.{digits}f} ± {(high - low) / 2:.{digits}f}"


def _p_of(pairs: Figures, name: str, other: str | None) -> str:
    found = pairs.get(f"{name} vs {other}") or pairs.get(f"{other} vs {name}")
    return _p(found["p_value"]) if found else NOTHING


def _p(value: float | None) -> str:
    if value is None:
        return NOTHING
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _pair_table(pairs: Figures, key: str) -> str:
    digits = 3 if key == "reward" else 1
    rows = []
    for name, own in pairs.items():
        found = own if key == "chrf" else own["metrics"].get(key)
        if found is None or found["delta"] is None:
            continue
        low, high = found["interval"]
        rows.append(
            {
                "comparison": name,
                "difference": f"{found['delta']:+.{digits}f}",
                "95 %": f"{low:+.{digits}f} to {high:+.{digits}f}",
                "p": _p(found["p_value"]),
                "p (Holm)": _p(found["p_holm"]),
                "wins": str(found["wins"]),
                "ties": str(found["ties"]),
                "losses": str(found["losses"]),
            }
        )
    return _table(rows) if rows else ""


def _domain_table(report: Figures) -> str:
    return _table(
        [
            {"domain": name, "segments": str(own["segments"])} | {n: f"{score:.1f}" for n, score in own["chrf"].items()}
            for name, own in report["domains"].items()
        ]
    )


def _cost_note(report: Figures) -> str:
    deviation = report["cost_deviation"]
    if deviation is None:
        return "Fewer than two systems have a budget, so there is no cost to compare."
    return (
        f"Cost: the dearest system with a budget ({deviation['dearest']}) spends {deviation['percent']:.1f} % more "
        f"tokens than the cheapest ({deviation['cheapest']})."
    )


def _example(example: Figures) -> str:
    lines = [
        f"- {example['id']} ({example['delta']:+.1f})",
        f"  - source: {_plain(example['src'])}",
        f"  - reference: {' | '.join(map(_plain, example['refs']))}",
        f"  - mcts: {_plain(example['mcts'])}",
        f"  - greedy: {_plain(example['greedy'])}",
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Keep what is quoted on one line, and from being read as Markdown."""
    joined = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_<>[]" else c for c in joined)


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    from pandas import DataFrame

    frame = DataFrame(rows)
    sides = ("left", *["right"] * (len(frame.columns) - 1))
    return str(frame.to_markdown(index=False, disable_numparse=True, colalign=sides))
