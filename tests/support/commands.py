"""The command, as another process and inside this one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def as_at_a_terminal():
    """What a shell starts in the background ignores interrupts, and so does all that is started from there."""
    for name in SIGNALS:
        signal.signal(getattr(signal, name), signal.SIG_DFL)


def start(args, cache, **options):
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "MTREASON_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    env["OMP_NUM_THREADS"] = "1"  # a tiny model gains nothing from threads, and loses much on a busy machine
    return subprocess.Popen(
        [sys.executable, "-m", "mtreason", *map(str, args)],
        env=env,
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
        preexec_fn=as_at_a_terminal,  # noqa: PLW1509 - no thread is used there
        **options,
    )


def run(args, cache, stdin=b""):
    process = start(args, cache)
    out, err = process.communicate(stdin, timeout=300)
    return process.returncode, out, err.decode("utf-8")


def refused(args, cache, *parts, code=2, stdin=b""):
    """The run fails with this code and exactly one line on stderr, which names all parts."""
    returned, out, err = run(args, cache, stdin)
    lines = err.splitlines()
    assert returned == code, err
    assert len(lines) == 1, err
    assert lines[0].startswith("mtreason: ")
    for part in parts:
        assert str(part) in lines[0]
    return out


def run_inside(args, monkeypatch, capfd):
    """The command in this process, where its surroundings can be changed."""
    from mtreason import cli

    def leave(code):
        raise SystemExit(code)

    monkeypatch.setattr(sys, "argv", ["mtreason", *map(str, args)])
    monkeypatch.setattr(os, "_exit", leave)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code or 0, *capfd.readouterr()
