"""`mtreason corpus`: rows of Parquet and JSON lines, on one machine or on many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtreason.cli import options
from mtreason.cli.loading import Session
from mtreason.cli.output import counted, say
from mtreason.corpus import DEFAULT_BATCH, DEFAULT_ROWS
from mtreason.errors import InputError
from mtreason.extras import need
from mtreason.runs.settings import Settings, with_effort

if TYPE_CHECKING:
    from mtreason.corpus.cluster import Cluster
    from mtreason.corpus.run import CorpusJob, CorpusReport

FAULTY = 3
"""Exit code: some rows failed, or have no clean translation."""
NONE = "none"

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="IN…", help="Parquet and JSON lines: files, folders, patterns, and addresses such as s3://…"
    ),
]
OutFolder = Annotated[str, typer.Option("--out", "-o", metavar="OUT/", help="The folder to write to, of its own.")]
From = Annotated[str, typer.Option("--from", metavar="LANG", help="Source language, a BCP 47 code such as zh.")]
Column = Annotated[str, typer.Option(metavar="NAME", help="The column with the texts.")]
IdColumn = Annotated[
    str | None, typer.Option(metavar="NAME", help="The column with ids; the hash of the text if left out.")
]
Format = Annotated[
    str | None, typer.Option("--format", metavar="NAME", help="parquet or jsonl; that of the input if left out.")
]
RowsPerFile = Annotated[int, typer.Option(metavar="N", help="Rows of a file that is written, which is the checkpoint.")]
RayAddress = Annotated[
    str,
    typer.Option(
        "--ray",
        metavar="auto|local|ADDRESS",
        help="Workers of Ray: of the cluster that this machine is in, started here, or at HOST:PORT; none: no Ray.",
    ),
]
WorkerRange = Annotated[str, typer.Option("--workers", metavar="MIN:MAX", help="How many of them there are.")]
Cpus = Annotated[float, typer.Option("--cpus-per-worker", metavar="N", help="Cores that each of them takes.")]
Gpus = Annotated[float, typer.Option("--gpus-per-worker", metavar="N", help="GPUs that each of them takes.")]
Dashboard = Annotated[bool, typer.Option("--dashboard", help="Say where Ray's own page is.")]
BatchSize = Annotated[int, typer.Option(metavar="N", help="Rows that are translated at a time.")]


def corpus(
    inputs: Inputs,
    *,
    out: OutFolder,
    from_: From,
    to: options.To,
    column: Column = "text",
    id_column: IdColumn = None,
    form: Format = None,
    rows_per_file: RowsPerFile = DEFAULT_ROWS,
    batch_size: BatchSize = DEFAULT_BATCH,
    ray: RayAddress = NONE,
    workers: WorkerRange = "1:1",
    cpus_per_worker: Cpus = 1.0,
    gpus_per_worker: Gpus = 0.0,
    dashboard: Dashboard = False,
    model: options.Model = None,
    tokenizer: options.Tokenizer = None,
    prompt: options.Prompt = None,
    decoder: options.Decoder = None,
    reward: options.RewardName = None,
    qe: options.Checkpoint = None,
    nodes: options.Nodes = None,
    beam_width: options.BeamWidth = None,
    budget: options.Budget = None,
    full_budget: options.FullBudget = False,
    effort: options.Effort = None,
    glossary: options.Glossaries = None,
    no_glossary: options.NoGlossary = False,
    tm: options.Memories = None,
    in_flight: options.InFlight = 16,
    seed: options.Seed = 0,
    max_seconds: options.MaxSeconds = None,
    quiet: options.Quiet = False,
    dtype: options.Dtype = "auto",
    trust_remote_code: options.TrustRemoteCode = False,
) -> None:
    """Translate the rows of a corpus; the same command goes on where it was stopped, and tries failed rows again."""
    settings = Settings(
        **with_effort(effort, {"decoder": decoder, "budget": budget, "beam_width": beam_width}),
        prompt=prompt, reward=reward, nodes=nodes, full_budget=full_budget, in_flight=in_flight, seed=seed, qe=qe,
        glossaries=tuple(glossary or ()), shipped_glossaries=not no_glossary, memories=tuple(tm or ()),
    )  # fmt: skip
    need("pyarrow", "a corpus")
    from mtreason.corpus.run import CorpusJob

    job = CorpusJob(tuple(inputs), out, column, id_column, form, rows_per_file, batch_size, max_seconds)
    session = Session(quiet, model, trust_remote_code, tokenizer, dtype)
    cluster = None
    if ray != NONE:
        need("ray", "a cluster")
        from mtreason.corpus.cluster import Cluster, Pool, parse_workers

        pool = Pool(*parse_workers(workers), cpus_per_worker, gpus_per_worker, batch_size)
        cluster = Cluster(ray, pool, _arguments(session, from_, to, settings))
    if dashboard and cluster is None:
        raise InputError("--dashboard: there is none without Ray: add --ray, or leave it out")
    _translate(job, from_, to, settings, session, cluster, dashboard=dashboard)


def _arguments(session: Session, from_: str, to: str, settings: Settings) -> dict[str, Any]:
    """Return the arguments of `TranslateBatch`; a path of a model is whole, because workers are in other folders."""
    model = session.model
    if model is not None and Path(model).exists():
        model = str(Path(model).absolute())
    return {
        "source": from_,
        "target": to,
        "model": model,
        "tokenizer": session.tokenizer,
        "dtype": session.dtype,
        "trust_remote_code": session.trust_remote_code,
        "settings": settings,
    }


def _translate(
    job: CorpusJob,
    from_: str,
    to: str,
    settings: Settings,
    session: Session,
    cluster: Cluster | None,
    *,
    dashboard: bool,
) -> None:
    """Check everything that is cheap to check, then translate."""
    from mtreason.corpus.run import CorpusRun, Here, before_model
    from mtreason.languages import Direction, parse_language
    from mtreason.runs.checks import check_settings
    from mtreason.runs.translator import Translator, load_memories, load_terms

    direction = Direction(parse_language(from_), parse_language(to))
    check_settings(settings)
    terms, human = load_terms(direction, settings, session.warn), load_memories(direction, settings)
    run = CorpusRun(job, before_model(direction, settings, terms), _Watch(session, cluster))

    def open_translator() -> Translator:
        loaded = session.open_model()
        session.note(f"model: {loaded.name} ({loaded.dtype}, {loaded.device}); decoder: {settings.decoder}")
        return Translator(loaded, direction.source, direction.target, settings, terms=terms, human=human)

    try:
        if cluster is not None:
            _connect(cluster, session, dashboard=dashboard)
        report = run(cluster or Here(open_translator, job.batch_size))
    finally:
        session.stop()
    if cluster is not None:
        cluster.close()
    _summary(report, session)
    if report.failed or report.fell_back:
        raise typer.Exit(FAULTY)


def _connect(cluster: Cluster, session: Session, *, dashboard: bool) -> None:
    session.stage("connecting to Ray", 0.0)
    cluster.connect()
    if dashboard:
        said = cluster.dashboard or "not installed there: pip install 'ray[default]'"
        session.warn(f"Ray's dashboard: {said}")


class _Watch:
    """Shows how far a run over a corpus is."""

    def __init__(self, session: Session, cluster: Cluster | None) -> None:
        self._session = session
        self._cluster = cluster

    def read(self, rows: int) -> None:
        """See `Watch.read`."""
        self._session.stage("reading the input", 0.0)

    def done(self, report: CorpusReport, rows: int, total: int) -> None:
        """See `Watch.done`."""
        said = f"{report.tokens / max(report.seconds, 1e-9):.0f} tokens/s"
        if self._cluster is not None:
            said += f", {counted(self._cluster.alive(), 'worker')}"
        if report.failed:
            said += f", {report.failed} failed"
        self._session.line.rows(rows, total, said)


def _summary(report: CorpusReport, session: Session) -> None:
    """Report what was done, and what is doubtful."""
    speed = report.translated / max(report.seconds, 1e-9)
    session.note(
        f"{counted(report.rows, 'row')}, {report.translated} translated in {report.seconds:.1f} s, "
        f"{report.tokens} tokens, {speed:.1f} rows/s"
    )
    if report.without_id:
        session.note(f"{counted(report.without_id, 'row')} without an id: the hash of the text stands for it")
    if report.missed:
        session.note(f"glossary terms missed in {counted(report.missed, 'row')}: see the column terms_missed")
    if report.fell_back:
        say(f"no clean translation was found for {counted(report.fell_back, 'row')}: try --effort high")
    if report.failed:
        say(
            f"{counted(report.failed, 'row')} failed, the first is {report.first_failure}: the same command tries again"
        )
