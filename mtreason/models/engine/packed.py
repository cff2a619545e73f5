"""Forward passes over rows of different lengths without padding the arithmetic.

All new tokens of all rows are laid end to end as one sequence, so that every linear layer sees real tokens only.
Attention alone must know which token belongs to which row; it is replaced (`mtreason.models.engine.library`) by one
that reads each row's own keys and values. Where layers look only so far back, all keys are kept and the rest is masked:
a branch may begin anywhere.

What a row yields does not depend, bit for bit, on the rows beside it, provided the linear layers work row by row
(`mtreason.models.engine.int8`): when many tokens are read, attention runs per row on that row's exact lengths; when
one token per row is decoded, it runs over blocks of a fixed number of positions and adds the blocks up in order, so
that padding at the end adds exact zeros.

Letters: L layers, H key/value heads, G query heads per key/value head, D head width, S = 64 positions a block,
R rows, N new tokens of all rows together, c tokens of context of a row, q new tokens of a row, W hidden width,
K layers whose states are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import nn

from mtreason.models.engine.attention import BLOCK, Layer, Mask, Table, additive, over_blocks, over_lengths
from mtreason.models.engine.int8 import Int8Linear
from mtreason.models.engine.library import Network, Pass

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle
    from transformers import PreTrainedModel

WIDENED = 1 << 20
"""Keys and values that a step widens at a time: in float32 as many as stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one row of a pass leaves behind."""

    hidden: torch.Tensor
    """[q, W], the last layer's output at each new token."""
    cache: torch.Tensor | None
    """[L, 2, H, q, D], keys and values of the new tokens, in the model's `cache_dtype`."""
    states: torch.Tensor
    """[q, K, W], the states after the layers that `PackedModel.watch` named; K may be 0."""


class _Read:
    """Reads several tokens per row: attention per row, on exact lengths."""

    def __init__(
        self,
        contexts: Sequence[torch.Tensor | None],
        lengths: Sequence[int],
        cache_dtype: torch.dtype,
        keep_cache: bool,
    ) -> None:
        self.contexts = contexts
        self.lengths = lengths
        self.cache_dtype = cache_dtype
        self.keep_cache = keep_cache
        self.keys: dict[int, torch.Tensor] = {}  # layer -> [H, N, D]
        self.values: dict[int, torch.Tensor] = {}
        self.masks: dict[tuple[Mask, int, int], torch.Tensor] = {}

    def attend(self, layer: Layer, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """[H*G, N, D], [H, N, D] -> [N, H*G, D]."""
        key, value = key.to(self.cache_dtype), value.to(self.cache_dtype)
        if self.keep_cache:
            self.keys[layer.index], self.values[layer.index] = key, value
        rows = []
        start = 0
        for context, q in zip(self.contexts, self.lengths, strict=True):
            k, v = key[:, start : start + q], value[:, start : start + q]
            c = 0
            if context is not None:
                c = context.shape[3]
                k, v = torch.cat((context[layer.index, 0], k), 1), torch.cat((context[layer.index, 1], v), 1)
            k, v = k.to(query.dtype), v.to(query.dtype)
            group = query.shape[0] // key.shape[0]
            mask = self._mask(layer.mask, start, c, q, query).repeat(group, 1)
            rows.append(over_lengths(layer, query[:, start : start + q], k, v, mask))
            start += q
        return torch.cat(rows)

    def _mask(self, mask: Mask, start: int, c: int, q: int, like: torch.Tensor) -> torch.Tensor:
        """Return what is added to the products of a row that begins at the pass's token `start`, [q, c+q]."""
        positions = torch.arange(c + q, device=like.device)
        if isinstance(mask, Table):
            return additive(mask, start, positions[c:], positions, like.dtype)
        key = (mask, c, q)
        if key not in self.masks:
            self.masks[key] = additive(mask, start, positions[c:], positions, like.dtype)
        return self.masks[key]

    def caches(self) -> list[torch.Tensor]:
        """Keys and values of each row's new tokens, [L, 2, H, q, D], each in storage of its own."""
        layers = sorted(self.keys)
        stacked = torch.stack([torch.stack((self.keys[i], self.values[i])) for i in layers])
        return [part.clone() for part in stacked.split(list(self.lengths), dim=3)]


class DecodeBatch:
    """Rows that each grow by one token a step, with their keys and values side by side in one buffer."""

    def __init__(self, packed: PackedModel) -> None:
        self.packed = packed
        self.lengths: list[int] = []  # tokens in the buffer, per row
        self.buffers: list[torch.Tensor] = []  # of each layer, [2, R or more, H, positions, D], in `cache_dtype`
        self._slots = torch.empty(0)
        self._positions = torch.empty(0)
        self._masks: dict[Mask, torch.Tensor] = {}
        self._index = torch.empty(0)

    def add(self, contexts: Sequence[torch.Tensor]) -> None:
        """Append rows, each with its context [L, 2, H, c, D], c >= 1."""
        if not contexts:
            return
        before = len(self.lengths)
        self.lengths += [c.shape[3] for c in contexts]
        if not self.buffers:
            _, two, heads, _, width = contexts[0].shape
            self.buffers = [layer.new_empty(two, 0, heads, 0, width) for layer in contexts[0]]
        self._fit(len(self.lengths))
        for layer, buffer in enumerate(self.buffers):
            for row, context in enumerate(contexts, before):
                buffer[:, row, :, : self.lengths[row]] = context[layer]

    def _fit(self, rows: int) -> None:
        """Give the buffers room for so many rows, and for one token more in each, in whole blocks.

        Not for more tokens than that: a part of a buffer would have to be copied to be multiplied. One layer after
        another, so that only one of them is held twice meanwhile.
        """
        room = -(-(max(self.lengths) + 1) // BLOCK) * BLOCK
        for layer, held in enumerate(self.buffers):
            two, own, heads, positions, width = held.shape
            if own >= rows and positions == room:
                continue
            # Zeros, since a masked slot must not hold NaN.
            grown = held.new_zeros(two, rows, heads, room, width)
            kept, shared = min(rows, own), min(room, positions)
            grown[:, :kept, :, :shared] = held[:, :kept, :, :shared]
            self.buffers[layer] = grown

    def drop(self, row: int) -> None:
        """Take a row out: the last row moves into its place."""
        last = len(self.lengths) - 1
        if row != last:
            n = self.lengths[last]
            for buffer in self.buffers:
                buffer[:, row, :, :n] = buffer[:, last, :, :n]
            self.lengths[row] = n
        self.lengths.pop()

    def cache(self, row: int, start: int) -> torch.Tensor:
        """Copy a row's keys and values from position `start` on, [L, 2, H, *, D], in the model's `cache_dtype`."""
        return torch.stack([buffer[:, row, :, start : self.lengths[row]] for buffer in self.buffers])

    def step(self, tokens: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Read one token per row; returns the last layer's output [R, W], and the states [R, K, W]."""
        first = self.buffers[0]
        device = first.device
        if max(self.lengths) + 1 > first.shape[3]:
            self._fit(len(self.lengths))
        self._slots = torch.tensor(self.lengths, device=device)
        self._index = torch.arange(len(tokens), device=device)
        room = -(-(max(self.lengths) + 1) // BLOCK) * BLOCK
        self._positions = torch.arange(room, device=device)
        self._masks.clear()
        outputs = self.packed.run(self, list(tokens), self.lengths)
        self.lengths = [n + 1 for n in self.lengths]
        return outputs

    def _mask(self, mask: Mask) -> torch.Tensor:
        """Return what is added to the products of each row, [R, 1, blocks, 1, S]."""
        if mask not in self._masks:
            added = additive(mask, 0, self._slots, self._positions, self.packed.dtype)
            self._masks[mask] = added.view(len(added), 1, -1, 1, BLOCK)
        return self._masks[mask]

    def attend(self, layer: Layer, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """[H*G, R, D], [H, R, D] -> [R, H*G, D]."""
        heads, rows, width = key.shape
        buffer = self.buffers[layer.index]
        # Rounded before they are used, so that a token counts the same in the step that read it and in later ones.
        buffer[0][self._index, :, self._slots] = key.transpose(0, 1).to(buffer.dtype)
        buffer[1][self._index, :, self._slots] = value.transpose(0, 1).to(buffer.dtype)
        own = (query * layer.scale).transpose(0, 1).reshape(rows, heads, 1, -1, width)
        mask = self._mask(layer.mask)
        room = len(self._positions)
        size = rows if buffer.dtype == own.dtype else max(1, WIDENED // (2 * heads * room * width))
        parts = []
        for start in range(0, rows, size):
            some = slice(start, min(start + size, rows))
            # A copy where the buffer has more room than is asked for: the product would copy transposed keys, and takes
            # those by another kernel that rounds otherwise, so that a row would depend on how long others have been.
            keys, values = buffer[:, some, :, :room].to(own.dtype).contiguous()
            parts.append(over_blocks(layer, own[some], keys, values, mask[some]))
        return torch.cat(parts)


class PackedModel:
    """A causal language model of the transformers library, run on packed rows."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._network = Network(model)
        self.decoder: nn.Module = self._network.decoder
        self.head: nn.Module = self._network.head
        self.device = self._network.device
        self.dtype = max((p.dtype for p in model.parameters()), key=lambda dtype: dtype.itemsize)
        """Of the arithmetic; the embedding table alone may be narrower."""
        is_int8 = any(isinstance(module, Int8Linear) for module in model.modules())
        self.cache_dtype = torch.float16 if is_int8 else self.dtype
        """Of the keys and values that are kept: beside weights of 8 bits, 16 are as good as 32 and take half."""
        self.logits = self._network.logits
        self.width: int = model.config.get_text_config().hidden_size
        self.layers = _layers(self.decoder, model.config.get_text_config().num_hidden_layers)
        self.watched: tuple[int, ...] = ()
        """Of which layers the states are kept, counted from 1."""
        self._seen: dict[int, torch.Tensor] = {}  # layer -> [N, W], of the pass that is going on
        self._hooks: list[RemovableHandle] = []

    def watch(self, layers: Sequence[int]) -> None:
        """Keep from now on the states after these layers, counted from 1, and no others."""
        if not all(1 <= layer <= len(self.layers) for layer in layers):
            raise ValueError(f"layers {list(layers)}: the model has {len(self.layers)} whose states can be kept")
        for hook in self._hooks:
            hook.remove()
        self.watched = tuple(layers)
        self._hooks = [self.layers[layer - 1].register_forward_hook(partial(self._see, layer)) for layer in layers]

    def _see(self, layer: int, module: nn.Module, inputs: object, output: torch.Tensor | tuple[torch.Tensor]) -> None:
        del module, inputs
        self._seen[layer] = (output if isinstance(output, torch.Tensor) else output[0])[0]

    def run(self, step: Pass, tokens: Sequence[int], positions: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """One pass over N packed tokens; returns the last layer's output [N, W], and the states [N, K, W]."""
        hidden = self._network.run(step, tokens, positions)
        if not self.watched:
            return hidden, hidden.new_empty(len(tokens), 0, hidden.shape[-1])
        states = torch.stack([self._seen[layer] for layer in self.watched], 1)
        self._seen.clear()
        return hidden, states

    def read(
        self, contexts: Sequence[torch.Tensor | None], tokens: Sequence[Sequence[int]], *, keep_cache: bool = True
    ) -> list[Reading]:
        """Read each row's tokens after its context (keys and values [L, 2, H, c, D], None for none)."""
        lengths = [len(t) for t in tokens]
        step = _Read(contexts, lengths, self.cache_dtype, keep_cache)
        positions = [
            (0 if context is None else context.shape[3]) + i
            for context, q in zip(contexts, lengths, strict=True)
            for i in range(q)
        ]
        hidden, states = self.run(step, [t for row in tokens for t in row], positions)
        parts = hidden.split(lengths), states.split(lengths)
        caches = step.caches() if keep_cache else [None] * len(lengths)
        return [Reading(h.clone(), kv, s.clone()) for h, s, kv in zip(*parts, caches, strict=True)]


def _layers(decoder: nn.Module, count: int) -> Sequence[nn.Module]:
    """Return the layers of a decoder, in order; nothing where they are not the one list of this length."""
    lists = [m for m in decoder.modules() if isinstance(m, nn.ModuleList) and len(m) == count]
    return list(lists[0]) if len(lists) == 1 else []
