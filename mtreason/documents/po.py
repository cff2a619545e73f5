"""gettext catalogues (PO, POT): messages with no translation or a fuzzy one get one; the rest stays unchanged.

polib reads; only the lines of a message's `msgstr` are replaced. A fuzzy flag stays, so that a person looks at it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from mtreason.documents.po_view import PoView
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import RawLine, Span, SpannedDocument, check_count, decode, raw_lines
from mtreason.errors import DocumentError

if TYPE_CHECKING:
    from polib import POEntry

MOST_LINES = 2_000_000
"""The library takes two kilobytes for each message."""

_MSGSTR = re.compile(r"msgstr(?:\[(\d+)\])?\s*\"")
_OTHER_BREAKS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")
"""Characters where polib would begin a new line, and gettext would not."""
_LINE = re.compile(r'\s*(?:#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)\s*)?"(?:[^"\\]|\\.)*"\s*)?')
_QUOTED = re.compile(r"\s*\"")


def read_po(data: bytes, name: str, reading: Reading) -> Document:
    """Read a catalogue; raises `DocumentError` with the line that polib names."""
    import polib

    content, bom = decode(data, name)
    check_count(content, "\n", MOST_LINES, name, "lines")
    lines = list(raw_lines(content))
    for line in lines:
        # polib accepts other lines, but reads them differently once a translation is beside them.
        if not _LINE.fullmatch(line.text):
            raise DocumentError(
                f"{name}: line {line.number}: not a gettext catalogue: expected a comment, a keyword with a string in "
                "quotation marks, or such a string"
            )
    try:
        catalogue = polib.pofile(_OTHER_BREAKS.sub(" ", content.replace("\r\n", "\n")), check_for_duplicates=False)
    except (OSError, ValueError) as error:
        stated = re.search(r"line (\d+)", str(error))
        where = f"{name}: line {stated[1]}" if stated else name
        raise DocumentError(f"{where}: not a gettext catalogue: {str(error).splitlines()[0]}") from error
    starts = sorted([*(entry.linenum for entry in catalogue), len(lines) + 1])
    spans = []
    for entry in (e for e in catalogue if _open(e)):
        start = max(1, entry.linenum)  # polib counts from 0
        found = list(_spans(entry, lines[start - 1 : starts[bisect_right(starts, start)] - 1]))
        if not found and not any(entry.msgstr_plural.values()):
            raise DocumentError(f"{name}: line {start}: not a gettext catalogue: this message has no msgstr")
        spans += found
    return SpannedDocument(content, sorted(spans, key=lambda s: s.start), bom, lambda: PoView(content, bom))


def _open(entry: POEntry) -> bool:
    return not entry.obsolete and (not entry.translated() or "fuzzy" in entry.flags)


def _spans(entry: POEntry, lines: list[RawLine]) -> Iterator[Span]:
    """Yield the spans of a message's strings in its lines."""
    i = 0
    while i < len(lines) and not _MSGSTR.match(lines[i].text):
        i += 1
    while i < len(lines) and (found := _MSGSTR.match(lines[i].text)):
        end = i + 1
        while end < len(lines) and _QUOTED.match(lines[end].text):
            end += 1
        number = int(found[1] or 0)
        if entry.msgstr_plural.get(number) and "fuzzy" not in entry.flags:
            i = end
            continue  # a person filled in this form, and not yet the others
        plural = found[1] is not None and (number > 0 or len(entry.msgstr_plural) == 1)
        text = entry.msgid_plural if plural else entry.msgid
        label = "msgstr" if found[1] is None else f"msgstr[{number}]"
        yield Span(lines[i].start, lines[end - 1].end, f"line {lines[i].number}", text, partial(_write, label, text))
        i = end


def _write(label: str, source: str, text: str) -> str:
    # A program that prints the message depends on its line breaks at both ends.
    head = source[: len(source) - len(source.lstrip("\n"))]
    tail = source[len(source.rstrip("\n")) :]
    return f"{label} {_quote(head + text.strip() + tail)}"


def _quote(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("\t", r"\t").replace("\n", r"\n")
    return f'"{escaped}"'
