"""How commands load a model, telling the user about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mtreason.cli.output import ProgressLine

if TYPE_CHECKING:
    from mtreason.models.load import LoadedModel
    from mtreason.models.resolve import ResolvedModel


def open_model(
    name: str | None,
    *,
    dtype: str,
    trust_remote_code: bool,
    progress: ProgressLine | None,
    note: Callable[[str], None],
) -> tuple[ResolvedModel, LoadedModel]:
    """Find and load the model that `--model` names; no progress line for silence."""
    from mtreason.models.load import load_model
    from mtreason.models.resolve import resolve_model

    report = progress.stage if progress is not None else (lambda _stage, _fraction: None)
    resolved = resolve_model(name, report)
    report(f"loading {resolved.name}", 0.0)
    loaded = load_model(resolved.path, dtype=dtype, trust_remote_code=trust_remote_code, note=note)
    if progress is not None:
        progress.stop()
    return resolved, loaded
