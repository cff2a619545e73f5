"""Catalogues of strings of Apple's programs (.xcstrings), which hold all languages: they get the target's texts.

The localizations of the target are what translators see, and what a person may have changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from json.decoder import JSONDecodeError
from typing import Any

from mtreason.characters import HALF_PAIR, LETTER, has_half_pair
from mtreason.documents.branches import CATEGORIES, plural_categories
from mtreason.documents.charsets import marked
from mtreason.documents.data.json_nodes import Node, Raw, parse_nodes
from mtreason.documents.messages import coded_message
from mtreason.documents.notes import note_of
from mtreason.documents.protocol import Document, Reading, Unit
from mtreason.documents.spans import Fix, Group, Span, SpannedDocument, bounded, line_numbers, noted, spliced, texts_of
from mtreason.documents.views import Piece, PlainView, short_digest
from mtreason.errors import DocumentError
from mtreason.languages import Language

MOST_NESTED = 12
"""Levels of variations in an entry of a catalogue."""


@dataclass(frozen=True, slots=True)
class _String:
    """An entry of a catalogue, and what it has in the languages that matter."""

    key: str
    entry: Node
    localizations: Node | None
    own: Node | None
    """In the language of the source."""
    there: Node | None
    """In that of the target."""
    group: Span | Group | None
    """What is to be translated, if anything is."""


def read_xcstrings(data: bytes, name: str, reading: Reading) -> Document:
    """Read a catalogue of strings; those that have no text in the target, or only a new one, get one."""
    return marked(data, name, partial(_read_catalogue, reading=reading))


def _read_catalogue(content: str, name: str, bom: bytes, *, reading: Reading) -> SpannedDocument:
    try:
        root = parse_nodes(content)
    except JSONDecodeError as error:
        line = content.count("\n", 0, error.pos) + 1
        raise DocumentError(f"{name}: line {line}: not JSON: {error.msg}") from error
    language, entries = root.get("sourceLanguage"), root.get("strings")
    if language is None or not isinstance(language.value, str) or entries is None or not entries.is_object:
        raise DocumentError(f"{name}: not a catalogue of strings: it names no sourceLanguage, or has no strings")
    if reading.target is None:
        raise DocumentError(f"{name}: a catalogue holds all languages: say into which to translate")
    strings = list(_strings(content, name, language.value, entries, reading.target))
    spans = bounded([string.group for string in strings if string.group is not None], name)
    return SpannedDocument(content, spans, bom, partial(_CatalogueView, content, bom, strings, reading.target))


def _strings(content: str, name: str, source: str, entries: Node, target: Language) -> Iterator[_String]:
    line_of = line_numbers(content)
    for key, entry in entries.members.items():
        place = f"line {line_of(entry.start)}"
        localizations = entry.get("localizations")
        if not entry.is_object or target.tag == source:
            continue
        if localizations is not None and not localizations.is_object:
            raise DocumentError(f"{name}: {place}: not a catalogue of strings: localizations are no object")
        own, there = (localizations.get(tag) if localizations else None for tag in (source, target.tag))
        string = _String(key, entry, localizations, own, there, None)
        wanted = entry.get("shouldTranslate")
        if (wanted is None or wanted.value is not False) and (there is None or _all_new(there)):
            shape = _Shape(target, place, [], name)
            form = shape.of(own, key, MOST_NESTED)
            if any(LETTER.search(span.text) for span in shape.spans) and not has_half_pair(key):
                comment = entry.get("comment")
                said = comment.value if comment is not None and isinstance(comment.value, str) else ""
                string = replace(string, group=noted(_inserted(string, form, shape.spans, target), note_of(said)))
        yield string


def _all_new(node: Node) -> bool:
    """Whether no person has written any text of a localization."""
    level = [node]
    while level:
        own = level.pop()
        state = own.get("state")
        if state is not None and state.value != "new":
            return False
        level += own.members.values()
    return True


@dataclass(frozen=True, slots=True)
class _Number:
    """Which unit stands at a place."""

    index: int


@dataclass(slots=True)
class _Shape:
    """Makes the localization of a target after that of the source."""

    target: Language
    place: str
    spans: list[Span]
    name: str

    def of(self, node: Node | None, text: str, depth: int) -> Mapping[str, object]:
        """Return what to write for a localization, or for a text alone where there is none."""
        if node is None:
            return self._unit(text)
        if depth == 0 or not node.is_object:
            raise DocumentError(f"{self.name}: {self.place}: a localization of an unknown kind")
        found: dict[str, object] = {}
        for key, inner in node.members.items():
            value = inner.get("value") if key == "stringUnit" else None
            if key == "stringUnit":
                if value is None or not isinstance(value.value, str):
                    raise DocumentError(f"{self.name}: {self.place}: a stringUnit without a value")
                found |= self._unit(value.value)
            elif key == "plural" and inner.is_object:
                found[key] = self._plural(inner, depth)
            elif inner.is_object:
                found[key] = self.of(inner, text, depth - 1)
            else:
                found[key] = inner.value
        return found

    def _plural(self, node: Node, depth: int) -> dict[str, object]:
        if "other" not in node.members or not set(node.members) <= {*CATEGORIES}:
            raise DocumentError(f"{self.name}: {self.place}: plural variations without other, or of an unknown kind")
        wanted = plural_categories(self.target) or tuple(node.members)
        if "zero" in node.members and "zero" not in wanted:
            wanted = ("zero", *wanted)  # Apple takes it for the number 0 in every language
        return {name: self.of(node.get(name) or node.get("other"), "", depth - 1) for name in wanted}

    def _unit(self, text: str) -> dict[str, object]:
        if has_half_pair(text):
            raise DocumentError(f"{self.name}: {self.place}: a text {HALF_PAIR}")
        coded = coded_message(text)
        self.spans.append(Span(0, 0, self.place, coded.text, codes=coded.codes))
        return {"stringUnit": {"state": "translated", "value": _Number(len(self.spans) - 1)}}


def _inserted(string: _String, form: Mapping[str, object], spans: Sequence[Span], target: Language) -> Group:
    """Return the group that writes a localization."""
    start, end, head, tail = _place(string, target)

    def write(texts: Sequence[str]) -> str:
        return head + _written(form, texts, 4) + tail

    return Group(start, end, spans, write)


def _place(string: _String, target: Language) -> tuple[int, int, str, str]:
    """Return where a localization goes, and what is before and after it: in the place of one, or after the others."""
    entry, localizations = string.entry, string.localizations
    if string.there is not None:
        return string.there.start, string.there.end, "", ""
    own = _indent(4) + json.dumps(target.tag) + " : "
    if localizations is not None:
        tail = "" if localizations.members else _indent(3)
        return *_end_of(localizations), _comma(localizations) + own, tail
    tail = _indent(3) + "}" + ("" if entry.members else _indent(2))
    return *_end_of(entry), _comma(entry) + _indent(3) + '"localizations" : {' + own, tail


def _comma(node: Node) -> str:
    return "," if node.members else ""


def _indent(levels: int) -> str:
    return "\n" + "  " * levels


def _end_of(node: Node) -> tuple[int, int]:
    """Return where another member of an object goes: after the last one, or in place of the blanks of an empty one."""
    if not node.members:
        return node.start + 1, node.end - 1
    last = max(member.end for member in node.members.values())
    return last, last


def _written(form: object, texts: Sequence[str], levels: int) -> str:
    """Write a localization as Xcode does."""
    if isinstance(form, Mapping):
        members = (f"{_indent(levels + 1)}{json.dumps(k)} : {_written(v, texts, levels + 1)}" for k, v in form.items())
        return "{" + ",".join(members) + _indent(levels) + "}"
    if isinstance(form, _Number):
        return json.dumps(texts[form.index], ensure_ascii=False)
    return form.digits if isinstance(form, Raw) else json.dumps(form, ensure_ascii=False)


class _CatalogueView(PlainView):
    """The localizations of a language; implements `View`."""

    keyed = True

    def __init__(self, content: str, bom: bytes, strings: Sequence[_String], target: Language) -> None:
        self._content, self._bom, self._target = content, bom, target
        self._strings = [string for string in strings if string.group is not None or string.there is not None]
        self._owners = [i for i, s in enumerate(self._strings) if s.group is not None for _ in texts_of(s.group)]
        line_of = line_numbers(content)
        self.pieces = [self._piece(string, f"line {line_of(string.entry.start)}") for string in self._strings]

    def _piece(self, string: _String, place: str) -> Piece:
        own, there = (self._raw(node) for node in (string.own, string.there))
        filled = string.there is not None and not _all_new(string.there)
        return Piece(place, string.key, _plain(own), there, _plain(there), filled)

    def _raw(self, node: Node | None) -> str:
        return "" if node is None else self._content[node.start : node.end]

    @cached_property
    def frame(self) -> str:
        """See `View.frame`; in which order Xcode writes members, and with what blanks, does not matter."""
        removed = [_removed(s.localizations, self._target, self._content) for s in self._strings if s.localizations]
        root = _parsed(spliced(self._content, removed))
        for string in self._strings:
            entry = root["strings"][string.key]
            if not entry.get("localizations", True):
                del entry["localizations"]
        return short_digest(json.dumps(root, sort_keys=True))

    def put(self, raws: Mapping[int, str], more: Sequence[str] = ()) -> bytes:
        """See `View.put`."""
        del more
        changes = []
        for i, raw in raws.items():
            string = self._strings[i]
            if raw:
                start, end, head, tail = _place(string, self._target)
                changes.append(Fix(start, end, head + raw + tail))
            elif string.localizations is not None:
                changes.append(_removed(string.localizations, self._target, self._content))
        return self._bom + spliced(self._content, changes).encode()

    def owner(self, unit: Unit) -> int:
        """See `View.owner`."""
        return self._owners[unit.number - 1]


def _plain(raw: str) -> str:
    """Return a part of a catalogue as it is whoever wrote it."""
    return raw and json.dumps(_parsed(raw), sort_keys=True)


def _parsed(text: str) -> Any:  # noqa: ANN401 - whatever a catalogue holds
    """Parse what was read before; numbers stay as they are written, however long."""
    return json.loads(text, parse_int=str, parse_float=str)


def _removed(localizations: Node, target: Language, content: str) -> Fix:
    """Return localizations without one of them, if it is there."""
    there = localizations.get(target.tag)
    if there is None:
        return Fix(localizations.start, localizations.start, "")
    nodes = list(localizations.members.values())
    at = nodes.index(there)
    if at > 0:
        return Fix(nodes[at - 1].end, there.end, "")
    end = content.index(",", there.end) + 1 if len(nodes) > 1 else localizations.end - 1
    return Fix(localizations.start + 1, end, "")
