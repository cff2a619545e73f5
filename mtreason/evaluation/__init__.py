"""Evaluation: how good translations are compared with their references, and whether a difference is significant."""

from mtreason.evaluation.learned import COMET, learned_metric
from mtreason.evaluation.metrics import CHRF, Metric, corpus_metrics, mean_metric
from mtreason.evaluation.significance import Comparison, bootstrap, compare, compare_all, holm, interval

__all__ = [
    "CHRF", "COMET", "Comparison", "Metric", "bootstrap", "compare", "compare_all", "corpus_metrics", "holm",
    "interval", "learned_metric", "mean_metric",
]  # fmt: skip
