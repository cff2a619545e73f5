"""Rows in, the same rows with translations out: whatever was done before, and however they are divided."""

import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.common import translator
from support.corpora import (
    SETTINGS,
    TEXTS,
    Mirror,
    go,
    here,
    make_run,
    output_bytes,
    output_rows,
    rows_of,
    write_jsonl,
    write_parquet,
)

from mtreason.corpus.batches import translate_rows
from mtreason.corpus.places import JSONL, PARQUET
from mtreason.corpus.rows import FAILED, Outcome, failed, output_row, read_output, rows_bytes
from mtreason.corpus.run import LOST, Here, gathered
from mtreason.errors import InputError, InterruptedRunError, ServerGoneError


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The output of a run that nothing disturbed, and its input."""
    top = tmp_path_factory.mktemp("whole")
    source = write_jsonl(top / "in.jsonl", rows_of(TEXTS))
    go(top / "out", source)
    return source, output_bytes(top / "out")


def test_rows_come_back_with_translations(loaded, tmp_path) -> None:
    texts = TEXTS[:4] + TEXTS[5:7]
    source = write_jsonl(tmp_path / "in.jsonl", rows_of(texts))
    own = translator(loaded, **SETTINGS)
    report = go(tmp_path / "out", source, workers=here(own))
    rows = output_rows(tmp_path / "out")
    assert [(row["id"], row["source"]) for row in rows] == [(f"r{i}", text) for i, text in enumerate(texts)]
    assert [row["translation"] for row in rows] == [own.translate([text])[0].text for text in texts]
    assert list(rows[0]) == [
        *("id", "source", "translation", "score", "parts", "status", "error", "terms_missed", "tokens", "run")
    ]
    assert {row["run"] for row in rows} == {own.spec.digest}
    assert rows[4]["status"] == rows[5]["status"] == "passed"
    assert (report.rows, report.failed) == (len(texts), 0)


def test_parquet_and_json_lines_hold_the_same(whole, tmp_path) -> None:
    _, expected = whole
    source = write_parquet(tmp_path / "in.parquet", rows_of(TEXTS))
    go(tmp_path / "out", source)
    assert sorted(p.suffix for p in (tmp_path / "out").glob("part-*")) == [".parquet"] * 4
    go(tmp_path / "lines", source, form="jsonl")
    assert output_bytes(tmp_path / "lines") == expected
    table = pq.read_table(tmp_path / "out")
    rows = [row | {"parts": dict(row["parts"])} for row in table.to_pylist()]
    assert rows == output_rows(tmp_path / "lines")


def test_batches_and_parts_change_no_row(whole, tmp_path) -> None:
    source, expected = whole
    go(tmp_path / "a", source, workers=here(Mirror(), batch_size=1))
    assert output_bytes(tmp_path / "a") == expected
    go(tmp_path / "b", source, rows_per_file=100)
    assert b"".join(output_bytes(tmp_path / "b").values()) == b"".join(expected.values())


def test_a_row_gets_what_it_would_get_alone(loaded) -> None:
    """Also where its segments occur in other rows, before or after, or twice in it."""
    a, b = "今天天气很好。", "我们去公园吧。"
    texts = [f"{a}\n{b}", f"{b}\n{a}", f"{a}\n{a}", b, f"2024\n\n{a}"]
    own = translator(loaded, **SETTINGS)
    together = translate_rows(own, texts)
    assert together == [translate_rows(own, [text])[0] for text in texts]
    assert "kept" not in {outcome.status for outcome in together}
    assert [len(own.translate([text])[0].segments) for text in texts[:4]] == [2, 2, 2, 1]
    assert together[2].tokens + together[3].tokens == together[0].tokens == together[1].tokens


def test_equal_texts_are_translated_once(loaded, tmp_path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", rows_of(TEXTS))
    mirror = Mirror()
    report = go(tmp_path / "out", source, workers=here(mirror))
    assert mirror.given == list(dict.fromkeys(TEXTS))
    assert report.translated == len(set(TEXTS))


@pytest.mark.parametrize("parts", range(4))
def test_a_run_that_was_stopped_goes_on(whole, tmp_path, parts) -> None:
    source, expected = whole
    out = tmp_path / "out"

    class Stopped(Here):
        def translate(self, output, todo):
            yield from super().translate(output, dict(list(todo.items())[:parts]))
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError, match="rows are finished; the same command goes on"):
        go(out, source, workers=here(Mirror(), kind=Stopped))
    before = output_bytes(out)
    assert before.items() <= expected.items()
    assert len(before) == parts
    mirror = Mirror()
    go(out, source, workers=here(mirror))
    assert output_bytes(out) == expected
    assert not set(mirror.given) & set(TEXTS[: 3 * parts])
    again = Mirror()
    report = go(out, source, workers=here(again))
    assert (again.given, report.rows, output_bytes(out)) == ([], len(TEXTS), expected)


def test_a_limit_of_time_ends_a_run_cleanly(whole, tmp_path) -> None:
    source, expected = whole
    with pytest.raises(InterruptedRunError, match=r"--max-seconds 0 are over: 3 rows are finished; the same command"):
        go(tmp_path / "out", source, max_seconds=0)
    go(tmp_path / "out", source)
    assert output_bytes(tmp_path / "out") == expected


@pytest.mark.parametrize("lost", ["file", "record", "half"])
def test_a_part_that_is_damaged_is_made_again(whole, tmp_path, lost) -> None:
    source, expected = whole
    out = tmp_path / "out"
    go(out, source)
    if lost == "file":
        (out / "part-000001.jsonl").unlink()
    elif lost == "record":
        (out / "_mtreason" / "parts" / "000000.json").write_text("{", "utf-8")
    else:
        (out / "part-000002.jsonl").write_bytes(b"{")
    go(out, source)
    assert output_bytes(out) == expected


def test_a_row_that_crashes_is_kept_and_tried_again(whole, tmp_path) -> None:
    source, expected = whole
    out = tmp_path / "out"
    report = go(out, source, workers=here(Mirror(fails=["你好"])))
    rows = output_rows(out)
    assert [row["id"] for row in rows if row["status"] == FAILED] == ["r2", "r8"]
    assert (rows[2]["translation"], rows[2]["error"], rows[2]["source"]) == (None, "ValueError: that one", "你好")
    assert (report.failed, report.first_failure) == (2, "r2 (ValueError: that one)")
    good = [row for row in rows if row["status"] != FAILED]
    assert good == [row for row in map(json.loads, b"".join(expected.values()).splitlines()) if row["id"] not in "r2r8"]
    mirror = Mirror()
    assert go(out, source, workers=here(mirror)).failed == 0
    assert mirror.given == ["你好"]
    assert output_bytes(out) == expected


def test_a_server_that_is_gone_ends_the_run(whole, tmp_path) -> None:
    source, expected = whole
    with pytest.raises(ServerGoneError):
        go(tmp_path / "out", source, workers=here(Mirror(fails=["好。"], error=ServerGoneError)))
    go(tmp_path / "out", source)
    assert output_bytes(tmp_path / "out") == expected


@pytest.mark.parametrize("lost", [{0}, {4}, {9}, {0, 1, 2}, set(range(10))])
def test_rows_without_a_result_are_failed_and_tried_again(whole, tmp_path, lost) -> None:
    source, expected = whole
    out = tmp_path / "out"

    class Losing(Here):
        def translate(self, output, todo):
            for table in super().translate(output, todo):
                keep = [3 * r["part"] + r["row"] not in lost for r in table.to_pylist()]
                yield table.filter(keep)

    report = go(out, source, workers=here(Mirror(), kind=Losing))
    bad = [row for row in output_rows(out) if row["status"] == FAILED]
    gone = {TEXTS[i] for i in lost if TEXTS.index(TEXTS[i]) == i}
    assert [row["id"] for row in bad] == [f"r{i}" for i, text in enumerate(TEXTS) if text in gone]
    assert {row["error"] for row in bad} == {LOST}
    assert report.failed == len(bad)
    assert go(out, source).failed == 0
    assert output_bytes(out) == expected


def test_files_folders_and_patterns_are_the_same_rows(whole, tmp_path) -> None:
    _, expected = whole
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    write_jsonl(folder / "1.jsonl", rows_of(TEXTS)[:4])
    write_parquet(folder / "2.parquet", rows_of(TEXTS)[4:])
    write_jsonl(folder / "_log.jsonl", [{"no": 1}])
    (folder / "README.txt").write_text("nothing", "utf-8")
    for i, names in enumerate(([tmp_path / "in"], [folder / "[0-9]*.*"], [folder / "1.jsonl", folder / "2.parquet"])):
        go(tmp_path / f"out{i}", *names)
        assert output_bytes(tmp_path / f"out{i}") == expected
    go(tmp_path / "out3", f"file://{folder}/1.jsonl", tmp_path / "in")
    assert output_bytes(tmp_path / "out3") == expected


def test_a_file_system_of_another_kind(whole) -> None:
    """What is not on this machine is written under a temporary name too."""
    import fsspec

    source, expected = whole
    files = fsspec.filesystem("memory")
    files.pipe_file("/in/a.jsonl", source.read_bytes())
    go("memory://out", "memory://in/a.jsonl")
    found = {path.rpartition("/")[2]: files.cat_file(path) for path in files.glob("/out/part-*")}
    assert found == expected
    assert not files.glob("/out/_mtreason/*.part")
    again = Mirror()
    go("memory://out", "memory://in/a.jsonl", workers=here(again))
    assert again.given == []


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
OUTCOMES = st.builds(
    Outcome,
    translation=st.none() | TEXT,
    score=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    parts=st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    status=st.sampled_from(["model", "passed", FAILED]),
    error=st.none() | TEXT,
    terms_missed=st.lists(TEXT, max_size=3).map(tuple),
    tokens=st.integers(0, 1 << 40),
)


@given(st.lists(st.tuples(TEXT, TEXT, OUTCOMES), min_size=1, max_size=4), st.sampled_from([PARQUET, JSONL]))
def test_output_is_read_as_it_was_written(rows, form) -> None:
    made = [output_row(*row, "digest") for row in rows]
    data = rows_bytes(made, form)
    assert data == rows_bytes(made, form)
    found = read_output(data, form, "x")
    assert [row | {"parts": dict(row["parts"])} for row in found] == made


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.data())
def test_parts_are_complete_or_their_rows_are_missing(sizes, data) -> None:
    """Whatever gets lost of a stream in order, each part comes once, in order, with exactly its rows that came."""
    import pyarrow as pa

    from mtreason.corpus.rows import outcome_columns

    rows = [(part, row) for part, size in enumerate(sizes) for row in range(size)]
    came = [row for row in rows if data.draw(st.booleans())]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(came)), max_size=3)))
    tables = [
        pa.table(
            {"part": pa.array([p for p, _ in piece], pa.int64()), "row": pa.array([r for _, r in piece], pa.int64())}
            | outcome_columns([failed(f"{p}/{r}") for p, r in piece])
        )
        for piece in (came[a:b] for a, b in zip([0, *cuts], [*cuts, len(came)], strict=True))
    ]
    found = list(gathered(iter(tables), dict(enumerate(sizes)), lambda: None))
    assert [part for part, _ in found] == list(range(len(sizes)))
    assert [(part, row) for part, own in found for row in own] == came
    assert all(outcome.error == f"{part}/{row}" for part, own in found for row, outcome in own.items())


def test_another_job_in_the_folder_is_refused(whole, tmp_path) -> None:
    source, _ = whole
    out = tmp_path / "out"
    go(out, source)
    less = write_jsonl(tmp_path / "less.jsonl", rows_of(TEXTS)[1:])
    for inputs, changes, said in (
        ([source], {"rows_per_file": 4}, "rows per file is 4, and was 3"),
        ([source], {"id_column": None}, "id column is null, and was id"),
        ([source], {"form": "parquet"}, "format is parquet, and was jsonl"),
        ([less], {}, "rows is 9, and was 10; digest of the rows is"),
        ([source], {"settings": SETTINGS | {"seed": 3}}, "seed is 3, and was 0"),
    ):
        with pytest.raises(InputError, match=f"is of another job: {said}.*: name another folder with -o"):
            go(out, *inputs, **changes)
    (tmp_path / "copy.jsonl").write_bytes(source.read_bytes())
    go(out, tmp_path / "copy.jsonl")  # the content counts, not the name


def test_another_model_is_another_job(whole, tmp_path) -> None:
    source, _ = whole
    go(tmp_path / "out", source)
    (tmp_path / "out" / "part-000001.jsonl").unlink()
    other = Mirror()
    other.spec = replace(other.spec, model="other")
    with pytest.raises(InputError, match="is of another job: model is other, and was m: name another folder with -o"):
        go(tmp_path / "out", source, workers=here(other))


def test_a_folder_with_other_files_is_refused(whole, tmp_path) -> None:
    source, _ = whole
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(InputError, match="holds other files: name a folder of its own"):
        go(tmp_path, source)
    inside = write_jsonl(tmp_path / "a.jsonl", rows_of(["好"]))
    with pytest.raises(InputError, match="is in the folder of the output: name another folder with -o"):
        make_run(tmp_path, inside)


def test_one_process_at_a_time(whole, tmp_path) -> None:
    source, _ = whole
    run = make_run(tmp_path / "out", source)
    with run.output.held(), pytest.raises(InputError, match="is being written by another process: wait for it"):
        go(tmp_path / "out", source)
