# ruff: noqa: E501 - files are written here as they look
"""Subtitles with a translator that changes every letter: codes, times, speakers and drawings stay, lines are readable."""

import html
import re
import shutil
import subprocess

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mtreason
from mtreason.documents import FORMATS, Reading, parse_line
from mtreason.documents.coded import TAG
from mtreason.documents.subtitles.captions import TEXT, Part, width, wrapped
from mtreason.errors import DocumentError
from mtreason.languages import parse_language

HEAD = "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Default,Arial,40\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
EVENT = "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,"


class Swap:
    """Translates by swapping the case of every letter outside of codes."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def translate(self, texts):
        self.asked += texts
        return [swapped(text) for text in texts]


def swapped(text):
    parts = re.split(r"(</?\d+/?>|&[#\w]+;|<[^<>]*>)", text)
    return "".join(part if i % 2 else part.swapcase() for i, part in enumerate(parts))


def units(form, text):
    return [unit.text for unit in FORMATS[form].read(text.encode(), f"a.{form}", Reading()).units]


def through(tmp_path, name, text, translator=None, target="de"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    report = mtreason.translate_document(path, tmp_path / f"out-{name}", translator or Swap(), target=target)
    assert not report.fell_back
    return (tmp_path / f"out-{name}").read_bytes().decode("utf-8")


def srt(*captions):
    return "\n".join(f"{i}\n00:00:0{i},000 --> 00:00:0{i},900\n{text}\n" for i, text in enumerate(captions, 1))


@pytest.mark.parametrize(
    ("caption", "asked", "written"),
    [
        ("- Is it late?\n- Not very.", "- Is it late?\n- Not very.", "- iS IT LATE?\n- nOT VERY."),
        ("-Is it late?\n-Not very.", "-Is it late?\n-Not very.", "-iS IT LATE?\n-nOT VERY."),
        ("Is it late?\n– Not very.", "Is it late?\n– Not very.", "iS IT LATE?\n– nOT VERY."),
        (
            "- He said that it\nwas late.\n- Not very.",
            "- He said that it was late.\n- Not very.",
            "- hE SAID THAT IT WAS LATE.\n- nOT VERY.",
        ),
        ("<i>- One?</i>\n<i>- Two.</i>", "<1>- One?</1>\n<2>- Two.</2>", "<i>- oNE?</i>\n<i>- tWO.</i>"),
        ("TOM: Who?\nANN: Me.", "TOM: Who?\nANN: Me.", "tom: wHO?\nann: mE."),
        (">> One?\n>> Two.", ">> One?\n>> Two.", ">> oNE?\n>> tWO."),
        ("Listen: it\nis late", "Listen: it is late", "lISTEN: IT IS LATE"),
        ("♪ La la ♪\n♪ lo lo ♪", "♪ La la ♪\n♪ lo lo ♪", "♪ lA LA ♪\n♪ LO LO ♪"),
        ("It is ten\n- 5 degrees", "It is ten - 5 degrees", "iT IS TEN - 5 DEGREES"),
        ("{\\an8}Old harbour,\nlong ago", "<1/>Old harbour, long ago", "{\\an8}oLD HARBOUR, LONG AGO"),
        (
            '<font color="#ff0">We left</font> {\\b1}now{\\b0}',
            "<1>We left</1> <2/>now<3/>",
            '<font color="#ff0">wE LEFT</font> {\\b1}NOW{\\b0}',
        ),
        ("<font\ncolor='red'>Red</font> one", "<1>Red</1> one", "<font\ncolor='red'>rED</font> ONE"),
        ("<i>open\nonly", "<1/>open only", "<i>OPEN ONLY"),
        ("<i>a <b>c</i> d</b> e", "<1>a <2/>c</1> d<3/> e", "<i>A <b>C</i> D</b> E"),
        ("Salt &amp; pepper & 1 < 2 <3", "Salt &amp; pepper & 1 < 2 <3", "sALT &amp; PEPPER & 1 < 2 <3"),
        ("say <1> now", "say <1/> now", "SAY <1> NOW"),
        ("\u202bone\u202c\n\u202btwo\u202c", "<1/>one<2/> <3/>two<4/>", "\u202bONE\u202c \u202bTWO\u202c"),
        ("One\n\n  two", "One\n\n  two", "oNE\n\n  TWO"),
        ("a\n2\nb", "a 2 b", "A 2 B"),
    ],
)
def test_captions_of_srt(tmp_path, caption, asked, written) -> None:
    translator = Swap()
    assert through(tmp_path, "a.srt", srt(caption, "End."), translator) == srt(written, "eND.")
    assert translator.asked == [asked, "End."]


def test_cues_without_blank_lines_between(tmp_path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nOne\n2\n00:00:03,000 --> 00:00:04,000 X1:5 X2:6\nTwo\n\n\n3\n00:00:05,000 --> 00:00:06,000\n\n4\n00:00:07,000 --> 00:00:08,000\n99\n5\n00:00:07,000 --> 00:00:08,000\nFive"
    out = through(tmp_path, "a.srt", text)
    assert out == text.replace("One", "oNE").replace("Two", "tWO").replace("Five", "fIVE")
    assert [e.plaintext for e in pysubs2.SSAFile.from_string(out, "srt")] == ["oNE", "tWO", "", "99", "fIVE"]


def test_without_numbers_a_number_is_text(tmp_path) -> None:
    text = "00:00:01,000 --> 00:00:02,000\nRoom\n101\n00:00:03,000 --> 00:00:04,000\nTwo\n\n7\n00:00:05,000 --> 00:00:06,000\nb\n"
    assert units("srt", text) == ["Room 101", "Two", "b"]


def test_line_ends_stay_as_they_are_in_each_cue(tmp_path) -> None:
    text = "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\n- One?\r\n- Two.\r\n\r\n2\n00:00:03,000 --> 00:00:04,000\n- Three?\n- Four.\n"
    assert (
        through(tmp_path, "a.srt", text)
        == "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\n- oNE?\r\n- tWO.\r\n\r\n2\n00:00:03,000 --> 00:00:04,000\n- tHREE?\n- fOUR.\n"
    )


@pytest.mark.parametrize(
    ("caption", "asked", "written"),
    [
        ("<v Ann>Good <00:01.500>day <00:02.000>to all.", "<1/>Good <2/>day <3/>to all.", None),
        ("<v Ann>Hi</v>\n<v.loud Bob>Hey", "<1>Hi</1>\n<2/>Hey", None),
        ("<c.red.big>Mind</c> the <b>gap</b>", "<1>Mind</1> the <2>gap</2>", None),
        ("<ruby>base<rt>above</rt></ruby> <lang en-GB>this</lang>", "<1>base<2>above</2></1> <3>this</3>", None),
        ("Salt &amp; pepper &lt;b&gt;", "Salt & pepper <b>", "sALT &amp; PEPPER &lt;b&gt;"),
        ("Tom & Ann > all", "Tom & Ann > all", "tOM & aNN > ALL"),
        ("now&nbsp;or &lrm;never", "now\u00a0or <1/>never", "NOW&nbsp;OR &lrm;NEVER"),
        ("say &lt;1&gt; now", "say <1/> now", "SAY &lt;1&gt; NOW"),
        ("a < b", "a <1/> b", "A < B"),
        ("one\n&nbsp;\ntwo", "one \u00a0 two", "ONE &nbsp; TWO"),
        ("caf&eacute; bar", "café bar", "CAFÉ BAR"),
    ],
)
def test_captions_of_webvtt(tmp_path, caption, asked, written) -> None:
    text = f"WEBVTT - a title\n\nNOTE\nnot this --> one\n\nSTYLE\n::cue {{}}\n\nREGION\nid:fred\n\nintro\n00:01.000 --> 00:03.000 line:80% align:start\n{caption}\n\n00:04.000 --> 00:05.000\nEnd\n"
    translator = Swap()
    out = through(tmp_path, "a.vtt", text, translator)
    assert translator.asked == [asked, "End"]
    expected = written or re.sub(r"(<[^<>]*>)|(\w)", lambda m: m[1] or m[2].swapcase(), caption)
    assert out == text.replace(caption, expected).replace("End", "eND")
    assert cues(out)[0][:2] == ("intro", "00:01.000 --> 00:03.000 line:80% align:start")


def cues(text):
    """A small reader of WebVTT by its standard: identifier, times with settings, tags, and text of each cue."""
    found = []
    for block in re.split(r"\n{2,}", text.replace("\r\n", "\n"))[1:]:
        lines = block.strip("\n").split("\n")
        at = next((i for i, line in enumerate(lines[:2]) if "-->" in line), None)
        if at is None or not re.match(r"(\d{2,}:)?\d\d:\d\d\.\d{3}[ \t]+-->", lines[at]):
            continue
        payload = "\n".join(lines[at + 1 :])
        assert "-->" not in payload
        tags = re.findall(r"<[^>]*>", payload)
        found.append(("\n".join(lines[:at]), lines[at], tags, html.unescape(re.sub(r"<[^>]*>", "", payload))))
    return found


def test_a_line_of_blanks_is_a_line_of_its_cue(tmp_path) -> None:
    rolling = " \nwelcome<00:00:00.560><c> to</c>\n \nthe show\n"
    text = f"WEBVTT\n\n00:00.160 --> 00:02.389\n{rolling}\n00:03.000 --> 00:04.000\nLast\n"
    assert through(tmp_path, "a.vtt", text).upper() == text.upper()
    assert len(units("vtt", text)) == 2


def test_webvtt_reads_as_its_standard_says(tmp_path) -> None:
    text = "WEBVTT\nKind: captions\nLanguage: en\n\n1\n00:00.000 --> 00:01.000\nOne\n2\n00:01.000 --> 00:02.000\nTwo\n00:02.000 --> 00:03.000\n- Three\n- Four\n\n00:03.000 --> 00:04.000\n\nno cue\n"
    out = through(tmp_path, "a.vtt", text, target="pt-BR")
    expected = text.replace("Language: en", "Language: pt-BR").replace("One", "oNE").replace("Two", "tWO")
    assert out == expected.replace("Three", "tHREE").replace("Four", "fOUR")


def test_nothing_that_is_said_becomes_markup() -> None:
    """Neither a tag nor a time nor an override, whatever comes back."""
    hostile = "a <b> --> & {\\i1} \\N x\n\n00:00:01,000 --> 00:00:02,000\r\rz"
    vtt = b"WEBVTT\n\n00:01.000 --> 00:02.000\nSalt\n"
    out = b"".join(FORMATS["vtt"].read(vtt, "a.vtt", Reading()).render([hostile])).decode()
    assert [cue[3] for cue in cues(out)] == ["a <b> --> & {\\i1} \\N x\n00:00:01,000 --> 00:00:02,000\nz"]
    document = FORMATS["srt"].read(srt("One", "Two").encode(), "a.srt", Reading())
    out = b"".join(document.render([hostile, "Two"])).decode()
    assert len(pysubs2.SSAFile.from_string(out, "srt")) == 2
    document = FORMATS["ass"].read((HEAD + EVENT + "One\n").encode(), "a.ass", Reading())
    out = b"".join(document.render([hostile])).decode()
    [event] = pysubs2.SSAFile.from_string(out)
    assert "{\\i1}" not in event.text.replace("\\{", "")
    assert re.findall(r"\\N", event.text) == ["\\N", "\\N"]


@pytest.mark.parametrize(
    ("text", "asked", "written"),
    [
        ("{\\an7\\pos(0,0)\\p1}m 0 0 l 9 9{\\p0}", None, None),
        ("{\\p1}m 0 0 b 10 20 30 40", None, None),
        (
            "{\\p1}m 0 0 l 9 9{\\p0}{\\c&H00&}{\\p2}m 1 1{\\p0}\\N{\\p1}m 2 2{\\p0}Name",
            "<1/><2/><3/><4/><5/>Name",
            "{\\p1}m 0 0 l 9 9{\\p0}{\\c&H00&}{\\p2}m 1 1{\\p0}\\N{\\p1}m 2 2{\\p0}nAME",
        ),
        (
            "{\\i1}Never{\\i0} go.\\NIt is {\\pos(1,2)}dark.",
            "<1>Never</1> go. It is <2/>dark.",
            "{\\i1}nEVER{\\i0} GO. iT IS {\\pos(1,2)}DARK.",
        ),
        ("- Who?\\N- Me.", "- Who?\\n- Me.", "- wHO?\\N- mE."),
        ("{\\k20}The {\\k30}moon{\\r}", "<1/>The <2/>moon<3/>", "{\\k20}tHE {\\k30}MOON{\\r}"),
        ("Wait\\hhere{a remark}!\\nNow", "Wait<1/>here<2/>! Now", "wAIT\\hHERE{a remark}! nOW"),
        ("Title\\N{\\fs30}and more", "Title\\n<1/>and more", "tITLE\\N{\\fs30}AND MORE"),
        ("a \\{1\\} {c :}", "a {1} <1/>", "A \\{1\\} {c :}"),
        ("a {c", "a <1/>c", "A {C"),
        ("one, two, three", "one, two, three", "ONE, TWO, THREE"),
        ("\\NRaised\\N\\Ntwice\\N", "\\nRaised\\n\\ntwice\\n", "\\NrAISED\\N\\NTWICE\\N"),
        ("  indented ", "indented", "  INDENTED "),
    ],
)
def test_dialogue_of_ass(tmp_path, text, asked, written) -> None:
    more = "Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,not this\n"
    translator = Swap()
    out = through(tmp_path, "a.ass", f"{HEAD}{EVENT}{text}\n{more}", translator)
    asked = asked and asked.replace("\\n", "\n").strip("\n")
    assert translator.asked == ([asked] if asked else [])
    assert out == f"{HEAD}{EVENT}{text if written is None else written}\n{more}"
    assert [e.type for e in pysubs2.SSAFile.from_string(out)] == ["Dialogue", "Comment"]


def test_fields_of_ssa(tmp_path) -> None:
    text = "[Script Info]\nScriptType: v4.00\n\n[V4 Styles]\nFormat: Name, Fontname\nStyle: A,Arial\n\n[EVENTS]\nFormat: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: Marked=0,0:00:01.00,0:00:02.00,A,Ann,0000,0000,0000,!Effect,Yes, please\n\n[Fonts]\nfontname: a.ttf\nDialogue: x\n"
    assert through(tmp_path, "a.ssa", text) == text.replace("Yes, please", "yES, PLEASE")
    short = "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,Yes, please\n"
    assert through(tmp_path, "b.ass", short) == short.replace("Yes, please", "yES, PLEASE")


def plain(text):
    return Part(TEXT, text, text)


def code(raw):
    return Part("code", raw)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([plain("short")], ["short"]),
        (
            [plain("one two three four five six seven eight nine ten")],
            ["one two three four five", "six seven eight nine ten"],
        ),
        (
            [plain("word " * 20)],
            [
                "word word word word word word",
                "word word word word word word word",
                "word word word word word word word",
            ],
        ),
        # Codes have no width, and are never cut, whatever blanks they have.
        (
            [code('<font color="red" face="a b c d e f g h i j">'), plain("short"), code("</font>")],
            ['<font color="red" face="a b c d e f g h i j">short</font>'],
        ),
        (
            [
                code("<i>"),
                plain("She said that the boat"),
                code("</i>"),
                plain(" "),
                code("<i>"),
                plain("would come on Sunday."),
                code("</i>"),
            ],
            ["<i>She said that the boat</i>", "<i>would come on Sunday.</i>"],
        ),
        # Wide characters take two columns; a line begins with no closing sign, and Latin words stay whole.
        (
            [plain("我昨天在图书馆里读了那本书，然后坐在窗边一直到天黑。")],
            ["我昨天在图书馆里读了那本书，", "然后坐在窗边一直到天黑。"],
        ),
        (
            [
                plain("我昨天在图书馆里读了"),
                code("<i>"),
                plain("The Red House"),
                code("</i>"),
                plain("然后坐在窗边一直到天黑"),
            ],
            ["我昨天在图书馆里读了<i>The Red House</i>", "然后坐在窗边一直到天黑"],
        ),
        # Combining marks take none.
        ([plain("e\u0301" * 42)], ["e\u0301" * 42]),
        # Nothing begins a line that would be taken for another speaker's.
        (
            [plain("one two three four five six seven - eight nine ten")],
            ["one two three four five", "six seven - eight nine ten"],
        ),
        ([plain("x" * 50)], ["x" * 50]),
        ([], [""]),
    ],
)
def test_lines(parts, expected) -> None:
    assert wrapped(parts) == expected


@given(
    st.lists(
        st.one_of(
            st.text("ab 中文。「é\u0301-", max_size=30).map(plain),
            st.sampled_from(["<i>", "</i>", "{\\an8 x}"]).map(code),
        ),
        max_size=12,
    )
)
@settings(deadline=None)
def test_wrapping_loses_nothing(parts) -> None:
    lines = wrapped(parts)
    whole = "".join(part.raw for part in parts)
    assert "".join(lines).replace(" ", "") == whole.replace(" ", "")
    raws = [part.raw for part in parts if part.kind == "code"]
    assert [raw for line in lines for raw in re.findall(r"<i>|</i>|\{\\an8 x\}", line)] == raws


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("name", "text"), [("a.srt", srt("Hello, <i>you</i>")), ("a.ass", f"{HEAD}{EVENT}Hello\n")])
def test_utf_16_as_older_programs_write_it(tmp_path, name, text, charset) -> None:
    form = FORMATS[name.rpartition(".")[2]]
    data = f"\ufeff{text}".encode(charset)
    document = form.read(data, name, Reading())
    assert b"".join(document.render([unit.text for unit in document.units])) == data
    said = b"".join(document.render([swapped(unit.text) for unit in document.units]))
    assert said.decode("utf-16") == text.replace("Hello", "hELLO").replace("you", "YOU")
    assert document.wraps


def test_display_width() -> None:
    assert [width(t) for t in ("abc", "中文", "e\u0301", "ｶﾅ", "\u200f", "한")] == [3, 4, 1, 2, 0, 2]


def test_a_translation_into_chinese_from_a_memory_is_not_cut_in_a_tag(tmp_path) -> None:
    class Chinese:
        def translate(self, texts):
            return ["我昨天在图书馆里读了一本叫做<1>红色的房子</1>的书，然后坐在窗边一直到天黑。" for _ in texts]

    text = srt("I read <i>The Red House</i> in the library\nand then sat by the window until dark.")
    out = through(tmp_path, "a.srt", text, Chinese(), "zh")
    assert out.split("\n")[2:-1] == ["我昨天在图书馆里读了一本叫做<i>红色的房子</i>", "的书，然后坐在窗边一直到天黑。"]
    assert all(width(re.sub(r"<[^>]*>", "", line)) <= 42 for line in out.split("\n"))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nné\n".encode("cp1252"), "line 3, byte offset 33, is not UTF-8"),
        ("a.vtt", "WEBVTT\n".encode("utf-16"), "is UTF-16: convert the file to UTF-8"),
        ("a.srt", "1\n".encode("utf-32"), "is UTF-32: convert the file to UTF-8"),
        (
            "a.srt",
            b"1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:03,000 -> 00:00:04,000\nb\n",
            "line 6: expected a caption with its times",
        ),
        ("a.srt", b"one\n", "line 1: expected a caption with its times"),
        ("a.vtt", b"WEBVTTX\n", "line 1: a WebVTT file begins with WEBVTT"),
        ("a.ass", b"[Events]\nDialogue: 0,1,2\n", "line 2: expected 10 fields"),
    ],
)
def test_bad_files(tmp_path, name, data, message) -> None:
    with pytest.raises(DocumentError, match=re.escape(message)) as caught:
        through(tmp_path, name, data)
    assert "\n" not in str(caught.value)


def test_more_codes_than_anybody_writes(tmp_path) -> None:
    text = HEAD + EVENT + "a {\\k1}" * 12_000 + "\n"
    out = through(tmp_path, "a.ass", text)
    assert re.sub(r"\\N", " ", out.split(",,")[-1]).replace(" ", "") == ("A{\\k1}" * 12_000 + "\n")


def test_deep_codes(tmp_path) -> None:
    text = srt("<i>" * 50 + "deep" + "</i>" * 50)
    assert through(tmp_path, "a.srt", text) == text.replace("deep", "DEEP")


def test_markers_after_codes_are_kept_from_the_model() -> None:
    [unit] = FORMATS["srt"].read(srt("<i>- One?</i>\n<i>-</i> Two.").encode(), "a.srt", Reading()).units
    line = parse_line(1, unit.text, parse_language("en"), unit.codes)
    assert line.segments[0] == "One?"
    assert not TAG.search(line.segments[0])


def test_a_player_reads_what_is_written(tmp_path) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("needs ffmpeg")
    for name, text in (
        ("a.srt", srt("- One?\n- Two.", "<i>Three</i>")),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>One</v>\n"),
        ("a.ass", HEAD + EVENT + "{\\i1}One{\\i0}\\NTwo\n"),
    ):
        through(tmp_path, name, text)
        done = subprocess.run(
            [ffmpeg, "-v", "error", "-i", tmp_path / f"out-{name}", "-f", "srt", "-"], capture_output=True, check=True
        )
        assert b"oNE" in done.stdout
        assert not done.stderr
