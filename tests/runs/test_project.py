"""`mtreason batch`: only what is stale is made again, and a check finds what is wrong without a model."""

import json
import re
import signal
import time

import pytest
from lxml import etree
from support.commands import run, start

from mtreason.errors import InputError
from mtreason.runs.lock import read_lock, write_lock
from mtreason.runs.project import Project
from mtreason.runs.repository import find_jobs, read_config

CONFIG = """
source = "zh"
targets = ["en", "de"]
files = ["docs/**/*.md", "docs/**/*.json"]
output = "i18n/{{lang}}/{{path}}"
glossaries = []
shipped_glossaries = false
decoder = "greedy"
budget = 2
model = "{model}"
"""


def test_another_wording_makes_outputs_stale(repository, tmp_path, monkeypatch) -> None:
    """Also one that a newer version asks by default, before any model is loaded."""
    config = repository / "mtreason.toml"
    batch(repository, code={0, 3})
    project = Project(config)
    assert not [f for f in project.check() if f.kind == "stale"]
    monkeypatch.setattr("mtreason.decoding.wordings.DEFAULT", "into")
    assert {f.message for f in project.check() if f.kind == "stale"} == {"prompt changed: run mtreason batch"}
    monkeypatch.undo()
    (repository / "own.toml").write_text('instruction = "To {target}: "\n', "utf-8")
    config.write_text(f'prompt = "own.toml"\n{config.read_text("utf-8")}', "utf-8")
    assert {f.message for f in Project(config).check() if f.kind == "stale"} == {"prompt changed: run mtreason batch"}
    config.write_text(config.read_text("utf-8").replace("own.toml", "nothing.toml"), "utf-8")
    with pytest.raises(InputError, match=r"nothing\.toml"):
        Project(config).check()


@pytest.fixture
def repository(tmp_path, tiny_model):
    root = tmp_path / "repository"
    for i in range(4):
        folder = root / "docs" / f"part{i % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"page{i}.md").write_text(f"# 今天 {i}\n\n天气很好。\n", "utf-8")
    (root / "docs" / "words.json").write_text('{"hello": "你好 {name}", "n": 1}\n', "utf-8")
    (root / "mtreason.toml").write_text(CONFIG.format(model=tiny_model), "utf-8")
    return root


def batch(root, *args, code):
    returned, out, err = run(["batch", root / "mtreason.toml", *args], root.parent / "cache")
    assert returned in code, err
    assert out == b""
    return err


def test_only_what_is_stale(repository, tmp_path) -> None:
    err = batch(repository, "--check", code={3})
    assert "i18n/en/docs/words.json: stale: missing: run mtreason batch" in err
    summary = tmp_path / "s.json"
    batch(repository, "--summary", summary, code={0, 3})
    made = json.loads(summary.read_text("utf-8"))
    assert len(made["made"]) == 10
    assert made["tokens"] > 0
    assert (repository / "i18n" / "de" / "docs" / "part1" / "page3.md").read_text("utf-8").startswith("# ")
    assert json.loads((repository / "i18n" / "en" / "docs" / "words.json").read_text("utf-8"))["n"] == 1
    outputs = {p: p.stat().st_mtime_ns for p in repository.rglob("i18n/**/*.*")}
    err = batch(repository, "--summary", summary, code={0, 3})
    again = json.loads(summary.read_text("utf-8"))
    assert (again["made"], again["tokens"]) == ([], 0)
    assert "loading" not in err
    assert {p: p.stat().st_mtime_ns for p in repository.rglob("i18n/**/*.*")} == outputs
    assert not any(f["kind"] == "stale" for f in again["findings"])

    page = repository / "docs" / "part0" / "page0.md"
    page.write_text(page.read_text("utf-8") + "\n再见。\n", "utf-8")
    junit = tmp_path / "s.xml"
    err = batch(repository, "--check", "--summary", junit, "--summary", tmp_path / "s.md", code={3})
    assert "i18n/de/docs/part0/page0.md: stale: source changed" in err
    suite = etree.parse(junit).getroot()
    assert suite.get("tests") == "10"
    assert int(suite.get("failures")) >= 2
    assert "stale" in (tmp_path / "s.md").read_text("utf-8")
    batch(repository, "--summary", summary, code={0, 3})
    assert sorted(json.loads(summary.read_text("utf-8"))["made"]) == [
        "i18n/de/docs/part0/page0.md",
        "i18n/en/docs/part0/page0.md",
    ]


def test_one_bad_file_does_not_stop_the_others(repository) -> None:
    """The whole run ended with exit code 2, and nothing was translated."""
    (repository / "docs" / "part0" / "page0.md").write_bytes("今天".encode("gb18030"))
    err = batch(repository, code={3})
    assert "i18n/en/docs/part0/page0.md: unreadable: " in err
    assert "line 1, byte offset 0, is not UTF-8" in err
    assert "10 outputs, 8 made" in err
    assert "Traceback" not in err


def test_an_edit_is_kept_and_said(repository) -> None:
    batch(repository, code={0, 3})
    path = repository / "i18n" / "en" / "docs" / "part0" / "page0.md"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("# By hand\n" + "".join(lines[1:]), "utf-8")
    source = repository / "docs" / "part0" / "page0.md"
    source.write_text(source.read_text("utf-8").replace("今天 0", "今天 00"), "utf-8")
    err = batch(repository, code={3})
    assert path.read_text("utf-8").startswith("# By hand\n")
    assert "i18n/en/docs/part0/page0.md: conflict: line 1: changed by a person, and so did the source" in err
    err = batch(repository, "--adopt", code={0, 3})
    assert "conflict" not in err
    assert "i18n/en/docs/part0/page0.md: edited: line 1" in err


def test_without_the_lock_nothing_is_overwritten(repository) -> None:
    """The advice was to remove it, and then all was translated anew."""
    batch(repository, code={0, 3})
    (repository / "mtreason.lock").unlink()
    before = {p: p.read_bytes() for p in repository.rglob("i18n/**/*.*")}
    err = batch(repository, code={3})
    assert "i18n/en/docs/part0/page0.md: unknown: is there, but not in mtreason.lock" in err
    assert {p: p.read_bytes() for p in repository.rglob("i18n/**/*.*")} == before


def test_terminated(repository) -> None:
    """Nothing in flight is waited for, what is finished is kept, and the same command goes on."""
    pages = [repository / "docs" / "part0" / f"more{i}.md" for i in range(30)]
    for i, page in enumerate(pages):
        page.write_text("".join(f"今天天气很好，第{i}天，第{j}页。\n\n" for j in range(10)), "utf-8")
    process = start(["batch", repository / "mtreason.toml"], repository.parent / "cache")
    while process.poll() is None and not (repository / "mtreason.lock").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, raw = process.communicate(timeout=120)
    assert process.returncode == 130, raw
    assert time.monotonic() - began < 5
    assert re.search(rb"terminated: \d+ segments are kept; the same command goes on", raw)
    done = len(json.loads((repository / "mtreason.lock").read_text("utf-8"))["outputs"])
    assert 0 < done < 70
    assert "70 outputs, " in batch(repository, code={0, 3})
    assert not list(repository.rglob(".*journal*"))


def finished(root, name, text):
    """An output as if it had been made."""
    project = Project(root / "mtreason.toml")
    [job] = [job for job in project.jobs if job.name == name]
    job.output.parent.mkdir(parents=True, exist_ok=True)
    job.output.write_text(text, "utf-8")
    lock = read_lock(root)
    lock.record(job, project.run(job.target))
    write_lock(root, lock)


def test_what_a_check_finds(repository) -> None:
    config = repository / "mtreason.toml"
    (repository / "terms.zh-en.tsv").write_text("天气\tweather\n", "utf-8")
    text = (
        config.read_text("utf-8")
        .replace('"en", "de"', '"en"')
        .replace("glossaries = []", 'glossaries = ["terms.zh-en.tsv"]')
    )
    config.write_text(text.replace('"docs/**/*.md", ', '"docs/part0/page0.md", '), "utf-8")
    finished(repository, "i18n/en/docs/part0/page0.md", "# Today 0\n\nThe weather is fine.\n")
    finished(repository, "i18n/en/docs/words.json", '{"hello": "Hello {name}", "n": 1}\n')
    assert batch(repository, "--check", code={0}) == "mtreason: 2 outputs, checked; 0 findings\n"
    finished(repository, "i18n/en/docs/words.json", '{"hello": "Hello {nom}", "n": 1}\n')
    finished(repository, "i18n/en/docs/part0/page0.md", "# Today 0\n\nIt is fine.\n")
    err = batch(repository, "--check", code={3})
    assert "words.json: placeholder: line 1: placeholders differ from the source's ({name})" in err
    assert "page0.md: term: line 3: 天气 is not weather" in err
    finished(repository, "i18n/en/docs/part0/page0.md", "# Today 0\n")
    assert "page0.md: structure: has 1 units, the source 2" in batch(repository, "--check", code={3})
    config.write_text(config.read_text("utf-8") + 'references = "refs/{path}"\n[floors]\nchrf = 50\n', "utf-8")
    (repository / "refs" / "docs" / "part0").mkdir(parents=True)
    (repository / "refs" / "docs" / "part0" / "page0.md").write_text("# Today 0\n\nThe weather is fine.\n", "utf-8")
    finished(repository, "i18n/en/docs/part0/page0.md", "# Whenever\n\nSomething with weather.\n")
    finished(repository, "i18n/en/docs/words.json", '{"hello": "Hello {name}", "n": 1}\n')
    err = batch(repository, "--check", code={3})
    assert "en: metric: chrF++ is " in err
    assert "the floor is 50" in err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("files =", "flies ="), "unknown key 'flies', did you mean 'files'"),
        (("budget = 2", 'budget = "2"'), "budget is '2', which is of the wrong kind"),
        (("budget = 2", "budget = true"), "budget is True, which is of the wrong kind"),
        (("budget = 2", "budget = ["), "not TOML"),
        (('source = "zh"', ""), "source is missing"),
        (("{lang}/", ""), "has no {lang}, but there are several targets"),
        (("i18n/{lang}/{path}", "../{lang}/{path}"), "is outside of"),
        (("i18n/{lang}/{path}", "{lang}/{stem}"), None),
        (("i18n/{lang}/{path}", "{lang}/all.md"), "would come from"),
        (("i18n/{lang}/{path}", "{lang}/{file}"), "use {lang}, {path}, {dir}, {stem} and {suffix}"),
        (("docs/**/*.md", "dogs/*.md"), "files 'dogs/*.md': nothing in"),
        (("docs/**/*.md", "."), "files '.': not a pattern: "),
        (("docs/**/*.md", "**.md"), "files '**.md': not a pattern: "),
        (("docs/**/*.md", "../*.md"), "patterns begin in the directory of the configuration"),
        (("decoder = ", "[floors]\nblue = 3\n#"), "floors 'blue': no such metric, did you mean 'bleu'?"),
    ],
)
def test_configurations(repository, change, message) -> None:
    path = repository / "mtreason.toml"
    path.write_text(path.read_text("utf-8").replace(*change), "utf-8")

    def jobs():
        return find_jobs(read_config(path), repository)

    if message is None:
        assert len(jobs()) == 10
        return
    with pytest.raises(InputError) as error:
        jobs()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_links_lead_nowhere(repository, tmp_path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repository / "i18n").symlink_to(outside)
    with pytest.raises(InputError, match="is, or is behind, a symbolic link"):
        find_jobs(read_config(repository / "mtreason.toml"), repository)
    (repository / "i18n").unlink()
    (outside / "secret.md").write_text("# 秘密\n", "utf-8")
    (repository / "docs" / "link.md").symlink_to(outside / "secret.md")
    jobs = find_jobs(read_config(repository / "mtreason.toml"), repository)
    assert not any("link" in job.name for job in jobs)
