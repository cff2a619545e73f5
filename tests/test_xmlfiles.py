"""One rule for XML in any encoding: no entity is expanded, nothing is fetched, and the tree has a size."""

import pytest

from mtreason import xmlfiles
from mtreason.errors import DocumentError
from mtreason.xmlfiles import parse_xml, plain_xml, stream_xml

ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "utf-7",
    "latin-1",
    "cp1252",
)


def whole(body, encoding, doctype=""):
    label = encoding.removesuffix("-sig")
    return f'<?xml version="1.0" encoding="{label}"?>{doctype}{body}'.encode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings(encoding) -> None:
    assert parse_xml(whole("<a>é</a>", encoding), "x").text == "é"


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "declared",
    ['<!ENTITY e "a">', '<!ENTITY e SYSTEM "file:///etc/hostname">', '<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;'],
)
def test_entities_are_refused_in_every_encoding(encoding, declared) -> None:
    data = whole("<a>&e;</a>", encoding, f"<!-- <a> --><!DOCTYPE a [{declared}]>")
    for read in (plain_xml, parse_xml):
        with pytest.raises(DocumentError, match=r"^x: declares .*entities"):
            read(data, "x")


def test_words_about_entities_are_words() -> None:
    data = b"<a><![CDATA[<!DOCTYPE x [<!ENTITY e 'a'>]>]]></a>"
    assert parse_xml(data, "x").text == "<!DOCTYPE x [<!ENTITY e 'a'>]>"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'<?xml version="1.0" encoding="punycode"?><a/>', "line 1: unknown encoding 'punycode'"),
        (b'<?xml version="1.0" encoding="x-y"?><a/>', "line 1: unknown encoding 'x-y'"),
        (b"<a>\n\xff</a>", "line 2, byte offset 4, is not UTF-8"),
        (b"\xff\xfe<", "is not UTF-16-LE"),
        (b"<a>\n<b></a>", "line 2: not XML"),
        (b"", "not XML"),
        (b"<a>" * 300, "not XML"),
    ],
)
def test_malformed(data, message) -> None:
    with pytest.raises(DocumentError) as error:
        parse_xml(data, "x")
    assert str(error.value).startswith("x: ")
    assert message in str(error.value)


@pytest.mark.parametrize("fault", ['x:y="1"', '::="1"', 'xmlns:x=""'])
@pytest.mark.parametrize("rest", ["", "more", "<a/>", "</a>"])
def test_an_error_before_a_warning_hides_nothing(fault, rest) -> None:
    """After the warning the library forgets the error, and leaves out what follows the root."""
    data = f'<a {fault}>\n<b xmlns="relative"/></a>{rest}'.encode()
    for read in (parse_xml, lambda *args: list(stream_xml(*args, ["b"]))):
        with pytest.raises(DocumentError, match=r"^x: line 1: not XML"):
            read(data, "x")
    assert [element.tag for element in stream_xml(b'<a><b xmlns="relative"/></a>', "x", ["b"])] == ["a", "{relative}b"]


def test_lines_keep_their_numbers() -> None:
    with pytest.raises(DocumentError, match="line 3: not XML"):
        parse_xml(b'<?xml version="1.0"\nencoding="utf-8"?>\n<a></b>', "x")


def test_a_tree_has_a_size(monkeypatch) -> None:
    monkeypatch.setattr(xmlfiles, "MOST_TAGS", 10)
    for body in ("<b/>" * 11, "<b " + " ".join(f'c{i}=""' for i in range(11)) + "/>"):
        with pytest.raises(DocumentError, match="more than 10 tags"):
            parse_xml(whole(f"<a>{body}</a>", "utf-16"), "x")
