"""Markdown (CommonMark, tables, what common extensions add) and MDX: text is translated, everything else stays.

A paragraph, heading or cell is one unit, with codes for links, emphasis, images, HTML, equations and templates; code
spans stand in it as they are. Front matter stays, except the keys that are asked for. HTML blocks stay.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from mtreason.documents.markdown.blocks import Block, parser
from mtreason.documents.markdown.front_matter import front_matter
from mtreason.documents.markdown.inline import scan
from mtreason.documents.markdown.units import inline_span
from mtreason.documents.markdown.writing import Place
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Span, SpannedDocument, bounded, check_count, decode, raw_lines

MOST_LINES = 1_000_000
MOST_SIGNS = 2_000_000
"""The parser makes a token of each, of about a kilobyte."""


def read_markdown(data: bytes, name: str, reading: Reading) -> Document:
    """Read a Markdown file; `reading.columns` are the keys of its front matter to translate."""
    return _read(data, name, reading, jsx=False)


def read_mdx(data: bytes, name: str, reading: Reading) -> Document:
    """Read an MDX file: Markdown with imports, exports, and tags and expressions of JSX."""
    return _read(data, name, reading, jsx=True)


def _read(data: bytes, name: str, reading: Reading, *, jsx: bool) -> Document:
    content, bom = decode(data, name)
    check_count(content, "\n\r", MOST_LINES, name, "lines")
    check_count(content, "*_[]`<&!\\|", MOST_SIGNS, name, "signs of markup")
    end, keys = front_matter(content, reading.columns)
    spans = bounded([*keys, *_spans(content, end, jsx=jsx)], name)
    return SpannedDocument(content, sorted(spans, key=lambda s: s.start), bom)


def _spans(content: str, front: int, *, jsx: bool) -> Iterator[Span]:
    # Blanked and not cut off, so that lines keep their numbers.
    body = re.sub(r"[^\r\n]", " ", content[:front]) + content[front:]
    lines = list(raw_lines(body))
    # For the parser a lone "\r" does not end a line.
    text = "\n".join(line.text for line in lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.text) + 1)

    def position(at: int) -> int:
        line = bisect_right(starts, at) - 1
        return lines[line].start + at - starts[line]

    md = parser(jsx=jsx)
    env: dict[str, Any] = {}
    for token in md.parse(text, env):
        block: Block | None = token.meta.get("block")
        if block is None or token.map is None or not block.content:
            continue
        signs = scan(md, block.content, env)
        place = Place(content, block, position, jsx, env.get("references", {}))
        span = inline_span(signs, place, f"line {lines[token.map[0]].number}")
        if span is not None:
            yield span
