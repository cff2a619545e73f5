"""Decoders that draw one draft and do not choose."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mtreason.decoding.pool import Pool
from mtreason.decoding.protocol import Result, Settings, Task
from mtreason.models.calls import Steps
from mtreason.rewards import REWARDS


@dataclass(frozen=True, slots=True)
class SingleDecoder:
    """One draft: the most probable token at each position (`greedy`), or one sample (`sample`)."""

    name: str
    number: int
    """Which draft of `Pool.full_draw`: 0 is greedy."""

    @property
    def heeds(self) -> frozenset[str]:
        """See `Decoder.heeds`."""
        return frozenset({"think"})

    def decode(self, task: Task, settings: Settings) -> Steps[Result]:
        """See `Decoder.decode`."""
        # Nothing is chosen, so a reward that costs model calls would be paid for nothing.
        pool = Pool(task, replace(settings, reward=REWARDS["likelihood"]))
        return pool.counted(self._decode(pool))

    def _decode(self, pool: Pool) -> Steps[Result]:
        prefix = yield from pool.open()
        drawn = yield from pool.draw([pool.full_draw(prefix, self.number)])
        yield from pool.add_samples(drawn)
        return (yield from pool.close(drawn))
