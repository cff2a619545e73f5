"""The loop: select, expand, insert, back up. It knows neither text nor models."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mtreason.search.selection import Rule
from mtreason.search.tree import Step, Tree


@dataclass(frozen=True, slots=True)
class Rollout:
    """A sequence carried to its end from the node it began at."""

    steps: tuple[Step, ...]
    value: float | None
    """None: not a sequence that may be chosen (it is remembered, but teaches nothing)."""


class SearchProblem(Protocol):
    """What is searched."""

    def expand(self, tree: Tree, nodes: Sequence[int]) -> Generator[Any, Any, list[Rollout]]:
        """Carry one rollout from each node to its end, all in one batch."""
        ...

    def affordable(self, rollouts: int) -> int:
        """How many of so many further rollouts the budget still pays for."""
        ...


def search(tree: Tree, problem: SearchProblem, rule: Rule, leaves: int) -> Generator[Any, Any, None]:
    """Grow the tree until the budget is spent or the rule finds nothing left to try.

    `leaves` rollouts are begun a round, for the sake of the batch. Whatever the problem yields passes through to
    whoever runs the search.
    """
    while (count := problem.affordable(2 * leaves)) > 0:
        # A rest of less than half a round would leave the batch all but empty: it joins the round before.
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
