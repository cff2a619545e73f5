"""Puts codes and other literals that every draft lost back into the best of them, where the model expects them most.

The counterpart of `mtreason.decoding.repair`, which does so for glossary terms. It asks how probable the whole
translation is with a literal at each border of a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mtreason.decoding.protocol import Candidate
from mtreason.decoding.reflection import as_drawn
from mtreason.documents.coded import TAG, nested, tags
from mtreason.documents.literals import literals, lost, placeholders
from mtreason.models.calls import Calls, cut, extend, release, score
from mtreason.models.protocol import Prefix

if TYPE_CHECKING:
    from mtreason.decoding.sentence import Sentence

MOST_LITERALS = 24
"""More than this many are not put back."""
MOST_PLACES = 48
SPANS = 4
"""How many ends are tried for each beginning of a pair."""
DRIFT = 8.0
"""Nats that a place costs which is as far from its place in the source as the text is long."""
_WORD = re.compile(r"[\u2e80-\ufefe]|(?:(?![\u2e80-\ufefe])[\w'’-])+")
_MENDED = {"placeholder", "literal", "chatter"}


def place(sentence: Sentence) -> Calls[None]:
    """Add one more candidate where none is clean and the best only lacks literals of the source."""
    if sentence.candidates.clean or sentence.settings.thinking is not None:
        return
    drafts = [c for c in sentence.candidates.by_text.values() if c.problems and set(c.problems) <= _MENDED]
    if not drafts:
        return
    source = sentence.task.source
    best = min(drafts, key=lambda c: _count(source, c.text))
    text = yield from _restored(sentence, best)
    if text is None or text in sentence.candidates.by_text:
        return
    whole = yield from as_drawn(sentence, text, float(best.draft.log_probs.mean()))
    [candidate] = yield from sentence.candidates.add_drawn([whole])
    sentence.candidates.mark(candidate, placed=True)


def _count(source: str, text: str) -> int:
    found = lost(source, text)
    return len(found.hard) + len(found.soft) + len(found.added) + found.crossed


def _restored(sentence: Sentence, best: Candidate) -> Calls[str | None]:
    """Return the text of a draft with all literals of the source, or None where there are too many."""
    source, text = sentence.task.source, _without(best.text, lost(sentence.task.source, best.text).added)
    if not nested(source, text) and Counter(tags(source)) == Counter(tags(text)):
        text = TAG.sub("", text)
    missing = _missing(source, text)
    if len(missing) > MOST_LITERALS:
        return None
    while missing:
        literal = missing.pop(0)
        other = literal.replace("<", "</")
        if other in missing and TAG.fullmatch(other):
            missing.remove(other)
            ways = _pair_ways(source, text, literal, other)
        else:
            ways = [(at, _inserted(text, at, literal)) for at in _places(text, literal)]
        if not ways:
            return None
        # As far into the translation as it is into the source, where nothing else is known.
        wanted = source.index(literal) / len(source)
        far = np.array([abs(at / max(1, len(text)) - wanted) for at, _ in ways])
        scores = -far
        if sentence.settings.scores:
            asked = yield from _log_probs(sentence, text, [way for _, way in ways])
            scores = asked - DRIFT * far
        text = ways[int(np.argmax(scores))][1]
    return text


def _pair_ways(source: str, text: str, opening: str, closing: str) -> list[tuple[int, str]]:
    """Return the texts in which a pair stands around some words: about as large a part as it is of the source."""
    start, end = source.index(opening), source.index(closing)
    share = (end - start - len(opening)) / len(source)
    ends = _places(text, closing)
    ways = []
    for at in _places(text, opening):
        wanted = at + share * len(text)
        near = sorted((e for e in ends if e > at and nested("", text[at:e])), key=lambda e: abs(e - wanted))
        ways += [(at, text[:at] + opening + text[at:e] + closing + text[e:]) for e in near[:SPANS]]
    return ways


def _missing(source: str, text: str) -> list[str]:
    """Return what a draft lacks, in the order of the source."""
    there = Counter(placeholders(text))
    missing = []
    for literal in placeholders(source):
        if there[literal] > 0:
            there[literal] -= 1
        elif TAG.fullmatch(literal) or literal not in text:
            missing.append(literal)
    return missing


def _without(text: str, added: Sequence[str]) -> str:
    """Remove literals that the source does not have."""
    for literal in added:
        head, _, tail = text.rpartition(literal)
        text = head + tail
    return text


def _places(text: str, literal: str) -> list[int]:
    """Return where a literal may stand: at borders of words, and for a code where no pair is crossed."""
    inside = [(found.start, found.end) for found in literals(text)]
    words = [m.span() for m in _WORD.finditer(text) if not any(a <= m.start() < b for a, b in inside)]
    starts, ends = [0, *(a for a, _ in words)], [*(b for _, b in words), len(text)]
    found = TAG.fullmatch(literal)
    if found is None:
        places = [*starts, len(text)]
    elif found[1]:
        places = ends
    else:
        places = starts if not found[3] else starts + ends
    allowed = [at for at in sorted(set(places)) if found is None or _keeps_pairs(text, at, literal)]
    step = -(-len(allowed) // MOST_PLACES) or 1
    return allowed[::step]


def _keeps_pairs(text: str, at: int, tag: str) -> bool:
    """Whether a code that opens or closes at a place has only whole pairs between it and its other half."""
    if tag.endswith("/>"):
        return True
    other = tag.replace("</", "<") if tag.startswith("</") else tag.replace("<", "</")
    place = text.find(other)
    if place < 0:
        return True
    start, end = (place + len(other), at) if tag.startswith("</") else (at, place)
    return start <= end and nested("", text[start:end])


def _inserted(text: str, at: int, literal: str) -> str:
    """Return the text with a literal put in; what is no code gets blanks around it."""
    before, after = text[:at], text[at:]
    if TAG.fullmatch(literal) is None:
        before += " " if before[-1:].isalnum() and before[-1:] < "\u2e80" else ""
        after = (" " if after[:1].isalnum() and after[:1] < "\u2e80" else "") + after
    return before + literal + after


def _log_probs(sentence: Sentence, text: str, variants: Sequence[str]) -> Calls[NDArray[np.float64]]:
    """Return log p of translations that are the same but for where literals stand, [n].

    Their common beginnings are read once, as parts of the text without the literal.
    """
    encode, prompt, end = sentence.settings.encode, sentence.prompt, sentence.settings.end
    plain = encode(text)
    wholes = [(*encode(variant), end) for variant in variants]
    shared = [next((i for i, (a, b) in enumerate(zip(w, plain, strict=False)) if a != b), len(plain)) for w in wholes]
    read: list[Prefix] = []
    [own] = yield from score([prompt], [plain])
    if max(shared):
        read = yield from extend([prompt], [plain[: max(shared)]])
    prefixes: list[Prefix] = []
    for same in shared:
        border = prompt if same == 0 else (yield from cut(read[0], prompt.length + same))
        prefixes.append(border)
    rests = yield from score(prefixes, [whole[same:] for whole, same in zip(wholes, shared, strict=True)])
    yield from release([*read, *(p for p in prefixes if p != prompt)])
    return np.array([own[:same].sum() + rest.sum() for same, rest in zip(shared, rests, strict=True)], np.float64)
