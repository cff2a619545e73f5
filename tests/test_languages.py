"""Codes, scripts, and telling languages apart."""

import pytest

from mtreason.errors import LanguageError
from mtreason.languages import already_in, detect_language, parse_language, scripts_of

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
    [("engish", "'en' (English)"), ("English", "'en'"), ("chinese", "'zh'"), ("xx", ""), ("", ""), ("e n", "")],
)
def test_unknown(given, near) -> None:
    with pytest.raises(LanguageError, match="unknown language") as error:
        parse_language(given)
    assert near in str(error.value)
    assert "\n" not in str(error.value)


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
        ("https://a.b/路 😀", True),
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
