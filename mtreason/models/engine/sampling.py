"""From logits to tokens: one log-softmax and one top-k over the vocabulary give all that a step needs.

Letters: R rows, V vocabulary, C = 64 candidates kept, K = 5 alternatives reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mtreason.models.engine.drawing import CANDIDATES, contrasted, draw
from mtreason.models.protocol import TOP_K, TopTokens


@dataclass(frozen=True, slots=True)
class Chosen:
    """One token per row."""

    tokens: list[int]
    log_probs: NDArray[np.float32]
    """[R], at temperature 1 over all allowed tokens."""
    top_log_probs: NDArray[np.float32]
    """[R, K], highest first."""


def penalties(banned: NDArray[np.bool_], device: torch.device) -> torch.Tensor:
    """Return what to add to logits so that banned tokens are out: -inf or 0, [V]. Adding is faster than masking."""
    return torch.zeros(len(banned), device=device).masked_fill_(torch.from_numpy(banned).to(device), float("-inf"))


def choose(
    logits: torch.Tensor,
    penalty: torch.Tensor,
    banned_here: Sequence[Sequence[int]],
    temperatures: Sequence[float],
    top_p: float,
    draws: Sequence[float],
    contrasts: Sequence[tuple[int, float]],
    against: torch.Tensor | None,
) -> Chosen:
    """Draw one token per row: temperature, then top-k, then nucleus (the order of the transformers library).

    Overwrites `logits` [R, V]. What `penalty` [V] excludes is out for all rows and its mass is shared out;
    `banned_here` only forbids a row to draw these tokens, whose probability the reported ones still count.
    `contrasts` names the rows that have one, with its weight; `against` [len(contrasts), V], overwritten too, are the
    logits behind `Contrast.prefix`.
    """
    values, ids = torch.topk(torch.log_softmax(logits.add_(penalty), -1), min(CANDIDATES, logits.shape[-1]), dim=-1)
    top = values.double().cpu().numpy()  # [R, C]
    names = ids.cpu().numpy()
    allowed = top.copy()
    for row, forbidden in enumerate(banned_here):
        if forbidden:
            allowed[row, np.isin(names[row], forbidden)] = -np.inf
    if against is not None:
        named = ids[[row for row, _ in contrasts]]
        others = torch.log_softmax(against.add_(penalty), -1).gather(1, named).double().cpu().numpy()
        for (row, weight), other in zip(contrasts, others, strict=True):
            allowed[row] = contrasted(allowed[row], other, weight)
    picked = np.array(
        [
            draw(allowed[row], temperature, top_p, u)
            for row, (temperature, u) in enumerate(zip(temperatures, draws, strict=True))
        ]
    )
    rows = np.arange(len(picked))
    return Chosen(
        tokens=names[rows, picked].tolist(),
        log_probs=top[rows, picked].astype(np.float32),
        top_log_probs=top[:, :TOP_K].astype(np.float32),
    )


def most_probable(logits: torch.Tensor, penalty: torch.Tensor, count: int) -> list[TopTokens]:
    """Return the `count` most probable tokens of each row; overwrites `logits` [R, V]."""
    values, ids = torch.topk(torch.log_softmax(logits.add_(penalty), -1), min(count, logits.shape[-1]), dim=-1)
    return [
        TopTokens(tokens, log_probs)
        for tokens, log_probs in zip(ids.cpu().numpy(), values.double().cpu().numpy(), strict=True)
    ]
