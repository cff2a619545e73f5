"""Learned metrics of the COMET family, run so that a score depends on its texts alone.

A pass of one text on a CPU is as fast as its share of a padded batch (a 12-layer encoder, 64 pairs, one thread: 2.4 s
against 2.2 to 3.1 s), and does not feel its neighbours, so texts are encoded one by one there and in batches on a GPU.
Checkpoints that encode each text by itself (the older ones) see a text once: all that it is compared with takes only
the head, in batches of one fixed shape, in which a row's result does not depend on the others (tested).
On a GPU scores move with the company in the last digits.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import itertools
import logging
import math
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtreason.errors import ModelError
from mtreason.models.protocol import Triple

if TYPE_CHECKING:
    import torch

REFERENCELESS = "referenceless_regression_metric"
APART = (REFERENCELESS, "regression_metric", "ranking_metric")
"""Kinds that encode source, translation and reference by themselves."""
TOGETHER = ("unified_metric", "xcomet_metric")
"""Kinds that read them as one sequence."""

ROWS = 32
"""Triples a pass, except where texts are read together on a CPU: there it is one."""
MOST_SCORES = 100_000
MOST_TEXTS = 4_000
"""How many of the latest scores and encoded texts are kept: some tens of megabytes at most."""

MISSING_WEIGHTS = "Found keys that are in the model state dict but not in the checkpoint"


class Estimator:
    """A checkpoint that scores translations. `Estimating` is what a run needs of it."""

    def __init__(self, name: str) -> None:
        """Load a checkpoint file, the directory around it, or what has this name on a hub.

        Raises `ModelError` where there is none, where it is damaged, or where comet is not installed.
        """
        import torch

        _import_comet(name)
        self.file = find_checkpoint(name) or _download(name)
        self.kind = _read_kind(self.file)
        self.computed = 0
        """Triples that were not known before."""
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._one_by_one = device == "cpu"
        self._model = _load(self.file).to(device)
        self._scores: dict[Triple, float] = {}
        self._texts: dict[tuple[int, ...], torch.Tensor] = {}
        if self.kind in APART:
            self._model.get_sentence_embedding = self._encode

    @property
    def needs_references(self) -> bool:
        """Whether it cannot score a translation without a reference."""
        return bool(self._model.requires_references())

    @property
    def takes_references(self) -> bool:
        """Whether a reference changes its scores."""
        return self.kind != REFERENCELESS and "ref" in self._model.hparams.get("input_segments", ("ref",))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the checkpoint file. The encoder's configuration and tokenizer lie elsewhere."""
        with self.file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def scores(self, triples: Sequence[Triple]) -> list[float]:
        """Return one score a triple: what comet's own `predict` gives, but for rounding.

        A triple is computed once and remembered. Texts beyond what the encoder can read are cut off, as comet does.
        """
        found = {t: self._scores[t] for t in triples if t in self._scores}
        fresh = [t for t in dict.fromkeys(triples) if t not in found]
        for with_reference in (False, True):
            group = sorted((t for t in fresh if (t[2] is not None) == with_reference), key=_length)
            if group and not with_reference and self.needs_references:
                raise ModelError(needs_references(str(self.file)))
            rows = 1 if self._one_by_one and self.kind in TOGETHER else ROWS
            for start in range(0, len(group), rows):
                chunk = group[start : start + rows]
                found.update(zip(chunk, self._compute(chunk, rows), strict=True))
        self.computed += len(fresh)
        self._scores.update((t, found[t]) for t in fresh)
        _forget_oldest(self._scores, MOST_SCORES)
        return [found[t] for t in triples]

    def _compute(self, chunk: Sequence[Triple], rows: int) -> list[float]:
        import torch
        from lightning_fabric.utilities import move_data_to_device

        # Repeating the last one gives every pass of the head the same shape; its texts are encoded once.
        full = [*chunk, *[chunk[-1]] * (rows - len(chunk) if self.kind in APART else 0)]
        samples = [{"src": s, "mt": h} | ({} if r is None else {"ref": r}) for s, h, r in full]
        with _quiet(), torch.inference_mode():
            batch = self._model.prepare_sample(samples, stage="predict")
            values = self._model.predict_step(move_data_to_device(batch, self._model.device))["scores"].tolist()
        if not all(map(math.isfinite, values)):
            raise ModelError(f"{self.file}: gives a score that is no number: the checkpoint is damaged")
        return [float(v) for v in values[: len(chunk)]]

    def _encode(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Stand in for `CometModel.get_sentence_embedding`: look up what is known, compute the rest.

        B texts of T tokens, padded on the right; returns [B, width].
        """
        import torch

        keys = [tuple(row[mask.bool()].tolist()) for row, mask in zip(input_ids, attention_mask, strict=True)]
        fresh = list({key: i for i, key in enumerate(keys) if key not in self._texts}.values())
        for rows in [[i] for i in fresh] if self._one_by_one else [fresh] if fresh else []:
            width = max(len(keys[i]) for i in rows)
            encoded = self._model.compute_sentence_embedding(input_ids[rows, :width], attention_mask[rows, :width])
            self._texts.update(zip([keys[i] for i in rows], encoded, strict=True))
        found = torch.stack([self._texts[key] for key in keys])
        _forget_oldest(self._texts, MOST_TEXTS)
        return found


def needs_references(name: str) -> str:
    """Say that a checkpoint cannot be used as a reward."""
    return f"the COMET checkpoint {name} needs references: name a referenceless one, such as Unbabel/wmt22-cometkiwi-da"


def check_checkpoint(name: str, *, referenceless: bool) -> None:
    """Raise `ModelError` for what can be told of a checkpoint without loading it."""
    if importlib.util.find_spec("comet") is None:
        raise ModelError(_NO_COMET.format(name))
    file = find_checkpoint(name)
    kind = _read_kind(file) if file is not None else None
    if referenceless and kind in APART and kind != REFERENCELESS:
        raise ModelError(needs_references(name))


def find_checkpoint(name: str) -> Path | None:
    """Return the checkpoint file that a path leads to, or None for what can only be a name on a hub."""
    path = Path(name).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        files = sorted((path / "checkpoints").glob("*.ckpt"))
        if len(files) != 1:
            what = f"{len(files)} of them" if files else "none"
            raise ModelError(f"{path}: expected a COMET checkpoint in checkpoints/model.ckpt, found {what}")
        return files[0]
    if path.suffix == ".ckpt" or path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1:
        raise ModelError(f"{name}: no such file or directory: name a COMET checkpoint (model.ckpt) or its directory")
    return None


def _read_kind(file: Path) -> str:
    """Return the class identifier of a checkpoint."""
    import yaml

    beside = file.absolute().parents[1] / "hparams.yaml"
    if not beside.is_file():
        raise ModelError(f"{file} is no COMET checkpoint: there is no {beside}, expected X/checkpoints/model.ckpt")
    try:
        settings = yaml.safe_load(beside.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ModelError(f"{beside}: not the YAML file of a COMET checkpoint: {_first_line(error)}") from error
    kind = settings.get("class_identifier") if isinstance(settings, dict) else None
    if kind not in {*APART, *TOGETHER}:
        raise ModelError(f"{beside}: class_identifier is {kind!r}, expected one of {', '.join((*APART, *TOGETHER))}")
    return str(kind)


_NO_COMET = "the COMET checkpoint {} needs the comet package: pip install 'mtreason[comet]'"


def _import_comet(name: str) -> None:
    with _quiet():
        try:
            import comet  # noqa: F401 - here once, where it is quiet
        except ImportError as error:
            raise ModelError(f"{_NO_COMET.format(name)} ({_first_line(error)})") from error


def _load(file: Path) -> Any:  # noqa: ANN401 - comet is untyped
    with _quiet() as said:
        from comet import load_from_checkpoint

        try:
            model = load_from_checkpoint(str(file))
        except Exception as error:
            raise ModelError(_what_is_wrong(file, error)) from error
    for warning in said:
        # Comet would go on with random numbers in their place.
        if str(warning.message).startswith(MISSING_WEIGHTS):
            raise ModelError(f"{file} lacks weights: {_first_line(warning.message).removeprefix(MISSING_WEIGHTS)[2:]}")
    return model.eval()


def _what_is_wrong(file: Path, error: Exception) -> str:
    if isinstance(error, OSError):
        return f"cannot load the encoder that the COMET checkpoint {file} is built on: {_first_line(error)}"
    if not zipfile.is_zipfile(file):
        return f"{file} is no COMET checkpoint: not a file that torch.save wrote"
    return f"cannot load the COMET checkpoint {file}: {_first_line(error)}"


def _download(name: str) -> Path:
    """Fetch a checkpoint by its name; comet says of every failure that the model is not supported."""
    with _quiet(), redirect_stderr(io.StringIO()):
        from comet import download_model
        from comet.models.download_utils import available_legacy_metrics

        try:
            file = Path(download_model(name))
        except KeyError as error:
            legacy = error.__context__
            hub = legacy.__context__ if legacy else None
            reason = _first_line((legacy if name in available_legacy_metrics else hub) or error)
            raise ModelError(f"cannot get the COMET checkpoint {name!r}, which is no path here: {reason}") from error
    if not file.is_file():
        raise ModelError(f"{name!r} on the hub is no COMET checkpoint: it has no checkpoints/model.ckpt")
    return file


@contextmanager
def _quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Keep off the terminal what comet and lightning log and warn of; yields the warnings."""
    root, before = logging.getLogger(), logging.root.manager.disable
    # With a handler there, comet's `basicConfig` leaves the root logger as it is.
    silent = logging.NullHandler()
    root.addHandler(silent)
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            yield said
    finally:
        logging.disable(before)
        root.removeHandler(silent)


def _length(triple: Triple) -> int:
    return sum(len(text) for text in triple if text is not None)


def _forget_oldest(kept: dict[Any, Any], most: int) -> None:
    for key in list(itertools.islice(kept, max(0, len(kept) - most))):
        del kept[key]


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
