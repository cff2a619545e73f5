"""Markdown (CommonMark with tables and front matter): text is translated; code, links, HTML and structure stay.

markdown-it-py finds the blocks. A paragraph, heading or cell is one unit, with its inline markup in it. Parts that must
come back unchanged (code, link targets, images, HTML) are checked like any placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import RawLine, Span, SpannedDocument, bounded, check_count, decode, one_line, raw_lines

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n.*?^(?:---|\.\.\.)[ \t]*\r?$", re.DOTALL | re.MULTILINE)
MOST_LINES = 1_000_000
MOST_SIGNS = 2_000_000
"""The parser makes a token of each, of about a kilobyte."""
_LETTER = re.compile(r"[^\W\d_]")


def read_markdown(data: bytes, name: str, reading: Reading) -> Document:
    """Read a Markdown file."""
    from markdown_it import MarkdownIt

    content, bom = decode(data, name)
    check_count(content, "\n\r", MOST_LINES, name, "lines")
    check_count(content, "*_[]`<&!\\|", MOST_SIGNS, name, "signs of markup")
    front = _FRONT_MATTER.match(content)
    # Blanked and not cut off, so that lines keep their numbers.
    body = content if front is None else re.sub(r"[^\r\n]", " ", front[0]) + content[front.end() :]
    lines = list(raw_lines(body))
    # For the parser a form feed or a lone "\r" does not end a line.
    tokens = MarkdownIt("commonmark").enable("table").parse("\n".join(line.text for line in lines))
    spans = bounded(_spans(tokens, lines, content), name)
    return SpannedDocument(content, sorted(spans, key=lambda s: s.start), bom)


def _spans(tokens: list[Token], lines: list[RawLine], content: str) -> Iterator[Span]:
    cells: dict[int, int] = {}
    for token in tokens:
        if token.type != "inline" or token.map is None or not _says_something(token):
            continue
        first, last = token.map
        own = lines[first:last]
        written = token.content.split("\n")
        if len(own) != len(written):
            own = own[: len(written)]
        # Each line of the content is the end, or for a cell a part, of a line of the file: markers come before it.
        start = own[0].text.find(written[0], cells.get(first, 0))
        at_end = own[-1].text.rfind(written[-1])
        if start < 0 or at_end < 0:
            continue  # an escaped bar in a cell: a text that cannot be located stays unchanged
        begin = own[0].start + start
        end = own[-1].start + (start if len(own) == 1 else at_end) + len(written[-1])
        cells[first] = begin - own[0].start + len(written[0])
        yield Span(begin, end, f"line {own[0].number}", token.content.replace("\n", " "), one_line)


def _says_something(token: Token) -> bool:
    """Whether there are words outside code, HTML and link targets."""
    return any(child.type == "text" and _LETTER.search(child.content) for child in token.children or ())
