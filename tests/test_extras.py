"""What only one command needs is not needed by the others, and its absence is said in one line."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import ROOT, run_inside

from mtreason.extras import PACKAGES, need

HEAVY = {"matplotlib", "docx", "lxml", "pandas", "tabulate", "sacrebleu", "polib", "markdown_it"}


def test_plain_text_needs_little(tiny_model, tmp_path) -> None:
    source, out = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("今天天气很好。\n", "utf-8")
    code = (
        "import sys\n"
        "from mtreason.cli import app\n"
        "try:\n    app()\nexcept SystemExit as end:\n    assert end.code in {0, 3}, end.code\n"
        f"found = {HEAVY!r} & {{name.partition('.')[0] for name in sys.modules}}\n"
        "assert not found, found"
    )
    args = ["translate", source, "-o", out, "--from", "zh", "--to", "en", "--budget", "4", "--model", tiny_model]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        env={"PYTHONPATH": str(ROOT), "MTREASON_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert out.exists()


def test_a_missing_extra_is_one_line(tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    line = "the page of a report needs matplotlib: pip install 'mtreason[report]'"
    assert run_inside(["bench", "report", "results"], monkeypatch, capfd) == (2, "", f"mtreason: {line}\n")


def test_what_is_broken_is_told_from_what_is_missing(tmp_path, monkeypatch) -> None:
    (tmp_path / "matplotlib.py").write_text("import nothing_of_this_name", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(Exception, match=r"x needs matplotlib \(No module named 'nothing_of_this_name'\): pip install"):
        need("matplotlib", "x")


def test_extras_bring_what_is_missing() -> None:
    import tomllib

    project = tomllib.loads((Path(ROOT) / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    for package, extra in PACKAGES.values():
        assert extras[extra][0].partition(">")[0] == package
        assert not [r for r in project["dependencies"] if r.startswith(package)]
        assert extra in extras["test"][0].split("[")[1]
