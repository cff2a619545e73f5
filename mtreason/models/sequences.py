"""Token sequences: shared beginnings of the sequences of one sentence, and continuations that run away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mtreason.models.calls import Calls, cut, extend, release
from mtreason.models.protocol import Prefix

WORTH_WAITING = 3
"""A sequence waits for another new one if they share this many new tokens: that costs a pass, but saves tokens."""


REPEATED = 4
"""A continuation whose end repeats itself this often, and over at least MIN_REPEATED tokens, is running away."""
MIN_REPEATED = 16


@dataclass(frozen=True, slots=True)
class _Read:
    tokens: tuple[int, ...]
    """All tokens after the base."""
    start: int
    """Where this node's own span begins, counted from the base."""
    prefix: Prefix


class SharedSequences:
    """Remembers what was read after a base prefix; belongs to one sentence, so its costs depend on nothing else."""

    def __init__(self, base: Prefix) -> None:
        self.base = base
        self.read_tokens = 0
        """How many tokens had to be read so far."""
        self._known: list[_Read] = []

    def read(self, sequences: Sequence[tuple[int, ...]]) -> Calls[list[Prefix]]:
        """Return a prefix for each sequence (at least one token each), reading only what is new."""
        known = {k.tokens: k.prefix for k in self._known}
        waiting = list(dict.fromkeys(t for t in sequences if t not in known))
        while waiting:
            now, waiting = self._leaders(waiting)
            parents: list[Prefix] = []
            for tokens in now:
                parent = yield from self._parent(tokens)
                parents.append(parent)
            rests = [t[p.length - self.base.length :] for t, p in zip(now, parents, strict=True)]
            fresh = yield from extend(parents, rests)
            self.read_tokens += sum(map(len, rests))
            for tokens, parent, prefix in zip(now, parents, fresh, strict=True):
                self._known.append(_Read(tokens, parent.length - self.base.length, prefix))
                known[tokens] = prefix
            yield from release([p for p in parents if p is not self.base])
        return [known[t] for t in sequences]

    def _leaders(self, waiting: list[tuple[int, ...]]) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
        """Split off the sequences that should wait, because they share much with one that is read first."""
        now: list[tuple[int, ...]] = []
        later: list[tuple[int, ...]] = []
        for tokens in waiting:
            shared = self._longest(tokens)[1]
            worth = any(common_length(other, tokens) - shared >= WORTH_WAITING for other in now)
            (later if worth else now).append(tokens)
        return now, later

    def _parent(self, tokens: tuple[int, ...]) -> Calls[Prefix]:
        """Return a prefix of the longest beginning that was read before, leaving at least one token to read."""
        best, shared = self._longest(tokens)
        at = min(shared, len(tokens) - 1)
        if best is None or at <= best.start:
            return self.base
        prefix = yield from cut(best.prefix, self.base.length + at)
        return prefix

    def _longest(self, tokens: tuple[int, ...]) -> tuple[_Read | None, int]:
        """Return the known sequence that shares most tokens with this one inside its own span, and how many."""
        best: _Read | None = None
        most = 0
        for known in self._known:
            shared = common_length(known.tokens, tokens)
            if shared > known.start and shared > most:
                best, most = known, shared
        return best, most

    def close(self) -> Calls[None]:
        """Give all prefixes back."""
        yield from release([k.prefix for k in self._known])
        self._known.clear()


def common_length(a: Sequence[int], b: Sequence[int]) -> int:
    """Return the length of the beginning that two sequences share."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))


def running_away(tokens: Sequence[int]) -> bool:
    """Whether a continuation ends in repetitions of one short piece ("very very very very …")."""
    n = len(tokens)
    for period in range(1, n // REPEATED + 1):
        span = max(REPEATED * period, MIN_REPEATED)
        if span <= n and all(tokens[-i] == tokens[-i - period] for i in range(1, span - period + 1)):
            return True
    return False
