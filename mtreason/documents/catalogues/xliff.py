"""XLIFF 1.2 and 2.x: units with a missing, empty or unfinished target get one; inline elements are codes.

lxml checks that the file is XML, without entities and without a network. What is written is put where it belongs in the
file's own text: targets, their states, and the language that they are in. All else stays as it is, but in UTF-8.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mtreason.documents.catalogues.xliff_inline import Texts, has_text, texts_of
from mtreason.documents.catalogues.xliff_scan import Scan, XliffUnit, place_of_target, scan, written
from mtreason.documents.catalogues.xliff_view import XliffView
from mtreason.documents.faults import Fault, unit_faults
from mtreason.documents.notes import note_of
from mtreason.documents.protocol import Document, Reading, Unit
from mtreason.documents.spans import Fix, line_numbers
from mtreason.documents.views import View
from mtreason.documents.xml_tokens import Element, attributes_of, text_of, tokens, with_attributes
from mtreason.languages import Language
from mtreason.xmlfiles import decode_xml, parse_xml

_FINAL = frozenset({"final", "signed-off", "translated", "reviewed"})
_UNFINISHED = ("needs", "initial", "new")
_FINISHED = "needs-review"
"""A person's translation that waits for review is none of ours to replace, nor is one that we made before."""
WRITTEN_12, WRITTEN_2 = "needs-review-translation", "translated"
"""States of what was translated here: a person has not read it yet, which XLIFF 2 has no state for."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """What is translated together: a source, or a segment in it."""

    element: Element
    texts: Texts
    place: Element | None = None
    """The element of the target that it is written to, where the target has others that are finished."""


class XliffDocument:
    """A file of translation units."""

    def __init__(self, data: bytes, name: str, target: Language | None) -> None:
        self._data, self._name, self._target = data, name, target
        parse_xml(data, name)
        self._content = decode_xml(data, name)
        self._bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        self._newline = "\r\n" if "\r\n" in self._content else "\n"
        self._scan = scan(self._content, name)
        self._open: list[tuple[XliffUnit, list[_Segment]]] = []
        self._owners: list[int] = []
        line_of = line_numbers(self._content)
        units: list[Unit] = []
        for index, unit in enumerate(self._scan.units):
            segments = list(_segments(unit, self._content, target))
            place = f"line {line_of(unit.parts['source'].start)}"
            note = note_of(*(text_of(self._content, own) for own in unit.notes)) if segments else ""
            if segments:
                self._open.append((unit, segments))
            for coded in (coded for segment in segments for coded in segment.texts.each):
                units.append(Unit(len(units) + 1, place, coded.text, coded.codes, note))
                self._owners.append(index)
        self.units = tuple(units)

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the file; exactly the bytes that were read if nothing was translated."""
        given = list(texts)
        if given == [unit.text for unit in self.units]:
            yield self._data
            return
        rest = iter(given)
        changes: dict[int, Fix] = {}
        for unit, segments in self._open:
            own = [[next(rest) for _ in segment.texts.each] for segment in segments]
            if own != [[coded.text for coded in segment.texts.each] for segment in segments]:
                for fix in self._fixes(unit, segments, own):
                    changes[fix.start] = fix
        yield self._bom + written(self._content, changes.values())

    def faults(self) -> Iterator[Fault]:
        """See `Checks.faults`: the language, and what targets that are there did not keep of their sources."""
        for [before], after in self.pairs():
            yield from unit_faults(before, after)
        line_of = line_numbers(self._content)
        if self._target is not None:
            named, places = _named(self._scan)
            for place in places:
                found = place.attributes.get(named, "")
                if not f"{found}-".lower().startswith(f"{self._target.tag}-".lower()):
                    says = f"says {named}={found!r}, and should say {self._target.tag!r}"
                    yield Fault("language", f"line {line_of(place.start)}", says)

    def pairs(self) -> Iterator[tuple[Sequence[Unit], Unit]]:
        """See `Pairs.pairs`."""
        line_of = line_numbers(self._content)
        for unit in self._scan.units:
            source, target = unit.parts["source"], unit.parts.get("target")
            if target is None or not unit.translate or not has_text(self._content, target):
                continue
            if target.attributes.get("state", "").startswith(_UNFINISHED[1:]):
                continue
            if any(_marked(self._content, target)):
                source = unit.parts.get("seg-source", source)
            prefix = unit.parts["source"].name[: -len("source")]
            before, after = (texts_of(self._content, part, prefix, self._target) for part in (source, target))
            own = [before.each, after.each]
            if len(own[0]) != len(own[1]):  # a message that is none any more, or has other branches
                own = [[before.coded], [after.coded]]
            for units in zip(*own, strict=True):
                places = (f"line {line_of(part.start)}" for part in (source, target))
                [one, other] = (Unit(1, at, c.text, c.codes) for at, c in zip(places, units, strict=True))
                yield [one], other

    def view(self) -> View:
        """Return the targets as they stand, unit by unit."""
        return XliffView(self._content, self._bom, self._scan, self._owners)

    def _fixes(self, unit: XliffUnit, segments: Sequence[_Segment], texts: Sequence[Sequence[str]]) -> Iterator[Fix]:
        """Yield what changes with the translation of a unit."""
        content = self._content
        done = [(s, s.texts.written(own, self._newline)) for s, own in zip(segments, texts, strict=True)]
        if all(segment.place is not None for segment in segments):
            for segment, text in done:
                yield from _filled(content, segment.place, text)
        else:
            whole = segments[0].element is unit.parts["source"]
            inner = _replaced(content, unit.parts["source" if whole else "seg-source"], done)
            yield _target(content, unit, inner)
            if unit.segment and unit.element.attributes.get("state", "initial") != WRITTEN_2:
                states = {"state": WRITTEN_2, "subState": None}
                yield _with(content, unit.element, states)
        if self._target is not None:
            named, where = ("trgLang", self._scan.root) if unit.segment else ("target-language", unit.file)
            if where is not None and not where.attributes.get(named):
                yield _with(content, where, {named: self._target.tag})


def read_xliff(data: bytes, name: str, reading: Reading) -> Document:
    """Read an XLIFF file; raises `DocumentError` with the line of what is malformed, or for entities."""
    return XliffDocument(data, name, reading.target)


def _named(found: Scan) -> tuple[str, list[Element]]:
    """Return which attribute names the language of a file's targets, and where it stands."""
    if any(unit.segment for unit in found.units):
        return "trgLang", [found.root]
    return "target-language", list(
        {unit.file.start: unit.file for unit in found.units if unit.file is not None}.values()
    )


def _segments(unit: XliffUnit, content: str, into: Language | None) -> Iterator[_Segment]:
    """Yield what is to be translated of a unit: its source, or the segments in it that have no translation."""
    source, target = unit.parts["source"], unit.parts.get("target")
    if not unit.translate:
        return
    state = ("" if target is None else target.attributes.get("state", "")) or unit.element.attributes.get("state", "")
    there = target is not None and has_text(content, target)
    if state in _FINAL or (there and unit.element.attributes.get("approved") == "yes"):
        return
    marked = unit.parts.get("seg-source")
    parts = [] if marked is None else list(_marked(content, marked))
    empty: Mapping[str, Element] = {}
    if target is not None and there and (not state.startswith(_UNFINISHED) or state.startswith(_FINISHED)):
        named = _by_name(_marked(content, target))
        empty = {mid: element for mid, element in named.items() if not has_text(content, element)}
        parts = [part for mid, part in _by_name(parts).items() if mid in empty]
    elif not parts:
        parts = [source]
    prefix = source.name[: -len("source")]
    for part in parts:
        texts = texts_of(content, part, prefix, into)
        if texts.has_words:
            yield _Segment(part, texts, empty.get(part.attributes.get("mid", "")))


def _marked(content: str, element: Element) -> Iterator[Element]:
    """Yield the segments that are marked in a source or target."""
    inside, found = 0, element
    for token in tokens(content, element.opened, element.closed):
        if inside == 0 and token.local == "mrk" and token.kind != "close":
            attributes = attributes_of(token.attributes)
            if attributes.get("mtype") != "seg":
                continue
            found = Element(token.name, token.start, token.end, attributes, token.end, token.end)
            if token.kind == "empty":
                yield found
            else:
                inside = 1
        elif inside:
            inside += {"open": 1, "close": -1}.get(token.kind, 0)
            if inside == 0:
                found.closed, found.end = token.start, token.end
                yield found


def _by_name(elements: Iterable[Element]) -> dict[str, Element]:
    """Return segments by their names, without those that share one."""
    listed = [(element.attributes.get("mid", ""), element) for element in elements]
    count = Counter(mid for mid, _ in listed)
    return {mid: element for mid, element in listed if count[mid] == 1}


def _replaced(content: str, around: Element, texts: Sequence[tuple[_Segment, str]]) -> str:
    """Return the content of an element with other contents of some that are in it, or of itself."""
    parts, at = [], around.opened
    for segment, text in texts:
        parts += [content[at : segment.element.opened], text]
        at = segment.element.closed
    return "".join([*parts, content[at : around.closed]])


def _with(content: str, element: Element, values: Mapping[str, str | None]) -> Fix:
    """Return a start tag with other attributes."""
    return Fix(element.start, element.opened, with_attributes(content[element.start : element.opened], values))


def _filled(content: str, element: Element | None, text: str) -> Iterator[Fix]:
    """Yield an element with another content."""
    if element is not None:
        tag = content[element.start : element.opened]
        opened = tag[:-2].rstrip() + ">" if tag.endswith("/>") else tag
        yield Fix(element.start, element.end, f"{opened}{text}</{element.name}>")


def _target(content: str, unit: XliffUnit, inner: str) -> Fix:
    """Return the target of a unit with another content; a new one comes after the source, and the segments in it."""
    source, old = unit.parts["source"], unit.parts.get("target")
    name = source.name[: -len("source")] + "target"
    there = {} if old is None else old.attributes
    tag = f"<{name}>" if old is None else content[old.start : old.opened]
    # What the source says of names and of white space in it holds for what is taken over from there.
    values: dict[str, str | None] = {
        n: v for n, v in source.attributes.items() if (n.startswith("xmlns") or n == "xml:space") and n not in there
    }
    if not unit.segment and (old is None or "state" in there):
        values["state"] = WRITTEN_12
    opened = with_attributes(tag, values)
    opened = opened[:-2].rstrip() + ">" if opened.endswith("/>") else opened
    if old is not None:
        return Fix(old.start, old.end, f"{opened}{inner}</{old.name}>")
    place, indent = place_of_target(content, unit)
    return Fix(place, place, f"{indent}{opened}{inner}</{name}>")
