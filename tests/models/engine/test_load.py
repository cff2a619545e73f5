"""From a directory to a model: the 8-bit form from the cache, its checks, and what is remembered of the probe."""

import json
import shutil

import numpy as np
import pytest
import torch

from mtreason.errors import ModelError
from mtreason.models.engine import building, int8, load
from mtreason.models.engine.building import make_int8
from mtreason.models.engine.load import load_directory, quiet_libraries
from mtreason.models.engine.packed import PackedModel
from mtreason.models.engine.tree import TreeModel
from mtreason.models.engine.verdict import FILE
from mtreason.models.files.cache import prepare_gguf, verify_cached
from mtreason.models.protocol import ROOT, Draw, TokenMask

TOKENS = tuple(range(40, 70))


@pytest.fixture
def cached(write_gguf, tmp_path, monkeypatch):
    """A converted model in a cache of its own."""
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    return prepare_gguf(write_gguf(), lambda *_: None)[0]


def tied(write_gguf):
    return prepare_gguf(write_gguf(tied=True), lambda *_: None)[0]


def answers(model):
    """Logits, and a sample with its probabilities."""
    [prefix] = model.extend([ROOT], [TOKENS])
    vocabulary = model.logits([prefix]).shape[1]
    guard = TokenMask(np.zeros(vocabulary, dtype=bool), frozenset(), 0.95)
    [drawn] = model.sample([Draw(prefix, 1, 0.9, 12)], guard)
    return model.logits([prefix]), drawn.tokens, drawn.log_probs


def same(one, other):
    return np.array_equal(one[0], other[0]) and one[1] == other[1] and np.array_equal(one[2], other[2])


def as_the_library_loads(path):
    from transformers import AutoModelForCausalLM

    with quiet_libraries():
        network = AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16).eval()
    make_int8(network)
    return TreeModel(PackedModel(network))


@pytest.mark.parametrize("is_tied", [False, True])
def test_kept_layers_give_bit_for_bit_what_quantising_gives(cached, write_gguf, tmp_path, is_tied) -> None:
    path = tied(write_gguf) if is_tied else cached
    plain = tmp_path / "plain"
    shutil.copytree(path, plain)  # no longer in the cache: quantised from the 16-bit weights
    expected = answers(as_the_library_loads(path))
    for directory in (path, plain):
        loaded = load_directory(directory, note=pytest.fail)
        assert same(answers(loaded.model), expected)
        assert loaded.arithmetic == f"int8/{int8.weight_levels()} cpu"


def test_a_directory_in_32_bits_is_quantised_from_16(tiny_model) -> None:
    """As the transformers library would load it."""
    assert same(answers(load_directory(tiny_model, note=pytest.fail).model), answers(as_the_library_loads(tiny_model)))


def test_16_bit_weights_are_never_loaded_for_8_bit_ones(cached, monkeypatch) -> None:
    monkeypatch.setattr(building, "pack", lambda _weight: pytest.fail("quantised again"))
    for linear in cached.glob("model-linear-*"):
        linear.unlink()
    loaded = load_directory(cached, note=lambda _note: None)
    table = loaded.model.packed.decoder.get_input_embeddings().weight
    assert table.dtype == torch.bfloat16
    assert loaded.dtype == "int8"


@pytest.mark.parametrize(("kind", "dtype"), [("int8-*", "int8"), ("model-other-*", "int8"), ("model-linear-*", "bf16")])
def test_a_flipped_bit_is_noticed(cached, kind, dtype) -> None:
    [file] = cached.glob(kind)
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes(data)
    advice = rf"{file.name} is damaged \(SHA-256 .* expected .*mtreason models remove {cached.name}"
    with pytest.raises(ModelError, match=advice):
        load_directory(cached, dtype=dtype, note=pytest.fail)


def test_a_lost_file_is_noticed(cached) -> None:
    [file] = cached.glob("int8-*")
    file.unlink()
    with pytest.raises(ModelError, match=rf"{file.name} is damaged .*mtreason models remove"):
        load_directory(cached, note=pytest.fail)


def test_a_cache_from_another_kind_of_processor_gets_a_form_for_this_one(cached, monkeypatch) -> None:
    other = {63: 127, 127: 63}[int8.weight_levels()]
    [old] = cached.glob("int8-*")
    monkeypatch.setattr(int8, "weight_levels", lambda: other)
    monkeypatch.setattr(building, "weight_levels", lambda: other)
    monkeypatch.setattr(load, "weight_levels", lambda: other)
    loaded = load_directory(cached, note=pytest.fail)
    assert loaded.arithmetic == f"int8/{other} cpu"
    made = {f.name for f in cached.glob("int8-*")}
    assert made == {old.name, f"int8-{other}-00001.safetensors"}
    assert made <= json.loads((cached / "manifest.json").read_text("utf-8"))["files"].keys()
    verify_cached(cached)
    assert same(answers(loaded.model), answers(as_the_library_loads(cached)))


def test_a_form_for_another_processor_is_not_made_of_damaged_weights(cached, monkeypatch) -> None:
    monkeypatch.setattr(building, "weight_levels", lambda: 31)
    [file] = cached.glob("model-linear-*")
    file.write_bytes(file.read_bytes()[:-1] + b"X")
    with pytest.raises(ModelError, match=f"{file.name} is damaged"):
        load_directory(cached, note=pytest.fail)
    assert not list(cached.glob("int8-31-*"))


def test_the_probe_is_asked_once_for_the_same_code_and_weights(cached, monkeypatch) -> None:
    asked = []
    probe = load._share_or_recompute
    monkeypatch.setattr(load, "_share_or_recompute", lambda *given: asked.append(1) or probe(*given))
    first, second = (load_directory(cached, note=pytest.fail) for _ in range(2))
    assert len(asked) == 1
    assert same(answers(first.model), answers(second.model))
    kept = json.loads((cached / FILE).read_text("utf-8"))
    for wrong in ({**kept, "conditions": "of another release"}, {**kept, "shares": False}, {}):
        (cached / FILE).write_text(json.dumps(wrong), "utf-8")
        load_directory(cached, note=pytest.fail)
    (cached / FILE).write_text("{", "utf-8")
    load_directory(cached, note=pytest.fail)
    assert len(asked) == 5


def test_other_formats_come_from_the_16_bit_weights(cached) -> None:
    for dtype in ("bf16", "fp32"):
        loaded = load_directory(cached, dtype=dtype, note=pytest.fail)
        assert (loaded.dtype, loaded.arithmetic) == (dtype, f"{dtype} cpu")
