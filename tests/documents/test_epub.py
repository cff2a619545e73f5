# ruff: noqa: E501 - files of books are written here as they look
"""Books come back whole: chapters by the package, titles and language follow, everything else stays."""

import io
import shutil
import subprocess
import zipfile

import pytest
from documents.test_html import GERMAN, Perfect, upper
from lxml import etree

from mtreason import translate_document
from mtreason.documents import FORMATS
from mtreason.errors import DocumentError

CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="in/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">urn:uuid:1f0f2a3e-0000-4000-8000-000000000000</dc:identifier><dc:title xml:lang="en">Tea &amp; cake</dc:title><dc:creator>Ann Lee</dc:creator>
<dc:language>en</dc:language><meta property="dcterms:modified">2024-01-01T00:00:00Z</meta></metadata>
<manifest><item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/><item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="b" href="two%20b.xml" media-type="application/xhtml+xml"/><item id="a" href="one.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine toc="ncx"><itemref idref="a"/><itemref idref="b"/></spine></package>
"""
NCX = """<?xml version="1.0" encoding="UTF-8"?>
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1" xml:lang="en"><head><meta name="dtb:uid" content="urn:uuid:1f0f2a3e-0000-4000-8000-000000000000"/></head><docTitle><text>Tea &amp; cake</text></docTitle>
<navMap><navPoint id="p1" playOrder="1"><navLabel><text>Morning</text></navLabel><content src="one.xhtml"/></navPoint></navMap></ncx>
"""
PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="en" lang="en"><head><title>{0}</title></head>
<body><h1 id="a"><a id="p1"></a>{0}</h1>
{1}
</body></html>
"""
ONE = PAGE.format(
    "Morning",
    '<p><span class="big">H</span>e <em>walked <b>on</b></em>,<br/>\nand sat.<a href="#a"><sup>1</sup></a></p>',
)
TWO = PAGE.format("Evening", '<p><img src="cat.png" alt="cat"/></p><p>So &lt; it &#160;ends<br/></p>')
NAV = PAGE.format("Contents", '<nav epub:type="toc"><ol><li><a href="one.xhtml">Morning</a></li></ol></nav>')


def book(**more):
    stream = io.BytesIO()
    files = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER, "in/book.opf": PACKAGE}
    files |= {
        "in/toc.ncx": NCX,
        "in/two b.xml": TWO,
        "in/one.xhtml": ONE,
        "in/nav.xhtml": NAV,
        "in/s.css": "p { x: y }",
    }
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (files | more).items():
            archive.writestr(name, text, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def read(data):
    document = FORMATS["epub"].read(data, "x.epub", GERMAN)
    assert b"".join(document.render([unit.text for unit in document.units])) == data
    return document


def translated(data):
    document = read(data)
    written = b"".join(document.render([upper(unit.text) for unit in document.units]))
    return zipfile.ZipFile(io.BytesIO(written))


def members(archive):
    return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_book() -> None:
    data = book()
    document = read(data)
    assert [(unit.place, unit.text) for unit in document.units] == [
        ("in/book.opf, line 3", "Tea & cake"),
        ("in/toc.ncx, line 2", "Tea & cake"),
        ("in/toc.ncx, line 3", "Morning"),
        ("in/one.xhtml, line 3", "Morning"),
        ("in/one.xhtml, line 4", "Morning"),
        ("in/one.xhtml, line 5", "<1>H</1>e <2>walked <3>on</3></2>,\nand sat.<4><5>1</5></4>"),
        ("in/two b.xml, line 3", "Evening"),
        ("in/two b.xml, line 4", "Evening"),
        ("in/two b.xml, line 5", "cat"),
        ("in/two b.xml, line 5", "So < it \xa0ends"),
        ("in/nav.xhtml, line 3", "Contents"),
        ("in/nav.xhtml, line 4", "Contents"),
        ("in/nav.xhtml, line 5", "Morning"),
    ]
    archive = translated(data)
    german = {'lang="en"': 'lang="de"', "Morning": "MORNING", "Evening": "EVENING", "Contents": "CONTENTS"}
    german |= {"Tea &amp; cake": "TEA &amp; CAKE", ">en<": ">de<"}
    german |= {'alt="cat"': 'alt="CAT"'}
    german |= {">H<": ">H<", ">e <em>walked <b>on</b>": ">E <em>WALKED <b>ON</b>", "and sat": "AND SAT"}
    german |= {"So &lt; it &#160;ends": "SO &lt; IT &#160;ENDS"}
    expected = members(zipfile.ZipFile(io.BytesIO(data)))
    for name in expected:
        for old, new in german.items():
            expected[name] = expected[name].replace(old, new) if name.startswith("in/") else expected[name]
    assert members(archive) == expected
    for name, text in members(archive).items():
        if not name.endswith(("css", "type")):
            etree.fromstring(text.encode())


def test_what_the_archive_is_comes_first() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book())) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in reversed(old.namelist()):
            new.writestr(name, old.read(name))
    first = translated(stream.getvalue()).infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)


def test_readings_are_left_out() -> None:
    chapter = PAGE.format(
        "海",
        "<p>「<ruby>船<rp>(</rp><rt>ふね</rt><rp>)</rp></ruby>が来た」と<ruby>彼女<rt>かのじょ</rt></ruby>は言った。</p>",
    )
    document = read(book(**{"in/one.xhtml": chapter}))
    [unit] = [unit for unit in document.units if "言" in unit.text]
    assert unit.text == "「船が来た」と彼女は言った。"
    texts = ["“A ship is here,” she said." if u is unit else u.text for u in document.units]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(document.render(texts))))
    assert "<p>“A ship is here,” she said.</p>" in archive.read("in/one.xhtml").decode()


def test_a_book_in_other_charsets() -> None:
    package, page = (
        PACKAGE.replace("UTF-8", "ISO-8859-1"),
        ONE.replace("UTF-8", "windows-1252").replace("walked", "café"),
    )
    data = book(**{"in/book.opf": package.encode("latin-1"), "in/one.xhtml": page.encode("cp1252")})
    found = members(translated(data))
    assert 'encoding="utf-8"' in found["in/book.opf"]
    assert 'encoding="utf-8"' in found["in/one.xhtml"]
    assert "CAFÉ" in found["in/one.xhtml"]
    assert etree.fromstring(found["in/one.xhtml"].encode()).get("lang") == "de"


def test_language_follows_where_a_title_has_no_words() -> None:
    data = book(**{"in/book.opf": PACKAGE.replace("Tea &amp; cake", "1984")})
    assert "<dc:language>de</dc:language>" in members(translated(data))["in/book.opf"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"in/one.xhtml": b"<p>\xff</p>"}, "x.epub: in/one.xhtml: line 1, byte offset 3, is not UTF-8"),
        ({"in/book.opf": b"\xff"}, "x.epub: in/book.opf: line 1, byte offset 0, is not UTF-8"),
        (
            {
                "META-INF/encryption.xml": '<encryption><EncryptedData><CipherData><enc:CipherReference URI="in/one.xhtml"/>'
            },
            "x.epub: in/one.xhtml is encrypted: name a book without protection",
        ),
    ],
)
def test_books_that_cannot_be_read(more, message) -> None:
    with pytest.raises(DocumentError) as error:
        FORMATS["epub"].read(book(**more), "x.epub", GERMAN)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_books_with_odd_packages() -> None:
    for package in (
        "",
        "<package>",
        PACKAGE.replace("<spine", "<spin"),
        PACKAGE.replace("two%20b.xml", "../../x"),
        PACKAGE.replace("id=", "x="),
    ):
        assert any(unit.text == "Morning" for unit in read(book(**{"in/book.opf": package})).units)
    fonts = '<encryption><CipherReference URI="in/font.otf"/></encryption>'
    assert read(book(**{"META-INF/encryption.xml": fonts})).units


def test_other_programs_open_the_book(tmp_path) -> None:
    path, out = tmp_path / "a.epub", tmp_path / "b.epub"
    path.write_bytes(book())
    assert translate_document(path, out, Perfect(), target="de").fell_back == 0
    program = shutil.which("epubcheck")
    if program is None:
        pytest.skip("epubcheck is not installed")
    checked = subprocess.run([program, str(out)], capture_output=True, text=True, check=False)
    assert "error" not in checked.stdout.lower().replace("0 errors", ""), checked.stdout
