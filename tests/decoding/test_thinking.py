"""Answers that reason first, told by models that play given texts; and drafts given back to be thought over."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from support.common import text_units
from support.fakes import CHARACTERS, ScriptModel, spell, unspell

from mtreason.decoding import DECODERS, run
from mtreason.decoding.answers import Thinking, read_answer
from mtreason.decoding.borders import parse_border
from mtreason.decoding.masks import build_free_mask, build_mask
from mtreason.decoding.prompts import instruction
from mtreason.decoding.protocol import BoundTask, DecodingSettings
from mtreason.decoding.wordings import named_wording
from mtreason.errors import InputError
from mtreason.gates.language import foreign_letters
from mtreason.glossary import Hit, Term
from mtreason.languages import Direction, parse_language
from mtreason.models.engine.recompute import RecomputeModel
from mtreason.models.protocol import ROOT
from mtreason.rewards import REWARDS
from mtreason.runs.pipeline import translate_units
from mtreason.runs.settings import DEFAULT_THOUGHT, Settings
from mtreason.runs.trace import trace_record
from mtreason.runs.translator import Translator

ZH, EN = parse_language("zh"), parse_language("en")
BRIDGE = "</Thought>\n<Output>\n"
LIMIT = 60
ROOM = 12
PIECES = [c.encode() if i else b"<end>" for i, c in enumerate(CHARACTERS)]
GUARD = build_mask(PIECES, EN, frozenset({0}), [0], line_breaks=True)
FREE = build_free_mask(PIECES, frozenset({0}), [0])
THINKING = [name for name, decoder in DECODERS.items() if "think" in decoder.options]
REFLECTING = [name for name, decoder in DECODERS.items() if "reflect" in decoder.options]
LEARNED = {"qe", "comet-consensus", "value"}
TURN = "\nuser: again\nassistant:"
SENTENCES = ["今天天气很好。", "我们去公园吧。", "你好"]


def settings(reward="likelihood", budget=8.0, nodes="1", over="output", turn="", limit=LIMIT, **more):
    thinking = Thinking(
        limit=limit,
        mask=FREE,
        close=unspell(BRIDGE),
        open=unspell("<Output>\n"),
        encode=unspell,
        end=0,
        scripts=frozenset({"Latin"}),
        reward_all=over == "all",
    )
    return DecodingSettings(
        REWARDS[reward],
        budget,
        spell,
        unspell,
        unspell,
        0,
        parse_border(nodes, spell),
        thinking=thinking,
        reflection=unspell(turn),
        **more,
    )


def tasks(model, count=1, hints=()):
    head, unconditional, back, chat = model.extend(
        [ROOT] * 4, [unspell(t) for t in ("Go. ", "Go. :", "Back. ", "You. ")]
    )
    return [
        BoundTask(
            index=i,
            source="源",
            head=head,
            prompt=unspell("源" * (i + 1) + ":"),
            unconditional=unconditional,
            back_head=back,
            back_tail=unspell(":"),
            source_tokens=unspell("源\0"),
            chat_head=chat,
            verdict_prompt=unspell("Good? "),
            verdict_tail=unspell(":"),
            verdict_tokens=(unspell("Y"), unspell("N")),
            hits=hints,
            direction=Direction(ZH, EN),
            mask=GUARD,
            seed=i,
            max_new_tokens=ROOM,
        )
        for i in range(count)
    ]


def decode(decoder, model, count=1, in_flight=4, hints=(), **options):
    """Run, and see that all is given back and paid for."""
    todo = tasks(model, count, hints)
    held, before = set(model.tokens), replace(model.usage)
    results = list(run(DECODERS[decoder], todo, settings(**options), model, in_flight))
    assert set(model.tokens) == held, "prefixes were not given back"
    assert sum(r.cost.tokens for r in results) == model.usage.tokens - before.tokens, "costs do not add up"
    return sorted(results, key=lambda r: r.index)


GOOD = "<Thought>\nIt is sunny.</Thought>\n<Output>\nSunny.\n</Output>"
AFTER = {"<Output>\n": {"Sunny.</Output>": 1.0}}


@pytest.mark.parametrize(
    ("answer", "later", "text", "form", "problems"),
    [
        (GOOD, {}, "Sunny.", "ok", ()),
        ("<Thought>hm</Thought><Output>Sunny.</Output>", {}, "Sunny.", "ok", ()),
        ("hm</Thought>\n<Output>Sunny.</Output>", {}, "Sunny.", "ok", ()),
        ("<Thought>hm</Thought>\n<Output>Sunny.", {}, "Sunny.", "unclosed output", ()),
        ("<Thought>hm</Thought>\nSunny.", {}, "Sunny.", "no output tag", ()),
        ("<Thought>hm</Thought>\nSunny.</Output>", {}, "Sunny.", "no output tag", ()),
        ("<Thought>hm</Thought>", AFTER, "Sunny.", "no output tag", ()),
        ("<Thought>hm</Thought>\n", AFTER, "Sunny.", "no output tag", ()),
        ("<Thought>It is sunny.", AFTER, "Sunny.", "unclosed thought", ()),
        ("It is sunny.", AFTER, "Sunny.", "unclosed thought", ()),
        ("<Thought>hm\n<Output>Sunny.</Output>", {}, "Sunny.", "unclosed thought", ()),
        ("<Output>Sunny.</Output>", {}, "Sunny.", "no thought", ()),
        ("", AFTER, "Sunny.", "no thought", ()),
        ("<Thought>" + CHARACTERS[40:96], AFTER, "Sunny.", "endless thought", ()),
        ("<Thought>" + "ha" * 20, AFTER, "Sunny.", "endless thought", ()),
        ("<Thought>hm</Thought><Output></Output>", {}, "", "empty output", ("empty",)),
        ("<Thought>hm", {"<Output>\n": {"": 1.0}}, "", "unclosed thought", ("empty",)),
        ("<Thought>a</Thought> So, <Output>Sunny.</Output>", {}, "Sunny.", "text outside the tags", ()),
        ("<Thought></Thought><Output>Sunny.</Output> I hope", {}, "Sunny.", "text outside the tags", ()),
        ("<Thought>a</Thought><Output><Output>b</Output>", {}, "<Output>b", "ok", ("placeholder", "tag")),
        ("<Thought>你好</Thought><Output>Hello</Output>", {}, "Hello", "ok", ()),
        ("<Thought>a</Thought><Output>你好 sun</Output>", {}, "sun", "ok", ()),
        ("<Thought>a</Thought>你好 sun", {}, "sun", "no output tag", ()),
        ("<Thought>a", {"<Output>\n": {"a very long sunny sentence": 1.0}}, None, "unclosed thought", ("unfinished",)),
    ],
)
def test_every_form_of_answer(answer, later, text, form, problems) -> None:
    scripts = {":": {answer: 1.0}, **later}
    if "你好 sun" in answer:
        # What stands in a foreign script is drawn again under the mask, which leaves this.
        key = "<Output>" if "<Output>" in answer else "</Thought>"
        head, _, tail = answer.partition(key)
        scripts = {":": {head + key: 1.0}, key: {tail: 1.0, "sun</Output>": 0.1}}
    [result] = decode("greedy", ScriptModel(scripts))
    [candidate] = result.candidates
    assert candidate.problems == problems
    assert candidate.draft.reasoning.form == form
    assert result.forms == {form: 1}
    if text is not None:
        assert candidate.text == text
        assert candidate.draft.tokens == (*unspell(candidate.draft.text), 0)
    assert result.fell_back == bool(problems)
    assert candidate.draft.reasoning.thought_tokens <= LIMIT
    thought = candidate.draft.reasoning.thought
    assert "<" not in thought
    assert answer.startswith("<Output>") or thought in answer


def test_a_thought_that_is_closed_at_its_limit_goes_on_to_an_output() -> None:
    """The limit may fall anywhere: within the thought, its tag, between the tags, or in the translation."""
    answer = "<Thought>It is so.</Thought>\n<Output>\nSunny.</Output>"
    for limit in range(1, len(answer) + 3):
        model = ScriptModel({":": {answer: 1.0}, **AFTER})
        [result] = decode("greedy", model, limit=limit)
        [candidate] = result.candidates
        assert candidate.text == "Sunny."
        assert candidate.problems == ()
        closed = answer.index("</Thought>") + len("</Thought>")
        opened = answer.index("<Output>") + len("<Output>")
        expected = "endless thought" if limit < closed else "no output tag" if limit < opened else "ok"
        assert candidate.draft.reasoning.form == expected
        assert candidate.draft.reasoning.thought_tokens == min(limit, closed)


def test_a_loop_in_the_translation_is_not_drawn_on() -> None:
    [result] = decode("greedy", ScriptModel({":": {"<Thought>a</Thought><Output>" + "so " * 30: 1.0}}), limit=200)
    assert "unfinished" in result.candidates[0].problems
    assert result.cost.sampled_tokens < 60


def by_hand(model, task, tokens, start, end, guards):
    """Mean log p of tokens[start:end] behind the prompt, each under its mask."""
    path = unspell("Go. ") + task.prompt
    return np.mean([model.after(path + tokens[:i], guards(i))[tokens[i]] for i in range(start, end)])


def test_likelihood_is_that_of_the_output_or_of_all_that_was_drawn() -> None:
    model = ScriptModel({":": {GOOD: 0.7, "hm": 0.3}})
    [task] = tasks(model)
    whole = (*unspell(GOOD), 0)
    start, tag = GOOD.index("Sunny."), GOOD.index("</Output>")
    [output] = decode("greedy", model)
    [everything] = decode("greedy", model, over="all")
    expected = by_hand(model, task, whole, start, tag + 1, lambda i: FREE.banned)
    assert output.candidates[0].parts["likelihood"] == pytest.approx(expected, abs=1e-6)
    expected = by_hand(model, task, whole, 0, tag + 1, lambda i: FREE.banned)
    assert everything.candidates[0].parts["likelihood"] == pytest.approx(expected, abs=1e-6)


def test_what_was_given_has_no_likelihood() -> None:
    model = ScriptModel({":": {"<Thought>It is": 1.0}, **AFTER})
    [task] = tasks(model)
    thought, given, rest = map(unspell, ("<Thought>It is", BRIDGE, "Sunny.<"))
    tokens = thought + given + rest
    at = len(thought) + len(given)
    [output] = decode("greedy", model)
    expected = by_hand(model, task, tokens, at, len(tokens), lambda i: GUARD.banned)
    assert output.candidates[0].parts["likelihood"] == pytest.approx(expected, abs=1e-6)
    [everything] = decode("greedy", model, over="all")
    first = by_hand(model, task, tokens, 0, len(thought), lambda i: FREE.banned) * len(thought)
    expected = (first + expected * len(rest)) / (len(thought) + len(rest))
    assert everything.candidates[0].parts["likelihood"] == pytest.approx(expected, abs=1e-6)


VARIED = {
    ":": {
        "<Thought>It is so.</Thought>\n<Output>\nSunny.</Output>": 0.4,
        "<Thought>It rains.</Thought>\n<Output>\nRain.</Output>": 0.3,
        "<Thought>I do not know, and so I go on to think on and on": 0.2,
        "Sun.": 0.1,
    },
    "<Output>\n": {"Sunny.</Output>": 0.5, "Sun</Output>": 0.3, "Rain.</Output>": 0.2},
}


@pytest.mark.parametrize(
    ("decoder", "reward", "nodes"),
    [
        *((decoder, reward, "1") for decoder in THINKING for reward in REWARDS if reward not in LEARNED),
        *(("mcts", "mix", nodes) for nodes in ("4", "step", "mini-step-32", "mini-step-64")),
        *(("mcts-uct", "likelihood", nodes) for nodes in ("4", "step", "mini-step-32", "mini-step-64")),
    ],
)
def test_every_decoder_thinks(decoder, reward, nodes) -> None:
    [result, other] = decode(decoder, ScriptModel(VARIED), 2, reward=reward, budget=12.0, nodes=nodes, temperature=1.0)
    assert sum(result.forms.values()) == sum(c.count for c in result.candidates)
    clean = [c for c in result.candidates if not c.problems]
    assert clean
    assert result.text == clean[0].text
    for c in clean:
        assert "<" not in c.text
        assert set(c.draft.reasoning.thought) <= set(CHARACTERS)
        assert c.draft.reasoning.thought_tokens <= LIMIT
    if decoder in REFLECTING:
        assert len(clean) > 1
    assert other.candidates


def walk(tree, leaf):
    spans, texts = [], []
    while leaf:
        spans.append(tree["token_span"][leaf])
        texts.append(tree["text"][leaf])
        leaf = tree["parent"][leaf]
    return spans[::-1], "".join(texts[::-1])


@pytest.mark.parametrize("decoder", ["mcts", "mcts-uct"])
def test_nodes_cut_the_whole_sequence(decoder) -> None:
    """A search begins anew in the thought, and in the output; never in what was given, nor behind the end."""
    model = ScriptModel(VARIED)
    [result] = decode(decoder, model, budget=30.0, nodes="1")
    tree = result.trace
    texts = {}
    begun = []
    for node, tries in enumerate(tree["tries"]):
        spans, text = walk(tree, node)
        assert [s for s, _ in spans[1:]] == [e for _, e in spans[:-1]]
        texts[node] = text
        if tries and node:
            begun.append(text)
    assert any("</Thought>" not in t for t in begun)
    assert all("</Output>" not in t for t in begun)
    leaves = set(range(len(texts))) - set(tree["parent"])
    assert all(read_answer(texts[n]).begun for n in leaves), "an answer without an output"


def summary(results):
    return [(r.text, [(c.text, c.reward, c.count) for c in r.candidates], r.cost, r.forms) for r in results]


@pytest.mark.parametrize("turn", ["", TURN])
@pytest.mark.parametrize("decoder", ["best-of-n", "mcts"])
def test_in_flight_changes_nothing(decoder, turn) -> None:
    options = {"reward": "mix", "budget": 8.0, "turn": turn, "temperature": 1.0}
    expected = summary(decode(decoder, ScriptModel(VARIED), 6, in_flight=16, **options))
    for in_flight in (1, 4):
        assert summary(decode(decoder, ScriptModel(VARIED), 6, in_flight=in_flight, **options)) == expected


def test_terms_to_be_kept_may_be_foreign() -> None:
    keep = Hit(Term("你好", (), "", "", "own.tsv", 1), 0, 2)
    model = ScriptModel({":": {"<Thought>a</Thought><Output>Say 你好</Output>": 1.0}})
    [result] = decode("greedy", model, hints=(keep,))
    assert (result.text, result.fell_back) == ("Say 你好", False)
    assert foreign_letters("Say 你好", frozenset({"Latin"}), [])
    assert not foreign_letters("Say 你好", frozenset({"Latin"}), ["你好"])


def test_a_foreign_translation_that_comes_twice_is_held_back() -> None:
    """The mask cannot see letters that are spelled byte by byte; here it is simply let through."""
    model = ScriptModel({":": {"<Thought>a</Thought><Output>你好</Output>": 1.0}})
    todo = [replace(t, mask=FREE) for t in tasks(model)]
    [result] = run(DECODERS["greedy"], todo, settings(), model, 1)
    assert result.candidates[0].problems == ("script",)
    assert result.fell_back


def reflected(model, budget=12.0, thinking=True, **options):
    todo = tasks(model)
    held, before = set(model.tokens), model.usage.tokens
    chosen = settings(turn=TURN, budget=budget, **options)
    chosen = chosen if thinking else replace(chosen, thinking=None)
    [result] = run(DECODERS["best-of-n"], todo, chosen, model, 1)
    assert set(model.tokens) == held
    assert result.cost.tokens == model.usage.tokens - before
    return result


def test_a_reflection_is_judged_behind_the_original_prompt() -> None:
    model = ScriptModel({":": {"Sunny.": 0.7, "Fine.": 0.3}, "assistant:": {"Fine.": 0.9, "Sunny.": 0.1}})
    result = reflected(model, thinking=False, temperature=0.0)
    assert {c.text: c.reflected for c in result.candidates} == {"Sunny.": False, "Fine.": True}
    assert result.text == "Sunny.", "a reflection is not chosen for being one"
    [task] = tasks(model)
    fine = next(c for c in result.candidates if c.reflected)
    expected = by_hand(model, task, unspell("Fine.\0"), 0, 6, lambda i: GUARD.banned)
    assert fine.parts["likelihood"] == pytest.approx(expected, abs=1e-6)
    best = np.sort(model.after(unspell("Go. ") + task.prompt, GUARD.banned))[::-1][:5]
    assert fine.draft.top_log_probs[0] == pytest.approx(best, abs=1e-6)


def test_a_reflection_that_was_all_but_impossible_is_judged_too() -> None:
    """Its tokens are not among the most probable ones behind the prompt, and have to be asked for."""
    model = ScriptModel({":": {"Sunny.": 1.0}, "assistant:": {"zzz": 1.0}})
    result = reflected(model, thinking=False, temperature=0.0)
    found = next(c for c in result.candidates if c.reflected)
    [task] = tasks(model)
    expected = by_hand(model, task, unspell("zzz\0"), 0, 4, lambda i: None)
    assert found.parts["likelihood"] == pytest.approx(expected, abs=1e-3)
    assert found.parts["likelihood"] < -5


def test_a_better_reflection_is_chosen() -> None:
    scripts = {":": {"Sunny.": 0.6, "Good.": 0.4}, "assistant:": {"Good.": 1.0}, "Good.:": {"源": 1.0}}
    model = ScriptModel({**scripts, "Sunny.:": {"Y": 1.0}})
    result = reflected(model, thinking=False, reward="channel", temperature=0.0)
    assert result.text == "Good."
    assert result.candidates[0].reflected


@pytest.mark.parametrize("again", ["Sunny.", "你好", "", "Sunny. " * 9])
def test_reflections_that_say_nothing_new_or_nothing_usable(again) -> None:
    result = reflected(ScriptModel({":": {"Sunny.": 1.0}, "assistant:": {again: 1.0}}), thinking=False, temperature=0.0)
    assert result.text == "Sunny."
    assert sum(c.reflected for c in result.candidates) == 1
    assert result.candidates[0].reflected == (again == "Sunny.")


@pytest.mark.parametrize("over", ["output", "all"])
@pytest.mark.parametrize("again", [GOOD, "<Thought>It is"])
def test_a_reflection_thinks_too(again, over) -> None:
    answer = "<Thought>It is cold.</Thought>\n<Output>\nCold.</Output>"
    scripts = {":": {answer: 0.7, again: 0.3}, "assistant:": {again: 1.0}, "<Output>\n": {"Sunny.</Output>": 1.0}}
    if again == GOOD:
        del scripts["<Output>\n"]
    model = ScriptModel(scripts | ({} if again == GOOD else {"cold.</Thought>\n<Output>\n": {"Cold.</Output>": 1.0}}))
    result = reflected(model, over=over, temperature=0.0)
    found = next(c for c in result.candidates if c.reflected)
    assert found.text == "Sunny."
    [task] = tasks(model)
    thought = unspell(again[: again.index("Sunny")] if again == GOOD else again)
    given = () if again == GOOD else unspell(BRIDGE)
    rest = unspell("Sunny.\n<" if again == GOOD else "Sunny.<")
    tokens, at = thought + given + rest, len(thought) + len(given)
    guards = (lambda i: FREE.banned) if again == GOOD else (lambda i: FREE.banned if i < len(thought) else GUARD.banned)
    output = by_hand(model, task, tokens, at, len(tokens), guards)
    first = by_hand(model, task, tokens, 0, len(thought), guards)
    both = (first * len(thought) + output * len(rest)) / (len(thought) + len(rest))
    assert found.parts["likelihood"] == pytest.approx(both if over == "all" else output, abs=1e-5)


def test_room_is_left_for_a_reflection() -> None:
    spent = []
    for turn in ("", TURN):
        script = ScriptModel(VARIED)
        [result] = decode("best-of-n", script, budget=12.0, turn=turn, temperature=1.0)
        spent.append((result.cost.tokens - len(tasks(script)[0].prompt)) / result.sample_cost)
        assert any(c.reflected for c in result.candidates) == bool(turn)
    assert max(spent) < 12.0 + 3


def real(loaded, in_flight=4, **options):
    t = Translator(loaded, ZH, EN, Settings(max_thought_tokens=16, think=True, **options), terms=())
    todo = (replace(t.bind(t.task(i, s)), max_new_tokens=10) for i, s in enumerate(SENTENCES))
    return sorted(run(t.decoder, todo, t.decoding, t.model, in_flight), key=lambda r: r.index)


@pytest.mark.parametrize("decoder", THINKING)
def test_a_real_tokenizer_and_company(loaded, decoder) -> None:
    options = {"decoder": decoder, "budget": 5, "reflect": decoder in REFLECTING}
    held = set(loaded.model._nodes)
    expected = real(loaded, **options)
    assert summary(real(loaded, 1, **options)) == summary(expected)
    assert all(r.candidates and sum(r.forms.values()) for r in expected)
    t = Translator(loaded, ZH, EN, Settings(), terms=())
    for c in (c for r in expected for c in r.candidates):
        assert c.draft.reasoning.thought_tokens <= 16
        assert t.codec.decode(c.draft.tokens[:-1]) == c.draft.text.rstrip("\ufffd")
    shared = 4  # heads that each translator reads for the run
    assert len(set(loaded.model._nodes) - held) == 3 * shared, "prefixes were not given back"


@pytest.mark.parametrize("decoder", ["greedy", "best-of-n", "mcts"])
def test_the_recomputing_model_thinks_the_same(tiny_model, decoder) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from mtreason.models.engine.load import load_directory

    loaded = load_directory(tiny_model, dtype="fp32", note=pytest.fail)
    plain = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()
    options = {"decoder": decoder, "budget": 5, "reflect": decoder in REFLECTING}
    one = real(loaded, **options)
    two = real(replace(loaded, model=RecomputeModel(plain)), **options)
    for a, b in zip(one, two, strict=True):
        assert (a.cost, a.forms) == (b.cost, b.forms)
        for x, y in itertools.zip_longest(a.candidates, b.candidates):
            assert (x.text, x.count, x.problems, x.reflected) == (y.text, y.count, y.problems, y.reflected)
            assert x.reward == y.reward or abs(x.reward - y.reward) < 1e-3


FORMAL = named_wording("formal")


def test_the_model_is_told_how_much_it_may_think() -> None:
    assert "at most 192 words" in instruction(FORMAL, ZH, EN, DEFAULT_THOUGHT)
    assert "at most 6 words" in instruction(FORMAL, ZH, EN, 8)


def test_the_turn_that_gives_an_answer_back(loaded) -> None:
    for think, opening in ((False, ""), (True, "<Thought>\n")):
        t = Translator(loaded, ZH, EN, Settings(reflect=True, think=think), terms=())
        text = t.codec.tokenizer.library.decode(t.decoding.reflection)
        assert text == f"<|im_end|>\n<|im_start|>user\n{FORMAL.rethink}<|im_end|>\n<|im_start|>assistant\n{opening}"
        assert t.codec.decode(t.bind(t.task(0, "你好")).prompt).endswith(f"assistant\n{opening}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"think": True, "decoder": "beam"},
            "`think` does nothing for `decoder` beam: .* take greedy, sample, best-of-n, mbr, mcts",
        ),
        ({"reflect": True, "decoder": "beam"}, "`reflect` does nothing for `decoder` beam"),
        ({"reflect": True, "decoder": "greedy"}, "`reflect` does nothing for `decoder` greedy"),
        (
            {"reflect": True, "decoder": "sample"},
            "`reflect` does nothing for `decoder` sample: .* take best-of-n, mbr, mcts",
        ),
        ({"max_thought_tokens": 50}, "`max_thought_tokens` 50: .*without `think`"),
        ({"reward_over": "all"}, "`reward_over` all: .*without `think`"),
        ({"think": True, "reward_over": "both"}, "`reward_over` 'both': expected one of output, all"),
        ({"think": True, "max_thought_tokens": 0}, "`max_thought_tokens` 0: must be at least 1"),
        ({"reflect": True, "budget": 2}, "`budget` 2 is too small for `reflect`"),
    ],
)
def test_what_makes_no_sense_is_refused(loaded, options, message) -> None:
    with pytest.raises(InputError, match=message):
        Translator(loaded, ZH, EN, Settings(**options), terms=())


def test_the_trace_holds_thoughts_and_forms(loaded) -> None:
    options = Settings(think=True, max_thought_tokens=12, decoder="best-of-n", budget=4, reflect=True)
    t = Translator(loaded, ZH, EN, options, terms=())
    records = []
    list(translate_units(t, text_units("今天天气很好。\n"), lambda s: records.append(trace_record(s, options))))
    [record] = json.loads(json.dumps(records))
    assert record["reasoning"]["max_thought_tokens"] == 12
    assert record["reasoning"]["reward_over"] == "output"
    assert sum(record["reasoning"]["forms"].values()) == sum(c["count"] for c in record["candidates"])
    assert all({"thought", "thought_tokens", "form", "reflected"} <= set(c) for c in record["candidates"])
    bare = trace_record_of_a_bare_run(loaded)
    assert bare["reasoning"] == {"think": False, "reflect": False}
    assert "thought" not in bare["candidates"][0]


def trace_record_of_a_bare_run(loaded):
    options = Settings(decoder="greedy")
    t = Translator(loaded, ZH, EN, options, terms=())
    records = []
    list(translate_units(t, text_units("你好\n"), lambda s: records.append(trace_record(s, options))))
    return records[0]
