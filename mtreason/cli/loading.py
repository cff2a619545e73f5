"""What commands with a model or a metric have in common: which one to load, and what they report meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mtreason.cli.output import ProgressLine
from mtreason.errors import InputError

if TYPE_CHECKING:
    from mtreason.evaluation.learned.estimator import Estimator
    from mtreason.models.loaded import LoadedModel


def check_encoder(comet_model: str | None, comet_encoder: Path | None) -> None:
    """Raise `InputError` where an encoder is named without a checkpoint."""
    if comet_encoder is not None and comet_model is None:
        raise InputError("--comet-encoder belongs to --comet-model: name a checkpoint, or leave it out")


@dataclass(slots=True)
class Terminal:
    """Shows progress and messages, unless `--quiet` asks for silence; implements `Progress`."""

    quiet: bool
    line: ProgressLine = field(init=False)

    def __post_init__(self) -> None:
        self.line = ProgressLine(shown=not self.quiet)

    def note(self, message: str) -> None:
        """See `Progress.note`."""
        if not self.quiet:
            self.line.say(message)

    def warn(self, message: str) -> None:
        """See `Progress.warn`."""
        self.line.say(message)

    def stage(self, name: str, fraction: float) -> None:
        """See `Progress.stage`."""
        if not self.quiet:
            self.line.stage(name, fraction)

    def segments(self, total: int | None) -> None:
        """See `Progress.segments`."""
        self.line.segments(total)

    def advance(self, units: int, segments: int, tokens_per_second: float) -> None:
        """See `Progress.advance`."""
        self.line.advance(units, segments, tokens_per_second)

    def count(self, name: str, done: int, total: int) -> None:
        """See `Progress.count`."""
        self.line.count(name, done, total)

    def stop(self) -> None:
        """See `Progress.stop`."""
        self.line.stop()

    def open_estimator(self, name: str, encoder: Path | None) -> Estimator:
        """Find a learned metric, and keep its scores from run to run; its weights are read when they are needed."""
        from mtreason.evaluation.learned.estimator import Estimator
        from mtreason.files import cache_dir

        self.stage(f"opening {name}", 0.0)
        estimator = Estimator(name, cache_dir() / "scores", encoder, self.stage, self.note)
        self.stop()
        return estimator

    def warn_of_languages(self, estimator: Estimator, source: str | None, target: str) -> None:
        """Warn where a learned metric is used for languages that it was not trained for."""
        if not estimator.knows(source, target):
            pair = f"{source}-{target}" if source else target
            self.note(f"{estimator.label} was not made for {pair}: its scores say little of that")


@dataclass(slots=True)
class Session(Terminal):
    """A command with a model, as `--model`, `--trust-remote-code`, `--tokenizer` and `--dtype` describe it."""

    model: str | None
    trust_remote_code: bool
    tokenizer: str | None = None
    dtype: str = "auto"

    def __post_init__(self) -> None:
        """Refuse a number format that does not exist, before anything is read."""
        from mtreason.models.load import check_dtype

        Terminal.__post_init__(self)
        check_dtype(self.dtype)

    def open_model(self) -> LoadedModel:
        """Find and load the model, or connect to the server that runs it."""
        from mtreason.models.load import load_model

        loaded = load_model(
            self.model,
            dtype=self.dtype,
            tokenizer=self.tokenizer,
            trust_remote_code=self.trust_remote_code,
            report=self.stage,
            note=self.note,
        )
        self.stop()
        return loaded
