"""What is proposed for a glossary, where renderings come from, and the file in which people accept them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtreason.documents import literals
from mtreason.errors import GlossaryError, InputError
from mtreason.glossary import Term, load_glossary
from mtreason.glossary.load import read_entries
from mtreason.glossary.proposals import Proposal, Rendering, open_sheet, propose, renderings_in
from mtreason.glossary.proposals.clauses import read_clauses
from mtreason.glossary.proposals.names import find_names
from mtreason.glossary.proposals.sheet import MARK, Sheet
from mtreason.glossary.proposals.signs import cohesion
from mtreason.glossary.proposals.terms import c_values, find_terms
from mtreason.glossary.proposals.text import BREAK, words_only
from mtreason.glossary.proposals.unspaced import find_unspaced
from mtreason.languages import Direction, parse_language

EN, DE, ZH, JA = map(parse_language, ("en", "de", "zh", "ja"))
WORDS = frozenset(["今天", "天气", "公园", "意思", "发展", "衣服", "喜欢", "朋友", "鞋子", "手机", "屏幕"])


def names(*segments: str, language: str = "en") -> list[str]:
    return [found.source for found in find_names(read_clauses(segments, language), language)]


def terms(*segments: str, language: str = "en") -> list[str]:
    return [found.source for found in find_terms(read_clauses(segments, language), language)]


def unspaced(*segments: str, language: str = "zh") -> dict[str, str]:
    return {found.source: found.kind for found in find_unspaced(segments, language, WORDS.__contains__)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yesterday we met Anna Schmidt at the station.", ["Anna Schmidt"]),
        ("Houses were built. Houses fell.", []),  # the place explains the capital
        ("In March the Bank of England spoke to Reuters.", ["Bank of England", "Reuters"]),
        ("I said that I'm late on Monday.", []),
        ("The file needs 5 MB of RAM.", ["RAM"]),
        ("We like Microsoft's and Nokia's phones.", ["Microsoft", "Nokia"]),
        ("Most people use the iPhone 15.", ["iPhone 15"]),
        ("How To Write A Better Test", []),  # a heading
        ("We went Home.", []),  # listed as an ordinary word only, and seen once
        ("see {Name} and <b>Kafka</b> at https://Example.org/Bar or `Baz`", ["Kafka"]),
    ],
)
def test_names_by_capitals(text, expected) -> None:
    assert names(text) == expected


def test_a_name_counts_wherever_it_occurs() -> None:
    [found] = find_names(read_clauses(["Gabba is a ground.", "They play at the Gabba."], "en"), "en")
    assert (found.source, found.segments) == ("Gabba", (0, 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Gestern kam der Zug mit der Verspätung.", []),
        ("Gestern sprach Rorslett über die Haustür.", ["Rorslett"]),
        ("Die Daten liegen bei GitHub.", ["GitHub"]),
    ],
)
def test_names_where_all_nouns_have_capitals(text, expected) -> None:
    assert names(text, language="de") == expected


def test_terms_recur_and_have_content_at_their_ends() -> None:
    text = ["The beam search is fast.", "We use beam searches here.", "A tree is a tree.", "it is of the best of all"]
    assert terms(*text) == ["beam search"]
    assert terms(text[0]) == []


def test_a_part_of_a_longer_term_is_none_unless_it_stands_alone() -> None:
    twice = ["a minimum bayes risk here", "the minimum bayes risk there"]
    assert terms(*twice) == ["minimum bayes risk"]
    assert set(terms(*twice, "our bayes risk was", "that bayes risk is", "his bayes risk too", "my bayes risk")) == {
        "minimum bayes risk",
        "bayes risk",
    }


def test_c_value_by_hand() -> None:
    counts = {"soft contact lens": 3, "hard contact lens": 5, "contact lens": 10}
    expected = {"soft contact lens": math.log2(3) * 3, "hard contact lens": math.log2(3) * 5, "contact lens": 10 - 4}
    assert c_values(counts) == pytest.approx(expected)


def test_new_words_of_a_language_with_a_table() -> None:
    found = propose(["what a yeet that was", "yeet it again", "a house", "the house"], EN, (), WORDS.__contains__)
    assert [(p.source, p.kind, p.count, p.segments) for p in found.proposals] == [("yeet", "new word", 2, 2)]


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (["我被种草了", "她种草这双鞋", "又来种草"], {"种草": "new word"}),
        (["我被种草了"], {}),
        (["我手机屏幕坏", "换手机屏幕", "手机屏幕亮"], {"手机屏幕": "term"}),
        (["没什么意思", "有什么意思啊"], {}),  # 意思 goes over the end of 什么意
        (["看了《三体》", "用GitHub和yyds", "很好app"], {"三体": "name", "GitHub": "name", "yyds": "new word"}),
        (["这波“躺平”不错", "他说：“你好”"], {"躺平": "new word"}),
        (["太666了", "花了666元", "电话12333345"], {"666": "new word"}),
        (["他有三百个", "我有三百个"], {}),
        (["啊呜呜呜呜", "他呜呜呜呜了", "呜呜呜呜"], {"呜呜": "new word"}),
        (["“今天去看电影”很好"], {}),
    ],
)
def test_where_words_are_not_separated(segments, expected) -> None:
    assert unspaced(*segments) == expected


def test_japanese_runs_stand_between_hiragana() -> None:
    text = ["機械学習モデルを使う", "この機械学習モデルは速い"]
    assert unspaced(*text, language="ja") == {"機械学習モデル": "term"}


def test_cohesion_by_hand() -> None:
    counts = {"种": 4, "草": 2, "种草": 2}
    assert cohesion("种草", counts, 40) == 2 * 40 / (4 * 2)


def test_what_a_glossary_has_is_left_out_and_counted() -> None:
    segments = ["We met Anna Schmidt and Bert Meyer.", "The beam search is fast.", "We use beam searches here."]
    known = [Term(source, ("x",), "", "", "t.tsv", 1, hinted=hinted) for source, hinted in
             (("Anna Schmidt", True), ("beam searches", False), ("Bert", True))]  # fmt: skip
    found = propose(segments, EN, known, WORDS.__contains__)
    assert [p.source for p in found.proposals] == ["Bert Meyer"]
    assert found.known == 2


def test_nothing_is_proposed_for_nothing() -> None:
    for language in (EN, DE, ZH, JA, parse_language("ko"), parse_language("th"), parse_language("ar")):
        assert propose([], language, (), WORDS.__contains__).proposals == ()
        assert propose(["", "123", "{x}", "…"], language, (), WORDS.__contains__).proposals == ()


TEXT = st.lists(
    st.sampled_from(
        ["种草", "今天", "GitHub", "Anna", "beam search", "{name}", "%s", "<b>", "`x y`", "666", "12", " ", "。", ". ",
         "“", "”", "《", "》", "the ", "ß", "İ", "e\u0301", "ー", "データ", "\u200b", "😀"]
    ) | st.characters(exclude_categories=["Cs"]),
    max_size=30,
).map("".join)  # fmt: skip


@given(st.lists(TEXT, max_size=6), st.sampled_from([EN, DE, ZH, JA]))
def test_proposals_stand_in_the_text_outside_of_literals(segments, language) -> None:
    found = propose(segments, language, (), WORDS.__contains__).proposals
    shown = [words_only(text) for text in segments]
    assert [len(text) for text in shown] == [len(text) for text in segments]
    for text, masked in zip(segments, shown, strict=True):
        assert all(set(masked[x.start : x.end]) == {BREAK} for x in literals(text))
    flat = [" ".join(text.split()) for text in shown]
    for proposal in found:
        assert any(proposal.source in text or proposal.source in own for text, own in zip(flat, shown, strict=True))
        assert 1 <= proposal.segments <= min(proposal.count, len(segments))
    assert len({p.source for p in found}) == len(found)
    assert propose(segments, language, (), WORDS.__contains__).proposals == found


# Memories.


def test_renderings_from_a_memory() -> None:
    pairs = {
        "我被种草了": "I was sold on it",
        "她种草了这双鞋": "She was Sold On these shoes",
        "今天天气好": "The weather is good today",
        "天气真好": "Nice weather",
        "显瘦": "Slimming",
    }
    found = renderings_in(pairs, ["种草", "显瘦", "天气", "平替"], Direction(ZH, EN))
    assert found["种草"] == Rendering("sold", 1.0, "memory")
    assert found["显瘦"] == Rendering("Slimming", 1.0, "memory")
    assert found["天气"] == Rendering("weather", 1.0, "memory")
    assert "平替" not in found
    assert renderings_in({}, ["种草"], Direction(ZH, EN)) == {}


def test_a_pair_that_occurs_once_shows_nothing() -> None:
    assert renderings_in({"我被种草了": "I was sold"}, ["种草"], Direction(ZH, EN)) == {}


# The file.

PLAIN = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
ROWS = st.lists(
    st.tuples(PLAIN, st.none() | PLAIN, st.text(st.characters(exclude_categories=["C"]), max_size=9)),
    max_size=5,
    unique_by=lambda row: row[0].casefold(),
)


def rows_of(given_rows):
    return [
        (Proposal(source, "term", 2, 1, example), None if target is None else Rendering(target, 0.5, "model"))
        for source, target, example in given_rows
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("sheet") / "draft.zh-en.tsv"


@given(ROWS, ROWS)
def test_nothing_is_used_unread_and_all_that_is_accepted(path, first, second) -> None:
    path.write_bytes(Sheet("", ("zh", "en")).with_lines(rows_of(first)))
    before = open_sheet(path, ("zh", "en"))
    assert list(read_entries(path, "zh", "en")) == []
    assert all(before.has(source) for source, _, _ in first)
    data = before.with_lines(rows_of(second))
    assert data.startswith(before.data)
    path.write_bytes(data)
    assert list(read_entries(path, "zh", "en")) == []
    lines = [line.removeprefix(MARK) if "\t" in line else line for line in data.decode().split("\n")]
    path.write_text("\n".join(lines), "utf-8", newline="")
    read = [(entry.term.source, entry.term.targets, entry.term.example) for entry in read_entries(path, "zh", "en")]
    assert read == [
        (source, () if target in {None, source} else (target,), " ".join(example.split(" ")).strip())
        for source, target, example in [*first, *second]
    ]


def test_what_people_did_is_kept(write) -> None:
    own = "# languages: zh-en\r\n# columns: source, target, pos\r\n显瘦\tslimming\tadj\r\n# 平替\tdupe\r\n# a remark"
    path = write("own.zh-en.tsv", own)
    sheet = open_sheet(path, ("zh", "en"))
    assert [term.source for term in sheet.accepted] == ["显瘦"]
    assert sheet.has("平替")
    assert sheet.has("顯瘦")
    assert not sheet.has("种草")
    more = sheet.with_lines([(Proposal("种草", "new word", 2, 2, "又种草"), Rendering("sold", 0.5, "model"))])
    assert more.decode() == own + "\r\n# 种草\tsold\r\n"  # its columns have no place for the rest


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("out.csv", None, InputError, "out.csv: proposals are lines of tab-separated text: name it .tsv"),
        ("out.en-de.tsv", None, GlossaryError, "is for en to de, but the run translates zh to en"),
        ("out.tsv", "# languages: en-de\n", GlossaryError, "is for en to de, but the run translates zh to en"),
        ("out.tsv", "source\ttarget\n显瘦\tslimming\n", GlossaryError, "its first row names columns"),
        ("out.tsv", "显瘦\n", GlossaryError, "out.tsv:1: found 1 field"),
        ("out.tsv", b"\xff\xfe\x00", InputError, "not UTF-8"),
    ],
)
def test_files_that_cannot_be_added_to(tmp_path, name, content, error, message) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(error, match=message.replace("(", r"\(")):
        open_sheet(path, ("zh", "en"))


def test_a_term_is_used_once_its_mark_is_taken_away(write) -> None:
    row = (Proposal("种草", "new word", 2, 2, "又种草"), Rendering("sold", 0.5, "model"))
    text = Sheet("", ("zh", "en")).with_lines([row]).decode()
    path = write("draft.zh-en.tsv", text)
    with pytest.raises(GlossaryError, match="no terms for zh to en"):
        load_glossary(path, "zh", "en")
    path = write("draft.zh-en.tsv", text.replace("# 种草", "种草"))
    [term] = load_glossary(path, "zh", "en")
    assert (term.source, term.targets, term.example) == ("种草", ("sold",), "又种草")
    assert term.note == "new word, 2× in 2 segments; model, certainty 0.50"
