"""From a GGUF file to a directory of the transformers library, one tensor at a time.

Configuration, tokenizer, names and layouts of tensors are those of the transformers library's own reader, which would
hold the whole model in 32 bits.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mtreason.errors import ModelError
from mtreason.models.files.int8_form import Int8Writer
from mtreason.models.files.weights import ShardWriter, write_index

if TYPE_CHECKING:
    import torch
    from gguf import ReaderTensor
    from transformers import PreTrainedModel

OTHER, LINEAR = "model-other", "model-linear"
"""Kinds of 16-bit files. Weights of linear layers are apart: a start with 8-bit ones does not read them."""
CHUNK_WEIGHTS = 1 << 22
"""Weights of a tensor that are unpacked at a time."""


def convert_gguf(gguf: Path, target: Path, progress: Callable[[float], None]) -> None:
    """Write the model of a GGUF file to `target`: configuration, tokenizer, weights in 16 bits and in 8.

    `progress` is told how much is done, 0 to 1. Raises `ModelError` for a file that is not whole or not supported.
    """
    from mtreason.models.engine.load import quiet_libraries

    try:
        # The reader of GGUF files draws a bar of its own, whatever it is asked.
        with quiet_libraries(), redirect_stderr(io.StringIO()):
            target.mkdir()
            network = _describe(gguf, target, progress)
            _write_weights(gguf, target, network, lambda fraction: progress(0.3 + 0.7 * fraction))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise ModelError(f"{gguf.name}: cannot convert ({_first_line(error)})") from error
    except Exception as error:
        raise ModelError(f"{gguf.resolve()}: cannot convert ({_first_line(error)}): is the file whole?") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _describe(gguf: Path, target: Path, progress: Callable[[float], None]) -> PreTrainedModel:
    """Write all but the weights; returns the network without any."""
    from transformers import AutoConfig, AutoTokenizer

    from mtreason.models.engine.outline import outline

    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, trust_remote_code=False).save_pretrained(target)
    progress(0.2)
    network = outline(AutoConfig.from_pretrained(gguf.parent, gguf_file=gguf.name, trust_remote_code=False))
    network.config.architectures = [type(network).__name__]
    network.config.dtype = "bfloat16"
    network.config.save_pretrained(target)
    if network.generation_config is not None:
        network.generation_config.save_pretrained(target)
    progress(0.3)
    return network


def _write_weights(gguf: Path, target: Path, network: PreTrainedModel, progress: Callable[[float], None]) -> None:
    from mtreason.models.engine.int8 import int8_available, weight_levels
    from mtreason.models.engine.outline import linear_layers

    layers: dict[str, list[str]] = {}
    for layer, stored in linear_layers(network).items():
        layers.setdefault(stored, []).append(layer)
    other, linear = ShardWriter(target, OTHER), ShardWriter(target, LINEAR)
    int8 = Int8Writer(target, weight_levels()) if int8_available() else None
    for name, fraction, weights in gguf_tensors(gguf, network):
        # An embedding table that is the output layer too is read at every start.
        (linear if name.removesuffix(".weight") in layers.get(name, ()) else other).add(name, weights)
        if int8 is not None:
            for layer in layers.get(name, ()):
                int8.add(layer, weights)
        progress(fraction)
    other.flush()
    linear.flush()
    if int8 is not None:
        int8.flush()
    write_index(target, (other, linear))
    # Shared weights have one name here: an output layer that is the embedding table has none of its own.
    written = other.files.keys() | linear.files.keys()
    if missing := [name for name, _ in network.named_parameters() if name not in written]:
        raise ModelError(f"it has no weights for {', '.join(missing[:3])}")


def gguf_tensors(gguf: Path, network: PreTrainedModel) -> Iterator[tuple[str, float, torch.Tensor]]:
    """Give the tensors of a GGUF file in bfloat16, by the names they have in the network, and how far this is, 0 to 1.

    Tensors that the network does not have are left out, as the transformers library does.
    """
    import torch
    from gguf import GGUFReader
    from transformers.modeling_gguf_pytorch_utils import (
        TENSOR_PROCESSORS,
        TensorProcessor,
        get_gguf_hf_weights_map,
        read_field,
    )

    names = get_gguf_hf_weights_map(network)
    reader = GGUFReader(gguf)
    [architecture] = read_field(reader, "general.architecture")
    kind: Any = TENSOR_PROCESSORS.get(architecture, TensorProcessor)
    processor = kind(config=network.config.to_dict())
    total, done = sum(int(t.n_bytes) for t in reader.tensors), 0
    for tensor in reader.tensors:
        # Some processors put what they make here under the network's names: one packed tensor becomes many.
        made: dict[str, torch.Tensor] = {}
        weights, name, _ = processor.process(
            weights=_unpacked(gguf, tensor),
            name=tensor.name,
            tensor_key_mapping=names,
            parsed_parameters={"tensors": made},
        )
        if name in names:
            made[names[name]] = torch.from_numpy(np.ascontiguousarray(weights))
        del weights
        done += int(tensor.n_bytes)
        for key in list(made):
            yield key, done / total, made.pop(key).to(torch.bfloat16)


def _unpacked(gguf: Path, tensor: ReaderTensor) -> NDArray[Any]:
    """Read a tensor and unpack it to 32 bits, some rows at a time.

    Read and not mapped: what is mapped stays in memory until the whole file is closed.
    """
    from gguf import dequantize

    data = tensor.data
    rows = len(data)
    width = int(np.prod(data.shape[1:], dtype=np.int64))
    # Shapes of GGUF files are written the other way round.
    whole = np.empty(tuple(int(n) for n in reversed(tensor.shape)), dtype=np.float32)
    step = max(1, CHUNK_WEIGHTS * rows // max(1, whole.size)) if whole.ndim > 1 else rows
    for start in range(0, rows, step):
        count = min(step, rows - start)
        offset = int(tensor.data_offset) + start * width * data.dtype.itemsize
        raw = np.fromfile(gguf, dtype=data.dtype, count=count * width, offset=offset).reshape(count, *data.shape[1:])
        whole[start : start + count] = dequantize(raw, tensor.tensor_type)
    return whole
