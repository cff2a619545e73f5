"""What a record in JSON types has to look like before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NUMBER = (int, float)
MAYBE_NUMBER = (int, float, type(None))


@dataclass(frozen=True, slots=True)
class Each:
    """An object whose values all have one shape, under any names."""

    shape: Any


def fits(value: object, shape: Any) -> bool:  # noqa: ANN401 - see below
    """Whether a value has a shape.

    A shape is a type or several of them (bool is no int here), a list of one shape for a list of any length, a mapping
    of names to shapes for an object that has at least these, or an `Each`.
    """
    if isinstance(shape, Each):
        return isinstance(value, dict) and all(fits(inner, shape.shape) for inner in value.values())
    if isinstance(shape, Mapping):
        return isinstance(value, dict) and all(n in value and fits(value[n], inner) for n, inner in shape.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(inner, shape[0]) for inner in value)
    return type(value) in (shape if isinstance(shape, tuple) else (shape,))
