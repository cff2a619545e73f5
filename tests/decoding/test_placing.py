"""Codes and other literals that every draft lost are put back where the model expects them."""

from dataclasses import replace

import pytest

from mtreason.decoding import run
from mtreason.decoding.placing import _missing, _places
from mtreason.documents import lost
from mtreason.documents.coded import tags
from mtreason.runs.translator import Translator

PLAIN = [
    "今天<1>天气</1>很好",
    "<1>请看</1>图<2/>和<3>说明<4/></3>",
    "写信给 {name}，地址是 a.b@example.org 🎉",
    "用 %s 和 %d",
]


@pytest.mark.parametrize("decoder", ["greedy", "best-of-n", "mcts", "beam"])
def test_a_model_that_knows_nothing_of_codes_gives_all_of_them(loaded, decoder) -> None:
    """Random weights never write a code: whatever they say, it comes with all that the source has."""
    translator = Translator(loaded, "zh", "en", decoder=decoder, budget=4.0, shipped_glossaries=False)
    tasks = [translator.bind(translator.task(i, text)) for i, text in enumerate(PLAIN)]
    results = list(run(translator.decoder, iter(tasks), translator.decoding, translator.model, 4, None))
    placed = 0
    for result in results:
        source = PLAIN[result.index]
        assert not lost(source, result.text).breaks
        best = result.candidates[0]
        placed += best.placed
        if best.placed and not set(best.problems) - {"literal"}:
            assert result.text == best.text
            assert not lost(source, result.text).soft
    assert placed


def test_the_same_without_probabilities(loaded) -> None:
    translator = Translator(loaded, "zh", "en", decoder="greedy", shipped_glossaries=False)
    settings = translator.decoding
    tasks = [translator.bind(translator.task(i, text)) for i, text in enumerate(PLAIN)]
    for result in run(translator.decoder, iter(tasks), replace(settings, scores=False), translator.model, 4, None):
        assert not lost(PLAIN[result.index], result.text).breaks


def test_a_pair_is_never_crossed() -> None:
    text = "one <1>two three</1> four"
    assert all(at <= 4 or at >= 21 for at in _places(text + " <2>", "</2>") if at < 21)
    opened = "one <2>two <1>three</1> four"
    inside = _places(opened, "</2>")
    assert inside
    assert all(tags(opened[7:at]) in ([], ["<1>", "</1>"]) for at in inside)


def test_what_is_missing_is_in_the_order_of_the_source() -> None:
    assert _missing("<1>a</1> {x} <2/> b@c.de", "{x} a </1>") == ["<1>", "<2/>", "b@c.de"]
