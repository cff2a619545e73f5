"""The collection of small files of the kinds that other tools write, where it lies beside the checkout."""

from pathlib import Path

import pytest

from mtreason.errors import GlossaryError, InputError
from mtreason.glossary.load import read_glossary
from mtreason.languages import parse_language
from mtreason.storage import read_tmx

CASES = Path(__file__).parents[3] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the collection of cases is not here")

BOX = [("gearbox", ("Getriebe",))]
TWO = [*BOX, ("clutch", ("Kupplung",))]
SOFTWARE = [("software", ("软件",))]
READ = {
    "alt.tmx": [("Open", ("Öffnen", "Offen"))], "bigpipe.tbx": [("a", ("x|y",)), ("b", ("z",))], "bom.csv": BOX,
    "case.tbx": [("May", ("Mai",)), ("may", ("dürfen",))], "caseheader.csv": BOX, "cmn.csv": SOFTWARE,
    "codes4.csv": TWO, "comment.csv": BOX, "comment.tmx": [("Save the file.", ("Datei speichern.",))],
    "csvnotes2.csv": TWO, "deepl_iso3.csv": [("gearbox", ("ギアボックス",)), ("yes", ("はい",))],
    "deepseek.json": [("ダリヤ", ("Daria",))],
    "delim.csv": [("Smith, Jones, and Co.", ("Schmidt und Partner",)), *BOX], "depsrc.tbx": [("car", ("Auto",))],
    "doctype.tmx": [("Save the file.", ("Datei speichern.",))],
    "dup.csv": [("bank", ("Bank", "Ufer")), ("money", ("Geld",))], "empty.csv": TWO[1:],
    "entity.tbx": [("AT&T", ("AT&T AG",))], "enzh.csv": [("gearbox", ("变速箱",)), ("clutch", ("离合器",))],
    "equiv.csv": [("house", ("Haus",))], "five.txt": BOX,
    "glotpress.csv": [("gearbox", ("Getriebe", "Schaltgetriebe"))],
    "google_uni.csv": TWO, "hash.tsv": [("C", ("C",)), ("#define", ("#define-Anweisung",))],
    "header.csv": [("house", ("casa",))], "header.tsv": BOX, "hi.tbx": [("H2O", ("Wasser (H2O)",))], "idcol.csv": TWO,
    "immersive.csv": [("AutoML", ("自动ML",))], "map.json": TWO,
    "lang.tmx": [("Save the file.", ("Datei speichern.",))],
    "matecat.csv": [("gearbox", ("cambio",)), ("clutch", ("frizione",))],
    "multi.csv": [("gearbox", ("Getriebe; Schaltkasten",))], "note.tbx": BOX,
    "notes.csv": [("house", ("casa",)), ("hello", ("ciao",))], "ntig.tbx": BOX, "omegat.txt": TWO, "omegat16.txt": BOX,
    "pipe.csv": [("a|b", ("Getriebe", "Kasten"))], "ptbr.tmx": [("bus", ("ônibus",))],
    "quoted.csv": [("one, two, three, four", ("eins, zwei, drei, vier",)), *BOX], "quotes.tsv": BOX, "semi.csv": BOX,
    "semi2.csv": [*BOX, ("well, then", ("nun gut, also",))], "slash.csv": [("gearbox", ("Getriebe / Schaltkasten",))],
    "srcpipe.tbx": [("p|q", ("z",))], "status.tbx": BOX, "tabhead.txt": BOX, "terms.csv": BOX, "trail.csv": BOX,
    "twosame.tbx": [("truck", ("Lkw",)), ("lorry", ("Lkw",))], "under.tbx": BOX,
    "under.tmx": [("Save the file.", ("Datei speichern.",))], "upper.tbx": BOX, "utf16.csv": SOFTWARE, "utf16.tbx": BOX,
    "utf16.tmx": [("Save the file.", ("Datei speichern.",))], "utx.utx": BOX, "v3.tbx": BOX,
    "ws.tmx": [("Save the file.", ("Datei speichern.",))], "zh.tmx": SOFTWARE, "zhcn.csv": SOFTWARE,
    "zhhans.csv": SOFTWARE, "zhvar.csv": SOFTWARE,
    "inline.tmx": [
        ("Save the <b>file</b>.", ("Die <b>Datei</b> speichern.",)), ("Press {1} now.", ("Jetzt {1} druecken.",)),
        ("A big dog.", ("Ein grosser Hund.",)),
    ],
}  # fmt: skip
REFUSED = {
    "gbk.csv": "gbk.csv:2: not UTF-8", "glossary.md": "not a glossary but Markdown",
    "glossary.xlsx": "not a glossary but an Excel workbook: save it as CSV",
    "onlydep.tbx": "1 without a rendering in German", "single.txt": "single.txt:2: found 1 field",
    "terms.po": "not a glossary but a gettext catalogue", "terms.yaml": "not a glossary but YAML",
}  # fmt: skip
LANGUAGES = {
    "zh": "cmn.csv zhvar.csv zhcn.csv zhhans.csv zh.tmx utf16.csv gbk.csv enzh.csv immersive.csv",
    "it": "notes.csv matecat.csv header.csv",
    "pt": "ptbr.tmx",
}
PAIRS = {name: ("en", target) for target, names in LANGUAGES.items() for name in names.split()} | {
    "deepl_iso3.csv": ("no", "ja"),
    "deepseek.json": ("ja", "en"),
}
LEFT_OUT = {
    "codes4.csv": "1 for other languages (line 3)", "equiv.csv": "1 without a rendering in German (line 2)",
    "empty.csv": "1 without a rendering in German (line 2)", "depsrc.tbx": "1 with a term that is deprecated",
}  # fmt: skip


def test_every_file_has_its_outcome() -> None:
    files = {path.name for path in (CASES / "glossaries").iterdir()} - {"INDEX.md"}
    assert files == READ.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", READ)
def test_read(name) -> None:
    found = read_glossary(CASES / "glossaries" / name, *PAIRS.get(name, ("en", "de")), name)
    assert [(term.source, term.targets) for term in found.terms] == READ[name]
    assert LEFT_OUT.get(name, "") in found.left_out
    assert bool(found.left_out) == (name in LEFT_OUT)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name) -> None:
    with pytest.raises(GlossaryError) as caught:
        read_glossary(CASES / "glossaries" / name, *PAIRS.get(name, ("en", "de")), name)
    assert REFUSED[name] in str(caught.value)


@pytest.mark.parametrize("name", [name for name in READ if name.endswith(".tmx")])
def test_memories(name) -> None:
    source, target = map(parse_language, PAIRS.get(name, ("en", "de")))
    found = read_tmx(CASES / "glossaries" / name, source, target)
    expected = {" ".join(s.split()): t[-1] for s, t in READ[name]}
    assert {" ".join(s.split()): " ".join(t.split()) for s, t in found.items()} == expected
    with pytest.raises(InputError, match="has no pairs of"):
        read_tmx(CASES / "glossaries" / name, source, parse_language("ko"))


def test_notes_and_forbidden_renderings() -> None:
    def first(name, target="de"):
        return read_glossary(CASES / "glossaries" / name, "en", target, name).terms[0]

    assert first("omegat.txt").note == "mechanical part"
    assert first("omegat.txt").literal == ""
    assert first("comment.csv").note == "a box"
    assert first("matecat.csv", "it").note == "A box"
    assert (first("csvnotes2.csv").part_of_speech, first("semi.csv").part_of_speech) == ("noun", "noun")
    assert first("status.tbx").forbidden == ("Schaltkasten", "Raederwerk", "Zahnkasten", "Altkasten")
    assert first("utx.utx").forbidden == ("Schaltkasten",)
    assert first("note.tbx").example == "the gearbox broke"


@pytest.mark.parametrize(
    ("name", "pair", "sources"),
    [
        ("gl-bom.zh-en.csv", ("zh", "en"), ["软件", "硬盘"]),
        ("gl-quoted.zh-en.tsv", ("zh", "en"), ["软件", '他说"好"']),
        ("gl-hash.zh-en.tsv", ("zh", "en"), ["#ootd", "踩屎感"]),
        ("gl-short.en-de.csv", ("en", "de"), ["car", "bus"]),
        ("gl-case.en-zh.tsv", ("en", "zh"), ["IT", "ON"]),
        ("gl-inflect.en-ru.tsv", ("en", "ru"), ["map", "report", "contract"]),
        ("gl-separable.en-de.tsv", ("en", "de"), ["contract", "house", "upload"]),
        ("guard.zh-en.tsv", ("zh", "en"), ["种草", "种草莓"]),
        ("forbidden.zh-en.tsv", ("zh", "en"), ["苹果"]),
        ("elision.en-fr.tsv", ("en", "fr"), ["water", "school", "artificial intelligence"]),
    ],
)
def test_glossaries_of_the_language_cases(name, pair, sources) -> None:
    found = read_glossary(CASES / "language" / name, *pair, name)
    assert [term.source for term in found.terms] == sources
    assert not found.left_out
