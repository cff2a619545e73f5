"""Strings of programs, as JSON, gettext and tables hold them: tags in them become codes."""

from __future__ import annotations

import re
from collections import Counter

from mtreason.documents.coded import Coded, Coder

_TAG = re.compile(r"</?(?:[A-Za-z][^<>]*|\d{1,4})/?>")
_NAME = re.compile(r"</?\s*([A-Za-z0-9][\w:.-]*)")


def coded_message(text: str) -> Coded:
    """Return a string with its tags as codes: those that have a partner as pairs, all others alone."""
    found = list(_TAG.finditer(text))
    partner = _partners([tag[0] for tag in found])
    coder = Coder()
    numbers: dict[int, int] = {}
    at = 0
    for i, tag in enumerate(found):
        coder.text(text[at : tag.start()])
        at = tag.end()
        if i not in partner:
            coder.alone(tag[0])
        elif partner[i] > i:
            numbers[i] = coder.open(tag[0])
        else:
            coder.close(numbers[partner[i]], tag[0])
    coder.text(text[at:])
    return coder.coded()


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
