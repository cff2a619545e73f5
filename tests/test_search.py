"""The search on small worlds: closed forms, invariants, and the enumerated optimum."""

import itertools
import math
from functools import partial

import numpy as np
import pytest
from fakes import LENGTH, SYMBOLS, TableProblem, value_of

from mtreason.search.mcts import search
from mtreason.search.selection import resample, uct, unexplored
from mtreason.search.tree import ROOT, Step, Tree

RULES = {
    "resample": partial(resample, pool=4, exponent=1.0),
    "uct": partial(uct, exploration=0.5, widening=0.7),
}


def run(problem, rule, leaves=1):
    tree = Tree()
    for _ in search(tree, problem, rule, leaves):
        pytest.fail("a problem without calls must not yield")
    return tree


def steps(word, prior=0.5):
    return [Step(s, s, prior) for s in word]


def hand_tree():
    """root -> a -> {b (1.0), c (3.0)}, root -> d (2.0)"""
    tree = Tree()
    for word, value in (("ab", 1.0), ("ac", 3.0), ("d", 2.0)):
        tree.backup(tree.insert(ROOT, steps(word, 0.25)), value)
    return tree


def test_backup_by_hand() -> None:
    tree = hand_tree()
    a, ab, ac, d = 1, 2, 3, 4
    assert tree.visits[:5].tolist() == [3, 2, 1, 1, 1]
    assert tree.mean().tolist() == [2.0, 2.0, 1.0, 3.0, 2.0]
    assert tree.best[:5].tolist() == [3.0, 3.0, 1.0, 3.0, 2.0]
    assert tree.parent[:5].tolist() == [-1, ROOT, a, a, ROOT]
    assert tree.depth[:5].tolist() == [0, 1, 2, 2, 1]
    assert tree.children_of(a).tolist() == [ab, ac]
    assert list(tree.path(ac)) == [ac, a, ROOT]
    assert tree.terminal[:5].tolist() == [False, False, True, True, True]
    assert d == 4


def test_unexplored_counts_a_symbol_once() -> None:
    tree = Tree()
    tree.insert(ROOT, [Step("ab", "a", 0.3)])
    tree.insert(ROOT, [Step("ac", "a", 0.3)])
    assert tree.children[ROOT] == 2
    assert unexplored(tree)[ROOT] == pytest.approx(0.7)
    assert unexplored(tree)[1] == 0.0  # a finished sequence has nothing below


def test_resample_by_hand() -> None:
    tree = hand_tree()
    # unexplored: root 1 - 0.5 = 0.5, node a 1 - 0.5 = 0.5: the older node first, then the one with fewer tries.
    assert resample(tree, pool=3, exponent=1.0) == ROOT
    tree.tries[ROOT] = 1
    assert resample(tree, pool=3, exponent=1.0) == 1
    # Only the best sequence counts with a pool of one, and "d" is not it: its path is root and d.
    tree.tries[1] = 2
    assert resample(tree, pool=1, exponent=1.0) == ROOT


def test_resample_finds_nothing_left() -> None:
    tree = Tree()
    tree.backup(tree.insert(ROOT, [Step("a", "a", 0.99)]), 1.0)
    assert resample(tree, pool=4, exponent=1.0) is None


def test_uct_by_hand() -> None:
    tree = hand_tree()
    tree.explored[ROOT] = 1.0  # closed: walk down
    # Both children of the root: a has best 3, 2 visits and something left below; d is finished.
    assert uct(tree, exploration=1.0, widening=0.9) == 1
    tree.explored[1] = 1.0
    assert uct(tree, exploration=1.0, widening=0.9) is None


def test_uct_bound_prefers_what_was_tried_less() -> None:
    tree = Tree()
    for word, value in (("ax", 1.0), ("ay", 1.0), ("bx", 1.0)):
        tree.backup(tree.insert(ROOT, steps(word, 0.25)), value)
    tree.explored[ROOT] = 1.0
    a, b = 1, 4
    bounds = [1.0 + math.sqrt(math.log(3) / n) for n in (2, 1)]
    assert bounds[1] > bounds[0]
    assert uct(tree, exploration=1.0, widening=0.9) == b
    assert uct(tree, exploration=0.0, widening=0.9) == a  # a tie goes to the oldest


def test_progressive_widening_limits_children() -> None:
    tree = Tree()
    tree.backup(tree.insert(ROOT, steps("ab", 0.1)), 1.0)
    for visits, limit in ((1, 1), (4, 2), (9, 3)):
        tree.visits[ROOT] = visits
        tree.children[ROOT] = limit - 1
        assert uct(tree, exploration=1.0, widening=0.5) == ROOT
        tree.children[ROOT] = limit
        assert uct(tree, exploration=1.0, widening=0.5) != ROOT


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("leaves", [1, 4])
def test_finds_the_enumerated_optimum(name, leaves) -> None:
    words = map("".join, itertools.product(SYMBOLS, repeat=LENGTH))
    best = max(value_of(w) for w in words)
    problem = TableProblem(budget=4 * len(SYMBOLS) ** LENGTH)
    rule = RULES[name] if name == "uct" else partial(resample, pool=len(SYMBOLS) ** LENGTH, exponent=1.0)
    tree = run(problem, rule, leaves)
    assert tree.best[ROOT] == best


@pytest.mark.parametrize("name", RULES)
def test_invariants_after_every_budget(name) -> None:
    for budget in range(1, 40):
        problem = TableProblem(budget)
        tree = run(problem, RULES[name])
        n = tree.size
        assert tree.visits[ROOT] == len(problem.seen) == tree.rollouts <= budget
        assert tree.tries[:n].sum() == tree.rollouts
        assert tree.best[ROOT] == max(map(value_of, problem.seen))
        assert tree.value_sum[ROOT] == pytest.approx(sum(map(value_of, problem.seen)))
        for node in range(n):
            below = tree.children_of(node)
            assert tree.children[node] == len(below)
            if len(below):
                assert tree.visits[node] == tree.visits[below].sum()
                assert tree.best[node] == tree.best[below].max()


@pytest.mark.parametrize("name", RULES)
def test_edge_cases(name) -> None:
    assert run(TableProblem(budget=1), RULES[name]).rollouts == 1
    assert run(TableProblem(budget=0), RULES[name]).rollouts == 0
    equal = run(TableProblem(30, value=lambda _: 1.0), RULES[name])
    assert np.all(equal.mean()[: equal.size] == 1.0)


def test_same_inputs_same_tree() -> None:
    trees = [run(TableProblem(25), RULES["resample"], leaves=4) for _ in range(2)]
    assert trees[0].keys == trees[1].keys
    assert trees[0].visits[: trees[0].size].tolist() == trees[1].visits[: trees[1].size].tolist()


def test_rejected_rollouts_teach_nothing() -> None:
    tree = run(TableProblem(5, value=lambda word: None if word.startswith("a") else 1.0), RULES["resample"])
    assert tree.visits[ROOT] < tree.rollouts
    assert tree.best[ROOT] in {1.0, -np.inf}
