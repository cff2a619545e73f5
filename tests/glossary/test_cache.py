"""Large glossaries from the cache: what they find is what their files find, and nothing in the cache is trusted."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtreason.files import SUM, checksum
from mtreason.glossary import Matcher, Sense, Term, Terms, cache, digests, load, load_glossaries, load_glossary
from mtreason.glossary.term import make_term
from mtreason.glossary.terms import Glossary, StoredTerms, columns_of, packed

ROWS = "go viral\tviral gehen\nrip-off\tNepp|Abzocke\nC#\tC#\nbuilding\tGebäude\nhouse\tHaus\tdas Haus\n"


@pytest.fixture(autouse=True)
def everything_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "WORTH", 0)


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "terms.tsv"
    file.write_text(ROWS, "utf-8")
    return file


def part(terms: Terms) -> Glossary:
    [own] = terms.parts
    return own


def reading() -> Path:
    [(own, _, _)] = cache.kept()
    return own


def from_cache(path: Path, source: str = "en", target: str = "de") -> bool:
    """Load a glossary; return whether none of its lines was read."""
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "make_term", lambda *row: made.append(row) or make_term(*row))
        load_glossary(path, source, target)
    return not made


def test_the_second_reading_is_the_first(path):
    first, second = load_glossary(path, "en", "de"), load_glossary(path, "en", "de")
    assert from_cache(path)
    assert first == second == tuple(first)
    assert part(first).index == part(second).index
    assert digests(first) == digests(second) == digests(list(first))


def test_what_is_left_out_is_said_again(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("en,de,place\nhouse,Haus,1\nclutch,,2\n", "utf-8")
    said: list[str] = []
    for name in ("a", "b"):
        load_glossary(file, "en", "de", name, said.append)
    assert [line.partition(": ")[0] for line in said] == ["a", "b"]
    assert len({line.partition(": ")[2] for line in said}) == 1


@pytest.mark.parametrize(("source", "target"), [("de", "en"), ("en", "fr"), ("en-GB", "de")])
def test_another_direction_is_read_anew(path, source, target):
    load_glossary(path, "en", "de")
    assert not from_cache(path, source, target)


def test_another_content_and_another_version_are_read_anew(path, monkeypatch):
    load_glossary(path, "en", "de")
    path.write_text(ROWS + "car\tAuto\n", "utf-8")
    assert not from_cache(path)
    assert from_cache(path)
    monkeypatch.setattr(cache, "_made_with", lambda: "another")
    assert not from_cache(path)


def test_the_name_is_that_of_the_run(path):
    load_glossary(path, "en", "de", "one")
    assert {term.file for term in load_glossary(path, "en", "de", "two")} == {"two"}


def damaged(data: bytes) -> dict[str, bytes]:
    about, index, terms = data[SUM:].split(b"\n")

    def sealed(*lines: bytes) -> bytes:
        body = b"\n".join(lines)
        return checksum(body).encode() + body

    def changed(line: bytes, /, **own: object) -> bytes:
        return json.dumps(json.loads(line) | own).encode()

    pairs = json.loads(index)["lines"]
    return {
        "empty": b"", "cut": data[:-1], "turned": data[:-2] + b"x" + data[-1:], "none": sealed(b""),
        "two lines": sealed(about, index), "no JSON": sealed(about, index, b"cos\nsystem\n(S'ls'\ntR."),
        "deep": sealed(about, index, b"[" * 100_000), "a list": sealed(about, index, b"[]"),
        "a number": sealed(about, index, changed(terms, source=[1] * 5)),
        "few": sealed(about, index, changed(terms, source=["a"])),
        "a text": sealed(about, index, changed(terms, targets="abcde")),
        "none such": sealed(about, index, changed(terms, owner=["a"] * 5)),
        "nothing": sealed(about, index, changed(terms, source=["", "a", "b", "c", "d"])),
        "a flag": sealed(about, index, changed(terms, hinted=["yes"] * 5)),
        "no line": sealed(changed(about, line=None), index, terms),
        "no term": sealed(about, changed(index, lines=[pairs[0], pairs[1], [99] * len(pairs[2])]), terms),
        "below": sealed(about, changed(index, lines=[pairs[0], pairs[1], [-1] * len(pairs[2])]), terms),
        "half": sealed(about, changed(index, lines=[pairs[0], pairs[1], [0.5] * len(pairs[2])]), terms),
        "counts": sealed(about, changed(index, lines=[pairs[0], [9] * len(pairs[1]), pairs[2]]), terms),
        "twice": sealed(about, changed(index, lines=[["a"] * len(pairs[0]), pairs[1], pairs[2]]), terms),
    }  # fmt: skip


def test_what_is_damaged_or_from_a_stranger_is_read_anew(path):
    first = load_glossary(path, "en", "de")
    own = reading()
    good = own.read_bytes()
    for name, data in damaged(good).items():
        own.write_bytes(data)
        assert not from_cache(path), name
        assert load_glossary(path, "en", "de") == first, name
        assert own.read_bytes() == good, name


def test_a_wrong_index_with_the_right_shape_is_searched_without_harm(path):
    load_glossary(path, "en", "de")
    own = reading()
    about, _, terms = own.read_bytes()[SUM:].split(b"\n")
    columns = json.loads(terms) | {"source": ["...", " ", "'", "ing", "-"]}
    index = {"lines": [["a"], [5], [0, 1, 2, 3, 4]], "anchors": [["a"], [5], [0, 1, 2, 3, 4]]}
    body = b"\n".join([about, json.dumps(index).encode(), json.dumps(columns).encode()])
    own.write_bytes(checksum(body).encode() + body)
    stored = load_glossary(path, "en", "de")
    assert [term.source for term in stored] == ["...", " ", "'", "ing", "-"]
    Matcher(stored, "en").find("a house a - a ing")


def test_a_folder_in_its_place_is_passed_over(path):
    first = load_glossary(path, "en", "de")
    own = reading()
    own.unlink()
    own.mkdir()
    assert load_glossary(path, "en", "de") == first


def test_the_cache_is_never_needed(path, tmp_path, monkeypatch):
    (tmp_path / "no").write_text("", "utf-8")
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "no"))
    assert load_glossary(path, "en", "de") == load_glossary(path, "en", "de")


def test_small_files_are_not_kept(path, monkeypatch):
    monkeypatch.setattr(cache, "WORTH", 1 << 18)
    load_glossary(path, "en", "de")
    assert cache.kept() == []


def test_those_used_longest_ago_go_first(tmp_path, monkeypatch):
    names = []
    for k in range(4):
        file = tmp_path / f"{k}.tsv"
        file.write_text(f"{ROWS}word{k}\tWort\n", "utf-8")
        names.append(file)
    load_glossary(names[0], "en", "de")
    monkeypatch.setattr(cache, "SIZE", int(2.5 * reading().stat().st_size))
    for k, own in enumerate(names[1:], 1):
        load_glossary(own, "en", "de")
        for place, _, used in cache.kept():
            os.utime(place, (used - 100, used - 100))
        assert len(cache.kept()) == min(2, k + 1)
    assert [from_cache(own) for own in (names[3], names[2])] == [True, True]
    assert cache.prune(50) == 0
    assert cache.prune() == 2
    assert not from_cache(names[3])


WORDS = st.one_of(
    st.sampled_from(["go", "goes", "viral", "house", "houses", "building", "rip-off", "C#", "ß", "e\u0301"]),
    st.sampled_from("abcdefghi"),
)
ENGLISH = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
SIGNS = st.text(st.sampled_from("種种草踩雷 aCP帮忙了我的ー食べるする"), min_size=1, max_size=40)
FIELDS = st.fixed_dictionaries({
    "note": st.text(st.characters(exclude_categories=["Cs"]), max_size=3), "case_sensitive": st.booleans(),
    "hinted": st.booleans(), "forbidden": st.lists(st.sampled_from("xyz"), max_size=2).map(tuple),
    "excludes": st.sampled_from([(), (), ("house",), ("了",)]), "file": st.sampled_from(["a", "b"]),
})  # fmt: skip


@given(st.sampled_from(["en", "zh", "ja", "de"]), st.data())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_files_from_the_cache_find_what_their_terms_find(language, data):
    """Whatever the terms: one list of them, files that were read, and files from the cache are the same."""
    texts = ENGLISH if language in {"en", "de"} else SIGNS
    own = data.draw(st.lists(st.tuples(texts, FIELDS), max_size=8))
    terms = [Term(s, (f"t{n}",), "", line=n, **fields) for n, (s, fields) in enumerate(own)]
    terms.sort(key=lambda term: term.file)
    files = {file: [term for term in terms if term.file == file] for file in ("a", "b")}
    fresh = [cache.keep(file, Glossary(file, tuple(part)), language) for file, part in files.items() if part]
    stored = [cache.find(glossary.file, glossary.file) for glossary in fresh]
    kept = Terms([glossary for glossary in stored if glossary is not None])
    assert kept == Terms(fresh) == terms
    assert digests(kept) == digests(Terms(fresh)) == digests(terms)
    matchers = [Matcher(terms, language), Matcher(Terms(fresh), language), Matcher(kept, language)]
    for text in [*(term.source for term in terms), data.draw(texts)]:
        first, *others = [matcher.explain(text) for matcher in matchers]
        assert others == [first, first]


@given(
    st.lists(
        st.builds(
            Term,
            *[st.just("a"), st.just(("b",)), st.text(), st.text(), st.just("f"), st.integers()],
            senses=st.just(()) | st.just((Sense(("b", "c"), "noun"), Sense(("d",), ""))),
        )
    )
)
def test_terms_are_what_their_columns_say(terms):
    stored = StoredTerms(json.loads(packed(columns_of(terms))), "f")
    assert list(stored) == terms
    assert stored[1:] == tuple(terms[1:])


def test_several_files_are_one_sequence(path, tmp_path):
    other = tmp_path / "other.tsv"
    other.write_text("house\tHütte\n", "utf-8")
    both = load_glossaries([path, (other, "own")], "en", "de")
    assert len(both) == 6
    assert both[5] == both[-1] == list(both)[5]
    assert both[5].file == "own"
    assert both[1:3] == tuple(both)[1:3]
    [hit] = Matcher(both, "en").find("houses")
    assert hit.term.targets == ("Hütte",)
    with pytest.raises(IndexError):
        both[6]
