# ruff: noqa: E501 - one damage, one line
"""What a check finds in outputs that somebody else made, by kinds of damage; and that it finds nothing in good ones."""

import pytest
from support.repositories import CONFIG, Repository

import mtreason
from mtreason.documents import Unit
from mtreason.documents.coded import Code
from mtreason.documents.faults import document_faults, unit_faults
from mtreason.runs.project import Project

CUES = "1\n00:00:01,000 --> 00:00:02,000\n{}\n\n2\n00:00:03,000 --> 00:00:04,000\nEnd {{name}}\n"
WEB = "WEBVTT\nLanguage: {}\n\n00:01.000 --> 00:02.000\n{}\n"
EVENTS = (
    "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{}\n"
)


ENGLISH = CONFIG.replace('source = "zh"', 'source = "en"').replace('["en"]', '["de"]')


def found(tmp_path, name, source, output):
    """What a check says of an output that somebody else made; the same before and after it is taken into the lock."""
    repository = Repository(tmp_path / "r", ENGLISH)
    repository.source(name, source)
    path = repository.root / "out" / "de" / "docs" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(output if isinstance(output, bytes) else output.encode())
    unknown, *findings = Project(repository.config).check()
    assert unknown.kind == "unknown"
    repository.update(adopt=True)
    assert Project(repository.config).check() == findings
    assert all(f.name == f"out/de/docs/{name}" for f in findings)
    return [(f.kind, f.message) for f in findings]


@pytest.mark.parametrize(
    ("name", "source", "output", "expected"),
    [
        ("a.srt", CUES.format("<i>Hello</i> you"), CUES.format("Hallo du"), [("code", "line 3: <i> of the source is lost"), ("code", "line 3: </i> of the source is lost")]),
        ("a.srt", CUES.format("Hello you"), CUES.format("Hallo <b>du"), [("code", "line 3: <b> is not in the source")]),
        ("a.srt", CUES.format('<font color="#ff0000">Hello</font>'), CUES.format('<font color="#rot">Hallo</font>'), [("code", 'line 3: <font color="#rot"> stands where the source has <font color="#ff0000">')]),
        ("a.srt", CUES.format("<i>Hello <b>you</b></i>"), CUES.format("<i>Hallo <b>du</i></b>"), [("code", "line 3: codes open and close in another order (<i> <b> </i> </b>)")]),
        ("a.srt", CUES.format("- Who?\n- Me."), CUES.format("- Wer? Ich."), [("lines", "line 3: has 1 line, the source 2")]),
        ("a.srt", CUES.format("Hello"), CUES.format("Hallo").replace("{name}", "{Name}"), [("placeholder", "line 7: placeholders differ from the source's ({name}): {name} is lost, {Name} is new")]),
        ("a.srt", CUES.format("See https://a.b/c"), CUES.format("Siehe dort"), [("placeholder", "line 3: placeholders differ from the source's (https://a.b/c): https://a.b/c is lost")]),
        ("a.vtt", WEB.format("en", "<v Ann>Hi"), WEB.format("en", "Hallo"), [("language", "line 2: says 'en', and should say 'de'"), ("code", "line 5: <v Ann> of the source is lost")]),
        ("a.vtt", WEB.format("en", "Hi"), WEB.format("", "Hallo"), [("language", "line 2: says '', and should say 'de'")]),
        ("a.vtt", WEB.format("en", "<00:01.500>Hi"), WEB.format("de", "<00:01.600>Hallo"), [("code", "line 5: <00:01.600> stands where the source has <00:01.500>")]),
        ("a.ass", EVENTS.format("{\\i1}Hi{\\i0} you"), EVENTS.format("Hallo {\\i0}du{\\i1}"), [("code", "line 3: codes open and close in another order ({\\i0} {\\i1})")]),
        ("a.ass", EVENTS.format("{\\p1}m 0 0 l 1 1{\\p0}Hi"), EVENTS.format("{\\p1}M 0 0 L 1 1{\\p0}Hallo"), [("code", "line 3: {\\p1}M 0 0 L 1 1{\\p0} stands where the source has {\\p1}m 0 0 l 1 1{\\p0}")]),
        ("a.txt", "Mail to a@b.de\nTwo %s\n", "Schreib\nZwei %d\n", [("placeholder", "line 1: placeholders differ from the source's (a@b.de): a@b.de is lost"), ("placeholder", "line 2: placeholders differ from the source's (%s): %s is lost, %d is new")]),
    ],
)  # fmt: skip
def test_damage_is_found(tmp_path, name, source, output, expected) -> None:
    assert found(tmp_path, name, source, output) == expected


def test_another_charset_is_found_with_its_line(tmp_path) -> None:
    repository = Repository(tmp_path / "r")
    repository.source("a.srt", CUES.format("你好"))
    repository.update()
    path = repository.output("a.srt", CUES.format("né").encode("cp1252"))
    findings = [f"{f.kind} {f.message}" for f in Project(repository.config).check()]
    assert any(f"{path}: line 3, byte offset" in text and "is not UTF-8" in text for text in findings)


@pytest.mark.parametrize(
    ("name", "source", "output"),
    [
        ("a.srt", CUES.format("<i>Hello <b>you</b></i> there"), CUES.format("Da <i><b>bist</b> du</i>")),
        ("a.srt", CUES.format("{\\an8}Hello <i>you</i>"), CUES.format("<i>Du</i> {\\an8}hallo")),
        ("a.srt", CUES.format("A short line"), CUES.format("Eine Zeile, die länger ist\nals die andere - und mehr")),
        ("a.srt", CUES.format("- Who?\n- Me."), CUES.format("- Wer ist\ndenn da?\n- Ich.")),
        ("a.vtt", WEB.format("en", "Salt &amp; pepper"), WEB.format("de", "Salz &amp; Pfeffer")),
        ("a.ass", EVENTS.format("{\\i1}Hi{\\i0}\\Nyou"), EVENTS.format("{\\i1}Hallo{\\i0} du")),
        ("a.txt", "- One, at https://a.b/c.\n\n", "- Eins, unter https://a.b/c.\n\n"),
    ],
)
def test_nothing_is_found_in_good_outputs(tmp_path, name, source, output) -> None:
    assert found(tmp_path, name, source, output) == []


LONG = "We were told that the boat comes on Sunday, but nobody in the harbour - not even Tom - believes it: it is late."


class Letters:
    """Another case for every letter outside of codes; so the lines are as long as before."""

    def translate(self, texts):
        parts = [text.replace("<", "\0<").replace(">", ">\0").split("\0") for text in texts]
        return ["".join(p if p.startswith(("<", "{")) else p.swapcase() for p in own) for own in parts]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.srt", CUES.format(f"<i>{LONG}</i>").replace("{name}", "")),
        ("a.srt", CUES.format(f"- {LONG}\n- {LONG}\nANN: Who?").replace("{name}", "")),
        ("a.srt", CUES.format(f"TOM: {LONG}\nANN: Who?\n♪ {LONG} ♪").replace("{name}", "")),
        ("a.vtt", WEB.format("en", f"<v Ann>{LONG}\n<v Tom>Who &amp; what?")),
        ("a.ass", EVENTS.format(f"{{\\i1}}{LONG}{{\\i0}}\\N- No")),
    ],
)
def test_nothing_is_found_in_what_this_tool_writes(tmp_path, name, source) -> None:
    (tmp_path / name).write_bytes(source.encode())
    mtreason.translate_document(tmp_path / name, tmp_path / f"out-{name}", Letters(), target="de")
    written = (tmp_path / f"out-{name}").read_bytes()
    assert written != source.encode()
    assert found(tmp_path, name, source, written) == []


HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=2; plural=n!=1;\\n"\n\n'
)
PO = (
    HEADER
    + 'msgid "Open <b>%s</b>\\n"\nmsgstr "{}"\n\nmsgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "{}"\nmsgstr[1] "{}"\n'
)
XLIFF_1 = '<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file source-language="en" target-language="{}" original="a" datatype="plaintext"><body>\n<trans-unit id="1"><source>Open <g id="1">%s</g></source><target>{}</target></trans-unit></body></file></xliff>\n'
SEGMENTS = '<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file source-language="en" target-language="de-DE" original="a" datatype="plaintext"><body>\n<trans-unit id="1"><source>One <g id="1">two</g></source><seg-source><mrk mtype="seg" mid="1">One <g id="1">two</g></mrk></seg-source>{}</trans-unit></body></file></xliff>\n'
XLIFF_2 = '<xliff version="2.0" srcLang="en" {}xmlns="urn:oasis:names:tc:xliff:document:2.0"><file id="f"><unit id="1">\n<segment><source>Open <ph id="1"/></source><target>{}</target></segment></unit></file></xliff>\n'
PAGE = '<!DOCTYPE html><html lang="{}"><head><meta charset="{}"></head><body>\n<p>{}</p></body></html>\n'


@pytest.mark.parametrize(
    ("name", "source", "output", "kinds"),
    [
        ("a.po", PO.format("", "", ""), PO.format("Öffne <b>%s</b>\\n", "%d Datei", "%d Dateien"), []),
        ("a.po", PO.format("", "", ""), PO.format("Öffne %s\\n", "%d Datei", "%d Dateien"), ["code", "code"]),
        ("a.po", PO.format("", "", ""), PO.format("Öffne <b>das</b>\\n", "%d Datei", "%d Dateien"), ["placeholder"]),
        ("a.po", PO.format("", "", ""), PO.format("", "eine Datei", "Dateien"), ["placeholder", "placeholder"]),
        ("a.xlf", XLIFF_1.format("", ""), XLIFF_1.format("de", '<g id="1">%s</g> öffnen'), []),
        ("a.xlf", XLIFF_1.format("", ""), XLIFF_1.format("de", "%s öffnen"), ["code", "code"]),
        ("a.xlf", XLIFF_1.format("", ""), XLIFF_1.format("fr", '<g id="1">Das</g> öffnen'), ["placeholder", "language"]),
        ("a.xliff", XLIFF_2.format("", ""), XLIFF_2.format('trgLang="de" ', 'Öffne <ph id="1"/>'), []),
        ("a.xliff", XLIFF_2.format("", ""), XLIFF_2.format("", "Öffne es"), ["code", "language"]),
        ("a.html", PAGE.format("en", "utf-8", "See <b>it</b> now"), PAGE.format("de", "utf-8", "Sieh <b>es</b>"), []),
        ("a.html", PAGE.format("en", "utf-8", "See <b>it</b> now"), PAGE.format("en", "iso-8859-1", "Sieh es"), ["language", "charset", "code", "code"]),
        ("a.html", PAGE.format("en", "utf-8", 'See <a href="a.html">it</a>'), PAGE.format("de", "utf-8", 'Sieh <a href="a.de.html">es</a>'), ["code"]),
        ("a.html", PAGE.format("en", "utf-8", 'See <img src=a alt=Cat> <a href="b" title="It">it</a>'), PAGE.format("de", "utf-8", 'Sieh <img src=a alt="Die Katze"> <a href="b" title="Dies">es</a>'), []),
        ("a.html", PAGE.format("en", "utf-8", 'See <img src=a alt="Cat"> it'), PAGE.format("de", "utf-8", 'Sieh <img src=b alt="Katze"> es'), ["code"]),
        ("a.xlf", SEGMENTS.format(""), SEGMENTS.format('<target><mrk mtype="seg" mid="1">Eins <g id="1">zwei</g></mrk></target>'), []),
        ("a.xlf", SEGMENTS.format(""), SEGMENTS.format('<target><mrk mtype="seg" mid="1">Eins zwei</mrk></target>'), ["code", "code"]),
        ("a.md", "See `ls` and [it](a.md).\n", "Sieh `ls` und [es](a.md).\n", []),
        ("a.md", "See `ls` and [it](a.md).\n", "Sieh `LS` und [es](b.md).\n", ["code", "code", "placeholder"]),
        ("a.json", '{"a": "Hi <b>{name}</b>"}', '{"a": "Hallo <b>{name}</b>"}', []),
        ("a.json", '{"a": "Hi <b>{name}</b>"}', '{"a": "Hallo {nome}"}', ["code", "code", "placeholder"]),
        ("a.txt", "In May 1998, 2.5 million\n", "Im Mai 1998 waren es 2,5 Millionen\n", []),
        ("a.txt", "In 1998, 2.5 million\n", "Im Jahr 1989 waren es 2,5 Millionen\n", ["number", "number"]),
        ("a.md", "It has **1,250** pages, see [page 12](a.md).\n", "Es hat **1.250** Seiten, siehe [Seite 12](a.md).\n", []),
        ("a.html", PAGE.format("en", "utf-8", "Save <b>15%</b>"), PAGE.format("de", "utf-8", "Spare <b>50 %</b>"), ["number", "number"]),
        ("a.json", '{"a": "3 dogs"}', '{"a": "drei Hunde"}', []),
        ("a.po", PO.format("", "", "").replace("%d files", "25 files"), PO.format("", "%d Datei", "25 Dateien").replace("%d files", "25 files"), []),
        ("a.po", PO.format("", "", "").replace("Open", "25 of"), PO.format("52 von <b>%s</b>\\n", "%d Datei", "%d Dateien").replace("Open", "25 of"), ["number", "number"]),
        ("a.xlf", XLIFF_1.format("", "").replace("Open", "25 of"), XLIFF_1.format("de", '<g id="1">%s</g>: 52').replace("Open", "25 of"), ["number", "number"]),
        ("a.arb", '{"@@locale": "en", "a": "Hi {n}"}', '{"@@locale": "en", "a": "Hallo {n}"}', ["language"]),
    ],
)  # fmt: skip
def test_every_kind_in_every_format(tmp_path, name, source, output, kinds) -> None:
    """Codes, lines, literals, plural forms, and what a file says of its language and charset."""
    assert [kind for kind, _ in found(tmp_path, name, source, output)] == kinds


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (PO.format("", "%d Datei", ""), "line 9: has the plural forms 0, and should have 2 from 0"),
        (
            PO.format("Öffne <b>%s</b>", "", "").replace("UTF-8", "CHARSET"),
            "line 3: says 'CHARSET', and should say 'UTF-8'",
        ),
    ],
)
def test_a_catalogue_that_is_not_finished(tmp_path, output, message) -> None:
    repository = Repository(tmp_path / "r", ENGLISH)
    repository.source("a.po", PO.format("", "", ""))
    repository.update()
    (repository.root / "out" / "de" / "docs" / "a.po").write_text(output, "utf-8")
    assert message in [f.message for f in Project(repository.config).check()]


def test_plain_text_says_nothing_of_itself() -> None:
    assert list(document_faults(mtreason.documents.TextDocument(["a\n"]))) == []


def test_codes_that_only_changed_places() -> None:
    codes = {"<1>": Code("<b>"), "</1>": Code("</b>"), "<2/>": Code("<br>")}
    moved = {"<1/>": Code("<br>"), "<2>": Code("<b>"), "</2>": Code("</b>")}
    before, after = Unit(1, "line 1", "a <1>b</1> <2/>", codes), Unit(1, "line 2", "<1/> a <2>b</2>", moved)
    assert list(unit_faults(before, after)) == []
    other = Unit(1, "line 2", "<1/> a <2>b</2>", moved | {"<2>": Code('<b class="x">')})
    assert [(f.kind, f.place, f.message) for f in unit_faults(before, other)] == [
        ("code", "line 2", '<b class="x"> stands where the source has <b>')
    ]
    more = Unit(1, "line 2", "<1/> a\n<2>b</2>", moved)
    assert [f.message for f in unit_faults(before, more)] == ["has 2 lines, the source 1"]
    assert list(unit_faults(before, more, wraps=True)) == []
