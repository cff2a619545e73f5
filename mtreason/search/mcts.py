"""The loop: select, expand, insert, back up. It knows neither text nor models."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mtreason.search.selection import Rule
from mtreason.search.tree import Step, Tree


@dataclass(frozen=True, slots=True)
class Rollout:
    """A sequence that was completed from the node where it began."""

    steps: tuple[Step, ...]
    value: float | None
    """None for a sequence that may not be chosen: it stays in the tree, but is not backed up."""


class SearchProblem(Protocol):
    """What the search explores."""

    def expand(self, tree: Tree, nodes: Sequence[int]) -> Generator[Any, Any, list[Rollout]]:
        """Complete one rollout from each node, all in one batch."""
        ...

    def affordable(self, rollouts: int) -> int:
        """Return how many of `rollouts` further rollouts the budget still pays for."""
        ...


def search(tree: Tree, problem: SearchProblem, rule: Rule, leaves: int) -> Generator[Any, Any, None]:
    """Grow the tree until the budget is spent or the rule finds nothing left to try.

    Each round begins `leaves` rollouts, so that they can be one batch. Everything that the problem yields is passed to
    the caller.
    """
    while (count := problem.affordable(2 * leaves)) > 0:
        # If less than half a round would remain, this round takes it along, so that no batch is almost empty.
        count = count if 2 * count < 3 * leaves else leaves
        nodes = []
        for _ in range(count):
            node = rule(tree)
            if node is None:
                break
            tree.tries[node] += 1
            nodes.append(node)
        if not nodes:
            return
        rollouts = yield from problem.expand(tree, nodes)
        for node, rollout in zip(nodes, rollouts, strict=True):
            end = tree.insert(node, rollout.steps)
            if rollout.value is not None:
                tree.backup(end, rollout.value)
