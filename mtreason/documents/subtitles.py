"""Subtitles: SubRip (SRT), WebVTT and Advanced SubStation Alpha (ASS); times and styles stay byte for byte.

A caption is one unit; its translation is wrapped into lines of readable length again.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import RawLine, Span, SpannedDocument, bounded, decode, one_line, raw_lines
from mtreason.errors import DocumentError

WIDTH = 42
"""Characters of a line, by the rules of subtitlers for languages with spaces; wide characters count twice."""

_TIMING = re.compile(r"\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}")
_OVERRIDES = re.compile(r"^(?:\{[^}]*\})+")
_ASS_FIELDS = 10


def read_srt(data: bytes, name: str, reading: Reading) -> Document:
    """Read SubRip; raises `DocumentError` for text without a time."""
    return _timed(data, name)


def read_vtt(data: bytes, name: str, reading: Reading) -> Document:
    """Read WebVTT; raises `DocumentError` for a file without the WebVTT header."""
    content, _ = decode(data, name)
    if not content.startswith("WEBVTT"):
        raise DocumentError(f"{name}: line 1: a WebVTT file begins with WEBVTT")
    return _timed(data, name)


def _timed(data: bytes, name: str) -> Document:
    content, bom = decode(data, name)
    newline = "\r\n" if "\r\n" in content else "\n"
    spans = []
    for block in _blocks(content):
        timing = next((i for i, line in enumerate(block) if _TIMING.match(line.text)), None)
        if timing is None:
            if content.startswith("WEBVTT"):
                continue  # a header, note or style
            raise DocumentError(
                f"{name}: line {block[0].number}: expected a caption with its times "
                f"(00:00:01,000 --> 00:00:02,000), found {block[0].text[:40]!r}"
            )
        lines = block[timing + 1 :]
        if lines:
            raw = content[lines[0].start : lines[-1].end]
            text = " ".join(line.text.strip() for line in lines)
            spans.append(
                Span(
                    lines[0].start,
                    lines[0].start + len(raw),
                    f"line {lines[0].number}",
                    text,
                    lambda t: newline.join(wrap(t)),
                )
            )
    return SpannedDocument(content, bounded(spans, name), bom)


def _blocks(content: str) -> Iterator[list[RawLine]]:
    """Yield groups of successive lines that are not blank."""
    block: list[RawLine] = []
    for line in raw_lines(content):
        if line.text.strip():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def read_ass(data: bytes, name: str, reading: Reading) -> Document:
    r"""Read the dialogue of an ASS or SSA file; override codes at the beginning of a line stay, \N breaks again."""
    content, bom = decode(data, name)
    spans = []
    fields = _ASS_FIELDS
    events = False
    for line in raw_lines(content):
        events = events or line.text.strip() == "[Events]"
        kind, colon, rest = line.text.partition(":")
        if colon and kind == "Format" and "Text" in rest:
            fields = rest.count(",") + 1
        if not colon or kind != "Dialogue":
            continue
        parts = rest.split(",", fields - 1)
        if len(parts) < fields:
            raise DocumentError(f"{name}: line {line.number}: expected {fields} fields in this Dialogue line")
        codes = _OVERRIDES.match(parts[-1])
        raw = parts[-1][codes.end() if codes else 0 :]
        text = one_line(raw.replace(r"\N", " ").replace(r"\n", " "))
        if text:
            spans.append(
                Span(line.end - len(raw), line.end, f"line {line.number}", text, lambda t: r"\N".join(wrap(t)))
            )
    if not events:
        raise DocumentError(f"{name}: expected an ASS file with a section [Events]")
    return SpannedDocument(content, bounded(spans, name), bom)


def wrap(text: str) -> list[str]:
    """Wrap a caption into lines of about equal length, as few as possible."""
    flat = one_line(text)
    size = sum(2 if char >= "\u2e80" else 1 for char in flat)
    count = -(-size // WIDTH)
    if count <= 1:
        return [flat]
    if " " not in flat:
        step = -(-len(flat) // count)
        return [flat[i : i + step] for i in range(0, len(flat), step)]
    return textwrap.wrap(flat, max(-(-len(flat) // count) + 4, 8), break_long_words=False, break_on_hyphens=False)
