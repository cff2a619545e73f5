"""`mtreason tune`: weights of a reward, fitted to references or ratings."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtreason.cli import options
from mtreason.cli.loading import Session
from mtreason.errors import DocumentError, InputError, check_names
from mtreason.runs.output import Output
from mtreason.runs.settings import Settings
from mtreason.runs.stopping import keeping

if TYPE_CHECKING:
    from mtreason.tuning.job import TuneJob

DECODER = "best-of-n"
VALUE_BUDGET = 8.0
"""Of the pools that a head is trained on: more candidates of a source add less than more sources."""
PARTS_TO_FIT = "likelihood,channel,consensus,terms"


_Data = Annotated[
    Path,
    typer.Option(
        metavar="FILE.jsonl",
        help="Rows as of bench run, with refs, or with hyps and ratings; for --value also neither, or lines of a .txt.",
    ),
]
_Out = Annotated[
    Path,
    typer.Option(
        "--out", "-o", metavar="FILE", help="Where the reward goes, for --reward to take, or the wording, or the head."
    ),
]
_FindWording = Annotated[
    bool, typer.Option("--prompt", help="Instead of weights find the best wording, for --prompt of others to take.")
]
_TrainValue = Annotated[
    bool, typer.Option("--value", help="Instead of weights train the reward value for a model, for --head to take.")
]
_Prompts = Annotated[
    str | None, typer.Option(metavar="A,B,C", help="The wordings to try: names or files; all if left out.")
]


def tune(
    *,
    data: _Data,
    out: _Out,
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
    prompt: _FindWording = False,
    prompts: _Prompts = None,
    seed: options.Seed = 0,
    in_flight: options.InFlight = 16,
    glossary: options.Glossaries = None,
    no_glossary: options.NoGlossary = False,
    qe: options.Checkpoint = None,
    head: options.Head = None,
    train_value: _TrainValue = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
    quiet: options.Quiet = False,
    dtype: options.Dtype = "auto",
    trust_remote_code: options.TrustRemoteCode = False,
) -> None:
    """Fit the weights of a reward to references or ratings, and measure the gain on segments held out."""
    glossaries, decoding = tuple(glossary or ()), {"decoder": decoder, "budget": budget}
    given = {name: value for name, value in decoding.items() if value is not None}
    own: dict[str, Any] = {"decoder": DECODER, "in_flight": in_flight, "seed": seed, "qe": qe, "head": head}
    if train_value:
        # Here the checkpoint makes labels, and no part of a reward.
        own |= {"budget": VALUE_BUDGET, "qe": None}
    settings = Settings(glossaries=glossaries, shipped_glossaries=not no_glossary, **own | given)
    session = Session(quiet, model, trust_remote_code, tokenizer, dtype)
    weighed = None if parts == PARTS_TO_FIT else parts
    _check_value(train_value, {"prompt": prompt or None, "prompts": prompts, "head": head, "parts": weighed})
    weighing = {**decoding, "pools": pools, "qe": qe, "head": head, "parts": weighed}
    if _finds_wording(prompt, prompts, weighing):
        _tune_wording(data, out, langs, limit, prompts, folds, settings, session, as_json=as_json)
        return

    from mtreason.tuning.job import TuneJob

    job = TuneJob(data, out, pools, settings, tuple(given), model, session, shlex.join(["mtreason", *sys.argv[1:]]))
    if train_value:
        _train_value(job, session, langs, limit, folds, qe, as_json=as_json)
    else:
        _tune_weights(job, session, langs, limit, folds, parts, as_json=as_json)


def _tune_weights(
    job: TuneJob, session: Session, langs: str | None, limit: int | None, folds: int, parts: str, *, as_json: bool
) -> None:
    from mtreason.rewards import PARTS

    wanted = check_names("--parts", [name.strip() for name in parts.split(",")], "part", PARTS)
    try:
        with keeping(job.what_is_kept):
            report = job.run(langs, limit, wanted, folds, session.open_model)
    finally:
        session.stop()
    _show(report, _table, as_json=as_json)
    session.note(f"written: {job.out}; use it with --reward {job.out}")


def _check_value(train_value: bool, others: Mapping[str, Any]) -> None:
    """Raise `InputError` for options that say nothing to the training of a head."""
    given = [name for name, value in others.items() if value is not None]
    if train_value and given:
        raise InputError(f"--{given[0]}: it does nothing beside --value, which trains a head: leave one of them out")


def _train_value(
    job: TuneJob, session: Session, langs: str | None, limit: int | None, folds: int, qe: str | None, *, as_json: bool
) -> None:
    from mtreason.tuning.value import train_value

    comet = None if qe is None else session.open_estimator(qe, None)
    try:
        with keeping(job.what_is_kept):
            report = train_value(job, langs, limit, folds, comet, session.open_model)
    finally:
        session.stop()
    _show(report, _value_table, as_json=as_json)
    session.note(f"written: {job.out}; use it with --head {job.out} --reward value")


def _show(report: Mapping[str, Any], table: Callable[[Mapping[str, Any]], str], *, as_json: bool) -> None:
    output = Output(None)
    output.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n" if as_json else table(report))
    output.close()


def _value_table(report: Mapping[str, Any]) -> str:
    found = report["held_out"]
    width = max(map(len, found)) + 2
    lines = [
        f"{report['sources']} sources of {report['documents']} documents in {report['folds']} folds, "
        f"{report['candidates']} candidates of {report['model']}, {report['pair']}",
        f"label: {' + '.join(report['label'])}",
        f"penalty {report['penalty']:g}; squared error on folds held out, as a share of the variance: "
        + ", ".join(f"{error:.3f} ({penalty})" for penalty, error in report["errors"].items()),
        "",
        f"{'held out, within a source':<{width}}{'pairs right':>13}{'Spearman':>10}",
    ]
    lines += [f"{name:<{width}}{own['pairs_right']:>13.3f}{own['spearman']:>10.3f}" for name, own in found.items()]
    return "\n".join(lines) + "\n"


def _finds_wording(prompt: bool, prompts: str | None, weighing: Mapping[str, Any]) -> bool:
    """Whether a wording is to be found; raises `InputError` for options of the other kind."""
    if prompts is not None and not prompt:
        raise InputError(f"--prompts {prompts}: wordings are tried with --prompt: add it, or leave this out")
    given = [name for name, value in weighing.items() if value is not None]
    if prompt and given:
        raise InputError(f"--{given[0]}: it is about weights, and --prompt finds a wording: leave one of them out")
    return prompt


def _tune_wording(
    data: Path,
    out: Path,
    langs: str | None,
    limit: int | None,
    prompts: str | None,
    folds: int,
    settings: Settings,
    session: Session,
    *,
    as_json: bool,
) -> None:
    from mtreason.decoding.wordings import named_wording
    from mtreason.files import resolved
    from mtreason.tuning.wordings import read_referenced, report_of, tune_wording, write_wording

    if out.suffix != ".toml" or out.is_dir() or not out.absolute().parent.is_dir():
        raise DocumentError(f"-o {out}: name a file that ends with .toml, in a directory that exists")
    if resolved(out) == resolved(data):
        raise DocumentError(f"-o {out} is named for something else as well: name another file")
    names = None if prompts is None else [name.strip() for name in prompts.split(",")]
    for name in names or ():
        named_wording(name)
    segments = read_referenced(data, langs, limit)
    if len(segments) < folds:
        raise InputError(f"--folds {folds}: there are {len(segments)} segments: give more of them, or fewer folds")
    try:
        with keeping(lambda: "nothing is kept"):
            picked = tune_wording(
                segments, names, session.open_model(), folds=folds, seed=settings.seed, progress=session
            )
    finally:
        session.stop()
    write_wording(out, picked, shlex.join(["mtreason", *sys.argv[1:]]))
    _show(report_of(picked), _wording_table, as_json=as_json)
    session.note(f"written: {out}; use it with --prompt {out}")


def _wording_table(report: Mapping[str, Any]) -> str:
    lines = [f"{'wording':<20}{'greedy':>8}{'mean':>8}{'best':>8}{'problems':>10}{'tokens':>8}"]
    for row in sorted(report["wordings"], key=lambda row: -row["mean"]):
        marks = {report["picked"]: "  picked", report["usual"]: "  usual"}
        lines.append(
            f"{row['wording']:<20}{row['greedy']:>8.2f}{row['mean']:>8.2f}{row['best']:>8.2f}"
            f"{sum(row['problems'].values()):>10}{row['tokens']:>8.0f}{marks.get(row['wording'], '')}"
        )
    c = report["over_usual"]
    n = report["wordings"][0]["segments"]
    lines += [
        "",
        f"chrF++ of drafts, {n} segments; what folds picked: {', '.join(report['picked_by_fold'])}",
        f"over {report['usual']}, on segments held out: {c['delta']:+.2f} [{c['low']:+.2f}, {c['high']:+.2f}], "
        f"p {c['p_value']:.4f}, {c['wins']} wins, {c['ties']} ties, {c['losses']} losses",
    ]
    return "\n".join(lines) + "\n"


def _table(report: Mapping[str, Any]) -> str:
    """Return the results of a fit as a table for readers."""
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
