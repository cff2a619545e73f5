"""Translations in a wrong script, a wrong variant, or a wrong language."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.common import table_settings, table_tasks
from support.fakes import TableModel

from mtreason.decoding.candidates import check
from mtreason.gates import Pair, doubts, problems
from mtreason.gates.language import has_wrong_letters
from mtreason.glossary import Hit, Term
from mtreason.languages import Direction, parse_language
from mtreason.rewards import Draft

CASES = Path(__file__).parents[3] / "shared" / "cases" / "language"


def pair(source, text, way, kept=()):
    return Pair(source, text, Direction(*map(parse_language, way.split(">"))), kept=kept)


@pytest.mark.parametrize(
    ("source", "text", "way", "expected"),
    [
        ("Prof. Lee left at 7 a.m. on Feb. 2nd.", "Prof. Lee left at 7 a.m. on February 2.", "en>zh", ("script",)),
        ("Prof. Lee left at 7 a.m. on Feb. 2nd.", "李教授于2月2日上午7点离开。", "en>zh", ()),
        ("Please close the door behind you.", "Please close the door.", "en>ru", ("script",)),
        ("Please close the door behind you.", "Please close the door.", "en>ar", ("script",)),
        ("Please close the door behind you.", "Please close the door.", "en>ja", ("script",)),
        ("请在离开前关闭打印机。", "请关闭打印机。", "zh>ko", ("script",)),
        ("请在离开前关闭打印机。", "请你在离开之前把打印机关闭。", "zh>ja", ("script", "language")),
        ("プリンターの電源を切ってください。", "请关闭打印机的电源。", "ja>zh", ()),
        # Names and literals are no words to translate.
        ("iPhone 15 Pro Max", "iPhone 15 Pro Max", "en>zh", ()),
        ("http://a.org/read/it/all", "http://a.org/read/it/all", "en>zh", ()),
        ("Run `npm install some thing here`", "`npm install some thing here`", "en>zh", ()),
        ("one hundred per cent of it", "100 %", "en>zh", ()),
        # Names in Latin letters belong to texts in any script.
        ("I have bought an iPhone.", "我买了一部iPhone。", "en>zh", ()),
        # In the source language or in English.
        ("下次我们还会再来这家餐厅。", "We will come to this restaurant again next time.", "zh>vi", ("language",)),
        ("下次我们还会再来这家餐厅。", "Lần sau chúng tôi sẽ lại đến nhà hàng này.", "zh>vi", ()),
        ("We come here again and again.", "We will come to this place again next time.", "en>de", ("language",)),
        ("Wir kommen immer wieder hierher.", "Wir kommen immer wieder gern hierher zurück.", "de>en", ("language",)),
        ("Пожалуйста, выключите свет.", "Пожалуйста, выключите свет перед уходом.", "ru>uk", ("language",)),
        ("OK, see you", "OK, see you", "en>de", ()),  # too short to be sure
        # Letters of third languages and terms that stay are in the source.
        ("The sign says 出口 in red letters.", "Auf dem Schild steht rot 出口 geschrieben.", "en>de", ()),
        ("The sign says exit in red letters.", "Auf dem Schild steht rot 出口 geschrieben.", "en>de", ("script",)),
        ("The sign says μ in red letters.", "Auf dem Schild steht μ in roten Buchstaben.", "en>de", ()),
    ],
)
def test_problems(source, text, way, expected) -> None:
    assert problems(pair(source, text, way)) == expected


def test_terms_that_stay_may_be_in_any_script() -> None:
    assert problems(pair("我爱小红书这个软件。", "I love 小红书.", "zh>en")) == ("script",)
    assert problems(pair("我爱小红书这个软件。", "I love 小红书.", "zh>en", ("小红书",))) == ()


def test_a_few_words_without_the_script_are_only_in_doubt() -> None:
    assert problems(pair("主页", "Home", "zh>ru")) == ()
    assert doubts(pair("主页", "Home", "zh>ru"), named=False) == ("no letter of Russian",)
    assert doubts(pair("主页", "Home", "zh>ru")) == ()
    assert doubts(pair("主页", "Главная", "zh>ru"), named=False) == ()
    assert doubts(pair("Settings", "Settings", "en>zh"), named=False) == ("no letter of Chinese",)
    assert doubts(pair("{name}: 5", "{name}: 5", "en>zh"), named=False) == ()


def test_a_copy_is_right_between_variants() -> None:
    text = "Please restart the printer before you leave the office."
    assert problems(pair(text, text, "en>en-GB")) == ()
    assert problems(pair(text, text, "en>en")) == ("copy",)


def checked(source, drawn, way, hits=()):
    [task] = table_tasks(TableModel())
    direction = Direction(*map(parse_language, way.split(">")))
    task = replace(task, source=source, direction=direction, hits=hits)
    draft = Draft(drawn, (1, 0), np.full(2, -1.0, np.float32), np.full((2, 5), -1.0, np.float32))
    return check(task, table_settings(), draft, finished=True)


@pytest.mark.parametrize(
    ("source", "drawn", "way", "expected"),
    [
        ("The software is here.", "软件在这里。", "en>zh-Hant", "軟件在這裡。"),
        ("The software is here.", "软件在这里。", "en>zh-TW", "軟體在這裡。"),
        ("The software is here.", "軟件在這裏。", "en>zh", "软件在这里。"),
        ("软件在这里。", "软件在这里。", "zh-Hans>zh-Hant", "軟件在這裡。"),
        ("See #话题# here.", "看這里的#话题#。", "en>zh-Hant", "看這里的#话题#。"),
        ("He wrote 软 on it.", "他在上面写了软。", "en>zh-Hant", "他在上面寫了软。"),
        ("It is a {软件} again", "又是{软件}说", "en>zh-Hant", "又是{软件}說"),
    ],
)
def test_drafts_are_written_in_the_variant(source, drawn, way, expected) -> None:
    candidate = checked(source, drawn, way)
    assert candidate.text == expected
    assert candidate.problems == ()


def test_a_term_that_stays_is_not_converted() -> None:
    term = Hit(Term("软件", (), "", "", "own.tsv", 1), 0, 2)
    assert checked("软件开了", "软件开了", "zh-Hans>zh-Hant", (term,)).text == "软件開了"


@pytest.mark.parametrize(
    ("text", "tag", "wrong"),
    [
        ("我买了一部iPhone。", "zh", False),
        ("软件设置", "zh-Hant", True),
        ("軟件設置", "zh-Hant", False),
        ("軟件設置", "zh", True),
        ("Привет", "de", True),
        ("Привет", "ru", False),
        ("我们", "ja", True),
    ],
)
def test_letters_that_evaluate_counts(text, tag, wrong) -> None:
    assert has_wrong_letters(text, parse_language(tag)) is wrong


@pytest.mark.parametrize(("name", "tag", "wrong"), [("ev-hz.txt", "zh", False), ("ev-hs.txt", "zh-Hant", True)])
def test_evaluate_cases(name, tag, wrong) -> None:
    if not (CASES / name).exists():
        pytest.skip("the cases are not here")
    assert has_wrong_letters((CASES / name).read_text("utf-8"), parse_language(tag)) is wrong


def test_cases_of_echoes() -> None:
    if not (CASES / "echo.en.txt").exists():
        pytest.skip("the cases are not here")
    echo = (CASES / "echo.en.txt").read_text("utf-8").strip()
    assert "script" in problems(pair(echo, echo, "en>zh"))
    line = (CASES / "menu.zh.txt").read_text("utf-8").splitlines()[3]
    assert problems(pair(line, "The service of this restaurant is very good, I will come again.", "zh>vi")) == (
        "language",
    )


@pytest.mark.parametrize(
    ("languages", "source", "text"),
    [
        ("en>ru", "She plays the violin.", "Онa игрaет нa скрипке."),
        ("en>uk", "She reads.", "Вона чиtає."),
        ("en>el", "The library is open on Sundays.", "The βιβλιοθήκη is open on Sundays."),
        ("en>zh", "The library is open on Sundays.", "The 图书馆 is open on Sundays."),
    ],
)
def test_letters_of_two_scripts(languages, source, text) -> None:
    assert problems(pair(source, text, languages)) == ("script",)


@pytest.mark.parametrize(
    ("languages", "source", "text"),
    [
        ("en>ru", "An IT specialist with a YouTube channel", "IT-специалист с YouTube-каналом"),
        ("en>ru", "The word “чиtать” is misspelt.", "Слово «чиtать» написано с ошибкой."),
        ("en>zh", "Install npm, node and git first.", "请先安装 npm、node 和 git，然后再运行这个程序。"),
        ("zh>ru", "打开 iPhone 的设置", "Откройте настройки iPhone"),
        ("en>el", "5 μm of dust", "5 μm σκόνης"),
    ],
)
def test_names_and_units_beside_letters_of_another_script(languages, source, text) -> None:
    assert problems(pair(source, text, languages)) == ()


@pytest.mark.parametrize(
    ("target", "right", "wrong"),
    [
        ("uk", "Діти граються в саду з собакою.", "Дети играют в саду вместе с собакой."),
        ("uk", "Ми поїдемо до моря наступного тижня.", "Мы поедем к морю на следующей неделе."),
        ("be", "Дзеці гуляюць у садзе з сабакам.", "Дети играют в саду вместе с собакой."),
        ("fa", "بچه‌ها با دوستان خود در باغ بازی می‌کنند.", "الأطفال يلعبون في الحديقة مع أصدقائهم الصغار."),
        ("ur", "بچے اپنے دوستوں کے ساتھ باغ میں کھیل رہے ہیں۔", "الأطفال يلعبون في الحديقة مع أصدقائهم الصغار."),
        (
            "sk",
            "Deti sa hrajú v záhrade so psom a sú veľmi šťastné.",
            "Děti si hrají na zahradě se psem a jsou velmi šťastné.",
        ),
        ("ca", "Els nens juguen al jardí amb els seus amics.", "Los niños juegan en el jardín con sus amigos."),
        ("mk", "Децата си играат во градината со кучето.", "Децата си играят в градината с кучето, много са щастливи."),
    ],
)
def test_a_neighbour_of_the_target_is_another_language(target, right, wrong) -> None:
    source = "孩子们在花园里玩耍，他们非常高兴。"
    assert problems(pair(source, right, f"zh>{target}")) == ()
    assert problems(pair(source, wrong, f"zh>{target}")) == ("language",)
