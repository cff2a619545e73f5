# ruff: noqa: E501 - files are written here as they look
"""Messages with branches, and strings of programs in JSON and ARB."""

import json
import re

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strings import JAPANESE, RUSSIAN, Perfect, texts, translated

from mtreason import translate_document
from mtreason.documents import pick_format
from mtreason.documents.branches import plural_categories
from mtreason.documents.icu import icu_message
from mtreason.glossary import Matcher
from mtreason.languages import parse_language
from mtreason.runs.inspection import inspect
from mtreason.runs.repository import Config, Job


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
        assert re.sub(r"<\d+/?>|</\d+>", lambda tag, codes=coded.codes: codes[tag[0]].raw, coded.text) == said


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


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("messages.json", '{"a": {"message": "Hi, all", "description": "Greets"}}', '{"a": {"message": "hI, ALL", "description": "Greets"}}'),
        ("en.json", '{"a": {"message": "Hi", "description": "Greets"}}', '{"a": {"message": "hI", "description": "gREETS"}}'),
        ("messages.json", '{"a": {"message": "Hi"}, "b": "Ho"}', '{"a": {"message": "hI"}, "b": "hO"}'),
    ],
)  # fmt: skip
def test_messages_of_an_extension(tmp_path, name, source, expected) -> None:
    (tmp_path / name).write_text(source, "utf-8")
    translate_document(tmp_path / name, tmp_path / "out.json", Perfect(), target="ru")
    assert (tmp_path / "out.json").read_text("utf-8") == expected


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
        "key_few": "{{count}} ITEMS",
        "key_many": "{{count}} ITEMS",
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


def test_forms_that_an_output_lacks_are_found(tmp_path) -> None:
    source, output = tmp_path / "en.json", tmp_path / "ru.json"
    source.write_text('["{n, plural, one {# cat} other {# cats}} and <b>dogs</b>"]', "utf-8")
    job, config = Job(source, output, RUSSIAN, "ru.json"), Config("en", ("ru",), ("en.json",), "{lang}.json")

    def found() -> list[str]:
        return [finding.message for finding in inspect(job, config, Matcher([], "en"))]

    good = translated("json", source.read_bytes())
    output.write_text(good, "utf-8")
    assert found() == []
    output.write_text(re.sub(r"few .* other", "other", good), "utf-8")
    assert found() == ["has 2 units, the source 4: translate it again"]
    output.write_text(good.replace("<b>", "", 1), "utf-8")
    [message] = found()
    assert message == "line 1: <b> of the source is lost"
