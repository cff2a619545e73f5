"""Learned metrics of the COMET family, in the form of the other metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from mtreason.errors import InputError
from mtreason.evaluation.metrics import Metric, mean_metric

if TYPE_CHECKING:
    from mtreason.evaluation.learned.estimator import Estimator
    from mtreason.models.protocol import Triple

COMET = "comet"
TIE = 1e-6
CHUNK = 64
"""Triples between two reports of progress."""

Advance = Callable[[str, int, int], None]
"""Called with a system, how many of its segments are scored, and how many it has."""


def learned_metric(
    estimator: Estimator,
    sources: Sequence[str],
    references: Sequence[Sequence[str]],
    systems: Mapping[str, Sequence[str]],
    advance: Advance,
) -> Metric:
    """Score the translations of each system, one for each source; of several references only the first is used.

    Raises `InputError` where a reference is needed and missing.
    """
    firsts: list[str | None] = [None] * len(sources)
    if estimator.takes_references:
        firsts = [own[0] if own else None for own in references]
        if estimator.needs_references and None in firsts:
            missing = firsts.index(None) + 1
            raise InputError(
                f"--comet-model {estimator.label} needs a reference for every segment: segment {missing} has none"
            )
    scores = []
    for name, translations in systems.items():
        triples: list[Triple] = list(zip(sources, translations, firsts, strict=True))
        own: list[float] = []
        for start in range(0, len(triples), CHUNK):
            own += estimator.scores(triples[start : start + CHUNK])
            advance(name, len(own), len(triples))
        scores.append(own)
    return mean_metric(COMET, f"COMET[{estimator.label}]", scores, TIE, estimator.signature)
