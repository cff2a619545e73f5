"""What a model is when it is ready to run, wherever it runs."""

from __future__ import annotations

from dataclasses import dataclass

from mtreason.models.protocol import LanguageModel
from mtreason.models.text import Tokenizer


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to run, and what it was made of."""

    model: LanguageModel
    tokenizer: Tokenizer
    stop: frozenset[int]
    """Tokens that end a turn."""
    vocabulary: int
    """Width of the model's output; may exceed the tokenizer's."""
    dtype: str
    device: str
    arithmetic: str
    """All of the number format that changes results: "int8/63 cpu" (8 bits, the reach of a weight), "bf16 cuda"."""
    lacks: frozenset[str] = frozenset()
    """What rewards may ask for and this backend does not have: "prompt log-probabilities", "top-5"."""
