"""Labels of candidates: what a head is to foretell.

Several measures are added, each in units of its spread within sources, so that none of them is learned with its faults;
and what the length alone foretells is taken out, because each of them likes long or short texts.

Letters: S sources, C candidates of one source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mtreason.rewards import REWARDS
from mtreason.tuning.agreement import standardised
from mtreason.tuning.segments import Segment, gold_values

Measure = list[NDArray[np.float64]]
"""For each source [C], higher is better."""
Scorer = Callable[[Sequence[tuple[str, str, str | None]]], list[float]]
"""A learned metric: triples of source, translation and reference."""

OWN_PARTS = {name: weight for name, weight in REWARDS["mix"].weights.items() if name != "terms"}
"""The parts of the model's own label, and their weights: those of the default reward that do not need a glossary."""
_TINY = 1e-12


def measures_of(
    segments: Sequence[Segment], records: Sequence[Mapping[str, object]], comet: Scorer | None
) -> dict[str, Measure]:
    """Return the measures that make the labels of pools, by name.

    Ratings stand alone. References give chrF++ and TER, and plain source text what the model itself thinks of its
    candidates; a COMET checkpoint is added to either.
    """
    texts = [_texts(record) for record in records]
    if segments[0].ratings:
        return {"ratings": [np.array(gold_values(s, own)) for s, own in zip(segments, texts, strict=True)]}
    found: dict[str, Measure] = {}
    if segments[0].row.references:
        found["chrF++"] = [np.array(gold_values(s, own)) for s, own in zip(segments, texts, strict=True)]
        found["-TER"] = [_ter(s, own) for s, own in zip(segments, texts, strict=True)]
    else:
        found["mix"] = [_own(record) for record in records]
    if comet is not None:
        triples = [
            [(s.row.source, text, next(iter(s.row.references), None)) for text in own]
            for s, own in zip(segments, texts, strict=True)
        ]
        scores = iter(comet([triple for own in triples for triple in own]))
        found["COMET"] = [np.array([next(scores) for _ in own]) for own in triples]
    return found


def labels_of(measures: Mapping[str, Measure], texts: Sequence[Sequence[str]]) -> Measure:
    """Return the labels: the mean of the measures in units of their spread, without what the length foretells.

    Centred within each source. The spread is that of all sources together, so that a source whose candidates hardly
    differ weighs little.
    """
    added = [np.zeros(len(own)) for own in texts]
    for measure in map(standardised, measures.values()):
        added = [a + own / len(measures) for a, own in zip(added, measure, strict=True)]
    return _length_neutral(added, texts)


def _length_neutral(labels: Measure, texts: Sequence[Sequence[str]]) -> Measure:
    """Return the residuals of a regression on the logarithm of the length, one slope for all sources.

    Within a source that is the length ratio: the length of the source is the same for all.
    """
    lengths = [np.log([max(1, len(text)) for text in own]) for own in texts]
    lengths = [own - own.mean() for own in lengths]
    total = sum(float(own @ own) for own in lengths)
    if total <= _TINY:
        return labels
    slope = sum(float(a @ b) for a, b in zip(lengths, labels, strict=True)) / total
    return [own - slope * length for own, length in zip(labels, lengths, strict=True)]


def _texts(record: Mapping[str, object]) -> list[str]:
    return [c["text"] for c in record["candidates"]]  # type: ignore[attr-defined]


def _own(record: Mapping[str, object]) -> NDArray[np.float64]:
    """Return what the model itself thinks of its candidates, [C]."""
    parts = [c["parts"] for c in record["candidates"]]  # type: ignore[attr-defined]
    return np.array([sum(weight * own[name] for name, weight in OWN_PARTS.items()) for own in parts])


def _ter(segment: Segment, texts: Sequence[str]) -> NDArray[np.float64]:
    from sacrebleu.metrics.ter import TER

    scorer = TER()
    return np.array([-float(scorer.sentence_score(text, list(segment.row.references)).score) for text in texts])
