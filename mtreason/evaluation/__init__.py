"""Evaluation: how good translations are by their references, and whether a difference is more than chance."""

from mtreason.evaluation.learned import COMET, LearnedMetric, learned_metric
from mtreason.evaluation.metrics import CHRF, Metric, corpus_metrics, mean_metric
from mtreason.evaluation.significance import Comparison, bootstrap, compare, holm, interval

__all__ = [
    "CHRF", "COMET", "Comparison", "LearnedMetric", "Metric", "bootstrap", "compare", "corpus_metrics", "holm",
    "interval", "learned_metric", "mean_metric",
]  # fmt: skip
