# ruff: noqa: E501 - files are written here as they look
"""Resources of several platforms, whole after translation, as other readers see them."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from support.strings import JAPANESE, read, swapped, texts, translated

from mtreason.documents import pick_format
from mtreason.errors import DocumentError

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


@given(st.text(st.sampled_from("ab =:#!\\\n\t{}'é😀"), max_size=8))
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
    with pytest.raises(DocumentError, match=r"other\.xml: a \.xml file has a structure"):
        pick_format("other.xml", None, ())


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
            "\n       ".join(f"{form} yOU HAVE {{ $n }} MAILS\n            AND MORE." for form in ("[few]", "[many]", "*[other]")),
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
    assert [type(entry).__name__ for entry in body] == [
        type(e).__name__ for e in syntax.FluentParser().parse(FLUENT).body
    ]


@given(
    st.text(st.sampled_from('ab \n{}"[*.#=-é'), max_size=8),
    st.sampled_from(
        ["a = Word", "a = Word { $x } word\n    word", "a =\n    Word", "a = { $n ->\n    [one] x\n   *[other] y\n}"]
    ),
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
    assert store.units[0].target == "hELLO {0} & <b>YOU</b>\nSECOND LINE"


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


def test_a_catalogue_needs_a_target() -> None:
    with pytest.raises(DocumentError, match="say into which"):
        read("xcstrings", CATALOGUE, target=None)
