"""What an actor of Ray Data holds, without Ray."""

import pyarrow as pa
import pytest
from support.corpora import TEXTS

import mtreason.ray
from mtreason.corpus.cluster import Pool, parse_workers
from mtreason.errors import InputError


@pytest.fixture(scope="module")
def actor(tiny_model):
    return mtreason.ray.TranslateBatch("zh", "en", model=str(tiny_model), decoder="greedy", column="words")


def test_columns_are_added(actor) -> None:
    table = pa.table({"n": [1, 2, 3], "words": [TEXTS[0], "2024", None]})
    made = actor(table)
    assert made.column_names == [
        *("n", "words", "translation", "score", "parts", "status", "error", "terms_missed", "tokens", "seconds")
    ]
    assert made.select(["n", "words"]) == table
    assert made["translation"].to_pylist() == [actor.translator.translate([TEXTS[0]])[0].text, "2024", None]
    assert made["status"].to_pylist()[1:] == ["passed", "failed"]
    assert made["error"].to_pylist()[2] == "there is no text"
    assert actor(table.slice(0, 0)).num_rows == 0


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ({"words": ["x"]}, "a batch is dict: call map_batches with batch_format='pyarrow'"),
        (pa.table({"text": ["x"]}), "no column 'words' \\(there are text\\): name one with `column`"),
    ],
)
def test_a_batch_of_another_form_is_refused(actor, batch, said) -> None:
    with pytest.raises(InputError, match=said):
        actor(batch)


def test_a_worker_that_would_translate_otherwise_is_refused(actor, tiny_model) -> None:
    expected = actor.translator.spec.to_json() | {"arithmetic": "bf16 cuda"}
    with pytest.raises(
        InputError, match=r"node .* would translate otherwise: arithmetic is 'int8.* but 'bf16 cuda' else"
    ):
        mtreason.ray.TranslateBatch("zh", "en", model=str(tiny_model), decoder="greedy", expected=expected)


def test_numbers_of_workers() -> None:
    assert parse_workers("2:8") == (2, 8)
    assert parse_workers("4") == (4, 4)
    for text in ("", ":", "2:", ":2", "a", "1:2:3", "-1", "²"):
        with pytest.raises(InputError, match="expected MIN:MAX, such as 1:4"):
            parse_workers(text)
    for least, most in ((0, 1), (3, 2)):
        with pytest.raises(InputError, match="expected MIN:MAX, with MIN at least 1"):
            Pool(least, most)
    with pytest.raises(InputError, match=r"--cpus-per-worker 0: must be at least 0\.01"):
        Pool(cpus=0)
    with pytest.raises(InputError, match="--gpus-per-worker nan: must be at least 0"):
        Pool(gpus=float("nan"))
