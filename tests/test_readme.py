"""What the README says is what happens."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.reviewed import picks_of

from mtreason.decoding import Candidate, Result
from mtreason.decoding.protocol import Cost
from mtreason.documents import Unit
from mtreason.glossary import Hit, Term
from mtreason.rewards import Draft
from mtreason.runs.pipeline import Segment, TranslatedUnit
from mtreason.runs.trace import unit_record

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
TOML = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
SEGMENTS = (ROOT / "benchmarks" / "segments.jsonl").read_text("utf-8").splitlines(keepends=True)
REVIEW = next(block for block in BLOCKS if " review " in block).splitlines()
EXAMPLES = [line for block in BLOCKS[1:] for line in block.splitlines() if line]


def shape(value):
    """Keys and types, down to the first item of each list; any parts of a reward."""
    if isinstance(value, dict):
        return {key: "parts" if key == "parts" else shape(own) for key, own in value.items()}
    return [shape(own) for own in value[:1]] if isinstance(value, list) else type(value)


def test_json_is_as_described() -> None:
    [block] = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    term = Hit(Term("鞋", ("shoe",), "", "", "terms.zh-en.tsv", 1), 2, 3)
    drawn = [
        Candidate(text, Draft(text, (1,), (-0.5,), ()), -0.7, {"likelihood": -0.5, "channel": -0.9}, 1, ())
        for text in ("These shoes are great.", "This shoe is good.")
    ]
    result = Result(0, drawn[0].text, fell_back=False, candidates=tuple(drawn), cost=Cost())
    unit = Unit(1, "line 1", "这双鞋真好。\n")
    own = Segment(1, unit, "这双鞋真好。", drawn[0].text, "model", result=result, hits=(term,), followed=(True,))
    made = unit_record(TranslatedUnit(unit, f"{drawn[0].text}\n", (own,)), 2, line=True)
    described = json.loads(block)
    assert shape(made) == shape(described)
    assert list(made) == list(described)
    assert (made["source"], made["translation"]) == (described["source"], described["translation"])


def test_quick_start_is_two_lines_and_ci_runs_the_second() -> None:
    lines = BLOCKS[0].splitlines()
    assert len(lines) == 2
    assert all(line.startswith("python3 -m venv .venv && ") for line in lines)
    assert "mtreason translate benchmarks/samples/reviews.zh.txt --to en" in lines[0]
    assert "pytest" in lines[1]
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "README.md" in ci
    assert "sed -n 2p" in ci


def run_example(example: str, tmp_path: Path, tiny_model: Path) -> subprocess.CompletedProcess[str]:
    command = example.replace("mtreason", f"{shlex.quote(sys.executable)} -m mtreason", 1)
    if example.startswith("echo"):
        head, _, tail = example.partition("| ")
        command = f"{head}| {tail.replace('mtreason', f'{shlex.quote(sys.executable)} -m mtreason', 1)}"
    if any(f" {command} " in example for command in ("translate", "bench run", "tune", "glossary draft")):
        command += f" --model {shlex.quote(str(tiny_model))}"
        if not any(own in example for own in ("--effort", "tune --prompt", "glossary draft")):
            # A fit needs candidates to choose from.
            budget = " --budget 12" if " tune " in example else " --budget 2"
            command += " --budgets 2" if " bench run " in example else budget
    # Two threads for matrices this small only wait for one another.
    env = {
        "PATH": "/usr/bin:/bin",
        "OMP_NUM_THREADS": "1",
        "MTREASON_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(command, shell=True, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_runs(example: str, tmp_path: Path, tiny_model: Path) -> None:
    """Every example, as it stands, with a small model in the place of the big one, and few segments for many."""
    (tmp_path / "notes.zh.txt").write_text("今天天气很好。\n\n", "utf-8")
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "segments.jsonl").write_text(
        "".join(SEGMENTS[: 12 if " tune " in example else 2]), "utf-8"
    )
    for name, text in (("notes.en.txt", "Nice weather.\n\n"), ("notes.ref.txt", "The weather is nice.\n\n")):
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "guide.md").write_text("# 天气\n\n今天天气很好。\n", "utf-8")
    (tmp_path / "terms.zh-en.tsv").write_text("天气\tweather\n", "utf-8")
    for needed, made_by in (
        ("results", " bench run "),
        (" search.jsonl", " --trace search.jsonl"),
        (" --head", " tune --value "),
    ):
        if needed in example and made_by not in example:
            [before] = [e for e in EXAMPLES if made_by in e]
            run_example(before, tmp_path, tiny_model)
    if example in REVIEW:
        for before in REVIEW[: REVIEW.index(example)]:
            assert run_example(before, tmp_path, tiny_model).returncode in {0, 3}
    if " review apply " in example:
        (tmp_path / "guide.en.md.picks.json").write_bytes(picks_of(tmp_path / "review.html", {}, kept=True))
    done = run_example(example, tmp_path, tiny_model)
    # A model of random weights need not find a clean translation: that is what 3 says.
    assert done.returncode in {0, 3}, done.stderr
    assert "Traceback" not in done.stderr


def test_workflow_and_hook() -> None:
    """Both are YAML of the right form, and the commands in them are ones that exist, with options that exist."""
    import yaml

    workflow, hooks, _ = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
    steps = workflow["jobs"]["translations"]["steps"]
    assert all(set(step) <= {"uses", "with", "run", "if"} for step in steps)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    [repository] = hooks["repos"]
    [hook] = repository["hooks"]
    assert {"id", "name", "entry", "language"} <= set(hook)
    commands = [step["run"] for step in steps if step.get("run", "").startswith("mtreason")] + [hook["entry"]]
    assert len(commands) == 2
    for command in commands:
        _, name, *rest = shlex.split(command)
        asked = subprocess.run(
            [sys.executable, "-m", "mtreason", name, "--help"], capture_output=True, text=True, check=True
        )
        assert all(option in asked.stdout for option in rest if option.startswith("--"))


def test_the_configuration_in_the_readme(tmp_path: Path) -> None:
    from mtreason.runs.repository import Config, read_config

    (tmp_path / "mtreason.toml").write_text(TOML[0], "utf-8")
    assert read_config(tmp_path / "mtreason.toml").targets == ("en", "de")
    text = README.split("There may be", 1)[1].split(". Only", 1)[0]
    assert set(re.findall(r"`(\w+)`", text)) - {"output", "floors"} <= set(Config.__dataclass_fields__)


def test_the_wording_in_the_readme(tmp_path: Path) -> None:
    from mtreason.decoding.wordings import read_wording

    (tmp_path / "own.toml").write_text(TOML[1], "utf-8")
    assert read_wording(tmp_path / "own.toml").examples == 3


def test_options_in_the_table_exist() -> None:
    help_text = "".join(
        subprocess.run(
            [sys.executable, "-m", "mtreason", *command, "--help"],
            env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for command in (
            ["translate"],
            ["batch"],
            ["corpus"],
            ["cache", "prune"],
            ["bench", "run"],
            ["bench", "report"],
            ["tune"],
            ["evaluate"],
            ["explain"],
            ["review", "apply"],
            ["serve"],
            ["models"],
            ["glossary", "check"],
            ["glossary", "lint"],
            ["glossary", "draft"],
            ["glossary", "convert"],
        )
    )
    for option in re.findall(r"`(--[a-z-]+)", README):
        assert option in help_text, option


def test_the_job_on_a_cluster() -> None:
    """It has the form of a RayJob, its command has options that exist, and its version of Ray is the one we are for."""
    import tomllib

    import yaml
    from typer.main import get_command

    from mtreason.cli import app

    *_, job = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    _, name, *rest = shlex.split(job["spec"]["entrypoint"])
    command = get_command(app).commands[name]
    command.make_context(name, rest)  # raises for an option that does not exist
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    [least] = re.findall(r"ray\[data\]>=([\d.]+),", extras["ray"][0])
    assert job["spec"]["rayClusterSpec"]["rayVersion"].startswith(f"{least}.")


def test_sample_has_lines_of_all_kinds() -> None:
    lines = (ROOT / "benchmarks" / "samples" / "reviews.zh.txt").read_text("utf-8").splitlines()
    assert len([line for line in lines if line]) >= 8
    text = "".join(lines)
    assert "踩屎感" in text
    assert "光腿神器" in text
    assert "“" in text


def test_the_python_example_runs(tiny_model: Path, tmp_path: Path) -> None:
    """As it stands, with a small model in the place of the big one."""
    [block] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert "mtreason.load_model()" in block
    (tmp_path / "notes.zh.txt").write_text("今天天气很好。\n\n", "utf-8")
    (tmp_path / "terms.zh-en.tsv").write_text("天气\tweather\n", "utf-8")
    code = block.replace("mtreason.load_model()", f"mtreason.load_model({str(tiny_model)!r})")
    env = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "MTREASON_CACHE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 2
    assert (tmp_path / "notes.en.txt").read_text("utf-8").endswith("\n\n")
