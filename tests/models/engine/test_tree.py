"""The token tree against passes from scratch, and rows against themselves in company."""

import random
import warnings

import numpy as np
import pytest
import torch
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from mtreason.models.engine.int8 import Int8Linear, finer_activations, pack, quantise, quantised, weight_levels
from mtreason.models.engine.load import _share_or_recompute
from mtreason.models.engine.packed import PackedModel
from mtreason.models.engine.recompute import RecomputeModel
from mtreason.models.engine.tree import TreeModel
from mtreason.models.protocol import ROOT, Contrast, Draw, TokenMask

V = 300
STOP = 299
SHAPE = {"vocab_size": V, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
GUARD = TokenMask(np.arange(V) < 10, frozenset({STOP}), 0.95)


def network(kind="qwen2", kv_heads=2):
    torch.manual_seed(0)
    heads = {"num_attention_heads": 4, "num_key_value_heads": kv_heads}
    made = {
        "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**SHAPE, **heads)),
        "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**SHAPE, **heads, head_dim=32)),
        "llama": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE, **heads)),
        "biased": lambda: BloomForCausalLM(BloomConfig(vocab_size=V, hidden_size=64, n_layer=2, n_head=4)),
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
        others = [rng.choice([None, *held[1:]]) for _ in starts]
        draws = [
            Draw(p, rng.getrandbits(60), 0.8, rng.choice([1, 2, 20, 60]), (), other and Contrast(other[0], 0.3))
            for (p, _), other in zip(starts, others, strict=True)
        ]
        drawn = tree.sample(draws, GUARD)
        for (prefix, path), other, c in zip(starts, others, drawn, strict=True):
            logits = from_scratch(plain, path + c.tokens)[len(path) - 1 : -1]
            logits[:, :10] = -np.inf
            expected = log_softmax(logits)
            assert np.abs(expected[range(len(c.tokens)), c.tokens] - c.log_probs).max() <= 1e-4
            assert np.abs(-np.sort(-expected)[:, :5] - c.top_log_probs).max() <= 1e-4
            held.append((c.prefix, path + c.tokens[:-1]))
            if other:
                held.append((c.contrast, other[1] + c.tokens[:-1]))
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
    draws = [
        Draw(p, i, 0.9, rng.choice([3, 40, 70]), (), Contrast(prefixes[i - 3], 0.4) if i % 3 else None)
        for i, p in enumerate(prefixes)
    ]
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
    found = Int8Linear(pack(weight), None)(rows)
    assert (found - exact).norm() / exact.norm() < 0.03
    worst = Int8Linear(pack(torch.ones(4, 1024)), torch.ones(4))
    assert torch.allclose(worst(torch.full((3, 1024), 5.0)), torch.tensor(5.0 * 1024 + 1), rtol=1e-3)
    assert weight_levels() in {63, 127}


def test_finer_activations_are_those_of_16_bits_and_end() -> None:
    torch.manual_seed(1)
    weight, rows = torch.randn(48, 256), torch.randn(9, 256)
    layer = Int8Linear(pack(weight), None)
    coarse = layer(rows)
    whole, scales = quantised(weight, weight_levels())
    exact = rows @ (whole.float() * scales[:, None]).T
    with finer_activations():
        fine = layer(rows)
    assert (fine - exact).norm() / exact.norm() < 1e-4 < (coarse - exact).norm() / exact.norm()
    assert torch.equal(layer(rows), coarse)


def test_int8_rows_of_very_different_size_keep_their_precision() -> None:
    torch.manual_seed(2)
    weight = torch.randn(32, 128)
    rows = torch.randn(3, 128) * torch.tensor([[1e-3], [1.0], [1e3]])
    exact = rows @ weight.T
    error = (Int8Linear(pack(weight), None)(rows) - exact).norm(dim=1) / exact.norm(dim=1)
    assert error.max() < 0.04
    assert torch.equal(Int8Linear(pack(weight), None)(torch.zeros(1, 128)), torch.zeros(1, 32))


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


@pytest.mark.parametrize(("kind", "expected"), [("qwen2", TreeModel), ("biased", RecomputeModel)])
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


def test_contexts_that_cross_the_borders_of_blocks() -> None:
    """Contexts of 62 to 66 and 126 to 130 tokens, decoded side by side across the next border or two."""
    plain, tree = network(), TreeModel(PackedModel(network()))
    rng = random.Random(8)
    paths = [tuple(rng.randrange(V - 1) for _ in range(n)) for n in (1, 62, 63, 64, 65, 66, 126, 127, 128, 129)]
    endless = TokenMask(np.arange(V) == STOP, frozenset(), 0.95)
    prefixes = tree.extend([ROOT] * len(paths), paths)
    draws = [Draw(p, i, 0.9, 68 + i % 3) for i, p in enumerate(prefixes)]
    drawn = tree.sample(draws, endless)
    assert sum(len(c.tokens) > 60 for c in drawn) >= 8
    for path, c in zip(paths, drawn, strict=True):
        logits = from_scratch(plain, path + c.tokens)[len(path) - 1 : -1]
        logits[:, STOP] = -np.inf
        assert np.abs(log_softmax(logits)[range(len(c.tokens)), c.tokens] - c.log_probs).max() <= 1e-4
        # What decoding left behind is as good as what reading leaves behind.
        assert np.abs(tree.logits([c.prefix])[0] - from_scratch(plain, path + c.tokens[:-1])[-1]).max() <= 1e-4
        [score] = tree.score([c.prefix], [(20, 21, 22)])
        after = log_softmax(from_scratch(plain, path + c.tokens[:-1] + (20, 21, 22))[-4:-1])
        assert np.abs(after[range(3), [20, 21, 22]] - score).max() <= 1e-4


def test_small_batches_change_nothing(monkeypatch) -> None:
    """Rows beyond what one pass takes are done in several, bit for bit alike."""
    rng = random.Random(9)
    paths = [random_tokens(rng, [3, 30, 70]) for _ in range(9)]
    targets = [random_tokens(rng, [1, 5, 40]) for _ in paths]
    answers = []
    for small in (False, True):
        if small:
            monkeypatch.setattr("mtreason.models.engine.tree.MAX_PASS_TOKENS", 40)
            monkeypatch.setattr("mtreason.models.engine.tree.MAX_ROWS", 2)
            monkeypatch.setattr("mtreason.models.engine.tree.MAX_LOGIT_ROWS", 7)
        tree = int8_tree()
        prefixes = tree.extend([ROOT] * len(paths), paths)
        drawn = tree.sample([Draw(p, i, 0.8, 12) for i, p in enumerate(prefixes)], GUARD)
        answers.append((drawn, tree.score(prefixes, targets), tree.usage))
    (drawn, scores, usage), (drawn_small, scores_small, usage_small) = answers
    assert [c.tokens for c in drawn] == [c.tokens for c in drawn_small]
    for a, b in zip(drawn, drawn_small, strict=True):
        assert np.array_equal(a.log_probs, b.log_probs)
        assert a.prefix.length == b.prefix.length
    for a, b in zip(scores, scores_small, strict=True):
        assert np.array_equal(a, b)
    assert usage.tokens == usage_small.tokens
    assert usage.passes < usage_small.passes


def test_greedy_draws_are_the_argmax_of_passes_from_scratch() -> None:
    plain, tree = network(), TreeModel(PackedModel(network()))
    path = tuple(range(40, 60))
    [prefix] = tree.extend([ROOT], [path])
    [drawn] = tree.sample([Draw(prefix, 5, 0.0, 15)], GUARD)
    for i, token in enumerate(drawn.tokens):
        logits = from_scratch(plain, path + drawn.tokens[:i])[-1]
        assert token == 10 + int(logits[10:].argmax())
    [other] = tree.sample([Draw(prefix, 5, 0.0, 15, banned_first=(drawn.tokens[0],))], GUARD)
    assert other.tokens[0] == 10 + int(np.argsort(-from_scratch(plain, path)[-1][10:])[1])


def test_stop_tokens_end_a_continuation_and_only_they() -> None:
    tree = TreeModel(PackedModel(network()))
    prefixes = tree.extend([ROOT] * 40, [(20 + i, 30) for i in range(40)])
    stop = frozenset(range(200, 300))
    mask = TokenMask(np.arange(V) < 10, stop, 0.95)
    drawn = tree.sample([Draw(p, i, 1.0, 4) for i, p in enumerate(prefixes)], mask)
    assert {c.finished for c in drawn} == {True, False}
    assert min(len(c.tokens) for c in drawn) == 1
    for prefix, c in zip(prefixes, drawn, strict=True):
        assert c.finished == (c.tokens[-1] in stop)
        assert not set(c.tokens[:-1]) & stop
        assert c.finished or len(c.tokens) == 4
        assert c.prefix.length == prefix.length + len(c.tokens) - 1
    tree.release([c.prefix for c in drawn])
    assert set(tree._nodes) == {ROOT.id, *(p.id for p in prefixes)}, "an alias was released with its original"


def test_int8_worst_cases_do_not_saturate() -> None:
    """Weights and activations at their peaks, of either sign and mixed, equal the exact product."""
    width = 2048
    rng = np.random.default_rng(0)
    signs = torch.from_numpy(rng.choice([-1.0, 1.0], (5, width))).float()
    signs[0], signs[1] = 1.0, -1.0
    weight = torch.cat((torch.ones(1, width), -torch.ones(1, width), signs[2:]))
    rows = 3.0 * torch.cat((signs, signs.flip(0)))
    exact = rows @ weight.T
    assert torch.allclose(Int8Linear(pack(weight), None)(rows), exact, rtol=1e-4, atol=1e-2)


def test_int8_layers_forget_the_rows_before() -> None:
    """Rows are scaled once for several layers that share them, and afresh for any other tensor."""
    torch.manual_seed(4)
    first, second = Int8Linear(pack(torch.randn(8, 32)), None), Int8Linear(pack(torch.randn(8, 32)), torch.randn(8))
    a, b = torch.randn(3, 32), 100 * torch.randn(3, 32)
    expected = [first(a.clone()), second(a.clone()), first(b.clone())]
    found = [first(a), second(a), first(b)]
    assert all(torch.equal(x, y) for x, y in zip(expected, found, strict=True))
    assert torch.equal(first(a), expected[0])
    batched = first(a.view(1, 3, 32))
    assert batched.shape == (1, 3, 8)
    assert torch.equal(batched[0], expected[0])


@pytest.mark.parametrize("seed", [0, 1])
def test_recompute_follows_the_tree_through_cuts_and_bans(seed) -> None:
    rng = random.Random(seed)
    models = TreeModel(PackedModel(network())), RecomputeModel(network())
    begun = [m.extend([ROOT] * 3, [tuple(range(20, 20 + n)) for n in (3, 3, 9)]) for m in models]
    pairs = list(zip(*begun, strict=True))
    for _ in range(4):
        starts = [rng.choice(pairs) for _ in range(4)]
        kinds = [
            (rng.getrandbits(60), rng.choice([0.0, 0.8]), rng.choice([1, 3, 25]), tuple(rng.sample(range(V), 40)))
            for _ in starts
        ]
        others = [rng.choice([None, *pairs]) for _ in starts]
        drawn = [
            m.sample(
                [
                    Draw(pair[i], *kind, other and Contrast(other[i], 0.3))
                    for pair, kind, other in zip(starts, kinds, others, strict=True)
                ],
                GUARD,
            )
            for i, m in enumerate(models)
        ]
        for start, a, b in zip(starts, *drawn, strict=True):
            assert a.tokens == b.tokens
            assert a.finished == b.finished
            assert np.abs(a.log_probs - b.log_probs).max() < 1e-4
            assert np.abs(a.top_log_probs - b.top_log_probs).max() < 1e-4
            assert a.prefix.length == b.prefix.length
            pairs.append((a.prefix, b.prefix))
            if a.contrast is not None:
                assert a.contrast.length == b.contrast.length
                pairs.append((a.contrast, b.contrast))
            if a.prefix.length > start[0].length:
                at = rng.randrange(start[0].length + 1, a.prefix.length + 1)
                pairs.append(tuple(m.cut(p, at) for m, p in zip(models, (a.prefix, b.prefix), strict=True)))
        targets = [random_tokens(rng, [1, 6]) for _ in starts]
        scored = [m.score([pair[i] for pair in starts], targets) for i, m in enumerate(models)]
        for a, b in zip(*scored, strict=True):
            assert np.abs(a - b).max() < 1e-4
    for i, model in enumerate(models):
        model.release([pair[i] for pair in pairs])
    assert set(models[0]._nodes) == models[1].paths.held == {ROOT.id}


def test_the_probe_notices_a_pass_that_loses_its_context(monkeypatch) -> None:
    monkeypatch.setattr(TreeModel, "contexts", lambda _self, prefixes: [None] * len(prefixes))
    notes = []
    assert type(_share_or_recompute(network(), WordTokenizer(), notes.append)) is RecomputeModel
    assert len(notes) == 1


def test_rows_that_join_later_are_the_same() -> None:
    """More rows than fit, some of them added while others are under way: bit for bit what each yields alone."""
    rng = random.Random(6)
    tree = int8_tree()
    prefixes = tree.extend([ROOT] * 20, [random_tokens(rng, [3, 50, 63, 64, 130]) for _ in range(20)])
    draws = [
        Draw(rng.choice(prefixes), i, rng.choice([0.0, 0.9]), rng.choice([1, 3, 20, 70]), (), contrast)
        for i, contrast in enumerate([None, Contrast(prefixes[0], 0.3)] * 40)
    ]
    sampling = tree.sampling(GUARD)
    assert (sampling.rows, sampling.advance()) == (0, [])
    done, left = {}, list(draws)
    while left or sampling.rows:
        some, left = left[:13], left[13:]
        sampling.add(some)
        ended = sampling.advance()
        assert ended
        assert not done.keys() & dict(ended).keys()
        done |= dict(ended)
    assert sorted(done) == list(range(len(draws)))
    for i, draw in enumerate(draws):
        [alone] = tree.sample([draw], GUARD)
        assert alone.tokens == done[i].tokens
        assert np.array_equal(alone.log_probs, done[i].log_probs)
        assert np.array_equal(tree.logits([alone.prefix]), tree.logits([done[i].prefix]))
