"""The lock: whatever is in it is read, or refused in one line; and a crash beside it loses nothing."""

import json
import os
from pathlib import Path

import pytest
from support.repositories import CONFIG, Repository, StandIn

from mtreason.errors import InputError, MtreasonError
from mtreason.runs import update as update_module
from mtreason.runs.lock import LOCK, Intents, intents_path, read_lock


@pytest.fixture
def repository(tmp_path):
    found = Repository(tmp_path / "r")
    found.source("a.md", "# 一\n\n二\n")
    found.source("b.md", "# 三\n")
    found.update()
    return found


def test_it_can_be_reviewed(repository) -> None:
    """One line for each piece, sorted, and nothing else where nothing else was done."""
    text = (repository.root / LOCK).read_text("utf-8")
    repository.source("a.md", "# 一\n\n二好\n")
    repository.update()
    after = (repository.root / LOCK).read_text("utf-8")
    lines = [(a, b) for a, b in zip(text.splitlines(), after.splitlines(), strict=True) if a != b]
    assert len(lines) == 3  # the piece, the digest of the source, and that of the output
    repository.output("b.md", "# by hand\n")
    repository.update()
    assert ' person"' in (repository.root / LOCK).read_text("utf-8")


def changed(record, path, value):
    *way, last = path
    place = record
    for key in way:
        place = place[next(iter(place)) if key is ... else key]
    last = next(iter(place)) if last is ... else last
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return record


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), "3"),
        (("version",), True),
        (("version",), 3.5),
        (("version",), None),
        (("version",), KeyError),
        (("outputs",), []),
        (("outputs",), None),
        (("outputs", "\ud800"), {}),
        (("outputs", ...), None),
        (("outputs", ..., "source"), 3),
        (("outputs", ..., "source"), KeyError),
        (("outputs", ..., "run"), "none"),
        (("outputs", ..., "run"), ["x"]),
        (("outputs", ..., "output"), {}),
        (("outputs", ..., "frames"), "ab"),
        (("outputs", ..., "frames"), ["a"]),
        (("outputs", ..., "frames"), ["a", 1]),
        (("outputs", ..., "pieces"), "ab"),
        (("outputs", ..., "pieces"), ["x"]),
        (("outputs", ..., "pieces"), [1]),
        (("outputs", ..., "pieces"), ["ab cd somebody"]),
        (("outputs", ..., "person"), "yes"),
        (("outputs", ..., "asked"), 1),
        (("outputs", ..., "more"), 1),
        (("runs",), []),
        (("runs", ...), None),
        (("runs", ..., "settings"), []),
        (("runs", ..., "seed"), 1),
    ],
)
def test_a_lock_of_other_types_is_refused(repository, path, value) -> None:
    lock = repository.root / LOCK
    lock.write_text(json.dumps(changed(json.loads(lock.read_text("utf-8")), path, value)), "utf-8")
    with pytest.raises(InputError) as error:
        read_lock(repository.root)
    assert str(error.value).startswith(f"{lock}: not a lock of this tool: take it from version control again")
    assert "--adopt" in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"version": ' + "9" * 5000 + "}",
        "<<<<<<< ours\n",
        "\0",
    ],
    ids=["empty", "list", "null", "half", "deep", "deep-objects", "number", "conflict", "nul"],
)
def test_no_lock_at_all(repository, text) -> None:
    (repository.root / LOCK).write_text(text, "utf-8")
    with pytest.raises(InputError, match="not a lock of this tool") as error:
        repository.update()
    assert len(str(error.value)) < 500


def test_a_lock_of_a_newer_version(repository) -> None:
    """It was advised to remove it, and then everything was overwritten."""
    lock = repository.root / LOCK
    lock.write_text(json.dumps(changed(json.loads(lock.read_text("utf-8")), ("version",), 99)), "utf-8")
    with pytest.raises(InputError, match=r"written by a newer version of mtreason .*: update mtreason") as error:
        repository.update()
    assert "remove" not in str(error.value)


def test_a_lock_of_an_older_version_knows_nothing_of_people(repository) -> None:
    lock = repository.root / LOCK
    lock.write_text('{"outputs": {}, "runs": {}, "version": 2}', "utf-8")
    assert repository.update(StandIn("again")).asked == []
    assert {kind for kind, _ in repository.findings()} == {"unknown"}


def test_a_lock_that_is_a_directory(repository) -> None:
    (repository.root / LOCK).unlink()
    (repository.root / LOCK).mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        repository.update()


class PowerCut(BaseException):
    """Nothing after it happens."""


@pytest.mark.parametrize("edit", [False, True])
def test_a_crash_between_the_output_and_the_lock(repository, monkeypatch, edit) -> None:
    """The output is this tool's, though the lock says nothing of it; what a person does then is still a person's."""

    def cut(*_args) -> None:
        raise PowerCut

    repository.source("c.md", "# 四\n")
    before = (repository.root / LOCK).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(update_module, "write_lock", cut)
        with pytest.raises(PowerCut):
            repository.update()
    assert (repository.root / LOCK).read_bytes() == before
    assert "said 四" in repository.read("c.md")
    assert intents_path(repository.root).exists()
    if edit:
        repository.output("c.md", "# by hand\n")
    assert (repository.findings(), repository.edited()) == ([], ["c.md"] if edit else [])
    repository.source("c.md", "# 四好\n")
    repository.update(StandIn("again"))
    assert ("by hand" if edit else "again 四好") in repository.read("c.md")
    assert repository.findings() == ([("conflict", "c.md")] if edit else [])
    assert not intents_path(repository.root).exists()


def test_a_crash_before_the_output(repository) -> None:
    """What was announced and did not happen is forgotten."""
    lock = read_lock(repository.root)
    made = lock.outputs["out/en/docs/a.md"]
    run = lock.runs[made.run]
    other = lock.outputs["out/en/docs/b.md"]
    Intents(repository.root).add("out/en/docs/a.md", other, run, made.output)
    assert read_lock(repository.root).outputs["out/en/docs/a.md"] == made
    assert repository.findings() == []


def test_half_an_announcement(repository) -> None:
    lock = read_lock(repository.root)
    made = lock.outputs["out/en/docs/a.md"]
    Intents(repository.root).add("out/en/docs/b.md", made, lock.runs[made.run], "")
    path = intents_path(repository.root)
    data = path.read_bytes()
    for damaged in (data[:-20], data.replace(b"person", b"pirson"), b"\xff\xfe" + data, b"\n\n{}\n", data[20:]):
        path.write_bytes(damaged if damaged != data else data[:40])
        assert read_lock(repository.root).outputs == lock.outputs


@pytest.mark.parametrize("plant", [Path.symlink_to, Path.hardlink_to])
def test_a_link_in_place_of_the_announcements_overwrites_nothing(repository, tmp_path, plant) -> None:
    """Lines with names that a stranger chose went to the end of whatever file it led to."""
    victim = tmp_path / "victim"
    victim.write_text("precious\n", "utf-8")
    plant(intents_path(repository.root), victim)
    lock = read_lock(repository.root)
    made = lock.outputs["out/en/docs/a.md"]
    with pytest.raises(MtreasonError, match="cannot be written"):
        Intents(repository.root).add("out/en/docs/a.md", made, lock.runs[made.run], "")
    repository.source("a.md", "# 四\n")
    assert repository.update().asked == ["四"]
    assert victim.read_text("utf-8") == "precious\n"
    assert not intents_path(repository.root).exists()


def test_a_pipe_in_place_of_the_announcements_is_not_waited_for(repository) -> None:
    os.mkfifo(intents_path(repository.root))
    assert repository.update().asked == []


def test_an_announcement_of_what_is_outside_is_none(repository, tmp_path) -> None:
    """A device would be read for ever to see whether it was made."""
    lock = read_lock(repository.root)
    made = lock.outputs["out/en/docs/a.md"]
    for name in ("/dev/zero", "../r/mtreason.toml", ".git/config"):
        Intents(repository.root).add(name, made, lock.runs[made.run], "")
    assert set(read_lock(repository.root).outputs) == set(lock.outputs)


def test_what_is_no_longer_wanted_stays_known_while_it_is_there(repository) -> None:
    """Two configurations may share a directory, and a pattern may be changed back."""
    (repository.root / "docs" / "b.md").rename(repository.root / "b.md")
    repository.update()
    assert "out/en/docs/b.md" in read_lock(repository.root).outputs
    (repository.root / "out" / "en" / "docs" / "b.md").unlink()
    repository.update()
    assert "out/en/docs/b.md" not in read_lock(repository.root).outputs


def test_a_glossary_that_changed_meanwhile(tmp_path) -> None:
    """What was read is what is recorded, so the change is seen by the next run."""
    repository = Repository(tmp_path / "g", CONFIG.replace("glossaries = []", 'glossaries = ["terms.tsv"]'))
    terms = repository.root / "terms.tsv"
    terms.write_text("天气\tweather\n", "utf-8")
    repository.source("a.md", "# 一\n")
    repository.update(StandIn("said", lambda _text: terms.write_text("天气\tsky\n", "utf-8")))
    assert repository.findings() == [("stale", "a.md")]
    repository.update(StandIn("again"))
    assert repository.findings() == []
