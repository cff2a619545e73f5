# ruff: noqa: E501 - files are written here as they look
"""Catalogues of programs, gettext and XLIFF: what a perfect translator says stands where it belongs, and all else stays."""

import codecs
import shutil
import subprocess

import polib
import pytest
from documents.test_growth import grows_linearly
from documents.test_growth import through as read_and_written
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from mtreason import translate_document
from mtreason.documents import FORMATS, Reading
from mtreason.documents.coded import tags
from mtreason.documents.literals import literals
from mtreason.errors import DocumentError
from mtreason.languages import parse_language


class Shout:
    """Translates everything into capitals, but for what has to stay."""

    def translate(self, texts):
        return [shouted(text) for text in texts]


def shouted(text):
    parts, at = [], 0
    for found in literals(text):
        parts += [text[at : found.start].upper(), text[found.start : found.end]]
        at = found.end
    return "".join([*parts, text[at:].upper()])


@pytest.fixture
def through(tmp_path):
    """Returns a function that translates a file; what programs read is accepted by their own tools afterwards."""

    def translate(name, content, target="de", translator=None):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        out = tmp_path / "out" / name
        out.parent.mkdir(exist_ok=True)
        report = translate_document(path, out, translator or Shout(), target=target)
        assert report.fell_back == 0, report.fallen
        if name.endswith((".po", ".pot")) and accepted(path):
            assert accepted(out), out.read_text("utf-8")
        return out.read_bytes().decode()

    return translate


def accepted(path):
    """Whether msgfmt takes a catalogue; where there is no msgfmt, polib reads it."""
    tool = shutil.which("msgfmt")
    if tool is None:
        return bool(polib.pofile(str(path)))
    return subprocess.run([tool, "-c", "-o", "-", path], capture_output=True, check=False).returncode == 0


def head(*lines, language="de", plural="nplurals=2; plural=(n != 1);", charset="UTF-8"):
    fields = [
        "Project-Id-Version: demo",
        f"Content-Type: text/plain; charset={charset}",
        f"Language: {language}",
        *lines,
    ]
    fields += [f"Plural-Forms: {plural}"] if plural else []
    return 'msgid ""\nmsgstr ""\n' + "".join(f'"{field}\\n"\n' for field in fields) + "\n"


def test_lines_of_a_message(through) -> None:
    source = head() + 'msgid ""\n"\\n"\n"How to: demo [OPTION]\\n"\n"  -1  all of it\\n"\n"\\n"\n"  end  "\nmsgstr ""\n'
    said = 'msgstr ""\n"\\n"\n"HOW TO: DEMO [OPTION]\\n"\n"  -1  ALL OF IT\\n"\n"\\n"\n"  END  "\n'
    assert through("a.po", source) == source.replace('msgstr ""\n', "~", 1).replace('msgstr ""\n', said).replace(
        "~", 'msgstr ""\n', 1
    )


@pytest.mark.parametrize(
    ("flags", "source", "said"),
    [
        ("c-format", "%lu bytes in %ld of %zu", "%lu BYTES IN %ld OF %zu"),
        ("c-format", "waits %dms, % 5d, %<PRIu64> and %-3s", "WAITS %dMS, % 5d, %<PRIu64> AND %-3s"),
        ("python-format", "%(count)s of %(x)r, %r and 50%% off", "%(count)s OF %(x)r, %r AND 50%% OFF"),
        ("qt-format", "file %1 of %L2", "FILE %1 OF %L2"),
        ("boost-format", "item %|2$5| of %1%", "ITEM %|2$5| OF %1%"),
        ("ruby-format", "%<a>d of %<b>-5s, %{c}", "%<a>d OF %<b>-5s, %{c}"),
        ("c-format", "%5<PRId64> of <b>it</b>", "%5<PRId64> OF <b>IT</b>"),
        ("sh-format", "$name costs ${price}", "$name COSTS ${price}"),
        ("lisp-format", "~a of ~5,'0d ~@[x~]", "~a OF ~5,'0d ~@[X~]"),
        ("java-printf-format", "on %1$tY at %tH, %s", "ON %1$tY AT %tH, %s"),
        ("", 'a <b class=\\"x\\">big</b> one<br>', 'A <b class=\\"x\\">BIG</b> ONE<br>'),
        ("", "C:\\\\temp\\\\new\\tend", "C:\\\\temp\\\\new\\tEND"),
        ("", "one\\r\\ntwo\\a \\033[1m", "ONE\\r\\nTWO\\a \\033[1M"),
        ("", 'say \\"<1>\\" and {name}', 'SAY \\"<1>\\" AND {name}'),
        ("", " edges\\t", " EDGES\\t"),
    ],
)
def test_what_stays_in_a_message(through, flags, source, said) -> None:
    comment = f"#, {flags}\n" if flags else ""
    text = through("a.po", head() + f'{comment}msgid "{source}"\nmsgstr ""\n')
    catalogue = polib.pofile(text)
    assert "".join(line.strip().strip('"') for line in text.split("msgstr")[-1].splitlines()).replace(
        "msgstr", ""
    ).strip(' "') == said.strip(' "')
    assert len(catalogue) == 1


def test_several_keywords_on_a_line(through) -> None:
    source = head() + 'msgid "One" msgstr ""\n\nmsgctxt "c"msgid"msgid \\" two" msgstr\n""\nmsgid "Last"msgstr"x"\n'
    text = through("a.po", source)
    assert text == source.replace('"One" msgstr ""', '"One" msgstr "ONE"').replace(
        'msgstr\n""', 'msgstr "MSGID \\" TWO"'
    )
    view = FORMATS["po"].read(source.encode(), "a.po", Reading()).view()
    theirs = FORMATS["po"].read(text.encode(), "a.po", Reading()).view()
    assert [piece.key for piece in view.pieces] == [piece.key for piece in theirs.pieces]
    assert [piece.place for piece in view.pieces] == ["line 1", "line 8", "line 10", "line 12"]
    raws = {i: piece.raw for i, piece in enumerate(theirs.pieces)}
    assert view.put(raws).decode().rstrip("\n") == text.rstrip("\n")
    assert polib.pofile(view.obsolete(view.pieces[1]))[0].obsolete


def test_a_second_header_is_no_message() -> None:
    content = f'{head()}msgid "a"\nmsgstr ""\n\n{head("X: y")}msgid "b"\nmsgstr ""\n'
    document = FORMATS["po"].read(content.encode(), "a.po", Reading())
    assert [unit.text for unit in document.units] == ["a", "b"]
    assert list(document.pairs()) == []


def test_percent_signs_that_a_translation_adds(through) -> None:
    class Percent:
        def translate(self, texts):
            return [f"{text} 5 % d" for text in texts]

    source = head() + '#, c-format\nmsgid "%d files"\nmsgstr ""\n\nmsgid "a file"\nmsgstr ""\n'
    expected = source.replace('files"\nmsgstr ""', 'files"\nmsgstr "%d files 5 %% d"')
    assert through("a.po", source, translator=Percent()) == expected.replace(
        'file"\nmsgstr ""', 'file"\nmsgstr "a file 5 % d"'
    )


def test_messages_stay_apart(through) -> None:
    source = head() + (
        '#. for a menu\nmsgctxt "verb"\nmsgid "Open"\nmsgstr ""\n\nmsgctxt "state"\nmsgid "Open"\nmsgstr ""\n\n'
        '#, fuzzy\n#| msgid "Old text"\nmsgid "New text"\nmsgstr "Alter Text"\n\n'
        '#, fuzzy\nmsgid "OK"\nmsgstr "stale"\n\nmsgid "done"\nmsgstr "fertig"\n\n'
        '#, fuzzy\n#~ msgid "gone"\n#~ msgstr "weg"\n\nmsgid "kept"\nmsgstr "behalten"\n'
    )
    # A translation that is its source is one as well: "stale" must not stay.
    expected = source.replace('msgid "Open"\nmsgstr ""', 'msgid "Open"\nmsgstr "OPEN"')
    expected = expected.replace("Alter Text", "NEW TEXT").replace("stale", "OK")
    assert through("a.po", source) == expected


TEMPLATE = (
    '# A TITLE.\n#, fuzzy\nmsgid ""\nmsgstr ""\n"Project-Id-Version: demo 1.0\\n"\n"Language: \\n"\n"MIME-Version: 1.0\\n"\n'
    '"Content-Type: text/plain; charset=CHARSET\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
    '"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;\\n"\n\n'
    '#: main.c:10\nmsgid "Good morning"\nmsgstr ""\n\n'
    '#, c-format\nmsgid "%d apple"\nmsgid_plural "%d apples"\nmsgstr[0] ""\nmsgstr[1] ""\n\n'
    '#, c-format\nmsgid "one hour"\nmsgid_plural "%d hours"\nmsgstr[0] ""\nmsgstr[1] ""\n'
)


@pytest.mark.parametrize(
    ("target", "name", "apples", "hours"),
    [
        ("de", "de", ["%d APPLE", "%d APPLES"], ["ONE HOUR", "%d HOURS"]),
        # Its first form is for 21 apples too, and "one hour" is not said of 21.
        ("ru", "ru", ["%d APPLE", "%d APPLES", "%d APPLES"], ["%d HOURS"] * 3),
        ("ja", "ja", ["%d APPLES"], ["%d HOURS"]),
        ("zh-Hant", "zh_TW", ["%d APPLES"], ["%d HOURS"]),
        ("pt-BR", "pt_BR", ["%d APPLE", "%d APPLES", "%d APPLES"], ["%d HOURS"] * 3),
    ],
)
def test_templates_become_catalogues_of_a_language(through, target, name, apples, hours) -> None:
    catalogue = polib.pofile(through("a.pot", TEMPLATE, target))
    assert catalogue.metadata["Language"] == name
    assert catalogue.metadata["Content-Type"] == "text/plain; charset=UTF-8"
    assert catalogue.metadata["Plural-Forms"].startswith(f"nplurals={len(apples)}; plural=")
    assert list(catalogue[1].msgstr_plural.values()) == apples
    assert list(catalogue[2].msgstr_plural.values()) == hours
    assert (
        TEMPLATE.partition("\n#: main")[0].splitlines()[:5] == str(through("a.pot", TEMPLATE, target)).splitlines()[:5]
    )


def test_forms_that_a_person_filled_in(through) -> None:
    message = 'msgid "one file"\nmsgid_plural "%d files"\n{} "eine Datei (von Hand)"\nmsgstr[1] ""\n'
    for label in ("msgstr[0]", "msgstr"):
        source = head() + message.format(label)
        assert through("a.po", source) == source.replace('msgstr[1] ""', 'msgstr[1] "%d FILES"')
    russian = head(
        language="ru",
        plural="nplurals=3; plural=n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2;",
    )
    source = russian + 'msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] ""\nmsgstr[1] "by hand"\n'
    said = source.replace('msgstr[0] ""', 'msgstr[0] "%d FILE"').replace(
        '"by hand"\n', '"by hand"\nmsgstr[2] "%d FILES"\n'
    )
    assert through("a.po", source, "ru") == said


def test_forms_that_the_language_of_the_file_does_not_have(through) -> None:
    source = (
        head(plural="nplurals=1; plural=0;") + 'msgid "a file"\nmsgid_plural "%d files"\nmsgstr[0] ""\nmsgstr[1] ""\n'
    )
    assert through("a.po", source, "ru") == source.replace('msgstr[0] ""\nmsgstr[1] ""', 'msgstr[0] "%d FILES"')


@pytest.mark.parametrize(
    "plural",
    [
        "nplurals=2; plural=n/0;",
        "nplurals=2; plural=n;",
        "nplurals=99; plural=0;",
        "nplurals=2; plural=__import__('os');",
    ],
)
def test_rules_that_are_none(through, plural) -> None:
    text = through("a.po", head(plural=plural) + 'msgid "a"\nmsgid_plural "b"\nmsgstr[0] ""\nmsgstr[1] ""\n', "cs")
    assert polib.pofile(text).metadata["Plural-Forms"].startswith("nplurals=3; plural=(n == 1 ?")


def test_a_header_that_lacks_the_charset(through) -> None:
    message = 'msgid "hello"\nmsgid_plural "all"\nmsgstr[0] ""\nmsgstr[1] ""\n'
    text = through("a.po", f'msgid ""\nmsgstr "Project-Id-Version: x"\n\n{message}')
    assert text.startswith(
        'msgid ""\nmsgstr "Project-Id-Version: x\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    )


@pytest.mark.parametrize("charset", ["ISO-8859-1", "windows-1252", "CP1252"])
def test_another_charset(through, charset) -> None:
    source = head(charset=charset) + '# Ärger\nmsgid "café"\nmsgstr ""\n\nmsgid "done"\nmsgstr "schön"\n'
    expected = source.replace(f"charset={charset}", "charset=UTF-8").replace(
        'msgid "café"\nmsgstr ""', 'msgid "café"\nmsgstr "CAFÉ"'
    )
    assert through("a.po", source.encode("latin-1")) == expected
    document = FORMATS["po"].read(source.encode("latin-1"), "a.po", Reading())
    assert b"".join(document.render([unit.text for unit in document.units])) == source.encode("latin-1")
    assert document.view().put({}).decode() == source.replace(f"charset={charset}", "charset=UTF-8")


def test_charsets_that_are_not_the_files(through) -> None:
    source = head(charset="EUC-JP") + 'msgid "café"\nmsgstr ""\n'
    with pytest.raises(
        DocumentError, match=r"line 8, byte offset .* is not EUC_JP, which the header says the file is in"
    ):
        through("a.po", source.encode("latin-1"))
    for charset in ("zlib_codec", "../../etc", "utf-7", "unicode_escape", "US-ASCII"):
        assert "CAFÉ" in through("a.po", source.replace("EUC-JP", charset))
        assert "charset=UTF-8" in through("a.po", source.replace("EUC-JP", charset))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('msgid "a"\nmsgid "b"\nmsgstr ""\n', "line 1: not a gettext catalogue: this message has no msgstr"),
        ('"a"\nmsgid "b"\nmsgstr ""\n', "line 1: not a gettext catalogue: this string belongs to no keyword"),
        ('msgid "a"\nmsgstr "b"\nmsgstr "c"\n', "line 3: not a gettext catalogue: msgstr is not expected here"),
        ('msgstr "b"\n', "line 1: not a gettext catalogue: msgstr is not expected here"),
        ('msgid "a"\nmsgstr\nmsgid "c"\nmsgstr ""\n', "line 2: not a gettext catalogue: this keyword has no string"),
        ('msgid "a"\n', "line 1: not a gettext catalogue: this message has no msgstr"),
    ],
)
def test_what_is_no_catalogue(content, message) -> None:
    with pytest.raises(DocumentError, match=message):
        FORMATS["po"].read(content.encode(), "a.po", Reading())


def test_strings_on_lines_of_their_own(through) -> None:
    source = (
        head() + 'msgid "one " "two"\nmsgstr\n""\n\nmsgid "a"\nmsgid_plural "all"\nmsgstr[0]\n"eins"\nmsgstr[1]\n""\n'
    )
    expected = source.replace('msgstr\n""', 'msgstr "ONE TWO"').replace('msgstr[1]\n""', 'msgstr[1] "ALL"')
    assert through("a.po", source) == expected


BITS = (
    "word",
    " ",
    "\\n",
    "\\t",
    '\\"',
    "\\\\",
    "<b>",
    "</b>",
    "<i>",
    "<1>",
    "</1>",
    "%d",
    "%s",
    "%",
    "{x}",
    "é",
    "\\a",
    "&amp;",
    "\\n\\n",
)


@settings(deadline=None, max_examples=150)
@given(bits=st.lists(st.sampled_from(BITS), max_size=12))
def test_any_message_comes_back(bits) -> None:
    raw = "".join(bits)
    source = head() + f'msgid "anchor"\nmsgstr ""\n\n#, c-format\nmsgid "x{raw}x"\nmsgstr ""\n'
    document = FORMATS["po"].read(source.encode(), "a.po", Reading())
    anchor, message = document.units
    assert sorted(tags(message.text)) == sorted(message.codes)
    text = b"".join(document.render([anchor.text.upper(), message.text])).decode()
    written = "".join(line[1:-1] for line in text.rpartition("msgstr ")[2].splitlines())
    assert written == f"x{raw}x"
    assert FORMATS["po"].read(text.encode(), "a.po", Reading()).units == ()


X12 = '<?xml version="1.0" encoding="UTF-8"?>\n<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">\n  <file source-language="en" datatype="plaintext" original="a">\n    <body>\n{}    </body>\n  </file>\n</xliff>\n'
X20 = '<?xml version="1.0" encoding="UTF-8"?>\n<xliff version="2.0" srcLang="en" xmlns="urn:oasis:names:tc:xliff:document:2.0">\n  <file id="f">\n{}  </file>\n</xliff>\n'
NAMED = ' target-language="de">'


def unit(source, target="", more=""):
    return f'      <trans-unit id="u"{more}>\n        <source>{source}</source>{target}\n      </trans-unit>\n'


def said(text, indent="\n        "):
    return f'{indent}<target state="needs-review-translation">{text}</target>'


def in_german(text):
    return text.replace('original="a">', f'original="a"{NAMED}')


CONTENTS = [
    (
        'Hello <x id="INTERPOLATION" equiv-text="{{ customer.name }}"/>, new',
        'HELLO <x id="INTERPOLATION" equiv-text="{{ customer.name }}"/>, NEW',
    ),
    ('a <g id="1">big &amp; bold</g><x id="2"/>', 'A <g id="1">BIG &amp; BOLD</g><x id="2"/>'),
    (
        'a <bpt id="1">&lt;b></bpt>big<ept id="1">&lt;/b></ept> one',
        'A <bpt id="1">&lt;b></bpt>BIG<ept id="1">&lt;/b></ept> ONE',
    ),
    (
        'a <ph id="1">code <sub>alt</sub></ph> b<it id="2" pos="open">x</it>',
        'A <ph id="1">code <sub>alt</sub></ph> B<it id="2" pos="open">x</it>',
    ),
    (
        'keep <mrk mtype="protected">this name</mrk> and <mrk mtype="term">that</mrk>',
        'KEEP <mrk mtype="protected">this name</mrk> AND <mrk mtype="term">THAT</mrk>',
    ),
    ("one\n  two &#10;three &#13;four", "ONE\n  TWO \nTHREE &#13;FOUR"),
    ("  edges \n", "  EDGES \n"),
    ("<![CDATA[a <b>big</b> & one]]> <!-- note -->two", "A &lt;b&gt;BIG&lt;/b&gt; &amp; ONE <!-- note -->TWO"),
    ("say &lt;1&gt; and <x id='3'/>", "SAY &lt;1&gt; AND <x id='3'/>"),
    (
        '<x id="START_LINK" ctype="x-a"/>here<x id="CLOSE_LINK" ctype="x-a"/> or <bx id="1"/>there<ex id="1"/>',
        '<x id="START_LINK" ctype="x-a"/>HERE<x id="CLOSE_LINK" ctype="x-a"/> OR <bx id="1"/>THERE<ex id="1"/>',
    ),
]


@pytest.mark.parametrize(("source", "target"), CONTENTS)
def test_content_of_a_unit(through, source, target) -> None:
    text = through("a.xlf", X12.format(unit(source, more=' xml:space="preserve"')))
    assert text == in_german(X12.format(unit(source, said(target), more=' xml:space="preserve"')))
    etree.fromstring(text.encode())


ICU = 'Saw {N, plural, =0 {none} other {<x id="START_B"/><x id="I" equiv-text="{{ n }}"/> cats<x id="CLOSE_B"/>}}'
SAID = '<x id="START_B"/><x id="I" equiv-text="{{ n }}"/> CATS<x id="CLOSE_B"/>'


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (ICU, f"{{N, plural, =0 {{SAW NONE}} one {{SAW {SAID}}} other {{SAW {SAID}}}}}"),
        (
            "{S, select, f {she} other {they {N, plural, one {is} other {are}}}}",
            "{S, select, f {SHE} other { {N, plural, one {THEY IS} other {THEY ARE}}}}",
        ),
        ("{N, plural, one {a &lt; b} other {&lt;b&gt;it's&lt;/b&gt;}}", None),
        ("{N, plural, one {a} two {b}}, so", "{N, plural, one {a} two {b}}, SO"),
    ],
)
def test_messages_with_branches(through, source, target) -> None:
    """Each branch is translated, in the forms of the target; a brace beside another is an expression to Angular."""
    target = target or "{N, plural, one {A &lt; B} other {&lt;b&gt;IT'S&lt;/b&gt;}}"
    text = through("a.xlf", X12.format(unit(source)))
    assert text == in_german(X12.format(unit(source, said(target))))
    document = FORMATS["xliff"].read(text.encode(), "a.xlf", Reading(target=parse_language("de")))
    assert list(document.faults()) == []
    lost = text.replace('<x id="CLOSE_B"/>} other', "} other").replace("SHE}", "SHE %s}")
    document = FORMATS["xliff"].read(lost.encode(), "a.xlf", Reading(target=parse_language("de")))
    assert bool(list(document.faults())) == (lost != text)


def test_elements_of_xliff_2(through) -> None:
    source = (
        'a <pc id="1">big</pc> <sc id="2"/>red<ec startRef="2"/> <ph id="3" equiv="{n}"/> <cp hex="0001"/>'
        '<mrk id="m" translate="no">name</mrk> <sm id="s" translate="no"/>as it is<em startRef="s"/> <mrk id="c" type="comment">x</mrk>'
    )
    content = f'    <unit id="u">\n      <segment state="initial" subState="a:b">\n        <source>{source}</source>\n      </segment>\n    </unit>\n'
    text = through("a.xlf", X20.format(content))
    target = (
        'A <pc id="1">BIG</pc> <sc id="2"/>RED<ec startRef="2"/> <ph id="3" equiv="{n}"/> <cp hex="0001"/>'
        '<mrk id="m" translate="no">name</mrk> <sm id="s" translate="no"/>as it is<em startRef="s"/> <mrk id="c" type="comment">X</mrk>'
    )
    expected = content.replace('"initial" subState="a:b"', '"translated"').replace(
        "</source>", f"</source>\n        <target>{target}</target>"
    )
    assert text == X20.format(expected).replace(':2.0">', ':2.0" trgLang="de">')


def test_what_must_not_be_translated(through) -> None:
    def segment(text, more=""):
        return f'<unit id="{text}"{more}><segment><source>{text}</source></segment></unit>\n'

    content = (
        segment("brand", ' translate="no"')
        + f'<group id="g" translate="no">{segment("code")}'
        + segment("but", ' translate="yes"')
        + "</group>\n"
        + '<unit id="m"><segment><source>First.</source></segment><ignorable><source> </source></ignorable><segment><source>Second.</source></segment></unit>\n'
    )
    root = etree.fromstring(through("a.xlf", X20.format(content)).encode())
    assert [target.text for target in root.iter("{*}target")] == ["BUT", "FIRST.", "SECOND."]
    assert root.get("trgLang") == "de"
    old = X12.format('      <group translate="no">' + unit("no") + "</group>" + unit("no", more=' translate="no"'))
    assert through("a.xlf", old) == old
    document = FORMATS["xliff"].read(
        X20.replace('id="f"', 'id="f" translate="no"').format(segment("all")).encode(), "a.xlf", Reading()
    )
    assert document.units == ()


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ('<target state="final">fertig</target>', ""),
        ('<target state="translated">fertig</target>', ""),
        ('<target state="needs-review-translation">fertig</target>', ""),
        ('<target state="new">fertig</target>', ' approved="yes"'),
        ("<target>fertig</target>", ""),
        ('<target><mrk mtype="seg" mid="0">fertig</mrk></target>', ""),
    ],
)
def test_finished_targets(through, target, more) -> None:
    source = X12.format(unit("done", f'<seg-source><mrk mtype="seg" mid="0">done</mrk></seg-source>{target}', more))
    assert through("a.xlf", source) == source


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (
            '<target state="needs-translation" xml:lang="de">alt</target>',
            '<target state="needs-review-translation" xml:lang="de">DONE</target>',
        ),
        ("<target/>", "<target>DONE</target>"),
        ("<target a='1' />", "<target a='1'>DONE</target>"),
    ],
)
def test_unfinished_targets(through, target, expected) -> None:
    assert through("a.xlf", X12.format(unit("done", target))) == in_german(X12.format(unit("done", expected)))


def test_where_a_target_belongs(through) -> None:
    """After the source and its segments, before all else; segments that are marked are marked in the target as well."""
    marked = '<seg-source><g id="1"><mrk mtype="seg" mid="0">One <x id="2"/>.</mrk> <mrk mtype="seg" mid="1">Two.</mrk></g></seg-source>'
    more = "<note>n</note><alt-trans><source>One.</source><target>Eins.</target></alt-trans>"
    text = through("a.xlf", X12.format(unit("<g id='1'>One <x id='2'/>. Two.</g>", f"{marked}{more}")))
    target = said(
        marked.replace("One", "ONE").replace("Two", "TWO").replace("<seg-source>", "").replace("</seg-source>", "")
    )
    assert text == in_german(X12.format(unit("<g id='1'>One <x id='2'/>. Two.</g>", f"{marked}{target}{more}")))
    names = [etree.QName(child).localname for child in etree.fromstring(text.encode()).find(".//{*}trans-unit")]
    assert names == ["source", "seg-source", "target", "note", "alt-trans"]


def test_segments_that_a_person_translated(through) -> None:
    marked = '<seg-source><mrk mtype="seg" mid="0">One.</mrk> <mrk mtype="seg" mid="1">Two.</mrk> <mrk mtype="seg" mid="2">Three.</mrk></seg-source>'
    target = '<target><mrk mtype="seg" mid="0">Eins.</mrk> <mrk mtype="seg" mid="1"></mrk> <mrk mtype="seg" mid="2"/></target>'
    source = X12.format(unit("One. Two. Three.", f"{marked}{target}"))
    assert through("a.xlf", source) == in_german(
        source.replace('mid="1"></mrk>', 'mid="1">TWO.</mrk>').replace('mid="2"/>', 'mid="2">THREE.</mrk>')
    )


def test_segments_that_share_a_name(through) -> None:
    marked = '<seg-source><mrk mtype="seg" mid="0">One.</mrk><mrk mtype="seg" mid="0"/></seg-source>'
    source = X12.format(
        unit("One.", marked + '<target><mrk mtype="seg" mid="0">Eins.</mrk><mrk mtype="seg" mid="0"/></target>')
    )
    assert through("a.xlf", source) == source


def test_foreign_elements_and_prefixes(through) -> None:
    source = (
        '<x:xliff version="1.2" xmlns:x="urn:oasis:names:tc:xliff:document:1.2" xmlns:y="urn:y"><x:file original="a"><x:body>'
        "<y:trans-unit><y:source>not this</y:source></y:trans-unit>"
        '<x:trans-unit id="1" y:state="new"><y:source>nor this</y:source><x:source>But <x:g id="1">this</x:g> <y:a>as it is</y:a></x:source></x:trans-unit>'
        "</x:body></x:file></x:xliff>"
    )
    target = '<x:target state="needs-review-translation">BUT <x:g id="1">THIS</x:g> <y:a>as it is</y:a></x:target>'
    assert through("a.xlf", source) == source.replace("</x:source>", f"</x:source>{target}").replace(
        'original="a"', 'original="a" target-language="de"'
    )


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "utf-8-sig"])
def test_encodings(through, encoding) -> None:
    source = (
        X12.format(unit("café", "<note>Ärger</note>"))
        .replace("\n", "\r\n")
        .replace("UTF-8", encoding.upper().removesuffix("-SIG"))
    )
    text = through("a.xlf", source.encode(encoding))
    expected = in_german(X12.format(unit("café", said("CAFÉ") + "<note>Ärger</note>"))).replace("\n", "\r\n")
    assert text.encode() == (codecs.BOM_UTF8 if encoding == "utf-8-sig" else b"") + expected.encode()


class Hostile:
    """Says back what would be markup, and all codes in the wrong order."""

    def translate(self, texts):
        return ["".join(reversed(tags(text))) + "</target>&x;<b>]]>" for text in texts]


INLINE = (
    "word ",
    "<g id='1'>",
    "</g>",
    "<x id='2'/>",
    "<bpt id='3'>a</bpt>",
    "<ept id='3'>b</ept>",
    "<bx id='4'/>",
    "<ex id='4'/>",
    "&lt;1&gt;",
    "&lt;",
    "&#13;",
    "\n",
    "<!-- c -->",
    "<mrk mtype='protected'>",
    "</mrk>",
    "<![CDATA[<1>]]>",
)


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_any_content_comes_back(data) -> None:
    source = X12.format(unit("a" + "".join(data.draw(st.lists(st.sampled_from(INLINE), max_size=12)))))
    try:
        document = FORMATS["xliff"].read(source.encode(), "a.xlf", Reading((), parse_language("de")))
    except DocumentError:
        return
    [unit_] = document.units
    assert sorted(tags(unit_.text)) == sorted(unit_.codes)
    root = etree.fromstring(b"".join(document.render([unit_.text.replace("a", "A", 1)])))
    before, after = root.find(".//{*}source"), root.find(".//{*}target")
    assert "".join(after.itertext()) == "A" + "".join(before.itertext())[1:]
    assert [(e.tag, dict(e.attrib)) for e in after.iterdescendants()] == [
        (e.tag, dict(e.attrib)) for e in before.iterdescendants()
    ]
    etree.fromstring(b"".join(document.render(Hostile().translate([unit_.text]))))


def test_what_the_source_says_of_its_content(through) -> None:
    source = '<source xml:space="preserve" xmlns:y="urn:y">a\n <y:b>c</y:b></source>'
    content = f'<unit id="u"><segment>{source}</segment></unit>'
    target = source.replace("source", "target").replace(">a\n", ">A\n")
    text = through("a.xlf", X20.format(content))
    assert f'<segment state="translated">{source}{target}</segment>' in text
    etree.fromstring(text.encode())


def test_a_view_of_targets_changes_nothing_else() -> None:
    source = X12.format(
        unit("one", "<target a='1'>eins</target>") + unit("two", more=" approved='no'").replace('id="u"', "id='v'")
    )
    view = FORMATS["xliff"].read(source.encode(), "a.xlf", Reading()).view()
    assert view.put({}).decode() == source
    assert view.put({i: piece.raw for i, piece in enumerate(view.pieces)}).decode() == source.replace(
        "approved='no'", 'approved="no"'
    )
    rewritten = source.replace("<target a='1'>eins</target>", '<target a="1">&#101;ins</target>').replace(
        "id='v'", 'id="v"'
    )
    again = FORMATS["xliff"].read(rewritten.encode(), "a.xlf", Reading()).view()
    assert [piece.mark for piece in again.pieces] == [piece.mark for piece in view.pieces]
    assert again.frame == view.frame


@pytest.mark.parametrize(
    ("form", "make"),
    [
        ("po", lambda n: head() + f'msgid "{"<a>" * n}{"</b>" * n}x"\nmsgstr ""\n'),
        ("po", lambda n: head() + f'#, c-format\nmsgid "{"%(a" * n}{"%+" * n}{"%1" * n}"\nmsgstr ""\n'),
        ("po", lambda n: head() + 'msgid "a"\nmsgid_plural "b"\n' + "".join(f'msgstr[{i}] ""\n' for i in range(n))),
        ("xliff", lambda n: X12.format(unit("<bpt id='1'/>" * n + "a" + "<ept id='2'/>" * n))),
        (
            "xliff",
            lambda n: X12.format(unit("".join(f"<bx id='{i % 99}'/>a" for i in range(n)) + "<g><ex id='1'/></g>" * n)),
        ),
        ("xliff", lambda n: X12.format(unit("a", "<seg-source>" + '<mrk mtype="seg">a</mrk>' * n + "</seg-source>"))),
    ],
)
def test_hostile_content_takes_linear_time(form, make) -> None:
    grows_linearly(lambda n: make(n).encode(), read_and_written(form), 2000)
