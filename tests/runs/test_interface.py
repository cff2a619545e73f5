"""The Python interface, as somebody writes it who has read nothing but its documentation."""

import json
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.commands import ROOT
from support.common import SENTENCES

import mtreason
from mtreason.errors import InputError, LanguageError, ModelError, SettingError
from mtreason.glossary import Matcher
from mtreason.runs.task import Task


@pytest.fixture(scope="module")
def model(tiny_model):
    return mtreason.load_model(str(tiny_model))


def test_what_is_public_is_what_is_listed() -> None:
    assert sorted(mtreason.__all__) == dir(mtreason)
    for name in mtreason.__all__:
        assert getattr(mtreason, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Engine'"):
        mtreason.Engine  # noqa: B018
    assert (ROOT / "mtreason" / "py.typed").is_file()


def test_importing_costs_nothing() -> None:
    heavy = "{'numpy', 'torch', 'transformers', 'pandas', 'typer'}"
    code = f"import sys, mtreason; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_texts_become_translations(model) -> None:
    translator = mtreason.Translator(model, "zh", "en", budget=3, seed=4)
    texts = [SENTENCES[0], "  你好\n\n我们去公园吧。 ", "", "OK", SENTENCES[0]]
    found = translator.translate(texts)
    assert [t.source for t in found] == texts
    assert [t.status for t in found][2:] == ["passed", "passed", "kept"] or "fell back" in {t.status for t in found}
    assert found[0].text == found[4].text
    assert (found[2].text, found[3].text) == ("", "OK")
    assert (found[2].score, found[2].usage.tokens) == (None, 0)
    first = found[0]
    assert first.usage.tokens > 0
    assert found[1].text.startswith("  ")
    assert "\n\n" in found[1].text
    assert len(found[1].segments) == 2
    if first.status == "model":
        assert first.score == pytest.approx(first.segments[0].result.candidates[0].reward)
        assert set(first.parts) >= {"likelihood", "channel", "consensus"}
        assert first.text not in first.alternatives
    again = mtreason.Translator(model, "zh", "en", budget=3, seed=4).translate(iter(texts))
    assert [t.text for t in again] == [t.text for t in found]


def test_terms_are_told(model, tmp_path) -> None:
    glossary = tmp_path / "own.zh-en.tsv"
    glossary.write_text("天气\tweather\n公园\tpark\n", "utf-8")
    translator = mtreason.Translator(model, "zh", "en", budget=2, glossaries=[str(glossary)], shipped_glossaries=False)
    [found] = translator.translate(["今天天气很好。"])
    [use] = found.terms
    assert use.term.targets == ("weather",)
    assert use.followed == ("weather" in found.text.lower())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budgett": 3}, "'budgett': no such setting, did you mean 'budget'"),
        ({"budget": "8"}, "`budget` '8': expected float or int, found str"),
        ({"budget": 0}, "`budget` 0: must be at least 1"),
        ({"seed": True}, "`seed` True: expected int, found bool"),
        ({"seed": 1.5}, "`seed` 1.5: expected int, found float"),
        ({"think": "yes"}, "`think` 'yes': expected bool, found str"),
        ({"nodes": 4}, "`nodes` 4: expected str or None, found int"),
        ({"glossaries": "a.tsv"}, "`glossaries` 'a.tsv': expected a list of files"),
        ({"glossaries": [1]}, "`glossaries` 1: expected the name of a file"),
        ({"decoder": "mtcs"}, "`decoder` 'mtcs': expected one of greedy.*did you mean 'mcts'"),
        ({"beam_width": 3, "decoder": "mbr"}, "`beam_width` does nothing for `decoder` mbr"),
        ({"reward": "qe"}, "`reward` qe needs a COMET checkpoint: name one with `qe`"),
    ],
)
def test_settings_that_cannot_be(model, changes, message) -> None:
    with pytest.raises(SettingError, match=message):
        mtreason.Translator(model, "zh", "en", **changes)


def test_faults_are_exceptions_and_exit_nothing(model, tmp_path) -> None:
    with pytest.raises(LanguageError):
        mtreason.Translator(model, "zh", "klingonese")
    with pytest.raises(SettingError, match="7: expected a language code such as 'en', found int"):
        mtreason.Translator(model, 7, "en")
    with pytest.raises(ModelError, match="unknown model"):
        mtreason.load_model("no-such-model")
    with pytest.raises(SettingError, match="model 3: expected its name, found int"):
        mtreason.load_model(3)
    with pytest.raises(SettingError, match="`dtype` 'int4': expected one of auto"):
        mtreason.load_model("x", dtype="int4")
    translator = mtreason.Translator(model, "zh", "en", budget=2)
    with pytest.raises(TypeError, match="takes a list of texts, not one text"):
        translator.translate("你好")
    with pytest.raises(TypeError, match="text 2 is None: expected str, found NoneType"):
        translator.translate(["你好", None])
    with pytest.raises(InputError, match="text 2 has half of a surrogate pair"):
        translator.translate(["你好", "\ud800"])
    with pytest.raises(InputError, match="no such file"):
        mtreason.translate_document(tmp_path / "no.txt", tmp_path / "out.txt", translator)
    with pytest.raises(InputError):
        mtreason.Project(tmp_path / "mtreason.toml")


def test_a_closed_model_says_so(tiny_model) -> None:
    with mtreason.load_model(str(tiny_model)) as model:
        translator = mtreason.Translator(model, "zh", "en", budget=2)
        assert translator.translate(["你好"])
    model.close()
    for use in (lambda: translator.translate(["你好"]), lambda: mtreason.Translator(model, "zh", "en")):
        with pytest.raises(ModelError, match="is closed: load it again"):
            use()


def test_two_translators_on_one_model_in_two_threads(model) -> None:
    translators = [
        mtreason.Translator(model, "zh", "en", budget=4, seed=1),
        mtreason.Translator(model, "en", "zh", budget=3, decoder="best-of-n", shipped_glossaries=False),
    ]
    texts = [SENTENCES[:4], ["The weather is nice.", "Let us go to the park."]]
    alone = [[t.text for t in own.translate(given)] for own, given in zip(translators, texts, strict=True)]
    barrier = threading.Barrier(2)

    def work(own, given):
        barrier.wait()
        return [t.text for t in own.translate(given)]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, translators, texts)) == alone


def test_a_task_travels(model, tiny_model) -> None:
    """Described here, bound there: another process with a model of its own comes to the same translation."""
    translator = mtreason.Translator(model, "zh", "en", budget=3, shipped_glossaries=False)
    task = translator.task(0, SENTENCES[2], context=(("你好", "Hello"),), references=("These shoes are comfortable.",))
    sent = pickle.dumps(task)
    assert len(sent) < 4000, "no handle of a model, no tensor"
    code = (
        "import pickle, sys, mtreason\n"
        "from mtreason.decoding import run\n"
        f"model = mtreason.load_model({str(tiny_model)!r})\n"
        "task = pickle.load(sys.stdin.buffer)\n"
        "t = mtreason.Translator(model, task.direction.source, task.direction.target, task.settings)\n"
        "[result] = run(t.decoder, [t.bind(task)], t.decoding, t.model, 1)\n"
        "print(repr(result.text), [c.text for c in result.candidates])\n"
    )
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    there = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, env=env, check=True)
    from mtreason.decoding import run

    [here] = run(translator.decoder, [translator.bind(task)], translator.decoding, translator.model, 1)
    assert there.stdout.decode().strip() == f"{here.text!r} {[c.text for c in here.candidates]}"
    assert translator.bind(task).references == ("These shoes are comfortable.",)


def test_a_task_of_another_run_is_refused(model) -> None:
    translator = mtreason.Translator(model, "zh", "en", budget=3)
    task = translator.task(0, "你好")
    other = mtreason.Translator(model, "zh", "en", budget=4)
    with pytest.raises(SettingError, match="other languages or settings"):
        other.bind(task)
    assert isinstance(task, Task)


def test_the_glossary_is_matched_once_a_segment(model, tmp_path, monkeypatch) -> None:
    glossary = tmp_path / "own.zh-en.tsv"
    glossary.write_text("天气\tweather\n", "utf-8")
    translator = mtreason.Translator(model, "zh", "en", budget=2, glossaries=[glossary], shipped_glossaries=False)
    asked = []
    find = Matcher.find
    monkeypatch.setattr(Matcher, "find", lambda self, text: asked.append(text) or find(self, text))
    translator.translate(SENTENCES)
    assert sorted(asked) == sorted(SENTENCES)


class Upper:
    """Anything with `translate` will do."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def translate(self, texts):
        self.seen += texts
        return [text.upper() for text in texts]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.txt", "one\n\n  two \r\nthree", "ONE\n\n  TWO \r\nTHREE"),
        ("a.md", "# title\n\n- item\n\n```\ncode\n```\n", "# TITLE\n\n- ITEM\n\n```\ncode\n```\n"),
        ("a.json", '{"a": "x", "b": [1, "y"]}', '{"a": "X", "b": [1, "Y"]}'),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nhi\n", "1\n00:00:01,000 --> 00:00:02,000\nHI\n"),
    ],
)
def test_documents_can_be_tried_with_a_stand_in(tmp_path, name, before, after) -> None:
    source, out = tmp_path / name, tmp_path / f"out-{name}"
    source.write_bytes(before.encode())
    stand_in = Upper()
    mtreason.translate_document(source, out, stand_in)
    assert out.read_bytes().decode() == after
    assert all(text == text.strip() and text for text in stand_in.seen)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == [], "nothing is left behind"


def test_a_stand_in_has_to_answer_every_text(tmp_path) -> None:
    class Lazy:
        def translate(self, texts):
            return list(texts)[1:]

    (tmp_path / "a.txt").write_text("one\ntwo\n", "utf-8")
    with pytest.raises(mtreason.MtreasonError, match="returned 1 translations for 2 texts"):
        mtreason.translate_document(tmp_path / "a.txt", tmp_path / "b.txt", Lazy())
    assert not (tmp_path / "b.txt").exists()


def test_a_document_comes_out_as_the_command_makes_it(model, tiny_model, tmp_path) -> None:
    from support.commands import run

    source = tmp_path / "in.txt"
    source.write_text("".join(f"{s}\n" for s in SENTENCES[:3]), "utf-8")
    translator = mtreason.Translator(model, "zh", "en", budget=2)
    report = mtreason.translate_document(source, tmp_path / "out.txt", translator)
    assert report.segments == 3
    assert report.tokens > 0
    args = ["translate", source, "--from", "zh", "--to", "en", "--budget", 2, "--model", tiny_model, "--no-memory"]
    code, printed, err = run(args, tmp_path / "cache")
    assert code in {0, 3}, err
    assert (tmp_path / "out.txt").read_bytes() == printed


def test_a_project_is_kept_translated(model, tiny_model, tmp_path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("a", "b"):
        (tmp_path / "docs" / f"{name}.txt").write_text("今天天气很好。\n", "utf-8")
    config = (
        f'source = "zh"\ntargets = ["en"]\nfiles = ["docs/*.txt"]\noutput = "out/{{lang}}/{{path}}"\nbudget = 2\n'
        f"model = '{tiny_model}'\n"
    )
    (tmp_path / "mtreason.toml").write_text(config, "utf-8")
    project = mtreason.Project(tmp_path / "mtreason.toml")
    assert {f.kind for f in project.check()} == {"stale"}
    update = project.update(lambda: model)
    assert update.made == ["out/en/docs/a.txt", "out/en/docs/b.txt"]
    assert [f for f in project.check() if f.kind == "stale"] == []
    assert project.update(lambda: pytest.fail("nothing to do needs no model")).made == []
    (tmp_path / "docs" / "b.txt").write_text("你好\n", "utf-8")
    assert mtreason.Project(tmp_path / "mtreason.toml").update(lambda: model).made == ["out/en/docs/b.txt"]


def with_two_glossaries(tmp_path, model) -> Path:
    """Two glossaries of one name in two folders."""
    (tmp_path / "in.txt").write_text("今天天气很好。\n", "utf-8")
    for folder, line in (("one", "天气\tweather\n"), ("two", "公园\tpark\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "terms.tsv").write_text(line, "utf-8")
    config = tmp_path / "mtreason.toml"
    config.write_text(
        'source = "zh"\ntargets = ["en"]\nfiles = ["in.txt"]\noutput = "{lang}.txt"\nbudget = 2\n'
        'glossaries = ["one/terms.tsv", "two/terms.tsv"]\nshipped_glossaries = false\n'
        f"model = '{model}'\n",
        "utf-8",
    )
    return config


@pytest.mark.parametrize("folder", ["one", "two"])
def test_a_change_in_either_of_two_glossaries_of_one_name_is_seen(model, tiny_model, tmp_path, folder) -> None:
    """They were told apart by their names alone, so a change in the first went unseen."""
    config = with_two_glossaries(tmp_path, tiny_model)
    mtreason.Project(config).update(lambda: model)
    assert [f for f in mtreason.Project(config).check() if f.kind == "stale"] == []
    (tmp_path / folder / "terms.tsv").write_text("天气\tsky\n" if folder == "one" else "公园\tgarden\n", "utf-8")
    [finding] = [f for f in mtreason.Project(config).check() if f.kind == "stale"]
    assert finding.message.startswith("glossaries changed")


def test_a_lock_is_the_same_on_another_machine(model, tiny_model, tmp_path) -> None:
    """No path of this machine is in it, and one of a newer version is refused."""
    config = with_two_glossaries(tmp_path, tiny_model)
    mtreason.Project(config).update(lambda: model)
    lock = tmp_path / "mtreason.lock"
    assert str(tmp_path) not in lock.read_text("utf-8")
    found = json.loads(lock.read_text("utf-8"))
    for path, value in ((("version",), 99), (("runs", next(iter(found["runs"])), "layout"), 99)):
        newer = json.loads(lock.read_text("utf-8"))
        place = newer
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        (tmp_path / "mtreason.lock").write_text(json.dumps(newer), "utf-8")
        with pytest.raises(InputError, match=r"mtreason\.lock: written by a newer version of mtreason"):
            mtreason.Project(config).check()
        lock.write_text(json.dumps(found), "utf-8")
