"""Prefixes of a model that keeps no tree of its own: each handle stands for its tokens from the root."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from mtreason.models.protocol import ROOT, Prefix


class TokenPaths:
    """The tokens of every handle that is not given back; its methods are those of `LanguageModel`."""

    def __init__(self) -> None:
        self._tokens: dict[int, tuple[int, ...]] = {ROOT.id: ()}
        self._ids = itertools.count(1)

    def __getitem__(self, prefix: Prefix) -> tuple[int, ...]:
        return self._tokens[prefix.id]

    @property
    def held(self) -> set[int]:
        """The numbers of the handles that are not given back, with that of the root."""
        return set(self._tokens)

    def add(self, tokens: tuple[int, ...], parent: int) -> Prefix:
        """Create a handle to tokens from the root on; `parent` is the number of the handle above it."""
        handle = Prefix(next(self._ids), parent, len(tokens))
        self._tokens[handle.id] = tokens
        return handle

    def extend(self, prefixes: Sequence[Prefix], tokens: Sequence[Sequence[int]]) -> list[Prefix]:
        """See `LanguageModel.extend`; reads nothing yet."""
        return [self.add(self[p] + tuple(t), p.id) for p, t in zip(prefixes, tokens, strict=True)]

    def cut(self, prefix: Prefix, length: int) -> Prefix:
        """See `LanguageModel.cut`."""
        return self.add(self[prefix][:length], prefix.parent)

    def release(self, prefixes: Sequence[Prefix]) -> None:
        """See `LanguageModel.release`."""
        for prefix in prefixes:
            if prefix != ROOT:
                self._tokens.pop(prefix.id, None)
