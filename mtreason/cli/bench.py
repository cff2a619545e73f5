"""`mtreason bench`: runs systems on segments, and makes tables of the results."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtreason.cli import options
from mtreason.cli.loading import Session, Terminal, check_encoder
from mtreason.errors import InputError
from mtreason.runs.output import Output
from mtreason.runs.settings import EFFORTS, Settings
from mtreason.runs.stopping import keeping

if TYPE_CHECKING:
    from mtreason.benchmark import Plan, Row

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
    budget: options.Budget = None,
    model: options.Model = None,
    tokenizer: options.Tokenizer = None,
    seed: options.Seed = 0,
    in_flight: options.InFlight = 16,
    glossary: options.Glossaries = None,
    no_glossary: options.NoGlossary = False,
    qe: options.Checkpoint = None,
    quiet: options.Quiet = False,
    dtype: options.Dtype = "auto",
    trust_remote_code: options.TrustRemoteCode = False,
) -> None:
    """Translate every segment with every system; results come as JSON lines, and a killed run goes on."""
    shared = Settings(
        budget=EFFORTS["medium"] if budget is None else budget,
        in_flight=in_flight,
        seed=seed,
        glossaries=tuple(glossary or ()),
        shipped_glossaries=not no_glossary,
        qe=qe,
    )
    rows = _Segments(data, src, tuple(ref or ()), from_, to, testset, langs)
    session = Session(quiet, model, trust_remote_code, tokenizer, dtype)
    job = _Job(out, shared, session)
    try:
        with keeping(job.what_is_kept):
            job.run(rows, limit, systems)
    finally:
        session.stop()


@dataclass(frozen=True, slots=True)
class _Segments:
    """The source of segments: one of three."""

    data: Path | None
    src: Path | None
    ref: tuple[Path, ...]
    from_: str | None
    to: str | None
    testset: str | None
    langs: str | None

    def read(self) -> list[Row]:
        """Read the segments; raises `InputError` unless exactly one source is named, with everything that it needs."""
        from mtreason.benchmark import read_files, read_rows, read_testset

        given = [n for n, v in (("--data", self.data), ("--src", self.src), ("--testset", self.testset)) if v]
        if len(given) != 1:
            found = f"{' and '.join(given)} exclude each other" if given else "no segments are named"
            raise InputError(
                f"{found}: give --data FILE.jsonl, or --src FILE --ref FILE --from LANG --to LANG, or "
                "--testset NAME --langs L-L"
            )
        for name, value, owner in (
            ("--ref", self.ref, "--src"),
            ("--from", self.from_, "--src"),
            ("--to", self.to, "--src"),
            ("--langs", self.langs, "--data" if self.data and self.langs else "--testset"),
        ):
            if value and given != [owner]:
                raise InputError(f"{name} belongs to {owner}, and {given[0]} is given: leave one of them out")
            if not value and given == [owner] and name != "--ref":
                raise InputError(f"{owner} needs {name}: say which language")
        if self.data:
            return read_rows(self.data, self.langs)
        if self.src:
            return read_files(self.src, self.ref, str(self.from_), str(self.to))
        return read_testset(str(self.testset), str(self.langs))


@dataclass(slots=True)
class _Job:
    """One invocation of `bench run`."""

    out: Path
    settings: Settings
    session: Session
    written: int = 0

    def what_is_kept(self) -> str:
        """Say what is kept where the job ends early."""
        return f"{self.written} results of this run are in {self.out}; the same command goes on from there"

    def run(self, source: _Segments, limit: int | None, systems: str | None) -> None:
        """Check everything that is cheap to check, then run the systems."""
        from mtreason.benchmark import SYSTEMS, by_pair, check_directory, make_plan, pick_systems

        names = [n.strip() for n in systems.split(",")] if systems is not None else list(SYSTEMS)
        picked = pick_systems(names)
        groups = by_pair(source.read(), limit)
        plan = make_plan(groups, picked, self.settings)
        check_directory(self.out)
        without = sum(not row.references for rows in groups.values() for row in rows)
        if without:
            total = sum(map(len, groups.values()))
            self.session.note(f"{without} of {total} segments have no reference: scored by the model's own reward only")
        self._run(plan)

    def _run(self, plan: Plan) -> None:
        from mtreason.benchmark import describe, manifest, open_results, run_benchmark

        started = time.monotonic()
        loaded = self.session.open_model()
        with open_results(self.out, describe(plan, loaded)) as writer:
            kept = len(writer.done)
            if kept:
                self.session.note(f"{self.out} holds {kept} results already")

            def advance(system: str, pair: str, done: int, total: int) -> None:
                """Show how far a system is."""
                self.written = len(writer.done) - kept
                self.session.count(f"{system} {pair}", done, total)
                if done == total:
                    self.session.stop()
                    self.session.note(f"{system}, {pair}: {total} segments")

            run_benchmark(plan, loaded, writer, advance)
            writer.finish(manifest(plan, writer, sys.argv, time.monotonic() - started))
        self.session.note(f"done; tables: mtreason bench report {self.out}")


@app.command("report")
def report(
    directories: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="What 'mtreason bench run -o' wrote; more: the same at other budgets."),
    ],
    *,
    baseline: Annotated[str, typer.Option(metavar="NAME", help="The system that others are compared with.")] = "greedy",
    comet_model: options.CometModel = None,
    comet_encoder: options.CometEncoder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print report.json instead of report.md.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Print tables of quality, cost and significance; the first DIR gets report.html, report.md and report.json."""
    from mtreason.benchmark import write_json
    from mtreason.evaluation import learned_metric
    from mtreason.files import write_text
    from mtreason.languages import parse_language
    from mtreason.report import build_report, build_segments, check_drawing, read_benchmark, to_html, to_markdown

    check_drawing()
    first = directories[0]
    terminal = Terminal(quiet)
    check_encoder(comet_model, comet_encoder)
    estimator = terminal.open_estimator(comet_model, comet_encoder) if comet_model is not None else None
    learn = partial(learned_metric, estimator, advance=terminal.count) if estimator is not None else None
    benchmark, *others = [read_benchmark(directory, learn) for directory in directories]
    terminal.stop()
    if estimator is not None:
        for table in benchmark.tables.values():
            row = table.rows[table.names[0]][0]
            languages = (parse_language(row[key]).primary for key in ("src_lang", "tgt_lang"))
            terminal.warn_of_languages(estimator, *languages)
    built = build_report(benchmark, others, baseline)
    text = to_markdown(built)
    write_text(first / "report.html", to_html(built, build_segments(benchmark, baseline)))
    write_json(first / "report.json", built)
    write_text(first / "report.md", text)
    output = Output(None)
    output.write(json.dumps(built, ensure_ascii=False, indent=2) + "\n" if as_json else text)
    output.close()
