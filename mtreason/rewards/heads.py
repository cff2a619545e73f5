"""Heads: learned weights that read a model's hidden states, kept in small files, one for each model.

A file is in the safetensors format, which holds numbers and texts and runs nothing: two arrays, `weights` [3 W] and
`offset` [1], and in its metadata the text `mtreason-value`, a JSON object that says what the head belongs to and where
it comes from.

Letters: W hidden width.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtreason.errors import InputError
from mtreason.files import read_bytes, write_bytes
from mtreason.records import parse_record

SUFFIX = ".safetensors"
_KEY = "mtreason-value"
_TEXTS = ("model", "features", "command")


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A linear head: what it reads, what it is for, and its weights."""

    weights: NDArray[np.float32]
    """[3 W], for features as `mtreason.rewards.value.pooled` makes them."""
    offset: float
    model: str
    """Digest of the model, its tokenizer included, whose states it reads."""
    features: str
    """What it reads; see `mtreason.rewards.value.FEATURES`."""
    directions: tuple[str, ...]
    """Pairs of languages that it was trained for, such as "zh-en", by their primary codes."""
    origin: Mapping[str, Any] = field(default_factory=dict)
    """How it was trained, and what was measured, in JSON types."""
    command: str = ""
    """The command that made it."""

    def value(self, features: NDArray[np.float32]) -> float:
        """Return what a translation with these features is worth, in standard deviations of the training labels."""
        return float(features.astype(np.float64) @ self.weights.astype(np.float64)) + self.offset

    @property
    def identity(self) -> str:
        """SHA-256 of all that its values depend on."""
        told = json.dumps([self.model, self.features, repr(self.offset)]).encode()
        return hashlib.sha256(told + self.weights.astype("<f4").tobytes()).hexdigest()


def write_head(path: Path, head: Head) -> None:
    """Write a head for `read_head`, completely or not at all; raises `MtreasonError` when it cannot be written."""
    from safetensors.numpy import save

    about = {name: getattr(head, name) for name in _TEXTS}
    about |= {"directions": list(head.directions), "origin": dict(head.origin)}
    arrays: dict[str, NDArray[Any]] = {
        "weights": head.weights.astype(np.float32),
        "offset": np.array([head.offset], np.float64),
    }
    write_bytes(path, save(arrays, {_KEY: json.dumps(about, ensure_ascii=False)}))


def read_head(path: Path) -> Head:
    """Read a head; raises `InputError`, one line with the file's name, for anything that is none."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = read_bytes(path, "name a file that 'mtreason tune --value' wrote")
    try:
        arrays = load(data)
        told = parse_record(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
        return _made(parse_record(told[_KEY]), arrays["weights"], arrays["offset"])
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: damaged, cut off, or not what 'mtreason tune --value' writes: make it again with that command"
        ) from error


def _made(about: Any, weights: NDArray[Any], offset: NDArray[Any]) -> Head:  # noqa: ANN401 - what JSON can hold
    """Return the head of what a file holds; raises `ValueError` and its like for anything that is none."""
    directions: Sequence[Any] = about["directions"]
    texts = [about[name] for name in _TEXTS]
    if not all(isinstance(text, str) for text in (*texts, *directions)) or not isinstance(about["origin"], dict):
        raise TypeError("not the texts of a head")
    if weights.dtype != np.float32 or weights.ndim != 1 or not np.isfinite(weights).all():
        raise ValueError("not the weights of a head")
    if offset.shape != (1,) or not np.isfinite(offset).all():
        raise ValueError("not the offset of a head")
    model, features, command = texts
    return Head(weights, float(offset[0]), model, features, tuple(directions), about["origin"], command)
