"""`mtreason evaluate`: scores of existing translations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtreason.cli import options
from mtreason.cli.loading import Terminal, check_encoder
from mtreason.errors import InputError, check_names
from mtreason.runs.output import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtreason.evaluation import Metric
    from mtreason.evaluation.learned.estimator import Estimator
    from mtreason.evaluation.systems import System
    from mtreason.languages import Language


_Hypotheses = Annotated[
    list[Path],
    typer.Option(metavar="FILE", help="Translations: plain text, or JSON lines of bench, translate --json or --trace."),
]
_Metrics = Annotated[
    str | None,
    typer.Option(metavar="A,B,C", help="bleu, chrf2, chrf (chrF++), ter, comet; what suits the language if left out."),
]


def evaluate(
    *,
    hyp: _Hypotheses,
    to: Annotated[str, typer.Option("--to", metavar="LANG", help="Language of the translations.")],
    ref: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="References, line by line; may be repeated.")
    ] = None,
    src: Annotated[Path | None, typer.Option(metavar="FILE", help="What was translated, line by line.")] = None,
    metric: _Metrics = None,
    comet_model: options.CometModel = None,
    comet_encoder: options.CometEncoder = None,
    glossary: options.Glossaries = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="LANG",
            help="Language of the source; for --glossary and numbers.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Score translations with confidence intervals, and compare every file with the first one."""
    from mtreason.evaluation import COMET
    from mtreason.evaluation.learned.checkpoints import default_checkpoint
    from mtreason.evaluation.systems import read_systems
    from mtreason.glossary import Matcher, load_glossaries
    from mtreason.languages import parse_language
    from mtreason.report.scores import build_scores, scores_markdown

    target = parse_language(to)
    check_encoder(comet_model, comet_encoder)
    names = _pick_metrics(metric, target, comet_model)
    systems = read_systems(hyp, tuple(ref or ()), src)
    source = parse_language(from_) if from_ else None
    terminal = Terminal(quiet)
    matcher = None
    if glossary:
        if source is None or systems[0].sources is None:
            raise InputError(
                "--glossary: terms are looked up in the source: name it with --src, and its language with --from"
            )
        matcher = Matcher(load_glossaries(glossary, source.tag, target.tag, terminal.warn), source.tag)
    learned = []
    if COMET in names:
        if systems[0].sources is None:
            raise InputError("--metric comet looks at the source: name it with --src")
        name = comet_model or default_checkpoint(references=systems[0].references is not None).name
        estimator = terminal.open_estimator(name, comet_encoder)
        terminal.warn_of_languages(estimator, source.primary if source else None, target.primary)
        learned = [_learn(estimator, systems, terminal)]
    surface = [name for name in names if name != COMET]
    report = build_scores(systems, target, surface, learned, matcher, source)
    output = Output(None)
    output.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n" if as_json else scores_markdown(report))
    output.close()


def _pick_metrics(asked: str | None, target: Language, comet_model: str | None) -> list[str]:
    from mtreason.evaluation import COMET
    from mtreason.evaluation.metrics import TITLES, usual_metrics

    if asked is None:
        return [*usual_metrics(target), *([COMET] if comet_model else [])]
    names = check_names("--metric", [name.strip() for name in asked.split(",")], "metric", [*TITLES, COMET])
    if COMET not in names and comet_model is not None:
        raise InputError(f"--comet-model {comet_model}: nothing here uses it: add comet to --metric")
    return names


def _learn(estimator: Estimator, systems: Sequence[System], terminal: Terminal) -> Metric:
    """Score all segments of all systems with a checkpoint."""
    from mtreason.evaluation import learned_metric

    first = systems[0]
    sources = first.sources or ()
    references = first.references or [()] * len(sources)
    texts = {system.name: system.translations for system in systems}
    metric = learned_metric(estimator, sources, references, texts, terminal.count)
    terminal.stop()
    terminal.note(f"{estimator.computed} triples scored")
    return metric
