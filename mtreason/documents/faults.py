r"""What is wrong with a translation that somebody else made: units are held against those of the source, one by one.

What only a format knows (the language that its files name, their charset, plural forms, translations that are not read
as units) a document says itself, if it has the method of `Checks`. A document in which "\n" in a unit is found by what
the lines say has an attribute `wraps`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mtreason.documents.coded import TAG, Code
from mtreason.documents.literals import lost, placeholders
from mtreason.documents.protocol import Document, Unit

_SHORT = 60
_FEW = 3
"""How many losses are named in one line."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong in an output."""

    kind: str
    """code, lines, placeholder, language, charset or plural."""
    place: str
    """Where in the output a person finds it."""
    message: str


@runtime_checkable
class Checks(Protocol):
    """An output that can say more about itself than its units show."""

    def faults(self) -> Iterable[Fault]:
        """Yield what is wrong beside the units of an output that was read with the language it should be in."""


@runtime_checkable
class Pairs(Protocol):
    """A file that holds sources and their translations side by side."""

    def pairs(self) -> Iterable[tuple[Sequence[Unit], Unit]]:
        """Yield each translation that is there, after the texts of which it may be one."""


def document_faults(output: Document) -> Iterator[Fault]:
    """Yield what an output says of itself beside what its units show."""
    if isinstance(output, Checks):
        yield from output.faults()


def unit_faults(before: Unit, after: Unit, *, wraps: bool = False) -> Iterator[Fault]:
    """Yield what a unit of an output did not keep of its source: codes, lines, and literals.

    With `wraps`, a unit may have more lines than in the source, because somebody wrapped it otherwise.
    """
    yield from _code_faults(before, after)
    lines, there = (unit.text.strip("\r\n").count("\n") + 1 for unit in (before, after))
    if there < lines or (there > lines and not wraps):
        yield Fault("lines", after.place, f"has {_count(there, 'line')}, the source {lines}")
    source, text = _without_codes(before), _without_codes(after)
    missing = lost(source, text)
    if missing.breaks or missing.soft:
        listed = ", ".join(dict.fromkeys(placeholders(source))) or "none"
        names = [*(f"{_short(x)} is lost" for x in dict.fromkeys([*missing.hard, *missing.soft]))]
        names += [f"{_short(x)} is new" for x in dict.fromkeys(missing.added)]
        what = f": {', '.join(names[:_FEW])}" if names else ""
        yield Fault("placeholder", after.place, f"placeholders differ from the source's ({listed}){what}")


def _code_faults(before: Unit, after: Unit) -> Iterator[Fault]:
    codes, there = (Counter(map(_mark, unit.codes.values())) for unit in (before, after))
    gone, more = list((codes - there).elements()), list((there - codes).elements())
    changed = [(a, _same_name(a, more)) for a in gone]
    for old, new in changed:
        if new is not None and new in more:
            more.remove(new)
            yield Fault("code", after.place, f"{_short(new)} stands where the source has {_short(old)}")
        else:
            yield Fault("code", after.place, f"{_short(old)} of the source is lost")
    for new in more:
        yield Fault("code", after.place, f"{_short(new)} is not in the source")
    if codes == there and _shapes(before.codes) != _shapes(after.codes):
        yield Fault("code", after.place, f"codes open and close in another order ({_listed(after.codes)})")


def _same_name(raw: str, others: list[str]) -> str | None:
    """Return a code of the same kind, such as a link with another target."""
    name = _name(raw)
    return next((other for other in others if name and _name(other) == name), None)


def _name(raw: str) -> str:
    """Return what a tag or an override code begins with, up to what can be changed in it."""
    head = raw[:2] if raw[:2] in {"</", "{\\", "]("} else raw[:1]
    letters = []
    for char in raw[len(head) :]:
        if not char.isalpha():
            break
        letters.append(char)
    return head + "".join(letters) if head in {"</", "<", "{\\", "]("} else ""


def _shapes(codes: Mapping[str, Code]) -> Counter[tuple[str, str]]:
    """Return how often each code opens, closes, or stands alone."""
    return Counter((_mark(code), tag.replace(tag.strip("</>"), "")) for tag, code in codes.items())


def _mark(code: Code) -> str:
    return code.mark or code.raw


def _without_codes(unit: Unit) -> str:
    return TAG.sub(lambda found: " " if found[0] in unit.codes else found[0], unit.text)


def _listed(codes: Mapping[str, Code]) -> str:
    return _short(" ".join(dict.fromkeys(code.raw for code in codes.values())))


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHORT else f"{flat[:_SHORT]}…"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
