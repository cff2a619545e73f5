"""The glossaries that come along: every term is found in its example, and every rendering counts as honouring it."""

import re

import pytest

from mtreason.glossary import Matcher, Verdict, judge_term, load_glossary, shipped_glossaries
from mtreason.glossary.check import honoured
from mtreason.glossary.match import NOT_HINTED

FILES = {path.name: (path, pair) for pair in (("zh", "en"), ("en", "zh")) for path in shipped_glossaries(*pair)}
SIZES = {"slang.zh-en.tsv": 300, "internet-idioms.zh-en.tsv": 300, "slang.en-zh.tsv": 300}
MATCHERS = {
    pair: Matcher([e for path, own in FILES.values() if own == pair for e in load_glossary(path, *pair)], pair[0])
    for pair in {pair for _, pair in FILES.values()}
}
FRAME = {"en": "To me this is {}, as I said.", "zh": "在我看来，这就是{}，对吧。"}
VULGAR = re.compile(
    r"\b(shit\w*|ass|asshole|bitch|fuck\w*|damn|crap|piss\w*|arse|bastard|whore|dick|\w+shit)\b|屁股|他妈的|操你|狗屎|傻逼|婊"
)


def terms(text: str, pair: tuple[str, str] = ("zh", "en")) -> list[str]:
    return [hit.term.source for hit in MATCHERS[pair].find(text)]


def test_files():
    assert FILES.keys() == SIZES.keys()


@pytest.mark.parametrize("name", SIZES)
def test_entries(name: str):
    """Hold each term against its own example, as a person who reads the file would."""
    path, pair = FILES[name]
    terms = load_glossary(path, *pair)
    assert len(terms) >= SIZES[name]
    assert len({term.source for term in terms}) == len(terms)
    wrong = []
    for term in terms:
        hint = term.targets[0] if term.targets else ""
        # An ordinary phrase keeps shorter terms from matching inside it, and is no hit itself.
        why = "" if term.hinted else NOT_HINTED
        found = [f.hit.term for f in MATCHERS[pair].explain(term.example) if f.dropped == why]
        checks = {
            "has a meaning, an example and its translation": term.note and term.example and term.rendered,
            "is found in its example": term in found,
            "is honoured by the translation of its example": honoured(term, term.rendered, pair[1]),
            "is not read literally in it": judge_term(term, term.rendered, pair[1]).verdict is not Verdict.FORBIDDEN,
            "each rendering honours it": all(honoured(term, FRAME[pair[1]].format(t), pair[1]) for t in term.targets),
            "renderings differ": len(set(term.targets)) == len(term.targets),
            "nothing does not honour it": not honoured(term, FRAME[pair[1]].format("…"), pair[1]),
            "the literal reading does not": not term.literal or not honoured(term, term.literal, pair[1]),
            "the hint is short": hint and len(hint.split()) <= 8,
            "the hint can be used as it stands": not {"one's", "oneself", "sb", "sth"} & set(hint.split()),
            "is not rude without saying so": term.note.startswith("rude:")
            or not term.hinted
            or not VULGAR.search(" ".join((term.source, *term.targets))),
        }
        wrong += [f"{path.name}:{term.line}: {term.source}: {what}" for what, holds in checks.items() if not holds]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这个鞋拥有踩屎感", ["踩屎感"]),
        ("太太太好看了！美到我心巴上", ["太太太好看", "美到我心巴上"]),
        ("固定和裤型都好板正，不会显腿粗", ["板正"]),
        ("這雙鞋百搭又顯瘦，YYDS！", ["百搭", "显瘦", "yyds"]),
        ("光腿神器yyds", ["光腿神器", "yyds"]),
    ],
)
def test_slang_in_sentences(text, expected):
    assert terms(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "请给我一杯绿茶。",
        "他拒绝了我的邀请。",
        "菜都凉了。",
        "他把帽子戴在上头。",
        "周末一起吃瓜看电影。",
        "厨房里有宝藏图吗？",
        "他们在厦门集美读书。",
        "最早八月出发，早八点集合。",
        "我羡慕了很久。",
        "达官显贵都来了。",
        "这碗面真香。",
        "他狠狠地摔了门。",
        "雨天开太快容易翻车。",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert terms(text) == []


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("他爱吃土豆。", "吃土豆"),
        ("屋顶装了避雷针。", "避雷针"),
        ("我们参观了凡尔赛宫。", "凡尔赛宫"),
        ("擦了之后明显白了。", "明显白"),
        ("仿佛系着一根线。", "仿佛系"),
        ("高速上发生翻车事故。", "翻车事故"),
        ("昨天一辆货车翻车了。", "货车翻车"),
        ("爷爷在院子里种草莓。", "种草莓"),
    ],
)
def test_ordinary_phrases_win_over_the_slang_inside_them(text, phrase):
    assert MATCHERS["zh", "en"].find(text) == ()
    [found] = [f for f in MATCHERS["zh", "en"].explain(text) if f.hit.term.source == phrase]
    assert found.dropped == NOT_HINTED


@pytest.mark.parametrize(
    "text",
    [
        "他点了一盘炒鱿鱼。",
        "自行车骑到一半掉链子了。",
        "孩子们在操场上踢皮球。",
        "妈妈让我去超市打酱油。",
        "吃饺子的时候他爱吃醋。",
    ],
)
def test_idioms_that_are_meant_literally(text):
    assert terms(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Her song went viral overnight.", ["go viral"]),
        ("Don't beat around the bush!", ["beat around the bush"]),
        ("They waved a red flag on the beach.", []),
        ("She ate a piece of cake.", []),
        ("The test was a piece of cake.", ["piece of cake"]),
        ("The sailor tied the knot in the rope.", []),
        ("There is no cap on your salary.", []),
    ],
)
def test_english(text, expected):
    assert terms(text, ("en", "zh")) == expected
