"""One rule for what ends a line, whichever command reads the file, plain or packed."""

import gzip
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.commands import run_inside

from mtreason import files
from mtreason import lines as lines_module
from mtreason.benchmark.data import read_files
from mtreason.errors import DocumentError, InputError
from mtreason.lines import lines_of, read_lines, split_lines, without_end

TEXT = st.text(st.sampled_from("a好 \r\n\t\v\f\x1c\x1d\x1e\x85\u2028\u2029\ufeff"), max_size=40)
NO_ENDS = "One\v\f\x1c\x1d\x1e\x85\u2028\u2029."
THREE = (f"{NO_ENDS}\rTwo.\r\nThree.\n".encode(), [NO_ENDS, "Two.", "Three."])


@given(TEXT)
def test_lines_are_what_is_between_ends(text) -> None:
    found = [without_end(line) for line in lines_of(io.BytesIO(text.encode()), "f")]
    split = re.split(r"\r\n|\n|\r", text)
    assert found == split[: -1 if split[-1] == "" else None]
    assert "".join(split_lines(text)) == text


@given(TEXT)
def test_a_packed_file_holds_the_same_lines(tmp_path_factory, text) -> None:
    folder = tmp_path_factory.mktemp("packed")
    (folder / "a.txt").write_bytes(text.encode())
    (folder / "a.txt.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    lines = read_lines(folder / "a.txt")
    assert read_lines(folder / "a.txt.gz") == lines
    assert len(lines) == sum(1 for _ in lines_of(io.BytesIO(text.removeprefix("\ufeff").encode()), "f"))


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []), (b"\n", [""]), (b"\r", [""]), (b"a", ["a"]), (b"a\n", ["a"]), (b"a\n\n", ["a", ""]),
        (b"\r\n\r", ["", ""]), (b"\xef\xbb\xbf", []), (b"\xef\xbb\xbf\n", [""]), (b"\xef\xbb\xbfa\rb", ["a", "b"]),
        THREE,
    ],
)  # fmt: skip
def test_all_lines(tmp_path, data, lines) -> None:
    (tmp_path / "a").write_bytes(data)
    assert read_lines(tmp_path / "a") == lines


class Endless:
    """A stream of good lines, and one that never ends."""

    def __init__(self) -> None:
        self.start = b"a\rb\n"
        self.read = 0

    def read1(self, size) -> bytes:
        block, self.start = self.start, b""
        block = block or b"x" * size
        self.read += len(block)
        return block


def test_a_line_that_never_ends_is_refused(monkeypatch) -> None:
    """It was read until no memory was left; the lines before it are there."""
    monkeypatch.setattr(lines_module, "LONGEST", 1 << 20)
    found, stream = [], Endless()
    with pytest.raises(DocumentError, match=r"^f: line 3 has no end in 1 million characters"):
        found += lines_of(stream, "f")
    seen, stream = lines_of(Endless(), "f"), Endless()
    assert [next(seen), next(seen)] == ["a\r", "b\n"]
    with pytest.raises(DocumentError):
        list(lines_of(stream, "f"))
    assert stream.read <= (1 << 20) + (2 << 16)
    long = b"x" * (1 << 20) + b"\n"
    assert [len(line) for line in lines_of(io.BytesIO(long * 3), "f")] == [len(long)] * 3


PACKED = gzip.compress(b"The cat sat.\n" * 50, mtime=0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (PACKED[:-9], "damaged, or not packed by gzip"),
        (b"The cat sat.\n", "damaged, or not packed by gzip"),
        (PACKED[:12] + bytes(20) + PACKED[32:], "damaged, or not packed by gzip"),
        (PACKED + b"more", "damaged, or not packed by gzip"),
        (gzip.compress(b"a\n\xff\n", mtime=0), "line 2, byte offset 2, is not UTF-8"),
        (gzip.compress(b"a\n" * 600, mtime=0), "unpacks to more than 0 MB"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, monkeypatch, data, message) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    (tmp_path / "a.gz").write_bytes(data)
    with pytest.raises(InputError, match=f"a.gz: {message}"):
        read_lines(tmp_path / "a.gz")
    with pytest.raises(InputError, match=r"no.gz cannot be read \(No such file"):
        read_lines(tmp_path / "no.gz")


@pytest.fixture
def command(tmp_path, monkeypatch, capfd):
    """Run a command in this process, where files with the same three lines are; returns code, output and messages."""
    data, _ = THREE
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(data, mtime=0))
    (tmp_path / "t.en-de.tsv").write_text("Two\tZwei\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda *args: run_inside(list(args), monkeypatch, capfd)


def test_evaluate_reads_lines_so(command) -> None:
    for ref in ("b.txt", "b.txt.gz"):
        arguments = ["--hyp", "a.txt", "--ref", ref, "--src", ref, "--to", "en", "--metric", "chrf", "--json"]
        code, out, err = command("evaluate", *arguments)
        assert code == 0, err
        report = json.loads(out)
        assert report["segments"] == 3
        assert report["systems"]["a.txt"]["scores"]["chrf"]["score"] == pytest.approx(100)
    code, _, err = command("evaluate", "--hyp", "b.txt.gz", "--ref", "t.en-de.tsv", "--to", "en")
    assert (code, err.strip()) == (
        2,
        "mtreason: t.en-de.tsv has 1 lines, b.txt.gz has 3 segments: they must match line by line",
    )


def test_json_lines_are_read_when_packed(command, tmp_path) -> None:
    _, lines = THREE
    rows = [{"line": n, "translation": line, "source": line} for n, line in enumerate(lines, 1)]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "h.jsonl.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    code, out, err = command("evaluate", "--hyp", "h.jsonl.gz", "--ref", "b.txt", "--to", "en", "--json")
    assert code == 0, err
    assert json.loads(out)["segments"] == 3


def test_glossary_commands_read_lines_so(command) -> None:
    code, out, err = command("glossary", "check", "t.en-de.tsv", "--src", "a.txt", "--hyp", "b.txt", "--json")
    assert code == 0, err
    assert [miss["line"] for miss in json.loads(out)["misses"]] == [2]
    _, out, _ = command("glossary", "match", "t.en-de.tsv", "--text", "a.txt", "--json")
    assert [row["line"] for row in json.loads(out)["segments"]] == [2]


def test_benchmarks_read_lines_so(command, tmp_path) -> None:
    rows = read_files(tmp_path / "a.txt", [tmp_path / "b.txt.gz"], "en", "de")
    assert [row.id for row in rows] == ["1", "2", "3"]
    assert [row.references[0] for row in rows] == [row.source for row in rows]
