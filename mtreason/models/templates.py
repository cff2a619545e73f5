"""Chat templates are programs that come with a model: they may not run for ever, nor take all memory.

A template that is as it should be takes milliseconds, however long the texts are. The limits are those of the thread's
own computing time and of the memory that it adds, so that a busy machine changes nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from mtreason.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 2.0
"""Seconds of computing that filling in a template may take."""
MEGABYTES = 512
"""Memory that it may add."""
LONGEST = 1 << 20
"""Characters that it may make of the turns, besides the turns."""
LARGEST = 1_000_000
"""The largest number that may be written in a template."""


class _EndlessError(BaseException):
    """Ends a template; no template and no library catches it."""


def fill_in(render: Callable[[], str], template: object) -> str:
    """Return what filling in a template gives; raises `ModelError` where it takes too long or too much memory.

    A model may have several templates, by name. Whatever else a template raises goes through.
    """
    for text in template.values() if isinstance(template, dict) else [template]:
        _check_steps(str(text))
    try:
        with _limited():
            filled = render()
    except (_EndlessError, MemoryError, RecursionError, OverflowError) as error:
        raise ModelError(
            f"the model's chat template does not come to an end ({error or 'it is too large'}): use the model as it "
            "was published, or correct the template"
        ) from error
    if len(filled) > LONGEST:
        raise ModelError(f"the model's chat template makes {len(filled)} characters of a chat: correct the template")
    return filled


def _check_steps(template: str) -> None:
    """Raise `ModelError` for what is computed in one step that cannot be ended from outside."""
    from jinja2 import Environment, TemplateError

    try:
        tokens = [(kind, value) for _, kind, value in Environment().lex(template)]  # noqa: S701 - nothing is filled in
    except TemplateError:
        return  # The library says what is wrong.
    for kind, value in tokens:
        if kind == "operator" and value == "**":
            raise ModelError("the model's chat template computes powers, which no chat needs: correct the template")
        if kind == "integer" and (len(value) > 12 or int(value.replace("_", ""), 0) > LARGEST):
            raise ModelError(f"the model's chat template has the number {value[:20]} in it: correct the template")


@contextmanager
def _limited() -> Iterator[None]:
    """Raise in the block, between two lines of Python, as soon as a limit is passed."""
    end = time.thread_time() + SECONDS
    most = _resident() + MEGABYTES

    def watch(_frame: FrameType, _event: str, _argument: Any) -> Any:  # noqa: ANN401 - what `sys.settrace` says
        if time.thread_time() > end:
            raise _EndlessError(f"{SECONDS:g} s of computing were not enough")
        if _resident() > most:
            raise _EndlessError(f"{MEGABYTES} MB of memory were not enough")
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        yield
    finally:
        sys.settrace(before)


def _resident() -> float:
    """Return the most memory that this process has held, in MB; 0 where that is not known."""
    if sys.platform == "win32":
        return 0.0
    import resource

    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / 1e6 if sys.platform == "darwin" else held / 1e3
