"""Glossary files of all formats: what comes out is what went in, and one line for what is wrong."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtreason.errors import GlossaryError
from mtreason.glossary import Term, load_glossary
from mtreason.glossary.formats import FORMATS
from mtreason.glossary.load import write_glossary

WORDS = st.text(
    st.sampled_from(string.ascii_lowercase + "é踩屎感的鞋()[]*.+?^$\\{}\"'，, ;#|="), min_size=1, max_size=9
)
WORD = WORDS.map(lambda t: " ".join(t.split())).filter(bool)
LISTS = st.lists(WORD, max_size=3, unique=True).map(tuple)


@st.composite
def entry_lists(draw):
    sources = draw(st.lists(WORD, min_size=1, max_size=5, unique_by=str.casefold))
    found = []
    for number, source in enumerate(sources, 1):
        targets = draw(LISTS)
        forbidden = tuple(f for f in draw(LISTS) if f not in targets)
        literal = draw(st.just("") | WORD.filter(lambda w, targets=targets: w not in targets))
        found.append(
            Term(
                source, targets, literal, draw(st.just("") | WORD), "f", number, forbidden, draw(st.just("") | WORD),
                draw(st.just("") | WORD), draw(st.booleans()), draw(LISTS), draw(LISTS), draw(st.just("") | WORD),
                draw(st.just("") | WORD),
            )
        )  # fmt: skip
    return found


def placeless(term):
    return [getattr(term, name) for name in Term.__slots__ if name not in {"file", "line"}]


@pytest.mark.parametrize("form", ["tsv", "csv", "json"])
@given(terms=entry_lists())
@settings(max_examples=60, deadline=None)
def test_everything_survives(tmp_path_factory, form, terms) -> None:
    path = tmp_path_factory.mktemp("f") / f"a.fr-en.{form}"
    path.write_bytes(write_glossary(terms, form, ("fr", "en")))
    assert [placeless(e) for e in load_glossary(path, "fr", "en")] == [placeless(e) for e in terms]


def read(path, source="zh", target="en"):
    return [(e.source, e.targets, e.note) for e in load_glossary(path, source, target)]


def refused(path, *parts, source="zh", target="en"):
    with pytest.raises(GlossaryError) as caught:
        load_glossary(path, source, target)
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_columns_of_a_tsv(write) -> None:
    path = write(
        "a.tsv", "# columns: source, target, example, forbidden\n种草\ttempted\t被种草了。\tplant grass|grow\n"
    )
    [term] = load_glossary(path, "zh", "en")
    assert (term.example, term.forbidden, term.literal) == ("被种草了。", ("plant grass", "grow"), "")
    refused(write("b.tsv", "# columns: source, target, exmple\n"), "b.tsv:1", "did you mean 'example'")
    refused(write("c.tsv", "# columns: target, source\n"), "begin with source, target")
    refused(write("d.tsv", "# columns: source, target, case\n种草\tx\tmaybe\n"), "d.tsv:2: case is 'maybe'")
    refused(write("e.tsv", "a\tb\tb\n"), "e.tsv:1: 'b' is a rendering and to be avoided at once")


def test_csv_of_deepl(write) -> None:
    path = write("a.csv", '种草,tempted,zh,en\r\nhello,你好,EN,ZH\r\n"显瘦, 显白","slimming"\r\n')
    assert read(path) == [("种草", ("tempted",), ""), ("显瘦, 显白", ("slimming",), "")]
    assert read(path, "en", "zh")[0] == ("hello", ("你好",), "")
    assert read(write("b.csv", "种草;tempted\n")) == [("种草", ("tempted",), "")]


def test_csv_of_google(write) -> None:
    path = write("a.csv", "en,zh-CN,pos,description,fr\ngo viral,走红,verb,spread fast,\nhi,你好,,,salut\n")
    assert read(path) == [("走红", ("go viral",), "spread fast"), ("你好", ("hi",), "")]
    assert read(path, "en", "fr") == [("hi", ("salut",), "")] or len(read(path, "en", "fr")) == 2
    assert [e.line for e in load_glossary(path, "zh", "en")] == [2, 3]
    refused(path, "a.csv:1: this glossary is for en, zh-CN, fr, but the run translates de to en", source="de")


def test_csv_with_names(write) -> None:
    path = write("a.csv", 'Source,Target,Forbidden\n"种,草",tempted|sold,"plant ""grass"""\n')
    [term] = load_glossary(path, "zh", "en")
    assert (term.source, term.targets, term.forbidden) == ("种,草", ("tempted", "sold"), ('plant "grass"',))
    assert read(write("b.csv", "source,target,meaning,colour\na,b,c,red\n")) == [("a", ("b",), "c")]
    refused(write("c.csv", 'a,"b\n'), "c.csv:", "not CSV")
    refused(write("d.csv", "种草\n"), "d.csv:1: found 1 field(s)")
    refused(write("e.csv", "a,b\n,c\n"), "e.csv:2: the source term is empty")
    refused(write("f.csv", b"a,\xff\n"), "f.csv:1: not UTF-8")


def test_json(write) -> None:
    terms = [{"source": "种草", "target": ["tempted", "sold"], "case": True}, {"source": "yyds", "target": []}]
    for content in (terms, {"languages": "zh-en", "terms": terms}):
        found = load_glossary(write("a.json", json.dumps(content)), "zh", "en")
        assert [(e.source, e.targets, e.case_sensitive, e.line) for e in found] == [
            ("种草", ("tempted", "sold"), True, 1), ("yyds", (), False, 2),
        ]  # fmt: skip
    refused(write("b.json", json.dumps({"languages": "en-zh", "terms": []})), "this glossary is for en to zh")
    refused(write("c.json", '{"terms": [\n{]}'), "c.json:2: not JSON")
    refused(write("d.json", '"text"'), "expected a list of terms")
    refused(write("e.json", "[1]"), "e.json: term 1: expected an object")
    refused(write("f.json", '[{"source": "a", "target": 3}]'), "term 1: target is 3, expected text")
    refused(write("g.json", '[{"source": "a", "colour": "b"}]'), "the terms have source, colour, expected source and")
    refused(write("h.json", "[" * 100_000), "h.json:1: not JSON")


TBX = """<?xml version="1.0" encoding="UTF-8"?>
<martif type="TBX" xml:lang="en"><martifHeader/><text><body>
<termEntry><langSet xml:lang="zh"><tig><term>踩屎感</term></tig></langSet>
<langSet xml:lang="en"><tig><term>comfy sole</term></tig><tig><term>soft sole</term></tig>
<tig><term>poop feeling</term><termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></tig></langSet>
<langSet xml:lang="de"><tig><term>Wohlfühlsohle</term></tig></langSet></termEntry>
<termEntry><langSet xml:lang="en"><tig><term>alone</term></tig></langSet></termEntry>
</body></text></martif>
"""


def test_tbx(write) -> None:
    path = write("a.tbx", TBX)
    [term] = load_glossary(path, "zh", "en")
    assert (term.source, term.targets, term.forbidden) == ("踩屎感", ("comfy sole", "soft sole"), ("poop feeling",))
    assert term.line == 3
    assert [e.source for e in load_glossary(path, "en", "zh")] == ["comfy sole", "soft sole"]
    assert [e.targets for e in load_glossary(path, "de", "zh")] == [("踩屎感",)]
    refused(path, "this glossary is for zh, en, de, but the run translates fr to en", source="fr")
    refused(write("b.tbx", TBX.replace("</body>", "")), "b.tbx: line 8: not TBX")
    bomb = '<!DOCTYPE martif [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    refused(write("c.tbx", TBX.replace("<martif ", f"{bomb}<martif ", 1)), "declares XML entities")


@given(terms=entry_lists())
@settings(max_examples=20, deadline=None)
def test_tbx_keeps_terms_and_notes(tmp_path_factory, terms) -> None:
    path = tmp_path_factory.mktemp("f") / "a.fr-en.tbx"
    path.write_bytes(write_glossary(terms, "tbx", ("fr", "en")))
    found = load_glossary(path, "fr", "en")
    assert [(e.source, e.targets, e.note) for e in found] == [
        (e.source, e.targets or (e.source,), e.note) for e in terms
    ]


def test_every_format_says_what_it_keeps() -> None:
    for module in FORMATS.values():
        assert {"source", "target"} <= module.KEEPS


@pytest.mark.parametrize(
    "value",
    [r'"x\ud800"', "9" * 5000, "[" * 600 + "]" * 600, "[" * 100_000, "NaN", "1e999"],
    ids=["half a pair", "digits", "deep", "open", "NaN", "infinite"],
)
def test_odd_values_in_json(value, write) -> None:
    refused(write("odd.json", f'[{{"source": "牛", "target": {value}}}]'), "odd.json")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-7"])
def test_entities_in_any_encoding(encoding, write) -> None:
    declared = '<?xml version="1.0" encoding="{}"?><!DOCTYPE martif [<!ENTITY e "secret">]>'
    label = encoding.upper().removesuffix("-LE")
    text = declared.format(label) + TBX[TBX.index("<martif") :].replace("<term>", "<term>&e;", 1)
    refused(write("e.tbx", text.encode(encoding)), "declares XML entities")


@pytest.mark.parametrize("form", ["tsv", "csv", "json", "tbx", "u8", "txt", "utx", "tmx"])
def test_reading_grows_with_the_file(form, write) -> None:
    from documents.test_growth import grows_linearly

    from mtreason.glossary.cedict import read_cedict

    english = '<langSet xml:lang="en"><tig><term>x</term></tig></langSet>'
    row = {
        "tsv": "词{}\tterm\n",
        "csv": "词{},term\n",
        "json": '{{"source": "词{}", "target": "term"}},\n',
        "txt": "词{}\tterm\tnote\n",
        "utx": "词{}\tterm\tnoun\n",
        "tmx": '<tu><tuv lang="zh"><seg>词{}</seg></tuv><tuv lang="en"><seg>x</seg></tuv></tu>\n',
        "u8": "词 词{} [ci2] /(slang) term/\n",
        "tbx": f'<termEntry><langSet xml:lang="zh"><tig><term>词{{}}</term></tig></langSet>{english}</termEntry>\n',
    }[form]
    whole = {
        "json": '[{}{{"source": "x", "target": "y"}}]',
        "tbx": '<martif type="TBX"><text><body>{}</body></text></martif>',
        "tmx": '<tmx version="1.4"><body>{}</body></tmx>',
        "utx": "#UTX 1.11; zh/en\n#src\ttgt\tsrc:pos\n{}",
    }

    def make(n):
        rows = "".join(row.format(i) for i in range(n))
        return write(f"a.{form}", whole.get(form, "{}").format(rows))

    grows_linearly(make, read_cedict if form == "u8" else read, 700)
    for piece in (" ", "\t", "(", "[", "[a", "/", "|", "#", '"', "<"):
        grows_linearly(
            lambda n, piece=piece: write(f"b.{form}", f"词 词 [ci2] /(slang) {piece * n}a/\n"),
            lambda path: quietly(read_cedict if form == "u8" else read, path),
            8000,
        )


def quietly(action, path):
    try:
        action(path)
    except GlossaryError:
        return
