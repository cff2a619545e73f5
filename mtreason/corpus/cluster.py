"""Workers of Ray Data: on this machine, or on all machines of a cluster."""

from __future__ import annotations

import logging
import math
import os
import platform
import re
import signal
import socket
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtreason import __version__, errors
from mtreason.corpus import DEFAULT_BATCH
from mtreason.corpus.worker import TranslateBatch, TranslateParts
from mtreason.errors import InputError, MtreasonError
from mtreason.runs.spec import RunSpec, read_spec

if TYPE_CHECKING:
    import pyarrow as pa

    from mtreason.corpus.output import Output

AUTO, LOCAL = "auto", "local"
"""Instead of an address: the cluster that this machine is in, and one that is started for the run."""
PATIENCE = 10.0
"""Seconds in which a cluster has to answer at all."""
START = 600.0
"""Seconds that the first worker may take: nodes may have to be started, and a model downloaded."""
TRIES = 3
"""How often a batch is given to another worker when one died of it, or with it."""
MOST_BLOCKS = 10_000
"""Of which Ray keeps a list: in a larger corpus each is several batches."""
MOST_LOST = 20
"""Batches that may be lost so before the run ends: then it is not the rows."""
VERSIONS = ("mtreason", "ray", "pyarrow", "Python")


@dataclass(frozen=True, slots=True)
class Pool:
    """How many workers there are, and what each is given. Raises `InputError` for what is not possible."""

    least: int = 1
    most: int = 1
    cpus: float = 1
    gpus: float = 0
    batch_size: int = DEFAULT_BATCH

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most <= 100_000:
            raise InputError(f"--workers {self.least}:{self.most}: expected MIN:MAX, with MIN at least 1")
        for name, value, low in (("cpus", self.cpus, 0.01), ("gpus", self.gpus, 0)):
            if not low <= value <= 1024:
                raise InputError(f"--{name}-per-worker {value:g}: must be at least {low:g} and at most 1024")


def parse_workers(text: str) -> tuple[int, int]:
    """Return the smallest and largest number of workers of "2:8", or of "4"; raises `InputError`."""
    least, colon, most = text.partition(":")
    if not (least.isascii() and least.isdecimal() and (not colon or (most.isascii() and most.isdecimal()))):
        raise InputError(f"--workers {text!r}: expected MIN:MAX, such as 1:4")
    return int(least), int(most) if colon else int(least)


@dataclass(slots=True)
class Cluster:
    """Translates by actors of Ray Data, from `connect` to `close`; implements `Workers`."""

    address: str
    pool: Pool
    arguments: Mapping[str, Any]
    """Of `TranslateBatch`."""
    _spec: RunSpec | None = None
    _asked: float = 0.0
    _alive: int = 0
    _heard: ExitStack = field(default_factory=ExitStack)
    dashboard: str = field(default="", init=False)
    """Address of Ray's own page, "" where it is not installed."""

    def connect(self) -> None:
        """Connect to the cluster, or start one; raises `InputError` for one that does not answer or does not fit."""
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        with _unheard():
            import ray

        address = os.environ.get("RAY_ADDRESS") or AUTO if self.address == AUTO else self.address
        if address not in {AUTO, LOCAL}:
            _knock(address)
        own: dict[str, Any] = {"address": address, "log_to_driver": False, "logging_level": logging.ERROR}
        if address == LOCAL:
            # Workers are given all that they ask for, and one more asks what they are.
            own["num_cpus"] = math.ceil(self.pool.most * self.pool.cpus) + 1
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with _unheard():
                context = ray.init(**own)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            raise InputError(f"--ray {self.address}: {_line(error)}: check that the cluster runs") from error
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)  # Ray has its own, which end the process without a word.
        # A thread of Ray prints what happens on other machines.
        nothing = self._heard.enter_context(Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        self._heard.enter_context(redirect_stdout(nothing))
        self.dashboard = getattr(context, "dashboard_url", "") or ""
        _silence()
        self._check_versions()

    def close(self) -> None:
        """Leave the cluster, and end one that was started here."""
        import ray

        ray.shutdown()
        self._heard.close()

    def _check_versions(self) -> None:
        """Raise `InputError` where a node has other versions than this machine."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as On

        ask = ray.remote(num_cpus=0)(versions)
        nodes = [node for node in ray.nodes() if node["Alive"]]
        asked = [ask.options(scheduling_strategy=On(node["NodeID"], soft=False)).remote() for node in nodes]
        own = versions()
        for node, answer in zip(nodes, asked, strict=True):
            name = node["NodeManagerHostname"]
            found = _answer(answer, f"node {name}")
            differs = [f"{k} {found.get(k)} (here {own[k]})" for k in VERSIONS if found.get(k) != own[k]]
            if differs:
                raise InputError(f"node {name} has {', '.join(differs)}: install the same on all nodes")

    def describe(self) -> RunSpec:
        """Return the identity of what a worker does; see `Workers.describe`."""
        import ray

        pool = self.pool
        ask = ray.remote(num_cpus=pool.cpus, num_gpus=pool.gpus)(identity)
        found = _answer(ask.remote(dict(self.arguments)), f"a worker with {pool.cpus:g} CPUs and {pool.gpus:g} GPUs")
        self._spec = read_spec(found, "the answer of a worker")
        return self._spec

    def translate(self, output: Output, parts: Mapping[int, int]) -> Iterator[pa.Table]:
        """See `Workers.translate`."""
        if not parts:
            return
        import ray.data

        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        context.max_errored_blocks = MOST_LOST
        pool = self.pool
        expected = None if self._spec is None else self._spec.to_json()
        pieces = [
            {"part": part, "start": start, "length": min(pool.batch_size, count - start)}
            for part, count in parts.items()
            for start in range(0, count, pool.batch_size)
        ]
        # A block is what is lost with a worker. There is nobody else who reads, and would wait for a CPU.
        blocks = ray.data.from_items(pieces, override_num_blocks=min(len(pieces), MOST_BLOCKS))
        arguments = {**self.arguments, "expected": expected}
        with warnings.catch_warnings():  # Ray 2.60 has no other way to say how often a batch is tried.
            warnings.simplefilter("ignore")
            made = blocks.map_batches(
                TranslateParts,
                fn_constructor_args=(output.folder.address, output.form, arguments),
                batch_size=1,
                batch_format="pyarrow",
                compute=ray.data.ActorPoolStrategy(min_size=pool.least, max_size=pool.most),
                num_cpus=pool.cpus,
                num_gpus=pool.gpus,
                max_task_retries=TRIES,
            )
        try:
            yield from made.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1)
        except ray.exceptions.RayError as error:
            raise _explained(error) from error

    def alive(self) -> int:
        """Return how many workers there are, by the CPUs that are taken."""
        import ray

        if time.monotonic() - self._asked > 1:
            self._asked = time.monotonic()
            taken = ray.cluster_resources().get("CPU", 0) - ray.available_resources().get("CPU", 0)
            self._alive = round(taken / self.pool.cpus)
        return self._alive


def versions() -> dict[str, str]:
    """Return the versions of what has to be the same on all nodes."""
    found = {"mtreason": __version__, "Python": platform.python_version()}
    return found | {name: metadata.version(name) for name in VERSIONS if name not in found}


def identity(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the identity of what a worker with these arguments does, in JSON types."""
    return TranslateBatch(**arguments).translator.spec.to_json()


def _knock(address: str) -> None:
    """Raise `InputError` where nobody listens at an address: Ray itself waits for long, or ends the process."""
    host, colon, port = address.partition("://")[2 if "://" in address else 0].rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise InputError(f"--ray {address}: expected {AUTO}, {LOCAL}, none, HOST:PORT or ray://HOST:PORT")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except OSError as error:
        raise InputError(
            f"--ray {address}: no answer ({error.strerror or error}): check that the cluster runs"
        ) from error


def _answer(reference: Any, who: str) -> Any:  # noqa: ANN401 - whatever was asked for
    """Wait for an answer; raises `InputError` or another error of the tool for what went wrong elsewhere."""
    import ray

    try:
        return ray.get(reference, timeout=START)
    except ray.exceptions.GetTimeoutError as error:
        raise InputError(f"{who} did not answer in {START:g} seconds: see what the cluster has") from error
    except ray.exceptions.RayError as error:
        raise _explained(error, f"{who}: ") from error


def _explained(error: Exception, who: str = "") -> MtreasonError:
    """Return what an error of Ray is to us: the error that was raised in a worker, or a line about it."""
    cause: BaseException | None = error
    while cause is not None:
        for own in (cause, getattr(cause, "cause", None)):
            if isinstance(own, MtreasonError):
                return own
        cause = cause.__cause__
    # What was raised while a worker started is known only in words.
    told = re.search(r"^mtreason\.errors\.(\w+): (.+)$", str(error), re.MULTILINE)
    kind = getattr(errors, told[1], None) if told else None
    if told and kind is not None:
        found: MtreasonError = kind(told[2])
        return found
    inner = getattr(error, "cause", None) or error
    return MtreasonError(f"{who}{_line(inner)}: see Ray's logs, then run the same command again")


def _line(error: BaseException) -> str:
    """Return the last line of what an error says, where what happened stands."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1][:200].rstrip('.') if lines else ''}"


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep what Ray writes while it starts from standard error: what matters of that is an error as well."""
    sys.stderr.flush()
    own = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 2)
            yield
    finally:
        os.dup2(own, 2)
        os.close(own)


def _silence() -> None:
    """Let Ray write to its logs only."""
    import ray.data  # noqa: F401 - it sets up its loggers

    for name in ("ray", "ray.data"):
        logger = logging.getLogger(name)
        to_terminal = [h for h in logger.handlers if isinstance(h, logging.StreamHandler)]
        logger.handlers = [h for h in logger.handlers if h not in to_terminal or isinstance(h, logging.FileHandler)]
        logger.addHandler(logging.NullHandler())  # Without any, Python writes to standard error.
