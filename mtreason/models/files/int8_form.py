"""The 8-bit form of a model's linear layers, kept beside its 16-bit weights.

A file `int8-LEVELS-NUMBER.safetensors` holds for every layer NAME its weights `NAME.weight` in int8, [O, I], and its
scales `NAME.scales` in float32, [O]: what `mtreason.models.engine.int8.quantised` makes of the 16-bit weights. How far
the weights reach (127 or 63) depends on the processor, so the levels are part of the name: a directory that was made
on another kind of processor has no form for this one, and gets it from the 16-bit weights.

A file is read once from beginning to end: the bytes that are checked are the bytes that are used, and what they were
is forgotten as soon as they are in the kernel's layout.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from mtreason.errors import ModelError
from mtreason.models.files.weights import ShardWriter, read_tensors, weight_files

if TYPE_CHECKING:
    import torch

    from mtreason.models.engine.int8 import PackedWeight

_HEADER_LENGTH = 8
"""Bytes that say how long the header of a safetensors file is; the header follows, then the tensors."""


def kind_of(levels: int) -> str:
    """Return what the names of the files for a processor begin with."""
    return f"int8-{levels}"


class Int8Writer:
    """Quantises the weights of linear layers and writes them as they come."""

    def __init__(self, directory: Path, levels: int) -> None:
        self._levels = levels
        self._shards = ShardWriter(directory, kind_of(levels), {"levels": str(levels)})

    def add(self, layer: str, weight: torch.Tensor) -> None:
        """Take the 16-bit weights [O, I] of a layer."""
        from mtreason.models.engine.int8 import quantised

        whole, scales = quantised(weight, self._levels)
        self._shards.add(f"{layer}.weight", whole)
        self._shards.add(f"{layer}.scales", scales)

    def flush(self) -> list[str]:
        """Write what is left; returns the names of all files."""
        self._shards.flush()
        return list(dict.fromkeys(self._shards.files.values()))


def write_int8(source: Path, target: Path, levels: int) -> list[str]:
    """Make the 8-bit form of a directory's 16-bit weights; returns the names of the files written to `target`."""
    from transformers import AutoConfig

    from mtreason.models.engine.outline import linear_layers, outline

    layers = linear_layers(outline(AutoConfig.from_pretrained(source, trust_remote_code=False)))
    by_name: dict[str, list[str]] = {}
    for layer, stored in layers.items():
        by_name.setdefault(stored, []).append(layer)
    writer = Int8Writer(target, levels)
    for stored, weight in read_tensors(weight_files(source), by_name):
        for layer in by_name[stored]:
            writer.add(layer, weight)
    return writer.flush()


def read_int8(files: Sequence[Path], expected: Mapping[str, str], advice: str) -> dict[str, PackedWeight]:
    """Read 8-bit layers into the kernel's layout, by name.

    `expected` is the SHA-256 of each file by its name. Raises `ModelError` with `advice` for a file that has another.
    """
    from mtreason.models.engine.int8 import PackedWeight

    packed: dict[str, PackedWeight] = {}
    with ThreadPoolExecutor(1, "reader") as reader:
        # One file is read while the one before is laid out: reading and checking take half as long as laying out.
        reading = [reader.submit(_read_checked, path, expected[path.name], advice) for path in files[:1]]
        for i in range(len(files)):
            tensors = _tensors(reading.pop().result())
            reading += [reader.submit(_read_checked, p, expected[p.name], advice) for p in files[i + 1 : i + 2]]
            for name, weight in tensors.items():
                if name.endswith(".weight"):
                    layer = name.removesuffix(".weight")
                    # The kernel's layout is a copy; scales are used as they are, and must not keep the file in memory.
                    packed[layer] = PackedWeight(weight, tensors[f"{layer}.scales"].clone())
            tensors.clear()
    return packed


def _read_checked(path: Path, expected: str, advice: str) -> torch.Tensor:
    """Read a whole file, uint8 [bytes]."""
    import torch

    whole = torch.empty(path.stat().st_size if path.is_file() else 0, dtype=torch.uint8)
    content = whole.numpy().data
    if content:
        with path.open("rb") as file:
            file.readinto(content)
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ModelError(f"{path} is damaged (SHA-256 {found}, {len(whole)} bytes; expected {expected}): {advice}")
    return whole


def _tensors(whole: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file, views of its bytes."""
    import torch

    kinds = {"I8": torch.int8, "F32": torch.float32}
    start = _HEADER_LENGTH + int.from_bytes(whole[:_HEADER_LENGTH].numpy().tobytes(), "little")
    header = json.loads(whole[_HEADER_LENGTH:start].numpy().tobytes())
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            tensors[name] = whole[start + first : start + last].view(kinds[entry["dtype"]]).view(entry["shape"])
    return tensors
