"""Workers of Ray: the same bytes as without, whoever is killed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from support.commands import ROOT, as_at_a_terminal, refused, run
from support.corpora import TEXTS, output_bytes, output_rows, rows_of, write_jsonl

OPTIONS = ["--from", "zh", "--to", "en", "--id-column", "id", "--decoder", "greedy", "--no-glossary"]
RAY = ["--ray", "local", "--workers", "2", "--batch-size", "1"]
PATIENCE = 300.0
CHANGED = "import sys\nfrom mtreason import cli\nfrom mtreason.corpus import cluster, worker\n{}\ncli.main()\n"


def command(source, out, model, *more):
    return ["corpus", source, "-o", out, *OPTIONS, "--rows-per-file", 2, "--model", model, *more]


def start(args, cache, change=""):
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "MTREASON_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    # The monitor ends workers of a machine whose memory others have taken.
    env |= {"RAY_memory_monitor_refresh_ms": "0", "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", CHANGED.format(change), *map(str, args)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=as_at_a_terminal,  # noqa: PLW1509 - as in support.commands
    )


def ended(process):
    out, err = process.communicate(timeout=600)
    assert b"Traceback" not in err, err.decode()
    assert out == b""
    return process.returncode, err.decode("utf-8")


def descendants(process):
    """Process -> its command, of all that a process has started."""
    parents, names = {}, {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            own = int(folder.name)
            parents[own] = int((folder / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
            names[own] = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
    found = {process}
    while more := {own for own, parent in parents.items() if parent in found} - found:
        found |= more
    return {own: names[own] for own in found - {process}}


def wait_for(condition):
    limit = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < limit
        time.sleep(0.01)
    return found


@pytest.fixture(scope="module", autouse=True)
def _ray_starts() -> None:
    """Ray itself does not start everywhere, such as where no network interface is."""
    own = [sys.executable, "-c", "import ray; ray.init(num_cpus=1, include_dashboard=False)"]
    try:
        subprocess.run(own, check=True, capture_output=True, timeout=PATIENCE)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"Ray does not start on this machine: {error}")


@pytest.fixture(scope="module")
def whole(terse_model, tmp_path_factory):
    """Input, and the output of a run without Ray."""
    top = tmp_path_factory.mktemp("whole")
    source = write_jsonl(top / "in.jsonl", rows_of(TEXTS))
    assert run(command(source, top / "out", terse_model), top / "cache")[0] in {0, 3}
    return source, output_bytes(top / "out")


def test_a_killed_worker_costs_nothing_but_its_batch(whole, terse_model, tmp_path) -> None:
    source, expected = whole
    out = tmp_path / "out"
    process = start(command(source, out, terse_model, *RAY, "-q"), tmp_path / "cache")
    wait_for(lambda: list(out.glob("part-*")) or process.poll() is not None)
    for own, name in descendants(process.pid).items():
        if name.startswith("ray::MapWorker"):
            with suppress(ProcessLookupError):
                os.kill(own, signal.SIGKILL)
    code, err = ended(process)
    assert code in {0, 3}, err
    assert output_bytes(out) == expected


def test_a_killed_driver_leaves_what_is_finished_and_no_process(whole, terse_model, tmp_path) -> None:
    source, expected = whole
    out = tmp_path / "out"
    process = start(command(source, out, terse_model, *RAY), tmp_path / "cache")
    wait_for(lambda: list(out.glob("part-*")) or process.poll() is not None)
    started = descendants(process.pid)
    process.kill()
    process.communicate(timeout=60)
    assert output_bytes(out).items() <= expected.items()
    wait_for(lambda: not any(alive(own, name) for own, name in started.items()))
    assert run(command(source, out, terse_model), tmp_path / "cache")[0] in {0, 3}
    assert output_bytes(out) == expected


def alive(own, name):
    try:
        return (Path("/proc") / str(own) / "cmdline").read_bytes().decode("utf-8", "replace") == name != ""
    except OSError:
        return False


DYING = """
class Dying:
    def __init__(self, *given):
        self.real = worker.TranslateParts(*given)

    def __call__(self, batch):
        import os
        made = self.real(batch)
        if "你好" in made["text"].to_pylist():
            os._exit(9)
        return made

cluster.TranslateParts = Dying
cluster.TRIES = 1
"""


def test_a_row_that_kills_its_worker_is_failed_and_tried_again(whole, terse_model, tmp_path) -> None:
    source, expected = whole
    out = tmp_path / "out"
    code, err = ended(start(command(source, out, terse_model, *RAY, "-q"), tmp_path / "cache", DYING))
    assert code == 3
    assert "the first is r2 (no worker brought a result: each that began it died): the same command tries again" in err
    lost = {row["id"] for row in output_rows(out) if row["status"] == "failed"}
    assert {"r2", "r8"} <= lost  # and perhaps what the same worker was to do next, which is tried as often
    assert len(lost) < len(TEXTS)
    assert run(command(source, out, terse_model), tmp_path / "cache")[0] in {0, 3}
    assert output_bytes(out) == expected


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("cluster.__version__ = '9.9'", "has mtreason 0.1.0 (here 9.9): install the same on all nodes"),
        (
            "cluster.identity = lambda given: "
            "{**worker.TranslateBatch(**given).translator.spec.to_json(), 'model': 'x'}",
            "would translate otherwise: model is ",
        ),
    ],
)
def test_nodes_that_differ_are_named(whole, terse_model, tmp_path, change, said) -> None:
    source, _ = whole
    code, err = ended(start(command(source, tmp_path / "out", terse_model, *RAY, "-q"), tmp_path / "cache", change))
    assert (code, len(err.splitlines())) == (2, 1), err
    assert err.startswith("mtreason: node ")
    assert said in err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--ray", "127.0.0.1:1"], "--ray 127.0.0.1:1: no answer (Connection refused): check that the cluster runs"),
        (["--ray", "ray://127.0.0.1:1"], "--ray ray://127.0.0.1:1: no answer (Connection refused): check that"),
        (["--ray", "nowhere"], "--ray nowhere: expected auto, local, none, HOST:PORT or ray://HOST:PORT"),
        (["--ray", "local", "--workers", "2:1"], "--workers 2:1: expected MIN:MAX, with MIN at least 1"),
        (["--dashboard"], "--dashboard: there is none without Ray: add --ray, or leave it out"),
    ],
)
def test_what_is_wrong_is_one_line(whole, tmp_path, more, said) -> None:
    source, _ = whole
    refused(command(source, tmp_path / "out", "none", *more, "-q"), tmp_path / "cache", said)
