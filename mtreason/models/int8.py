"""Linear layers in 8-bit integers for CPUs, with one scale per output channel and one per input row.

A decoder reads every weight once a step, so a quarter of the bytes is two to four times the speed. Each row is
scaled by its own largest value and multiplied in exact integer arithmetic: what a row yields is bit for bit the same
alone or among others. Torch's packaged dynamic quantisation takes one scale for the whole batch and does not have
this property.

Letters: B rows, I input features, O output features.
"""

from __future__ import annotations

import functools
import warnings

import torch
from torch import nn

ACTIVATION_LEVELS = 127
ZERO_POINT = 128


def int8_available() -> bool:
    """Whether this build of torch has the 8-bit kernels (x86 builds do)."""
    return "fbgemm" in torch.backends.quantized.supported_engines and hasattr(
        torch.ops.quantized, "linear_with_input_q_dq_qweight_dq_output_fp32"
    )


@functools.cache
def weight_levels() -> int:
    """Return the largest weight magnitude that the kernel multiplies without saturating: 127 or 63.

    Processors with VNNI add up in 32 bits. Those with AVX2 alone add two products in 16 bits first, and saturate
    when both are large: 255 * 127 * 2 does not fit, 255 * 63 * 2 does. Asked of the kernel itself, on its worst case.
    """
    width = 64
    packed = _pack(torch.full((1, width), 127, dtype=torch.int8), torch.ones(1))
    product = _multiply(torch.ones(1, width), packed)
    return 127 if abs(product.item() - 127 * width) < 1 else 63


def _pack(weight: torch.Tensor, scales: torch.Tensor) -> torch.ScriptObject:
    """Lay out int8 weights [O, I] with scales [O] for the kernel."""
    with warnings.catch_warnings():
        # Quantised tensors are announced to go; the packed form is the only entrance to the kernel that remains.
        warnings.simplefilter("ignore")
        channels = torch.zeros(len(scales), dtype=torch.int64)
        quantised = torch._make_per_channel_quantized_tensor(weight, scales.double(), channels, 0)
        packed: torch.ScriptObject = torch.ops.quantized.linear_prepack(quantised, None)
    return packed


def _multiply(rows: torch.Tensor, packed: torch.ScriptObject) -> torch.Tensor:
    """Multiply rows [B, I] whose values lie in [-1, 1]; returns [B, O]."""
    product: torch.Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
        rows, 1.0 / ACTIVATION_LEVELS, ZERO_POINT, packed
    )
    return product


class Int8Linear(nn.Module):
    """Stands in for `torch.nn.Linear`: float32 in and out, weights and products in integers."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        """Quantise weights [O, I], symmetric, one scale per output channel."""
        super().__init__()
        self.out_features, self.in_features = weight.shape
        levels = weight_levels()
        weight = weight.detach().float()
        # An all-zero channel must not divide by zero.
        scales = weight.abs().amax(1).clamp_min(torch.finfo(torch.float32).tiny * 1e8) / levels
        self.packed = _pack(torch.round(weight / scales[:, None]).to(torch.int8), scales)
        self.bias = None if bias is None else bias.detach().float()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """[..., I] -> [..., O]."""
        rows, peak = _scaled(inputs, self.in_features)
        out = _multiply(rows, self.packed).mul_(peak)
        if self.bias is not None:
            out += self.bias
        return out.view(*inputs.shape[:-1], self.out_features)


_last: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None


def _scaled(inputs: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows [B, I] scaled to [-1, 1], and their scales [B, 1].

    Query, key and value layers (gate and up likewise) are given one and the same tensor, one after another: it is
    scaled once.
    """
    global _last  # noqa: PLW0603 - one entry, kept alive here so that its identity cannot be taken by another tensor
    if _last is None or _last[0] is not inputs:
        rows = inputs.reshape(-1, width)
        peak = rows.abs().amax(1, keepdim=True).clamp_min_(1e-30)
        _last = (inputs, rows / peak, peak)
    return _last[1], _last[2]


def quantise(model: nn.Module) -> None:
    """Replace every linear layer of a model by its 8-bit form, in place, freeing the old weights as it goes."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, Int8Linear(child.weight, child.bias))
