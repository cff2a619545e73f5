"""Packages, the conversion cache, and what --model means."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest

from mtreason.errors import ModelError
from mtreason.models.files import cache, embedded, resolve
from mtreason.models.files.embedded import EMBEDDED, EmbeddedModel, is_installed, missing_packages, part_files

PARTS = [b"GGUF one", b" two", b" three"]
ROOT = Path(__file__).parents[3]


def silent(_stage, _fraction):
    pass


def fake_package(site, name, version, number, data):
    module = name.replace("-", "_")
    folder = site / module / "data"
    folder.mkdir(parents=True)
    (folder / f"part{number:02}.bin").write_bytes(data)
    (site / module / "__init__.py").write_text("raise RuntimeError('must not be imported')", "utf-8")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    record = f"{module}/__init__.py,,\n{module}/data/part{number:02}.bin,,\n"
    (info / "RECORD").write_text(record, "utf-8")


@pytest.fixture
def model(tmp_path, monkeypatch):
    """An embedded model of three tiny packages, a private cache, and a conversion that only copies."""
    site = tmp_path / "site"
    for number, data in enumerate(PARTS, 1):
        fake_package(site, f"tiny-part{number}", "1.0", number, data)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "convert_gguf", copy_instead)
    whole = b"".join(PARTS)
    made = EmbeddedModel(
        "tiny", "Tiny", "embedded", "tiny-part", "1.0", 3, len(whole), hashlib.sha256(whole).hexdigest(), "MIT"
    )
    monkeypatch.setattr(resolve, "EMBEDDED", (made,))
    return made


def copy_instead(gguf, target, progress):
    target.mkdir()
    (target / "model.safetensors").write_bytes(gguf.read_bytes())
    (target / "config.json").write_text("{}", "utf-8")
    progress(1.0)


def test_registry() -> None:
    assert [m.alias for m in EMBEDDED] == ["qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b"]
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    for m in EMBEDDED:
        assert len(m.sha256) == 64
        for package in m.packages:
            assert f'"{package}=={m.version}"' in pyproject, "an extra does not install what the registry wants"


def test_assemble_verify_convert_once(model) -> None:
    stages = []
    path = cache.prepare_embedded(model, lambda stage, fraction: stages.append((stage, fraction)))
    assert (path / "model.safetensors").read_bytes() == b"".join(PARTS)
    manifest = json.loads((path / "manifest.json").read_text("utf-8"))
    assert manifest["source_sha256"] == model.sha256
    assert any(s.startswith("assembling") for s, _ in stages)
    assert any(s.startswith("converting") for s, _ in stages)
    assert all(0 <= f <= 1 for _, f in stages)
    stages.clear()
    assert cache.prepare_embedded(model, lambda *s: stages.append(s)) == path
    assert stages == []
    assert [p.name for p in cache.cache_dir().iterdir() if not p.name.endswith(".lock")] == ["tiny"]


def test_list_and_remove(model) -> None:
    assert cache.cached_models() == []
    cache.prepare_embedded(model, silent)
    [found] = cache.cached_models()
    assert (found.name, found.sha256, found.licence) == ("tiny", model.sha256, "MIT")
    assert found.size > len(b"".join(PARTS))
    assert cache.remove_cached("tiny") == found.size
    assert cache.cached_models() == []
    with pytest.raises(ModelError, match="'tiny'"):
        cache.remove_cached("tiny")


def test_missing_parts_are_named(model, tmp_path) -> None:
    lost = tmp_path / "site" / "tiny_part2-1.0.dist-info" / "METADATA"
    lost.write_text(lost.read_text("utf-8").replace("1.0\n", "1.1\n"), "utf-8")
    assert missing_packages(model) == ["tiny-part2==1.0"]
    assert not is_installed(model)
    with pytest.raises(ModelError, match=r"2 of 3 .*tiny-part2==1.0.*pip install 'mtreason\[embedded\]'"):
        part_files(model)


def test_lost_data_file_is_named(model, tmp_path) -> None:
    (tmp_path / "site" / "tiny_part3" / "data" / "part03.bin").unlink()
    with pytest.raises(ModelError, match="tiny-part3"):
        part_files(model)


def test_corrupt_part_names_both_digests(model, tmp_path) -> None:
    (tmp_path / "site" / "tiny_part2" / "data" / "part02.bin").write_bytes(b" TWO")
    found = hashlib.sha256(b"GGUF one TWO three").hexdigest()
    with pytest.raises(ModelError, match=rf"{found}.*{model.sha256}.*--force-reinstall"):
        cache.prepare_embedded(model, silent)
    assert cache.cached_models() == []


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_damaged_cache_is_found(model, name) -> None:
    """Weights are checked when they are read, all else before."""
    path = cache.prepare_embedded(model, silent)
    file = path / name
    good = file.read_bytes()
    check = {"config.json": lambda: cache.prepare_embedded(model, silent)}
    for bad in (good[:-1], good[:-1] + b"X"):
        file.write_bytes(bad)
        with pytest.raises(ModelError, match=rf"{name} is damaged.*mtreason models remove tiny"):
            check.get(name, lambda: cache.verify_cached(path))()
    file.write_bytes(good)
    cache.verify_cached(cache.prepare_embedded(model, silent))


def test_damaged_manifest_and_unusable_cache(model, monkeypatch, tmp_path) -> None:
    path = cache.prepare_embedded(model, silent)
    (path / "manifest.json").write_text("{", "utf-8")
    with pytest.raises(ModelError, match=r"manifest\.json is damaged"):
        cache.cached_models()
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="MTREASON_CACHE"):
        cache.prepare_embedded(model, silent)


def test_small_disk(model, monkeypatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: usage(10, 9, 1))
    with pytest.raises(ModelError, match="MTREASON_CACHE"):
        cache.prepare_embedded(model, silent)


def test_disk_that_fills_up(model, monkeypatch) -> None:
    def full(gguf, target, progress):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache, "convert_gguf", full)
    with pytest.raises(ModelError, match="no space left"):
        cache.prepare_embedded(model, silent)
    assert not [p for p in cache.cache_dir().iterdir() if p.is_dir()]


WORKER = """
import sys, time
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}, {site!r}]
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("test_cache", {tests!r} + "/models/files/test_cache.py")
t = module_from_spec(spec)
spec.loader.exec_module(t)
from mtreason.models.files import cache
def slow(gguf, target, progress):
    print("converting", flush=True)
    time.sleep({seconds})
    t.copy_instead(gguf, target, progress)
cache.convert_gguf = slow
model = t.EmbeddedModel("tiny", "Tiny", "embedded", "tiny-part", "1.0", 3, {size}, {digest!r}, "MIT")
print(cache.prepare_embedded(model, lambda *_: None))
"""


def worker(model, tmp_path, seconds):
    code = WORKER.format(
        root=str(ROOT),
        tests=str(ROOT / "tests"),
        site=str(tmp_path / "site"),
        seconds=seconds,
        size=model.size,
        digest=model.sha256,
    )
    env = {"PATH": os.environ["PATH"], "MTREASON_CACHE": str(tmp_path / "cache")}
    return subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True)


def test_two_first_runs_at_once_convert_once(model, tmp_path) -> None:
    outputs = [p.communicate(timeout=120)[0] for p in [worker(model, tmp_path, 2) for _ in range(2)]]
    assert sum(o.count("converting") for o in outputs) == 1
    assert all(o.splitlines()[-1].endswith("tiny") for o in outputs)


def test_killed_run_leaves_nothing_half_done(model, tmp_path) -> None:
    process = worker(model, tmp_path, 60)
    assert process.stdout.readline() == "converting\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert cache.cached_models() == []
    assert list((tmp_path / "cache").glob(".tmp-*"))
    cache.prepare_embedded(model, silent)
    assert [m.name for m in cache.cached_models()] == ["tiny"]
    assert not list((tmp_path / "cache").glob(".tmp-*"))


def test_resolve_best_installed_and_by_alias(model) -> None:
    for name in (None, "tiny"):
        found = resolve.resolve_model(name, silent)
        assert (found.name, found.kind, found.digest) == ("tiny", "embedded", model.sha256)


def test_resolve_without_any_model(monkeypatch) -> None:
    monkeypatch.setattr(resolve, "is_installed", lambda _: False)
    with pytest.raises(ModelError, match=r"pip install 'mtreason\[embedded\]'.*--model DIR") as error:
        resolve.resolve_model(None, silent)
    assert "\n" not in str(error.value)


def test_resolve_directories(tmp_path) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        resolve.resolve_model(str(tmp_path), silent)
    (tmp_path / "config.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="no weights"):
        resolve.resolve_model(str(tmp_path), silent)
    (tmp_path / "model.safetensors").write_bytes(b"x")
    assert resolve.resolve_model(str(tmp_path), silent).kind == "directory"


def fill(path):
    path.mkdir()
    files = {
        "config.json": "{}",
        "generation_config.json": "{}",
        "model-00001-of-00002.safetensors": "weights",
        "model-00002-of-00002.safetensors": "more of them",
        "tokenizer.json": "pieces",
        "chat_template.jinja": "{{ messages }}",
        "modeling_own.py": "pass",
    }
    for name, text in files.items():
        (path / name).write_text(text, "utf-8")
    return files


def test_a_directory_is_known_by_its_content(tmp_path) -> None:
    """One changed byte of weights, template or anything else that is loaded makes another model."""
    files = fill(tmp_path / "a")
    fill(tmp_path / "b")
    digest = resolve.resolve_model(str(tmp_path / "a"), silent).digest
    assert resolve.resolve_model(str(tmp_path / "b"), silent).digest == digest
    for name, text in files.items():
        (tmp_path / "b" / name).write_text(text[:-1] + "X", "utf-8")
        assert resolve.resolve_model(str(tmp_path / "b"), silent).digest != digest, name
        (tmp_path / "b" / name).write_text(text, "utf-8")
    (tmp_path / "b" / "README.md").write_text("words", "utf-8")
    (tmp_path / "b" / "pytorch_model.bin").write_text("not loaded, safetensors are there", "utf-8")
    assert resolve.resolve_model(str(tmp_path / "b"), silent).digest == digest
    more = tmp_path / "b" / "additional_chat_templates" / "tools.jinja"
    more.parent.mkdir()
    more.write_text("{{ tools }}", "utf-8")
    assert resolve.resolve_model(str(tmp_path / "b"), silent).digest != digest


def test_pickled_weights_count_where_they_are_loaded(tmp_path) -> None:
    digests = set()
    for text in ("one", "two"):
        path = tmp_path / text
        path.mkdir()
        (path / "config.json").write_text("{}", "utf-8")
        (path / "pytorch_model.bin").write_text(text, "utf-8")
        digests.add(resolve.resolve_model(str(path), silent).digest)
    assert len(digests) == 2


def test_resolve_own_gguf(model, tmp_path) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(b"GGUF own")
    found = resolve.resolve_model(str(path), silent)
    assert found.digest == hashlib.sha256(b"GGUF own").hexdigest()
    assert found.path.name.startswith("own-")
    path.write_bytes(b"<html>")
    with pytest.raises(ModelError, match=hashlib.sha256(b"<html>").hexdigest()):
        resolve.resolve_model(str(path), silent)


def test_resolve_unknown_and_hubs(monkeypatch) -> None:
    with pytest.raises(ModelError, match=r"unknown model 'qwen2\.5-coder-0\.6b', did you mean 'qwen2\.5-coder-0\.5b'"):
        resolve.resolve_model("qwen2.5-coder-0.6b", silent)
    monkeypatch.setitem(sys.modules, "modelscope", None)
    with pytest.raises(ModelError, match=r"pip install 'mtreason\[modelscope\]'"):
        resolve.resolve_model("modelscope:AIDC-AI/Marco-o1", silent)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="cannot download the model 'AIDC-AI/Marco-o1'") as error:
        resolve.resolve_model("AIDC-AI/Marco-o1", silent)
    assert "\n" not in str(error.value)


@pytest.mark.slow
@pytest.mark.skipif(not is_installed(embedded.EMBEDDED[1]), reason="the small embedded model is not installed")
def test_the_real_small_model_translates(tmp_path) -> None:
    """The path a user takes, with the real 0.5B model: slang hinted, verified, and the search recorded."""
    trace = tmp_path / "trace.jsonl"
    args = [
        "translate",
        "--from",
        "zh",
        "--to",
        "en",
        "--model",
        "qwen2.5-coder-0.5b",
        "--budget",
        "4",
        "--no-memory",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "mtreason", *args, "--trace", str(trace)],
        input="这双鞋的踩屎感太强了。\n今天天气很好。\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=800,
        env={k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"},
    )
    first, second = done.stdout.splitlines()
    assert "comfort" in first
    assert "today" in second.lower()
    records = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    assert all(len(r["candidates"]) > 1 for r in records)
    assert all({"likelihood", "channel", "confidence"} <= set(r["candidates"][0]["parts"]) for r in records)
