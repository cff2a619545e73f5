# ruff: noqa: E501 - files are written here as they look
"""Tables and YAML whole after translation; every format of data with bad input, and in linear time."""

import csv
import io
import json
import re

import pytest
import yaml
from documents.test_growth import grows_linearly
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strings import read, swapped, translated

from mtreason.documents import FORMATS, Reading
from mtreason.errors import DocumentError
from mtreason.languages import parse_language

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


@pytest.mark.parametrize("data", [b"el\r\t\n", b"a: el  \t\n\n \t \nb: two\n"])
@pytest.mark.parametrize("said", ["zz", "", "a: b # c"])
def test_blank_lines_with_tabs_stand_behind_any_yaml_string(data, said) -> None:
    document = FORMATS["yaml"].read(data, "f.yaml", Reading())
    out = b"".join(document.render([said for _ in document.units]))
    assert [unit.text for unit in FORMATS["yaml"].read(out, "f.yaml", Reading()).units] == [
        said for _ in document.units if said
    ]


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


BAD = (
    ("json", '{"a": "x",}', "line 1: not JSON"),
    ("csv", 'text\n"a', "line 2: not a table of this kind"),
    ("csv", 'id,text\n1,"a"b,c\n', "line 2: 3 cells|line 2: not a table of this kind"),
    ("yaml", "a: [b\nc: d", "line 2: not YAML"),
    ("yaml", "a: b\n\tc: d\n", "line 2: not YAML"),
    ("yaml", "[" * 600, "line 1: not YAML: nested deeper than 500 levels"),
    ("yaml", "a: \x01b", "not YAML"),
    ("properties", "a = x\nb = \\u12", r"line 2: \\u needs four hexadecimal digits"),
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
        except DocumentError:
            continue
        assert b"".join(document.render([unit.text for unit in document.units])) == data
        view = document.view()
        assert view.put({i: piece.raw for i, piece in enumerate(view.pieces)}) == data
        assert all(0 <= view.owner(unit) < len(view.pieces) for unit in document.units)
