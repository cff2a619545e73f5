"""Digests by content: whatever a model is loaded from makes another one, and is not read twice for nothing."""

import json
import os
import time

import pytest

from mtreason.evaluation.learned.estimator import identity_of
from mtreason.models.files import digests, resolve
from mtreason.models.files.digests import file_digest


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """A cache of its own, in which small files are remembered as large ones are."""
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(digests, "WORTH", 1)
    monkeypatch.setattr(digests, "SETTLED", 0.0)


def large(path, data=b"weights"):
    path.write_bytes(data)
    os.utime(path, (1, 1))
    time.sleep(0.05)  # so that the next change has another time
    return path


def never(*_):
    pytest.fail("read again")


def test_a_file_is_read_once(tmp_path) -> None:
    path = large(tmp_path / "w")
    first = file_digest(path)
    assert file_digest(path, never) == first
    path.rename(tmp_path / "v")
    assert file_digest(tmp_path / "v") == first


def test_other_contents_of_the_same_size_and_time_are_noticed(tmp_path) -> None:
    path = large(tmp_path / "w", b"one")
    first = file_digest(path)
    large(path, b"two")
    assert file_digest(path) != first
    other = large(tmp_path / "x", b"six")
    other.replace(path)
    assert file_digest(path) not in {first, ""}


def test_a_file_that_changed_a_moment_ago_is_not_remembered(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(digests, "SETTLED", 3600.0)
    path = large(tmp_path / "w")
    file_digest(path)
    assert not (tmp_path / "cache" / digests.FILE).exists()


@pytest.mark.parametrize("seed", range(12))
def test_what_is_remembered_wrongly_is_not_used(tmp_path, seed) -> None:
    path = large(tmp_path / "w")
    first = file_digest(path)
    kept = tmp_path / "cache" / digests.FILE
    data = bytearray(kept.read_bytes())
    data[seed * len(data) // 12] ^= 1 << seed % 8
    kept.write_bytes(data)
    assert file_digest(path) == first
    for text in (b"", b"{}", b"[" * 9000, b"\xff" * 99, json.dumps({str(path): 3}).encode()):
        kept.write_bytes(text)
        assert file_digest(path) == first


def model(path, **files):
    path.mkdir(exist_ok=True)
    for name, text in {"config.json": "{}", **files}.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(text, "utf-8")
    return path


INDEX = json.dumps({"weight_map": {"a": "sub/part.safetensors", "b": "../beside.safetensors"}})


@pytest.mark.parametrize(
    ("changed", "files"),
    [
        ("pytorch_model.bin", {"pytorch_model.bin": "one", "adapter.safetensors": "other"}),
        ("sub/part.safetensors", {"model.safetensors.index.json": INDEX, "sub/part.safetensors": "one"}),
        ("../beside.safetensors", {"model.safetensors.index.json": INDEX, "../beside.safetensors": "one"}),
        ("source.spm", {"source.spm": "one", "model.safetensors": "w"}),
        ("adapter_model.safetensors", {"adapter_model.safetensors": "one", "model.safetensors": "w"}),
        ("../base/model.safetensors", {"../base/model.safetensors": "one", "adapter_config.json": "BASE"}),
    ],
)
def test_changed_weights_of_the_same_size_are_another_model(tmp_path, changed, files) -> None:
    base = json.dumps({"base_model_name_or_path": str(tmp_path / "base")})
    path = model(tmp_path / "m", **{name: base if text == "BASE" else text for name, text in files.items()})
    before = resolve.content_digest(path)
    (path / changed).write_text("two", "utf-8")
    assert resolve.content_digest(path) != before


def test_a_directory_of_weights_is_read_once(tmp_path) -> None:
    path = model(tmp_path / "m", **{"model.safetensors": "w"})
    time.sleep(0.05)
    before = resolve.content_digest(path)
    assert all(file_digest(path / name, never) for name in ("config.json", "model.safetensors"))
    assert resolve.content_digest(path) == before


@pytest.mark.parametrize("changed", ["hparams.yaml", "checkpoints/model.ckpt", "encoder/tokenizer.json"])
def test_a_learned_metric_is_all_that_its_scores_depend_on(tmp_path, changed) -> None:
    text = f"class_identifier: regression_metric\npretrained_model: {tmp_path}/encoder\n"
    for name, own in (("hparams.yaml", text), ("checkpoints/model.ckpt", "one"), ("encoder/tokenizer.json", "one")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(own, "utf-8")
    file = tmp_path / "checkpoints" / "model.ckpt"
    before = identity_of(file)
    path = tmp_path / changed
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    assert identity_of(file) != before
