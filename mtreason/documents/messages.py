"""Strings of programs, as JSON, gettext and tables hold them: tags in them become codes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mtreason.documents.coded import NUMBER, Coded, Coder

_TAG = re.compile(rf"</?(?:[A-Za-z][^<>]*|{NUMBER})/?>")
_NAME = re.compile(r"</?\s*([A-Za-z0-9][\w:.-]*)")
_LINKED = re.compile(r"(?<![\w@])@(?:\.[a-z]+)?:(?:[A-Za-z_](?:[\w.-]*\w)?|\([\w.-]+\))|%(?:\d+\$)?#@\w+@")
"""A message inside another: @:name, @.lower:name, @:(name) of vue-i18n, %#@name@ of Apple."""
_TAB = re.compile(r"\t")


Place = tuple[int, int]
"""Where something begins and ends in a text."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A code at `text[start:end]`."""

    start: int
    end: int
    tag: str = ""
    """What may have a partner."""
    said: bool = False


def coded_message(
    text: str, fixed: Sequence[Place] = (), escape: Callable[[str], str] = str, markup: Sequence[Place] = ()
) -> Coded:
    """Return a string with its tags and tabs as codes: those that have a partner as pairs, all others alone.

    What stands at the places in `fixed`, in order, is no text but a word of it, such as an argument: a code as well, or
    part of one. At those in `markup` are tags of the file itself. `escape` gives the file's own writing of other tags.
    """
    marks = _marks(text, fixed, markup)
    partner = _partners([mark.tag for mark in marks])
    native = sorted([*fixed, *markup])
    starts = [start for start, _ in native]
    coder = Coder()
    numbers: dict[int, int] = {}

    def within(start: int, end: int) -> Sequence[Place]:
        return native[bisect_left(starts, start) : bisect_left(starts, end)]

    def written(start: int, end: int) -> str:
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
        add_text(at, mark.start)
        at = mark.end
        own = written(mark.start, at)
        if i not in partner:
            coder.alone(own, said=mark.said)
        elif partner[i] > i:
            numbers[i] = coder.open(own)
        else:
            coder.close(numbers[partner[i]], own)
    add_text(at, len(text))
    return coder.coded()


def _marks(text: str, fixed: Sequence[Place], markup: Sequence[Place]) -> list[_Mark]:
    """Return tags, linked messages and tabs, in order; what is fixed neither begins nor ends one."""
    parts, at = [], 0
    for start, end in sorted([*fixed, *markup]):
        parts += [text[at:start], "\0" * (end - start)]
        at = end
    plain = "".join([*parts, text[at:]])
    found = [_Mark(start, end, text[start:end]) for start, end in markup]
    found += [_Mark(*tag.span(), tag[0]) for tag in _TAG.finditer(plain)]
    found += [_Mark(*tab.span()) for tab in _TAB.finditer(plain)]
    found += [_Mark(*linked.span(), said=True) for linked in _LINKED.finditer(plain)]
    marks: list[_Mark] = []
    for mark in sorted(found, key=lambda mark: mark.start):
        if not marks or mark.start >= marks[-1].end:
            marks.append(mark)
    return marks


def _partners(tags: list[str]) -> dict[int, int]:
    """Return, for each tag that opens or closes, the index of the one that belongs to it."""
    partner: dict[int, int] = {}
    open_: list[tuple[str, int]] = []
    names: Counter[str] = Counter()
    for i, tag in enumerate(tags):
        name = _NAME.match(tag)
        if name is None or tag.endswith("/>"):
            continue
        if not tag.startswith("</"):
            open_.append((name[1], i))
            names[name[1]] += 1
        elif names[name[1]]:
            at = next(k for k in range(len(open_) - 1, -1, -1) if open_[k][0] == name[1])
            partner[open_[at][1]], partner[i] = i, open_[at][1]
            names.subtract(own for own, _ in open_[at:])
            # What was opened after it and never closed stands alone.
            del open_[at:]
    return partner
