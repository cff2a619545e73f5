"""Word files whose every word is translated by a perfect stand-in: all the rest must be where it was."""

import io
import re
import shutil
import subprocess
import zipfile

import docx
import pytest
from documents.test_formats import read, rendered, same
from documents.test_growth import grows_linearly, through
from lxml import etree

from mtreason import translate_document
from mtreason.documents import FORMATS, Reading
from mtreason.documents.coded import TAG
from mtreason.documents.word.paragraph import MOST_NESTED
from mtreason.errors import DocumentError
from mtreason.languages import parse_language

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMES = (
    f'xmlns:w="{W}" xmlns:r="{R}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.'
    'document.main+xml"/></Types>'
)


def relations(*pairs):
    inner = "".join(
        f'<Relationship Id="r{i}" Type="{R}/{kind}" Target="{there}"/>' for i, (kind, there) in enumerate(pairs)
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}</Relationships>'
    )


def part(root, inner):
    return f"{HEAD}<w:{root} {NAMES}>{inner}</w:{root}>"


def word(body, main="word/document.xml", **others):
    """A document; others are parts by the kinds of their relations."""
    folder, _, base = main.rpartition("/")
    roots = {"header": "hdr", "footer": "ftr"}
    files = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": relations(("officeDocument", main)),
        main: part("document", f"<w:body>{body}</w:body>"),
        f"{folder}/_rels/{base}.rels": relations(*[(kind.rstrip("0123456789"), f"{kind}_part.xml") for kind in others]),
    }
    for kind, inner in others.items():
        name = kind.rstrip("0123456789")
        own = name in {"chart", "diagramData", "diagramDrawing"}
        files[f"{folder}/{kind}_part.xml"] = f"{HEAD}{inner}" if own else part(roots.get(name, name), inner)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()


def run(text, form=""):
    return f'<w:r>{f"<w:rPr>{form}</w:rPr>" if form else ""}<w:t xml:space="preserve">{text}</w:t></w:r>'


def p(*inner):
    return f"<w:p>{''.join(inner)}</w:p>"


def sign(kind):
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def begun(instruction):
    return f"{sign('begin')}<w:r><w:instrText>{instruction}</w:instrText></w:r>{sign('separate')}"


def complex_field(instruction, *result):
    return f"{begun(instruction)}{''.join(result)}{sign('end')}"


def swapped(text):
    """What a perfect translator makes of a text: every word changes, every code stays."""
    parts, at = [], 0
    for found in TAG.finditer(text):
        parts += [text[at : found.start()].swapcase(), found[0]]
        at = found.end()
    return "".join([*parts, text[at:].swapcase()])


def body_of(data, name="word/document.xml"):
    text = zipfile.ZipFile(io.BytesIO(data)).read(name).decode()
    assert text.startswith(HEAD)
    return text[text.index(">", len(HEAD)) + 1 : text.rindex("</")].removeprefix("<w:body>").removesuffix("</w:body>")


def texts(body, **others):
    return [unit.text for unit in same("docx", word(body, **others)).units]


def translated(body, *said, target=None):
    """The body, given translations, or with all words swapped."""
    document = FORMATS["docx"].read(word(body), "file.docx", Reading((), target))
    return body_of(rendered(document, said or [swapped(unit.text) for unit in document.units]))


MATH = "<m:oMath><m:r><m:t>a+b</m:t></m:r></m:oMath>"
DRAWING = "<w:r><w:drawing><x/></w:drawing></w:r>"
NOTE = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="2"/></w:r>'
LINK = '<w:hyperlink r:id="r9">{}</w:hyperlink>'
BOLD, UNDERLINED, BLUE = "<w:b/>", '<w:u w:val="single"/>', '<w:color w:val="0000FF"/>'
KINDS = [
    ("bold", p(run("Never "), run("open", BOLD), run(" it."), MATH, run(" holds.")),
     "Never <1>open</1> it.<2/> holds."),
    ("cut into runs", p(run("Ne"), '<w:proofErr w:type="spellStart"/>', run("ve", '<w:lang w:val="en-US"/>'),
     run("r", "<w:noProof/>")), "Never"),
    ("other distances in a word", p(run("dur"), run("i", '<w:spacing w:val="-2"/>'), run("ng", '<w:kern w:val="1"/>')),
     "during"),
    ("all of it bold", p(run("Never", BOLD), run(" ever", BOLD)), "Never ever"),
    ("a blank that is bold", p(run("one", BOLD), run(" ", BOLD), run("two")), "<1>one</1> two"),
    ("a blank between two looks", p(run("one", BOLD), run(" "), run("two", UNDERLINED), run(" three four")),
     "<1>one</1> <2>two</2> three four"),
    ("an underlined blank", p(run("Name: "), run("   ", UNDERLINED)), "Name: <1>   </1>"),
    ("breaks", p(run("One"), "<w:r><w:br/></w:r>", run("Two"), '<w:r><w:br w:type="textWrapping"/><w:t>Three</w:t>',
     "<w:cr/><w:t>Four</w:t></w:r>"), "One\nTwo\nThree\nFour"),
    ("other breaks", p(run("One"), '<w:r><w:br w:type="page"/></w:r>', run("Two"), "<w:r><w:lastRenderedPageBreak/>",
     "<w:t>Three</w:t></w:r>"), "One<1/>TwoThree"),
    ("tabs", p(run("Name:"), "<w:r><w:tab/></w:r>", run("Anna")), "Name:<1/>Anna"),
    ("hyphens and symbols", p("<w:r><w:t>e</w:t><w:noBreakHyphen/><w:t>mail</w:t><w:softHyphen/><w:t>ing</w:t>",
     '<w:sym w:char="F0E0"/></w:r>'), "e<1/>mailing<2/>"),
    ("links", p(run("See "), LINK.format(run("this ", '<w:rStyle w:val="Link"/>') + run("page", BOLD)), run(".")),
     "See <1>this <2>page</2></1>."),
    ("a link without words", p(run("See "), LINK.format(run("12")), run(" there.")), "See <1/> there."),
    ("notes", p(run("The bridge"), NOTE, run(" is old.")), "The bridge<1/> is old."),
    ("a picture", p(run("Left "), DRAWING, run(" right")), "Left <1/> right"),
    ("page numbers", p(run("Page "), complex_field("PAGE", run("v")), run(" of "),
     f'<w:fldSimple w:instr="NUMPAGES">{run("ix")}</w:fldSimple>'), "Page <1/> of <2/>"),
    ("references", p(run("See "), complex_field(" REF _a \\h ", run("Figure 2")), run("."),
     f'<w:fldSimple w:instr="REF b">{run("Part b")}</w:fldSimple>'), "See <1>Figure 2</1>.<2>Part b</2>"),
    ("fields in fields", p(complex_field('HYPERLINK "a"', run("Go to "), complex_field("PAGE", run("x"))),
     complex_field(f"IF {'</w:instrText></w:r>'}{complex_field('MERGEFIELD a', run('hidden'))}<w:r><w:instrText>",
                   run("seen"))), "<1>Go to <2/></1><3>seen</3>"),
    ("an entry of an index", p(run("Bridges"), sign("begin"), "<w:r><w:instrText>XE a</w:instrText></w:r>",
     sign("end"), run(" are old")), "Bridges<1/> are old"),
    ("a field without an end", p(run("One "), begun("REF a"), run("two")), "One <1/><2/>two"),
    ("tracked changes", p(run("One "), f'<w:ins w:id="1">{run("new ")}</w:ins>',
     '<w:del w:id="2"><w:r><w:delText>old </w:delText></w:r></w:del>', run("two")), "One <1>new </1><2/>two"),
    ("a moved paragraph", p(f'<w:moveFrom w:id="1">{run("Moved")}</w:moveFrom>'), "<1>Moved</1>"),
    ("bookmarks and comments", p('<w:bookmarkStart w:id="0" w:name="a"/>', run("One "), '<w:bookmarkEnd w:id="0"/>',
     '<w:commentRangeStart w:id="1"/>', run("two"), '<w:commentRangeEnd w:id="1"/>',
     '<w:r><w:commentReference w:id="1"/></w:r>'), "<1>One </1><2>two</2>"),
    ("ranges that overlap", p(run("One "), '<w:bookmarkStart w:id="0" w:name="a"/>', run("two "),
     '<w:commentRangeStart w:id="1"/>', run("three "), '<w:bookmarkEnd w:id="0"/>', run("four "),
     '<w:commentRangeEnd w:id="1"/>', run("five")), "One <1/>two <2>three <3/>four </2>five"),
    ("a range that begins in a link", p(run("See "), LINK.format('<w:commentRangeStart w:id="1"/>' + run("this")),
     run("page"), '<w:commentRangeEnd w:id="1"/>', run(" there")), "See <1><2/>this</1>page<3/> there"),
    ("bookmarks and comments of a whole paragraph, of nothing, and of Word itself",
     p('<w:bookmarkStart w:id="0" w:name="_Toc1"/>', '<w:commentRangeStart w:id="1"/>', run("One "),
       '<w:bookmarkStart w:id="2" w:name="x"/><w:bookmarkEnd w:id="2"/>',
       '<w:bookmarkStart w:id="3" w:name="_GoBack"/>',
       run("two"), '<w:bookmarkEnd w:id="3"/>', run(" three"), '<w:commentRangeEnd w:id="1"/>',
       '<w:bookmarkEnd w:id="0"/>', '<w:r><w:commentReference w:id="1"/></w:r>'), "One two three"),
    ("content controls", p(run("To "), f"<w:sdt><w:sdtPr><w:id w:val='1'/></w:sdtPr><w:sdtContent>{run('whom')}"
     "</w:sdtContent></w:sdt>", run(" it may")), "To <1>whom</1> it may"),
    ("smart tags", p(run("In "), f'<w:smartTag w:element="a"><w:smartTagPr/>{run("London")}</w:smartTag>'),
     "In London"),
    ("empty elements", p("<w:r/>", run("One"), '<w:hyperlink r:id="r9"/>', "<w:r><w:rPr><w:b/></w:rPr></w:r>"), "One"),
    ("text that looks like a code", p(run("a &lt;1> b"), run("c", BOLD)), "a <1/> b<2>c</2>"),
    ("special spaces", p(run("10\u00a0km\u2009and\u3000more")), "10\u00a0km\u2009and\u3000more"),
    ("text in a text", p("<w:r><w:t>One <w:r><w:t>two</w:t></w:r></w:t></w:r>"), "One two"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text"), [kind[1:] for kind in KINDS], ids=[kind[0] for kind in KINDS])
def test_a_paragraph_is_one_unit(body, text) -> None:
    """What a perfect translator gives back has every element where it was, and every word where its formatting was."""
    document = same("docx", word(body))
    assert [unit.text for unit in document.units] == [text]
    before, after = etree.fromstring(part("x", body).encode()), etree.fromstring(part("x", translated(body)).encode())
    assert [e.tag for e in before.iter()] == [e.tag for e in after.iter()]
    assert looks(after) == [(letter.swapcase(), look) for letter, look in looks(before)]
    again = read("docx", rendered(document, [swapped(text)]))
    assert [unit.text for unit in again.units] == [swapped(text)]
    assert [c.raw for c in again.units[0].codes.values()] == [c.raw for c in document.units[0].codes.values()]


def looks(root):
    """Every letter that is translated, with the formatting and the link that it has."""
    found = []
    for node in root.iter(f"{{{W}}}t"):
        if node.text in {"v", "ix", "x", "hidden"}:  # results of fields that are not translated
            continue
        form = node.getparent().find(f"{{{W}}}rPr")
        look = (
            ""
            if form is None
            else "".join(sorted(e.tag for e in form if not e.tag.endswith(("lang", "noProof", "spacing", "kern"))))
        )
        link = any(e.tag.endswith("hyperlink") for e in node.iterancestors())
        found += [(letter, (look, link)) for letter in (node.text or "") if letter.isalpha()]
    return found


def test_the_xml_of_a_translation() -> None:
    body = p("<w:pPr/>", run("Ne"), run("ver "), run("open", BOLD), run(" it."), MATH, run(" a&amp;b"))
    assert translated(body) == p(
        "<w:pPr/>", '<w:r><w:t xml:space="preserve"/></w:r>', run("nEVER "), run("OPEN", BOLD), run(" IT."), MATH,
        run(" A&amp;B"),
    )  # fmt: skip
    said = "x < y & <9/> z"
    assert translated(p(run("Hello")), said) == p(run("x &lt; y &amp; &lt;9/&gt; z"))
    assert translated(p(run("Hello")), "a\x00\ud800b") == p(run("ab"))


def shown(body):
    """What a paragraph shows: texts and nodes, each with the properties of its run and the elements around that."""
    found = []
    for node in etree.fromstring(part("x", body).encode()).iter(
        *(f"{{{W}}}{name}" for name in ("t", "br", "tab", "drawing", "footnoteReference", "fldChar", "bookmarkStart"))
    ):
        name = node.tag.partition("}")[2]
        form = node.getparent().find(f"{{{W}}}rPr")
        look = "" if form is None else "".join(e.tag.partition("}")[2] for e in form)
        around = [e.tag.partition("}")[2] for e in node.iterancestors(f"{{{W}}}hyperlink", f"{{{W}}}ins")]
        said = (node.text or "") if name == "t" else f"<{name}>"
        if said:
            found.append(" ".join(filter(None, (said, look, *around))))
    return found


@pytest.mark.parametrize(
    ("body", "said", "expected"),
    [
        (p(run("Open "), run("it", BOLD), run(" now")), "Now <1>it</1>", ["Now ", "it b"]),
        (p(run("One "), run("it", BOLD), run(" two")), "<1>it</1>Two", ["it b", "Two"]),
        (p(run("One"), NOTE, run(" two "), run("three", BOLD)), "<2>drei<1/> vier</2> zwei",
         ["drei b", "<footnoteReference> vertAlign", " vier b", " zwei"]),
        (p(run("See "), LINK.format(run("this", BOLD)), DRAWING, run(" there")), "<1>th<2/>is</1> see",
         ["th b hyperlink", "<drawing> hyperlink", "is b hyperlink", " see"]),
        (p(run("See "), LINK.format(run("a ") + DRAWING), run("b")), "<2/>See <1>a</1>b",
         ["<drawing>", "See ", "a hyperlink", "b"]),
        (p(run("One"), "<w:r><w:br/></w:r>", run("two")), "One\ntwo\nthree", ["One", "<br>", "two", "<br>", "three"]),
        (p(run("One"), NOTE, "<w:r><w:br/></w:r>", run("two")), "Two",
         ["Two", "<footnoteReference> vertAlign", "<br>"]),
        (p(run("One "), complex_field("REF a", run("two"))), "<1>Two</1> one",
         ["<fldChar>", "<fldChar>", "Two", "<fldChar>", " one"]),
        (p(run("One "), complex_field("PAGE", run("2")), run(" two")), "<1/> one", [
         "<fldChar>", "<fldChar>", "2", "<fldChar>", " one"]),
        (p(run("One "), '<w:bookmarkStart w:id="1" w:name="a"/>', run("it", BOLD)), "<1>it</1> one",
         ["<bookmarkStart>", "it b", " one"]),
        (p(run("One "), run("two", BOLD), run(" three")), "</1>One <1>two", ["One ", "two b"]),
        (p(run("One "), run("two", BOLD), run(" three")), "<1>One <1>two</1></1>", ["One <1>two b", "</1>"]),
    ],
)  # fmt: skip
def test_codes_in_another_order(body, said, expected) -> None:
    found = shown(translated(body, said))
    joined = [" ".join(expected)] if " ".join(found) == " ".join(expected) else found
    assert joined == [" ".join(expected)]


BOX = p(run("Bring your "), run("badge", BOLD))
DRAWN = (
    '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx><w:txbxContent>{}</w:txbxContent>'
    "</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent>{}</w:txbxContent></v:textbox>"
    "</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
)
OLD = "<w:r><w:pict><v:textbox><w:txbxContent>{}</w:txbxContent></v:textbox></w:pict></w:r>"


def test_text_boxes() -> None:
    """The same text for new and old programs is one unit; the paragraph around a box keeps it."""
    body = p(run("The door"), DRAWN.format(BOX * 2, BOX * 2), run(" is open.")) + p(OLD.format(p(run("Old"))))
    assert texts(body) == ["The door<1/> is open.", *["Bring your <1>badge</1>"] * 2, "Old"]
    said = ["<1/>Tür", "<1>A</1> eins", "zwei <1>B</1>", "Alt"]
    assert shown(translated(body, *said)) == [
        "<drawing>", "A b", " eins", "zwei ", "B b", "A b", " eins", "zwei ", "B b", "Tür", "Alt",
    ]  # fmt: skip
    two = p(OLD.format(p(run("A"))), run("One"), OLD.format(p(run("B"))))
    assert shown(translated(two, "<2/>eins<1/>", "a", "b")) == ["b", "eins", "a"]
    different = p(DRAWN.format(p(run("New")), p(run("Old"))))
    assert texts(different) == ["New", "Old"]
    nested = p(run("a"), DRAWN.format(p(run("b"), DRAWN.format(BOX, BOX)), p(run("b"), OLD.format(BOX))))
    assert texts(nested) == ["a<1/>", "b<1/>", "Bring your <1>badge</1>"]


def test_all_parts_with_text_are_found_by_their_relations() -> None:
    note = '<w:footnote w:id="2">{}</w:footnote>'
    inner = {
        "footnotes": note.format(p("<w:r><w:footnoteRef/></w:r>", run(" Not certain."))),
        "endnotes": note.replace("foot", "end").format(p(run("The end."))),
        "header1": p(run("First")),
        "header2": f"<w:tbl><w:tr><w:tc>{p(run('Even'))}</w:tc></w:tr></w:tbl>",
        "footer3": p(run("Page "), complex_field("PAGE", run("7"))),
        "comments": p(run("Comment")),
        "glossaryDocument": p(run("Block")),
    }
    data = word(p(run("Text")), main="Deep/Other2.xml", **inner)
    document = same("docx", data)
    assert [(unit.place, unit.text) for unit in document.units] == [
        ("paragraph 1", "Text"), ("footnotes_part.xml, paragraph 1", "<1/> Not certain."),
        ("endnotes_part.xml, paragraph 1", "The end."), ("header1_part.xml, paragraph 1", "First"),
        ("header2_part.xml, paragraph 1", "Even"), ("footer3_part.xml, paragraph 1", "Page <1/>"),
    ]  # fmt: skip
    out = rendered(document, ["Text", "<1/> Ungewiss.", "The end.", "First", "Even", "Page <1/>"])
    before, after = (zipfile.ZipFile(io.BytesIO(x)) for x in (data, out))
    changed = [name for name in before.namelist() if before.read(name) != after.read(name)]
    assert changed == ["Deep/footnotes_part.xml"]
    assert before.namelist() == after.namelist()


def test_absolute_names_and_the_strict_namespace() -> None:
    data = word(p(run("Text")), footer=p(run("Foot")))
    strict = {W: "http://purl.oclc.org/ooxml/wordprocessingml/main", R: "http://purl.oclc.org/ooxml/officeDocument/r"}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode().replace('Target="word/', 'Target="/WORD/')
            for there, here in strict.items():
                text = text.replace(there, here)
            new.writestr(name, text)
    document = same("docx", out.getvalue())
    assert [unit.text for unit in document.units] == ["Text", "Foot"]
    assert (
        '<w:t xml:space="preserve">fOOT</w:t>'
        in zipfile.ZipFile(io.BytesIO(rendered(document, ["Text", "fOOT"]))).read("word/footer_part.xml").decode()
    )


def test_fields_over_several_paragraphs() -> None:
    entry = LINK.format(run("Chapter") + "<w:r><w:tab/></w:r>" + complex_field("PAGEREF _a", run("v")))
    body = (
        p(begun("TOC"), entry) + p(entry) + p(sign("end"), run("After"))
        + p(sign("begin"), "<w:r><w:instrText>IF </w:instrText></w:r>") + p(run("hidden"))
        + p(sign("separate"), run("a"))
        + p(run("b"), sign("end")) + p(sign("begin"), run("c")) + p(sign("end"), run("d"), sign("separate"))
    )  # fmt: skip
    assert texts(body) == [
        "<1/><2>Chapter<3/><4/></2>", "<1>Chapter<2/><3/></1>", "<1/>After", "<1/>a", "b<1/>", "<1/>d<2/>",
    ]  # fmt: skip


def test_the_language_of_the_text_follows() -> None:
    german, chinese, arabic = (parse_language(tag) for tag in ("de", "zh-Hant", "ar"))
    body = p(run("Hello", '<w:lang w:val="en-US" w:eastAsia="ja-JP"/>'))
    for target, expected in (
        (german, 'w:val="de-DE" w:eastAsia="ja-JP"'),
        (chinese, 'w:val="en-US" w:eastAsia="zh-TW"'),
        (arabic, 'w:val="en-US" w:eastAsia="ja-JP"'),
    ):
        assert expected in translated(body, "x", target=target)
    styles = "<w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val='en-US'/></w:rPr></w:rPrDefault></w:docDefaults>"
    data = word(p(run("Hello")), styles=styles)
    document = FORMATS["docx"].read(data, "f", Reading((), german))
    assert 'w:lang w:val="de-DE"' in body_of(rendered(document, ["Hallo"]), "word/styles_part.xml")
    assert rendered(document, ["Hello"]) == data


def test_the_reading_of_a_word_goes_with_it() -> None:
    ruby = f"<w:r><w:ruby><w:rubyPr/><w:rt>{run('kanji')}</w:rt><w:rubyBase>{run('漢字')}</w:rubyBase></w:ruby></w:r>"
    assert texts(p(run("the "), ruby)) == ["the 漢字"]
    assert "".join(shown(translated(p(run("the "), ruby), "die Schrift"))) == "die Schrift"


def test_a_word_that_is_gone_from_its_ruby_is_no_code() -> None:
    ruby = f"<w:r><w:ruby><w:rubyPr/><w:rt>{run('kanji')}</w:rt><w:rubyBase>{run('漢字')}</w:rubyBase></w:ruby></w:r>"
    assert texts(translated(p(ruby, run(" are letters.")), "Schrift")) == ["Schrift"]


def test_words_stay_out_of_ruby_and_in_it() -> None:
    under = "<w:r><w:ruby><w:rubyPr/><w:rt>{}</w:rt><w:rubyBase>{}</w:rubyBase></w:ruby></w:r>"
    chinese = p(run("It "), under.format(run("kanji"), run("漢字漢字漢字")), run(" is."))
    out = translated(chinese, "Schrift ist das.")
    assert "Schrift" not in re.search(r"<w:rubyBase>.*</w:rubyBase>", out)[0], "Word breaks no line there"
    latin = p(run("It "), under.format(run("see"), run("word")), run(" is."))
    assert texts(latin) == ["It <1>word</1> is."]
    for said in ("Das <1>Wort</1> ist.", "<1>Wort</1> ist das."):
        base = re.search(r"<w:rubyBase>.*</w:rubyBase>", translated(latin, said))
        assert "".join(re.findall(r"<w:t[^>]*>([^<]*)", base[0])) == "Wort"
        assert "".join(shown(translated(latin, said))) == re.sub("<[^>]*>", "", said)


def test_a_line_separator_stays_between_its_texts() -> None:
    body = p(run("One."), run("\u2028"), run("Two, which is longer."))
    assert texts(body) == ["One.\nTwo, which is longer."]
    out = translated(body, "Eins.\nZwei.")
    assert re.findall(r"<w:t[^>]*>([^<]*)", out)[:3] == ["Eins.", "\u2028", "Zwei."]


def test_a_comment_on_a_place_stays_there() -> None:
    comment = '<w:r><w:commentReference w:id="4"/></w:r>'
    body = p(run("Two words"), comment, run(" and more."))
    assert texts(body) == ["Two words<1/> and more."]
    assert translated(body) == p(run("tWO WORDS"), comment, run(" AND MORE."))
    end = '<w:commentRangeEnd w:id="4"/>'
    assert texts(p(run("Two words"), end, comment, run(" and more."))) == ["Two words and more."]


def test_a_deletion_stays_between_its_words() -> None:
    gone = '<w:del w:id="1" w:author="a"><w:r><w:delText>n old</w:delText></w:r></w:del>'
    body = p(run("With a"), gone, run(" hat"))
    assert texts(body) == ["With a<1/> hat"]
    out = translated(body, "Mit<1/> Hut")
    assert out.index("Mit<") < out.index("n old") < out.index(" Hut<")
    assert texts(p(gone, run("A hat"))) == ["A hat"]


DRAWN_TEXT = (
    '<c:{0} xmlns:c="urn:x" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><c:v>Rye</c:v><a:p><a:pPr/>'
    '<a:r><a:rPr lang="en-US"/><a:t>Sales of </a:t></a:r><a:r><a:rPr lang="en-US" b="1"/><a:t>bread</a:t></a:r>'
    '<a:br/><a:fld type="X"><a:t>3</a:t></a:fld><a:endParaRPr lang="en-US"/></a:p></c:{0}>'
)


@pytest.mark.parametrize("kind", ["chart", "diagramData", "diagramDrawing"])
def test_the_text_of_charts_and_diagrams(kind) -> None:
    def written(text):
        document = FORMATS["docx"].read(data, "file.docx", Reading((), parse_language("de")))
        return body_of(rendered(document, ["sEE", text]), f"word/{kind}_part.xml")

    data = word(p(run("See")), **{kind: DRAWN_TEXT.format("x")})
    assert [unit.text for unit in same("docx", data).units] == ["See", "Sales of <1>bread</1>\n<2/>"]
    swap = written("sALES OF <1>BREAD</1>\n<2/>")
    assert swap == DRAWN_TEXT[DRAWN_TEXT.index("<c:v>") : DRAWN_TEXT.rindex("</c")].replace(
        "Sales of ", "sALES OF "
    ).replace("bread", "BREAD").replace('<a:rPr lang="en-US"', '<a:rPr lang="de-DE"')
    other = written("<2/> <1>Brot</1>\nverkauft")
    assert re.sub("<[^>]*>", "", other) == "Rye3 Brotverkauft"
    assert other.endswith('<a:endParaRPr lang="en-US"/></a:p>')
    assert "preserve" not in other


@pytest.mark.parametrize("form", ['<w:spacing w:val="60"/>', '<w:w w:val="150"/>', '<w:fitText w:val="1000"/>'])
def test_distances_of_some_letters_do_not_spread(form) -> None:
    stretched, rest = run("S t r e t c h e d", form), run(" words.")
    out = translated(p(stretched, rest))
    assert out == p(run("", form), run("s T R E T C H E D WORDS.")).replace(
        '<w:t xml:space="preserve"></w:t>', '<w:t xml:space="preserve"/>'
    )
    assert translated(p(stretched)) == p(run("s T R E T C H E D", form))


def test_what_may_be_edited_stays_at_its_words() -> None:
    start, end = '<w:permStart w:id="3" w:edGrp="everyone"/>', '<w:permEnd w:id="3"/>'
    body = p(run("Fill in "), start, run("your name"), end, run(" here."))
    assert texts(body) == ["Fill in <1>your name</1> here."]
    moved = translated(body, "<1>Ihren Namen</1> hier eintragen.")
    assert moved.index(start) < moved.index("Ihren Namen") < moved.index(end) < moved.index("hier eintragen")


def test_white_space_that_is_no_text() -> None:
    assert texts(p("<w:r><w:t>\n  One\n  two\n </w:t></w:r>")) == ["One two"]
    assert texts(p("<w:r><w:t> One </w:t></w:r>")) == [" One "]


class Perfect:
    def translate(self, found):
        return [swapped(text) for text in found]


@pytest.mark.parametrize("suffix", ["docm", "dotx", "dotm"])
def test_templates_and_documents_with_macros_are_documents(tmp_path, suffix) -> None:
    source, output = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    source.write_bytes(word(p(run("A letter"))))
    assert translate_document(source, output, Perfect(), target="de").fell_back == 0
    assert body_of(output.read_bytes()) == p(run("a LETTER"))


def test_the_public_interface(tmp_path) -> None:
    lines = "<w:r><w:br/></w:r>".join(run(text) for text in ("Anna Berg", "12 Harbour Street", "Northtown"))
    (tmp_path / "a.docx").write_bytes(word(p(lines) + p(run("Page "), complex_field("PAGE", run("7")), run(" of it"))))
    report = translate_document(tmp_path / "a.docx", tmp_path / "b.docx", Perfect(), target="ru")
    assert report.fell_back == 0
    found = docx.Document(tmp_path / "b.docx").paragraphs
    assert [x.text for x in found] == ["aNNA bERG\n12 hARBOUR sTREET\nnORTHTOWN", "pAGE 7 OF IT"]


def test_other_programs_read_what_is_written(tmp_path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not here")
    made = docx.Document()
    made.add_heading("Title")
    made.add_paragraph("Hello ").add_run("world").bold = True
    stream = io.BytesIO()
    made.save(stream)
    document = same("docx", stream.getvalue())
    (tmp_path / "a.docx").write_bytes(rendered(document, [swapped(unit.text) for unit in document.units]))
    done = subprocess.run(
        [office, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, tmp_path / "a.docx"],
        capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


# Bad input


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (word("<w:p>" * 300 + "</w:p>" * 300), "word/document.xml: line 2: not XML: Excessive depth"),
        (
            word(p(run("a"), "<w:r><w:tab/></w:r>" * 10_000)),
            "a paragraph with more than 9,999 codes: cut it into parts",
        ),
        (word(p(run("&lt;1>" * 10_000 + "a"))), "a paragraph with more than 9,999 codes: cut it into parts"),
        (word(p(run("a"))).replace(b"_rels/.rels", b"_rels/.rel_"), "not a Word document: no part of it is named"),
    ],
)
def test_what_is_refused(data, message) -> None:
    with pytest.raises(DocumentError, match=message) as error:
        read("docx", data)
    assert str(error.value).startswith("file.docx: ")
    assert "\n" not in str(error.value)


def test_another_root_is_no_text() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word(""))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"w:document", b"w:styles"))
    with pytest.raises(DocumentError, match="not a Word document: its text is in <styles>"):
        read("docx", out.getvalue())


HOSTILE = {
    "runs": run("a") + run("b", BOLD),
    "fields": complex_field("REF a", run("a")),
    "begins": sign("begin"),
    "separators": sign("separate"),
    "ends": sign("end"),
    "fields that end elsewhere": sign("begin") + f"</w:p><w:p>{sign('end')}",
    "links": LINK.format(run("a")),
    "marks": "<w:proofErr/>",
    "boxes": DRAWN.format(BOX, BOX),
    "breaks": "<w:r><w:br/></w:r>",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_long_paragraphs_take_time_in_proportion(piece) -> None:
    def make(n):
        return word(p(run("a"), piece * (n // 4)))

    grows_linearly(make, through("docx"), 3000)


def test_fields_in_fields_take_time_in_proportion() -> None:
    def nested(said, n):
        return word(p(begun("REF a") * MOST_NESTED, run(said), sign("end") * MOST_NESTED) * n)

    grows_linearly(lambda n: nested("a", n), through("docx"), 4)
    grows_linearly(lambda n: nested("1", n), through("docx"), 4)
    grows_linearly(lambda n: word(p(sign("begin") * n) + p(run("a") * n) + p(sign("end") * n)), through("docx"), 600)


def test_fields_too_deep_in_one_another() -> None:
    def nested(n):
        return word(p(run("b"), begun("REF a") * n, run("a"), sign("end") * n))

    read("docx", nested(MOST_NESTED - 10))
    with pytest.raises(DocumentError, match=f"codes nested deeper than {MOST_NESTED} levels"):
        read("docx", nested(MOST_NESTED + 1))


# People


def view(body):
    return read("docx", word(body)).view()


def test_pieces_of_text_boxes_are_their_own() -> None:
    body = p(run("The door"), DRAWN.format(BOX, BOX)) + p(run("End"))
    other = body.replace("Bring", "Take").replace("door", "window")
    ours, theirs = view(body), view(other)
    assert [piece.text for piece in ours.pieces] == ["The door<1/>", "Bring your <1>badge</1>", "End"]
    assert [a.as_output == b.as_output for a, b in zip(ours.pieces, theirs.pieces, strict=True)] == [False, False, True]
    assert ours.frame == theirs.frame
    raws = [piece.raw for piece in theirs.pieces]
    assert "Take" not in raws[0]
    assert shown(body_of(ours.put({0: raws[0], 1: raws[1]}))) == shown(other)
    assert shown(body_of(ours.put({0: raws[0]}))) == shown(body.replace("door", "window"))
    assert shown(body_of(ours.put({1: raws[1]}))) == shown(body.replace("Bring", "Take"))
    with pytest.raises(DocumentError, match="paragraph 3: its links, pictures and text boxes are those of another"):
        ours.put({2: raws[0]})


@pytest.mark.parametrize(
    ("body", "edited"),
    [
        (p(run("One two")), False),
        (p(run("One "), '<w:proofErr w:type="x"/>', run("two", '<w:lang w:val="de"/>')), False),
        (p(run("One two", BOLD)), True),
        (p(run("One "), run("two", BOLD)), True),
        (p(run("One  two")), True),
        (p("<w:pPr><w:jc/></w:pPr>", run("One two")), True),
        (p(run("One"), "<w:r><w:br/></w:r>", run("two")), True),
        (p(LINK.format(run("One two"))), True),
        ('<w:p w:rsidR="00AB12CD">' + run("One two") + "</w:p>", False),
    ],
)
def test_what_is_an_edit(body, edited) -> None:
    [before], [after] = view(p(run("One two"))).pieces, view(body).pieces
    assert (before.as_output != after.as_output) == edited
    assert view(p(run("One two"))).frame == view(body).frame
