"""Decoders that draw one draft and do not choose."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mtreason.decoding.pool import Pool
from mtreason.decoding.protocol import Result, Settings, Task
from mtreason.models.calls import Calls
from mtreason.rewards import REWARDS


@dataclass(frozen=True, slots=True)
class SingleDecoder:
    """One draft: the most probable token at each position (`greedy`), or one sample (`sample`)."""

    name: str
    number: int
    """Which draft of `Pool.full_draw`: 0 is greedy."""

    @property
    def options(self) -> frozenset[str]:
        """See `Decoder.options`."""
        return frozenset({"think"})

    def decode(self, task: Task, settings: Settings) -> Calls[Result]:
        """See `Decoder.decode`."""
        # Nothing is chosen, so a reward that costs model calls would be paid for nothing.
        pool = Pool(task, replace(settings, reward=REWARDS["likelihood"]))
        return pool.counted(self._decode(pool))

    def _decode(self, pool: Pool) -> Calls[Result]:
        prefix = yield from pool.open()
        drawn = yield from pool.draw([pool.full_draw(prefix, self.number)])
        yield from pool.add_samples(drawn)
        return (yield from pool.close(drawn))
