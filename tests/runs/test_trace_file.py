"""The file of `--trace`: a run that goes on keeps what is there, and every segment has one line."""

import json

import pytest

from mtreason.runs.trace_file import TraceFile


def row(number, translation="t", **more):
    return {
        "segment": number,
        "source": f"s{number}",
        "translation": translation,
        "candidates": [],
        "tree": None,
    } | more


def rows(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def written(path, records, *, resumed, ends=True):
    trace = TraceFile(path)
    if resumed:
        trace.go_on()
    for record in records:
        trace.write(record)
    (trace.close if ends else trace.discard)()


def test_a_run_that_goes_on_keeps_what_is_there(tmp_path) -> None:
    path = tmp_path / "t.jsonl"
    written(path, [row(2, origin="model"), row(1, origin="model")], resumed=False, ends=False)
    with path.open("ab") as stream:
        stream.write(b'{"segment": 3, "sour')  # killed here
    written(path, [row(1, origin="kept"), row(2, origin="kept"), row(3, origin="kept")], resumed=True, ends=False)
    assert [(r["segment"], r["origin"]) for r in rows(path)] == [(2, "model"), (1, "model"), (3, "kept")]
    written(path, [row(n, origin="again") for n in (1, 2, 3, 4)], resumed=True)
    assert [(r["segment"], r["origin"]) for r in rows(path)] == [(2, "model"), (1, "model"), (3, "kept"), (4, "again")]


def test_a_run_that_begins_anew_begins_a_new_file(tmp_path) -> None:
    path = tmp_path / "t.jsonl"
    written(path, [row(1), row(2)], resumed=False)
    written(path, [row(1, "other")], resumed=False)
    assert [r["translation"] for r in rows(path)] == ["other"]


def test_what_does_not_hold_any_more_is_removed_at_the_end(tmp_path) -> None:
    path = tmp_path / "t.jsonl"
    written(path, [row(1), row(2), row(3), row(9)], resumed=False, ends=False)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1].replace(b'"t"', b'"t'), *lines[2:], b"\xff\n", b"[" * 5000 + b"\n"]))
    path.chmod(0o600)
    written(path, [row(1), row(2), row(3, "edited")], resumed=True)
    assert [(r["segment"], r["translation"]) for r in rows(path)] == [(1, "t"), (2, "t"), (3, "edited")]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["t.jsonl"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_none_is_written_as_null(tmp_path, value) -> None:
    path = tmp_path / "t.jsonl"
    written(path, [row(1, candidates=[{"parts": {"x": value}}], text="\ud800")], resumed=False)
    assert rows(path)[0]["candidates"] == [{"parts": {"x": None}}]
    assert rows(path)[0]["text"] == "\ud800"
