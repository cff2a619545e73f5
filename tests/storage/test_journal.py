"""The journal: a damaged line costs that line, and is named; one process at a time holds it, to its very end."""

import json
import os
import random

import pytest

from mtreason.errors import DocumentError
from mtreason.files import seal
from mtreason.storage import Journal, StoredTranslation
from mtreason.storage.locking import HeldError, Lock

NUMBER = 6


def kept(i):
    return StoredTranslation(
        f"源{i}", f"text {i}\n\u2028", problems=("chatter",) * (i % 2 == 0), languages=("zh", "en")
    )


@pytest.fixture
def journal(tmp_path):
    """The path of a journal with some segments."""
    made = Journal(tmp_path / "out.txt")
    for i in range(NUMBER):
        made.put(f"k{i}", kept(i))
    made.close()
    return made.path


def test_a_flipped_bit_is_never_taken_for_a_translation(journal, tmp_path) -> None:
    data = journal.read_bytes()
    chance = random.Random(3)
    for place in chance.sample(range(8 * len(data)), 300):
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        journal.write_bytes(damaged)
        again = Journal(tmp_path / "out.txt")
        found = [again.get(f"k{i}") for i in range(NUMBER)]
        assert all(one in {None, kept(i)} for i, one in enumerate(found))
        # A flipped line break joins two lines.
        assert NUMBER - 2 <= len([one for one in found if one is not None]) == again.found
        lost = again.found < NUMBER
        cut_off = damaged[-1:] != b"\n"
        assert bool(again.damaged) or not lost or cut_off
        for i in range(NUMBER):
            again.put(f"k{i}", kept(i))
        assert [again.get(f"k{i}") for i in range(NUMBER)] == [kept(i) for i in range(NUMBER)]
        again.close()


def test_damaged_lines_are_named(journal, tmp_path) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"text", b"tExt")
    lines[4] = lines[4][:-9] + b"\n"
    journal.write_bytes(b"".join(lines))
    again = Journal(tmp_path / "out.txt")
    assert again.damaged == [3, 5]
    assert again.damage() == (
        f"{journal}: damaged in lines 3, 5: what stood there is translated again, the rest is kept"
    )
    assert again.found == NUMBER - 2
    again.close()


@pytest.mark.parametrize(
    "record",
    [
        {"key": 1}, [], "x", None, {"process": [1]}, {"key": "k", "source": 1}, {"key": "k0", "process": 3},
        {"key": "k", "source": "a", "translation": "b", "problems": [0], "languages": ["zh", "en"]},
        {"key": "k", "source": "a", "translation": "b", "problems": [], "languages": ["zh", "en"], "more": 1},
        {"key": "k", "source": "a", "translation": "b", "problems": [], "languages": ["zh", "\x1b[2J"]},
        {"key": "k", "source": "a", "translation": None, "problems": [], "languages": ["zh", "en"]},
    ],
)  # fmt: skip
def test_a_record_of_another_form_is_left_out(journal, tmp_path, record) -> None:
    with journal.open("ab") as stream:
        stream.write(seal(record) + b"\n")
    again = Journal(tmp_path / "out.txt")
    assert again.found == NUMBER
    assert [again.get(f"k{i}") for i in range(NUMBER)] == [kept(i) for i in range(NUMBER)]
    assert again.get("k") is None
    with pytest.raises(DocumentError, match=f"process {os.getpid()}|another process|process"):
        Journal(tmp_path / "out.txt")
    again.close()


def test_damage_while_it_is_open_costs_the_segment(journal, tmp_path) -> None:
    again = Journal(tmp_path / "out.txt")
    journal.write_bytes(journal.read_bytes().replace(b"text 2", b"text 9"))
    assert again.get("k2") is None
    again.put("k2", kept(2))
    assert again.get("k2") == kept(2)
    again.close()


def test_what_it_finds_in_its_place(tmp_path) -> None:
    """A link would lead a writer to another file, a pipe would let it wait for ever."""
    victim, out = tmp_path / "victim", tmp_path / "out.txt"
    for name in (".out.txt.mtreason-journal.lock", ".out.txt.mtreason-journal"):
        victim.write_text("precious\n", "utf-8")
        (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / name).symlink_to(victim)
        with pytest.raises(DocumentError, match="cannot be written"):
            Journal(out)
        assert victim.read_text("utf-8") == "precious\n"
        (tmp_path / name).unlink()
    os.mkfifo(tmp_path / ".out.txt.mtreason-journal")
    with pytest.raises(DocumentError, match="it is no file of its own"):
        Journal(out)
    (tmp_path / ".out.txt.mtreason-journal").unlink()
    os.link(victim, tmp_path / ".out.txt.mtreason-journal")
    with pytest.raises(DocumentError, match="it is no file of its own"):
        Journal(out)
    assert victim.read_text("utf-8") == "precious\n"


def test_who_comes_between_the_removal_and_the_release_holds_another_lock(tmp_path) -> None:
    """Two processes must not hold one journal: the one that opened the removed file begins anew."""
    path = tmp_path / "lock"
    first = Lock(path)
    late = os.open(path, os.O_RDWR)  # of a process that is slow to lock what it has opened
    first.remove()
    second = Lock(path)
    with pytest.raises(HeldError):
        Lock(path)
    os.close(late)
    second.remove()
    assert not path.exists()


def test_a_process_that_opened_the_removed_lock_does_not_take_it(tmp_path, monkeypatch) -> None:
    from mtreason.storage import locking

    path = tmp_path / "lock"
    first = Lock(path)
    take = locking._take

    def slow(descriptor):
        if first._descriptor >= 0:
            first.remove()
        take(descriptor)

    monkeypatch.setattr(locking, "_take", slow)
    second = Lock(path)
    assert os.path.samestat(os.fstat(second._descriptor), path.stat())
    monkeypatch.undo()
    with pytest.raises(HeldError):
        Lock(path)
    second.release()


def test_the_journal_is_gone_before_its_lock_is_free(tmp_path, monkeypatch) -> None:
    out = tmp_path / "out.txt"
    journal = Journal(out)
    journal.put("k0", kept(0))
    seen = []
    release = Lock.remove

    def watched(self):
        seen.append(journal.path.exists())
        with pytest.raises(DocumentError, match="is being written"):
            Journal(out)
        release(self)

    monkeypatch.setattr(Lock, "remove", watched)
    journal.remove()
    assert seen == [False]
    assert list(tmp_path.iterdir()) == []


def test_lines_are_json_after_a_checksum(journal) -> None:
    for line in journal.read_bytes().splitlines():
        assert isinstance(json.loads(line.split(b" ", 1)[1]), dict)
