"""A few kills at each change of the code; `python tests/attack/kills.py --count 1000` is for the night."""

import json
import os
import subprocess
import sys
from pathlib import Path


def test_some_kills(terse_model) -> None:
    program = [sys.executable, Path(__file__).with_name("kills.py"), "--count", "9", "--model", terse_model]
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(program, env=env, capture_output=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    assert json.loads(ended.stdout)["kills"] == 9
