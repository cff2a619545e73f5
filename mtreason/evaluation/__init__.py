"""Evaluation: how good translations are by their references, and whether a difference is more than chance."""

from mtreason.evaluation.metrics import CHRF, Metric, corpus_metrics, mean_metric
from mtreason.evaluation.significance import Comparison, bootstrap, compare, holm, interval

__all__ = [
    "CHRF", "Comparison", "Metric", "bootstrap", "compare", "corpus_metrics", "holm", "interval", "mean_metric",
]  # fmt: skip
