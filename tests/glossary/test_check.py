import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtreason.glossary import Term
from mtreason.glossary.check import honoured


def term(*targets: str, source: str = "词") -> Term:
    return Term(source, targets, "", "", "t.tsv", 1)


@pytest.mark.parametrize(
    ("rendering", "translation"),
    [
        ("comfortable sole", "It has comfortable soles."),
        ("comfortable soles", "such a Comfortable Sole!"),
        ("comfortable sole", "COMFORTABLE, SOLES"),
        ("recommend", "She recommended it"),
        ("cloud-like comfort", "cloud like comfort"),
        ("cloud like comfort", "cloud‑like comfort"),
        ("one’s words", "they ate their words"),
        ("can't go wrong", "You can’t go wrong"),
        ("the GOAT", "a goat"),
        ("to lie flat", "lying flat all day"),
        ("a rip-off", "two rip-offs"),
        ("influencer", "all the influencers' posts"),
        ("influencer", "an influencer's post"),
        ("comfortable (underfoot) sole", "comfortable sole"),
        ("comfortable (underfoot) sole", "comfortable underfoot soles"),
        ("(so) good（really）", "good"),
        ("legging(s)", "leggings"),
        ("blow … away", "blew everyone else clean away"),
        ("blow ... away", "blow away"),
        ("blow sth away", "blew it away"),
        ("turn sb on to", "turned me on to it"),
        ("take one's breath away", "takes your breath away"),
        ("take one's breath away", "took Anna's breath away"),
        ("take sb's breath away", "took the boys’ breath away"),
        ("take sb's breath away", "took my best friend’s breath away"),
        ("embarrass oneself", "I embarrassed myself"),
        ("so good", "so… good"),
        ("so good", "**so** “good”"),
        ("so good", "so_good"),
        ("Node.js", "with node.js 20"),
        ("AT&T", "at&t's"),
        ("100%", "100% cotton"),
        ("❤", "love ❤️"),
        ("...", "well..."),
        ("sth", "sth"),
        ("8 a.m. class", "my 8 a.m. classes"),
        ("résumé", "re\u0301sume\u0301s"),
    ],
)
def test_honoured_in_english(rendering, translation):
    assert honoured(term("nothing of the kind", rendering), translation, "en-GB")


@pytest.mark.parametrize(
    ("rendering", "translation"),
    [
        ("art", "start"),
        ("art", "arty"),
        ("comfortable sole", "comfortable shoe"),
        ("comfortable sole", "sole comfortable"),
        ("comfortable sole", "It is comfortable. Sole traders like it."),
        ("the best", "it is good"),
        ("new", "the news"),
        ("blow ... away", "blow a b c d e f away"),
        ("blow ... away", "It may blow. Run away"),
        ("blow sth away", "blow away"),
        ("take one's time", "take the time"),
        ("C++", "C"),
        ("100%", "100 people"),
        ("sth", "anything"),
        ("slimming", ""),
    ],
)
def test_not_honoured_in_english(rendering, translation):
    assert not honoured(term(rendering), translation, "en")


@pytest.mark.parametrize(
    ("rendering", "translation", "language", "expected"),
    [
        ("舒适的鞋底", "這雙鞋有舒適的鞋底。", "zh-Hant", True),
        ("舒适的鞋底", "舒适的鞋垫", "zh", False),
        ("AI助手", "一个 AI 助手", "zh", True),
        ("AI 助手", "一个ＡＩ助手", "zh", True),
        ("AI", "MAIN板", "zh", False),
        ("I", "II I", "zh", True),
        ("New York", "在New York。", "zh", True),
        ("New York", "在NewYork。", "zh", True),
        ("把…吹走", "把所有人都吹走了", "zh", True),
        ("把…吹走", "把它拿走。风吹走了", "zh", False),
        ("（真的）好吃", "好吃", "zh", True),
        ("...", "好", "zh", False),
        ("履き心地", "履き心地がいい", "ja", True),
        ("พื้นนุ่ม", "รองเท้าพื้นนุ่มมาก", "th", True),
        ("밑창", "밑창이", "ko", True),
        ("bequeme Sohle", "mit bequemen Sohlen", "de", True),
        ("Art", "Start", "de", False),
        ("удобная подошва", "удобная подошва!", "ru", True),
        ("किताब", "किताबें", "xx", True),
        ("किताब", "यह किताब।", "xx", True),
    ],
)
def test_other_languages(rendering, translation, language, expected):
    assert honoured(term(rendering), translation, language) is expected


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ("yyds", "It is YYDS!", True),
        ("yyds", "the best", False),
        ("iPhone", "two iPhones", True),
        ("iPhone", "iPhonezilla", False),
        ("踩屎感", "the踩屎感 feeling", True),
        ("C++", "in C++.", True),
        ("C++", "in C", False),
    ],
)
def test_no_renderings_means_keep_the_source(source, translation, expected):
    assert honoured(term(source=source), translation, "en") is expected


WORDS = ["soft", "sole", "run", "better", "the", "a", "to", "one's", "sth", "oneself", "cloud-like", "50%", "é", "."]


@given(st.lists(st.sampled_from(WORDS), min_size=1))
@settings(deadline=None)
def test_a_rendering_honours_itself(words):
    rendering = " ".join(words)
    assert honoured(term(rendering), f"Well, {rendering} it is", "en")


@given(st.text(min_size=1, max_size=30), st.text(max_size=60), st.sampled_from(["en", "zh", "de", "xx"]))
@settings(deadline=None)
def test_never_raises(rendering, translation, language):
    assert honoured(term(rendering), translation, language) in {True, False}


def test_rows_of_gaps_do_not_explode():
    started = time.process_time()
    assert not honoured(term("a " + "… sth sb " * 30 + "zebra"), "a " * 400, "en")
    assert not honoured(term("甲" + "…乙" * 6 + "丙"), "甲乙" * 60, "zh")
    assert time.process_time() - started < 5
