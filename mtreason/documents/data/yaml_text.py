"""YAML: string values are translated in place; keys, comments, anchors, and the style of each value stay.

The library reads events with their places; it makes no objects, so that no tag of a file does anything. In a file of
Rails, whose one key at the top is a language, that key becomes the language of the output.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from mtreason.characters import LETTER
from mtreason.documents.charsets import marked
from mtreason.documents.data.plurals import Key, Member, Seen, with_forms
from mtreason.documents.icu import message_span
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Fix, Group, Span, SpannedDocument, bounded
from mtreason.errors import DocumentError, LanguageError
from mtreason.languages import parse_language
from mtreason.lines import LINE_END

MOST_NESTED = 500
_STRING = "tag:yaml.org,2002:str"
_PROPERTIES = re.compile(r"(?:(?:&\S+|!\S*)(?:\s|(?<=\s)#[^\n]*+)++)*+")
_HEADER = re.compile(r"[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?(?:" + LINE_END.pattern + ")")
_FIRST_LINE = re.compile(rf"(?:[ \t]*(?:{LINE_END.pattern}))*([^\r\n]*)")
_LINE = re.compile(r"[^\r\n]*")
_PLAIN = re.compile(r"[^\W_][^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]*")
_SPECIAL = re.compile(r":(?=\s|$)|\s#|\s$")
_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\t": r"\t", "\r": r"\r", "\0": r"\0"}
_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]')
_BLANK_LINES = re.compile(r"[ \t]*+(?:(?:\r\n|\r|\n)[ \t]*+(?=[\r\n]|\Z))*+")
_TAG = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_WORDS = frozenset({"am", "as", "be", "he", "id", "is", "it", "my", "no", "or", "so", "to"})
"""Codes of languages that are words, and keys of files that are no catalogues."""


def read_yaml(data: bytes, name: str, reading: Reading) -> Document:
    """Read a YAML file; with columns, only strings directly under one of these keys, or in a list there."""
    return marked(data, name, partial(_read, reading=reading))


def _read(content: str, name: str, bom: bytes, *, reading: Reading) -> SpannedDocument:
    import yaml

    top: list[_Scalar] = []
    try:
        spans = bounded(_spans(content, name, reading, top), name)
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        line = "" if place is None else f"line {place.line + 1}: "
        raise DocumentError(f"{name}: {line}not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise DocumentError(f"{name}: not YAML: {' '.join(str(error).split())}") from error
    fixes = []
    if len(top) == 1 and reading.target is not None and _names_language(top[0].value, name):
        key = top[0]
        tag = reading.target.tag.replace("-", "_") if "_" in key.value else reading.target.tag
        fixes.append(Fix(key.start, key.end, _writer(content, key)(tag)))
    return SpannedDocument(content, spans, bom, fixes=fixes)


def _names_language(key: str, name: str) -> bool:
    """Whether a key at the top is the language of a catalogue; a word is one only where the file's name has it too."""
    if not _TAG.fullmatch(key) or (key in _WORDS and key not in re.split(r"[^A-Za-z_-]+", name)):
        return False
    try:
        parse_language(key)
    except LanguageError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Scalar:
    """A string at `content[start:end]`, without anchor and tag."""

    start: int
    end: int
    style: str
    value: str
    line: int
    in_flow: bool


def _spans(content: str, name: str, reading: Reading, top: list[_Scalar]) -> Iterator[Span | Group]:
    """Yield the spans of values; `top` gets the keys of the mapping at the top, and another entry for any other."""
    keys = frozenset(reading.columns)
    line_break = "\r\n" if "\r\n" in content else "\n"
    seen = Seen()
    members = []
    for key, at_key, scalar in _scalars(content, name, top, seen):
        if (keys and key not in keys) or not (at_key or LETTER.search(scalar.value)):
            continue
        place = f"line {scalar.line}"
        if scalar.style in {"|", ">"}:
            members.append(Member(at_key, _block(content, scalar, name, reading)))
        else:
            blank = _blank(content, scalar)
            write = _before_blank(blank, _writer(content, scalar))
            end = scalar.end + len(blank)
            span = message_span(scalar.start, end, place, scalar.value, write, reading.target)
            members.append(Member(at_key, span))
    yield from with_forms(content, members, seen, reading.target, partial(_apart, content, line_break))


def _apart(content: str, line_break: str, key: Key) -> str:
    """Return what stands before another key beside one: a comma, or a new line with its blanks."""
    before = content[content.rfind("\n", 0, key.start) + 1 : key.start]
    if re.fullmatch(r"[ \t]*(?:- +)*", before) is None:
        return ", "
    return line_break + re.sub(r"\S", " ", before)


def _scalars(content: str, name: str, top: list[_Scalar], seen: Seen) -> Iterator[tuple[str, Key | None, _Scalar]]:
    """Yield (key, where it stands, string) for each string that is a value; count all keys."""
    import yaml

    open_: list[_Level] = []
    for event in yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            open_.pop()
            continue
        if isinstance(event, yaml.DocumentStartEvent) and top:
            top.append(top[0])  # another document: no catalogue
        if not isinstance(event, yaml.NodeEvent):
            continue
        level = open_[-1] if open_ else None
        is_key = level is not None and level.take()
        if isinstance(event, yaml.CollectionStartEvent):
            if len(open_) == MOST_NESTED:
                line = event.start_mark.line + 1
                raise DocumentError(f"{name}: line {line}: not YAML: nested deeper than {MOST_NESTED} levels")
            mapping = isinstance(event, yaml.MappingStartEvent)
            key = "" if level is None else level.key
            flow = bool(event.flow_style) or (level is not None and level.flow)
            if len(open_) == 1 and not is_key and not mapping and top:
                top.append(top[0])
            within = is_key or (level is not None and level.in_key)  # what is in a key is one as well
            open_.append(_Level(mapping, flow, key, within, event.start_mark.index))
            continue
        if not isinstance(event, yaml.ScalarEvent):
            continue
        scalar = _scalar(content, event, in_flow=level is not None and level.flow)
        if level is not None and is_key:
            level.key = event.value
            if seen.add(level.number, event.value):
                level.at_key = Key(event.value, scalar.start, scalar.end, level.number, level.count)
            if len(open_) == 1:
                top.append(scalar)
        elif (level is None or not level.in_key) and _is_string(event):
            yield *(("", None) if level is None else (level.key, level.at_key)), scalar


@dataclass(slots=True)
class _Level:
    """A list or mapping around a place."""

    mapping: bool
    flow: bool
    key: str
    """Under which key the next value stands."""
    in_key: bool
    number: int
    """Tells the mappings of a file apart."""
    count: int = 0
    """How many keys it has so far."""
    at_key: Key | None = None
    """The key of the next value, where it may be that of a plural form."""
    _at_key: bool = False

    def take(self) -> bool:
        """Whether the next node is a key."""
        if not self.mapping:
            return False
        self._at_key = not self._at_key
        if self._at_key:
            self.count += 1
            self.at_key = None
        return self._at_key


def _scalar(content: str, event: Any, *, in_flow: bool) -> _Scalar:  # noqa: ANN401 - the library has no types
    start, end = event.start_mark.index, event.end_mark.index
    properties = _PROPERTIES.match(content, start, end)
    start = properties.end() if properties else start
    return _Scalar(start, end, event.style or "", event.value, event.start_mark.line + 1, in_flow)


def _is_string(event: Any) -> bool:  # noqa: ANN401 - as above
    if event.tag is not None:
        return event.tag in {_STRING, "!"}
    return not event.implicit[0] or _resolved(event.value) == _STRING


@cache
def _resolver() -> Any:  # noqa: ANN401 - as above
    import yaml

    return yaml.SafeLoader("")


def _resolved(value: str) -> str:
    """Return what a value without quotation marks is."""
    import yaml

    return str(_resolver().resolve(yaml.ScalarNode, value, (True, False)))


def _writer(content: str, scalar: _Scalar) -> Callable[[str], str]:
    """Return what writes a value in the place of another, as far as possible in its style."""
    if scalar.style == '"':
        escaped = not scalar.value.isascii() and content[scalar.start : scalar.end].isascii()
        return partial(_double, ascii_only=escaped)
    return _single if scalar.style == "'" else partial(_plain, in_flow=scalar.in_flow)


def _blank(content: str, scalar: _Scalar) -> str:
    """Return blank lines after a plain string if one has a tab: behind quotation marks it would be an error."""
    found = "" if scalar.style else _BLANK_LINES.match(content, scalar.end)[0]  # type: ignore[index]
    return found if "\t" in found.lstrip(" \t") else ""


def _before_blank(blank: str, write: Callable[[str], str]) -> Callable[[str], str]:
    """Return what writes a value and the blank lines after it, without tabs where it is in quotation marks."""
    if not blank:
        return write

    def whole(text: str) -> str:
        own = write(text)
        return own + (blank.replace("\t", "") if own.startswith('"') else blank)

    return whole


def _double(text: str, *, ascii_only: bool = False) -> str:
    def escape(found: re.Match[str]) -> str:
        char = ord(found[0])
        return _ESCAPES.get(found[0]) or (f"\\x{char:02x}" if char < 256 else f"\\u{char:04x}")

    escaped = _ESCAPED.sub(escape, text)
    if ascii_only:
        escaped = re.sub(r"[^\x00-\x7f]", _code_point, escaped)
    return f'"{escaped}"'


def _code_point(found: re.Match[str]) -> str:
    char = ord(found[0])
    return f"\\u{char:04x}" if char < 0x10000 else f"\\U{char:08x}"


def _single(text: str) -> str:
    if _ESCAPED.search(text.replace("\\", "").replace('"', "")):
        return _double(text)
    return "'" + text.replace("'", "''") + "'"


def _plain(text: str, *, in_flow: bool) -> str:
    safe = _PLAIN.fullmatch(text) and not _SPECIAL.search(text) and not (in_flow and re.search(r"[,\[\]{}:?]", text))
    return text if safe and _resolved(text) == _STRING else _double(text)


def _block(content: str, scalar: _Scalar, name: str, reading: Reading) -> Span | Group:
    """Return the span of a block scalar: its header and its lines, but not the breaks after them."""
    place = f"line {scalar.line}"
    found = _HEADER.match(content, scalar.start, scalar.end)
    text = scalar.value.rstrip("\n")
    raw = content[scalar.start : scalar.end].rstrip(" \t\r\n")
    last = _LINE.match(content, scalar.start + len(raw), scalar.end)
    end = last.end() if last else scalar.end  # blanks at the end of a line belong to it
    header = found[0] if found else ""
    line = _FIRST_LINE.match(content, scalar.start + len(header))
    first, own = line[1].rstrip() if line else "", text.lstrip("\n").split("\n", 1)[0].rstrip()
    # A folded line may go on in the next one.
    width = len(first) - len(own) if first.endswith(own) else len(first) - len(first.lstrip(" "))
    further = any(len(blank) > width for blank in re.split(r"[\r\n]+", content[end : scalar.end]))
    if not header or len(raw) <= len(header) or further or not _same(header, text):
        raise DocumentError(f"{name}: {place}: a block of text of an unusual kind: write it in quotation marks")
    line_break = "\r\n" if header.endswith("\r\n") else header[-1]
    write = partial(_write_block, header, first[:width], line_break)
    return message_span(scalar.start, end, place, text, write, reading.target)


def _same(header: str, text: str) -> bool:
    """Whether a text in such a block is read again as it is."""
    import yaml

    digits = re.search(r"\d", header.partition("#")[0])
    written = _write_block(header, " " * int(digits[0] if digits else 1), "\n", text)
    try:
        events = yaml.parse(f"a: {written}\n", Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        values = [event.value for event in events if isinstance(event, yaml.ScalarEvent)]
    except yaml.YAMLError:
        return False
    return len(values) == 2 and values[1].rstrip("\n") == text


def _write_block(header: str, indent: str, line_break: str, text: str) -> str:
    lines = text.split("\n")
    if not re.search(r"\d", header.partition("#")[0]):
        first = next((i for i, line in enumerate(lines) if line), 0)
        lines[first] = lines[first].lstrip(" \t")
    # A folded block joins its lines, except those that are indented further; in the other style all stand as they are.
    further = any(line[:1] in {" ", "\t"} for line in lines)
    if header.startswith(">") and further:
        header = "|" + header[1:]
    elif header.startswith(">"):
        lines = re.sub(r"(?<=[^\n])\n+(?=[^\n])", lambda found: found[0] + "\n", "\n".join(lines)).split("\n")
    return header + line_break.join(indent + line if line else "" for line in lines)
