"""From logits to tokens."""

import numpy as np
import pytest
import torch

from mtreason.models.engine.drawing import uniforms
from mtreason.models.engine.sampling import choose, penalties
from mtreason.models.sequences import running_away

V = 100
FREE = torch.zeros(V, dtype=torch.bool)


def logits(rows=1, seed=0):
    return torch.randn(rows, V, generator=torch.Generator().manual_seed(seed)) * 2


def draw(values, temperature=1.0, top_p=1.0, u=(), banned=FREE, here=None, contrasts=None):
    rows = len(values)
    penalty = penalties(banned.numpy(), banned.device)
    u = list(u) or [0.5] * rows
    named = contrasts or {}
    against = torch.stack([other for other, _ in named.values()]) if named else None
    weights = [(row, weight) for row, (_, weight) in named.items()]
    return choose(values.clone(), penalty, here or [()] * rows, [temperature] * rows, top_p, u, weights, against)


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


def test_chi_square_of_draws_against_the_softmax() -> None:
    n, size = 20000, 20
    values = torch.randn(1, size, generator=torch.Generator().manual_seed(9))
    expected = torch.softmax(values[0], -1).numpy() * n
    chosen = choose(values.repeat(n, 1), torch.zeros(size), [()] * n, [1.0] * n, 1.0, uniforms(8, n).tolist(), [], None)
    found = np.bincount(chosen.tokens, minlength=size)
    # 19 degrees of freedom: mean 19, standard deviation sqrt(38); 50 lies at p = 0.0001.
    assert ((found - expected) ** 2 / expected).sum() < 50


def test_the_nucleus_is_the_smallest_set_that_reaches_top_p() -> None:
    values = torch.full((1, V), -50.0)
    values[0, [3, 7, 9, 11]] = torch.log(torch.tensor([0.4, 0.3, 0.2, 0.1]))
    us = np.linspace(0, 0.9999, 200)
    for top_p, kept in ((0.1, {3}), (0.39, {3}), (0.41, {3, 7}), (0.75, {3, 7, 9}), (0.95, {3, 7, 9, 11})):
        assert {draw(values, top_p=top_p, u=[u]).tokens[0] for u in us} == kept
    # Weights inside it are renormalised: 0.4 / 0.7.
    assert np.mean([draw(values, top_p=0.6, u=[u]).tokens[0] == 3 for u in us]) == pytest.approx(4 / 7, abs=0.01)


def test_banned_tokens_are_not_drawn_even_by_the_largest_random_number() -> None:
    """Sums of float weights differ in the last bit by their order, which once let the last of all tokens in."""
    u = float(np.nextafter(1.0, 0.0))
    for seed in range(300):
        values = logits(seed=seed)
        banned = torch.ones(V, dtype=torch.bool)
        free = np.random.default_rng(seed).permutation(V)[: seed % 60 + 2].tolist()
        banned[free] = False
        assert draw(values, u=[u], banned=banned).tokens[0] in free
        assert draw(values, u=[u], banned=banned, here=[free[:1]]).tokens[0] in free[1:]


def test_log_probs_are_renormalised_over_allowed_tokens_and_not_over_those_forbidden_here() -> None:
    values = logits(1)
    banned = FREE.clone()
    banned[: V // 2] = True
    here = values.argsort(descending=True)[0, :20].tolist()
    expected = torch.log_softmax(values.masked_fill(banned, float("-inf")), -1)[0]
    for u in (0.0, 0.3, 0.7, 0.99):
        chosen = draw(values, u=[u], banned=banned, here=[here])
        assert chosen.tokens[0] >= V // 2
        assert chosen.tokens[0] not in here
        assert chosen.log_probs[0] == pytest.approx(expected[chosen.tokens[0]].item(), abs=1e-5)
        assert np.allclose(chosen.top_log_probs[0], expected.topk(5).values, atol=1e-5)


def test_same_seed_same_draws() -> None:
    values = logits(30)
    first, again, other = (draw(values, u=uniforms(seed, 30)) for seed in (11, 11, 12))
    assert first.tokens == again.tokens
    assert first.tokens != other.tokens


def test_temperature_changes_draws_and_never_the_reported_probabilities() -> None:
    values = logits(1)
    expected = torch.log_softmax(values, -1)[0]
    for temperature in (0.0, 0.2, 5.0):
        chosen = draw(values, temperature=temperature, u=[0.8])
        assert chosen.log_probs[0] == pytest.approx(expected[chosen.tokens[0]].item(), abs=1e-5)


def test_ties_are_settled_the_same_alone_and_in_company() -> None:
    values = torch.zeros(9, V)
    together = draw(values, temperature=0.0).tokens
    assert together == [draw(values[:1], temperature=0.0).tokens[0]] * 9


def test_running_away_begins_at_four_repeats_and_sixteen_tokens() -> None:
    head = [101, 102, 103]
    for period in range(1, 9):
        piece = list(range(period))
        needed = max(4 * period, 16)
        looped = [piece[i % period] for i in range(needed)]
        assert running_away(head + looped), period
        # One token fewer is not enough; the head's last token continues no loop.
        assert not running_away(head + looped[1:]), period
    assert not running_away([])


def test_contrast_by_hand() -> None:
    """The softmax of (log p - w log q) / (1 - w) over the plausible tokens; what is reported stays log p."""
    values, other = torch.full((1, V), -50.0), torch.full((V,), -50.0)
    p = {3: 0.5, 7: 0.3, 9: 0.17, 11: 0.03}
    q = {3: 0.6, 7: 0.1, 9: 0.2, 11: 0.1}
    for token, share in p.items():
        values[0, token], other[token] = np.log(share), np.log(q[token])
    weights = {t: (p[t] / q[t] ** 0.4) ** (1 / 0.6) for t in (3, 7, 9)}  # 11 is below a tenth of the most probable
    n = 4000
    drawn = [draw(values, u=[u], contrasts={0: (other, 0.4)}) for u in uniforms(5, n)]
    tokens = np.array([c.tokens[0] for c in drawn])
    assert set(tokens) == set(weights)
    for token, weight in weights.items():
        share = weight / sum(weights.values())
        assert abs((tokens == token).mean() - share) < 4 * np.sqrt(share * (1 - share) / n)
    assert drawn[0].log_probs[0] == pytest.approx(np.log(p[tokens[0]]), abs=1e-5)
    assert draw(values, temperature=0.0, contrasts={0: (other, 0.4)}).tokens == [7]
    assert draw(values, temperature=0.0, contrasts={0: (other, 0.05)}).tokens == [3]


def test_contrast_is_for_its_row_and_knows_what_is_forbidden() -> None:
    values = logits(3)
    other = -values[1]  # prefers what the row does not
    plain = draw(values, u=[0.2, 0.5, 0.7])
    mixed = draw(values, u=[0.2, 0.5, 0.7], contrasts={1: (other, 0.3)})
    assert [mixed.tokens[0], mixed.tokens[2]] == [plain.tokens[0], plain.tokens[2]]
    top = int(values[1].argmax())
    here = [(), (top,), ()]
    assert draw(values, temperature=0.0, here=here, contrasts={1: (other, 0.3)}).tokens[1] != top
