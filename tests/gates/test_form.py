"""Drafts that are in a loop, or say far less than their source."""

import pytest

from mtreason.gates import Pair, problems
from mtreason.languages import Direction, parse_language

LONG = "The museum is open daily except Mondays, and admission is free for children under twelve."


def found(source, text, target="de"):
    return problems(Pair(source, text, Direction(parse_language("en"), parse_language(target))))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("The cat sleeps.", " ".join(["Die Katze schläft."] * 5)),
        ("The cat sleeps.", "猫" * 20),
        ("The cat sleeps.", "Die Katze schläft und schläft und schläft und schläft und schläft und schläft"),
        ("Ha ha ha!", "ha" * 200),
    ],
)
def test_a_loop_is_held_back(source, text) -> None:
    assert "loop" in found(source, text, "zh" if text[0] == "猫" else "de")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Ha ha ha ha!", "Hahahahahahahaha!"),
        ("Very, very, very, very, very good.", "Sehr, sehr, sehr, sehr, sehr gut."),
        ("No!", "Neeeeeeeeeeeein!"),
        ("Chapter 1 ..................... 5", "Kapitel 1 ..................... 5"),
        ("1000000000000 people", "1000000000000 Menschen"),
    ],
)
def test_what_is_said_again_in_the_source_may_be(source, text) -> None:
    assert "loop" not in found(source, text)


@pytest.mark.parametrize("text", ["Das Museum", "Das", "…"])
def test_a_draft_that_says_far_less_is_held_back(text) -> None:
    assert found(LONG, text)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (LONG, "Museum: täglich außer montags; unter zwölf frei."),
        ("haha" * 40, "haha"),
        ("Once a liar, always a liar, even when he speaks the truth.", "Wer einmal lügt, dem glaubt man nicht."),
        ("See https://example.com/a/very/long/address/that/goes/on/and/on.html", "Siehe hier"),
    ],
)
def test_short_translations_are_right(source, text) -> None:
    assert "short" not in found(source, text)
