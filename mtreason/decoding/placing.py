"""Puts codes and other literals that every draft lost back into the best of them, where the model expects them most.

The counterpart of `mtreason.decoding.repair`, which does so for glossary terms. It asks for log p of a literal at each
border of a word: one pass over the draft and a few tokens a place, for each literal that is missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mtreason.decoding.protocol import Candidate
from mtreason.decoding.reflection import after_prompt
from mtreason.documents.coded import TAG, nested, tags
from mtreason.documents.literals import literals, lost, placeholders
from mtreason.models.calls import Calls, cut, extend, release, score
from mtreason.models.protocol import TOP_K, Continuation, Prefix

if TYPE_CHECKING:
    from mtreason.decoding.sentence import Sentence

MOST_LITERALS = 24
"""More than this many are not put back."""
MOST_PLACES = 48
_WORD = re.compile(r"[\u2e80-\ufefe]|(?:(?![\u2e80-\ufefe])[\w'’-])+")
_MENDED = {"placeholder", "literal"}


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
    tokens = (*sentence.settings.encode(text), sentence.settings.end)
    # Where the model cannot be asked, its tokens count as much as those of the draft do.
    mean = float(best.draft.log_probs.mean())
    own, top = np.full(len(tokens), mean, np.float32), np.full((len(tokens), TOP_K), mean, np.float32)
    whole = Continuation(tokens, own, top, finished=True, prefix=sentence.prompt)
    if sentence.settings.scores:
        whole = yield from after_prompt(sentence, sentence.prompt, whole)
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
    for literal in missing:
        places = _places(text, literal)
        if not places:
            return None
        written = [_inserted(text, at, literal) for at in places]
        if sentence.settings.scores:
            chosen = yield from _most_probable(sentence, text, [before for before, _ in written])
        else:
            # As far into the translation as it is into the source.
            wanted = source.index(literal) / len(source) * len(text)
            chosen = int(np.argmin([abs(at - wanted) for at in places]))
        text = "".join(written[chosen])
    return text


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


def _inserted(text: str, at: int, literal: str) -> tuple[str, str]:
    """Return the text up to the end of a literal that is put in, and the rest; what is no code gets blanks around."""
    before, after = text[:at], text[at:]
    if TAG.fullmatch(literal) is None:
        before += " " if before[-1:].isalnum() and before[-1:] < "\u2e80" else ""
        after = (" " if after[:1].isalnum() and after[:1] < "\u2e80" else "") + after
    return before + literal, after


def _most_probable(sentence: Sentence, text: str, beginnings: Sequence[str]) -> Calls[int]:
    """Return which of several beginnings of a translation, each with a literal at its end, the model expects most."""
    encode, prompt = sentence.settings.encode, sentence.prompt
    draft = encode(text)
    shared, targets = [], []
    for beginning in beginnings:
        tokens = encode(beginning)
        same = next((i for i, (a, b) in enumerate(zip(tokens, draft, strict=False)) if a != b), len(draft))
        same = min(same, len(tokens) - 1)
        shared.append(same)
        targets.append(tokens[same:])
    read: list[Prefix] = []
    if max(shared):
        read = yield from extend([prompt], [draft[: max(shared)]])
    prefixes: list[Prefix] = []
    for same in shared:
        border = prompt if same == 0 else (yield from cut(read[0], prompt.length + same))
        prefixes.append(border)
    scores = yield from score(prefixes, targets)
    yield from release([*read, *(p for p in prefixes if p != prompt)])
    return int(np.argmax([own.sum() for own in scores]))
