"""A tokenizer that exists only on the server: llama.cpp's gives its vocabulary, encodes, and fills in templates."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mtreason.models.served.client import Client, FaultyAnswerError, Request, post

T = TypeVar("T")


class ServerTokenizer:
    """The tokenizer of llama.cpp's server; implements `Tokenizer`."""

    def __init__(self, client: Client, end: str, size: int) -> None:
        """`end` is the token that ends a turn, as text; `size` the width of the model's output."""
        self._client = client
        self._size = size
        self.encode = functools.lru_cache(maxsize=4096)(self._encode)
        [self._end] = self.encode(end, control=True)

    @property
    def end(self) -> int:
        """See `Tokenizer.end`."""
        return self._end

    @property
    def chat(self) -> bool:
        """See `Tokenizer.chat`; where a model has no template, the server uses one of its own."""
        return True

    @functools.cached_property
    def begin(self) -> tuple[int, ...]:
        """See `Tokenizer.begin`."""
        content = {"content": "a", "add_special": True, "parse_special": False}
        found = self._ask(post("/tokenize", content), lambda got: tuple(map(int, got["tokens"])))
        return found[: len(found) - len(self.encode("a", control=False))]

    def _ask(self, request: Request, read: Callable[[Any], T]) -> T:
        return self._client.begin(self._client.ask(request, read)).result()

    def render(self, turns: list[dict[str, str]]) -> str:
        """See `Tokenizer.render`."""
        return self._ask(post("/apply-template", {"messages": turns}), lambda got: str(got["prompt"]))

    def _encode(self, text: str, *, control: bool) -> tuple[int, ...]:
        """See `Tokenizer.encode`."""
        if not text:
            return ()
        content = {"content": text, "add_special": False, "parse_special": control}
        return self._ask(post("/tokenize", content), lambda got: tuple(map(int, got["tokens"])))

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
        content = {"prompt": [self._end], "n_predict": 1, "n_probs": self._size, "temperature": 0}

        def spell(got: Any) -> list[bytes]:  # noqa: ANN401 - what JSON can hold
            pieces = [b""] * self._size
            found = got["completion_probabilities"][0]["top_logprobs"]
            if len(found) != self._size:
                raise FaultyAnswerError(f"{len(found)} of {self._size} tokens of the vocabulary")
            for entry in found:
                pieces[entry["id"]] = bytes(entry["bytes"])
            return pieces

        return self._ask(post("/completion", content), spell)
