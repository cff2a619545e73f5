"""Chatter is cut off, and what is wrong with a draft has a name."""

import pytest

from mtreason.gates import Pair, problems, strip_chatter
from mtreason.languages import Direction, parse_language

ZH_EN = Direction(parse_language("zh"), parse_language("en"))


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("English translation:\nHello.", "你好。", "Hello."),
        ("Sure! Here is the translation: Hello.", "你好。", "Hello."),
        ('The text translates to English as: "Hello."', "你好。", "Hello."),
        ('"Hello."', "你好。", "Hello."),
        ('"Hello," he said.', "他说你好。", '"Hello," he said.'),
        ("“Hello.”", "“你好。”", "“Hello.”"),
        ("Hello. (Note: informal)", "你好。", "Hello."),
        ("译文：你好", "Hello", "你好"),
        ("This text translates to “Hello.”", "你好。", "Hello."),
        ('The sentence translates into English as "Hello."', "你好。", "Hello."),
        ("Translation: a history", "翻译：一部历史", "Translation: a history"),
        ("Translation: a history", "Translation: eine Geschichte", "Translation: a history"),
        ("Hello. Note: this is informal.", "你好。", "Hello."),
        ("Hello.\n\nNote: this is informal.", "你好。", "Hello."),
        ("你好。（注：非正式）", "Hello.", "你好。"),
        ("翻译结果：你好。", "Hello.", "你好。"),
        ("“你好。”", "Hello.", "你好。"),
        ("「你好。」", "Hello.", "你好。"),
        ("‘I don’t know.’", "我不知道。", "I don’t know."),
        ("Here's the translated text: Hello.", "你好。", "Hello."),
        ("Certainly! Here is the English version: Hello.", "你好。", "Hello."),
        ("  Hello.\n World. ", "你好。", "Hello. World."),
    ],
)
def test_chatter(text, source, expected) -> None:
    assert strip_chatter(text, source) == expected


@pytest.mark.parametrize(
    ("text", "source", "held_back"),
    [
        ("Use these translations: yyds = the GOAT. Text: brother the GOAT", "兄弟yyds", True),
        ("This translation captures the essence of the Chinese text.", "绝绝子", True),
        ("The phrase in the Chinese text is translated as 'great'", "绝绝子", True),
        ("This translates to more money.", "这意味着更多的钱。", True),
        ("This translation is good.", "这个译文很好。", False),
        ("That translates into savings of a third.", "这意味着节省三分之一。", False),
        ("The sentence was ten years in prison.", "刑期为十年监禁。", False),
        ("Translators met in Vienna.", "翻译们在维也纳会面。", False),
    ],
)
def test_what_speaks_of_the_task_is_held_back(text, source, held_back) -> None:
    assert ("chatter" in problems(Pair(source, text, ZH_EN))) == held_back


def test_problems() -> None:
    assert problems(Pair("你好。", "Hello.", ZH_EN)) == ()
    assert problems(Pair("你好。", "…", ZH_EN)) == ("empty",)
    assert problems(Pair("你好。", "", ZH_EN)) == ("empty",)
    assert problems(Pair("😀", "😀", ZH_EN)) == ()
    assert problems(Pair("你好。", "Hello", ZH_EN, finished=False, stripped=True)) == ("unfinished", "chatter")
    long = "This is a sentence that comes back as it was."
    assert problems(Pair(long, long, ZH_EN)) == ("copy",)
    assert problems(Pair("Barack Obama", "Barack Obama", ZH_EN)) == ()


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Note: bring water.", "注意：带水。"),
        ("Please note: the shop is closed.", "请注意：本店今天关门。"),
        ("Here is my address: 5 Main Road.", "这是我的地址：主路5号。"),
        ("Here's the thing: I lied.", "事情是这样的：我撒谎了。"),
        ("“Hello” and “bye”", "你好和再见"),
        ("「你好」和「再见」", "Hello and bye"),
        ("'Hello' and 'bye'", "你好和再见"),
        ("翻译：他", "Translation: him"),
        ("“你好”", '"Hello"'),
        ("She wrote a note (in red).", "她写了一张便条（红色）。"),
    ],
)
def test_what_looks_like_chatter_and_is_none_stays(text, source) -> None:
    assert strip_chatter(text, source) == text
