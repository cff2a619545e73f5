"""Messages of ICU MessageFormat with branches (plural, select, selectordinal): each way through them is a text.

Text around an argument is put into its branches, as ICU recommends: languages differ in what else of a sentence depends
on a number. Plural forms follow the target's, which CLDR knows. What is not well-formed is no such message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mtreason.documents.coded import Coded
from mtreason.documents.messages import coded_message
from mtreason.documents.spans import Group, Span, as_it_is
from mtreason.languages import Language

MOST_NESTED = 8
MOST_BRANCHES = 100
"""A message with more ways through it, or arguments deeper in one another, is read as plain text."""
MOST_CHARACTERS = 50_000
CATEGORIES = ("zero", "one", "two", "few", "many", "other")
"""Plural categories of CLDR, in its order."""

_BRANCHED = re.compile(r"\{\s*[\w.-]+\s*,\s*(?:plural|select|selectordinal)\s*,")
_HEAD = re.compile(r"\{\s*([\w.-]+)\s*,\s*(plural|select|selectordinal)\s*,(\s*offset\s*:\s*\d+(?=\s))?")
_SELECTOR = re.compile(r"(\s*)(=\d+|[^\s{}'#=,]+)(\s*)\{")
_ARGUMENT = re.compile(r"\{\s*[\w.-]+\s*[,}]")
_CLOSED = re.compile(r"\s*\}")
_IN_MESSAGE, _IN_PLURAL = re.compile(r"['{}]+"), re.compile(r"['{}#]+")


class _MalformedError(Exception):
    """A text that is no message."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Text, with what was quoted in it as plain characters; or what stands as it is, if it is `fixed`."""

    text: str
    fixed: bool = False


_NUMBER = _Part("#", fixed=True)


@dataclass(frozen=True, slots=True)
class _Branch:
    before: str
    """All between the branch before and the text: the selector, blanks, and the brace."""
    selector: str
    parts: Sequence[_Part | _Choice]


@dataclass(frozen=True, slots=True)
class _Choice:
    """An argument with branches."""

    head: str
    kind: str
    number: str
    """What names its number as # does; "" where nothing else would."""
    branches: Sequence[_Branch]
    tail: str


@dataclass(slots=True)
class IcuMessage:
    """A message as texts to translate, and the message again from their translations."""

    texts: list[tuple[Coded, Callable[[str], str]]] = field(default_factory=list)
    """Each text, and how the message has what is between its codes."""
    pieces: list[str | int] = field(default_factory=list)
    """What the message consists of: what stands as it is, and which text stands there."""

    def written(self, texts: Sequence[str]) -> str:
        """Return the message, given each text as the message has it."""
        return "".join(texts[piece] if isinstance(piece, int) else piece for piece in self.pieces)


def message_span(
    start: int, end: int, place: str, text: str, write: Callable[[str], str], target: Language | None
) -> Span | Group:
    """Return the span of a string of a program at `content[start:end]`, with all texts that it holds.

    `write` gives the file's own writing of the string.
    """
    message = icu_message(text, target)
    if message is None:
        coded = coded_message(text)
        return Span(start, end, place, coded.text, write, coded.codes)
    spans = [Span(start, end, place, coded.text, as_it_is, coded.codes, escape) for coded, escape in message.texts]
    return Group(start, end, spans, lambda texts: write(message.written(texts)))


def icu_message(text: str, target: Language | None) -> IcuMessage | None:
    """Return a message with branches; None for a text that is none."""
    if len(text) > MOST_CHARACTERS or not _BRANCHED.search(text):
        return None
    try:
        parts, end = _message(text, 0, 0, plural=False)
        if end < len(text):
            return None
        message = IcuMessage()
        _spread(parts, target, message, plural=False)
    except _MalformedError:
        return None
    return message


def escaped(text: str, *, plural: bool = False) -> str:
    """Write plain text as a message has it; an apostrophe quotes only what would be read otherwise."""
    special = "{}#" if plural else "{}"

    def quoted(found: re.Match[str]) -> str:
        run = found[0]
        if any(sign in run for sign in special):
            return "'" + run.replace("'", "''") + "'"
        return run if run == "'" and found.end() < len(text) else run.replace("'", "''")

    return (_IN_PLURAL if plural else _IN_MESSAGE).sub(quoted, text)


def _escaped_in_plural(text: str) -> str:
    return escaped(text, plural=True)


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


def _message(text: str, at: int, depth: int, *, plural: bool) -> tuple[list[_Part | _Choice], int]:
    """Read a message until its brace or the end; returns its parts and where it ends."""
    if depth > MOST_NESTED:
        raise _MalformedError
    parts: list[_Part | _Choice] = []
    plain: list[str] = []

    def add(part: _Part | _Choice) -> None:
        if plain:
            parts.append(_Part("".join(plain)))
            plain.clear()
        parts.append(part)

    while at < len(text) and text[at] != "}":
        char = text[at]
        if char == "'":
            said, at = _apostrophe(text, at, plural=plural)
            plain.append(said)
        elif char == "#" and plural:
            add(_NUMBER)
            at += 1
        elif char == "{" and (head := _HEAD.match(text, at)):
            choice, at = _choice(text, head, depth)
            add(choice)
        elif char == "{":
            end = _end_of_argument(text, at)
            add(_Part(text[at:end], fixed=True))
            at = end
        else:
            plain.append(char)
            at += 1
    if plain:
        parts.append(_Part("".join(plain)))
    return parts, at


def _apostrophe(text: str, at: int, *, plural: bool) -> tuple[str, int]:
    """Return what an apostrophe, or what it quotes, says, and where that ends."""
    after = text[at + 1 : at + 2]
    if after == "'":
        return "'", at + 2
    if after not in ("{", "}") and not (plural and after == "#"):
        return "'", at + 1
    end = at + 1
    while True:
        end = text.find("'", end)
        if end < 0:
            raise _MalformedError  # ICU reads on to the end; who wrote it most likely did not mean that
        if not text.startswith("''", end):
            return text[at + 1 : end].replace("''", "'"), end + 1
        end += 2


def _end_of_argument(text: str, at: int) -> int:
    """Return where an argument without branches ends: {name}, {0, number, #,##0.00}."""
    if not _ARGUMENT.match(text, at):
        raise _MalformedError
    open_ = 0
    quoted = False
    for i in range(at, len(text)):
        if text[i] == "'":
            quoted = not quoted
        elif not quoted and text[i] == "{":
            open_ += 1
        elif not quoted and text[i] == "}":
            open_ -= 1
            if open_ == 0:
                return i + 1
    raise _MalformedError


def _choice(text: str, head: re.Match[str], depth: int) -> tuple[_Choice, int]:
    """Read an argument with branches; returns it and where it ends."""
    at = head.end()
    branches: list[_Branch] = []
    while not (tail := _CLOSED.match(text, at)):
        selector = _SELECTOR.match(text, at)
        if selector is None or len(branches) == MOST_BRANCHES:
            raise _MalformedError
        parts, end = _message(text, selector.end(), depth + 1, plural=head[2] != "select")
        if not text.startswith("}", end):
            raise _MalformedError
        branches.append(_Branch(selector[0], selector[2], parts))
        at = end + 1
    names = [branch.selector for branch in branches]
    if "other" not in names or len(set(names)) < len(names):
        raise _MalformedError
    number = "" if head[3] else f"{{{head[1]}, number}}"
    return _Choice(head[0], head[2], number, branches, tail[0]), tail.end()


def _spread(parts: Sequence[_Part | _Choice], target: Language | None, into: IcuMessage, *, plural: bool) -> None:
    """Add the texts of a message; of a message with branches, those of each of them with what is around it."""
    place = next((i for i, part in enumerate(parts) if isinstance(part, _Choice)), -1)
    if place < 0:
        if len(into.texts) == MOST_BRANCHES:
            raise _MalformedError
        into.pieces.append(len(into.texts))
        escape = _escaped_in_plural if plural else escaped
        into.texts.append((_coded([part for part in parts if isinstance(part, _Part)], escape), escape))
        return
    choice = parts[place]
    assert isinstance(choice, _Choice)  # noqa: S101 - for the checker of types
    numbered = choice.kind != "select"
    into.pieces.append(choice.head)
    for branch in _branches_for(choice, target):
        into.pieces.append(branch.before)
        own = _spelt_out(branch.parts, choice) if numbered else branch.parts
        _spread([*parts[:place], *own, *parts[place + 1 :]], target, into, plural=numbered)
        into.pieces.append("}")
    into.pieces.append(choice.tail)


def _spelt_out(parts: Sequence[_Part | _Choice], choice: _Choice) -> Sequence[_Part | _Choice]:
    """Return the parts of a branch; beside another argument with branches, where # means its number, without #."""
    if not any(isinstance(part, _Choice) for part in parts) or _NUMBER not in parts:
        return parts
    if not choice.number:
        raise _MalformedError
    return [_Part(choice.number, fixed=True) if part == _NUMBER else part for part in parts]


def _branches_for(choice: _Choice, target: Language | None) -> list[_Branch]:
    """Return the branches that a target needs: its own plural categories, each from the nearest of the source."""
    categories = () if choice.kind == "select" else plural_categories(target, ordinal=choice.kind == "selectordinal")
    if not categories:
        return list(choice.branches)
    own = {branch.selector: branch for branch in choice.branches}
    other = own["other"]
    found = [branch for branch in choice.branches if branch.selector.startswith("=")]
    found += [own.get(n) or _Branch(other.before.replace("other", n, 1), n, other.parts) for n in categories]
    return found


def _coded(parts: Sequence[_Part], escape: Callable[[str], str]) -> Coded:
    """Return a text with its arguments and tags as codes."""
    text = ""
    fixed: list[tuple[int, int]] = []
    for part in parts:
        if part.fixed:
            fixed.append((len(text), len(text) + len(part.text)))
        text += part.text
    return coded_message(text, fixed, escape)
