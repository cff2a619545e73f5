"""Terms are found in the forms that each source language gives them, and the fast way finds what the slow one does."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtreason.glossary import Matcher, Term
from mtreason.glossary.words.forms import forms, key
from mtreason.glossary.words.tokens import read


def found(language: str, text: str, *sources: str) -> list[str]:
    terms = [Term(source, ("x",), "", "", "t.tsv", line) for line, source in enumerate(sources, 1)]
    return [text[hit.start : hit.end] for hit in Matcher(terms, language).find(text)]


@pytest.mark.parametrize(
    ("language", "source", "text", "expected"),
    [
        ("fr", "eau", "De l’eau, un bureau.", ["eau"]),
        ("fr", "avoir peur de", "Elle a peur du chien.", ["a peur du"]),
        ("fr", "intelligence artificielle", "L'intelligence artificielle", ["intelligence artificielle"]),
        ("it", "dire", "Voglio dirtelo.", ["dirtelo"]),
        ("es", "dar", "Dámelo ya.", ["Dámelo"]),
        ("de", "hochladen", "Laden Sie die Datei hoch.", ["Laden"]),
        ("de", "hochladen", "Er versucht, sie hochzuladen.", ["hochzuladen"]),
        ("de", "Klima", "Der Klimaschutz", []),
        ("nl", "opbellen", "Ik bel je morgen op.", ["bel"]),
        ("en", "turn off", "Turn it off.", ["Turn"]),
        ("en", "turn off", "It turned. Off we go.", []),
        ("ru", "карта", "На карте нет дороги.", ["карте"]),
        ("hi", "किताब", "दो किताबें हैं", ["किताबें"]),
        ("xx", "किताब", "दो किताबें हैं", []),
        ("ja", "食べる", "昨日それを食べました。", ["食べま"]),
        ("ja", "サーバー", "ｻｰﾊﾞｰが落ちた", ["ｻｰﾊﾞｰ"]),
        ("ko", "쓰다", "그녀는 편지를 썼다.", ["썼"]),
        ("ko", "학교", "학교에 갔다", ["학교"]),
        ("th", "สัญญา", "เขาส่งสัญญาณ แล้วเซ็นสัญญา", ["สัญญา"]),
        ("zh", "AI模型", "这个 AI 模型", ["AI 模型"]),
        ("fr", "café", "un cafe\u0301 noir", ["cafe\u0301"]),
        ("en", "C++", "in C++ and c++.", ["C++", "c++"]),
        ("en", "Dr. No", "with Dr. No", ["Dr. No"]),
        ("en", "yyds", "这鞋yyds啊", ["yyds"]),
    ],
)
def test_found(language, source, text, expected) -> None:
    assert found(language, text, source) == expected


def test_the_verb_of_a_parted_term_leaves_room_for_the_terms_between() -> None:
    assert found("de", "Laden Sie die Datei hoch.", "hochladen", "Datei") == ["Laden", "Datei"]


def test_a_term_as_it_is_written_comes_before_one_of_which_it_is_a_form() -> None:
    terms = [Term("rip", ("a",), "", "", "t.tsv", 1), Term("ripped", ("b",), "", "", "t.tsv", 2)]
    assert [h.term.source for h in Matcher(terms, "en").find("ripped, ripping")] == ["ripped", "rip"]


WORDS = st.sampled_from(["go", "goes", "went", "viral", "dogs", "dog's", "the", "GO", "left"])


@given(
    st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=1, max_size=6),
    st.lists(st.tuples(WORDS, st.sampled_from([" ", "  ", ", ", ". ", "-"])), max_size=12),
)
@settings(deadline=None, max_examples=200)
def test_as_the_slow_way(sources, text) -> None:
    """Every term at every word, compared word by word."""
    written = "".join(word + gap for word, gap in text)
    terms = [Term(" ".join(words), ("x",), "", "", "t.tsv", line) for line, words in enumerate(sources, 1)]
    tokens = list(read(written.lower(), "en"))
    slow = set()
    for term in terms:
        own = [key(token.text, "en") for token in read(term.source.lower(), "en")]
        for first in range(len(tokens) - len(own) + 1):
            run = tokens[first : first + len(own)]
            beside = all(set(written[a.end : b.start]) <= {" ", "-"} for a, b in pairwise(run))
            if beside and all(k in forms(token.text, "en") for k, token in zip(own, run, strict=True)):
                slow.add((run[0].start, run[-1].end))
    fast = {(f.hit.start, f.hit.end) for f in Matcher(terms, "en").explain(written)}
    assert fast == slow
