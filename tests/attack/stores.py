"""Damages stores in many ways and opens them again: nothing runs, nothing is lost that was whole, one line says it.

`python tests/attack/stores.py --count 2000 --seed 7` prints what was tried and what came of it, and ends with 1 where
something was not as it has to be. A sample of it is in the ordinary tests.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pickle
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mtreason.benchmark.results import open_results, read_config, read_results
from mtreason.decoding.wordings import named_wording
from mtreason.errors import MtreasonError
from mtreason.evaluation.learned.scores import KeptScores
from mtreason.files import checksum, seal
from mtreason.languages import Direction, parse_language
from mtreason.models.files import digests
from mtreason.rewards import REWARDS
from mtreason.runs.lock import Lock, read_lock, write_lock
from mtreason.runs.repository import Job
from mtreason.runs.settings import Settings
from mtreason.runs.spec import RunSpec, describe_run
from mtreason.runs.trace_file import TraceFile
from mtreason.storage import Journal, Memory, StoredTranslation
from mtreason.tuning.pools import PoolFile

SECONDS = 20
"""No store may take longer to open and read."""
NUMBER = 8
"""Entries of a store."""


class FaultError(AssertionError):
    """A store was not handled as it has to be."""


@dataclass(frozen=True)
class Store:
    """A kind of store: how a whole one is made, which file is damaged, and how all of it is read."""

    name: str
    file: str
    make: Callable[[Path], None]
    read: Callable[[Path], list[bool]]
    """Reads what is there; for each entry whether it is kept. Raises `FaultError` for one that is wrong."""
    least: int = 0
    """How many entries have to be there still after a single line or bit was damaged."""


def kept(i: int) -> StoredTranslation:
    clean = () if i % 3 else ("copy",)
    return StoredTranslation(f"今天天气很好，第{i}天。", f"The weather is nice, day {i}.", clean, ("zh", "en"))


def _same(found: object, expected: object) -> bool:
    if found is not None and found != expected:
        raise FaultError(f"a wrong value was taken for right: {found!r}")
    return found is not None


# The kinds of stores.


def make_journal(root: Path) -> None:
    journal = Journal(root / "out.txt")
    for i in range(NUMBER):
        journal.put(f"k{i}", kept(i))
    journal.close()


def read_journal(root: Path) -> list[bool]:
    journal = Journal(root / "out.txt")
    try:
        found = [_same(journal.get(f"k{i}"), kept(i)) for i in range(NUMBER)]
        if sum(found) < NUMBER and not journal.damaged and (root / ".whole").exists():
            raise FaultError("entries are gone and nothing is said")
        for i in range(NUMBER):
            journal.put(f"k{i}", kept(i))
        if [journal.get(f"k{i}") for i in range(NUMBER)] != [kept(i) for i in range(NUMBER)]:
            raise FaultError("what is put is not there")
    finally:
        journal.close()
    return found


def make_memory(root: Path) -> None:
    memory = Memory(root)
    for i in range(NUMBER):
        memory.put(f"k{i}", kept(i))
    memory.close()


def read_memory(root: Path) -> list[bool]:
    memory = Memory(root)
    try:
        found = [_same(memory.get(f"k{i}"), kept(i)) for i in range(NUMBER)]
        own = [kept(i) for i in range(NUMBER)]
        if any(one not in own for one in memory.entries()):
            raise FaultError("a wrong value was taken for right")
        memory.size()
        memory.prune(3600)
        return found
    finally:
        memory.close()


def make_scores(root: Path) -> None:
    scores = KeptScores(root, lambda _: None)
    scores.put({f"{i:064}": i / 7 for i in range(NUMBER)})
    scores.close()


def read_scores(root: Path) -> list[bool]:
    said: list[str] = []
    scores = KeptScores(root, said.append)
    found = scores.get([f"{i:064}" for i in range(NUMBER)])
    scores.put({f"{i:064}": i / 7 for i in range(NUMBER)})
    scores.close()
    if len(said) > 1:
        raise FaultError(f"more than one line: {said}")
    if said:
        raise MtreasonError(said[0])
    return [_same(found.get(f"{i:064}"), i / 7) for i in range(NUMBER)]


def spec() -> RunSpec:
    direction = Direction(parse_language("zh"), parse_language("en"))
    return describe_run(Settings(), direction, named_wording("short"), REWARDS["mix"], ())


def make_lock(root: Path) -> None:
    lock = Lock()
    for i in range(NUMBER):
        (root / f"{i}.txt").write_text(f"{i}\n", "utf-8")
        (root / f"{i}.en.txt").write_text(f"{i}\n", "utf-8")
        lock.record(Job(root / f"{i}.txt", root / f"{i}.en.txt", parse_language("en"), f"{i}.en.txt"), spec())
    write_lock(root, lock)


def read_the_lock(root: Path) -> list[bool]:
    outputs = read_lock(root).outputs
    return [f"{i}.en.txt" in outputs for i in range(NUMBER)]


CONFIG = {
    "model": {"name": "m", "digest": "0", "dtype": "fp32", "device": "cpu"}, "seed": 0,
    "glossary": {"terms": 0, "digest": ""}, "systems": {"greedy": {}},
}  # fmt: skip


def result(i: int) -> dict[str, object]:
    return {
        "system": "greedy", "pair": "zh-en", "id": f"r{i}", "src_lang": "zh", "tgt_lang": "en", "domain": "news",
        "src": f"第{i}天", "refs": [f"Day {i}."], "translation": f"day {i}", "reward": -i / 7, "parts": {"terms": 1.0},
        "cost": {"prompt_tokens": i, "sampled_tokens": i, "scored_tokens": 0}, "cost_tokens": 2 * i,
        "budget_tokens": None, "distinct": 1, "candidates": 1, "fell_back": False, "seconds": i / 7,
    }  # fmt: skip


def make_results(root: Path) -> None:
    with open_results(root, CONFIG) as writer:
        for i in range(NUMBER):
            writer.write(result(i))


def read_the_results(root: Path) -> list[bool]:
    if read_config(root) != CONFIG:
        raise FaultError("a wrong configuration was taken for right")
    found = {str(record["id"]): record for record in read_results(root)}
    if set(found) - {f"r{i}" for i in range(NUMBER)}:
        raise FaultError("a wrong result was taken for right")
    kept_now = [_same(found.get(f"r{i}"), result(i)) for i in range(NUMBER)]
    with open_results(root, CONFIG) as writer:
        for i in range(NUMBER):
            if ("greedy", "zh-en", f"r{i}") not in writer.done:
                writer.write(result(i))
    if len(read_results(root)) != NUMBER:
        raise FaultError("the benchmark cannot go on")
    return kept_now


def pool(i: int) -> dict[str, object]:
    own = {"text": f"day {i}", "count": 1, "parts": {"likelihood": -i / 7}}
    return {"id": f"r{i}", "src": f"第{i}天", "greedy": f"day {i}", "candidates": [own]}


def make_pools(root: Path) -> None:
    file = PoolFile(root / "pools.jsonl")
    file.begin({"pair": "zh-en", "candidates": "decoded", "parts": ["likelihood"], "run": spec().to_json()})
    for i in range(NUMBER):
        file.add(pool(i))


def read_pools(root: Path) -> list[bool]:
    records = PoolFile(root / "pools.jsonl").records
    if set(records) - {f"r{i}" for i in range(NUMBER)}:
        raise FaultError("a wrong pool was taken for right")
    found = [records.get(f"r{i}") for i in range(NUMBER)]
    return [
        _same(None if one is None else {k: v for k, v in one.items() if k in pool(0)}, pool(i))
        for i, one in enumerate(found)
    ]


def row(i: int) -> dict[str, object]:
    return {"segment": i, "source": f"第{i}天", "translation": f"day {i}", "candidates": [], "tree": None}


def make_trace(root: Path) -> None:
    trace = TraceFile(root / "trace.jsonl")
    for i in range(NUMBER):
        trace.write(row(i))
    trace.discard()


def read_trace(root: Path) -> list[bool]:
    trace = TraceFile(root / "trace.jsonl")
    trace.go_on()
    for i in range(NUMBER):
        trace.write(row(i))
    trace.close()
    lines = [json.loads(line) for line in (root / "trace.jsonl").read_bytes().splitlines()]
    if sorted(line["segment"] for line in lines) != list(range(NUMBER)):
        raise FaultError(f"lines are doubled or missing: {[line['segment'] for line in lines]}")
    return [True] * NUMBER


def make_digests(root: Path) -> None:
    for i in range(NUMBER):
        (root / f"w{i}").write_text(f"weights {i}", "utf-8")
        os.utime(root / f"w{i}", (1, 1))
    time.sleep(0.01)
    for i in range(NUMBER):
        digests.file_digest(root / f"w{i}")


def read_digests(root: Path) -> list[bool]:
    import hashlib

    for i in range(NUMBER):
        if digests.file_digest(root / f"w{i}") != hashlib.sha256(f"weights {i}".encode()).hexdigest():
            raise FaultError("changed weights serve an old model")
    return [True] * NUMBER


STORES = {
    store.name: store
    for store in (
        Store("journal", ".out.txt.mtreason-journal", make_journal, read_journal, NUMBER - 2),
        Store("memory", "cache.db", make_memory, read_memory),
        Store("scores", "cache.db", make_scores, read_scores),
        Store("lock", "mtreason.lock", make_lock, read_the_lock),
        Store("results", "results.jsonl", make_results, read_the_results),
        Store("config", "config.json", make_results, read_the_results),
        Store("pools", "pools.jsonl", make_pools, read_pools),
        Store("trace", "trace.jsonl", make_trace, read_trace),
        Store("digests", digests.FILE, make_digests, read_digests),
    )
}


# The ways to damage a file.


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.mark,)


def flip(data: bytearray, chance: random.Random) -> None:
    place = chance.randrange(8 * len(data))
    data[place // 8] ^= 1 << place % 8


def flip_many(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(2, 40)):
        flip(data, chance)


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def cut_out(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.randint(1, 200)]


def zero(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.randint(1, 4096))
    data[start:end] = bytes(end - start)


def double(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start:start] = data[start : start + chance.randint(1, 400)]


def swap_lines(data: bytearray, chance: random.Random) -> None:
    lines = bytes(data).split(b"\n")
    chance.shuffle(lines)
    data[:] = b"\n".join(lines)


def noise(data: bytearray, chance: random.Random) -> None:
    data[:] = chance.randbytes(chance.choice([0, 1, 100, 5000]))


def insert(data: bytearray, chance: random.Random) -> None:
    line = chance.choice(ODD_LINES)
    lines = bytes(data).split(b"\n")
    lines.insert(chance.randrange(len(lines)), line)
    data[:] = b"\n".join(lines)


def replace_number(data: bytearray, chance: random.Random) -> None:
    odd = chance.choice([b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"null", b'"x"', b"[]", b"{}", b"true"])
    digits = [i for i, byte in enumerate(data) if 48 <= byte < 58]
    place = chance.choice(digits) if digits else 0
    data[place : place + 1] = odd


def _sealed(body: bytes) -> bytes:
    return f"{checksum(body)} ".encode() + body


ODD_LINES = [
    b"", b"{}", b"[]", b"null", b"NaN", b"[" * 100_000, b'{"a":' * 30_000, b"\xff\xfe", b"\0" * 100, b"9" * 10_000,
    _sealed(b"[" * 100_000), _sealed(b"NaN"), seal({"key": "k1"}), seal([1]), seal({"process": None}), b"x" * 3_000_000,
    seal({"key": "k1", "source": 1, "translation": [], "problems": "no", "languages": {}}),
    b'{"segment": NaN}', b'{"system": "greedy", "pair": "zh-en", "id": "r1", "seconds": NaN}', b'{"id": []}',
    b'{"segment": 3, "source": [], "translation": {}, "candidates": 1, "tree": 2}',
]  # fmt: skip

WAYS = {f.__name__: f for f in (
    flip, flip_many, cut, cut_out, zero, double, swap_lines, noise, insert, replace_number,
)}  # fmt: skip
SQL = [
    "UPDATE kept SET value = ?", "UPDATE kept SET key = ?", "UPDATE kept SET made = ?", "UPDATE kept SET used = ?",
    "INSERT INTO kept (key, value, made, used) VALUES (?, x'00', 1.0, 1.0)", "UPDATE kept SET value = key || ?",
    "CREATE TABLE Cache (value BLOB DEFAULT 0)", "CREATE VIEW other AS SELECT value FROM kept",
    "CREATE TRIGGER t AFTER UPDATE ON kept BEGIN UPDATE kept SET value = randomblob(99); END", "DROP INDEX kept_used",
    "ALTER TABLE kept RENAME TO other", "ALTER TABLE kept RENAME COLUMN made TO value2", "DELETE FROM kept",
    "CREATE TABLE more (x)", "PRAGMA user_version = 99", "UPDATE kept SET id = id + 4611686018427387904",
]  # fmt: skip


def damage_database(path: Path, chance: random.Random, mark: Path) -> str:
    statement = chance.choice(SQL)
    odd = [
        pickle.dumps(Bomb(mark)), b"", "text", 7, float("inf"), chance.randbytes(50), b"[" * 50_000, "\ud7ff", -1.5,
        seal({"key": "k1"}), b"\x80\x04\x95",
    ]  # fmt: skip
    connection = sqlite3.connect(path)
    with contextlib.suppress(sqlite3.Error), connection:
        connection.execute(statement, (chance.choice(odd),) if "?" in statement else ())
    connection.close()
    return f"sql {statement[:30]}"


def put_in_place(path: Path, chance: random.Random, victim: Path) -> str:
    kind = chance.choice(["link", "loop", "directory", "pipe", "empty", "missing"])
    path.unlink()
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "empty":
        path.touch()
    return kind


def damage(store: Store, path: Path, chance: random.Random, outside: Path) -> str:
    """Damage a store's file in one way; returns what was done."""
    if path.suffix == ".db" and chance.random() < 0.5:
        return damage_database(path, chance, outside / "executed")
    if chance.random() < 0.1 and store.name != "trace":
        return put_in_place(path, chance, outside / "victim")
    if chance.random() < 0.1:
        path.write_bytes(pickle.dumps(Bomb(outside / "executed")))
        return "pickle"
    data = bytearray(path.read_bytes())
    way = chance.choice(list(WAYS))
    WAYS[way](data, chance)
    path.write_bytes(data)
    return way


# The attack.


class TooLongError(BaseException):
    """A store hangs."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    def late(*_: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


_EXECUTED: list[str] = []


def _audit(event: str, _arguments: object) -> None:
    if event in {"pickle.find_class", "os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "code.__new__"}:
        _EXECUTED.append(event)


def attack(store: Store, seed: int, root: Path) -> tuple[str, str]:
    """Damage one store and read it; returns the way and the outcome. Raises `FaultError`."""
    chance = random.Random(f"{store.name}-{seed}")
    home, outside = root / "home", root / "outside"
    home.mkdir(parents=True)
    outside.mkdir()
    (outside / "victim").write_text("precious\n", "utf-8")
    os.environ["MTREASON_CACHE"] = str(home)
    store.make(home)
    path = home / store.file
    if store.name == "journal":
        (home / ".whole").touch()
    way = damage(store, path, chance, outside)
    if way not in {"flip", "insert"}:
        (home / ".whole").unlink(missing_ok=True)
    if way == "flip" and path.is_file() and not path.read_bytes().endswith(b"\n"):
        (home / ".whole").unlink(missing_ok=True)  # as a run that was killed while it wrote
    _EXECUTED.clear()
    outcome = ""
    try:
        with limited():
            found = store.read(home)
        if way == "flip" and sum(found) < store.least:
            raise FaultError(f"only {sum(found)} of {NUMBER} are kept")
        outcome = "kept" if all(found) else "made again"
    except MtreasonError as error:
        if "\n" in str(error) or not str(error):
            raise FaultError(f"not one line: {error}") from error
        if store.file not in str(error) and str(home) not in str(error):
            raise FaultError(f"names no file: {error}") from error
        outcome = "one line"
    except FaultError:
        raise
    except TooLongError as error:
        raise FaultError("hangs") from error
    except BaseException as error:
        raise FaultError("".join(traceback.format_exception(error))[-1500:]) from error
    if _EXECUTED or (outside / "executed").exists():
        raise FaultError(f"executed: {_EXECUTED}")
    if sorted(p.name for p in outside.iterdir()) != ["victim"]:
        raise FaultError("something was made outside")
    if (outside / "victim").read_text("utf-8") != "precious\n":
        raise FaultError("another file was overwritten")
    return way, outcome


def attack_all(count: int, seed: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Damage this many stores, all kinds in turn; returns (kind, outcome) -> how many, and the faults."""
    sys.addaudithook(_audit)
    digests.WORTH, digests.SETTLED = 1, 0.0
    outcomes: Counter[tuple[str, str]] = Counter()
    faults = []
    before = os.environ.get("MTREASON_CACHE")
    try:
        for number in range(count):
            store = list(STORES.values())[number % len(STORES)]
            root = Path(tempfile.mkdtemp(prefix="store-"))
            try:
                _, outcome = attack(store, seed + number, root)
                outcomes[store.name, outcome] += 1
            except FaultError as error:
                faults.append(f"{store.name}, seed {seed + number}: {error}")
            finally:
                shutil.rmtree(root, ignore_errors=True)
    finally:
        digests.WORTH, digests.SETTLED = 1 << 20, 2.0
        if before is None:
            os.environ.pop("MTREASON_CACHE", None)
        else:
            os.environ["MTREASON_CACHE"] = before
    return outcomes, faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    started = time.monotonic()
    outcomes, faults = attack_all(given.count, given.seed)
    for (name, outcome), number in sorted(outcomes.items()):
        sys.stdout.write(f"{name:10} {outcome:12} {number}\n")
    for fault in faults:
        sys.stdout.write(f"FAULT {fault}\n")
    total = sum(outcomes.values()) + len(faults)
    sys.stdout.write(f"{total} damaged stores, {len(faults)} faults, {time.monotonic() - started:.0f} s\n")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
