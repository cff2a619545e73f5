"""Between text and tokens: chat turns around a segment that stays data, and the bytes that tokens stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_MARK = "\x00segment\x00"
"""Stands for the user's message while the chat template is filled in; no template and no text contains it."""


@dataclass(frozen=True, slots=True)
class ChatFrame:
    """What a chat template puts around a user's message, as tokens."""

    head: tuple[int, ...]
    tail: tuple[int, ...]


class Codec:
    """Encodes and decodes for one tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, stop: frozenset[int]) -> None:
        self.tokenizer = tokenizer
        self.stop = stop
        self.end = tokenizer.eos_token_id
        """Ends a turn."""

    def frame(self, system: str) -> ChatFrame:
        """Return the tokens around a user's message."""
        turns = [{"role": "system", "content": system}, {"role": "user", "content": _MARK}]
        try:
            text = self._render(turns)
        except Exception:  # noqa: BLE001 - templates raise what they like when they know no system turn
            turns = [{"role": "user", "content": f"{system}\n\n{_MARK}"}]
            text = self._render(turns)
        head, _, tail = text.partition(_MARK)
        return ChatFrame(self._encode(head, control=True), self._encode(tail, control=True))

    def answer_turn(self, system: str, text: str) -> tuple[int, ...] | None:
        """Return the tokens from an answer's end on to where the answer to `text`, the user's next turn, begins.

        None if the chat template does not show earlier answers.
        """
        turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": _MARK}]
        turns.append({"role": "user", "content": text})
        try:
            shown = self._render([{"role": "system", "content": system}, *turns])
        except Exception:  # noqa: BLE001 - as above
            shown = self._render(turns)
        _, mark, rest = shown.partition(_MARK)
        return self._encode(rest, control=True) if mark else None

    def _render(self, turns: list[dict[str, str]]) -> str:
        return str(self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))

    def encode(self, text: str) -> tuple[int, ...]:
        """Encode text as data: what looks like a control token becomes plain characters."""
        return self._encode(text, control=False)

    def _encode(self, text: str, *, control: bool) -> tuple[int, ...]:
        ids = self.tokenizer(text, add_special_tokens=False, split_special_tokens=not control).input_ids
        return tuple(ids)

    def decode(self, tokens: Sequence[int]) -> str:
        """Decode tokens; a character broken off at the end is left out."""
        text = self.tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return str(text).rstrip("\ufffd")

    def specials(self) -> set[int]:
        """Return control tokens and every number that stands for nothing."""
        added = {i for i, token in self.tokenizer.added_tokens_decoder.items() if token.special}
        return added | set(self.tokenizer.all_special_ids)

    def pieces(self, size: int) -> list[bytes]:
        """Return the bytes of each of `size` tokens, b"" for numbers that stand for nothing.

        Byte-level vocabularies spell bytes as visible characters; sentencepiece ones spell bytes as <0xNN> and spaces
        as U+2581.
        """
        from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode

        vocabulary = self.tokenizer.get_vocab()
        spelled = {char: byte for byte, char in bytes_to_unicode().items()}
        byte_level = "Ġ" in "".join(list(vocabulary)[:2000])
        pieces = [b""] * size
        for token, number in vocabulary.items():
            if byte_level and all(c in spelled for c in token):
                pieces[number] = bytes(spelled[c] for c in token)
            elif not byte_level and len(token) == 6 and token.startswith("<0x"):
                pieces[number] = bytes([int(token[3:5], 16)])
            else:
                pieces[number] = token.replace("\u2581", " ").encode("utf-8", "ignore")
        return pieces
