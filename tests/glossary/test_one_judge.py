"""All that counts terms counts them alike: the translator, `glossary check` and `match`, `evaluate`, the reward, batch.

An ordinary phrase that only keeps shorter terms from matching inside it was left out by the translator, and counted by
the others; a forbidden rendering beside a right one was wrong for some and right for `evaluate`.
"""

import json

import numpy as np
import pytest
from support.commands import run_inside
from support.common import EN, play, table_settings, table_tasks
from support.fakes import TableModel

from mtreason.decoding.judging import Judge
from mtreason.evaluation.systems import System
from mtreason.glossary import Matcher, load_glossary
from mtreason.report.scores import count_faults
from mtreason.rewards import Draft
from mtreason.runs.inspection import inspect
from mtreason.runs.repository import Config, Job

GLOSSARY = "# columns: source, target, forbidden, hint\n显白\tflattering\tpale\n明显白\tnoticeably fairer\t\tno\n"
SOURCE = ["这条裙子显白。", "她明显白了。", "显白神器", "显白"]
TRANSLATIONS = ["This dress is flattering.", "She is quite white now.", "A flattering, pale thing", "Nothing"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "g.zh-en.tsv").write_text(GLOSSARY, "utf-8")
    (tmp_path / "s.txt").write_text("".join(f"{s}\n" for s in SOURCE), "utf-8")
    (tmp_path / "h.txt").write_text("".join(f"{t}\n" for t in TRANSLATIONS), "utf-8")
    return tmp_path


@pytest.fixture
def matcher(files):
    return Matcher(load_glossary(files / "g.zh-en.tsv", "zh", "en"), "zh")


def test_the_matcher_finds_terms_alone(matcher) -> None:
    assert [[hit.term.source for hit in matcher.find(s)] for s in SOURCE] == [["显白"], [], ["显白"], ["显白"]]


def test_the_translator(loaded, matcher, files) -> None:
    from mtreason.runs.translator import Translator

    t = Translator(loaded, "zh", "en", glossaries=[files / "g.zh-en.tsv"], shipped_glossaries=False)
    assert [len(t.task(i, s).hits) for i, s in enumerate(SOURCE)] == [1, 0, 1, 1]


def test_glossary_check_and_match(files, monkeypatch, capfd) -> None:
    args = ["glossary", "check", "g.zh-en.tsv", "--src", "s.txt", "--hyp", "h.txt", "--json"]
    _, out, _ = run_inside(args, monkeypatch, capfd)
    report = json.loads(out)
    assert (report["terms"], report["honoured"]) == (3, 1)
    assert [(miss["line"], miss["avoid"]) for miss in report["misses"]] == [(3, "pale"), (4, "")]
    _, out, _ = run_inside(["glossary", "match", "g.zh-en.tsv", "--text", "s.txt", "--json"], monkeypatch, capfd)
    segments = {s["line"]: s for s in json.loads(out)["segments"]}
    assert [len(segments[line]["hits"]) for line in (1, 2, 3, 4)] == [1, 0, 1, 1]
    assert segments[2]["prompt"] is None
    assert {d["source"] for d in segments[2]["dropped"]} == {"明显白", "显白"}


def test_evaluate(matcher) -> None:
    counts = count_faults(System("s", tuple(TRANSLATIONS), tuple(SOURCE), None), EN, matcher)
    assert (counts["terms"], counts["terms_right"]) == (3, 1)


def test_the_reward(matcher) -> None:
    model = TableModel()
    for source, translation, worth in zip(SOURCE, TRANSLATIONS, [1, 0, -1, 0], strict=True):
        [task] = table_tasks(model, hints=matcher.find(source))
        draft = Draft(translation, (1,), np.zeros(1, np.float32), np.zeros((1, 5), np.float32))
        [parts] = play(Judge(task, table_settings()).alone([draft]), model)
        assert parts["terms"] == worth


def test_batch(matcher, files) -> None:
    config = Config("zh", ("en",), ("s.txt",), "h.txt")
    found = list(inspect(Job(files / "s.txt", files / "h.txt", EN, "h.txt"), config, matcher))
    assert [(f.kind, f.message.partition(":")[0]) for f in found] == [("term", "line 3"), ("term", "line 4")]
