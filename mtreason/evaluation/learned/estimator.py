"""Learned metrics of the COMET family, run so that a score depends on its own texts only.

On a CPU a pass of one text takes as long as its share of a padded batch (a 12-layer encoder, 64 pairs, one thread:
2.4 s against 2.2 to 3.1 s), and its result does not depend on other texts. So texts are encoded one by one on a CPU,
and in batches on a GPU. Checkpoints that encode each text by itself (the older ones) encode a text once: every
comparison with it needs only the head, in batches of one fixed shape, in which a row's result does not depend on the
other rows (tested). On a GPU the last digits of a score depend on the batch.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import inspect
import io
import itertools
import json
import logging
import math
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtreason.errors import ModelError
from mtreason.evaluation.learned.checkpoints import LANGUAGES, PACKAGED, prepare_metric
from mtreason.evaluation.learned.encoder import ENCODER
from mtreason.evaluation.learned.scores import KeptScores
from mtreason.extras import unattended
from mtreason.files import sha256_of
from mtreason.models.files.cache import Report
from mtreason.models.files.digests import file_digest
from mtreason.models.files.embedded import part_files
from mtreason.models.files.resolve import content_digest
from mtreason.models.protocol import Triple

if TYPE_CHECKING:
    import torch

REFERENCELESS = "referenceless_regression_metric"
APART = (REFERENCELESS, "regression_metric", "ranking_metric")
"""Kinds that encode source, translation and reference separately."""
TOGETHER = ("unified_metric", "xcomet_metric")
"""Kinds that read them as one sequence."""

ROWS = 32
"""Triples in a pass; on a CPU only one, where the kind reads texts as one sequence."""
MOST_SCORES = 100_000
MOST_TEXTS = 4_000
"""How many of the latest scores and encoded texts are kept: some tens of megabytes at most."""

PATCHED = "sparsemax_patch"
"""What some checkpoints name their average of layers, which comet computes as a softmax since its release 2.2.4."""


class Estimator:
    """A checkpoint that scores translations; implements `LearnedMetric`."""

    def __init__(
        self,
        name: str,
        store: Path | None = None,
        encoder: Path | None = None,
        report: Report = lambda _stage, _fraction: None,
        note: Callable[[str], None] = lambda _message: None,
    ) -> None:
        """Open a checkpoint file, the directory around it, one of this package, or the one with this name on a hub.

        `store` is a directory where scores are kept from run to run; `encoder` is a directory with the configuration
        and tokenizer of the encoder, used instead of the one that the checkpoint names; `note` is told where the
        store cannot be used. Raises `ModelError` where there is no checkpoint, where it is damaged, or where comet is
        not installed.
        """
        _import_comet(name)
        self.encoder = encoder
        self.packaged = name in PACKAGED
        self.file = find_checkpoint(name, report) or _download(name)
        self.kind, self._segments = _read_kind(self.file)
        self.computed = 0
        """Triples that were computed because they were not known."""
        self._scores: dict[Triple, float] = {}
        self._store = KeptScores(store, note) if store is not None else None
        self._texts: dict[tuple[int, ...], torch.Tensor] = {}

    def load(self) -> None:
        """Read the weights now and not at the first score that has to be computed; raises as the constructor does."""
        self._model  # noqa: B018 - a property that remembers

    @cached_property
    def _model(self) -> Any:  # noqa: ANN401 - comet is untyped
        import torch

        model = _load(self.file, self.encoder).to("cuda" if torch.cuda.is_available() else "cpu")
        if self.kind in APART:
            model.get_sentence_embedding = self._encode
        return model

    @cached_property
    def _one_by_one(self) -> bool:
        return bool(self._model.device.type == "cpu")

    @property
    def needs_references(self) -> bool:
        """Whether it cannot score a translation without a reference."""
        if self.kind in TOGETHER:
            return self._segments == ("mt", "ref")
        return self.kind != REFERENCELESS

    @property
    def takes_references(self) -> bool:
        """Whether a reference changes its scores."""
        return self.kind != REFERENCELESS and "ref" in self._segments

    def knows(self, source: str | None, target: str) -> bool:
        """Whether it is made for these languages, by their primary codes; for other checkpoints that is not known."""
        return not self.packaged or any(target == t and source in {None, s} for s, t in LANGUAGES)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the checkpoint file, without the encoder's configuration and tokenizer, which are elsewhere."""
        return file_digest(self.file)

    @cached_property
    def identity(self) -> str:
        """SHA-256 of all that a score depends on besides the texts and the version of comet."""
        return identity_of(self.file, self.encoder)

    @cached_property
    def label(self) -> str:
        """Its name in reports: the directory around its checkpoints."""
        return self.file.absolute().parents[1].name

    @cached_property
    def signature(self) -> str:
        """The model and version that gave the scores."""
        version = importlib.metadata.version("unbabel-comet")
        return f"model:{self.label}|kind:{self.kind}|precision:fp32|sha256:{self.digest[:16]}|comet:{version}"

    def scores(self, triples: Sequence[Triple]) -> list[float]:
        """Return one score for each triple: what comet's own `predict` gives, except for rounding.

        A triple is computed once and remembered. Texts longer than the encoder can read are cut off, as in comet.
        """
        found = {t: self._scores[t] for t in triples if t in self._scores}
        if self._store is not None:
            asked = {self._key(t): t for t in triples if t not in found}
            found |= {asked[key]: score for key, score in self._store.get(list(asked)).items()}
        fresh = [t for t in dict.fromkeys(triples) if t not in found]
        for with_reference in (False, True):
            group = sorted((t for t in fresh if (t[2] is not None) == with_reference), key=_length)
            if group and not with_reference and self.needs_references:
                raise ModelError(needs_references(str(self.file)))
            rows = 1 if group and self._one_by_one and self.kind in TOGETHER else ROWS
            for start in range(0, len(group), rows):
                chunk = group[start : start + rows]
                found.update(zip(chunk, self._compute(chunk, rows), strict=True))
        if self._store is not None:
            self._store.put({self._key(triple): found[triple] for triple in fresh})
        self.computed += len(fresh)
        self._scores.update((t, found[t]) for t in fresh)
        _forget_oldest(self._scores, MOST_SCORES)
        return [found[t] for t in triples]

    def _key(self, triple: Triple) -> str:
        """Return the key of a triple under this checkpoint, in this version of comet."""
        return hashlib.sha256(json.dumps([self.signature, self.identity, *triple]).encode()).hexdigest()

    def _compute(self, chunk: Sequence[Triple], rows: int) -> list[float]:
        import torch
        from lightning_fabric.utilities import move_data_to_device

        # Repeating the last triple gives every pass of the head the same shape; its texts are encoded only once.
        full = [*chunk, *[chunk[-1]] * (rows - len(chunk) if self.kind in APART else 0)]
        samples = [{"src": s, "mt": h} | ({} if r is None else {"ref": r}) for s, h, r in full]
        with _quiet(), torch.inference_mode():
            batch = self._model.prepare_sample(samples, stage="predict")
            values = self._model.predict_step(move_data_to_device(batch, self._model.device))["scores"].tolist()
        if not all(map(math.isfinite, values)):
            raise ModelError(f"{self.file}: gives a score that is no number: the checkpoint is damaged")
        return [float(v) for v in values[: len(chunk)]]

    def _encode(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Replace `CometModel.get_sentence_embedding`: look up texts that are known, compute the others.

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
    """Return the message that a checkpoint cannot be used as a reward."""
    return f"the COMET checkpoint {name} needs references: name a referenceless one, such as mtreason-e5s-qe"


def check_checkpoint(name: str, *, referenceless: bool) -> None:
    """Raise `ModelError` for any fault of a checkpoint that shows without loading it."""
    if importlib.util.find_spec("comet") is None:
        raise ModelError(_NO_COMET.format(name))
    if name in PACKAGED:
        part_files(ENCODER)
        kind: str | None = PACKAGED[name].kind
    else:
        file = find_checkpoint(name)
        kind = _read_kind(file)[0] if file is not None else None
    if referenceless and kind in APART and kind != REFERENCELESS:
        raise ModelError(needs_references(name))


def identity_of(file: Path, encoder: Path | None = None) -> str:
    """Return a digest of a checkpoint, its settings, and the configuration and tokenizer of its encoder."""
    beside = file.absolute().parents[1] / "hparams.yaml"
    named = encoder or Path(str(_read_settings(beside).get("pretrained_model", "")))
    inner = content_digest(named, weights=False) if named.is_dir() else str(named)
    parts = [file_digest(file), sha256_of(beside), inner]
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


def known_identity(name: str) -> str:
    """Return the identity of a checkpoint where that can be told without making or downloading it, else ""."""
    file = None if name in PACKAGED else find_checkpoint(name)
    return "" if file is None else identity_of(file)


def find_checkpoint(name: str, report: Report = lambda _stage, _fraction: None) -> Path | None:
    """Return the checkpoint file that a name or path leads to, or None for what can only be a name on a hub."""
    path = prepare_metric(PACKAGED[name], report) if name in PACKAGED else Path(name).expanduser()
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


def _read_kind(file: Path) -> tuple[str, tuple[str, ...]]:
    """Return the class identifier of a checkpoint, and which of "mt", "src" and "ref" it looks at."""
    beside = file.absolute().parents[1] / "hparams.yaml"
    if not beside.is_file():
        raise ModelError(f"{file} is no COMET checkpoint: there is no {beside}, expected X/checkpoints/model.ckpt")
    settings = _read_settings(beside)
    kind = settings.get("class_identifier")
    if kind not in (*APART, *TOGETHER):
        raise ModelError(f"{beside}: class_identifier is {kind!r}, expected one of {', '.join((*APART, *TOGETHER))}")
    return str(kind), tuple(settings.get("input_segments") or ("mt", "src", "ref"))


def _read_settings(beside: Path) -> dict[str, Any]:
    """Read the settings beside a checkpoint; {} for a file that holds something else."""
    import yaml

    try:
        settings = yaml.safe_load(beside.read_text("utf-8"))
    except (yaml.YAMLError, ValueError, OSError, RecursionError) as error:
        raise ModelError(f"{beside}: not the YAML file of a COMET checkpoint: {_first_line(error)}") from error
    return settings if isinstance(settings, dict) else {}


_NO_COMET = "the COMET checkpoint {} needs the comet package: pip install 'mtreason[comet]'"


def _import_comet(name: str) -> None:
    with _quiet():
        try:
            import comet  # noqa: F401 - here once, where it is quiet
        except ImportError as error:
            raise ModelError(f"{_NO_COMET.format(name)} ({_first_line(error)})") from error


def _load(file: Path, encoder: Path | None) -> Any:  # noqa: ANN401 - comet is untyped
    """Make the network of a checkpoint.

    As comet's `load_from_checkpoint` does, but whatever the libraries' defaults are, nothing of the file is unpickled
    besides weights and settings: a pickle can run any code.
    """
    import torch

    with _quiet():
        try:
            from comet.models import str2model

            read = torch.load(file, map_location="cpu", weights_only=True)
            weights, settings = read["state_dict"], dict(read["hyper_parameters"])
            kind = str2model[_read_kind(file)[0]]
            settings |= {"load_pretrained_weights": False}
            settings |= {} if encoder is None else {"pretrained_model": str(encoder), "local_files_only": True}
            if settings.get("layer_transformation") == PATCHED:
                settings["layer_transformation"] = "softmax"
            known = inspect.signature(kind.__init__).parameters
            model = kind(**{name: value for name, value in settings.items() if name in known})
            missing = model.load_state_dict(weights, strict=False).missing_keys
        except Exception as error:
            raise ModelError(_what_is_wrong(file, encoder, error)) from error
    if missing:
        # Comet would continue with random numbers for them.
        raise ModelError(f"{file} lacks weights: {missing}")
    return model.eval()


def _what_is_wrong(file: Path, encoder: Path | None, error: Exception) -> str:
    if encoder is not None and isinstance(error, (OSError, ValueError, RuntimeError)):
        return f"--comet-encoder {encoder} does not fit the COMET checkpoint {file}: {_first_line(error)}"
    if type(error).__name__ == "UnpicklingError" or "weights_only" in str(error):
        if zipfile.is_zipfile(file):
            return (
                f"{file} holds something besides weights, which could be a program: it is not loaded, get the "
                "checkpoint from those who made it"
            )
        return f"{file} is no COMET checkpoint: not a file that torch.save wrote"
    if isinstance(error, OSError):
        return f"cannot load the encoder that the COMET checkpoint {file} is built on: {_first_line(error)}"
    if not zipfile.is_zipfile(file):
        return f"{file} is no COMET checkpoint: not a file that torch.save wrote"
    return f"cannot load the COMET checkpoint {file}: {_first_line(error)}"


def _download(name: str) -> Path:
    """Download a checkpoint by its name; for every failure comet says that the model is not supported."""
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
def _quiet() -> Iterator[None]:
    """Keep the logs and warnings of comet and lightning off the terminal, and its questions from being asked."""
    root, before = logging.getLogger(), logging.root.manager.disable
    # With a handler present, comet's `basicConfig` leaves the root logger unchanged.
    silent = logging.NullHandler()
    root.addHandler(silent)
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), unattended():
            warnings.simplefilter("ignore")
            yield
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
