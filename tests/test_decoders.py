"""Decoders on a small real model: budget, company, merging, choosing, and giving everything back."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from fakes import TableMetric, TableModel
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from mtreason.config import DEFAULT_REWARD, Options
from mtreason.decoding import DECODERS, run
from mtreason.decoding.borders import Clauses, EveryN, parse_border
from mtreason.decoding.gates import problems, strip_chatter
from mtreason.decoding.guard import allow_also, build_guard
from mtreason.decoding.pool import Pool
from mtreason.decoding.protocol import Cost, Result, Settings, Task, derive_seed
from mtreason.errors import InputError
from mtreason.glossary import Entry, Hit, honoured
from mtreason.languages import parse_language
from mtreason.models.calls import cut, extend, release, score
from mtreason.models.protocol import ROOT, Guard
from mtreason.models.recompute import RecomputeModel
from mtreason.models.sequences import SharedSequences
from mtreason.rewards import REWARDS, Draft, Scene, judge, weigh
from mtreason.rewards.consensus import chrf_matrix, expected_utility
from mtreason.translator import Direction, Translator, check_options

ZH, EN = parse_language("zh"), parse_language("en")
ROUND = 6
"""Rollouts begun side by side at most: by so many a search may spend more than it was given."""
CHOOSE_BY_REWARD = {d.name for d in DECODERS.values() if "reward" in d.heeds}
SENTENCES = ["今天天气很好。", "我们去公园吧。", "这双鞋的踩屎感太强了！", "你好", "公园里的鞋很好。", "她说天气好。"]


@pytest.fixture(scope="module")
def loaded(tiny_model):
    from mtreason.models.load import load_model

    return load_model(tiny_model, note=pytest.fail)


def translator(loaded, entries=(), **options):
    return Translator(loaded, Direction(ZH, EN), Options(**options), entries)


def decode(t, sentences=SENTENCES, in_flight=16):
    tasks = (t.task(i, s, ()) for i, s in enumerate(sentences))
    return sorted(run(t.decoder, tasks, t.settings, t.model, in_flight, t.estimator), key=lambda r: r.index)


def summary(results):
    return [(r.text, [(c.text, c.reward, c.count) for c in r.candidates], r.cost) for r in results]


@pytest.mark.parametrize("reward", REWARDS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_every_decoder_with_every_reward(loaded, tiny_comet, decoder, reward) -> None:
    if decoder not in CHOOSE_BY_REWARD:
        reward = DEFAULT_REWARD
    asked = {"qe": "referenceless_regression_metric", "comet-consensus": "regression_metric"}
    qe = next((str(tiny_comet(kind)) for part, kind in asked.items() if part in REWARDS[reward].weights), None)
    chosen = reward if decoder in CHOOSE_BY_REWARD else None
    t = translator(loaded, decoder=decoder, reward=chosen, budget=5, qe=qe)
    held = set(t.model._nodes)
    for result in decode(t):
        assert result.text
        assert result.candidates
        keys = [(bool(c.problems), -c.reward) for c in result.candidates]
        assert keys == sorted(keys)
        assert len({c.text for c in result.candidates}) == len(result.candidates)
        clean = [c for c in result.candidates if not c.problems]
        assert result.fell_back == (not clean)
        if clean:
            assert result.text == clean[0].text
            assert clean[0].reward == max(c.reward for c in clean)
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
        ({"decoder": "greedy", "reward": "mix"}, "--reward does nothing for --decoder greedy: .* best-of-n, mcts"),
        ({"decoder": "mbr", "reward": "mix"}, "--reward does nothing for --decoder mbr"),
        ({"decoder": "best-of-n", "nodes": "4"}, "--nodes does nothing for --decoder best-of-n: .* mcts, mcts-uct"),
        ({"decoder": "mcts", "beam_width": 4}, "--beam-width does nothing for --decoder mcts: .* take beam"),
        (
            {"decoder": "mcts-uct", "full_budget": True},
            "--full-budget does nothing for --decoder mcts-uct",
        ),
        ({"decoder": "beam", "beam_width": 0}, "--beam-width 0: must be at least 1"),
    ],
)
def test_options_that_would_do_nothing_are_refused(options, message) -> None:
    with pytest.raises(InputError, match=message):
        check_options(Options(**options))


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
        task = t.task(index, SENTENCES[index], ())
        spent = result.cost.tokens - len(task.prompt)
        dearest = 3 * task.max_new_tokens + len(task.tail) + len(task.source_tokens)
        assert spent <= budget * result.unit + ROUND * dearest
        assert decoder not in {"best-of-n", "mbr"} or drawn >= 8 * budget or spent >= budget * result.unit - dearest


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
    entries = [Entry("踩屎感", ("comfort",), "", "", "own.tsv", 1), Entry("公园", (), "", "", "own.tsv", 2)]
    t = translator(loaded, entries)
    task = t.task(0, "踩屎感公园", ())
    assert [h.entry.source for h in task.hints] == ["踩屎感", "公园"]
    prompt = t.codec.decode(task.prompt)
    assert "踩屎感 = comfort" in prompt
    assert "comfort公园" in prompt
    kept = t.codec.encode("公园")
    assert not task.guard.banned[list(kept)].any()
    assert t.guard.banned[list(kept)].any()


def test_scheduler_passes_results_on_and_keeps_to_its_room(loaded) -> None:
    t = translator(loaded, decoder="greedy")
    taken = []
    done = []

    def tasks():
        for i, sentence in enumerate(SENTENCES):
            taken.append(i)
            assert len(taken) - len(done) <= 2 + 1
            yield (
                Result(i, "ready", fell_back=False, candidates=(), cost=Cost())
                if i % 3 == 0
                else t.task(i, sentence, ())
            )

    for result in run(t.decoder, tasks(), t.settings, t.model, 2):
        done.append(result.index)
        assert (result.text == "ready") == (result.index % 3 == 0)
    assert sorted(done) == list(range(len(SENTENCES)))


def play(steps, model):
    """Answer a generator of calls, one at a time."""
    from mtreason.models.calls import Cut, Extend, Peek, Release, Score

    answer = None
    while True:
        try:
            call = steps.send(answer)
        except StopIteration as stop:
            return stop.value
        match call:
            case Peek():
                answer = model.alternatives(call.prefixes, call.guard, call.count)
            case Extend():
                answer = model.extend(call.prefixes, call.tokens)
            case Score():
                answer = model.score(call.prefixes, call.targets)
            case Cut():
                answer = model.cut(call.prefix, call.length)
            case Release():
                answer = model.release(call.prefixes)


def test_common_beginnings_are_read_once(loaded) -> None:
    model = loaded.model
    [base] = model.extend([ROOT], [(20, 21)])
    shared = SharedSequences(base)
    a, b, c = tuple(range(30, 50)), (*range(30, 45), 99, 98), (*range(30, 47), 97)
    prefixes = play(shared.read([a, b, a]), model)
    assert shared.read_tokens == 20 + 2
    assert prefixes[0] == prefixes[2]
    play(shared.read([c, b]), model)
    assert shared.read_tokens == 20 + 2 + 1
    for sequence in (a, b, c):
        [own] = play(shared.read([sequence]), model)
        [direct] = model.extend([base], [sequence])
        found, expected = model.logits([own])[0], model.logits([direct])[0]
        assert np.abs(found - expected).max() < 0.05  # 8-bit rounding, met at different lengths
        model.release([direct])
    play(shared.close(), model)
    model.release([base])


def test_confidence_and_likelihood_by_hand(loaded) -> None:
    log_probs = np.log(np.array([0.5, 0.01], np.float32))
    top = np.log(np.array([[0.5, 0.2, 0.1, 0.1, 0.05], [0.4, 0.2, 0.1, 0.1, 0.1]], np.float32))
    draft = Draft("x", (1, 2), log_probs, top)
    shared = SharedSequences(ROOT)
    scene = Scene("源", (), shared, (1,), shared, (), (), (), "en")
    [parts] = play(judge(REWARDS["confidence"], scene, [draft]), loaded.model)
    assert weigh(REWARDS["confidence"], parts) == pytest.approx((0.5 / 0.95 + 0.01 / 0.9) / 2, rel=1e-5)
    assert parts["likelihood"] == pytest.approx(np.log(0.5 * 0.01) / 2, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("English translation:\nHello.", "你好。", "Hello."),
        ("Sure! Here is the translation: Hello.", "你好。", "Hello."),
        ('The text translates to English as: "Hello."', "你好。", "Hello."),
        ('"Hello."', "你好。", "Hello."),
        ('"Hello," he said.', "他说你好。", '"Hello," he said.'),
        ("“Hello.”", "“你好。”", "“Hello.”"),
        ("Hello. (Note: informal)", "你好。", "Hello."),
        ("译文：你好", "Hello", "你好"),
        ("This text translates to “Hello.”", "你好。", "Hello."),
        ('The sentence translates into English as "Hello."', "你好。", "Hello."),
        ("Translation: a history", "翻译：一部历史", "Translation: a history"),
        ("Translation: a history", "Translation: eine Geschichte", "Translation: a history"),
    ],
)
def test_chatter(text, source, expected) -> None:
    assert strip_chatter(text, source) == expected


def test_problems() -> None:
    fine = {"finished": True, "chatter": False}
    assert problems("Hello.", "你好。", **fine) == ()
    assert problems("…", "你好。", **fine) == ("empty",)
    assert problems("", "你好。", **fine) == ("empty",)
    assert problems("😀", "😀", **fine) == ()
    assert problems("Hello", "你好。", finished=False, chatter=True) == ("unfinished", "chatter")
    long = "This is a sentence that comes back as it was."
    assert problems(long, long, **fine) == ("copy",)
    assert problems("Barack Obama", "Barack Obama", **fine) == ()


def test_script_guard() -> None:
    words = ["hello", " café", "你好", "ひ", "привет", "한", "😀", "123", "\n", "a\nb", "", "…", "。", "é"]
    heads = ["你".encode()[:1], "你".encode()[:2], "😀".encode()[:2], "é".encode()[:1], "п".encode()[:1]]
    pieces = [w.encode() for w in words] + heads + [b"<end>", b"<pad>"]
    stop, pad = len(pieces) - 2, len(pieces) - 1
    guard = build_guard(pieces, EN, frozenset({stop}), [stop, pad])
    usable = {p for p, banned in zip(pieces, guard.banned, strict=True) if not banned}
    wanted = {w.encode() for w in ["hello", " café", "😀", "123", "…", "。", "é"]} | {heads[2], heads[3], b"<end>"}
    assert usable == wanted
    chinese = build_guard(pieces, ZH, frozenset({stop}), [stop, pad])
    assert not chinese.banned[[2, 0, 6, 14, 15]].any()
    assert chinese.banned[[3, 4, 5, 8]].all()
    freed = allow_also(guard, [2])
    assert not freed.banned[2]
    assert guard.banned[2]


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
        with pytest.raises(InputError, match="--nodes"):
            parse_border(bad, str)


def test_seeds_depend_on_their_parts_alone() -> None:
    assert derive_seed(1, "a") == derive_seed(1, "a")
    assert len({derive_seed(*p) for p in ((1, "a"), (2, "a"), (1, "b"), ("1a",), (1, "a", 0))}) == 5


def test_unfinished_drafts_are_never_chosen_over_finished_ones(loaded) -> None:
    t = translator(loaded, decoder="best-of-n", reward="likelihood", budget=6)
    tasks = [replace(t.task(i, s, ()), max_new_tokens=6) for i, s in enumerate(SENTENCES)]
    for result in run(t.decoder, tasks, t.settings, t.model, 4):
        for candidate in result.candidates:
            finished = candidate.draft.tokens[-1] in t.guard.stop
            assert finished == ("unfinished" not in candidate.problems)
        if result.fell_back:
            assert all(c.problems for c in result.candidates)


# A table model of six tokens: 0 ends a text, 1 to 5 are letters. Small enough to enumerate every translation.
LETTERS = " ABCDE"
LONGEST = 5


def spell(tokens) -> str:
    return "".join(LETTERS[t] for t in tokens)


def table_settings(reward="likelihood", budget=8.0, nodes=1, **more):
    return Settings(reward=REWARDS[reward], budget=budget, decode=spell, border=EveryN(nodes), **more)


def table_tasks(model, count=1, seed=0, banned=(), hints=()):
    banned_mask = np.isin(np.arange(len(LETTERS)), banned)
    head, sourceless, back, chat = model.extend([ROOT] * 4, [(1, 2), (1, 2, 4), (2, 1), (1,)])
    guard = Guard(banned_mask, frozenset({0}), 1.0)
    return [
        Task(
            index=i,
            source="源",
            head=head,
            prompt=(3, 1 + i % 5),
            sourceless=sourceless,
            tail=(4,),
            back_head=back,
            source_tokens=(5, 2, 0),
            chat_head=chat,
            verdict_prompt=(2, 3),
            verdict_tokens=((5,), (1, 2)),
            hints=hints,
            target_tag="en",
            guard=guard,
            seed=seed + i,
            max_new_tokens=LONGEST,
        )
        for i in range(count)
    ]


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
    settings = table_settings(reward, 12.0)
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
            for token, log_prob in enumerate(model.log_probs((task.prompt[-1], *word)[-1], task.guard.banned))
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


@given(st.lists(st.text(alphabet="abc d猫。", max_size=12), min_size=1, max_size=6, unique=True), st.data())
def test_consensus_is_chrf_against_the_samples(texts, data) -> None:
    from sacrebleu.metrics import CHRF

    metric = CHRF()
    expected = np.array([[metric.sentence_score(a, [b]).score / 100 for b in texts] for a in texts])
    assert np.allclose(chrf_matrix(texts, texts), expected, atol=1e-9)
    assert np.allclose(chrf_matrix(texts[:2], texts[1:]), expected[:2, 1:], atol=1e-9)
    samples = {text: data.draw(st.integers(1, 3)) for text in texts}
    for i, text in enumerate(texts):
        others = [expected[i][j] for j, t in enumerate(texts) for _ in range(samples[t] - (i == j))]
        value = expected_utility(expected[i], samples, own=text)
        assert value == pytest.approx(np.mean(others) if others else 1.0)


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
    close = Pool.close
    monkeypatch.setattr(Pool, "close", lambda self, *rest: seen.append(self) or close(self, *rest))
    model = TableModel(seed=8)
    for task in table_tasks(model, 4):
        [result] = run(DECODERS[decoder], [task], table_settings("consensus", 20.0, temperature=1.0), model, 1)
        samples = seen.pop().samples
        assert sum(samples.values()) <= 4 < sum(c.count for c in result.candidates)
        for c in result.candidates:
            if not c.problems:
                [row] = chrf_matrix([c.text], list(samples))
                assert c.reward == pytest.approx(expected_utility(row, samples, own=c.text))


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


def test_llama_o1_is_the_probability_of_yes_among_yes_and_no() -> None:
    model = TableModel(seed=6)
    [task] = table_tasks(model)
    [result] = run(DECODERS["best-of-n"], [task], table_settings("llama-o1", 12.0, temperature=1.0), model, 1)
    for c in result.candidates:
        if not c.problems:
            after = task.tail[-1]
            yes = float(model.log_probs(after)[5])
            no = float(model.log_probs(after)[1] + model.log_probs(1)[2])
            assert c.reward == pytest.approx(yes - np.logaddexp(yes, no), abs=1e-5)


def channel_by_hand(model, candidate):
    path = (*candidate.draft.tokens[:-1], 4, 5, 2, 0)[-4:]
    return np.mean([model.log_probs(a)[b] for a, b in itertools.pairwise(path)])


def test_the_parts_of_a_reward_add_up_to_it() -> None:
    model = TableModel(seed=6)
    entry = Entry("源", ("AB",), "", "", "own.tsv", 1)
    hints = (Hit(entry, 0, 1),)
    [task] = table_tasks(model, hints=hints)
    [result] = run(DECODERS["best-of-n"], [task], table_settings("mix", 16.0, temperature=1.0), model, 1)
    clean = [c for c in result.candidates if not c.problems]
    assert len(clean) > 3
    for c in clean:
        assert c.parts["channel"] == pytest.approx(channel_by_hand(model, c), abs=1e-5)
        assert c.parts["terms"] == float(honoured(entry, c.text, "en"))
        assert c.reward == pytest.approx(sum(w * c.parts[p] for p, w in REWARDS["mix"].weights.items()))


@pytest.mark.parametrize("name", ["best-of-n", "mcts", "mcts-uct"])
@pytest.mark.parametrize("reward", ["likelihood", "mix"])
@pytest.mark.parametrize("budget", [1.0, 3.0, 8.0, 20.0])
def test_no_round_begins_once_the_budget_is_spent(monkeypatch, name, reward, budget) -> None:
    granted = []
    affordable = Pool.affordable

    def watched(self, drafts):
        count = affordable(self, drafts)
        assert count <= drafts
        granted.append((self.spent, count, sum(c.count for c in self.candidates.values())))
        return count

    monkeypatch.setattr(Pool, "affordable", watched)
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
    from mtreason.models.load import load_model

    loaded = load_model(tiny_model, dtype="fp32", note=pytest.fail)
    plain = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()
    t = translator(loaded, decoder="greedy")
    for result, sentence in zip(decode(t), SENTENCES, strict=True):
        task = t.task(0, sentence, ())
        head = path_of(t.model, task.head)
        tokens = result.candidates[0].draft.tokens
        for i in range(0, len(tokens), 5):
            with torch.inference_mode():
                logits = plain(torch.tensor([[*head, *task.prompt, *tokens[:i]]])).logits[0, -1].numpy()
            logits[task.guard.banned] = -np.inf
            assert tokens[i] == logits.argmax()


def path_of(model, prefix):
    node, tokens = model._nodes[prefix.id], ()
    while node is not None:
        node, tokens = node.parent, node.tokens + tokens
    return tokens


@pytest.mark.parametrize("decoder", ["best-of-n", "mcts", "mcts-uct"])
def test_recomputing_finds_what_the_token_tree_finds(tiny_model, decoder) -> None:
    from mtreason.models.load import load_model

    loaded = load_model(tiny_model, dtype="fp32", note=pytest.fail)
    plain = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()
    found = []
    for model in (loaded.model, RecomputeModel(plain)):
        t = translator(replace(loaded, model=model), decoder=decoder, budget=5)
        short = [replace(t.task(i, s, ()), max_new_tokens=12) for i, s in enumerate(SENTENCES[:3])]
        found.append(sorted(run(t.decoder, short, t.settings, t.model, 3), key=lambda r: r.index))
    for a, b in zip(*found, strict=True):
        assert a.cost == b.cost
        assert [(c.text, c.count, c.problems) for c in a.candidates] == [
            (c.text, c.count, c.problems) for c in b.candidates
        ]
        for x, y in zip(a.candidates, b.candidates, strict=True):
            assert x.reward == y.reward or abs(x.reward - y.reward) < 1e-3


def draft_of(text, log_prob=-1.0) -> Draft:
    return Draft(text, (1, 0), np.full(2, log_prob, np.float32), np.full((2, 5), log_prob, np.float32))


def opened_pool(reward="likelihood", **more) -> Pool:
    [task] = table_tasks(TableModel())
    return Pool(task, table_settings(reward, **more))


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("clean_first", [True, False])
def test_a_clean_draft_is_not_lost_to_the_same_text_with_chatter(together, clean_first) -> None:
    pool = opened_pool()
    drafts = [(draft_of("Hello.", -2.0), True), (draft_of("Translation: Hello.", -1.0), True)]
    drafts += [(draft_of("Hello.", -1.0), False)]
    if not clean_first:
        drafts.reverse()
    for batch in [drafts] if together else [[d] for d in drafts]:
        play(pool.add([pool.check(d, finished=end) for d, end in batch]), None)
    [candidate] = pool.candidates.values()
    assert candidate.text == "Hello."
    assert candidate.problems == ()
    assert candidate.reward == pytest.approx(-2.0)
    assert candidate.count == 3


def test_held_back_drafts_stand_last_and_serve_as_a_last_resort() -> None:
    pool = opened_pool()
    drafts = [draft_of("Sure! Here is the translation: Good.", -0.1), draft_of("Bad.", -5.0), draft_of("…", -0.01)]
    play(pool.add([pool.check(d, finished=True) for d in drafts]), None)
    result = play(pool.close([]), TableModel())
    assert [c.text for c in result.candidates] == ["Bad.", "Good.", "…"]
    assert (result.text, result.fell_back) == ("Bad.", False)
    only = opened_pool()
    play(only.add([only.check(d, finished=True) for d in (drafts[2], drafts[0])]), None)
    result = play(only.close([]), TableModel())
    assert (result.text, result.fell_back) == ("Good.", True)
    none = opened_pool()
    play(none.add([none.check(drafts[2], finished=True)]), None)
    result = play(none.close([]), TableModel())
    assert (result.text, result.fell_back) == ("源", True)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Note: bring water.", "注意：带水。"),
        ("Please note: the shop is closed.", "请注意：本店今天关门。"),
        ("Here is my address: 5 Main Road.", "这是我的地址：主路5号。"),
        ("Here's the thing: I lied.", "事情是这样的：我撒谎了。"),
        ("“Hello” and “bye”", "你好和再见"),
        ("「你好」和「再见」", "Hello and bye"),
        ("'Hello' and 'bye'", "你好和再见"),
        ("翻译：他", "Translation: him"),
        ("“你好”", '"Hello"'),
        ("She wrote a note (in red).", "她写了一张便条（红色）。"),
    ],
)
def test_what_looks_like_chatter_and_is_none_stays(text, source) -> None:
    assert strip_chatter(text, source) == text


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("Hello. Note: this is informal.", "你好。", "Hello."),
        ("Hello.\n\nNote: this is informal.", "你好。", "Hello."),
        ("你好。（注：非正式）", "Hello.", "你好。"),
        ("翻译结果：你好。", "Hello.", "你好。"),
        ("“你好。”", "Hello.", "你好。"),
        ("「你好。」", "Hello.", "你好。"),
        ("‘I don’t know.’", "我不知道。", "I don’t know."),
        ("Here's the translated text: Hello.", "你好。", "Hello."),
        ("Certainly! Here is the English version: Hello.", "你好。", "Hello."),
        ("  Hello.\n World. ", "你好。", "Hello. World."),
    ],
)
def test_more_chatter(text, source, expected) -> None:
    assert strip_chatter(text, source) == expected


@pytest.mark.parametrize("char", "你龥ひカпЖ한กع")
def test_beginnings_of_foreign_letters_are_banned(char) -> None:
    """Byte-level vocabularies spell a letter in up to three tokens: it is the first that has to go."""
    whole = char.encode()
    pieces = [whole, b" " + whole, b"ab" + whole, *(whole[:n] for n in range(1, len(whole)))]
    guard = build_guard([*pieces, b"\x80", b"ok", b""], EN, frozenset(), [])
    english = guard.banned[: len(pieces)].tolist()
    assert english[:3] == [True] * 3
    assert english[-1], "the last byte alone would complete the letter"
    assert not guard.banned[-2]
    assert not guard.banned[-3], "the ends of emoji are spelled so"
    assert guard.banned[-1]


def test_emoji_can_be_spelled_byte_by_byte() -> None:
    pieces = [bytes([b]) for b in "😀".encode()] + ["😀".encode()[:n] for n in (2, 3)]
    assert not build_guard(pieces, EN, frozenset(), []).banned.any()
    assert not build_guard(pieces, ZH, frozenset(), []).banned.any()


class Countdown:
    """A decoder that asks for a pass `task.index % 4` times and watches how many like it are open."""

    name = "countdown"

    def __init__(self) -> None:
        self.open = self.most = 0

    def decode(self, task, settings):
        self.open += 1
        self.most = max(self.most, self.open)
        for turn in range(task.index % 4):
            [one, two] = yield from extend([task.head] * 2, [(task.index,), (task.index, turn)])
            part = yield from cut(two, two.length - 1)
            [first, second] = yield from score([one, part], [(1,), (2, task.index % 5)])
            assert (len(first), len(second)) == (1, 2)
            yield from release([one, two, part])
        self.open -= 1
        return Result(task.index, str(task.index), fell_back=False, candidates=(), cost=Cost())


@pytest.mark.parametrize("in_flight", [1, 3, 16])
def test_scheduler_opens_no_more_than_allowed_and_makes_batches(in_flight) -> None:
    model = TableModel(size=40)
    decoder = Countdown()
    tasks = table_tasks(model, 12)
    held = set(model.tokens)
    results = list(run(decoder, tasks, table_settings(), model, in_flight))
    assert sorted(r.index for r in results) == list(range(12))
    assert all(r.text == str(r.index) for r in results)
    assert decoder.most <= in_flight
    assert set(model.tokens) == held
    passes = [call for call in model.calls if call[0] == "score"]
    assert sum(rows for _, rows in passes) == 2 * 3 * (1 + 2 + 3)
    assert len(passes) == {1: 18, 16: 3}.get(in_flight, len(passes))
    assert len(passes) < 18 or in_flight == 1


def test_scheduler_keeps_samples_of_different_guards_apart() -> None:
    model = TableModel(seed=2)
    tasks = [replace(task, index=i) for i, task in enumerate(table_tasks(model, 3) + table_tasks(model, 3, banned=[3]))]
    together = {r.index: r for r in run(DECODERS["mcts"], tasks, table_settings(budget=9.0), model, 6)}
    for task in tasks:
        [alone] = run(DECODERS["mcts"], [task], table_settings(budget=9.0), model, 1)
        assert summary([alone]) == summary([together[task.index]])
        if task.index >= 3:
            assert all(3 not in c.draft.tokens for c in alone.candidates)
    assert any(3 in c.draft.tokens for i in range(3) for c in together[i].candidates)


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9).map(tuple), min_size=1, max_size=8), st.data())
def test_shared_sequences_are_right_and_read_little(sequences, data) -> None:
    """Against a trie: nothing is read that is not new, but for what sequences of one round share below the bar."""
    model = TableModel(size=10)
    [base] = model.extend([ROOT], [(7, 8, 9)])
    shared = SharedSequences(base)
    at = data.draw(st.integers(0, len(sequences)))
    for batch in (sequences[:at], sequences[at:]):
        for sequence, prefix in zip(batch, play(shared.read(batch), model), strict=True):
            assert model.tokens[prefix.id] == (7, 8, 9, *sequence)
    trie = {s[:n] for s in sequences for n in range(1, len(s) + 1)}
    distinct = len(set(sequences))
    assert shared.read_tokens == model.usage.prompt_tokens - 3
    assert len(trie) <= shared.read_tokens + distinct
    assert shared.read_tokens <= sum(map(len, set(sequences)))
    known = shared.read_tokens
    play(shared.read(sequences), model)
    assert shared.read_tokens == known, "read again"
    play(shared.close(), model)
    assert set(model.tokens) == {ROOT.id, base.id}


def test_confidence_of_a_token_outside_the_five() -> None:
    """Marco-o1: c = p(token) / (sum of the five highest p); the mean over tokens is the value of a rollout."""
    model = TableModel(seed=6)
    [task] = table_tasks(model)
    [result] = run(DECODERS["best-of-n"], [task], table_settings("confidence", 16.0), model, 1)
    for c in result.candidates:
        shares = []
        for before, token in itertools.pairwise((task.prompt[-1], *c.draft.tokens)):
            p = np.exp(model.log_probs(before))
            shares.append(p[token] / np.sort(p)[-5:].sum())
        if not c.problems:
            assert c.reward == pytest.approx(np.mean(shares), rel=1e-5)
