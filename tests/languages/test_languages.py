"""Codes, scripts, and telling languages apart."""

import subprocess
import sys
from contextlib import suppress

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from mtreason.errors import LanguageError
from mtreason.languages import already_in, detect_language, parse_language, scripts_of, tag_named
from mtreason.languages.detectors import detectable

ZH, EN, DE, JA = map(parse_language, ("zh", "en", "de", "ja"))


@pytest.mark.parametrize(
    ("given", "tag", "script", "spaced"),
    [
        ("en", "en", "Latin", True),
        ("EN", "en", "Latin", True),
        ("zh_CN", "zh-CN", "Han", False),
        ("zh-hant", "zh-Hant", "Han", False),
        ("pt-br", "pt-BR", "Latin", True),
        ("ru", "ru", "Cyrillic", True),
        ("ja", "ja", "Katakana", False),
        ("ko", "ko", "Hangul", True),
        ("th", "th", "Thai", False),
        ("cmn", "cmn", "Han", False),
        ("wuu", "wuu", "Han", False),
        ("zh-Latn", "zh-Latn", "Latin", True),
        ("sr", "sr", "Cyrillic", True),
        ("sr", "sr", "Latin", True),
        ("iw", "he", "Hebrew", True),
        ("zho", "zh", "Bopomofo", False),
    ],
)
def test_known(given, tag, script, spaced) -> None:
    language = parse_language(given)
    assert language.tag == tag
    assert script in language.scripts
    assert language.spaced is spaced
    assert language.primary == tag.split("-")[0]


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ("English", "'en' (English)"),
        ("chinese", "'zh'"),
        ("frnch", "'fr'"),
        ("Deutsch", "'de'"),
        ("cantonese", "'yue'"),
        ("jp", "'ja' (Japanese)"),
        ("cn", "'zh'"),
        ("gr", "'el'"),
        ("ua", "'uk'"),
        ("xx", "expected a BCP 47 code"),
        ("en-XX", "expected a BCP 47 code"),
        ("und", ""),
        ("mul", ""),
        ("zxx", ""),
        ("x-private", ""),
        ("", ""),
        ("e n", ""),
        ("e\nn", ""),
        ("zh_CN.UTF-8", ""),
        ("a" * 9999, "…"),
    ],
)
def test_unknown(given, near) -> None:
    with pytest.raises(LanguageError, match="unknown language") as error:
        parse_language(given)
    assert near in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 150


@given(st.text(st.sampled_from("\0\1\xff\ufeffaGerman ()_-德"), max_size=12))
@example("a\0b")
@example("German (\0)")
@example("German\0")
@example("step\0\0\0> aou;ce")
def test_any_text_is_a_name_or_none(text) -> None:
    """With a NUL in it, a name made the table of names read what is none of its own."""
    found = tag_named(text)
    assert found is None or "\0" not in text
    with suppress(LanguageError):
        parse_language(text)


def test_the_nearest_match_is_named() -> None:
    with pytest.raises(LanguageError) as error:
        parse_language("engish")
    assert str(error.value) == "unknown language 'engish': did you mean 'en' (English)?"


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("zh", "Chinese"),
        ("zh_hant", "Traditional Chinese"),
        ("PT-br", "Brazilian Portuguese"),
        ("zh-Latn", "Chinese (Latin)"),
    ],
)
def test_names_are_what_people_say(tag, name) -> None:
    assert parse_language(tag).name == name


@pytest.mark.parametrize(
    ("tag", "word"),
    [
        ("bn", "বাংলা"), ("or", "ଓଡ଼ିଆ"), ("iu", "ᐃᓄᒃᑎᑐᑦ"), ("dv", "ދިވެހި"), ("sr", "српски srpski"), ("hi", "हिन्दी"),
        ("my", "မြန်မာ"), ("am", "አማርኛ"), ("ka", "ქართული"), ("km", "ខ្មែរ"), ("si", "සිංහල"), ("pa", "ਪੰਜਾਬੀ"),
        ("ja", "日本ごカナ"), ("ko", "한국어"), ("zh", "中文ㄅ"), ("bo", "བོད"), ("nqo", "ߒߞߏ"), ("sat", "ᱥᱟᱱᱛᱟᱲᱤ"),
    ],
)  # fmt: skip
def test_a_language_is_written_in_its_scripts(tag, word) -> None:
    # The decoders' guard bans all else: a misnamed script would ban the language itself.
    assert scripts_of(word)
    assert scripts_of(word) <= set(parse_language(tag).scripts)


def test_every_detectable_language_has_scripts_that_regex_knows() -> None:
    for tag in detectable():
        for script in parse_language(tag).scripts:
            assert regex.compile(rf"\p{{Script={script}}}")


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("zh", "今天天气很好，我们一起去公园散步吧。"),
        ("en", "The weather is lovely today, so let us walk in the park."),
        ("de", "Das Wetter ist heute schön, wir gehen im Park spazieren."),
        ("fr", "Il fait beau aujourd'hui, allons nous promener au parc."),
        ("es", "Hoy hace buen tiempo, vamos a pasear por el parque."),
        ("ru", "Сегодня хорошая погода, пойдём гулять в парк."),
        ("ja", "今日は天気がいいので、公園を散歩しましょう。"),
        ("ko", "오늘은 날씨가 좋으니 공원에 산책하러 갑시다."),
    ],
)
def test_detection(tag, text) -> None:
    found = detect_language(text)
    assert found is not None
    assert found.primary == tag


def test_nothing_to_detect() -> None:
    assert detect_language("123 :) 😀\n") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OK, see you tomorrow", True),
        ("你好", False),
        ("Hi 你", False),
        ("123 :)", True),
        ("https://a.b/c%20d?e=1 😀", True),
        ("me@a-b.org www.a.b", True),
        ("请看https://t.cn/abc这个链接", False),  # no space ends an address before Chinese
        ("https://a.b/路", False),
        ("写信到me@a.b吧", False),
        ("", True),
    ],
)
def test_already_english(text, expected) -> None:
    assert already_in(text, ZH, EN) is expected


def test_shared_scripts_need_evidence() -> None:
    assert already_in("Das ist heute wirklich ein sehr schöner Tag", EN, DE)
    assert not already_in("This is really a very nice day today", EN, DE)
    assert not already_in("Hand", EN, DE)
    assert not already_in("今日は天気がいいので散歩しましょう", JA, ZH)


def test_scripts() -> None:
    assert scripts_of("Aя好ひカ한ا 1!😀ー") >= {"Latin", "Cyrillic", "Han", "Hiragana", "Katakana", "Hangul", "Arabic"}
    assert scripts_of("12 !😀") == frozenset()


def test_a_second_script_is_not_taken_for_the_target() -> None:
    serbian = parse_language("sr")
    assert not already_in("Danas je veoma lep dan i idemo zajedno u park", serbian, EN)
    assert not already_in("This is really a very nice day today", EN, serbian)
    assert already_in("Данас је веома леп дан и идемо заједно у парк", EN, serbian)


def test_letters_only_the_target_has_decide() -> None:
    assert already_in("ありがとうございます", ZH, JA)
    assert not already_in("我们都非常喜欢这个地方的天气和食物", ZH, JA)


def test_a_variety_of_the_source_is_not_passed_over() -> None:
    assert not already_in("今天天气很好，我们一起去公园散步吧。", ZH, parse_language("zh-Hant"))


def test_importing_loads_no_library() -> None:
    code = (
        "import sys, mtreason.languages, mtreason.documents\n"
        "print(*{'langcodes', 'lingua', 'regex', 'sentencex'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "\n"


def test_where_lines_begin() -> None:
    found = {tag: parse_language(tag).right_to_left for tag in ("ar", "he", "fa", "ur", "yi", "en", "zh", "pa", "uz")}
    assert [tag for tag, right in found.items() if right] == ["ar", "he", "fa", "ur", "yi"]
    assert parse_language("pa-Arab").right_to_left
