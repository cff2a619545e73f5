"""A tokenizer that exists only on the server: llama.cpp's gives its vocabulary, encodes, and fills in templates."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mtreason.errors import ModelError
from mtreason.models.served.answers import (
    MOST_TEXT,
    FaultyAnswerError,
    mapping,
    octets,
    quote,
    rows,
    text,
    tokens_of,
    whole,
)
from mtreason.models.served.client import Client
from mtreason.models.served.completions import largest_answer
from mtreason.models.served.exchange import Request, post

BEGINNING = 4
"""Tokens that may come before and after those of a text."""

CHATML = ("<|im_start|>", "<|im_end|>")
"""What stands around the turns of a chat in ChatML; a token each for a model that was trained with it."""

T = TypeVar("T")


class ServerTokenizer:
    """The tokenizer of llama.cpp's server; implements `Tokenizer`."""

    def __init__(self, client: Client, end: str, size: int) -> None:
        """`end` is the token that ends a turn, as text; `size` the width of the model's output."""
        self._client = client
        self._size = size
        self.encode = functools.lru_cache(maxsize=4096)(self._encode)
        found = self.encode(end, control=True)
        if len(found) != 1:
            raise ModelError(
                f"the token that ends a turn, {quote(end)}, is {len(found)} tokens to the server's tokenizer"
            )
        self._end = found[0]

    @property
    def end(self) -> int:
        """See `Tokenizer.end`."""
        return self._end

    @functools.cached_property
    def chat(self) -> bool:
        """See `Tokenizer.chat`; where a model has no template, the server uses ChatML, which it does not know."""
        shown = self.render([{"role": "user", "content": "a"}])
        return all(len(self.encode(mark, control=True)) == 1 for mark in CHATML if mark in shown)

    @functools.cached_property
    def begin(self) -> tuple[int, ...]:
        """See `Tokenizer.begin`."""
        found = self._tokenize("a", add_special=True, parse_special=False)
        return found[: len(found) - len(self.encode("a", control=False))]

    def _ask(self, request: Request, read: Callable[[Any], T]) -> T:
        return self._client.begin(self._client.ask(request, read)).result()

    def render(self, turns: list[dict[str, str]]) -> str:
        """See `Tokenizer.render`."""

        def read(got: Any) -> str:  # noqa: ANN401 - what JSON can hold
            return text(mapping(got, "the answer")["prompt"], "prompt", most=MOST_TEXT)

        return self._ask(post("/apply-template", {"messages": turns}), read)

    def _encode(self, said: str, *, control: bool) -> tuple[int, ...]:
        """See `Tokenizer.encode`."""
        if not said:
            return ()
        return self._tokenize(said, add_special=False, parse_special=control)

    def _tokenize(self, said: str, **options: bool) -> tuple[int, ...]:
        asked, read = tokenizing(said, self._size, **options)
        return self._ask(asked, read)

    def decode(self, tokens: Sequence[int]) -> str:
        """See `Tokenizer.decode`."""
        return b"".join(self._vocabulary[token] for token in tokens).decode("utf-8", "replace")

    def specials(self) -> set[int]:
        """See `Tokenizer.specials`."""
        return {token for token, piece in enumerate(self._vocabulary) if not piece}

    def pieces(self, size: int) -> list[bytes]:
        """See `Tokenizer.pieces`."""
        return [*self._vocabulary, *[b""] * size][:size]

    @functools.cached_property
    def _vocabulary(self) -> list[bytes]:
        """The bytes of all tokens; control tokens have none.

        The server gives no list of them, but it gives all of them as alternatives of one token.
        """
        size = self._size
        content = {"prompt": [self._end], "n_predict": 1, "n_probs": size, "temperature": 0}

        def spell(got: Any) -> list[bytes]:  # noqa: ANN401 - what JSON can hold
            [place] = rows(got["completion_probabilities"], "completion_probabilities", most=1)
            found = rows(place["top_logprobs"], "top_logprobs", most=size)
            spelled = {whole(e["id"], "id", most=size - 1): octets(e["bytes"], "bytes") for e in found}
            if len(spelled) != size:
                raise FaultyAnswerError(f"{len(spelled)} of {size} tokens of the vocabulary")
            return [spelled[token] for token in range(size)]

        return self._ask(post("/completion", content, most=largest_answer(1, size)), spell)


def tokenizing(said: str, vocabulary: int, **options: bool) -> tuple[Request, Callable[[Any], tuple[int, ...]]]:
    """Return how to ask for the tokens of a text, and how to read the answer; there are no more tokens than bytes."""
    most = len(said.encode("utf-8", "surrogatepass")) + BEGINNING

    def read(got: Any) -> tuple[int, ...]:  # noqa: ANN401 - what JSON can hold
        return tokens_of(mapping(got, "the answer")["tokens"], "tokens", most=most, vocabulary=vocabulary)

    return post("/tokenize", {"content": said, **options}), read
