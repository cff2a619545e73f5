"""llama.cpp's server on this machine, from its prebuilt wheel: a separate process, on loopback, protected by a key.

The server ends when the process that started it ends, in any way: it waits for the end of its standard input.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mtreason.errors import ModelError
from mtreason.models.files.cache import Report, gguf_digest, prepare_file
from mtreason.models.files.embedded import EMBEDDED
from mtreason.models.served.keys import KEY_VARIABLE

LOOPBACK = "127.0.0.1"
SLOTS = 16
"""Sequences that the server decodes side by side."""
SLOT_TOKENS = 2048
"""Tokens of a prompt with its answer; sentences are far below that."""
CACHE_MIB = 256
"""Memory for cached beginnings besides the slots; the server's default would be 8 GB."""
START_SECONDS = 300.0
END_SECONDS = 2.0
"""Seconds that a server has to end by itself; less than an interrupted run has."""

_CHILD = """
import json, os, sys
setup = json.loads(sys.stdin.readline())
if sys.platform == "linux":
    # The end of the input ends this process, by SIGIO, whatever it does: loading holds the interpreter's lock.
    import fcntl, select
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    ended = select.poll()
    ended.register(0, select.POLLHUP)
    if ended.poll(0):  # before the signal was asked for
        os._exit(0)
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = setup["path"]
params.model_alias = setup["name"]
params.hostnames = [setup["host"]]
params.port = setup["port"]
params.n_parallel = setup["slots"]
params.n_ctx = setup["context"]
params.api_keys = [setup["key"]] if setup["key"] else []
params.endpoint_metrics = True
params.ui = False
params.cache_ram_mib = setup["cache"]
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = setup["threads"]
params.verbosity = setup["verbosity"]
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A running server; `stop` ends it."""

    process: subprocess.Popen[str]
    url: str
    key: str | None

    def stop(self) -> None:
        """End the server; it would end with this process anyway."""
        _end(self.process)


def gguf_of(name: str, report: Report) -> tuple[Path, str, str]:
    """Return the file of an embedded model or of a path, its name, and its digest; raises `ModelError`."""
    for model in EMBEDDED:
        if name == model.alias:
            return prepare_file(model, report), name, model.sha256
    path = Path(name).expanduser()
    if path.is_file():
        return path.resolve(), path.name, gguf_digest(path, lambda f: report(f"reading {path.name}", f))
    aliases = ", ".join(m.alias for m in EMBEDDED)
    raise ModelError(f"llamacpp:{name}: expected an embedded model ({aliases}) or a GGUF file")


def start(path: Path, name: str, *, port: int = 0, key: str | None = None, threads: int = 0) -> LocalServer:
    """Start a server and wait until it listens; port 0 means any free one. Raises `ModelError` where that fails."""
    try:
        import xllamacpp  # noqa: F401
    except ImportError as error:
        raise ModelError(
            "llama.cpp's server comes with the package xllamacpp: pip install 'mtreason[llamacpp]'"
        ) from error
    setup = {
        "path": str(path),
        "name": name,
        "host": LOOPBACK,
        "port": port,
        "slots": SLOTS,
        "context": SLOTS * SLOT_TOKENS,
        "key": key,
        "cache": CACHE_MIB,
        "threads": threads or _cores(),
        "verbosity": 1,
    }
    # The key goes through the pipe: arguments and environment can be read by others.
    process = subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # an interrupt must reach only the run, which then ends the server
        env={k: v for k, v in os.environ.items() if k != KEY_VARIABLE},
    )
    said: list[str] = []
    # Keep reading: the server would block once the pipe is full.
    listener = threading.Thread(target=_collect, args=(process, said), daemon=True)
    listener.start()
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.write(json.dumps(setup) + "\n")
            process.stdin.flush()
    try:
        url = _first_line(process)
    except BaseException:
        _end(process)
        raise
    if not url.startswith("http"):
        _end(process)
        listener.join(1)
        last = next((line for line in reversed(said) if line.strip()), "it said nothing").strip()
        raise ModelError(f"llama.cpp's server did not start with {path}: {last[:200]}")
    return LocalServer(process, url, key)


def start_for_one_run(name: str, report: Report) -> tuple[LocalServer, str, str]:
    """Start a server for the name after `llamacpp:`, with a key of its own; return also its name and digest."""
    path, called, digest = gguf_of(name, report)
    report(f"starting llama.cpp's server with {called}", 0.0)
    return start(path, called, key=secrets.token_urlsafe(24)), called, digest


def _end(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _cores() -> int:
    """Return how many cores this process may use; with more threads, they would wait for one another."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _first_line(process: subprocess.Popen[str]) -> str:
    found: list[str] = []

    def read() -> None:
        if process.stdout is not None:
            found.append(process.stdout.readline().strip())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(START_SECONDS)
    return found[0] if found else ""


def _collect(process: subprocess.Popen[str], said: list[str]) -> None:
    if process.stderr is not None:
        with process.stderr as lines:
            for line in lines:
                said.append(line)
                del said[:-20]
