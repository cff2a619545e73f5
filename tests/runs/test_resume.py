"""Finished work is never lost and never paid for twice: journal, memory, stops, corrections."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lxml import etree
from support.commands import ROOT, run, run_inside, start

from mtreason.errors import DocumentError, MtreasonError
from mtreason.languages import parse_language
from mtreason.storage import BestEffortStore, Journal, Memory, StoredTranslation, read_tmx, tmx_bytes
from mtreason.storage import journal as journal_module

KILLS = int(os.environ.get("MTREASON_KILLS", "3"))
MANY = int(os.environ.get("MTREASON_LINES", "300"))
ZH_EN = ("zh", "en")


def kept(i):
    return StoredTranslation(f"源{i}", f"text {i}\n\u2028", problems=("chatter",) * (i % 2 == 0), languages=ZH_EN)


# The journal.


def test_what_is_put_is_there_again(tmp_path) -> None:
    out = tmp_path / "out.txt"
    journal = Journal(out)
    for i in range(5):
        journal.put(f"k{i}", kept(i))
    journal.put("k0", kept(9))
    journal.close()
    again = Journal(out)
    assert again.found == len(again) == 5
    assert [again.get(f"k{i}") for i in range(5)] == [kept(i) for i in range(5)]
    assert again.get("k5") is None
    again.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_half_a_line_costs_that_line(tmp_path, cut) -> None:
    out = tmp_path / "out.txt"
    journal = Journal(out)
    for i in range(3):
        journal.put(f"k{i}", kept(i))
    journal.close()
    data = journal.path.read_bytes()
    journal.path.write_bytes(data[:-cut])
    again = Journal(out)
    assert again.found == 2
    again.put("k2", kept(2))
    again.close()
    last = Journal(out)
    assert [last.get(f"k{i}") for i in range(3)] == [kept(i) for i in range(3)]
    last.remove()


def test_lines_that_are_none_of_a_journal_are_skipped(tmp_path) -> None:
    out = tmp_path / "out.txt"
    journal = Journal(out)
    journal.put("k0", kept(0))
    journal.close()
    with journal.path.open("ab") as stream:
        stream.write(b'{"key": 3}\n{"key": "k1", "languages": ["a"]}\n[]\nx\n\xff\n')
    again = Journal(out)
    assert (again.found, again.get("k0"), again.get("k1")) == (1, kept(0), None)
    again.remove()


def test_a_second_process_is_refused_and_told_who_was_first(tmp_path) -> None:
    out = tmp_path / "out.txt"
    journal = Journal(out)
    with pytest.raises(DocumentError, match=rf"out\.txt is being written by process {os.getpid()}: wait for it"):
        Journal(out)
    journal.close()
    Journal(out).remove()


def test_no_room(tmp_path, monkeypatch) -> None:
    """Half a line was written when the disk was full: what was there before stays, and the run ends with one line."""
    journal = Journal(tmp_path / "out.txt")
    journal.put("k0", kept(0))
    size = journal.path.stat().st_size
    stream = journal._stream

    class Full:
        closed = False

        def __getattr__(self, name):
            return getattr(stream, name)

        def write(self, data):
            stream.write(data[:7])
            stream.flush()
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal, "_stream", Full())
    with pytest.raises(MtreasonError, match=r"No space left on device\): 1 segments are in it; make room and run"):
        journal.put("k1", kept(1))
    assert journal.path.stat().st_size == size
    monkeypatch.undo()
    journal.close()
    again = Journal(tmp_path / "out.txt")
    assert again.found == 1
    again.remove()


def test_a_directory_that_cannot_be_written(tmp_path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(DocumentError, match="cannot be written"):
        Journal(tmp_path / "file" / "out.txt")


def test_lines_are_forced_to_the_disk(tmp_path, monkeypatch) -> None:
    forced = []
    monkeypatch.setattr(journal_module.os, "fsync", forced.append)
    monkeypatch.setattr(journal_module, "SYNC", 0.0)
    journal = Journal(tmp_path / "out.txt")
    for i in range(3):
        time.sleep(0.001)
        journal.put(f"k{i}", kept(i))
    assert len(forced) >= 3
    journal.remove()


# The memory.


def test_memory(tmp_path) -> None:
    memory = Memory(tmp_path / "m")
    for i in range(3):
        memory.put(f"k{i}", kept(i))
    again = Memory(tmp_path / "m")
    assert [again.get(f"k{i}") for i in range(4)] == [kept(0), kept(1), kept(2), None]
    assert again.size()[0] == 3
    assert sorted(k.source for k in again.entries()) == ["源0", "源1", "源2"]
    assert again.prune(3600) == 0
    assert again.prune(-1) == 3
    memory.put("k", kept(0))
    assert memory.prune(None) == 1
    assert memory.size()[0] == 0


def test_memory_that_cannot_be(tmp_path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(MtreasonError, match="the memory of translations cannot be opened"):
        Memory(tmp_path / "file")


def test_tmx(tmp_path) -> None:
    path = tmp_path / "m.tmx"
    path.write_bytes(tmx_bytes([("zh", "en", "你好 <b>", "Hello\x01 & <b>"), ("zh-Hant", "en-GB", "再見", "Bye")]))
    zh, en = parse_language("zh"), parse_language("en")
    assert read_tmx(path, zh, en) == {"你好 <b>": "Hello & <b>"}
    assert read_tmx(path, parse_language("zh-TW"), en) == {"你好 <b>": "Hello & <b>", "再見": "Bye"}
    assert etree.parse(path).getroot().get("version") == "1.4"
    with pytest.raises(DocumentError, match=r"has no pairs of de and en \(there are en, en-GB, zh, zh-Hant\)"):
        read_tmx(path, parse_language("de"), en)
    path.write_text("<xliff/>", "utf-8")
    with pytest.raises(DocumentError, match="expected <tmx>"):
        read_tmx(path, zh, en)


def test_a_run_goes_on_without_a_memory_that_fails(tmp_path) -> None:
    memory = Memory(tmp_path / "m")
    notes = []
    spare = BestEffortStore(memory, notes.append)
    spare.put("k0", kept(0))
    assert spare.get("k0") == kept(0)
    memory._cache.close()
    (tmp_path / "m" / "cache.db").write_bytes(b"no database" * 1000)
    for name in ("cache.db-wal", "cache.db-shm"):
        (tmp_path / "m" / name).unlink(missing_ok=True)
    assert spare.get("k0") is None
    spare.put("k1", kept(1))
    assert spare.get("k1") is None
    [note] = notes
    assert "the memory of translations cannot be read" in note
    assert note.endswith("going on without")


# Whole runs.

LINES = [f"今天天气很好，第{i}天。" for i in range(60)]


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("".join(f"{line}\n" for line in LINES), "utf-8")
    return path


@pytest.fixture
def command(tiny_model):
    return ["--from", "zh", "--to", "en", "--budget", "2", "--in-flight", "4", "--model", tiny_model]


def translate(args, cache, code=0):
    returned, _, err = run(["translate", *args], cache)
    assert returned in {code, 3} if code == 0 else returned == code, err
    return err


def origins(trace):
    return [json.loads(line)["origin"] for line in trace.read_text("utf-8").splitlines()]


def test_killed_at_any_moment(command, document, tmp_path) -> None:
    """Nothing lost, nothing done twice, the same file; `MTREASON_KILLS` says how often."""
    whole, out = tmp_path / "whole.txt", tmp_path / "out.txt"
    translate([document, "-o", whole, *command, "--no-memory"], tmp_path / "cache")
    journal = tmp_path / ".out.txt.mtreason-journal"
    chance = random.Random(1)
    for kill in range(KILLS):
        process = start(["translate", document, "-o", out, *command, "--no-memory"], tmp_path / "cache")
        before = journal.read_bytes().count(b'"key"') if journal.exists() else 0
        wanted = before + chance.randint(0, max(1, (58 - before) // (KILLS - kill)))
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            there = journal.read_bytes().count(b'"key"') if journal.exists() else 0
            if there >= wanted:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        assert not out.exists()
        after = journal.read_bytes().count(b'"key"') if journal.exists() else 0
        assert after >= before
    trace = tmp_path / "trace.jsonl"
    translate([document, "-o", out, "--trace", trace, *command, "--no-memory"], tmp_path / "cache")
    assert out.read_bytes() == whole.read_bytes()
    found = origins(trace)
    assert found.count("kept") == after
    assert found.count("model") == len(LINES) - after
    assert not journal.exists()


def test_many_lines(terse_model, tmp_path, capfd) -> None:
    """Memory stays flat, a killed run goes on where it was; `MTREASON_LINES` says how many, and then prints a card."""
    source, out, trace = tmp_path / "in.txt", tmp_path / "out.txt", tmp_path / "trace.jsonl"
    source.write_text("".join(f"今天天气很好，第{i}天。\n" for i in range(MANY)), "utf-8")
    args = ["translate", source, "-o", out, "--from", "zh", "--to", "en", "--decoder", "greedy", "--no-memory"]
    args += ["--in-flight", "64", "--model", terse_model]
    journal = tmp_path / ".out.txt.mtreason-journal"
    rows = []  # of (lines, seconds, MB)
    started = time.monotonic()
    process = start(args, tmp_path / "cache")
    for share in (0.1, 0.3, 0.6):
        while process.poll() is None and _segments(journal) < share * MANY:
            time.sleep(0.02 if MANY < 10_000 else 1)
        rows.append((_segments(journal), time.monotonic() - started, _resident(process.pid)))
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    there, size = _segments(journal), journal.stat().st_size
    started = time.monotonic()
    process = start([*args, "--trace", trace], tmp_path / "cache")
    while process.poll() is None and not (trace.exists() and trace.stat().st_size):
        time.sleep(0.01)
    resumed = time.monotonic() - started
    while process.poll() is None and _segments(journal) <= there:
        time.sleep(0.01)
    caught_up = time.monotonic() - started
    while process.poll() is None and 0 < _segments(journal) < 0.95 * MANY:
        time.sleep(0.02 if MANY < 10_000 else 1)
    rows.append((_segments(journal), time.monotonic() - started, _resident(process.pid)))
    _, err = process.communicate(timeout=60 * 60)
    assert process.returncode in {0, 3}, err
    assert _lines(out) == MANY
    found = origins(trace)
    assert found.count("kept") == there
    assert found.count("model") == MANY - there
    if "MTREASON_LINES" in os.environ:
        (n, seconds, _), (m, later, _) = rows[0], rows[2]
        card = {
            "lines": MANY,
            "lines_per_second": round((m - n) / (later - seconds), 1),
            "resident_mb": {lines: round(mb) for lines, _, mb in rows},
            "journal_bytes_a_line": round(size / there),
            "resume_seconds": {"first_line": round(resumed, 1), "first_new_line": round(caught_up, 1), "kept": there},
        }
        with capfd.disabled():
            sys.stdout.write(json.dumps(card) + "\n")
    assert rows[2][2] <= rows[0][2] + 64


def _lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _segments(journal):
    return journal.read_bytes().count(b'"key"') if journal.exists() else 0


def _resident(pid):
    """MB of memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8") if Path("/proc").is_dir() else ""
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0.0)


def test_an_edit_pays_for_what_changed(command, document, tmp_path) -> None:
    trace = tmp_path / "trace.jsonl"
    translate([document, "-o", tmp_path / "out.txt", *command], tmp_path / "cache")
    first = (tmp_path / "out.txt").read_text("utf-8").splitlines()
    edited = [f"{line}好" if i in {3, 30, 59} else line for i, line in enumerate(LINES)]
    document.write_text("".join(f"{line}\n" for line in edited), "utf-8")
    err = translate([document, "-o", tmp_path / "out.txt", "--trace", trace, *command], tmp_path / "cache")
    assert "57 translated before" in err
    assert origins(trace).count("model") == 3
    second = (tmp_path / "out.txt").read_text("utf-8").splitlines()
    assert [a == b for i, (a, b) in enumerate(zip(first, second, strict=True)) if i not in {3, 30, 59}] == [True] * 57
    code, _, err = run(["cache", "stats"], tmp_path / "cache")
    assert code == 0
    code, out, _ = run(["cache", "stats", "--json"], tmp_path / "cache")
    assert json.loads(out)["languages"] == {"zh-en": 63}
    code, _, err = run(["cache", "export", tmp_path / "all.tmx"], tmp_path / "cache")
    assert code == 0, err
    assert read_tmx(tmp_path / "all.tmx", parse_language("zh"), parse_language("en"))
    code, _, err = run(["cache", "prune", "--older-than", "x"], tmp_path / "cache")
    assert code == 2
    code, _, err = run(["cache", "prune"], tmp_path / "cache")
    assert "63 translations forgotten" in err


def test_other_weights_of_the_same_size_and_time_are_another_model(terse_model, tmp_path) -> None:
    """What the old weights wrote is not taken from the memory, and the digests that are remembered are not theirs."""
    model, trace, source = tmp_path / "model", tmp_path / "trace.jsonl", tmp_path / "in.txt"
    shutil.copytree(terse_model, model)
    source.write_text("今天天气很好。\n", "utf-8")
    args = [source, "-o", tmp_path / "out.txt", "--from", "zh", "--to", "en", "--decoder", "greedy", "--model", model]
    args += ["--trace", trace]
    weights = model / "model.safetensors"
    os.utime(weights, (10**9, 10**9))
    for expected in ("model", "kept"):
        translate(args, tmp_path / "cache")
        assert origins(trace) == [expected]
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    os.utime(weights, (10**9, 10**9))
    translate(args, tmp_path / "cache")
    assert origins(trace) == ["model"]


def test_a_term_that_changes_is_paid_for(command, document, tmp_path) -> None:
    glossary = tmp_path / "g.zh-en.tsv"
    glossary.write_text("第7天\tday seven\n", "utf-8")
    trace = tmp_path / "trace.jsonl"
    translate([document, "-o", tmp_path / "o", *command], tmp_path / "cache")
    translate([document, "-o", tmp_path / "o", "--glossary", glossary, "--trace", trace, *command], tmp_path / "cache")
    assert origins(trace).count("model") == 1


def test_limits_stop_and_the_same_command_goes_on(command, document, tmp_path) -> None:
    out = tmp_path / "out.txt"
    args = [document, "-o", out, *command, "--no-memory"]
    err = translate([*args, "--max-tokens", "3000"], tmp_path / "cache", code=130)
    assert "--max-tokens 3000 are used: " in err
    assert "the same command goes on" in err
    err = translate([*args, "--max-seconds", "0"], tmp_path / "cache", code=130)
    assert "--max-seconds 0 are over" in err
    assert not out.exists()
    err = translate(args, tmp_path / "cache")
    assert "segments are finished already: going on" in err
    assert out.read_text("utf-8").count("\n") == 60


def test_what_was_damaged_is_named_and_the_trace_goes_on(command, document, tmp_path) -> None:
    """The trace keeps its lines, the segment of a damaged line is done again, and one line says it."""
    out, trace = tmp_path / "out.txt", tmp_path / "trace.jsonl"
    out.write_text("private\n", "utf-8")
    out.chmod(0o600)
    args = [document, "-o", out, *command, "--no-memory", "--trace", trace]
    translate([*args, "--max-tokens", "3000"], tmp_path / "cache", code=130)
    before = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    assert 3 < len(before) < 60
    journal = tmp_path / ".out.txt.mtreason-journal"
    assert out.stat().st_mode & 0o777 == journal.stat().st_mode & 0o777 == 0o600
    data = bytearray(journal.read_bytes())
    data[data.index(b'"translation": "') + 16] ^= 1
    journal.write_bytes(data)
    (tmp_path / ".other.txt.999999999.mtreason-part").write_text("half", "utf-8")
    err = translate(args, tmp_path / "cache")
    assert f"{journal}: damaged in line 2: what stood there is translated again, the rest is kept" in err
    assert f"{len(before) - 1} segments are finished already: going on" in err
    after = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    assert sorted(r["segment"] for r in after) == list(range(1, 61))
    assert after[: len(before)] == before
    assert {r["origin"] for r in after} == {"model"}
    assert out.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_segment_may_take_only_so_long(command, document, tmp_path) -> None:
    trace = tmp_path / "trace.jsonl"
    args = [document, "-o", tmp_path / "out.txt", "--trace", trace, *command, "--budget", "8"]
    err = translate([*args, "--segment-seconds", "0"], tmp_path / "cache")
    assert "; cut short by --segment-seconds: 60" in err
    assert all(json.loads(line)["timed_out"] for line in trace.read_text("utf-8").splitlines())
    # What was cut short is not taken for what a run without the limit would find.
    err = translate(args, tmp_path / "cache")
    assert "translated before" not in err
    code, _, err = run(["translate", document, "--to", "en", "--segment-seconds", "nan"], tmp_path / "cache")
    assert (code, err.count("\n")) == (2, 1)


def test_people_come_first(command, document, tmp_path) -> None:
    memory = tmp_path / "mine.tmx"
    memory.write_bytes(tmx_bytes([("zh", "en", LINES[5], "Fine weather on day five.")]))
    pairs = tmp_path / "pairs.tmx"
    args = [document, "-o", tmp_path / "out.txt", "--tm", memory, "--bilingual", pairs, *command]
    err = translate(args, tmp_path / "cache")
    assert "1 from --tm" in err
    assert (tmp_path / "out.txt").read_text("utf-8").splitlines()[5] == "Fine weather on day five."
    assert read_tmx(pairs, parse_language("zh"), parse_language("en"))[LINES[5]] == "Fine weather on day five."


def test_alternatives(command, tmp_path, document) -> None:
    code, out, err = run(
        ["translate", document, "--json", "--n-best", "3", "--no-memory", *command], tmp_path / "cache"
    )
    assert code in {0, 3}, err
    rows = [json.loads(line) for line in out.decode().splitlines()]
    assert len(rows) == 60
    others = [len(segment["alternatives"]) for row in rows for segment in row["segments"]]
    assert 1 <= max(others) <= 2
    code, _, err = run(["translate", document, "--n-best", "3", *command], tmp_path / "cache")
    assert code == 2
    assert "--n-best 3: alternatives are in what --json writes" in err


def test_documents_of_other_formats(command, tmp_path) -> None:
    source = tmp_path / "in.md"
    source.write_text("# 今天\n\n天气 `x = 1` 很好。\n\n```\n今天\n```\n", "utf-8")
    code, out, err = run(["translate", source, *command], tmp_path / "cache")
    assert code in {0, 3}, err
    lines = out.decode().splitlines()
    assert lines[0].startswith("# ")
    assert lines[3:] == ["", "```", "今天", "```"] or lines[-3:] == ["```", "今天", "```"]
    code, _, err = run(["translate", "--format", "po", *command], tmp_path / "cache")
    assert (code, err.count("\n")) == (2, 1)
    assert "standard input is read as text" in err


@pytest.fixture
def mount(tmp_path):
    """Small file systems of their own, where this user may make some."""
    made = []

    def new(name, options):
        place = tmp_path / name
        place.mkdir(exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=False, capture_output=True)
        if done.returncode:
            pytest.skip(f"no mounting here: {done.stderr.decode().strip()}")
        made.append(place)
        return place

    yield new
    for place in reversed(made):
        subprocess.run(["umount", place], check=True)


def test_a_disk_that_is_full(command, document, tmp_path, mount) -> None:
    whole = tmp_path / "whole.txt"
    translate([document, "-o", whole, *command, "--no-memory"], tmp_path / "cache")
    disk = mount("disk", "size=16k")
    filler, out, trace = disk / "filler", disk / "out.txt", tmp_path / "trace.jsonl"
    filler.write_bytes(b"x" * 8192)
    err = translate([document, "-o", out, *command, "--no-memory"], tmp_path / "cache", code=1)
    last = err.splitlines()[-1]
    assert "out.txt.mtreason-journal cannot be written (No space left on device)" in last
    assert last.endswith("make room and run the same command again")
    kept = (disk / ".out.txt.mtreason-journal").read_bytes().splitlines(keepends=True)
    there = sum(b'"key"' in line and b"\0" not in line for line in kept)  # the last one may be damaged
    assert 0 < there < 60
    assert not out.exists()
    subprocess.run(["mount", "-o", "remount,size=64k", disk], check=True)
    translate([document, "-o", out, "--trace", trace, *command, "--no-memory"], tmp_path / "cache")
    assert out.read_bytes() == whole.read_bytes()
    assert origins(trace).count("kept") == there


def test_a_cache_that_cannot_be_written(command, document, tmp_path, mount) -> None:
    cache = mount("cache", "size=64k,ro")
    err = translate([document, "-o", tmp_path / "out.txt", *command], cache)
    assert "the memory of translations cannot be opened" in err
    assert (tmp_path / "out.txt").read_text("utf-8").count("\n") == 60
    cache = mount("small", "size=256k")
    err = translate([document, "-o", tmp_path / "out2.txt", *command], cache)
    assert "going on without" in err
    assert (tmp_path / "out2.txt").read_bytes() == (tmp_path / "out.txt").read_bytes()


def test_a_memory_that_cannot_be_opened_is_left_out(tiny_model, document, tmp_path, monkeypatch, capfd) -> None:
    def refuse(_directory):
        raise MtreasonError("read-only")

    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("mtreason.runs.document.Memory", refuse)
    args = ["translate", document, "-o", tmp_path / "out.txt", "--from", "zh", "--to", "en", "--decoder", "greedy"]
    code, _, err = run_inside([*args, "--model", tiny_model], monkeypatch, capfd)
    assert code in {0, 3}
    assert "read-only: going on without" in err
    assert (tmp_path / "out.txt").read_text("utf-8").count("\n") == 60
    assert ROOT.is_dir()
