"""From units to units: what segments are shown, where their translations come from, what stops a run."""

import pytest
from support.common import EN, SENTENCES, ZH, text_units, translator

from mtreason.decoding.prompts import translation_prompt
from mtreason.decoding.wordings import DEFAULT, named_wording
from mtreason.documents import FORMATS, Reading
from mtreason.errors import InterruptedRunError
from mtreason.lines import unwrapped
from mtreason.runs.job import DocumentReport
from mtreason.runs.pipeline import HUMAN, KEPT, MODEL, TranslationCache, translate_units
from mtreason.runs.trace import trace_record
from mtreason.storage import StoredTranslation


class Store(dict):
    def put(self, key, kept):
        self.setdefault(key, kept)


def translated(t, *lines, **more):
    segments = []
    texts = [unit.text for unit in translate_units(t, text_units(*lines), segments.append, **more)]
    return texts, sorted(segments, key=lambda s: s.number)


@pytest.mark.parametrize("in_flight", [1, 5])
def test_context_is_what_came_before_with_its_translation(loaded, in_flight, monkeypatch) -> None:
    t = translator(loaded, budget=2.0, context=2, in_flight=in_flight)
    shown = []
    task = t.task

    def spy(index, text, context, note):
        shown.append(context)
        return task(index, text, context, note=note)

    monkeypatch.setattr(t, "task", spy)
    _, segments = translated(t, *[f"{s}\n" for s in SENTENCES])
    pairs = [(s.source, s.translation) for s in segments]
    assert shown == [tuple(pairs[max(0, i - 2) : i]) for i in range(len(SENTENCES))]
    monkeypatch.undo()
    alone, _ = translated(translator(loaded, budget=2.0, context=2, in_flight=3), *[f"{s}\n" for s in SENTENCES])
    assert alone == [f"{translation}\n" for _, translation in pairs]


def test_context_in_the_prompt() -> None:
    prompt = translation_prompt(named_wording(DEFAULT), "三", ZH, EN, (("一", "one"), ("二", "two")))
    assert prompt.before.endswith("reference only:\n一\none\n二\ntwo\n\nText:\n")
    assert prompt.segment == "三"


def test_another_document_begins_anew(loaded) -> None:
    t = translator(loaded, budget=2.0, context=1)
    both = [*text_units("今天天气很好。\n"), *text_units("你好\n")]
    first = [u.text for u in translate_units(t, both, lambda _: None)]
    apart = [
        u.text for line in ("今天天气很好。\n", "你好\n") for u in translate_units(t, text_units(line), lambda _: None)
    ]
    assert first == apart


def test_numbers_that_differ_are_named_wherever_a_translation_comes_from(loaded) -> None:
    people = {"筹款560万元。": "It raised 560 million.", "筹款570万元。": "It raised 5.7 million."}
    t = translator(loaded, human=people, budget=2.0, decoder="greedy")
    _, segments = translated(t, "筹款560万元。\n", "筹款570万元。\n", "2023\n")
    wrong = ("560万 (5,600,000) is not in the translation", "560 million (560,000,000) is not in the source")
    assert [s.doubts for s in segments] == [wrong, (), ()]
    report = DocumentReport()
    for segment in segments:
        report.count(segment)
    assert (report.doubtful, report.doubts) == (1, [f"line 1: {', '.join(wrong)}"])
    assert trace_record(segments[0], t.settings)["doubts"] == list(wrong)


def test_people_are_found_where_a_file_has_wrapped_chinese(loaded) -> None:
    t = translator(loaded, human={"我看了<i>红房子</i>，然后等。": "I read <i>it</i>, then waited."}, budget=2.0)
    srt = "1\n00:00:01,000 --> 00:00:02,000\n我看了\n<i>红房子</i>，\n然后等。\n"
    document = FORMATS["srt"].read(srt.encode(), "a.srt", Reading())
    (unit,) = translate_units(t, document.units, lambda _: None)
    assert unit.text == "I read <1>it</1>, then waited."


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("天气 很好，\n走", "天气很好，走"),
        ("한국 사람", "한국 사람"),
        ("天气 ok 很好", "天气 ok 很好"),
        ("看 <1>红</1> <2>房</2> x", "看<1>红</1><2>房</2> x"),
    ],
)
def test_unwrapped(text, joined) -> None:
    assert unwrapped(text) == joined


def test_what_is_kept_is_not_made_again(loaded) -> None:
    t = translator(loaded, human={"你好": "Hello there"}, budget=2.0)
    near, far = Store(), Store()
    cache = TranslationCache([near, far])
    lines = ("今天天气很好。\n", "  你好  \n", "我们去公园吧。\n")
    first, segments = translated(t, *lines, cache=cache)
    assert [s.origin for s in segments] == [MODEL, HUMAN, MODEL]
    assert first[1] == "  Hello there  \n"
    assert len(near) == len(far) == 2
    near.clear()
    again, segments = translated(t, *lines, cache=cache)
    assert (again, [s.origin for s in segments]) == (first, [KEPT, HUMAN, KEPT])
    assert near == far
    other = translator(loaded, budget=2.0, seed=1)
    assert [s.origin for s in translated(other, *lines, cache=cache)[1]] == [MODEL] * 3


@pytest.mark.parametrize("in_flight", [1, 2, 8])
def test_what_comes_again_is_made_once(loaded, in_flight) -> None:
    lines = [f"{s}\n" for s in (SENTENCES[0], SENTENCES[1], SENTENCES[0], SENTENCES[0], SENTENCES[1])]
    t = translator(loaded, budget=2.0, in_flight=in_flight)
    texts, segments = translated(t, *lines, cache=TranslationCache([Store()]))
    assert [s.origin for s in segments] == [MODEL, MODEL, KEPT, KEPT, KEPT]
    assert texts == [texts[0], texts[1], texts[0], texts[0], texts[1]]
    assert texts[:2] == translated(translator(loaded, budget=2.0), *lines[:2])[0]


def test_a_reason_to_stop(loaded) -> None:
    """What is in flight is finished and kept; the rest is not begun."""
    t = translator(loaded, budget=2.0, in_flight=2)
    store, seen = Store(), []
    stop = iter(["", "", "", *["enough"] * 10])
    with pytest.raises(InterruptedRunError, match="enough"):
        list(
            translate_units(
                t,
                text_units(*[f"{s}\n" for s in SENTENCES]),
                seen.append,
                TranslationCache([store]),
                lambda: next(stop),
            )
        )
    assert [s.source for s in sorted(seen, key=lambda s: s.number)] == SENTENCES[:3]
    assert sorted(k.source for k in store.values()) == sorted(SENTENCES[:3])
    assert all(isinstance(k, StoredTranslation) for k in store.values())


def test_a_broken_placeholder_is_never_chosen(loaded) -> None:
    """A model of random weights says nothing of {name}: the segment stays as it was, and is marked."""
    texts, [segment] = translated(translator(loaded, budget=3.0), "你好 {name}，再见\n")
    if segment.fell_back:
        assert texts == ["你好 {name}，再见\n"]
        assert any("placeholder" in c.problems for c in segment.result.candidates)
    assert texts[0].count("{name}") == 1
