"""The command line. One file for each command; errors are turned into exit codes only here."""

from __future__ import annotations

import typer

from mtreason import __version__
from mtreason.cli import batch, bench, cache, evaluate, explain, glossary, models, serve, translate, tune
from mtreason.cli.output import say
from mtreason.errors import MtreasonError, SettingError
from mtreason.runs.stopping import INTERRUPTED, NOTHING_KEPT, leave, stopped_by, watching

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Translate with a language model that searches while it decodes.",
)
app.command("translate")(translate.translate)
app.command("batch")(batch.batch)
app.command("evaluate")(evaluate.evaluate)
app.command("explain")(explain.explain)
app.command("tune")(tune.tune)
app.command("serve")(serve.serve)
app.add_typer(bench.app, name="bench")
app.add_typer(glossary.app, name="glossary")
app.add_typer(cache.app, name="cache")
app.add_typer(models.app, name="models")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"mtreason {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    del version


def main() -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 bad input, 3 some segments fell back, 130 interrupted."""
    with watching(say):
        try:
            app()
        except MtreasonError as error:
            leave(error.as_options if isinstance(error, SettingError) else str(error), error.exit_code)
        except SystemExit as end:
            # Typer raises this for an interrupt, without a message.
            if end.code != INTERRUPTED or not stopped_by():
                raise
            leave(f"{stopped_by()}: {NOTHING_KEPT}", INTERRUPTED)
        except (KeyboardInterrupt, Exception):
            # A signal before Typer handles any, or one that a library turned into an error of its own.
            if not stopped_by():
                raise
            leave(f"{stopped_by()}: {NOTHING_KEPT}", INTERRUPTED)
