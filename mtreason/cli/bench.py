"""`mtreason bench`: runs systems on segments, and makes tables of the results."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mtreason.cli import options
from mtreason.cli.loading import Session, Terminal, check_encoder
from mtreason.errors import InputError
from mtreason.runs.output import Output
from mtreason.runs.settings import DEFAULT_BUDGET, Settings
from mtreason.runs.stopping import keeping

app = typer.Typer(no_args_is_help=True, help="Compare decoders on segments with references, at equal cost.")


_Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="DIR", help="Where results go; a run that was cut off goes on there.")
]
_Data = Annotated[
    Path | None, typer.Option(metavar="FILE.jsonl", help="Rows with id, src_lang, tgt_lang, src, refs and domain.")
]
_Source = Annotated[Path | None, typer.Option(metavar="FILE", help="Instead: source text, a segment a line.")]
_References = Annotated[
    list[Path] | None, typer.Option(metavar="FILE", help="References, line by line; may be repeated.")
]
_From = Annotated[str | None, typer.Option("--from", metavar="LANG", help="Source language of --src.")]
_To = Annotated[str | None, typer.Option("--to", metavar="LANG", help="Target language of --src.")]
_Testset = Annotated[
    str | None, typer.Option(metavar="NAME", help="Instead: a test set that sacrebleu downloads, such as wmt22.")
]
_Languages = Annotated[
    str | None, typer.Option(metavar="L-L", help="Language pair of --testset, or the one to take from --data.")
]
_Limit = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Take N segments of each language pair, evenly spread.")
]
_Systems = Annotated[
    str | None, typer.Option(metavar="A,B,C", help="What to compare, all if left out; a wrong name lists them.")
]
_Budgets = Annotated[
    str, typer.Option(metavar="N,N", help="What a sentence may cost, in full samples; several show what more pays for.")
]


@app.command("run")
def run(
    *,
    out: _Out,
    data: _Data = None,
    src: _Source = None,
    ref: _References = None,
    from_: _From = None,
    to: _To = None,
    testset: _Testset = None,
    langs: _Languages = None,
    limit: _Limit = None,
    systems: _Systems = None,
    budgets: _Budgets = f"{DEFAULT_BUDGET:g}",
    model: options.Model = None,
    tokenizer: options.Tokenizer = None,
    prompt: options.Prompt = None,
    seed: options.Seed = 0,
    in_flight: options.InFlight = 16,
    glossary: options.Glossaries = None,
    no_glossary: options.NoGlossary = False,
    qe: options.Checkpoint = None,
    head: options.Head = None,
    quiet: options.Quiet = False,
    dtype: options.Dtype = "auto",
    trust_remote_code: options.TrustRemoteCode = False,
) -> None:
    """Translate every segment with every system; results come as JSON lines, and a killed run goes on."""
    sizes = _numbers(budgets)
    shared = Settings(
        prompt=prompt,
        budget=sizes[0],
        in_flight=in_flight,
        seed=seed,
        glossaries=tuple(glossary or ()),
        shipped_glossaries=not no_glossary,
        qe=qe,
        head=head,
    )
    session = Session(quiet, model, trust_remote_code, tokenizer, dtype)

    from mtreason.benchmark import SYSTEMS
    from mtreason.benchmark.job import BenchmarkJob, SegmentSource

    names = [n.strip() for n in systems.split(",")] if systems is not None else list(SYSTEMS)
    source = SegmentSource(data, src, tuple(ref or ()), from_, to, testset, langs)
    job = BenchmarkJob(out, shared, session, sys.argv)
    try:
        with keeping(job.what_is_kept):
            job.run(source, limit, names, sizes, session.open_model)
    finally:
        session.stop()
    session.note(f"done; tables: mtreason bench report {out}")


def _numbers(budgets: str) -> list[float]:
    """Return the different budgets, the smallest first."""
    try:
        return sorted({float(budget) for budget in budgets.split(",")})
    except ValueError:
        raise InputError(f"--budgets {budgets!r}: expected numbers with commas, such as 4,16,64") from None


@app.command("report")
def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What 'mtreason bench run -o' wrote.")],
    *,
    baseline: Annotated[str, typer.Option(metavar="NAME", help="The system that others are compared with.")] = "greedy",
    comet_model: options.CometModel = None,
    comet_encoder: options.CometEncoder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print report.json instead of report.md.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Print tables of quality, cost and significance; DIR gets report.html, report.md and report.json."""
    from mtreason.benchmark import write_json
    from mtreason.evaluation import learned_metric
    from mtreason.files import write_text
    from mtreason.languages import parse_language
    from mtreason.report import build_report, build_segments, check_drawing, read_benchmark, to_html, to_markdown

    check_drawing()
    terminal = Terminal(quiet)
    check_encoder(comet_model, comet_encoder)
    estimator = terminal.open_estimator(comet_model, comet_encoder) if comet_model is not None else None
    learn = partial(learned_metric, estimator, advance=terminal.count) if estimator is not None else None
    benchmark = read_benchmark(directory, learn)
    terminal.stop()
    if estimator is not None:
        for table in benchmark.tables.values():
            row = table.rows[table.names[0]][0]
            languages = (parse_language(row[key]).primary for key in ("src_lang", "tgt_lang"))
            terminal.warn_of_languages(estimator, *languages)
    built = build_report(benchmark, baseline)
    text = to_markdown(built)
    write_text(directory / "report.html", to_html(built, build_segments(benchmark, baseline)))
    write_json(directory / "report.json", built)
    write_text(directory / "report.md", text)
    output = Output(None)
    output.write(json.dumps(built, ensure_ascii=False, indent=2) + "\n" if as_json else text)
    output.close()
