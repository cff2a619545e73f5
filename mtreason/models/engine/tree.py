"""The token tree: sequences that share their beginnings and never compute them twice.

A node keeps the keys and values of its own tokens, and the last layer's output at each of them, so that sampling or
scoring can start behind any token of the tree without reading anything again. Cutting a node is a view. Where a reward
reads hidden states, a node keeps those of its tokens, too: text that was drawn or read is never read for them again.

Letters: L layers, H key/value heads, D head width, W hidden width, R rows, V vocabulary, n tokens of a node, K layers
whose states are kept.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from mtreason.models.engine.drawing import uniforms
from mtreason.models.engine.packed import DecodeBatch, PackedModel
from mtreason.models.engine.sampling import choose, most_probable, penalties
from mtreason.models.engine.threads import Threads
from mtreason.models.protocol import (
    ROOT,
    TOP_K,
    Continuation,
    Draw,
    Prefix,
    Sampling,
    TokenMask,
    TopTokens,
    Usage,
)
from mtreason.models.sequences import running_away

MAX_PASS_TOKENS = 512
"""Tokens read in one pass; bounds the memory of activations."""
MAX_ROWS = 64
"""Rows decoded side by side, those of contrasts included; a step with more is bound by arithmetic and gains little."""
MAX_LOGIT_ROWS = 16
"""Rows of the vocabulary-wide output at a time: as many as stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    parent: _Node | None
    tokens: tuple[int, ...]
    cache: torch.Tensor | None
    """[L, 2, H, n, D]; None at the root."""
    hidden: torch.Tensor | None
    """[n, W]; None at the root."""
    states: torch.Tensor | None
    """[n, K, W], of the layers that were watched when the tokens were read; None at the root."""

    def context(self) -> torch.Tensor | None:
        """Keys and values of the whole path, [L, 2, H, c, D]."""
        parts: list[torch.Tensor] = []
        node: _Node | None = self
        while node is not None:
            if node.cache is not None:
                parts.append(node.cache)
            node = node.parent
        return torch.cat(parts[::-1], dim=3) if parts else None

    def last_states(self, count: int, layers: int) -> torch.Tensor:
        """States of the last `count` tokens of the path, [count, layers, W]."""
        parts: list[torch.Tensor] = []
        node: _Node | None = self
        while count > 0:
            if node is None or node.states is None or node.states.shape[1] != layers:
                raise ValueError("these tokens were read before their states were to be kept")
            parts.append(node.states[-count:])
            count -= len(node.tokens)
            node = node.parent
        return torch.cat(parts[::-1])


@dataclass(slots=True)
class _Track:
    """A sequence in which the tokens of a continuation are read."""

    prefix: Prefix
    last: torch.Tensor
    """[W], the last layer's output at the newest token."""
    hidden: list[torch.Tensor] = field(default_factory=list)
    """The same at every token read so far."""
    states: list[torch.Tensor] = field(default_factory=list)
    """[K, W] at every token read so far."""
    cache: torch.Tensor | None = None
    """[L, 2, H, n, D], of the tokens read, once the continuation has ended."""


@dataclass(slots=True)
class _Row:
    """A continuation that is being drawn."""

    index: int
    draw: Draw
    uniforms: NDArray[np.float64]
    own: _Track
    contrast: _Track | None
    tokens: list[int] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    top_log_probs: list[NDArray[np.float32]] = field(default_factory=list)
    finished: bool = False
    ended: bool = False

    @property
    def tracks(self) -> list[_Track]:
        return [self.own] if self.contrast is None else [self.own, self.contrast]

    def append(self, token: int, stop: frozenset[int]) -> None:
        self.tokens.append(token)
        self.finished = token in stop
        self.ended = self.finished or len(self.tokens) >= self.draw.max_new_tokens or running_away(self.tokens)


class TreeModel:
    """A language model whose sequences form a tree of cached keys and values; implements `LanguageModel`."""

    def __init__(self, packed: PackedModel) -> None:
        self.packed = packed
        self.usage = Usage()
        self._nodes: dict[int, _Node] = {ROOT.id: _Node(None, (), None, None, None)}
        self._ids = itertools.count(1)
        self._banned: tuple[TokenMask, torch.Tensor] | None = None
        self.threads = Threads(torch.get_num_threads())

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the seconds spent inside, without gradients, on as many threads as are good for it."""
        start = time.perf_counter()
        given = torch.get_num_threads()
        self.threads.allow(given)
        self.threads.apply()
        try:
            with torch.inference_mode():
                yield
        finally:
            self.threads.leave(given)
        self.usage.seconds += time.perf_counter() - start

    def _add(self, node: _Node, parent: Prefix) -> Prefix:
        handle = Prefix(next(self._ids), parent.id, parent.length + len(node.tokens))
        self._nodes[handle.id] = node
        return handle

    def contexts(self, prefixes: Sequence[Prefix]) -> list[torch.Tensor | None]:
        """Gather each distinct path once."""
        distinct = {p.id: self._nodes[p.id].context() for p in {p.id: p for p in prefixes}.values()}
        return [distinct[p.id] for p in prefixes]

    def extend(self, prefixes: Sequence[Prefix], tokens: Sequence[Sequence[int]]) -> list[Prefix]:
        """See `LanguageModel.extend`."""
        handles: list[Prefix] = []
        with self.timed():
            for start, end in _batches([len(t) for t in tokens]):
                rows, parents = tokens[start:end], prefixes[start:end]
                for reading, row, parent in zip(
                    self.packed.read(self.contexts(parents), rows), rows, parents, strict=True
                ):
                    node = _Node(self._nodes[parent.id], tuple(row), reading.cache, reading.hidden, reading.states)
                    handles.append(self._add(node, parent))
                    self.usage.prompt_tokens += len(row)
                self.usage.passes += 1
        return handles

    def score(self, prefixes: Sequence[Prefix], targets: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """See `LanguageModel.score`."""
        scores: list[NDArray[np.float32]] = []
        with self.timed():
            for start, end in _batches([len(t) for t in targets]):
                scores += self._score(prefixes[start:end], targets[start:end])
        self.usage.scored_tokens += sum(len(t) for t in targets)
        return scores

    def _score(self, prefixes: Sequence[Prefix], targets: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        # The last token of a target is asked for and never read; a target of one token needs no pass at all.
        longer = [i for i, t in enumerate(targets) if len(t) > 1]
        hidden: list[torch.Tensor] = [self.last_hidden(p) for p in prefixes]  # each [1, W]
        if longer:
            readings = self.packed.read(
                self.contexts([prefixes[i] for i in longer]), [targets[i][:-1] for i in longer], keep_cache=False
            )
            self.usage.passes += 1
            for i, reading in zip(longer, readings, strict=True):
                hidden[i] = torch.cat((hidden[i], reading.hidden))
        flat = torch.cat(hidden)  # [sum of target lengths, W]
        wanted = torch.tensor([t for target in targets for t in target], device=flat.device)
        parts = []
        for rows, ids in zip(flat.split(MAX_LOGIT_ROWS), wanted.split(MAX_LOGIT_ROWS), strict=True):
            parts.append(torch.log_softmax(self.packed.logits(rows), -1).gather(1, ids[:, None])[:, 0])
        log_probs = torch.cat(parts).cpu().numpy()
        return np.split(log_probs, np.cumsum([len(t) for t in targets])[:-1])

    def last_hidden(self, prefix: Prefix) -> torch.Tensor:
        """Return the last layer's output at a prefix's end, [1, W]."""
        hidden = self._nodes[prefix.id].hidden
        if hidden is None:
            raise ValueError("the root has no token to continue from: extend it first")
        return hidden[-1:]

    def logits(self, prefixes: Sequence[Prefix]) -> NDArray[np.float32]:
        """Return the model's output for the token after each prefix, [R, V]."""
        with torch.inference_mode():
            return self.packed.logits(torch.cat([self.last_hidden(p) for p in prefixes])).cpu().numpy()

    def top_k(self, prefixes: Sequence[Prefix], mask: TokenMask, count: int) -> list[TopTokens]:
        """See `LanguageModel.top_k`."""
        found: list[TopTokens] = []
        with self.timed():
            hidden = torch.cat([self.last_hidden(p) for p in prefixes])
            for rows in hidden.split(MAX_LOGIT_ROWS):
                found += most_probable(self.packed.logits(rows), self._penalties(mask), count)
        return found

    def sampling(self, mask: TokenMask) -> Sampling:
        """See `LanguageModel.sampling`."""
        return _TreeSampling(self, mask)

    def sample(self, draws: Sequence[Draw], mask: TokenMask) -> list[Continuation]:
        """Draw one continuation per draw, to the end."""
        sampling = self.sampling(mask)
        sampling.add(draws)
        done: dict[int, Continuation] = {}
        while sampling.rows:
            done |= dict(sampling.advance())
        return [done[i] for i in range(len(draws))]

    def choose(self, rows: Sequence[_Row], mask: TokenMask) -> None:
        """Append one token to each row."""
        penalty = self._penalties(mask)
        for start in range(0, len(rows), MAX_LOGIT_ROWS):
            part = rows[start : start + MAX_LOGIT_ROWS]
            against = [(i, row.contrast, row.draw.contrast) for i, row in enumerate(part)]
            pairs = [(i, track, c.weight) for i, track, c in against if track is not None and c is not None]
            other = self.packed.logits(torch.stack([track.last for _, track, _ in pairs])) if pairs else None
            chosen = choose(
                self.packed.logits(torch.stack([row.own.last for row in part])),
                penalty,
                [() if row.tokens else row.draw.banned_first for row in part],
                [row.draw.temperature for row in part],
                mask.top_p,
                [float(row.uniforms[len(row.tokens)]) for row in part],
                [(i, weight) for i, _, weight in pairs],
                other,
            )
            for i, row in enumerate(part):
                row.append(chosen.tokens[i], mask.stop)
                row.log_probs.append(float(chosen.log_probs[i]))
                row.top_log_probs.append(chosen.top_log_probs[i])
            self.usage.scored_tokens += len(pairs)
        self.usage.sampled_tokens += len(rows)

    def _penalties(self, mask: TokenMask) -> torch.Tensor:
        if self._banned is None or self._banned[0] is not mask:
            self._banned = (mask, penalties(mask.banned, self.packed.device))
        return self._banned[1]

    def continuation(self, row: _Row) -> Continuation:
        """Put what a row has drawn into the tree."""
        return Continuation(
            tokens=tuple(row.tokens),
            log_probs=np.array(row.log_probs, dtype=np.float32),
            top_log_probs=np.stack(row.top_log_probs)[:, :TOP_K],
            finished=row.finished,
            prefix=self._read(row.own, row.tokens),
            contrast=None if row.contrast is None else self._read(row.contrast, row.tokens),
        )

    def _read(self, track: _Track, tokens: Sequence[int]) -> Prefix:
        """Name what a track has read: all tokens but the last."""
        if track.cache is None:
            return self._alias(track.prefix)
        parent = self._nodes[track.prefix.id]
        hidden, states = torch.stack(track.hidden), torch.stack(track.states)
        return self._add(_Node(parent, tuple(tokens[:-1]), track.cache, hidden, states), track.prefix)

    def _alias(self, prefix: Prefix) -> Prefix:
        """Return a second handle to the same node, so that each result can be released on its own."""
        handle = Prefix(next(self._ids), prefix.parent, prefix.length)
        self._nodes[handle.id] = self._nodes[prefix.id]
        return handle

    def cut(self, prefix: Prefix, length: int) -> Prefix:
        """See `LanguageModel.cut`."""
        node = self._nodes[prefix.id]
        start = prefix.length - len(node.tokens)
        if not start < length <= prefix.length or node.cache is None or node.hidden is None or node.states is None:
            raise ValueError(f"cannot cut at {length}: the node spans {start + 1}..{prefix.length}")
        n = length - start
        part = _Node(node.parent, node.tokens[:n], node.cache[:, :, :, :n], node.hidden[:n], node.states[:n])
        handle = Prefix(next(self._ids), prefix.parent, length)
        self._nodes[handle.id] = part
        return handle

    @property
    def depth(self) -> int:
        """See `KeepsStates.depth`; 0 where the layers of the architecture are not found."""
        return len(self.packed.layers)

    @property
    def width(self) -> int:
        """See `KeepsStates.width`."""
        return self.packed.width

    def keep_states(self, layers: Sequence[int]) -> None:
        """See `KeepsStates.keep_states`."""
        if self.packed.watched != tuple(layers):
            self.packed.watch(layers)

    def states(self, prefix: Prefix, count: int) -> NDArray[np.float32]:
        """See `KeepsStates.states`."""
        kept = self._nodes[prefix.id].last_states(count, len(self.packed.watched))
        return kept.float().cpu().numpy()

    def release(self, prefixes: Sequence[Prefix]) -> None:
        """See `LanguageModel.release`."""
        for prefix in prefixes:
            if prefix != ROOT:
                self._nodes.pop(prefix.id, None)


class _TreeSampling:
    """Rows of one batch over the token tree; implements `Sampling`."""

    def __init__(self, model: TreeModel, mask: TokenMask) -> None:
        self._model = model
        self._mask = mask
        self._waiting: deque[_Row] = deque()
        self._live: list[_Row] = []
        self._beside: list[tuple[_Row, _Track]] = []
        """What the rows of the batch are."""
        self._batch = DecodeBatch(model.packed)
        self._count = itertools.count()

    @property
    def rows(self) -> int:
        """See `Sampling.rows`."""
        return len(self._waiting) + len(self._live)

    def add(self, draws: Sequence[Draw]) -> None:
        """See `Sampling.add`."""
        for draw in draws:
            own = _Track(draw.prefix, self._model.last_hidden(draw.prefix)[0])
            other = draw.contrast
            contrast = None if other is None else _Track(other.prefix, self._model.last_hidden(other.prefix)[0])
            numbers = uniforms(draw.seed, draw.max_new_tokens)
            self._waiting.append(_Row(next(self._count), draw, numbers, own, contrast))

    def advance(self) -> list[tuple[int, Continuation]]:
        """See `Sampling.advance`."""
        with self._model.timed():
            while self.rows:
                if ended := self._step():
                    return [(row.index, self._model.continuation(row)) for row in ended]
        return []

    def _step(self) -> list[_Row]:
        """Draw one token for every row that has room; rows that have ended leave the batch."""
        joining = self._joining()
        if self._live:
            threads = self._model.threads
            threads.apply()
            threads.begin()
            hidden, states = self._batch.step([row.tokens[-1] for row, _ in self._beside])
            threads.end()
            self._model.usage.passes += 1
            for (_, track), vector, own in zip(self._beside, hidden, states, strict=True):
                track.last = vector
                track.hidden.append(vector)
                track.states.append(own)
        self._model.choose(self._live + joining, self._mask)
        # From the back, so that the one which fills a gap has been looked at already.
        for i in range(len(self._beside) - 1, -1, -1):
            row, track = self._beside[i]
            if row.ended:
                track.cache = self._batch.cache(i, track.prefix.length)
                self._batch.drop(i)
                self._beside[i] = self._beside[-1]
                self._beside.pop()
        ended = [row for row in self._live + joining if row.ended]
        self._live = [row for row in self._live if not row.ended]
        self._join([row for row in joining if not row.ended])
        return ended

    def _joining(self) -> list[_Row]:
        """Take from those that wait as many as there is room for."""
        joining: list[_Row] = []
        size = len(self._beside)
        while self._waiting and (not size or size + len(self._waiting[0].tracks) <= MAX_ROWS):
            row = self._waiting.popleft()
            size += len(row.tracks)
            joining.append(row)
        return joining

    def _join(self, rows: Sequence[_Row]) -> None:
        beside = [(row, track) for row in rows for track in row.tracks]
        contexts = self._model.contexts([track.prefix for _, track in beside])
        self._batch.add([c for c in contexts if c is not None])
        self._live += rows
        self._beside += beside


def _batches(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ranges of rows whose tokens together stay within MAX_PASS_TOKENS (or one row that alone exceeds it)."""
    start, total = 0, 0
    for i, n in enumerate(lengths):
        if i > start and total + n > MAX_PASS_TOKENS:
            yield start, i
            start, total = i, 0
        total += n
    if start < len(lengths):
        yield start, len(lengths)
