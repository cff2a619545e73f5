"""The shipped Chinese slang: every entry is found, and every rendering it lists counts as honouring it."""

import pytest

from mtreason.glossary import Entry, Matcher, honoured, load_glossary, shipped_glossaries

(PATH,) = shipped_glossaries("zh", "en")
ENTRIES = load_glossary(PATH, "zh", "en")
MATCHER = Matcher(ENTRIES, "zh")


def terms(text: str) -> list[str]:
    return [hit.entry.source for hit in MATCHER.find(text)]


def test_size():
    assert len(ENTRIES) >= 90


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.source)
def test_entry_finds_itself_and_honours_its_renderings(entry: Entry):
    text = f"今天说说{entry.source}，大家都懂。"
    assert [(hit.entry, text[hit.start : hit.end]) for hit in MATCHER.find(text)] == [(entry, entry.source)]
    assert entry.targets
    for target in entry.targets:
        assert honoured(entry, f"To me this is {target}, really.", "en"), target
    assert not honoured(entry, "This is the text.", "en")
    if entry.literal and entry.source != "学生党":  # the students in "student party" are right, the party is not
        assert not honoured(entry, f"To me: {entry.literal}.", "en")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.source)
def test_the_hint_is_short(entry: Entry):
    hint = entry.targets[0]
    assert len(hint.split()) <= 6
    assert not {"one's", "oneself", "sb", "sth"} & set(hint.split())
    assert len(set(entry.targets)) == len(entry.targets)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这个鞋拥有踩屎感", ["踩屎感"]),
        ("太太太好看了！美到心巴上", ["美到心巴上"]),
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
    ("text", "guard"),
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
def test_guards_win_over_the_slang_inside_them(text, guard):
    (hit,) = MATCHER.find(text)
    assert hit.entry.source == guard
    assert hit.entry.note.startswith("guard:")
