"""`mtreason tune`: weights of a reward, fitted to references or ratings."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mtreason.cli import options
from mtreason.cli.loading import Session
from mtreason.errors import check_names
from mtreason.runs.output import Output
from mtreason.runs.settings import Settings
from mtreason.runs.stopping import keeping

DECODER = "best-of-n"
PARTS_TO_FIT = "likelihood,channel,consensus,terms"


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
    own: dict[str, Any] = {"decoder": DECODER, "in_flight": in_flight, "seed": seed, "qe": qe}
    settings = Settings(glossaries=glossaries, shipped_glossaries=not no_glossary, **own | given)
    session = Session(quiet, model, trust_remote_code, tokenizer, dtype)

    from mtreason.rewards import PARTS
    from mtreason.tuning.job import TuneJob

    job = TuneJob(data, out, pools, settings, tuple(given), model, session, shlex.join(["mtreason", *sys.argv[1:]]))
    wanted = check_names("--parts", [name.strip() for name in parts.split(",")], "part", PARTS)
    try:
        with keeping(job.what_is_kept):
            report = job.run(langs, limit, wanted, folds, session.open_model)
    finally:
        session.stop()
    output = Output(None)
    output.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n" if as_json else _table(report))
    output.close()
    session.note(f"written: {out}; use it with --reward {out}")


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
