"""Token masks by script: tokens that no translation into the target language needs.

Without it small models leave source characters in their output, and a reward that asks how well the source can be told
back from the translation loves such copies.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from mtreason.languages import Language, scripts_of
from mtreason.models.protocol import TokenMask

CARRIED = "Latin"
"""Names, addresses and units are carried over in this script into any language."""


def build_mask(
    pieces: Sequence[bytes],
    target: Language,
    stop: frozenset[int],
    specials: Iterable[int],
    *,
    line_breaks: bool = False,
) -> TokenMask:
    """Ban the tokens of a vocabulary that a text in the target language cannot contain.

    `pieces` are the bytes each token stands for, V of them. Banned are special tokens, line breaks (unless they are let
    through, to stand between a translation and the tags around it), and tokens whose letters belong to none of the
    target's scripts nor to Latin, whole characters and beginnings of characters alike.
    """
    allowed = frozenset(target.scripts) | {CARRIED}
    banned = np.zeros(len(pieces), dtype=np.bool_)
    for token, piece in enumerate(pieces):
        banned[token] = not _usable(piece, allowed, line_breaks)
    banned[list(specials)] = True
    banned[list(stop)] = False
    return TokenMask(banned, stop, top_p=0.95)


def build_free_mask(pieces: Sequence[bytes], stop: frozenset[int], specials: Iterable[int]) -> TokenMask:
    """Ban special tokens only: for text that need not be in the target language nor on one line."""
    banned = np.array([not piece for piece in pieces], dtype=np.bool_)
    banned[list(specials)] = True
    banned[list(stop)] = False
    return TokenMask(banned, stop, top_p=0.95)


def allow_also(mask: TokenMask, tokens: Iterable[int]) -> TokenMask:
    """Return a mask that lets these tokens through too (terms that are to be kept as they are)."""
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
    """Return the beginnings of a character that the piece breaks off (at most one, at its end)."""
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
    """Whether a character that begins with these bytes is likely to be wanted.

    It is when some letter of an allowed script begins so, or when more signs (emoji, punctuation) than letters do.
    """
    signs = letters = 0
    length = 2 if head[0] < 0xE0 else 3 if head[0] < 0xF0 else 4
    missing = length - len(head)
    for tail in _tails(missing):
        try:
            char = (head + tail).decode("utf-8")
        except UnicodeDecodeError:
            continue
        scripts = scripts_of(char)
        if scripts & allowed:
            return True
        letters += bool(scripts)
        signs += not scripts and char.isprintable()
    return signs > letters


def _tails(missing: int) -> Iterable[bytes]:
    """Yield continuations of a character; of three missing bytes a sample, which still meets every script."""
    step = 1 if missing < 3 else 4
    for number in range(0, 64**missing, step):
        yield bytes(0x80 + (number >> (6 * i) & 63) for i in reversed(range(missing)))
