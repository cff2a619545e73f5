"""The page on which a person reviews a translation: one file, which asks for nothing and sends nothing.

What is quoted is data. It stands in the page as JSON without any character that means something in HTML, and the
script puts it on the page as text only. The page allows its own script and style, by their digests, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Any

from mtreason.characters import plain_characters
from mtreason.documents import literals, placeholders
from mtreason.documents.coded import TAG, tags
from mtreason.glossary import Term, follows
from mtreason.languages import Language
from mtreason.numbers import numbers_in
from mtreason.report.page import environment, mark_differences
from mtreason.review.document import Alternative, Passage, Review
from mtreason.review.picks import KIND
from mtreason.runs.pipeline import HUMAN, KEPT
from mtreason.runs.translation import FELL_BACK

CODE, LITERAL, NUMBER, TERM, NEW = "code", "literal", "number", "term", "new"
"""What a part of a text may be: a code, another literal, a number, a term of the glossary, not in the chosen text."""
Run = tuple[str, str]
"""A part of a text, and what it is, as words with blanks between them."""


def review_page(review: Review) -> str:
    """Return the page of a review."""
    style, script = _part("page.css") + _part("review.css"), _part("review.js")
    return (
        environment()
        .get_template("review.html.j2")
        .render(
            name=plain_characters(review.name, ""),
            source=review.direction.source,
            target=review.direction.target,
            style=style,
            script=script,
            policy=_policy(style, script),
            data=_as_json(_data(review)),
        )
    )


def _part(name: str) -> str:
    return (resources.files("mtreason.report") / "templates" / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Return the policy of the page, which a browser enforces; see Content Security Policy Level 3, W3C."""
    digests = [b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _as_json(value: Any) -> str:  # noqa: ANN401 - what JSON can hold
    """Return JSON that can stand in an element of a page: no character of it means anything in HTML."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _data(review: Review) -> dict[str, Any]:
    order = {passage.number: rank for rank, passage in enumerate(sorted(review.passages, key=_confidence))}
    return {
        "kind": KIND,
        "name": review.name,
        "digests": dict(review.digests),
        "passages": [_passage(passage, review, order[passage.number]) for passage in review.passages],
    }


def _confidence(passage: Passage) -> tuple[int, float]:
    """Return what sorts passages from the least to the most trusted: first those that something speaks against."""
    faulty = passage.status == FELL_BACK
    doubtful = bool(passage.doubts) or passage.placed or passage.missed
    unsure = 3 if passage.passed else 2 if passage.score is None else 1 - doubtful
    return -1 if faulty else unsure, passage.score or 0.0


def _passage(passage: Passage, review: Review, rank: int) -> dict[str, Any]:
    source, target = review.direction.source, review.direction.target
    terms = [str(term["source"]) for term in passage.terms]
    return {
        "segment": passage.number,
        "place": passage.place,
        "rank": rank,
        "passed": passage.passed,
        "source": _marked(passage.source, passage, source, terms),
        "text": passage.text,
        "runs": _marked(passage.text, passage, target),
        "score": passage.score,
        "notes": list(_notes(passage)),
        "terms": [{name: term[name] for name in ("source", "targets")} for term in passage.terms],
        "followed": [term["followed"] for term in passage.terms],
        "codes": {tag: passage.codes[tag].raw for tag in dict.fromkeys(tags(passage.source)) if tag in passage.codes},
        "needed": list(placeholders(passage.source)),
        "others": [_alternative(other, passage, target) for other in passage.alternatives],
    }


def _notes(passage: Passage) -> Iterator[str]:
    """Say what a person should know of a passage."""
    if passage.status == FELL_BACK:
        yield f"no clean translation was found: {', '.join(passage.problems)}"
    if passage.placed:
        yield "markup was put back by the tool: see whether it is in the right place"
    yield from passage.doubts
    if passage.passed:
        yield "passed through: there was nothing to translate"
    if passage.status == HUMAN:
        yield "from a memory of people"
    if passage.status == KEPT and not passage.alternatives:
        yield "translated before: other drafts are not known"


def _alternative(other: Alternative, passage: Passage, target: Language) -> dict[str, Any]:
    _, own = mark_differences(passage.text, other.text)
    return {
        "text": other.text,
        "runs": _marked(other.text, passage, target, new=own),
        "score": other.score,
        "notes": [*other.problems, *other.doubts],
        "followed": [follows(_term(term), other.text, target.tag) for term in passage.terms],
    }


def _term(described: Mapping[str, Any]) -> Term:
    return Term(described["source"], tuple(described["targets"]), "", "", described["file"], 0)


def _marked(
    text: str,
    passage: Passage,
    language: Language,
    terms: Iterable[str] = (),
    new: Iterable[tuple[bool, str]] = (),
) -> list[Run]:
    """Divide a text into runs of one kind: codes and literals, else numbers and terms, and what is new."""
    kinds: list[str] = [""] * len(text)
    for found in literals(text):
        kind = CODE if text[found.start : found.end] in passage.codes else LITERAL
        kinds[found.start : found.end] = [kind] * (found.end - found.start)
    for number in sorted(numbers_in(text, language), key=len, reverse=True):
        _mark(kinds, text, number, NUMBER)
    for term in sorted(terms, key=len, reverse=True):
        _mark(kinds, text, term, TERM)
    at = 0
    for only, part in new:
        if only and part.strip():
            start = at + len(part) - len(part.lstrip())
            kinds[start : start + len(part.strip())] = [
                f"{kind} {NEW}".strip() for kind in kinds[start : at + len(part.rstrip())]
            ]
        at += len(part)
    return list(_runs(text, kinds))


def _mark(kinds: list[str], text: str, part: str, kind: str) -> None:
    """Mark each place of a part that nothing else has marked."""
    folded, wanted = (text.lower(), part.lower()) if len(text.lower()) == len(text) else (text, part)
    at = folded.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        if not any(kinds[at:end]):
            kinds[at:end] = [kind] * (end - at)
        at = folded.find(wanted, end)


def _runs(text: str, kinds: list[str]) -> Iterator[Run]:
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or kinds[i] != kinds[start] or TAG.match(text, i):
            yield text[start:i], kinds[start]
            start = i
