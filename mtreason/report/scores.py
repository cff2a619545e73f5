"""The scores of existing translations, in JSON types and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mtreason.errors import InputError
from mtreason.evaluation import Metric, bootstrap, compare_all, corpus_metrics, interval
from mtreason.evaluation.systems import System
from mtreason.frames import format_table
from mtreason.gates import GATES, Pair
from mtreason.gates.language import has_wrong_letters
from mtreason.glossary import Matcher, Verdict
from mtreason.glossary.lines import judge_lines
from mtreason.languages import Direction, Language
from mtreason.report.figures import INDICATION
from mtreason.report.markdown import DIGITS, NOTHING, format_p


def build_scores(
    systems: Sequence[System],
    target: Language,
    names: Sequence[str],
    learned: Sequence[Metric],
    matcher: Matcher | None,
    source: Language | None = None,
) -> dict[str, Any]:
    """Score systems on the segments that have references, and compare each with the first.

    `names` are metrics of the surface, `learned` are metrics that are computed already, on all segments.
    """
    first = systems[0]
    referenced = [i for i, refs in enumerate(first.references or ()) if refs]
    if names and not referenced:
        raise InputError(f"{', '.join(names)}: no segment has a reference: add --ref, or take --metric comet alone")
    texts = [[s.translations[i] for i in referenced] for s in systems]
    references = [(first.references or ())[i] for i in referenced]
    metrics = [*corpus_metrics(texts, references, target, names), *learned]
    return {
        "target": target.tag,
        "segments": len(first.translations),
        "with_references": len(referenced),
        "indication": len(first.translations) < INDICATION,
        "systems": {
            system.name: {
                "scores": {m.name: _score(m, position) for m in metrics},
                "counts": count_faults(system, target, matcher, source),
            }
            for position, system in enumerate(systems)
        },
        "pairs": _pairs(systems, metrics),
        "signatures": {m.name: m.signature for m in metrics if m.signature},
        "titles": {m.name: m.title for m in metrics},
    }


def _score(metric: Metric, system: int) -> dict[str, Any]:
    score = metric.score(metric.statistics[system].sum(0))
    return {"score": score, "interval": list(interval(bootstrap(metric, system)))}


def _pairs(systems: Sequence[System], metrics: Sequence[Metric]) -> dict[str, Any]:
    others = range(1, len(systems))
    found: dict[str, Any] = {f"{systems[i].name} vs {systems[0].name}": {} for i in others}
    for metric in metrics:
        for own, comparison in zip(found.values(), compare_all(metric, [(i, 0) for i in others]), strict=True):
            own[metric.name] = asdict(comparison)
    return found


def count_faults(
    system: System, target: Language, matcher: Matcher | None, source: Language | None = None
) -> dict[str, Any]:
    """Count the faults that reviewers look for first; numbers only where the source language is known."""
    sources = system.sources or ("",) * len(system.translations)
    pairs = [
        Pair(s, " ".join(t.split()), Direction(source or target, target))
        for t, s in zip(system.translations, sources, strict=True)
    ]
    counts: dict[str, Any] = {
        "empty": _count("empty", pairs),
        "copied": _count("copy", pairs) if system.sources else None,
        "wrong_script": sum(has_wrong_letters(p.text, target) for p in pairs),
        "length_ratio": _length_ratio(system),
    }
    if matcher is not None and system.sources:
        judged = judge_lines(matcher, system.sources, system.translations, target.tag)
        kept = [judgement.verdict is Verdict.FOLLOWED for _, _, judgement in judged]
        counts |= {"terms": len(kept), "terms_right": sum(kept)}
    if source is not None and system.sources:
        counts["numbers"] = _count("number", pairs)
    return counts


def _count(gate: str, pairs: Sequence[Pair]) -> int:
    return sum(bool(GATES[gate].finds(pair)) for pair in pairs)


def _length_ratio(system: System) -> float | None:
    """Characters of the translations, divided by those of the first references."""
    pairs = [(t, r[0]) for t, r in zip(system.translations, system.references or (), strict=False) if r]
    total = sum(len(r) for _, r in pairs)
    return sum(len(t) for t, _ in pairs) / total if total else None


def scores_markdown(report: Mapping[str, Any]) -> str:
    """Return the scores as tables for readers."""
    titles = report["titles"]
    rows = []
    for name, own in report["systems"].items():
        row = {"system": name}
        for key, title in titles.items():
            low, high = own["scores"][key]["interval"]
            digits = DIGITS.get(key, 1)
            row[title] = f"{own['scores'][key]['score']:.{digits}f} ± {(high - low) / 2:.{digits}f}"
        counts = own["counts"]
        row |= {
            "empty": str(counts["empty"]),
            "copied": NOTHING if counts["copied"] is None else str(counts["copied"]),
            "wrong script": str(counts["wrong_script"]),
            "length ratio": NOTHING if counts["length_ratio"] is None else f"{counts['length_ratio']:.2f}",
        }
        if "terms" in counts:
            row["terms"] = f"{counts['terms_right']} of {counts['terms']}"
        if "numbers" in counts:
            row["numbers differ"] = str(counts["numbers"])
        rows.append(row)
    count = f"{report['segments']} segments"
    if report["with_references"] < report["segments"]:
        count += f", {report['with_references']} with references"
    parts = [count + (" (an indication: fewer than 100)" if report["indication"] else ""), format_table(rows)]
    for key, title in titles.items():
        digits = DIGITS.get(key, 1)
        compared = [
            {
                "comparison": name,
                f"{title} difference": f"{own[key]['delta']:+.{digits}f}",
                "95 %": f"{own[key]['low']:+.{digits}f} to {own[key]['high']:+.{digits}f}",
                "p": format_p(own[key]["p_value"]),
                "p (Holm)": format_p(own[key]["p_holm"]),
                "p (bootstrap)": format_p(own[key]["bootstrap_p_value"]),
                "wins": str(own[key]["wins"]),
                "ties": str(own[key]["ties"]),
                "losses": str(own[key]["losses"]),
            }
            for name, own in report["pairs"].items()
        ]
        if compared:
            parts.append(format_table(compared))
    if report["signatures"]:
        parts.append("\n".join(f"{titles[key]}: {value}" for key, value in report["signatures"].items()))
    return "\n\n".join(parts) + "\n"
