"""The key of a server: from the environment, checked before it is sent, and never shown."""

from __future__ import annotations

import os

from mtreason.errors import ModelError

KEY_VARIABLE = "MTREASON_API_KEY"
"""The environment variable that holds the key; there is no other way to give one."""

MOST_KEY = 8192
"""Servers refuse longer headers."""
TELLING = 6
"""A part of the key this long is not repeated either: servers quote the beginning or the end of a wrong key."""
HIDDEN = "…"


def key_of_environment() -> str | None:
    """Return the key, None where there is none; raises `ModelError` for one that cannot be sent."""
    key = os.environ.get(KEY_VARIABLE) or None
    check_key(key)
    return key


def check_key(key: str | None) -> None:
    """Raise `ModelError`, without the key in it, for what cannot stand in a header (RFC 9110, 5.5)."""
    if key is None:
        return
    if len(key) > MOST_KEY:
        raise ModelError(f"the key in {KEY_VARIABLE} is longer than {MOST_KEY} characters: it cannot be a key")
    for place, char in enumerate(key, 1):
        if not "!" <= char <= "~":
            raise ModelError(
                f"the key in {KEY_VARIABLE} cannot be sent: its character {place} is {_kind(char)}: set it without that"
            )


def _kind(char: str) -> str:
    if char in "\r\n":
        return "a line break"
    if char == " ":
        return "a space"
    return "a control character" if char.isascii() else "not an ASCII letter"


def hide_key(text: str, key: str | None) -> str:
    """Return the text with every part of the key made unreadable."""
    if not key:
        return text
    telling = min(TELLING, len(key))
    parts = {key[i : i + telling].lower() for i in range(len(key) - telling + 1)}
    folded = "".join(char.lower() if char.isascii() else char for char in text)
    secret = [False] * len(text)
    for i in range(len(text) - telling + 1):
        if folded[i : i + telling] in parts:
            secret[i : i + telling] = [True] * telling
    return "".join((HIDDEN if not i or not secret[i - 1] else "") if secret[i] else char for i, char in enumerate(text))
