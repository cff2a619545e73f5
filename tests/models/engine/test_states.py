"""Hidden states that the token tree keeps, against passes from scratch."""

import random

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

from mtreason.models.engine.packed import PackedModel
from mtreason.models.engine.tree import TreeModel
from mtreason.models.protocol import ROOT, Contrast, Draw, KeepsStates, TokenMask

LAYERS = (1, 2)
V = 300
GUARD = TokenMask(np.arange(V) < 10, frozenset({V - 1}), 0.95)
SHAPE = {
    "vocab_size": V, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2,
}  # fmt: skip
KINDS = {
    "qwen2": (Qwen2ForCausalLM, Qwen2Config), "qwen3": (Qwen3ForCausalLM, Qwen3Config),
    "llama": (LlamaForCausalLM, LlamaConfig),
}  # fmt: skip


def network(kind="qwen2"):
    torch.manual_seed(0)
    make, config = KINDS[kind]
    made = make(config(**SHAPE))
    for parameter in made.parameters():
        if parameter.ndim > 1:
            parameter.data.mul_(3)
    return made.eval()


def random_tokens(rng, lengths):
    return tuple(rng.randrange(V - 1) for _ in range(rng.choice(lengths)))


def states_from_scratch(net, tokens):
    """[T, K, W] of all tokens, as the library tells them."""
    with torch.inference_mode():
        told = net(input_ids=torch.tensor([tokens]), output_hidden_states=True).hidden_states
    return np.stack([told[k][0].numpy() for k in LAYERS], 1)


@pytest.mark.parametrize("kind", ["qwen2", "qwen3", "llama"])
@pytest.mark.parametrize("seed", [0, 1])
def test_states_equal_those_from_scratch(kind, seed) -> None:
    """Whatever read a token: a prompt, a draw, a draw beside a contrast, a step of a beam, a cut."""
    rng = random.Random(seed)
    plain, tree = network(kind), TreeModel(PackedModel(network(kind)))
    tree.keep_states(LAYERS)
    held = [(ROOT, ())]
    for _ in range(4):
        parents = [rng.choice(held) for _ in range(3)]
        tokens = [random_tokens(rng, [1, 2, 30, 70]) for _ in parents]
        made = tree.extend([p for p, _ in parents], tokens)
        held += [(h, path + t) for h, (_, path), t in zip(made, parents, tokens, strict=True)]
        starts = [rng.choice(held[1:]) for _ in range(3)]
        others = [rng.choice([None, *held[1:]]) for _ in starts]
        draws = [
            Draw(p, rng.getrandbits(60), 0.8, rng.choice([1, 2, 20]), (), other and Contrast(other[0], 0.3))
            for (p, _), other in zip(starts, others, strict=True)
        ]
        for (_, path), drawn in zip(starts, tree.sample(draws, GUARD), strict=True):
            read = path + drawn.tokens[:-1]
            held.append((drawn.prefix, read))
            own = len(drawn.tokens) - 1
            if own > 1:
                at = rng.randrange(1, own)
                held.append((tree.cut(drawn.prefix, len(path) + at), path + drawn.tokens[:at]))
    for prefix, path in held[1:]:
        expected = states_from_scratch(plain, path)
        for count in {1, len(path), rng.randint(1, len(path))}:
            np.testing.assert_allclose(tree.states(prefix, count), expected[-count:], atol=2e-4)


def test_a_row_has_the_same_states_in_company() -> None:
    tree = TreeModel(PackedModel(network()))
    tree.keep_states(LAYERS)
    rng = random.Random(5)
    prompts = [random_tokens(rng, [3, 9, 40]) for _ in range(6)]
    together = tree.extend([ROOT] * 6, prompts)
    draws = [Draw(p, seed, 0.8, 12) for seed, p in enumerate(together)]
    in_company = tree.sample(draws, GUARD)
    for draw, drawn in zip(draws, in_company, strict=True):
        [alone] = tree.sample([draw], GUARD)
        assert alone.tokens == drawn.tokens
        count = max(1, len(alone.tokens) - 1)
        # The linear layers of this network are not in 8 bits, so another number of rows rounds otherwise.
        np.testing.assert_allclose(tree.states(alone.prefix, count), tree.states(drawn.prefix, count), atol=1e-5)


def test_a_row_of_8_bits_has_exactly_the_same_states(loaded) -> None:
    model = loaded.model
    assert isinstance(model, KeepsStates)
    model.keep_states(LAYERS)
    prompts = [tuple(range(20, 20 + n)) for n in (3, 9, 40)]
    mask = TokenMask(np.arange(loaded.vocabulary) < 10, loaded.stop, 0.95)
    draws = [Draw(p, seed, 0.8, 12) for seed, p in enumerate(model.extend([ROOT] * 3, prompts))]
    for draw, drawn in zip(draws, model.sample(draws, mask), strict=True):
        [alone] = model.sample([draw], mask)
        count = max(1, len(alone.tokens) - 1)
        assert np.array_equal(model.states(alone.prefix, count), model.states(drawn.prefix, count))


def test_keeping_states_changes_no_output() -> None:
    plain, keeping = TreeModel(PackedModel(network())), TreeModel(PackedModel(network()))
    keeping.keep_states(LAYERS)
    drawn = []
    for tree in (plain, keeping):
        prompts = tree.extend([ROOT] * 3, [(20, 21), (22,), (23, 24, 25)])
        drawn.append(tree.sample([Draw(p, 3, 0.8, 30) for p in prompts], GUARD))
    for a, b in zip(*drawn, strict=True):
        assert a.tokens == b.tokens
        assert np.array_equal(a.log_probs, b.log_probs)
    assert plain.usage.tokens == keeping.usage.tokens


def test_states_that_were_not_kept_are_no_others() -> None:
    tree = TreeModel(PackedModel(network()))
    [before] = tree.extend([ROOT], [(20, 21)])
    tree.keep_states(LAYERS)
    [after] = tree.extend([before], [(22, 23)])
    assert tree.states(after, 2).shape == (2, 2, tree.width)
    with pytest.raises(ValueError, match="before their states were to be kept"):
        tree.states(after, 3)
    with pytest.raises(ValueError, match="the model has 3"):
        tree.keep_states([4])
