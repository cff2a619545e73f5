"""Tuning: pools of judged candidates, and the weights that choose best from them."""

from mtreason.tuning.fit import Judged, Tuned, tune
from mtreason.tuning.pools import POOLING, PoolFile, collect, judged, pooling_reward
from mtreason.tuning.segments import Segment, read_segments

__all__ = [
    "POOLING", "Judged", "PoolFile", "Segment", "Tuned", "collect", "judged", "pooling_reward", "read_segments", "tune",
]  # fmt: skip
