"""For pipelines of Ray Data: `ds.map_batches(mtreason.ray.TranslateBatch, …)`."""

from mtreason.corpus.worker import TranslateBatch

__all__ = ["TranslateBatch"]
