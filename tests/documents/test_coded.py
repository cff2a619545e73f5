"""Text with inline codes: what is put in comes out again, and nothing becomes markup that was none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtreason.documents.coded import TAG, Code, Coder, coded_again, nested, parts, tags, written
from mtreason.documents.messages import coded_message
from mtreason.documents.text import Line, join_line, parse_line
from mtreason.languages import parse_language

EN, DE, ZH = (parse_language(tag) for tag in ("en", "de", "zh"))

ODD = st.text(st.sampled_from("<>/123ab &{}%\n`*"), max_size=30)


@given(st.lists(st.tuples(st.sampled_from(["text", "pair", "alone"]), ODD), max_size=8))
def test_what_is_put_in_comes_out(pieces) -> None:
    coder, expected = Coder(), []
    for kind, text in pieces:
        if kind == "text":
            coder.text(text, lambda own: f"[{own}]")
            expected.append(TAG.sub(lambda found: f"[{found[0]}]", text))
        elif kind == "alone":
            coder.alone("<img>")
            expected.append("<img>")
        else:
            number = coder.open("<b>")
            coder.text(text, lambda own: f"[{own}]")
            coder.close(number, "</b>")
            expected.append(f"<b>{TAG.sub(lambda found: f'[{found[0]}]', text)}</b>")
    coded = coder.coded()
    assert written(coded.text, coded.codes) == "".join(expected)
    assert nested(coded.text, coded.text)


@given(ODD, ODD)
def test_a_tag_that_is_no_code_is_text(before, after) -> None:
    text = f"{before}<7>{after}"
    assert "<7>" in "".join(p for p in parts(text, {"<1/>": Code("")}) if isinstance(p, str))
    escaped = written(text, {}, lambda own: own.replace("<", "&lt;"))
    assert "<" not in escaped


def test_codes_may_move_but_not_cross() -> None:
    source = "a <1>b</1> <2>c <3/></2>"
    assert nested(source, "<2><3/> c</2> <1>b</1> a")
    assert nested(source, "<2><1>b</1> c <3/></2> a")
    assert not nested(source, "<1>b <2>a</1> c <3/></2>")
    assert not nested(source, "</1>b<1> <2>a c <3/></2>")


def test_a_part_may_open_what_a_later_part_closes() -> None:
    assert nested("One <1>two.", "Zwei <1>eins.")
    assert nested("three</1> four", "drei</1> vier")
    assert not nested("three</1> <2>four</2>", "drei <2>vier</1></2>")
    assert not nested("One <1>two <2>three", "Eins <2>zwei <1>drei")


@pytest.mark.parametrize(
    ("text", "segments", "gaps"),
    [
        ("<1>All of it</1>", ("All of it",), ("<1>", "</1>")),
        ("<1/> After a picture <2/>", ("After a picture",), ("<1/> ", " <2/>")),
        ("<1>One</1> and <2>two</2>", ("<1>One</1> and <2>two</2>",), ("", "")),
        ("<1>One</1> and two", ("<1>One</1> and two",), ("", "")),
        ("<1><2>Both</2> of them</1>", ("<2>Both</2> of them",), ("<1>", "</1>")),
        ("<1/>", (), ("<1/>",)),
        ("- one\n- two <1/>\n\n3) three", ("one", "two", "three"), ("- ", "\n- ", " <1/>\n\n3) ", "")),
        ("-Where?\n-There.", ("Where?", "There."), ("-", "\n-", "")),
        ("-5 degrees", ("-5 degrees",), ("", "")),
        ("12. Open it", ("Open it",), ("12. ", "")),
    ],
)
def test_edges_stay_outside(text, segments, gaps) -> None:
    codes = {tag: Code(tag) for tag in tags(text)}
    line = parse_line(1, text, EN, codes)
    assert (line.segments, line.gaps) == (segments, gaps)
    assert join_line(line, segments, EN, DE) == text


def test_a_number_may_be_a_word_in_german() -> None:
    assert parse_line(1, "3. Platz beim Rennen", DE).segments == ("3. Platz beim Rennen",)


def test_what_is_said_stays_in_the_sentence() -> None:
    codes = {"<1/>": Code("<code>ls</code>", said=True), "<2/>": Code("<img>")}
    assert parse_line(1, "<1/> lists files.<2/>", EN, codes).segments == ("<1/> lists files.",)


def test_tags_of_plain_text_are_text() -> None:
    assert parse_line(1, "<1>All of it</1>", EN).segments == ("<1>All of it</1>",)


def test_no_code_is_cut() -> None:
    text = "A sentence that is not short at all, as people write. " * 4
    marked = f"<1>{text}<2/>{text}</1>{text}".strip()
    codes = {tag: Code(tag) for tag in tags(marked)}
    line = parse_line(1, marked, EN, codes)
    assert len(line.segments) > 2
    assert "".join(a + b for a, b in zip(line.gaps, [*line.segments, ""], strict=True)) == marked
    assert [tag for part in (*line.segments, *line.gaps) for tag in tags(part)].count("<2/>") == 1


def test_a_space_that_a_language_needs_goes_between_codes() -> None:
    line = Line(1, ("今天很好。", "明天更好。"), ("<1>", "</1><2>", "</2>"))
    assert join_line(line, ["One.", "Two."], ZH, EN) == "<1>One.</1> <2>Two.</2>"


def test_codes_as_a_file_writes_them_become_tags_again() -> None:
    codes = {"<1>": Code("<i>"), "</1>": Code("</i>"), "<2>": Code("<i>"), "</2>": Code("</i>")}
    assert coded_again("<i>a</i> b <i>c</i>", codes) == "<1>a</1> b <2>c</2>"


@pytest.mark.parametrize(
    ("string", "text"),
    [
        ("Press <b>Save</b> now", "Press <1>Save</1> now"),
        ("<1>World</1> and <br> more", "<1>World</1> and <2/> more"),
        ("a <b> c", "a <1/> c"),
        ("<b><i>x</b></i>", "<1><2/>x</1><3/>"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("{name} <a href='{url}'>here</a>", "{name} <1>here</1>"),
    ],
)
def test_strings_of_programs(string, text) -> None:
    coded = coded_message(string)
    assert coded.text == text
    assert written(coded.text, coded.codes) == string


@given(st.text(st.sampled_from("<>/abp1 ="), max_size=40))
def test_any_string_comes_back(string) -> None:
    coded = coded_message(string)
    assert written(coded.text, coded.codes) == string
    assert nested(coded.text, coded.text)
