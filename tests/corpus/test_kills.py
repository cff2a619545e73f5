"""Runs that are killed at any moment, and disks that are full: nothing is lost, and nothing is there twice."""

import errno
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.corpora import Mirror, go, here, output_bytes, rows_of, write_jsonl

from mtreason.corpus import places
from mtreason.errors import MtreasonError

KILLS = 20
TEXTS = [f"{'ab' if i % 4 else i}{i % 7}" for i in range(60)]


def in_another_process(work: Callable[[], object]) -> int:
    """Start a process that does this, and then ends."""
    process = os.fork()
    if process:
        return process
    try:
        work()
    finally:
        os._exit(0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Path, dict[str, bytes], float]:
    """Input, output, and how long it took."""
    top = tmp_path_factory.mktemp("whole")
    source = write_jsonl(top / "in.jsonl", rows_of(TEXTS))
    started = time.monotonic()
    go(top / "out", source)
    return source, output_bytes(top / "out"), time.monotonic() - started


def test_killed_at_any_moment(whole, tmp_path) -> None:
    """What is there is always right, what is finished is not done again, and the end is as without a kill."""
    source, expected, seconds = whole
    rng = random.Random(3)
    for number in range(KILLS):
        out = tmp_path / str(number)
        for _ in range(2):
            process = in_another_process(lambda out=out: go(out, source))
            time.sleep(rng.uniform(0, seconds))
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            kept = output_bytes(out) if out.exists() else {}
            assert {k: v for k, v in kept.items() if k.startswith("part-")}.items() <= expected.items()
        records = len(list((out / "_mtreason" / "parts").glob("[0-9]*.json"))) if out.exists() else 0
        mirror = Mirror()
        go(out, source, workers=here(mirror))
        assert output_bytes(out) == expected
        assert len(mirror.given) <= len(set(TEXTS))
        assert not set(mirror.given) & set(TEXTS[: 3 * records])
        assert {p.name for p in (out / "_mtreason").iterdir()} == {"lock", "manifest.json", "parts"}


@pytest.mark.parametrize("writes", range(0, 70, 7))
def test_a_full_disk_is_one_line(whole, tmp_path, monkeypatch, writes) -> None:
    source, expected, _ = whole
    real, count = places.write_bytes, iter(range(1000))

    def write(path, data):
        if next(count) >= writes:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data)

    monkeypatch.setattr(places, "write_bytes", write)
    with pytest.raises(
        MtreasonError, match="cannot be written \\(No space left on device\\): make room and run the same"
    ):
        go(tmp_path / "out", source)
    monkeypatch.undo()
    go(tmp_path / "out", source)
    assert output_bytes(tmp_path / "out") == expected
