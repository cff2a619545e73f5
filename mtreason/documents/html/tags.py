"""Cuts HTML and XHTML into texts and tags, as browsers do, in one pass: the work grows with the length of the file.

What runs on a server (PHP, ASP, templates in braces) is one piece, whatever signs it holds, inside of tags too.
The parser of the standard library looks for the end of the same unfinished tag again and again, and has changed what
it does from release to release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

TEXT, START, EMPTY, END, CODE, OTHER = "text", "start", "empty", "end", "code", "other"
"""Kinds of pieces: `EMPTY` is <a/>, `CODE` is what runs on a server or in a template, and `OTHER` is a comment, a
declaration, or what a script holds."""

_WS = "\t\n\r\f "
_SERVER = (
    r"<\?(?:php\b|=|(?=\s))(?:(?!\?>|<\?).)*+\?>",
    r"<%(?:(?!%>|<%).)*+%>",
    r"\{\{(?:(?!\}\}|\{\{).)*+\}\}",
    r"\{%(?:(?!%\}|\{%).)*+%\}",
)
"""What may stand inside of a tag; it ends before the next that begins, so that no text is searched twice."""


def _inside_of_tag(atom: str) -> re.Pattern[str]:
    """Return what follows the name of a tag, to its end; a > between quotation marks is no end."""
    atom = f"(?:{atom})|" if atom else ""
    double, single = (f"{q}(?:[^{q}<{{]++|{atom}[<{{])*+{q}" for q in "\"'")
    value = rf"{double}|{single}|(?![\"'])(?:{atom}[^{_WS}>])++"
    attribute = rf"[^{_WS}/>](?:{atom}[^{_WS}/>=])*+(?:[{_WS}]*+=[{_WS}]*+(?:{value})?+)?+"
    return re.compile(rf"(?:[{_WS}/]++|{atom}{attribute})*+>", re.DOTALL)


_PLAIN_TAG, _SERVER_TAG = _inside_of_tag(""), _inside_of_tag("|".join(_SERVER))
OPENERS = ("<?", "<%", "{{", "{%")
_NEXT = re.compile(r"<|\{[{%#]")
_WITHIN = r"(?:[^()]|\((?:[^()]|\([^()]*+\))*+\))*+"
_FLOW = re.compile(
    rf"(?<!\w)@(?:(?:(?:else )?if|for|switch|case|defer|placeholder|loading|error)\s*\({_WITHIN}\)[^{{}}<>()@]{{0,80}}"
    r"|(?:else|empty|default|defer|placeholder|loading|error)\s*)\{|(?<!\w)@let\s+\w+\s*=[^;<>]{1,500};"
)
"""What chooses between parts of a template of Angular; a brace closes such a part."""
_NEXT_IN_FLOW = re.compile(r"[<{}@]")
_TEMPLATE = re.compile(
    r"\{\{(?:(?!\{\{|\}\}|\n\s*\n).)*+\}\}\}?|\{%(?:(?!\{%|%\}).)*+%\}|\{#(?:(?!\{#|#\}|\n\s*\n).)*+#\}", re.DOTALL
)
_BLOCK = re.compile(r"</?(?:p|div|h[1-6]|li|[uod]l|t[rdh]|table|body|section|script)\b", re.IGNORECASE)
MOST_TEMPLATE = 4000
"""Braces that close later than this are ordinary characters."""
_NAME = re.compile(rf"[A-Za-z][^{_WS}/>]*")
_ATTRIBUTE = re.compile(
    rf"([^{_WS}/>=][^{_WS}/>=]*+)(?:[{_WS}]*+=[{_WS}]*+(?:\"([^\"]*+)\"|'([^']*+)'|([^{_WS}>\"'][^{_WS}>]*+)))?+"
)
_COMMENT_END = re.compile(r"--!?>")
_SUBSET_END = re.compile(rf"\][{_WS}]*+>")
_RAW = {
    name: re.compile(rf"</{name}(?=[{_WS}/>])", re.IGNORECASE)
    for name in ("script", "style", "xmp", "iframe", "noembed", "noframes", "title", "textarea")
}
"""Elements that hold no tags, and what ends them."""
SAID_RAW = frozenset({"title", "textarea"})
"""Those of them that hold text, with entities."""
_RAW_IN_XML = frozenset({"script", "style"})
FOREIGN = frozenset({"svg", "math"})
"""Elements that hold another language than HTML."""


class Piece(NamedTuple):
    """The text or tag at `content[start:end]`."""

    kind: str
    start: int
    end: int
    name: str = ""
    """Of an element, in small letters; in XML without its prefix."""


class Attribute(NamedTuple):
    """An attribute of a tag; its value, without quotation marks, is at `content[start:end]`."""

    name: str
    value: str
    start: int
    end: int


def pieces(content: str, *, xml: bool = False) -> Iterator[Piece]:
    """Yield the pieces of HTML, or of XHTML as XML, which join to it. A tag that has no end takes in all the rest."""
    cut = _Cutter(content, xml=xml)
    text = at = 0
    following = _NEXT_IN_FLOW if cut.flows else _NEXT
    while found := following.search(content, at):
        piece = cut.piece(found.start())
        if piece is None:
            at = found.end()
            continue
        if piece.start > text:
            yield Piece(TEXT, text, piece.start)
        yield piece
        text = at = piece.end
        end = cut.end_of_raw(piece)
        if end > at:
            yield from texts(content, at, end) if piece.name in SAID_RAW else (Piece(OTHER, at, end),)
            text = at = end
    if len(content) > text:
        yield Piece(TEXT, text, len(content))


def attributes(content: str, piece: Piece) -> Iterator[Attribute]:
    """Yield the attributes of a tag; a value is as it is written."""
    name = _NAME.match(content, piece.start + 1)
    for found in _ATTRIBUTE.finditer(content, name.end() if name else piece.start + 1, piece.end - 1):
        group = found.lastindex or 1
        start, end = found.span(group) if group > 1 else (found.end(), found.end())
        yield Attribute(found[1].lower(), content[start:end], start, end)


def attribute(content: str, piece: Piece, name: str) -> str | None:
    """Return the value of an attribute of a tag as it is written, "" for one without; None where it has none."""
    return next((found.value for found in attributes(content, piece) if found.name == name), None)


def texts(content: str, start: int, end: int) -> Iterator[Piece]:
    """Yield what an element that holds no tags has: text, and what runs on a server."""
    text = start
    for found in SERVER_CODE.finditer(content, start, end):
        if found.start() > text:
            yield Piece(TEXT, text, found.start())
        yield Piece(CODE, found.start(), found.end())
        text = found.end()
    if end > text:
        yield Piece(TEXT, text, end)


SERVER_CODE = re.compile("|".join(_SERVER), re.DOTALL)


class _Cutter:
    """Finds ends, and remembers which are no longer to be found: so no search goes through the same text twice."""

    def __init__(self, content: str, *, xml: bool) -> None:
        self._content = content
        self._xml = xml
        self._last = {end: content.rfind(end) for end in (">", "-->", "--!>", "]]>", "?>", "%>")}
        self._tag_rest = _SERVER_TAG if any(sign in content for sign in OPENERS) else _PLAIN_TAG
        self._quotes = True
        self.flows = not xml and _FLOW.search(content) is not None
        """Whether braces and @ can be signs of a template."""
        self._braces: list[bool] = []
        """Those that are open, and whether a template's flow opened them."""
        self._typed = False
        self._foreign: list[str] = []
        """The elements of other languages (SVG, MathML) that are open."""
        self._last_foreign = {name: content.rfind(f"</{name}") for name in FOREIGN}

    def piece(self, at: int) -> Piece | None:
        """Return the piece that begins with a sign at a place; None where the sign is text."""
        content, after = self._content, self._content[at + 1 : at + 2]
        if content[at] == "{":
            found = _TEMPLATE.match(content, at)
            if found is None or found.end() - at > MOST_TEMPLATE or _BLOCK.search(content, at, found.end()):
                self._braces.append(False)
                return None
            return Piece(CODE, at, found.end())
        if content[at] in "@}":
            return self._flow(at)
        if after == "!":
            return Piece(OTHER, at, self._declaration(at))
        if after == "?":
            return self._instruction(at)
        if after == "%":
            end = self._first("%>", at)
            return Piece(CODE, at, end) if end else None
        if after == "/":
            return self._closing(at)
        return self._tag(at, at + 1)

    def _flow(self, at: int) -> Piece | None:
        """Return what begins or ends a part that a template chooses."""
        if self._content[at] == "}":
            return Piece(CODE, at, at + 1) if self._braces and self._braces.pop() else None
        found = _FLOW.match(self._content, at)
        if found is None:
            return None
        if found[0].endswith("{"):
            self._braces.append(True)
        return Piece(CODE, at, found.end())

    def end_of_raw(self, piece: Piece) -> int:
        """Return where the content of an element that holds no tags ends, or 0 for another piece."""
        self._count_foreign(piece)
        if piece.kind != START or piece.name not in _RAW:
            return 0
        if (self._xml and piece.name not in _RAW_IN_XML) or (self._foreign and piece.name in SAID_RAW):
            return 0
        found = _RAW[piece.name].search(self._content, piece.end)
        return found.start() if found else len(self._content)

    def _count_foreign(self, piece: Piece) -> None:
        if piece.name in FOREIGN:
            if piece.kind == START and self._last_foreign[piece.name] > piece.start:
                self._foreign.append(piece.name)
            elif piece.kind == END and self._foreign:
                self._foreign.pop()

    def _any(self, end: str, at: int) -> bool:
        return self._last[end] >= at

    def _first(self, end: str, at: int) -> int:
        """Return the place after the next such end, or 0."""
        return self._content.index(end, at) + len(end) if self._any(end, at) else 0

    def _declaration(self, at: int) -> int:
        """Return where a comment or declaration ends; one without an end goes on to the end of the file."""
        content = self._content
        if content.startswith("<!--", at):
            if content.startswith(("<!-->", "<!--->"), at):
                return self._first(">", at)
            ended = self._any("-->", at + 4) or self._any("--!>", at + 4)
            found = _COMMENT_END.search(content, at + 4) if ended else None
            return found.end() if found else len(content)
        if content.startswith("<![CDATA[", at) and (self._xml or self._foreign):
            return self._first("]]>", at) or len(content)
        end = self._first(">", at) or len(content)
        if self._xml and not self._typed and content.startswith("<!DOCTYPE", at):
            self._typed = True
            found = _SUBSET_END.search(content, at) if content.find("[", at, end) > 0 else None
            return found.end() if found else end
        return end

    def _instruction(self, at: int) -> Piece:
        """Return what begins with <?."""
        content = self._content
        php = content.startswith(("<?php", "<?="), at)
        code = php or content.startswith(tuple(f"<?{blank}" for blank in _WS), at)
        if php and not self._any("?>", at):
            return Piece(CODE, at, len(content))  # PHP need not end before the file does
        ends = code or self._xml
        end = (self._first("?>", at) if ends else 0) or self._first(">", at) or len(content)
        return Piece(CODE if code else OTHER, at, end)

    def _closing(self, at: int) -> Piece | None:
        """Return what begins with </."""
        if _NAME.match(self._content, at + 2) is not None:
            return self._tag(at, at + 2)
        if at + 2 == len(self._content):
            return None
        return Piece(OTHER, at, self._first(">", at) or len(self._content))

    def _tag(self, at: int, begin: int) -> Piece | None:
        """Return a tag whose name begins at a place."""
        content = self._content
        name = _NAME.match(content, begin)
        if name is None:
            return None
        if not self._any(">", at):
            return Piece(OTHER, at, len(content))
        end = 0
        if self._quotes:
            rest = self._tag_rest.match(content, name.end())
            # All that could end it is between quotation marks, so one of them was left open by mistake. From here on
            # they are ordinary characters: otherwise each of the next tags would be read to the end of the file.
            self._quotes = rest is not None
            end = rest.end() if rest else 0
        end = end or self._first(">", at)
        element = name[0].lower()
        if self._xml:
            element = element.rpartition(":")[2]
        if begin > at + 1:
            return Piece(END, at, end, element)
        empty = content[end - 2] == "/" and (self._xml or self._foreign or element not in _RAW)
        return Piece(EMPTY if empty else START, at, end, element)
