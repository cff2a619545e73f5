"""Puts the candidates of a document together: each once and with an example, without those that a glossary has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from mtreason.documents.coded import TAG
from mtreason.glossary.match import Matcher
from mtreason.glossary.proposals.clauses import read_clauses
from mtreason.glossary.proposals.marked import find_latin
from mtreason.glossary.proposals.names import find_names
from mtreason.glossary.proposals.proposal import KINDS, NAME, Found, Proposal, Proposals
from mtreason.glossary.proposals.terms import find_new_words, find_quoted, find_terms, parts_of
from mtreason.glossary.proposals.unspaced import find_unspaced
from mtreason.glossary.term import Term
from mtreason.glossary.words.fold import fold
from mtreason.languages import Language

LONGEST_EXAMPLE = 160
"""The largest number of characters of an example; of a longer segment the part around the term is shown."""
_CASED = frozenset({"Latin", "Cyrillic", "Greek", "Armenian"})
"""Scripts in which names begin with capitals."""


def propose(
    segments: Sequence[str], language: Language, terms: Iterable[Term], ordinary: Callable[[str], bool]
) -> Proposals:
    """Return what the glossary of a document may need beside `terms`.

    `ordinary` says whether everybody knows a run of signs as a word; it is asked in languages that do not separate
    words, the others have tables. The same segments always give the same proposals.
    """
    found = list(_each_once(_candidates(segments, language, ordinary), language))
    matcher = Matcher(terms, language.tag)
    fresh = [own for own in found if not _is_known(own.source, matcher)]
    fresh.sort(key=lambda own: (KINDS.index(own.kind), -len(own.segments), own.segments[0]))
    return Proposals(tuple(_proposal(own, segments) for own in fresh), len(found) - len(fresh))


def _candidates(segments: Sequence[str], language: Language, ordinary: Callable[[str], bool]) -> list[Found]:
    primary = language.primary
    if not language.spaced:
        return find_unspaced(segments, primary, ordinary)
    clauses = read_clauses(segments, primary)
    names = find_names(clauses, primary) if _CASED & set(language.scripts) else find_latin(segments)
    return [*names, *find_terms(clauses, primary), *find_new_words(clauses, primary), *find_quoted(segments, primary)]


def _each_once(found: Sequence[Found], language: Language) -> Iterator[Found]:
    """Yield each candidate as the first kind that it is, and none that stands only in names, but other names."""
    inside: dict[str, int] = {}
    for own in found:
        for part in parts_of(fold(own.source, language.tag)) if own.kind == NAME else ():
            inside[part] = inside.get(part, 0) + len(own.segments)
    seen: set[str] = set()
    for own in sorted(found, key=lambda own: KINDS.index(own.kind)):
        key = fold(own.source, language.tag)
        alone = own.kind == NAME or not language.spaced or len(own.segments) > inside.get(key, 0)
        if key not in seen and alone:
            seen.add(key)
            yield own


def _is_known(source: str, matcher: Matcher) -> bool:
    """Whether a glossary has a term, in any form, also one that only keeps others from matching."""
    return any((found.hit.start, found.hit.end) == (0, len(source)) for found in matcher.explain(source))


def _proposal(own: Found, segments: Sequence[str]) -> Proposal:
    places = dict.fromkeys(own.segments)
    shown = [TAG.sub("", segments[i]) for i in places]
    there = [text for text in shown if own.source in text] or shown
    example = min(there, key=len)
    return Proposal(own.source, own.kind, len(own.segments), len(places), _around(own.source, example))


def _around(source: str, text: str) -> str:
    """Return a text on one line, or the part of it around a term where it is long."""
    flat = " ".join(text.split())
    if len(flat) <= LONGEST_EXAMPLE:
        return flat
    at = max(0, flat.find(source) - LONGEST_EXAMPLE // 2)
    end = at + LONGEST_EXAMPLE
    return ("…" if at else "") + flat[at:end].strip() + ("…" if end < len(flat) else "")
