"""Drafts of one sentence: merged, held back, ranked."""

from dataclasses import replace

import numpy as np
import pytest
from support.common import play, table_settings, table_tasks
from support.fakes import TableModel

from mtreason.decoding.candidates import check
from mtreason.decoding.sentence import Sentence
from mtreason.glossary import Hit, Sense, Term
from mtreason.rewards import Draft


def draft_of(text, log_prob=-1.0) -> Draft:
    return Draft(text, (1, 0), np.full(2, log_prob, np.float32), np.full((2, 5), log_prob, np.float32))


def begun(reward="likelihood", **more) -> Sentence:
    [task] = table_tasks(TableModel())
    return Sentence(task, table_settings(reward, **more))


def checked(sentence, draft, *, finished=True):
    return check(sentence.task, sentence.settings, draft, finished=finished)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("clean_first", [True, False])
def test_a_clean_draft_is_not_lost_to_the_same_text_with_chatter(together, clean_first) -> None:
    sentence = begun()
    drafts = [(draft_of("Hello.", -2.0), True), (draft_of("Translation: Hello.", -1.0), True)]
    drafts += [(draft_of("Hello.", -1.0), False)]
    if not clean_first:
        drafts.reverse()
    for batch in [drafts] if together else [[d] for d in drafts]:
        play(sentence.candidates.add([checked(sentence, d, finished=end) for d, end in batch]), None)
    [candidate] = sentence.candidates.by_text.values()
    assert candidate.text == "Hello."
    assert candidate.problems == ()
    assert candidate.reward == pytest.approx(-2.0)
    assert candidate.count == 3


def test_a_draft_with_other_numbers_is_put_behind_and_not_held_back() -> None:
    [task] = table_tasks(TableModel())
    sentence = Sentence(replace(task, source="筹款560万元。"), table_settings("likelihood"))
    texts = {"It raised 560 million.": -0.1, "It raised 5.6 million.": -3.0, "Money!": -2.0}
    play(sentence.candidates.add([checked(sentence, draft_of(text, p)) for text, p in texts.items()]), None)
    result = play(sentence.close([]), TableModel())
    assert [c.text for c in result.candidates] == [
        "It raised 5.6 million.",
        "Money!",
        "It raised 560 million.",
    ]
    assert [len(c.doubts) for c in result.candidates] == [0, 1, 2]
    assert not result.fell_back
    only = Sentence(sentence.task, sentence.settings)
    play(only.candidates.add([checked(only, draft_of("It raised 560 million."))]), None)
    assert not play(only.close([]), TableModel()).fell_back


def test_held_back_drafts_stand_last_and_serve_as_a_last_resort() -> None:
    sentence = begun()
    drafts = [draft_of("Sure! Here is the translation: Good.", -0.1), draft_of("Bad.", -5.0), draft_of("…", -0.01)]
    play(sentence.candidates.add([checked(sentence, d) for d in drafts]), None)
    result = play(sentence.close([]), TableModel())
    assert [c.text for c in result.candidates] == ["Bad.", "Good.", "…"]
    assert (result.text, result.fell_back) == ("Bad.", False)
    only = begun()
    play(only.candidates.add([checked(only, d) for d in (drafts[2], drafts[0])]), None)
    result = play(only.close([]), TableModel())
    assert (result.text, result.fell_back) == ("Good.", True)
    none = begun()
    play(none.candidates.add([checked(none, drafts[2])]), None)
    result = play(none.close([]), TableModel())
    assert (result.text, result.fell_back) == ("源", True)


def test_a_draft_that_leaves_the_choice_to_the_reader_is_put_behind() -> None:
    [task] = table_tasks(TableModel())
    senses = (Sense(("millet",), "grain"), Sense(("Xiaomi",), "company"))
    hit = Hit(Term("小米", ("millet", "Xiaomi"), "", "", "t.tsv", 1, senses=senses), 1, 3)
    sentence = Sentence(replace(task, source="喝小米粥。", hits=(hit,)), table_settings("likelihood"))
    texts = {"Drink millet or Xiaomi.": -0.1, "Drink millet.": -3.0}
    play(sentence.candidates.add([checked(sentence, draft_of(text, p)) for text, p in texts.items()]), None)
    result = play(sentence.close([]), TableModel())
    assert [c.text for c in result.candidates] == ["Drink millet.", "Drink millet or Xiaomi."]
    assert [c.doubts for c in result.candidates] == [(), ("小米 is said in 2 senses",)]
