"""What nobody foresaw is one line and a report, and the command line says what is wrong with it in one line."""

import errno
import os
import stat
import threading
import warnings
from pathlib import Path

import pytest
from support.commands import refused, run, run_inside

from mtreason.cli import failures, glossary


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (RuntimeError("a\nb \x1b[2J"), r"RuntimeError: a b \x1b[2J"),
        (RecursionError("too deep"), "RecursionError: too deep"),
        (MemoryError(), "not enough memory"),
        (OSError(errno.EIO, "Input/output error", "x"), "Input/output error: x"),
        (ExceptionGroup("all", [ValueError("one")]), "ExceptionGroup"),
    ],
)
def test_what_nobody_foresaw(error, what, monkeypatch, capfd, tmp_path) -> None:
    def fail(*_):
        raise error

    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path))
    monkeypatch.setattr(glossary, "_languages", fail)
    code, out, err = run_inside(["glossary", "lint", "http://u:secret@h/a.tsv"], monkeypatch, capfd)
    assert (code, out) == (failures.UNFORESEEN, "")
    [line] = err.splitlines()
    assert line.startswith(f"mtreason: failed, which was not foreseen ({what}")
    [report] = (tmp_path / failures.REPORTS).iterdir()
    assert str(report) in line
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    text = report.read_text("utf-8")
    assert "Traceback" in text
    assert type(error).__name__ in text
    assert "mtreason 0" in text
    assert "glossary lint http://…@h/a.tsv" in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (OSError(errno.ENOSPC, "No space left"), 1, "No space left: make room and run the same command again"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "n"), 2, "n: File name too long: name another one"),
        (PermissionError(errno.EACCES, "Permission denied", "p"), 2, "p: Permission denied: name another one"),
    ],
)
def test_what_a_person_can_mend(error, code, line, monkeypatch, capfd, tmp_path) -> None:
    def fail(*_):
        raise error

    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path))
    monkeypatch.setattr(glossary, "_languages", fail)
    assert run_inside(["glossary", "lint", "a"], monkeypatch, capfd) == (code, "", f"mtreason: {line}\n")
    assert list(tmp_path.iterdir()) == []


def test_where_the_cache_cannot_be_written(monkeypatch, tmp_path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setattr(failures, "_directories", lambda: (tmp_path / "file" / "x", tmp_path))
    assert f"the report is in {tmp_path}" in failures.describe_failure(ValueError("x"))
    monkeypatch.setattr(failures, "_directories", lambda: (tmp_path / "file" / "x",))
    assert "no report could be written" in failures.describe_failure(ValueError("x"))


def test_other_threads(monkeypatch, capfd, tmp_path) -> None:
    from mtreason import cli

    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path))
    monkeypatch.setattr(threading, "excepthook", cli._say_of_thread)
    thread = threading.Thread(target=lambda: {}["x"])
    with warnings.catch_warnings():
        thread.start()
        thread.join()
    [line] = capfd.readouterr().err.splitlines()
    assert "KeyError: 'x'" in line


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (["translate", "--nope"], "No such option: --nope"),
        (["translate"], "Missing option '--to'"),
        (["nope\x1b[31m"], "No such command 'nope\\x1b[31m'"),
        (["glossary", "lint"], "Missing argument"),
        (["bench", "run", "-o", "x", "--seed", "y"], "Invalid value for '--seed'"),
    ],
)
def test_arguments_that_do_not_fit(args, part, tmp_path) -> None:
    refused(args, tmp_path, part)


def test_help_is_shown_where_nothing_is_asked(tmp_path) -> None:
    code, out, err = run(["glossary"], tmp_path)
    assert code == 2
    assert "lint" in out.decode() + err
    assert "Traceback" not in err
    assert run(["--help"], tmp_path)[0] == 0


def odd_name(tmp_path) -> Path:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    path.write_text("x\n", "utf-8")
    return path


def test_odd_names(tmp_path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    long = tmp_path / ("n" * 300)
    for path in (loop, long, tmp_path / "no\x1b[2J{b}"):
        refused(["translate", path, "--to", "en", "--model", "none"], tmp_path / "cache")
    good = tmp_path / "good.txt"
    good.write_text("x\n", "utf-8")
    for path in (loop, long, long / "x", loop / "x"):
        refused(["translate", good, "--to", "en", "--model", "none", "-o", path], tmp_path / "cache")
    code, _, err = run(
        ["translate", odd_name(tmp_path), "--from", "en", "--to", "en", "--model", "none"], tmp_path / "cache"
    )
    assert code == 0, err
    refused(["glossary", "lint", odd_name(tmp_path)], tmp_path / "cache", "caf\\udce9.txt")


def test_an_input_is_not_overwritten(tmp_path) -> None:
    trace = tmp_path / "t.jsonl"
    trace.write_text("x", "utf-8")
    refused(["explain", trace, "-o", trace], tmp_path / "cache", "is also an input and would be overwritten")
    assert trace.read_text("utf-8") == "x"
