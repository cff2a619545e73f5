"""Which piece of a file is which piece of another version of it: all in linear time, by digests."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence


def by_key(wanted: Sequence[str], keys: Sequence[str]) -> list[int | None]:
    """Return for each wanted key where it is, or None; keys that occur twice are taken in order."""
    at: defaultdict[str, deque[int]] = defaultdict(deque)
    for i, key in enumerate(keys):
        at[key].append(i)
    return [at[key].popleft() if at[key] else None for key in wanted]


def by_neighbours(old: Sequence[str], new: Sequence[str]) -> list[int | None]:
    """Return for each piece of the new version which piece of the old one it is, or None for one that was added.

    Equal pieces are the same, also where they were moved. Of the others, a piece is taken for the changed version of
    the one that stood beside the same neighbour.
    """
    found = by_key(new, old)
    taken = {i for i in found if i is not None}
    for step in (1, -1):
        order = range(len(new)) if step > 0 else range(len(new) - 1, -1, -1)
        for j in order:
            edge = 0 if step > 0 else len(new) - 1
            before = (-1 if step > 0 else len(old)) if j == edge else found[j - step]
            candidate = None if before is None else before + step
            if found[j] is None and candidate is not None and 0 <= candidate < len(old) and candidate not in taken:
                found[j] = candidate
                taken.add(candidate)
    return found


def in_place(old: Sequence[str], new: Sequence[str]) -> bool:
    """Return whether pieces were at most changed, each where it stands; `old` has "" for what was never there."""
    there = [digest for digest in old if digest]
    if len(there) != len(new):
        return False
    gone = {a for a, b in zip(there, new, strict=True) if a != b}
    come = {b for a, b in zip(there, new, strict=True) if a != b}
    return not gone & come
