"""Token masks by script: they ban tokens that no translation into the target language needs.

Without a mask small models leave source characters in their output, and a reward that asks how well the source can be
recovered from the translation prefers such copies.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from mtreason.languages import Language, letters_of, scripts_of
from mtreason.models.protocol import TokenMask

CARRIED = "Latin"
"""Names, addresses and units of measurement are written in this script in any language."""


def build_mask(
    pieces: Sequence[bytes],
    target: Language,
    stop: frozenset[int],
    specials: Iterable[int],
    *,
    line_breaks: bool = False,
) -> TokenMask:
    """Ban the tokens of a vocabulary that a text in the target language cannot contain.

    `pieces` are the bytes of each token, V of them. The mask bans special tokens, line breaks (unless `line_breaks`
    allows them, to separate a translation from the tags around it), and tokens whose letters belong neither to a script
    of the target nor to Latin. That holds for whole characters and for beginnings of characters.
    """
    allowed = frozenset(target.scripts) | {CARRIED}
    banned = np.zeros(len(pieces), dtype=np.bool_)
    for token, piece in enumerate(pieces):
        banned[token] = not _usable(piece, allowed, line_breaks)
    banned[list(specials)] = True
    banned[list(stop)] = False
    return TokenMask(banned, stop, top_p=0.95)


def build_free_mask(pieces: Sequence[bytes], stop: frozenset[int], specials: Iterable[int]) -> TokenMask:
    """Ban special tokens only, for text that may be in any language and have several lines."""
    banned = np.array([not piece for piece in pieces], dtype=np.bool_)
    banned[list(specials)] = True
    banned[list(stop)] = False
    return TokenMask(banned, stop, top_p=0.95)


def allow_also(mask: TokenMask, tokens: Iterable[int]) -> TokenMask:
    """Return a mask that also allows these tokens (terms that are to be kept)."""
    banned: NDArray[np.bool_] = mask.banned.copy()
    banned[list(tokens)] = False
    return TokenMask(banned, mask.stop, mask.top_p)


def _usable(piece: bytes, allowed: frozenset[str], line_breaks: bool) -> bool:
    if not piece or b"\x00" in piece or (not line_breaks and (b"\n" in piece or b"\r" in piece)):
        return False
    if piece.isascii():
        return True
    if not scripts_of(piece.decode("utf-8", "ignore")) <= allowed:
        return False
    return all(_head_usable(head, allowed) for head in _open_heads(piece))


def _open_heads(piece: bytes) -> list[bytes]:
    """Return the incomplete character at the end of the piece, in a list of at most one."""
    for back in range(1, min(4, len(piece) + 1)):
        lead = piece[-back]
        if lead < 0x80:
            break
        if lead >= 0xC0:
            length = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return [piece[-back:]] if length > back else []
    return []


@functools.cache
def _head_usable(head: bytes, allowed: frozenset[str]) -> bool:
    """Whether a character that begins with these bytes is probably needed.

    It is if a letter of an allowed script begins so, or if more signs (emoji, punctuation) than letters do.
    """
    text = _beginning_with(head)
    if letters_of(text, allowed):
        return True
    letters = letters_of(text)
    return sum(map(str.isprintable, text)) - sum(map(str.isprintable, letters)) > len(letters)


def _beginning_with(head: bytes) -> str:
    """Return the characters that begin with these bytes; where three are missing a sample, which meets every script."""
    length = 2 if head[0] < 0xE0 else 3 if head[0] < 0xF0 else 4
    missing = length - len(head)
    number = head[0] & (0xFF >> length)
    for byte in head[1:]:
        number = number << 6 | byte & 0x3F
    first = number << 6 * missing
    smallest = {2: 0x80, 3: 0x800, 4: 0x10000}[length]
    numbers = range(first, first + 64**missing, 1 if missing < 3 else 4)
    return "".join(chr(n) for n in numbers if smallest <= n <= 0x10FFFF and not 0xD800 <= n < 0xE000)
