"""Decoders on a small real model: budget, company, merging, choosing, and giving everything back."""

import random
from dataclasses import replace

import numpy as np
import pytest

from mtreason.config import Options
from mtreason.decoding import DECODERS, run
from mtreason.decoding.borders import Clauses, EveryN, parse_border
from mtreason.decoding.gates import problems, strip_chatter
from mtreason.decoding.guard import allow_also, build_guard
from mtreason.decoding.protocol import Cost, Result, derive_seed
from mtreason.errors import InputError
from mtreason.glossary import Entry
from mtreason.languages import parse_language
from mtreason.models.protocol import ROOT
from mtreason.models.sequences import SharedSequences
from mtreason.pipeline import Direction, Translator
from mtreason.rewards import REWARDS, Draft, Scene, judge

ZH, EN = parse_language("zh"), parse_language("en")
SENTENCES = ["今天天气很好。", "我们去公园吧。", "这双鞋的踩屎感太强了！", "你好", "公园里的鞋很好。", "她说天气好。"]


@pytest.fixture(scope="module")
def loaded(tiny_model):
    from mtreason.models.load import load_model

    return load_model(tiny_model, note=pytest.fail)


def translator(loaded, entries=(), **options):
    return Translator(loaded, Direction(ZH, EN), Options(**options), entries)


def decode(t, sentences=SENTENCES, in_flight=16):
    tasks = (t.task(i, s, ()) for i, s in enumerate(sentences))
    return sorted(run(t.decoder, tasks, t.settings, t.model, in_flight), key=lambda r: r.index)


def summary(results):
    return [(r.text, [(c.text, c.reward, c.count) for c in r.candidates], r.cost) for r in results]


@pytest.mark.parametrize("reward", REWARDS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_every_decoder_with_every_reward(loaded, decoder, reward) -> None:
    t = translator(loaded, decoder=decoder, reward=reward, budget=5)
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
            assert set(REWARDS[reward].weights) <= set(clean[0].parts) or decoder in {"greedy", "sample"}
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


def test_seed_changes_samples_and_nothing_else_does(loaded) -> None:
    one, again, other = (summary(decode(translator(loaded, decoder="sample", seed=s))) for s in (1, 1, 2))
    assert one == again
    assert one != other


def test_best_of_one_is_greedy(loaded) -> None:
    best = decode(translator(loaded, decoder="best-of-n", budget=1))
    greedy = decode(translator(loaded, decoder="greedy"))
    assert [r.text for r in best] == [r.text for r in greedy]


@pytest.mark.parametrize("decoder", ["best-of-n", "mcts"])
@pytest.mark.parametrize("budget", [4, 8, 16])
def test_budget_is_met(loaded, decoder, budget) -> None:
    t = translator(loaded, decoder=decoder, reward="likelihood", budget=budget)
    for task_index, result in enumerate(decode(t)):
        drawn = sum(c.count for c in result.candidates)
        unit = t.task(task_index, SENTENCES[task_index], ()).max_new_tokens
        assert result.cost.sampled_tokens <= (budget + 1) * unit
        assert decoder == "mcts" or drawn <= 8 * budget


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
    from mtreason.models.calls import Cut, Extend, Release, Score

    answer = None
    while True:
        try:
            call = steps.send(answer)
        except StopIteration as stop:
            return stop.value
        match call:
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
    scene = Scene(SharedSequences(ROOT), (), (), (), "en")
    [(reward, parts)] = play(judge(REWARDS["confidence"], scene, [draft]), loaded.model)
    assert reward == pytest.approx((0.5 / 0.95 + 0.01 / 0.9) / 2, rel=1e-5)
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
