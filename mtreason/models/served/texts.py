"""Servers that take and give only text: the tokens of a text have to be known here.

A prompt can be sent as text only if the model's tokenizer turns the text into the same tokens; a beginning that it
would tokenize in another way cannot be continued there.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mtreason.models.engine.drawing import CANDIDATES
from mtreason.models.protocol import TopTokens
from mtreason.models.served.answers import FaultyAnswerError, log_prob, mapping, octets, quote, rows, text, whole
from mtreason.models.served.completions import (
    Completion,
    SampleRequest,
    alternatives_of,
    check_written,
    largest_answer,
    nothing_told,
    same_length,
)
from mtreason.models.served.exchange import Request, post
from mtreason.models.text import LibraryTokenizer


class Spelling:
    """Text for tokens, and tokens for text, with one tokenizer."""

    def __init__(self, tokenizer: LibraryTokenizer, size: int) -> None:
        self.end = tokenizer.end
        self.stranger = min(tokenizer.specials() - {self.end}, default=None)
        """Used for tokens that the tokenizer does not know: a control token, which is never allowed."""
        self._tokenizer = tokenizer
        # Of tokens with the same spelling, the first one is meant.
        self._numbers = {piece: i for i, piece in reversed(list(enumerate(tokenizer.pieces(size)))) if piece}
        self.text = functools.lru_cache(maxsize=4096)(self._text)

    def _text(self, tokens: tuple[int, ...]) -> str | None:
        """Return the text that is tokenized into exactly these tokens; None if there is none."""
        text = str(self._tokenizer.library.decode(list(tokens), clean_up_tokenization_spaces=False))
        return text if self._tokenizer.encode(text, control=True) == tokens else None

    def number(self, entry: Mapping[str, Any]) -> int | None:
        """Return the token that an answer gives by its bytes or its text; None for one that is not known."""
        told = entry.get("bytes")
        piece = octets(told, "bytes") if told is not None else text(entry["token"], "token").encode()
        return self._numbers.get(piece)


@dataclass(frozen=True, slots=True)
class Ollama:
    """Ollama, by its own interface, without its templates.

    Sources: docs.ollama.com (POST /api/generate: raw, logprobs, top_logprobs). It gives one continuation per request,
    has no bias, and does not report the probability of the end, which is assumed to be 1.
    """

    model: str
    spelling: Spelling | None = field(default=None, compare=False)
    """None while the server is examined, with a text that needs no spelling."""
    alternatives: int = 20
    name: str = "Ollama"
    reads: str = ""
    log_probs_at_temperature: bool = False
    probe_token: tuple[int, ...] = ()
    broken: frozenset[int] = frozenset()

    def takes(self, prompt: tuple[int, ...]) -> bool:
        """See `Dialect.takes`."""
        return self.spelling is None or self.spelling.text(prompt) is not None

    def write(self, ask: SampleRequest) -> Request:
        """See `Dialect.write`."""
        text = "1, 2, 3," if self.spelling is None else self.spelling.text(ask.prompt)
        settings = {
            "num_predict": ask.room,
            "temperature": ask.temperature,
            "top_k": CANDIDATES,
            "top_p": ask.top_p,
            "min_p": 0.0,
            "repeat_penalty": 1.0,
            "seed": ask.seed,
        }
        content = {"model": self.model, "prompt": text, "raw": True, "stream": False, "options": settings}
        asked = post("/api/generate", content | {"logprobs": True, "top_logprobs": self.alternatives})
        return replace(asked, most=largest_answer(ask.room, self.alternatives, asked=len(asked.body or b"")))

    def written(self, content: Any, ask: SampleRequest) -> list[Completion]:  # noqa: ANN401
        """See `Dialect.written`."""
        model = mapping(content, "the answer").get("model", self.model)
        if model != self.model:
            raise FaultyAnswerError(f"it is from the model {text(model, 'model')!r}, not {self.model!r}")
        places = rows(content.get("logprobs") or [], "logprobs", most=ask.room)
        finished = content["done_reason"] == "stop"
        tokens = [self._drawn(place) for place in places]
        log_probs = [log_prob(place["logprob"]) for place in places]
        top = [self._nexts(place["top_logprobs"]) for place in places]
        if finished and self.spelling is not None:
            tokens.append(self.spelling.end)
            log_probs.append(0.0)
            top.append(TopTokens(np.array([self.spelling.end]), np.zeros(1)))
        same_length(tokens, top)
        found = Completion(
            tokens=tuple(tokens),
            log_probs=tuple(log_probs),
            top=tuple(top),
            finished=finished,
            read=whole(content.get("prompt_eval_count", 0), "prompt_eval_count"),
            cached=0,
        )
        # The server does not count the end, which was added here.
        check_written([found], replace(ask, room=ask.room + 1))
        return [found]

    def _nexts(self, entries: Sequence[Mapping[str, Any]]) -> TopTokens:
        """Read alternatives; tokens that the tokenizer does not know are left out."""
        listed = rows(entries, "top_logprobs", most=self.alternatives + 1)
        known: dict[int, float] = {}
        for i, entry in enumerate(listed):
            number = i if self.spelling is None else self.spelling.number(entry)
            if number is not None:
                known.setdefault(number, log_prob(entry["logprob"]))
        if listed and not known:
            return nothing_told()
        return alternatives_of(known.items(), most=self.alternatives + 1)

    def _drawn(self, entry: Mapping[str, Any]) -> int:
        if self.spelling is None:
            return 0
        number = self.spelling.number(entry)
        number = self.spelling.stranger if number is None else number
        if number is None:
            raise FaultyAnswerError(f"a token that the tokenizer does not have ({quote(entry['token'])})")
        return number

    def read(self, prompt: Sequence[int], target: Sequence[int], alternatives: int) -> Request:
        """See `Dialect.read`; this server cannot do it."""
        raise NotImplementedError("Ollama gives no probabilities of given tokens")

    def readings(self, content: Any, prompt: Sequence[int], target: Sequence[int]) -> Completion:  # noqa: ANN401
        """See `Dialect.readings`."""
        raise NotImplementedError("Ollama gives no probabilities of given tokens")
