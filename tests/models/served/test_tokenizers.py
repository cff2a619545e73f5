"""What a server names as its tokenizer: no reason to download, to run code, or to ask on standard input."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from attack.servers import Numbers
from support.commands import ROOT, run
from support.scripted_served import always
from support.served import listening, vllm

from mtreason.errors import ModelError
from mtreason.models.served import tokenizers
from mtreason.models.served.tokenizers import library_tokenizer

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

HERE = ["http://127.0.0.1:8000", "http://localhost:8001", "http://[::1]:8002"]
EVIL = """
import pathlib
pathlib.Path({mark!r}).write_text("it ran")
class Config: pass
class Tokenizer: pass
"""


@pytest.fixture
def evil(tmp_path):
    """A directory whose tokenizer is code of its own, and the file which that code would write."""
    place, mark = tmp_path / "evil", tmp_path / "mark"
    place.mkdir()
    config = {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Config"}}
    tokenizer = {"tokenizer_class": "Evil", "auto_map": {"AutoTokenizer": ["evil.Tokenizer", None]}}
    (place / "config.json").write_text(json.dumps(config), "utf-8")
    (place / "tokenizer_config.json").write_text(json.dumps(tokenizer), "utf-8")
    (place / "evil.py").write_text(EVIL.format(mark=str(mark)), "utf-8")
    return place, mark


def test_every_call_says_that_no_code_is_to_be_run() -> None:
    calls = []
    for path in (ROOT / "mtreason" / "models" / "served").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"from_pretrained", "from_config"}:
                given = {k.arg: k.value for k in node.keywords}
                calls.append(isinstance(given.get("trust_remote_code"), ast.Constant))
                assert given["trust_remote_code"].value is False, path
    assert len(calls) >= 2


@pytest.mark.parametrize("how", ["server", "person"])
def test_code_of_a_tokenizer_is_not_run_nor_asked_about(evil, how, tmp_path) -> None:
    """The document on standard input is all yes."""
    place, mark = evil
    named = place if how == "server" else tmp_path / "other"
    with listening(vllm(Numbers(512), named)) as url:
        args = ["translate", "--from", "zh", "--to", "en", "--model", url, "-q"]
        args += ["--tokenizer", place] if how == "person" else []
        code, out, err = run(args, tmp_path / "cache", b"y\n" * 100)
    assert (code, out) == (2, b"")
    assert not mark.exists()
    assert len(err.splitlines()) == 1
    assert "no tokenizer for tiny" in err
    assert "custom code" not in err or "[y/N]" not in err


OPENING = """
import sys
from mtreason.errors import ModelError
from mtreason.models.served import open_served
try:
    open_served(sys.argv[1], None, lambda *_: None)
except ModelError as error:
    print(error)
"""


@pytest.mark.parametrize(("named", "asked"), [("", False), ("#org/model", True)])
def test_nothing_is_downloaded_because_a_server_names_it(named, asked, tmp_path) -> None:
    hub = always({"error": "none"}, 404)
    served = {"data": [{"id": "org/model", "owned_by": "vllm", "root": "org/model"}]}
    server = type("Own", (vllm(Numbers(512), ""),), {"do_GET": lambda self: self.answer(served)})
    # A directory of this name here is not what is meant.
    (tmp_path / "org" / "model").mkdir(parents=True)
    with listening(hub) as endpoint, listening(server) as url:
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(tmp_path / "hf"),
        }
        cwd = Path("/") if named else tmp_path
        done = subprocess.run(
            [sys.executable, "-c", OPENING, url + named], env=env, cwd=cwd, capture_output=True, text=True, check=True
        )
    assert "no tokenizer for org/model" in done.stdout
    assert ("not downloaded yet, and nothing is downloaded because a server names it" in done.stdout) != asked
    assert bool(hub.seen) == asked


def test_a_directory_of_this_machine_for_a_server_of_this_machine(tiny_model, tmp_path) -> None:
    library, size = library_tokenizer(HERE, "tiny", str(tiny_model), None)
    assert size == 512
    assert library.eos_token == "<|im_end|>"
    for urls in (["http://192.0.2.1:8000"], [*HERE, "http://gpu-box:8000"], ["http://127.0.0.1.example.org"]):
        with pytest.raises(ModelError, match="a directory here is not read because a server elsewhere names it"):
            library_tokenizer(urls, "tiny", str(tiny_model), None)
        assert library_tokenizer(urls, "tiny", "", str(tiny_model))[1] == size, "a person may name it"


def test_a_relative_path_is_no_directory(tiny_model, monkeypatch) -> None:
    monkeypatch.chdir(tiny_model.parent)
    for told in (tiny_model.name, f"./{tiny_model.name}", f"~/{tiny_model.name}", "../x", "a/../b", "\x00", "a" * 5000):
        with pytest.raises(ModelError, match="neither a directory nor the name of a model on a hub"):
            library_tokenizer(HERE, "tiny", told, None)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "tokenizer.json"])
def test_a_pipe_is_not_waited_for(name, tmp_path, tiny_model) -> None:
    for path in tiny_model.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(ModelError, match=f"{name}"):
        library_tokenizer(HERE, "tiny", str(tmp_path), None)


@pytest.mark.parametrize("size", [0, -1, 1 << 40, "512", None, True])
def test_a_vocabulary_of_no_size(size, monkeypatch, tiny_model, tmp_path) -> None:
    for path in tiny_model.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text("utf-8")) | {"vocab_size": size}
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(ModelError, match="no tokenizer for tiny"):
        library_tokenizer(HERE, "tiny", str(tmp_path), None)
    assert tokenizers.MOST_VOCABULARY < 1 << 30
