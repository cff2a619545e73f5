"""Which tag serves for which, and what names stand for languages."""

import pytest

from mtreason.languages import best_tag, tag_named


@pytest.mark.parametrize(
    ("wanted", "available", "expected"),
    [
        ("zh", ["zh-TW", "zh-CN"], "zh-CN"), ("zh", ["zh-Hant", "zh-Hans"], "zh-Hans"), ("zh", ["zh-TW"], None),
        ("zh-TW", ["zh", "zh-HK"], "zh-HK"), ("zh-TW", ["zh", "zh-CN"], "zh"), ("zh-CN", ["zh-TW", "zh-Hant"], None),
        ("zh-Hant", ["zh_HK", "zh_TW"], "zh_TW"), ("sr-Cyrl", ["sr-Latn"], None), ("sr-Latn", ["sr"], "sr"),
        ("sr-Latn", ["sr_RS@latin"], "sr_RS@latin"),
        ("pt", ["pt-PT", "pt-BR"], "pt-BR"), ("pt-BR", ["pt-PT", "pt"], "pt"),
        ("pt-BR", ["pt-PT"], "pt-PT"), ("en", ["EN_US"], "EN_US"), ("cmn", ["zh-Hans-CN"], "zh-Hans-CN"),
        ("nb", ["no"], "no"), ("no", ["nn"], None), ("yue", ["zh"], None), ("zh", ["zh-CHT", "zh-CHS"], "zh-CHS"),
        ("de", ["*all*", "", "x" * 900, "de_AT.UTF-8"], "de_AT.UTF-8"), ("nonsense!", ["de"], None), ("de", [], None),
    ],
)  # fmt: skip
def test_best_tag(wanted, available, expected) -> None:
    assert best_tag(wanted, available) == expected


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("English", "en"), ("Deutsch", "de"), ("中文", "zh"), ("Chinese (Simplified)", "zh-Hans"), ("zh_tw", "zh-TW"),
        ("Chinese Traditional", "zh-Hant"), ("English_United_States", "en-US"), ("Portuguese (Brazil)", "pt-BR"),
        ("Persian (Farsi)", "fa"), ("Norwegian Bokmål", "nb"), ("German shepherd", None), ("French fries", None),
        ("Pkw", None), ("house", None), ("", None), ("a" * 99, None), ("note", None),
    ],
)  # fmt: skip
def test_tag_named(text, tag) -> None:
    assert tag_named(text) == tag
