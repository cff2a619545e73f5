"""Where to begin the next rollout: pure functions of a tree.

Each rule returns a node, or None when nothing is left to try. Ties go to the oldest node.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mtreason.search.tree import ROOT, Tree

Rule = Callable[[Tree], int | None]

MIN_UNEXPLORED = 0.02
"""A node counts as explored when the probability that a draw leaves its known children is below this."""


def unexplored(tree: Tree) -> NDArray[np.float64]:
    """Return, for every node [N], the probability that a new draw begins with a step that was not tried there yet."""
    mass = 1.0 - tree.explored[: tree.size]
    return np.where(tree.terminal[: tree.size], 0.0, np.clip(mass, 0.0, 1.0))


def resample(tree: Tree, pool: int, spread: float, least: float = 0.0) -> int | None:
    """Begin again inside one of the best sequences, where the model was least sure and little was tried.

    Among the nodes on the paths of the `pool` best finished sequences, or of the whole tree once those are explored,
    the one with the highest

        unexplored(n) / (1 + tries(n))^spread

    A node's tries include its pending ones, so that several picks of one round differ. A score below `least` ends the
    search: the model is sure of everything that it wrote, or has been asked often enough.
    """
    ends = np.flatnonzero(tree.terminal[: tree.size] & (tree.visits[: tree.size] > 0))
    ranked = ends[np.argsort(-tree.best[ends], kind="stable")]
    best = {node for end in ranked[:pool] for node in tree.path(int(end))}
    open_mass = unexplored(tree)
    scores = open_mass / (1.0 + tree.tries[: tree.size]) ** spread
    scores[open_mass < MIN_UNEXPLORED] = -np.inf
    for nodes in (np.array(sorted(best), int), np.arange(tree.size)):
        if len(nodes) and np.isfinite(scores[nodes].max()):
            node = int(nodes[np.argmax(scores[nodes])])
            return node if scores[node] >= least else None
    return None


def uct(tree: Tree, exploration: float, widening: float) -> int | None:
    """Walk down from the root by upper confidence bounds, and begin at a node that may still get a child.

    From n the walk goes on to the child c with the highest

        best(c) + exploration * sqrt(ln(visits(n)) / visits(c))

    (UCB1 applied to trees, Kocsis & Szepesvári 2006, with the best instead of the mean value, since one good
    translation is enough). A node may have one more child while children < visits^widening (progressive widening,
    Coulom 2007).
    """
    closed = unexplored(tree) < MIN_UNEXPLORED
    alive = _alive(tree, closed)
    if not alive[ROOT]:
        return None
    node = ROOT
    while True:
        visits = int(tree.visits[node] + tree.tries[node])
        below = [int(c) for c in tree.children_of(node) if alive[c]]
        if not closed[node] and (tree.children[node] < max(1.0, visits**widening) or not below):
            return node
        bound = [
            tree.best[c] + exploration * math.sqrt(math.log(max(visits, 2)) / max(1, tree.visits[c] + tree.tries[c]))
            for c in below
        ]
        node = below[int(np.argmax(bound))]


def _alive(tree: Tree, closed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which nodes [N] have something left to try at or below them."""
    alive = ~closed
    for node in range(tree.size - 1, 0, -1):  # children come after their parents
        alive[tree.parent[node]] |= alive[node]
    return alive
