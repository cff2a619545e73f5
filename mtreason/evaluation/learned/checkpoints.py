"""COMET checkpoints that need no network: the packaged encoder, a low-rank change to it, and trained heads.

The learned weights are part of this package; benchmarks/metric says which data they learned from, and how well the
scores agree with people. They are assembled once, in the cache, into ordinary checkpoints that comet's own
`load_from_checkpoint` reads.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtreason.evaluation.learned.encoder import prepare_encoder
from mtreason.files import cache_dir
from mtreason.models.files.cache import Report, finish, is_complete, making, verify_cached

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

WEIGHTS = Path(__file__).with_name("metric.safetensors")
LICENCE = "Apache-2.0, the encoder in it MIT"
HIDDEN = [384, 128]
SCALE = 2.0
"""LoRA's alpha divided by its rank."""
SIZE = 500_000_000
"""Bytes of an assembled checkpoint, for the check of free space."""
_ADAPTED = "with_reference.encoder.model.base_model.model."


@dataclass(frozen=True, slots=True)
class PackagedMetric:
    """A checkpoint that can be assembled."""

    name: str
    head: str
    """The name of the head in the weights."""
    kind: str
    """COMET's class identifier."""


WITH_REFERENCE = PackagedMetric("mtreason-e5s-ref", "with_reference", "regression_metric")
REFERENCELESS = PackagedMetric("mtreason-e5s-qe", "without", "referenceless_regression_metric")
PACKAGED = {metric.name: metric for metric in (WITH_REFERENCE, REFERENCELESS)}
LANGUAGES = (("zh", "en"), ("en", "zh"))
"""Source and target of the translations that people rated for training; scores for others say little."""


def default_checkpoint(*, references: bool) -> PackagedMetric:
    """Return the checkpoint to score with where none is named."""
    return WITH_REFERENCE if references else REFERENCELESS


def prepare_metric(metric: PackagedMetric, report: Report) -> Path:
    """Return the directory of a checkpoint, assembling it on first use; raises as `prepare_encoder` does."""
    digest = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    final = cache_dir() / f"{metric.name}-{digest[:8]}"
    if is_complete(final):
        verify_cached(final)
        return final
    encoder = prepare_encoder(report)
    with making(final, SIZE, report) as work:
        if work is not None:
            report(f"assembling {metric.name}", 0.0)
            made = work / "model"
            _assemble(metric, encoder, made)
            finish(made, final, metric.name, digest, LICENCE)
    return final


def _assemble(metric: PackagedMetric, encoder: Path, target: Path) -> None:
    import torch
    import yaml
    from safetensors.torch import load_file

    learned = load_file(WEIGHTS)
    body = merge(load_file(encoder / "model.safetensors"), learned)
    state = {f"encoder.model.{name}": value for name, value in body.items()}
    state |= {
        n: v.float() for n, v in _under(learned, "with_reference.").items() if n.startswith("layerwise_attention.")
    }
    state |= {n: v.float() for n, v in _under(learned, f"{metric.head}.").items() if n.startswith("estimator.")}
    layers = sum("scalar_parameters" in name for name in state)
    # Comet uses this to drop layers in training, and complains when it is missing.
    state["layerwise_attention.dropout_mask"] = torch.zeros(layers)
    state["layerwise_attention.dropout_fill"] = torch.full((layers,), -1e20)
    settings: dict[str, Any] = {
        "class_identifier": metric.kind,
        "encoder_model": "XLM-RoBERTa",
        "pretrained_model": str(encoder),
        "pool": "avg",
        "layer": "mix",
        "layer_norm": False,
        "layer_transformation": "softmax",
        "hidden_sizes": HIDDEN,
        "activations": "Tanh",
        "dropout": 0.1,
        "local_files_only": True,
        "load_pretrained_weights": False,
    }
    (target / "checkpoints").mkdir(parents=True)
    (target / "hparams.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    checkpoint = {
        "state_dict": state,
        "hyper_parameters": settings,
        "pytorch-lightning_version": "2.0.0",
        "epoch": 0,
        "global_step": 0,
    }
    torch.save(checkpoint, target / "checkpoints" / "model.ckpt")


def merge(body: Mapping[str, Tensor], learned: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Add the low-rank changes to their weights: W + scale B A (Hu et al. 2021)."""
    merged = dict(body)
    for name, down in _under(learned, _ADAPTED).items():
        layer, found, _ = name.partition(".lora_A.")
        if found:
            up = learned[f"{_ADAPTED}{name.replace('.lora_A.', '.lora_B.')}"]
            merged[f"{layer}.weight"] = merged[f"{layer}.weight"] + SCALE * (up.float() @ down.float())
    return merged


def _under(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
