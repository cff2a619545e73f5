"""Verbs whose parts stand apart: *laden Sie die Datei hoch*, *sie ging früh nach Hause*, *turn the light off*."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtreason.glossary.words.agree import agree
from mtreason.glossary.words.forms import forms
from mtreason.glossary.words.lemma import is_known, lemma
from mtreason.glossary.words.tokens import Token
from mtreason.glossary.words.verbs import SEPARABLE, separated


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


PARTICLES = _set("off on up down out in away back over through along apart aside")
"""What an English verb may be parted from by its object."""
_PRONOUNS = _set("it them him her me us you this that these those one ones everything all")
_CONJUNCTIONS = {
    "de": _set("und oder aber denn als wie um dass weil wenn bevor nachdem obwohl damit bis sondern"),
    "nl": _set("en of maar want als dan om dat omdat toen terwijl voordat nadat hoewel zodat tot"),
    "en": _set("and or but when before after if while because until again so then"),
}
_INFINITIVE_MARK = {"de": "zu", "nl": "te"}
_LONGEST_CLAUSE = 15
_LONGEST_OBJECT = 3


def stands_apart(words: Sequence[str], text: Sequence[Token], primary: str) -> bool:
    """Return whether the words of a rendering, in the dictionary form, occur with something between them."""
    *rest, verb = words
    if primary == "en" and len(words) == 2 and verb in PARTICLES:
        return any(text[k].text == verb and agree(words[0], text[i].text, "en") for i, k in pairs(text, "en"))
    if primary not in SEPARABLE or not verb.isalpha():
        return False
    parts = separated(verb, primary)
    if parts is not None and not rest:
        found = ((text[k].text, text[i].text) for i, k in pairs(text, primary))
        return any(part == parts[0] and parts[1] in forms(word, primary) for part, word in found)
    if not rest or not _is_infinitive(verb, primary):
        return False
    return _moved(rest, verb, text, primary) or (
        parts is not None and _moved([*rest, parts[0]], parts[1], text, primary)
    )


def _is_infinitive(word: str, primary: str) -> bool:
    return word.endswith("n") and is_known(word, primary) and lemma(word, primary) == word


def pairs(text: Sequence[Token], primary: str) -> Iterator[tuple[int, int]]:
    """Yield the indices of a verb, as it may be, and of a word that may be its separate first part or particle."""
    if primary == "en":
        return _particles(text)
    return _parts(text, primary) if primary in SEPARABLE else iter(())


def _parts(text: Sequence[Token], primary: str) -> Iterator[tuple[int, int]]:
    """Yield those of German and Dutch: the first part ends its clause, or stands before *te* and the infinitive."""
    for k, token in enumerate(text):
        if token.text not in SEPARABLE[primary]:
            continue
        if k + 2 < len(text) and text[k + 1].text == _INFINITIVE_MARK[primary]:
            yield k + 2, k
        if ends_clause(text, k, primary):
            for i in range(k - 1, max(-1, k - 1 - _LONGEST_CLAUSE), -1):
                if text[i].stops:
                    break
                yield i, k


def _particles(text: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield those of English: only a short object stands between a verb and its particle."""
    for k, token in enumerate(text):
        if token.text not in PARTICLES:
            continue
        for i in range(k - 2, max(-1, k - 2 - _LONGEST_OBJECT), -1):
            if text[i].closes or text[i].stops or text[i + 1].closes:
                break
            if (i == k - 2 and text[k - 1].text in _PRONOUNS) or ends_clause(text, k, "en"):
                yield i, k


def ends_clause(text: Sequence[Token], k: int, primary: str) -> bool:
    """Return whether a clause may end after a word."""
    if text[k].closes or k + 1 == len(text):
        return True
    return text[k + 1].stops or text[k + 1].text in _CONJUNCTIONS.get(primary, ())


def _moved(rest: Sequence[str], verb: str, text: Sequence[Token], primary: str) -> bool:
    """Whether the finite verb stands in a clause before what it stands after as an infinitive."""
    for i, token in enumerate(text):
        if not agree(verb, token.text, primary):
            continue
        for k in range(i + 1, min(i + 1 + _LONGEST_CLAUSE, len(text) - len(rest) + 1)):
            if text[k].stops:
                break
            if all(agree(word, text[k + n].text, primary) for n, word in enumerate(rest)):
                return True
    return False
