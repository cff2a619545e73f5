"""Four times as much takes about four times as long, in every format, whatever the file holds."""

import gc
import io
import time
import zipfile

import pytest
from documents.test_formats import ASS_HEAD, PO_HEAD, XLIFF_12, book, read, rendered, word_file

from mtreason.documents import parse_line, placeholders
from mtreason.documents.spans import line_numbers, raw_lines
from mtreason.errors import DocumentError
from mtreason.languages import parse_language

TIMES = 4
MOST = 9
"""How many times longer it may take: linear work takes 4 times as long, quadratic work 16 times."""
NOISE = 0.6
"""Seconds that a busy machine adds."""


def grows_linearly(make, work, size) -> None:
    seconds = []
    for n in (size, TIMES * size):
        data = make(n)
        gc.disable()  # what other tests have left would be looked through in the measured time
        try:
            started = time.process_time()
            work(data)
            seconds.append(time.process_time() - started)
        finally:
            gc.enable()
    assert seconds[1] <= MOST * seconds[0] + NOISE, seconds


def through(form):
    """Read a file and write it again with other texts; a file may be refused."""

    def work(data):
        try:
            document = read(form, data)
        except DocumentError:
            return
        rendered(document, [f"ZZ {unit.text}" for unit in document.units])

    return work


def long_word_file(n):
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word_file())) as old, zipfile.ZipFile(whole, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename == "word/document.xml":
                data = data.replace(b"<w:body>", b"<w:body>" + b"<w:p><w:r><w:t>Hello</w:t></w:r></w:p>" * n)
            new.writestr(info, data)
    return whole.getvalue()


ORDINARY = {
    "markdown": lambda n: "Hello there\n\n" * n,
    "html": lambda n: "<p>Hello <b>there</b></p>\n" * n,
    "srt": lambda n: "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n" * n,
    "vtt": lambda n: "WEBVTT\n\n" + "00:01.000 --> 00:02.000\nHello\n\n" * n,
    "ass": lambda n: ASS_HEAD + "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello\n" * n,
    "po": lambda n: PO_HEAD + "".join(f'msgid "Hello {i}"\nmsgstr ""\n\n' for i in range(n)),
    "xliff": lambda n: XLIFF_12.format('<trans-unit id="1"><source>Hi <x id="2"/></source></trans-unit>\n' * n),
    "json": lambda n: "[\n" + ",\n".join(['"Hello"'] * n) + "\n]",
    "jsonl": lambda n: '{"id": 1, "text": "Hello"}\n' * n,
    "csv": lambda n: "id,text\n" + '1,"Hello, you"\n' * n,
    "tsv": lambda n: "id\ttext\n" + "1\tHello\n" * n,
    "docx": long_word_file,
    "epub": lambda n: book(a="<html><body>" + "<p>Hello</p>\n" * n + "</body></html>"),
}
SIZES = {"markdown": 3000, "docx": 3000, "po": 4000, "xliff": 4000}


def encoded(make):
    def made(n):
        data = make(n)
        return data if isinstance(data, bytes) else data.encode()

    return made


@pytest.mark.parametrize("form", ORDINARY)
def test_ordinary_files(form) -> None:
    grows_linearly(encoded(ORDINARY[form]), through(form), SIZES.get(form, 8000))


AROUND = {
    "markdown": "a {}\n", "html": "<p>a {}</p>", "srt": "1\n00:00:01,000 --> 00:00:02,000\n{}\n",
    "vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n{}\n", "ass": ASS_HEAD + "Dialogue: 0,1,2,D,,0,0,0,,{}\n",
    "po": PO_HEAD + 'msgid "{}"\nmsgstr ""\n',
    "xliff": XLIFF_12.replace("{}", "<trans-unit><source>{}</source></trans-unit>"),
    "json": '["{}"]', "jsonl": '{"text": "{}"}', "csv": 'text\n"{}"\n', "tsv": "text\n{}\n",
}  # fmt: skip
PIECES = (
    "<a ", "<", "<!--", "<![CDATA[", "<?x", "</a", "<a b='", '<a b=">"', "<b>", "<pre>", "&", "&#", "[", "![", "[a](",
    "(", "{", "${a", "%", "%(", "`", '"', "'", "*", "**a *", "_", "|", "\\", "> ", "- ", "\n", "\r", " ", "\t", "a",
    "\u0301", "{\\an", "--", ",",
)  # fmt: skip


@pytest.mark.parametrize("form", AROUND)
def test_hostile_files(form) -> None:
    for piece in PIECES:
        for around in (AROUND[form], "{}"):
            grows_linearly(
                lambda n, piece=piece, around=around: around.replace("{}", piece * (n // len(piece))).encode(),
                through(form),
                10_000,
            )


def test_lists_and_quotes_inside_one_another() -> None:
    for line in ("{}- a\n", "{}> a\n"):
        grows_linearly(
            lambda n, line=line: "".join(line.format("  " * (i % 60)) for i in range(n)).encode(),
            through("markdown"),
            1500,
        )


@pytest.mark.parametrize("piece", PIECES)
def test_lines_of_text(piece) -> None:
    english = parse_language("en")
    grows_linearly(lambda n: piece * n, placeholders, 8000)
    grows_linearly(lambda n: piece.replace("\n", "") * n, lambda text: parse_line(1, text, english), 8000)


def test_numbers_of_lines() -> None:
    content = "a\nbc\r\n\nd\re"
    line_of = line_numbers(content)
    assert [line_of(i) for i in range(len(content))] == [content.count("\n", 0, i) + 1 for i in range(len(content))]
    assert [(line.number, line.start, line.text) for line in raw_lines(content)] == [
        (1, 0, "a"), (2, 2, "bc"), (3, 6, ""), (4, 7, "d"), (5, 9, "e"),
    ]  # fmt: skip


def test_braces_that_close_late_are_ordinary_ones() -> None:
    inner = "x" * 3998
    assert placeholders(f"{{{inner}}}") == (f"{{{inner}}}",)
    assert placeholders(f"{{{inner}y}}") == ()
    assert placeholders(f"{{{inner} {{a}} }} b {{c}}") == ("{a}", "{c}")
    assert placeholders("a } {b} <!-- c --> <!-- d") == ("{b}", "<!-- c -->")
