"""Strings of programs, as JSON, gettext and tables hold them: tags in them become codes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from mtreason.documents.coded import Coded, Coder

_TAG = re.compile(r"</?(?:[A-Za-z][^<>]*|\d{1,4})/?>")
_NAME = re.compile(r"</?\s*([A-Za-z0-9][\w:.-]*)")
_LINKED = re.compile(r"(?<![\w@])@(?:\.[a-z]+)?:(?:[A-Za-z_](?:[\w.-]*\w)?|\([\w.-]+\))")
"""A message of vue-i18n inside another: @:name, @.lower:name, @:(name)."""


def coded_message(text: str, fixed: Sequence[tuple[int, int]] = (), escape: Callable[[str], str] = str) -> Coded:
    """Return a string with its tags as codes: those that have a partner as pairs, all others alone.

    What stands between the places in `fixed`, in order, is no text but a word of it, such as an argument: a code as
    well, or part of one. `escape` gives the file's own writing of the text in a tag.
    """
    marks = list(_marks(text, fixed))
    partner = _partners(["" if mark.re is _LINKED else mark[0] for mark in marks])
    starts = [start for start, _ in fixed]
    coder = Coder()
    numbers: dict[int, int] = {}

    def within(start: int, end: int) -> Sequence[tuple[int, int]]:
        return fixed[bisect_left(starts, start) : bisect_left(starts, end)]

    def native(start: int, end: int) -> str:
        parts, at = [], start
        for a, b in within(start, end):
            parts += [escape(text[at:a]), text[a:b]]
            at = b
        return "".join([*parts, escape(text[at:end])])

    def add_text(start: int, end: int) -> None:
        for a, b in within(start, end):
            coder.text(text[start:a], escape)
            coder.alone(text[a:b], said=True)
            start = b
        coder.text(text[start:end], escape)

    at = 0
    for i, mark in enumerate(marks):
        add_text(at, mark.start())
        at = mark.end()
        own = native(mark.start(), at)
        if i not in partner:
            coder.alone(own, said=mark.re is _LINKED)
        elif partner[i] > i:
            numbers[i] = coder.open(own)
        else:
            coder.close(numbers[partner[i]], own)
    add_text(at, len(text))
    return coder.coded()


def _marks(text: str, fixed: Sequence[tuple[int, int]]) -> Iterator[re.Match[str]]:
    """Yield tags and linked messages, in order; what is fixed neither begins nor ends one."""
    parts, at = [], 0
    for start, end in fixed:
        parts += [text[at:start], "\0" * (end - start)]
        at = end
    plain = "".join([*parts, text[at:]])
    end = 0
    for mark in sorted([*_TAG.finditer(plain), *_LINKED.finditer(plain)], key=lambda found: found.start()):
        if mark.start() >= end:
            end = mark.end()
            yield mark


def _partners(tags: list[str]) -> dict[int, int]:
    """Return, for each tag that opens or closes, the index of the one that belongs to it."""
    partner: dict[int, int] = {}
    open_: list[tuple[str, int]] = []
    for i, tag in enumerate(tags):
        name = _NAME.match(tag)
        if name is None or tag.endswith("/>"):
            continue
        if not tag.startswith("</"):
            open_.append((name[1], i))
            continue
        at = next((k for k in range(len(open_) - 1, -1, -1) if open_[k][0] == name[1]), -1)
        if at >= 0:
            # What was opened after it and never closed stands alone.
            partner[open_[at][1]], partner[i] = i, open_[at][1]
            del open_[at:]
    return partner
