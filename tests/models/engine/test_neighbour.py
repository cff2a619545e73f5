"""The script that measures two runs side by side: what it reads from a run, and what it makes of the figures."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SPEC = importlib.util.spec_from_file_location("neighbour", ROOT / "benchmarks" / "neighbour.py")


@pytest.fixture(scope="module")
def neighbour():
    module = importlib.util.module_from_spec(SPEC)
    sys.modules["neighbour"] = module  # dataclasses look their module up
    SPEC.loader.exec_module(module)
    yield module
    del sys.modules["neighbour"]


def said(text, code=0):
    script = f"import sys; sys.stderr.write({text!r}); sys.exit({code})"
    return subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True)


def test_speed_is_what_the_run_says_of_itself(neighbour) -> None:
    process = said("mtreason: glossary: slang (430 terms)\nmtreason: 6 segments in 12.5 s, 2500 tokens, 200 tokens/s\n")
    assert neighbour.speed(process) == 200
    for text, code in (("mtreason: 6 segments in 12.5 s, 2500 tokens\n", 1), ("done\n", 0)):
        with pytest.raises(SystemExit, match="the run failed"):
            neighbour.speed(said(text, code))


def test_a_run_says_it_in_these_words(neighbour, write_gguf, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "zh.txt"
    file.write_text("今天\n", "utf-8")
    process = neighbour.Run(ROOT, None, str(write_gguf()), 1, file).start()
    _, text = process.communicate(timeout=300)
    assert process.returncode in {0, 3}, text  # a model of random weights need not find a clean translation
    assert neighbour.SUMMARY.search(text), text


def test_shares_are_of_medians(neighbour, capsys) -> None:
    speeds = {"alone": [90, 100, 500], "beside": [40, 50, 45], "together": [80, 90, 70], "before": [99, 101, 100]}
    found = neighbour.shares(speeds)
    assert found == {"beside_share": 0.45, "together_share": 0.8, "before_share": 1.0}
    neighbour.card({"model": "m", "budget": 4, "cores": 2}, speeds, found)
    shown = capsys.readouterr().out
    assert shown.count("  ok\n") == 2
    assert shown.count("SHORT") == 1
    assert "before_share" not in neighbour.shares({k: v for k, v in speeds.items() if k != "before"})
