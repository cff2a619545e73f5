"""Linear layers in 8-bit integers for CPUs, with one scale per output channel and one per input row.

A decoder reads every weight once a step, so a quarter of the bytes is two to four times the speed. Each row is
scaled by its own largest value and multiplied in exact integer arithmetic: what a row yields is bit for bit the same
alone or among others. Torch's packaged dynamic quantisation takes one scale for the whole batch and does not have
this property.

Letters: B rows, I input features, O output features.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import nn

ACTIVATION_LEVELS = 127
ZERO_POINT = 128


def int8_available() -> bool:
    """Whether this build of torch has the 8-bit kernels (x86 builds do)."""
    return "onednn" in torch.backends.quantized.supported_engines and hasattr(torch.ops.onednn, "qlinear_pointwise")


@functools.cache
def weight_levels() -> int:
    """Return the largest weight magnitude that the kernel multiplies without saturating: 127 or 63.

    Processors with VNNI or AMX add up in 32 bits. Those with AVX2 alone add two products in 16 bits first, and saturate
    when both are large: 255 * 127 * 2 does not fit, 255 * 63 * 2 does. Asked of the kernel itself, on its worst case.
    """
    width = 64
    weight = PackedWeight(torch.full((1, width), 127, dtype=torch.int8), torch.ones(1, dtype=torch.float32))
    product = weight.multiply(torch.full((1, width), 255, dtype=torch.uint8))
    return 127 if product.item() == ACTIVATION_LEVELS * 127 * width else 63


_finer: ContextVar[bool] = ContextVar("mtreason_finer_activations", default=False)


@contextmanager
def finer_activations() -> Iterator[None]:
    """Multiply activations of about 16 bits meanwhile, in two products: each row, and what its rounding left over.

    Two ways to compute one thing then agree in a network that rounding to 8 bits upsets (Gemma 3), if they are right.
    """
    token = _finer.set(True)
    try:
        yield
    finally:
        _finer.reset(token)


class PackedWeight:
    """Int8 weights [O, I] with scales [O], copied into the kernel's own layout."""

    def __init__(self, weight: torch.Tensor, scales: torch.Tensor) -> None:
        self.out_features, self.in_features = weight.shape
        self.weight = torch.ops.onednn.qlinear_prepack(weight, None)
        self.scales = scales
        self.zeros = torch.zeros(len(scales), dtype=torch.int64)

    def multiply(self, rows: torch.Tensor) -> torch.Tensor:
        """Multiply rows [B, I] of unsigned bytes, of which 128 stands for zero; returns float32 [B, O].

        Signed bytes would be taken too, on a path that is a thousand times slower.
        """
        product: torch.Tensor = torch.ops.onednn.qlinear_pointwise(
            rows, 1.0, ZERO_POINT, self.weight, self.scales, self.zeros, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return product


QUANTISED_ROWS = 2048
"""Output channels that are quantised at a time: a step of it holds several copies in 32 bits."""


def quantised(weight: torch.Tensor, levels: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise weights [O, I], symmetric, one scale per output channel; returns int8 [O, I] and float32 scales [O]."""
    whole = torch.empty(weight.shape, dtype=torch.int8)
    scales = torch.empty(len(weight), dtype=torch.float32)
    for start in range(0, len(weight), QUANTISED_ROWS):
        rows = weight[start : start + QUANTISED_ROWS].detach().float()
        # An all-zero channel must not divide by zero.
        own = rows.abs().amax(1).clamp_min(torch.finfo(torch.float32).tiny * 1e8) / levels
        scales[start : start + QUANTISED_ROWS] = own
        whole[start : start + QUANTISED_ROWS] = torch.round(rows / own[:, None]).to(torch.int8)
    return whole, scales


def pack(weight: torch.Tensor) -> PackedWeight:
    """Quantise weights [O, I] for this processor and lay them out for its kernel."""
    return PackedWeight(*quantised(weight, weight_levels()))


class Int8Linear(nn.Module):
    """Stands in for `torch.nn.Linear`: float32 in and out, weights and products in integers."""

    def __init__(self, packed: PackedWeight, bias: torch.Tensor | None) -> None:
        super().__init__()
        self.packed = packed
        self.in_features, self.out_features = packed.in_features, packed.out_features
        self.bias = None if bias is None else bias.detach().float()

    @property
    def weight(self) -> torch.Tensor:
        """What the weights look like from outside, [O, I]: some networks ask for their type. They have no values."""
        return torch.empty(self.out_features, self.in_features, device="meta")

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """[..., I] -> [..., O]."""
        rows, steps = _scaled(inputs, self.in_features)
        out = self.packed.multiply(rows).mul_(steps)
        if _finer.get():
            left, steps = _scaled(inputs - (rows.float() - ZERO_POINT).mul_(steps).view_as(inputs), self.in_features)
            out += self.packed.multiply(left).mul_(steps)
        if self.bias is not None:
            out += self.bias
        return out.view(*inputs.shape[:-1], self.out_features)


_last: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None


def _scaled(inputs: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows [B, I] as unsigned bytes around 128, and what one step of each row is worth, [B, 1].

    Query, key and value layers (gate and up likewise) are given one and the same tensor, one after another: it is
    scaled once.
    """
    global _last  # noqa: PLW0603 - one entry, kept alive here so that its identity cannot be taken by another tensor
    if _last is None or _last[0] is not inputs:
        rows = inputs.reshape(-1, width)
        steps = rows.abs().amax(1, keepdim=True).clamp_min_(1e-30) / ACTIVATION_LEVELS
        # Half a step more, and cutting off the fraction rounds.
        _last = (inputs, (rows / steps).add_(ZERO_POINT + 0.5).to(torch.uint8), steps)
    return _last[1], _last[2]


def quantise(model: nn.Module) -> None:
    """Replace every linear layer of a model by its 8-bit form, in place, freeing the old weights as it goes."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, Int8Linear(pack(child.weight), child.bias))
