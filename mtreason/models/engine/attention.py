"""What a layer's attention does, as the transformers library says it, and the sums that are made of it.

Nothing here knows a family of models. Each layer hands over its queries, keys and values with what it does to their
products: a scale, a cap, sinks, and a mask. Masks are not taken as tensors where the library has a rule for them: it
builds a window or a chunk from a function of two positions, and that function is asked about the positions of packed
rows.

Letters: H key/value heads, G query heads per key/value head, D head width, S = 64 positions a block, R rows, N new
tokens of all rows together, q tokens that look, p positions that are looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

BLOCK = 64


class UnsupportedArchitectureError(Exception):
    """The network does something between its tokens that packed rows do not carry."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """Which positions a token sees: a window, a chunk; one object a pass and kind of layer."""

    function: Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
    """Of a batch index, a head index, the position that looks and the one that is looked at: whether it is seen."""

    def seen(self, looking: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Return whether position `looking` [q] sees position `positions` [p], [q, p]."""
        zero = looking.new_zeros(())
        return self.function(zero, zero, looking[:, None], positions[None])


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Which positions a token sees, where a network makes a mask of its own from positions."""

    values: torch.Tensor
    """[N, *], what is added to the products of each new token, by position; nothing is seen beyond the last column."""

    def added(self, first: int, looking: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Return the rows from `first` on, for as many tokens as look, at these positions, [q, p]."""
        own = self.values[first : first + len(looking)]
        missing = max(0, len(positions) - own.shape[1])
        return torch.nn.functional.pad(own, (0, missing), value=float("-inf"))[:, : len(positions)]


Mask = Rule | Table | None
"""None is the plain causal mask: a token sees itself and all before it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer's attention does to the products of its queries and keys."""

    index: int
    scale: float
    """Of the products."""
    mask: Mask = None
    cap: float | None = None
    """Products are bent to stay between -cap and cap (Gemma 2, arXiv 2408.00118, section 2)."""
    sinks: torch.Tensor | None = None
    """[H*G], a product with nothing behind it that takes its share of each head's weights."""

    def capped(self, scores: torch.Tensor) -> torch.Tensor:
        """Bend products into the cap, if there is one."""
        return scores if self.cap is None else torch.tanh(scores / self.cap) * self.cap


def additive(
    mask: Mask, first: int, looking: torch.Tensor, positions: torch.Tensor, dtype: torch.dtype
) -> torch.Tensor:
    """Return what is added to products so that only what is seen counts, [q, p]; `first` numbers the pass's tokens."""
    unseen = positions[None] > looking[:, None]
    if isinstance(mask, Table):
        added = mask.added(first, looking, positions).to(dtype)
        return added.masked_fill(unseen, float("-inf"))
    if isinstance(mask, Rule):
        unseen = unseen | ~mask.seen(looking, positions)
    return torch.zeros(unseen.shape, dtype=dtype, device=unseen.device).masked_fill_(unseen, float("-inf"))


def over_lengths(
    layer: Layer, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Attention of one row's new tokens on exact lengths; returns [q, H*G, D].

    Query [H*G, q, D], keys and values [H, p, D], mask [G*q, p].
    """
    heads, tokens = keys.shape[0], query.shape[1]
    own = query.reshape(heads, -1, query.shape[-1]) * layer.scale  # [H, G*q, D]
    scores = layer.capped(torch.matmul(own, keys.transpose(-1, -2))) + mask
    if layer.sinks is None:
        weights = torch.softmax(scores, -1)
    else:
        sinks = layer.sinks.to(scores.dtype).view(heads, -1, 1).expand(-1, -1, tokens).reshape(heads, -1, 1)
        weights = torch.softmax(torch.cat((scores, sinks), -1), -1)[..., :-1]
    out = torch.matmul(weights, values)  # [H, G*q, D]
    return out.view(-1, tokens, values.shape[-1]).transpose(0, 1)


def over_blocks(
    layer: Layer, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Attention of one token a row over whole blocks (Milakov & Gimelshein 2018); returns [R, H*G, D].

    Query [R, H, 1, G, D], scaled; keys and values [R, H, positions, D], mask [R, 1, blocks, 1, S].
    """
    rows, heads, _, width = keys.shape
    blocks = mask.shape[2]
    # Nothing keeps the products alive: what comes next takes their place in the processor's cache.
    scores = layer.capped(torch.matmul(query, keys.view(rows, heads, blocks, BLOCK, width).transpose(-1, -2))) + mask
    peak = scores.amax((2, 4), keepdim=True)
    sinks = None if layer.sinks is None else layer.sinks.to(scores.dtype).view(1, heads, 1, -1, 1)
    if sinks is not None:
        peak = peak.maximum(sinks)
    weights = (scores - peak).exp_()  # [R, H, blocks, G, S]
    sums = torch.matmul(weights, values.view(rows, heads, blocks, BLOCK, width))  # [R, H, blocks, G, D]
    norms = weights.sum(-1, keepdim=True)
    out, norm = sums[:, :, 0], norms[:, :, 0]
    for block in range(1, blocks):
        out, norm = out + sums[:, :, block], norm + norms[:, :, block]
    if sinks is not None:
        norm = norm + (sinks - peak)[:, :, 0].exp()
    return (out / norm).reshape(rows, -1, width)
