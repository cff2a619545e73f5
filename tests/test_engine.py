"""The token tree against passes from scratch, and rows against themselves in company."""

import random
import warnings

import numpy as np
import pytest
import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from mtreason.models.engine import TreeModel
from mtreason.models.int8 import Int8Linear, quantise, weight_levels
from mtreason.models.load import _share_or_recompute
from mtreason.models.packed import PackedModel
from mtreason.models.protocol import ROOT, Draw, Guard
from mtreason.models.recompute import RecomputeModel

V = 300
STOP = 299
SHAPE = {"vocab_size": V, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
GUARD = Guard(np.arange(V) < 10, frozenset({STOP}), 0.95)


def network(kind="qwen2", kv_heads=2):
    torch.manual_seed(0)
    heads = {"num_attention_heads": 4, "num_key_value_heads": kv_heads}
    made = {
        "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**SHAPE, **heads)),
        "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**SHAPE, **heads, head_dim=32)),
        "llama": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE, **heads)),
        "sliding": lambda: MistralForCausalLM(MistralConfig(**SHAPE, **heads, sliding_window=4)),
    }[kind]()
    for parameter in made.parameters():
        if parameter.ndim > 1:
            parameter.data.mul_(3)
    return made.eval()


def from_scratch(net, tokens):
    with torch.inference_mode():
        return net(input_ids=torch.tensor([tokens])).logits[0].numpy()


def log_softmax(logits):
    return torch.log_softmax(torch.tensor(logits), -1).numpy()


def random_tokens(rng, lengths):
    return tuple(rng.randrange(V - 1) for _ in range(rng.choice(lengths)))


@pytest.mark.parametrize(("kind", "kv_heads"), [("qwen2", 2), ("qwen2", 4), ("qwen3", 1), ("llama", 2)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_tree_equals_from_scratch(kind, kv_heads, seed) -> None:
    """Logits of random trees, grown by reading, sampling and cutting, pruned at random, differ by at most 1e-4."""
    rng = random.Random(seed)
    plain, tree = network(kind, kv_heads), TreeModel(PackedModel(network(kind, kv_heads)))
    held = [(ROOT, ())]
    for _ in range(5):
        parents = [rng.choice(held) for _ in range(4)]
        tokens = [random_tokens(rng, [1, 2, 30, 70]) for _ in parents]  # 64 is a border of blocks
        made = tree.extend([p for p, _ in parents], tokens)
        held += [(h, path + t) for h, (_, path), t in zip(made, parents, tokens, strict=True)]

        starts = [rng.choice(held[1:]) for _ in range(5)]
        drawn = tree.sample([Draw(p, rng.getrandbits(60), 0.8, rng.choice([1, 2, 20, 60])) for p, _ in starts], GUARD)
        for (prefix, path), c in zip(starts, drawn, strict=True):
            logits = from_scratch(plain, path + c.tokens)[len(path) - 1 : -1]
            logits[:, :10] = -np.inf
            expected = log_softmax(logits)
            assert np.abs(expected[range(len(c.tokens)), c.tokens] - c.log_probs).max() <= 1e-4
            assert np.abs(-np.sort(-expected)[:, :5] - c.top_log_probs).max() <= 1e-4
            held.append((c.prefix, path + c.tokens[:-1]))
            if c.prefix.length > prefix.length:
                at = rng.randrange(prefix.length + 1, c.prefix.length + 1)
                held.append((tree.cut(c.prefix, at), (path + c.tokens)[:at]))

        starts = [rng.choice(held[1:]) for _ in range(3)]
        targets = [random_tokens(rng, [1, 2, 17]) for _ in starts]
        scores = tree.score([p for p, _ in starts], targets)
        for (_, path), target, score in zip(starts, targets, scores, strict=True):
            expected = log_softmax(from_scratch(plain, path + target)[len(path) - 1 : -1])
            assert np.abs(expected[range(len(target)), target] - score).max() <= 1e-4
        for _ in range(3):
            tree.release([held.pop(rng.randrange(1, len(held)))[0]])
    for prefix, path in held[1:]:
        assert np.abs(tree.logits([prefix])[0] - from_scratch(plain, path)[-1]).max() <= 1e-4


def int8_tree():
    net = network()
    quantise(net)
    return TreeModel(PackedModel(net))


def test_rows_are_the_same_alone_and_in_company() -> None:
    """Bit for bit, on 8-bit layers, for sampling and for scoring."""
    rng = random.Random(3)
    tree = int8_tree()
    prefixes = tree.extend([ROOT] * 12, [random_tokens(rng, [3, 50, 63, 64, 65, 130]) for _ in range(12)])
    draws = [Draw(p, i, 0.9, rng.choice([3, 40, 70])) for i, p in enumerate(prefixes)]
    together = tree.sample(draws, GUARD)
    targets = [random_tokens(rng, [1, 5, 40]) for _ in prefixes]
    scored = tree.score(prefixes, targets)
    for i in random.Random(4).sample(range(12), 12):
        [alone] = tree.sample([draws[i]], GUARD)
        assert alone.tokens == together[i].tokens
        assert np.array_equal(alone.log_probs, together[i].log_probs)
        assert np.array_equal(alone.top_log_probs, together[i].top_log_probs)
        [score] = tree.score([prefixes[i]], [targets[i]])
        assert np.array_equal(score, scored[i])
    some = [7, 2, 9]
    for i, c in zip(some, tree.sample([draws[i] for i in some], GUARD), strict=True):
        assert np.array_equal(c.log_probs, together[i].log_probs)


def test_int8_is_close_and_never_saturates() -> None:
    torch.manual_seed(1)
    weight, rows = torch.randn(48, 256), torch.randn(9, 256)
    exact = rows @ weight.T
    found = Int8Linear(weight, None)(rows)
    assert (found - exact).norm() / exact.norm() < 0.03
    worst = Int8Linear(torch.ones(4, 1024), torch.ones(4))
    assert torch.allclose(worst(torch.full((3, 1024), 5.0)), torch.tensor(5.0 * 1024 + 1), rtol=1e-3)
    assert weight_levels() in {63, 127}


def test_int8_rows_of_very_different_size_keep_their_precision() -> None:
    torch.manual_seed(2)
    weight = torch.randn(32, 128)
    rows = torch.randn(3, 128) * torch.tensor([[1e-3], [1.0], [1e3]])
    exact = rows @ weight.T
    error = (Int8Linear(weight, None)(rows) - exact).norm(dim=1) / exact.norm(dim=1)
    assert error.max() < 0.04
    assert torch.equal(Int8Linear(weight, None)(torch.zeros(1, 128)), torch.zeros(1, 32))


def test_recompute_gives_what_the_tree_gives() -> None:
    tree, recompute = TreeModel(PackedModel(network())), RecomputeModel(network())
    rng = random.Random(5)
    tokens = [random_tokens(rng, [4, 20]) for _ in range(4)]
    targets = [random_tokens(rng, [2, 9]) for _ in range(4)]
    answers = []
    for model in (tree, recompute):
        prefixes = model.extend([ROOT] * 4, tokens)
        drawn = model.sample([Draw(p, i, 0.7, 12) for i, p in enumerate(prefixes)], GUARD)
        answers.append(([c.tokens for c in drawn], drawn, model.score(prefixes, targets)))
    assert answers[0][0] == answers[1][0]
    for a, b in zip(answers[0][1], answers[1][1], strict=True):
        assert np.abs(a.log_probs - b.log_probs).max() < 1e-4
    for a, b in zip(answers[0][2], answers[1][2], strict=True):
        assert np.abs(a - b).max() < 1e-4


class WordTokenizer:
    def __call__(self, text, **_options):
        return type("Encoding", (), {"input_ids": [10 + len(w) % 200 for w in text.split()]})()


@pytest.mark.parametrize(("kind", "expected"), [("qwen2", TreeModel), ("sliding", RecomputeModel)])
def test_caches_that_cannot_branch_are_recomputed_and_it_is_said_once(kind, expected) -> None:
    notes = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _share_or_recompute(network(kind), WordTokenizer(), notes.append)
    assert type(model) is expected
    assert len(notes) == (expected is RecomputeModel)
    plain = network(kind)
    [prefix] = model.extend([ROOT], [tuple(range(20, 40))])
    [score] = model.score([prefix], [(50, 51, 52)])
    logits = log_softmax(from_scratch(plain, [*range(20, 40), 50, 51, 52])[19:-1])
    assert np.abs(logits[range(3), [50, 51, 52]] - score).max() < 1e-4


def test_usage_and_release() -> None:
    tree = int8_tree()
    [prefix] = tree.extend([ROOT], [(20, 21, 22)])
    [drawn] = tree.sample([Draw(prefix, 1, 0.7, 5)], GUARD)
    tree.score([prefix], [(30, 31)])
    assert tree.usage.prompt_tokens == 3
    assert tree.usage.sampled_tokens == len(drawn.tokens)
    assert tree.usage.scored_tokens == 2
    assert tree.usage.tokens == 5 + len(drawn.tokens)
    part = tree.cut(drawn.prefix, 4)
    tree.release([prefix, drawn.prefix])
    tree.score([part], [(30,)])  # a part outlives what it was cut from
    tree.release([part])
    assert set(tree._nodes) == {ROOT.id}


def test_mistakes_are_named() -> None:
    tree = int8_tree()
    [prefix] = tree.extend([ROOT], [(20, 21, 22)])
    with pytest.raises(ValueError, match="cannot cut at 4"):
        tree.cut(prefix, 4)
    with pytest.raises(ValueError, match="root"):
        tree.sample([Draw(ROOT, 1, 0.7, 5)], GUARD)
