"""Front matter of Markdown, in YAML or TOML: it stays as it is, except the values of keys that are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from mtreason.characters import LETTER
from mtreason.documents.spans import Span, line_numbers, one_line
from mtreason.records import parse_record

_YAML = re.compile(r"\A---[ \t]*\r?\n.*?^(?:---|\.\.\.)[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_TOML = re.compile(r"\A\+\+\+[ \t]*\r?\n.*?^\+\+\+[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_FIRST = re.compile(r"\A[^\r\n]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*([^\r\n]*)")
_LIKE_YAML = re.compile(r"(?:[^\s#>*][^:]*|\"[^\"]*\"[ \t]*):(?:[ \t]|$)|-[ \t]|\{|---|\.\.\.")
_KEY = r"^(?P<key>[\w-]+|\"[^\"\r\n]+\"|'[^'\r\n]+')[ \t]*"
_PAIR = {
    "yaml": re.compile(
        _KEY + r":[ \t]+(?P<value>\"(?:[^\"\\\r\n]|\\.)*\"|'(?:[^'\r\n]|'')*'|[^\s\"'#&*!|>%@`\[\]{},?:-][^\r\n]*?"
        r"(?=[ \t]*(?:[ \t]#.*)?\r?$))[ \t]*(?:#.*)?\r?$",
        re.MULTILINE,
    ),
    "toml": re.compile(
        _KEY + r"=[ \t]*(?P<value>\"(?:[^\"\\\r\n]|\\.)*\"(?!\")|'[^'\r\n]*'(?!'))[ \t]*(?:#.*)?\r?$", re.MULTILINE
    ),
}
_PLAIN = re.compile(r"[^\W\d_](?:[^:#\x00-\x1f\x7f-\x9f\u2028\u2029]|:(?=\S)|(?<=\S)#)*")
"""What needs no quotation marks in YAML."""
_OTHER = re.compile(r"(?:true|false|yes|no|on|off|null|y|n)", re.IGNORECASE)
_DEEPER = re.compile(r"\r?\n(?:[ \t]*\r?\n)*[ \t]+[^\s#]")
"""A value that goes on on the next line."""
_UNTRUE = ("\\x", "\\u", "\\U", "\\e", "\\_", "\\N", "\\L", "\\P", "\\a", "\\v", "\\0", "\\ ")


def front_matter(content: str, keys: Sequence[str]) -> tuple[int, list[Span]]:
    """Return where front matter ends, 0 where there is none, and the values of some of its keys."""
    if (found := _YAML.match(content)) is not None:
        first = _FIRST.match(found[0])
        if first is None or not _LIKE_YAML.match(first[1]):
            return 0, []  # two rules with text between them
        return found.end(), list(_values(found[0], keys, "yaml"))
    if (found := _TOML.match(content)) is not None:
        return found.end(), list(_values(found[0], keys, "toml"))
    return 0, []


def _values(front: str, keys: Sequence[str], kind: str) -> Iterator[Span]:
    """Yield the values that are text on one line, of keys on the first level."""
    line_of = line_numbers(front)
    table = re.search(r"^\[", front, re.MULTILINE) if kind == "toml" else None
    for found in _PAIR[kind].finditer(front, 0, table.start() if table else len(front)):
        value = found["value"]
        if found["key"].strip("\"'") not in keys or (kind == "yaml" and _DEEPER.match(front, found.end())):
            continue
        text = _read(value, kind)
        if text is not None and LETTER.search(text):
            start, end = found.span("value")
            yield Span(start, end, f"line {line_of(start)}", text, _writer(value, kind))


def _read(value: str, kind: str) -> str | None:
    """Return what a value says; None for what is no text on one line."""
    if value[0] == '"':
        if any(escape in value for escape in _UNTRUE):
            return None
        try:
            text = parse_record(value)
        except ValueError:
            return None
        return text if isinstance(text, str) and one_line(text) == text else None
    if value[0] == "'":
        return value[1:-1] if kind == "toml" else value[1:-1].replace("''", "'")
    return value if _PLAIN.fullmatch(value) and not _OTHER.fullmatch(value) else None


def _writer(value: str, kind: str) -> Callable[[str], str]:
    """Return how a translation is written in place of a value: in its own way, or else in quotation marks."""

    def write(text: str) -> str:
        text = one_line(text)
        plain = text.isprintable()
        if value[0] == "'" and plain and (kind == "yaml" or "'" not in text):
            return f"'{text.replace(chr(39), chr(39) * 2)}'" if kind == "yaml" else f"'{text}'"
        if value[0] not in "\"'" and plain and _PLAIN.fullmatch(text) and not _OTHER.fullmatch(text):
            return text
        return json.dumps(text, ensure_ascii=not plain)

    return write
