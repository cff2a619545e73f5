"""What a glossary says more than once: equal entries are one, others of one term are a choice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from mtreason.glossary.term import Sense, Term
from mtreason.glossary.words.fold import fold


class Entry(NamedTuple):
    """One entry of a file."""

    term: Term
    complete: bool
    """Whether it says what becomes of the term: it has a rendering, or is kept. Otherwise it only forbids."""


def key_of(term: Term, language: str) -> tuple[object, ...]:
    """Return what is equal for entries that are found in the same places."""
    return fold(term.source, language), term.conditions, term.hinted


def merge(entries: Iterable[Entry], language: str) -> tuple[list[Term], list[Term]]:
    """Return the terms of a file in the order of their first entries, and those without a rendering, which are none.

    `language` is that of the source. Entries of one term with the same conditions are one term with all renderings,
    whose senses are what the entries say one by one. Terms that differ in case only and have different renderings stay
    apart: those with capitals count only as they are written.
    """
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        groups.setdefault(key_of(entry.term, language), []).append(entry)
    found: list[Term] = []
    bare: list[Term] = []
    for own in groups.values():
        if len(own) == 1:
            (found if own[0].complete else bare).append(own[0].term)
            continue
        for alike in _by_case(own):
            complete = any(entry.complete for entry in alike)
            (found if complete else bare).append(one([entry.term for entry in alike], [e.complete for e in alike]))
    return found, bare


def apart(entries: Iterable[Entry], language: str) -> tuple[list[Term], list[Term]]:
    """Return each entry as a term of its own, equal ones once, as `merge` does otherwise; for writing them again."""
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        groups.setdefault(key_of(entry.term, language), []).append(entry)
    found: list[Term] = []
    bare: list[Term] = []
    for own in groups.values():
        unlike: dict[Term, Term] = {}
        for entry in own:
            if entry.complete:
                unlike.setdefault(replace(entry.term, line=0), entry.term)
        terms, rest = list(unlike.values()), [entry.term for entry in own if not entry.complete]
        if terms and rest:
            terms[0] = one([terms[0], *rest], [True] + [False] * len(rest))
        found += terms
        bare += rest if not terms else []
    return sorted(found, key=lambda term: term.line), bare


def _by_case(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Split entries whose terms are written with other capitals, where that makes a difference."""
    by_source: dict[str, list[Entry]] = {}
    for entry in entries:
        by_source.setdefault(entry.term.source, []).append(entry)
    cases = len({source.casefold() for source in by_source}) < len(by_source)
    renderings = {frozenset(t for e in own for t in e.term.targets) for own in by_source.values()}
    if not cases or len(renderings) < 2:
        return [list(entries)]
    return [
        [Entry(replace(e.term, case_sensitive=source != source.lower()), e.complete) for e in own]
        for source, own in by_source.items()
    ]


def one(terms: Sequence[Term], complete: Sequence[bool]) -> Term:
    """Return one term with all that several say; `complete` tells which of them say what becomes of the term."""
    first = terms[0]
    if len(terms) == 1:
        return first
    kept = [(t.source,) if full and not t.targets else t.targets for t, full in zip(terms, complete, strict=True)]
    targets = tuple(dict.fromkeys(target for own in kept for target in own))
    with_example = next((t for t in terms if t.example or t.rendered), first)
    return replace(
        first,
        targets=targets if any(t.targets for t in terms) else (),
        literal=next((t.literal for t in terms if t.literal and t.literal not in targets), ""),
        forbidden=tuple(dict.fromkeys(f for t in terms for f in t.forbidden if f not in targets)),
        note=_notes(terms),
        part_of_speech=", ".join(dict.fromkeys(t.part_of_speech for t in terms if t.part_of_speech)),
        domain=", ".join(dict.fromkeys(t.domain for t in terms if t.domain)),
        example=with_example.example,
        rendered=with_example.rendered,
        senses=_senses([t for t, full in zip(terms, complete, strict=True) if full]),
    )


def _senses(terms: Sequence[Term]) -> tuple[Sense, ...]:
    """Return what the terms say one by one; nothing where all have the same best rendering."""
    found: dict[str, Sense] = {}
    for term in terms:
        about = ", ".join(filter(None, (term.part_of_speech, term.note or term.domain)))
        for sense in term.senses or (Sense(term.targets or (term.source,), about),):
            found.setdefault(sense.targets[0], sense)
    return tuple(found.values()) if len(found) > 1 else ()


def _notes(terms: Sequence[Term]) -> str:
    """Return the notes of several entries, each with the renderings that it is about, where they differ."""
    terms = [t for t in terms if t.targets or not t.forbidden] or terms
    about = {(t.part_of_speech, t.note) for t in terms}
    if len(about) == 1 or not any(t.note for t in terms):
        return next((t.note for t in terms if t.note), "")
    parts = []
    for term in terms:
        if not (term.note or term.part_of_speech):
            continue
        what = ", ".join(term.targets or (term.source,))
        pos = f" ({term.part_of_speech})" if term.part_of_speech else ""
        parts.append(f"{what}{pos}: {term.note}" if term.note else f"{what}{pos}")
    return "; ".join(dict.fromkeys(parts))
