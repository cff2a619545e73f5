"""The search tree: arrays with one row a node, and the two operations that change it.

N nodes; node 0 is the root. A node is a partial sequence, and the edge to it is a step. Steps begin with a symbol; the
unexplored part below a node is the probability of the symbols that none of its steps begins with.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROOT = 0
NONE = -1


@dataclass(frozen=True, slots=True)
class Step:
    """One edge: its key among its siblings, the symbol it begins with, and the probability of that symbol."""

    key: Hashable
    symbol: Hashable
    prior: float
    """Probability, in [0, 1], that a draw at the parent begins with this symbol."""


class Tree:
    """Visits, values and structure of a search, one row a node."""

    def __init__(self) -> None:
        self.size = 0
        self.parent: NDArray[np.int64] = np.empty(0, np.int64)  # [N]
        self.depth: NDArray[np.int64] = np.empty(0, np.int64)  # [N] steps from the root
        self.children: NDArray[np.int64] = np.empty(0, np.int64)  # [N] how many
        self.visits: NDArray[np.int64] = np.empty(0, np.int64)  # [N] rollouts that were backed up through the node
        self.tries: NDArray[np.int64] = np.empty(0, np.int64)  # [N] rollouts that were begun at the node
        self.value_sum: NDArray[np.float64] = np.empty(0)  # [N]
        self.best: NDArray[np.float64] = np.empty(0)  # [N] highest value below, -inf without
        self.prior: NDArray[np.float64] = np.empty(0)  # [N] see Step
        self.explored: NDArray[np.float64] = np.empty(0)  # [N] probability of the symbols tried below
        self.terminal: NDArray[np.bool_] = np.empty(0, np.bool_)  # [N] a finished sequence ends here
        self.rollout: NDArray[np.int64] = np.empty(0, np.int64)  # [N] the rollout that made the node
        self.keys: list[Hashable] = []  # N
        self.rollouts = 0
        """Sequences inserted so far; they are numbered in this order."""
        self._child: dict[tuple[int, Hashable], int] = {}
        self._tried: dict[int, set[Hashable]] = {}
        self._append(NONE, Step(None, None, 1.0), NONE)

    def _append(self, parent: int, step: Step, rollout: int) -> int:
        if self.size == len(self.parent):
            self._grow(max(64, 2 * self.size))
        node = self.size
        self.size += 1
        self.parent[node] = parent
        self.depth[node] = 0 if parent == NONE else self.depth[parent] + 1
        self.best[node] = -np.inf
        self.prior[node] = step.prior
        self.rollout[node] = rollout
        self.keys.append(step.key)
        if parent != NONE:
            self.children[parent] += 1
            if step.symbol not in self.tried(parent):
                self.explored[parent] += step.prior
                self._tried.setdefault(parent, set()).add(step.symbol)
            self._child[parent, step.key] = node
        return node

    def _grow(self, rows: int) -> None:
        for name, array in list(vars(self).items()):
            if isinstance(array, np.ndarray):
                grown = np.zeros(rows, array.dtype)
                grown[: len(array)] = array
                setattr(self, name, grown)

    def path(self, node: int) -> Iterator[int]:
        """Yield a node and its ancestors, the root last."""
        while node != NONE:
            yield node
            node = int(self.parent[node])

    def tried(self, node: int) -> set[Hashable]:
        """Return the symbols that the steps below a node begin with."""
        return self._tried.get(node, set())

    def children_of(self, node: int) -> NDArray[np.int64]:
        """Return the children of a node, oldest first."""
        return np.flatnonzero(self.parent[: self.size] == node)

    def insert(self, node: int, steps: Sequence[Step]) -> int:
        """Add a path below a node, and reuse the steps that exist already; return its end, marked as finished."""
        for step in steps:
            child = self._child.get((node, step.key))
            node = self._append(node, step, self.rollouts) if child is None else child
        self.rollouts += 1
        self.terminal[node] = True
        return node

    def backup(self, node: int, value: float) -> None:
        """Add a finished sequence's value to all nodes from its end to the root: counts, sums and maxima."""
        for ancestor in self.path(node):
            self.visits[ancestor] += 1
            self.value_sum[ancestor] += value
            self.best[ancestor] = max(self.best[ancestor], value)

    def mean(self) -> NDArray[np.float64]:
        """Return the mean value of every node [N]; -inf where nothing was backed up."""
        visits = self.visits[: self.size]
        values = np.full(self.size, -np.inf)
        np.divide(self.value_sum[: self.size], visits, out=values, where=visits > 0)
        return values
