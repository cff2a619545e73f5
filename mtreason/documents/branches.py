"""Messages with branches: each way through them is a text, and plural forms follow the target's, which CLDR knows.

Text around an argument is put into its branches: languages differ in what else of a sentence depends on a number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mtreason.documents.coded import Coded
from mtreason.documents.messages import coded_message
from mtreason.documents.spans import Group, Span, as_it_is
from mtreason.languages import Language

MOST_NESTED = 8
MOST_BRANCHES = 100
"""A message with more ways through it, or arguments deeper in one another, is malformed."""
CATEGORIES = ("zero", "one", "two", "few", "many", "other")
"""Plural categories of CLDR, in its order."""


class MalformedError(Exception):
    """A text that is no message."""


@dataclass(frozen=True, slots=True)
class Part:
    """Text, with what was quoted in it as plain characters; or what stands as it is, if it is `fixed`."""

    text: str
    fixed: bool = False


NUMBER = Part("#", fixed=True)
"""The number that a plural argument of ICU has, in its branches."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the texts of an argument."""

    before: str
    """All between the branch before and the text: the selector and signs."""
    selector: str
    parts: Sequence[Part | Choice]


@dataclass(frozen=True, slots=True)
class Choice:
    """An argument with branches."""

    head: str
    branches: Sequence[Branch]
    after: str
    """What stands after each branch."""
    tail: str
    kind: str
    """"plural" or "ordinal" for forms that depend on a language, "" for others."""
    default: Sequence[str]
    """How the branch "other" is named in `before`, and another one, with {} for its name."""
    escape: Callable[[str], str]
    """Writes plain text in a branch."""
    number: str = ""
    """What names its number as # does; "" where nothing else would."""


@dataclass(slots=True)
class Message:
    """A message as texts to translate, and the message again from their translations."""

    texts: list[tuple[Coded, Callable[[str], str]]] = field(default_factory=list)
    """Each text, and what writes what is between its codes."""
    pieces: list[str | int] = field(default_factory=list)
    """What the message consists of: what stands as it is, and which text stands there."""

    def written(self, texts: Sequence[str]) -> str:
        """Return the message, given each text as the message has it."""
        return "".join(texts[piece] if isinstance(piece, int) else piece for piece in self.pieces)

    def group(
        self,
        start: int,
        end: int,
        place: str,
        write: Callable[[str], str] = as_it_is,
        write_text: Callable[[str], str] = as_it_is,
    ) -> Group:
        """Return the texts as those of `content[start:end]`; `write` writes the message, `write_text` each text."""
        spans = [Span(start, end, place, coded.text, write_text, coded.codes, escape) for coded, escape in self.texts]
        return Group(start, end, spans, lambda texts: write(self.written(texts)))


def spread(parts: Sequence[Part | Choice], target: Language | None, escape: Callable[[str], str]) -> Message:
    """Return the texts of a message; raises `MalformedError` where there are too many."""
    message = Message()
    _spread(parts, target, message, 0, escape)
    return message


def plural_categories(target: Language | None, *, ordinal: bool = False) -> tuple[str, ...]:
    """Return the plural categories of a language; none where CLDR does not know it."""
    from babel import Locale, UnknownLocaleError

    if target is None:
        return ()
    for tag in (target.tag, target.primary):
        try:
            locale = Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
        there = {*(locale.ordinal_form if ordinal else locale.plural_form).tags, "other"}
        return tuple(name for name in CATEGORIES if name in there)
    return ()


def _spread(
    parts: Sequence[Part | Choice], target: Language | None, into: Message, depth: int, escape: Callable[[str], str]
) -> None:
    """Add the texts of a message; of one with branches, those of each of them with what is around it."""
    place = next((i for i, part in enumerate(parts) if isinstance(part, Choice)), -1)
    if place < 0:
        if len(into.texts) == MOST_BRANCHES:
            raise MalformedError
        into.pieces.append(len(into.texts))
        into.texts.append((_coded([part for part in parts if isinstance(part, Part)], escape), escape))
        return
    if depth == MOST_NESTED:
        raise MalformedError
    choice = parts[place]
    assert isinstance(choice, Choice)  # noqa: S101 - for the checker of types
    into.pieces.append(choice.head)
    for branch in _branches_for(choice, target):
        into.pieces.append(branch.before)
        own = [*parts[:place], *_spelt_out(branch.parts, choice), *parts[place + 1 :]]
        _spread(own, target, into, depth + 1, choice.escape)
        into.pieces.append(choice.after)
    into.pieces.append(choice.tail)


def _spelt_out(parts: Sequence[Part | Choice], choice: Choice) -> Sequence[Part | Choice]:
    """Return the parts of a branch; beside another argument with branches, where # means its number, without #."""
    if not any(isinstance(part, Choice) for part in parts) or NUMBER not in parts:
        return parts
    if not choice.number:
        raise MalformedError
    return [Part(choice.number, fixed=True) if part == NUMBER else part for part in parts]


def _branches_for(choice: Choice, target: Language | None) -> list[Branch]:
    """Return the branches that a target needs: its own plural categories, each from the nearest of the source."""
    categories = plural_categories(target, ordinal=choice.kind == "ordinal") if choice.kind else ()
    if not categories:
        return list(choice.branches)
    own = {branch.selector: branch for branch in choice.branches}
    other = own["other"]
    old, new = choice.default
    found = [branch for branch in choice.branches if branch.selector not in CATEGORIES]
    found += [own.get(n) or Branch(other.before.replace(old, new.format(n), 1), n, other.parts) for n in categories]
    return found


def _coded(parts: Sequence[Part], escape: Callable[[str], str]) -> Coded:
    """Return a text with its arguments and tags as codes."""
    text = ""
    fixed: list[tuple[int, int]] = []
    for part in parts:
        if part.fixed:
            fixed.append((len(text), len(text) + len(part.text)))
        text += part.text
    return coded_message(text, fixed, escape)
