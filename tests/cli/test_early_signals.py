"""A signal that arrives while the command line is still being read; it was a traceback. Found by `attack/kills.py`."""

import os
import signal
import time

import pytest
from support.commands import run_inside

from mtreason import cli


def plainly() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)


def wrapped() -> None:
    """As a library does that reports every error by one of its own."""
    try:
        plainly()
    except KeyboardInterrupt as error:
        raise RuntimeError("Error calling __set_name__") from error


@pytest.mark.parametrize("app", [plainly, wrapped])
def test_it_is_one_line(app, monkeypatch, capfd) -> None:
    monkeypatch.setattr(cli, "app", app)
    code, _, err = run_inside(["batch"], monkeypatch, capfd)
    assert (code, err) == (130, "mtreason: terminated: run the same command again\n")
