"""From logits to tokens."""

import numpy as np
import torch

from mtreason.models.sampling import choose, running_away, uniforms

V = 100
FREE = torch.zeros(V, dtype=torch.bool)


def logits(rows=1, seed=0):
    return torch.randn(rows, V, generator=torch.Generator().manual_seed(seed)) * 2


def draw(values, temperature=1.0, top_p=1.0, u=(), banned=FREE, here=None):
    rows = len(values)
    return choose(values.clone(), banned, here or [()] * rows, [temperature] * rows, top_p, list(u) or [0.5] * rows)


def test_zero_temperature_is_argmax() -> None:
    values = logits(8)
    assert draw(values, temperature=0.0).tokens == values.argmax(1).tolist()


def test_log_probs_are_those_of_the_whole_vocabulary() -> None:
    values = logits(4)
    chosen = draw(values, u=[0.1, 0.5, 0.9, 0.99])
    expected = torch.log_softmax(values, -1)
    assert np.allclose(chosen.log_probs, expected[range(4), chosen.tokens], atol=1e-5)
    assert np.allclose(chosen.top_log_probs, expected.topk(5).values, atol=1e-5)


def test_frequencies_follow_the_softmax() -> None:
    values = torch.full((1, V), -50.0)
    values[0, [3, 7, 9]] = torch.log(torch.tensor([0.5, 0.3, 0.2]))
    n = 4000
    tokens = np.array([draw(values, u=[u]).tokens[0] for u in uniforms(1, n)])
    for token, p in ((3, 0.5), (7, 0.3), (9, 0.2)):
        assert abs((tokens == token).mean() - p) < 4 * np.sqrt(p * (1 - p) / n)


def test_temperature_sharpens() -> None:
    values = torch.full((1, V), -50.0)
    values[0, [3, 7]] = torch.tensor([1.0, 0.0])
    cold = np.mean([draw(values, temperature=0.5, u=[u]).tokens[0] == 3 for u in uniforms(2, 2000)])
    assert abs(cold - 1 / (1 + np.exp(-2.0))) < 0.04


def test_nucleus_leaves_out_the_tail() -> None:
    values = torch.full((1, V), -50.0)
    values[0, [3, 7, 9]] = torch.log(torch.tensor([0.6, 0.3, 0.1]))
    assert {draw(values, top_p=0.85, u=[u]).tokens[0] for u in np.linspace(0, 0.999, 50)} == {3, 7}


def test_banned_tokens_are_never_drawn_and_their_mass_is_shared_out() -> None:
    values = logits(1)
    banned = FREE.clone()
    banned[values.argmax()] = True
    chosen = draw(values, banned=banned, temperature=0.0)
    rest = values.masked_fill(banned, float("-inf"))
    assert chosen.tokens[0] == rest.argmax().item()
    assert np.allclose(chosen.log_probs[0], torch.log_softmax(rest, -1).max(), atol=1e-5)


def test_banned_here_forbids_without_changing_probabilities() -> None:
    values = logits(2)
    top = values.argmax(1).tolist()
    chosen = draw(values, temperature=0.0, here=[(top[0],), ()])
    assert chosen.tokens[0] == values[0].topk(2).indices[1].item()
    assert chosen.tokens[1] == top[1]
    assert np.allclose(chosen.log_probs, torch.log_softmax(values, -1)[range(2), chosen.tokens], atol=1e-5)
    drawn = {draw(values[:1], u=[u], here=[(top[0],)]).tokens[0] for u in np.linspace(0, 0.999, 60)}
    assert top[0] not in drawn


def test_a_row_does_not_depend_on_the_others() -> None:
    values, u = logits(16), uniforms(5, 16)
    together = draw(values, temperature=0.7, top_p=0.9, u=u)
    for i in range(16):
        alone = draw(values[i : i + 1], temperature=0.7, top_p=0.9, u=u[i : i + 1])
        assert alone.tokens[0] == together.tokens[i]
        assert alone.log_probs[0] == together.log_probs[i]


def test_uniforms_are_a_function_of_the_seed() -> None:
    assert uniforms(3, 5).tolist() == uniforms(3, 9)[:5].tolist()
    assert uniforms(3, 5).tolist() != uniforms(4, 5).tolist()


def test_running_away() -> None:
    assert running_away([1, 2] * 8)
    assert running_away([9, 8, 7, *[5] * 16])
    assert running_away([1, 2, 3, 4, 5] * 4)
    assert not running_away([1, 2] * 3)
    assert not running_away([5] * 10)
    assert not running_away(list(range(40)))
    assert not running_away([*[5] * 16, 1])
