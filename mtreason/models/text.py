"""Between text and tokens: chat turns around a segment, which stays data, and the bytes of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mtreason.errors import MtreasonError, SettingError
from mtreason.models.templates import fill_in

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_MARK = "\x00segment\x00"
"""Stands for a message while the chat template is filled in; it occurs in no template and no text."""


@dataclass(frozen=True, slots=True)
class ChatFrame:
    """What a chat template puts around a user's message, as tokens."""

    head: tuple[int, ...]
    tail: tuple[int, ...]


class Tokenizer(Protocol):
    """Knows a model's tokens and the form of its chats."""

    @property
    def end(self) -> int:
        """The token that ends a turn."""
        ...

    @property
    def begin(self) -> tuple[int, ...]:
        """The tokens that a text which is no chat begins with; few models have any."""
        ...

    @property
    def chat(self) -> bool:
        """Whether there is a chat template."""
        ...

    def render(self, turns: list[dict[str, str]]) -> str:
        """Write a chat in the form that the model learned, up to the beginning of its answer.

        Raises `ModelError` for a template that does not come to an end, and whatever a template may raise.
        """
        ...

    def encode(self, text: str, *, control: bool) -> tuple[int, ...]:
        """Return the tokens of a text; unless `control`, text that looks like a control token is plain characters."""
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, without control tokens."""
        ...

    def specials(self) -> set[int]:
        """Return control tokens."""
        ...

    def pieces(self, size: int) -> list[bytes]:
        """Return the bytes of each of `size` tokens; b"" for unused numbers."""
        ...


class LibraryTokenizer:
    """A tokenizer of the transformers library."""

    def __init__(self, library: PreTrainedTokenizerBase, end: int | None = None) -> None:
        """`end` is the token that ends a turn; None for the one of the library."""
        self.library = library
        self._end = int(library.eos_token_id) if end is None else end

    @property
    def end(self) -> int:
        """See `Tokenizer.end`."""
        return self._end

    @property
    def begin(self) -> tuple[int, ...]:
        """See `Tokenizer.begin`."""
        first = self.library.bos_token_id
        return (first,) if first is not None and self.library("a").input_ids[:1] == [first] else ()

    @property
    def chat(self) -> bool:
        """See `Tokenizer.chat`."""
        return self.library.chat_template is not None

    def render(self, turns: list[dict[str, str]]) -> str:
        """See `Tokenizer.render`."""
        return fill_in(
            lambda: str(self.library.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)),
            self.library.chat_template,
        )

    def encode(self, text: str, *, control: bool) -> tuple[int, ...]:
        """See `Tokenizer.encode`."""
        return tuple(self.library(text, add_special_tokens=False, split_special_tokens=not control).input_ids)

    def decode(self, tokens: Sequence[int]) -> str:
        """See `Tokenizer.decode`."""
        return str(self.library.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def specials(self) -> set[int]:
        """See `Tokenizer.specials`."""
        added = {i for i, token in self.library.added_tokens_decoder.items() if token.special}
        return added | set(self.library.all_special_ids)

    def pieces(self, size: int) -> list[bytes]:
        """See `Tokenizer.pieces`.

        Byte-level vocabularies write bytes as visible characters; sentencepiece ones write bytes as <0xNN> and spaces
        as U+2581.
        """
        from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode

        vocabulary = self.library.get_vocab()
        spelled = {ord(char): byte for byte, char in bytes_to_unicode().items()}
        # A character that stands for no byte must not be taken for the byte of its number.
        spelled = {code: spelled.get(code, 0xFFFF) for code in (*range(256), *spelled)}
        byte_level = "Ġ" in "".join(list(vocabulary)[:2000])
        pieces = [b""] * size
        for token, number in vocabulary.items():
            if byte_level:
                try:
                    pieces[number] = token.translate(spelled).encode("latin-1")
                    continue
                except UnicodeEncodeError:
                    pass
            if not byte_level and len(token) == 6 and token.startswith("<0x"):
                pieces[number] = bytes([int(token[3:5], 16)])
            else:
                pieces[number] = token.replace("\u2581", " ").encode("utf-8", "ignore")
        return pieces


def turn_end(tokenizer: Tokenizer) -> int:
    """Return the token that ends an answer in the model's chats, according to its chat template.

    Converted files often name another token, which ends texts that are not chats.
    """
    try:
        shown = tokenizer.render([*_turns("?", _MARK), {"role": "user", "content": "?"}])
    except Exception:  # noqa: BLE001 - templates can raise anything
        return tokenizer.end
    behind = tokenizer.encode(shown.partition(_MARK)[2], control=True)
    return behind[0] if behind and behind[0] in tokenizer.specials() else tokenizer.end


def _turns(asked: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class Codec:
    """Encodes and decodes with one tokenizer."""

    def __init__(self, tokenizer: Tokenizer, stop: frozenset[int]) -> None:
        self.tokenizer = tokenizer
        self.stop = stop
        self.end = tokenizer.end
        """Ends a turn."""
        self.begin = tokenizer.begin
        """What a text that is no chat begins with."""
        self.specials = tokenizer.specials
        self.pieces = tokenizer.pieces

    def frame(self, system: str | None, examples: Sequence[tuple[str, str]] = (), *, fold: bool = True) -> ChatFrame:
        """Return the tokens around a user's message, which follows `examples`: earlier messages with their answers.

        `system` is the system turn; None for what the chat template has by itself. Where the template refuses one, it
        becomes the beginning of the first message, or, unless `fold`, a `SettingError`.
        """
        earlier = [turn for asked, answer in examples for turn in _turns(asked, answer)]
        turns = [*earlier, {"role": "user", "content": _MARK}]
        first = [] if system is None else [{"role": "system", "content": system}]
        try:
            text = self.tokenizer.render([*first, *turns])
        except MtreasonError:
            raise
        except Exception as error:  # templates can raise anything
            if not first or not fold:
                turn = "these turns" if not first else "a system turn: leave `system` out of the wording"
                raise SettingError(f"the model's chat template refuses {turn} ({_first_line(error)})") from error
            turns[0] = {"role": "user", "content": f"{system}\n\n{turns[0]['content']}"}
            text = self._rendered(turns)
        head, mark, tail = text.partition(_MARK)
        if not mark:
            raise SettingError("the model's chat template does not show the user's message")
        return ChatFrame(self.tokenizer.encode(head, control=True), self.tokenizer.encode(tail, control=True))

    def _rendered(self, turns: list[dict[str, str]]) -> str:
        try:
            return self.tokenizer.render(turns)
        except MtreasonError:
            raise
        except Exception as error:  # as above
            raise SettingError(f"the model's chat template refuses these turns ({_first_line(error)})") from error

    def answer_turn(self, system: str | None, text: str) -> tuple[int, ...] | None:
        """Return the tokens from the end of an answer to the beginning of the answer to `text`, the user's next turn.

        None if the chat template does not keep earlier answers.
        """
        turns = [*_turns("?", _MARK), {"role": "user", "content": text}]
        try:
            first = [] if system is None else [{"role": "system", "content": system}]
            shown = self.tokenizer.render([*first, *turns])
        except MtreasonError:
            raise
        except Exception:  # noqa: BLE001 - as above
            shown = self._rendered(turns)
        _, mark, rest = shown.partition(_MARK)
        return self.tokenizer.encode(rest, control=True) if mark else None

    def encode(self, text: str) -> tuple[int, ...]:
        """Encode text as data: what looks like a control token becomes plain characters."""
        return self.tokenizer.encode(text, control=False)

    def decode(self, tokens: Sequence[int]) -> str:
        """Decode tokens; an incomplete character at the end is left out."""
        return self.tokenizer.decode(tokens).rstrip("\ufffd")
