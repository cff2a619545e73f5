"""Small worlds that can be enumerated."""

import itertools
from collections.abc import Sequence

from mtreason.search.mcts import Rollout
from mtreason.search.tree import ROOT, Step, Tree

SYMBOLS = "abc"
LENGTH = 4


def value_of(word: str) -> float:
    """An arbitrary table of values with one optimum, not found by being greedy at every step."""
    table = {w: ((i * 7919) % 997) / 997 for i, w in enumerate(map("".join, itertools.product(SYMBOLS, repeat=LENGTH)))}
    return table[word]


class TableProblem:
    """Words of LENGTH over SYMBOLS, all symbols equally likely; rollouts take the first symbol not tried yet."""

    def __init__(self, budget: int, value=value_of) -> None:
        self.left = budget
        self.value = value
        self.seen: list[str] = []

    def affordable(self, rollouts: int) -> int:
        return min(rollouts, self.left)

    def expand(self, tree: Tree, nodes: Sequence[int]):
        yield from ()
        rollouts = []
        for node in nodes:
            prefix = "".join(str(tree.keys[n]) for n in reversed(list(tree.path(node))) if n != ROOT)
            fresh = [s for s in SYMBOLS if s not in tree.tried(node)]
            word = (prefix + (fresh or list(SYMBOLS))[0]).ljust(LENGTH, SYMBOLS[0])
            steps = tuple(Step(s, s, 1 / len(SYMBOLS)) for s in word[len(prefix) :])
            self.seen.append(word)
            self.left -= 1
            rollouts.append(Rollout(steps, self.value(word)))
        return rollouts
