"""Every fault of `servers.py`: one clear line, in bounded time and memory, and never a wrong result."""

import re
import tracemalloc

import pytest
from attack.servers import BOMB, FAULTS, KEY, LIMIT, Plan, attack, attacked, hurried
from support.served import listening

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

MOST_MEMORY = 48 << 20
"""Bytes; the faults that might take more would take gigabytes."""
GROWING = [f for f in FAULTS if re.search("never|bomb|million|length of 30|nested", f.name)]


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
