"""Terms for the opposite direction, where reversing them is sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from mtreason.glossary.term import Term
from mtreason.glossary.words.fold import fold

_PLACEHOLDERS = frozenset({"sb", "sth", "one's", "oneself", "…"})


def reverse(terms: Sequence[Term], target: str) -> tuple[Term, ...]:
    """Return the terms that also hold in the opposite direction, as terms of that direction.

    They are names and technical terms: those with one rendering, which no other term has, and without conditions on the
    source. A term that is kept is kept in both directions. Several renderings each mean other things as well, so they
    are not reversed. `literal`, `forbidden` and the conditions belong to one direction and are dropped.
    """
    uses = Counter(fold(rendering, target) for term in terms for rendering in term.targets)
    found = []
    for term in terms:
        if not term.targets and not term.conditional:
            found.append(replace(term, literal="", forbidden=()))
        elif len(term.targets) == 1 and not (term.requires or term.excludes):
            [rendering] = term.targets
            if uses[fold(rendering, target)] == 1 and not _PLACEHOLDERS & set(rendering.split()):
                found.append(
                    replace(
                        term,
                        source=rendering,
                        targets=(term.source,),
                        literal="",
                        forbidden=(),
                        example=term.rendered,
                        rendered=term.example,
                    )
                )
    return tuple(found)
