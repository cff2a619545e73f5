"""Signals: whatever the process computes, it is gone within seconds, with one line, and nothing finished is lost."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock
from support.commands import ROOT, SIGNALS, as_at_a_terminal, run, start

from mtreason.errors import InputError, InterruptedRunError
from mtreason.runs import stopping
from mtreason.runs.output import Output
from mtreason.runs.stopping import keeping, watching

SECONDS = 5.0
WORDS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}

# The command line, but for what the command does.
PROGRAM = """
import hashlib, os, sys, time
from mtreason import cli
from mtreason.runs import stopping

def begun():
    sys.stdout.write("begun\\n")
    sys.stdout.flush()

def native():
    # One call into C that takes hours; torch's calls let go of the interpreter's lock in the same way.
    hashlib.pbkdf2_hmac("sha256", b"a", b"b", 2**31 - 1)

def command():
    {command}

cli.app = command
cli.main()
"""
KEPT = 'with stopping.keeping(lambda: "7 things are kept; the same command goes on"): begun(); '
NATIVE = f"{KEPT}native()"


def program(command, wait=0.3, **options):
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    options = {"preexec_fn": as_at_a_terminal, "stderr": subprocess.PIPE} | options
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(command=command)],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
    assert process.stdout.readline() == "begun\n", process.communicate()
    time.sleep(wait)  # until it is inside the call that follows
    return process


def ended(process, name, *, limit=SECONDS):
    """Send a signal; returns seconds until the process was gone, and its lines on standard error."""
    before = time.monotonic()
    process.send_signal(getattr(signal, name))
    try:
        _, err = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        pytest.fail(f"{name} did not end it within a minute")
    seconds = time.monotonic() - before
    assert process.returncode == 130, err
    assert seconds < limit
    err = err.decode() if isinstance(err, bytes) else err or ""
    assert "Traceback" not in err
    return seconds, err.splitlines()


def line_of(name):
    return f"mtreason: {WORDS[name]}: 7 things are kept; the same command goes on"


@pytest.mark.parametrize("name", SIGNALS)
def test_a_long_call_into_c(name) -> None:
    seconds, lines = ended(program(NATIVE), name)
    assert lines == [line_of(name)]
    assert seconds > stopping.GRACE - 0.5, "this call answers signals by itself, and shows nothing"


def test_a_long_call_into_torch() -> None:
    process = program(f"import torch; a = torch.ones(10000, 10000); {KEPT}a @ a".replace("; with", "\n    with"))
    assert ended(process, "SIGTERM")[1] == [line_of("SIGTERM")]


@pytest.mark.parametrize("name", SIGNALS)
def test_what_answers_by_itself_ends_at_once(name) -> None:
    seconds, lines = ended(program(f"{KEPT}time.sleep(600)"), name, limit=stopping.GRACE)
    assert lines == [line_of(name)]
    assert seconds < stopping.GRACE


def test_a_computation_in_python() -> None:
    process = program(f"{KEPT}[i for i in iter(int, 1)]")
    assert ended(process, "SIGTERM", limit=stopping.GRACE)[1] == [line_of("SIGTERM")]


def test_a_library_that_swallows_the_interrupt() -> None:
    swallow = """
    with stopping.keeping(lambda: "7 things are kept; the same command goes on"):
        begun()
        while True:
            try:
                time.sleep(600)
            except BaseException:
                pass"""
    assert ended(program(swallow.lstrip()), "SIGTERM")[1] == [line_of("SIGTERM")]


@pytest.mark.parametrize("inside", [True, False])
def test_a_library_that_makes_an_error_of_the_interrupt(inside) -> None:
    """The one that reads weights did, and the error was said in its place: "cannot load the model"."""
    fail = """
    from mtreason.errors import ModelError
    try:
        begun()
        time.sleep(600)
    except BaseException as error:
        raise ModelError("cannot load the model") from error"""
    kept = 'with stopping.keeping(lambda: "7 things are kept; the same command goes on"):' if inside else "if True:"
    command = f"{kept}{fail}".replace("\n", "\n    ")
    expected = line_of("SIGINT") if inside else f"mtreason: interrupted: {stopping.NOTHING_KEPT}"
    assert ended(program(command), "SIGINT")[1] == [expected]


def test_a_signal_in_a_finaliser() -> None:
    """Python said that it ignores the interrupt, with a traceback, and the run went on for seconds."""
    finalise = """
    class Slow:
        def __del__(self):
            begun()
            time.sleep(600)
    with stopping.keeping(lambda: "7 things are kept; the same command goes on"):
        slow = Slow()
        del slow
        time.sleep(600)"""
    seconds, lines = ended(program(finalise.lstrip()), "SIGHUP")
    assert lines == [line_of("SIGHUP")]
    assert seconds < stopping.GRACE


def test_an_error_without_a_signal_is_that_error() -> None:
    with pytest.raises(InputError, match=r"^wrong$"), watching(print), keeping(lambda: "kept"):
        raise InputError("wrong")


def test_putting_in_order_that_takes_for_ever() -> None:
    """What was kept is still said, though the block that knew it has ended."""
    process = program(f"try:\n        {KEPT}time.sleep(600)\n    finally:\n        native()")
    assert ended(process, "SIGTERM")[1] == [line_of("SIGTERM")]


@pytest.mark.parametrize(("first", "second"), [("SIGINT", "SIGINT"), ("SIGTERM", "SIGTERM"), ("SIGHUP", "SIGTERM")])
def test_a_second_signal_ends_it_at_once(first, second) -> None:
    process = program(NATIVE)
    process.send_signal(getattr(signal, first))
    time.sleep(0.3)
    _, lines = ended(process, second, limit=1.5)
    assert len(lines) == 1
    assert lines[0].endswith(": 7 things are kept; the same command goes on")


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_while_the_last_line_is_written(name) -> None:
    """The run has failed already, with its own line and exit code."""
    command = """
    def say(message):
        begun()
        time.sleep(0.4)
        os.write(2, f"{message}\\n".encode())

    stopping._STATE.say = say
    raise cli.MtreasonError("it failed")"""
    process = program(command.lstrip(), wait=0.0)
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=60)
    assert err == "it failed\n"
    assert process.returncode == 1


def test_a_signal_after_the_command() -> None:
    """Typer turns an interrupt into an exit, but not one that comes when the command has ended."""
    command = """
    class Ended(cli.MtreasonError):
        @property
        def exit_code(self):
            begun()
            time.sleep(600)

    raise Ended("it failed")"""
    lines = ["mtreason: terminated: run the same command again"]
    assert ended(program(command.lstrip()), "SIGTERM", limit=stopping.GRACE)[1] == lines


def test_nobody_said_what_is_kept() -> None:
    lines = ["mtreason: terminated: run the same command again"]
    assert ended(program("begun(); native()"), "SIGTERM")[1] == lines


def wait_until_it_waits(process):
    """Wait until a process handles signals, and does nothing for a while."""
    deadline = time.monotonic() + 120
    idle = 0
    while idle < 20 and time.monotonic() < deadline:
        status = Path(f"/proc/{process.pid}/status").read_text("ascii")
        caught = int(status.partition("SigCgt:")[2].split()[0], 16)
        sleeping = status.partition("State:")[2].split()[0] == "S"
        idle = idle + 1 if sleeping and caught & 1 << (signal.SIGHUP - 1) else 0
        time.sleep(0.05)


def test_commands_that_keep_nothing(tmp_path) -> None:
    """typer would end such a command without a word."""
    process = start(["translate", "--to", "en"], tmp_path / "cache")  # it waits for standard input
    wait_until_it_waits(process)
    _, lines = ended(process, "SIGHUP", limit=stopping.GRACE)
    assert lines == ["mtreason: hung up: 0 finished lines are in standard output; run again to translate all"]
    glossary = tmp_path / "pipe.zh-en.tsv"
    os.mkfifo(glossary)
    process = start(["glossary", "lint", glossary], tmp_path / "cache")
    wait_until_it_waits(process)
    assert ended(process, "SIGTERM")[1] == ["mtreason: terminated: run the same command again"]


def test_on_a_machine_that_is_busy() -> None:
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3 * (os.cpu_count() or 1))]
    try:
        for name in SIGNALS:
            assert ended(program(NATIVE), name)[1] == [line_of(name)]
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def test_a_reader_of_standard_error_who_has_stopped_reading() -> None:
    fill = """os.set_blocking(2, False)
    try:
        while os.write(2, bytes(4096)):
            pass
    except BlockingIOError:
        os.set_blocking(2, True)
    begun()
    native()"""
    reading, writing = os.pipe()
    try:
        ended(program(fill, stderr=writing), "SIGTERM")
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT"])
def test_a_signal_that_is_ignored_stays_ignored(name) -> None:
    """As nohup, and a shell in the background, start it."""

    def ignoring():
        as_at_a_terminal()
        signal.signal(getattr(signal, name), signal.SIG_IGN)

    process = program(f"{KEPT}sys.stdin.readline(); begun(); native()", preexec_fn=ignoring)
    for _ in range(2):
        process.send_signal(getattr(signal, name))
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "begun\n"
    assert ended(process, "SIGTERM")[1] == [line_of("SIGTERM")]


def test_a_process_that_was_forked_off_ends_alone() -> None:
    """A worker that is ended by a signal must not take the run with it: they share the pipe."""
    fork = """stopping.GRACE = 0.2
    import signal
    worker = os.fork()
    if not worker:
        while True:
            time.sleep(1)
    time.sleep(0.3)
    os.kill(worker, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == -signal.SIGTERM
    time.sleep(1)
    begun()"""
    process = program(fork)
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 0


def handlers():
    return [signal.getsignal(getattr(signal, name)) for name in SIGNALS], signal.set_wakeup_fd(-1)


def test_all_is_put_back() -> None:
    before = handlers()
    threads = threading.active_count()
    with watching(lambda _: None):
        assert handlers()[0] != before[0] or signal.SIG_IGN in before[0]
        with watching(lambda _: None):  # the command line inside of the command line
            pass
        assert stopping._STATE.say is not None
    assert handlers() == before
    deadline = time.monotonic() + 10
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == threads


def test_in_a_thread_signals_belong_to_others() -> None:
    before, seen = handlers(), []

    def work():
        with watching(lambda _: None), keeping(lambda: "all"):
            seen.append(handlers_only())

    def handlers_only():
        return [signal.getsignal(getattr(signal, name)) for name in SIGNALS]

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before[0]]
    assert handlers() == before


def test_what_is_kept_is_said_of_limits_too() -> None:
    with (
        pytest.raises(InterruptedRunError, match=r"^--max-tokens 3 are used: all is kept$"),
        keeping(lambda: "all is kept"),
    ):
        raise InterruptedRunError("--max-tokens 3 are used")
    with pytest.raises(InterruptedRunError, match=r"^interrupted: all is kept$"), keeping(lambda: "all is kept"):
        raise KeyboardInterrupt
    assert stopping._STATE.kept == []


# Whole runs.


def journalled(journal):
    return journal.read_bytes().count(b'"key"') if journal.exists() else 0


def until(process, condition):
    deadline = time.monotonic() + 240
    while not condition() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()


def test_a_translation_goes_on_after_every_signal(tiny_model, tmp_path) -> None:
    source, whole, out = tmp_path / "in.txt", tmp_path / "whole.txt", tmp_path / "out.txt"
    source.write_text("".join(f"今天天气很好，第{i}天。\n" for i in range(20)), "utf-8")
    command = ["--from", "zh", "--to", "en", "--budget", "3", "--in-flight", "2", "--model", tiny_model, "--no-memory"]
    code, _, err = run(["translate", source, "-o", whole, *command], tmp_path / "cache")
    assert code in {0, 3}, err
    journal = tmp_path / ".out.txt.mtreason-journal"
    for name in ("SIGTERM", "SIGHUP"):  # An interrupt is in the tests of the command line.
        before = journalled(journal)
        process = start(["translate", source, "-o", out, *command], tmp_path / "cache")
        until(process, lambda before=before: journalled(journal) >= before + 3)
        _, lines = ended(process, name)
        kept = journalled(journal)
        assert kept >= before + 3
        line = f"mtreason: {WORDS[name]}: {kept} finished segments are kept in {journal}; the same command goes on"
        assert lines[-1] == line
        assert sorted(p.name for p in tmp_path.iterdir() if "out.txt" in p.name and p != journal) == [
            f"{journal.name}.lock"
        ]
    code, _, err = run(["translate", source, "-o", out, *command], tmp_path / "cache")
    assert code in {0, 3}, err
    assert f"{kept} segments are finished already: going on" in err
    assert out.read_bytes() == whole.read_bytes()
    assert not journal.exists()


def test_parts_of_runs_that_were_killed_are_swept(tmp_path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f".out.txt.{dead.pid}.mtreason-part"
    own, running = (tmp_path / f".out.txt.{process}.mtreason-part" for process in (os.getpid(), os.getppid()))
    other = tmp_path / f".out.txt.{dead.pid}"
    for path in (left, own, running, other):
        path.write_text("half", "utf-8")
    output = Output(tmp_path / "out.txt", whole=True)
    output.write("whole\n")
    assert own.read_text("utf-8") == "whole\n"
    output.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([running.name, other.name, "out.txt"])


CONVERTING = """
import hashlib, shutil, sys
from mtreason import cli
from mtreason.models.files import cache

def convert(gguf, target, progress):
    target.mkdir()
    (target / "config.json").write_text("half", "utf-8")
    sys.stderr.write("begun\\n")
    hashlib.pbkdf2_hmac("sha256", b"a", b"b", 2**31 - 1)

def copy(gguf, target, progress):
    shutil.copytree({model!r}, target)

cache.convert_gguf = {how}
sys.argv[0] = "mtreason"
cli.main()
"""


def converting(how, tiny_model, tmp_path, gguf):
    gguf.write_bytes(b"GGUF and more")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "MTREASON_CACHE": str(tmp_path / "cache")}
    args = ["translate", "--from", "zh", "--to", "en", "--decoder", "greedy", "--model", gguf, "-o", tmp_path / "out"]
    process = subprocess.Popen(
        [sys.executable, "-c", CONVERTING.format(model=str(tiny_model), how=how), *map(str, args)],
        env=env | {"OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=as_at_a_terminal,  # noqa: PLW1509 - no thread is used there
    )
    process.stdin.write("今天\n".encode())
    process.stdin.close()
    process.stdin = None
    return process


def wait_for_line(process, part):
    line = b""
    while part not in line:
        line = process.stderr.readline()
        assert line, process.wait()


def test_a_conversion_leaves_no_half_model(tiny_model, tmp_path) -> None:
    gguf = tmp_path / "own.gguf"
    process = converting("convert", tiny_model, tmp_path, gguf)
    wait_for_line(process, b"begun")
    _, lines = ended(process, "SIGTERM")
    assert lines == ["mtreason: terminated: nothing was begun; the same command goes on"]
    code, out, _ = run(["models", "--json"], tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("manifest.json")), (code, out)
    process = converting("copy", tiny_model, tmp_path, gguf)
    _, err = process.communicate(timeout=120)
    assert process.returncode in {0, 3}, err
    assert len(list((tmp_path / "cache").rglob("manifest.json"))) == 1
    assert not list((tmp_path / "cache").glob(".tmp-*"))
    assert (tmp_path / "out").exists()


@pytest.mark.parametrize("name", SIGNALS)
def test_waiting_for_the_lock_of_another(tiny_model, tmp_path, name) -> None:
    import hashlib

    gguf = tmp_path / "own.gguf"
    digest = hashlib.sha256(b"GGUF and more").hexdigest()
    (tmp_path / "cache").mkdir()
    with FileLock(tmp_path / "cache" / f".own-{digest[:12]}.lock"):
        process = converting("copy", tiny_model, tmp_path, gguf)
        wait_for_line(process, b"waiting for another process")
        _, lines = ended(process, name, limit=stopping.GRACE)
    assert lines == [f"mtreason: {WORDS[name]}: nothing was begun; the same command goes on"]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_server_that_does_not_answer(tmp_path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("今天天气很好。\n", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(120)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        args = ["--from", "zh", "--to", "en", "--model", url, "-o", tmp_path / "out.txt"]
        process = start(["translate", source, *args], tmp_path / "cache")
        asking, _ = silent.accept()
        with asking:
            _, lines = ended(process, "SIGTERM", limit=stopping.GRACE)
    assert lines[-1] == "mtreason: terminated: nothing was begun; the same command goes on"


def test_a_terminal_is_left_as_it_was() -> None:
    """A progress line hides the cursor, and the end of the process comes before it is shown again."""
    pty = pytest.importorskip("pty")
    here, there = pty.openpty()
    try:
        ended(program(NATIVE, stderr=there), "SIGTERM")
        shown = os.read(here, 4096)
    finally:
        os.close(here)
        os.close(there)
    assert shown.startswith(b"\r\x1b[2K\x1b[?25hmtreason: terminated: 7 things")
