"""Converting GGUF files tensor by tensor, against the transformers library's own reader."""

import json

import pytest
import torch

from mtreason.errors import ModelError
from mtreason.models.engine.int8 import quantised, weight_levels
from mtreason.models.engine.load import quiet_libraries
from mtreason.models.engine.outline import linear_layers, outline
from mtreason.models.files import gguf, weights
from mtreason.models.files.weights import read_tensors, weight_files


def silent(_fraction):
    pass


@pytest.mark.parametrize("arch", ["qwen2", "llama"])
@pytest.mark.parametrize("tied", [False, True])
def test_weights_are_those_of_the_library(write_gguf, monkeypatch, arch, tied) -> None:
    """Llama files hold rows of queries and keys in another order; tensors are read in several pieces and files here."""
    from transformers import AutoConfig
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    monkeypatch.setattr(gguf, "CHUNK_WEIGHTS", 1000)
    monkeypatch.setattr(weights, "SHARD_BYTES", 20_000)
    file = write_gguf(arch, tied=tied)
    made = file.parent / "made"
    gguf.convert_gguf(file, made, silent)
    with quiet_libraries():
        network = outline(AutoConfig.from_pretrained(file.parent, gguf_file=file.name))
        expected = load_gguf_checkpoint(str(file), return_tensors=True, model_to_load=network)["tensors"]
    files = weight_files(made)
    assert files.keys() == {name for name, _ in network.named_parameters()}
    assert len(set(files.values())) > 4
    found = dict(read_tensors(files, files))
    for name in files:
        assert torch.equal(found[name], expected[name].to(torch.bfloat16)), name
    assert network.config.tie_word_embeddings == tied


def test_what_is_written_loads_as_any_directory_does(write_gguf) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    file = write_gguf()
    made = file.parent / "made"
    fractions = []
    gguf.convert_gguf(file, made, fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    with quiet_libraries():
        network = AutoModelForCausalLM.from_pretrained(made, dtype=torch.bfloat16)
        tokenizer = AutoTokenizer.from_pretrained(made)
    assert all(p.dtype == torch.bfloat16 and not p.is_meta for p in network.parameters())
    assert json.loads((made / "config.json").read_text("utf-8"))["architectures"] == ["Qwen2ForCausalLM"]
    turns = [{"role": "user", "content": "that"}]
    assert "<|im_start|>user\nthat" in tokenizer.apply_chat_template(turns, tokenize=False)


@pytest.mark.parametrize("tied", [False, True])
def test_the_8_bit_form_is_what_quantising_gives(write_gguf, tied) -> None:
    from safetensors import safe_open
    from transformers import AutoConfig

    file = write_gguf(tied=tied)
    made = file.parent / "made"
    gguf.convert_gguf(file, made, silent)
    files = weight_files(made)
    layers = linear_layers(outline(AutoConfig.from_pretrained(made)))
    assert "lm_head" in layers
    [name] = made.glob("int8-*.safetensors")
    with safe_open(name, framework="pt") as kept:
        assert kept.metadata()["levels"] == str(weight_levels())
        assert set(kept.keys()) == {f"{layer}.{part}" for layer in layers for part in ("weight", "scales")}
        for layer, stored in layers.items():
            [(_, weight)] = read_tensors(files, [stored])
            whole, scales = quantised(weight, weight_levels())
            assert torch.equal(kept.get_tensor(f"{layer}.weight"), whole)
            assert torch.equal(kept.get_tensor(f"{layer}.scales"), scales)


def test_a_file_that_is_cut_off_or_lacks_a_tensor_is_named(write_gguf) -> None:
    file = write_gguf()
    whole = file.read_bytes()
    file.write_bytes(whole[:-40_000])
    with pytest.raises(ModelError, match=rf"{file}: cannot convert .*is the file whole\?"):
        gguf.convert_gguf(file, file.parent / "cut", silent)
    file.write_bytes(whole.replace(b"blk.1.ffn_down.weight", b"blk.7.ffn_down.weight"))
    with pytest.raises(ModelError, match=r"no weights for model\.layers\.1\.mlp\.down_proj\.weight"):
        gguf.convert_gguf(file, file.parent / "lacking", silent)
