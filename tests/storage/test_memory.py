"""The memory: whatever is in its file is only data, and a damaged translation is made again."""

import json
import os
import pickle
import random
import sqlite3
import subprocess
import sys

import pytest
from support.commands import ROOT, refused, run

from mtreason.errors import MtreasonError
from mtreason.files import checksum, seal, short_digest
from mtreason.storage import BestEffortStore, Memory, StoredTranslation, database, memory


def kept(i):
    return StoredTranslation(f"源{i}", f"text {i}", problems=("chatter",) * (i % 2 == 0), languages=("zh", "en"))


@pytest.fixture
def place(tmp_path):
    """The directory of a memory with ten translations, in the cache of a user."""
    directory = tmp_path / "cache" / "translations"
    made = Memory(directory)
    for i in range(10):
        made.put(f"k{i}", kept(i))
    made.close()
    return directory


def change(place, statement, *values):
    with sqlite3.connect(place / "cache.db") as connection:
        connection.execute(statement, values)
    connection.close()


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("executed",)


VALUES = [
    None, 3, 2.5, "text", b"", pickle.dumps(Bomb()), b"\x80\x04.", b"{}", b"NaN", seal({"key": "k3"}), seal([]),
    seal({"key": "k4", "source": "a", "translation": "b", "problems": [], "languages": ["zh", "en"]}),
    seal({"key": "k3", "source": "a", "translation": "b", "problems": "no", "languages": ["zh", "en"]}),
    seal({"key": "k3", "source": "a", "translation": "b", "problems": [], "languages": ["zh", "\x1b]0;x\x07"]}),
    checksum(b"[" * 50_000).encode() + b" " + b"[" * 50_000,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_a_damaged_translation_is_one_finding(place, tmp_path, value, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    if value is None:  # the schema has no NULL
        value = b"\0"
    change(place, "UPDATE kept SET value = ? WHERE key = ?", value, short_digest("k3"))
    opened, told = Memory(place), []
    opened.note = told.append
    assert [opened.get(f"k{i}") for i in range(10)] == [None if i == 3 else kept(i) for i in range(10)]
    assert opened.get("k3") is None
    assert len(list(opened.entries())) == 9
    [message] = told
    assert str(place / "cache.db") in message
    opened.put("k3", kept(3))
    assert opened.get("k3") == kept(3)
    opened.close()
    assert not (tmp_path / "executed").exists()


def test_flipped_bits_are_never_taken_for_a_translation(place) -> None:
    data = (place / "cache.db").read_bytes()
    chance = random.Random(5)
    for place_of in chance.sample(range(8 * len(data)), 150):
        damaged = bytearray(data)
        damaged[place_of // 8] ^= 1 << place_of % 8
        for file in place.iterdir():
            file.unlink()
        (place / "cache.db").write_bytes(damaged)
        try:
            opened = Memory(place)
        except MtreasonError:
            continue
        notes = []
        spare = BestEffortStore(opened, notes.append)
        assert all(spare.get(f"k{i}") in {None, kept(i)} for i in range(10))
        assert len(notes) <= 1
        opened.close()


FOREIGN = [
    "CREATE TABLE Cache (rowid INTEGER PRIMARY KEY, key BLOB, mode INTEGER DEFAULT 0, value BLOB)",
    "CREATE TRIGGER t AFTER INSERT ON kept BEGIN DELETE FROM kept; END",
    "CREATE VIEW v AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT x FROM n",
    "DROP INDEX kept_used",
    "ALTER TABLE kept ADD COLUMN more",
    "CREATE INDEX other ON kept (made)",
]


@pytest.mark.parametrize("statement", FOREIGN)
def test_tables_of_others_are_refused_in_one_line(place, statement) -> None:
    change(place, statement)
    with pytest.raises(MtreasonError, match="the memory of translations cannot be opened") as error:
        Memory(place)
    assert "remove the file to begin anew" in str(error.value)
    refused(["cache", "stats"], place.parent, place / "cache.db", "cannot be opened", code=1)


@pytest.mark.parametrize("data", [b"no database" * 1000, b"SQLite format 3\0", b"SQLite format 3\0" + b"\xff" * 5000])
def test_files_that_are_no_database(place, data) -> None:
    (place / "cache.db").write_bytes(data)
    with pytest.raises(MtreasonError, match="cannot be opened"):
        Memory(place)


def test_what_is_no_file(place) -> None:
    path = place / "cache.db"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(MtreasonError, match=r"cache\.db is no file"):
        Memory(place)
    path.unlink()
    path.symlink_to(place / "elsewhere")
    with pytest.raises(MtreasonError, match=r"cache\.db is no file"):
        Memory(place)
    assert not (place / "elsewhere").exists()


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_a_link_beside_it_overwrites_nothing(place, end) -> None:
    victim = place / "victim"
    victim.write_text("precious\n", "utf-8")
    (place / f"cache.db{end}").unlink(missing_ok=True)
    (place / f"cache.db{end}").symlink_to(victim)
    with pytest.raises(MtreasonError, match=f"cache.db{end} is no file: remove it"):
        Memory(place)
    assert victim.read_text("utf-8") == "precious\n"


def test_a_translation_that_is_far_too_long_is_not_kept(tmp_path) -> None:
    made = Memory(tmp_path)
    made.put("k", StoredTranslation("s" * (5 << 20), "t", problems=(), languages=("zh", "en")))
    assert made.get("k") is None
    assert made.size()[0] == 0


def test_the_command_goes_on_and_ends_with_a_finding(place, tmp_path) -> None:
    change(place, "UPDATE kept SET value = x'00' WHERE key = ?", short_digest("k3"))
    change(place, "UPDATE kept SET made = 'yesterday' WHERE key = ?", short_digest("k5"))
    code, out, err = run(["cache", "stats", "--json"], place.parent)
    assert (code, err.count("\n")) == (3, 1)
    assert {k: v for k, v in json.loads(out).items() if k in {"translations", "damaged", "languages"}} == {
        "translations": 10, "damaged": 1, "languages": {"zh-en": 9},
    }  # fmt: skip
    code, _, err = run(["cache", "export", tmp_path / "all.tmx"], place.parent)
    assert code == 3
    assert "1 translations in the memory are damaged" in err.splitlines()[-1]
    assert (tmp_path / "all.tmx").read_text("utf-8").count("<tu>") == 4
    code, _, err = run(["cache", "prune", "--older-than", "30d"], place.parent)
    assert (code, "2 translations forgotten" in err) == (0, True)
    assert run(["cache", "stats"], place.parent)[0] == 0


def test_languages_that_nobody_knows_are_left_out_of_an_export(place, tmp_path) -> None:
    opened = Memory(place)
    opened.put("odd", StoredTranslation("a", "b", problems=(), languages=("zzzzzzzz", "en")))
    opened.close()
    code, _, err = run(["cache", "export", tmp_path / "all.tmx"], place.parent)
    assert code == 3, err
    assert "1 translations in the memory are damaged" in err


def test_the_least_recently_used_goes_first(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(memory, "SIZE", 1 << 18)
    monkeypatch.setattr(database, "EVICTED", 4)
    made = Memory(tmp_path)
    long = StoredTranslation("s" * 2000, "t" * 2000, problems=(), languages=("zh", "en"))
    for i in range(200):
        made.put(f"k{i}", long)
        assert made.get("k0") == long
    count, size = made.size()
    assert size <= 1 << 18
    assert 20 < count < 100
    assert made.get("k199") == long
    assert made.get("k1") is None
    assert made.prune(None) == count
    assert (tmp_path / "cache.db").stat().st_size < 1 << 16


WRITER = """
import sys
from pathlib import Path
from mtreason.storage import Memory, StoredTranslation
made = Memory(Path(sys.argv[1]))
for i in range(100):
    made.put(f"{sys.argv[2]}-{i % 50}", StoredTranslation("a", f"b{i % 50}", (), ("zh", "en")))
    assert made.get(f"{sys.argv[2]}-{i % 50}").translation == f"b{i % 50}"
"""


def test_several_processes_share_it(tmp_path) -> None:
    env = {"PYTHONPATH": str(ROOT)}
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "m"), str(n)], env=env, stderr=subprocess.PIPE)
        for n in range(4)
    ]
    for process in running:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err.decode()
    assert Memory(tmp_path / "m").size()[0] == 200


def test_keys_may_be_any_text(tmp_path) -> None:
    made = Memory(tmp_path)
    odd = StoredTranslation("\ud800", "\0\u2028", problems=("empty", "\ud800"), languages=("zh", "en"))
    for key in ("", "\ud800", "k" * 9000):
        made.put(key, odd)
        assert made.get(key) == odd
