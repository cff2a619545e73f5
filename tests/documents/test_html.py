# ruff: noqa: E501 - pages are easier to compare on one line
"""HTML comes back whole: with a translator that changes every letter, all but the text is as it was."""

import time

import html5lib
import pytest
from documents.test_growth import grows_linearly
from hypothesis import given, settings
from hypothesis import strategies as st

from mtreason import translate_document
from mtreason.documents import FORMATS, Reading
from mtreason.documents.html.read import read_page
from mtreason.documents.literals import literals
from mtreason.errors import DocumentError
from mtreason.languages import parse_language

GERMAN = Reading(target=parse_language("de"))


def upper(text):
    """Translate perfectly: every letter changes, and what has to stay does."""
    parts, at = [], 0
    for found in literals(text):
        parts += [text[at : found.start].upper(), text[found.start : found.end]]
        at = found.end
    return "".join([*parts, text[at:].upper()])


class Perfect:
    def translate(self, texts):
        return [upper(text) for text in texts]


def read(page, name="x.html"):
    data = page if isinstance(page, bytes) else page.encode()
    document = FORMATS["html"].read(data, name, GERMAN)
    assert b"".join(document.render([unit.text for unit in document.units])) == data
    return document


def texts(page, name="x.html"):
    return [unit.text for unit in read(page, name).units]


def translated(page, name="x.html"):
    document = read(page, name)
    return b"".join(document.render([upper(unit.text) for unit in document.units])).decode()


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        # What looks like markup, and is text, stays text.
        ("<p>The &#x3c;i&#x3e; tag, &#60;u&#62; and &lt;b&gt;</p>", "<p>THE &lt;i&gt; TAG, &lt;u&gt; AND &lt;b&gt;</p>"),
        ("<p>Not &#x3Cimg src=x onerror=f()> or &lt script></p>", "<p>NOT &lt;img src=x onerror=f()&gt; OR &lt; SCRIPT&gt;</p>"),
        ("<p>Write &amp;nbsp; and &amp;lt; here</p>", "<p>WRITE &amp;nbsp; AND &amp;lt; HERE</p>"),
        ("<p>Number &lt;1&gt; and &#60;/1> and <b>two</b></p>", "<p>NUMBER &lt;1&gt; AND &lt;/1&gt; AND <b>TWO</b></p>"),
        ("<p>AT&T, x&y, a &unknown; b</p>", "<p>AT&amp;T, X&amp;Y, A &amp;unknown; B</p>"),
        ("<p>a&nbsp;b&#160;c&thinsp;d\u3000e \xa0 f caf&eacute; caf&eacut;</p>", "<p>A&nbsp;B&nbsp;C&thinsp;D\u3000E &nbsp; F CAFÉ CAF&amp;eacut;</p>"),
        ("<p>odd &#1; and &#xD800; here</p>", "<p>ODD &#1; AND &#xD800; HERE</p>"),
        ("<title>Use <b> &amp; more</title><p>x y</p>", "<title>USE &lt;b&gt; &amp; MORE</title><p>X Y</p>"),
        # Code, and what nobody translates.
        ("<p>Type <code>open <b>it</b></code> now</p>", "<p>TYPE <code>open <b>it</b></code> NOW</p>"),
        ("<p>Press <KBD>Ctrl</KBD>+<kbd>s</kbd>.</p>", "<p>PRESS <KBD>Ctrl</KBD>+<kbd>s</kbd>.</p>"),
        ('<p>The <span class=a translate="NO">Red <i>Kite</i></span> inn</p>', '<p>THE <span class=a translate="NO">Red <i>Kite</i></span> INN</p>'),
        ("<p>The <span translate=no>red <span>kite</span> inn</span> is open</p>", "<p>THE <span translate=no>red <span>kite</span> inn</span> IS OPEN</p>"),
        ("<p translate=no>Keep<p>Next one", "<p translate=no>Keep<p>NEXT ONE"),
        ("<ul><li translate=no>Keep<ul><li>this</ul><li>not this</ul>", "<ul><li translate=no>Keep<ul><li>this</ul><li>NOT THIS</ul>"),
        ("<svg><g><br>Out of it", "<svg><g><br>OUT OF IT"),
        ("<div>Keep <span translate=no>a<div>b</div></div><p>Then go</p>", "<div>KEEP <span translate=no>a<div>b</div></div><p>THEN GO</p>"),
        ("<p>Press <kbd>a<p>Then go</p>", "<p>PRESS <kbd>a<p>THEN GO</p>"),
        ("<div>Say <samp>a</div><p>Then go</p>", "<div>SAY <samp>a</div><p>THEN GO</p>"),
        ("<pre>one\n two</pre><p>three</p>", "<pre>one\n two</pre><p>THREE</p>"),
        ("<p>Go <svg><path d='M0 0'/><text>no</text></svg> on <math><mi>x</mi></math> now</p>", "<p>GO <svg><path d='M0 0'/><text>no</text></svg> ON <math><mi>x</mi></math> NOW</p>"),
        ("<p><b>Go <svg></b> on</p><p>and on</p>", "<p><b>GO <svg></b> ON</p><p>AND ON</p>"),
        ("<a href=x>See <svg><a><g></g></a></svg> here</a>", "<a href=x>SEE <svg><a><g></g></a></svg> HERE</a>"),
        ("<svg><a><p>Out of it</p>", "<svg><a><p>OUT OF IT</p>"),
        ("<math><mn><p>inside</p></mn></math>and out", "<math><mn><p>inside</p></mn></math>AND OUT"),
        # Programs and templates.
        ("<p>Dear {{ user['name'] }}, {% if n > 1 %}many{% endif %}</p>", "<p>DEAR {{ user['name'] }}, {% if n > 1 %}MANY{% endif %}</p>"),
        ("<p>Hi {{ f('<b>a</b>') }} and {# a note #} you</p>", "<p>HI {{ f('<b>a</b>') }} AND {# a note #} YOU</p>"),
        ('<a href="{{ url("<x>") }}" {% if a > b %}c{% endif %}>Click</a>', '<a href="{{ url("<x>") }}" {% if a > b %}c{% endif %}>CLICK</a>'),
        ("<p>Hi <?php if ($a > 1) { echo '<b>you</b>'; } ?> there <% x > y %> all</p>", "<p>HI <?php if ($a > 1) { echo '<b>you</b>'; } ?> THERE <% x > y %> ALL</p>"),
        ("<p>The set {<i>a</i>, <i>b</i>} has two.</p>", "<p>THE SET {<i>A</i>, <i>B</i>} HAS TWO.</p>"),
        ("<p>A {name} and {a {<b>bold</b> word} b} or {x}}</p>", "<p>A {name} AND {A {<b>BOLD</b> WORD} B} OR {x}}</p>"),
        ("<![if !mso]><p>One<![endif]> two <!-- note --> three</p>", "<![if !mso]><p>ONE<![endif]> TWO <!-- note --> THREE</p>"),
        ("<p>One <o:p>and</o:p> two</p><?xml:namespace prefix = o /><p>three", "<p>ONE <o:p>AND</o:p> TWO</p><?xml:namespace prefix = o /><p>THREE"),
        ("@if (a > b(c); as d) {\n<p>Yes</p>\n} @else if (!d) { No } @else { {n, plural, other {x}} }", "@if (a > b(c); as d) {\n<p>YES</p>\n} @else if (!d) { NO } @else { {n, plural, other {x}} }"),
        ("@for (a of b; track a) { <li>Row</li> } @empty { None }\n@let a = b.name;", "@for (a of b; track a) { <li>ROW</li> } @empty { NONE }\n@let a = b.name;"),
        ("<p>Say @if or me@if.org, @default { text } end</p>", "<p>SAY @if OR me@if.org, @default { TEXT } END</p>"),
        # Elements that end late, never, or in the wrong order.
        ("<p>The shop is shut. <b>Come back later</p><p>Thanks</p>", "<p>THE SHOP IS SHUT. <b>COME BACK LATER</p><p>THANKS</p>"),
        ("<p>So. <a href=m>The map<div>of our town</div></a> ends</p>", "<p>SO. <a href=m>THE MAP<div>OF OUR TOWN</div></a> ENDS</p>"),
        ("<p>One <i>two</b> three <b>four <u>five</b> six</u></p>", "<p>ONE <i>TWO</b> THREE <b>FOUR <u>FIVE</b> SIX</u></p>"),
        ("<b>Bold <ul><li>in a list</ul> end</b>", "<b>BOLD <ul><li>IN A LIST</ul> END</b>"),
        # Lines.
        ("<p>Roses are red,<br />\n  violets  <BR clear=all>\n<br>blue.<br></p>", "<p>ROSES ARE RED,<br />\n  VIOLETS  <BR clear=all>\n<br>BLUE.<br></p>"),
        ("<p>\n wide\n  text </p>", "<p>\n WIDE TEXT </p>"),
        # Pictures and fields.
        ("<p>See <img src='a.png' alt='A cat'> here <input name=q> and <a id=x></a>there</p>", "<p>SEE <img src='a.png' alt='A CAT'> HERE <input name=q> AND <a id=x></a>THERE</p>"),
        ("<noscript>Turn it on.</noscript><textarea>a b</textarea>", "<noscript>TURN IT ON.</noscript><textarea>a b</textarea>"),
    ],
)  # fmt: skip
def test_all_but_the_text_stays(page, expected) -> None:
    assert translated(page) == expected


def test_units_have_the_codes_that_they_need() -> None:
    assert texts("<p><b><a href=x>All of it</a></b> <img src=y></p>") == ["All of it"]
    assert texts("<p><b>First</b> then <i>second</i></p>") == ["<1>First</1> then <2>second</2>"]
    assert texts("<p><b>a <i>b <u>c</u></i></b> d") == ["<1>a <2>b <3>c</3></2></1> d"]
    assert texts("<p><a id=x></a>Start <span></span>end</p>") == ["Start <1/>end"]
    assert texts("<p>See <a href=x><b><img src=y></b></a> or <i><br></i> there</p>") == ["See <1/> or <2>\n</2> there"]
    [unit] = read("<p><kbd>F1</kbd> helps <br> here</p>").units
    assert unit.text == "<1/> helps\nhere"
    assert unit.codes["<1/>"].said
    assert texts("<p><code>x</code></p><p><!-- a --></p><p>12</p><p>{{ name }}</p>") == []


def test_ruby_is_translated_without_its_readings() -> None:
    page = "<p>彼は<ruby>海<rp>(</rp><rt>うみ</rt><rp>)</rp></ruby>を<b><ruby>見<rt>み</ruby></b>た。</p>"
    document = read(page)
    [unit] = document.units
    assert unit.text == "彼は海を<1>見</1>た。"
    assert b"".join(document.render(["He <1>saw</1> the sea."])).decode() == "<p>He <b>saw</b> the sea.</p>"
    assert translated("<p><ruby>base<rt>note</ruby> text") == "<p><ruby>BASE<rt>NOTE</ruby> TEXT"


def test_language_and_charset_follow_what_is_written() -> None:
    page = (
        '<?xml version="1.0" encoding="iso-8859-1"?><html lang="fr" xml:lang=fr><head><meta charset="latin1">'
        '<meta content="text/html; charset=ISO-8859-1" http-equiv="Content-Type"></head><p lang=it>caffè</p></html>'
    )
    assert translated(page.encode("latin-1")) == (
        '<?xml version="1.0" encoding="utf-8"?><html lang="de" xml:lang=de><head><meta charset="utf-8">'
        '<meta content="text/html; charset=utf-8" http-equiv="Content-Type"></head><p lang=it>CAFFÈ</p></html>'
    )
    page = (
        '<body lang=EN-us><p lang="en">a b <i lang=en>c</i><p lang=it>d<pre lang=en>e</pre><div translate=no lang=en>f'
    )
    assert translated(page) == (
        '<body lang=de><p lang="de">A B <i lang=en>C</i><p lang=it>D<pre lang=en>e</pre><div translate=no lang=en>f'
    )
    for charset, label, word in (
        ("cp1251", "windows-1251", "привет"), ("cp932", "Shift_JIS", "海"), ("gb18030", "gb2312", "镕海"),
        ("iso2022_jp", "iso-2022-jp", "海が好き"), ("cp1252", "iso-8859-1", "€ “é”"), ("euc_kr", "euc-kr", "바다"),
    ):  # fmt: skip
        document = read(f"<meta charset={label}><p>{word} a".encode(charset))
        assert [unit.text for unit in document.units] == [f"{word} a"]
        assert b"".join(document.render(["ü"])).decode() == "<meta charset=utf-8><p>ü"
    assert translated("<p>Größe".encode("utf-16")) == "\ufeff<p>GRÖSSE"
    both = "<meta http-equiv=Content-Type content='text/html; charset=latin1' charset=latin1><p>a b"
    assert translated(both) == both.replace("latin1", "utf-8").replace("a b", "A B")
    # A page that is UTF-8 by its bytes is read so, and says so afterwards.
    assert translated("<meta charset=latin1><p>é") == "<meta charset=utf-8><p>É"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<meta charset=utf-8>\n<p>caf\xe9", "line 2, byte offset 27, is not UTF-8"),
        (b"<p>caf\xe9", "is not UTF-8 (byte 0xe9): convert the file to UTF-8, or let it declare its charset"),
        (b"<meta charset=shift_jis>\n<p>\x81", "line 2, byte offset 28, is not shift_jis, which the file declares"),
        (b"<meta charset=klingon><p>\xe9", "declares the unknown charset 'klingon'"),
        (b"\xff\xfe<", "is not UTF-16"),
        (b"<meta charset=latin1><p>\xe9\x00", "is a NUL byte"),
    ],
)
def test_bytes_that_contradict_the_charset(data, message) -> None:
    with pytest.raises(DocumentError) as error:
        read(data)
    assert message in str(error.value)
    assert str(error.value).startswith("x.html: ")
    assert "\n" not in str(error.value)


def test_a_view_of_a_page_in_its_own_charset() -> None:
    data = "<meta charset=latin1><p>été</p><p>x y</p>".encode("latin-1")
    view = read(data).view()
    assert view.put({}) == data
    assert view.put({1: "a→b"}) == "<meta charset=latin1><p>été</p><p>a&#8594;b</p>".encode("latin-1")


def test_xhtml_is_read_as_xml() -> None:
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><title/><p>a <code/>b <![CDATA[x < y &amp;]]> &own; &#150;</p></html>'
    assert texts(page, "x.xhtml") == ["a <1/>b x < y &amp; <2/> <3/>"]
    assert "<p>A <code/>B X &lt; Y &amp;amp; &own; &#150;</p>" in translated(page, "x.xhtml")


def test_a_text_with_very_many_codes_is_cut() -> None:
    page = "<p>" + "word <img>" * 3000 + "</p>"
    assert translated(page) == page.replace("word", "WORD")
    assert max(len(unit.codes) for unit in read(page).units) <= 1000
    assert texts("<p>" + "a&#1;" * 20_000) == []


def test_the_whole_way(tmp_path) -> None:
    path, out = tmp_path / "a.html", tmp_path / "b.html"
    path.write_text(
        '<html lang=en><p>Dear <b>Ann</b>, see <a href="x?a=1&b=2">this</a>:<br>- one<br>- two</p>', "utf-8"
    )
    report = translate_document(path, out, Perfect(), target="de")
    assert report.fell_back == 0
    assert out.read_text("utf-8") == (
        '<html lang=de><p>DEAR <b>ANN</b>, SEE <a href="x?a=1&b=2">THIS</a>:<br>- ONE<br>- TWO</p>'
    )


HOSTILE = (
    "{{", "{{ a\n", "{%", "{#", "<?php ", "<%", '<a b="{{', "<a b='<?php ", "<a {% ", "海<ruby><rt>", "<svg>", "<code>",
    "<kbd></p>", "<span translate=no>", "<title>", "<b></i>", "&lt;1&gt;", "&#1;", "<br>", "<a", "</", "<!DOCTYPE [",
    "--!>", "@if (a) {", "@if (", "@let a=", "{<b>}", "<math><mi>", "<meta charset=x>",
)  # fmt: skip


@pytest.mark.parametrize("xml", [False, True])
@pytest.mark.parametrize("piece", HOSTILE)
def test_reading_takes_time_in_proportion(piece, xml) -> None:
    def work(data):
        document = read_page(data, "x", GERMAN, xml=xml)
        b"".join(document.render([f"ZZ {unit.text}" for unit in document.units]))

    grows_linearly(lambda n: ("<p>a " + piece * (n // len(piece))).encode(), work, 20_000)


def test_three_megabytes_take_seconds() -> None:
    page = '<div><p>Some <b>bold</b> text, <a href="x?a=1&amp;b=2">a link</a>.<br>And more.</p></div>\n'
    data = (page * (3_500_000 // len(page))).encode()
    started = time.process_time()
    read(data)
    assert time.process_time() - started < 30


def parsed(page):
    """The elements, attributes and texts of a page as a browser has them, in small letters."""
    tree = html5lib.parse(page, treebuilder="etree", namespaceHTMLElements=False)
    found = []
    for element in tree.iter():
        name = element.tag if isinstance(element.tag, str) else "comment"
        found.append(
            (name, {k: v for k, v in element.attrib.items() if k != "lang"}, plain(element.text), plain(element.tail))
        )
    return found


def plain(text):
    return " ".join((text or "").lower().split())


WORDS = (
    "one ", "Two", " x &lt; y ", "&amp;lt;", "&nbsp;", "&eacute", "&#x3c;b>", "<", "&", " ", "\n", "<!-- c -->", "<b>", "</b>",
    "<i>", "</i>", "<a href='u'>", "</a>", "<p>", "</p>", "<div>", "</div>", "<br>", "</br>", "<code>", "</code>", "<kbd>",
    "</kbd>", "<ul>", "<li>", "</ul>", "<table>", "<td>", "</table>", "<svg>", "</svg>", "<math><mi>", "</math>", "<pre>",
    "</pre>", "<img src=i>", "<span translate=no>", "</span>", "<title>", "</title>", "<script>", "</script>", "<?php 1>2 ?>",
    "{{ a }}", "<ruby>", "<rt>", "</ruby>", "<h1>", "</h1>", "<![endif]>", "<o:p>", "</o:p>",
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_browsers_see_the_same_page(parts) -> None:
    page = "".join(parts)
    assert parsed(translated(page)) == parsed(page)
