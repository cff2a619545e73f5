"""A model on a server, with the interface of every backend.

A server has no tree: a prefix is the list of its tokens, and the server's own cache finds what they share. What a draw
asks for besides plain sampling (tokens that may not come first, banned tokens, a contrast) is decided here, from the
alternatives that the server reports: the server writes on to the end, and where another token should have been chosen,
the rest is written again.

Letters: n tokens of a continuation, N alternatives per token, K = 5 of them reported.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import OrderedDict
from collections.abc import Coroutine, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mtreason.models.engine.drawing import CANDIDATES, contrasted, draw, uniforms
from mtreason.models.paths import TokenPaths
from mtreason.models.protocol import (
    PLAUSIBLE,
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
from mtreason.models.served.answers import MOST_VOCABULARY
from mtreason.models.served.client import Client
from mtreason.models.served.completions import Completion, SampleRequest, check_tokens, nothing_told
from mtreason.models.served.dialects import Dialect

MORE_ALTERNATIVES = (4096, 1 << 20)
"""How many alternatives are searched for a token for which the server reports nothing by itself."""
KNOWN_PLACES = 20_000
"""Positions whose alternatives are remembered, because a search returns to them; they need no request."""
SAME_SENTENCE = 64
"""The first tokens of a prompt, by which an address is found that has its beginning in the cache."""
SEED_BITS = (1 << 31) - 1

Path = tuple[int, ...]
T = TypeVar("T")


@dataclass(slots=True)
class _Row:
    """A continuation that is being drawn."""

    draw: Draw
    path: Path
    against: Path | None
    """The tokens of the contrast's prefix."""
    uniforms: NDArray[np.float64]
    tokens: list[int] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    top_log_probs: list[NDArray[np.float32]] = field(default_factory=list)
    finished: bool = False
    ended: bool = False

    @property
    def room(self) -> int:
        return self.draw.max_new_tokens - len(self.tokens)


class ServedModel:
    """A language model on one server or on several equal ones; implements `LanguageModel`."""

    def __init__(self, client: Client, dialect: Dialect, vocabulary: int = MOST_VOCABULARY) -> None:
        """`vocabulary` is the width of the model's output."""
        self.client = client
        self.dialect = dialect
        self.vocabulary = vocabulary
        self.usage = Usage()
        self.paths = TokenPaths()
        self._known: OrderedDict[Path, TopTokens] = OrderedDict()

    def extend(self, prefixes: Sequence[Prefix], tokens: Sequence[Sequence[int]]) -> list[Prefix]:
        """See `LanguageModel.extend`; nothing is sent yet."""
        return self.paths.extend(prefixes, tokens)

    def cut(self, prefix: Prefix, length: int) -> Prefix:
        """See `LanguageModel.cut`."""
        return self.paths.cut(prefix, length)

    def release(self, prefixes: Sequence[Prefix]) -> None:
        """See `LanguageModel.release`."""
        self.paths.release(prefixes)

    def score(self, prefixes: Sequence[Prefix], targets: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """See `LanguageModel.score`."""
        start = time.perf_counter()

        async def all_of_them() -> list[Completion]:
            # One answer serves all rows with the same question.
            asked = {(self.paths[p], tuple(t)) for p, t in zip(prefixes, targets, strict=True)}
            order = sorted(asked)
            found = dict(zip(order, await _all([self._read(p, t, 1) for p, t in order]), strict=True))
            return [found[self.paths[p], tuple(t)] for p, t in zip(prefixes, targets, strict=True)]

        read = self.client.begin(all_of_them()).result()
        self.usage.seconds += time.perf_counter() - start
        return [np.array(one.log_probs, np.float32) for one in read]

    def top_k(self, prefixes: Sequence[Prefix], mask: TokenMask, count: int) -> list[TopTokens]:
        """See `LanguageModel.top_k`; at most as many as the server gives."""
        start = time.perf_counter()
        paths = [self.paths[p] for p in prefixes]

        async def all_of_them() -> list[TopTokens]:
            return await _all([self._next(path) for path in paths])

        top = self.client.begin(all_of_them()).result()
        self.usage.seconds += time.perf_counter() - start
        allowed = [allow(one, mask) for one in top]
        return [TopTokens(a.tokens[:count], a.log_probs[:count]) for a in allowed]

    def sampling(self, mask: TokenMask) -> Sampling:
        """See `LanguageModel.sampling`."""
        return _ServedSampling(self, mask)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    async def _write(self, ask: SampleRequest) -> list[Completion]:
        """Draw continuations after a prompt; the server may give fewer than were asked for."""
        width = self.vocabulary if ask.mask is None else min(self.vocabulary, len(ask.mask.banned))

        def read(content: object) -> list[Completion]:
            found = self.dialect.written(content, ask)
            for one in found:
                check_tokens(one, width)
            return found

        written = await self.client.ask(self.dialect.write(ask), read, hash(ask.prompt[:SAME_SENTENCE]))
        for one in written:
            self._count(one)
            self.usage.sampled_tokens += len(one.tokens)
        if self.dialect.log_probs_at_temperature and ask.temperature not in {0.0, 1.0}:
            again = await _all([self._read(ask.prompt, one.tokens, self.dialect.alternatives) for one in written])
            written = [
                replace(one, log_probs=read.log_probs, top=read.top, gaps=read.gaps)
                for one, read in zip(written, again, strict=True)
            ]
        written = [await self._filled(ask.prompt, one) for one in written]
        for one in written:
            for i, top in enumerate(one.top):
                self._remember(ask.prompt + one.tokens[:i], top)
        return written

    async def _read(self, prompt: Path, target: Path, alternatives: int) -> Completion:
        """Ask for the probabilities of given tokens."""
        runs = [
            (prompt + target[:start], target[start:end], alternatives)
            for start, end in _runs(target, self.dialect.broken)
        ]
        whole = _unread(())
        for written in await _all([self._read_run(*run) for run in runs]):
            whole = _appended(whole, written)
        return await self._filled(prompt, whole)

    async def _read_run(self, prompt: Path, target: Path, alternatives: int) -> Completion:
        """Ask for tokens that the server can write one after another, or return a broken token as unknown."""
        if target[0] in self.dialect.broken:
            return _unread(target)
        request = self.dialect.read(prompt, target, alternatives)

        def read(content: object) -> Completion:
            found = self.dialect.readings(content, prompt, target)
            check_tokens(found, self.vocabulary)
            return found

        written = await self.client.ask(request, read, hash(prompt[:SAME_SENTENCE]))
        self._count(written)
        self.usage.scored_tokens += len(target)
        return written

    async def _filled(self, prompt: Path, written: Completion) -> Completion:
        """Ask for what the server left out."""
        log_probs, top = list(written.log_probs), list(written.top)
        for i in written.gaps:
            path, token = prompt + written.tokens[:i], written.tokens[i]
            for count in (self.dialect.alternatives, *MORE_ALTERNATIVES):
                told = await self._read(path, self.dialect.probe_token, min(count, self.vocabulary))
                top[i] = told.top[0]
                found = np.flatnonzero(top[i].tokens == token)
                if len(found):
                    break
            log_probs[i] = float(top[i].log_probs[found[0]]) if len(found) else -np.inf
        return replace(written, log_probs=tuple(log_probs), top=tuple(top), gaps=())

    async def _next(self, path: Path) -> TopTokens:
        """Return the most probable tokens after a path; ask only if they are not known."""
        if path in self._known:
            self._known.move_to_end(path)
            return self._known[path]
        [written] = await self._write(SampleRequest(path, 1, 1, 0.0, 0, None))
        return written.top[0]

    def _remember(self, path: Path, top: TopTokens) -> None:
        self._known[path] = top
        self._known.move_to_end(path)
        while len(self._known) > KNOWN_PLACES:
            self._known.popitem(last=False)

    def _count(self, written: Completion) -> None:
        self.usage.prompt_tokens += written.read
        self.usage.passes += 1
        self.client.traffic.read_tokens += written.read
        self.client.traffic.cached_tokens += written.cached

    def row(self, one: Draw) -> _Row:
        """Begin a continuation."""
        # A contrast needs the probabilities of given tokens.
        against = self.paths[one.contrast.prefix] if one.contrast is not None and self.dialect.reads else None
        return _Row(one, self.paths[one.prefix], against, uniforms(one.seed, one.max_new_tokens))

    async def draw_alike(self, rows: Sequence[_Row], mask: TokenMask) -> None:
        """Complete rows that differ only in their seeds, with one request for all of them."""
        first = rows[0]
        if not self.dialect.takes(first.path):
            for row in rows:
                self._break_off(row, mask)
            return
        ask = SampleRequest(
            first.path, len(rows), first.room, first.draw.temperature, first.draw.seed & SEED_BITS, mask
        )
        written = await self._write(ask)
        for row, one in zip(rows, written, strict=False):
            await self._accept(row, one, mask)
        # Where the server gave fewer, or another token is needed, each row continues by itself.
        await _all([self.draw_on(row, mask) for row in rows])

    async def draw_on(self, row: _Row, mask: TokenMask) -> None:
        """Complete a row."""
        if not row.tokens and (row.draw.banned_first or row.draw.max_new_tokens == 1):
            top = await self._next(row.path)
            beside = None if row.against is None else await self._next(row.against)
            self._append(row, self._choose(row, top, beside, mask), top, mask)
        while not row.ended:
            path = row.path + tuple(row.tokens)
            if not self.dialect.takes(path):
                self._break_off(row, mask)
                return
            seed = (row.draw.seed + len(row.tokens)) & SEED_BITS
            written = await self._write(SampleRequest(path, 1, row.room, row.draw.temperature, seed, mask))
            await self._accept(row, written[0], mask)

    @staticmethod
    def _break_off(row: _Row, mask: TokenMask) -> None:
        """End a row that the server cannot continue; a continuation without an end token is not chosen."""
        row.ended = True
        if not row.tokens:
            row.tokens.append(min(mask.stop))
            row.log_probs.append(-np.inf)
            row.top_log_probs.append(np.full(TOP_K, -np.inf, np.float32))

    async def _accept(self, row: _Row, written: Completion, mask: TokenMask) -> None:
        """Take what was written up to the position where another token has to be chosen, and choose that token."""
        beside = await self._beside(row, written, mask)
        for i, (token, top) in enumerate(zip(written.tokens, written.top, strict=True)):
            other = beside[i] if beside else None
            chosen = token
            if mask.banned[token] or other is not None:
                chosen = self._choose(row, top, other, mask)
            self._append(row, chosen, top, mask, written.log_probs[i] if chosen == token else None)
            if row.ended or chosen != token:
                return

    async def _beside(self, row: _Row, written: Completion, mask: TokenMask) -> list[TopTokens | None]:
        """Return the alternatives after the contrast's prefix, at each position where there is a choice."""
        if row.against is None:
            return []
        open_places = [_plausible(allow(top, mask)) > 1 for top in written.top]
        if not any(open_places):
            return []
        last = max(i for i, is_open in enumerate(open_places) if is_open)
        path, tokens = row.against + tuple(row.tokens), written.tokens[: last + 1]
        if not all(path + tokens[:i] in self._known for i, is_open in enumerate(open_places) if is_open):
            read = await self._read(path, tokens, self.dialect.alternatives)
            for i, top in enumerate(read.top):
                self._remember(path + tokens[:i], top)
        return [self._known[path + tokens[:i]] if is_open else None for i, is_open in enumerate(open_places)]

    @staticmethod
    def _choose(row: _Row, top: TopTokens, beside: TopTokens | None, mask: TokenMask) -> int:
        """Choose a token in the way in which the model itself would choose it."""
        allowed = allow(top, mask)
        log_probs = allowed.log_probs.copy()
        if not row.tokens and row.draw.banned_first:
            log_probs[np.isin(allowed.tokens, row.draw.banned_first)] = -np.inf
        if beside is not None and row.draw.contrast is not None:
            log_probs = contrasted(
                log_probs, _look_up(allow(beside, mask, None), allowed.tokens), row.draw.contrast.weight
            )
        u = float(row.uniforms[len(row.tokens)])
        return int(allowed.tokens[draw(log_probs, row.draw.temperature, mask.top_p, u)])

    @staticmethod
    def _append(row: _Row, token: int, top: TopTokens, mask: TokenMask, log_prob: float | None = None) -> None:
        allowed = allow(top, mask)
        found = np.flatnonzero(allowed.tokens == token)
        if len(found):
            own = float(allowed.log_probs[found[0]])
        else:
            # Drawn from outside the alternatives: its own log-probability, shifted as theirs are.
            own = (log_prob if log_prob is not None else -np.inf) - allowed.shift
        reported = np.full(TOP_K, -np.inf, np.float32)
        reported[: len(allowed.log_probs)] = allowed.log_probs[:TOP_K]
        row.tokens.append(token)
        row.log_probs.append(own)
        row.top_log_probs.append(reported)
        row.finished = token in mask.stop
        row.ended = row.finished or len(row.tokens) >= row.draw.max_new_tokens or running_away(row.tokens)

    def continuation(self, row: _Row) -> Continuation:
        """Put the tokens of a row into the tree."""
        contrast = row.draw.contrast
        drawn = tuple(row.tokens[:-1])
        return Continuation(
            tokens=tuple(row.tokens),
            log_probs=np.array(row.log_probs, np.float32),
            top_log_probs=np.stack(row.top_log_probs),
            finished=row.finished,
            prefix=self.paths.add(row.path + drawn, row.draw.prefix.id),
            contrast=None
            if contrast is None or row.against is None
            else self.paths.add(row.against + drawn, contrast.prefix.id),
        )


class _ServedSampling:
    """Rows that servers are drawing; implements `Sampling`."""

    def __init__(self, model: ServedModel, mask: TokenMask) -> None:
        self._model = model
        self._mask = mask
        self._pending: dict[Future[None], list[tuple[int, _Row]]] = {}
        self._count = itertools.count()

    @property
    def rows(self) -> int:
        """See `Sampling.rows`."""
        return sum(map(len, self._pending.values()))

    def add(self, draws: Sequence[Draw]) -> None:
        """See `Sampling.add`."""
        alike: dict[object, list[tuple[int, _Row]]] = {}
        for one in draws:
            number = next(self._count)
            plain = one.temperature > 0 and not one.banned_first and one.contrast is None
            key = (one.prefix.id, one.temperature, one.max_new_tokens) if plain else number
            alike.setdefault(key, []).append((number, self._model.row(one)))
        for group in alike.values():
            rows = [row for _, row in group]
            alone = len(rows) == 1
            work = self._model.draw_on(rows[0], self._mask) if alone else self._model.draw_alike(rows, self._mask)
            self._pending[self._model.client.begin(work)] = group

    def advance(self) -> list[tuple[int, Continuation]]:
        """See `Sampling.advance`."""
        if not self._pending:
            return []
        start = time.perf_counter()
        done, _ = wait(self._pending, return_when=FIRST_COMPLETED)
        ended = []
        # In the order in which they were begun, because sets have no order.
        for future in [f for f in self._pending if f in done]:
            group = self._pending.pop(future)
            future.result()
            ended += [(number, self._model.continuation(row)) for number, row in group]
        self._model.usage.seconds += time.perf_counter() - start
        return ended


def _runs(target: Path, broken: frozenset[int]) -> list[tuple[int, int]]:
    """Divide a target into runs of whole tokens, with each broken token by itself."""
    if broken.isdisjoint(target):
        return [(0, len(target))]
    edges = {0, len(target)}
    for i, token in enumerate(target):
        if token in broken:
            edges |= {i, i + 1}
    return list(itertools.pairwise(sorted(edges)))


def _unread(tokens: Path) -> Completion:
    """Return a completion of tokens about which nothing is known yet."""
    n = len(tokens)
    return Completion(
        tokens, (np.nan,) * n, (nothing_told(),) * n, finished=False, read=0, cached=0, gaps=tuple(range(n))
    )


def _appended(a: Completion, b: Completion) -> Completion:
    """Join two completions."""
    return Completion(
        tokens=a.tokens + b.tokens,
        log_probs=a.log_probs + b.log_probs,
        top=a.top + b.top,
        finished=b.finished,
        read=a.read + b.read,
        cached=a.cached + b.cached,
        gaps=a.gaps + tuple(len(a.tokens) + i for i in b.gaps),
    )


@dataclass(frozen=True, slots=True, eq=False)
class MaskedTopTokens:
    """The alternatives that a mask allows."""

    tokens: NDArray[np.int64]
    log_probs: NDArray[np.float64]
    """Over the tokens that the mask allows."""
    shift: float
    """Log of the probability of all of them together."""


def allow(top: TopTokens, mask: TokenMask, most: int | None = CANDIDATES) -> MaskedTopTokens:
    """Remove banned tokens from alternatives, distribute their probability, and keep the `most` probable tokens.

    The probability of banned tokens outside the alternatives is not distributed: each is less probable than any
    alternative.
    """
    banned = mask.banned[top.tokens]
    mass = float(np.exp(top.log_probs[banned]).sum())
    shift = float(np.log(max(1.0 - mass, 1e-9)))
    kept = top.tokens[~banned][:most]
    if not len(kept):
        # None of the alternatives may be written: end here.
        return MaskedTopTokens(np.array([min(mask.stop)], np.int64), np.zeros(1), shift)
    return MaskedTopTokens(kept, np.minimum(top.log_probs[~banned][:most] - shift, 0.0), shift)


def _plausible(allowed: MaskedTopTokens) -> int:
    """Count the tokens that a contrast may choose from."""
    return int((allowed.log_probs >= allowed.log_probs.max() + np.log(PLAUSIBLE)).sum())


def _look_up(beside: MaskedTopTokens, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the log-probabilities of tokens; a token outside the alternatives gets that of the last one."""
    known = dict(zip(beside.tokens.tolist(), beside.log_probs.tolist(), strict=True))
    least = float(beside.log_probs.min())
    return np.array([known.get(token, least) for token in tokens.tolist()])


async def _all(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    return list(await asyncio.gather(*work))
