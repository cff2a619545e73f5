"""Kills runs of `batch` and `translate`, and checks what is left: `python tests/attack/kills.py --count 1000`.

The program loads a tiny model once and forks a process for each run, so that a run takes a fraction of a second. A run
ends by a signal from outside at a random time, or by one that it sends itself right before one of its calls to the
system (open, rename, remove, mkdir, truncate, fsync), which Python's audit hooks tell. Then the same command runs
again until it ends by itself. Wanted: outputs are at every moment the old file or the whole new one; in the end all
files are as without a kill; what people changed is there; what was finished is not translated again; no file of the
run's own is left; no traceback, and no run that does not end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL)
CALLS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.truncate"})
LIMIT = 60.0
"""Seconds after which a run counts as hung."""
OWN = ("mtreason-part", "mtreason-journal", "mtreason-made")
CONFIG = """
source = "zh"
targets = ["en"]
files = ["docs/*"]
output = "out/{{lang}}/{{path}}"
glossaries = []
shipped_glossaries = false
decoder = "greedy"
budget = 1
model = "{model}"
"""


@dataclass(frozen=True)
class Kill:
    """How a run ends."""

    number: int
    """Of the signal."""
    call: int | None = None
    """Before which call to the system, counted from 0; None for a time."""
    seconds: float = 0.0


@dataclass
class Ended:
    """How a run ended."""

    code: int
    """Negative for a signal."""
    calls: int = 0
    """How many calls to the system it made."""
    puts: int = 0
    """How many segments the model translated."""
    said: str = ""
    killed: bool = False


@dataclass
class Scenario:
    """A command in a directory, and what is left of it when nothing happens."""

    name: str
    args: Callable[[Path], list[str]]
    template: Path
    wanted: dict[str, bytes] = field(default_factory=dict)
    calls: int = 0
    puts: int = 0
    seconds: float = 0.0


def run(scenario: Scenario, work: Path, model: object, kill: Kill | None) -> Ended:
    """Run a command in a fork of this process, and kill it."""
    notes = work.parent / "notes"
    shutil.rmtree(notes, ignore_errors=True)
    notes.mkdir()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS[:3])  # Until the child handles signals as a new process does.
    child = os.fork()
    if child == 0:
        try:
            _inside(scenario.args(work), work, notes, model, kill)
        except BaseException:  # noqa: BLE001 - a signal outside of the command line is a fault as well
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(99)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS[:3])
    if kill is not None and kill.call is None:
        time.sleep(kill.seconds)
        os.kill(child, kill.number)
    deadline = time.monotonic() + LIMIT
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError(f"{scenario.name}: hung after {kill}: {(notes / 'err').read_text('utf-8')}")
        time.sleep(0.002)
    counts = (notes / "counts").read_text("utf-8") if (notes / "counts").exists() else ""
    err = (notes / "err").read_text("utf-8", "replace") if (notes / "err").exists() else ""
    code = os.waitstatus_to_exitcode(status)
    killed = kill is not None and code not in {0, 3}
    return Ended(code, counts.count("c"), counts.count("p"), err, killed)


def _inside(args: Sequence[str], work: Path, notes: Path, model: object, kill: Kill | None) -> None:
    """What the forked process does; never returns."""
    for number in SIGNALS[:3]:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS[:3])
    from mtreason import cli
    from mtreason.models import load
    from mtreason.storage import Journal

    counts = os.open(notes / "counts", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    err = os.open(notes / "err", os.O_WRONLY | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number, target in ((nothing, 0), (nothing, 1), (err, 2)):
        os.dup2(number, target)
    os.environ["MTREASON_CACHE"] = str(work / "cache")
    made = 0
    own = str(work)

    def called() -> None:
        nonlocal made
        if kill is not None and kill.call == made:
            os.write(counts, b"k")
            os.kill(os.getpid(), kill.number)
        made += 1
        os.write(counts, b"c")

    def heard(event: str, details: tuple[object, ...]) -> None:
        if event in CALLS and details and str(details[0]).startswith(own):
            called()

    fsync, put = os.fsync, Journal.put

    def forced(number: int) -> None:
        called()
        fsync(number)

    def counted(self: Journal, key: str, kept: object) -> None:
        if self.get(key) is None:
            os.write(counts, b"p")
        put(self, key, kept)

    os.fsync, Journal.put = forced, counted
    load.load_model = lambda *_args, **_options: model
    sys.argv = ["mtreason", *args]
    sys.addaudithook(heard)
    try:
        cli.main()
    except SystemExit as end:
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 0)
    except Exception:  # noqa: BLE001 - what the command line lets through is a fault
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(98)
    os._exit(0)


def files_of(work: Path) -> dict[str, bytes]:
    """Return everything that is there, but for the memory."""
    found = (p for p in work.rglob("*") if p.is_file() and "cache" not in p.relative_to(work).parts)
    return {p.relative_to(work).as_posix(): p.read_bytes() for p in found}


def is_own(name: str) -> bool:
    """Return whether a file is one that a run removes when it ends."""
    return any(part in name for part in OWN)


def check_midway(scenario: Scenario, work: Path, before: Mapping[str, bytes]) -> None:
    """After a kill every file is as it was, or as it shall be."""
    for name, data in files_of(work).items():
        if name.endswith("mtreason.lock"):
            json.loads(data)
        elif not is_own(name):
            assert data in {before.get(name), scenario.wanted.get(name)}, f"{name}: neither old nor new: {data[:200]!r}"
    for name in before:
        assert (work / name).exists() or is_own(name), f"{name}: gone"


def check_end(scenario: Scenario, work: Path) -> None:
    """In the end all is as if nothing had happened."""
    found = files_of(work)
    assert sorted(found) == sorted(scenario.wanted), sorted(set(found) ^ set(scenario.wanted))
    for name, data in found.items():
        assert data == scenario.wanted[name], f"{name}: {data[:300]!r} instead of {scenario.wanted[name][:300]!r}"


def attack(scenario: Scenario, top: Path, model: object, chance: random.Random, most: int) -> Counter[str]:
    """Kill one run up to three times, then let it end; return what happened, by name."""
    work = top / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(scenario.template, work)
    counts: Counter[str] = Counter()
    finished = 0
    for _ in range(min(most, chance.choice((1, 1, 2, 3)))):
        number = chance.choice(SIGNALS)
        if chance.random() < 0.6:
            kill = Kill(number, call=chance.randrange(max(1, scenario.calls)))
        else:
            kill = Kill(number, seconds=chance.uniform(0, scenario.seconds))
        before = files_of(work)
        ended = run(scenario, work, model, kill)
        finished += ended.puts
        if (work / "out.txt").exists() and not (work / ".out.txt.mtreason-journal").exists():
            finished = 0  # It came to its end before it was killed, and `translate` then begins anew.
        where = "call" if kill.call is not None else "time"
        counts[f"{signal.Signals(number).name} at a {where}" if ended.killed else "no kill"] += 1
        assert "Traceback" not in ended.said, f"{kill}: {ended.said}"
        assert ended.code in {0, 3, 130, -int(number)}, f"{kill}: exit {ended.code}: {ended.said}"
        check_midway(scenario, work, before)
    ended = run(scenario, work, model, None)
    assert ended.code in {0, 3}, f"the last run: exit {ended.code}: {ended.said}"
    again = finished + ended.puts - scenario.puts
    assert again <= counts.total(), f"{again} finished segments were translated again after {counts}"
    check_end(scenario, work)
    return counts


def warm_up(work: Path, model: object, name: str) -> None:
    """Load in this process what every fork would load by itself."""
    from support.samples import make
    from typer.testing import CliRunner

    from mtreason import translate_document
    from mtreason.runs.project import Project
    from mtreason.runs.translator import Translator

    (work / "docs").mkdir(parents=True)
    (work / "mtreason.toml").write_text(CONFIG.format(model=name), "utf-8")
    for form in ("txt", "md", "po", "json"):
        (work / "docs" / f"page.{form}").write_bytes(make(form, "甲。", "乙。"))
    project = Project(work / "mtreason.toml")
    project.update(lambda: model)
    CliRunner().invoke(import_module("mtreason.cli").app, ["batch", str(work / "mtreason.toml"), "--check"])
    translate_document(work / "docs" / "page.txt", work / "out.txt", Translator(model, "zh", "en", decoder="greedy"))


def scenarios(top: Path, model: object, name: str) -> list[Scenario]:
    """Make the directories that runs begin in, and what they lead to."""
    from support.samples import edit, make

    fresh, stale, text = top / "fresh", top / "stale", top / "text"
    for root in (fresh, stale):
        (root / "docs").mkdir(parents=True)
        (root / "mtreason.toml").write_text(CONFIG.format(model=name), "utf-8")
        for form in ("txt", "md", "po", "json"):
            (root / "docs" / f"page.{form}").write_bytes(make(form, "甲。", "乙。", "今天天气很好。"))
    text.mkdir()
    (text / "in.txt").write_text("".join(f"今天天气很好，第{i}天。\n" for i in range(6)), "utf-8")

    def batch(work: Path) -> list[str]:
        return ["batch", str(work / "mtreason.toml"), "--in-flight", "4"]

    def translate(work: Path) -> list[str]:
        own = [str(work / "in.txt"), "-o", str(work / "out.txt"), "--from", "zh", "--to", "en", "--no-memory"]
        return [
            "translate",
            *own,
            "--decoder",
            "greedy",
            "--budget",
            "1",
            "--in-flight",
            "4",
            "--model",
            name,
            "--no-glossary",
        ]

    found = [Scenario("batch", batch, fresh), Scenario("batch again", batch, stale)]
    found.append(Scenario("translate", translate, text))
    # The second repository was translated; then people edited outputs, and sources changed.
    ended = run(found[1], _copy(stale, top / "made"), model, None)
    assert ended.code in {0, 3}, ended.said
    shutil.rmtree(stale)
    shutil.copytree(top / "made", stale)
    for form in ("txt", "md", "po", "json"):
        (stale / "docs" / f"page.{form}").write_bytes(make(form, "甲。", "乙。", "今天天气很好，我们去公园吧。"))
        path = stale / "out" / "en" / "docs" / f"page.{form}"
        line = _translation_of_second(form, path)
        path.write_bytes(edit(path.read_bytes(), line, "by hand"))
    for scenario in found:
        work = _copy(scenario.template, top / "work")
        started = time.monotonic()
        ended = run(scenario, work, model, None)
        assert ended.code in {0, 3}, ended.said
        scenario.seconds = time.monotonic() - started
        scenario.calls, scenario.puts, scenario.wanted = ended.calls, ended.puts, files_of(work)
        assert not [n for n in scenario.wanted if is_own(n)]
    by_hand = [n for n, data in found[1].wanted.items() if b"by hand" in data]
    assert len(by_hand) == 4, by_hand
    return found


def _translation_of_second(form: str, path: Path) -> str:
    """Return what the model wrote for the second text."""
    from mtreason.runs.repository import take_snapshot

    pieces = [piece for piece in take_snapshot(path).view.pieces if piece.raw.strip() and piece.filled]
    raw = pieces[2 if form in {"md", "po"} else 1].raw
    return raw.split('"')[-2] if form in {"po", "json"} else raw.strip()


def _copy(source: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many kills")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, help="a directory of the transformers library; else a tiny one is made")
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    top = Path(tempfile.mkdtemp(prefix="mtreason-kills-")).resolve()
    os.environ["MTREASON_CACHE"] = str(top / "cache")
    from mtreason.models.engine.load import load_directory

    path = asked.model or _tiny(top)
    model = load_directory(path, note=lambda _: None)
    warm_up(top / "warm", model, str(path))
    made = scenarios(top, model, str(path))
    chance, counts = random.Random(asked.seed), Counter()
    started = time.monotonic()
    kills = 0
    while kills < asked.count:
        scenario = made[chance.randrange(len(made))]
        try:
            found = attack(scenario, top, model, chance, asked.count - kills)
        except AssertionError:
            sys.stderr.write(f"{scenario.name} after {kills} kills of seed {asked.seed}; its files: {top / 'work'}\n")
            raise
        before, kills = kills, kills + found.total() - found["no kill"]
        if kills // 100 > before // 100:
            sys.stderr.write(f"{kills} kills\n")
        counts += Counter({f"{scenario.name}: {name}": n for name, n in found.items()})
    shutil.rmtree(top)
    card = {
        "kills": kills,
        "seed": asked.seed,
        "seconds": round(time.monotonic() - started),
        **dict(sorted(counts.items())),
    }
    sys.stdout.write(json.dumps(card, indent=1) + "\n")


def _tiny(top: Path) -> Path:
    from support.tiny import make_terse_model, make_tiny_model

    for name in ("tiny", "terse"):
        (top / name).mkdir()
    make_tiny_model(top / "tiny")
    make_terse_model(top / "terse", top / "tiny")
    return top / "terse"


if __name__ == "__main__":
    main()
