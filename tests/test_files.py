"""Files are written completely or not at all, with the permissions that they had."""

import errno
import os
import stat
import subprocess
import sys

import pytest

from mtreason import files
from mtreason.errors import MtreasonError
from mtreason.files import part_of, seal, sweep_parts, unseal, write_bytes, write_text
from mtreason.runs.output import Output
from mtreason.storage import Journal, StoredTranslation


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def through_output(path):
    output = Output(path, whole=True)
    output.write("new\n")
    output.close()


@pytest.mark.parametrize("write", [lambda path: write_text(path, "new\n"), through_output])
@pytest.mark.parametrize("own", [0o600, 0o640, 0o444, 0o755])
def test_permissions_stay(tmp_path, umask, write, own) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old", "utf-8")
    path.chmod(own)
    write(path)
    assert (mode(path), path.read_text("utf-8")) == (own, "new\n")
    write(tmp_path / "other.txt")
    assert mode(tmp_path / "other.txt") == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.txt", "out.txt"]


def test_nobody_else_can_read_what_is_being_written(tmp_path, umask) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old", "utf-8")
    path.chmod(0o600)
    output = Output(path, whole=True)
    output.write("half")
    journal = Journal(path)
    journal.put("k", StoredTranslation("a", "b", problems=(), languages=("zh", "en")))
    assert mode(part_of(path)) == mode(journal.path) == 0o600
    journal.remove()
    output.discard()
    assert (path.read_text("utf-8"), list(tmp_path.iterdir())) == ("old", [path])


def test_a_symbolic_link_leads_nobody_to_another_file(tmp_path) -> None:
    path, link = tmp_path / "precious", tmp_path / "link"
    path.write_text("old", "utf-8")
    link.symlink_to(path)
    write_text(link, "new")
    assert (path.read_text("utf-8"), link.read_text("utf-8"), link.is_symlink()) == ("old", "new", False)


def test_parts_of_ended_processes_are_swept_by_whoever_writes_there(tmp_path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    gone = [f".a.txt.{ended.pid}.mtreason-part", f".b.{ended.pid}.mtreason-part", f".c.{os.getpid()}.mtreason-part"]
    gone.append(".d.99999999999999999999999.mtreason-part")
    stay = [f".a.txt.{os.getppid()}.mtreason-part", f".a.txt.{ended.pid}", f"a.{ended.pid}.mtreason-part"]
    stay += [f".{ended.pid}.mtreason-part", ".a.x1.mtreason-part", ".a.².mtreason-part"]
    for name in [*gone, *stay]:
        (tmp_path / name).write_text("half", "utf-8")
    write_text(tmp_path / "new.txt", "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*stay, "new.txt"])


def test_a_part_that_somebody_still_writes_stays(tmp_path) -> None:
    """The number of a process says nothing about processes in other containers."""
    output = Output(tmp_path / "a.txt", whole=True)
    output.write("half")
    sweep_parts(tmp_path / "b.txt")
    assert part_of(tmp_path / "a.txt").exists()
    with pytest.raises(MtreasonError, match=r"a\.txt cannot be written \(File exists\)"):
        write_text(tmp_path / "a.txt", "of another process with our number")
    output.close()
    assert (tmp_path / "a.txt").read_text("utf-8") == "half"


@pytest.mark.parametrize("call", ["fsync", "close", "replace"])
@pytest.mark.parametrize("write", [lambda path: write_bytes(path, b"new\n"), through_output])
def test_a_disk_that_is_full_at_the_end(tmp_path, monkeypatch, call, write) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old", "utf-8")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    if call == "close":
        opened = files.open_part

        class Full:
            def __init__(self, stream):
                self.stream = stream

            def __getattr__(self, name):
                return getattr(self.stream, name)

            def __enter__(self):
                return self

            def __exit__(self, *_):
                self.close()

            def close(self):
                self.stream.close()
                full()

        monkeypatch.setattr(files, "open_part", lambda place: Full(opened(place)))
        monkeypatch.setattr("mtreason.runs.output.open_part", lambda place: Full(opened(place)))
    elif call == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(type(path), "replace", full)
    with pytest.raises(MtreasonError) as error:
        write(path)
    assert "out.txt" in str(error.value)
    assert "o space left" in str(error.value)
    assert (path.read_text("utf-8"), [p.name for p in tmp_path.iterdir()]) == ("old", ["out.txt"])


@pytest.mark.parametrize("value", [{"a": "\ud800", "b": [1, 2.5, None, True]}, [], "", {"x": "\u2028\n"}])
def test_a_sealed_line_comes_back(value) -> None:
    line = seal(value)
    assert b"\n" not in line
    assert unseal(line) == value


def test_every_flipped_bit_of_a_sealed_line_is_noticed() -> None:
    line = seal({"key": "k", "source": "源", "translation": "text"})
    for place in range(8 * len(line)):
        damaged = bytearray(line)
        damaged[place // 8] ^= 1 << place % 8
        with pytest.raises(ValueError, match="checksum"):
            unseal(bytes(damaged))


@pytest.mark.parametrize("body", [b"NaN", b'{"a": -Infinity}', b"[" * 100_000, b"1" * 9999, b"", b"\xff", b"{"])
def test_what_is_sealed_and_no_json_is_refused(body) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - many reasons
        unseal(f"{files.checksum(body)} ".encode() + body)
