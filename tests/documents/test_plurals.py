"""Plural forms that are members of a mapping become those of the target."""

import json

import pytest
import yaml
from documents.test_growth import grows_linearly, through
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strings import JAPANESE, RUSSIAN, read, texts, translated

from mtreason.languages import parse_language

ENGLISH = parse_language("en")
I18NEXT = """\
{
  "title": "Files",
  "file_one": "{{count}} file",
  "file_other": "{{count}} files",
  "nested": {"a": {"one": "1", "other": "many"}, "b": 1},
  "place_ordinal_one": "{{count}}st", "place_ordinal_two": "{{count}}nd", "place_ordinal_other": "{{count}}th",
  "end": "End"
}
"""


def test_missing_forms_are_added() -> None:
    out = translated("json", I18NEXT)
    found = json.loads(out)
    assert list(found) == [
        "title", "file_one", "file_few", "file_many", "file_other", "nested", "place_ordinal_other", "end",
    ]  # fmt: skip
    assert found["file_few"] == found["file_many"] == found["file_other"] == "{{count}} FILES"
    assert found["nested"] == {"a": {"one": "1", "few": "MANY", "many": "MANY", "other": "MANY"}, "b": 1}
    assert '",\n  "file_few": "' in out, "another form stands on a line of its own, as those of the file do"
    assert translated("json", I18NEXT, translate=str) == I18NEXT


def test_forms_that_a_target_has_not_are_dropped() -> None:
    found = json.loads(translated("json", I18NEXT, target=JAPANESE))
    assert list(found) == ["title", "file_other", "nested", "place_ordinal_other", "end"]
    assert found["nested"] == {"a": {"other": "MANY"}, "b": 1}
    zero = '{"a_zero": "No file", "a_one": "A file", "a_other": "Files"}'
    assert list(json.loads(translated("json", zero, target=JAPANESE))) == ["a_zero", "a_other"]


def test_a_language_of_one_form() -> None:
    source = '{"file_other": "{{count}} 個", "plain_other": "その他"}'
    found = json.loads(translated("json", source, target=ENGLISH, translate=lambda t: t + "!"))
    assert list(found) == ["file_one", "file_other", "plain_other"]


@pytest.mark.parametrize(
    "source",
    [
        '{"a_one": "x", "b": "y", "a_other": "z"}',  # not beside one another
        '{"a_one": 1, "a_other": "z"}',  # not all of them texts
        '{"a_one": "x", "a_few": "y"}',
        '{"one": "x", "other": "y", "more": "z"}',
        '{"red_two": "x", "red_other": "y"}',
        '{"a_one": "x", "a_one": "y", "a_other": "z"}',
        '{"a_one": ["x"], "a_other": ["y"]}',
        '{"a_other": "Others"}',
        '{"a_\\u006fne": "x", "a_other": "y"}',
    ],
)
def test_what_is_no_plural_stays(source) -> None:
    out = translated("json", source, target=JAPANESE)
    assert json.loads(out, object_pairs_hook=list) == [
        (key, [v.swapcase() for v in value] if isinstance(value, list) else str(value).swapcase() if value != 1 else 1)
        for key, value in json.loads(source, object_pairs_hook=list)
    ]


RAILS = """\
en:
  files:
    one: "%{count} file" # of one
    # of several
    other: '%{count} files'
  flow: {one: a day, other: some days}
  anchored:
    one: &x word
    other: &y words
  list:
    - one: a
      other: b
  errors:
    other: Others
  end: End
"""


def test_plurals_of_rails() -> None:
    out = translated("yaml", RAILS, name="en.yml")
    found = yaml.safe_load(out)["ru"]
    assert found["files"] == {
        "one": "%{count} FILE", "few": "%{count} FILES", "many": "%{count} FILES", "other": "%{count} FILES",
    }  # fmt: skip
    assert list(found["flow"].items()) == [
        ("one", "A DAY"), ("few", "SOME DAYS"), ("many", "SOME DAYS"), ("other", "SOME DAYS"),
    ]  # fmt: skip
    assert found["anchored"] == {"one": "WORD", "other": "WORDS"}
    assert found["list"] == [{"one": "A", "few": "B", "many": "B", "other": "B"}]
    assert found["errors"] == {"other": "oTHERS"}
    assert " # of one\n    # of several\n    other: " in out
    assert translated("yaml", RAILS, name="en.yml", translate=str) == RAILS
    found = yaml.safe_load(translated("yaml", RAILS, name="en.yml", target=JAPANESE))["ja"]
    assert found["files"] == {"other": "%{count} FILES"}
    assert found["list"] == [{"other": "B"}]


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_an_output_has_the_units_of_its_source(form) -> None:
    """So that what a person changed in it can be found again."""
    source = {"json": I18NEXT, "yaml": RAILS}[form]
    for target in (RUSSIAN, JAPANESE, ENGLISH):
        out = translated(form, source, target=target, name="en.yml" if form == "yaml" else None)
        assert len(texts(form, out, target=target)) == len(texts(form, source, target=target))
        assert len(read(form, out, target=target).view().pieces) == len(read(form, source, target=target).view().pieces)


@given(st.lists(st.text(st.sampled_from("ab\"\\\n'#:{}é"), min_size=1, max_size=6), min_size=4, max_size=4))
@settings(deadline=None)
def test_any_translations_of_forms_are_read_again(said) -> None:
    for form, load, source in (
        ("json", json.loads, '{"a_one": "x", "a_other": "y"}'),
        ("yaml", yaml.safe_load, "a_one: x\na_other: 'y'\n"),
    ):
        document = read(form, source)
        assert len(document.units) == 4
        out = b"".join(document.render(said)).decode()
        assert list(load(out).values()) == said


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_many_plurals_take_linear_time(form) -> None:
    def make(count):
        lines = (f'"k{i}_one": "a word",\n "k{i}_other": "some words"' for i in range(count))
        sign = "," if form == "json" else ""
        text = f"{sign}\n ".join(lines)
        return ("{" + text + "}" if form == "json" else " " + text.replace(",", "")).encode()

    grows_linearly(make, through(form), 500)
