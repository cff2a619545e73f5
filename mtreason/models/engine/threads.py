"""How many threads the kernels run on: all that torch was given, or fewer where other processes want the processor.

A kernel ends when its slowest thread does, so a thread that waits for a core that another process holds stops all of
them. Whether fewer threads are faster then depends on what the others do: two translations side by side are better off
with half the cores each, while beside a busy loop on every core each thread brings its own share. So nothing is
assumed: where the system says that this process waits for cores, steps are run in turns with one number of threads,
half of it and twice, and the fastest number is kept until the next comparison.

Threads of a kernel that have finished spin for milliseconds before they sleep, which is right on an empty machine: the
next kernel comes soon. On a crowded one they use up the time of the thread that they wait for; see `ShortWaits`.

Results do not depend on the number of threads, bit for bit, with 8-bit linear layers.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import torch

CROWDED = 0.1
"""Share of the time in which a thread could run and had no core, from which on it is worth comparing."""
WATCH_SECONDS = 0.5
"""How long the share is watched before it is believed."""
EMPTY = 0.03
"""Below this share the machine is not crowded any more."""
REST_SECONDS = 4.0
MAX_REST_SECONDS = 64.0
"""From one comparison to the next: the time doubles as long as nothing changes."""
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


class ShortWaits:
    """Makes the threads of all kernels sleep soon when they wait, as long as it is on.

    GNU's OpenMP spins a thousandth of its usual time while it manages more threads than there are cores, and reads its
    own settings only when it is loaded. So a second team of threads is made, which sleeps until this is off. Where
    kernels run on another OpenMP, that team does nothing. Settings of the user (`GOMP_SPINCOUNT`, `OMP_WAIT_POLICY`)
    stay as they are.
    """

    def __init__(self) -> None:
        self._allowed = not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & set(os.environ)
        self._off: threading.Event | None = None

    @property
    def on(self) -> bool:
        """Whether they are short now."""
        return self._off is not None

    def turn_on(self) -> bool:
        """Make waits short, and return whether they were not; the caller has then to set its number of threads anew."""
        if self.on or not self._allowed:
            return False
        self._off, made = threading.Event(), threading.Event()
        threading.Thread(target=_second_team, args=(made, self._off), name="short-waits", daemon=True).start()
        made.wait()
        return True

    def turn_off(self) -> None:
        """Make waits as long as usual."""
        if self._off is not None:
            self._off.set()
            self._off = None


def _second_team(made: threading.Event, off: threading.Event) -> None:
    size = (os.cpu_count() or 1) + 1
    torch.set_num_threads(size)
    torch.zeros(size << 15).add_(1.0)  # as much for each thread as torch wants to share out
    made.set()
    off.wait()


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
        """`most` is what torch was given; the clocks, in seconds, are arguments for tests.

        What was waited for before does not count: while it loads, a process has more threads than there are cores,
        which wait for one another.
        """
        self.crowded = False
        """Whether other processes want the cores."""
        self._short = ShortWaits()
        self._clock = clock
        self._waiting = waiting
        self._most = 0
        self._seen: tuple[float, float | None]
        self.allow(most)

    def allow(self, most: int) -> None:
        """Use at most so many; begins anew where this is another number than before."""
        if most == self._most:
            return
        self._most = self._chosen = self.count = most
        self._started = self._clock()
        self._rest = REST_SECONDS
        self._rested = self._started - self._rest
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
        share = (self._seen[1] - known) / (now - before)
        crowded = share > (EMPTY if self.crowded else CROWDED)
        if crowded != self.crowded:
            self.crowded, self._rest = crowded, REST_SECONDS
        if now - self._rested < self._rest:
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
            self._chosen, self._rest = best, REST_SECONDS
        else:
            self._rest = min(2 * self._rest, MAX_REST_SECONDS)
        self._trial = None
        self._seen = (now, self._waiting())
        self._rested = now
        self.count = self._chosen

    def apply(self) -> None:
        """Have torch's kernels run on `count` threads from now on, which sleep soon where the machine is crowded."""
        # Long waits come back last: with two runs side by side, neither waits for cores once each has its own.
        short = self.crowded or self._chosen < self._most
        if not short:
            self._short.turn_off()
        turned = short and self._short.turn_on()
        if turned or torch.get_num_threads() != self.count:
            torch.set_num_threads(self.count)

    def leave(self, given: int) -> None:
        """Have kernels run as they did before, on `given` threads."""
        self._short.turn_off()
        if torch.get_num_threads() != given:
            torch.set_num_threads(given)
