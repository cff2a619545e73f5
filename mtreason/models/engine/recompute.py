"""The model for architectures whose cache cannot be branched: the library's own passes, prefixes read anew each time.

Slower than the token tree, right for everything the transformers library loads.

Letters: R rows, T positions, V vocabulary.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from mtreason.models.engine.drawing import uniforms
from mtreason.models.engine.sampling import choose, most_probable, penalties
from mtreason.models.paths import TokenPaths
from mtreason.models.protocol import AtOnce, Continuation, Draw, Prefix, Sampling, TokenMask, TopTokens, Usage
from mtreason.models.sequences import running_away

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MAX_SCORE_ROWS = 8
"""Rows scored in one pass: the whole vocabulary is kept for each position here."""


class RecomputeModel:
    """A language model that remembers tokens only; implements `LanguageModel`."""

    def __init__(self, network: PreTrainedModel) -> None:
        self.network = network
        self.usage = Usage()
        self.paths = TokenPaths()

    @contextmanager
    def _call(self) -> Iterator[None]:
        start = time.perf_counter()
        with torch.inference_mode():
            yield
        self.usage.seconds += time.perf_counter() - start

    def extend(self, prefixes: Sequence[Prefix], tokens: Sequence[Sequence[int]]) -> list[Prefix]:
        """See `LanguageModel.extend`; reads nothing yet."""
        return self.paths.extend(prefixes, tokens)

    def cut(self, prefix: Prefix, length: int) -> Prefix:
        """See `LanguageModel.cut`."""
        return self.paths.cut(prefix, length)

    def release(self, prefixes: Sequence[Prefix]) -> None:
        """See `LanguageModel.release`."""
        self.paths.release(prefixes)

    def score(self, prefixes: Sequence[Prefix], targets: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """See `LanguageModel.score`."""
        scores: list[NDArray[np.float32]] = []
        with self._call():
            for start in range(0, len(targets), MAX_SCORE_ROWS):
                heads = [self.paths[p] for p in prefixes[start : start + MAX_SCORE_ROWS]]
                tails = [tuple(t) for t in targets[start : start + MAX_SCORE_ROWS]]
                ids, mask = self._pad([h + t for h, t in zip(heads, tails, strict=True)])
                logits = self.network(input_ids=ids, attention_mask=mask, use_cache=False).logits
                self.usage.passes += 1
                for row, (head, tail) in enumerate(zip(heads, tails, strict=True)):
                    # Padding is on the left, so targets end at the last column.
                    own = torch.log_softmax(logits[row, -len(tail) - 1 : -1].float(), -1)
                    wanted = torch.tensor(tail, device=own.device)
                    scores.append(own.gather(1, wanted[:, None])[:, 0].cpu().numpy())
                    self.usage.prompt_tokens += len(head)
                    self.usage.scored_tokens += len(tail)
        return scores

    def _pad(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Left-pad rows to [R, T]; returns ids and mask."""
        width = max(len(r) for r in rows)
        ids = torch.tensor([[0] * (width - len(r)) + list(r) for r in rows], device=self.network.device)
        mask = torch.tensor([[0] * (width - len(r)) + [1] * len(r) for r in rows], device=self.network.device)
        return ids, mask

    def top_k(self, prefixes: Sequence[Prefix], mask: TokenMask, count: int) -> list[TopTokens]:
        """See `LanguageModel.top_k`; reads the prefixes, one by one."""
        penalty = penalties(mask.banned, self.network.device)
        with self._call():
            return [most_probable(_Reader(self, [p]).read(None), penalty, count)[0] for p in prefixes]

    def sampling(self, mask: TokenMask) -> Sampling:
        """See `LanguageModel.sampling`."""
        return AtOnce(lambda draws: self.sample(draws, mask))

    def sample(self, draws: Sequence[Draw], mask: TokenMask) -> list[Continuation]:
        """Draw one continuation per draw, to the end."""
        with self._call():
            done = []
            # Rows of one shape at a time: padding would move positions in caches that keep no mask of their own.
            for _, group in itertools.groupby(
                sorted(enumerate(draws), key=lambda pair: _shape(pair[1])), key=lambda pair: _shape(pair[1])
            ):
                done += self._sample(list(group), mask)
        return [c for _, c in sorted(done, key=lambda pair: pair[0])]

    def _sample(self, draws: list[tuple[int, Draw]], mask: TokenMask) -> list[tuple[int, Continuation]]:
        penalty = penalties(mask.banned, self.network.device)
        randoms = [uniforms(d.seed, d.max_new_tokens) for _, d in draws]
        against = [d.contrast for _, d in draws if d.contrast is not None]  # of all rows or of none
        own = _Reader(self, [d.prefix for _, d in draws])
        other = _Reader(self, [c.prefix for c in against]) if against else None
        tokens: list[list[int]] = [[] for _ in draws]
        log_probs: list[list[float]] = [[] for _ in draws]
        top_log_probs: list[list[NDArray[np.float32]]] = [[] for _ in draws]
        ended = [False] * len(draws)
        newest: list[int] | None = None
        for t in itertools.count():
            logits = own.read(newest)
            chosen = choose(
                logits,
                penalty,
                [() if t else d.banned_first for _, d in draws],
                [d.temperature for _, d in draws],
                mask.top_p,
                [float(r[min(t, len(r) - 1)]) for r in randoms],
                [(i, c.weight) for i, c in enumerate(against)],
                other.read(newest) if other else None,
            )
            for row, (_, draw) in enumerate(draws):
                if not ended[row]:
                    tokens[row].append(chosen.tokens[row])
                    log_probs[row].append(float(chosen.log_probs[row]))
                    top_log_probs[row].append(chosen.top_log_probs[row])
                    self.usage.sampled_tokens += 1
                    self.usage.scored_tokens += draw.contrast is not None
                    ended[row] = (
                        chosen.tokens[row] in mask.stop or t + 1 >= draw.max_new_tokens or running_away(tokens[row])
                    )
            if all(ended):
                break
            newest = chosen.tokens
        return [
            (
                index,
                Continuation(
                    tokens=tuple(tokens[row]),
                    log_probs=np.array(log_probs[row], dtype=np.float32),
                    top_log_probs=np.stack(top_log_probs[row]),
                    finished=tokens[row][-1] in mask.stop,
                    prefix=self._behind(draw.prefix, tokens[row][:-1]),
                    contrast=None if draw.contrast is None else self._behind(draw.contrast.prefix, tokens[row][:-1]),
                ),
            )
            for row, (index, draw) in enumerate(draws)
        ]

    def _behind(self, prefix: Prefix, tokens: Sequence[int]) -> Prefix:
        return self.paths.add(self.paths[prefix] + tuple(tokens), prefix.id)


def _shape(draw: Draw) -> tuple[int, int]:
    return draw.prefix.length, 0 if draw.contrast is None else draw.contrast.prefix.length


class _Reader:
    """Reads rows of one length, then one token a step, with the library's own cache."""

    def __init__(self, model: RecomputeModel, prefixes: Sequence[Prefix]) -> None:
        self._model = model
        self._ids = [model.paths[p] for p in prefixes]
        self._cache: object = None

    def read(self, newest: Sequence[int] | None) -> torch.Tensor:
        """Read the prefixes (None) or one more token a row; returns the logits [R, V] that follow."""
        model = self._model
        rows = self._ids if newest is None else [[t] for t in newest]
        if newest is None:
            model.usage.prompt_tokens += sum(map(len, rows))
        ids = torch.tensor(rows, device=model.network.device)
        out = model.network(input_ids=ids, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        self._cache = out.past_key_values
        model.usage.passes += 1
        logits: torch.Tensor = out.logits[:, -1].float()
        return logits
