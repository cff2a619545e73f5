"""HTML is cut as browsers cut it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtreason.documents.html.tags import attribute, attributes, pieces


def cut(content, *, xml=False):
    return [(p.kind, p.name, content[p.start : p.end]) for p in pieces(content, xml=xml)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a<b>c</B>", [("text", "", "a"), ("start", "b", "<b>"), ("text", "", "c"), ("end", "b", "</B>")]),
        ("<br/>", [("empty", "br", "<br/>")]),
        ('<a b=">" c>d', [("start", "a", '<a b=">" c>'), ("text", "", "d")]),
        ("<a b='>x", [("start", "a", "<a b='>"), ("text", "", "x")]),
        ("a < b", [("text", "", "a < b")]),
        ("<!-- <b> -->x", [("other", "", "<!-- <b> -->"), ("text", "", "x")]),
        ("<!-->x", [("other", "", "<!-->"), ("text", "", "x")]),
        ("<!-- <b> --!>x<!-- y", [("other", "", "<!-- <b> --!>"), ("text", "", "x"), ("other", "", "<!-- y")]),
        ("<![if !IE]>x<![endif]>", [("other", "", "<![if !IE]>"), ("text", "", "x"), ("other", "", "<![endif]>")]),
        ("<![CDATA[a>]]>x", [("other", "", "<![CDATA[a>"), ("text", "", "]]>x")]),
        (
            "a<?php if ($a > 1) echo '<b>'; ?>b",
            [("text", "", "a"), ("code", "", "<?php if ($a > 1) echo '<b>'; ?>"), ("text", "", "b")],
        ),
        ("<?xml:namespace o>x", [("other", "", "<?xml:namespace o>"), ("text", "", "x")]),
        ("<% if a > b %>x", [("code", "", "<% if a > b %>"), ("text", "", "x")]),
        (
            "{% if n > 1 %}x{{ '<b>' }}{a}",
            [("code", "", "{% if n > 1 %}"), ("text", "", "x"), ("code", "", "{{ '<b>' }}"), ("text", "", "{a}")],
        ),
        ("{{ a <p>b }}", [("text", "", "{{ a "), ("start", "p", "<p>"), ("text", "", "b }}")]),
        ('<a b="{{ "x>" }}">c', [("start", "a", '<a b="{{ "x>" }}">'), ("text", "", "c")]),
        ("<a {% if x > 1 %}b{% endif %}>c", [("start", "a", "<a {% if x > 1 %}b{% endif %}>"), ("text", "", "c")]),
        ('<a b="<?php echo $x->y ?>">c', [("start", "a", '<a b="<?php echo $x->y ?>">'), ("text", "", "c")]),
        (
            "<title>a <b> c</title>",
            [("start", "title", "<title>"), ("text", "", "a <b> c"), ("end", "title", "</title>")],
        ),
        (
            "<title><?= $t ?> c</title>",
            [
                ("start", "title", "<title>"),
                ("code", "", "<?= $t ?>"),
                ("text", "", " c"),
                ("end", "title", "</title>"),
            ],
        ),
        (
            "<script>a<b></script>",
            [("start", "script", "<script>"), ("other", "", "a<b>"), ("end", "script", "</script>")],
        ),
        ("a<b c", [("text", "", "a"), ("other", "", "<b c")]),
        ("</>x", [("other", "", "</>"), ("text", "", "x")]),
    ],
)
def test_pieces(content, expected) -> None:
    assert cut(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<![CDATA[<b>]]>x", [("other", "", "<![CDATA[<b>]]>"), ("text", "", "x")]),
        ("<title/>x", [("empty", "title", "<title/>"), ("text", "", "x")]),
        (
            "<title>a<b/></title>",
            [("start", "title", "<title>"), ("text", "", "a"), ("empty", "b", "<b/>"), ("end", "title", "</title>")],
        ),
        ("<?a b>c?>x", [("other", "", "<?a b>c?>"), ("text", "", "x")]),
        ('<!DOCTYPE a [<!ENTITY b "c">]>x', [("other", "", '<!DOCTYPE a [<!ENTITY b "c">]>'), ("text", "", "x")]),
        ("<m:mi>x</m:mi>", [("start", "mi", "<m:mi>"), ("text", "", "x"), ("end", "mi", "</m:mi>")]),
    ],
)
def test_pieces_of_xml(content, expected) -> None:
    assert cut(content, xml=True) == expected


@given(
    st.lists(
        st.sampled_from(
            [
                "<",
                ">",
                "a",
                "/",
                "!",
                "--",
                "'",
                '"',
                "=",
                " ",
                "<b",
                "<script>",
                "]]>",
                "{{",
                "}}",
                "<%",
                "<?php",
                "?>",
                "<svg>",
                "</svg>",
                "<title>",
            ]
        ),
        max_size=30,
    )
)
@settings(deadline=None, max_examples=300)
def test_pieces_join_to_the_whole(parts) -> None:
    content = "".join(parts)
    assert "".join(text for _, _, text in cut(content)) == content


def test_attributes() -> None:
    tag = """<p title="translate=no" Translate = 'no' hidden lang=en>"""
    [piece] = pieces(tag)
    assert attribute(tag, piece, "translate") == "no"
    assert attribute(tag, piece, "lang") == "en"
    assert attribute(tag, piece, "hidden") == ""
    assert attribute(tag, piece, "no") is None
    assert [tag[found.start : found.end] for found in attributes(tag, piece)] == ["translate=no", "no", "", "en"]
