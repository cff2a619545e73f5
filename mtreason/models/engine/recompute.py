"""The model for architectures whose cache cannot be branched: the library's own passes, prefixes read anew each time.

Slower than the token tree, right for everything the transformers library loads.

Letters: R rows, T positions, V vocabulary.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

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
        self.repeats = True
        """Whether the network's cache is one that can be repeated, as far as is known."""

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
                ids = self._padded([h + t for h, t in zip(heads, tails, strict=True)])
                logits = self.network(input_ids=ids, use_cache=False).logits
                self.usage.passes += 1
                for row, (head, tail) in enumerate(zip(heads, tails, strict=True)):
                    end = len(head) + len(tail) - 1
                    own = torch.log_softmax(logits[row, end - len(tail) : end].float(), -1)
                    wanted = torch.tensor(tail, device=own.device)
                    scores.append(own.gather(1, wanted[:, None])[:, 0].cpu().numpy())
                    self.usage.prompt_tokens += len(head)
                    self.usage.scored_tokens += len(tail)
        return scores

    def _padded(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Lay rows out as [R, T]; what stands after the end of one is never looked at, so that no mask is needed."""
        width = max(len(r) for r in rows)
        return torch.tensor([[*r, *[0] * (width - len(r))] for r in rows], device=self.network.device)

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
    """Reads rows of one length, then one token a step, as the library's own generation does, with its cache."""

    def __init__(self, model: RecomputeModel, prefixes: Sequence[Prefix]) -> None:
        self._model = model
        self._rows = [model.paths[p] for p in prefixes]
        self._ids = torch.empty(0)
        self._state: dict[str, Any] = {}
        """What the library hands from one pass to the next: its cache, whatever it is called, and where it stands."""

    def read(self, newest: Sequence[int] | None) -> torch.Tensor:
        """Read the prefixes (None) or one more token a row; returns the logits [R, V] that follow."""
        if newest is None:
            return self._begin()
        self._ids = torch.cat((self._ids, self._ids.new_tensor(newest)[:, None]), 1)
        return self._pass()

    def _begin(self) -> torch.Tensor:
        """Read the prefixes: those of several rows once, where the cache is one that can be repeated."""
        distinct = list(dict.fromkeys(self._rows))
        if len(distinct) < len(self._rows) and self._model.repeats:
            logits = self._read_whole(distinct)
            index = torch.tensor([distinct.index(row) for row in self._rows], device=logits.device)
            if self._repeat(index):
                return logits[index]
        return self._read_whole(self._rows)

    def _repeat(self, index: torch.Tensor) -> bool:
        """Make rows of these rows; whether it can be done: caches with states of their own kind are left alone."""
        from transformers import DynamicCache

        cache: Any = self._state.get("past_key_values")
        self._model.repeats = type(cache) is DynamicCache
        if self._model.repeats:
            cache.reorder_cache(index)
            self._ids = self._ids[index]
        return self._model.repeats

    def _read_whole(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        self._ids = torch.tensor(rows, device=self._model.network.device)
        positions = torch.arange(self._ids.shape[1], device=self._ids.device)
        self._state = {"use_cache": True, "cache_position": positions}
        self._model.usage.prompt_tokens += self._ids.numel()
        return self._pass()

    def _pass(self) -> torch.Tensor:
        network: Any = self._model.network
        inputs = network.prepare_inputs_for_generation(self._ids, **self._state)
        if network._supports_logits_to_keep():
            inputs["logits_to_keep"] = 1
        out = network(**inputs)
        self._state = network._update_model_kwargs_for_generation(out, self._state)
        self._model.usage.passes += 1
        logits: torch.Tensor = out.logits[:, -1].float()
        return logits
