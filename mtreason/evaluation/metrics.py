"""BLEU, chrF, TER and means of per-segment values, all computed from sums of statistics per segment.

Letters: n segments, K statistics of one segment, which depend on the metric.
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mtreason.languages import Language

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric as SacrebleuMetric

Statistics = NDArray[np.float64]
"""[n, K]; the score of a corpus is a function of the sum over its segments."""

CHRF = "chrf"
"""chrF++, under the name that reports use; `chrf2` is the variant without words."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A score of a corpus that is computed from sums of statistics over its segments."""

    name: str
    title: str
    scores: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    """Computes from sums of statistics, [N, K], the score of each, [N]."""
    segment_score: Callable[[NDArray[np.float64]], float]
    """Scores one segment from its statistics, [K]; BLEU then skips orders for which the segment is too short."""
    tie: float
    """Segments whose scores differ by no more than this count as equal."""
    signature: str = ""
    lower_is_better: bool = False
    statistics: tuple[Statistics, ...] = ()
    """Statistics of each given system, in order."""

    def score(self, total: NDArray[np.float64]) -> float:
        """Return the score for one sum of statistics, [K]."""
        return float(self.scores(total[None])[0])


TITLES = {"bleu": "BLEU", "chrf2": "chrF2", CHRF: "chrF++", "ter": "TER"}
"""Metrics of the surface, as sacrebleu computes them."""


def usual_metrics(target: Language) -> tuple[str, ...]:
    """Return the usual metrics for a language: without spaces between words, chrF++ and TER say little."""
    return ("bleu", "chrf2", CHRF, "ter") if target.spaced else ("bleu", "chrf2")


def corpus_metrics(
    systems: Sequence[Sequence[str]],
    references: Sequence[Sequence[str]],
    target: Language,
    names: Sequence[str] = ("bleu", CHRF),
) -> tuple[Metric, ...]:
    """Return metrics of each system's translations, by the names in `TITLES`.

    `references` holds the references of each segment, at least one, in any number; of several, BLEU uses all and the
    other metrics the one that fits best, as in sacrebleu.
    """
    streams: list[Any] = list(itertools.zip_longest(*references))  # None where a segment has fewer
    return tuple(_metric(name, *_scorers(name, target), systems, streams) for name in names)


def _scorers(name: str, target: Language) -> tuple[SacrebleuMetric, SacrebleuMetric]:
    """Return one object that scores a corpus, and one that scores a single segment."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF as CHRF_SCORER
    from sacrebleu.metrics.ter import TER

    if name == "bleu":
        tokenize = tokenizer_for(target)
        return BLEU(tokenize=tokenize, force=True), BLEU(tokenize=tokenize, effective_order=True)
    if name == "ter":
        asian = not target.spaced
        scorer: SacrebleuMetric = TER(normalized=asian, asian_support=asian)
    else:
        scorer = CHRF_SCORER(word_order=2 if name == CHRF else 0)
    return scorer, scorer


def _metric(
    name: str,
    corpus: SacrebleuMetric,
    sentence: SacrebleuMetric,
    systems: Sequence[Sequence[str]],
    streams: list[Any],
) -> Metric:
    # sacrebleu's own significance tests call this; its public functions do not return statistics.
    statistics = tuple(np.array(corpus._extract_corpus_statistics(s, streams), np.float64) for s in systems)
    return Metric(
        name,
        TITLES[name],
        lambda totals: np.array([corpus._compute_score_from_stats(t.tolist()).score for t in totals], np.float64),
        lambda own: float(sentence._compute_score_from_stats(own.tolist()).score),
        1e-9,
        corpus.get_signature().format(),
        name == "ter",
        statistics,
    )


def mean_metric(name: str, title: str, systems: Sequence[Sequence[float]], tie: float, signature: str = "") -> Metric:
    """Return the mean of a value per segment as a metric."""
    statistics = tuple(np.stack([np.array(v, np.float64), np.ones(len(v))], axis=1) for v in systems)

    def means(totals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Divide sums of values by their number."""
        return np.asarray(totals[:, 0] / totals[:, 1])

    return Metric(name, title, means, lambda own: float(own[0]), tie, signature, statistics=statistics)


_TOKENIZERS = {"zh": ("zh", ()), "ja": ("ja-mecab", ("MeCab", "ipadic")), "ko": ("ko-mecab", ("mecab_ko",))}
"""Language -> sacrebleu's tokenizer, and the modules that it needs."""


def tokenizer_for(target: Language) -> str:
    """Return the tokenizer for BLEU; by character where words are not separated and the proper one is not installed."""
    name, modules = _TOKENIZERS.get(target.primary, ("", ()))
    if name and all(importlib.util.find_spec(m) for m in modules):
        return name
    return "13a" if target.spaced and not name else "char"
