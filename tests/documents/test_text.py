"""What is not translated stays byte for byte what it was."""

import io
import itertools
import os
import time
import tracemalloc
from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from mtreason.documents import Line, check_text, join_line, open_text, parse_line
from mtreason.documents.sentences import HARD_LIMIT, LIMIT, length, split_sentences
from mtreason.errors import DocumentError
from mtreason.languages import parse_language
from mtreason.lines import lines_of

ZH, EN = parse_language("zh"), parse_language("en")
TEXT = st.text(st.sampled_from("好天 ab。!.?\u3000\t，\ufeff\u2028😀\r\n"), max_size=400) | st.text(
    st.characters(codec="utf-8", exclude_characters="\x00")
)


class Trickle(io.RawIOBase):
    """Gives at most `size` bytes a read."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data, self.size = data, size

    def read(self, _n: int = -1) -> bytes:
        block, self.data = self.data[: self.size], self.data[self.size :]
        return block


def lines_in(data: bytes) -> list[str]:
    return list(lines_of(io.BytesIO(data), "f"))


@given(TEXT, st.integers(1, 9))
def test_lines_do_not_depend_on_chunks(text, size) -> None:
    data = text.encode()
    assert list(lines_of(Trickle(data, size), "f")) == lines_in(data)
    assert "".join(lines_in(data)) == text


@given(TEXT)
def test_nothing_is_lost(text) -> None:
    for number, raw in enumerate(lines_in(text.encode()), 1):
        line = parse_line(number, raw, ZH)
        parts = [line.gaps[0]]
        for segment, gap in zip(line.segments, line.gaps[1:], strict=True):
            assert segment
            assert segment == segment.strip()
            parts += [segment, gap]
        assert "".join(parts) == raw
        assert join_line(line, line.segments, ZH, ZH) == raw


def test_line_ends() -> None:
    assert lines_in("a\r\nb\rc\n\nd\u2028\x0b\x0c\x85e".encode()) == [
        "a\r\n",
        "b\r",
        "c\n",
        "\n",
        "d\u2028\x0b\x0c\x85e",
    ]
    assert lines_in(b"") == []
    assert lines_in(b"\n") == ["\n"]


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
        given_out.extend(lines_of(Trickle(data, size), "f"))
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
    two = Line(1, ("A.", "B."), ("  ", " ", "\r\n"))
    assert join_line(two, ["好", "é"], EN, ZH) == "  好 é\r\n"
    assert join_line(two, ["3", "好"], EN, ZH) == "  3 好\r\n"
    assert join_line(two, ["好。", "好。"], EN, ZH) == "  好。好。\r\n"
    wide = Line(1, ("甲。", "乙。"), ("", "\u3000", ""))
    assert join_line(wide, ["A.", "B."], ZH, EN) == "A.\u3000B."


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
    assert time.monotonic() - began < 60  # a segmenter of quadratic time would take an hour; measured: under 1 s
    # What stays as it is, is not cut: the last emoji may go beyond the limit.
    assert max(map(length, line.segments)) <= HARD_LIMIT + length("👨‍👩‍👧")
    assert "".join(a + b for a, b in zip(line.gaps, [*line.segments, ""], strict=True)) == text


@pytest.mark.parametrize("before", ["", "x", "好" * 79])
@pytest.mark.parametrize("character", ["👨‍👩‍👧", "🇨🇳", "e\u0301", "👍🏽"])
def test_hard_cuts_keep_characters_whole(before, character) -> None:
    text = before + character * 5000  # more than one window of the segmenter
    segments = parse_line(1, text, ZH).segments
    assert "".join(segments) == text
    assert [c for s in segments for c in regex.findall(r"\X", s)] == regex.findall(r"\X", text)


def test_long_sentences_are_cut_behind_clauses_and_not_inside_numbers() -> None:
    clauses = parse_line(1, "it costs 1,234,567 or more at 12:30:45, " * 100, EN).segments
    assert len(clauses) > 3
    assert all(s.startswith("it costs") and s.endswith("12:30:45,") for s in clauses)
    words = parse_line(1, "price:1,000 " * 300, EN).segments
    assert all(s.startswith("price") and s.endswith("1,000") for s in words)
    chinese = parse_line(1, "他说了很多很多的话，" * 100, ZH).segments
    assert all(s.endswith("，") for s in chinese)


@given(st.text(st.sampled_from("好a。. ，\u0301🇨\u200d👨\n"), min_size=300, max_size=1200))
def test_no_segment_exceeds_the_hard_limit(text) -> None:
    assert all(length(s) <= HARD_LIMIT for s in parse_line(1, text, ZH).segments)


def test_sentences_end_where_they_should() -> None:
    def sentences(text: str, tag: str) -> list[str]:
        return [s.strip() for s in split_sentences(text, parse_language(tag))]

    assert sentences("他说：“好。我走了！”然后离开了。真的？！嗯……好吧。", "zh") == [
        "他说：“好。我走了！”", "然后离开了。", "真的？！", "嗯……好吧。"
    ]  # fmt: skip
    assert sentences("Dr. Smith paid $3.50 to Mr. Jones, e.g. on Jan. 5th. He left. Why?", "en") == [
        "Dr. Smith paid $3.50 to Mr. Jones, e.g. on Jan. 5th.", "He left.", "Why?"
    ]  # fmt: skip
    assert sentences("本当？はい！😀いいよ。", "ja") == ["本当？", "はい！", "😀いいよ。"]


def test_a_hundred_thousand_lines_in_flat_memory() -> None:
    data = "今天天气很好。\n".encode() * 100_000
    tracemalloc.start()
    count = sum(len(parse_line(1, raw, ZH).segments) for raw in lines_of(io.BytesIO(data), "f"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 5_000_000 + len(data) // 10


def test_a_line_is_given_out_before_the_next_is_read() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream, os.fdopen(writer, "wb", buffering=0) as source:
        lines = lines_of(stream, "f")
        for _ in range(3):
            source.write("你好\n".encode())  # far less than a block, and the pipe stays open
            assert next(lines) == "你好\n"


def test_a_long_line_is_read_in_linear_time() -> None:
    def seconds(size: int) -> float:
        data, began = b"a" * size, time.process_time()
        assert list(map(len, lines_in(data))) == [size]
        return time.process_time() - began

    seconds(1 << 20)
    # Copying the line at every block would make this 64 times as long.
    assert seconds(1 << 26) < 30 * max(seconds(1 << 23), 0.01)


def test_a_read_that_fails_is_an_error_of_the_document() -> None:
    class Broken(io.RawIOBase):
        def read(self, _n: int = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(DocumentError, match="f: cannot be read \\(Input/output error\\)"):
        next(lines_of(Broken(), "f"))


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
