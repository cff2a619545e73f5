"""Learned metrics of the COMET family: checkpoints, their encoder, packaged weights, scores."""

from mtreason.evaluation.learned.metric import COMET, learned_metric

__all__ = ["COMET", "learned_metric"]
