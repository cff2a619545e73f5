"""A GGUF file of a real architecture, small enough to convert in a test."""

from pathlib import Path

import gguf
import numpy as np
import pytest

WIDTH, INNER, LAYERS, HEADS, KV_HEADS = 64, 96, 2, 4, 2
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture
def write_gguf(tmp_path):
    """Writes a GGUF file of an architecture, its matrices in 8 bits, with or without an output layer of its own."""

    def write(arch="qwen2", *, tied=False) -> Path:
        path = tmp_path / f"{arch}-{tied}" / "tiny.gguf"
        path.parent.mkdir()
        _write(path, arch, tied)
        return path

    return write


def _write(path, arch, tied):
    from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode

    tokens = [*bytes_to_unicode().values(), "Ġa", "th", "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    writer = gguf.GGUFWriter(path, arch)
    writer.add_name("tiny")
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_merges(["Ġ a", "t h"])
    writer.add_token_types([1] * (len(tokens) - 3) + [3] * 3)
    writer.add_bos_token_id(len(tokens) - 3)
    writer.add_eos_token_id(len(tokens) - 1)
    writer.add_pad_token_id(len(tokens) - 3)
    writer.add_chat_template(TEMPLATE)
    rng = np.random.default_rng(0)

    def tensor(name, *shape):
        values = rng.normal(size=shape, scale=0.3).astype(np.float32)
        if len(shape) == 2:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, values)

    tensor("token_embd.weight", len(tokens), WIDTH)
    tensor("output_norm.weight", WIDTH)
    if not tied:
        tensor("output.weight", len(tokens), WIDTH)
    narrow = WIDTH // HEADS * KV_HEADS
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        tensor(block + "attn_norm.weight", WIDTH)
        tensor(block + "ffn_norm.weight", WIDTH)
        for name, size in (("q", WIDTH), ("k", narrow), ("v", narrow)):
            tensor(f"{block}attn_{name}.weight", size, WIDTH)
            if arch == "qwen2":
                tensor(f"{block}attn_{name}.bias", size)
        tensor(block + "attn_output.weight", WIDTH, WIDTH)
        tensor(block + "ffn_gate.weight", INNER, WIDTH)
        tensor(block + "ffn_up.weight", INNER, WIDTH)
        tensor(block + "ffn_down.weight", WIDTH, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
