"""Blocks of Markdown: markdown-it-py finds them, with those that extensions add, and tells where their text is.

To CommonMark, GitHub's alerts, containers, admonitions, footnotes, definitions, templates and equations would be
paragraphs, of which the lines may be joined.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from mtreason.documents.markdown.inline import add_inline_rules
from mtreason.documents.markdown.jsx import jsx_end

BlockRule = Callable[[StateBlock, int, int, bool], bool]
BLANKS = " \t\n"
MOST_EQUATION = 500
"""An equation that takes more lines than this is none."""
_ENDS_ALL = ["paragraph", "reference", "blockquote", "list"]
_KEPT_LINE = re.compile(
    r"(?::{3,}|///(?!/)).*|\{%.*%\}|\{\{[<%].*[>%]\}\}|\{:.*\}|\[\[?_?TOC_?\]?\]|-+8<-+.*|\$\$.+\$\$|"
    r"<<<[ \t]?[@./\w].*",
    re.IGNORECASE,
)
_TITLED_LINE = re.compile(
    r"///[ \t]*[\w-]+[ \t]*\|[ \t]*(?P<bar>\S.*)|:{3,}[ \t]*[\w-]+\[(?P<brackets>[^\[\]]+)\](?:\{.*\})?|:{3,}[ \t]*"
    r"(?:caution|danger|details|important|info|note|success|tip|warning)[ \t]+(?P<blank>(?![\s{\[:])[^{]*)",
    re.IGNORECASE,
)
_ALERT = re.compile(r"\[![A-Za-z][\w-]*\][+-]?(?:[ \t]+(?P<title>\S.*))?")
_ADMONITION = re.compile(r"(?:(?:!!!|\?\?\?\+?)[ \t]*[\w-]+(?:[ \t]+[\w-]+)*|===[!+]?)(?:[ \t]+\"(.*)\")?[ \t]*")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]:|\*\[[^\[\]]+\]:(?=[ \t]+\S)")
"""Also an abbreviation, which is the same as it occurs in the text."""
_DEFINITION = re.compile(r":(?=[ \t]+\S)")
_ENVIRONMENT = re.compile(r"\\begin\{([A-Za-z]+\*?)\}")
_MODULE = re.compile(r"(?:import|export)[\s{*]")
_DELIMITER = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Part:
    """Text of a block that stands in one piece in what was parsed, at `at`."""

    offset: int
    """Where it begins in the text of the block."""
    at: int


@dataclass(frozen=True, slots=True)
class Block:
    """Where the text of an inline token is, and what it is in: "paragraph", "heading", "cell", "title"."""

    kind: str
    content: str
    parts: tuple[Part, ...]
    bare: bool = False
    """Whether it is the first cell of a row without a bar before it, which could be read as another block."""
    after_reference: bool = False
    """Whether a link reference definition comes right before it, of which it could become the title."""


@functools.cache
def parser(*, jsx: bool) -> MarkdownIt:
    """Return a parser whose inline tokens have a `Block` in `meta["block"]`; `jsx` for MDX."""
    md = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    md.core.ruler.enableOnly(["normalize", "block"])
    add_inline_rules(md, jsx=jsx)
    blocks = md.block.ruler
    for name, find in (("paragraph", _lines), ("lheading", _lines), ("heading", _heading), ("table", _cells)):
        rule = next(rule for rule in blocks.__rules__ if rule.name == name)
        blocks.at(name, _located(rule.fn, find), {"alt": rule.alt})
    blocks.at("reference", _remembered(next(rule.fn for rule in blocks.__rules__ if rule.name == "reference")))
    blocks.before("table", "equation", _equation, {"alt": _ENDS_ALL})
    blocks.before("table", "kept", _kept, {"alt": _ENDS_ALL})
    blocks.before("table", "alert", _alert)
    blocks.before("table", "admonition", _admonition, {"alt": _ENDS_ALL})
    blocks.before("reference", "footnote", _footnote, {"alt": ["paragraph", "reference"]})
    blocks.before("reference", "definition", _definition, {"alt": ["paragraph"]})
    if jsx:
        blocks.disable(["code", "html_block"])
        blocks.before("table", "module", _module)
        blocks.before("table", "deeper", _deeper)
        blocks.before("table", "jsx", _jsx, {"alt": _ENDS_ALL})
    return md


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _located(rule: BlockRule, find: Callable[[StateBlock, list[Token]], None]) -> BlockRule:
    """Return a rule whose inline tokens know where their text is."""

    def located(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        before = len(state.tokens)
        if not rule(state, start, end, silent):
            return False
        if not silent:
            find(state, state.tokens[before:])
        return True

    return located


def _remembered(rule: BlockRule) -> BlockRule:
    """Return a rule that remembers the line after what it found."""

    def remembered(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        found = rule(state, start, end, silent)
        if found and not silent:
            state.env["after_reference"] = state.line
        return found

    return remembered


def _block(state: StateBlock, kind: str, ranges: list[tuple[int, int]], *, after: bool = False) -> Block:
    """Return the block whose lines are at places of the source."""
    parts: list[Part] = []
    texts: list[str] = []
    offset = 0
    for start, end in ranges:
        text = state.src[start:end]
        own = text.lstrip(" \t")
        parts.append(Part(offset, end - len(own)))
        texts.append(own)
        offset += len(own) + 1
    return Block(kind, "\n".join(texts).rstrip(BLANKS), tuple(parts), after_reference=after)


def _lines(state: StateBlock, tokens: list[Token]) -> None:
    """Locate a paragraph, or a heading that is underlined."""
    for token in tokens:
        if token.type == "inline" and token.map is not None:
            ranges = [(state.bMarks[i] + state.tShift[i], state.eMarks[i]) for i in range(*token.map)]
            after = state.env.get("after_reference") == token.map[0]
            token.meta["block"] = _block(state, "paragraph", ranges, after=after)


def _heading(state: StateBlock, tokens: list[Token]) -> None:
    token = next(token for token in tokens if token.type == "inline")
    line = token.map[0] if token.map else 0
    text = _line(state, line)
    start = state.bMarks[line] + state.tShift[line]
    at = len(text) - len(text.lstrip("#"))
    end = len(text.rstrip(" \t"))
    closing = len(text[:end].rstrip("#"))
    if closing > at and text[closing - 1] in " \t":
        end = closing
    token.meta["block"] = _block(state, "heading", [(start + at, start + max(end, at))])


def _cells(state: StateBlock, tokens: list[Token]) -> None:
    """Locate the cells of a table."""
    rows: dict[int, list[Token]] = {}
    for token in tokens:
        if token.type == "inline" and token.map is not None:
            rows.setdefault(token.map[0], []).append(token)
    for line, row in rows.items():
        text = _line(state, line)
        start = state.bMarks[line] + state.tShift[line]
        bars = [found.start() for found in _DELIMITER.finditer(text)]
        ends = [*bars, len(text)]
        starts = [0, *(bar + 1 for bar in bars)]
        bounds = list(zip(starts, ends, strict=True))
        bare = not text.startswith("|")
        bounds = bounds if bare else bounds[1:]
        for i, (token, (a, b)) in enumerate(zip(row, bounds, strict=False)):
            token.meta["block"] = _cell(text, start, a, b, bare=bare and i == 0)


def _cell(text: str, start: int, a: int, b: int, *, bare: bool) -> Block:
    own = text[a:b].strip(BLANKS)
    a += text[a:b].index(own)
    parts, content = [Part(0, start + a)], []
    size = 0
    for i, piece in enumerate(own.split("\\|")):
        if i:
            # The bar belongs to what is after it, and the backslash before it to nothing.
            parts.append(Part(size, start + a + 1))
            content.append("|")
            size, a = size + 1, a + 2
        content.append(piece)
        size, a = size + len(piece), a + len(piece)
    return Block("cell", "".join(content), tuple(parts), bare=bare)


def _keep(state: StateBlock, start: int, end: int) -> bool:
    token = state.push("kept", "", 0)
    token.map = [start, end]
    state.line = end
    return True


def _kept(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Find lines of extensions: fences of containers, which may have a title, templates, tables of contents."""
    line = _line(state, start).rstrip(" \t")
    if not line.startswith((":", "/", "{", "[", "-", "$", "<")) or state.is_code_block(start):
        return False
    titled = _TITLED_LINE.fullmatch(line)
    if titled is None and not _KEPT_LINE.fullmatch(line):
        return False
    return silent or _title_or_line(state, start, titled)


def _title_or_line(state: StateBlock, start: int, found: re.Match[str] | None) -> bool:
    """Add the title in a line, or the line where it has none."""
    if found is None or found.lastgroup is None:
        return _keep(state, start, start + 1)
    at = state.bMarks[start] + state.tShift[start]
    _title(state, start, at + found.start(found.lastgroup), at + found.end(found.lastgroup))
    state.line = start + 1
    return True


def _title(state: StateBlock, line: int, start: int, end: int) -> None:
    """Add a title that is a part of a line, at places of the source."""
    token = state.push("inline", "", 0)
    token.map = [line, line + 1]
    token.children = []
    token.meta["block"] = _block(state, "title", [(start, end)])
    token.content = token.meta["block"].content


def _alert(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Find the first line of an alert or callout: `[!NOTE]`, with or without a title."""
    if silent or state.parentType != "blockquote" or state.is_code_block(start):
        return False
    found = _ALERT.fullmatch(_line(state, start).rstrip(" \t"))
    return found is not None and _title_or_line(state, start, found)


def _admonition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Find `!!! note "Title"`, `??? note` and `=== "Tab"`, whose text is indented."""
    found = None if state.is_code_block(start) else _ADMONITION.fullmatch(_line(state, start))
    if found is None or (found[1] is None and found[0].startswith("=")):
        return False
    if silent:
        return True
    at = state.bMarks[start] + state.tShift[start]
    if found[1]:
        _title(state, start, at + found.start(1), at + found.end(1))
    last = start + 1
    while last < end and (state.isEmpty(last) or state.sCount[last] >= state.blkIndent + 4):
        last += 1
    _inside(state, start + 1, last, state.blkIndent + 4)
    state.line = last
    return True


def _inside(state: StateBlock, start: int, end: int, indent: int) -> None:
    """Read lines that are indented."""
    before, parent, maximum = state.blkIndent, state.parentType, state.lineMax
    state.blkIndent, state.parentType, state.lineMax = indent, "list", end
    state.level += 1
    state.md.block.tokenize(state, start, end)
    state.level -= 1
    state.blkIndent, state.parentType, state.lineMax = before, parent, maximum


def _footnote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return _marked(state, start, end, silent, _FOOTNOTE)


def _definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return _marked(state, start, end, silent, _DEFINITION)


def _marked(state: StateBlock, start: int, end: int, silent: bool, marker: re.Pattern[str]) -> bool:
    """Find blocks that begin after a marker, and go on on lines that are indented."""
    found = None if state.is_code_block(start) else marker.match(_line(state, start))
    if found is None:
        return False
    if silent:
        return True
    mark, shift, count = state.bMarks[start], state.tShift[start], state.sCount[start]
    text = _line(state, start)[found.end() :]
    state.bMarks[start] = mark + shift + found.end()
    state.tShift[start] = len(text) - len(text.lstrip(" \t"))
    state.sCount[start] = state.blkIndent + 4
    before, parent = state.blkIndent, state.parentType
    state.blkIndent, state.parentType = before + 4, "list"
    state.level += 1
    state.md.block.tokenize(state, start, end)
    state.level -= 1
    state.blkIndent, state.parentType = before, parent
    state.bMarks[start], state.tShift[start], state.sCount[start] = mark, shift, count
    state.line = max(state.line, start + 1)
    return True


def _equation(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Find equations between `$$` and in environments of LaTeX."""
    line = _line(state, start)
    if not line.startswith(("$$", "\\begin{")) or state.is_code_block(start):
        return False
    if line.startswith("$$"):
        closing = "$$"
        if closing in line[2:]:
            return False
    else:
        found = _ENVIRONMENT.match(line)
        if found is None:
            return False
        closing = f"\\end{{{found[1]}}}"
    last = start if closing in line[2:] else start + 1
    while last < min(end, start + MOST_EQUATION) and closing not in _line(state, last):
        if state.sCount[last] < state.blkIndent and not state.isEmpty(last):
            return False
        last += 1
    if last >= min(end, start + MOST_EQUATION):
        return False
    return silent or _keep(state, start, last + 1)


def _module(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Find imports and exports, which end at a blank line."""
    if silent or state.level or state.sCount[start] or not _MODULE.match(_line(state, start)):
        return False
    last = start + 1
    while last < end and not state.isEmpty(last):
        last += 1
    return _keep(state, start, last)


def _deeper(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read what is indented inside of tags: in MDX it is no code."""
    if silent or state.sCount[start] - state.blkIndent < 4:
        return False
    last = start + 1
    while last < end and (state.isEmpty(last) or state.sCount[last] >= state.sCount[start]):
        last += 1
    _inside(state, start, last, state.sCount[start])
    state.line = max(state.line, start + 1)
    return True


def _jsx(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Find lines that hold nothing but tags and expressions."""
    at = state.bMarks[start] + state.tShift[start]
    last = start
    while True:
        found = jsx_end(state.src, at, state.eMarks[end - 1]) if state.src[at : at + 1] in {"<", "{"} else 0
        if found == 0:
            return False
        while last < end and found > state.eMarks[last]:
            last += 1
        if last == end:
            return False
        rest = state.src[found : state.eMarks[last]]
        if not rest.strip():
            break
        at = found + len(rest) - len(rest.lstrip())
    return silent or _keep(state, start, last + 1)
