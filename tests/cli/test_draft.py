"""`mtreason glossary draft`: what it prints and writes, and that nothing of it is used before a person accepts it."""

import json

import pytest
from support.commands import run_inside

DOCUMENT = "我买了《长裙》，用GitHub看。\n又来种草了。\n她种草这双鞋。\n都种草！\n"


@pytest.fixture
def command(tmp_path, monkeypatch, capfd, tiny_model):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.zh.txt").write_text(DOCUMENT, "utf-8")

    def run(*args, code=0, model=True):
        found, out, err = run_inside([*args, *(["--model", tiny_model] if model else [])], monkeypatch, capfd)
        assert found == code, err + out
        return out, err

    return run


DRAFT = ("glossary", "draft", "notes.zh.txt", "--from", "zh", "--to", "en", "--no-glossary")


def test_a_draft_is_used_only_where_it_is_accepted(tmp_path, command) -> None:
    out, err = command(*DRAFT, "-o", "draft.zh-en.tsv")
    assert out == ""
    assert "3 proposals from 4 segments, 0 more known already; read them in draft.zh-en.tsv: none is used" in err
    draft = tmp_path / "draft.zh-en.tsv"
    written = draft.read_text("utf-8")
    lines = [line for line in written.splitlines() if "\t" in line]
    assert [line.split("\t")[0] for line in lines] == ["# 长裙", "# GitHub", "# 种草"]
    assert "new word, 3× in 3 segments" in lines[2]
    assert lines[2].endswith("\t都种草！")
    translate = ("translate", "notes.zh.txt", "--from", "zh", "--to", "en", "--no-glossary", "--no-memory")
    options = ("--decoder", "greedy", "--json", "--glossary", "draft.zh-en.tsv")
    _, err = command(*translate, *options, code=2)
    assert "draft.zh-en.tsv: no terms for zh to en" in err
    accepted = written.replace(lines[2], "种草\tsold\t\t\n".rstrip("\n"))
    draft.write_text(accepted, "utf-8")
    out, err = command(*translate, *options, code=3)
    used = {term["source"] for line in out.splitlines() for term in json.loads(line)["terms"]}
    assert used == {"种草"}
    assert (
        command("glossary", "lint", "draft.zh-en.tsv", "--strict", model=False)[0] == "0 errors, 0 warnings, 0 notes\n"
    )
    _, err = command(*DRAFT, "-o", "draft.zh-en.tsv")
    assert "0 proposals from 4 segments, 3 more known already" in err
    assert draft.read_text("utf-8") == accepted


def test_what_it_prints(command) -> None:
    out, err = command(*DRAFT)
    assert out.startswith("# languages: zh-en\n# columns: source, target, note, example\n# Proposals by")
    assert all(line.startswith("# ") for line in out.splitlines())
    assert "3 proposals" in err
    found = json.loads(command(*DRAFT, "--json")[0])
    assert [p["source"] for p in found["proposals"]] == ["长裙", "GitHub", "种草"]
    assert found["proposals"][1]["rendering"] == {"text": "GitHub", "certainty": 1.0, "basis": "kept as it is"}
    assert found["known"] == 0
    shipped = command(*DRAFT[:-1], "--json")[0]
    assert "种草" not in {p["source"] for p in json.loads(shipped)["proposals"]}
    assert json.loads(shipped)["known"] == 1


def test_a_document_without_candidates(tmp_path, command) -> None:
    (tmp_path / "notes.zh.txt").write_text("今天天气很好。\n", "utf-8")
    out, err = command(*DRAFT, "-o", "draft.zh-en.tsv")
    assert out == ""
    assert "0 proposals from 1 segment, 0 more known already\n" in err
    assert not (tmp_path / "draft.zh-en.tsv").exists()


MEMORY = """<tmx version="1.4"><header/><body><tu><tuv xml:lang="en"><seg>a</seg></tuv>
<tuv xml:lang="de"><seg>b</seg></tuv></tu></body></tmx>"""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-o", "draft.csv"), "draft.csv: proposals are lines of tab-separated text: name it .tsv"),
        (("-o", "draft.en-de.tsv"), "draft.en-de.tsv: this glossary is for en to de, but the run translates zh to en"),
        (("-o", "missing/draft.tsv"), "missing/draft.tsv: there is no directory"),
        (("-o", "notes.zh.txt"), "notes.zh.txt is also an input and would be overwritten"),
        (("--tm", "other.tmx"), "other.tmx: has no pairs of zh and en (there are de, en)"),
        (("--tm", "gone.tmx"), "gone.tmx"),
        (("--glossary", "gone.tsv"), "gone.tsv: no such glossary file"),
        (("gone.md",), "gone.md: no such file"),
        (("book.pdf",), "book.pdf: a .pdf file has a structure that is not read here"),
        (("--to", "xx"), "unknown language 'xx'"),
    ],
)
def test_bad_input_is_one_line_before_a_model_is_loaded(tmp_path, command, arguments, message) -> None:
    (tmp_path / "other.tmx").write_text(MEMORY, "utf-8")
    (tmp_path / "book.pdf").write_bytes(b"%PDF")
    out, err = command(*DRAFT, *arguments, "--model", "no-such-model", code=2, model=False)
    assert out == ""
    assert err.count("\n") == 1
    assert message in err
