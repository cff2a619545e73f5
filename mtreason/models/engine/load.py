"""From a directory of model files to a running model: device, number format, tokenizer, and a probe of the engine."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from mtreason.collector import without_collector
from mtreason.errors import ModelError
from mtreason.extras import unattended
from mtreason.models.engine.building import int8_network, read_ahead
from mtreason.models.engine.int8 import finer_activations, int8_available, weight_levels
from mtreason.models.engine.packed import PackedModel
from mtreason.models.engine.recompute import RecomputeModel
from mtreason.models.engine.tree import TreeModel
from mtreason.models.engine.verdict import recall, remember
from mtreason.models.files.cache import is_cached, verify_cached
from mtreason.models.loaded import LoadedModel
from mtreason.models.protocol import ROOT, Capability, Draw, KeepsStates, LanguageModel, Prefix, TokenMask
from mtreason.models.text import LibraryTokenizer, turn_end

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


PROBE = "The quick brown fox jumps over the lazy dog. One, two, three, four, five, six, seven, eight, nine, ten."
PROBE_TOLERANCE = 0.3
"""Largest mean difference, in nats, between the log-probabilities of the packed engine and of the library's own pass on
the probe. Rounding in 16 bits stays below it on ordinary text; a wrong mask or position does not."""
PROBE_DRAWN = 6
"""Tokens that the probe draws after its first half, twice: one token at a time takes another way through attention."""


def load_directory(
    path: Path, *, dtype: str = "auto", trust_remote_code: bool = False, note: Callable[[str], None]
) -> LoadedModel:
    """Load a directory in the format of the transformers library; `dtype` is one of `mtreason.models.load.DTYPES`.

    `note` is told, in one sentence, when the architecture's cache cannot be shared between branches.
    Raises `ModelError` when the files cannot be loaded.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    chosen = _pick_dtype(dtype, device)
    # Begun before the transformers library is imported, which takes about as long.
    ahead = read_ahead(path) if chosen == "int8" else None
    try:
        with without_collector(), quiet_libraries():
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=trust_remote_code)
            if chosen == "int8":
                network = int8_network(path, trust_remote_code, ahead)
            else:
                network = _wide_network(path, chosen, trust_remote_code)
    except ModelError:
        raise
    except Exception as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"cannot load the model in {path}: {first}") from error
    network.eval().requires_grad_(requires_grad=False).to(device)
    arithmetic = f"{chosen}/{weight_levels()} {device}" if chosen == "int8" else f"{chosen} {device}"
    model: LanguageModel
    if recall(path, arithmetic):
        model = TreeModel(PackedModel(network))
    else:
        model = _share_or_recompute(network, tokenizer, note)
        remember(path, arithmetic, shares=isinstance(model, TreeModel))
    stop = _stop_tokens(network, tokenizer)
    width = network.config.get_text_config().vocab_size
    end = turn_end(LibraryTokenizer(tokenizer))
    keeps = isinstance(model, KeepsStates) and model.depth > 0
    lacks = frozenset() if keeps else frozenset({Capability.HIDDEN_STATES})
    return LoadedModel(model, LibraryTokenizer(tokenizer, end), stop | {end}, width, chosen, device, arithmetic, lacks)


def _wide_network(path: Path, dtype: str, trust_remote_code: bool) -> PreTrainedModel:
    """Load a network in 16 or 32 bits, as the transformers library does."""
    from transformers import AutoModelForCausalLM

    if is_cached(path):
        verify_cached(path)
    network: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        path, dtype=_TORCH_DTYPES[dtype], trust_remote_code=trust_remote_code
    )
    return network


_TORCH_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def _pick_dtype(dtype: str, device: str) -> str:
    if dtype == "int8" and (device != "cpu" or not int8_available()):
        raise ModelError("int8 needs a CPU and a torch build with its 8-bit kernels: use --dtype auto")
    if dtype != "auto":
        return dtype
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    return "int8" if int8_available() else "fp32"


def _share_or_recompute(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, note: Callable[[str], None]
) -> LanguageModel:
    """Use the token tree where it gives what the library's own pass gives, and recompute where it does not.

    Asked of the model itself, on a probe that branches: architectures differ in more ways than a list can hold.
    """
    own_attention = network.config._attn_implementation
    ids: list[int] = tokenizer(PROBE).input_ids
    with quiet_libraries(), finer_activations():
        if _same_by_tree(network, ids, own_attention):
            return TreeModel(PackedModel(network))
        network.set_attn_implementation(own_attention)
    note(f"{network.config.model_type}: this architecture's cache cannot be branched, prefixes are recomputed (slower)")
    return RecomputeModel(network)


def _same_by_tree(network: PreTrainedModel, ids: Sequence[int], own_attention: str) -> bool:
    """Whether the tree gives a probe's tokens the log-probabilities that the library's own pass gives them.

    Branches are read, and others are drawn token by token, side by side. Leaves `own_attention` in the network.
    """
    try:
        tree = TreeModel(PackedModel(network))
        [half, whole] = _probed(tree, ids)
        rest = ids[len(ids) // 2 :]
        found = tree.score([half, half], [rest, rest[1:]])
        anything = TokenMask(np.zeros(network.config.get_text_config().vocab_size, dtype=bool), frozenset(), 1.0)
        drawn = tree.sample([Draw(p, 0, 0.0, PROBE_DRAWN) for p in (half, whole)], anything)
        network.set_attn_implementation(own_attention)
        model = RecomputeModel(network)
        [half, whole] = _probed(model, ids)
        expected = model.score([half, half, half, whole], [rest, rest[1:], *(c.tokens for c in drawn)])
    except Exception:  # noqa: BLE001 - whatever an unknown architecture does, the other way remains
        return False
    found += [c.log_probs for c in drawn]
    return all(abs(a - b).mean() <= PROBE_TOLERANCE for a, b in zip(expected, found, strict=True))


def _probed(model: LanguageModel, ids: Sequence[int]) -> list[Prefix]:
    """Return two prefixes: the first half of a probe, and all of it."""
    [half] = model.extend([ROOT], [ids[: len(ids) // 2]])
    return [half, *model.extend([half], [ids[len(ids) // 2 :]])]


def _stop_tokens(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    ends = network.generation_config.eos_token_id if network.generation_config else None
    stop = {tokenizer.eos_token_id} | set(ends if isinstance(ends, list) else [ends])
    return frozenset(t for t in stop if t is not None)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep progress bars and advice of the libraries off the terminal, and let them ask nothing, while they work."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings(), unattended():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
