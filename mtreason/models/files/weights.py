"""Weights of a model directory: written in files of bounded size, and found again tensor by tensor.

Nothing here holds more than one file's worth of tensors, so a model can be larger than the memory that converting it
may take.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mtreason.errors import ModelError

if TYPE_CHECKING:
    import torch

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
SHARD_BYTES = 1 << 28
"""Tensors share a file up to this size; a larger one has a file to itself. Saving a file copies it once more."""


class ShardWriter:
    """Writes tensors to numbered safetensors files as they come."""

    def __init__(self, directory: Path, kind: str, metadata: Mapping[str, str] | None = None) -> None:
        """Files are named after their `kind`."""
        self._directory = directory
        self._kind = kind
        self._metadata = {"format": "pt", **(metadata or {})}
        self._held: dict[str, torch.Tensor] = {}
        self.files: dict[str, str] = {}
        """Which file each tensor was written to."""
        self.size = 0
        """Bytes of all tensors so far."""

    def add(self, name: str, tensor: torch.Tensor) -> None:
        """Take one tensor, writing those that were taken before where they fill a file."""
        if sum(t.nbytes for t in self._held.values()) + tensor.nbytes > SHARD_BYTES:
            self.flush()
        self._held[name] = tensor.contiguous()
        self.size += tensor.nbytes

    def flush(self) -> None:
        """Write what is held."""
        from safetensors.torch import save_file

        if self._held:
            file = f"{self._kind}-{len(set(self.files.values())) + 1:05}.safetensors"
            save_file(self._held, self._directory / file, metadata=self._metadata)
            self.files |= dict.fromkeys(self._held, file)
            self._held = {}


def write_index(directory: Path, writers: Iterable[ShardWriter]) -> None:
    """Write what the transformers library looks for where weights lie in several files."""
    done = list(writers)
    files = {name: file for w in done for name, file in w.files.items()}
    index = {"metadata": {"total_size": sum(w.size for w in done)}, "weight_map": dict(sorted(files.items()))}
    (directory / INDEX).write_text(json.dumps(index, indent=1), "utf-8")


def weight_files(directory: Path) -> dict[str, Path]:
    """Return which safetensors file each tensor of a directory lies in; {} for one that has no such files.

    Raises `ModelError` for an index that cannot be read.
    """
    index, single = directory / INDEX, directory / SINGLE
    if single.is_file():
        from safetensors import safe_open

        with safe_open(single, framework="pt") as file:
            return dict.fromkeys(file.keys(), single)
    if not index.is_file():
        return {}
    try:
        named: dict[str, str] = json.loads(index.read_text("utf-8"))["weight_map"]
        return {name: directory / file for name, file in named.items()}
    except (ValueError, KeyError, AttributeError) as error:
        raise ModelError(f"{index} is damaged (no map of weights to files): fetch it again") from error


def read_tensors(files: Mapping[str, Path], names: Iterable[str]) -> Iterator[tuple[str, torch.Tensor]]:
    """Give tensors by name, mapped and not copied, file by file: one is unmapped when none of its tensors is left."""
    from safetensors import safe_open

    wanted: dict[Path, list[str]] = {}
    for name in names:
        wanted.setdefault(files[name], []).append(name)
    for path, own in wanted.items():
        with safe_open(path, framework="pt") as file:
            for name in own:
                yield name, file.get_tensor(name)
