"""HTML is cut as browsers cut it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtreason.documents.tags import attribute, pieces


def cut(content):
    return [(p.kind, p.name, content[p.start : p.end]) for p in pieces(content)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a<b>c</B>", [("text", "", "a"), ("start", "b", "<b>"), ("text", "", "c"), ("end", "b", "</B>")]),
        ("<br/>", [("empty", "br", "<br/>")]),
        ('<a b=">" c>d', [("start", "a", '<a b=">" c>'), ("text", "", "d")]),
        ("<a b='>x", [("start", "a", "<a b='>"), ("text", "", "x")]),
        ("a < b", [("text", "", "a "), ("text", "", "<"), ("text", "", " b")]),
        ("<!-- <b> -->x", [("other", "", "<!-- <b> -->"), ("text", "", "x")]),
        ("<!-->x", [("other", "", "<!-->"), ("text", "", "x")]),
        ("<![CDATA[<b>]]>x", [("other", "", "<![CDATA[<b>]]>"), ("text", "", "x")]),
        (
            "<script>a<b></script>",
            [("start", "script", "<script>"), ("other", "", "a<b>"), ("end", "script", "</script>")],
        ),
        ("<b", [("text", "", "<"), ("text", "", "b")]),
        ("</>x", [("other", "", "</>"), ("text", "", "x")]),
    ],
)
def test_pieces(content, expected) -> None:
    assert cut(content) == expected


@given(
    st.lists(st.sampled_from(["<", ">", "a", "/", "!", "--", "'", '"', "=", " ", "<b", "<script>", "]]>"]), max_size=30)
)
@settings(deadline=None, max_examples=300)
def test_pieces_join_to_the_whole(parts) -> None:
    content = "".join(parts)
    assert "".join(text for _, _, text in cut(content)) == content


def test_attributes() -> None:
    tag = """<p title="translate=no" Translate = 'no' hidden lang=en>"""
    assert attribute(tag, "translate") == "no"
    assert attribute(tag, "lang") == "en"
    assert attribute(tag, "hidden") == ""
    assert attribute(tag, "no") is None
