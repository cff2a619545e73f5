"""How many threads the kernels run on: all that torch was given, or fewer where other processes want the processor.

A kernel ends when its slowest thread does, so a thread that waits for a core that another process holds stops all of
them. Whether fewer threads are faster then depends on what the others do: two translations side by side are better off
with half the cores each, while beside a busy loop on every core each thread brings its own share. So nothing is
assumed: where the system says that this process waits for cores, steps are run in turns with one number of threads,
half of it and twice, and the fastest number is kept until the next comparison.

Results do not depend on the number of threads, bit for bit, with 8-bit linear layers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch

CROWDED = 0.1
"""Share of the time in which a thread could run and had no core, from which on it is worth comparing."""
WATCH_SECONDS = 1.0
"""How long the share is watched before it is believed."""
REST_SECONDS = 4.0
"""From one comparison to the next."""
TRIAL_SECONDS = 0.6
TRIAL_STEPS = 4
"""A comparison ends when both sides have run for so long and so many steps."""
GAIN = 1.05
"""Another number of threads has to be faster by this factor."""


def waited() -> float | None:
    """Return the seconds that the main thread could have run and had no core, since it began; None if not told."""
    try:
        return int(Path("/proc/self/schedstat").read_text("ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None


class Threads:
    """Picks the number of threads from step to step.

    `begin` before each step and `end` after it; kernels run on `count` threads.
    """

    def __init__(
        self,
        most: int,
        clock: Callable[[], float] = time.monotonic,
        waiting: Callable[[], float | None] = waited,
    ) -> None:
        """`most` is what torch was given; the clocks, in seconds, are arguments for tests."""
        self._clock = clock
        self._waiting = waiting
        self._most = 0
        self.allow(most)

    def allow(self, most: int) -> None:
        """Use at most so many; begins anew where this is another number than before."""
        if most == self._most:
            return
        self._most = self._chosen = self.count = most
        self._started = self._rested = self._clock()
        self._seen = (self._started, self._waiting())
        self._trial: dict[int, list[float]] | None = None

    def begin(self) -> None:
        """Say that a step begins."""
        self._started = self._clock()

    def end(self) -> None:
        """Say that a step has ended, and decide about the next one."""
        if self._most == 1:
            return
        now = self._clock()
        if self._trial is not None:
            self._trial[self.count].append(now - self._started)
            self._judge(now)
        elif now - self._seen[0] >= WATCH_SECONDS:
            self._watch(now)

    def _watch(self, now: float) -> None:
        before, known = self._seen
        self._seen = (now, self._waiting())
        if known is None or self._seen[1] is None:
            return
        crowded = self._seen[1] - known > CROWDED * (now - before)
        if now - self._rested < REST_SECONDS and self._chosen < self._most:
            return
        fewer = max(1, self._chosen // 2) if crowded else self._chosen
        tried = {self._chosen, min(2 * self._chosen, self._most), fewer}
        if len(tried) > 1:
            self._trial = {n: [] for n in sorted(tried)}

    def _judge(self, now: float) -> None:
        trial = self._trial
        assert trial is not None  # noqa: S101 - for the type checker
        if any(len(taken) < TRIAL_STEPS or sum(taken) < TRIAL_SECONDS for taken in trial.values()):
            # In turns, since the number of rows changes from step to step.
            order = list(trial)
            self.count = order[(order.index(self.count) + 1) % len(order)]
            return
        means = {n: sum(taken) / len(taken) for n, taken in trial.items()}
        best = min(means, key=lambda n: means[n])
        if means[self._chosen] > GAIN * means[best]:
            self._chosen = best
        self._trial = None
        self._seen = (now, self._waiting())
        self._rested = now
        self.count = self._chosen

    def apply(self) -> None:
        """Have torch's kernels run on `count` threads from now on."""
        if torch.get_num_threads() != self.count:
            torch.set_num_threads(self.count)
