"""Drafts that answer the source, or do what it asks for, instead of saying it in another language.

Both are seen by what is missing: a translated question asks, and a translated order names what is to be done.
"""

from __future__ import annotations

import re

from mtreason.gates.counterpart import expression
from mtreason.gates.pair import Pair
from mtreason.gates.words import ASKS, ASKS_WITHOUT_MARK, ORDERS, TELLS

_MARK = re.compile(r"[?？؟⸮¿՞፧⁇⁈⁉‽]")
_GREEK_MARK = re.compile(r"[;\u037e]\W{0,8}$")
_QUESTION = re.compile(r"\w[^\w?？؟]{0,4}[?？؟](?!\w)")
_UNMARKED = {tag: expression(words) for tag, words in ASKS_WITHOUT_MARK.items()}
_ASKS, _ORDERS = expression(ASKS), expression(*ORDERS)
_TELLS = {tag: expression(words) for tag, words in TELLS.items()}


def answered(pair: Pair) -> tuple[str, ...]:
    """Find a draft that asks nothing where the source does, or that has left out what the source wants done."""
    if _QUESTION.search(pair.source) and not _asks(pair):
        return ("the source is a question, and this is none",)
    tells = _TELLS.get(pair.direction.target.primary)
    if tells and _ORDERS.search(pair.source) and not tells.search(pair.text):
        return ("the source asks for something, and this does not say so",)
    return ()


def _asks(pair: Pair) -> bool:
    target = pair.direction.target.primary
    if _MARK.search(pair.text) or (target == "el" and _GREEK_MARK.search(pair.text)):
        return True
    unmarked = _UNMARKED.get(target, _ASKS)
    return unmarked.search(pair.text) is not None
