"""Limits of time and tokens: at a limit a run starts nothing new, and finishes what is in flight."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtreason.models.protocol import Usage


@contextmanager
def stopping(max_seconds: float | None, max_tokens: int | None, usage: Usage) -> Iterator[Callable[[], str]]:
    """Yield a function that returns why nothing new should be started, or "" while there is no reason."""
    started, before = time.monotonic(), usage.tokens

    def stop() -> str:
        if max_seconds is not None and time.monotonic() - started >= max_seconds:
            return f"--max-seconds {max_seconds:g} are over"
        if max_tokens is not None and usage.tokens - before >= max_tokens:
            return f"--max-tokens {max_tokens} are used"
        return ""

    yield stop
