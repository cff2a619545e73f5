"""`mtreason tune`: weights of a reward, fitted to references or ratings."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtreason.cli import options
from mtreason.cli.loading import Session
from mtreason.cli.output import Output, say
from mtreason.errors import DocumentError, InputError, check_names
from mtreason.runs.settings import Options
from mtreason.runs.stopping import keeping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtreason.tuning import PoolFile, Segment, Tuned

DECODER = "best-of-n"
PARTS_TO_FIT = "likelihood,channel,consensus,terms"
FEW = 30
"""Segments below which a fit is only an indication."""


def tune(
    *,
    data: Annotated[
        Path, typer.Option(metavar="FILE.jsonl", help="Rows as of bench run, with refs, or with hyps and ratings.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE.toml", help="Where the reward goes, for --reward to take.")
    ],
    langs: Annotated[str | None, typer.Option(metavar="L-L", help="Take the rows of this language pair.")] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Take N segments, evenly spread.")] = None,
    parts: Annotated[str, typer.Option(metavar="A,B,C", help="What to weigh; a wrong name lists all.")] = PARTS_TO_FIT,
    folds: Annotated[int, typer.Option(metavar="N", min=2, help="Of the cross-validation.")] = 5,
    pools: Annotated[
        Path | None, typer.Option(metavar="FILE.jsonl", help="Keep candidates there; those that it has are reused.")
    ] = None,
    decoder: Annotated[
        str | None, typer.Option(help="What finds candidates: best-of-n (if left out), mcts or mcts-uct.")
    ] = None,
    budget: options.Budget = None,
    model: options.Model = None,
    tokenizer: options.Tokenizer = None,
    seed: options.Seed = 0,
    in_flight: options.InFlight = 16,
    glossary: options.Glossaries = None,
    no_glossary: options.NoGlossary = False,
    qe: options.Checkpoint = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
    quiet: options.Quiet = False,
    dtype: options.Dtype = "auto",
    trust_remote_code: options.TrustRemoteCode = False,
) -> None:
    """Fit the weights of a reward to references or ratings, and measure the gain on segments held out."""
    glossaries, decoding = tuple(glossary or ()), {"decoder": decoder, "budget": budget}
    given = {name: value for name, value in decoding.items() if value is not None}
    own: dict[str, Any] = {"decoder": DECODER, "in_flight": in_flight, "seed": seed, "dtype": dtype, "qe": qe}
    settings = Options(glossaries=glossaries, shipped_glossaries=not no_glossary, **own | given)
    session = Session(quiet, model, trust_remote_code, tokenizer)
    job = _Job(data, out, pools, settings, tuple(given), session)
    kept = "nothing is kept: name a file with --pools" if pools is None else f"the same command goes on in {pools}"
    try:
        with keeping(lambda: f"{job.made} pools of this run are made; {kept}"):
            job.run(langs, limit, [name.strip() for name in parts.split(",")], folds, as_json)
    finally:
        session.progress.stop()


@dataclass(slots=True)
class _Job:
    """One invocation."""

    data: Path
    out: Path
    pools: Path | None
    options: Options
    given: tuple[str, ...]
    """Options of decoding that were given."""
    session: Session
    made: int = 0

    def run(self, langs: str | None, limit: int | None, parts: list[str], folds: int, as_json: bool) -> None:
        """Check everything that is cheap to check, make the pools, fit."""
        from mtreason.rewards import REWARDS, Reward, write_reward
        from mtreason.tuning import judged, read_segments, tune

        parts = _pick_parts(parts)
        self._check_files()
        segments, without = read_segments(self.data, langs, limit)
        self._check_decoding(segments, parts)
        if without:
            self.session.note(f"{without} rows have neither references nor ratings: left out")
        if len(segments) < FEW:
            say(f"{len(segments)} segments are few: take the weights as an indication, {FEW} or more would be evidence")
        store = self._collect(segments, parts)
        found = [judged(segment, store.records[segment.row.id]) for segment in segments]
        usable = [pool for pool in found if pool is not None]
        if len(usable) < len(found):
            self.session.note(f"{len(found) - len(usable)} segments have no clean candidate: left out")
        tuned = tune(usable, parts, REWARDS["mix"].weights, folds, self.options.seed)
        # What has no weight need not be computed.
        weights = {part: weight for part, weight in tuned.weights.items() if weight > 0}
        write_reward(self.out, Reward(self.out.stem, weights), self._fit(tuned, segments, store.config or {}, folds))
        output = Output(None)
        config = {key: value for key, value in (store.config or {}).items() if key != "parts"}
        report = {"gold": _gold(segments), "default": dict(REWARDS["mix"].weights), **asdict(tuned), "pools": config}
        output.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n" if as_json else _table(report))
        output.close()
        self.session.note(f"written: {self.out}; use it with --reward {self.out}")

    def _check_files(self) -> None:
        for option, path in (("-o", self.out), ("--pools", self.pools)):
            if path is None:
                continue
            if path.is_dir():
                raise DocumentError(f"{option} {path} is a directory: name a file")
            if not path.absolute().parent.is_dir():
                raise DocumentError(f"{option} {path}: there is no directory {path.absolute().parent}: create it first")
            others = [self.data, *self.options.glossaries, *([self.out] if path is self.pools else [])]
            if any(path.resolve() == other.resolve() for other in others):
                raise DocumentError(f"{option} {path} is named for something else as well: name another file")

    def _check_decoding(self, segments: Sequence[Segment], parts: Sequence[str]) -> None:
        """Refuse what does not go together, before anything heavy is loaded."""
        from mtreason.runs.translator import check_options
        from mtreason.tuning import POOLING, pooling_reward

        asking = [part for part in ("qe", "comet-consensus") if part in parts]
        if asking and self.options.qe is None:
            raise InputError(f"--parts {asking[0]}: needs a COMET checkpoint: name one with --qe, or leave it out")
        if self.options.qe is not None and not asking:
            raise InputError(f"--qe {self.options.qe}: nothing here uses it: add qe or comet-consensus to --parts")

        if segments[0].ratings:
            if "confidence" in parts:
                raise InputError(
                    f"--parts confidence: not known of texts that the model did not draw, and {self.data} has ratings: "
                    "leave it out"
                )
            if self.given:
                raise InputError(
                    f"--{self.given[0]}: nothing is decoded, as {self.data} has hyps and ratings: leave it out"
                )
        if self.options.decoder not in POOLING:
            raise InputError(
                f"--decoder {self.options.decoder!r}: expected one that chooses by the reward: {', '.join(POOLING)}"
            )
        check_options(self.options, pooling_reward(parts))

    def _collect(self, segments: Sequence[Segment], parts: Sequence[str]) -> PoolFile:
        """Make the pools that are not there yet."""
        from mtreason.languages import parse_language
        from mtreason.models.files.resolve import resolve_model
        from mtreason.models.served import is_served
        from mtreason.runs.translator import Direction, Translator, load_terms
        from mtreason.tuning import PoolFile, collect, pooling_reward

        row = segments[0].row
        direction = Direction(parse_language(row.source_tag), parse_language(row.target_tag))
        entries = load_terms(direction, self.options)
        config = self._config(segments, parts, [(e.source, e.targets, e.literal, e.note) for e in entries])
        store = PoolFile(self.pools)
        left = [segment for segment in segments if not store.has(segment)]
        if store.config is not None:
            store.check(config)
            self.session.note(f"{self.pools} holds {len(segments) - len(left)} of {len(segments)} pools already")
        if not left and (self.session.model is None or is_served(self.session.model)):
            return store
        if not left:
            resolved = resolve_model(self.session.model, self.session.stage)
            store.check(config | {"digest": resolved.digest})
            return store
        resolved, loaded = self.session.open_model(self.options.dtype)
        if store.config is not None:
            config["model"] = store.config["model"]  # A directory may go by several names; the digest tells.
        else:
            config["model"] = resolved.name
        store.begin(config | {"digest": resolved.digest})
        translator = Translator(loaded, direction, self.options, entries, pooling_reward(parts))
        for record in collect(translator, left):
            store.add(record)
            self.made += 1
            self.session.progress.count("pools", self.made, len(left))
        self.session.progress.stop()
        return store

    def _config(self, segments: Sequence[Segment], parts: Sequence[str], entries: Any) -> dict[str, Any]:  # noqa: ANN401
        """Describe how pools are made, but for the model, in JSON types."""
        from mtreason import __version__
        from mtreason.benchmark.data import digest
        from mtreason.tuning import pooling_reward

        rated = bool(segments[0].ratings)
        reward = pooling_reward(parts)
        config: dict[str, Any] = {
            "version": __version__,
            "pair": segments[0].row.pair,
            "candidates": "rated" if rated else "decoded",
            "parts": [part for part in reward.weights if not (rated and part == "confidence")],
            "glossary": digest(entries),
            "dtype": self.options.dtype,
        }
        if self.options.qe is not None:
            config["qe"] = self.options.qe
        if not rated:
            config |= {"decoder": self.options.decoder, "budget": self.options.budget, "seed": self.options.seed}
            if self.options.decoder != DECODER:  # What a search finds depends on what it looks for.
                config["weights"] = {part: round(weight, 6) for part, weight in reward.weights.items() if weight}
        return config

    def _fit(self, tuned: Tuned, segments: Sequence[Segment], config: Mapping[str, Any], folds: int) -> dict[str, Any]:
        """Say where the weights come from, for the file."""
        default, first = tuned.over_default, tuned.over_first
        names = ("model", "decoder", "budget", "seed")
        return {
            "command": shlex.join(["mtreason", *sys.argv[1:]]),
            "data": self.data.name,
            "pair": segments[0].row.pair,
            "gold": _gold(segments),
            "segments": tuned.segments,
            "folds": folds,
            **{name: config[name] for name in names if name in config},
            "gain_over_default": round(default.delta, 4),
            "gain_over_default_interval": [round(default.low, 4), round(default.high, 4)],
            "gain_over_default_p_value": round(default.p_value, 4),
            "gain_over_first": round(first.delta, 4),
            "gain_over_first_interval": [round(first.low, 4), round(first.high, 4)],
            "gain_over_first_p_value": round(first.p_value, 4),
        }


def _gold(segments: Sequence[Segment]) -> str:
    return "ratings" if segments[0].ratings else "chrF++"


def _pick_parts(names: Sequence[str]) -> list[str]:
    from mtreason.rewards import PARTS, POOL_PARTS

    return check_names("--parts", names, "part", (*PARTS, *POOL_PARTS))


def _table(report: Mapping[str, Any]) -> str:
    """Lay out a fit for people."""
    parts, default = report["weights"], report["default"]
    lines = [f"{report['segments']} segments, {len(report['folds'])} folds, gold: {report['gold']}", ""]
    lines += [f"{'part':<12}{'weight':>8}{'default':>9}"]
    for part, weight in parts.items():
        kept = "  not fitted: never differs" if part in report["kept"] else ""
        lines.append(f"{part:<12}{weight:>8.4f}{default.get(part, 0.0):>9.4f}{kept}")
    lines += ["", f"{'held-out gain':<16}{'mean':>8}  {'95 % interval':<20}{'p':>7}{'wins':>6}{'ties':>6}{'losses':>8}"]
    for name, key in (("over default", "over_default"), ("over greedy", "over_first")):
        c = report[key]
        between = f"[{c['low']:+.3f}, {c['high']:+.3f}]"
        counts = f"{c['p_value']:>7.4f}{c['wins']:>6}{c['ties']:>6}{c['losses']:>8}"
        lines.append(f"{name:<16}{c['delta']:>+8.3f}  {between:<20}{counts}")
    names = {"fitted": "fitted", "default": "default", "first": "greedy", "best": "best of pool"}
    lines += ["", "".join(f"{title:>14}" for title in ("on all data", *names.values()))]
    lines += ["".join([f"{'mean gold':>14}", *(f"{report['training'][key]:>14.3f}" for key in names)])]
    lines += [
        "",
        f"{'fold':<6}{'n':>4}" + "".join(f"{p:>12}" for p in parts) + f"{'over default':>14}{'over greedy':>13}",
    ]
    for number, fold in enumerate(report["folds"], 1):
        own = "".join(f"{fold['weights'][part]:>12.4f}" for part in parts)
        gains = f"{fold['over_default']:>+14.3f}{fold['over_first']:>+13.3f}"
        lines.append(f"{number:<6}{fold['segments']:>4}{own}{gains}")
    return "\n".join(lines) + "\n"
