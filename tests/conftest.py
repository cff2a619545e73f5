"""A model small enough for every test: real architecture, real tokenizer, random weights."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from support.browser import artifacts, browser, visit  # noqa: F401 - as below
from support.systems import world  # noqa: F401 - a fixture of several tests
from support.tiny import TEXTS, make_terse_model, make_tiny_model

if TYPE_CHECKING:
    from mtreason.models.loaded import LoadedModel

# Two threads for matrices this small only wait for one another; set before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")


# The same examples in every run: what is sent in is not refused for what others found. To look for more, run the tests
# with `--hypothesis-profile default`.
settings.register_profile("fixed", derandomize=True)
settings.load_profile("fixed")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of the transformers library with a two-layer Qwen2 model."""
    path = tmp_path_factory.mktemp("tiny-model")
    make_tiny_model(path)
    return path


@pytest.fixture(scope="session")
def terse_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, but inclined to end its turn: translations of a few tokens, for runs of many lines."""
    path = tmp_path_factory.mktemp("terse-model")
    make_terse_model(path, tiny_model)
    return path


@pytest.fixture(scope="module")
def loaded(tiny_model: Path) -> "LoadedModel":
    """The tiny model, as commands load it."""
    from mtreason.models.engine.load import load_directory

    return load_directory(tiny_model, note=pytest.fail)


@pytest.fixture(scope="session")
def tiny_comet(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes the directory of a COMET checkpoint of a kind: two layers, 32 wide, random weights, at most 140 kB."""

    @functools.cache
    def make(kind: str) -> Path:
        import torch
        import yaml

        from mtreason.evaluation.learned.estimator import _quiet

        path = tmp_path_factory.mktemp(kind)
        _tiny_encoder(path / "encoder")
        settings = {
            "encoder_model": "XLM-RoBERTa",
            "pretrained_model": str(path / "encoder"),
            "hidden_sizes": [16],
            "layer_norm": False,
            "dropout": 0.0,
        }
        if kind in {"unified_metric", "xcomet_metric"}:
            settings |= {"word_layer": 2, "layer_transformation": "softmax"}
        if kind == "xcomet_metric":
            settings |= {"word_level_training": True, "error_labels": ["minor", "major", "critical"]}
        if kind == "ranking_metric":
            del settings["hidden_sizes"]
        with _quiet():
            import pytorch_lightning
            from comet.models import str2model

            torch.manual_seed(3)
            model = str2model[kind](**settings, load_pretrained_weights=False)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.data.mul_(2)  # scores that differ clearly
        (path / "checkpoints").mkdir()
        (path / "hparams.yaml").write_text(yaml.safe_dump({"class_identifier": kind, **settings}), "utf-8")
        checkpoint = {
            "state_dict": model.state_dict(),
            "hyper_parameters": settings,
            "pytorch-lightning_version": pytorch_lightning.__version__,
            "epoch": 0,
            "global_step": 0,
        }
        torch.save(checkpoint, path / "checkpoints" / "model.ckpt")
        assert sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) <= 140_000
        return path

    return make


def _tiny_encoder(path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import XLMRobertaConfig, XLMRobertaTokenizerFast

    pieces = Tokenizer(models.Unigram())
    pieces.pre_tokenizer = pre_tokenizers.Metaspace()
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=specials, unk_token="<unk>", show_progress=False)
    pieces.train_from_iterator(TEXTS, trainer)
    pieces.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    XLMRobertaTokenizerFast(tokenizer_object=pieces).save_pretrained(path)
    XLMRobertaConfig(
        vocab_size=pieces.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=66,
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    ).save_pretrained(path)
