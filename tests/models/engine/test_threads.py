"""The number of threads, against a machine whose speeds are made up."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from mtreason.models.engine.int8 import quantise
from mtreason.models.engine.packed import PackedModel
from mtreason.models.engine.threads import Threads, waited
from mtreason.models.engine.tree import TreeModel
from mtreason.models.protocol import ROOT, Draw, TokenMask


class Machine:
    """Steps take `seconds[threads]`; while others run, the process waits for cores for a share of the time."""

    def __init__(self, most):
        self.now = self.waiting = 0.0
        self.share = 0.0
        self.seconds = {}
        self.used = []
        self.threads = Threads(most, lambda: self.now, lambda: self.waiting)

    def run(self, steps):
        rng = random.Random(1)
        self.used = []
        for _ in range(steps):
            self.threads.begin()
            seconds = self.seconds[self.threads.count] * rng.uniform(0.9, 1.1)
            self.used.append(self.threads.count)
            self.now += seconds
            self.waiting += seconds * self.share
            self.threads.end()


def test_alone_nothing_is_tried() -> None:
    machine = Machine(4)
    machine.seconds = {4: 0.05}
    machine.run(2000)
    assert set(machine.used) == {4}


def test_fewer_where_that_is_faster_and_all_again_when_the_others_are_gone() -> None:
    machine = Machine(2)
    machine.share, machine.seconds = 0.5, {2: 0.4, 1: 0.1}
    machine.run(200)
    assert machine.used.count(1) > 150
    machine.share, machine.seconds = 0.0, {2: 0.05, 1: 0.09}
    machine.run(200)
    assert set(machine.used[-100:]) == {2}


def test_all_where_each_thread_brings_its_share() -> None:
    machine = Machine(2)
    machine.share, machine.seconds = 0.5, {2: 0.1, 1: 0.15}
    machine.run(400)
    assert machine.used.count(2) > 300


def test_down_to_where_it_stops_to_pay() -> None:
    machine = Machine(8)
    machine.share, machine.seconds = 0.5, {8: 0.4, 4: 0.2, 2: 0.1, 1: 0.19}
    machine.run(600)
    assert machine.used[-200:].count(2) > 120


def test_what_was_waited_for_while_loading_does_not_count() -> None:
    """A process that loads has more threads than there are cores, and waits for itself."""
    machine = Machine(2)
    machine.waiting = 9.0
    machine.threads = Threads(2, lambda: machine.now, lambda: machine.waiting)
    machine.seconds = {2: 0.1}
    machine.run(100)
    assert not machine.threads.crowded
    assert set(machine.used) == {2}


def test_comparisons_become_rare_where_nothing_changes() -> None:
    machine = Machine(2)
    machine.share, machine.seconds = 0.5, {2: 0.1, 1: 0.15}
    machine.run(3000)
    assert machine.used[:600].count(1) > 10
    assert machine.used[-600:].count(1) < 10


def test_one_thread_stays_one() -> None:
    machine = Machine(1)
    machine.share, machine.seconds = 0.9, {1: 0.1}
    machine.run(100)
    assert set(machine.used) == {1}


def test_a_system_that_does_not_tell_is_taken_for_an_empty_one() -> None:
    machine = Machine(2)
    machine.threads = Threads(2, lambda: machine.now, lambda: None)
    machine.seconds = {2: 0.1}
    machine.run(100)
    assert set(machine.used) == {2}


def test_waiting_only_grows() -> None:
    before = waited()
    assert before is None or 0 <= before <= waited()


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    """Bit for bit, on layers wide enough to be shared out."""
    torch.manual_seed(0)
    shape = {"vocab_size": 3000, "hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 2}
    network = Qwen2ForCausalLM(Qwen2Config(**shape, num_attention_heads=8, num_key_value_heads=2)).eval()
    quantise(network)
    tree = TreeModel(PackedModel(network))
    guard = TokenMask(np.zeros(3000, dtype=bool), frozenset(), 0.95)
    given = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2, 5):
            torch.set_num_threads(count)
            prefixes = tree.extend([ROOT] * 40, [tuple(range(i, 40 + 3 * i)) for i in range(40)])
            drawn = tree.sample([Draw(p, i, 0.9, 6) for i, p in enumerate(prefixes)], guard)
            scored = tree.score(prefixes[:3], [tuple(range(100, 150))] * 3)
            found.append((drawn, scored, tree.logits(prefixes)))
    finally:
        torch.set_num_threads(given)
    for drawn, scored, logits in found[1:]:
        for a, b in zip(found[0][0], drawn, strict=True):
            assert a.tokens == b.tokens
            assert np.array_equal(a.log_probs, b.log_probs)
        assert all(np.array_equal(a, b) for a, b in zip(found[0][1], scored, strict=True))
        assert np.array_equal(found[0][2], logits)


SPINNING = """
import os, sys, time, torch
from mtreason.models.engine.threads import ShortWaits

torch.set_num_threads(2)
x = torch.zeros(1 << 16)
waits = ShortWaits()


def cpu_seconds():
    # A second thread that spins through the pauses costs as much again as they take.
    x.add_(1.0)
    before = time.process_time()
    for _ in range(40):
        x.add_(1.0)
        time.sleep(0.005)
    return time.process_time() - before


usual = cpu_seconds()
turned = waits.turn_on()
torch.set_num_threads(2)
short = cpu_seconds()
again = waits.turn_on()
waits.turn_off()
assert not waits.on and not again
print(turned, usual, short, len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1)
"""


@pytest.mark.parametrize("given", [{}, {"GOMP_SPINCOUNT": "7"}, {"OMP_WAIT_POLICY": "passive"}])
def test_waits_become_short_unless_the_user_has_set_them(given) -> None:
    root = str(__file__).partition("/tests/")[0]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": root, **given}
    done = subprocess.run([sys.executable, "-c", SPINNING], env=env, capture_output=True, text=True, check=True)
    turned, usual, short, cores = done.stdout.split()
    assert (turned == "True") == (not given)
    if not given and int(cores) > 1:
        assert float(short) < float(usual) / 2
