"""A fit from beginning to end: rows, pools, weights, and the file with the weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mtreason.errors import DocumentError, InputError
from mtreason.evaluation.learned.estimator import Estimator, known_identity
from mtreason.files import resolved
from mtreason.glossary import Term
from mtreason.languages import Direction, parse_language
from mtreason.models.files.resolve import known_digest
from mtreason.models.loaded import LoadedModel
from mtreason.models.protocol import Capability
from mtreason.rewards import PARTS, REWARDS, Reward, read_head, write_reward
from mtreason.rewards.value import FEATURES as READ
from mtreason.runs.checks import check_settings
from mtreason.runs.progress import Progress
from mtreason.runs.settings import Settings
from mtreason.runs.spec import describe_run, learned
from mtreason.runs.translator import Translator, load_terms
from mtreason.runs.ways import wording_of
from mtreason.tuning.fit import Tuned, tune
from mtreason.tuning.pools import FEATURES, POOLING, PoolFile, collect, judged, pooling_reward
from mtreason.tuning.segments import Segment, read_segments

BEST_OF_N = "best-of-n"
"""The decoder whose pools do not depend on the reward."""
FEW = 30
"""With fewer segments a fit is only an indication."""


@dataclass(slots=True)
class TuneJob:
    """One fit, from the rows of a file to a file with weights."""

    data: Path
    out: Path
    pools: Path | None
    settings: Settings
    given: tuple[str, ...]
    """Names of the decoding settings that the user gave."""
    model: str | None
    """The model that makes missing pools."""
    progress: Progress
    command: str
    """The command that the file names as the origin of the weights."""
    made: int = 0

    def what_is_kept(self) -> str:
        """Say what is kept where the job ends early."""
        kept = "nothing is kept: name a file with --pools"
        if self.pools is not None:
            kept = f"the same command goes on in {self.pools}"
        return f"{self.made} pools of this run are made; {kept}"

    def run(
        self,
        langs: str | None,
        limit: int | None,
        parts: list[str],
        folds: int,
        open_model: Callable[[], LoadedModel],
    ) -> dict[str, Any]:
        """Check everything that is cheap to check, make the pools, fit, write; return the evidence in JSON types."""
        self.check_files()
        segments, without = read_segments(self.data, langs, limit)
        self.check_decoding(segments, parts)
        if without:
            self.progress.note(f"{without} rows have neither references nor ratings: left out")
        if len(segments) < FEW:
            self.progress.warn(
                f"{len(segments)} segments are few: take the weights as an indication, {FEW} or more would be evidence"
            )
        store = self.collect(segments, parts, open_model)
        found = [judged(segment, store.records[segment.row.id]) for segment in segments]
        usable = [pool for pool in found if pool is not None]
        if len(usable) < len(found):
            self.progress.note(f"{len(found) - len(usable)} segments have no clean candidate: left out")
        tuned = tune(usable, parts, REWARDS["mix"].weights, folds, self.settings.seed)
        # Parts without weight need not be computed.
        weights = {part: weight for part, weight in tuned.weights.items() if weight > 0}
        write_reward(self.out, Reward(self.out.stem, weights), self._fit(tuned, segments, store, folds))
        config = {key: value for key, value in (store.config or {}).items() if key != "parts"}
        return {"gold": _gold(segments), "default": dict(REWARDS["mix"].weights), **asdict(tuned), "pools": config}

    def check_files(self) -> None:
        """Raise `DocumentError` for files that cannot be written, or that are named for something else."""
        for option, path in (("-o", self.out), ("--pools", self.pools)):
            if path is None:
                continue
            if path.is_dir():
                raise DocumentError(f"{option} {path} is a directory: name a file")
            if not path.absolute().parent.is_dir():
                raise DocumentError(f"{option} {path}: there is no directory {path.absolute().parent}: create it first")
            others = [self.data, *self.settings.glossaries, *([self.out] if path is self.pools else [])]
            others += [self.settings.head] if self.settings.head is not None else []
            if any(resolved(path) == resolved(other) for other in others):
                raise DocumentError(f"{option} {path} is named for something else as well: name another file")

    def check_decoding(self, segments: Sequence[Segment], parts: Sequence[str]) -> None:
        """Refuse settings that do not fit together, before anything heavy is loaded."""
        asking = [part for part in parts if PARTS[part].checkpoint is not None]
        if asking and self.settings.qe is None:
            raise InputError(f"--parts {asking[0]}: needs a COMET checkpoint: name one with --qe, or leave it out")
        if self.settings.qe is not None and not asking:
            raise InputError(f"--qe {self.settings.qe}: nothing here uses it: add qe or comet-consensus to --parts")
        if segments[0].ratings:
            drawn = [part for part in parts if Capability.TOP_K in PARTS[part].needs]
            if drawn:
                raise InputError(
                    f"--parts {drawn[0]}: not known of texts that the model did not draw, and {self.data} has ratings: "
                    "leave it out"
                )
            if self.given:
                raise InputError(
                    f"--{self.given[0]}: nothing is decoded, as {self.data} has hyps and ratings: leave it out"
                )
        if self.settings.decoder not in POOLING:
            raise InputError(
                f"--decoder {self.settings.decoder!r}: expected one that chooses by the reward: {', '.join(POOLING)}"
            )
        check_settings(self.settings, pooling_reward(parts))

    def collect(
        self,
        segments: Sequence[Segment],
        parts: Sequence[str],
        open_model: Callable[[], LoadedModel],
        *,
        states: bool = False,
    ) -> PoolFile:
        """Make the missing pools; with `states` they hold what a head is trained on."""
        row = segments[0].row
        direction = Direction(parse_language(row.source_tag), parse_language(row.target_tag))
        terms = load_terms(direction, self.settings, self.progress.warn)
        store = PoolFile(self.pools)
        left = [segment for segment in segments if not store.has(segment)]
        own = {FEATURES: READ} if states else {}
        config = own | self._config(segments, parts, direction, terms, known_digest(self.model))
        if store.config is not None:
            store.check(config)
            self.progress.note(f"{self.pools} holds {len(segments) - len(left)} of {len(segments)} pools already")
        if not left:
            return store
        loaded = open_model()
        store.begin(own | self._config(segments, parts, direction, terms, loaded.digest, loaded))
        reward = pooling_reward(parts)
        translator = Translator(
            loaded, direction.source, direction.target, self.settings, terms=terms, reward=reward, states=states
        )
        for record in collect(translator, left):
            store.add(record)
            self.made += 1
            self.progress.count("pools", self.made, len(left))
        self.progress.stop()
        return store

    def _config(
        self,
        segments: Sequence[Segment],
        parts: Sequence[str],
        direction: Direction,
        terms: Sequence[Term],
        digest: str,
        loaded: LoadedModel | None = None,
    ) -> dict[str, Any]:
        """Describe how pools are made, in JSON types; without a model, only what is known without one."""
        rated = bool(segments[0].ratings)
        reward = pooling_reward(parts)
        # The results of a search depend on its reward; samples and given texts do not.
        searched = {} if rated or self.settings.decoder == BEST_OF_N else reward.weights
        run = describe_run(
            self.settings,
            direction,
            wording_of(self.settings.prompt, direction, self.model, loaded),
            Reward(reward.name, {part: weight for part, weight in searched.items() if weight}),
            terms,
            model=digest,
            arithmetic="" if loaded is None else loaded.arithmetic,
            metric=learned(
                None if self.settings.qe is None else _identity(self.settings.qe, loaded),
                None if self.settings.head is None else read_head(self.settings.head).identity,
            ),
        )
        return {
            "pair": segments[0].row.pair,
            "candidates": "rated" if rated else "decoded",
            "parts": [p for p in reward.weights if not (rated and Capability.TOP_K in PARTS[p].needs)],
            "model": "" if loaded is None else loaded.name,
            "run": (replace(run, settings={}) if rated else run).to_json(),
        }

    def _fit(self, tuned: Tuned, segments: Sequence[Segment], store: PoolFile, folds: int) -> dict[str, Any]:
        """Return the origin of the weights, for the file."""
        default, first = tuned.over_default, tuned.over_first
        config = store.config or {}
        decoding = {name: config["run"]["settings"].get(name) for name in ("decoder", "budget", "seed")}
        return {
            "command": self.command,
            "data": self.data.name,
            "pair": segments[0].row.pair,
            "gold": _gold(segments),
            "segments": tuned.segments,
            "folds": folds,
            "model": config["model"],
            **{name: value for name, value in decoding.items() if value is not None},
            "gain_over_default": round(default.delta, 4),
            "gain_over_default_interval": [round(default.low, 4), round(default.high, 4)],
            "gain_over_default_p_value": round(default.p_value, 4),
            "gain_over_first": round(first.delta, 4),
            "gain_over_first_interval": [round(first.low, 4), round(first.high, 4)],
            "gain_over_first_p_value": round(first.p_value, 4),
        }


def _identity(qe: str, loaded: LoadedModel | None) -> str:
    """Return the identity of a learned metric; without a model, only what is known without making the checkpoint."""
    return known_identity(qe) if loaded is None else Estimator(qe).identity


def _gold(segments: Sequence[Segment]) -> str:
    return "ratings" if segments[0].ratings else "chrF++"
