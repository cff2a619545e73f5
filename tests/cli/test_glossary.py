"""`mtreason glossary`: what lint finds, what match shows, what check counts, what convert keeps."""

import gzip
import json
import re

import pytest
from support.commands import run_inside

from mtreason.glossary import load_glossary


@pytest.fixture
def command(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)

    def run(*args, code=0):
        found, out, err = run_inside(["glossary", *args], monkeypatch, capfd)
        assert found == code, err + out
        return out, err

    return run


@pytest.mark.parametrize(
    ("text", "level", "line", "message"),
    [
        ("打卡\n", "error", 1, "found 1 field"),
        ("种草\ta\n種草\ta\n", "warning", 2, "is already on line 1 as '种草' with the same renderings"),
        ("种草\ta\n种草\tb\n", "warning", 2, "is already on line 1 with other renderings"),
        ("牛\tgreat\n", "warning", 1, "is one character, which stands in many words"),
        ("踩屎感\tкомфорт\n", "warning", 1, "the rendering 'комфорт' has letters that English does not use (Cyrillic)"),
        ("привет\thi\n", "warning", 1, "has letters that Chinese does not use (Cyrillic)"),
        ("yyds\tyyds the best\n", "warning", 1, "contains the term itself"),
        ("种草\tplant grass now\tplant grass\n", "warning", 1, "contains 'plant grass', which is to be avoided"),
        ("a\tb\nb\tc\n", "warning", 1, "the rendering 'b' is a term on line 2"),
        ("显瘦\ta\n显瘦神器\tb\n", "note", 2, "contains the term '显瘦' of line 1, and wins over it"),
        ("# columns: source, target, pos\n种草\ta\n拔草\tb\n", "warning", None, "the column pos is empty on"),
        ("# columns: source, target, example\n种草\ta\t拔草。\n", "warning", 2, "example does not contain the term"),
        ("# columns: source, target, rendered\n种草\tsold\tok\n", "warning", 2, "honours none of the renderings"),
        ("#ootd\toutfit of the day\n", "warning", 1, "'#ootd' is read as a term, though it begins with '#'"),
        ("a\tb\n# ootd\toutfit\n", "warning", 2, "this line is a comment: if '# ootd' is a term, put"),
        ("YYDS\tthe best\n", "warning", 1, "is in capitals and also found as 'yyds': write yes in a column case"),
        ('"种草\tsold\n', "warning", 1, "a cell begins with a quotation mark that is not closed"),
        ("「种草」\tsold\n", "warning", 1, "is in quotation marks, which belong to the term here"),
        ("种草\tsold; tempted\n", "warning", 1, "the rendering 'sold; tempted' may be several: put '|' between them"),
        ("种草.*\tsold\n", "warning", 1, "looks like a regular expression, and is searched for as it is written"),
        ("……\twell\n", "warning", 1, "has neither letters nor digits"),
        ("中文\tChinois\n", "warning", 1, "'中文' looks like the name of a column: name the columns zh and en"),
        ("# nothing\n", "error", None, "no terms for zh to en: give a file with some"),
        ("种草\tso\x07ld\n", "error", 1, "target has the control character \\x07: take it out"),
    ],
)  # fmt: skip
def test_lint(tmp_path, command, text, level, line, message) -> None:
    (tmp_path / "a.zh-en.tsv").write_text(text, "utf-8")
    out, _ = command("lint", "a.zh-en.tsv", "--json", code=2 if level == "error" else 0)
    report = json.loads(out)
    [found] = [f for f in report["findings"] if message in f["message"]]
    assert (found["level"], found["where"]) == (level, f"a.zh-en.tsv:{line}" if line else "a.zh-en.tsv")
    if level == "warning":
        out, _ = command("lint", "a.zh-en.tsv", "--strict", code=3)
        assert re.search(r"\d warnings?, ", out)
        assert f"a.zh-en.tsv{f':{line}' if line else ''}: warning: " in out


def test_no_header_is_suspected_below_declared_columns(tmp_path, command) -> None:
    (tmp_path / "a.tsv").write_text("# columns: source, target\nMay\tMai\nMarch\tMärz\n", "utf-8")
    (tmp_path / "b.tsv").write_text("May\tMai\nMarch\tMärz\n", "utf-8")
    for name, count in (("a.tsv", 0), ("b.tsv", 1)):
        out, _ = command("lint", name, "--from", "en", "--to", "de", "--json")
        assert sum("looks like the name of a column" in f["message"] for f in json.loads(out)["findings"]) == count


CASED = "# columns: source, target, case\nMarch\tMärz\tyes\n"
PARTS = "# columns: source, target, requires\nbank\tBank\tmoney\n"


@pytest.mark.parametrize(
    ("terms", "text", "translation", "level", "line", "message"),
    [
        (CASED, "they march\n", "", "warning", 2, "a.txt:1 has 'march', and no line 'March': write it so, or"),
        (PARTS, "x\nthe bank of a river\n", "", "warning", 2, "in a.txt:2 it stands without money: correct"),
        ("bank\tBank\nbank note\tSchein\n", "a bank note\n", "", "note", 1, "part of a longer term, as in a.txt:1"),
        ("bank\tBank\n", "the bank\n", "das Ufer\n", "warning", 1, "first b.txt:1): put '|' and what stands there"),
        ("bank\tBank\n", "a bank\nour bank\n", "Ufer\ndas Ufer\n", "warning", 1, "stands there ('ufer', it seems)"),
        ("bank\tBank\n", "bank\nbank\n", "Ufer\nBank\n", "note", 1, "1 of 2 lines that have it are translated"),
        ("bank\tBank\tBanc\n", "bank\n", "Banc\n", "warning", 1, "b.txt:1 says 'Banc', which is to be avoided"),
    ],
)  # fmt: skip
def test_lint_with_ones_own_text(tmp_path, command, terms, text, translation, level, line, message) -> None:
    for name, content in (("t.en-de.tsv", terms), ("a.txt", text), ("b.txt", translation)):
        (tmp_path / name).write_text(content, "utf-8")
    more = ["--hyp", "b.txt"] if translation else []
    found = json.loads(command("lint", "t.en-de.tsv", "--text", "a.txt", *more, "--json")[0])["findings"]
    [own] = [f for f in found if message in f["message"]]
    assert (own["level"], own["where"]) == (level, f"t.en-de.tsv:{line}")


@pytest.mark.parametrize(
    ("text", "translation"),
    [("in March\n", ""), ("in March\n", "im März\n"), ("nothing of it\n", "nichts davon\n"), ("\n", "\n"), ("", "")],
)
def test_lint_says_nothing_of_a_text_that_fits(tmp_path, command, text, translation) -> None:
    for name, content in (("t.en-de.tsv", CASED), ("a.txt", text), ("b.txt", translation)):
        (tmp_path / name).write_text(content, "utf-8")
    more = ["--hyp", "b.txt"] if translation else []
    assert json.loads(command("lint", "t.en-de.tsv", "--text", "a.txt", *more, "--json")[0])["findings"] == []


def test_lint_with_texts_that_do_not_fit(tmp_path, command) -> None:
    for name, content in (("t.en-de.tsv", CASED), ("a.txt", "a\nb\n"), ("b.txt", "a\n")):
        (tmp_path / name).write_text(content, "utf-8")
    _, err = command("lint", "t.en-de.tsv", "--text", "a.txt", "--hyp", "b.txt", code=2)
    assert "a.txt has 2 lines, b.txt has 1: they must match line by line" in err
    _, err = command("lint", "t.en-de.tsv", "--hyp", "b.txt", code=2)
    assert "--hyp: what it translates is missing: add --text" in err
    _, err = command("lint", "t.en-de.tsv", "--text", "none.txt", code=2)
    assert "none.txt" in err


def test_lint_of_several_files(tmp_path, command) -> None:
    for name, target in (("a", "sold"), ("b", "tempted")):
        (tmp_path / f"{name}.zh-en.tsv").write_text(f"种草\t{target}\n", "utf-8")
    out, _ = command("lint", "a.zh-en.tsv", "b.zh-en.tsv", "--strict", code=3)
    assert "b.zh-en.tsv:1: warning: '种草' overrides a.zh-en.tsv:1, which has sold: make the two agree" in out
    assert out.endswith("0 errors, 1 warning, 0 notes\n")
    (tmp_path / "c.tsv").write_text("a\tb\n", "utf-8")
    _, err = command("lint", "c.tsv", code=2)
    assert "c.tsv: its name does not say for which languages it is: add --from" in err
    (tmp_path / "d.zh-en.csv").write_text("zh,en,colour\n种草,,red\n拔草,buy,\n", "utf-8")
    out, _ = command("lint", "d.zh-en.csv")
    assert "d.zh-en.csv:2: warning: left out: without a rendering in English" in out
    assert "d.zh-en.csv: warning: left out: columns that mean nothing here: colour" in out
    out, _ = command("lint", "nothing.zh-en.tsv", code=2)
    assert "nothing.zh-en.tsv: error: no such glossary file" in out


def test_match_shows_hits_and_the_prompt(tmp_path, command) -> None:
    (tmp_path / "g.tsv").write_text("踩屎感\tcomfy sole\n踩\tstep\n打call\tcheer\n", "utf-8")
    (tmp_path / "text").write_text("天气好。\n这鞋有踩屎感。\n", "utf-8")
    arguments = ["match", "g.tsv", "--text", "text", "--from", "zh", "--to", "en"]
    out, err = command(*arguments)
    assert "line 2: 这鞋有踩屎感。\n  踩屎感 -> comfy sole  [g.tsv:1]\n  (踩: overlaps 踩屎感" in out
    assert "\n    踩屎感 = comfy sole\n" in out
    assert "这鞋有comfy sole。" in out
    assert "1 hits in 1 segments" in err
    [segment] = json.loads(command(*arguments, "--json")[0])["segments"]
    assert segment["prompt"].endswith("这鞋有comfy sole。")
    assert [d["source"] for d in segment["dropped"]] == ["踩"]


def test_check_counts_and_names_misses(tmp_path, command) -> None:
    (tmp_path / "g.zh-en.tsv").write_text("种草\tbe sold on\tplant grass\n显瘦\tslimming\n", "utf-8")
    (tmp_path / "s").write_text("被种草了\n真显瘦\n又种草\n", "utf-8")
    (tmp_path / "h").write_text("I planted grass.\nVery slimming!\nI was sold on it.\n", "utf-8")
    arguments = ["check", "g.zh-en.tsv", "--src", "s", "--hyp", "h"]
    out, _ = command(*arguments)
    assert out == (
        "h:1: 种草: says 'plant grass', which is to be avoided; expected be sold on [g.zh-en.tsv:1]\n"
        "2 of 3 terms honoured (66.7 %)\n"
    )
    command(*arguments, "--fail-under", 66)
    command(*arguments, "--fail-under", 67, code=3)
    report = json.loads(command(*arguments, "--json")[0])
    assert (report["terms"], report["honoured"]) == (3, 2)
    assert report["misses"][0]["line"] == 1
    (tmp_path / "h").write_text("one\n", "utf-8")
    assert "s has 3 lines, h has 1" in command(*arguments, code=2)[1]


def test_convert(tmp_path, command) -> None:
    (tmp_path / "g.zh-en.tsv").write_text("种草\tsold|tempted\tplant grass\tmeaning\n", "utf-8")
    _, err = command("convert", "g.zh-en.tsv", "g.csv")
    assert err == "mtreason: 1 terms in g.csv\n"
    assert (tmp_path / "g.csv").read_text() == "source,target,literal,note\n种草,sold|tempted,plant grass,meaning\n"
    _, err = command("convert", "g.zh-en.tsv", "g.tbx")
    assert "TBX has no place for literal: left out" in err
    command("convert", "g.tbx", "back.tsv", "--from", "zh", "--to", "en")
    assert (tmp_path / "back.tsv").read_text("utf-8").endswith("\n种草\tsold|tempted\tmeaning\n")
    _, err = command("convert", "g.zh-en.tsv", "g.xlsx", code=2)
    terms = (
        "人工智能\tartificial intelligence\n种草\tsold|tempted\n微信\tWeChat\n威信\tWechat\nGitHub\t\n水\twater\tx\n"
    )
    (tmp_path / "t.zh-en.tsv").write_text(terms, "utf-8")
    _, said = command("convert", "--reverse", "t.zh-en.tsv", "t.en-zh.tsv")
    assert "3 terms do not lead back" in said
    found = {e.source: e.targets for e in load_glossary(tmp_path / "t.en-zh.tsv", "en", "zh")}
    assert found == {"artificial intelligence": ("人工智能",), "GitHub": (), "water": ("水",)}
    (tmp_path / "f.en-de.csv").write_text("en,de,fr\nMay,Mai,\nmay,dürfen,\nbid,,offre\n", "utf-8")
    for form in ("tsv", "csv", "txt", "json", "tbx", "utx", "tmx"):
        said = command("convert", "f.en-de.csv", f"f.en-de.{form}2.{form}", "--from", "en", "--to", "de")[1]
        assert "f.en-de.csv: left out: 1 without a rendering in German (line 4)" in said
        assert f"2 terms in f.en-de.{form}2.{form}" in said
        found = load_glossary(tmp_path / f"f.en-de.{form}2.{form}", "en", "de")
        assert [(t.source, t.targets, t.case_sensitive) for t in found] == [
            ("May", ("Mai",), True), ("may", ("dürfen",), False),
        ]  # fmt: skip
    assert "the ending says no format: name it .tsv, .csv, .txt, .json, .tbx, .utx, .tmx" in err


CEDICT = """# CC-CEDICT
#! version=1
#! license=https://creativecommons.org/licenses/by-sa/4.0/
種草 种草 [zhong4 cao3] /to plant grass/(slang) to recommend a product; to make sb want sth/CL:個|个[ge4]/
給力 给力 [gei3 li4] /(Internet slang) awesome; impressive/
牛 牛 [niu2] /ox/(slang) awesome/
天氣 天气 [tian1 qi4] /weather/
網紅 网红 [wang3 hong2] /(neologism c. 2010) Internet celebrity (abbr. for 網絡紅人|网络红人[wang3 luo4 hong2 ren2])/
"""


def test_import_from_cedict(tmp_path, command) -> None:
    (tmp_path / "cedict_ts.u8").write_text(CEDICT, "utf-8")
    with gzip.open(tmp_path / "cedict.gz", "wt", encoding="utf-8") as stream:
        stream.write(CEDICT)
    for name in ("cedict_ts.u8", "cedict.gz"):
        _, err = command("import", "cedict", name, "slang.zh-en.tsv")
        assert "3 terms in slang.zh-en.tsv; licence: from CC-CEDICT, CC BY-SA 4.0" in err
        text = (tmp_path / "slang.zh-en.tsv").read_text("utf-8")
        assert "\n# license=https://creativecommons.org/licenses/by-sa/4.0/\n" in text
        assert "\n种草\tto recommend a product|to make sb want sth\t" in text
        assert "\n给力\tawesome|impressive\t" in text
        assert "\n网红\tInternet celebrity\t" in text
        assert "天气" not in text
    assert json.loads(command("lint", "slang.zh-en.tsv", "--json")[0])["counts"]["error"] == 0
    for content, message in (
        ("hello\n", "x.u8:1: not a line of CC-CEDICT: 'hello'"),
        ("# a\n", "no line of CC-CEDICT"),
    ):
        (tmp_path / "x.u8").write_text(content, "utf-8")
        assert message in command("import", "cedict", "x.u8", "a.tsv", code=2)[1]
    assert "which only .tsv has" in command("import", "cedict", "cedict_ts.u8", "a.csv", code=2)[1]
    (tmp_path / "bad.gz").write_bytes(b"no gzip")
    assert "bad.gz: damaged, or not packed by gzip" in command("import", "cedict", "bad.gz", "a.tsv", code=2)[1]


def test_suggest(tmp_path, command) -> None:
    rows = [
        ("我被种草了", "I was sold on it", "I was planted with grass"),
        ("她种草了这双鞋", "She was sold on these shoes", "She planted grass on these shoes"),
        ("今天天气好", "The weather is good today", "The weather is good today"),
        ("天气真好", "Nice weather", "Nice weather"),
        ("别种草我", "Do not get me sold on it", "Do not plant grass on me"),
    ]
    for name, column in zip(("s", "r", "h"), zip(*rows, strict=True), strict=True):
        (tmp_path / name).write_text("\n".join(column) + "\n", "utf-8")
    arguments = ["suggest", "--src", "s", "--ref", "r", "--hyp", "h", "--from", "zh", "--to", "en"]
    found = json.loads(command(*arguments, "--json")[0])["suggestions"]
    assert [f["source"] for f in found] == ["种草"]
    assert (found[0]["target"], found[0]["segments"], found[0]["score"]) == ("sold on", 3, 1.0)
    assert found[0]["literal"] == "grass"
    out, err = command(*arguments)
    assert out == "种草\tsold on\tgrass\tin 3 lines, score 1.00\n"
    assert "1 candidates" in err
    (tmp_path / "h").write_text("x\n", "utf-8")
    assert "h has 1 lines, s has 5" in command(*arguments, code=2)[1]
