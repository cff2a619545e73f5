"""Messages of ICU MessageFormat with branches: plural, select, selectordinal. What is malformed is no such message."""

from __future__ import annotations

import re
from collections.abc import Callable

from mtreason.documents.branches import (
    MOST_BRANCHES,
    MOST_NESTED,
    NUMBER,
    Branch,
    Choice,
    MalformedError,
    Message,
    Part,
    spread,
)
from mtreason.documents.messages import coded_message
from mtreason.documents.spans import Group, Span
from mtreason.languages import Language

MOST_CHARACTERS = 50_000

_BRANCHED = re.compile(r"\{\s*[\w.-]+\s*,\s*(?:plural|select|selectordinal)\s*,")
_HEAD = re.compile(r"\{\s*([\w.-]+)\s*,\s*(plural|select|selectordinal)\s*,(\s*offset\s*:\s*\d+(?=\s))?")
_SELECTOR = re.compile(r"(\s*)(=\d+|[^\s{}'#=,]+)(\s*)\{")
_ARGUMENT = re.compile(r"\{\s*[\w.-]+\s*[,}]")
_CLOSED = re.compile(r"\s*\}")
_IN_MESSAGE, _IN_PLURAL = re.compile(r"['{}]+"), re.compile(r"['{}#]+")


def message_span(
    start: int, end: int, place: str, text: str, write: Callable[[str], str], target: Language | None
) -> Span | Group:
    """Return the span of a string of a program at `content[start:end]`, with all texts that it holds.

    `write` gives the file's own writing of the string.
    """
    message = icu_message(text, target)
    if message is None:
        coded = coded_message(text)
        return Span(start, end, place, coded.text, write, coded.codes)
    return message.group(start, end, place, write)


def icu_message(text: str, target: Language | None) -> Message | None:
    """Return a message with branches; None for a text that is none."""
    if len(text) > MOST_CHARACTERS or not _BRANCHED.search(text):
        return None
    try:
        parts, end = _message(text, 0, 0, plural=False)
        branched = any(isinstance(part, Choice) for part in parts)
        return spread(parts, target, escaped) if branched and end == len(text) else None
    except MalformedError:
        return None


def escaped(text: str, *, plural: bool = False) -> str:
    """Write plain text as a message has it; an apostrophe quotes only what would be read otherwise."""
    special = "{}#" if plural else "{}"

    def quoted(found: re.Match[str]) -> str:
        run = found[0]
        if any(sign in run for sign in special):
            return "'" + run.replace("'", "''") + "'"
        return run if run == "'" and found.end() < len(text) else run.replace("'", "''")

    return (_IN_PLURAL if plural else _IN_MESSAGE).sub(quoted, text)


def _escaped_in_plural(text: str) -> str:
    return escaped(text, plural=True)


def _message(text: str, at: int, depth: int, *, plural: bool) -> tuple[list[Part | Choice], int]:
    """Read a message until its brace or the end; returns its parts and where it ends."""
    if depth > MOST_NESTED:
        raise MalformedError
    parts: list[Part | Choice] = []
    plain: list[str] = []

    def add(part: Part | Choice) -> None:
        if plain:
            parts.append(Part("".join(plain)))
            plain.clear()
        parts.append(part)

    while at < len(text) and text[at] != "}":
        char = text[at]
        if char == "'":
            said, at = _apostrophe(text, at, plural=plural)
            plain.append(said)
        elif char == "#" and plural:
            add(NUMBER)
            at += 1
        elif char == "{" and (head := _HEAD.match(text, at)):
            choice, at = _choice(text, head, depth)
            add(choice)
        elif char == "{":
            end = _end_of_argument(text, at)
            add(Part(text[at:end], fixed=True))
            at = end
        else:
            plain.append(char)
            at += 1
    if plain:
        parts.append(Part("".join(plain)))
    return parts, at


def _apostrophe(text: str, at: int, *, plural: bool) -> tuple[str, int]:
    """Return what an apostrophe, or what it quotes, says, and where that ends."""
    after = text[at + 1 : at + 2]
    if after == "'":
        return "'", at + 2
    if after not in ("{", "}") and not (plural and after == "#"):
        return "'", at + 1
    end = at + 1
    while True:
        end = text.find("'", end)
        if end < 0:
            raise MalformedError  # ICU reads on to the end; who wrote it most likely did not mean that
        if not text.startswith("''", end):
            return text[at + 1 : end].replace("''", "'"), end + 1
        end += 2


def _end_of_argument(text: str, at: int) -> int:
    """Return where an argument without branches ends: {name}, {0, number, #,##0.00}."""
    if not _ARGUMENT.match(text, at):
        raise MalformedError
    open_ = 0
    quoted = False
    for i in range(at, len(text)):
        if text[i] == "'":
            quoted = not quoted
        elif not quoted and text[i] == "{":
            open_ += 1
        elif not quoted and text[i] == "}":
            open_ -= 1
            if open_ == 0:
                return i + 1
    raise MalformedError


def _choice(text: str, head: re.Match[str], depth: int) -> tuple[Choice, int]:
    """Read an argument with branches; returns it and where it ends."""
    at = head.end()
    branches: list[Branch] = []
    while not (tail := _CLOSED.match(text, at)):
        selector = _SELECTOR.match(text, at)
        if selector is None or len(branches) == MOST_BRANCHES:
            raise MalformedError
        parts, end = _message(text, selector.end(), depth + 1, plural=head[2] != "select")
        if not text.startswith("}", end):
            raise MalformedError
        branches.append(Branch(selector[0], selector[2], parts))
        at = end + 1
    names = [branch.selector for branch in branches]
    if "other" not in names or len(set(names)) < len(names):
        raise MalformedError
    number = "" if head[3] else f"{{{head[1]}, number}}"
    kind = {"select": "", "selectordinal": "ordinal"}.get(head[2], "plural")
    escape = _escaped_in_plural if kind else escaped
    return Choice(head[0], branches, "}", tail[0], kind, ("other", "{}"), escape, number), tail.end()
