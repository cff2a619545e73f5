"""Plural forms that are members of a mapping: `item_one`, `item_other` of i18next, and `one`, `other` of Rails.

A set of them is one place of the file with the categories that the target has, each from the nearest of the source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from mtreason.characters import LETTER
from mtreason.documents.branches import CATEGORIES, plural_categories
from mtreason.documents.coded import written
from mtreason.documents.spans import Group, Span, texts_of
from mtreason.languages import Language

_KEY = re.compile(rf"(.*_)?({'|'.join(CATEGORIES)})", re.DOTALL)
_NUMBER = re.compile(r"\{\{?\s*(?:count|n|num|number|\d)\b[^{}]*\}|%\{(?:count|n|num|number)\}|%\d*d")
"""What shows that a text alone is the form for every number."""
_NAME = re.compile(rf"(?:{'|'.join(CATEGORIES)})(?=[\"']?\Z)")
_BETWEEN = re.compile(r"\s*:\s*")


@dataclass(frozen=True, slots=True)
class Key:
    """The key at `content[start:end]`, with its quotation marks."""

    name: str
    start: int
    end: int
    mapping: int
    """Tells the mappings of a file apart."""
    index: int
    """Which key of it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A text of a mapping."""

    key: Key | None
    """None where no key of a plural form stands before the text."""
    span: Span | Group


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of a plural."""

    key: Key
    span: Span


@dataclass(slots=True)
class Seen:
    """How many keys there are, also those of what is no text."""

    keys: Counter[int] = field(default_factory=Counter)
    """By the mapping."""
    forms: Counter[tuple[int, str]] = field(default_factory=Counter)
    """Of those that may be plural forms, by the mapping and what is before the category."""

    def add(self, mapping: int, name: str) -> bool:
        """Count a key; returns whether it may be that of a plural form."""
        self.keys[mapping] += 1
        found = _KEY.fullmatch(name)
        if found is not None:
            self.forms[mapping, found[1] or ""] += 1
        return found is not None


def with_forms(
    content: str, members: Sequence[Member], seen: Seen, target: Language | None, apart: Callable[[Key], str]
) -> Iterator[Span | Group]:
    """Yield the places of a file in their order, with a group for each set of plural forms.

    `apart` returns what stands before another key in the mapping of one.
    """
    sets: dict[tuple[int, str], dict[str, _Form]] = {}
    for member in members:
        found = member.key and _KEY.fullmatch(member.key.name)
        if member.key and found and isinstance(member.span, Span):
            sets.setdefault((member.key.mapping, found[1] or ""), {})[found[2]] = _Form(member.key, member.span)
    groups: dict[int, Group] = {}
    joined: set[int] = set()
    for (mapping, stem), forms in sets.items():
        wanted = _wanted(stem, forms, target)
        whole = seen.forms[mapping, stem] == len(forms) and (stem or seen.keys[mapping] == len(forms))
        if wanted and whole and _is_plural(content, forms):
            starts = [form.span.start for form in forms.values()]
            groups[starts[0]] = _group(content, forms, wanted, apart)
            joined.update(starts)
    for member in members:
        start = member.span.start
        if start in groups:
            yield groups[start]
        elif start not in joined and _has_words(member.span):
            yield member.span


def _wanted(stem: str, forms: Mapping[str, _Form], target: Language | None) -> tuple[str, ...]:
    """Return the categories that a target needs; a form for nothing stays, which programs ask for in any language."""
    wanted = plural_categories(target, ordinal=stem.endswith("_ordinal_"))
    return ("zero", *wanted) if wanted and "zero" in forms and "zero" not in wanted else wanted


def _is_plural(content: str, forms: Mapping[str, _Form]) -> bool:
    """Whether texts are surely the forms of one plural, which stand beside one another."""
    if "other" not in forms or not any(_has_words(form.span) for form in forms.values()):
        return False
    other = forms["other"].span
    if "one" not in forms and (len(forms) > 1 or not _NUMBER.search(content, other.start, other.end)):
        return False
    first = min(form.key.index for form in forms.values())
    return all(
        form.key.index == first + i
        and content[form.key.start : form.key.end].rstrip("\"'").endswith(name)
        and _BETWEEN.fullmatch(content, form.key.end, form.span.start)
        for i, (name, form) in enumerate(forms.items())
    )


def _has_words(span: Span | Group) -> bool:
    return any(LETTER.search(written(own.text, own.codes)) for own in texts_of(span))


def _group(content: str, forms: Mapping[str, _Form], wanted: Sequence[str], apart: Callable[[Key], str]) -> Group:
    """Return the forms that a target needs as one place."""
    own = list(forms.values())
    gaps = {
        name: content[before.span.end : form.key.start]
        for before, (name, form) in zip(own, list(forms.items())[1:], strict=False)
    }
    heads: list[str] = []
    spans = []
    for name in wanted:
        form = forms.get(name, forms["other"])
        gap = (gaps.get(name) or apart(form.key)) if heads else ""
        key = _NAME.sub(name, content[form.key.start : form.key.end])
        heads.append(gap + key + content[form.key.end : form.span.start])
        spans.append(form.span)
    return Group(own[0].key.start, own[-1].span.end, spans, partial(_written, heads))


def _written(heads: Sequence[str], texts: Sequence[str]) -> str:
    return "".join(head + text for head, text in zip(heads, texts, strict=True))
