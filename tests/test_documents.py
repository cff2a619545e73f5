"""What is not translated stays byte for byte what it was."""

import io
import itertools
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtreason.documents import check_text, join_line, open_text, parse_line, read_lines
from mtreason.documents.sentences import HARD_LIMIT, LIMIT, length
from mtreason.errors import DocumentError
from mtreason.languages import parse_language

ZH, EN = parse_language("zh"), parse_language("en")
TEXT = st.text(st.sampled_from("好天 ab。!.?\u3000\t，\ufeff\u2028😀\r\n"), max_size=400)


class Trickle(io.RawIOBase):
    """Gives at most `size` bytes a read."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data, self.size = data, size

    def read(self, _n: int = -1) -> bytes:
        block, self.data = self.data[: self.size], self.data[self.size :]
        return block


def lines_of(data: bytes) -> list[str]:
    return list(read_lines(io.BytesIO(data), "f"))


@given(TEXT, st.integers(1, 9))
def test_lines_do_not_depend_on_chunks(text, size) -> None:
    data = text.encode()
    assert list(read_lines(Trickle(data, size), "f")) == lines_of(data)
    assert "".join(lines_of(data)) == text


@given(TEXT)
def test_nothing_is_lost(text) -> None:
    for number, raw in enumerate(lines_of(text.encode()), 1):
        line = parse_line(number, raw, ZH)
        parts = [line.gaps[0]]
        for segment, gap in zip(line.segments, line.gaps[1:], strict=True):
            assert segment
            assert segment == segment.strip()
            parts += [segment, gap]
        assert "".join(parts) == raw
        assert join_line(line, line.segments, ZH, ZH) == raw


def test_line_ends() -> None:
    assert lines_of("a\r\nb\rc\n\nd\u2028\x0b\x0c\x85e".encode()) == [
        "a\r\n",
        "b\r",
        "c\n",
        "\n",
        "d\u2028\x0b\x0c\x85e",
    ]
    assert lines_of(b"") == []
    assert lines_of(b"\n") == ["\n"]


def test_byte_order_mark_stays_in_the_gap() -> None:
    line = parse_line(1, "\ufeff你好\n", ZH)
    assert (line.segments, line.gaps) == (("你好",), ("\ufeff", "\n"))


@pytest.mark.parametrize(
    ("data", "before", "line", "offset"),
    [
        (b"ok\nab\xff\n", ["ok\n", "ab"], 2, 5),
        (b"a\n\xed\xa0\x80", ["a\n"], 2, 2),
        ("好\n好\x00".encode(), ["好\n", "好"], 2, 7),
        (b"ab\xe4\xbd", ["ab"], 1, 2),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_faults_are_named_where_they_are(data, before, line, offset, size) -> None:
    given_out = []
    with pytest.raises(DocumentError, match=rf"^f: line {line}, byte offset {offset}, "):
        given_out.extend(read_lines(Trickle(data, size), "f"))
    assert given_out in ([], before[:-1], before)


def test_one_line_in_one_line_out() -> None:
    line = parse_line(1, "你好\n", ZH)
    assert join_line(line, ["a\nb\u2028c\r\nd\re"], ZH, EN) == "a b\u2028c d e\n"


def test_gaps_follow_the_target_language() -> None:
    zh = parse_line(1, "今天天气很好，我们去公园散步吧。" * 10 + "\n", ZH)
    assert len(zh.segments) > 1
    english = join_line(zh, ["One."] * len(zh.segments), ZH, EN)
    assert english == " ".join(["One."] * len(zh.segments)) + "\n"
    en = parse_line(1, "The weather is nice today, so let us walk in the park for a while. " * 10 + "\n", EN)
    assert join_line(en, ["好。"] * len(en.segments), EN, ZH).strip() == "好。" * len(en.segments)
    assert join_line(en, ["OK"] * len(en.segments), EN, ZH).strip() == " ".join(["OK"] * len(en.segments))


def test_short_lines_stay_whole_and_long_ones_are_packed() -> None:
    assert len(parse_line(1, "你好。再见。\n", ZH).segments) == 1
    segments = parse_line(1, "我们去公园吧！" * 100, ZH).segments
    assert all(length(s) <= LIMIT for s in segments)
    assert all(length(a) + length(b) > LIMIT for a, b in itertools.pairwise(segments))
    unknown = parse_language("sw")
    assert len(parse_line(1, "Habari ya asubuhi rafiki yangu mpendwa sana. " * 30, unknown).segments) > 3


@pytest.mark.parametrize(
    "text", ["今天天气很好，我们去公园吧！" * 70_000, "好" * 1_000_000, "ab " * 330_000, "👨‍👩‍👧" * 60_000]
)
def test_a_megabyte_in_one_line(text) -> None:
    began = time.monotonic()
    line = parse_line(1, text, ZH)
    assert time.monotonic() - began < 60  # a segmenter of quadratic time would take an hour
    assert max(map(length, line.segments)) <= HARD_LIMIT
    assert "".join(a + b for a, b in zip(line.gaps, [*line.segments, ""], strict=True)) == text


def test_hard_cuts_keep_characters_whole() -> None:
    segments = parse_line(1, "👨‍👩‍👧" * 1000, ZH).segments
    assert all(s.startswith("👨") and s.endswith("👧") for s in segments)


def test_a_hundred_thousand_lines_in_flat_memory() -> None:
    data = "今天天气很好。\n".encode() * 100_000
    tracemalloc.start()
    count = sum(len(parse_line(1, raw, ZH).segments) for raw in read_lines(io.BytesIO(data), "f"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 5_000_000 + len(data) // 10


def test_opening(tmp_path, monkeypatch) -> None:
    with pytest.raises(DocumentError, match="no such file"):
        open_text(tmp_path / "no")
    with pytest.raises(DocumentError, match="is a directory"):
        open_text(tmp_path)
    path = tmp_path / "a.txt"
    path.write_text("a\nb", "utf-8")
    assert check_text(path) == 2

    def refuse(self, *args, **kwargs):
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DocumentError, match="no permission"):
        check_text(path)
