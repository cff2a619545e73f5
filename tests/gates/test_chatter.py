"""Chatter is cut off, and what is wrong with a draft has a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtreason.gates import Pair, problems, single_spaced, strip_chatter
from mtreason.gates.form import has_words
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
        ("『你好。』", "Hello.", "你好。"),
        ("〝你好。〞", "Hello.", "你好。"),
        ("„Hallo.“", "你好。", "Hallo."),
        ("»Hallo.«", "你好。", "Hallo."),
        ("‹Bonjour.›", "你好。", "Bonjour."),
        ('"“Hello.”"', "你好。", "Hello."),
        ("Übersetzung: Hallo.", "你好。", "Hallo."),
        ("Traduction : Bonjour.", "你好。", "Bonjour."),
        ("Перевод: Привет.", "你好。", "Привет."),
        ("الترجمة: مرحبا.", "你好。", "مرحبا."),
        ("Hallo. (Hinweis: umgangssprachlich)", "你好。", "Hallo."),
        ("Bonjour. Remarque : c'est familier.", "你好。", "Bonjour."),
        ("Привет. Примечание: разговорное.", "你好。", "Привет."),
        ("こんにちは。（注：くだけた表現）", "Hello.", "こんにちは。"),
        ("مرحبا. ملاحظة: غير رسمي.", "你好。", "مرحبا."),
        ("Bring water. (Note: literal translation)", "注意：带水。", "Bring water."),
        ("Closed (literally: off duty)", "休息", "Closed"),
        ('Translate "你好" to English as follows: "Hello."', "你好", "Hello."),
        ("Sure! Here is the translation: Hello. (Note: informal)", "你好。", "Hello."),
    ],
)
def test_chatter(text, source, expected) -> None:
    assert strip_chatter(text, source) == expected


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("إليك الترجمة: ", "مرحبا."), ("Ето превода: ", "Здравей."), ("Zde je překlad: ", "Ahoj."),
        ("Her er oversættelsen: ", "Hej."), ("Natürlich! Hier ist die Übersetzung: ", "Hallo."),
        ("Μετάφραση: ", "Γεια."), ("Translated text: ", "Hello."), ("Claro, aquí tienes la traducción: ", "Hola."),
        ("Tässä on käännös: ", "Hei."), ("Voici la traduction : ", "Bonjour."), ("תרגום: ", "שלום."),
        ("यहाँ अनुवाद है: ", "नमस्ते।"), ("Íme a fordítás: ", "Szia."), ("Berikut terjemahannya: ", "Halo."),
        ("Ecco la traduzione: ", "Ciao."), ("もちろんです。翻訳は次のとおりです：", "こんにちは。"),
        ("다음은 번역입니다: ", "안녕."), ("Hier is de vertaling: ", "Hallo."), ("Tłumaczenie na polski: ", "Cześć."),
        ("Aqui está a tradução: ", "Olá."), ("Iată traducerea: ", "Salut."), ("Конечно! Вот перевод: ", "Привет."),
        ("Här är översättningen: ", "Hej."), ("นี่คือคำแปล: ", "สวัสดี"), ("İşte Türkçe çevirisi: ", "Merhaba."),
        ("Ось переклад: ", "Привіт."), ("Đây là bản dịch: ", "Chào."), ("好的，翻译如下：", "你好。"),
        ("**Deutsch:** ", "Hallo."), ("In German: ", "Hallo."), ("Po polsku: ", "Cześć."), ("中文：", "你好。"),
    ],
)  # fmt: skip
def test_labels_in_the_language_of_the_translation(label, text) -> None:
    assert strip_chatter(label + text, "Hei verden" if text == "Hello." else "Hello there.") == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```\nHallo.\n```", "Hallo."),
        ("```text\nHallo.\nWelt.\n```", "Hallo. Welt."),
        ("**Hallo.**", "Hallo."),
        ("Cześć.\n\n*Uwaga:* potoczne", "Cześć."),
        ("Hola.\n\nExplicación: es un saludo.", "Hola."),
        ("Hallo. (Wörtlich: Heil)", "Hallo."),
        ("Merhaba. (Not: gündelik dil)", "Merhaba."),
        ("Hello. (This is a literal translation.)", "Hello."),
    ],
)
def test_what_stands_around_a_translation(text, expected) -> None:
    assert strip_chatter(text, "Salve") == expected


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Переклад: Олена Коваль", "Translation: Olena Koval"),
        ("ترجمه: علی رضایی", "Translation: Ali Rezaei"),
        ("Transfer: 500 roubles", "Перевод: 500 рублей"),
        ("Gear ratio: 3:1", "Übersetzung: 3:1"),
        ("Not: Pazartesi kapalıdır.", "Note: Closed on Mondays."),
        ("Napomena: Zatvoreno je.", "Note: It is closed."),
        ("语言：英语", "Language: English"),
        ("英语：你好", "English: hello"),
        ("**Attention**", "**Achtung**"),
    ],
)
def test_the_same_words_are_right_where_the_source_has_them(source, text) -> None:
    assert strip_chatter(text, source) == text


@pytest.mark.parametrize(
    ("tag", "source"),
    [
        ("bg", "Ето един пример."), ("cs", "Zde je seznam vítězů."), ("da", "Her er et eksempel."),
        ("el", "Εδώ είναι ένα παράδειγμα."), ("fa", "در اینجا یک مثال آمده است."), ("fi", "Tässä on esimerkki."),
        ("he", "הנה דוגמה."), ("hi", "यहाँ एक उदाहरण है।"), ("hr", "Evo primjera."), ("hu", "Íme egy példa."),
        ("id", "Berikut adalah sebuah contoh."), ("pl", "Oto przykład."), ("ro", "Iată un exemplu."),
        ("sk", "Tu je príklad."), ("sr", "Ево примера."), ("sv", "Här är ett exempel."), ("tr", "İşte bir örnek."),
        ("uk", "Ось приклад."), ("ur", "یہاں ایک مثال ہے۔"),
    ],
)  # fmt: skip
def test_handing_over_is_right_where_the_source_does_it(tag, source) -> None:
    both = Direction(parse_language(tag), parse_language("en"))
    assert "chatter" not in problems(Pair(source, "Here is an example.", both))


@pytest.mark.parametrize(
    ("text", "source", "held_back"),
    [
        ("Use these translations: yyds = the GOAT. Text: brother the GOAT", "兄弟yyds", True),
        ("This translation captures the essence of the Chinese text.", "绝绝子", True),
        ("The phrase in the Chinese text is translated as 'great'", "绝绝子", True),
        ("This translates to more money.", "这意味着更多的钱。", True),
        ("Here is a short poem about spring.", "写一首短诗。", True),
        ("Sure, here's a Python program that says hello.", "写一个程序。", True),
        ("Here is a list of the winners.", "获奖名单如下。", False),
        ("How do I translate this text into Japanese?", "这段文字怎么翻成日语？", False),
        ("This sentence reads as if a machine translated it.", "这句话读起来像机翻的。", False),
        ("The sentence was translated in 1920.", "Das wurde 1920 übersetzt.", False),
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
        ("Open all day. Note: not on holidays.", "全天营业。备注：节假日除外。"),
        ("Open all day. Note: not on holidays.", "Ganztägig geöffnet. Hinweis: nicht an Feiertagen."),
        ("Open all day. Note: not on holidays.", "Открыто весь день. Примечание: кроме праздников."),
        ("Open all day. Note: not on holidays.", "مفتوح طوال اليوم. ملاحظة: ما عدا العطل."),
        ("Open all day. Note: not on holidays.", "終日営業。注：祝日を除く。"),
        ("Open all day. Note: not on holidays.", "全天营业，请注意节假日除外。"),
        ("Shipping is free (note: not to islands)", "运费全免（备注：海岛除外）"),
        ("Shipping is free (note: not to islands)", "运费全免（海岛除外）"),
        ("小心打开盖子（注意：高温）", "Open the lid with care (Caution: hot)"),
        ("盖好盖子。（注意：内有压力）", "Keep the lid on. (Warning: under pressure)"),
        ("Translated by: Anna Weber", "Traduit par : Anna Weber"),
        ("Translation: Anna Weber", "Traduction : Anna Weber"),
        ("翻译：安娜", "Übersetzung: Anna"),
        ("Translated version: third", "翻译版本：第三版"),
        ("English translation: see below", "英文译文：见下文"),
        ("“I am not coming.”", "『我不来了。』"),
        ("“Welcome”", "〝欢迎〞"),
        ("“Welcome”", "„Willkommen“"),
        ("“Welcome”", "»Willkommen«"),
        ("“Welcome”", "‹Bienvenue›"),
        ("“Welcome,” he said.", "他说欢迎。"),
        ("“Hello.”", "— Привет."),
        ('"Dream of the Red Chamber"', "《红楼梦》"),
        ("Temperature (not measured)", "温度"),
    ],
)
def test_what_looks_like_chatter_and_is_none_stays(text, source) -> None:
    assert strip_chatter(text, source) == text


PIECES = st.sampled_from(
    [
        *(
            "Hello",
            "world",
            ".",
            " ",
            "\n",
            ": ",
            "你好",
            "。",
            "：",
            "注",
            "备注：",
            "Note: ",
            "(",
            ")",
            "（",
            "）",
            "literal",
        ),
        *(
            "Translation: ",
            "译文：",
            "Sure! ",
            "Here is the translation: ",
            '"',
            "'",
            "“",
            "”",
            "„",
            "«",
            "»",
            "『",
            "』",
        ),
    ]
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)


@given(TEXTS, TEXTS)
def test_what_is_cut_is_cut_at_once_and_leaves_words(text, source) -> None:
    cut = strip_chatter(text, source)
    assert strip_chatter(cut, source) == cut
    assert len(cut) <= len(single_spaced(text))
    assert has_words(cut) == has_words(text)


@given(TEXTS)
def test_a_text_may_say_what_it_says(text) -> None:
    """Whatever kind of chatter a text has, it is no chatter in its translation."""
    text = single_spaced(text)
    assert strip_chatter(text, text) == text
