"""Doubts about how a term is spelled: what it would match that is not meant, or would never match."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mtreason.characters import LETTER
from mtreason.glossary.term import Term

_PATTERN = re.compile(r"\\[bdswBDSW]|\.[*+?]|\[[^\]]*\][*+?]|\([^)]*\|[^)]*\)|^\^|\(\?[:=!]")
"""What a regular expression has and a term hardly ever does."""
_SEVERAL = re.compile(r";\s|\s/\s|、")
_AROUND = ('""', "''", "“”", "„“", "«»", "‘’", "「」")


def spelling(term: Term) -> Iterator[str]:
    """Yield what is doubtful in the spelling of a term, each with what to type."""
    letters = LETTER.findall(term.source)
    if not letters and not any(c.isalnum() for c in term.source):
        yield f"{term.source!r} has neither letters nor digits: take it out unless such signs are translated"
    if len(letters) > 1 and term.source.isupper() and not term.case_sensitive:
        yield f"{term.source!r} is in capitals and also found as {term.source.lower()!r}: write yes in a column case"
    for text in (term.source, *term.targets):
        if _PATTERN.search(text):
            yield f"{text!r} looks like a regular expression, and is searched for as it is written: write each form out"
        if len(text) > 2 and text[0] + text[-1] in _AROUND:
            yield f"{text!r} is in quotation marks, which belong to the term here: take them off"
    for rendering in term.targets:
        if len(rendering.split()) > 1 and _SEVERAL.search(rendering):
            yield f"the rendering {rendering!r} may be several: put '|' between them"
