"""A network of the transformers library of which only the attention and the cache are ours.

Everything else is the library's own code, whatever the family: where norms stand, how positions are turned, experts,
parallel blocks, what is done to embeddings before the layers and to logits after them. Between tokens, the network
meets three things of ours:

- a cache that keeps nothing and only says where a pass stands. A network that wants another state of it (convolutions,
  recurrences, keys shared between layers) fails at once, before anything is computed wrongly;
- an attention function, through the library's attention interface, or, for networks that do not know the interface,
  in the place of torch's `scaled_dot_product_attention` while the pass lasts;
- a maker of masks, which hands the library's rules over as they are (`mtreason.models.engine.attention.Rule`).

Letters: H key/value heads, G query heads per key/value head, D head width, R rows, N new tokens of all rows together,
W hidden width, V vocabulary.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import nn
from torch.nn.functional import pad
from torch.overrides import TorchFunctionMode

from mtreason.models.engine.attention import Layer, Mask, Rule, Table, UnsupportedArchitectureError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ATTENTION_NAME = "mtreason_packed"


class Pass(Protocol):
    """One forward pass: what its attention does."""

    def attend(self, layer: Layer, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Query [H*G, N, D], key and value [H, N, D]; returns [N, H*G, D]."""
        ...


_pass: ContextVar[Pass] = ContextVar("mtreason_packed_pass")
_cache: ContextVar[_Cache] = ContextVar("mtreason_packed_cache")


class _Cache:
    """The cache that a network is given: it has seen `length` tokens, and returns what it is given."""

    is_compileable = False

    def __init__(self, length: int, *, holds: bool) -> None:
        self._length = length
        self._holds = holds
        self.held: tuple[int, torch.Tensor, torch.Tensor] | None = None
        """The newest layer, its keys and its values, [1, H, N, D], if it is to hold them."""

    def update(
        self, key: torch.Tensor, value: torch.Tensor, layer_idx: int, cache_kwargs: object = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the new keys and values: those before them are found by attention, row by row."""
        del cache_kwargs
        if self._holds:
            self.held = (layer_idx, key, value)
        return key, value

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Return how many positions a mask has to have before the new tokens'."""
        del layer_idx
        return self._length

    def get_mask_sizes(self, cache_position: torch.Tensor, layer_idx: int) -> tuple[int, int]:
        """Return the length and the offset of a mask; rules of positions need neither."""
        del layer_idx
        return self._length + len(cache_position), 0


def _attend(layer: Layer, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """[H*G, N, D], [H, N, D], [H, N, *] -> [N, H*G, *]; keys and values of unlike widths are kept as wide ones."""
    width, wide = value.shape[-1], max(key.shape[-1], value.shape[-1])
    if key.shape[-1] == width:
        return _pass.get().attend(layer, query, key, value)
    query, key, value = (pad(part, (0, wide - part.shape[-1])) for part in (query, key, value))
    return _pass.get().attend(layer, query, key, value)[..., :width]


def _attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: Rule | torch.Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **_options: Any,  # noqa: ANN401 - the interface of the transformers library
) -> tuple[torch.Tensor, None]:
    """Answer the attention interface: query [1, H*G, N, D], key and value [1, H, N, D]."""
    if sliding_window is not None and attention_mask is None:
        raise UnsupportedArchitectureError("a window without a mask for it")
    mask = _table(attention_mask) if isinstance(attention_mask, torch.Tensor) else attention_mask
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    layer = Layer(module.layer_idx, scale, mask, softcap, s_aux)  # type: ignore[arg-type]
    return _attend(layer, query[0], key[0], value[0]).unsqueeze(0), None


def _table(mask: torch.Tensor) -> Mask:
    """Take a mask [1, 1, N, *] that a network made for itself of the positions it was given."""
    if mask.shape[:2] != (1, 1):
        raise UnsupportedArchitectureError("a mask by row or head")
    if mask.dtype == torch.bool:
        return Table(torch.zeros(mask.shape[2:], device=mask.device).masked_fill_(~mask[0, 0], float("-inf")))
    return Table(mask[0, 0])


def _rule(*, mask_function: Any, attention_mask: object = None, **_sizes: object) -> Mask:  # noqa: ANN401
    """Answer the library where it makes masks; the plain causal one needs no rule."""
    from transformers.masking_utils import causal_mask_function

    if attention_mask is not None:
        raise UnsupportedArchitectureError("a mask of padding")
    return None if mask_function is causal_mask_function else Rule(mask_function)


class _TorchAttention(TorchFunctionMode):
    """Answers torch's own attention function for networks that call it directly."""

    def __torch_function__(self, function: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        if function is torch.nn.functional.scaled_dot_product_attention:
            return _torch_attention(*args, **kwargs or {})
        return function(*args, **kwargs or {})


def _torch_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """Query [1, H*G, N, D], key and value as many times as there are queries for them; returns [1, H*G, N, D]."""
    del dropout_p, enable_gqa
    held = _cache.get().held
    if held is None or attn_mask is not None or not (is_causal or query.shape[2] == 1):
        raise UnsupportedArchitectureError("attention that is not plainly causal")
    index, own_key, own_value = held
    for given, own in ((key, own_key), (value, own_value)):
        if not torch.equal(given, own.repeat_interleave(query.shape[1] // own.shape[1], 1)):
            raise UnsupportedArchitectureError("keys or values that are not those of the cache")
    layer = Layer(index, query.shape[-1] ** -0.5 if scale is None else scale)
    return _attend(layer, query[0], own_key[0], own_value[0]).transpose(0, 1).unsqueeze(0)


class _Decoded:
    """What a decoder is to have given, when its network makes logits of it."""

    output: Any = None


class Network:
    """A causal language model of the library, to be run on packed tokens."""

    def __init__(self, model: PreTrainedModel) -> None:
        """Put our attention into a model, in place.

        Raises `UnsupportedArchitectureError` where there is no place for it.
        """
        from transformers import AttentionInterface, AttentionMaskInterface

        AttentionInterface.register(ATTENTION_NAME, _attention)
        AttentionMaskInterface.register(ATTENTION_NAME, _rule)
        self.decoder = _decoder(model)
        model.set_attn_implementation(ATTENTION_NAME)
        self.through_torch = model.config._attn_implementation != ATTENTION_NAME
        if self.through_torch:
            _check_plain(model)
        self._decoded = decoded = _Decoded()
        given = copy.copy(self.decoder)
        # Without `self`: a circle would keep the weights of a model that was closed.
        vars(given)["forward"] = lambda *_args, **_options: decoded.output
        self.head: PreTrainedModel = _with_another(model, self.decoder, given)
        """The network, which computes all but its decoder."""
        self.device = next(model.parameters()).device

    def run(self, step: Pass, tokens: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        """One pass over N packed tokens; returns the last layer's output [N, W]."""
        at = torch.tensor([positions], device=self.device)
        # Torch's attention must be asked for without a mask, which networks leave out where nothing was before.
        cache = _Cache(0 if self.through_torch else max(positions) + 1, holds=self.through_torch)
        pass_token, cache_token = _pass.set(step), _cache.set(cache)
        try:
            with _TorchAttention() if self.through_torch else nullcontext():
                out = self.decoder(
                    input_ids=torch.tensor([tokens], device=self.device),
                    position_ids=at,
                    cache_position=at[0],
                    past_key_values=cache,
                    use_cache=False,
                )
        finally:
            _pass.reset(pass_token)
            _cache.reset(cache_token)
        # A kind of output that has all that the network looks for when it makes logits of it.
        self._decoded.output = type(out)(last_hidden_state=out.last_hidden_state)
        hidden: torch.Tensor = out.last_hidden_state[0]
        return hidden

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """[R, W] -> [R, V] in float32, with all that the network does to its logits."""
        self._decoded.output.last_hidden_state = hidden.unsqueeze(0)
        # Some networks embed what they are given before they ask their decoder.
        unread = torch.zeros((1, len(hidden)), dtype=torch.long, device=self.device)
        logits: torch.Tensor = self.head(input_ids=unread, use_cache=False).logits
        return logits[0].float()


def _check_plain(model: PreTrainedModel) -> None:
    """Refuse networks whose own attention is not torch's, or has a window that would be known by its mask only."""
    config = model.config.get_text_config()
    if model.config._attn_implementation != "sdpa" or getattr(config, "sliding_window", None) is not None:
        raise UnsupportedArchitectureError("attention of the network's own")


def _decoder(model: PreTrainedModel) -> nn.Module:
    """Return the part that gives a model the last layer's output, the outermost one."""
    parts = [part for part in (model.base_model, model.get_decoder()) if part is not model]
    if not parts:
        raise UnsupportedArchitectureError("a network without a decoder of its own")
    return parts[0] if all(part is parts[0] for part in parts) else _first_used(model, parts)


def _first_used(model: PreTrainedModel, parts: Sequence[nn.Module]) -> nn.Module:
    """Return the first of these parts that a model's own pass goes through: some skip the one they are built on."""
    used: list[nn.Module] = []
    hooks = [part.register_forward_hook(lambda part, _inputs, _output: used.append(part)) for part in parts]
    try:
        with torch.inference_mode():
            model(input_ids=torch.zeros((1, 1), dtype=torch.long, device=model.device), use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    return next(part for part in parts if part in used)


def _with_another(model: PreTrainedModel, part: nn.Module, other: nn.Module) -> PreTrainedModel:
    """Return a network that has `other` in the place of a part and shares all else; the model stays as it is."""
    name = next(name for name, module in model.named_modules() if module is part)
    changed = copy.copy(model)
    holder: nn.Module = changed
    *above, last = name.split(".")
    for step in above:
        inner = copy.copy(holder.get_submodule(step))
        vars(holder)["_modules"] = {**holder._modules, step: inner}
        holder = inner
    vars(holder)["_modules"] = {**holder._modules, last: other}
    return changed
