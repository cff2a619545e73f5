"""What commands that run a model have in common: which one, and what they say meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtreason.cli.output import ProgressLine, say

if TYPE_CHECKING:
    from mtreason.models.load import LoadedModel
    from mtreason.models.resolve import ResolvedModel


@dataclass(slots=True)
class Session:
    """What `--model`, `--trust-remote-code` and `--quiet` ask for."""

    model: str | None
    trust_remote_code: bool
    quiet: bool
    progress: ProgressLine = field(init=False)

    def __post_init__(self) -> None:
        self.progress = ProgressLine(shown=not self.quiet)

    def note(self, message: str) -> None:
        """Say what is good to know, unless silence is asked for."""
        if not self.quiet:
            say(message)

    def stage(self, name: str, fraction: float) -> None:
        """Show a stage of preparation, unless silence is asked for."""
        if not self.quiet:
            self.progress.stage(name, fraction)

    def open_model(self, dtype: str) -> tuple[ResolvedModel, LoadedModel]:
        """Find and load the model."""
        from mtreason.models.load import load_model
        from mtreason.models.resolve import resolve_model

        resolved = resolve_model(self.model, self.stage)
        self.stage(f"loading {resolved.name}", 0.0)
        loaded = load_model(resolved.path, dtype=dtype, trust_remote_code=self.trust_remote_code, note=self.note)
        self.progress.stop()
        return resolved, loaded
