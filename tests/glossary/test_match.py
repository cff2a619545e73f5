import subprocess
import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtreason.glossary import Matcher, Term
from mtreason.glossary.words.fold import fold


def terms(*sources: str) -> list[Term]:
    return [Term(source, (f"r{number}",), "", "", "t.tsv", number) for number, source in enumerate(sources, start=1)]


def found(text: str, *sources: str, language: str = "zh") -> list[str]:
    return [text[hit.start : hit.end] for hit in Matcher(terms(*sources), language).find(text)]


def test_offsets_are_characters_of_the_searched_text():
    text = "😀😀這雙鞋有踩屎感👨‍👩‍👧，YYDS！"
    hits = Matcher(terms("踩屎感", "yyds"), "zh").find(text)
    assert [(hit.term.source, hit.start, hit.end) for hit in hits] == [("踩屎感", 6, 9), ("yyds", 15, 19)]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("被種草了", "种草"),
        ("被种草了", "種草"),
        ("顏值高", "颜值"),
        ("甩鍋給我", "甩锅"),
        ("ＹＹＤＳ", "yyds"),
        ("yyds", "ＹＹｄｓ"),
        ("磕cp", "磕CP"),
    ],
)
def test_script_width_and_case_are_folded(text, term):
    assert len(found(text, term)) == 1


def test_japanese_is_not_simplified():
    assert found("種草", "种草", language="ja") == []
    assert found("ｶﾀｶﾅ", "カタカナ", language="ja") == ["ｶﾀｶﾅ"]


@pytest.mark.parametrize(
    ("text", "term", "expected"),
    [
        ("这鞋yyds啊", "yyds", ["yyds"]),
        ("这鞋yyds❤️", "yyds", ["yyds"]),
        ("❤️yyds", "yyds", ["yyds"]),
        ("这鞋yyds2", "yyds", []),
        ("xyyds", "yyds", []),
        ("yydsé", "yyds", []),
        ("yydse\u0301", "yyds", []),
        ("caf", "café", []),
        ("cafe\u0301", "cafe", []),
        ("AI人工智能", "I人", []),
        ("他是i人", "I人", ["i人"]),
        ("疯狂打call！", "打call", ["打call"]),
        ("打calls", "打call", []),
        ("start the art", "art", ["art"]),
        ("The ART of it", "art", ["ART"]),
        ("l’été", "l'été", ["l’été"]),
        ("state‑of‑the‑art", "state-of-the-art", ["state‑of‑the‑art"]),
        ("стартап", "старт", []),
        ("편안한 밑창을", "밑창", ["밑창"]),
    ],
)
def test_word_boundaries_where_the_script_has_them(text, term, expected):
    assert found(text, term) == expected


def test_longest_first_then_leftmost():
    assert found("abcd 种草机种草", "种草", "种草机") == ["种草机", "种草"]
    assert found("甲乙丙丁", "甲乙", "乙丙丁") == ["乙丙丁"]
    assert found("甲乙丙", "甲乙", "乙丙") == ["甲乙"]
    assert found("哈哈哈", "哈哈") == ["哈哈"]


def test_an_unbounded_longer_term_does_not_hide_a_shorter_one():
    assert found("种草yydsx", "种草", "种草yyds") == ["种草"]


def test_later_entries_override_earlier_ones():
    first, second = terms("種草", "种草")
    assert [hit.term for hit in Matcher([first, second], "zh").find("种草")] == [second]


def test_no_entries_and_no_text():
    assert Matcher([], "zh").find("种草") == ()
    assert Matcher(terms("种草"), "zh").find("") == ()


def test_fold_keeps_length_and_is_idempotent_for_every_character():
    # One character at a time and all of them: this found U+85B4 (simplified twice) and Cherokee (lower and casefold
    # point in opposite directions, so that a loop over both never ends).
    everything = "".join(map(chr, range(0x30000)))
    for language in ("zh", "en"):
        folded = fold(everything, language)
        assert len(folded) == len(everything)
        assert fold(folded, language) == folded


alphabet = st.sampled_from("种種草艸踩屎感yYｙdDs9 ，❤️😀\u0301éa")
term_lists = st.lists(st.text(alphabet, min_size=1, max_size=4), max_size=8)
texts = st.text(alphabet, max_size=40) | st.text(max_size=20)


def spaceless(text: str) -> str:
    """Spaces beside Chinese characters are optional, and composed accents are those that stand apart."""
    return fold("".join(unicodedata.normalize("NFC", text).split()), "zh")


@given(term_lists, texts)
@settings(deadline=None)
def test_hits_fold_to_their_term_in_order_without_overlap(sources, text):
    hits = Matcher(terms(*sources), "zh").find(text)
    for hit in hits:
        assert 0 <= hit.start < hit.end <= len(text)
        assert spaceless(text[hit.start : hit.end]) == spaceless(hit.term.source)
    for before, after in pairwise(hits):
        assert before.end <= after.start


@given(term_lists, texts)
@settings(deadline=None)
def test_no_free_occurrence_is_left(sources, text):
    """Every occurrence of a Chinese term overlaps a hit that is at least as long."""
    hits = Matcher(terms(*sources), "zh").find(text)
    folded = fold(text, "zh")
    for term in {fold(source, "zh") for source in sources}:
        if not all(unicodedata.category(char) == "Lo" for char in term):
            continue
        for start in range(len(folded) - len(term) + 1):
            if folded.startswith(term, start):
                assert any(
                    hit.start < start + len(term) and start < hit.end and hit.end - hit.start >= len(term)
                    for hit in hits
                )


@given(st.text(st.characters(blacklist_categories=["Lo"])))
@settings(deadline=None)
def test_text_without_terms_has_no_hits(text):
    assert Matcher(terms("种草", "踩屎感"), "zh").find(text) == ()


@given(st.text(alphabet, min_size=1, max_size=8))
@settings(deadline=None)
def test_a_term_finds_itself(term):
    assert found(term, term) == [term.strip()] * bool(term.strip())


def test_import_stays_light():
    code = (
        "import sys, mtreason.glossary; "
        "print(sorted({'opencc', 'simplemma', 'hypothesis', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


# Senses and inflection.


def term(source: str, target: str, number: int = 1, **more: object) -> Term:
    return Term(source, (target,), "", "", more.pop("file", "t.tsv"), number, **more)


def judged(text: str, *own: Term, language: str = "en") -> list[tuple[str, str, str]]:
    return [
        (text[f.hit.start : f.hit.end], f.hit.term.targets[0], f.dropped) for f in Matcher(own, language).explain(text)
    ]


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("It goes viral.", "go viral", ["goes viral"]),
        ("Going Viral twice, went viral", "go viral", ["Going Viral", "went viral"]),
        ("two hot-dogs", "hot dog", ["hot-dogs"]),
        ("a hot dog's bun", "hot dogs", ["hot dog's"]),
        ("it goes. Viral it is", "go viral", []),
        ("goes very viral", "go viral", []),
        ("spilling the tea", "spill the tea", ["spilling the tea"]),
        ("They were hanging out with us.", "hang out with", ["hanging out with"]),
        ("still doomscrolling", "doomscroll", ["doomscrolling"]),
        ("adult salmon, adults", "adulting", []),
        ("so much adulting", "adulting", ["adulting"]),
        ("ripping off the arm", "rip-off", []),
        ("What a rip off! Two rip-offs.", "rip-off", ["rip off", "rip-offs"]),
    ],
)
def test_inflected_terms(text, source, expected):
    assert found(text, source, language="en") == expected


def test_no_lemmas_no_inflection():
    assert found("goes viral", "go viral", language="zu") == []
    assert found("他goes viral了", "go viral", language="zh") == []


def test_case_where_it_matters():
    it = term("IT", "信息技术", case_sensitive=True)
    assert judged("IT says it.", it) == [("IT", "信息技术", ""), ("it", "信息技术", "is written otherwise than IT")]


def test_context_tells_senses_apart():
    river = term("bank", "河岸", 1, requires=("river", "boat"))
    money = term("bank", "银行", 2)
    assert judged("the bank of the River", river, money) == [("bank", "河岸", "")]
    assert judged("the bank of rivers", money, river) == [("bank", "银行", "")]
    assert judged("the bank", river) == [("bank", "河岸", "stands without river or boat")]
    call = term("打call", "cheer", excludes=("电话",))
    assert judged("为你打call", call, language="zh") == [("打call", "cheer", "")]
    assert judged("电话打call", call, language="zh") == [("打call", "cheer", "stands with 电话")]
    assert judged("bank bank", term("bank", "x", requires=("bank",)))[0][2] == "", "the other one is context"


def test_entries_whose_conditions_hold_are_a_choice():
    river = term("bank", "Ufer", 1, requires=("river", "boat"))
    blood = term("bank", "Spenderbank", 2, requires=("blood",))
    money = term("bank", "Bank", 3)
    matcher = Matcher([river, blood, money], "en")

    def senses(text):
        [hit] = matcher.find(text)
        return hit.term.targets, [sense.targets[0] for sense in hit.term.senses]

    assert senses("the bank of the river") == (("Ufer",), [])
    assert senses("the bank") == (("Bank",), [])
    assert senses("a boat with a blood bank") == (("Ufer", "Spenderbank"), ["Ufer", "Spenderbank"])


def test_a_choice_is_among_entries_of_one_file_and_one_spelling():
    shipped = [term("bank", "Ufer", 1, requires=("river",)), term("bank", "Damm", 2, requires=("water",))]
    own = term("bank", "Bank", 1, requires=("river",), file="own.tsv")
    text = "the water of the river at the bank"
    assert judged(text, *shipped, own) == [("bank", "Bank", "")]
    it = [term("it", "es", 1, requires=("says",)), term("IT", "EDV", 2, case_sensitive=True)]
    assert judged("IT says", *it) == judged("IT says", *reversed(it)) == [("IT", "EDV", "")]
    assert judged("it says", *it) == [("it", "es", "")]


def test_a_users_entry_comes_before_a_shipped_one_with_context():
    shipped = term("bank", "河岸", requires=("river",), file="shipped.tsv")
    own = term("bank", "岸", file="own.tsv")
    assert judged("the river bank", shipped, own) == [("bank", "岸", "")]


def test_overlaps_are_explained():
    assert judged("显瘦神器", term("显瘦", "slimming"), term("显瘦神器", "must-have"), language="zh") == [
        ("显瘦", "slimming", "overlaps 显瘦神器, which is longer or comes first"),
        ("显瘦神器", "must-have", ""),
    ]


WORDS = st.sampled_from(["go", "goes", "viral", "hot", "dogs", "dog", "the", "GO"])


@given(st.lists(WORDS, max_size=8), st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_words_against_a_naive_scan(words, found):
    """Every run of words with the lemmas of a term is found, longest first, leftmost of the longest."""
    lemmas = {"goes": "go", "dogs": "dog"}

    def base(own):
        return [lemmas.get(w.lower(), w.lower()) for w in own]

    text = " ".join(words)
    own = terms(*(" ".join(t) for t in found))
    wanted = sorted(
        {
            (start, start + len(t))
            for t in found
            for start in range(len(words) - len(t) + 1)
            if base(words[start : start + len(t)]) == base(t)
        },
        key=lambda span: (-len(" ".join(words[span[0] : span[1]])), span[0]),
    )
    taken: set[int] = set()
    chosen = []
    for start, end in wanted:
        if taken.isdisjoint(range(start, end)):
            taken |= set(range(start, end))
            chosen.append((start, end))
    hits = Matcher(own, "en").find(text)
    assert [text[h.start : h.end] for h in hits] == [" ".join(words[a:b]) for a, b in sorted(chosen)]
