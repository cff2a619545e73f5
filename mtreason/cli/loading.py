"""What commands that run a model or a metric have in common: which one, and what they say meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mtreason.cli.output import ProgressLine
from mtreason.errors import InputError, MtreasonError

if TYPE_CHECKING:
    from mtreason.evaluation.learned.estimator import Estimator
    from mtreason.models.files.resolve import ResolvedModel
    from mtreason.models.loaded import LoadedModel
    from mtreason.storage import Store


def check_encoder(comet_model: str | None, comet_encoder: Path | None) -> None:
    """Raise `InputError` where an encoder is named and no checkpoint that it could be of."""
    if comet_encoder is not None and comet_model is None:
        raise InputError("--comet-encoder belongs to --comet-model: name a checkpoint, or leave it out")


@dataclass(slots=True)
class Terminal:
    """Where progress is shown and things are said, unless `--quiet` asks for silence."""

    quiet: bool
    progress: ProgressLine = field(init=False)

    def __post_init__(self) -> None:
        self.progress = ProgressLine(shown=not self.quiet)

    def note(self, message: str) -> None:
        """Say what is good to know."""
        if not self.quiet:
            self.progress.say(message)

    def stage(self, name: str, fraction: float) -> None:
        """Show a stage of preparation."""
        if not self.quiet:
            self.progress.stage(name, fraction)

    def open_estimator(self, name: str, encoder: Path | None) -> Estimator:
        """Find a learned metric, whose scores are kept from run to run; its weights are read when they are needed."""
        from mtreason.evaluation.learned.estimator import Estimator
        from mtreason.models.files.cache import cache_dir

        self.stage(f"opening {name}", 0.0)
        estimator = Estimator(name, cache_dir() / "scores", encoder, self.stage)
        self.progress.stop()
        return estimator

    def open_memory(self) -> list[Store]:
        """Open the memory of translations; a run goes on without it where it cannot be opened, or used any more."""
        from mtreason.models.files.cache import cache_dir
        from mtreason.storage import BestEffortStore, Memory

        try:
            return [BestEffortStore(Memory(cache_dir() / "translations"), self.note)]
        except MtreasonError as error:
            self.note(f"{error}: going on without")
            return []

    def warn_of_languages(self, estimator: Estimator, source: str | None, target: str) -> None:
        """Say where a learned metric is asked about languages that nobody taught it."""
        if not estimator.knows(source, target):
            pair = f"{source}-{target}" if source else target
            self.note(f"{estimator.label} was not made for {pair}: its scores say little of that")


@dataclass(slots=True)
class Session(Terminal):
    """A run of a model: what `--model`, `--trust-remote-code` and `--tokenizer` ask for."""

    model: str | None
    trust_remote_code: bool
    tokenizer: str | None = None

    def open_model(self, dtype: str) -> tuple[ResolvedModel, LoadedModel]:
        """Find and load the model, or find the server that runs it."""
        from mtreason.models.served import is_served, open_served

        if is_served(self.model):
            opened = open_served(str(self.model), self.tokenizer, self.stage)
            self.progress.stop()
            return opened
        if self.tokenizer is not None:
            raise InputError("--tokenizer is for a model on a server (--model http://…): leave it out")
        from mtreason.models.engine.load import load_model
        from mtreason.models.files.resolve import resolve_model

        resolved = resolve_model(self.model, self.stage)
        self.stage(f"loading {resolved.name}", 0.0)
        loaded = load_model(resolved.path, dtype=dtype, trust_remote_code=self.trust_remote_code, note=self.note)
        self.progress.stop()
        return resolved, loaded
