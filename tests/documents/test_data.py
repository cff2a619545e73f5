"""Strings of programs: ICU messages, JSON, tables, YAML and the resources of several platforms, whole after translation."""

import csv
import io
import json
import plistlib
import re

import pytest
import yaml
from babel import Locale
from documents.test_growth import grows_linearly, through
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from mtreason import translate_document
from mtreason.documents import FORMATS, Reading, pick_format
from mtreason.documents.branches import plural_categories
from mtreason.documents.icu import icu_message
from mtreason.errors import DocumentError
from mtreason.languages import parse_language

RUSSIAN, JAPANESE = parse_language("ru"), parse_language("ja")
KEPT = re.compile(r"</?\d+/?>|\$t\([^()]*\)|%[#\d$.]*[@a-z]+|%?\{[^{}]*\}|(?<!\w):[a-z]+|https?://\S+")


def swapped(text):
    """A translation without fault: the case of letters changes, but not what a program reads."""
    at, parts = 0, []
    for found in KEPT.finditer(text):
        parts += [text[at : found.start()].swapcase(), found[0]]
        at = found.end()
    return "".join([*parts, text[at:].swapcase()])


class Perfect:
    def translate(self, texts):
        return [swapped(text) for text in texts]


def read(form, data, target=RUSSIAN, columns=("text",), name=None):
    columns = columns if FORMATS[form].columns and form not in {"json", "yaml"} else ()
    data = data if isinstance(data, bytes) else data.encode()
    return FORMATS[form].read(data, name or f"file.{form}", Reading(columns, target))


def texts(form, data, **more):
    return [unit.text for unit in read(form, data, **more).units]


def translated(form, data, translate=swapped, **more):
    document = read(form, data, **more)
    return b"".join(document.render([translate(unit.text) for unit in document.units])).decode()


def message(text, target=RUSSIAN):
    [out] = json.loads(translated("json", json.dumps([text]), target=target))
    return out


ICU = (
    ("{n, plural, one {# file} other {# files}}", "{n, plural, one {# FILE} few {# FILES} many {# FILES} other {# FILES}}"),
    ("{n,plural,=0{none} one{one} other{many}}", "{n,plural,=0{NONE} one{ONE} few{MANY} many{MANY} other{MANY}}"),
    (
        "You have {n, plural, offset:1 other {# <b>new</b> mails}} now",
        "{n, plural, offset:1 one {yOU HAVE # <b>NEW</b> MAILS NOW} few {yOU HAVE # <b>NEW</b> MAILS NOW}"
        " many {yOU HAVE # <b>NEW</b> MAILS NOW} other {yOU HAVE # <b>NEW</b> MAILS NOW}}",
    ),
    ("{g, select, female {She left} other {They left}}", "{g, select, female {sHE LEFT} other {tHEY LEFT}}"),
    ("{n, selectordinal, one {#st} other {#th}}", "{n, selectordinal, other {#TH}}"),
    ("{g, select, a {it''s '{'} other {{name} isn't #1}}", "{g, select, a {IT'S '{'} other {{name} ISN'T #1}}"),
    (
        "{g, select, a {{n, plural, other {x}}} other {y}}",
        "{g, select, a {{n, plural, one {X} few {X} many {X} other {X}}} other {Y}}",
    ),
    (
        "{n, plural, other {# {g, select, other {dogs}}}}",
        "{n, plural, one {{g, select, other {{n, number} DOGS}}} few {{g, select, other {{n, number} DOGS}}}"
        " many {{g, select, other {{n, number} DOGS}}} other {{g, select, other {{n, number} DOGS}}}}",
    ),
    ("Since {d, date, ::yMMMd} {g, select, other {x}}", "{g, select, other {sINCE {d, date, ::yMMMd} X}}"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ICU)
def test_each_way_through_a_message_is_a_text(text, expected) -> None:
    assert message(text) == expected
    assert icu_message(text, RUSSIAN) is not None
    assert translated("json", json.dumps([text]), translate=str) == json.dumps([text])


def test_branches_that_a_target_does_not_have_go() -> None:
    assert message("{n, plural, one {# cat} other {# cats}}", JAPANESE) == "{n, plural, other {# CATS}}"
    kept = message("{n, plural, one {# cat} other {# cats}}", None)
    assert kept == "{n, plural, one {# CAT} other {# CATS}}"


@pytest.mark.parametrize("tag", ["ar", "cy", "de", "fr", "ja", "lt", "pt-BR", "ru", "zh-Hant"])
def test_plural_categories_are_those_of_cldr(tag) -> None:
    own = Locale.parse(tag, sep="-")
    assert {*plural_categories(parse_language(tag))} == {*own.plural_form.tags, "other"}
    assert {*plural_categories(parse_language(tag), ordinal=True)} == {*own.ordinal_form.tags, "other"}


@pytest.mark.parametrize(
    "text",
    [
        "{n, plural, one {a}", "{n, plural, one {a}}", "{n, plural, one {a} one {b} other {c}}", "a } {n, plural, other {b}}",
        "{n, plural, other {it '{b}}", "{n, plural, other {{x y}}}", "{a, select, " * 50, "{" * 100 + ", plural,",
        "{a, select, other {" * 9 + "x" + "}}" * 9, "{n, plural, other {# {g, select, other {x}}}} {" ,
        "{n, plural, offset:1 other {# {g, select, other {x}}}}", "{a, plural, one {x} other {y}} " * 5,
    ],
)  # fmt: skip
def test_what_is_no_message_is_text(text) -> None:
    assert icu_message(text, RUSSIAN) is None
    data = json.dumps([f"Hello {text}"])
    assert len(texts("json", data)) == 1


@given(st.lists(st.sampled_from(["a", "'", "''", "{n}", "{", "}", "#", "'{'", "<b>", "</b>", " ", "é"]), max_size=8))
@settings(deadline=None)
def test_what_a_model_says_is_text_in_a_message(parts) -> None:
    said = "x" + "".join(parts)
    for outer in ("{n, plural, other {Q}}", "{n, select, other {Q}}"):
        out = message(outer, None) if said == "Q" else json.loads(
            translated("json", json.dumps([outer]), translate=lambda _: said, target=None)
        )[0]  # fmt: skip
        again = icu_message(out, None)
        assert again is not None
        coded, _ = again.texts[0]
        assert re.sub(r"<\d+/?>|</\d+>", lambda tag: coded.codes[tag[0]].raw, coded.text) == said


def test_arb() -> None:
    source = (
        '{\n  "@@locale": "en",\n  "title": "My basket",\n  "@title": {\n    "description": "Title of a page",\n'
        '    "placeholders": {"x": {"type": "String"}}\n  },\n  "hi": "Hello, {name}!",\n'
        '  "n": "{n, plural, =1{one pear} other{{n} pears}}"\n}\n'
    )
    assert pick_format("app_en.arb", None, ()).name == "json"
    expected = (
        source.replace('"en"', '"pt_BR"').replace("My basket", "mY BASKET").replace("Hello, {name}", "hELLO, {name}")
        .replace("one pear", "ONE PEAR").replace("other{{n} pears}", "one{{n} PEARS} many{{n} PEARS} other{{n} PEARS}")
    )  # fmt: skip
    assert translated("json", source, target=parse_language("pt-BR")) == expected
    assert translated("json", source, translate=str) == source


def test_strings_in_json(tmp_path) -> None:
    source = {
        "lines": "First line\nSecond line\n\nThird",
        "trans": "Please read the <1>terms</1> before <0/> you go on.",
        "nest": "Go to $t(nav.home) or back",
        "linked": "@:common.title is closed",
        "ruby": "Hello %{name}",
        "laravel": "Hello :name, you owe :amount",
        "key_one": "{{count}} item",
        "key_other": "{{count}} items",
        "indent": "  two  blanks\tand a tab ",
        "printf": "%lld items of %@",
    }
    path, out = tmp_path / "a.json", tmp_path / "b.json"
    path.write_text(json.dumps(source, indent=2), "utf-8")
    report = translate_document(path, out, Perfect(), target="ru")
    assert report.fell_back == 0
    assert json.loads(out.read_text("utf-8")) == {
        "lines": "fIRST LINE\nsECOND LINE\n\ntHIRD",
        "trans": "pLEASE READ THE <1>TERMS</1> BEFORE <0/> YOU GO ON.",
        "nest": "gO TO $t(nav.home) OR BACK",
        "linked": "@:common.title IS CLOSED",
        "ruby": "hELLO %{name}",
        "laravel": "hELLO :name, YOU OWE :amount",
        "key_one": "{{count}} ITEM",
        "key_other": "{{count}} ITEMS",
        "indent": "  TWO  BLANKS\tAND A TAB ",
        "printf": "%lld ITEMS OF %@",
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('["Tom \\u0026 \\u003cb\\u003ehi\\u003c/b\\u003e"]', '["tOM \\u0026 \\u003cb\\u003eHI\\u003c/b\\u003e"]'),
        ('["caf\\u00e9"]', '["CAF\\u00c9"]'),
        ('["a\\/b c"]', '["A\\/B C"]'),
        ('["café \\u00e9"]', '["CAFÉ É"]'),
    ],
)
def test_escapes_of_json_stay_in_use(source, expected) -> None:
    assert translated("json", source) == expected


TABLES = (
    (b'id,text,note\r\n1,"First line\r\nSecond",x\r\n2,"Say ""hi""",y\r\n', b'id,text,note\r\n1,"fIRST LINE\r\nsECOND",x\r\n2,"sAY ""HI""",y\r\n'),
    (b"id;text\n1;Good, morning\n", b"id;text\n1;gOOD, MORNING\n"),
    (b'id,text\n1, "Hello, world"\n2,He said "no" twice\n', b'id,text\n1, "hELLO, WORLD"\n2,hE SAID "NO" TWICE\n'),
    (b'text|id\n"a|b"|1\n', b'text|id\n"A|B"|1\n'),
    (b"sep=;\ntext;a\nx,y;z\n", b"sep=;\ntext;a\nX,Y;z\n"),
    (b'text,id\n"<p x=\\"1\\">a</p>",2\n', b'text,id\n"<p x=\\"1\\">A</p>",2\n'),
    (b'text,a,text\nx,y,z\n"=SUM(A1)",q,"u"', b'text,a,text\nX,y,Z\n"=SUM(A1)",q,"U"'),
    ("text\tid\nà b\t1\n".encode("utf-16"), "text\tid\nÀ B\t1\n".encode("utf-16")),
)  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), TABLES)
def test_tables_keep_their_style(source, expected) -> None:
    document = read("csv", source)
    assert b"".join(document.render([unit.text for unit in document.units])) == source
    assert b"".join(document.render([swapped(unit.text) for unit in document.units])) == expected
    view = document.view()
    assert view.put({i: piece.raw for i, piece in enumerate(view.pieces)}) == source


@given(st.text(st.sampled_from("a \",;\n\r\\'é"), max_size=8), st.sampled_from([",", ";", "\t"]))
@settings(deadline=None)
def test_any_translation_of_a_cell_is_read_again(said, sign) -> None:
    source = f'id{sign}text\n1{sign}"a ""b"""\n2{sign}c\n'
    out = translated("csv", source, translate=lambda _: f"x{said}")
    rows = list(csv.reader(io.StringIO(out, newline=""), delimiter=sign, strict=True))
    assert rows == [["id", "text"], ["1", f"x{said}"], ["2", f"x{said}"]]


RAILS = """\
# Texts of the shop
en:
  a: &x "He said \\"no\\"\\n" # why
  b: 'it''s'
  c: plain text # not this
  d: |
    line one
      deeper

    line two

  e: >-
    folded text
    goes on

    next
  f: [a b, "c", *x]
  g: plain over
    two lines
  h: yes
  n: 12
  o: !!binary aaaa
  p: |2+
     first
  ? "key of words"
  : "%{count} days"
"""
TAGGED = ("!!binary", "!!str")


def test_yaml() -> None:
    out = translated("yaml", RAILS, name="config/locales/en.yml")
    before, after = (yaml.safe_load(text.replace(*TAGGED)) for text in (RAILS, out))
    assert list(after) == ["ru"]
    expected = {
        key: [swapped(v) for v in value]
        if isinstance(value, list)
        else swapped(value)
        if isinstance(value, str)
        else value
        for key, value in before["en"].items()
    }
    assert after["ru"] == expected | {"o": "aaaa"}
    for kept in (
        "# Texts of the shop\nru:\n",
        '&x "',
        " # why\n",
        "'IT''S'",
        "PLAIN TEXT # not this",
        "d: |\n",
        "*x]",
        "e: >-",
    ):
        assert kept in out


def test_which_keys_are_languages() -> None:
    hello = "{}:\n  a: Hello\n"
    assert translated("yaml", hello.format("pt-BR")).startswith("ru:")
    assert translated("yaml", hello.format("en") + "x: 1\n").startswith("en:")
    assert translated("yaml", hello.format("en") + "---\nx: 1\n").startswith("en:")
    assert translated("yaml", hello.format("it")).startswith("it:")
    assert translated("yaml", hello.format("it"), name="config/locales/it.yml").startswith("ru:")
    assert translated("yaml", hello.format("shop")).startswith("shop:")
    assert translated("yaml", "en: Hello\n").startswith("ru: hELLO")
    assert translated("yaml", hello.format("en"), target=parse_language("no")).startswith('"no":')


@given(
    st.text(st.sampled_from("ab :#-?!&*[]{}|>'\"%@`,\\\n\téÿ\u2028"), min_size=1, max_size=8),
    st.sampled_from(["a: word", "a: 'word'", 'a: "word"', "a: |\n  word\n", "a: >-\n  word\n", "a: [word, 1]", "- word", "{a: word}"]),
)  # fmt: skip
@settings(deadline=None, max_examples=400)
def test_any_translation_is_read_again_from_yaml(said, source) -> None:
    block = ">" in source or "|" in source
    if block and (not said.strip() or said != said.strip() or "\u2028" in said or re.search(r"[ \t]\n|\n[ \t]", said)):
        said = "a\n\nb"
    out = yaml.safe_load(translated("yaml", source, translate=lambda _: said))
    value = next(iter(out.values())) if isinstance(out, dict) else out[0]
    value = value[0] if isinstance(value, list) else value
    assert (value.rstrip("\n") if block else value) == said


PROPERTIES = (
    "# a comment \\\nkey\\ one = Text 1 \\\n    goes \\u00e9on\nb:Can''t open {0}, '{'x'}'\nc New\\tline\nd=\\:C\\:x\n"
    "! no\ne=\n  f  =  Last"
)


def test_properties() -> None:
    expected = (
        "# a comment \\\nkey\\ one = tEXT 1 GOES \\u00c9ON\nb:cAN''T OPEN {0}, '{'x'}'\nc nEW\\tLINE\nd=\\:c\\:X\n"
        "! no\ne=\n  f  =  lAST"
    )
    assert translated("properties", PROPERTIES) == expected
    assert translated("properties", PROPERTIES, translate=str) == PROPERTIES
    assert translated("properties", "a=Open {0}", translate=lambda t: f"L'été {{x}} {t}") == (
        "a=L''\\u00e9t\\u00e9 '{'x'}' Open {0}"
    )
    assert (
        translated("properties", "a=Don't {0}\nb=It {0}", translate=lambda t: f"l'{t}") == "a=l'Don't {0}\nb=l'It {0}"
    )
    latin = "# ü\na=Grün\n".encode("latin-1")
    document = read("properties", latin)
    assert b"".join(document.render([u.text for u in document.units])) == latin
    assert b"".join(document.render(["Žlutá"])) == "# ü\na=\\u017dlut\\u00e1\n".encode("latin-1")


@given(st.text(st.sampled_from("ab =:#!\\\n\t\f{}'é😀"), max_size=8))
@settings(deadline=None)
def test_another_reader_of_properties(said) -> None:
    properties = pytest.importorskip("translate.storage.properties")
    out = translated("properties", "k = one\nl: two", translate=lambda _: f"x{said}")
    store = properties.javautf8file()
    store.parse(out.encode())
    assert [unit.name for unit in store.units if unit.name] == ["k", "l"]
    assert texts("properties", out) == [f"x{said}".replace("\t", "<1/>", 1)] * 2 or "\t" in said


ANDROID = """\
<?xml version="1.0" encoding="utf-8"?>
<resources xmlns:xliff="urn:oasis:names:tc:xliff:document:1.2" xmlns:tools="http://schemas.android.com/tools" tools:locale="en">
    <!-- it's <b> -->
    <string name="a">It\\'s <b>bold</b> &amp; \\u0020x\\n next %1$s</string>
    <string name="b" translatable="false">No</string>
    <string name="c">"  kept  it's "</string>
    <string name="d">@string/other</string>
    <string name="e"><![CDATA[<b>Hi</b> it\\'s & me]]></string>
    <string name="f">Hello <xliff:g id="n" example="Bob">%1$s</xliff:g>, see
        <a href="http://x.y/?a=1&amp;b">here</a> &lt;i>x&lt;/i></string>
    <plurals name="p">
        <item quantity="one">%d file</item>
        <item quantity="other">%d files</item>
    </plurals>
    <string-array name="r"><item>One</item><item>\\@two</item><item/></string-array>
    <dimen name="x">3dp</dimen>
</resources>
"""


def test_android() -> None:
    out = translated("android", ANDROID)
    expected = ANDROID
    for old, new in (
        ('tools:locale="en"', 'tools:locale="ru"'), ("It\\'s <b>bold</b>", "iT\\'S <b>BOLD</b>"),
        ("\\u0020x\\n next", "\\u0020X\\n NEXT"), ("kept  it's ", "KEPT  IT'S "), ("Hi</b> it\\'s & me", "hI</b> IT\\'S & ME"),
        ("Hello <x", "hELLO <x"), (", see\n        <a", ", SEE <a"), (">here<", ">HERE<"), ("&lt;i>x&lt;/i>", "&lt;i&gt;X&lt;/i&gt;"),
        ("%d file<", "%d FILE<"), (">One<", ">oNE<"), ("@two", "@TWO"),
        (
            '<item quantity="other">%d files</item>',
            "\n        ".join(f'<item quantity="{q}">%d FILES</item>' for q in ("few", "many", "other")),
        ),
    ):  # fmt: skip
        assert expected.count(old) == 1, old
        expected = expected.replace(old, new)
    assert out == expected
    items = etree.fromstring(out.encode()).findall("plurals/item")
    assert [item.get("quantity") for item in items] == ["one", "few", "many", "other"]
    only = etree.fromstring(translated("android", ANDROID, target=JAPANESE).encode()).findall("plurals/item")
    assert [item.get("quantity") for item in only] == ["other"]
    assert translated("android", ANDROID, translate=str) == ANDROID
    for name in ("res/values/strings.xml", "arrays.xml"):
        assert pick_format(name, None, ()).name == "android"
    assert pick_format("other.xml", None, ()) is None or pick_format("other.xml", None, ()).name != "android"


@given(st.text(st.sampled_from("ab'\"\\\n\t <>&@?é%]"), max_size=8))
@settings(deadline=None)
def test_any_translation_of_a_string_is_read_again(said) -> None:
    said = f"x{said}y"
    for form, source, path in (
        ("android", '<resources><string name="a">One <b>two</b></string><string name="b"><![CDATA[c]]></string></resources>', None),
        ("resx", '<root><data name="a"><value>One</value></data></root>', "data/value"),
        ("strings", '"a" = "One";\n', None),
    ):  # fmt: skip
        out = translated(form, source, translate=lambda _: said)
        again = read(form, out)
        for unit in again.units:
            own = re.sub(r"</?\d+/?>", lambda tag, codes=unit.codes: codes[tag[0]].raw, unit.text)
            assert form == "android" or own == said
            assert texts(form, translated(form, out, translate=lambda text: f"{text}z"))[0].startswith("x")
        if path is not None:
            assert etree.fromstring(out.encode()).findtext(path) == said


RESX = """\
<?xml version="1.0" encoding="utf-8"?>
<root>
  <resheader name="resmimetype"><value>text/microsoft-resx</value></resheader>
  <data name="A" xml:space="preserve">
    <value>Hello {0} &amp; &lt;b&gt;you&lt;/b&gt;
second line</value>
    <comment>Not this</comment>
  </data>
  <data name="B" type="System.Drawing.Size, System.Drawing"><value>1, 2 x</value></data>
  <data name=">>b.Name"><value>button</value></data>
  <data name="C"><value/></data>
</root>"""


FLUENT = """\
# A comment
hello = Hello { $name }!
  second line
    indented
    .title = A <b>title</b> { -brand }
-brand = My Brand
    .gender = masculine

emails =
    { $n ->
        [0] none
        [one] You have one mail.
       *[other] You have { $n } mails
            and more.
    }
around = You have { $n ->
    [one] a mail
   *[other] { NUMBER($n) } mails
} today { "{" }x
whose = { $g ->
    [female] her
   *[other] their
}
rank = { NUMBER($n, type: "ordinal") ->
    [one] { $n }st
   *[other] { $n }th
}
menu =
    .label = Label
"""


def test_fluent() -> None:
    syntax = pytest.importorskip("fluent.syntax")
    out = translated("fluent", FLUENT)
    expected = FLUENT
    for old, new in (
        ("Hello {", "hELLO {"), ("second line\n    indented", "SECOND LINE\n    INDENTED"), ("A <b>title</b>", "a <b>TITLE</b>"),
        ("My Brand", "mY bRAND"), ("[0] none", "[0] NONE"), ("You have one mail.", "yOU HAVE ONE MAIL."),
        (
            "*[other] You have { $n } mails\n            and more.",
            "\n       ".join(f"{form} yOU HAVE {{ $n }} MAILS\n        AND MORE." for form in ("[few]", "[many]", "*[other]")),
        ),
        ("= You have { $n ->\n    [one] a mail\n", '= { $n ->\n    [one] yOU HAVE A MAIL TODAY { "{" }X\n'),
        (
            "*[other] { NUMBER($n) } mails\n} today { \"{\" }x",
            "\n   ".join(
                f'{form} yOU HAVE {{ NUMBER($n) }} MAILS TODAY {{ "{{" }}X' for form in ("[few]", "[many]", "*[other]")
            )
            + "\n}",
        ),
        ("] her", "] HER"), ("] their", "] THEIR"), ("\n    [one] { $n }st", ""), ("{ $n }th", "{ $n }TH"), ("Label", "lABEL"),
    ):  # fmt: skip
        assert expected.count(old) == 1, old
        expected = expected.replace(old, new)
    assert out == expected
    assert translated("fluent", FLUENT, translate=str) == FLUENT
    body = syntax.FluentParser().parse(out).body
    assert [type(entry).__name__ for entry in body] == [type(e).__name__ for e in syntax.FluentParser().parse(FLUENT).body]


@given(
    st.text(st.sampled_from("ab \n{}\"[*.#=-é"), max_size=8),
    st.sampled_from(["a = Word", "a = Word { $x } word\n    word", "a =\n    Word", "a = { $n ->\n    [one] x\n   *[other] y\n}"]),
)
@settings(deadline=None, max_examples=300)
def test_any_translation_is_read_again_from_fluent(said, source) -> None:
    syntax = pytest.importorskip("fluent.syntax")
    said = f"x{said}"
    document = read("fluent", source, target=None)
    texts = [said + "".join(unit.codes) for unit in document.units]
    out = b"".join(document.render(texts)).decode()
    [message] = syntax.FluentParser().parse(out).body
    assert type(message).__name__ == "Message"

    def value(pattern):
        parts = []
        for element in pattern.elements:
            if isinstance(element, syntax.ast.TextElement):
                parts.append(element.value)
            elif isinstance(element.expression, syntax.ast.StringLiteral):
                parts.append(element.expression.value)
        return "".join(parts)

    first = message.value.elements[0]
    chosen = getattr(getattr(first, "expression", None), "variants", None)
    values = [value(variant.value) for variant in chosen] if chosen else [value(message.value)]
    assert values == [said] * len(values)


def test_resx() -> None:
    out = translated("resx", RESX)
    assert out == RESX.replace("Hello {0}", "hELLO {0}").replace("you&", "YOU&").replace("second line", "SECOND LINE")
    assert translated("resx", RESX, translate=str) == RESX
    storage = pytest.importorskip("translate.storage.resx")
    store = storage.RESXFile.parsestring(out.encode())
    assert [unit.target for unit in store.units][0] == "hELLO {0} & <b>YOU</b>\nSECOND LINE"


STRINGS = '/* "a" = "x"; */\n"greet" = "Hello \\"%@\\"\\nnext";\n// no\nplain = "It is %#@n@";\n"short";\n"m"="two\nlines" ;\n'


def test_strings_of_apple() -> None:
    expected = STRINGS.replace('Hello \\"%@\\"\\nnext', 'hELLO \\"%@\\"\\nNEXT').replace("It is", "iT IS")
    assert translated("strings", STRINGS) == expected.replace("two\nlines", "TWO\nLINES")
    wide = STRINGS.encode("utf-16")
    document = read("strings", wide)
    out = b"".join(document.render([swapped(unit.text) for unit in document.units]))
    assert out.decode("utf-16") == translated("strings", STRINGS)
    assert b"".join(document.render([unit.text for unit in document.units])) == wide
    storage = pytest.importorskip("translate.storage.properties")
    store = storage.stringsutf8file()
    store.parse(translated("strings", STRINGS).encode())
    assert store.units[0].source == 'hELLO "%@"\nNEXT'


CATALOGUE = """\
{
  "sourceLanguage" : "en",
  "strings" : {
    "" : {

    },
    "%lld items" : {
      "localizations" : {
        "en" : {
          "variations" : {
            "plural" : {
              "one" : {
                "stringUnit" : {
                  "state" : "translated",
                  "value" : "%lld item"
                }
              },
              "other" : {
                "stringUnit" : {
                  "state" : "translated",
                  "value" : "%lld items"
                }
              }
            }
          }
        }
      }
    },
    "Done" : {
      "localizations" : {
        "ru" : {
          "stringUnit" : {
            "state" : "translated",
            "value" : "Gotovo"
          }
        }
      }
    },
    "Hello" : {

    },
    "ID" : {
      "shouldTranslate" : false
    }
  },
  "version" : "1.0"
}
"""


def test_catalogues_of_apple() -> None:
    assert texts("xcstrings", CATALOGUE) == ["%lld item", "%lld items", "%lld items", "%lld items", "Hello"]
    assert translated("xcstrings", CATALOGUE, translate=str) == CATALOGUE
    out = translated("xcstrings", CATALOGUE)
    # What Xcode writes is this, and what was there stands as it did.
    assert out == json.dumps(json.loads(out), indent=2, separators=(",", " : "), ensure_ascii=False).replace(
        '"" : {}', '"" : {\n\n    }'
    ) + "\n"  # fmt: skip
    after = json.loads(out)["strings"]
    forms = after["%lld items"]["localizations"]["ru"]["variations"]["plural"]
    assert {form: unit["stringUnit"]["value"] for form, unit in forms.items()} == {
        "one": "%lld ITEM", "few": "%lld ITEMS", "many": "%lld ITEMS", "other": "%lld ITEMS",
    }  # fmt: skip
    assert after["Hello"]["localizations"]["ru"]["stringUnit"] == {"state": "translated", "value": "hELLO"}
    assert after["ID"] == {"shouldTranslate": False}
    assert after["Done"]["localizations"]["ru"]["stringUnit"]["value"] == "Gotovo"
    assert texts("xcstrings", out) == []
    new = CATALOGUE.replace(
        '"state" : "translated",\n            "value" : "Gotovo"', '"state" : "new",\n            "value" : "x"'
    )
    assert texts("xcstrings", new)[-2:] == ["Done", "Hello"]


BAD = (
    ("json", '{"a": "x",}', "line 1: not JSON"),
    ("csv", 'text\n"a', "line 2: not a table of this kind"),
    ("csv", 'id,text\n1,"a"b,c\n', "line 2: 3 cells|line 2: not a table of this kind"),
    ("yaml", "a: [b\nc: d", "line 2: not YAML"),
    ("yaml", "a: b\n\tc: d\n", "line 2: not YAML"),
    ("yaml", "[" * 600, "line 1: not YAML: nested deeper than 500 levels"),
    ("yaml", "a: \x01b", "not YAML"),
    ("properties", "a = x\nb = \\u12", r"line 2: \\u needs four hexadecimal digits"),
    ("properties", "a = \\ud83d x", "line 1: a text has half of a surrogate pair"),
    ("android", "<resources><string>a</resources>", "line 1: not XML"),
    ("android", "<manifest/>", "expected <resources>, found <manifest>"),
    ("android", "<resources><string name='a'>\\u12 b</string></resources>", r"line 1: \\u needs four"),
    ("android", '<?xml version="1.0" encoding="latin1"?><resources/>', "declares the encoding latin1: convert the file to UTF-8"),
    ("android", '<!DOCTYPE r [<!ENTITY a "b">]><resources><string>&a;</string></resources>', "entities"),
    ("resx", "<root><data name='a'><value>a <b/></value></data></root>", "line 1: a value with elements"),
    ("resx", "<html/>", "expected <root>"),
    ("strings", '"a" = b;', "line 1: not a .strings file: expected a text in quotation marks"),
    ("strings", '"a" = "b"\n', "line 2: not a .strings file: expected ;, found the end"),
    ("strings", "{ a = 1; }", "line 1: not a .strings file: expected a key"),
    ("strings", "<?xml version='1.0'?><plist/>", "a property list of another kind"),
    ("strings", '"a" = "\\ud83d";', "line 1: a text has half of a surrogate pair"),
    ("fluent", "a = b\nc d\n", "line 2: not Fluent: expected a message"),
    ("fluent", "a = { b\n", "line 1: not Fluent: a brace that is not closed"),
    ("fluent", "a = b }\n", "line 1: not Fluent: a brace that nothing opened"),
    ("fluent", "a =\n", "line 1: not Fluent: a message without a value"),
    ("fluent", "a = { $n ->\n [one] x\n}\n", "line 1: not Fluent: a selector without a default"),
    ("fluent", "a = { { $n ->\n *[one] x\n} }\n", "line 1: not Fluent: a selector inside braces"),
    ("fluent", "#a\n", "line 1: not Fluent: a comment needs a blank"),
    ("xcstrings", "{}", "not a catalogue of strings"),
    ("xcstrings", '{"sourceLanguage": "en",\n"strings": {"a": {}, "a": {}}}', "line 2: not JSON: the key 'a' is there twice"),
    ("xcstrings", "[" * 100, "line 1: not JSON: nested deeper"),
)  # fmt: skip


@pytest.mark.parametrize(("form", "text", "expected"), BAD)
def test_bad_input_is_one_line(form, text, expected) -> None:
    with pytest.raises(DocumentError, match=expected) as error:
        read(form, text)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"file.{form}: ")


def test_a_catalogue_needs_a_target() -> None:
    with pytest.raises(DocumentError, match="say into which"):
        read("xcstrings", CATALOGUE, target=None)


ORDINARY = {
    "json": lambda n: '["' + '", "'.join(["{n, plural, one {a} other {b c}}"] * n) + '"]',
    "yaml": lambda n: "en:\n" + "".join(f"  k{i}: Hello\n  l{i}: |\n    a\n" for i in range(n)),
    "properties": lambda n: "".join(f"k{i} = Hello \\\n  there {{0}}\n" for i in range(n)),
    "android": lambda n: "<resources>" + '<string name="a">A <b>b</b></string>\n' * n + "</resources>",
    "resx": lambda n: "<root>" + '<data name="a"><value>Hello</value></data>\n' * n + "</root>",
    "strings": lambda n: '"a" = "Hello";\n' * n,
    "fluent": lambda n: "".join(f"k{i} = Hello {{ $n }}\n    there\n" for i in range(n)),
    "xcstrings": lambda n: json.dumps({"sourceLanguage": "en", "strings": {f"Hello {i}": {} for i in range(n)}}),
}  # fmt: skip
AROUND = {
    "json": '["{}"]', "yaml": "a: {}\n", "properties": "a={}\n", "android": "<resources><string>{}</string></resources>",
    "resx": "<root><data name='a'><value>{}</value></data></root>", "strings": '"a" = "{}";', "csv": "text\n{}\n",
    "fluent": "a = {}\n",
    "xcstrings": '{"sourceLanguage": "en", "strings": {"{}": {}}}',
}  # fmt: skip
PIECES = (
    "<", "<b>", "</b>", "&lt;", "<![CDATA[a]]>", "{", "{a, plural, ", "{n, plural, other {x}}", "'", "''", '"', '""', "\\", "\\\n",
    "\\u", " ", "\n", "\n ", "a: ", "- ", "[", "&a ", "*a ", "!a ", "# ", "|\n", ",", ";", "/*", "//", "@:a ", "\t", "=", "<xliff:g>",
)  # fmt: skip


@pytest.mark.parametrize("form", ORDINARY)
def test_time_grows_with_the_file(form) -> None:
    def work(data):
        document = read(form, data)
        b"".join(document.render([f"ZZ {unit.text}" for unit in document.units]))

    grows_linearly(lambda n: ORDINARY[form](n).encode(), work, 3000)


@pytest.mark.parametrize("form", AROUND)
def test_time_grows_with_hostile_files(form) -> None:
    def work(data):
        try:
            document = read(form, data)
        except DocumentError:
            return
        b"".join(document.render([f"ZZ {unit.text}" for unit in document.units]))

    for piece in PIECES:
        for around in (AROUND[form], "{}"):
            grows_linearly(lambda n, p=piece, a=around: a.replace("{}", p * (n // len(p)), 1).encode(), work, 10_000)


@pytest.mark.parametrize("form", AROUND)
@given(raw=st.binary(max_size=60), parts=st.lists(st.sampled_from(PIECES), max_size=12))
@settings(deadline=None, max_examples=100)
def test_any_bytes_are_kept_or_refused(form, raw, parts) -> None:
    for data in (raw, AROUND[form].replace("{}", "".join(parts), 1).encode()):
        try:
            document = read(form, data)
        except DocumentError as error:
            assert "\n" not in str(error)
            continue
        assert b"".join(document.render([unit.text for unit in document.units])) == data
        view = document.view()
        assert view.put({i: piece.raw for i, piece in enumerate(view.pieces)}) == data
        assert all(0 <= view.owner(unit) < len(view.pieces) for unit in document.units)
