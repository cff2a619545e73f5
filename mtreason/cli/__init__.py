"""The command line. One file for each command; errors are turned into exit codes only here."""

from __future__ import annotations

import errno
import sys
import threading
from typing import Any, NoReturn

import typer

from mtreason import __version__
from mtreason.cli import (
    batch,
    bench,
    cache,
    corpus,
    evaluate,
    explain,
    glossary,
    models,
    review,
    serve,
    translate,
    tune,
)
from mtreason.cli.output import say
from mtreason.errors import InputError, InterruptedRunError, MtreasonError, SettingError
from mtreason.runs.stopping import INTERRUPTED, NOTHING_KEPT, leave, stopped_by, watching


class _CommandLine(typer.Typer):
    """Leaves it to `main` what is said of errors, and how the process ends."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as in the library
        return super().__call__(*args, **{"standalone_mode": False} | kwargs)


app = _CommandLine(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Translate with a language model that searches while it decodes.",
)
app.command("translate")(translate.translate)
app.command("batch")(batch.batch)
app.command("corpus")(corpus.corpus)
app.command("evaluate")(evaluate.evaluate)
app.command("explain")(explain.explain)
app.command("tune")(tune.tune)
app.command("serve")(serve.serve)
app.add_typer(bench.app, name="bench")
app.add_typer(glossary.app, name="glossary")
app.add_typer(review.app, name="review")
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
    """Run the command line and exit.

    0 done, 1 failed, 2 bad input, 3 some segments fell back or were found faulty, 70 a fault of this program, 130
    interrupted.
    """
    threading.excepthook = _say_of_thread
    with watching(say):
        try:
            _run()
        except KeyboardInterrupt:
            # Typer catches those during a command; this one came before it began or after it had ended.
            leave(f"{stopped_by()}: {NOTHING_KEPT}", INTERRUPTED)


def _run() -> None:
    try:
        code = app()
    except MtreasonError as error:
        if stopped_by() and not isinstance(error, InterruptedRunError):  # as below
            leave(f"{stopped_by()}: {NOTHING_KEPT}", INTERRUPTED)
        leave(error.as_options if isinstance(error, SettingError) else str(error), error.exit_code)
    except typer.Abort:
        leave("aborted", MtreasonError.exit_code)
    except Exception as error:  # noqa: BLE001 - the last resort
        if isinstance(error, _USAGE):
            _leave_with_usage(error)
        if stopped_by():  # A library has turned the interrupt into an error of its own.
            leave(f"{stopped_by()}: {NOTHING_KEPT}", INTERRUPTED)
        if isinstance(error, OSError) and error.errno in _NAMES:
            leave(f"{error.filename or 'a file'}: {error.strerror}: name another one", InputError.exit_code)
        if isinstance(error, OSError) and error.errno in _FULL:
            leave(f"{error.strerror}: make room and run the same command again", MtreasonError.exit_code)
        from mtreason.cli.failures import UNFORESEEN, describe_failure

        leave(describe_failure(error), UNFORESEEN)
    if code == INTERRUPTED and stopped_by():
        leave(f"{stopped_by()}: {NOTHING_KEPT}", INTERRUPTED)
    sys.exit(code or 0)


def _say_of_thread(failed: threading.ExceptHookArgs) -> None:
    """Report what nobody foresaw in another thread; whoever waits for its result has an error of its own."""
    from mtreason.cli.failures import describe_failure

    if isinstance(failed.exc_value, Exception):
        say(describe_failure(failed.exc_value))


_NAMES = frozenset(
    {errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EROFS}
)
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""Errors of the system that name what a person can mend, wherever they come from."""
_USAGE: Any = typer.BadParameter.__base__
"""What is raised for all arguments that do not fit, which the library does not export."""


def _leave_with_usage(error: Any) -> NoReturn:  # noqa: ANN401 - as above
    """End with what is wrong with the arguments; nothing is said where the help was shown instead."""
    message = error.format_message()
    if not message.strip():
        sys.exit(InputError.exit_code)
    asked = f": see '{error.ctx.command_path} -h'" if error.ctx is not None else ""
    leave(f"{message.rstrip('.')}{asked}", InputError.exit_code)
