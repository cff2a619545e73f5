# ruff: noqa: E501 - pages are easier to compare on one line
"""Attributes that people read are translated, and no translation of one becomes anything else."""

import html5lib
import pytest
from documents.test_html import read, texts, translated
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

CASES = [
    ("<img alt='A cat' src='a cat.png' title=Cat>", "<img alt='A CAT' src='a cat.png' title=CAT>"),
    ('<p>See <img alt="it" src=x> and <img alt="it" src=x> <b title="Too">now</b></p>', '<p>SEE <img alt="IT" src=x> AND <img alt="IT" src=x> <b title="TOO">NOW</b></p>'),
    ('<p><a href=x title="Go there">Go</a></p><p><img alt="First"> then</p>', '<p><a href=x title="GO THERE">GO</a></p><p><img alt="FIRST"> THEN</p>'),
    ('<input placeholder="Your name" value=name><input type=Submit value="Send it"><textarea placeholder="Say it">a b</textarea>', '<input placeholder="YOUR NAME" value=name><input type=Submit value="SEND IT"><textarea placeholder="SAY IT">a b</textarea>'),
    ('<meta name="Description" content="Tea &amp; cake"><meta name=viewport content="width=device"><meta property="og:title" content="Tea">', '<meta name="Description" content="TEA &amp; CAKE"><meta name=viewport content="width=device"><meta property="og:title" content="TEA">'),
    ('<select><optgroup label="All of them"><option label="One" value="one">1</select>', '<select><optgroup label="ALL OF THEM"><option label="ONE" value="one">1</select>'),
    ("<button aria-label='Close \"it\"' aria-labelledby='close it'>x</button><svg aria-label='A tree'><title>x</title></svg>", "<button aria-label='CLOSE &quot;IT&quot;' aria-labelledby='close it'>X</button><svg aria-label='A TREE'><title>x</title></svg>"),
    # What nobody translates.
    ('<link rel=stylesheet title="main one" href=x><style title="main one">a{}</style>', '<link rel=stylesheet title="main one" href=x><style title="main one">a{}</style>'),
    ('<p translate=no title="Keep it">Keep <b title="This too">it</b></p><p>Go <img translate="no" alt="Keep"> on</p>', '<p translate=no title="Keep it">Keep <b title="This too">it</b></p><p>GO <img translate="no" alt="Keep"> ON</p>'),
    ("<p>See <code title='A b'><i title='c d'>x</i></code> here</p>", "<p>SEE <code title='A B'><i title='c d'>x</i></code> HERE</p>"),
    ("<img alt='' title> <img alt='12'><p :title='a b' data-title='a b'>x y</p>", "<img alt='' title> <img alt='12'><p :title='a b' data-title='a b'>X Y</p>"),
    ('<img alt="one" alt="two">', '<img alt="ONE" alt="two">'),
    # What runs on a server.
    ('<a title="Hi {{ f("a b") }} you" {% if a title="x y" %}>z</a>', '<a title="HI {{ f("a b") }} YOU" {% if a title="x y" %}>Z</a>'),
    ("<a title='<?php e(\"title\") ?>' alt={{x}}y>z</a><img alt='{{ open'>", "<a title='<?php e(\"title\") ?>' alt={{x}}y>Z</a><img alt='{{ open'>"),
    ("<p>A {{ '<b title=\"x y\">' }} <b title=\"x y\">c</b></p>", "<p>A {{ '<b title=\"x y\">' }} <b title=\"x y\">C</b></p>"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "expected"), CASES)
def test_what_people_read_is_translated(page, expected) -> None:
    assert translated(page) == expected


def test_attributes_of_xml() -> None:
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><p>See <img alt="A &lt;cat&gt; &#34;Tom&#34;" src="x"/> here</p></html>'
    document = read(page, "x.xhtml")
    root = etree.fromstring(b"".join(document.render([f"'&\"<{unit.text}" for unit in document.units])))
    assert [image.get("alt") for image in root.iter("{*}img")] == ['\'&"<A <cat> "Tom"']


def test_units_come_in_the_order_of_the_page() -> None:
    page = '<p title="a1"><img alt="b2"> C3 <img alt="d4"><i title="e5">f</i> <img alt="g6"></p><p>H7</p>'
    assert texts(page) == ["a1", "b2", "C3 <1/><2>f</2>", "d4", "e5", "g6", "H7"]


def test_a_bare_value_gets_quotation_marks_where_it_needs_them() -> None:
    document = read("<img alt=cat title=dog><p>x <img alt=cow> y</p>")
    given = ["one cat", "dogs", "x <1/> y", "a=b'"]
    out = b"".join(document.render(given)).decode()
    assert out == '<img alt="one cat" title=dogs><p>x <img alt="a=b&#39;"> y</p>'


@given(st.text(st.sampled_from("ab <>&\"'=`/;{}\n\té1"), max_size=10), st.sampled_from(["'", '"', ""]), st.booleans())
@settings(deadline=None, max_examples=300)
def test_any_translation_is_read_again_by_another_parser(said, sign, inside) -> None:
    page = f"<p>{'x ' if inside else ''}<img id=i alt={sign}cat{sign}>{' y' if inside else ''}</p>"
    document = read(page)
    given = [said if unit.text == "cat" else unit.text for unit in document.units]
    out = b"".join(document.render(given)).decode()
    image = html5lib.parse(out, namespaceHTMLElements=False).find(".//img")
    assert set(image.attrib) == {"id", "alt"}
    assert " ".join(image.attrib["alt"].split()) == " ".join(said.split())
