"""Literals: what must come back is found, in any format, and nothing that is a word."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtreason.documents import literals, lost, placeholders, without_literals


@pytest.mark.parametrize(
    "literal",
    [
        "{name}", "{0}", "{{user.name}}", "${total}", "%{count}", "{n, plural, one {# item} other {# items}}",
        "%s", "%d", "%1$s", "%lu", "%zu", "%ld", "%5.2f", "%(name)s", "%(x)r", "%<PRIu64>", "%name%",
        "<b>", "</b>", "<1>", "</1>", "<2/>", "<00:01.500>", "<!-- note -->", "&amp;", "&#160;", "&#xA0;",
        "$t(common.ok)", ":name", "\\n", "\\h",
        "%arg", "$USER$", "*|FNAME|*", "]1,Inf[", "[-Inf, 0]", "](inflect: true)",
    ],
)  # fmt: skip
def test_what_programs_read(literal) -> None:
    text = f"Before it {literal} and after"
    [found] = literals(text)
    assert text[found.start : found.end] == literal
    assert found.hard
    assert lost(text, text.replace(literal, "")).hard == (literal,)
    assert lost(text, f"{text} {literal}").added == (literal,)


@pytest.mark.parametrize(
    "literal",
    [
        "https://example.org/a?b=1&c=2#d", "www.example.org", "mailto:a@example.org", "a.b+c@example.co.uk",
        "`git commit`", "``a ` b``", "@some_one", "#Weekend", "#你好#", "/usr/local/bin", "./run", "~/notes.txt",
        "C:\\Temp\\file", "src/main.py", "README.md", "v1.2", "3.11.4", "2.0.0-rc.1", "192.168.0.1", "🎉", "👨‍👩‍👧",
        "🇨🇳", "👍🏽", "✅",
    ],
)  # fmt: skip
def test_what_people_read(literal) -> None:
    text = f"Before it {literal} and after"
    [found] = literals(text)
    assert text[found.start : found.end] == literal
    assert not found.hard
    assert lost(text, text.replace(literal, "x")).soft == (literal,)
    assert not lost(text, f"nachher {literal} vorher").soft


@pytest.mark.parametrize(
    "text",
    [
        "He and/or she came at 12:30, on 3/4 or 12.11.2024.",
        "It costs 1,000.50 dollars, 50% off or 100 % more.",
        "C# and F# are languages; see e.g. the U.S. version 2.",
        "A price of $5 {", "US$5 or CA$6", "$A or B", "see [1, 2] and ]x", "10 %argument",
        "1 < 2 > 0 & more; AT&T", "Note: this, and: that. 5:30pm", "今天：天气@北京", "第#1名",
        "Is 5%d?", "a@b", "foo_bar-baz", "the end.py", "«Привет» — сказал он",
    ],
)  # fmt: skip
def test_words_are_no_literals(text) -> None:
    hard = [text[x.start : x.end] for x in literals(text) if x.hard]
    assert hard == [] or text == "Is 5%d?"
    soft = [text[x.start : x.end] for x in literals(text) if not x.hard]
    assert soft == [] or text == "the end.py"


def test_an_address_ends_where_the_sentence_goes_on() -> None:
    assert placeholders("See https://example.org/a. Or (www.example.org)!") == (
        "https://example.org/a",
        "www.example.org",
    )
    assert placeholders("请看https://example.org/中文说明") == ("https://example.org/",)


def test_order_may_change_and_nesting_may_not() -> None:
    assert not lost("<1>a</1> {x} %s", "%s {x} <1>b</1>").breaks
    crossed = lost("<1>a</1> <2>b</2>", "<1>a <2></1> b</2>")
    assert crossed.crossed
    assert crossed.breaks


@given(st.text(st.sampled_from("ab1<>/&;{}%$@#.:`\\-_ 你🎉\n"), max_size=60))
def test_literals_are_parts_of_the_text(text) -> None:
    found = literals(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert len(without_literals(text)) == len(text)
    assert not lost(text, text).breaks
    assert not lost(text, text).soft


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1.234.567 Einwohner", ()),
        ("Das sind 12.345.678.", ()),
        ("1.234.567.890 Menschen", ()),
        ("Version 1.234.5", ("1.234.5",)),
        ("192.168.100.200", ("192.168.100.200",)),
        ("0.123.456", ("0.123.456",)),
        ("1.234.567-rc1", ("1.234.567-rc1",)),
    ],
)
def test_a_number_in_groups_is_no_version(text, found) -> None:
    assert placeholders(text) == found
