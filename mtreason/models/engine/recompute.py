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
        """See `LanguageModel.score`; a prefix of several targets is read once, if its cache can be repeated."""
        scores: dict[int, NDArray[np.float32]] = {}
        with self._call():
            for rows in self._together(prefixes):
                heads = [self.paths[prefixes[i]] for i in rows]
                tails = [tuple(targets[i]) for i in rows]
                scores.update(zip(rows, self._scores(heads, tails), strict=True))
        self.usage.scored_tokens += sum(map(len, targets))
        return [scores[i] for i in range(len(targets))]

    def _together(self, prefixes: Sequence[Prefix]) -> list[list[int]]:
        """Return which rows are scored in one pass: those of one prefix, and what is left over."""
        rows = sorted(range(len(prefixes)), key=lambda i: self.paths[prefixes[i]])
        groups = [list(group) for _, group in itertools.groupby(rows, key=lambda i: self.paths[prefixes[i]])]
        single = [i for group in groups if len(group) == 1 for i in group]
        groups = [single, *(group for group in groups if len(group) > 1)] if self.repeats else [rows]
        size = MAX_SCORE_ROWS
        return [group[start : start + size] for group in groups for start in range(0, len(group), size)]

    def _scores(self, heads: Sequence[tuple[int, ...]], tails: Sequence[tuple[int, ...]]) -> list[NDArray[np.float32]]:
        if self.repeats and len(set(heads)) < len(heads) and max(map(len, tails)) > 1:
            reader = _Reader(self, heads)
            first = reader.read(None)
            if self.repeats:  # which is known by now
                logits = torch.cat((first[:, None], reader.follow(self._padded([t[:-1] for t in tails]))), 1)
                return [_of(row, tail) for row, tail in zip(logits, tails, strict=True)]
        logits = self.network(
            input_ids=self._padded([h + t for h, t in zip(heads, tails, strict=True)]), use_cache=False
        ).logits
        self.usage.passes += 1
        self.usage.prompt_tokens += sum(map(len, heads))
        return [_of(row[len(head) - 1 :], tail) for row, head, tail in zip(logits, heads, tails, strict=True)]

    def _padded(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Lay rows out as [R, T]; what stands after the end of one is never looked at, so that no mask is needed."""
        width = max(len(r) for r in rows)
        padded = [[*r, *[0] * (width - len(r))] for r in rows]
        return torch.tensor(padded, dtype=torch.long, device=self.network.device)

    def top_k(self, prefixes: Sequence[Prefix], mask: TokenMask, count: int) -> list[TopTokens]:
        """See `LanguageModel.top_k`; reads the prefixes, one by one."""
        penalty = penalties(mask.banned, self.network.device)
        with self._call():
            return [most_probable(_Reader(self, [self.paths[p]]).read(None), penalty, count)[0] for p in prefixes]

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
        own = _Reader(self, [self.paths[d.prefix] for _, d in draws])
        other = _Reader(self, [self.paths[c.prefix] for c in against]) if against else None
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


def _of(logits: torch.Tensor, target: Sequence[int]) -> NDArray[np.float32]:
    """Return the log-probabilities of a target whose first token follows the first row of logits [*, V]."""
    wanted = torch.tensor(target, device=logits.device)
    found = torch.log_softmax(logits[: len(target)].float(), -1).gather(1, wanted[:, None])
    return found[:, 0].cpu().numpy()


def _shape(draw: Draw) -> tuple[int, int]:
    return draw.prefix.length, 0 if draw.contrast is None else draw.contrast.prefix.length


class _Reader:
    """Reads rows of one length, then one token a step, as the library's own generation does, with its cache."""

    def __init__(self, model: RecomputeModel, rows: Sequence[tuple[int, ...]]) -> None:
        self._model = model
        self._rows = rows
        self._ids = torch.empty(0)
        self._state: dict[str, Any] = {}
        """What the library hands from one pass to the next: its cache, whatever it is called, and where it stands."""

    def read(self, newest: Sequence[int] | None) -> torch.Tensor:
        """Read the rows (None) or one more token of each; returns the logits [R, V] that follow."""
        if newest is None:
            return self._begin()
        self._ids = torch.cat((self._ids, self._ids.new_tensor(newest)[:, None]), 1)
        return self._pass()[:, -1]

    def follow(self, ids: torch.Tensor) -> torch.Tensor:
        """Read several more tokens a row, [R, T], and nothing after them; returns the logits [R, T, V]."""
        self._state["cache_position"] = self._ids.shape[1] + torch.arange(ids.shape[1], device=ids.device)
        self._ids = torch.cat((self._ids, ids), 1)
        return self._pass(newest_only=False)

    def _begin(self) -> torch.Tensor:
        """Read the rows: those that are alike once, where the cache is one that can be repeated."""
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
        return self._pass()[:, -1]

    def _pass(self, *, newest_only: bool = True) -> torch.Tensor:
        network: Any = self._model.network
        inputs = network.prepare_inputs_for_generation(self._ids, **self._state)
        if network._supports_logits_to_keep():
            inputs["logits_to_keep"] = int(newest_only)  # 0 keeps all
        out = network(**inputs)
        self._state = network._update_model_kwargs_for_generation(out, self._state)
        self._model.usage.passes += 1
        logits: torch.Tensor = out.logits.float()
        return logits
