"""How to ask each kind of server, and how to read its answers.

Every dialect says how continuations are drawn, and how the probabilities of given tokens can be obtained.
Log-probabilities are natural, at temperature 1, over the whole vocabulary, before any bias.

Letters: n tokens, N alternatives per token.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from mtreason.models.engine.drawing import CANDIDATES
from mtreason.models.protocol import TokenMask, TopTokens
from mtreason.models.sequences import common_length
from mtreason.models.served.answers import (
    MOST_VOCABULARY,
    FaultyAnswerError,
    log_prob,
    mapping,
    rows,
    text,
    tokens_of,
    whole,
)
from mtreason.models.served.completions import (
    Completion,
    SampleRequest,
    alternatives_of,
    check_places,
    check_written,
    each_once,
    largest_answer,
    nothing_told,
    same_length,
    same_prompt,
)
from mtreason.models.served.exchange import Request, post


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

    def written(self, content: Any, ask: SampleRequest) -> list[Completion]:  # noqa: ANN401 - what JSON can hold
        """Read the answer; raises `FaultyAnswerError` or what indexing raises where it is not one to this request."""
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
        asked = post("/completion", content, logit_bias=_false_pairs(ask.mask) if ask.mask else "[]")
        return _sized(asked, ask.room, self.alternatives, ask.count)

    def written(self, content: Any, ask: SampleRequest) -> list[Completion]:  # noqa: ANN401
        """See `Dialect.written`."""
        listed = rows(content if isinstance(content, list) else [content], "continuations", most=ask.count)
        numbered = _in_order(listed, ask.count)
        found = [self._row(row, len(ask.prompt), ask.room, self.alternatives) for row in numbered]
        check_written(found, ask)
        return found

    @staticmethod
    def _row(row: Mapping[str, Any], prompt: int, room: int, alternatives: int) -> Completion:
        tokens = tokens_of(row["tokens"], "tokens", most=room, vocabulary=MOST_VOCABULARY)
        told = rows(row.get("completion_probabilities", []), "completion_probabilities", most=room)
        timings = mapping(row["timings"], "timings")
        if row.get("tokens_evaluated") is not None:
            same_prompt(whole(row["tokens_evaluated"], "tokens_evaluated"), prompt)
        places = _aligned(tokens, told)
        most = alternatives + 1
        found = Completion(
            tokens=tokens,
            log_probs=tuple(log_prob(place["logprob"]) if place else np.nan for place in places),
            top=tuple(
                alternatives_of(((t["id"], t["logprob"]) for t in place["top_logprobs"]), most=most)
                if place
                else nothing_told()
                for place in places
            ),
            gaps=tuple(i for i, place in enumerate(places) if place is None),
            finished=row["stop_type"] == "eos",
            read=whole(timings["prompt_n"], "prompt_n"),
            cached=whole(timings.get("cache_n", 0), "cache_n"),
        )
        check_places(found)
        return found

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
        return _sized(post("/completion", content), len(target), max(1, alternatives))

    def readings(self, content: Any, prompt: Sequence[int], target: Sequence[int]) -> Completion:  # noqa: ANN401
        """See `Dialect.readings`."""
        n = len(target)
        # How many alternatives were asked for only bounds the size of the answer.
        row = self._row(mapping(content, "the answer"), len(prompt), n, MOST_VOCABULARY)
        # Its own grammars may end with any token that ends a turn.
        same = common_length(row.tokens, target)
        if tuple(target) == self.probe_token and (row.gaps or not same):
            raise FaultyAnswerError("nothing said of an ordinary token")
        missing = n - same
        return Completion(
            tokens=tuple(target),
            log_probs=row.log_probs[:same] + (np.nan,) * missing,
            top=row.top[:same] + (nothing_told(),) * missing,
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
    names: frozenset[str] = field(default=frozenset(), compare=False)
    """Other names of the same model, one of which its answers may have."""
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
        asked = post("/v1/completions", content, logit_bias=_hundreds(ask.mask) if ask.mask else "null")
        return _sized(asked, ask.room, self.alternatives, ask.count)

    def written(self, content: Any, ask: SampleRequest) -> list[Completion]:  # noqa: ANN401
        """See `Dialect.written`."""
        read, cached = self._prompt_tokens(content, len(ask.prompt))
        numbered = _in_order(rows(content["choices"], "choices", most=ask.count), ask.count)
        found = [self._row(row, ask.room, read, cached) for row in numbered]
        check_written(found, ask)
        return found

    def _row(self, row: Mapping[str, Any], room: int, read: int, cached: int) -> Completion:
        logprobs = mapping(row["logprobs"], "logprobs")
        tokens = [_token_id(name) for name in rows(logprobs["tokens"], "tokens", most=room)]
        own = rows(logprobs["token_logprobs"], "token_logprobs", most=room)
        tops = rows(logprobs["top_logprobs"], "top_logprobs", most=room)
        same_length(tokens, own)
        same_length(tokens, tops)
        most = self.alternatives + 1
        found = Completion(
            tokens=tuple(tokens),
            log_probs=tuple(log_prob(value) for value in own),
            top=tuple(
                alternatives_of(((_token_id(name), value) for name, value in place.items()), most=most)
                for place in tops
            ),
            finished=row["finish_reason"] == "stop",
            read=read,
            cached=cached,
        )
        check_places(found)
        return found

    def _prompt_tokens(self, content: Any, sent: int) -> tuple[int, int]:  # noqa: ANN401
        """Return the prompt tokens that were computed and those that were cached; check that the answer is ours."""
        model = mapping(content, "the answer").get("model", self.model)
        if model != self.model and model not in self.names:
            raise FaultyAnswerError(f"it is from the model {text(model, 'model')!r}, not {self.model!r}")
        usage = content["usage"]
        told = whole(usage["prompt_tokens"], "prompt_tokens")
        same_prompt(told, sent)
        details = usage.get("prompt_tokens_details") or {}
        cached = whole(details.get("cached_tokens") or 0, "cached_tokens")
        return max(0, told - cached), cached

    def read(self, prompt: Sequence[int], target: Sequence[int], alternatives: int) -> Request:
        """See `Dialect.read`."""
        content = {
            "model": self.model,
            "prompt": [*prompt, *target],
            "max_tokens": 1,
            "temperature": 0.0,
            "prompt_logprobs": min(alternatives, self.alternatives),
        }
        places = len(prompt) + len(target)
        return _sized(post("/v1/completions", content), places, max(alternatives, self.alternatives))

    def readings(self, content: Any, prompt: Sequence[int], target: Sequence[int]) -> Completion:  # noqa: ANN401
        """See `Dialect.readings`."""
        n = len(prompt) + len(target)
        read, cached = self._prompt_tokens(content, n)
        [choice] = rows(content["choices"], "choices", most=1)
        told = rows(choice["prompt_logprobs"], "prompt_logprobs", most=n)
        same_length([*prompt, *target], told)
        places = [{_number(t): v["logprob"] for t, v in place.items()} for place in told[len(prompt) :]]
        found = Completion(
            tokens=tuple(target),
            log_probs=tuple(log_prob(place[token]) for place, token in zip(places, target, strict=True)),
            top=tuple(alternatives_of(place.items(), most=self.alternatives + 1) for place in places),
            finished=False,
            read=read,
            cached=cached,
        )
        check_places(found)
        return found


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
        asked = post("/generate", content, sampling_params=inner.decode("utf-8"))
        return _sized(asked, ask.room, self.alternatives, ask.count)

    def written(self, content: Any, ask: SampleRequest) -> list[Completion]:  # noqa: ANN401
        """See `Dialect.written`."""
        listed = rows(content if isinstance(content, list) else [content], "continuations", most=ask.count)
        found = [self._row(mapping(row["meta_info"], "meta_info"), len(ask.prompt), ask.room) for row in listed]
        check_written(found, ask)
        return found

    def _row(self, meta: Mapping[str, Any], prompt: int, room: int) -> Completion:
        drawn = rows(meta["output_token_logprobs"], "output_token_logprobs", most=room)
        tops = rows(meta["output_top_logprobs"], "output_top_logprobs", most=room)
        same_length(drawn, tops)
        read, cached = self._prompt_tokens(meta, prompt)
        found = Completion(
            tokens=tokens_of([entry[1] for entry in drawn], "tokens", most=room, vocabulary=MOST_VOCABULARY),
            log_probs=tuple(log_prob(entry[0]) for entry in drawn),
            top=tuple(self._nexts(place) for place in tops),
            finished=meta["finish_reason"]["type"] == "stop",
            read=read,
            cached=cached,
        )
        check_places(found)
        return found

    def _nexts(self, place: Sequence[Any]) -> TopTokens:
        return alternatives_of(((entry[1], entry[0]) for entry in place), most=self.alternatives + 1)

    @staticmethod
    def _prompt_tokens(meta: Mapping[str, Any], sent: int) -> tuple[int, int]:
        """Return the prompt tokens that were computed and those that were cached; check that they are ours."""
        told = whole(meta["prompt_tokens"], "prompt_tokens")
        same_prompt(told, sent)
        cached = whole(meta.get("cached_tokens", 0), "cached_tokens")
        return max(0, told - cached), cached

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
        return _sized(post("/generate", content), len(target) + 2, self.alternatives)

    def readings(self, content: Any, prompt: Sequence[int], target: Sequence[int]) -> Completion:  # noqa: ANN401
        """See `Dialect.readings`."""
        n = len(target)
        [row] = rows(content if isinstance(content, list) else [content], "continuations", most=1)
        meta = mapping(row["meta_info"], "meta_info")
        read, cached = self._prompt_tokens(meta, len(prompt) + n)
        given = rows(meta["input_token_logprobs"], "input_token_logprobs", most=n + 2)[-n:]
        if [entry[1] for entry in given] != list(target):
            raise FaultyAnswerError("other tokens than were sent")
        tops = rows(meta["input_top_logprobs"], "input_top_logprobs", most=n + 2)[-n:]
        same_length(given, tops)
        found = Completion(
            tokens=tuple(target),
            log_probs=tuple(log_prob(entry[0]) for entry in given),
            top=tuple(self._nexts(place) for place in tops),
            finished=False,
            read=read,
            cached=cached,
        )
        check_places(found)
        return found


@functools.lru_cache(maxsize=16)
def _false_pairs(mask: TokenMask) -> str:
    """Return the bias that bans tokens in llama.cpp's form."""
    return "[" + ",".join(f"[{token},false]" for token in np.flatnonzero(mask.banned).tolist()) + "]"


@functools.lru_cache(maxsize=16)
def _hundreds(mask: TokenMask) -> str:
    """Return the bias that bans tokens in OpenAI's form, where -100 is the lowest value."""
    return "{" + ",".join(f'"{token}":-100' for token in np.flatnonzero(mask.banned).tolist()) + "}"


def broken_pieces(pieces: Sequence[bytes]) -> frozenset[int]:
    """Return the tokens that are not whole characters."""
    return frozenset(i for i, piece in enumerate(pieces) if piece.decode("utf-8", "replace").encode() != piece)


def _aligned(tokens: Sequence[int], told: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any] | None]:
    """Assign what a server reports to its tokens; from the end, because a character's last is always reported."""
    left = list(told)
    beside = [left.pop() if left and left[-1]["id"] == token else None for token in reversed(tokens)]
    if left or not tokens:
        raise FaultyAnswerError(f"{len(told)} log-probabilities that belong to none of {len(tokens)} tokens")
    return beside[::-1]


def _in_order(listed: Sequence[Mapping[str, Any]], count: int) -> list[Mapping[str, Any]]:
    """Sort continuations by their numbers."""
    numbers = [whole(row["index"], "index", most=count - 1) for row in listed]
    each_once(numbers)
    return [listed[i] for i in np.argsort(numbers).tolist()]


def _sized(asked: Request, places: int, alternatives: int, answers: int = 1) -> Request:
    """Bound the answer to a request by what it asks for."""
    sent = len(asked.body or b"")
    return replace(asked, most=largest_answer(places, alternatives, answers=answers, asked=sent))


def _token_id(name: str) -> int:
    if not name.startswith("token_id:"):
        raise FaultyAnswerError("tokens without their numbers")
    return _number(name.removeprefix("token_id:"))


def _number(digits: str) -> int:
    """Read a token that is the key of an object; Python itself would read more than digits."""
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise FaultyAnswerError("a token that is not a number")
    return int(digits)
