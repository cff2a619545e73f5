"""Decoders: budget, company, choosing, and giving everything back; exact small oracles and a small real model."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.common import (
    LETTERS,
    LONGEST,
    SENTENCES,
    decode,
    head_for,
    spell,
    summary,
    table_settings,
    table_tasks,
    translator,
)
from support.fakes import TableMetric, TableModel
from transformers import AutoModelForCausalLM

from mtreason.decoding import DECODERS, mcts, run
from mtreason.decoding.borders import Clauses, EveryN, parse_border
from mtreason.decoding.candidates import Candidates
from mtreason.decoding.protocol import derive_seed
from mtreason.decoding.sentence import Sentence
from mtreason.errors import InputError
from mtreason.glossary import Term
from mtreason.models.engine.recompute import RecomputeModel
from mtreason.rewards import REWARDS, Head
from mtreason.rewards.consensus import chrf_matrix, expected_utility
from mtreason.runs.checks import check_settings
from mtreason.runs.settings import DEFAULT_REWARD, Settings

ROUND = 6
"""Rollouts begun side by side at most: by so many a search may spend more than it was given."""
TABLE_HEAD = Head(np.array([1, 10, 100], np.float32), 0.0, "", "", ())
CHOOSE_BY_REWARD = {d.name for d in DECODERS.values() if "reward" in d.options}


@pytest.mark.parametrize("reward", REWARDS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_every_decoder_with_every_reward(loaded, tiny_comet, tmp_path, decoder, reward) -> None:
    if decoder not in CHOOSE_BY_REWARD:
        reward = DEFAULT_REWARD
    asked = {"qe": "referenceless_regression_metric", "comet-consensus": "regression_metric"}
    qe = next((str(tiny_comet(kind)) for part, kind in asked.items() if part in REWARDS[reward].weights), None)
    head = head_for(loaded, tmp_path / "head.safetensors") if "value" in REWARDS[reward].weights else None
    chosen = reward if decoder in CHOOSE_BY_REWARD else None
    t = translator(loaded, decoder=decoder, reward=chosen, budget=5, qe=qe, head=head)
    held = set(t.model._nodes)
    for result in decode(t):
        assert result.text
        assert result.candidates
        keys = [(bool(c.problems), len(c.doubts), -c.reward) for c in result.candidates]
        assert keys == sorted(keys)
        assert len({c.text for c in result.candidates}) == len(result.candidates)
        clean = [c for c in result.candidates if not c.problems]
        assert result.fell_back == (not clean)
        if clean:
            assert result.text == clean[0].text
            assert clean[0].reward == max(c.reward for c in clean if len(c.doubts) == len(clean[0].doubts))
            assert set(REWARDS[reward].weights) <= set(clean[0].parts) or decoder not in CHOOSE_BY_REWARD
    assert set(t.model._nodes) == held, "prefixes were not given back"


@pytest.mark.parametrize("decoder", ["best-of-n", "mcts"])
def test_in_flight_and_order_change_nothing(loaded, decoder) -> None:
    t = translator(loaded, decoder=decoder, budget=6)
    expected = summary(decode(t))
    for in_flight in (1, 4):
        assert summary(decode(t, in_flight=in_flight)) == expected
    order = random.Random(1).sample(range(len(SENTENCES)), len(SENTENCES))
    shuffled = summary(decode(t, [SENTENCES[i] for i in order], in_flight=3))
    assert [shuffled[order.index(i)] for i in range(len(SENTENCES))] == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decoder": "greedy", "reward": "mix"}, "`reward` does nothing for `decoder` greedy: .* best-of-n, mcts"),
        ({"decoder": "mbr", "reward": "mix"}, "`reward` does nothing for `decoder` mbr"),
        ({"decoder": "best-of-n", "nodes": "4"}, "`nodes` does nothing for `decoder` best-of-n: .* mcts, mcts-uct"),
        ({"decoder": "mbr", "beam_width": 4}, "`beam_width` does nothing for `decoder` mbr: .* take beam, mcts"),
        ({"think": True, "beam_width": 4}, "`beam_width` does nothing with `think`: leave one of them out"),
        (
            {"decoder": "mcts-uct", "full_budget": True},
            "`full_budget` does nothing for `decoder` mcts-uct",
        ),
        ({"decoder": "beam", "beam_width": 0}, "`beam_width` 0: must be at least 1"),
    ],
)
def test_options_that_would_do_nothing_are_refused(options, message) -> None:
    with pytest.raises(InputError, match=message):
        check_settings(Settings(**options))


def test_seed_changes_samples_and_nothing_else_does(loaded) -> None:
    one, again, other = (summary(decode(translator(loaded, decoder="sample", seed=s))) for s in (1, 1, 2))
    assert one == again
    assert one != other


@pytest.mark.parametrize("reward", ["likelihood", "mix"])
@pytest.mark.parametrize("decoder", ["beam", "best-of-n", "mbr", "mcts", "mcts-uct"])
@pytest.mark.parametrize("budget", [4, 8, 16])
def test_budget_is_met(loaded, decoder, budget, reward) -> None:
    t = translator(loaded, decoder=decoder, reward=reward if decoder in CHOOSE_BY_REWARD else None, budget=budget)
    for index, result in enumerate(decode(t)):
        drawn = sum(c.count for c in result.candidates)
        task = t.bind(t.task(index, SENTENCES[index]))
        spent = result.cost.tokens - len(task.prompt)
        dearest = 3 * task.max_new_tokens + len(task.back_tail) + len(task.source_tokens)
        assert spent <= budget * result.sample_cost + ROUND * dearest
        assert (
            decoder not in {"best-of-n", "mbr"} or drawn >= 8 * budget or spent >= budget * result.sample_cost - dearest
        )


@pytest.mark.parametrize("decoder", ["best-of-n", "mbr", "beam", "mcts", "mcts-uct"])
def test_when_the_time_is_over_the_best_so_far_is_taken(loaded, decoder) -> None:
    whole = decode(translator(loaded, decoder=decoder, budget=16))
    hour = decode(translator(loaded, decoder=decoder, budget=16, segment_seconds=3600))
    over = decode(translator(loaded, decoder=decoder, budget=16, segment_seconds=0))
    assert summary(hour) == summary(whole)
    assert [r.timed_out for r in hour] == [False] * len(SENTENCES)
    assert [r.timed_out for r in over] == [True] * len(SENTENCES)
    for short, long in zip(over, whole, strict=True):
        assert short.candidates
        assert short.cost.tokens < long.cost.tokens


def test_mcts_trace_is_a_tree(loaded) -> None:
    for result in decode(translator(loaded, decoder="mcts", reward="likelihood", budget=8)):
        tree = result.trace
        clean = sum(c.count for c in result.candidates if not c.problems)
        assert tree["visits"][0] == clean
        for node, parent in enumerate(tree["parent"]):
            if node:
                assert parent < node
                assert tree["token_span"][node][0] == tree["token_span"][parent][1]
                assert tree["visits"][node] <= tree["visits"][parent]


def test_hints_reach_the_prompt_and_the_record(loaded) -> None:
    entries = [Term("踩屎感", ("comfort",), "", "", "own.tsv", 1), Term("公园", (), "", "", "own.tsv", 2)]
    t = translator(loaded, entries)
    task = t.bind(t.task(0, "踩屎感公园"))
    assert [h.term.source for h in task.hits] == ["踩屎感", "公园"]
    prompt = t.codec.decode(task.prompt)
    assert "踩屎感 = comfort" in prompt
    assert "comfort公园" in prompt
    kept = t.codec.encode("公园")
    assert not task.mask.banned[list(kept)].any()
    assert t.mask.banned[list(kept)].any()


def test_borders() -> None:
    tokens = tuple(range(10))  # the last one ends the text
    assert EveryN(4)(tokens, 0) == [4, 8, 9, 10]
    assert EveryN(4)(tokens, 5) == [8, 9, 10]
    assert EveryN(4)(tokens, 9) == [10]
    assert EveryN(1)(tokens, 7) == [8, 9, 10]
    clauses = Clauses(lambda ts: {2: "a,", 5: "b", 8: "c."}.get(ts[0], "x"))
    assert clauses(tokens, 0) == [3, 9, 10]
    assert clauses(tokens, 3) == [9, 10]
    assert parse_border("mini-step-32", str) == EveryN(32)
    for bad in ("0", "-1", "x", "1.5", ""):
        with pytest.raises(InputError, match="`nodes`"):
            parse_border(bad, str)


def test_seeds_depend_on_their_parts_alone() -> None:
    assert derive_seed(1, "a") == derive_seed(1, "a")
    assert len({derive_seed(*p) for p in ((1, "a"), (2, "a"), (1, "b"), ("1a",), (1, "a", 0))}) == 5


def test_unfinished_drafts_are_never_chosen_over_finished_ones(loaded) -> None:
    t = translator(loaded, decoder="best-of-n", reward="likelihood", budget=6)
    tasks = [replace(t.bind(t.task(i, s)), max_new_tokens=6) for i, s in enumerate(SENTENCES)]
    for result in run(t.decoder, tasks, t.decoding, t.model, 4):
        for candidate in result.candidates:
            finished = candidate.draft.tokens[-1] in t.mask.stop
            assert finished == ("unfinished" not in candidate.problems)
        if result.fell_back:
            assert all(c.problems for c in result.candidates)


def all_translations(model, task):
    """Every finished text of at most LONGEST tokens that is not empty, with its mean log-probability."""
    values = {}
    for n in range(1, LONGEST):
        for word in itertools.product(range(1, len(LETTERS)), repeat=n):
            path = (task.prompt[-1], *word, 0)
            values[spell(word)] = np.mean([model.log_probs(a)[b] for a, b in itertools.pairwise(path)])
    return values


@pytest.mark.parametrize("decoder", ["best-of-n", "mcts", "mcts-uct"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_with_enough_budget_the_enumerated_optimum_is_found(decoder, seed) -> None:
    model = TableModel(seed=seed)
    for task in table_tasks(model, 2):
        values = all_translations(model, task)
        [result] = run(
            DECODERS[decoder], [task], table_settings(budget=300.0, temperature=1.0, full_budget=True), model, 1
        )
        best = max(values, key=values.get)
        assert result.text == best
        assert result.candidates[0].reward == pytest.approx(values[best], abs=1e-5)
        assert not result.fell_back


@pytest.mark.parametrize("reward", REWARDS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_candidates_hold_what_was_drawn(decoder, reward) -> None:
    """Each text once, counted, worth what its own tokens are worth; the best clean one is chosen."""
    model = TableModel(seed=3)
    tasks = table_tasks(model, 5)
    held, before = set(model.tokens), replace(model.usage)
    settings = table_settings(reward, 12.0, states=True, head=TABLE_HEAD)
    results = sorted(run(DECODERS[decoder], tasks, settings, model, 2, TableMetric()), key=lambda r: r.index)
    assert set(model.tokens) == held, "prefixes were not given back"
    assert sum(r.cost.tokens for r in results) == model.usage.tokens - before.tokens, "costs do not add up"
    for task, result in zip(tasks, results, strict=True):
        assert len({c.text for c in result.candidates}) == len(result.candidates)
        assert all(c.count >= 1 for c in result.candidates)
        if decoder in {"greedy", "sample"}:
            assert [c.count for c in result.candidates] == [1]
        values = all_translations(model, task)
        for c in result.candidates:
            assert spell(c.draft.tokens).strip() == c.text
            if not c.problems:
                assert c.parts["likelihood"] == pytest.approx(values[c.text], abs=1e-5)
                # The last token is not read; where it is the only one, the end of the prompt stands for it.
                read = np.array(c.draft.tokens[:-1] or task.prompt[-1:])
                value = read.mean() + 10 * (read**2).mean() + 100 * read[-1]
                assert c.parts.get("value", value) == pytest.approx(value, rel=1e-6)
        clean = [c for c in result.candidates if not c.problems]
        assert result.candidates[: len(clean)] == tuple(clean), "one that is held back stands before a clean one"
        if clean:
            assert result.text == max(clean, key=lambda c: c.reward).text
    assert any(len(r.candidates) > 1 for r in results) or decoder in {"greedy", "sample"}


def test_best_of_one_is_greedy() -> None:
    model = TableModel(seed=4)
    for task in table_tasks(model, 6):
        best, greedy = (
            next(run(DECODERS[name], [task], table_settings("channel", 1.0), model, 1))
            for name in ("best-of-n", "greedy")
        )
        # What is held back is not judged, which leaves room for another.
        assert best.text == greedy.text or greedy.fell_back


def beam_by_hand(model, task, width):
    """The textbook: all beginnings of one length side by side, sorted by probability."""
    live, ended = [((), 0.0)], []
    for _ in range(LONGEST):
        grown = [
            ((*word, token), total + float(log_prob))
            for word, total in live
            for token, log_prob in enumerate(model.log_probs((task.prompt[-1], *word)[-1], task.mask.banned))
        ]
        grown.sort(key=lambda pair: -pair[1])
        ended += [(w, total / len(w)) for w, total in grown[:width] if w[-1] == 0]
        live = [(w, total) for w, total in grown if w[-1] != 0][:width]
    return sorted(ended, key=lambda pair: -pair[1])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_beam_is_the_textbook_beam(width, seed) -> None:
    model = TableModel(seed=seed)
    for task in table_tasks(model, 3):
        held = set(model.tokens)
        [result] = run(DECODERS["beam"], [task], table_settings(beam_width=width), model, 1)
        assert set(model.tokens) == held
        expected = beam_by_hand(model, task, width)
        found = {c.draft.tokens: c.reward for c in result.candidates if not c.problems}
        assert len(found) <= width
        for word, mean in expected:
            assert word not in found or found[word] == pytest.approx(mean, abs=1e-5)
        best = [word for word, _ in expected if len(word) > 1]
        if best and width > 1:
            assert result.candidates[0].draft.tokens == best[0]


def test_a_beam_of_one_is_greedy() -> None:
    model = TableModel(seed=2, spread=3.0)
    for task in table_tasks(model, 5):
        [greedy] = run(DECODERS["greedy"], [task], table_settings(), model, 1)
        [beam] = run(DECODERS["beam"], [task], table_settings(beam_width=1), model, 1)
        assert beam.candidates[0].draft.tokens == greedy.candidates[0].draft.tokens


@pytest.mark.parametrize("reward", ["two-way", "mix"])
@pytest.mark.parametrize(("width", "budget"), [(2, 12.0), (4, 12.0), (3, 4.0)])
def test_a_beam_may_be_the_first_move_of_the_tree(width, budget, reward) -> None:
    """Its hypotheses are candidates and in the tree; all is paid for and given back, and company changes nothing."""
    model = TableModel(seed=5)
    tasks = table_tasks(model, 3)
    held, before = set(model.tokens), model.usage.tokens
    decoder, settings = DECODERS["mcts"], table_settings(reward, budget, beam_width=width)
    together = list(run(decoder, tasks, settings, model, 3))
    assert set(model.tokens) == held, "prefixes were not given back"
    assert sum(r.cost.tokens for r in together) == model.usage.tokens - before, "costs do not add up"
    alone = [r for task in tasks for r in run(decoder, [task], settings, model, 1)]
    assert summary(sorted(together, key=lambda r: r.index)) == summary(alone)
    for task, result in zip(tasks, alone, strict=True):
        [beam] = run(DECODERS["beam"], [task], table_settings(reward, budget, beam_width=width), model, 1)
        assert {c.text for c in beam.candidates} <= {c.text for c in result.candidates}
        ends = {text for text in result.trace["translation"] if text is not None}
        assert {c.text for c in beam.candidates} <= ends


def test_a_beam_before_the_tree_is_takes_at_most_half_of_the_budget(monkeypatch) -> None:
    asked = []
    search = mcts.beam_search
    monkeypatch.setattr(mcts, "beam_search", lambda sentence, width: asked.append(width) or search(sentence, width))
    model = TableModel(seed=5)
    for budget in (1.0, 2.0, 3.0, 4.0, 30.0):
        list(run(DECODERS["mcts"], table_tasks(model, 1), table_settings("mix", budget, beam_width=5), model, 1))
    assert asked == [2, 5]


def test_a_beam_first_in_the_real_engine(loaded) -> None:
    t = translator(loaded, budget=12, beam_width=3)
    assert summary(decode(t, in_flight=1)) == summary(decode(t, in_flight=16))


def test_mbr_chooses_what_agrees_most_with_all_that_was_drawn() -> None:
    model = TableModel(seed=5)
    for task in table_tasks(model, 4):
        [result] = run(DECODERS["mbr"], [task], table_settings(budget=10.0, temperature=1.0), model, 1)
        clean = [c for c in result.candidates if not c.problems]
        samples = {c.text: c.count for c in clean}
        texts = list(samples)
        values = [
            expected_utility(row, samples, own=t) for row, t in zip(chrf_matrix(texts, texts), texts, strict=True)
        ]
        assert [c.reward for c in clean] == pytest.approx(values)
        assert result.text == texts[int(np.argmax(values))]


@pytest.mark.parametrize("decoder", ["mcts", "mcts-uct"])
def test_drafts_of_a_search_are_no_samples(monkeypatch, decoder) -> None:
    """A search's own drafts agree with one another because it made them so: that is no evidence."""
    seen = []
    close = Sentence.close
    monkeypatch.setattr(Sentence, "close", lambda self, *rest: seen.append(self) or close(self, *rest))
    model = TableModel(seed=8)
    for task in table_tasks(model, 4):
        [result] = run(DECODERS[decoder], [task], table_settings("consensus", 20.0, temperature=1.0), model, 1)
        samples = seen.pop().candidates.samples
        assert sum(samples.values()) <= 10 < sum(c.count for c in result.candidates)
        for c in result.candidates:
            if not c.problems:
                [row] = chrf_matrix([c.text], list(samples))
                assert c.reward == pytest.approx(expected_utility(row, samples, own=c.text))


@pytest.mark.parametrize(("reward", "budget", "samples"), [("consensus", 20, 10), ("two-way", 20, 4), ("mix", 6, 4)])
def test_half_the_budget_goes_to_samples_where_they_are_asked(monkeypatch, reward, budget, samples) -> None:
    first = []
    add = Candidates.add_samples
    monkeypatch.setattr(Candidates, "add_samples", lambda self, drawn: first.append(len(drawn)) or add(self, drawn))
    model = TableModel(seed=8)
    list(run(DECODERS["mcts"], table_tasks(model, 3), table_settings(reward, budget), model, 1))
    assert first == [samples] * 3


def test_search_stops_where_the_model_is_sure() -> None:
    """Early stopping costs less where the model has no doubt, and never more; it takes the same way up to there."""
    costs = []
    for spread in (0.5, 6.0):
        model = TableModel(seed=1, spread=spread)
        for task in table_tasks(model, 4):
            early, full = (
                next(run(DECODERS["mcts"], [task], table_settings("mix", 60.0, full_budget=full), model, 1))
                for full in (False, True)
            )
            assert early.cost.tokens <= full.cost.tokens
            assert early.candidates[0].reward <= full.candidates[0].reward + 1e-9
            assert {c.text for c in early.candidates} <= {c.text for c in full.candidates}
            costs.append((spread, early.cost.tokens / full.cost.tokens))
    assert min(share for spread, share in costs if spread == 6.0) < 0.9


@pytest.mark.parametrize("name", ["best-of-n", "mcts", "mcts-uct"])
@pytest.mark.parametrize("reward", ["likelihood", "mix"])
@pytest.mark.parametrize("budget", [1.0, 3.0, 8.0, 20.0])
def test_no_round_begins_once_the_budget_is_spent(monkeypatch, name, reward, budget) -> None:
    granted = []
    affordable = Sentence.affordable

    def watched(self, drafts):
        count = affordable(self, drafts)
        assert count <= drafts
        granted.append((self.budget.spent, count, self.candidates.drawn))
        return count

    monkeypatch.setattr(Sentence, "affordable", watched)
    model = TableModel(seed=1, spread=0.5)
    for task in table_tasks(model, 4):
        granted.clear()
        [result] = run(DECODERS[name], [task], table_settings(reward, budget), model, 1)
        rounds = [spent for spent, count, _ in granted if count]
        assert all(spent < budget for spent in rounds)
        assert sum(c.count for c in result.candidates) >= min(4, int(budget))
        # A round asks for no more than the average price so far says the rest of the budget pays for.
        for spent, count, drawn in granted:
            assert count <= max(0.0, (budget - spent) / (spent / drawn) + 0.5)


def test_greedy_is_argmax_decoding(tiny_model) -> None:
    from mtreason.models.engine.load import load_directory

    loaded = load_directory(tiny_model, dtype="fp32", note=pytest.fail)
    plain = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()
    t = translator(loaded, decoder="greedy")
    for result, sentence in zip(decode(t), SENTENCES, strict=True):
        task = t.bind(t.task(0, sentence))
        head = path_of(t.model, task.head)
        tokens = result.candidates[0].draft.tokens
        for i in range(0, len(tokens), 5):
            with torch.inference_mode():
                logits = plain(torch.tensor([[*head, *task.prompt, *tokens[:i]]])).logits[0, -1].numpy()
            logits[task.mask.banned] = -np.inf
            assert tokens[i] == logits.argmax()


def path_of(model, prefix):
    node, tokens = model._nodes[prefix.id], ()
    while node is not None:
        node, tokens = node.parent, node.tokens + tokens
    return tokens


@pytest.mark.parametrize("decoder", ["best-of-n", "mcts", "mcts-uct"])
def test_recomputing_finds_what_the_token_tree_finds(tiny_model, decoder) -> None:
    from mtreason.models.engine.load import load_directory

    loaded = load_directory(tiny_model, dtype="fp32", note=pytest.fail)
    plain = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()
    found = []
    for model in (loaded.model, RecomputeModel(plain)):
        t = translator(replace(loaded, model=model), decoder=decoder, budget=5)
        short = [replace(t.bind(t.task(i, s)), max_new_tokens=12) for i, s in enumerate(SENTENCES[:3])]
        found.append(sorted(run(t.decoder, short, t.decoding, t.model, 3), key=lambda r: r.index))
    for a, b in zip(*found, strict=True):
        assert a.cost == b.cost
        assert [(c.text, c.count, c.problems) for c in a.candidates] == [
            (c.text, c.count, c.problems) for c in b.candidates
        ]
        for x, y in zip(a.candidates, b.candidates, strict=True):
            assert x.reward == y.reward or abs(x.reward - y.reward) < 1e-3
