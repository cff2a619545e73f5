"""`batch` writes only where nothing is lost: not onto inputs, nor hidden places, nor outside."""

import os

import pytest
from support.commands import run_inside
from support.repositories import CONFIG, Repository, StandIn

from mtreason.errors import InputError
from mtreason.runs.project import Project


@pytest.fixture
def repository(tmp_path):
    found = Repository(tmp_path / "r")
    found.source("a.md", "# 一\n")
    found.source("b.md", "# 二\n")
    return found


def with_output(repository, pattern, more="") -> None:
    text = CONFIG.replace('output = "out/{lang}/{path}"', f'output = "{pattern}"')
    repository.config.write_text(text + more, "utf-8")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("mtreason.toml", "is the configuration"),
        ("MTReason.TOML", "is the configuration"),
        ("mtreason.lock", "is the lock"),
        ("Mtreason.Lock", "is the lock"),
        ("docs/{stem}.md", "is itself a source"),
        ("DOCS/{stem}.md", "is itself a source"),
        ("docs/a.md/{stem}", "is inside of a source"),
        ("docs", "is there already, and is no file"),
        (".git/hooks/{stem}", "is hidden"),
        ("{lang}/.{stem}.md", "is hidden"),
        ("./.hidden/{path}", "is hidden"),
        ("../{path}", "is outside of"),
        ("{lang}/../../{path}", "is outside of"),
        ("/{path}", "is outside of"),
        ("", "output is missing"),
        (".", "is no name of a file"),
        ("{lang}/\\u001b[31m{stem}", "has a control character"),
        ("{lang}/a\\u0000{stem}", "has a control character"),
        ("{lang}/a\\n{stem}", "has a control character"),
        ("{lang}/same.md", "would come from"),
        ("{path:>100000000000}", "use {lang}, {path}"),
        ("{path.__class__}", "use {lang}, {path}"),
        ("{path!r}", "use {lang}, {path}"),
        ("{b}", "use {lang}, {path}"),
        ("{lang", "use {lang}, {path}"),
        ("linked/{path}", "symbolic link"),
        ("loop/{path}", "symbolic link"),
        ("terms.tsv", "is a glossary"),
        ("people.tmx", "is a memory"),
        ("own.toml", "is the prompt"),
        ("hard.md", "is itself a source"),
    ],
)
def test_outputs(repository, tmp_path, pattern, message) -> None:
    (tmp_path / "elsewhere").mkdir()
    (repository.root / "linked").symlink_to(tmp_path / "elsewhere")
    (repository.root / "loop").symlink_to(repository.root / "loop")
    os.link(repository.root / "docs" / "a.md", repository.root / "hard.md")
    with_output(repository, pattern, 'memories = ["people.tmx"]\nprompt = "own.toml"\n')
    text = repository.config.read_text("utf-8").replace("glossaries = []", 'glossaries = ["terms.tsv"]', 1)
    repository.config.write_text(text, "utf-8")
    with pytest.raises(InputError) as error:
        Project(repository.config)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_names_that_some_file_systems_take_for_the_same(repository) -> None:
    repository.source("A.md", "# 三\n")
    with pytest.raises(InputError, match=r"which some file systems take for the same\): leave one out with exclude"):
        Project(repository.config)
    (repository.root / "docs" / "A.md").unlink()
    for name in ("\u00e9.md", "e\u0301.md"):
        repository.source(name, "# 三\n")
    with pytest.raises(InputError, match="which some file systems take for the same"):
        Project(repository.config)


def test_an_output_inside_of_another(repository) -> None:
    repository.source("d/a.md", "# 三\n")
    with_output(repository, "o/{stem}/{dir}")
    text = repository.config.read_text("utf-8").replace("docs/*", "docs/**/*.md")
    repository.config.write_text(text, "utf-8")
    with pytest.raises(InputError, match="would be inside of 'o/a/docs', which is a file"):
        Project(repository.config)


def test_an_output_that_is_a_file_of_somebody_else(repository) -> None:
    """A readme, which no pattern of the sources matches, was replaced."""
    (repository.root / "README.md").write_text("mine\n", "utf-8")
    (repository.root / "docs" / "b.md").unlink()
    with_output(repository, "README.md")
    repository.update()
    assert (repository.root / "README.md").read_text("utf-8") == "mine\n"
    assert repository.findings() == [("unknown", "README.md")]


def test_a_loop_of_links_among_the_sources(repository) -> None:
    """It was a traceback."""
    (repository.root / "docs" / "c.md").symlink_to(repository.root / "docs" / "c.md")
    assert repository.update().asked == ["一", "二"]


@pytest.mark.parametrize("name", ["mtreason.toml", "mtreason.lock", "terms.tsv", "people.tmx", "own.toml"])
def test_a_pipe_is_not_waited_for(repository, name) -> None:
    """A repository that somebody packed may have one wherever a file should be."""
    with_output(repository, "out/{path}", 'memories = ["people.tmx"]\nprompt = "own.toml"\n')
    text = repository.config.read_text("utf-8").replace("glossaries = []", 'glossaries = ["terms.tsv"]', 1)
    repository.config.write_text(text, "utf-8")
    (repository.root / name).unlink(missing_ok=True)
    os.mkfifo(repository.root / name)
    with pytest.raises(InputError, match="is no file but a pipe or a device"):
        Project(repository.config)


def test_hidden_files_are_no_sources_unless_a_pattern_says_so(repository) -> None:
    """What an editor or a file manager leaves there kept all others from being translated."""
    for name in (".DS_Store", ".a.md.swp", ".own/c.md"):
        repository.source(name, "四\n")
    assert repository.update().asked == ["一", "二"]
    text = repository.config.read_text("utf-8")
    repository.config.write_text(text.replace("docs/*", "docs/**/*"), "utf-8")
    assert repository.update().asked == []
    repository.config.write_text(text.replace("docs/*", "docs/.own/*"), "utf-8")
    with pytest.raises(InputError, match="is hidden"):
        Project(repository.config)
    with_output(repository, "out/{stem}.md")
    repository.config.write_text(repository.config.read_text("utf-8").replace("docs/*", "docs/.own/*"), "utf-8")
    assert repository.update().asked == ["四"]


def test_one_bad_file_does_not_stop_the_others(repository) -> None:
    repository.source("bad.md", b"\xff\xfe\x00")
    repository.source("bad.json", "[" * 100_000)
    repository.source("bad.docx", b"PK nothing")
    assert repository.update().asked == ["一", "二"]
    assert repository.findings() == [("unreadable", "bad.docx"), ("unreadable", "bad.json"), ("unreadable", "bad.md")]
    assert "said 一" in repository.read("a.md")


def test_one_output_that_cannot_be_written_does_not_stop_the_others(repository) -> None:
    (repository.root / "out" / "en").mkdir(parents=True)
    with_output(repository, "out/{lang}/{stem}/{path}")
    (repository.root / "out" / "en" / "a").write_text("a file in the way\n", "utf-8")
    assert repository.update().asked == ["一", "二"]
    assert [f.name for f in repository.last.faults] == ["out/en/a/docs/a.md"]
    assert (repository.root / "out" / "en" / "b" / "docs" / "b.md").exists()
    assert (repository.root / "out" / "en" / "a").read_text("utf-8") == "a file in the way\n"


def test_names_that_are_no_text(repository, monkeypatch, capfd) -> None:
    for name in (b"/\xff.md", b"/\x1b[31m.md", b"/a\nb.md"):
        with open(os.fsencode(repository.root / "docs") + name, "wb") as file:  # noqa: PTH123 - a name in bytes
            file.write("# 三\n".encode())
    assert repository.update().asked == ["一", "二"]
    assert sorted(repository.findings()) == [("unreadable", name) for name in ("\x1b[31m.md", "\\xff.md", "a\nb.md")]
    code, _, err = run_inside(["batch", repository.config, "--check"], monkeypatch, capfd)
    assert (code, len(err.splitlines())) == (3, 4)
    assert "\x1b" not in err


ODD = ("$x.md", "{b}.md", "[red]x.md", "a b.md", "'q'.md", "%s.md")


def test_signs_in_names_and_sources_mean_nothing(repository) -> None:
    for name in ODD:
        repository.source(name, "# 三 {b} [bold]\x1b[31m$x\n")
    repository.update()
    assert all("said 三 {b} [bold]" in repository.read(name) for name in ODD)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("docs/a.md", "is a source"),
        ("DOCS/a.md", "is a source"),
        ("out/en/docs/a.md", "is an output"),
        ("README.md", "no summary of this tool"),
        ("package.json", "no summary of this tool"),
        (".git/x.md", "is hidden"),
        (".x.md", "is hidden"),
        ("linked/x.md", "symbolic link"),
        ("link.md", "symbolic link"),
        ("s.txt", "expected a name that ends in .md, .json, .xml"),
    ],
)
def test_summaries(repository, tmp_path, monkeypatch, capfd, name, message) -> None:
    (repository.root / ".git").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (repository.root / "linked").symlink_to(tmp_path / "elsewhere")
    for other in ("README.md", "package.json"):
        (repository.root / other).write_text('{"mine": 1}\n', "utf-8")
    (repository.root / "link.md").symlink_to(repository.root / "docs" / "a.md")
    before = {p: p.read_bytes() for p in repository.root.rglob("*") if p.is_file()}
    args = ["batch", repository.config, "--check", "--summary", repository.root / name]
    code, _, err = run_inside(args, monkeypatch, capfd)
    assert code == 2
    assert message.replace("is a source", "source") in err
    assert len(err.splitlines()) == 1
    assert {p: p.read_bytes() for p in repository.root.rglob("*") if p.is_file()} == before


def test_a_summary_replaces_only_a_summary(repository, monkeypatch, capfd) -> None:
    names = ["s.md", "s.json", "s.xml"]
    args = [x for name in names for x in ("--summary", repository.root / name)]
    for _ in range(2):
        code, _, err = run_inside(["batch", repository.config, "--check", *args], monkeypatch, capfd)
        assert code == 3, err
    code, _, err = run_inside(["batch", repository.config, "--check", *args, *args[:2]], monkeypatch, capfd)
    assert code == 2
    assert "is named twice" in err


def test_what_a_check_says_of_people(repository, monkeypatch, capfd) -> None:
    repository.update()
    repository.output("a.md", "# by hand \x1b[m\n")
    code, _, err = run_inside(
        ["batch", repository.config, "--check", "--summary", repository.root / "s.json"], monkeypatch, capfd
    )
    assert code == 0, err
    assert "out/en/docs/a.md: edited: line 1: by a person, and kept" in err
    assert '"kind": "edited"' in (repository.root / "s.json").read_text("utf-8")
    repository.source("a.md", "# 一好\n")
    repository.update(StandIn("again"))
    code, _, err = run_inside(["batch", repository.config, "--check"], monkeypatch, capfd)
    assert code == 3
    assert "out/en/docs/a.md: conflict: line 1: changed by a person, and so did the source" in err
    assert "\x1b" not in err


def test_a_check_adopts_nothing(repository, monkeypatch, capfd) -> None:
    code, _, err = run_inside(["batch", repository.config, "--check", "--adopt"], monkeypatch, capfd)
    assert (code, len(err.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = " + "[" * 20_000, "not TOML: "),
        ("seed = " + "9" * 5000 + "\n" + CONFIG, "not TOML: "),
        ("floors = {chrf = 'x'}\n" + CONFIG, "floors: chrf is 'x', which is no number"),
        ("seed = [" + "1," * 5000 + "]\n" + CONFIG, "which is of the wrong kind"),
        ("#" * (1 << 21), "larger than 1 MB"),
    ],
    ids=["deep", "number", "floors", "long", "huge"],
)
def test_odd_configurations(repository, text, message) -> None:
    repository.config.write_text(text, "utf-8")
    with pytest.raises(InputError) as error:
        Project(repository.config)
    assert message in str(error.value)
    assert len(str(error.value)) < 500
