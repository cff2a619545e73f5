"""Simplified and Traditional Chinese: told apart, and converted without a rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtreason.languages import other_letters, parse_language, to_variant, variant_of, written_variant
from mtreason.languages.variants import is_regional, simplified_letters, traditional_letters


@pytest.mark.parametrize(
    ("tag", "variant", "regional"),
    [
        ("zh", "Hans", False),
        ("zh-CN", "Hans", False),
        ("zh-SG", "Hans", False),
        ("zh-Hant", "Hant", False),
        ("zh-TW", "Hant", True),
        ("zh-HK", "Hant", True),
        ("yue", "Hant", False),
        ("ja", "Jpan", False),
        ("pt-BR", "", True),
        ("es-419", "", True),
        ("sr-Latn", "", False),
        ("en", "", False),
    ],
)
def test_variants(tag, variant, regional) -> None:
    language = parse_language(tag)
    assert variant_of(language) == variant
    assert is_regional(language) is regional


@pytest.mark.parametrize(
    ("text", "tag", "expected"),
    [
        ("软件设置在网络菜单里。", "zh-Hant", "軟件設置在網絡菜單裡。"),
        ("软件设置在网络菜单里。", "zh-TW", "軟體設定在網路選單裡。"),
        ("软件设置在网络菜单里。", "zh-HK", "軟件設置在網絡菜單裏。"),
        ("軟件設置在網絡菜單裏。", "zh", "软件设置在网络菜单里。"),
        ("皇后以后吃干面", "zh-Hant", "皇后以後吃乾麵"),
        ("皇后說公里", "zh-Hant", "皇后說公里"),  # written in it already
        ("他要我听", "zh-Hant", "他要我聽"),
        ("他在家", "zh-Hant", "他在家"),
        ("iPhone 软件", "zh-Hant", "iPhone 軟件"),
        ("会議の資料", "ja", "会議の資料"),
        ("Haus", "de", "Haus"),
        ("\ud800软件", "zh-Hant", "\ud800软件"),  # no library reads that
    ],
)
def test_conversion(text, tag, expected) -> None:
    assert to_variant(text, parse_language(tag)) == expected


def test_letters_of_one_variant() -> None:
    assert set("软说们见师体机") <= simplified_letters()
    assert set("軟說們見師體機") <= traditional_letters()
    # Both sides write these, although a converter changes some of them.
    assert not set("你好后里台只面干的") & (simplified_letters() | traditional_letters())
    assert (written_variant("我们見面"), written_variant("我们见面"), written_variant("你好")) == ("", "Hans", "")


def test_wrong_letters() -> None:
    hant, hans, ja, en = map(parse_language, ("zh-Hant", "zh", "ja", "en"))
    assert other_letters("我们見面", hant) == {"们"}
    assert other_letters("我们見面", hans) == {"見"}
    assert other_letters("国会の会議で話す", ja) == set()
    assert other_letters("我们说", ja) == set("们说")
    assert other_letters("我们", en) == set()


HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=30)


@given(HAN, st.sampled_from(["zh", "zh-CN", "zh-Hant", "zh-TW", "zh-HK", "zh-MO"]))
def test_no_letter_of_the_other_variant_is_left(text, tag) -> None:
    language = parse_language(tag)
    assert not other_letters(to_variant(text, language), language)
