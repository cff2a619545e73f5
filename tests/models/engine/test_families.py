"""Families of models, each as a tiny one of random weights: by the tree or by recomputing, as the library computes."""

import gc
import random
import warnings
import weakref

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from mtreason.models.engine.building import make_int8
from mtreason.models.engine.load import _share_or_recompute, quiet_libraries
from mtreason.models.engine.packed import PackedModel
from mtreason.models.engine.recompute import RecomputeModel
from mtreason.models.engine.tree import TreeModel
from mtreason.models.protocol import ROOT, Draw, TokenMask

V = 300
WINDOW = 7
"""Shorter than every text below."""
SHAPE = {
    "vocab_size": V,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 512,
    "pad_token_id": 0,
}
SLIDING = {"sliding_window": WINDOW}
MIXED = SLIDING | {"layer_types": ["sliding_attention", "full_attention"] * 2}
EXPERTS = {
    "moe_intermediate_size": 32,
    "num_experts": 4,
    "num_local_experts": 4,
    "n_routed_experts": 4,
    "moe_num_experts": 4,
    "num_experts_per_tok": 2,
    "n_shared_experts": 1,
    "first_k_dense_replace": 1,
}
LATENT = EXPERTS | {
    "num_key_value_heads": 4,
    "head_dim": 8,
    "kv_lora_rank": 16,
    "q_lora_rank": 24,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 16,
    "v_head_dim": 12,
    "n_group": 2,
    "topk_group": 1,
}
EYES = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2} | {
    "image_size": 28,
    "patch_size": 14,
}
"""Of a model that also sees; here it reads."""
GPT = {"n_layer": 2, "n_head": 4, "n_embd": 64}

BY_TREE = {
    "apertus": {},
    "arcee": {},
    "biogpt": {},
    "bitnet": {},
    "cohere": {"logit_scale": 0.25},
    "cohere2": MIXED,
    "deepseek_v2": LATENT | {"topk_method": "greedy"},
    "deepseek_v3": LATENT,
    "dots1": EXPERTS | MIXED | {"n_group": 1, "topk_group": 1},
    "ernie4_5": {},
    "ernie4_5_moe": EXPERTS,
    "exaone4": MIXED,
    "flex_olmo": EXPERTS,
    "gemma": {},
    "gemma2": MIXED | {"attn_logit_softcapping": 5.0, "final_logit_softcapping": 3.0},
    "gemma3": {"text_config": SHAPE | MIXED, "vision_config": EYES, "image_token_index": 292, "mm_tokens_per_image": 4},
    "gemma3_text": MIXED | {"final_logit_softcapping": 4.0},
    "glm": {},
    "glm4": {},
    "glm4_moe": EXPERTS | {"n_group": 1, "topk_group": 1},
    "gpt2": GPT,
    "gpt_bigcode": GPT,
    "gpt_neox": {},
    "gpt_oss": EXPERTS | MIXED,
    "granite": {"logits_scaling": 8.0},
    "granitemoe": EXPERTS | {"logits_scaling": 4.0},
    "granitemoeshared": EXPERTS,
    "helium": {},
    "hunyuan_v1_dense": {},
    "hunyuan_v1_moe": EXPERTS,
    "lfm2": {},
    "llama": {},
    "llama4_text": EXPERTS | {"attention_chunk_size": 8, "floor_scale": 16},
    "ministral": MIXED,
    "mistral": SLIDING,
    "mixtral": EXPERTS,
    "mixtral window": EXPERTS | SLIDING,
    "nemotron": {},
    "olmo2": {},
    "olmo3": MIXED,
    "olmoe": EXPERTS,
    "opt": {"ffn_dim": 96, "word_embed_proj_dim": 64},
    "persimmon": {},
    "phi": {},
    "phi3": {},
    "phi3 window": SLIDING,
    "qwen2": {},
    "qwen2 window": SLIDING | {"use_sliding_window": True, "max_window_layers": 2},
    "qwen2_moe": EXPERTS | {"shared_expert_intermediate_size": 32},
    "qwen3": {},
    "qwen3_moe": EXPERTS,
    "seed_oss": {},
    "smollm3": {},
    "stablelm": {"use_parallel_residual": True},
    "starcoder2": {},
    "starcoder2 window": SLIDING,
    "vaultgemma": MIXED,
}
BY_RECOMPUTING = {
    "bloom": {"n_layer": 2, "n_head": 4},
    "lfm2 convolutions": {"layer_types": ["conv", "full_attention"] * 2},
    "mamba": {},
    "minimax": EXPERTS,
    "phimoe": EXPERTS,
    "qwen3_next": EXPERTS
    | {"linear_num_key_heads": 2, "linear_num_value_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8},
}
FAMILIES = BY_TREE | BY_RECOMPUTING
GUARD = TokenMask(np.arange(V) < 10, frozenset(), 0.95)


class WordTokenizer:
    def __call__(self, text, **_options):
        return type(
            "Encoding", (), {"input_ids": [10 + (31 * len(w) + 7 * i) % 200 for i, w in enumerate(text.split())]}
        )()


def network(name):
    """A network whose outputs differ clearly from token to token."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(name.split()[0], **SHAPE | FAMILIES[name])
    made = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    for parameter in made.parameters():
        if parameter.ndim > 1:
            parameter.data.mul_(3)
        else:
            parameter.data.add_(torch.randn_like(parameter), alpha=0.1)  # sinks and biases, which begin as zeros
    return made.eval()


def loaded(name):
    notes = []
    with warnings.catch_warnings(), quiet_libraries():
        warnings.simplefilter("ignore")
        model = _share_or_recompute(network(name), WordTokenizer(), notes.append)
    return model, notes


@pytest.fixture(params=FAMILIES)
def family(request):
    model, notes = loaded(request.param)
    assert type(model) is (TreeModel if request.param in BY_TREE else RecomputeModel)
    assert len(notes) == (request.param in BY_RECOMPUTING)
    return model, network(request.param)


def expected(net, path, target):
    """The library's own log-probabilities of a target, and of the five most probable tokens that may be drawn."""
    with torch.no_grad():
        logits = net(input_ids=torch.tensor([path + target])).logits[0, len(path) - 1 : -1].double()
    every = torch.log_softmax(logits, -1)
    logits[:, :10] = -torch.inf
    drawn = torch.log_softmax(logits, -1)
    rows = range(len(target))
    return every[rows, target].numpy(), drawn[rows, target].numpy(), drawn.topk(5).values.numpy()


def test_every_family_gives_what_the_library_gives(family) -> None:
    """Log-probabilities after forks, cuts, reading and drawing, across a border of blocks: at most 1e-4 apart."""
    model, plain = family
    rng = random.Random(1)

    def tokens(count):
        return tuple(rng.randrange(10, V) for _ in range(count))

    def check(prefixes, paths):
        targets = [tokens(n) for n in (3, 12, 1)]
        for path, target, score in zip(paths, targets, model.score(prefixes, targets), strict=True):
            assert np.abs(expected(plain, path, target)[0] - score).max() <= 1e-4

    trunk, left, right = tokens(20), tokens(11), tokens(40)
    [first] = model.extend([ROOT], [trunk])
    prefixes = [first, *model.extend([first, first], [left, right])]
    paths = [trunk, trunk + left, trunk + right]
    check(prefixes, paths)
    prefixes, paths = [*prefixes, first], [*paths, trunk]
    lengths = (9, 2, 14, 5)
    drawn = model.sample([Draw(p, i, 0.9, n) for i, (p, n) in enumerate(zip(prefixes, lengths, strict=True))], GUARD)
    for path, continuation in zip(paths, drawn, strict=True):
        _, own, top = expected(plain, path, continuation.tokens)
        assert np.abs(own - continuation.log_probs).max() <= 1e-4
        assert np.abs(top - continuation.top_log_probs).max() <= 1e-4
    drawn = drawn[:3]
    check([c.prefix for c in drawn], [p + c.tokens[:-1] for p, c in zip(paths, drawn, strict=False)])
    part = model.cut(drawn[2].prefix, 65)
    check([part, first, part], [(paths[2] + drawn[2].tokens)[:65], trunk, (paths[2] + drawn[2].tokens)[:65]])


@pytest.mark.parametrize("name", BY_TREE)
def test_8_bit_layers_are_those_of_the_library_and_rows_do_not_depend_on_company(name) -> None:
    """Beside the library's own pass over the same 8-bit layers only rounding differs, which experts can enlarge."""
    net, plain = network(name), network(name)
    for one in (net, plain):
        make_int8(one)
    tree = TreeModel(PackedModel(net))
    rng = random.Random(2)
    paths = [tuple(rng.randrange(10, V) for _ in range(n)) for n in (20, 64, 5)]
    prefixes = tree.extend([ROOT] * 3, paths)
    draws = [Draw(p, i, 0.9, 8) for i, p in enumerate(prefixes)]
    drawn = tree.sample(draws, GUARD)
    for path, continuation in zip(paths, drawn, strict=True):
        _, own, _ = expected(plain, path, continuation.tokens)
        assert np.abs(own - continuation.log_probs).mean() <= 0.1
    table = net.get_input_embeddings().weight
    if any(p.ndim > 1 and p is not table for p in net.parameters()):
        return  # products in 32 bits are rounded by the number of their rows
    for draw, together in zip(draws, drawn, strict=True):
        [alone] = tree.sample([draw], GUARD)
        assert alone.tokens == together.tokens
        assert np.array_equal(alone.log_probs, together.log_probs)


def test_the_fallback_reads_what_rows_share_once() -> None:
    model, _ = loaded("bloom")
    [prefix] = model.extend([ROOT], [tuple(range(20, 60))])
    model.sample([Draw(prefix, i, 0.9, 3) for i in range(5)], GUARD)
    model.score([prefix] * 5, [(70, 71)] * 5)
    assert model.usage.prompt_tokens == 2 * 40
    states, _ = loaded("minimax")
    [prefix] = states.extend([ROOT], [tuple(range(20, 60))])
    states.score([prefix] * 5, [(70, 71)] * 5)
    states.usage.prompt_tokens = 0
    states.score([prefix] * 5, [(70, 71)] * 5)
    assert states.usage.prompt_tokens == 5 * 40  # a state of its own kind is not repeated


def test_a_model_that_is_given_up_is_freed_at_once() -> None:
    """Its weights would stay for as long as the collector does not come."""
    net = network("qwen2")
    weights = weakref.ref(net.get_output_embeddings())
    tree = TreeModel(PackedModel(net))
    tree.extend([ROOT], [(20, 21)])
    gc.collect()
    gc.disable()
    try:
        del tree, net
        assert weights() is None
    finally:
        gc.enable()
