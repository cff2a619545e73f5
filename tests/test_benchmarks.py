"""The scripts under benchmarks/ run and say what they promise; what they measure needs a real model."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SEGMENTS = ROOT / "benchmarks" / "segments.jsonl"


def test_wordings(tiny_model, tmp_path) -> None:
    args = ["--model", tiny_model, "--data", SEGMENTS, "--limit", "3", "--wordings", "formal,short", "--samples", "2"]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "wordings.py", *map(str, args), "-o", tmp_path / "out.jsonl"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert set(figures["wordings"]) == {"formal", "short"}
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert len(written) == 2 * figures["rows"]


@pytest.mark.parametrize(
    ("script", "more", "expected"),
    [
        ("search", ["--budgets", "2,4"], ["mcts 2 - best-of-n 4:", "mcts 4 - best-of-n 8:"]),
        ("trials", ["--budget", "4", "--only", "round"], ["| default | mcts |", "| round | 8 rollouts |"]),
    ],
)
def test_search_and_trials(tiny_model, script, more, expected) -> None:
    args = ["--model", tiny_model, "--dev", SEGMENTS, "--segments", "3", *more]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / f"{script}.py", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    for part in expected:
        assert part in done.stdout
    json.loads(done.stdout.splitlines()[-1])
