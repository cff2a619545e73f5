"""A review without its page: what belongs together, what picks become, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.commands import refused, run
from support.reviewed import Files, bare_passage, page_data, picks_of, translated
from support.samples import FORMATS, make
from support.samples import said as said_in

from mtreason.cli import app
from mtreason.errors import InputError, MtreasonError
from mtreason.languages import parse_language
from mtreason.report.page import mark_differences
from mtreason.review import Picked, Places, apply_picks, open_review, read_picks
from mtreason.review.page import _marked
from mtreason.storage import read_tmx
from mtreason.tuning import read_segments

GUIDE = """# 天气

今天**天气**很好，一共有 12 个人。

- 运行 {name}。
- 今天天气很好。

今天天气很好。

OK
"""
LINE = "今天<1>天气</1>很好，一共有 12 个人。"
SAID = {
    "天气": ["Weather", "The weather"],
    LINE: ["The <1>weather</1> is nice, 20 people in all.", "Nice <1>weather</1>, 12 people in all."],
    "运行 {name}。": ["Run {name}.", "Start {name}.", "Run it."],
    "今天天气很好。": ["The weather is nice today.", "Nice weather today."],
}


def command(*args):
    app([*map(str, args)], standalone_mode=False)


@pytest.fixture
def files(tmp_path) -> Files:
    source = tmp_path / "guide.md"
    source.write_text(GUIDE, "utf-8")
    return translated(source, tmp_path / "guide.en.md", SAID)


def saved(files: Files, picks) -> Path:
    """The file that the page saves for picks."""
    page = files.out.with_name("review.html")
    command("review", files.out, "--trace", files.trace, "-o", page)
    path = files.out.with_name("picks.json")
    path.write_bytes(picks_of(page, picks))
    return path


def applied(files: Files, picks, **places) -> None:
    named = [part for name, path in places.items() for part in (f"--{name}", path)]
    command("review", "apply", saved(files, picks), files.out, "--trace", files.trace, *named)


EDIT = "Nice <1>weather</1> today, 12 people came."
PICKS = {1: "Weather", 2: EDIT, 3: "Start {name}.", 5: "Nice weather today."}


def test_what_is_under_review(files) -> None:
    review = open_review(files.out, files.trace)
    assert [(p.source, p.text) for p in review.passages] == [
        *((source, said[0]) for source, said in SAID.items()),
        ("今天天气很好。", "The weather is nice today."),
        ("OK", "OK"),
    ]
    assert [a.text for a in review.passages[2].alternatives] == ["Start {name}."], "a draft without {name} is no choice"
    assert review.passages[3].alternatives == review.passages[4].alternatives, "a repeated sentence has the same drafts"
    assert [p.passed for p in review.passages] == [False] * 5 + [True]
    assert review.written({}) == files.out.read_bytes()


def test_the_corrected_document(files, tmp_path) -> None:
    applied(files, PICKS, document=tmp_path / "new.md")
    expected = files.out.read_text("utf-8")
    for old, new in (
        ("The **weather** is nice, 20 people in all.", "Nice **weather** today, 12 people came."),
        ("Run {name}.", "Start {name}."),
        ("\n\nThe weather is nice today.\n", "\n\nNice weather today.\n"),
    ):
        assert expected.count(old) == 1
        expected = expected.replace(old, new)
    assert (tmp_path / "new.md").read_text("utf-8") == expected


def test_the_document_itself_is_written_over_once(files, capfd) -> None:
    before = files.out.read_bytes()
    applied(files, PICKS, document=files.out)
    after = files.out.read_bytes()
    assert after != before
    assert "4 segments reviewed: 1 left as they were, 2 with another draft, 1 edited" in capfd.readouterr().err
    with pytest.raises(InputError, match="changed since"):
        command("review", "apply", files.out.with_name("picks.json"), files.out, "--trace", files.trace,
                "--document", files.out)  # fmt: skip
    assert files.out.read_bytes() == after


def test_the_memory_is_taken_by_the_next_run(files, tmp_path) -> None:
    path = tmp_path / "people.tmx"
    applied(files, {**PICKS, 4: "The weather is nice today."}, tmx=path)
    memory = read_tmx(path, parse_language("zh"), parse_language("en"))
    assert memory == {
        "今天**天气**很好，一共有 12 个人。": "Nice **weather** today, 12 people came.",
        "运行 {name}。": "Start {name}.",
        "今天天气很好。": "Nice weather today.",
        "天气": "Weather",
    }
    assert next(iter(memory)).startswith("今天**"), "what a person wrote comes first"


def test_ratings_are_what_tune_reads(files, tmp_path) -> None:
    path = tmp_path / "ratings.jsonl"
    applied(files, PICKS, ratings=path)
    segments, without = read_segments(path, None, None)
    assert without == 0
    assert {s.row.source: dict(zip(s.hypotheses, s.ratings, strict=True)) for s in segments} == {
        "天气": {"Weather": 1, "The weather": 0},
        LINE: {EDIT: 1, **dict.fromkeys(SAID[LINE], 0)},
        "运行 {name}。": {"Start {name}.": 1, "Run {name}.": 0},
        "今天天气很好。": {"Nice weather today.": 1, "The weather is nice today.": 0},
    }


def test_pairs_are_what_was_changed(files, tmp_path) -> None:
    path = tmp_path / "pairs.jsonl"
    applied(files, PICKS, pairs=path)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(r["source"], r["chosen"], r["rejected"], r["edited"]) for r in rows] == [
        (LINE, EDIT, SAID[LINE][0], True),
        ("运行 {name}。", "Start {name}.", "Run {name}.", False),
        ("今天天气很好。", "Nice weather today.", "The weather is nice today.", False),
    ]
    assert {(r["src_lang"], r["tgt_lang"]) for r in rows} == {("zh", "en")}
    assert len({r["id"] for r in rows}) == 3


def test_the_least_sure_come_first(tmp_path) -> None:
    source = tmp_path / "a.txt"
    texts = ["今天天气很好。", "共有 12 人。", "我们去公园吧。", "这双鞋真好。", "好"]
    source.write_text("\n".join([*texts, "OK"]), "utf-8")
    said = dict(
        zip(texts, [["Nice."], ["20 people."], ["We go 公园公园公园。"], ["Fine."], ["Good", "Well"]], strict=True)
    )
    files = translated(source, tmp_path / "b.txt", said, terms=[("鞋", ("shoe",))])
    command("review", files.out, "--trace", files.trace, "-o", tmp_path / "review.html")
    passages = page_data(tmp_path / "review.html")["passages"]
    assert [p["segment"] for p in sorted(passages, key=lambda p: p["rank"])] == [3, 2, 4, 1, 5, 6]
    assert passages[2]["notes"][0].startswith("no clean translation was found: ")
    assert passages[1]["notes"] == ["12 is not in the translation", "20 is not in the source"]
    assert passages[3]["followed"] == [False]
    assert passages[5]["passed"]


def test_what_speaks_against_a_pick_is_said(files, tmp_path, capfd) -> None:
    applied(files, {1: "Weather", 2: "Nice <1>weather</1>, 13 people."}, document=tmp_path / "new.md")
    assert "line 3: 12 is not in the translation, 13 is not in the source" in capfd.readouterr().err


def test_the_same_command_twice_is_no_fault(files, tmp_path) -> None:
    for _ in range(2):
        applied(files, PICKS, document=tmp_path / "new.md", tmx=tmp_path / "n.tmx")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Nice weather, 12 people.", r"segment 2 \(line 3\): the text loses <1>, </1>: mend it on the page"),
        ("</1>Nice <1>weather, 12 people.", "codes that cross"),
        ("Nice <1>weather</1>, 12 people <2/>.", "has <2/>, which the source has not"),
        ("Nice <1>weather</1>, %s people.", "has %s, which the source has not"),
        (" \n ", "the text is blank"),
        ("Nice <1>weather</1>\x00", "characters that no text has"),
        ("Nice <1>weather</1>\x1b[2J", "characters that no text has"),
        ("Nice <1>weather</1>\ud800", "characters that no text has"),
    ],
)
def test_a_pick_that_cannot_be_written(files, tmp_path, text, said) -> None:
    with pytest.raises(InputError, match=said):
        applied(files, {**PICKS, 2: text}, document=tmp_path / "new.md")
    assert not (tmp_path / "new.md").exists()


def test_lines_of_a_pick_become_one(files, tmp_path) -> None:
    applied(files, {1: " The\nweather\r\n"}, document=tmp_path / "new.md")
    assert (tmp_path / "new.md").read_text("utf-8").startswith("# The weather\n\n")


def changed(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


@pytest.mark.parametrize("what", ["translation", "trace", "source"])
def test_picks_of_something_else(files, tmp_path, what) -> None:
    path = saved(files, PICKS)
    digests = json.loads(path.read_text("utf-8"))["digests"]
    changed(path, digests={**digests, what: "0" * 64}, name="other.md")
    with pytest.raises(InputError, match=f"a page of 'other.md' whose {what} is another one"):
        command("review", "apply", path, files.out, "--trace", files.trace, "--document", tmp_path / "new.md")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"\xff", b"null", b'{"kind": "other"}', b"[" * 9999,
        b'{"kind": "mtreason picks", "picks": []}',
        b'{"kind":"mtreason picks","name":"","digests":{"translation":1,"trace":"","source":""},"picks":[]}',
    ],
)  # fmt: skip
def test_what_is_no_file_of_picks(files, tmp_path, content) -> None:
    (tmp_path / "p.json").write_bytes(content)
    with pytest.raises(InputError, match=r"p.json: expected the file that the page of 'mtreason review' saves"):
        read_picks(tmp_path / "p.json", open_review(files.out, files.trace))


@pytest.mark.parametrize(
    ("picks", "said"),
    [
        ([], "holds no picks"),
        ([{"segment": 99, "text": "x"}], "segment 99: there are 6 segments"),
        ([{"segment": 1, "text": "x"}] * 2, "segment 1 is there twice"),
    ],
)
def test_picks_that_fit_no_segment(files, picks, said) -> None:
    path = saved(files, PICKS)
    changed(path, picks=picks)
    with pytest.raises(InputError, match=said):
        read_picks(path, open_review(files.out, files.trace))


def test_what_does_not_belong_together(files, tmp_path) -> None:
    files.out.write_text(files.out.read_text("utf-8").replace("Weather", "whether"), "utf-8")
    with pytest.raises(InputError, match=r"guide.en.md: is not what .* makes of .*guide.md: it was changed since"):
        open_review(files.out, files.trace)
    files.source.write_text(GUIDE.replace("OK", "不"), "utf-8")
    with pytest.raises(InputError, match=r"guide.md, line 10: is not what .* was made from: it was changed since"):
        open_review(files.out, files.trace)
    files.source.write_text(GUIDE.partition("- ")[0], "utf-8")
    with pytest.raises(InputError, match=r"guide.md: ends before segment 3 of "):
        open_review(files.out, files.trace)


def test_a_source_that_has_moved(files, tmp_path) -> None:
    moved = files.source.rename(tmp_path / "moved.md")
    with pytest.raises(
        InputError, match=r"was translated from .*guide.md, which is not here: name that file with --so"
    ):
        open_review(files.out, files.trace)
    assert open_review(files.out, files.trace, moved).passages


def records(files):
    return [json.loads(line) for line in files.trace.read_text("utf-8").splitlines()]


def rewrite(files, found) -> None:
    files.trace.write_text("".join(json.dumps(r) + "\n" for r in found), "utf-8")


def test_a_document_from_standard_input(files, tmp_path) -> None:
    rewrite(files, [{**r, "document": {**r["document"], "source": "-"}} for r in records(files)])
    with pytest.raises(
        InputError, match="was translated from standard input: name a file with that text with --source"
    ):
        open_review(files.out, files.trace)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rs: rs[:1] + rs[2:], "segment 2 is missing or there twice"),
        (lambda rs: [rs[0], *rs], "segment 2 is missing or there twice"),
        (lambda _: [], "holds no segment: there is nothing to review"),
        (lambda rs: [{**rs[0], "document": None}], "segment 1: the document was passed through"),
        (lambda rs: [{**rs[0], "text": 3}], "segment 1: it is not complete"),
        (lambda rs: [{**rs[0], "document": {**rs[0]["document"], "languages": ["zh"]}}], "names 1 languages, not two"),
        (lambda rs: [{**rs[0], "document": {**rs[0]["document"], "languages": ["zh", "qq"]}}], "unknown language 'qq'"),
        (lambda rs: [{**rs[0], "document": {**rs[0]["document"], "format": "x"}}, *rs[1:]], "`format` 'x'"),
        (lambda rs: [{**r, "text": r["text"] + "!"} for r in rs], "is not what"),
        (lambda rs: [{**r, "line": r["line"] + 1} for r in rs], "it was changed since"),
    ],
)
def test_traces_that_do_not_fit(files, spoil, said) -> None:
    rewrite(files, spoil(records(files)))
    with pytest.raises(MtreasonError, match=said):
        open_review(files.out, files.trace)


def test_places_that_are_taken(files, tmp_path) -> None:
    other = tmp_path / "mine.md"
    other.write_text("of a person", "utf-8")
    with pytest.raises(InputError, match=r"--document .*mine.md: another file is there already"):
        applied(files, PICKS, document=other)
    for name in ("tmx", "ratings", "pairs"):
        taken = tmp_path / f"mine.{'tmx' if name == 'tmx' else 'jsonl'}"
        taken.write_text("of a person", "utf-8")
        with pytest.raises(InputError, match=f"--{name} .*mine.*: another file is there already"):
            applied(files, PICKS, document=tmp_path / "new.md", **{name: taken})
    assert not (tmp_path / "new.md").exists(), "all is checked before anything is written"
    for path in (files.source, files.trace, tmp_path / "picks.json"):
        with pytest.raises(InputError, match="is also an input"):
            applied(files, PICKS, document=path)
    with pytest.raises(InputError, match="is also an input"):
        applied(files, PICKS, ratings=tmp_path / "a.jsonl", pairs=tmp_path / "a.jsonl")
    with pytest.raises(InputError, match="is a directory"):
        applied(files, PICKS, document=tmp_path)
    with pytest.raises(InputError, match="there is no directory"):
        applied(files, PICKS, document=tmp_path / "none" / "new.md")
    with pytest.raises(InputError, match="what is written is TMX"):
        applied(files, PICKS, tmx=tmp_path / "a.txt")
    with pytest.raises(InputError, match="nothing to write"):
        applied(files, PICKS)
    assert other.read_text("utf-8") == "of a person"


def test_a_document_that_changes_meanwhile(files) -> None:
    review = open_review(files.out, files.trace)
    picked = [Picked(review.passages[0], "The weather")]
    files.out.write_text("of a person", "utf-8")
    with pytest.raises(InputError, match="it was changed just now: nothing is written"):
        apply_picks(review, picked, Places(document=files.out), ())
    assert files.out.read_text("utf-8") == "of a person"


def test_the_page_is_no_input(files) -> None:
    for path in files:
        with pytest.raises(InputError, match="is also an input"):
            command("review", files.out, "--trace", files.trace, "-o", path)


def test_one_line_on_the_command_line(files, tmp_path) -> None:
    cache, page = tmp_path / "cache", tmp_path / "review.html"
    code, out, err = run(["review", "--trace", files.trace, files.out, "-o", page], cache)
    assert (code, out) == (0, b""), err
    assert "6 segments to review" in err
    refused(["review", files.out, "-o", page], cache, "--trace")
    refused(
        ["review", "apply", tmp_path / "none.json", files.out, "--trace", files.trace, "--pairs", "p"],
        cache,
        "none.json",
    )
    (tmp_path / "picks.json").write_bytes(picks_of(page, PICKS))
    apply = ["review", "apply", tmp_path / "picks.json", files.out, "--trace", files.trace]
    refused(apply, cache, "--document, --tmx, --ratings or --pairs")
    assert run([*apply, "--document", tmp_path / "new.md"], cache)[0] == 0


@pytest.mark.parametrize("form", FORMATS)
def test_every_kind_of_document(tmp_path, form) -> None:
    """What a table of drafts chose is replaced by the second drafts, and nothing else changes."""
    said = {"今天天气很好。": ["The weather is nice.", "Sunny."], "你好！": ["Hello!", "Hi there!"]}
    source = tmp_path / (form if "." in form else f"a.{form}")
    source.write_bytes(make(form, *said))
    columns = ("t",) if form in {"csv", "tsv", "json", "jsonl", "yaml"} else ()
    files = translated(source, tmp_path / f"en-{source.name}", said, columns=columns)
    review = open_review(files.out, files.trace)
    picks = {p.number: p.alternatives[0].text for p in review.passages if p.alternatives}
    assert len(picks) == 2
    applied(files, picks, document=tmp_path / f"new-{source.name}")
    expected = said_in(files.out.read_bytes())
    for first, second in said.values():
        assert expected.count(first) == 1
        expected = expected.replace(first, second)
    assert said_in((tmp_path / f"new-{source.name}").read_bytes()) == expected


def test_a_document_is_read_as_it_was_for_the_run(tmp_path) -> None:
    source = tmp_path / "a.md"
    source.write_text("**天气**很好。\n很好。\n", "utf-8")
    said = {"**天气**很好。": ["Nice **weather**.", "The **weather** is fine."], "很好。": ["Nice."]}
    files = translated(source, tmp_path / "b.md", said, form="text")
    assert [p.text for p in open_review(files.out, files.trace).passages] == ["Nice **weather**.", "Nice."]


def test_codes_stand_where_a_pick_has_them(tmp_path) -> None:
    source = tmp_path / "a.html"
    source.write_text("<p title=你好>今天<b>天气</b>很好 &amp; <a href=x>你好</a>。</p>\r\n", "utf-8", newline="")
    said = {
        "今天<1>天气</1>很好 & <2>你好</2>。": ["The <1>weather</1> & <2>hello</2>.", "<2>Hello</2> & <1>1 > 0</1>."]
    }
    files = translated(source, tmp_path / "b.html", {**said, "你好": ["Hello"]})
    assert files.out.read_bytes() == b"<p title=Hello>The <b>weather</b> &amp; <a href=x>hello</a>.</p>\r\n"
    number = next(p.number for p in open_review(files.out, files.trace).passages if p.alternatives)
    applied(files, {number: next(iter(said.values()))[1]}, document=files.out)
    assert files.out.read_bytes() == b"<p title=Hello><a href=x>Hello</a> &amp; <b>1 &gt; 0</b>.</p>\r\n"


WORDS = st.text(st.sampled_from("ab <>/{}1年三%s&;\u202e\x00\r\n\t\u2028\U0001f600"), max_size=12)


@given(WORDS, st.lists(st.text(st.sampled_from("ab1年三"), max_size=3), max_size=3), WORDS)
def test_marks_change_no_text(text, terms, other) -> None:
    language = parse_language("zh")
    runs = _marked(text, bare_passage("年三"), language, terms, mark_differences(other, text)[1])
    assert "".join(part for part, _ in runs) == text
    assert all(part for part, _ in runs)
