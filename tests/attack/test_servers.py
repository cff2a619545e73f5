"""Every fault of `servers.py`: one clear line, in bounded time and memory, and never a wrong result."""

import re
import tracemalloc

import pytest
from attack.servers import BOMB, FAULTS, KEY, LIMIT, Plan, attack, attacked, hurried
from attack.signals import GREEDY, OPENING, Phase, Turning
from support.commands import run_inside
from support.served import closing_clients, listening

from mtreason.models.served import client as client_module
from mtreason.models.served.keys import KEY_VARIABLE

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

MOST_MEMORY = 48 << 20
"""Bytes; the faults that might take more would take gigabytes."""
GROWING = [f for f in FAULTS if re.search("never|bomb|100,000|length of 30|nested", f.name)]


@pytest.fixture(scope="module")
def plan():
    return Plan()


@pytest.fixture(scope="module")
def url(plan):
    with hurried(), listening(attacked(plan)) as address:
        yield address


def test_there_are_enough_of_them() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names) >= 60
    assert len(BOMB) < 1 << 19


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: re.sub(r"\W+", "-", fault.name)[:40])
def test_a_fault(url, plan, fault) -> None:
    once, always = (attack(url, plan, fault, once=one) for one in (True, False))
    assert once.right, "a fault in one answer must not change the result"
    assert once.tries == (2 if fault.passes else 1)
    assert (once.line == "") == fault.passes, once.line
    assert always.code == (3 if fault.passes else 2), always
    assert re.search(fault.says, always.line)
    assert always.line.startswith(url)
    assert len(always.line) < 500
    assert KEY[:9] not in always.line
    assert "\n" not in always.line
    assert always.seconds < LIMIT


@pytest.mark.parametrize("fault", GROWING, ids=lambda fault: re.sub(r"\W+", "-", fault.name)[:40])
def test_memory_stays_bounded(url, plan, fault) -> None:
    attack(url, plan, fault, once=True)
    tracemalloc.start()
    try:
        attack(url, plan, fault, once=False)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


# The command.


@pytest.fixture
def _closed(monkeypatch):
    with closing_clients(monkeypatch):
        yield


IN_A_RUN = {
    "drips its body": 3,
    "resets the connection in the middle": 3,
    "packs a bomb": 3,
    "nested deeply": 3,
    "429 with Retry-After: 0": 3,
    "figures of the neighbours": 3,
    "a prompt of another length": 3,
    "another model": 3,
    "token 1_0": 3,
    "401": 2,
    "302 to elsewhere": 2,
}


@pytest.mark.usefixtures("_closed")
@pytest.mark.parametrize("name", IN_A_RUN)
def test_a_fault_in_the_middle_of_a_run(name, tiny_model, tmp_path, monkeypatch, capfd) -> None:
    """What was finished is kept, and the same command goes on to what it would have written anyway."""
    [fault] = [fault for fault in FAULTS if fault.name == name]
    source, out, whole = (tmp_path / f"{name}.txt" for name in ("in", "out", "whole"))
    source.write_text("今天天气很好。\n我们去公园吧。\n好。\n", "utf-8")
    for constant, value in {"TRIES": 2, "MOST_WAIT": 0.1, "PATIENCE": 0.2, "READ_SECONDS": 1.0}.items():
        monkeypatch.setattr(client_module, constant, value)
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    args = ["translate", source, *GREEDY[:-2], "-q"]
    turning = Turning(Phase(name, fault.reply, OPENING + 2), tiny_model)
    with listening(turning.handler) as url:
        code, _, err = run_inside([*args, "--model", url, "-o", out], monkeypatch, capfd)
        assert code == IN_A_RUN[name], err
        assert turning.met
        [line] = err.splitlines()
        assert line.startswith(f"mtreason: {url}")
        assert re.search(fault.says, line)
        assert KEY[:9] not in line
        assert ("1 finished segments are kept in" in line) == (code == 3)
        assert not out.exists()
        turning.seen = -(10**9)
        for path in (out, whole):
            code, _, err = run_inside([*args, "--model", url, "-o", path], monkeypatch, capfd)
            assert code in {0, 3}, err
    assert out.read_bytes() == whole.read_bytes()
    assert len(out.read_text("utf-8").splitlines()) == 3
