# ruff: noqa: E501 - files are written here as they look
"""Every format: what is not translated stays byte for byte, and other readers read what is written."""

import csv
import io
import json
import zipfile

import docx
import polib
import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from mtreason.documents import FORMATS, Reading, pick_format, placeholders, read_document
from mtreason.errors import DocumentError, InputError

MARKDOWN = (
    "---\ntitle: A guide\n---\n\n# Hello *world*\n\nSome `code`, a [link](http://x.y/z_(1)) and\na second line.  \n"
    "Hard break above.\n\n> Quoted\n> twice\n\n* one\n* two\n  lines\n\n1. first\n   ```py\n   x = 1\n   ```\n",
    "| a b | c \\| d |\n|:---|---:|\n| one `x` | |\n| | two |\n\nTitle\r\n=====\r\n\r\nText\r\nhere\r\n",
    "<div>\nhtml stays\n</div>\n\n    indented code\n\n[ref]: http://a.b 'title'\n\n![picture of a cat](cat.png)\n\n***\n",
    "- [ ] open task\n- [x] done task\n\n  next paragraph of it\n\n> - nested\n>   deep\n>\n> 1. more\n\nend without newline",
    "\ufeff# With a mark\n\n\n\nfootnote[^1] here\n\n[^1]: text of it\n\nterm\n: definition\n",
)
HTML = (
    "<!DOCTYPE html><html><head><title>My title</title><style>p{}</style></head><body><h1>Hello <b>big</b> world</h1>"
    '<p>One &amp; two&nbsp;three <a href="x?a=1&b=2">link</a>.<br>Next</p></body></html>',
    "<ul><li>First<li>Second &eacute;t&#233;</ul>\n<pre>code</pre>text <i>at</i> the end",
    '<p translate="no">Keep</p><p>Keep <span translate="no">this</span> word</p><script>if (a<b) {}</script>',
    "<table><tr><td>one</td><td>1</td><td> two </td></tr></table><!-- a comment --><p></p><p>\n  wide\n  text\n</p>",
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>a <em>b</em><img src="c"/> d</p></body></html>',
)
SRT = (
    "1\n00:00:01,000 --> 00:00:02,000\nHello there,\nmy friend\n\n2\n00:00:03,000 --> 00:00:04,000\n<i>Bye</i>\n",
    "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nOne\r\n\r\n\r\n2\r\n00:00:02,000 --> 00:00:03,000\r\nTwo\r\n",
    "00:00:01,000 --> 00:00:02,000\nno number\n",
    "1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\nafter an empty one",
    "7\n00:00:01.5 --> 00:00:02.5 X1:1 X2:2\nodd times\n",
)
VTT = (
    "WEBVTT\n\n1\n00:01.000 --> 00:02.000\nHello\n",
    "WEBVTT - a title\n\nNOTE\nnot this\n\nSTYLE\n::cue {}\n\n00:01.000 --> 00:02.000 align:start\n<v Ann>Hello <b>you</b>\n",
    "WEBVTT\r\n\r\nid\r\n01:00:01.000 --> 01:00:02.000\r\ntwo\r\nlines\r\n",
    "WEBVTT\n",
    "WEBVTT\n\n00:01.000 --> 00:02.000\nlast",
)
ASS_HEAD = (
    "[Script Info]\nTitle: x\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
    "Style: Default,Arial,20\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)
ASS = tuple(
    ASS_HEAD
    + f"Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{text}\nComment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,no\n"
    for text in ("Hello, there", "{\\an8\\b1}Up here", "two\\Nlines", "a {\\i1}b{\\i0} c", "")
)
PO_HEAD = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=2; plural=n!=1;\\n"\n\n'
)
PO = (
    PO_HEAD + '#: a.c:1\n#, c-format\nmsgid "Hello %s\\n"\nmsgstr ""\n\n#~ msgid "old"\n#~ msgstr "alt"\n',
    PO_HEAD + '# note\nmsgctxt "menu"\nmsgid "Open"\nmsgstr ""\n\nmsgid "done"\nmsgstr "fertig"\n',
    PO_HEAD + '#, fuzzy\n#| msgid "By"\nmsgid "Bye"\nmsgstr "Tsch\\"uss"\n',
    PO_HEAD + 'msgid "one file"\nmsgid_plural "%d files"\nmsgstr[0] ""\nmsgstr[1] ""\n',
    (PO_HEAD + 'msgid ""\n"long "\n"text"\nmsgstr ""\n').replace("\n", "\r\n"),
)
XLIFF_12 = '<?xml version="1.0" encoding="UTF-8"?>\n<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file source-language="en" target-language="de" original="a" datatype="plaintext"><body>{}</body></file></xliff>\n'
XLIFF_20 = '<xliff version="2.0" srcLang="en" trgLang="de" xmlns="urn:oasis:names:tc:xliff:document:2.0"><file id="f"><unit id="1">{}</unit></file></xliff>'
XLIFF = (
    XLIFF_12.format('<trans-unit id="1"><source>Hello <g id="1">big &amp; bold</g><x id="2"/></source></trans-unit>'),
    XLIFF_12.format('<trans-unit id="1"><source>a &lt; b and</source><target></target></trans-unit>'),
    XLIFF_12.format('<trans-unit id="1"><source>done</source><target state="final">fertig</target></trans-unit>'),
    XLIFF_20.format('<segment state="initial"><source>Hello <ph id="1"/> you</source></segment>'),
    XLIFF_20.format(
        "<segment><source>One</source></segment><segment><source>Two</source><target>Zwei</target></segment>"
    ),
)
JSON = (
    '{"a": "Hello", "b": {"c": ["x1", "W\\u00f6rld", 3, true, null]}, "n": 1.5e3}\n',
    '[\n  "one",\n\t"two \\"quoted\\""\n]',
    '"alone"',
    '{"empty": "", "digits": "12", "nested": {"deep": {"text": "here"}}, "a": "again"}',
    "\ufeff{}\r\n",
)
JSONL = tuple(
    f'{{"text": "{t}", "id": "x"}}\n\n{{"id": "y", "text":"{t} too"}}' for t in ("One", "Two", "a\\nb", "é", "Q")
)
CSV = (
    'id,text,note\n1,"Hello, ""you""",n\n2,World,\n3,"multi\nline",x\n',
    "text\r\nOne\r\nTwo\r\n",
    "id,text\n1,\n2\n\n3,three\n",
    'text,text2\n"",x\n" a ",y\n',
    "\ufefftext\nlast",
)
TEXTS = {
    "markdown": MARKDOWN, "html": HTML, "srt": SRT, "vtt": VTT, "ass": ASS, "po": PO, "xliff": XLIFF, "json": JSON,
    "jsonl": JSONL, "csv": CSV, "tsv": tuple(t.replace(",", "\t") for t in CSV),
}  # fmt: skip
COLUMNS = {"jsonl": ("text",), "csv": ("text",), "tsv": ("text",)}


def read(form, data):
    return FORMATS[form].read(data, f"file.{form}", Reading(tuple(COLUMNS.get(form, ()))))


def rendered(document, texts):
    return b"".join(document.render(texts))


def same(form, data):
    document = read(form, data)
    assert rendered(document, [unit.text for unit in document.units]) == data
    return document


def same_or_refused(form, data):
    try:
        return same(form, data)
    except DocumentError as error:
        message = str(error)
    assert message.startswith(f"file.{form}")
    assert "\n" not in message
    return None


@pytest.mark.parametrize(("form", "text"), [(form, text) for form, texts in TEXTS.items() for text in texts])
def test_nothing_translated_is_nothing_changed(form, text) -> None:
    document = same(form, text.encode())
    assert [unit.number for unit in document.units] == list(range(1, 1 + len(document.units)))


PIECES = {
    "markdown": ["# ", "* ", "> ", "1. ", "word ", "`c` ", "[a](b) ", "|", "\n", "\n\n", "---\n", "    ", "```\n", "<b>", "é", "\\", "\r\n"],
    "html": ["<p>", "</p>", "<b>", "</b>", "<br>", "word ", "&amp;", "&", "<", ">", "<!--", "-->", "<pre>", "</pre>", " ", "\n", "é", '<a href="x">', "</a>", "<li"],
    "json": ["{", "}", "[", "]", '"a"', ":", ",", '"b\\n"', " ", "1", "true", "\n", "\\"],
    "csv": ["text,b\n", "a", ",", '"', '""', "\n", "\r\n", "é", " "],
    "srt": ["1\n", "00:00:01,000 --> 00:00:02,000\n", "word\n", "\n", "\r\n", " "],
    "po": ['msgid "a"\n', 'msgstr ""\n', 'msgstr "b"\n', "#, fuzzy\n", '"c"\n', "\n", 'msgid_plural "d"\n', 'msgstr[0] ""\n', "x"],
    "xliff": ["<xliff>", "</xliff>", "<trans-unit>", "</trans-unit>", "<source>", "</source>", "<target/>", "a", "<x/>", "&amp;"],
}  # fmt: skip


@pytest.mark.parametrize("form", PIECES)
@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_any_text_is_kept_or_refused(form, data) -> None:
    text = "".join(data.draw(st.lists(st.sampled_from(PIECES[form]), max_size=25)))
    if form == "csv":
        text = "text,b\n" + text
    document = same_or_refused(form, text.encode())
    if document is None:
        return
    # One unit translated changes nothing before it or behind it.
    units = list(document.units)
    if units and form in {"markdown", "json", "csv", "srt"}:
        changed = rendered(document, ["zzz", *(u.text for u in units[1:])]).decode()
        assert changed.count("zzz") == 1 + text.count("zzz")
        before, _, after = changed.partition("zzz")
        assert text.startswith(before.rstrip('"'))
        assert text.endswith(after.lstrip('"'))


@pytest.mark.parametrize("form", sorted(TEXTS))
@given(raw=st.binary(max_size=200))
@settings(deadline=None, max_examples=100)
def test_bytes_that_are_no_such_file(form, raw) -> None:
    same_or_refused(form, raw)


def upper(document):
    return rendered(document, [f"ZZ {i}" for i, _ in enumerate(document.units)])


def test_other_readers_read_what_is_written() -> None:
    for text in MARKDOWN:
        document = read("markdown", text.encode())
        kinds = [t.type for t in MarkdownIt("commonmark").enable("table").parse(text) if t.type != "softbreak"]
        again = [t.type for t in MarkdownIt("commonmark").enable("table").parse(upper(document).decode())]
        assert again == kinds, text
    for text in SRT[:2]:
        times = [(e.start, e.end) for e in pysubs2.SSAFile.from_string(text, "srt")]
        again = pysubs2.SSAFile.from_string(
            upper(read("srt", text.encode())).decode("utf-8-sig").replace("\r\n", "\n"), "srt"
        )
        assert [(e.start, e.end) for e in again] == times
        assert [e.text for e in again] == ["ZZ 0", "ZZ 1"]
    again = pysubs2.SSAFile.from_string(upper(read("ass", ASS[1].encode())).decode())
    assert [e.text for e in again] == ["ZZ 0", "no"]
    catalogue = polib.pofile(upper(read("po", PO[3].encode())).decode())
    assert catalogue[0].msgstr_plural == {0: "ZZ 0", 1: "ZZ 1"}
    catalogue = polib.pofile(upper(read("po", PO[0].encode())).decode())
    assert catalogue[0].msgstr == "ZZ 0\n"
    assert json.loads(upper(read("json", JSON[0].encode())))["b"]["c"] == ["ZZ 1", "ZZ 2", 3, True, None]
    rows = list(csv.reader(io.StringIO(upper(read("csv", CSV[0].encode())).decode(), newline="")))
    assert [row[1] for row in rows] == ["text", "ZZ 0", "ZZ 1", "ZZ 2"]


def test_cells_are_quoted_where_they_have_to_be() -> None:
    document = read("csv", b"id,text\n1,a\n2,b\n")
    data = rendered(document, ['say "hi", you', "two\nlines"]).decode()
    assert list(csv.DictReader(io.StringIO(data, newline=""))) == [
        {"id": "1", "text": 'say "hi", you'},
        {"id": "2", "text": "two\nlines"},
    ]


def test_xliff_targets_come_with_their_elements() -> None:
    document = read("xliff", XLIFF[0].encode())
    [unit] = document.units
    assert unit.text == "Hello <1>big & bold</1><2/>"
    root = etree.fromstring(rendered(document, ["<2/>Hallo <1>grosses & fettes</1>"]))
    target = root.find(".//{*}target")
    assert "".join(target.itertext()) == "Hallo grosses & fettes"
    assert [etree.QName(child).localname for child in target] == ["x", "g"]
    assert root.find(".//{*}source") is not None
    crossed = rendered(document, ["Hallo </1><2/><1>"])
    assert etree.tostring(etree.fromstring(crossed).find(".//{*}target/{*}x"), with_tail=True).endswith(b'id="2"/>')


def test_html_escapes_what_the_model_says() -> None:
    document = read("html", b"<p>a <b>c</b> &amp; d</p>")
    [unit] = document.units
    assert unit.text == "a <1>c</1> & d"
    assert rendered(document, ["x < y <1>z</1> & w <b> &amp; v"]) == (
        b"<p>x &lt; y <b>z</b> &amp; w &lt;b&gt; &amp;amp; v</p>"
    )


def test_captions_are_broken_into_lines() -> None:
    document = read("srt", SRT[2].encode())
    lines = (
        rendered(document, ["a rather long caption that would not fit on one line of a screen"]).decode().split("\n")
    )
    assert [len(line) <= 42 for line in lines[1:]] == [True] * len(lines[1:])
    assert len(lines) == 4


def word_file(*paragraphs):
    document = docx.Document()
    for runs in paragraphs:
        paragraph = document.add_paragraph()
        for text, bold in runs:
            paragraph.add_run(text).bold = bold
    document.add_table(1, 1).cell(0, 0).text = "in a cell"
    document.sections[0].header.paragraphs[0].text = "in the header"
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_word_documents() -> None:
    data = word_file([("Hello ", None), ("bold world", True)], [("", None)], [("Second", None)])
    document = same("docx", data)
    assert [u.text for u in document.units] == ["Hello <1>bold world</1>", "Second", "in a cell", "in the header"]
    again = docx.Document(io.BytesIO(rendered(document, ["Eins <1>zwei</1>", "Second", "Zelle", "Kopf"])))
    assert [p.text for p in again.paragraphs] == ["Eins zwei", "", "Second"]
    assert [(r.text, r.bold) for r in again.paragraphs[0].runs] == [("Eins ", None), ("zwei", True)]
    assert again.tables[0].cell(0, 0).text == "Zelle"
    assert again.sections[0].header.paragraphs[0].text == "Kopf"


def book(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", "<container/>", zipfile.ZIP_DEFLATED)
        for name, text in files.items():
            archive.writestr(f"OEBPS/{name}.xhtml", text, zipfile.ZIP_DEFLATED)
        archive.writestr("OEBPS/cat.png", b"\x89PNG", zipfile.ZIP_STORED)
    return stream.getvalue()


def test_books() -> None:
    data = book(one="<html><body><p>First</p></body></html>", two="<html><body><p>Second</p></body></html>")
    document = same("epub", data)
    assert [(u.place, u.text) for u in document.units] == [
        ("OEBPS/one.xhtml, line 1", "First"),
        ("OEBPS/two.xhtml, line 1", "Second"),
    ]
    archive = zipfile.ZipFile(io.BytesIO(rendered(document, ["First", "Zweitens"])))
    assert [i.filename for i in archive.infolist()] == [
        i.filename for i in zipfile.ZipFile(io.BytesIO(data)).infolist()
    ]
    assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
    assert archive.read("OEBPS/two.xhtml") == b"<html><body><p>Zweitens</p></body></html>"
    assert archive.read("OEBPS/cat.png") == b"\x89PNG"


def test_names_in_archives_lead_nowhere(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = book(**{"../../../evil": "<p>One</p>", "/evil": "<p>Two</p>"})
    archive = zipfile.ZipFile(io.BytesIO(rendered(same("epub", data), ["Eins", "Zwei"])))
    assert archive.read("OEBPS/../../../evil.xhtml") == b"<p>Eins</p>"
    assert list(tmp_path.iterdir()) == []
    assert not (tmp_path.parent / "evil.xhtml").exists()


def test_nothing_translated_in_archives_is_nothing_changed() -> None:
    words = (
        [],
        [[("One", None)]],
        [[("Two ", True), ("parts", None)], [("7", None)], [("\tindented", None)]],
        [[("中文", None), ("text ", True), ("end ", None)]] * 3,
        [[(" edges ", None)], [("", None)]],
    )
    for paragraphs in words:
        same("docx", word_file(*paragraphs))
    books = ({}, {"a": "<p>One</p>"}, {"b": HTML[4], "a": HTML[1]}, {"c": HTML[0]}, {"d": "<p>1</p>", "e": HTML[3]})
    for files in books:
        same("epub", book(**files))


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xliff>&b;</xliff>'


@pytest.mark.parametrize(
    ("form", "data", "message"),
    [
        ("json", b'{"a": \n "b",}', "file.json: line 2: not JSON"),
        ("jsonl", b'{"text": "a"}\n{x}\n', "file.jsonl: line 2: not JSON"),
        ("json", b"[" * 100_000, "not JSON"),
        ("csv", b"id,name\n1,2\n", "there is no column 'text' (of id, name)"),
        ("csv", b"text\na,b\n", "line 2: 2 cells, but the header names 1 columns"),
        ("csv", b'text\n"a', "line 2: not a table of this kind"),
        ("srt", b"Hello\n\nWorld\n", "line 1: expected a caption with its times"),
        ("vtt", b"1\n", "line 1: a WebVTT file begins with WEBVTT"),
        ("ass", b"Dialogue: 0,1\n", "line 1: expected 10 fields"),
        ("po", b'msgid "a"\nmsgstr ""\nwhat\n', "line 3: not a gettext catalogue"),
        ("po", b'msgid "a"\nmsgstr "\n', "line 2: not a gettext catalogue: expected a comment, a keyword with a"),
        ("po", b'msgid "a"\nmsgstr te\nmsgid "b"\nmsgstr ""\n', "line 2: not a gettext catalogue"),
        ("ass", b"[Events\nDialogue: 0,1,2,3,4,5,6,7,8,[Events]\n", "expected an ASS file with a section [Events]"),
        ("csv", b'"id\nof it",name\n1,2\n', "there is no column 'text' (of id of it, name)"),
        ("epub", book(a="<p>One</p>").replace(b"\x89PNG", b"\x89PNH"), "OEBPS/cat.png in it is damaged"),
        ("docx", word_file().replace(b"word/document.xml", b"word/documemt.xml"), "not a Word document"),
        ("xliff", b"<xliff>\n<a></xliff>", "line 2: not XML"),
        ("xliff", b'<xliff :v="e" xmlns="u"><file/></xliff>', "not XML: Failed to parse QName ':v'"),
        ("xliff", b"<tmx/>", "expected <xliff>, found <tmx>"),
        ("xliff", BOMB.encode(), "declares entities"),
        ("docx", b"PK\x03\x04", "not a Word document"),
        ("docx", book(), "not a Word document"),
        ("epub", word_file(), "not an EPUB book: it has no META-INF/container.xml"),
        ("markdown", b"a\n\xff\n", "line 2, byte offset 2, is not UTF-8"),
        ("html", b"<p>caf\xe9</p>", "line 1, byte offset 6, is not UTF-8"),
    ],
)
def test_malformed_files(form, data, message) -> None:
    with pytest.raises(DocumentError) as error:
        read(form, data)
    assert message in str(error.value)
    assert str(error.value).startswith(f"file.{form}")
    assert "\n" not in str(error.value)


def test_archives_are_bounded(monkeypatch) -> None:
    from mtreason.documents import archives

    monkeypatch.setattr(archives, "MOST_BYTES", 1 << 20)
    data = book(one="<p>" + "a" * (2 << 20) + "</p>")
    assert len(data) < 10_000
    with pytest.raises(DocumentError, match="unpacks to 2 MB"):
        read("epub", data)
    monkeypatch.setattr(archives, "MOST_MEMBERS", 2)
    with pytest.raises(DocumentError, match="more than 1 MB or 2 files"):
        read("epub", book())


def test_a_catalogue_without_a_header() -> None:
    text = 'msgid "a"\nmsgstr ""\nmsgid "b"\nmsgstr "c"\n# d\nmsgid "e"\nmsgstr ""\n'
    document = same("po", text.encode())
    assert [unit.text for unit in document.units] == ["a", "e"]
    assert upper(document).decode() == text.replace('""', '"ZZ 0"', 1).replace('""', '"ZZ 1"', 1)


def test_whatever_a_model_says_can_be_read_again() -> None:
    said = "zz \"q\" <x> & 'a',b\t|c\n\n--> {n} ]]> \\ %s </p>\x0b\ufffe"
    for form, texts in TEXTS.items():
        for text in texts:
            document = read(form, text.encode())
            units = list(document.units)
            again = list(read(form, rendered(document, [said] * len(units))).units)
            assert form in {"po", "xliff", "markdown", "html"} or len(again) == len(units), (form, text)
    utf_7 = XLIFF[0].replace("UTF-8", "UTF-7").encode()
    assert b"UTF-8" in rendered(read("xliff", utf_7), ["Hallo"])


def test_html_as_browsers_read_it() -> None:
    assert [unit.text for unit in same("html", b"<p>one <![d two></p><p>three</p>").units] == ["one", "three"]
    assert [unit.text for unit in same("html", b"<p>one\n<![<!two></p><p>three</p>").units] == ["one", "three"]


def test_which_format(tmp_path) -> None:
    assert pick_format("a/B.MD", None, ()).name == "markdown"
    assert pick_format("notes.txt", None, ()) is None
    assert pick_format("notes.txt", "json", ("a",)).name == "json"
    assert pick_format("notes.md", "text", ()) is None
    with pytest.raises(InputError, match="did you mean 'markdown'"):
        pick_format("x", "markdwn", ())
    with pytest.raises(InputError, match=r"`column` a: x\.srt is read as srt, which has no columns"):
        pick_format("x.srt", None, ("a",))
    (tmp_path / "x.md").write_text("# Hi\n", "utf-8")
    assert [u.text for u in read_document(tmp_path / "x.md", FORMATS["markdown"]).units] == ["Hi"]
    with pytest.raises(DocumentError, match="no such file"):
        read_document(tmp_path / "y.md", FORMATS["markdown"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello {name}, {0} and {{both}}", ("{name}", "{0}", "{{both}}")),
        ("${x} of {n, plural, one {# file} other {# files}}!", ("${x}", "{n, plural, one {# file} other {# files}}")),
        ("%s, %1$d, %(name)s, %.2f: 100%", ("%s", "%1$d", "%(name)s", "%.2f")),
        ("100%correct and 5% of", ()),
        ("<b>a</b> < c > &amp; &#x3c; & d", ("<b>", "</b>", "&amp;", "&#x3c;")),
        ("an open { brace and {} closed", ("{}",)),
    ],
)
def test_placeholders(text, expected) -> None:
    assert placeholders(text) == expected
