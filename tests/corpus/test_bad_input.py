"""Input that cannot be used: one line for a file, and a failed row for a cell."""

import gzip
import json

import pyarrow as pa
import pytest
from support.corpora import Mirror, go, here, output_rows, rows_of, write_jsonl, write_parquet

from mtreason.corpus.reading import MOST_CHARACTERS
from mtreason.errors import InputError


def parquet(**columns):
    import io

    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


GOOD = b'{"id": "a", "text": "\xe5\xa5\xbd"}\n'
REFUSED = {
    "no such column": (
        {"a.jsonl": b'{"id": "a", "txt": "x"}\n'},
        "a.jsonl: no column 'text' (there are id, txt): name",
    ),
    "none in parquet": (
        {"a.parquet": parquet(id=["a"], txt=["x"])},
        "a.parquet: no column 'text' (there are id, txt): name one with --column",
    ),
    "no ids": ({"a.parquet": parquet(text=["x"])}, "no column 'id' (there are text): name one with --id-column"),
    "same id": ({"a.jsonl": GOOD, "b.jsonl": GOOD}, "b.jsonl: the id 'a' of row 2 of the corpus is that of row 1 too"),
    "numbers": ({"a.parquet": parquet(id=["a"], text=[1])}, "a.parquet: the column 'text' is int64: expected text"),
    "odd ids": (
        {"a.parquet": parquet(id=[1.5], text=["x"])},
        "the column 'id' is double: expected text or whole numbers",
    ),
    "odd id": ({"a.jsonl": GOOD + b'{"id": [1], "text": "x"}'}, "a.jsonl:2: 'id' is a list: expected text or whole"),
    "mixed": (
        {"a.jsonl": GOOD, "b.parquet": parquet(id=[1], text=["x"])},
        "b.parquet: 'id' holds whole numbers, but text in ",
    ),
    "mixed lines": ({"a.jsonl": GOOD + b'{"id": 1, "text": "x"}'}, "a.jsonl:2: 'id' holds whole numbers, but text in"),
    "empty": ({"a.jsonl": b""}, "there are no rows in the input: name files that have some"),
    "blank": ({"a.jsonl": b"\n \n"}, "there are no rows in the input"),
    "empty parquet": ({"a.parquet": parquet(id=pa.array([], pa.string()), text=pa.array([], pa.string()))}, "no rows"),
    "no parquet": ({"a.parquet": b"PAR1"}, "a.parquet: cannot be read as parquet ("),
    "no json": ({"a.jsonl": b"hello\n"}, "a.jsonl:1: not JSON ("),
    "no text": ({"a.jsonl": b"\xff" * 9 + b"\n"}, "a.jsonl:1: not UTF-8 (byte 0xff"),
    "cut gzip": ({"a.jsonl.gz": gzip.compress(GOOD * 9)[:-9]}, "a.jsonl.gz: cannot be read as jsonl ("),
    "no gzip": ({"a.jsonl.gz": GOOD}, "a.jsonl.gz: cannot be read as jsonl ("),
    "nothing": ({}, "the folder has no files that end in .parquet, .jsonl"),
}


@pytest.mark.parametrize(("files", "said"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_used_is_one_line(files, said, tmp_path) -> None:
    (tmp_path / "in").mkdir()
    for name, data in files.items():
        (tmp_path / "in" / name).write_bytes(data)
    mirror = Mirror()
    with pytest.raises(InputError) as error:
        go(tmp_path / "out", tmp_path / "in", workers=here(mirror))
    assert said in str(error.value)
    assert mirror.given == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.jsonl", "missing.jsonl: no such file or folder: check the name"),
        ("*.jsonl", "nothing matches the pattern: check it"),
        ("notes.txt", "notes.txt: expected a name that ends in .parquet, "),
        ("nonsense://x/y.jsonl", "nonsense://x/y.jsonl cannot be opened ("),
    ],
)
def test_a_name_that_leads_nowhere_is_one_line(name, said, tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    with pytest.raises(InputError) as error:
        go(tmp_path / "out", name if "://" in name else tmp_path / name)
    assert said in str(error.value)


CELLS = {
    "null": (b'{"id": "b", "text": null}', "there is no text"),
    "left out": (b'{"id": "b"}', "there is no text"),
    "number": (b'{"id": "b", "text": 7}', "no text but a number"),
    "not utf-8": (b'{"id": "b", "text": "a\xff"}', "not UTF-8 (byte 0xff at byte offset 22)"),
    "half pair": (b'{"id": "b", "text": "a\\ud800"}', "has half of a surrogate pair (\\ud800 to \\udfff): write the"),
    "10 MB": (
        json.dumps({"id": "b", "text": "x" * 10_000_000}).encode(),
        f"10000000 characters, at most {MOST_CHARACTERS} are possible: translate it as a document",
    ),
    "no json": (b'{"id": "b", "text": ', "not JSON ("),
    "no object": (b"[1]", "no object of JSON but a list"),
    "deep": (b'{"text": ' + b"[" * 3000 + b"]" * 3000 + b"}", "not JSON (nested too deep)"),
}


@pytest.mark.parametrize(("line", "said"), CELLS.values(), ids=CELLS)
def test_a_cell_that_cannot_be_used_is_a_failed_row(line, said, tmp_path) -> None:
    (tmp_path / "in.jsonl").write_bytes(GOOD + line + b'\n{"id": "c", "text": "ab"}\n')
    for _ in range(2):  # and again, when it is tried again
        report = go(tmp_path / "out", tmp_path / "in.jsonl")
        first, bad, last = output_rows(tmp_path / "out")
        assert (first["status"], last["translation"], report.failed) == ("passed", "ba", 1)
        assert (bad["status"], bad["translation"]) == ("failed", None)
        assert said in bad["error"]


def test_bytes_that_are_no_text_in_parquet(tmp_path) -> None:
    """Readers of Parquet do not check what writers call a text."""
    bad = pa.array([b"ok", b"\xff\xfe", None], pa.binary())
    for i, texts in enumerate((bad, bad.view(pa.string()), bad.cast(pa.large_binary()), bad.dictionary_encode())):
        source = tmp_path / f"{i}.parquet"
        source.write_bytes(parquet(id=[1, 2, 3], text=texts))
        report = go(tmp_path / f"out{i}", source, form="jsonl")
        rows = output_rows(tmp_path / f"out{i}")
        assert [row["id"] for row in rows] == ["1", "2", "3"]
        assert [row["error"] for row in rows] == [None, "not UTF-8 (byte 0xff at byte offset 0)", "there is no text"]
        assert (rows[0]["translation"], rows[1]["source"], report.failed) == ("ko", "\ufffd\ufffd", 2)


def test_a_missing_id_is_the_hash_of_the_text(tmp_path) -> None:
    rows = [*rows_of(["ab", "cd"]), {"text": "ab"}, {"id": None, "text": "ef"}, {"text": "ab"}]
    report = go(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", rows))
    ids = [row["id"] for row in output_rows(tmp_path / "out")]
    assert ids[:2] == ["r0", "r1"]
    assert ids[2] == ids[4] != ids[3]
    assert ids[2].startswith("sha256:")
    assert report.without_id == 3


def test_without_an_id_column_rows_are_known_by_their_text(tmp_path) -> None:
    source = write_parquet(tmp_path / "in.parquet", rows_of(["ab", "ab"]))
    go(tmp_path / "out", source, id_column=None, form="jsonl")
    first, second = output_rows(tmp_path / "out")
    assert first == second
    assert first["id"].startswith("sha256:")
