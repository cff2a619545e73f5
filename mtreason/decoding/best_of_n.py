"""Independent samples, the best of which is kept: what search has to beat."""

from __future__ import annotations

from dataclasses import dataclass

from mtreason.decoding.pool import Pool, to_draft
from mtreason.decoding.protocol import Result, Settings, Task
from mtreason.models.calls import Steps

ROUND = 64
MOST_DRAWS = 8
"""Times the budget: where samples only repeat, and so cost little, drawing on would find nothing."""


@dataclass(frozen=True, slots=True)
class BestOfNDecoder:
    """Greedy and samples until the budget is spent; the best by reward."""

    name: str = "best-of-n"

    def decode(self, task: Task, settings: Settings) -> Steps[Result]:
        """See `Decoder.decode`."""
        pool = Pool(task, settings)
        drawn = yield from pool.open_with_drafts()
        number = len(drawn)
        while pool.prompt is not None and number < MOST_DRAWS * settings.budget:
            count = pool.affordable(ROUND)
            if not count:
                break
            more = yield from pool.draw([pool.full_draw(pool.prompt, number + i) for i in range(count)])
            number += count
            yield from pool.add([to_draft(settings, c) for c in more], [c.finished for c in more])
            drawn += more
        return (yield from pool.close(drawn))
