"""Small worlds that can be enumerated."""

import itertools
import math
import random
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mtreason.models.protocol import ROOT as START
from mtreason.models.protocol import AtOnce, Continuation, Prefix, TopTokens, Usage
from mtreason.models.sequences import running_away
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


class TableLanguageProblem:
    """Drawing from a table language model: p(next | last) for the symbols of BIGRAMS, words of LENGTH symbols.

    Small enough to enumerate; values are the log-probability of a word plus a table, so that they cross.
    """

    BIGRAMS: ClassVar = {
        "": {"x": 0.6, "y": 0.3, "z": 0.1},
        "x": {"x": 0.7, "y": 0.2, "z": 0.1},
        "y": {"x": 0.1, "y": 0.1, "z": 0.8},
        "z": {"x": 0.4, "y": 0.5, "z": 0.1},
    }

    def __init__(self, budget: int, seed: int = 0) -> None:
        self.left = budget
        self.random = random.Random(seed)
        self.seen: list[str] = []

    @classmethod
    def words(cls) -> list[str]:
        return ["".join(w) for w in itertools.product("xyz", repeat=LENGTH)]

    @classmethod
    def value(cls, word: str) -> float:
        likelihood = math.log(math.prod(cls.BIGRAMS[a][b] for a, b in zip(["", *word], word, strict=False)))
        return likelihood + 3.0 * word.count("zy") + 2.5 * word.endswith("x")

    def affordable(self, rollouts: int) -> int:
        return min(rollouts, self.left)

    def expand(self, tree: Tree, nodes: Sequence[int]):
        yield from ()
        rollouts = []
        for node in nodes:
            word = start = "".join(str(tree.keys[n]) for n in reversed(list(tree.path(node))) if n != ROOT)
            steps = []
            while len(word) < LENGTH:
                options = self.BIGRAMS[word[-1:]]
                free = [s for s in options if word != start or s not in tree.tried(node)] or list(options)
                [symbol] = self.random.choices(free, [options[s] for s in free])
                steps.append(Step(symbol, symbol, options[symbol]))
                word += symbol
            self.seen.append(word)
            self.left -= 1
            rollouts.append(Rollout(tuple(steps), self.value(word)))
        return rollouts


class TableModel:
    """A language model that is a table p(next | last token); implements `LanguageModel` and remembers its calls."""

    def __init__(self, size: int = 6, seed: int = 0, spread: float = 1.5) -> None:
        logits = np.random.default_rng(seed).normal(size=(size, size)) * spread
        self.logits = logits.astype(np.float32)  # [V, V], row: the token before
        self.usage = Usage()
        self.tokens: dict[int, tuple[int, ...]] = {START.id: ()}
        self.starts: dict[int, int] = {START.id: 0}
        """Where the own span of a handle begins."""
        self._lengths: dict[int, int] = {START.id: 0}
        self.calls: list[tuple[str, int]] = []
        """Kind and rows of each call that costs a pass."""
        self._ids = itertools.count(1)

    def _add(self, tokens: tuple[int, ...], parent: int) -> Prefix:
        handle = Prefix(next(self._ids), parent, len(tokens))
        self.tokens[handle.id] = tokens
        self._lengths[handle.id] = len(tokens)
        self.starts[handle.id] = self._lengths[parent]
        return handle

    def extend(self, prefixes, tokens) -> list[Prefix]:
        assert all(tokens), "nothing to read"
        self.calls.append(("extend", len(prefixes)))
        self.usage.prompt_tokens += sum(map(len, tokens))
        return [self._add(self.tokens[p.id] + tuple(t), p.id) for p, t in zip(prefixes, tokens, strict=True)]

    def cut(self, prefix: Prefix, length: int) -> Prefix:
        before = self.tokens[prefix.id]
        assert self.starts[prefix.id] < length <= len(before), "only what a handle spans itself can be cut"
        part = self._add(before[:length], prefix.parent)
        self.starts[part.id] = self.starts[prefix.id]
        return part

    def release(self, prefixes) -> None:
        for prefix in prefixes:
            if prefix != START:
                del self.tokens[prefix.id]  # a handle is given back once

    def log_probs(self, before: int, banned=None):
        row = self.logits[before].copy()
        if banned is not None:
            row[banned] = -np.inf
        return row - np.log(np.exp(row.astype(np.float64)).sum())

    def after(self, path, banned=None):
        return self.log_probs(path[-1], banned)

    def score(self, prefixes, targets):
        self.calls.append(("score", len(prefixes)))
        self.usage.scored_tokens += sum(map(len, targets))
        return [
            np.array([self.after(self.tokens[p.id] + tuple(target[:i]))[t] for i, t in enumerate(target)], np.float32)
            for p, target in zip(prefixes, targets, strict=True)
        ]

    def top_k(self, prefixes, mask, count):
        rows = [self.after(self.tokens[p.id], mask.banned) for p in prefixes]
        return [
            TopTokens(np.argsort(-row, kind="stable")[:count], -np.sort(-row)[:count].astype(np.float64))
            for row in rows
        ]

    depth, width = 2, 1

    def keep_states(self, layers) -> None:
        """Everything is kept."""

    def states(self, prefix, count):
        tokens = self.tokens[prefix.id][-count:]
        assert len(tokens) == count
        return np.array([[[t], [t * t]] for t in tokens], np.float32)

    def sampling(self, mask):
        return AtOnce(lambda draws: self.sample(draws, mask))

    def sample(self, draws, mask):
        self.calls.append(("sample", len(draws)))
        return [self._draw(draw, mask) for draw in draws]

    def _draw(self, draw, mask) -> Continuation:
        path = self.tokens[draw.prefix.id]
        rng = np.random.default_rng(draw.seed)
        tokens: list[int] = []
        rows = []
        while len(tokens) < draw.max_new_tokens and not (
            (tokens[-1:] and tokens[-1] in mask.stop) or running_away(tokens)
        ):
            log_probs = self.after((*path, *tokens), mask.banned)
            free = log_probs.copy()
            if not tokens:
                free[list(draw.banned_first)] = -np.inf
            if draw.contrast is not None:
                other = (*self.tokens[draw.contrast.prefix.id], *tokens)
                weight = draw.contrast.weight
                free[free < free.max() + np.log(0.1)] = -np.inf
                possible = np.isfinite(free)
                against = self.after(other, mask.banned)
                free[possible] = (free[possible] - weight * against[possible]) / (1 - weight)
            if not np.isfinite(free).any():
                free = log_probs
            if draw.temperature == 0:
                token = int(free.argmax())
            else:
                weights = np.exp((free - free.max()) / draw.temperature)
                token = int(rng.choice(len(weights), p=weights / weights.sum()))
            tokens.append(token)
            rows.append(log_probs)
        self.usage.sampled_tokens += len(tokens)
        contrast = None
        if draw.contrast is not None:
            self.usage.scored_tokens += len(tokens)
            other = draw.contrast.prefix
            contrast = self._add(self.tokens[other.id] + tuple(tokens[:-1]), other.id)
        return Continuation(
            tokens=tuple(tokens),
            log_probs=np.array([row[t] for row, t in zip(rows, tokens, strict=True)], np.float32),
            top_log_probs=np.array([-np.sort(-row)[:5] for row in rows], np.float32),
            finished=tokens[-1] in mask.stop,
            prefix=self._add(path + tuple(tokens[:-1]), draw.prefix.id),
            contrast=contrast,
        )


class TableMetric:
    """A learned metric that finds long translations good; implements `LearnedMetric` and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def scores(self, triples) -> list[float]:
        self.batches.append(len(triples))
        return [float(len(hypothesis)) for _, hypothesis, _ in triples]


CHARACTERS = "\0\n" + "".join(map(chr, range(32, 127))) + "你好天气晴源"
"""The vocabulary of `ScriptModel`: one token a character, the first ends a text."""


def spell(tokens) -> str:
    return "".join(CHARACTERS[t] for t in tokens)


def unspell(text: str) -> tuple[int, ...]:
    return tuple(CHARACTERS.index(c) for c in text)


class ScriptModel(TableModel):
    """A language model that plays given texts: behind each key it writes one of its texts, by their weights.

    Of several keys that have been written, the last one counts. Off its scripts it ends; all else has a little
    probability too.
    """

    NOISE = 1e-4

    def __init__(self, scripts: dict[str, dict[str, float]]) -> None:
        super().__init__(size=2)
        self.scripts = scripts

    def after(self, path, banned=None):
        text = spell(path)
        weights = np.full(len(CHARACTERS), self.NOISE)
        places = sorted(((text.rfind(key) + len(key), key) for key in self.scripts if key in text), reverse=True)
        for place, key in places:
            going_on = {s: w for s, w in self.scripts[key].items() if (s + "\0").startswith(text[place:])}
            for script, weight in going_on.items():
                weights[CHARACTERS.index((script + "\0")[len(text) - place])] += weight
            if going_on:
                break
        else:
            weights[0] += 1.0
        if banned is not None:
            weights[banned] = 0.0
        with np.errstate(divide="ignore"):
            return np.log(weights / weights.sum()).astype(np.float32)
