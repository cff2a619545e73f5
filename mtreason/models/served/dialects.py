"""How to ask each kind of server, and how to read its answers.

Every dialect says how continuations are drawn, and how the probabilities of given tokens can be obtained.
Log-probabilities are natural, at temperature 1, over the whole vocabulary, before any bias.

Letters: n tokens, N alternatives per token.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from mtreason.models.engine.drawing import CANDIDATES
from mtreason.models.protocol import TokenMask, TopTokens
from mtreason.models.sequences import common_length
from mtreason.models.served.client import FaultyAnswerError, Request, post

LEAST = -1e4
"""Lower log-probabilities stand for minus infinity, which JSON cannot express."""


@dataclass(frozen=True, slots=True)
class Completion:
    """Tokens after a prompt, drawn or given."""

    tokens: tuple[int, ...]
    log_probs: tuple[float, ...]
    top: tuple[TopTokens, ...]
    """The most probable tokens at each of the n positions."""
    finished: bool
    """Whether the model ended here; the last token is then the end."""
    read: int
    """Prompt tokens that the server computed."""
    cached: int
    """Prompt tokens that the server had in its cache."""
    gaps: tuple[int, ...] = ()
    """Positions for which the server reports nothing: NaN and no alternatives; they are asked for one by one."""


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """A request for continuations."""

    prompt: tuple[int, ...]
    count: int
    room: int
    """The largest number of tokens of each."""
    temperature: float
    seed: int
    mask: TokenMask | None
    """None for any token and any script."""

    @property
    def top_p(self) -> float:
        """Nucleus from which the server draws."""
        return self.mask.top_p if self.mask is not None else 1.0


class Dialect(Protocol):
    """One kind of server."""

    @property
    def name(self) -> str:
        """Its name for people."""
        ...

    @property
    def alternatives(self) -> int:
        """The largest number of alternatives that it gives per token."""
        ...

    @property
    def reads(self) -> str:
        """How the probabilities of given tokens can be obtained; "" if they cannot."""
        ...

    @property
    def log_probs_at_temperature(self) -> bool:
        """Whether it applies the temperature to the probabilities that it reports for drawn tokens."""
        ...

    @property
    def probe_token(self) -> tuple[int, ...]:
        """What it can be made to write anywhere, so that it reports the alternatives; () where it leaves no gaps."""
        ...

    @property
    def broken(self) -> frozenset[int]:
        """Tokens that it cannot be made to write."""
        ...

    def takes(self, prompt: tuple[int, ...]) -> bool:
        """Whether it can be made to continue exactly these tokens."""
        ...

    def write(self, ask: SampleRequest) -> Request:
        """Ask for continuations."""
        ...

    def written(self, content: Any) -> list[Completion]:  # noqa: ANN401 - what JSON can hold
        """Read the answer; raises `FaultyAnswerError` or what indexing raises where it is not one."""
        ...

    def read(self, prompt: Sequence[int], target: Sequence[int], alternatives: int) -> Request:
        """Ask for the probabilities of given tokens after a prompt, each with its alternatives."""
        ...

    def readings(self, content: Any, prompt: Sequence[int], target: Sequence[int]) -> Completion:  # noqa: ANN401
        """Read the answer to `read`; raises as `written` does."""
        ...


@dataclass(frozen=True, slots=True)
class LlamaCpp:
    """The server of llama.cpp, by its own interface, because its OpenAI-compatible one lacks what is needed.

    Sources: tools/server/README.md of ggml-org/llama.cpp (POST /completion) and its grammars/README.md (`<[token]>`).
    It gives no log-probabilities of prompts (issue 27174 there), but a grammar can force what it writes, and the
    probabilities that it reports are those before grammar, bias and temperature. For tokens that end inside a
    character it reports nothing.
    """

    end: int
    """The token that ends a turn."""
    probe_token: tuple[int, ...]
    """See `Dialect.probe_token`: any one token of ordinary characters."""
    guidance: bool = False
    """Whether it has the grammars of llguidance, which cost nothing; its own grammars check the whole vocabulary."""
    broken: frozenset[int] = field(default=frozenset(), compare=False)
    """See `Dialect.broken`: with its own grammars, the tokens that end inside a character."""
    name: str = "llama.cpp"
    alternatives: int = CANDIDATES
    reads: str = "forced decoding"
    log_probs_at_temperature: bool = False

    def takes(self, prompt: tuple[int, ...]) -> bool:
        """See `Dialect.takes`."""
        return bool(prompt)

    def write(self, ask: SampleRequest) -> Request:
        """See `Dialect.write`."""
        content = {
            "prompt": ask.prompt,
            "n_predict": ask.room,
            "n_cmpl": ask.count,
            "temperature": ask.temperature,
            "top_k": CANDIDATES,
            "top_p": ask.top_p,
            "seed": ask.seed,
            # The order of the transformers library; other samplers in the server's defaults are left out.
            "samplers": ["temperature", "top_k", "top_p"],
            "n_probs": self.alternatives,
            "return_tokens": True,
            "cache_prompt": True,
        }
        return post("/completion", content, logit_bias=_false_pairs(ask.mask) if ask.mask else "[]")

    def written(self, content: Any) -> list[Completion]:  # noqa: ANN401
        """See `Dialect.written`."""
        rows = content if isinstance(content, list) else [content]
        return [self._row(row) for row in sorted(rows, key=lambda row: row["index"])]

    @staticmethod
    def _row(row: Mapping[str, Any]) -> Completion:
        tokens, told = row["tokens"], row.get("completion_probabilities", [])
        timings = row["timings"]
        places = _aligned(tokens, told)
        return Completion(
            tokens=tuple(map(int, tokens)),
            log_probs=tuple(finite(place["logprob"]) if place else np.nan for place in places),
            top=tuple(
                _nexts([(t["id"], t["logprob"]) for t in place["top_logprobs"]] if place else []) for place in places
            ),
            gaps=tuple(i for i, place in enumerate(places) if place is None),
            finished=row["stop_type"] == "eos",
            read=int(timings["prompt_n"]),
            cached=int(timings.get("cache_n", 0)),
        )

    def read(self, prompt: Sequence[int], target: Sequence[int], alternatives: int) -> Request:
        """See `Dialect.read`."""
        # Its own grammars do not name the end token; after their last token only an end token may come.
        named = target[:-1] if not self.guidance and target[-1] == self.end else target
        names = " ".join(f"<[{token}]>" for token in named) or '""'
        content = {
            "prompt": prompt,
            "n_predict": len(target),
            "temperature": 0,
            "samplers": ["temperature"],
            "n_probs": max(1, alternatives),
            "return_tokens": True,
            "cache_prompt": True,
            "grammar": f"%llguidance {{}}\nstart: {names}" if self.guidance else f"root ::= {names}",
        }
        return post("/completion", content)

    def readings(self, content: Any, prompt: Sequence[int], target: Sequence[int]) -> Completion:  # noqa: ANN401
        """See `Dialect.readings`."""
        del prompt
        row = self._row(content)
        n = len(target)
        # Its own grammars may end with any token that ends a turn.
        same = common_length(row.tokens, target)
        if tuple(target) == self.probe_token and (row.gaps or not same):
            raise FaultyAnswerError("nothing said of an ordinary token")
        missing = n - same
        return Completion(
            tokens=tuple(target),
            log_probs=row.log_probs[:same] + (np.nan,) * missing,
            top=row.top[:same] + (_nexts([]),) * missing,
            finished=row.finished,
            read=row.read,
            cached=row.cached,
            gaps=(*(i for i in row.gaps if i < same), *range(same, n)),
        )


@dataclass(frozen=True, slots=True)
class Vllm:
    """vLLM, by its completions interface and its extra parameters.

    Sources: "OpenAI-Compatible Server" and vllm.entrypoints.openai.completion.protocol in docs.vllm.ai.
    Log-probabilities are those before any processing (--logprobs-mode raw_logprobs, its default). When it reports the
    log-probabilities of a prompt, it computes the prompt again, even if it is cached.
    """

    model: str
    alternatives: int = 20
    """The default of --max-logprobs."""
    name: str = "vLLM"
    reads: str = "prompt_logprobs"
    log_probs_at_temperature: bool = False
    probe_token: tuple[int, ...] = ()
    broken: frozenset[int] = frozenset()

    def takes(self, prompt: tuple[int, ...]) -> bool:
        """See `Dialect.takes`."""
        return bool(prompt)

    def write(self, ask: SampleRequest) -> Request:
        """See `Dialect.write`."""
        content = {
            "model": self.model,
            "prompt": ask.prompt,
            "max_tokens": ask.room,
            "n": ask.count,
            "temperature": ask.temperature,
            "top_p": ask.top_p,
            "top_k": CANDIDATES,
            "min_p": 0.0,
            # Otherwise the model's own generation_config.json could add a penalty.
            "repetition_penalty": 1.0,
            "seed": ask.seed,
            "logprobs": self.alternatives,
            "return_tokens_as_token_ids": True,
            "stop_token_ids": sorted(ask.mask.stop) if ask.mask else [],
        }
        return post("/v1/completions", content, logit_bias=_hundreds(ask.mask) if ask.mask else "null")

    def written(self, content: Any) -> list[Completion]:  # noqa: ANN401
        """See `Dialect.written`."""
        read, cached = _prompt_tokens(content)
        return [self._row(row, read, cached) for row in sorted(content["choices"], key=lambda row: row["index"])]

    @staticmethod
    def _row(row: Mapping[str, Any], read: int, cached: int) -> Completion:
        logprobs = row["logprobs"]
        tokens = [_token_id(name) for name in logprobs["tokens"]]
        same_length(tokens, logprobs["token_logprobs"])
        same_length(tokens, logprobs["top_logprobs"])
        return Completion(
            tokens=tuple(tokens),
            log_probs=tuple(finite(value) for value in logprobs["token_logprobs"]),
            top=tuple(
                _nexts([(_token_id(name), value) for name, value in place.items()])
                for place in logprobs["top_logprobs"]
            ),
            finished=row["finish_reason"] == "stop",
            read=read,
            cached=cached,
        )

    def read(self, prompt: Sequence[int], target: Sequence[int], alternatives: int) -> Request:
        """See `Dialect.read`."""
        content = {
            "model": self.model,
            "prompt": [*prompt, *target],
            "max_tokens": 1,
            "temperature": 0.0,
            "prompt_logprobs": min(alternatives, self.alternatives),
        }
        return post("/v1/completions", content)

    def readings(self, content: Any, prompt: Sequence[int], target: Sequence[int]) -> Completion:  # noqa: ANN401
        """See `Dialect.readings`."""
        read, cached = _prompt_tokens(content)
        places = content["choices"][0]["prompt_logprobs"][len(prompt) :]
        same_length(target, places)
        return Completion(
            tokens=tuple(target),
            log_probs=tuple(finite(place[str(token)]["logprob"]) for place, token in zip(places, target, strict=True)),
            top=tuple(_nexts([(int(t), v["logprob"]) for t, v in place.items()]) for place in places),
            finished=False,
            read=read,
            cached=cached,
        )


@dataclass(frozen=True, slots=True)
class Sglang:
    """SGLang, by its own interface: the OpenAI-compatible one identifies tokens by their text.

    Sources: "SGLang Native APIs" and "Sampling Parameters" in docs.sglang.io. The log-probabilities that it reports for
    drawn tokens include the temperature, unless that is 0 or 1, so drawn tokens are then read once more.
    """

    alternatives: int = 20
    name: str = "SGLang"
    reads: str = "input_token_logprobs"
    log_probs_at_temperature: bool = True
    probe_token: tuple[int, ...] = ()
    broken: frozenset[int] = frozenset()

    def takes(self, prompt: tuple[int, ...]) -> bool:
        """See `Dialect.takes`."""
        return bool(prompt)

    def write(self, ask: SampleRequest) -> Request:
        """See `Dialect.write`."""
        content = {
            "input_ids": [ask.prompt],
            "return_logprob": True,
            "top_logprobs_num": self.alternatives,
            "return_text_in_logprobs": False,
        }
        sampling = {
            "max_new_tokens": ask.room,
            "n": ask.count,
            "temperature": ask.temperature,
            "top_p": ask.top_p,
            "top_k": CANDIDATES,
            "sampling_seed": ask.seed,
            "stop_token_ids": sorted(ask.mask.stop) if ask.mask else [],
        }
        bias = _hundreds(ask.mask) if ask.mask else "null"
        inner = post("", sampling, logit_bias=bias).body or b""
        return post("/generate", content, sampling_params=inner.decode("utf-8"))

    def written(self, content: Any) -> list[Completion]:  # noqa: ANN401
        """See `Dialect.written`."""
        return [self._row(row["meta_info"]) for row in (content if isinstance(content, list) else [content])]

    @staticmethod
    def _row(meta: Mapping[str, Any]) -> Completion:
        drawn, tops = meta["output_token_logprobs"], meta["output_top_logprobs"]
        same_length(drawn, tops)
        cached = int(meta.get("cached_tokens", 0))
        return Completion(
            tokens=tuple(int(entry[1]) for entry in drawn),
            log_probs=tuple(finite(entry[0]) for entry in drawn),
            top=tuple(_nexts([(entry[1], entry[0]) for entry in place]) for place in tops),
            finished=meta["finish_reason"]["type"] == "stop",
            read=int(meta["prompt_tokens"]) - cached,
            cached=cached,
        )

    def read(self, prompt: Sequence[int], target: Sequence[int], alternatives: int) -> Request:
        """See `Dialect.read`."""
        content = {
            "input_ids": [[*prompt, *target]],
            "return_logprob": True,
            "logprob_start_len": max(0, len(prompt) - 1),
            "top_logprobs_num": min(alternatives, self.alternatives),
            "return_text_in_logprobs": False,
            "sampling_params": {"max_new_tokens": 1, "temperature": 0.0},
        }
        return post("/generate", content)

    def readings(self, content: Any, prompt: Sequence[int], target: Sequence[int]) -> Completion:  # noqa: ANN401
        """See `Dialect.readings`."""
        del prompt
        meta = (content if isinstance(content, list) else [content])[0]["meta_info"]
        given = meta["input_token_logprobs"][-len(target) :]
        if [int(entry[1]) for entry in given] != list(target):
            raise FaultyAnswerError("other tokens than were sent")
        tops = (meta.get("input_top_logprobs") or [[]] * len(given))[-len(target) :]
        cached = int(meta.get("cached_tokens", 0))
        return Completion(
            tokens=tuple(target),
            log_probs=tuple(finite(entry[0]) for entry in given),
            top=tuple(_nexts([(entry[1], entry[0]) for entry in place or []]) for place in tops),
            finished=False,
            read=int(meta["prompt_tokens"]) - cached,
            cached=cached,
        )


@functools.lru_cache(maxsize=16)
def _false_pairs(mask: TokenMask) -> str:
    """Return the bias that bans tokens in llama.cpp's form."""
    return "[" + ",".join(f"[{token},false]" for token in np.flatnonzero(mask.banned).tolist()) + "]"


@functools.lru_cache(maxsize=16)
def _hundreds(mask: TokenMask) -> str:
    """Return the bias that bans tokens in OpenAI's form, where -100 is the lowest value."""
    return "{" + ",".join(f'"{token}":-100' for token in np.flatnonzero(mask.banned).tolist()) + "}"


def finite(value: Any) -> float:  # noqa: ANN401
    """Read a log-probability; raises `FaultyAnswerError` where there is none."""
    if value is None:
        raise FaultyAnswerError("a log-probability is missing")
    number = float(value)
    if number != number or number > 1e-3:
        raise FaultyAnswerError(f"a log-probability of {number}")
    return min(number, 0.0) if number > LEAST else float("-inf")


def _nexts(pairs: list[tuple[Any, Any]]) -> TopTokens:
    values = np.array([finite(value) for _, value in pairs], np.float64)
    order = np.argsort(-values, kind="stable")
    return TopTokens(np.array([int(token) for token, _ in pairs], np.int64)[order], values[order])


def same_length(tokens: Sequence[Any], places: Sequence[Any]) -> None:
    """Raise `FaultyAnswerError` unless there is something for every token."""
    if not tokens or len(tokens) != len(places):
        raise FaultyAnswerError(f"{len(places)} log-probabilities for {len(tokens)} tokens")


def broken_pieces(pieces: Sequence[bytes]) -> frozenset[int]:
    """Return the tokens that are not whole characters."""
    return frozenset(i for i, piece in enumerate(pieces) if piece.decode("utf-8", "replace").encode() != piece)


def _pairs(entries: Sequence[Mapping[str, Any]]) -> list[tuple[Any, Any]]:
    return [(entry["id"], entry["logprob"]) for entry in entries]


def _aligned(tokens: Sequence[int], told: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any] | None]:
    """Assign what a server reports to its tokens; from the end, because a character's last is always reported."""
    left = list(told)
    beside = [left.pop() if left and left[-1]["id"] == token else None for token in reversed(tokens)]
    if left or not tokens:
        raise FaultyAnswerError(f"{len(told)} log-probabilities that belong to none of {len(tokens)} tokens")
    return beside[::-1]


def _token_id(name: str) -> int:
    if not name.startswith("token_id:"):
        raise FaultyAnswerError("tokens without their numbers")
    return int(name.removeprefix("token_id:"))


def _prompt_tokens(content: Mapping[str, Any]) -> tuple[int, int]:
    """Return the prompt tokens that were computed and those that were cached."""
    usage = content["usage"]
    cached = int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0)
    return int(usage["prompt_tokens"]) - cached, cached
