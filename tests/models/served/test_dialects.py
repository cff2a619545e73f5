"""Answers in the form of each kind of server: what is right is read, what is wrong in one place is refused."""

import copy

import numpy as np
import pytest
from support.scripted_served import put_at, removed

from mtreason.models.protocol import TokenMask
from mtreason.models.served.answers import FaultyAnswerError
from mtreason.models.served.completions import SampleRequest, largest_answer
from mtreason.models.served.dialects import LlamaCpp, Sglang
from mtreason.models.served.exchange import LARGE, MOST_BYTES
from mtreason.models.served.texts import Ollama

WRONG = (FaultyAnswerError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
PROMPT = (5, 6, 7)
ASK = SampleRequest(PROMPT, 2, 3, 0.7, 1, TokenMask(np.zeros(64, bool), frozenset({0}), 1.0))
ALONE = SampleRequest(PROMPT, 1, 3, 0.7, 1, None)


def changed(right, path, value):
    other = copy.deepcopy(right)
    put_at(other, path, value)
    return other


def llama_place(token, log_prob, *others):
    top = [(token, log_prob), *others]
    told = [{"id": t, "token": "x", "bytes": [120], "logprob": p} for t, p in sorted(top, key=lambda one: -one[1])]
    return {"id": token, "token": "x", "bytes": [120], "logprob": log_prob, "top_logprobs": told}


def llama_row(index):
    return {
        "index": index,
        "content": "x",
        "tokens": [9, 3, 4],
        "completion_probabilities": [llama_place(9, -0.5, (1, -1.5)), llama_place(4, -2.0, (2, -0.4))],
        "stop_type": "limit",
        "tokens_evaluated": 3,
        "timings": {"prompt_n": 1, "cache_n": 2},
    }


LLAMA = LlamaCpp(0, (8,))
LLAMA_RIGHT = [llama_row(1), llama_row(0)]
PLACE = (0, "completion_probabilities", 0)


def test_llama_cpp() -> None:
    found = LLAMA.written(LLAMA_RIGHT, ASK)
    assert [one.tokens for one in found] == [(9, 3, 4)] * 2
    assert [one.gaps for one in found] == [(1,)] * 2
    assert found[0].top[2].tokens.tolist() == [2, 4]
    assert (found[0].read, found[0].cached) == (1, 2)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((0, "index"), 0),
        ((0, "index"), 2),
        ((0, "index"), "1"),
        ((0, "tokens"), [9, 3, 4, 4]),
        ((0, "tokens"), [9, -3, 4]),
        ((0, "tokens"), [9, "3", 4]),
        ((0, "tokens"), "934"),
        ((0, "tokens"), []),
        ((0, "tokens_evaluated"), 4),
        ((0, "tokens_evaluated"), "3"),
        ((0, "timings"), removed),
        ((0, "timings", "prompt_n"), -1),
        ((0, "timings", "prompt_n"), 1.5),
        ((0, "completion_probabilities"), lambda places: places * 2),
        ((0, "completion_probabilities"), {}),
        ((*PLACE, "id"), 12),
        ((*PLACE, "logprob"), None),
        ((*PLACE, "logprob"), -3.0),
        ((*PLACE, "logprob"), float("nan")),
        ((*PLACE, "logprob"), 10**400),
        ((*PLACE, "top_logprobs"), []),
        ((*PLACE, "top_logprobs"), None),
        ((*PLACE, "top_logprobs"), lambda top: top * 40),
        ((*PLACE, "top_logprobs", 0, "id"), -1),
        ((*PLACE, "top_logprobs", 0, "id"), 9.0),
        ((*PLACE, "top_logprobs", 1, "id"), 9),
        ((*PLACE, "top_logprobs", 1, "logprob"), -0.1),
        ((*PLACE, "top_logprobs", 1, "logprob"), "-1"),
    ],
)
def test_llama_cpp_that_is_wrong(path, value) -> None:
    with pytest.raises(WRONG):
        LLAMA.written(changed(LLAMA_RIGHT, path, value), ASK)


@pytest.mark.parametrize("content", [None, [], {}, [[]], [1], "x", [llama_row(i) for i in range(3)]])
def test_llama_cpp_that_answers_something_else(content) -> None:
    with pytest.raises(WRONG):
        LLAMA.written(content, ASK)


def test_llama_cpp_reading() -> None:
    row = llama_row(0) | {"tokens": [9, 4]}
    read = LLAMA.readings(row, PROMPT, (9, 4, 5))
    assert read.tokens == (9, 4, 5)
    assert read.gaps == (2,)
    for wrong in (row | {"tokens_evaluated": 5}, row | {"tokens": [9, 4, 5, 6]}, [row]):
        with pytest.raises(WRONG):
            LLAMA.readings(wrong, PROMPT, (9, 4, 5))
    with pytest.raises(FaultyAnswerError, match="nothing said of an ordinary token"):
        LLAMA.readings(row | {"tokens": [9], "completion_probabilities": []}, PROMPT, LLAMA.probe_token)


def sglang_row():
    return {
        "text": "",
        "meta_info": {
            "prompt_tokens": 3,
            "cached_tokens": 2,
            "finish_reason": {"type": "length"},
            "output_token_logprobs": [[-0.5, 9, None], [-2.0, 4, None]],
            "output_top_logprobs": [[[-0.5, 9, None], [-1.5, 1, None]], [[-0.4, 2, None], [-2.0, 4, None]]],
        },
    }


SGLANG_RIGHT = [sglang_row(), sglang_row()]
META = (0, "meta_info")
DRAWN, TOPS = (*META, "output_token_logprobs"), (*META, "output_top_logprobs")


def test_sglang() -> None:
    found = Sglang().written(SGLANG_RIGHT, ASK)
    assert [one.tokens for one in found] == [(9, 4)] * 2
    assert (found[0].read, found[0].cached) == (1, 2)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (META, removed),
        ((*META, "prompt_tokens"), 4),
        ((*META, "prompt_tokens"), "3"),
        ((*META, "cached_tokens"), -1),
        ((*META, "finish_reason"), None),
        (DRAWN, []),
        (DRAWN, lambda drawn: drawn * 2),
        (DRAWN, lambda drawn: drawn[:1]),
        ((*DRAWN, 0, 1), 7),
        ((*DRAWN, 0, 1), -9),
        ((*DRAWN, 0, 1), "9"),
        ((*DRAWN, 0, 0), 0.5),
        ((*DRAWN, 0, 0), -1.0),
        ((*DRAWN, 0), []),
        ((*DRAWN, 0), 9),
        (TOPS, lambda tops: tops[::-1]),
        ((*TOPS, 0), None),
        ((*TOPS, 0), lambda top: top * 2),
        ((*TOPS, 0), lambda top: [[-9.0, 20 + i, None] for i in range(40)] + top),
    ],
)
def test_sglang_that_is_wrong(path, value) -> None:
    with pytest.raises(WRONG):
        Sglang().written(changed(SGLANG_RIGHT, path, value), ASK)


def test_sglang_reading() -> None:
    meta = {
        "prompt_tokens": 5,
        "input_token_logprobs": [[None, 7, None], [-0.5, 9, None], [-2.0, 4, None]],
        "input_top_logprobs": [None, [[-0.5, 9, None]], [[-0.4, 2, None]]],
    }
    read = Sglang().readings([{"meta_info": meta}], PROMPT, (9, 4))
    assert read.log_probs == (-0.5, -2.0)
    for wrong in (
        {"prompt_tokens": 6},
        {"input_token_logprobs": meta["input_token_logprobs"][:2]},
        {"input_token_logprobs": [*meta["input_token_logprobs"][:2], [-2.0, 5, None]]},
        {"input_token_logprobs": meta["input_token_logprobs"] * 2},
        {"input_top_logprobs": None},
        {"input_top_logprobs": [None, [[-0.5, 9, None]], [[-3.0, 2, None]]]},
    ):
        with pytest.raises(WRONG):
            Sglang().readings([{"meta_info": meta | wrong}], PROMPT, (9, 4))


OLLAMA_RIGHT = {
    "model": "q",
    "done_reason": "length",
    "logprobs": [{"token": "x", "bytes": [120], "logprob": -0.5, "top_logprobs": [{"token": "x", "logprob": -0.5}]}],
    "prompt_eval_count": 3,
}


def test_ollama() -> None:
    [found] = Ollama("q").written(OLLAMA_RIGHT, ALONE)
    assert found.log_probs == (-0.5,)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("model",), "other"),
        (("model",), "\ud800"),
        (("done_reason",), removed),
        (("logprobs",), []),
        (("logprobs",), lambda places: places * 9),
        (("logprobs",), "x"),
        (("logprobs", 0, "logprob"), "-1"),
        (("logprobs", 0, "top_logprobs"), []),
        (("logprobs", 0, "top_logprobs"), lambda top: top * 30),
        (("logprobs", 0, "top_logprobs"), {}),
        (("prompt_eval_count",), -1),
        (("prompt_eval_count",), True),
    ],
)
def test_ollama_that_is_wrong(path, value) -> None:
    with pytest.raises(WRONG):
        Ollama("q").written(changed(OLLAMA_RIGHT, path, value), ALONE)


def test_an_answer_is_as_large_as_what_was_asked_for() -> None:
    asked = [LLAMA.write(ask).most for ask in (ALONE, ASK)]
    assert LARGE < asked[0] < asked[1] < 2 * LARGE
    assert LLAMA.read(PROMPT, (9, 4), 1 << 20).most == MOST_BYTES
    assert largest_answer(1, 1) < largest_answer(1, 1, asked=1000) < largest_answer(9, 9, answers=9, asked=1000)
