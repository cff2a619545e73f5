"""The search on small worlds: closed forms, invariants, and the enumerated optimum."""

import itertools
import math
from functools import partial
from typing import ClassVar

import numpy as np
import pytest
from support.fakes import LENGTH, SYMBOLS, TableLanguageProblem, TableProblem, value_of

from mtreason.search.mcts import search
from mtreason.search.selection import resample, uct, unexplored
from mtreason.search.tree import ROOT, Step, Tree

RULES = {
    "resample": partial(resample, pool=4, spread=1.0),
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
    assert resample(tree, pool=3, spread=1.0) == ROOT
    tree.tries[ROOT] = 1
    assert resample(tree, pool=3, spread=1.0) == 1
    # Only the best sequence counts with a pool of one, and "d" is not it: its path is root and d.
    tree.tries[1] = 2
    assert resample(tree, pool=1, spread=1.0) == ROOT


def test_resample_finds_nothing_left() -> None:
    tree = Tree()
    tree.backup(tree.insert(ROOT, [Step("a", "a", 0.99)]), 1.0)
    assert resample(tree, pool=4, spread=1.0) is None


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
    rule = RULES[name] if name == "uct" else partial(resample, pool=len(SYMBOLS) ** LENGTH, spread=1.0)
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


def deep_tree():
    """Words of three symbols, worth 4, 1, 7, 2: root -> a -> {b -> {c 4, d 1}, e -> f 7}, root -> g -> h -> i 2."""
    tree = Tree()
    for word, value in (("abc", 4.0), ("abd", 1.0), ("aef", 7.0), ("ghi", 2.0)):
        tree.backup(tree.insert(ROOT, steps(word, 0.25)), value)
    return tree


def test_backups_on_a_tree_of_depth_three() -> None:
    tree = deep_tree()
    names = ["", *map(str, tree.keys[1:])]
    assert names == ["", "a", "b", "c", "d", "e", "f", "g", "h", "i"]
    assert tree.depth[:10].tolist() == [0, 1, 2, 3, 3, 2, 3, 1, 2, 3]
    assert tree.visits[:10].tolist() == [4, 3, 2, 1, 1, 1, 1, 1, 1, 1]
    assert tree.mean().tolist() == [3.5, 4.0, 2.5, 4.0, 1.0, 7.0, 7.0, 2.0, 2.0, 2.0]
    assert tree.best[:10].tolist() == [7.0, 7.0, 4.0, 4.0, 1.0, 7.0, 7.0, 2.0, 2.0, 2.0]
    assert tree.rollout[:10].tolist() == [-1, 0, 0, 0, 1, 2, 2, 3, 3, 3]
    assert unexplored(tree).tolist() == [0.5, 0.5, 0.5, 0.0, 0.0, 0.75, 0.0, 0.75, 0.75, 0.0]
    # A sequence that comes again adds a visit and no node.
    tree.backup(tree.insert(ROOT, steps("aef", 0.25)), 7.0)
    assert tree.size == 10
    assert tree.rollouts == 5
    assert tree.visits[[0, 1, 5, 6]].tolist() == [5, 4, 2, 2]


def test_resample_scores_by_hand() -> None:
    tree = deep_tree()
    tree.tries[[0, 1, 2, 5, 7, 8]] = [4, 1, 0, 1, 0, 1]
    # unexplored / (1 + tries)^x, x = 1: root 0.5/5, a 0.5/2, b 0.5, e 0.75/2, g 0.75, h 0.75/2.
    assert tree.keys[resample(tree, pool=4, spread=1.0)] == "g"
    assert tree.keys[resample(tree, pool=2, spread=1.0)] == "b"  # "aef" and "abc" are the best two
    assert tree.keys[resample(tree, pool=1, spread=1.0)] == "e"
    # x = 0: tries do not count, and e has the most unexplored; x = 3: e has 0.75/8 and a 0.5/8.
    assert tree.keys[resample(tree, pool=2, spread=0.0)] == "e"
    assert tree.keys[resample(tree, pool=1, spread=3.0)] == "e"
    tree.tries[5] = 2  # e: 0.75/27 at x = 3, but 0.75/3 = a's 0.5/2 at x = 1, where the older node comes first
    assert tree.keys[resample(tree, pool=1, spread=3.0)] == "a"
    assert tree.keys[resample(tree, pool=1, spread=1.0)] == "a"
    assert tree.keys[resample(tree, pool=1, spread=0.9)] == "e"


def test_resample_has_enough_by_hand() -> None:
    tree = deep_tree()
    tree.tries[[0, 1, 2, 5, 7, 8]] = [4, 1, 1, 1, 1, 1]
    # At x = 1 the highest scores are those of e, g and h, 0.75/2; then a and b, 0.5/2.
    assert tree.keys[resample(tree, pool=4, spread=1.0, least=0.375)] == "e"
    assert resample(tree, pool=4, spread=1.0, least=0.376) is None
    # Nobody goes elsewhere when the best sequence has no more to give.
    tree.tries[5] = 3  # e: 0.75/4; a: 0.5/2, and h, not on the path, 0.75/2
    assert tree.keys[resample(tree, pool=1, spread=1.0, least=0.25)] == "a"
    assert resample(tree, pool=1, spread=1.0, least=0.3) is None


def test_uct_bounds_by_hand() -> None:
    tree = deep_tree()
    tree.explored[[0, 1]] = 1.0
    # Root: a 7 + c*sqrt(ln 4 / 3) = 7 + 0.680c, g 2 + c*sqrt(ln 4 / 1) = 2 + 1.177c; they cross at c = 10.04.
    # Below a: b 4 + c*sqrt(ln 3 / 2), e 7 + c*sqrt(ln 3).
    assert tree.keys[uct(tree, exploration=10.0, widening=0.0)] == "e"
    assert tree.keys[uct(tree, exploration=10.1, widening=0.0)] == "h"  # g has one child, and so may have no more
    assert tree.keys[uct(tree, exploration=10.1, widening=0.5)] == "h"
    tree.visits[7] = 2  # two visits let g widen: 1 < 2^0.5; its bound is 2 + 0.833c now, which crosses at c = 32.8
    assert tree.keys[uct(tree, exploration=32.5, widening=0.5)] == "e"
    assert tree.keys[uct(tree, exploration=33.0, widening=0.5)] == "g"


def test_ties_go_to_the_oldest_node() -> None:
    tree = Tree()
    for word in ("ab", "cd", "ef"):
        tree.backup(tree.insert(ROOT, steps(word, 0.2)), 1.0)
    tree.tries[ROOT] = 9
    assert tree.keys[resample(tree, pool=9, spread=1.0)] == "a"
    assert tree.keys[resample(tree, pool=1, spread=1.0)] == "a"  # of equal sequences the first stays in the pool
    assert tree.keys[uct(tree, exploration=1.0, widening=0.1)] == "a"


@pytest.mark.parametrize("leaves", [1, 3])
@pytest.mark.parametrize("name", RULES)
def test_a_table_language_model_is_searched_to_its_optimum(name, leaves) -> None:
    """With budget to spare, the search stops by itself, and has met the best of all words."""
    rule = {"resample": partial(resample, pool=1000, spread=1.0), "uct": RULES["uct"]}[name]
    best = max(TableLanguageProblem.words(), key=TableLanguageProblem.value)
    assert best not in {"x" * LENGTH, greedy_word()}, "too easy"
    for seed in range(3):
        problem = TableLanguageProblem(3000, seed)
        tree = run(problem, rule, leaves)
        assert problem.left > 0
        assert set(problem.seen) == set(TableLanguageProblem.words())
        assert tree.best[ROOT] == TableLanguageProblem.value(best)
        end = int(np.argmax(np.where(tree.terminal[: tree.size], tree.best[: tree.size], -np.inf)))
        assert "".join(str(tree.keys[n]) for n in reversed(list(tree.path(end))) if n != ROOT) == best


def greedy_word():
    word = ""
    while len(word) < LENGTH:
        options = TableLanguageProblem.BIGRAMS[word[-1:]]
        word += max(options, key=options.get)
    return word


class WatchedProblem(TableLanguageProblem):
    """Looks at the tree before every round."""

    def expand(self, tree, nodes):
        n = tree.size
        assert tree.visits[ROOT] == len(self.seen) == tree.rollouts
        assert tree.tries[:n].sum() == len(self.seen) + len(nodes)
        for node in range(n):
            below = tree.children_of(node)
            assert tree.visits[node] >= tree.visits[below].sum()
            if len(below):
                assert tree.best[node] == tree.best[below].max()
            assert 0.0 <= unexplored(tree)[node] <= 1.0
            assert tree.terminal[node] == (tree.depth[node] == LENGTH)
        assert not any(tree.terminal[node] for node in nodes)
        return (yield from super().expand(tree, nodes))


@pytest.mark.parametrize("leaves", [1, 4])
@pytest.mark.parametrize("name", RULES)
def test_invariants_before_every_round(name, leaves) -> None:
    problem = WatchedProblem(45, seed=1)
    tree = run(problem, RULES[name], leaves)
    assert len(problem.seen) == tree.visits[ROOT] <= 45


def test_picks_of_one_round_spread_out() -> None:
    """Rollouts begun in the same round must not all begin at the same node."""
    rounds = []

    class Recorder(TableLanguageProblem):
        def expand(self, tree, nodes):
            rounds.append(list(nodes))
            return (yield from super().expand(tree, nodes))

    run(Recorder(16), RULES["resample"], leaves=4)
    assert rounds[0] == [ROOT] * 4
    assert all(len(set(nodes)) > 1 for nodes in rounds[1:])


@pytest.mark.parametrize("name", RULES)
def test_one_child(name) -> None:
    """A model that is sure of every step leaves nothing to search."""

    class Sure(TableLanguageProblem):
        BIGRAMS: ClassVar = {"": {"x": 1.0}, "x": {"x": 1.0}}

    problem = Sure(50)
    tree = run(problem, RULES[name])
    assert problem.seen == ["x" * LENGTH]
    assert tree.size == LENGTH + 1
    assert tree.mean().tolist() == [2.5] * (LENGTH + 1)


def test_the_rest_of_a_budget_joins_the_last_round() -> None:
    def rounds(budget):
        sizes = []

        class Recorder(TableLanguageProblem):
            def affordable(self, rollouts):
                return min(self.left, rollouts)

            def expand(self, tree, nodes):
                sizes.append(len(nodes))
                return (yield from super().expand(tree, nodes))

        run(Recorder(budget), RULES["resample"], leaves=4)
        return sizes

    assert rounds(8) == [4, 4]
    assert rounds(9) == [4, 5]
    assert rounds(10) == [4, 4, 2]
    assert rounds(3) == [3]
