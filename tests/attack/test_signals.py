"""A sample of `signals.py`: every phase once, with one of the signals."""

import signal
import subprocess
import sys

import pytest
from attack.signals import PHASES, Forking, environment, meet, percentile, wrong
from support.commands import SIGNALS, as_at_a_terminal

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

SLOW_IMPORT = """
import sys, time, runpy

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "mtreason.cli":
            print("begun", flush=True)
            time.sleep(60)

sys.meta_path.insert(0, Slow())
runpy.run_module("mtreason", run_name="__main__")
"""


@pytest.fixture(scope="module")
def forking():
    process = Forking()
    yield process
    process.close()


@pytest.mark.parametrize(
    ("phase", "name"),
    [(phase, SIGNALS[i % len(SIGNALS)]) for i, phase in enumerate(PHASES)],
    ids=lambda value: value if isinstance(value, str) else value.name.replace(" ", "-"),
)
def test_a_signal_in_a_phase(phase, name, tiny_model, forking) -> None:
    assert wrong(phase, name, meet(phase, name, tiny_model, forking)) == ""


def test_an_interrupt_during_imports_is_no_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_IMPORT],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=as_at_a_terminal,  # noqa: PLW1509 - no thread is used there
    )
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=10) == (b"", b"")
    assert process.returncode == -signal.SIGINT


@pytest.mark.parametrize(("share", "expected"), [(0.5, 10), (0.95, 19), (1.0, 20)])
def test_percentiles(share, expected) -> None:
    assert percentile(range(20, 0, -1), share) == expected
