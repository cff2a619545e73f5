"""The network of a model directory with its linear layers in 8 bits, built without ever holding them in 16.

Layers come from the 8-bit form that the cache keeps, or are quantised one by one from the files. The embedding table
stays in its file, mapped: only the rows that are looked up are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from mtreason.models.engine.int8 import Int8Linear, PackedWeight, pack, quantise, weight_levels
from mtreason.models.engine.outline import buffers_of_files, linear_layers, outline
from mtreason.models.files.cache import advice, cached_digests, int8_files, is_cached, verify_cached
from mtreason.models.files.int8_form import read_int8
from mtreason.models.files.weights import read_tensors, weight_files

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel


def read_ahead(path: Path) -> Future[dict[str, PackedWeight]] | None:
    """Begin to read the 8-bit layers of a converted model, by name, beside what the caller does; None for another.

    The other weights of an 8-bit network are checked on the way. The result raises `ModelError` for a damaged file.
    """
    if not is_cached(path):
        return None
    # Here and not beside: building a network changes torch's defaults for all threads while it lasts.
    files = int8_files(path, weight_levels())

    def read() -> dict[str, PackedWeight]:
        layers = read_int8(files, cached_digests(path), advice(path))
        stored = weight_files(path)
        own = {f"{layer}.weight" for layer in layers}
        verify_cached(path, {file.name for name, file in stored.items() if name not in own or not files})
        return layers

    reader = ThreadPoolExecutor(1, "weights")
    future = reader.submit(read)
    reader.shutdown(wait=False)
    return future


def int8_network(path: Path, trust_remote_code: bool, ahead: Future[dict[str, PackedWeight]] | None) -> PreTrainedModel:
    """Build the network of a directory with 8-bit linear layers on the CPU; all else computes in float32.

    `ahead` is what `read_ahead` gave. Raises what the transformers library raises for files that it cannot load.
    """
    from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

    files = weight_files(path)
    config = AutoConfig.from_pretrained(path, trust_remote_code=trust_remote_code)
    network = None if trust_remote_code or not files else outline(config)
    if network is None or not _stored_plainly(config, network, files):
        if ahead is not None:
            ahead.result()
            verify_cached(path)
        network = AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16, trust_remote_code=trust_remote_code)
        make_int8(network)
        return network
    if (path / "generation_config.json").is_file():
        network.generation_config = GenerationConfig.from_pretrained(path, trust_remote_code=False)
    _fill(network, files, {} if ahead is None else ahead.result())
    return network


def _stored_plainly(config: PretrainedConfig, network: PreTrainedModel, files: Mapping[str, Path]) -> bool:
    """Whether a network's weights are what its files hold under the same names, and nothing more is to be done."""
    stored = {name for name, _ in network.named_parameters()}
    shared = {name for name, _ in network.named_parameters(remove_duplicate=False)} - stored
    return (
        getattr(config, "quantization_config", None) is None
        and not network._keep_in_fp32_modules_strict
        and not buffers_of_files(network)
        and shared <= {f"{layer}.weight" for layer in linear_layers(network)}
        and stored <= files.keys()
    )


def _fill(network: PreTrainedModel, files: Mapping[str, Path], packed: Mapping[str, PackedWeight]) -> None:
    """Give a network of `outline` its weights: layers that are `packed` as they are, all else from the files."""
    layers = linear_layers(network)
    missing = dict.fromkeys(stored for layer, stored in layers.items() if layer not in packed)
    quantised = {name: pack(weight.to(torch.bfloat16)) for name, weight in read_tensors(files, missing)}
    biases = {f"{layer}.bias" for layer in layers if network.get_submodule(layer).bias is not None}
    found = {name: tensor.to(torch.bfloat16) for name, tensor in read_tensors(files, sorted(biases))}
    for layer in layers:
        linear = Int8Linear(packed.get(layer) or quantised[layers[layer]], found.get(f"{layer}.bias"))
        _put(network, layer, linear)
    embeddings = network.get_input_embeddings()
    # Those of linear layers are gone from the network by now.
    for name, tensor in read_tensors(files, [name for name, _ in network.named_parameters()]):
        module = network.get_submodule(name.rpartition(".")[0])
        narrow = tensor.to(torch.bfloat16)
        _put(network, name, nn.Parameter(narrow if module is embeddings else narrow.float(), requires_grad=False))
    _widen_embeddings(embeddings)


def _put(network: nn.Module, name: str, made: nn.Module | nn.Parameter) -> None:
    parent, _, leaf = name.rpartition(".")
    setattr(network.get_submodule(parent), leaf, made)


def make_int8(network: PreTrainedModel) -> None:
    """Quantise the linear layers of a model on the CPU, in place; all else computes in float32."""
    quantise(network)
    embeddings = network.get_input_embeddings()
    _widen_embeddings(embeddings)
    for module in network.modules():
        if module is not embeddings:
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.float()


def _widen_embeddings(embeddings: nn.Module) -> None:
    # The table stays in its 16 bits; only the rows that are looked up are widened.
    embeddings.register_forward_hook(lambda _module, _inputs, out: out.float())
