import os
from pathlib import Path

import pytest

from mtreason.errors import GlossaryError
from mtreason.glossary import Matcher, Sense, Term, follows, load_glossary, shipped_glossaries
from mtreason.glossary import load as load_module


@pytest.fixture
def write(tmp_path):
    def write_file(content: str | bytes, name: str = "terms.tsv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write_file


def error(path: Path, source: str = "zh", target: str = "en") -> str:
    with pytest.raises(GlossaryError) as caught:
        load_glossary(path, source, target)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("column", ["r(q}ires", "{", "{0}", "{0.__class__}", "{:>999999999999}", "%s"])
def test_braces_in_the_name_of_a_column_are_braces(write, column):
    said = []
    rows = f'[{{"source": "牛", "target": "awesome", "{column}": "x"}}]'
    load_glossary(write(rows, "terms.json"), "zh", "en", note=said.append)
    assert column in said[0]
    said.clear()
    load_glossary(write(f"source,target,{column}\n牛,awesome,x\n", "terms.csv"), "zh", "en", note=said.append)
    assert column in said[0]


def test_reads_all_fields_and_their_defaults(write):
    path = write(
        "踩屎感\tcomfy sole | soft sole\tfeeling of stepping on shit\tshoes\nyyds\t\n显瘦\tslimming\tshow thin\n"
    )
    assert load_glossary(path, "zh", "en") == (
        Term("踩屎感", ("comfy sole", "soft sole"), "feeling of stepping on shit", "shoes", str(path), 1),
        Term("yyds", (), "", "", str(path), 2),
        Term("显瘦", ("slimming",), "show thin", "", str(path), 3),
    )


def test_skips_comments_blank_lines_bom_and_carriage_returns(write):
    path = write("\ufeff# a comment\r\n\r\n  \t \r\n种草\ttempted\r\n# another\r\n拔草\tbought\r\n")
    assert [(term.source, term.targets, term.line) for term in load_glossary(path, "zh", "en")] == [
        ("种草", ("tempted",), 4),
        ("拔草", ("bought",), 6),
    ]


def test_only_line_ends_end_a_line(write):
    path = write("a\tb\tc\td\u2028e\x0cf\ng\th\n")
    assert [(term.note, term.line) for term in load_glossary(path, "fr", "en")] == [("d\u2028e\x0cf", 1), ("", 2)]


@pytest.mark.parametrize("content", ["", "# only a comment\n", "\n \t \n"])
def test_a_file_without_terms_is_refused(write, content):
    path = write(content)
    assert error(path) == f"{path}: no terms for zh to en: give a file with some"


@pytest.mark.parametrize(("line", "found"), [("种草", "1 field,"), ("a\tb\tc\td\te", "5 fields,")])
def test_wrong_number_of_fields(write, line, found):
    path = write(f"# header\n打卡\tvisit\n{line}\n")
    message = error(path)
    assert message.startswith(f"{path}:3: found {found} expected 2 to 4 as in source<TAB>target")


def test_empty_source(write):
    path = write("打卡\tvisit\n \tvisit\n")
    assert error(path).startswith(f"{path}:2: the source term is empty")


@pytest.mark.parametrize("target", ["a||b", "a|", "|", " | a"])
def test_empty_rendering(write, target):
    path = write(f"打卡\t{target}\n")
    assert error(path).startswith(f"{path}:1: an empty rendering in")


@pytest.mark.parametrize(("first", "second"), [("打卡", "打卡"), ("種草", "种草"), ("ＣＰ", "CP")])
def test_other_renderings_of_a_term_are_alternatives(write, first, second):
    [term] = load_glossary(write(f"{first}\ta\n\n{second}\tb\n"), "zh", "en")
    assert (term.source, term.targets, term.line) == (first, ("a", "b"), 1)


def test_entries_of_one_term_are_a_choice(write):
    path = write(
        "# columns: source, target, pos, note\n踩雷\tbad buy|dud\tnoun\t\n踩雷\tget burned\tverb\tby goods\n"
        "踩雷\tbad buy\t\tagain\n踩雷\t\t\tkept\n打卡\tvisit\t\ta\n打卡\tvisit|check in\t\tb\n"
    )
    term, other = load_glossary(path, "zh", "en")
    assert term.targets == ("bad buy", "dud", "get burned", "踩雷")
    assert term.senses == (
        Sense(("bad buy", "dud"), "noun"), Sense(("get burned",), "verb, by goods"), Sense(("踩雷",), "kept"),
    )  # fmt: skip
    assert (other.targets, other.senses) == (("visit", "check in"), ()), "the same best rendering leaves no choice"
    assert all(follows(term, text, "en") for text in ("A dud.", "I got burned.", "Two bad buys."))


def test_equal_entries_are_one(write):
    [term] = load_glossary(write("打卡\tvisit\t\tnote\n" * 2), "zh", "en")
    assert (term.targets, term.note) == (("visit",), "note")
    [term] = load_glossary(write("GO\t\ngo\t\n"), "en", "de")
    assert (term.source, term.targets, term.case_sensitive) == ("GO", (), False)


def test_terms_that_differ_in_case_stay_apart(write):
    found = load_glossary(write("May\tMai\nmay\tdürfen\nMAY\tMAI-Code\n"), "en", "de")
    assert [(t.source, t.targets, t.case_sensitive) for t in found] == [
        ("May", ("Mai",), True), ("may", ("dürfen",), False), ("MAY", ("MAI-Code",), True),
    ]  # fmt: skip
    hits = Matcher(found, "en").find("May I, in May, MAY?")
    assert [hit.term.targets for hit in hits] == [("Mai",), ("Mai",), ("MAI-Code",)]


def test_what_is_kept_and_rendered_is_both(write):
    [term] = load_glossary(write("App\t\nApp\tAnwendung\n"), "en", "de")
    assert term.targets == ("App", "Anwendung")


def test_conditions_keep_entries_apart(write):
    path = write("# columns: source, target, requires\n牛\tcattle\t草\n牛\tawesome\n")
    assert [t.targets for t in load_glossary(path, "zh", "en")] == [("cattle",), ("awesome",)]


def test_script_variants_are_duplicates_only_in_chinese(write):
    assert len(load_glossary(write("種\ta\n种\tb\n"), "ja", "en")) == 2


@pytest.mark.parametrize("code", ["zh", "zh-Hant", "zh-TW", "ZH"])
def test_header_compares_primary_subtags(write, code):
    assert len(load_glossary(write("# languages: zh-en\n打卡\tvisit\n"), code, "en-GB")) == 1


@pytest.mark.parametrize("header", ["# languages: zh-en", "#Language: zh-Hant-en-GB"])
def test_header_with_another_direction(write, header):
    path = write(f"# note\n{header}\n打卡\tvisit\n")
    message = error(path, "en", "zh")
    assert message.startswith(f"{path}:2: this glossary is for zh")
    assert "the run translates en to zh" in message


@pytest.mark.parametrize("value", ["", "zh", "chinese to english", "zh_en"])
def test_malformed_header(write, value):
    path = write(f"# languages: {value}\n打卡\tvisit\n")
    assert error(path).startswith(f"{path}:1: languages are {value!r}, expected two codes")


@pytest.mark.parametrize(("name", "source"), [("slang.zh-en.tsv", "zh"), ("a.b.zh-Hant-en-GB.tsv", "zh-TW")])
def test_file_name_with_another_direction(write, name, source):
    path = write("打卡\tvisit\n", name)
    assert len(load_glossary(path, source, "en")) == 1
    message = error(path, "ja", "en")
    assert message.startswith(f"{path}: this glossary is for zh")


@pytest.mark.parametrize("name", ["our-own.tsv", "terms.en-GB.tsv", "zh-en.txt", "pets.tsv", "v1.old-new.tsv"])
def test_file_name_without_a_direction(write, name):
    assert len(load_glossary(write("打卡\tvisit\n", name), "zh", "en")) == 1


def test_bad_utf8_names_line_and_offset(write):
    path = write("打卡\tvisit\n".encode() + b"ab\xff\tc\n")
    assert error(path).startswith(f"{path}:2: not UTF-8, byte 0xff at byte offset 15 of the file")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_encodings_with_a_mark_are_read(write, encoding):
    [term] = load_glossary(write("打卡\tvisit\n".encode(encoding)), "zh", "en")
    assert (term.source, term.targets) == ("打卡", ("visit",))


def test_other_encodings_are_named(write):
    assert "(it reads as gb18030): save the glossary as UTF-8" in error(write("打卡\tvisit\n".encode("gbk")))
    path = write("house\tdom\nbread\tхлеб\n".encode("cp1251"), "a.txt")
    assert "(it reads as cp1251)" in error(path, "en", "ru")
    assert "a.txt:1: not UTF-16-LE" in error(write(b"\xff\xfea\x00\x00\xd8", "a.txt"))


def test_a_file_that_changes_meanwhile(write, monkeypatch):
    path = write("打卡\tvisit\n")
    was = os.fstat

    def fstat(descriptor):
        found = was(descriptor)
        path.write_text("打卡\tvisit\n种草\tsold\n", "utf-8")
        return found

    monkeypatch.setattr(os, "fstat", fstat)
    assert error(path) == f"{path}: the glossary file changed while it was read: run the same command again"


def test_missing_file(tmp_path):
    path = tmp_path / "none.tsv"
    assert error(path) == f"{path}: no such glossary file: check the path"


def test_directory(tmp_path):
    assert error(tmp_path).startswith(f"{tmp_path}: is a directory")


def test_unreadable_file(tmp_path, monkeypatch):
    # Not by chmod: tests may run as root, who reads everything.
    def refuse(self, *_):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "secret.tsv"
    path.write_bytes(b"")
    monkeypatch.setattr(Path, "open", refuse)
    assert error(path) == f"{path}: the glossary file cannot be read (Permission denied): check its permissions"


def test_path_with_a_nul():
    assert "cannot be read" in error(Path("a\0b.tsv"))


def test_too_large(write, monkeypatch):
    monkeypatch.setattr(load_module, "MAX_BYTES", 1024 * 1024)
    path = write(b"#" * (1024 * 1024 + 1))
    assert error(path).startswith(f"{path}: the glossary file is larger than 1 MB")
    assert "no terms for zh to en" in error(write(b"#" * 1024 * 1024))


def test_shipped_glossaries_by_direction():
    assert [path.name for path in shipped_glossaries("zh-Hant", "en-GB")] == [
        "internet-idioms.zh-en.tsv",
        "slang.zh-en.tsv",
    ]
    assert [path.name for path in shipped_glossaries("en", "zh")] == ["slang.en-zh.tsv"]
    assert shipped_glossaries("de", "en") == ()


def test_shipped_glossaries_prefer_the_installed_package(tmp_path, monkeypatch):
    module = tmp_path / "mtreason" / "glossary" / "load.py"
    monkeypatch.setattr(load_module, "__file__", str(module))
    assert shipped_glossaries("zh", "en") == ()
    for directory in (tmp_path / "glossaries", tmp_path / "mtreason" / "glossaries"):  # checkout, then wheel
        directory.mkdir(parents=True)
        for name in ("b.zh-en.tsv", "a.zh-en.tsv", "c.ja-en.tsv", "notes.tsv"):
            (directory / name).write_text("x\ty\n", encoding="utf-8")
        expected = [directory.resolve() / name for name in ("a.zh-en.tsv", "b.zh-en.tsv")]
        assert list(shipped_glossaries("zh", "en")) == expected


def test_shipped_entries_name_the_bare_file():
    for path in shipped_glossaries("zh", "en"):
        assert {term.file for term in load_glossary(path, "zh", "en")} == {path.name}
