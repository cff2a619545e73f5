"""The reward that reads hidden states: what it reads, whoever wrote a draft, and the files of its weights."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save
from support.common import EN, SENTENCES, ZH, decode, head_for, table_settings, table_tasks, translator
from support.fakes import TableModel

from mtreason.decoding import DECODERS, run
from mtreason.errors import InputError, MtreasonError, SettingError
from mtreason.glossary import Term
from mtreason.languages import Direction, parse_language
from mtreason.models.engine import load
from mtreason.models.engine.recompute import RecomputeModel
from mtreason.models.protocol import Capability
from mtreason.rewards import REWARDS, Head, Reward, read_head, write_head
from mtreason.rewards.value import layers_read, pooled
from mtreason.runs.checks import untrained
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator


@pytest.fixture
def head(head_file):
    return read_head(head_file)


@pytest.fixture
def head_file(loaded, tmp_path):
    return head_for(loaded, tmp_path / "head.safetensors")


def test_features_are_means_and_the_last() -> None:
    kept = np.arange(24, dtype=np.float32).reshape(3, 2, 4)  # three tokens, two layers
    assert pooled(kept).tolist() == [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]
    assert layers_read(24) == (12, 16)
    assert layers_read(28) == (14, 19)
    assert layers_read(1) == (1, 1)


def read_again(t, task, tokens):
    """Features of a draft from a pass of its own over prompt and draft, in one go."""
    model = t.model
    path = task.prompt + tokens[:-1]
    [prefix] = model.extend([task.head], [path])
    return pooled(model.states(prefix, max(1, len(tokens) - 1)))


WAYS = {
    "samples": {"decoder": "best-of-n", "budget": 8.0},
    "tree": {"decoder": "mcts", "budget": 12.0, "full_budget": True},
    "beam and tree": {"decoder": "mcts", "budget": 12.0, "beam_width": 3},
    "reflection": {"decoder": "best-of-n", "budget": 8.0, "reflect": True},
    "repair": {"decoder": "best-of-n", "budget": 12.0},
}

MARKS = {"reflection": "reflected", "repair": "repaired"}
"""What marks a draft of these ways that was not drawn after the prompt."""


@pytest.mark.parametrize("way", WAYS)
def test_every_draft_has_the_features_of_reading_it_anew(loaded, head_file, head, way) -> None:
    reward = Reward("own", {"value": 0.4, "likelihood": 0.3, "terms": 0.3})
    terms = [Term("天气", ("weather",), "", "", "own.tsv", 1)] if way == "repair" else []
    t = translator(loaded, terms=terms, reward=reward, head=head_file, **WAYS[way])
    results = decode(t, SENTENCES[:4])
    seen = 0
    for sentence, result in zip(SENTENCES, results, strict=False):
        task = t.bind(t.task(0, sentence))
        for candidate in (c for c in result.candidates if not c.problems):
            expected = read_again(t, task, candidate.draft.tokens)
            # In 8 bits a draw and a reading round differently, as their probabilities do.
            np.testing.assert_allclose(candidate.draft.features, expected, atol=0.02 * np.abs(expected).max())
            assert candidate.parts["value"] == pytest.approx(head.value(candidate.draft.features))
            seen += 1
    assert seen >= 4
    assert any(getattr(c, MARKS.get(way, "draft")) for r in results for c in r.candidates)


def test_values_cost_no_token(loaded, head_file) -> None:
    """The same drafts are drawn at the same cost, with and without."""
    plain = Reward("plain", {"likelihood": 1.0})
    both = Reward("both", {"likelihood": 1.0, "value": 0.0})
    [without, with_it] = [
        decode(translator(loaded, reward=r, decoder="best-of-n", budget=6.0, **more))
        for r, more in ((plain, {}), (both, {"head": head_file}))
    ]
    assert [r.cost for r in without] == [r.cost for r in with_it]
    assert [r.text for r in without] == [r.text for r in with_it]


def test_company_does_not_change_values(loaded, head_file) -> None:
    t = translator(loaded, reward="value", decoder="mcts", budget=8.0, head=str(head_file))
    rows = [[(r.text, [(c.text, c.parts["value"]) for c in r.candidates if c.parts]) for r in decode(t, in_flight=n)]
            for n in (1, 16)]  # fmt: skip
    assert rows[0] == rows[1]
    assert any(len(candidates) > 1 for _, candidates in rows[0])


def test_the_highest_value_is_chosen(loaded, head_file) -> None:
    t = translator(loaded, reward="value", decoder="best-of-n", budget=8.0, head=head_file)
    several = [(r.text, [c for c in r.candidates if not c.problems and not c.doubts]) for r in decode(t)]
    chosen = [(text, max(clean, key=lambda c: c.parts["value"]).text) for text, clean in several if len(clean) > 1]
    assert chosen
    assert all(text == best for text, best in chosen)


def test_a_model_without_states_says_so_at_once() -> None:
    class Poor(TableModel):
        states = None

    model = Poor()
    settings = table_settings("value", states=True)
    with pytest.raises(TypeError, match="the model keeps none"):
        list(run(DECODERS["best-of-n"], table_tasks(model), settings, model, 1))


def test_a_head_is_read_as_it_was_written(tmp_path) -> None:
    weights = np.array([0.1, -2e30, 3], np.float32)
    head = Head(weights, 1 / 3, "m", "f", ("zh-en", "en-zh"), {"a": [1, "词"]}, "mtreason tune --value -o 头")
    write_head(tmp_path / "h.safetensors", head)
    again = read_head(tmp_path / "h.safetensors")
    assert np.array_equal(head.weights, again.weights)
    for name in ("offset", "model", "features", "directions", "origin", "command", "identity"):
        assert getattr(head, name) == getattr(again, name)
    assert again.value(np.array([1, 0, 2], np.float32)) == pytest.approx(0.1 + 6 + 1 / 3)


def test_what_a_value_depends_on_is_in_the_identity(head) -> None:
    others = [
        replace(head, weights=head.weights * 2), replace(head, offset=1.0), replace(head, model="x"),
        replace(head, features="x"),
    ]  # fmt: skip
    assert len({head.identity, *(other.identity for other in others)}) == 5
    assert replace(head, command="x", origin={}).identity == head.identity


def test_the_run_depends_on_the_head(loaded, head_file, head) -> None:
    specs = []
    for factor in (1, 2):
        write_head(head_file, replace(head, weights=head.weights * factor))
        specs.append(translator(loaded, reward="value", decoder="best-of-n", head=head_file).spec)
    assert specs[0].digest != specs[1].digest
    assert specs[0].of_segments != specs[1].of_segments


def damaged(data: bytes) -> dict[str, bytes]:
    arrays = load_arrays(data)
    told = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    about = json.loads(told["mtreason-value"])

    def with_about(**changes):
        return save(arrays, {"mtreason-value": json.dumps(about | changes)})

    nan = arrays["weights"].copy()
    nan[3] = np.nan
    return {
        "cut off": data[: len(data) // 2],
        "cut in its head": data[:20],
        "empty": b"",
        "another file": b"hello\n" * 40,
        "no text": save(arrays),
        "other arrays": save({"a": nan}, told),
        "not a number": save(arrays | {"weights": nan}, told),
        "a table of weights": save(arrays | {"weights": nan.reshape(2, -1)}, told),
        "other numbers": save(arrays | {"weights": np.arange(4)}, told),
        "no list": with_about(directions=7),
        "no texts": with_about(model=None),
        "no origin": with_about(origin="x"),
        "not JSON": save(arrays, {"mtreason-value": "{"}),
        "deep": save(arrays, {"mtreason-value": "[" * 9999}),
    }


@pytest.mark.parametrize("how", list(damaged(save({"weights": np.zeros(6, np.float32), "offset": np.zeros(1)},
                                                  {"mtreason-value": '{"directions": []}'}))))  # fmt: skip
def test_a_damaged_head_is_one_line(head_file, how) -> None:
    head_file.write_bytes(damaged(head_file.read_bytes())[how])
    with pytest.raises(InputError, match="damaged, cut off, or not what 'mtreason tune --value' writes") as caught:
        read_head(head_file)
    assert str(caught.value).startswith(f"{head_file}: ")
    assert "\n" not in str(caught.value)


def test_a_head_that_cannot_be_read(tmp_path) -> None:
    with pytest.raises(InputError, match=r"none\.safetensors cannot be read .*: name a file that 'mtreason tune"):
        read_head(tmp_path / "none.safetensors")


def test_a_head_of_another_model_is_refused(loaded, head_file, head) -> None:
    write_head(head_file, replace(head, model="0123abc"))
    with pytest.raises(InputError, match=f"made for another model .digest 0123abc, .* has {loaded.digest}"):
        translator(loaded, reward="value", decoder="best-of-n", head=head_file)
    write_head(head_file, replace(head, weights=np.zeros(9, np.float32)))
    with pytest.raises(InputError, match=r"reads 'mean .*' \(9 numbers\), and this version of mtreason .*\(192\)"):
        translator(loaded, reward="value", decoder="best-of-n", head=head_file)
    write_head(head_file, replace(head, features="first"))
    with pytest.raises(InputError, match="reads 'first'"):
        translator(loaded, reward="value", decoder="best-of-n", head=head_file)


def test_settings_that_do_not_go_together(loaded, head_file) -> None:
    for settings, message in (
        (
            {"reward": "value"},
            "`reward` value needs the weights of value: make them for this model with",
        ),
        ({"head": head_file}, "`head` .* nothing here uses it: add `reward` value"),
        ({"reward": "value", "head": head_file, "think": True}, "`think` does nothing for value"),
    ):
        with pytest.raises(SettingError, match=message):
            translator(loaded, decoder="best-of-n", **settings)


def test_a_backend_without_states_is_refused(loaded, head_file) -> None:
    assert Capability.HIDDEN_STATES not in loaded.lacks
    poor = replace(loaded, lacks=frozenset({Capability.HIDDEN_STATES}))
    with pytest.raises(SettingError, match=r"`reward` value needs hidden states, which this model's engine or server"):
        translator(poor, reward="value", decoder="best-of-n", head=head_file)
    with pytest.raises(SettingError, match=r"a head is trained on hidden states, which this model's engine or server"):
        Translator(poor, ZH, EN, Settings(decoder="best-of-n"), terms=(), states=True)
    assert translator(poor, decoder="best-of-n").states is False


def test_an_engine_that_recomputes_gives_no_states(tiny_model, monkeypatch) -> None:
    monkeypatch.setattr(load, "_share_or_recompute", lambda network, *_: RecomputeModel(network))
    assert load.load_directory(tiny_model, note=pytest.fail).lacks == {Capability.HIDDEN_STATES}


def test_languages_that_it_was_not_trained_for(head) -> None:
    assert untrained(head, Direction(ZH, EN)) is None
    assert untrained(head, Direction(parse_language("zh-Hant"), parse_language("en-GB"))) is None
    assert untrained(None, Direction(EN, ZH)) is None
    assert untrained(head, Direction(EN, ZH)) == (
        "the head of value was trained for zh-en, not for en-zh: its values say less there"
    )


def test_it_is_a_reward_by_itself() -> None:
    assert REWARDS["value"].weights == {"value": 1.0}
    assert "value" not in REWARDS["mix"].weights
    assert issubclass(InputError, MtreasonError)
