"""What --json, --trace and --bilingual say: exact texts and what became of them, also where all is passed through."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.commands import run_inside
from support.common import EN, ZH, translator
from support.repositories import StandIn

from mtreason.decoding import Candidate, Result
from mtreason.decoding.protocol import Cost
from mtreason.documents import Unit
from mtreason.glossary import Hit, Term
from mtreason.lines import read_lines
from mtreason.rewards import Draft
from mtreason.runs.document import DocumentRun
from mtreason.runs.job import DocumentJob
from mtreason.runs.pipeline import KEPT, MODEL, PASSED, Segment, TranslatedUnit
from mtreason.runs.progress import Silence
from mtreason.runs.settings import Settings
from mtreason.runs.trace import trace_record, unit_record
from mtreason.storage import read_tmx

TEXT = st.text(st.sampled_from('好a. \r\n\t\v\f\x1c\x85\u2028\u2029\ufeff{}"\\'), max_size=60)
JOINED = (
    "The museum was founded in 1874 by a group of local teachers who wanted a place for their collections of minerals "
    "and birds. It moved twice before the present building was finished in 1931, after a long dispute about money. "
    "Today it shows about four thousand objects, and the cellar holds ten times as many that nobody has seen for years."
)
LONG = (
    "Dr. Alan Reyes of St. Mary's Hosp. wrote to Mr. J. R. Oakes Jr. on Nov. 3. He said the trial (see Fig. 2, p. 14) "
    'had failed. "Why?" she asked... "Because," he said, "the U.S. office never replied." They met again at 9 a.m. on '
    "Monday, i.e. two days later, and signed a contract worth approx. $2.5 million."
)
WRAPPED = "The committee agreed that nobody\nshould be allowed to leave before\nthe second vote had been counted.\n"
RUNS = (
    "哈" * 60
    + "\n"
    + "好吃！" * 30
    + "\n啊啊啊啊啊\n——————\n~~~~~\n1\n2\n3\nA\n。。。。\n（）\n🎉🎉🎉\n"
    + "第三章\n" * 3
)


def records(folder, content, translate, **more):
    """The records of a document that is translated with --json, and the file that it was read from."""
    path = folder / "in.txt"
    path.write_bytes(content.encode())
    translate(DocumentRun(DocumentJob(str(path), folder / "out.jsonl", as_json=True, **more), Silence()))
    # Whichever rule a program splits by.
    return [json.loads(line) for line in (folder / "out.jsonl").read_text("utf-8").splitlines()], path


def by_stand_in(run):
    run.translate_with(StandIn())


def passed(target):
    return lambda run: run.translate_into(target, target, pytest.fail)


@given(TEXT, st.booleans())
def test_joined_sources_are_the_lines_of_the_file(tmp_path_factory, text, through) -> None:
    folder = tmp_path_factory.mktemp("json")
    rows, path = records(folder, text, passed(EN) if through else by_stand_in)
    assert "".join(row["source"] for row in rows) == "".join(read_lines(path))
    assert [row["source"] for row in rows] == (read_lines(path) or [row["source"] for row in rows])
    assert [row["line"] for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        assert row["place"] == f"line {row['line']}"
        assert [s["segment"] for s in row["segments"]] == sorted(s["segment"] for s in row["segments"])
        assert all(s["source"].removeprefix("\ufeff") in row["source"] for s in row["segments"])
        assert row["status"] in {"model", "passed", "fell back"}
        assert row["translation"] == row["source"] or not through


@given(TEXT)
def test_what_is_passed_through_is_the_same_and_written_everywhere(tmp_path_factory, text) -> None:
    folder = tmp_path_factory.mktemp("passed")
    path, out, trace, pairs = (folder / name for name in ("in.txt", "out.txt", "t.jsonl", "p.tmx"))
    path.write_bytes(text.encode())
    run = DocumentRun(DocumentJob(str(path), out, trace=trace, bilingual=pairs), Silence())
    report = run.translate_into(EN, EN, pytest.fail)
    assert out.read_bytes() == path.read_bytes()
    assert report.passed_through
    rows = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    assert [row["segment"] for row in rows] == list(range(1, report.segments + 1))
    assert all(row["status"] == "passed" and row["translation"] == row["source"] for row in rows)
    assert pairs.is_file()


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("a.md", "# Title\n\nOne *word* here. Two.\n", ["Title", "One *word* here. Two."]),
        ("a.html", "<p>One <b>word</b> here.<p>Two.", ["One <b>word</b> here.", "Two."]),
        ("a.json", '{"a": "One.\\n", "b": 1}', ["One."]),
        ("a.srt", "1\r\n00:00:01,000 --> 00:00:02,000\r\nOne\r\n\r\n", ["One"]),
    ],
)
def test_documents_pass_through_as_text_does(tmp_path, name, content, texts) -> None:
    path, pairs = tmp_path / name, tmp_path / "p.tsv"
    path.write_bytes(content.encode())
    DocumentRun(DocumentJob(str(path), tmp_path / "out", bilingual=pairs), Silence()).translate_into(
        EN, EN, pytest.fail
    )
    assert (tmp_path / "out").read_bytes() == path.read_bytes()
    assert [line.split("\t") for line in read_lines(pairs)] == [[text, text] for text in texts]


def test_the_command_passes_a_document_through(tmp_path, monkeypatch, capfd) -> None:
    path, trace, pairs = (tmp_path / name for name in ("in.txt", "t.jsonl", "p.tmx"))
    path.write_text(f"{JOINED}\n", "utf-8")
    args = ["translate", path, "--to", "en", "--trace", trace, "--bilingual", pairs, "--json", "--model", "nothing"]
    code, out, err = run_inside(args, monkeypatch, capfd)
    assert code == 0, err
    [row] = [json.loads(line) for line in out.splitlines()]
    assert (row["source"], row["translation"], row["status"]) == (JOINED, JOINED, "passed")
    told = [json.loads(line)["source"] for line in trace.read_text("utf-8").splitlines()]
    assert " ".join(told) == JOINED
    assert read_tmx(pairs, EN, EN) == {text: text for text in told}


def test_a_line_is_what_it_is_whatever_its_segments(tmp_path, loaded) -> None:
    zh = "今天天气很好，我们去公园吧。" * 12
    t = translator(loaded, budget=2.0)
    rows, _ = records(tmp_path, f"  {zh}\n\n- 公园\r\n你好", lambda run: run.translate_with(t), n_best=3)
    assert [row["source"] for row in rows] == [f"  {zh}", "", "- 公园", "你好"]
    assert "".join(s["source"] for s in rows[0]["segments"]) == zh
    assert len(rows[0]["segments"]) > 1
    assert [s["source"] for s in rows[2]["segments"]] == ["公园"]
    assert (rows[1]["status"], rows[1]["segments"], rows[1]["score"]) == ("passed", [], None)
    for segment in (s for row in rows for s in row["segments"]):
        assert len(segment["alternatives"]) <= 2
        assert segment["translation"] not in [other["translation"] for other in segment["alternatives"]]
        if segment["status"] == "model":
            assert all(other["score"] <= segment["score"] for other in segment["alternatives"])
            assert set(segment["parts"]) >= {"likelihood", "channel"}
        assert bool(segment["problems"]) == (segment["status"] == "fell back")


@pytest.mark.parametrize(
    ("content", "lines", "segments"),
    [
        ("Open the\rdoor.\nClose it.\n", ["Open the", "door.", "Close it."], 3),
        (WRAPPED, WRAPPED.splitlines(), 3),
        (RUNS, RUNS.splitlines(), 9),
        (f"{LONG}\n", [LONG], 5),
        (f"{JOINED}\n", [JOINED], 3),
    ],
)
def test_cases(tmp_path, content, lines, segments) -> None:
    for translate in (by_stand_in, passed(EN)):
        rows, _ = records(tmp_path, content, translate)
        assert [row["source"] for row in rows] == lines
    assert sum(len(row["segments"]) for row in rows) >= min(segments, len(rows))


def candidate(text, reward=-1.0, problems=(), **more):
    return Candidate(text, Draft(text, (1,), (-0.1,), ()), reward, {"likelihood": reward}, 1, problems, **more)


def segment(number, source, *drawn, text=None, origin=MODEL, timed_out=False, **more):
    text = text or drawn[0].text
    back = all(c.problems for c in drawn)
    result = Result(number - 1, text, fell_back=back, candidates=drawn, cost=Cost(), timed_out=timed_out)
    unit = Unit(1, "line 1", source)
    given = {"problems": result.problems, "result": result} if origin == MODEL else {}
    return Segment(number, unit, source, text, origin, **(given | more))


GOOD = candidate("One.", -0.5, placed=True)
OTHER = candidate("Uno.", -0.75)


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (segment(1, "一。", GOOD, OTHER), {"status": "model", "problems": [], "placed": True, "score": -0.5}),
        (segment(1, "一。", GOOD, timed_out=True), {"status": "model", "timed_out": True}),
        (segment(1, "一。", text="One.", origin=KEPT), {"status": "kept", "score": None, "parts": {}}),
        (segment(1, "一。", text="一。", origin=PASSED), {"status": "passed", "placed": False}),
        (
            segment(1, "一。", candidate("Note: 1.", problems=("chatter", "copy"))),
            {"status": "fell back", "problems": ["chatter", "copy"], "translation": "Note: 1.", "score": None},
        ),
        (
            segment(
                1, "一。", candidate("", problems=("empty",)), candidate("x", problems=("unfinished",)), text="一。"
            ),
            {"status": "fell back", "problems": ["empty", "unfinished"], "translation": "一。"},
        ),
        (segment(1, "一。", GOOD, doubts=("1 is not in it",)), {"status": "model", "doubts": ["1 is not in it"]}),
    ],
)
def test_what_became_of_a_text(own, expected) -> None:
    unit = unit_record(TranslatedUnit(own.unit, own.translation, (own,)), 5)
    trace = trace_record(own, Settings())
    for record in (unit, unit["segments"][0], trace):
        assert {key: record[key] for key in expected} == expected
    assert [c["text"] for c in trace["candidates"] if c["chosen"]] == ([own.chosen.text] if own.chosen else [])


def test_a_unit_sums_up_its_segments() -> None:
    term = Term("一", ("one",), "", "", "own.tsv", 1)
    first = segment(1, "一。", GOOD, OTHER, hits=(Hit(term, 0, 1),), followed=(True,))
    second = segment(2, "二。", candidate("Two", problems=("unfinished",)), doubts=("odd",))
    record = unit_record(TranslatedUnit(Unit(3, "line 3", "一。二。\r"), "One. Two\r", (first, second)), 2, line=True)
    assert (record["line"], record["source"], record["translation"]) == (3, "一。二。", "One. Two")
    assert (record["status"], record["problems"], record["doubts"]) == ("fell back", ["unfinished"], ["odd"])
    assert (record["placed"], record["score"], record["parts"]) == (True, -0.5, {"likelihood": -0.5})
    assert record["terms"] == [{"source": "一", "targets": ["one"], "file": "own.tsv", "followed": True}]
    assert record["segments"][0]["alternatives"] == [
        {"translation": "Uno.", "score": -0.75, "parts": {"likelihood": -0.75}}
    ]
    assert [s["segment"] for s in record["segments"]] == [1, 2]


def test_evaluate_reads_back_what_was_written(tmp_path, loaded, monkeypatch, capfd) -> None:
    t = translator(loaded, budget=2.0)
    trace = tmp_path / "t.jsonl"
    rows, _ = records(tmp_path, "今天天气很好。\n\n你好\r公园\n", lambda run: run.translate_with(t), trace=trace)
    (tmp_path / "ref.txt").write_text("".join(f"{row['translation'].strip()}\n" for row in rows), "utf-8")
    for name in ("out.jsonl", "t.jsonl"):
        args = ["evaluate", "--hyp", tmp_path / name, "--ref", tmp_path / "ref.txt", "--to", "en", "--json"]
        code, out, err = run_inside([*args, "--metric", "chrf"], monkeypatch, capfd)
        assert code == 0, err
        report = json.loads(out)
        assert report["segments"] == 3
        assert report["systems"][name]["scores"]["chrf"]["score"] == pytest.approx(100)
    assert ZH.tag == t.direction.source.tag
