"""A model that is ready to run, on this machine or on a server."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from mtreason.errors import ModelError
from mtreason.models.protocol import Capability, LanguageModel
from mtreason.models.text import Tokenizer


@dataclass(slots=True, eq=False)
class LoadedModel:
    """A model that is ready to run, and its identity; give it back with `close`, or use it in a `with` statement."""

    model: LanguageModel
    tokenizer: Tokenizer
    stop: frozenset[int]
    """Tokens that end a turn."""
    vocabulary: int
    """Width of the model's output; may exceed the tokenizer's."""
    dtype: str
    device: str
    arithmetic: str
    """All of the number format that changes results: "int8/63 cpu" (8 bits, the largest weight value), "bf16 cuda"."""
    lacks: frozenset[Capability] = frozenset()
    """What rewards may need and this backend does not have."""
    name: str = ""
    """Its name for people."""
    digest: str = ""
    """SHA-256 of all files that change what the model writes."""
    lock: Any = field(default_factory=threading.RLock, repr=False)
    """Held during a translation: a model runs one batch at a time."""

    def close(self) -> None:
        """Free the model with its memory and connections; using it afterwards raises `ModelError`."""
        with self.lock:
            close = getattr(self.model, "close", None)
            if close is not None:
                close()
            self.model = _Closed(self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Closed:
    """Stands in for a model that was closed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, wanted: str) -> Any:  # noqa: ANN401 - raises
        raise ModelError(f"the model {self._name} is closed: load it again")

    def close(self) -> None:
        """Do nothing: the model is closed already."""
