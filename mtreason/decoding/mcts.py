"""Tree search over beginnings of the translation: new drafts share what is good in the old ones and redo the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtreason.decoding.best_of_n import FIRST_DRAFTS
from mtreason.decoding.pool import Pool, to_draft
from mtreason.decoding.protocol import Result, Settings, Task, derive_seed
from mtreason.models.calls import Steps, cut, release
from mtreason.models.protocol import Continuation, Draw, Prefix
from mtreason.search.mcts import Rollout, search
from mtreason.search.selection import Rule, resample
from mtreason.search.tree import ROOT, Step, Tree

DEFAULT_RULE: Rule = partial(resample, pool=4, exponent=1.0)


@dataclass(frozen=True, slots=True)
class MctsDecoder:
    """Monte-Carlo tree search; every simulation carries a draft to its end, and the best of all drafts is kept."""

    name: str = "mcts"
    rule: Rule = DEFAULT_RULE
    leaves: int = 4
    """Rollouts begun a round."""
    temperature: float = 0.5
    """Of rollouts that begin inside the tree; lower than for whole drafts, since they leave the known path anyway."""

    def decode(self, task: Task, settings: Settings) -> Steps[Result]:
        """See `Decoder.decode`."""
        pool = Pool(task, settings)
        opening = max(1, min(FIRST_DRAFTS, int(settings.budget)))
        drawn = yield from pool.open_with(opening)
        tree = Tree()
        problem = TranslationProblem(pool, self.temperature)
        problem.begin(tree, drawn)
        yield from search(tree, problem, self.rule, self.leaves)
        trace = problem.trace(tree)
        yield from problem.close()
        return (yield from pool.close([], trace))


@dataclass(frozen=True, slots=True)
class _Path:
    """A draft of the search, whole, and the handle to what its own rollout added."""

    whole: Continuation
    value: float | None


class TranslationProblem:
    """What `search` explores for one sentence: beginnings of its translation; implements `SearchProblem`.

    The keys of the tree's steps are tuples of tokens, their symbols the first of them.
    """

    def __init__(self, pool: Pool, temperature: float) -> None:
        self.pool = pool
        self.temperature = temperature
        self.paths: list[_Path] = []
        self._prefixes: dict[int, Prefix] = {}

    def begin(self, tree: Tree, drawn: Sequence[Continuation]) -> None:
        """Put the opening drafts, already judged, into the tree."""
        for rollout in self._rollouts(drawn, [0] * len(drawn)):
            tree.tries[ROOT] += 1
            end = tree.insert(ROOT, rollout.steps)
            if rollout.value is not None:
                tree.backup(end, rollout.value)

    def affordable(self, rollouts: int) -> int:
        """See `SearchProblem.affordable`."""
        return self.pool.affordable(rollouts)

    def expand(self, tree: Tree, nodes: Sequence[int]) -> Steps[list[Rollout]]:
        """See `SearchProblem.expand`."""
        draws, starts = [], []
        for i, node in enumerate(nodes):
            prefix = yield from self._prefix(tree, node)
            length = self._length(tree, node)
            seed = derive_seed(self.pool.task.seed, "rollout", len(self.paths) + i)
            tried = tuple(sorted(tree.tried(node)))  # type: ignore[type-var]
            draws.append(
                Draw(prefix, seed, self.temperature, max(1, self.pool.task.max_new_tokens - length), tried)  # type: ignore[arg-type]
            )
            starts.append(length)
        drawn = yield from self.pool.draw(draws)
        whole = [
            self._joined(tree, node, start, piece) for node, start, piece in zip(nodes, starts, drawn, strict=True)
        ]
        drafts = [to_draft(self.pool.settings, w) for w in whole]
        yield from self.pool.add(drafts, [w.finished for w in whole])
        return self._rollouts(whole, starts)

    def _rollouts(self, whole: Sequence[Continuation], starts: Sequence[int]) -> list[Rollout]:
        rollouts = []
        for continuation, start in zip(whole, starts, strict=True):
            candidate = self.pool.lookup(to_draft(self.pool.settings, continuation))
            value = None if candidate.problems else candidate.reward
            self.paths.append(_Path(continuation, value))
            rollouts.append(Rollout(self._steps(continuation, start), value))
        return rollouts

    def _steps(self, whole: Continuation, start: int) -> tuple[Step, ...]:
        steps = []
        for end in self.pool.settings.border(whole.tokens, start):
            key = whole.tokens[start:end]
            steps.append(Step(key, key[0], float(np.exp(whole.log_probs[start]))))
            start = end
        return tuple(steps)

    def _length(self, tree: Tree, node: int) -> int:
        """Return the tokens from the prompt to a node."""
        return sum(len(tree.keys[n]) for n in tree.path(node) if n != ROOT)  # type: ignore[arg-type, misc]

    def _prefix(self, tree: Tree, node: int) -> Steps[Prefix]:
        prompt = self.pool.prompt
        if prompt is None:
            raise RuntimeError("the pool is not open")
        if node == ROOT:
            return prompt
        if node not in self._prefixes:
            made_by = self.paths[int(tree.rollout[node])].whole
            self._prefixes[node] = yield from cut(made_by.prefix, prompt.length + self._length(tree, node))
        return self._prefixes[node]

    def _joined(self, tree: Tree, node: int, start: int, piece: Continuation) -> Continuation:
        """Return the draft from the prompt on: what the node's maker wrote up to it, and the new piece."""
        if node == ROOT:
            return piece
        maker = self.paths[int(tree.rollout[node])].whole
        return Continuation(
            tokens=maker.tokens[:start] + piece.tokens,
            log_probs=_join(maker.log_probs[:start], piece.log_probs),
            top_log_probs=_join(maker.top_log_probs[:start], piece.top_log_probs),
            finished=piece.finished,
            prefix=piece.prefix,
        )

    def close(self) -> Steps[None]:
        """Give back what the model holds for the tree."""
        yield from release([*self._prefixes.values(), *(p.whole.prefix for p in self.paths)])

    def trace(self, tree: Tree) -> dict[str, Any]:
        """Describe the tree in JSON types, one entry a node: parents, visits, values, and the text of each step."""
        n = tree.size
        mean, best = tree.mean(), tree.best[:n]
        decode = self.pool.settings.decode
        ends = [0] * n
        for node in range(1, n):
            ends[node] = ends[int(tree.parent[node])] + len(tree.keys[node])  # type: ignore[arg-type]
        return {
            "parent": tree.parent[:n].tolist(),
            "visits": tree.visits[:n].tolist(),
            "tries": tree.tries[:n].tolist(),
            "mean_value": [round(v, 4) if np.isfinite(v) else None for v in mean.tolist()],
            "best_value": [round(v, 4) if np.isfinite(v) else None for v in best.tolist()],
            "token_span": [[ends[int(tree.parent[i])] if i else 0, ends[i]] for i in range(n)],
            "text": [decode(tree.keys[i]) if i else "" for i in range(n)],  # type: ignore[arg-type]
        }


def _join(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([a, b])
