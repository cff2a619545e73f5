"""From logits to tokens: one log-softmax and one top-k over the vocabulary give all that a step needs.

Letters: R rows, V vocabulary, C = 64 candidates kept, K = 5 alternatives reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mtreason.models.protocol import PLAUSIBLE, TOP_ALTERNATIVES, Alternatives

CANDIDATES = 64
"""Tokens are drawn among this many of the most probable; at translation temperatures the rest weighs nothing."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One token per row."""

    tokens: list[int]
    log_probs: NDArray[np.float32]
    """[R], at temperature 1 over all allowed tokens."""
    top_log_probs: NDArray[np.float32]
    """[R, K], highest first."""


def uniforms(seed: int, count: int) -> NDArray[np.float64]:
    """Return the random numbers of one row, [count] in [0, 1): a function of its seed alone."""
    return np.random.Generator(np.random.Philox(key=seed)).random(count)


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
            allowed[row] = _contrasted(allowed[row], other, weight)
    picked = np.array(
        [
            _draw(allowed[row], temperature, top_p, u)
            for row, (temperature, u) in enumerate(zip(temperatures, draws, strict=True))
        ]
    )
    rows = np.arange(len(picked))
    return Chosen(
        tokens=names[rows, picked].tolist(),
        log_probs=top[rows, picked].astype(np.float32),
        top_log_probs=top[:, :TOP_ALTERNATIVES].astype(np.float32),
    )


def most_probable(logits: torch.Tensor, penalty: torch.Tensor, count: int) -> list[Alternatives]:
    """Return the `count` most probable tokens of each row; overwrites `logits` [R, V]."""
    values, ids = torch.topk(torch.log_softmax(logits.add_(penalty), -1), min(count, logits.shape[-1]), dim=-1)
    return [
        Alternatives(tuple(tokens), log_probs)
        for tokens, log_probs in zip(ids.cpu().tolist(), values.cpu().numpy(), strict=True)
    ]


def _contrasted(log_probs: NDArray[np.float64], against: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return the unnormalised log-probabilities [C] that `Contrast` describes."""
    plausible = np.isfinite(log_probs) & (log_probs >= log_probs.max() + np.log(PLAUSIBLE))
    return np.where(plausible, (log_probs - weight * np.where(plausible, against, 0.0)) / (1 - weight), -np.inf)


def _draw(log_probs: NDArray[np.float64], temperature: float, top_p: float, u: float) -> int:
    """Pick an index of [C] by inverse transform; temperature 0 picks the highest, ties the lowest index."""
    if temperature == 0 or not np.isfinite(log_probs).any():
        return int(np.argmax(log_probs))
    weights = np.exp((log_probs - log_probs.max()) / temperature)
    # Forbidden tokens leave holes, so the order by probability is no longer the order of the array.
    order = np.argsort(-weights, kind="stable")
    sorted_weights = weights[order]
    before = np.cumsum(sorted_weights) - sorted_weights
    # The two sums round differently, so with top_p = 1 the first test alone lets tokens of no weight through.
    kept = sorted_weights[(before < top_p * sorted_weights.sum()) & (sorted_weights > 0)]
    return int(order[min(np.searchsorted(np.cumsum(kept), u * kept.sum(), side="right"), len(kept) - 1)])
