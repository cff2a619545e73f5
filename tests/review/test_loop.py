"""The whole loop with a model: a run, ten picks, and what the next runs make of them."""

import json

import pytest
from support.reviewed import page_data, picks_of

from mtreason.cli import app
from mtreason.errors import InputError

LINES = [f"今天{what}很好，我们去公园吧。" for what in "天气鞋子地方人家书本水火山石风雨"]
EDITED = {1: "People say so.", 2: "They say that as well."}


def command(*args) -> int:
    """Run a command; a model of random weights need not find a clean translation, which is what 3 says."""
    return app([*map(str, args)], standalone_mode=False) or 0


def test_ten_picks_from_a_run_to_the_next(tiny_model, tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.zh.txt").write_text("\n".join(LINES) + "\n", "utf-8")
    run = ["translate", "notes.zh.txt", "--from", "zh", "--to", "en", "--model", tiny_model, "--budget", 6]
    assert command(*run, "--no-glossary", "-o", "notes.en.txt", "--trace", "run.jsonl") in {0, 3}
    command("review", "notes.en.txt", "--trace", "run.jsonl", "-o", "review.html")
    passages = page_data(tmp_path / "review.html")["passages"][:10]
    picks = {p["segment"]: p["others"][0]["text"] if p["others"] else p["text"] for p in passages} | EDITED
    (tmp_path / "picks.json").write_bytes(picks_of(tmp_path / "review.html", picks))
    apply = ["review", "apply", "picks.json", "notes.en.txt", "--trace", "run.jsonl"]
    command(*apply, "--document", "new.txt", "--tmx", "people.tmx", "--ratings", "r.jsonl", "--pairs", "p.jsonl")

    before, after = ((tmp_path / name).read_bytes().split(b"\n") for name in ("notes.en.txt", "new.txt"))
    assert [line.decode() for line in after[:10]] == [picks[p["segment"]] for p in passages]
    assert after[10:] == before[10:]

    assert command(*run, "--no-glossary", "-o", "again.txt", "--tm", "people.tmx", "--trace", "again.jsonl") in {0, 3}
    again = [json.loads(line) for line in (tmp_path / "again.jsonl").read_text("utf-8").splitlines()]
    assert [r["status"] for r in sorted(again, key=lambda r: r["segment"])[:10]] == ["human"] * 10
    assert (tmp_path / "again.txt").read_bytes() == (tmp_path / "new.txt").read_bytes()

    rated = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text("utf-8").splitlines()]
    assert len(rated) >= 2
    assert all(row["ratings"][0] == 1 and set(row["ratings"][1:]) == {0} for row in rated)
    fit = ["tune", "--data", "r.jsonl", "-o", "own.toml", "--folds", 2, "--parts", "likelihood,channel"]
    command(*fit, "--model", tiny_model)
    assert "[weights]" in (tmp_path / "own.toml").read_text("utf-8")

    pairs = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text("utf-8").splitlines()]
    assert [(r["source"], r["chosen"]) for r in pairs][:2] == [(LINES[n - 1], text) for n, text in EDITED.items()]
    assert all(row["chosen"] != row["rejected"] for row in pairs)

    with pytest.raises(InputError, match=r"whose translation is another one|it was changed since"):
        command("review", "apply", "picks.json", "again.txt", "--trace", "again.jsonl", "--document", "x.txt")
