"""Suggests terms from a parallel text: runs for which the references keep saying something that a translation lacks.

Letters: t a run of the source, p a run of the references that the translation of the same segment lacks, c counts of
segments. How well two runs belong together is Dice's coefficient, 2 c(t, p) / (c(t) + c(p)) (Smadja et al. 1996).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mtreason.glossary.words.fold import fold
from mtreason.languages import Language

LONGEST_SPACED, LONGEST_UNSPACED = 4, 6
"""The largest number of words, and of characters, in a run."""
LEAST_DICE = 0.5

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_RUN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggested term, for a person to accept."""

    source: str
    target: str
    """What the references say."""
    literal: str
    """What the translations say instead, "" if nothing is frequent enough."""
    segments: int
    """The number of segments in which both occur."""
    score: float
    """Dice's coefficient, in (0, 1]."""


def suggest(
    sources: Sequence[str],
    references: Sequence[str],
    translations: Sequence[str],
    languages: tuple[Language, Language],
    least: int = 2,
) -> list[Suggestion]:
    """Return suggestions that occur in at least `least` segments, the most certain first."""
    source, target = languages
    terms = [runs_of(text, source) for text in sources]
    wanted, given = ([runs_of(text, target) for text in texts] for texts in (references, translations))
    missing = [ours - theirs for ours, theirs in zip(wanted, given, strict=True)]
    instead = [theirs - ours for ours, theirs in zip(wanted, given, strict=True)]
    counts = Counter(t for own in terms for t in own)
    frequent = {t for t, c in counts.items() if c >= least}
    found = _pairs([own & frequent for own in terms], missing, counts, least)
    literal: dict[str, str] = {}
    for term, phrase, _, _ in _pairs([own & frequent for own in terms], instead, counts, least):
        literal.setdefault(term, phrase)
    picked: dict[str, Suggestion] = {}
    for term, phrase, segments, score in found:
        picked.setdefault(term, Suggestion(term, phrase, literal.get(term, ""), segments, score))
    return list(_apart(picked.values()))


def _pairs(
    terms: Sequence[set[str]], phrases: Sequence[set[str]], counts: Counter[str], least: int
) -> list[tuple[str, str, int, float]]:
    """Return term, phrase, number of segments with both, and Dice, the best first; longer runs before shorter ones."""
    phrase_counts = Counter(p for own in phrases for p in own)
    together = Counter(
        (t, p) for own, said in zip(terms, phrases, strict=True) for t in own for p in said if phrase_counts[p] >= least
    )
    scored = [
        (t, p, c, 2 * c / (counts[t] + phrase_counts[p])) for (t, p), c in together.items() if c >= least
    ]  # fmt: skip
    kept = [pair for pair in scored if pair[3] >= LEAST_DICE]
    return sorted(kept, key=lambda x: (-x[3], -x[2], -len(x[0]) - len(x[1]), x[0], x[1]))


def _apart(suggestions: Iterable[Suggestion]) -> Iterator[Suggestion]:
    """Leave out runs that contain a better one or are part of it, and those that overlap one of the same meaning."""
    kept: list[Suggestion] = []
    for own in suggestions:
        if not any(_nested(own.source, k.source) or (_overlap(own, k) and _alike(own, k)) for k in kept):
            kept.append(own)
            yield own


def _nested(a: str, b: str) -> bool:
    return a in b or b in a


def _overlap(a: Suggestion, b: Suggestion) -> bool:
    """Return whether the end of one run is the beginning of the other."""
    sizes = range(1, min(len(a.source), len(b.source)))
    return any(a.source[-k:] == b.source[:k] or b.source[-k:] == a.source[:k] for k in sizes)


def _alike(a: Suggestion, b: Suggestion) -> bool:
    return not set(a.target.split()).isdisjoint(b.target.split()) or _nested(a.target, b.target)


def runs_of(text: str, language: Language) -> set[str]:
    """Return the runs of a text that could be a term, in words, or in characters where words are not separated."""
    folded = fold(text, language.tag)
    if language.spaced:
        words = _WORD.findall(folded)
        return {
            " ".join(words[i:j])
            for i in range(len(words))
            for j in range(i + 1, min(i + LONGEST_SPACED, len(words)) + 1)
        }
    return {
        run[i:j]
        for run in _RUN.findall(folded)
        for i in range(len(run))
        for j in range(i + 2, min(i + LONGEST_UNSPACED, len(run)) + 1)
    }
