"""Independent samples, the best of which is kept: what search has to beat."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mtreason.decoding.pool import Pool
from mtreason.decoding.protocol import Result, Settings, Task
from mtreason.decoding.reflection import reflect
from mtreason.decoding.repair import repair
from mtreason.models.calls import Calls
from mtreason.rewards import Reward

MOST_DRAWS = 8
"""Times the budget: where samples only repeat, and so cost little, drawing on would find nothing."""


@dataclass(frozen=True, slots=True)
class BestOfNDecoder:
    """Greedy and samples until the budget is spent; the best by reward."""

    name: str = "best-of-n"
    reward: Reward | None = None
    """What it chooses by, whatever the settings say."""

    @property
    def options(self) -> frozenset[str]:
        """See `Decoder.options`."""
        return frozenset({"think", "reflect", *(["reward"] if self.reward is None else [])})

    def decode(self, task: Task, settings: Settings) -> Calls[Result]:
        """See `Decoder.decode`."""
        pool = Pool(task, settings if self.reward is None else replace(settings, reward=self.reward))
        return pool.counted(self._decode(pool))

    def _decode(self, pool: Pool) -> Calls[Result]:
        drawn = yield from pool.open_with_drafts()
        while pool.prompt is not None and (room := pool.affordable(int(MOST_DRAWS * pool.settings.budget))):
            number = len(drawn)
            if number >= MOST_DRAWS * pool.settings.budget:
                break
            # Half of what the budget still pays for: the price of a draft becomes known as they are drawn.
            draws = [pool.full_draw(pool.prompt, number + i) for i in range(-(-room // 2))]
            more = yield from pool.draw(draws)
            yield from pool.add_samples(more)
            drawn += more
        yield from reflect(pool)
        yield from repair(pool)
        return (yield from pool.close(drawn))
