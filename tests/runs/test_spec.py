"""The identity of a run: whatever changes a translation changes it, whatever does not leaves it."""

import dataclasses
import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from support.common import EN, SENTENCES, ZH, text_units, translator

from mtreason.decoding.wordings import Wording, named_wording
from mtreason.errors import InputError
from mtreason.glossary import Hit, Sense, Term
from mtreason.languages import Direction, parse_language
from mtreason.rewards import REWARDS
from mtreason.runs.pipeline import KEPT, MODEL, TranslationCache, translate_units
from mtreason.runs.settings import FROM_ELSEWHERE, NOWHERE, REACH, SEGMENT, Settings
from mtreason.runs.spec import LAYOUT, RunSpec, describe_run, read_spec

TERM = Term("天气", ("weather",), "", "", "own.tsv", 1)
DIRECTION = Direction(ZH, EN)
WORDING = named_wording("formal")
OTHER = {
    "prompt": "short",
    "decoder": "best-of-n",
    "nodes": "2",
    "beam_width": 3,
    "full_budget": True,
    "budget": 5.0,
    "context": 2,
    "in_flight": 3,
    "seed": 1,
    "glossaries": (Path("a.tsv"),),
    "shipped_glossaries": False,
    "memories": (Path("m.tmx"),),
    "reward": "channel",
    "qe": "metric",
    "head": Path("head.safetensors"),
    "think": True,
    "max_thought_tokens": 9,
    "reward_over": "all",
    "reflect": True,
    "segment_seconds": 2.0,
}
"""Another value of every setting."""


def described(settings=None, **changes):
    own = {
        "settings": settings or Settings(),
        "direction": DIRECTION,
        "wording": WORDING,
        "reward": REWARDS["mix"],
        "terms": (TERM,),
        "model": "m",
        "arithmetic": "int8",
        "metric": "none",
        "memories": (("m.tmx", "1"),),
        "document": {"columns": ["a"]},
    }
    return describe_run(**own | changes)


@pytest.mark.parametrize("name", [spec.name for spec in fields(Settings)])
def test_every_setting_is_in_it_or_changes_nothing(name) -> None:
    needed = {"max_thought_tokens": {"think": True}, "reward_over": {"think": True}}.get(name, {})
    base, other = Settings(**needed), Settings(**needed | {name: OTHER[name]})
    [reach] = [spec.metadata.get(REACH) for spec in fields(Settings) if spec.name == name]
    differs = described(base).digest != described(other).digest
    same_key = described(base).of_segments == described(other).of_segments
    if reach == NOWHERE or name in FROM_ELSEWHERE:
        assert not differs
    elif reach == SEGMENT:
        assert differs, "a document depends on it"
        assert same_key, "a segment only through its own key"
    else:
        assert differs
        assert not same_key
        assert described(other).changed(described(base)) == (name,)


REWORDED = replace(WORDING, system="You translate.")
REWORDINGS = [
    {"system": "You translate."}, {"system": None}, {"instruction": "{source} {target}"}, {"text": "- {text}"},
    {"instruction_with_hints": "{target}: "}, {"text": "{text}."}, {"answer": "{target}:"},
    {"hint": "{term}: {rendering}"}, {"sense": "{rendering}: {note}"}, {"hints": "{hints}\n"},
    {"context": "{context}\n"}, {"note": "{note}\n"}, {"label": "-\n"}, {"names": "zh"}, {"examples": 1},
    {"chat": False},
    {"thinking": "{words} words"}, {"verdict": "{text}?"}, {"verdicts": ("Good", "Bad")}, {"rethink": "Look again."},
]  # fmt: skip
"""Another value of every field."""


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        *(("prompt", {"wording": replace(WORDING, **changes)}) for changes in REWORDINGS),
        ("model", {"model": "n"}),
        ("arithmetic", {"arithmetic": "bf16"}),
        ("source", {"direction": Direction(parse_language("ja"), EN)}),
        ("target", {"direction": Direction(ZH, parse_language("en-GB"))}),
        ("reward", {"reward": REWARDS["two-way"]}),
        ("reward", {"reward": replace(REWARDS["two-way"], weights={"likelihood": 0.4, "channel": 0.6})}),
        ("metric", {"metric": "abc"}),
        ("glossaries", {"terms": ()}),
        ("glossaries", {"terms": (replace(TERM, targets=("sky",)),)}),
        ("glossaries", {"terms": (replace(TERM, forbidden=("clime",)),)}),
        ("glossaries", {"terms": (replace(TERM, hinted=False),)}),
        ("glossaries", {"terms": (replace(TERM, file="other/own.tsv"),)}),
        ("memories", {"memories": (("m.tmx", "2"),)}),
        ("memories", {"memories": (("n.tmx", "1"),)}),
        ("columns", {"document": {"columns": ["b"]}}),
    ],
)
def test_every_field_is_told(field, changes) -> None:
    before, after = described(), described(**changes)
    assert after.digest != before.digest
    assert field in after.changed(before)
    assert set(after.changed(before)) <= {field, "prompt"}, "a wording names its languages"
    reaches_through_the_segment = field in {"glossaries", "memories", "columns"}
    assert (after.of_segments == before.of_segments) == reaches_through_the_segment


def test_adapters_and_the_number_of_the_behaviour_are_told(monkeypatch) -> None:
    before = described()
    assert replace(before, adapters=("lora",)).digest != before.digest
    assert replace(before, adapters=("lora",)).of_segments != before.of_segments
    monkeypatch.setattr("mtreason.runs.spec.BEHAVIOUR", 1000)
    assert described().changed(before) == ("behaviour",)


def test_no_field_is_forgotten_here() -> None:
    """A new field has to be changed by the tests above."""
    assert {spec.name for spec in fields(RunSpec)} == {
        "behaviour", "prompt", "model", "arithmetic", "source", "target", "settings", "reward", "metric", "glossaries",
        "memories", "adapters", "document",
    }  # fmt: skip
    assert {spec.name for spec in fields(Settings)} == set(OTHER)
    assert {spec.name for spec in fields(Wording)} - {"name"} == {name for own in REWORDINGS for name in own}


@pytest.mark.parametrize(
    "change",
    [
        {"targets": ("sky", "weather")}, {"literal": "sky energy"}, {"forbidden": ("clime",)}, {"source": "天"},
        {"case_sensitive": True}, {"senses": (Sense(("sky",), "air"), Sense(("day",), ""))},
    ],
)  # fmt: skip
def test_what_a_term_says_is_in_the_key_of_its_segments(change) -> None:
    run, hit = described(), Hit(TERM, 2, 4)
    key = run.segment_key("今天天气很好。", (hit,), ())
    other = Hit(replace(TERM, **change), 2, 4)
    assert run.segment_key("今天天气很好。", (other,), ()) != key
    assert run.segment_key("今天天气很好。", (), ()) != key
    assert run.segment_key("今天天气很好。", (hit,), (("你好", "Hello"),)) != key
    assert run.segment_key("明天天气很好。", (hit,), ()) != key
    assert run.segment_key("今天天气很好。", (hit,), (), "a note") != key


def test_what_is_not_known_is_not_compared() -> None:
    before = described()
    assert described(model="", arithmetic="").changed(before) == ()
    assert before.changed(described(model="", arithmetic="")) == ()
    assert described(model="", metric="abc").changed(before) == ("metric",)


def test_it_survives_a_file() -> None:
    run = described()
    again = read_spec(json.loads(json.dumps(run.to_json())), "x.lock")
    assert again.digest == run.digest
    assert again.of_segments == run.of_segments
    assert again.changed(run) == ()


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([], "not the identity of a run"),
        ({"layout": LAYOUT}, "not the identity of a run"),
        ({"layout": "1"}, "not the identity of a run"),
        ({"layout": LAYOUT + 1}, r"x\.lock: written by a newer version of mtreason \(layout \d, this one knows \d\)"),
    ],
)
def test_files_of_other_versions_are_refused(record, message) -> None:
    with pytest.raises(InputError, match=message):
        read_spec(record, "x.lock")


class Store(dict):
    def put(self, key, kept):
        self.setdefault(key, kept)


def origins(t, cache):
    segments = []
    list(translate_units(t, text_units(f"{SENTENCES[0]}\n"), segments.append, cache))
    return [s.origin for s in segments]


def test_an_upgrade_that_changes_prompts_is_not_served_old_translations(loaded, monkeypatch) -> None:
    """The memory held translations under keys in which neither the version nor the prompts were."""
    cache = TranslationCache([Store()])
    assert origins(translator(loaded, budget=2.0), cache) == [MODEL]
    assert origins(translator(loaded, budget=2.0), cache) == [KEPT]
    assert origins(translator(loaded, budget=2.0, wording=REWORDED), cache) == [MODEL]
    monkeypatch.setattr("mtreason.runs.spec.BEHAVIOUR", 1000)
    assert origins(translator(loaded, budget=2.0), cache) == [MODEL]


def test_a_translator_knows_its_run(loaded) -> None:
    own = dataclasses.replace(loaded, digest="d", arithmetic="int8/127 cpu")
    run = translator(own, terms=(TERM,), budget=2.0).spec
    assert (run.model, run.arithmetic, run.source, run.target) == ("d", "int8/127 cpu", "zh", "en")
    assert run.settings["budget"] == 2.0
    assert [name for name, _ in run.glossaries] == ["own.tsv"]
    assert run.reward == dict(sorted(REWARDS["mix"].weights.items()))
