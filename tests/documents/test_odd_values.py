"""What is odd in a file is kept byte for byte where it is not translated, and named where it cannot be."""

import json

import pytest
from documents.test_formats import read, rendered, same

import mtreason
from mtreason.documents import Reading, archives, spans
from mtreason.errors import DocumentError


@pytest.mark.parametrize(
    "odd",
    [
        "9" * 5000, "-0." + "3" * 5000, "1e99999", "NaN", "-Infinity", "[" * 600 + "]" * 600,
        '{"a":' * 600 + "1" + "}" * 600,        r'"\ud800"', '{"a": 1, "a": 2}', '""', "[]", "{}",
    ],
)  # fmt: skip
def test_json_around_texts_stays_as_it_is(odd) -> None:
    text = f'{{"n": {odd}, "t": "Hello"}}'
    document = same("json", text.encode())
    assert [unit.text for unit in document.units if unit.text == "Hello"] == ["Hello"]
    assert rendered(document, ["Hallo"] * len(document.units)).decode() == text.replace("Hello", "Hallo")
    assert [u.text for u in same("jsonl", f'{{"text": "Hello", "n": {odd}}}\n'.encode()).units] == ["Hello"]


@pytest.mark.parametrize(
    ("form", "text", "message"),
    [
        ("json", "[" * 20_000, "line 1: not JSON: nested deeper than 10,000 levels"),
        ("json", "[1,\n01]", "line 2: not JSON: expected a comma or ]"),
        ("json", '{"a" 1}', "line 1: not JSON: expected a colon"),
        ("json", "{a: 1}", "line 1: not JSON: expected a key in quotation marks"),
        ("json", "[1,]", "line 1: not JSON: expected a value"),
        ("json", "[1] 2", "line 1: not JSON: expected nothing more"),
        ("json", '["a\n"]', "line 1: not JSON: Invalid control character"),
        ("json", "[\u0661]", "line 1: not JSON: expected a value"),
    ],
)
def test_json_that_is_refused(form, text, message) -> None:
    with pytest.raises(DocumentError) as error:
        read(form, text.encode())
    assert str(error.value).startswith(f"file.{form}: {message}")


def test_keys_of_nested_json() -> None:
    text = '{"text": ["a", ["b", {"text": "c", "x": "d"}]], "x": "e"}'
    from mtreason.documents import FORMATS

    document = FORMATS["json"].read(text.encode(), "f", Reading(("text",)))
    assert [unit.text for unit in document.units] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("form", "text"),
    [("markdown", "Hello\n"), ("html", "<p>Hello</p>"), ("json", '["Hello"]'), ("csv", "text\nHello\n"),
     ("srt", "1\n00:00:01,000 --> 00:00:02,000\nHello\n"), ("po", 'msgid "Hello"\nmsgstr ""\n'),
     ("xliff", "<xliff><trans-unit><source>Hello</source></trans-unit></xliff>")],
)  # fmt: skip
def test_what_a_model_says_can_be_written(form, text) -> None:
    data = rendered(read(form, text.encode()), ["a\ud800b"])
    assert data.decode("utf-8")
    if form == "json":
        assert json.loads(data) == ["a\ufffdb"]


def test_documents_have_a_size(monkeypatch) -> None:
    monkeypatch.setattr(spans, "MOST_UNITS", 3)
    for form, text in (
        ("html", "<p>a</p>\n" * 4),
        ("json", json.dumps(["a"] * 4, indent=1)),
        ("markdown", "a\n\n" * 4),
    ):
        with pytest.raises(DocumentError, match=r"line \d+: more than 3 units: cut the file into parts"):
            read(form, text.encode())
    monkeypatch.setattr(spans, "MOST_LINES", 3)
    with pytest.raises(DocumentError, match="more than 3 lines"):
        read("srt", b"a\n" * 4)


def test_word_documents_have_a_size(monkeypatch) -> None:
    from documents.test_growth import long_word_file

    monkeypatch.setattr(archives, "MOST_TAGS", 10_000)
    with pytest.raises(DocumentError, match="more than 10,000 tags"):
        read("docx", long_word_file(5000))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.json", '{"a": "one \\ud83d", "b": "two"}', '{"a": "one \\ud83d", "b": "TWO"}'),
        ("a.properties", "a = one \\ud83d\nb = two\n", "a = one \\ud83d\nb = TWO\n"),
        ("a.strings", '"a" = "one \\ud83d";\n"b" = "two";\n', '"a" = "one \\ud83d";\n"b" = "TWO";\n'),
    ],
)
def test_half_of_a_pair_is_one_finding(tmp_path, name, text, expected) -> None:
    """The rest is translated, and the place is named."""

    class Upper:
        def translate(self, texts):
            return [own.upper() for own in texts]

    (tmp_path / name).write_text(text, "utf-8")
    report = mtreason.translate_document(tmp_path / name, tmp_path / f"out-{name}", Upper())
    assert (tmp_path / f"out-{name}").read_text("utf-8") == expected
    assert (report.fell_back, len(report.fallen)) == (1, 1)
