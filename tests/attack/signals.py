"""How long the command takes to end after a signal, in each phase of its work.

    PYTHONPATH=.:tests python tests/attack/signals.py MODEL-DIRECTORY [TIMES [PHASE ...]]

prints, for each phase and signal, the median and the 95th percentile of the seconds until the process was gone.

Most runs are forked off a process that has imported everything, because an import takes longer than all the rest.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from attack.servers import CHUNK, CHUNKED, OK, Numbers, silence, state, wire
from support.commands import ROOT, SIGNALS, as_at_a_terminal
from support.served import Quiet, listening, vllm

WORDS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}
BOUND = 5.0
"""No phase may take longer."""
WAIT = 120.0
VOCABULARY = 512
"""Of the model of the tests."""
SENTENCES = "".join(f"今天天气很好，第{i}天。\n" for i in range(40))
OPENING = 3
"""Requests with which a server of the kind of vLLM is examined."""
CALM = OPENING + 5
"""Requests that are answered well, where the fault comes in the middle of a run."""

FORKING = """
import json, os, sys, time
import torch, transformers
from transformers import AutoConfig, AutoTokenizer
from mtreason import cli
from mtreason.models import load
from mtreason.models.engine import load as loading
from mtreason.models.served import local, opening
from mtreason.runs import checks, document, translator

for line in sys.stdin:
    asked = json.loads(line)
    pid = os.fork()
    if not pid:
        kept = os.pipe()  # its other end stays open, and nobody reads or writes there
        os.dup2(kept[0], 0)
        err = os.open(asked["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        out = kept[1] if asked["full"] else os.open(os.devnull, os.O_WRONLY)
        if asked["full"]:
            kept = os.pipe()
            os.dup2(kept[1], 1)
        else:
            os.dup2(out, 1)
        os.dup2(err, 2)
        os.environ.update(asked["env"])
        sys.argv = ["mtreason", *asked["args"]]
        cli.main()
        os._exit(0)
    print(pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), time.monotonic(), flush=True)
"""


@dataclass(frozen=True)
class Phase:
    """A state of the command in which a signal meets it."""

    name: str
    reply: Callable | None = None
    """How a server answers from some request on; None where there is no server."""
    calm: int = 0
    """Requests that it answers well before."""
    args: tuple[str, ...] = ()
    """What to run where there is no server; SOURCE, MODEL and OUT stand for paths."""
    sign: str = ""
    """What stands in standard error when the phase has begun."""
    forked: bool = True
    full: bool = False
    """Whether nobody reads standard output."""
    told: bool = True
    """Whether the command says what is kept; before it has begun there is nobody to say it."""


LANGUAGES = ("--from", "zh", "--to", "en")
GREEDY = (*LANGUAGES, "--decoder", "greedy", "--no-memory", "--no-glossary", "--in-flight", "1", "-o", "OUT")
LOADING = ("translate", "SOURCE", *GREEDY, "--model", "MODEL")
BUSY = state(429, Retry_After="100")
STARTING = state(503, Retry_After="100")
DRIP = wire(OK + b"Content-Length: 9999\r\n\r\n", more=b" ", every=1)
FLOOD = wire(CHUNKED, more=CHUNK, every=0)
GONE = wire(b"")

PHASES = (
    Phase("start: imports", args=LOADING, forked=False, told=False),
    Phase("imports and loading of a model", args=LOADING, sign="loading", forked=False),
    Phase("loading of a model", args=LOADING, sign="loading"),
    Phase("translation on this machine", args=LOADING, sign="model:"),
    Phase("standard input", args=("translate", *LANGUAGES)),
    Phase("standard output that nobody reads", args=("translate", "SOURCE", "--from", "zh", "--to", "zh"), full=True),
    Phase("server: silent, at the beginning", silence),
    Phase("server: drips, at the beginning", DRIP),
    Phase("server: still loading, at the beginning", STARTING),
    Phase("server: silent", silence, CALM),
    Phase("server: drips", DRIP, CALM),
    Phase("server: floods", FLOOD, CALM),
    Phase("server: Retry-After", BUSY, CALM),
    Phase("server: gone", GONE, CALM),
)


class Turning:
    """A server that answers well for a while; then every request gets the same fault."""

    def __init__(self, phase, model) -> None:
        self.seen = 0
        self.met = 0
        turning = self

        class Handler(vllm(Numbers(VOCABULARY), model)):
            def answer(self, content, status=200, **more) -> None:
                turning.seen += self.command == "POST"
                if turning.seen < phase.calm or (phase.calm and self.command != "POST"):
                    self.answer_as_it_is(content, status, **more)
                    return
                turning.met += 1
                with suppress(OSError):
                    phase.reply(self, content)

            def answer_as_it_is(self, content, status=200, **more) -> None:
                Quiet.answer(self, content, status, **more)

            def handle(self) -> None:
                with suppress(OSError):
                    super().handle()

        self.handler = Handler


@dataclass
class Forking:
    """The process that all but the slow runs are forked off."""

    process: subprocess.Popen = field(init=False)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", FORKING],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
            preexec_fn=as_at_a_terminal,  # noqa: PLW1509 - no thread is used there
        )

    def start(self, args, err, env, *, full) -> int:
        asked = {"args": [*map(str, args)], "err": str(err), "env": env, "full": full}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def ended(self):
        code, at = self.process.stdout.readline().split()
        return int(code), float(at)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(WAIT)
        self.process.stdout.close()


def environment():
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return kept | {"PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class End:
    """How a run ended."""

    seconds: float
    code: int
    err: str
    kept: int
    """Segments in the journal."""


def meet(phase, name, model, forking, rng=random):
    """Let a signal meet a run in a phase."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source, out, err = place / "in.txt", place / "out.txt", place / "err.txt"
        source.write_text(SENTENCES * (400 if phase.full else 1), "utf-8")
        err.touch()
        turning = Turning(phase, model) if phase.reply else None
        args = phase.args
        if turning is not None:
            url = stack.enter_context(listening(turning.handler))
            args = ("translate", "SOURCE", *GREEDY, "--model", url)
        names = {"SOURCE": source, "OUT": out, "MODEL": model}
        args = [str(names.get(arg, arg)) for arg in args]
        env = {"MTREASON_CACHE": str(place / "cache")}
        if phase.forked:
            pid = forking.start(args, err, env, full=phase.full)
        else:
            with err.open("wb") as said:
                process = subprocess.Popen(
                    [sys.executable, "-m", "mtreason", *args],
                    env=environment() | env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    preexec_fn=as_at_a_terminal,  # noqa: PLW1509 - no thread is used there
                )
            pid = process.pid
        begun(phase, turning, err)
        time.sleep(rng.uniform(0.02, 0.5))
        start = time.monotonic()
        os.kill(pid, getattr(signal, name))
        if phase.forked:
            code, at = forking.ended()
        else:
            code, at = process.wait(WAIT), time.monotonic()
        journal = place / ".out.txt.mtreason-journal"
        kept = journal.read_bytes().count(b'"key"') if journal.exists() else 0
        return End(at - start, code, err.read_text("utf-8", "replace"), kept)


def begun(phase, turning, err) -> None:
    """Wait until a run is in its phase."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        if turning is not None and turning.met:
            return
        if turning is None and phase.sign in err.read_text("utf-8", "replace"):
            time.sleep(0.3 if not phase.sign and phase.forked else 0)
            return
        time.sleep(0.01)
    raise TimeoutError(f"{phase.name} did not begin: {err.read_text('utf-8', 'replace')}")


def wrong(phase, name, end) -> str:
    """What is wrong with an end; "" if nothing is."""
    last = end.err.splitlines()[-1] if end.err else ""
    if end.seconds > BOUND:
        return f"{end.seconds:.1f} s"
    if "Traceback" in end.err and phase.told:
        return f"a traceback: {last}"
    if not phase.told:
        # Until our own code runs, an interrupt is the interpreter's affair.
        early = "Traceback" not in end.err or "mtreason/cli" not in end.err
        return "" if end.code in {130, 1, -getattr(signal, name)} and early else f"exit {end.code}: {last}"
    if end.code != 130 or not last.startswith(f"mtreason: {WORDS[name]}: "):
        return f"exit {end.code}: {last}"
    if phase.calm and f"{end.kept} finished segments are kept" not in last:
        return f"{end.kept} are kept: {last}"
    return f"nothing was kept: {last}" if phase.calm and not end.kept else ""


def percentile(values, share):
    """The smallest value that this share of all do not exceed."""
    return sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]


def main(model, times, names) -> int:
    forking, bad = Forking(), 0
    sys.stdout.write(
        f"{'seconds to exit (median, p95 of ' + str(times) + ')':42}" + "".join(f"{n:>16}" for n in SIGNALS)
    )
    for phase in [phase for phase in PHASES if not names or phase.name in names]:
        sys.stdout.write(f"\n{phase.name:42}")
        for name in SIGNALS:
            ends = [meet(phase, name, model, forking) for _ in range(times)]
            seconds = [end.seconds for end in ends]
            sys.stdout.write(f"{percentile(seconds, 0.5):8.2f}{percentile(seconds, 0.95):8.2f}")
            sys.stdout.flush()
            for fault in {wrong(phase, name, end) for end in ends} - {""}:
                bad += 1
                sys.stdout.write(f"\n  {name}: {fault}\n{'':42}")
    forking.close()
    sys.stdout.write(f"\n{bad} wrong ends\n")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), int([*sys.argv, 20, 20][2]), sys.argv[3:]))
