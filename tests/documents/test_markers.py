"""Markers at the beginning of lines belong to the gaps, also after codes; a number that is said is no marker."""

import pytest

from mtreason.documents import parse_line
from mtreason.documents.coded import Coder
from mtreason.languages import parse_language

EN, DE = parse_language("en"), parse_language("de")


@pytest.mark.parametrize(
    "marker",
    [
        "1. ", "12) ", "(3) ", "a) ", "- ", "* ", "• ", "  – ", "\t- ", "[ ] ", "- [x] ", "> ", "> > - ", ">> ", "① ",
        "①", "二、", "♪ ", "☐ ", "\ufeff- ",
    ],
)  # fmt: skip
def test_markers(marker) -> None:
    line = parse_line(1, f"{marker}One word\r\n", EN)
    assert line.segments == ("One word",)
    assert line.gaps == (marker, "\r\n")


@pytest.mark.parametrize("text", ["-20 degrees", "1.5 litres", "[x]y", "-- no", "-one alone", "a) ", "e.g. this", "☐"])
def test_no_markers(text) -> None:
    line = parse_line(1, text, EN)
    assert "".join([*line.gaps, *line.segments]).strip() == text.strip()
    assert line.gaps[0].strip() in {"", "a)"}


def test_numbers_with_a_dot_that_are_words() -> None:
    assert parse_line(1, "3. Platz", DE).segments == ("3. Platz",)
    assert parse_line(1, "3. Place", EN).segments == ("Place",)


def test_each_speaker_is_a_segment() -> None:
    line = parse_line(1, "-Who is it?\n-Me.\n— ¿Yo?", EN)
    assert line.segments == ("Who is it?", "Me.", "¿Yo?")
    assert line.gaps == ("-", "\n-", "\n— ", "")


def test_markers_after_codes() -> None:
    coder = Coder()
    number = coder.open("<i>")
    coder.text("- One")
    coder.close(number, "</i>")
    coder.text(" or two\n")
    coder.alone("{\\an8}")
    coder.text("1. Three")
    coded = coder.coded()
    line = parse_line(1, coded.text, EN, coded.codes)
    assert line.segments == ("One</1> or two", "Three")
    assert line.gaps == ("<1>- ", "\n<2/>1. ", "")
