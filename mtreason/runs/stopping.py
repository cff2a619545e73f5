"""Signals that end a run: finished work is kept, and the process ends within seconds, whatever it is computing.

SIGINT, SIGTERM and SIGHUP raise `KeyboardInterrupt` in the main thread, and the run does not wait for what is in
flight. A signal that was ignored when the process was started (`nohup`, `&` in a script) stays ignored.

Python runs a handler in the main thread between two of its own instructions, so not while that thread is inside a long
call of a library. But the part of the handler that is written in C writes a byte into a pipe at once
(`signal.set_wakeup_fd`). A thread reads it, waits GRACE seconds for the main thread to end the run, then reports what
is kept and ends the process. A second signal ends it at once.

One thing delays this thread as well: a library that computes for seconds without releasing the interpreter's lock.
torch, numpy, hashlib and Python's file functions release it.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NoReturn

from mtreason.errors import InterruptedRunError

GRACE = 3.0
"""Seconds from the first signal to the end of the process, whatever it is doing."""
SPEAK = 0.5
"""Seconds that the last line may take: a reader that no longer reads would otherwise block it for ever."""
INTERRUPTED = InterruptedRunError.exit_code
REASONS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}
"""What is reported for each signal; SIGHUP does not exist on Windows."""
NOTHING_KEPT = "run the same command again"
_CLEAN = "\r\x1b[2K\x1b[?25h"
"""Clears the line of a terminal, and shows the cursor again that a progress line hides."""

Say = Callable[[str], None]


@dataclass(slots=True)
class _State:
    """State of which a process has only one, because signals go to the process."""

    say: Say | None = None
    """None while signals are not watched."""
    told: str = ""
    """Why the run has to end, once a signal has arrived."""
    last: str = ""
    """The whole last line, once the main thread knows it."""
    kept: list[Callable[[], str]] = field(default_factory=list)
    """The last of these functions says what is kept."""
    before: dict[int, Any] = field(default_factory=dict)
    """How the watched signals were handled before, by signal number."""
    wakeup: int = -1
    """The wake-up file descriptor that was set before."""
    ending: bool = False
    """Whether the process says its last line: what happens now does not change it."""
    leaving: threading.Lock = field(default_factory=threading.Lock)


_STATE = _State()


def stopped_by() -> str:
    """Return why the run has to end, or "" while no signal has arrived."""
    return _STATE.told


@contextmanager
def keeping(what: Callable[[], str]) -> Iterator[None]:
    """Report what is kept when a signal or a limit ends the block: raises `InterruptedRunError` with the whole line.

    Another thread calls `what` where the main thread does not answer: it may read, but must not wait or change
    anything.
    """
    _STATE.kept.append(what)
    try:
        yield
    except (KeyboardInterrupt, Exception) as error:
        ended = isinstance(error, KeyboardInterrupt | InterruptedRunError)
        if not ended and not _STATE.told:
            raise
        # Otherwise a library has turned the interrupt into an error, which somebody may have explained.
        line = f"{(str(error) if ended else _STATE.told) or REASONS['SIGINT']}: {what()}"
        if _STATE.told:
            _STATE.last = line
        raise InterruptedRunError(line) from error
    finally:
        _STATE.kept.remove(what)


@contextmanager
def watching(say: Say) -> Iterator[None]:
    """Let signals end what runs in the block, and end the process where that takes too long.

    `say` writes one line to standard error. Inside another such block only `say` changes. In a thread other than the
    main one nothing changes, because signals there belong to the caller.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    outer, _STATE.say = _STATE.say, say
    if outer is not None:
        try:
            yield
        finally:
            _STATE.say = outer
        return
    _STATE.told = _STATE.last = ""
    _heed_forks()
    reading, writing = os.pipe()
    if sys.platform != "win32":  # Windows requires it for sockets only.
        os.set_blocking(writing, False)
    thread = threading.Thread(target=_watch, args=(reading,), name="signals", daemon=True)
    thread.start()
    _STATE.wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    before = sys.unraisablehook
    sys.unraisablehook = functools.partial(_unraisable, before)
    try:
        _install()
        yield
    finally:
        _STATE.say = None
        sys.unraisablehook = before
        _restore()
        os.close(writing)
        thread.join(SPEAK)


def leave(message: str, code: int, *, tidy: bool = False) -> NoReturn:
    """Write one line and end the process, without waiting for threads of the numeric libraries.

    `tidy` clears a progress line, because the code that drew it could not.
    """
    with _STATE.leaving:  # never released: of two threads that arrive here, only one writes
        end = threading.Timer(SPEAK, os._exit, (code,))
        end.daemon = True
        _STATE.ending = True
        try:
            end.start()
            if tidy and sys.stderr is not None and sys.stderr.isatty():
                sys.stderr.write(_CLEAN)
            if _STATE.say is not None:
                _STATE.say(message)
            os._exit(code)
        finally:  # reached only in tests, which replace the call that ends the process
            end.cancel()
            _STATE.ending = False


def _install() -> None:
    """Handle the signals that are not ignored."""
    for name in REASONS:
        number = getattr(signal, name, None)
        if number is not None and (old := signal.getsignal(number)) not in {signal.SIG_IGN, None}:
            _STATE.before[int(number)] = old
            signal.signal(number, _handle)


def _restore() -> None:
    for number, old in _STATE.before.items():
        signal.signal(number, old)
    _STATE.before.clear()
    signal.set_wakeup_fd(_STATE.wakeup)


def _handle(number: int, _frame: FrameType | None) -> None:
    if _STATE.told or _STATE.ending or _STATE.say is None:
        return  # The thread ends the process; the clean-up must not be interrupted again.
    _STATE.told = REASONS[signal.Signals(number).name]
    raise KeyboardInterrupt(_STATE.told)


def _unraisable(before: Callable[[Any], object], lost: Any) -> None:  # noqa: ANN401 - only the interpreter makes it
    """End the process where the interrupt was raised in a finaliser: Python throws away what is raised there."""
    if isinstance(lost.exc_value, KeyboardInterrupt) and _STATE.told:
        threading.Thread(target=_give_up, args=(signal.SIGINT,), daemon=True).start()
    else:
        before(lost)


def _watch(reading: int) -> None:
    """End the process GRACE seconds after the first signal, or at the second."""
    timer: threading.Timer | None = None
    try:
        while data := os.read(reading, 1):
            if data[0] not in _STATE.before:
                continue  # Handlers that other code installed wake it up too.
            if timer is not None:
                _give_up(data[0])
            timer = threading.Timer(GRACE, _give_up, (data[0],))
            timer.daemon = True
            timer.start()
    finally:
        if timer is not None:
            timer.cancel()
        os.close(reading)


def _give_up(number: int) -> None:
    leave(_STATE.last or _last_words(number), INTERRUPTED, tidy=True)


def _last_words(number: int) -> str:
    why = _STATE.told or REASONS[signal.Signals(number).name]
    kept = NOTHING_KEPT
    with suppress(Exception):
        kept = _STATE.kept[-1]()
    return f"{why}: {kept}"


@functools.cache
def _heed_forks() -> None:
    """Let a forked process have signals of its own: they must not wake up the thread of its parent."""
    if sys.platform != "win32":
        os.register_at_fork(after_in_child=_forget)


def _forget() -> None:
    if _STATE.say is not None:
        _STATE.say = None
        _restore()
