"""Strings of Apple's programs: .strings files, in place, and catalogues (.xcstrings), which get the target's texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from json.decoder import JSONDecodeError

from mtreason.characters import HALF_PAIR, LETTER, has_half_pair
from mtreason.documents.branches import CATEGORIES, plural_categories
from mtreason.documents.charsets import marked
from mtreason.documents.data.json_nodes import Node, Raw, parse_nodes
from mtreason.documents.messages import coded_message
from mtreason.documents.notes import comment_before, note_of
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Group, Span, SpannedDocument, bounded, line_numbers, noted
from mtreason.errors import DocumentError
from mtreason.languages import Language

_BETWEEN = re.compile(r"(?:\s|/\*.*?\*/|//[^\r\n]*)*+", re.DOTALL)
_KEY = re.compile(r'"(?:[^"\\]|\\.)*+"|[\w.$/:-]+', re.DOTALL)
_VALUE = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(U[0-9A-Fa-f]{4}|u[0-9A-Fa-f]{4}|[0-7]{1,3}|.)", re.DOTALL)
_SAID = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_NO_COMMENT = frozenset({"No comment provided by engineer.", "(no comment)"})
"""What Apple's tools write where the program says nothing."""
MOST_NESTED = 12
"""Levels of variations in an entry of a catalogue."""


def read_strings(data: bytes, name: str, reading: Reading) -> Document:
    """Read a .strings file; raises `DocumentError` for property lists of other kinds."""
    if data.startswith((b"bplist", b"<?xml", b"\xef\xbb\xbf<?xml")):
        raise DocumentError(f"{name}: a property list of another kind: convert it with `plutil -convert strings`")
    return marked(data, name, partial(_read_strings, reading=reading))


def _read_strings(content: str, name: str, bom: bytes, *, reading: Reading) -> SpannedDocument:
    del reading
    return SpannedDocument(content, bounded(_strings(content, name), name), bom)


def _strings(content: str, name: str) -> Iterator[Span]:
    line_of = line_numbers(content)

    def after(place: int) -> int:
        found = _BETWEEN.match(content, place)
        return found.end() if found else place

    def expect(sign: str, place: int) -> int:
        if not content.startswith(sign, place):
            there = repr(content[place]) if place < len(content) else "the end"
            raise DocumentError(f"{name}: line {line_of(place)}: not a .strings file: expected {sign}, found {there}")
        return after(place + len(sign))

    at = after(0)
    while at < len(content):
        key = _KEY.match(content, at)
        if key is None:
            expect("a key", at)
            return
        note = _comment(content, at)
        at = after(key.end())
        if content.startswith(";", at):  # the key is the text, and stays
            at = after(at + 1)
            continue
        at = expect("=", at)
        value = _VALUE.match(content, at)
        if value is None:
            expect("a text in quotation marks", at)
            return
        text = _unescaped(value[1])
        line = line_of(at)
        if LETTER.search(text):
            coded = coded_message(text)
            write = partial(_write, "\n" in value[1])
            yield Span(value.start(1), value.end(1), f"line {line}", coded.text, write, coded.codes, note=note)
        at = expect(";", after(value.end()))


def _comment(content: str, at: int) -> str:
    """Return the comment directly before a key, which may be several lines of //."""
    said = comment_before(content, at, "/*", "*/")
    lines: list[str] = []
    while not said and at > 0:
        start = content.rfind("\n", 0, at - 1) + 1
        line = content[start:at].strip()
        if not line.startswith("//"):
            break
        lines.append(line[2:])
        at = start
    said = note_of(said or " ".join(reversed(lines)))
    return "" if said in _NO_COMMENT else said


def _unescaped(raw: str) -> str:
    def said(found: re.Match[str]) -> str:
        code = found[1]
        if code[0] in "uU" and len(code) == 5:
            return chr(int(code[1:], 16))
        return chr(int(code, 8)) if code[0] in "01234567" else _SAID.get(code, code)

    text = _ESCAPE.sub(said, raw)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") if has_half_pair(text) else text


def _write(broken: bool, text: str) -> str:
    """Write a text; its lines break as those of the source do, which is `broken` or has escapes."""
    text = text.replace("\\", r"\\").replace('"', r"\"").replace("\t", r"\t").replace("\r", r"\r")
    return text if broken else text.replace("\n", r"\n")


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
    spans = bounded(_entries(content, name, language.value, entries, reading.target), name)
    return SpannedDocument(content, spans, bom)


def _entries(content: str, name: str, source: str, entries: Node, target: Language) -> Iterator[Span | Group]:
    line_of = line_numbers(content)
    for key, entry in entries.members.items():
        place = f"line {line_of(entry.start)}"
        localizations = entry.get("localizations")
        there = localizations.get(target.tag) if localizations else None
        wanted = entry.get("shouldTranslate")
        if (wanted is not None and wanted.value is False) or target.tag == source or not entry.is_object:
            continue
        if there is not None and not _all_new(there):
            continue
        if localizations is not None and not localizations.is_object:
            raise DocumentError(f"{name}: {place}: not a catalogue of strings: localizations are no object")
        own = localizations.get(source) if localizations else None
        shape = _Shape(target, place, [], name)
        form = shape.of(own, key, MOST_NESTED)
        if any(LETTER.search(span.text) for span in shape.spans) and not has_half_pair(key):
            comment = entry.get("comment")
            said = comment.value if comment is not None and isinstance(comment.value, str) else ""
            yield noted(_inserted(entry, localizations, there, form, shape.spans, target), note_of(said))


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


def _inserted(
    entry: Node,
    localizations: Node | None,
    there: Node | None,
    form: Mapping[str, object],
    spans: Sequence[Span],
    target: Language,
) -> Group:
    """Return the group that writes a localization: in the place of a new one, or after the others of its string."""
    if there is not None and localizations is not None:
        start, end, levels, head, tail = there.start, there.end, 4, "", ""
    elif localizations is not None:
        start, end, levels, head, tail = *_end_of(localizations), 4, "", ""
        head = _comma(localizations) + _indent(4) + json.dumps(target.tag) + " : "
        tail = "" if localizations.members else "\n" + "  " * 3
    else:
        start, end, levels = *_end_of(entry), 4
        head = _comma(entry) + _indent(3) + '"localizations" : {' + _indent(4) + json.dumps(target.tag) + " : "
        tail = _indent(3) + "}" + ("" if entry.members else _indent(2))

    def write(texts: Sequence[str]) -> str:
        return head + _written(form, texts, levels) + tail

    return Group(start, end, spans, write)


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
