"""No data runs as code: what every call in the package says, and what loading does with data that holds a program."""

import ast
import io
import os
import pickle
import shutil
import sys
from pathlib import Path

import pytest

from mtreason.errors import ModelError, MtreasonError
from mtreason.extras import unattended

PACKAGE = Path(__file__).parents[1] / "mtreason"
FILES = sorted(PACKAGE.rglob("*.py"))
LOADERS = {"from_pretrained", "from_config"}
NEVER = {"pickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "diskcache", "jsonpickle"}


def calls(tree):
    """The name and the keywords of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            yield node, name, {k.arg: k.value for k in node.keywords}


def faults(source: str) -> list[str]:
    """What runs, or may run, code that comes as data."""
    tree = ast.parse(source)
    found = []
    for node, name, keywords in calls(tree):
        whose = ast.unparse(node.func)
        if name in LOADERS:
            trusted = keywords.get("trust_remote_code")
            constant = isinstance(trusted, ast.Constant) and trusted.value is False
            passed = isinstance(trusted, ast.Name | ast.Attribute)
            if not (constant or passed):
                found.append(f"{node.lineno}: {whose} without trust_remote_code")
        weights = keywords.get("weights_only")
        if whose == "torch.load" and not (isinstance(weights, ast.Constant) and weights.value is True):
            found.append(f"{node.lineno}: torch.load without weights_only=True")
        if whose in {"eval", "exec", "input", "yaml.load", "yaml.unsafe_load", "load_from_checkpoint"}:
            found.append(f"{node.lineno}: {whose}")
        if name == "load_from_checkpoint":
            found.append(f"{node.lineno}: {whose} unpickles where a library likes to")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [str(node.module)]
            found += [f"{node.lineno}: {m}" for m in modules if m.partition(".")[0] in NEVER]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_call_runs_what_comes_as_data(path) -> None:
    assert faults(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "AutoTokenizer.from_pretrained(x)",
        "AutoModel.from_config(c, trust_remote_code=None)",
        "AutoModel.from_pretrained(c, trust_remote_code=True)",
        "torch.load(f)",
        "torch.load(f, weights_only=False)",
        "kind.load_from_checkpoint(f)",
        "import pickle",
        "from diskcache import Cache",
        "yaml.load(f)",
        "input()",
    ],
)
def test_calls_that_may_are_seen(line) -> None:
    assert faults(line)


def test_there_are_calls_to_check() -> None:
    names = [name for path in FILES for _, name, _ in calls(ast.parse(path.read_text("utf-8")))]
    assert sum(name in LOADERS for name in names) >= 8


OWN_CODE = """
from pathlib import Path
Path({mark!r}).touch()
from transformers import Qwen2Config, Qwen2ForCausalLM, PreTrainedTokenizerFast
class OwnConfig(Qwen2Config): model_type = "own"
class OwnModel(Qwen2ForCausalLM): config_class = OwnConfig
class OwnTokenizer(PreTrainedTokenizerFast): pass
"""


@pytest.fixture
def with_code(tiny_model, tmp_path):
    """A model directory that wants its own code to be run, and the file that the code would make."""
    import json

    path, mark = tmp_path / "model", tmp_path / "executed"
    shutil.copytree(tiny_model, path)
    (path / "own.py").write_text(OWN_CODE.format(mark=str(mark)), "utf-8")
    for name, own in (
        ("config.json", {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnModel"}),
        ("tokenizer_config.json", {"AutoTokenizer": ["own.OwnTokenizer", "own.OwnTokenizer"]}),
    ):
        content = json.loads((path / name).read_text("utf-8"))
        content |= {"auto_map": own} | ({"model_type": "own"} if name == "config.json" else {})
        content |= {"tokenizer_class": "OwnTokenizer"} if name == "tokenizer_config.json" else {}
        (path / name).write_text(json.dumps(content), "utf-8")
    return path, mark


@pytest.mark.parametrize("dtype", ["int8", "fp32"])
def test_code_beside_a_model_is_not_run_and_nothing_is_asked(with_code, monkeypatch, dtype) -> None:
    from mtreason.models.engine.load import load_directory

    path, mark = with_code
    document = io.StringIO("y\n" * 9)
    monkeypatch.setattr(sys, "stdin", document)
    with pytest.raises(ModelError, match="cannot load the model") as error:
        load_directory(path, dtype=dtype, note=lambda _: None)
    assert "\n" not in str(error.value)
    assert document.tell() == 0
    assert not mark.exists()


def test_a_library_that_asks_finds_no_answer(monkeypatch) -> None:
    document = io.StringIO("y\n")
    monkeypatch.setattr(sys, "stdin", document)
    with unattended(), pytest.raises(EOFError):
        input("Do you wish to run the custom code? [y/N] ")
    assert input() == "y"
    with pytest.raises(KeyError), unattended():
        raise KeyError
    assert sys.stdin is document


class Bomb:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (self.mark,)


@pytest.mark.parametrize("how", ["inside", "state", "hyper", "plain", "zip"])
def test_a_program_in_a_checkpoint_is_not_run(tiny_comet, tmp_path, how) -> None:
    import torch

    from mtreason.evaluation.learned.estimator import Estimator

    path, mark = tmp_path / "metric", tmp_path / "executed"
    shutil.copytree(tiny_comet("referenceless_regression_metric"), path)
    file = path / "checkpoints" / "model.ckpt"
    good, bomb = torch.load(file, weights_only=True), Bomb(str(mark))
    if how == "plain":
        file.write_bytes(pickle.dumps(bomb))
    elif how == "zip":
        torch.save(bomb, file)
    elif how == "inside":
        torch.save({**good, "callbacks": bomb}, file)
    elif how == "state":
        torch.save({**good, "state_dict": {**good["state_dict"], "x": bomb}}, file)
    else:
        torch.save({**good, "hyper_parameters": {**good["hyper_parameters"], "loss": bomb}}, file)
    # What decides in some releases of lightning and torch.
    for encoder in (None, path / "encoder"):
        with pytest.raises(MtreasonError) as error:
            Estimator(str(path), encoder=encoder).load()
        assert "model.ckpt" in str(error.value)
        assert "\n" not in str(error.value)
        assert "weights_only" not in str(error.value)
    assert not mark.exists()


def test_the_default_of_the_library_does_not_matter(tiny_comet, tmp_path, monkeypatch) -> None:
    import torch

    from mtreason.evaluation.learned.estimator import Estimator

    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    path, mark = tmp_path / "metric", tmp_path / "executed"
    shutil.copytree(tiny_comet("referenceless_regression_metric"), path)
    file = path / "checkpoints" / "model.ckpt"
    torch.save({**torch.load(file, weights_only=True), "callbacks": Bomb(str(mark))}, file)
    with pytest.raises(ModelError):
        Estimator(str(path)).load()
    assert not mark.exists()
