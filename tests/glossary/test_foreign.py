"""Glossaries as other tools write them: what is read, what is left out and said, and what is refused."""

import codecs
import json
import string

import pytest
from documents.test_growth import grows_linearly
from hypothesis import given, settings
from hypothesis import strategies as st

from mtreason.errors import GlossaryError
from mtreason.glossary.formats import FORMATS
from mtreason.glossary.formats.columns import from_header
from mtreason.glossary.load import read_glossary, write_glossary
from mtreason.glossary.term import MOST_CHARACTERS, Term, to_fields
from mtreason.glossary.values import join_values, split_values


def read(path, source="en", target="de"):
    return read_glossary(path, source, target, path.name)


def pairs(path, source="en", target="de"):
    return [(term.source, term.targets) for term in read(path, source, target).terms]


def refused(path, *parts, pair=("en", "de")):
    with pytest.raises(GlossaryError) as caught:
        read_glossary(path, *pair, path.name)
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message
    return message


LOKALISE = """term;description;casesensitive;translatable;forbidden;tags;de;de_description;fr;fr_description
Inbox;where mail arrives;yes;yes;no;ui;Posteingang;der Ordner;Boîte;le dossier
Acme;the firm;no;no;no;;;;;
junk;;no;yes;yes;;Müll;;;
draft;;no;yes;no;;;;brouillon;
"""
CROWDIN = (
    '"Term [en]","Description [en]","Part of Speech [en]","Status [en]","Term [de]","Description [de]","Status [de]"\n'
    '"ledger","book of accounts","noun","preferred","Hauptbuch","","preferred"\n'
    '"ledger","","noun","preferred","Kladde","","not recommended"\n'
    '"tally","","noun","obsolete","Zählung","","preferred"\n'
)
WEBLATE = (
    '"location","source","target","id","fuzzy","context","translator_comments","developer_comments"\n'
    '"a.c:1","Branch","Zweig","","False","git","check","of a repository"\n'
    '"a.c:2","Commit","","","False","","",""\n'
)
TRANSIFEX = (
    '"term","pos","comment","translation_fr","comment_fr","translation_de","comment_de"\n'
    '"seat","noun","chair","siège","x","Sitz","y"\n'
)


def test_lokalise(write) -> None:
    found = read(write("a.csv", LOKALISE))
    inbox, acme = found.terms  # "junk" has nothing but a forbidden rendering, and so is not translated
    assert (inbox.targets, inbox.case_sensitive, inbox.note) == (
        ("Posteingang",), True, "where mail arrives; der Ordner",
    )  # fmt: skip
    assert (acme.targets, acme.note) == ((), "the firm")
    assert "2 without a rendering in German (first in line 4)" in found.left_out
    assert "columns that mean nothing here: tags" in found.left_out
    assert pairs(write("a.csv", LOKALISE), "en", "fr") == [
        ("Inbox", ("Boîte",)),
        ("Acme", ()),
        ("draft", ("brouillon",)),
    ]


def test_crowdin(write) -> None:
    found = read(write("a.csv", CROWDIN))
    [term] = found.terms
    assert (term.source, term.targets, term.forbidden) == ("ledger", ("Hauptbuch",), ("Kladde",))
    assert (term.part_of_speech, term.note) == ("noun", "book of accounts")
    assert "1 with a term that is deprecated or forbidden (line 4)" in found.left_out
    assert pairs(write("a.csv", CROWDIN), "de", "en")[0] == ("Hauptbuch", ("ledger",))


def test_weblate(write) -> None:
    found = read(write("a.csv", WEBLATE))
    [term] = found.terms
    assert (term.source, term.targets, term.note) == ("Branch", ("Zweig",), "git; check; of a repository")
    assert "1 without a rendering in German (line 3)" in found.left_out
    assert "location, fuzzy" in found.left_out


def test_transifex(write) -> None:
    [term] = read(write("a.csv", TRANSIFEX)).terms
    assert (term.source, term.targets, term.note) == ("seat", ("Sitz",), "chair; y")


@pytest.mark.parametrize(
    ("header", "pair"),
    [
        ("English,German", ("en", "de")), ("Englisch;Deutsch", ("en", "de")), ("en_GB\tde-AT", ("en", "de")),
        ("英语,德语", ("en", "de")), ("Chinese (Simplified),Portuguese (Brazil)", ("zh", "pt-BR")),
        ("EN-US,PT", ("en-GB", "pt-BR")), ("Source term,Target term", ("en", "de")), ("src,dst", ("en", "de")),
        ("term [en],term [de]", ("en", "de")), ("id,en,de", ("en", "de")), ("sep=;\n en ; de", ("en", "de")),
    ],
)  # fmt: skip
def test_headers(write, header, pair) -> None:
    separator = next(sign for sign in "\t;," if sign in header.rpartition("\n")[2])
    ids = "7" + separator if header.startswith("id") else ""
    path = write("a.csv", f"{header}\n{ids}one two{separator}drei vier\n")
    assert pairs(path, *pair) == [("one two", ("drei vier",))]


def test_rows_that_only_look_like_headers(write) -> None:
    assert pairs(write("a.csv", "car,Pkw\nbus,Reisebus\n")) == [("car", ("Pkw",)), ("bus", ("Reisebus",))]
    assert pairs(write("b.csv", "German,allemand\nbread,pain\n"), "en", "fr")[0] == ("German", ("allemand",))
    assert (
        pairs(write("c.csv", "German shepherd,berger allemand\nFrench fries,frites\n"), "en", "fr")[0][0][:6]
        == "German"
    )
    refused(write("d.csv", "en,it,fr\nbread,pane,pain\n"), "d.csv:1: this glossary is for en, it, fr", "to de")


@pytest.mark.parametrize(
    ("columns", "wanted", "expected"),
    [
        ("en,zh-TW,zh-CN", "zh", 2), ("en,zh_CN", "zh", 1), ("en,zh-Hant", "zh-TW", 1), ("en,zh-Hans-CN", "cmn", 1),
        ("en,pt-PT,pt-BR", "pt", 2), ("en,pt-PT,pt-BR", "pt-PT", 1), ("en,zh-TW", "zh-CN", None),
        ("en,sr-Latn", "sr-Cyrl", None), ("en,sr", "sr-Latn", 1), ("en,zh,zh-HK", "zh-TW", 2), ("en,no", "nb", 1),
    ],
)  # fmt: skip
def test_regions_and_scripts(columns, wanted, expected) -> None:
    if expected is None:
        with pytest.raises(GlossaryError, match="this glossary is for en, "):
            from_header(columns.split(","), "a.csv:1", ("en", wanted))
        return
    found = from_header(columns.split(","), "a.csv:1", ("en", wanted))
    assert (found.source, found.target) == (0, expected)


def test_two_columns_of_one_language(write) -> None:
    refused(write("a.csv", "en,de,de\na,b,c\n"), "a.csv:1: columns 2 and 3 are both for de: name one otherwise")
    assert pairs(write("b.csv", "en,de-AT,de\na,b,c\n")) == [("a", ("c",))]


def test_columns_without_a_header(write) -> None:
    path = write("a.csv", "1,开关,switch,noun\n2,电机,motor,noun\n")
    assert pairs(path, "zh", "en") == pairs(write("b.csv", "switch,开关\nmotor,电机\n"), "zh", "en")
    assert [t.part_of_speech for t in read(path, "zh", "en").terms] == ["noun", "noun"]
    assert read(write("c.csv", "a b,c d,what it is\n")).terms[0].note == "what it is"


def test_keeping_and_not_yet(write) -> None:
    path = write("a.csv", "source,target\nAcme,=\nopen,\nequals,\\=\nor,a\\|b|c\n")
    assert pairs(path) == [("Acme", ()), ("equals", ("=",)), ("or", ("a|b", "c"))]
    assert "1 without a rendering in German (line 3)" in read(path).left_out
    assert pairs(write("a.tsv", "Acme\t\nopen\toffen\n")) == [("Acme", ()), ("open", ("offen",))]
    refused(
        write("b.txt", "open\t\nshut\t\n"), "no terms for en to de: 2 without a rendering in German (first in line 1)"
    )


def test_tab_text(write) -> None:
    text = "# Glossary in tab-separated format -*- coding: utf-8 -*-\nopen\toffen\tadjective\nopen\töffnen\n"
    [term] = read(write("a.txt", text)).terms
    assert (term.targets, term.literal, term.note) == (("offen", "öffnen"), "", "offen: adjective")
    assert read(write("b.txt", "# columns: source, target, literal\na\tb\tc\n")).terms[0].literal == "c"
    refused(write("c.txt", "open\toffen\nshut\n"), "c.txt:2: found 1 field, expected source<TAB>target")
    assert pairs(write("d.tsv", '#x\t#y\n# z\t1\n"# w"\tv\n')) == [("#x", ("#y",)), ("# w", ("v",))]
    assert pairs(write("e.tsv", '"a ""b"""\tc "d\n"e\tf"\n')) == [('a "b"', ('c "d',)), ('"e', ('f"',))]


def test_utx(write) -> None:
    text = (
        "#UTX 1.11; en-US/de; 2024-05-05\n#src\ttgt\tsrc:pos\tterm status\tcomment\n"
        "nut\tMutter\tnoun\tapproved\tof a bolt\n"
    )
    [term] = read(write("a.utx", text + "nut\tNuss\tnoun\tforbidden\n")).terms
    assert (term.targets, term.forbidden, term.part_of_speech) == (("Mutter",), ("Nuss",), "noun")
    assert pairs(write("b.txt", text)) == [("nut", ("Mutter",))]
    refused(
        write("c.utx", text), "this glossary is for en-US to de, but the run translates de to en", pair=("de", "en")
    )
    refused(write("d.utx", "nut\tMutter\n"), "d.utx:1: not UTX")
    refused(write("e.utx", "#UTX 1.11; en/de\nnut\tMutter\n"), "e.utx:2: not UTX: expected")


def concept(*languages):
    return "<conceptEntry>" + "".join(languages) + "</conceptEntry>"


def language(tag, *terms, about=""):
    return f'<langSec xml:lang="{tag}">{about}' + "".join(f"<termSec>{t}</termSec>" for t in terms) + "</langSec>"


V3 = (
    '<?xml version="1.0"?>\n<tbx type="TBX-Basic" style="{}" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2" '
    'xmlns:basic="http://www.tbxinfo.net/ns/basic" xmlns:min="http://www.tbxinfo.net/ns/min">'
    "<tbxHeader><fileDesc/></tbxHeader><text><body>{}</body></text></tbx>"
)
OLD = "supersededTerm-admn-sts"
DCA = concept(
    '<descrip type="subjectField">engines</descrip>',
    language(
        "en",
        '<term>cam</term><termNote type="partOfSpeech">noun</termNote>',
        about='<descripGrp><descrip type="definition">a disc</descrip></descripGrp>',
    ),
    language("de", "<term>Nocken</term>", f'<term>Daumen</term><termNote type="administrativeStatus">{OLD}</termNote>'),
)
DCT = concept(
    "<min:subjectField>engines</min:subjectField>",
    language(
        "en",
        "<term>cam</term><min:partOfSpeech>noun</min:partOfSpeech>",
        about="<basic:definition>a disc</basic:definition>",
    ),
    language(
        "de",
        "<term>Nocken</term>",
        f"<term>Daumen</term><min:administrativeStatus>{OLD}</min:administrativeStatus>",
    ),
)


@pytest.mark.parametrize(("style", "content"), [("dca", DCA), ("dct", DCT)])
def test_tbx_of_2019(write, style, content) -> None:
    [term] = read(write("a.tbx", V3.format(style, content))).terms
    assert (term.source, term.targets, term.forbidden) == ("cam", ("Nocken",), ("Daumen",))
    assert (term.part_of_speech, term.domain, term.note, term.line) == ("noun", "engines", "a disc", 2)
    assert pairs(write("a.tbx", V3.format(style, content)), "de", "en") == [("Nocken", ("cam",))]


def test_tbx_min(write) -> None:
    text = (
        '<TBX dialect="TBX-Min"><header><languages source="en" target="de"/></header><body><entry id="1">'
        '<langGroup xml:lang="en"><termGroup><term>cam</term></termGroup></langGroup>'
        '<langGroup xml:lang="de"><termGroup>'
        "<term>Nocken</term><termStatus>preferred</termStatus><partOfSpeech>noun</partOfSpeech></termGroup><termGroup>"
        "<term>Daumen</term><termStatus>obsolete</termStatus></termGroup></langGroup></entry></body></TBX>"
    )
    [term] = read(write("a.tbx", text)).terms
    assert (term.targets, term.forbidden, term.part_of_speech) == (("Nocken",), ("Daumen",), "noun")
    assert pairs(write("a.xml", text)) == [("cam", ("Nocken",))]


def test_tbx_that_leaves_things_out(write) -> None:
    body = concept(language("en", "<term>lonely</term>")) + concept(language("fr", "<term>seul</term>"))
    body += concept(language("en_US", "<term>cam</term>"), language("DE", "<term>Nocken</term>"))
    found = read(write("a.tbx", V3.format("dca", body)))
    assert [(t.source, t.targets) for t in found.terms] == [("cam", ("Nocken",))]
    assert found.left_out == (
        "a.tbx: left out: 1 without a rendering in German (line 2), 1 without a term in English (line 2)"
    )
    refused(write("a.tbx", "<mtf><conceptGrp/></mtf>"), "not a glossary but MultiTerm XML: export it as TBX or CSV")
    refused(write("b.xml", "<resources/>"), "b.xml: not a glossary but <resources>")
    refused(write("c.tbx", V3.format("dca", "")), "c.tbx: no terms for en to de")


def test_a_doctype_is_not_loaded_and_entities_are_refused(write, tmp_path) -> None:
    (tmp_path / "tmx14.dtd").write_text('<!ENTITY secret "loaded">', "utf-8")
    tmx = (
        '<?xml version="1.0"?>\n<!DOCTYPE tmx {}>\n'
        '<tmx version="1.4"><header/><body>'
        '<tu><tuv xml:lang="en"><seg>a{}</seg></tuv><tuv xml:lang="de"><seg>b</seg></tuv></tu></body></tmx>'
    )
    assert pairs(write("a.tmx", tmx.format('SYSTEM "tmx14.dtd"', "&amp;"))) == [("a&", ("b",))]
    assert pairs(write("a.tmx", tmx.format('PUBLIC "-//LISA//DTD" "tmx14.dtd"', "<!-- x --> c"))) == [("a c", ("b",))]
    refused(write("b.tmx", tmx.format('SYSTEM "tmx14.dtd"', "&secret;")), "b.tmx:3: uses an XML entity")
    refused(write("c.tmx", tmx.format('[<!ENTITY e "x">]', "&e;")), "declares XML entities")


def test_json_of_other_tools(write) -> None:
    rows = [{"src": "ask", "dst": "fragen", "info": "verb"}, {"src": "bid", "dst": ""}]
    found = read(write("a.json", json.dumps(rows)))
    assert [(t.source, t.targets, t.note) for t in found.terms] == [("ask", ("fragen",), "verb")]
    assert "1 without a rendering in German (line 2)" in found.left_out
    assert pairs(write("b.json", '{"ask": "fragen", "bid": ""}')) == [("ask", ("fragen",))]
    assert pairs(write("c.json", '[{"de": "fragen", "en": "ask", "uuid": 7}]')) == [("ask", ("fragen",))]
    refused(write("d.json", '{"menu": {"open": "Offen"}}'), "d.json: not a glossary: expected a list of terms")


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.md", "| a | b |\n", "not a glossary but Markdown"),
        ("a.csv", b"PK\x03\x04abc", "archive or Office document"),
        ("a.dic", "a\tb\n", "not a glossary but a .dic file: name it .tsv"), ("a.xlsx", b"PK", "save it as CSV"),
        ("a.csv", "term,definition\na,b\n", "this glossary is for no two languages"),
        ("a.csv", 'en,de\n"a,b\n', "a.csv:2: not CSV"),
        ("a.csv", "en,de\na,b\x07\n", "a.csv:2: target has the control"),
        ("a.tsv", "a\x00\tb\n", "a.tsv:1: source has the control character \\x00: take it out"),
        ("a.csv", f"en,de\na,{'b' * 10**7}\n", "a.csv:2: not CSV (field larger than field limit"),
        ("a.tsv", f"a\t{'b' * 10**7}\n", f"10,000,000 characters, expected at most {MOST_CHARACTERS:,}"),
        ("a.json", json.dumps([{"source": "a", "target": "b" * 10**7}]), "a.json:1: target has 10,000,000"),
        ("a.tmx", f'<tmx><tu><tuv xml:lang="en"><seg>{"b" * (10**7 + 9)}</seg></tuv></tu></tmx>', "a.tmx"),
        ("a.csv", " , \n , \n", "no terms for en to de"), ("a.csv", "en,de\n,\n   ,b\n", "1 without a term in English"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(write, name, content, part) -> None:
    assert len(refused(write(name, content), part)) < 400


@pytest.mark.parametrize("term", [".*", "a|b", "(a+)+$", "...", "[", "\\", "?!"])
def test_terms_are_text_and_no_patterns(write, term) -> None:
    from mtreason.glossary import Matcher

    terms = read(write("a.csv", write_glossary([Term(term, ("x",), "", "", "f", 1)], "csv", ("en", "de")))).terms
    assert [hit.term.source for hit in Matcher(terms, "en").find(f"so {term} there")] == [term]
    assert not Matcher(terms, "en").find("nothing of the kind")


def test_utf_16(write) -> None:
    for name, text in (("a.csv", "en,zh\nswitch,开关\n"), ("a.txt", "switch\t开关\n"), ("a.tsv", "switch\t开关\n")):
        for data in (codecs.BOM_UTF16_LE + text.encode("utf-16-le"), codecs.BOM_UTF16_BE + text.encode("utf-16-be")):
            assert pairs(write(name, data), "en", "zh") == [("switch", ("开关",))]


WORD = st.text(st.sampled_from(string.ascii_letters + "é踩感()[].\"',;#|=\\&<> "), min_size=1, max_size=9).map(
    lambda text: " ".join(text.split())
).filter(bool)  # fmt: skip


@given(values=st.lists(WORD, min_size=1, max_size=4).map(tuple))
def test_values_come_back(values) -> None:
    assert split_values(join_values(values)) == values


@pytest.mark.parametrize("piece", ["\\", "|", "\\|", "\\\\|"])
@pytest.mark.parametrize("do", [split_values, lambda text: join_values((text, text))])
def test_values_are_read_in_time_in_proportion(piece, do) -> None:
    grows_linearly(lambda n: piece * n, do, 20_000)


@st.composite
def term_lists(draw):
    sources = draw(st.lists(WORD, min_size=1, max_size=4, unique_by=lambda text: text.casefold()))
    return [
        Term(
            source,
            draw(st.lists(WORD, min_size=1, max_size=3, unique=True).map(tuple)),
            "",
            draw(st.just("") | WORD),
            "f",
            n,
        )
        for n, source in enumerate(sources, 1)
    ]


@pytest.mark.parametrize("form", FORMATS)
@given(terms=term_lists())
@settings(max_examples=40, deadline=None)
def test_every_format_keeps_terms_renderings_and_notes(tmp_path_factory, form, terms) -> None:
    path = tmp_path_factory.mktemp("f") / f"a.fr-en.{form}"
    path.write_bytes(write_glossary(terms, form, ("fr", "en")))
    found = read_glossary(path, "fr", "en")
    assert [(t.source, t.targets, t.note) for t in found.terms] == [(t.source, t.targets, t.note) for t in terms]


FULL = Term(
    "cam",
    ("Nocken",),
    "lit",
    "a disc",
    "f",
    1,
    ("Daumen",),
    "noun",
    "engines",
    True,
    ("shaft",),
    ("era",),
    "A cam.",
    "Ein Nocken.",
)


@pytest.mark.parametrize("form", FORMATS)
def test_formats_keep_what_they_say(tmp_path, form) -> None:
    (tmp_path / f"a.{form}").write_bytes(write_glossary([FULL], form, ("en", "de")))
    [term] = read_glossary(tmp_path / f"a.{form}", "en", "de").terms
    kept = {column: value for column, value in to_fields(FULL).items() if column in FORMATS[form].KEEPS}
    assert to_fields(term) == kept


def test_written_tbx_is_read_by_the_translate_toolkit() -> None:
    tbx = pytest.importorskip("translate.storage.tbx")
    store = tbx.tbxfile()
    store.setsourcelanguage("en")
    store.settargetlanguage("de")
    store.parse(write_glossary([FULL], "tbx", ("en", "de")))
    [unit] = store.units
    assert [t.text for t in unit.get_source_terms()] == ["cam"]
    assert [(t.text, bool(t.deprecated)) for t in unit.get_target_terms("de")] == [("Nocken", False), ("Daumen", True)]


SUPERVERTALER = (
    "Term UUID\tSource\tTarget\tDomain\tNotes\tProject\tClient\tForbidden\tNon-translatable\r\n"
    "u1\tclutch|coupling|[!grip]\tKupplung|Kopplung|[!Griff]\tcars\t\tp\t\tFALSE\tFALSE\r\n"
    "u2\tAcme\tAcme\t\tthe firm\tp\t\tFALSE\tTRUE\r\n"
    "u3\tgear\t[!Zeug]|Gang\t\t\tp\t\tFALSE\tFALSE\r\n"
)


def test_supervertaler(write) -> None:
    path = write("t.tsv", "\ufeff" + SUPERVERTALER)
    assert [(t.source, t.targets, t.forbidden) for t in read(path).terms] == [
        ("clutch", ("Kupplung", "Kopplung"), ("Griff",)),
        ("coupling", ("Kupplung", "Kopplung"), ("Griff",)),
        ("Acme", (), ()),
        ("gear", ("Gang",), ("Zeug",)),
    ]


def test_bars_of_placeholders_are_none_between_renderings(write) -> None:
    path = write(
        "t.csv",
        "location,source,target\na:1,{{name|upper}} is new,{{name|upper}} ist neu|neu: {{a|b}}\na:2,car,Auto|Wagen\n",
    )
    assert pairs(path) == [
        ("{{name|upper}} is new", ("{{name|upper}} ist neu", "neu: {{a|b}}")),
        ("car", ("Auto", "Wagen")),
    ]


@pytest.mark.parametrize("header", ["word,translation", "phrase,equivalent", "expression,translated term"])
def test_further_names_of_source_and_target(write, header) -> None:
    assert pairs(write("t.csv", f"{header}\nword,Wort\nphrase,Phrase\n")) == [
        ("word", ("Wort",)),
        ("phrase", ("Phrase",)),
    ]


def test_a_header_without_a_source_is_one(write) -> None:
    refused(write("t.csv", "context,target\n22,Herz\n23,Lunge\n"), "its first row is 'context, target'")


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("cedict.txt", "# CC-CEDICT\n# Community maintained free Chinese-English dictionary.\n#\n", "import cedict"),
        ("de-en.txt", "# Version :: devel 2023-01-30\nAal {m} :: eel\n", "dictionary of Ding"),
        ("w.txt", "%20260101\t%User ID\t%TU=1\t%EN-01\t%Wordfast TM v.5.51w9/00\n", "Wordfast memory"),
    ],
)
def test_what_is_no_glossary_is_called_what_it_is(write, name, text, what) -> None:
    refused(write(name, text), what)
    for encoding in ("utf-8", "utf-16"):
        path = write(name, "")
        path.write_bytes(text.encode(encoding))
        refused(path, what)
