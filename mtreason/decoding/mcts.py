"""Tree search over beginnings of the translation: new drafts keep good beginnings of old ones and redo the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtreason.decoding.beam import beam_search, handles
from mtreason.decoding.protocol import BoundTask, DecodingSettings, Result, derive_seed
from mtreason.decoding.reflection import reflect
from mtreason.decoding.repair import repair
from mtreason.decoding.sentence import FIRST_DRAFTS, Sentence
from mtreason.models.calls import Calls, cut, release
from mtreason.models.protocol import Continuation, Contrast, Draw, Prefix
from mtreason.models.sequences import SharedSequences
from mtreason.rewards import Reward, parts_of
from mtreason.search.mcts import Rollout, search
from mtreason.search.selection import Rule, resample
from mtreason.search.tree import ROOT, Step, Tree

ENOUGH = 0.05
"""When the rule's score is below this, more search seldom changes the choice (benchmarks/trials.md, early stopping)."""

DEFAULT_RULE: Rule = partial(resample, pool=1, spread=2.0)
STOPPING_RULE: Rule = partial(resample, pool=1, spread=2.0, least=ENOUGH)

GUIDANCE = 0.2
"""Weight of the contrast where the reward has the channel in it; see `TranslationProblem`."""

OPENING = 0.5
"""Share of the budget for samples before the search, where the reward needs samples."""


@dataclass(frozen=True, slots=True)
class MctsDecoder:
    """Monte-Carlo tree search; every simulation completes a draft, and the best of all drafts is chosen."""

    name: str = "mcts"
    rule: Rule = DEFAULT_RULE
    stopping_rule: Rule | None = STOPPING_RULE
    """Used instead of the rule unless the whole budget is to be spent; None for the same rule."""
    leaves: int = 4
    """How many rollouts are begun in a round."""
    temperature: float = 0.0
    """Temperature of rollouts: they differ already because each begins with a token that was not tried at its node."""
    guidance: float = GUIDANCE
    first_drafts: int = FIRST_DRAFTS
    """The least number of drafts before the search."""
    opening: float = OPENING
    beam: int = 1
    """Width of the beam search whose hypotheses are the first in the tree, unless the settings have another one; a beam
    of one is the greedy draft. It takes at most half of the budget, and there is none where answers reason first."""
    reward: Reward | None = None
    """The reward that it always chooses by; None for the one of the settings."""

    chooses: bool = True

    @property
    def options(self) -> frozenset[str]:
        """See `Decoder.options`."""
        early = {"full_budget"} if self.stopping_rule else set()
        return frozenset({"reward", "budget", "beam_width", "nodes", "think", "reflect", *early})

    def decode(self, task: BoundTask, settings: DecodingSettings) -> Calls[Result]:
        """See `Decoder.decode`."""
        sentence = Sentence(task, settings if self.reward is None else replace(settings, reward=self.reward))
        return sentence.budget.counted(self._decode(sentence))

    def _decode(self, sentence: Sentence) -> Calls[Result]:
        settings = sentence.settings
        parts = parts_of(settings.reward)
        compares = any(part.compares_samples for part in parts)
        width = self._beam_width(settings)
        # What the beam leaves; it takes its part of the first drafts, too.
        left = settings.budget - width
        samples = int(self.opening * left) if compares else 0
        drawn = yield from sentence.open_with_drafts(max(min(self.first_drafts, int(left)), samples))
        if width:
            found = yield from beam_search(sentence, width)
            # They count as samples: where few are drawn, consensus would choose what is most like the greedy draft.
            yield from sentence.candidates.add_samples(found)
            drawn += found
        tree = Tree()
        # Not where answers reason first: after the unconditional prompt the thought would be another one.
        guided = any(part.contrasts for part in parts) and not settings.thinking
        guidance = self.guidance if guided else 0.0
        problem = TranslationProblem(sentence, self.temperature, guidance)
        problem.begin(tree, drawn)
        stopping = self.stopping_rule if not settings.full_budget else None
        yield from search(tree, problem, stopping or self.rule, self.leaves)
        trace = problem.trace(tree)
        yield from reflect(sentence)
        yield from repair(sentence)
        yield from problem.close()
        return (yield from sentence.close([], trace))

    def _beam_width(self, settings: DecodingSettings) -> int:
        """Return how wide the beam is that the tree begins with, 0 for none."""
        wanted = self.beam if settings.beam_width is None else settings.beam_width
        width = min(wanted, int(settings.budget / 2))
        return width if width > 1 and settings.thinking is None else 0


class TranslationProblem:
    """What `search` explores for one sentence: beginnings of its translation; implements `SearchProblem`.

    In the tree, the key of a step is a tuple of tokens, and its symbol is the first of them.

    Rollouts aim at the channel before it is asked: by Bayes' rule log p(x|y) is log p(y|x) - log p(y) up to a constant,
    so they are contrasted with the unconditional prompt. (Within a sentence, summed over the tokens, the difference
    correlates with the channel at .73, log p(y|x) alone at .09: 0.5B model, 30 sentences.)
    """

    def __init__(self, sentence: Sentence, temperature: float, guidance: float) -> None:
        """`guidance` is the weight of the contrast, in [0, 1); 0 for none."""
        self.sentence = sentence
        self.temperature = temperature
        self.guidance = guidance
        self.drafts: list[Continuation] = []
        """Whole drafts, in the order of their rollouts; the handles cover what each rollout added."""
        self.texts: list[str] = []
        """The candidate of each rollout."""
        self._prefixes: dict[int, Prefix] = {}
        self._contrasts: dict[int, Prefix] = {}
        self._unconditional = SharedSequences(sentence.task.unconditional)

    def begin(self, tree: Tree, drawn: Sequence[Continuation]) -> None:
        """Put the first drafts, which are judged already, into the tree."""
        for rollout in self._rollouts(drawn, [0] * len(drawn)):
            tree.tries[ROOT] += 1
            end = tree.insert(ROOT, rollout.steps)
            if rollout.value is not None:
                tree.backup(end, rollout.value)

    def affordable(self, rollouts: int) -> int:
        """See `SearchProblem.affordable`."""
        return self.sentence.affordable(rollouts)

    def expand(self, tree: Tree, nodes: Sequence[int]) -> Calls[list[Rollout]]:
        """See `SearchProblem.expand`."""
        draws, starts = [], []
        contrasts = yield from self._contrast(tree, nodes)
        for i, (node, contrast) in enumerate(zip(nodes, contrasts, strict=True)):
            prefix = yield from self._prefix(tree, node)
            length = self._length(tree, node)
            seed = derive_seed(self.sentence.task.seed, "rollout", len(self.drafts) + i)
            tried = tuple(sorted(tree.tried(node)))  # type: ignore[type-var]
            room = max(1, self.sentence.task.max_new_tokens - length)
            draws.append(Draw(prefix, seed, self.temperature, room, tried, contrast))  # type: ignore[arg-type]
            starts.append(length)
        drawn = yield from self.sentence.draw(draws, [self._before(tree, node) for node in nodes])
        whole = [
            self._joined(tree, node, start, piece) for node, start, piece in zip(nodes, starts, drawn, strict=True)
        ]
        yield from self.sentence.candidates.add_drawn(whole)
        return self._rollouts(whole, starts)

    def _rollouts(self, whole: Sequence[Continuation], starts: Sequence[int]) -> list[Rollout]:
        rollouts = []
        for continuation, start in zip(whole, starts, strict=True):
            candidate = self.sentence.candidates.lookup(continuation)
            value = None if candidate.problems else candidate.reward
            self.drafts.append(continuation)
            self.texts.append(candidate.text)
            rollouts.append(Rollout(self._steps(continuation, start), value))
        return rollouts

    def _steps(self, whole: Continuation, start: int) -> tuple[Step, ...]:
        steps = []
        for end in self.sentence.settings.border(whole.tokens, start):
            key = whole.tokens[start:end]
            steps.append(Step(key, key[0], float(np.exp(whole.log_probs[start]))))
            start = end
        return tuple(steps)

    def _length(self, tree: Tree, node: int) -> int:
        """Return the number of tokens from the prompt to a node."""
        return sum(len(tree.keys[n]) for n in tree.path(node) if n != ROOT)  # type: ignore[arg-type, misc]

    def _before(self, tree: Tree, node: int) -> tuple[int, ...]:
        """Return the tokens from the prompt to a node."""
        return () if node == ROOT else self.drafts[int(tree.rollout[node])].tokens[: self._length(tree, node)]

    def _prefix(self, tree: Tree, node: int) -> Calls[Prefix]:
        prompt = self.sentence.prompt
        if node == ROOT:
            return prompt
        if node not in self._prefixes:
            maker = self.drafts[int(tree.rollout[node])]
            length = prompt.length + self._length(tree, node)
            self._prefixes[node] = yield from cut(maker.spanning(length), length)
        return self._prefixes[node]

    def _contrast(self, tree: Tree, nodes: Sequence[int]) -> Calls[list[Contrast | None]]:
        """Return for each node the contrast: its tokens after the unconditional prompt."""
        if not self.guidance:
            return [None] * len(nodes)
        base = self.sentence.task.unconditional
        prefixes = {ROOT: base}
        unread = {}
        for node in nodes:
            if node == ROOT:
                continue
            maker, length = self.drafts[int(tree.rollout[node])], self._length(tree, node)
            if maker.contrast is None:
                unread[node] = maker.tokens[:length]
            elif node not in self._contrasts:
                self._contrasts[node] = yield from cut(maker.contrast, base.length + length)
        prefixes |= self._contrasts
        prefixes |= zip(unread, (yield from self._unconditional.read(list(unread.values()))), strict=True)
        return [Contrast(prefixes[node], self.guidance) for node in nodes]

    def _joined(self, tree: Tree, node: int, start: int, piece: Continuation) -> Continuation:
        """Return the whole draft: the tokens up to the node, from the rollout that made it, and the piece."""
        if node == ROOT:
            return piece
        maker = self.drafts[int(tree.rollout[node])]
        return Continuation(
            tokens=maker.tokens[:start] + piece.tokens,
            log_probs=_join(maker.log_probs[:start], piece.log_probs),
            top_log_probs=_join(maker.top_log_probs[:start], piece.top_log_probs),
            finished=piece.finished,
            prefix=piece.prefix,
            contrast=piece.contrast,
            earlier=piece.earlier,
        )

    def close(self) -> Calls[None]:
        """Give back the prefixes of the tree."""
        yield from self._unconditional.close()
        yield from release([*self._prefixes.values(), *self._contrasts.values()])
        yield from release(handles(self.drafts, self.sentence.prompt))

    def trace(self, tree: Tree) -> dict[str, Any]:
        """Describe the tree in JSON types, one row for each node.

        The keys are parents, visits, values, the probability of a step's first token, the text of each step, and the
        translation that ends there.
        """
        n = tree.size
        mean, best = tree.mean(), tree.best[:n]
        decode = self.sentence.settings.decode
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
            "prior": [round(p, 4) for p in tree.prior[:n].tolist()],
            "translation": [self._ending(tree, i, ends[i]) for i in range(n)],
            "text": [decode(tree.keys[i]) if i else "" for i in range(n)],  # type: ignore[arg-type]
        }

    def _ending(self, tree: Tree, node: int, length: int) -> str | None:
        """Return the translation that ends at a node; None where none ends."""
        maker = int(tree.rollout[node])
        ends = tree.terminal[node] and node != ROOT and len(self.drafts[maker].tokens) == length
        return self.texts[maker] if ends else None


def _join(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([a, b])
