"""The scripts under benchmarks/ run and say what they promise; what they measure needs a real model."""

import gzip
import importlib.util
import io
import itertools
import json
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from documents.test_docx import complex_field, p, run, word

from mtreason.benchmark.data import read_rows
from mtreason.gates import Pair, problems, single_spaced, strip_chatter
from mtreason.languages import Direction, parse_language, scripts_of

ROOT = Path(__file__).parents[1]
SEGMENTS = ROOT / "benchmarks" / "segments.jsonl"

ROWS = read_rows(SEGMENTS)


def test_segments_are_half_and_half_and_many_have_two_references() -> None:
    pairs = Counter(row.pair for row in ROWS)
    assert pairs["zh-en"] == pairs["en-zh"] >= 150
    assert len({row.source for row in ROWS}) == len(ROWS)
    assert {row.domain for row in ROWS} == {"review", "chat", "news", "dialogue", "idiom", "manual", "ui"}
    assert min(Counter((row.pair, row.domain) for row in ROWS).values()) >= 20
    assert all(row.references and len(set(row.references)) == len(row.references) for row in ROWS)
    two = sum(len(row.references) == 2 for row in ROWS)
    assert two >= len(ROWS) / 3
    said = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert f"`benchmarks/segments.jsonl` has {len(ROWS)} that" in said
    assert f"{two} of them with two references" in said


def test_segments_are_numbered_within_their_domain() -> None:
    groups = itertools.groupby(ROWS, lambda row: (row.pair, row.domain))
    expected = [f"{pair}-{domain}-{n:02}" for (pair, domain), own in groups for n, _ in enumerate(own, 1)]
    assert [row.id for row in ROWS] == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_no_gate_holds_a_reference_back(row) -> None:
    """They are right translations: an alarm would be a fault of the gate."""
    direction = Direction(parse_language(row.source_tag), parse_language(row.target_tag))
    for reference in row.references:
        cleaned = strip_chatter(reference, row.source)
        stripped = cleaned != single_spaced(reference)
        assert problems(Pair(row.source, cleaned, direction, stripped=stripped)) == ()
        assert ("Han" in scripts_of(reference)) == (row.target_tag == "zh")


def test_wordings(tiny_model, tmp_path) -> None:
    args = ["--model", tiny_model, "--data", SEGMENTS, "--limit", "3", "--wordings", "formal,short", "--samples", "2"]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "wordings.py", *map(str, args), "-o", tmp_path / "out.jsonl"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert set(figures["wordings"]) == {"formal", "short"}
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert len(written) == 2 * figures["rows"]


def test_values_and_resuming(tiny_model, tmp_path) -> None:
    def ran(*args):
        done = subprocess.run(
            [sys.executable, ROOT / "benchmarks" / "values.py", *map(str, args)],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    args = ["--model", tiny_model, "--decoders", "greedy,best-of-n", "--budget", "2", "--limit", "4"]
    figures = ran(*args, "-o", tmp_path / "out.jsonl")
    assert set(figures["decoders"]) == {"greedy", "best-of-n"}
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines(keepends=True)
    assert len(lines) == 2 * figures["sentences"]
    (tmp_path / "out.jsonl").write_text("".join(lines[:-3]), "utf-8")
    assert ran(*args, "-o", tmp_path / "out.jsonl") == figures
    assert sorted((tmp_path / "out.jsonl").read_text("utf-8").splitlines(keepends=True)) == sorted(lines)
    checked = ran("--check")
    assert checked["false"] == 0
    assert checked["share"] >= 0.95


@pytest.mark.parametrize(
    ("script", "more", "expected"),
    [
        ("search", ["--budgets", "2,4"], ["mcts 2 - best-of-n 4:", "mcts 4 - best-of-n 8:"]),
        ("trials", ["--budget", "4", "--only", "round"], ["| default | mcts |", "| round | 8 rollouts |"]),
    ],
)
def test_search_and_trials(tiny_model, script, more, expected) -> None:
    args = ["--model", tiny_model, "--dev", SEGMENTS, "--segments", "3", *more]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / f"{script}.py", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    for part in expected:
        assert part in done.stdout
    json.loads(done.stdout.splitlines()[-1])


def test_gates(tmp_path) -> None:
    row = {"src_lang": "zh", "tgt_lang": "en", "src": "意大利的首都是哪里？"}
    rows = tmp_path / "pairs.jsonl"
    refs = ["What is the capital of Italy?", "Rome is the capital."]
    rows.write_text(json.dumps(row | {"refs": refs}) + "\n", "utf-8")
    table = tmp_path / "pairs.zh-en.tsv.gz"
    table.write_bytes(gzip.compress("# zh\ten\n你好。\t“Hello.”\n滚！\tGo away!\n".encode()))
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "gates.py", rows, table, "--both-ways", "--show", "5"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["pairs"] == {"zh-en": 4, "en-zh": 4}
    assert figures["flagged_share"]["answer"] == figures["flagged_share"]["chatter"] == 1 / 8
    assert "-> Rome is the capital." in done.stdout
    assert figures["flagged_share"]["refusal"] == 0


DOCUMENTS = {
    "a.txt": "One line\n\n- two\r\n",
    "a.md": "---\ntitle: A\n---\n\n# One *two*\n\nSee `code` and [this](http://a.b/c), and\nmore.\n\n```\nx = 1\n```\n",
    "a.html": '<!DOCTYPE html><html lang="en"><head><title>One</title></head><body><p>One <b>two</b> &amp; three</p>\n'
    "<script>let x;</script><p>Four <code>five</code></p></body></html>",
    "a.srt": "1\n00:00:01,000 --> 00:00:02,000\n- <i>One</i>\n- Two\n",
    "a.vtt": "WEBVTT\n\nNOTE no\n\n00:01.000 --> 00:02.000\n<v Ann>One &amp; two\n",
    "a.ass": "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
    "Style: Default,Arial,20\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\p1}m 0 0{\\p0}{\\i1}One{\\i0} two\n",
    "a.json": '{"one": "One {name}", "n": [1, "two"]}\n',
    "a.jsonl": '{"one": "One"}\n{"one": "Two"}\n',
    "a.csv": 'id,text\nx,"One, two"\n',
    "a.po": 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "One %d"\nmsgstr ""\n',
    "a.xlf": '<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file original="a" '
    'source-language="en" target-language="de" datatype="plaintext"><body><trans-unit id="1">'
    '<source>One <x id="1"/> two</source></trans-unit></body></file></xliff>',
}
"""Small documents, each with something that can be damaged."""
DAMAGE = {
    "a.txt": (b"\r\n", b"\n"), "a.md": (b"http://a.b/c", b"http://a.b/d"), "a.html": (b"<b>", b"<i>"),
    "a.srt": (b"<i>", b""), "a.vtt": (b"<v Ann>", b"<v Bob>"), "a.ass": (b"m 0 0", b"m 0 1"),
    "a.json": (b'"n"', b'"N"'),
    "a.jsonl": (b'"one"', b'"two"'), "a.csv": (b'"oNE, TWO"', b"oNE, TWO"), "a.po": (b"oNE %d", b"oNE"),
    "a.xlf": (b'oNE <x id="1"/>', b"oNE"), "a.docx": (b"<w:b/>", b""), "a.epub": (b"<b>", b"<i>"),
}  # fmt: skip
"""What a faulty writer would make of each."""


def archives():
    import docx

    document = docx.Document()
    document.add_paragraph().add_run("One").bold = True
    stream = io.BytesIO()
    document.save(stream)
    return {"a.docx": stream.getvalue(), "a.epub": book()}


def book():
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A</dc:title><dc:language>en</dc:language></metadata>'
        '<manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="a.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "a.opf": package,
        "a.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>One <b>two</b></p></body></html>',
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.fixture
def whole(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location("whole", ROOT / "benchmarks" / "whole.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "whole", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path):
    for name, content in (DOCUMENTS | archives()).items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path


def replaced(data, old, new):
    """Replace bytes of a file, or of the parts of an archive."""
    if not data.startswith(b"PK"):
        return data.replace(old, new)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as written:
        for info in archive.infolist():
            written.writestr(info, archive.read(info).replace(old, new))
    return out.getvalue()


def test_whole_documents(folder, whole, capsys) -> None:
    whole.main([str(folder), "--show"])
    *card, line = capsys.readouterr().out.splitlines()
    figures = json.loads(line)
    count = len(DOCUMENTS) + 2
    assert figures["files"] == count
    assert figures["perfect"]["whole"] == figures["careless"]["whole"] == count, card
    assert set(figures["perfect"]) == set(whole.KINDS)


@pytest.mark.parametrize("name", DAMAGE)
def test_a_faulty_writer_is_found(folder, whole, name) -> None:
    def faulty(path, out, translator, columns):
        whole.through_the_interface(path, out, translator, columns)
        before = out.read_bytes()
        out.write_bytes(replaced(before, *DAMAGE[name]))
        assert out.read_bytes() != before

    form = {path.name: form for path, form in whole.documents(folder)}[name]
    stand_in = whole.STAND_INS["perfect"]
    assert whole.judge(folder / name, form, stand_in).faults == ()
    assert whole.judge(folder / name, form, stand_in, faulty).kind == "damaged"


@pytest.mark.parametrize(
    "body",
    [
        p(run("By "), complex_field("AUTHOR", run("Ann Lee")), run(" on page "), complex_field("PAGE", run("iv"))),
        p(run("Sp", '<w:spacing w:val="4"/>'), run("read", '<w:spacing w:val="6"/>'), run(" letters")),
        p(run("A "), f"<w:r><w:ruby><w:rt>{run('kan')}</w:rt><w:rubyBase>{run('漢')}</w:rubyBase></w:ruby></w:r>"),
        p("<w:r><w:footnoteRef/></w:r>", run(" "), run("A note")),
        p(run("Soft"), "<w:r><w:softHyphen/></w:r>", run("hyphen"), '<w:hyperlink w:anchor="x"/>', run(" here")),
    ],
)
def test_what_nobody_sees_is_no_damage(tmp_path, whole, body) -> None:
    (tmp_path / "a.docx").write_bytes(word(body, main="word/document2.xml"))
    for stand_in in whole.STAND_INS.values():
        assert whole.judge(tmp_path / "a.docx", "docx", stand_in) == whole.Verdict(tmp_path / "a.docx", "docx", "whole")


def test_what_else_can_become_of_a_file(folder, whole) -> None:
    def copies(path, out, translator, columns):
        out.write_bytes(path.read_bytes())

    def crashes(path, out, translator, columns):
        raise KeyError(path)

    def destroys(path, out, translator, columns):
        out.write_bytes(b'{"one": ')

    (folder / "bad.json").write_text("{", "utf-8")
    stand_in = whole.STAND_INS["perfect"]
    kinds = {
        name: whole.judge(folder / "a.json", "json", stand_in, translate).kind
        for name, translate in (("copies", copies), ("crashes", crashes), ("destroys", destroys))
    }
    assert kinds == {"copies": "untranslated", "crashes": "crashed", "destroys": "damaged"}
    assert whole.judge(folder / "bad.json", "json", stand_in).kind == "refused"
    assert whole.measure(folder, {"perfect": stand_in}, crashes)["perfect"][0].kind == "crashed"


def test_heads_choose_from_pools(tiny_model, tmp_path) -> None:
    rows = [row for row in map(json.loads, SEGMENTS.read_text("utf-8").splitlines()) if row["src_lang"] == "zh"][:12]
    data, pools, head = (tmp_path / name for name in ("rows.jsonl", "pools.jsonl", "head.safetensors"))
    data.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    train = [
        "-m",
        "mtreason",
        "tune",
        "--value",
        "--model",
        tiny_model,
        "--budget",
        "12",
        "-o",
        head,
        "--langs",
        "zh-en",
    ]
    both = ["--data", data, "--pools", pools]
    for args in ([*train, *both], [ROOT / "benchmarks" / "heads.py", *both, head]):
        done = subprocess.run(
            [sys.executable, *map(str, args)],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        )
        assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    found = {row["score"]: row["pairs_right"] for row in figures["rows"]}
    assert {"greedy", "likelihood", "mix", "head", "head + l. + c."} <= set(found)
    assert found["best by chrF++"] == 1.0
    assert figures["segments"] >= 2
