"""What stands in a paragraph of a Word document, one after another: text, breaks, codes, and marks that say nothing.

A token keeps the nodes of the file that it stands for (its *leaves*). Fields, which Word writes as a begin, an
instruction, a separator, a result and an end somewhere among the runs, are one token, or a pair around their result.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from mtreason.documents.word.elements import (
    Element,
    Look,
    local_name,
    look_of,
    namespace,
    plain_name,
    raw_of,
    wrapper_raw,
)

LETTER = re.compile(r"[^\W\d_]")
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_SPACES = re.compile(r"[ \t]*[\r\n][ \t\r\n]*")
_INDENT = re.compile(r"\A[ \t]*[\r\n]\s*|\s*[\r\n][ \t]*\Z")
"""White space around a text that only the program that wrote the XML has put there."""


class Kind(Enum):
    """What a token is."""

    TEXT = "text"
    BREAK = "line break"
    ALONE = "code that stands alone"
    OPEN = "code that opens"
    CLOSE = "code that closes"
    MARK = "mark that is no part of the text"
    FIELD = "sign of a field"
    INSTRUCTION = "instruction of a field"


@dataclass(eq=False, slots=True)
class Leaf:
    """A node of the file, and the elements between the paragraph and it."""

    node: Element
    path: tuple[Element, ...]
    text: str | None = None
    """What it says, for a node with text to translate."""
    look: Look = ()

    @property
    def run(self) -> Element | None:
        """The run that it is in."""
        for element in reversed(self.path):
            if local_name(element) == "r":
                return element
        return None


@dataclass(eq=False, slots=True)
class Token:
    """A part of a paragraph."""

    kind: Kind
    leaves: list[Leaf] = field(default_factory=list)
    raw: str = ""
    said: bool = False
    wrapper: Element | None = None
    """The element that opens or closes here; None for a field."""

    @property
    def text(self) -> str:
        """The text of a token that is text."""
        return self.leaves[0].text or ""


_LINE_SEPARATORS = frozenset({"\u2028", "\u2029"})
"""A run of one of these is a line break, which belongs where it stands."""
_THROUGH = frozenset({"r", "smartTag", "customXml", "sdtContent", "ruby", "rubyBase"})
"""Elements whose content is a part of the text around them."""
_PAIRS = frozenset({"hyperlink", "ins", "moveTo", "fldSimple", "sdt", "dir", "bdo"})
HEADS = frozenset({"pPr", "rPr", "sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr", "rubyPr", "rt", "fldData"})
"""What belongs to an element itself and comes before its content."""
_MARKS = frozenset({
    "proofErr", "bookmarkStart", "bookmarkEnd", "permStart", "permEnd", "commentRangeStart", "commentRangeEnd",
    "commentReference", "annotationRef", "moveFromRangeStart", "moveFromRangeEnd", "moveToRangeStart",
    "moveToRangeEnd", "customXmlInsRangeStart", "customXmlInsRangeEnd", "customXmlDelRangeStart",
    "customXmlDelRangeEnd", "customXmlMoveFromRangeStart", "customXmlMoveFromRangeEnd", "customXmlMoveToRangeStart",
    "customXmlMoveToRangeEnd", "del", "moveFrom", "delText", "delInstrText", "lastRenderedPageBreak", "rPrChange",
    "softHyphen",  # where the old word may be divided
})  # fmt: skip
_RANGE = re.compile(r"(?P<what>commentRange|bookmark|perm)(?P<end>Start|End)")
_OWN_BOOKMARKS = ("_GoBack", "_Hlk")
"""Names of bookmarks that Word sets by itself, and nothing refers to."""
_SAID = frozenset({"sym", "fld", "noBreakHyphen", "pgNum", "dayShort", "dayLong", "monthShort", "monthLong",
                   "yearShort", "yearLong"})  # fmt: skip
_FIXED_FIELDS = frozenset({
    "addin", "author", "autonum", "autonumlgl", "autonumout", "barcode", "bidioutline", "citation", "createdate",
    "date", "displaybarcode", "edittime", "eq", "filename", "filesize", "formcheckbox", "gotobutton", "info",
    "lastsavedby", "listnum", "macrobutton", "mergebarcode", "mergefield", "mergerec", "mergeseq", "noteref",
    "numchars", "numpages", "numwords", "page", "pageref", "printdate", "revnum", "savedate", "section",
    "sectionpages", "seq", "symbol", "template", "time", "useraddress", "userinitials", "username",
})  # fmt: skip
"""Fields whose results are numbers, names and dates that Word computes."""


def _leaf_token(node: Element, name: str, path: tuple[Element, ...], look: Look) -> Token:
    """Return the token of a node that is looked at as a whole."""
    leaf = Leaf(node, path)
    if name == "t":
        said = node.text or ""
        if len(node):
            said += "".join(child.tail or "" for child in node if not local_name(child))
        if "\n" in said or "\r" in said:
            said = _SPACES.sub(" ", said if node.get(SPACE) == "preserve" else _INDENT.sub("", said))
        if said.strip(" ") in _LINE_SEPARATORS:
            return Token(Kind.BREAK, [leaf])
        leaf.text, leaf.look = said, look
        return Token(Kind.TEXT, [leaf])
    if not name or name in _MARKS:
        return Token(Kind.MARK, [leaf])
    if name == "fldChar":
        return Token(Kind.FIELD, [leaf], _field_sign(node))
    if name == "instrText":
        return Token(Kind.INSTRUCTION, [leaf], node.text or "")
    if name == "endParaRPr":
        return Token(Kind.MARK, [leaf])
    if name in {"br", "cr"}:
        kind = next((v for a, v in node.attrib.items() if a.endswith("}type")), "")
        if kind not in {"page", "column"}:
            return Token(Kind.BREAK, [leaf])
    said_by_people = name in _SAID or namespace(node).endswith("/math")
    return Token(Kind.ALONE, [leaf], raw_of(node), said=said_by_people)


def _field_sign(node: Element) -> str:
    return next((v for a, v in node.attrib.items() if a.endswith("}fldCharType")), "")


def _fixed(instruction: str) -> bool:
    words = instruction.split(None, 1)
    return bool(words) and (words[0].lower() in _FIXED_FIELDS or words[0].startswith("="))


def _flattened(paragraph: Element, word: str) -> list[Token]:
    """Return the tokens of a paragraph, in order, with the signs of its fields."""
    tokens: list[Token] = []
    # What is being looked into: its children, the path to them, the look of its run, and the number of tokens before.
    levels: list[tuple[Iterator[Element], tuple[Element, ...], Look, int]] = [(iter(paragraph), (), (), 0)]
    pairs = _PAIRS | {"moveFrom"} if _moved(paragraph, word) else _PAIRS
    before_name = f"{{{word}}}"
    while levels:
        children, path, look, before = levels[-1]
        node = next(children, None)
        if node is None:
            levels.pop()
            if path:
                _leave(tokens, path, before)
            continue
        tag = node.tag
        own = isinstance(tag, str) and tag.startswith(before_name)
        name = tag[len(before_name) :] if own else ""
        if name in HEADS:
            continue
        if name == "r":
            levels.append((iter(node), (*path, node), look_of(node), len(tokens)))
        elif name in _THROUGH or name in pairs:
            if name in pairs or (name == "ruby" and keeps_ruby(node)):
                tokens.append(Token(Kind.OPEN, [], wrapper_raw(node), wrapper=node))
            levels.append((iter(node), (*path, node), look, len(tokens)))
        else:
            tokens.append(_leaf_token(node, name if own or not isinstance(tag, str) else ":", path, look))
            if name == "t" and len(node) and any(map(local_name, node)):  # not valid, but seen
                levels.append((iter(node), (*path, node), look, len(tokens)))
    return tokens


_EAST_ASIAN = re.compile("[\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")


def keeps_ruby(ruby: Element) -> bool:
    """Whether words under ruby are a part of the text by themselves; readings of East Asian ones say how they sound.

    Such a word may have left it empty.
    """
    said = "".join(ruby.itertext()).strip()
    return said != "" and not _EAST_ASIAN.search(said)


def _moved(paragraph: Element, word: str) -> bool:
    """Whether all of a paragraph was moved away: it is read as the one it became is, though such text is no text."""
    if paragraph.find(f"{{{word}}}moveFrom") is None:
        return False
    return not any(local_name(child) in _PAIRS | _THROUGH for child in paragraph)


def _leave(tokens: list[Token], path: tuple[Element, ...], before: int) -> None:
    """Close an element; one without any content is a mark, and one that says nothing a code that stands alone."""
    node = path[-1]
    name = local_name(node)
    pair = name in _PAIRS or name == "moveFrom" or (name == "ruby" and keeps_ruby(node))
    if name == "t" or (not pair and len(tokens) > before):
        return
    inside = tokens[before:]
    whole = Leaf(node, path[:-1])
    if not inside or (pair and all(token.kind is Kind.MARK for token in inside)):
        del tokens[before - pair :]
        tokens.append(Token(Kind.MARK, [whole]))
    elif pair and (_has_words(inside) and not _simple_and_fixed(node)):
        tokens.append(Token(Kind.CLOSE, [], f"</{node.prefix or 'w'}:{local_name(node)}>", wrapper=node))
    elif pair:
        del tokens[before - 1 :]
        tokens.append(Token(Kind.ALONE, [whole], raw_of(node), said=_shows(inside)))


def _has_words(tokens: Sequence[Token]) -> bool:
    """Whether there is something to translate, or what must be seen by what is around: breaks and signs of fields."""
    return any(
        token.kind in {Kind.BREAK, Kind.FIELD} or (token.kind is Kind.TEXT and LETTER.search(token.text))
        for token in tokens
    )


def _shows(tokens: Sequence[Token]) -> bool:
    return any((token.kind is Kind.TEXT and token.text.strip()) or token.said for token in tokens)


def _simple_and_fixed(node: Element) -> bool:
    return local_name(node) == "fldSimple" and _fixed(
        next((v for a, v in node.attrib.items() if a.endswith("instr")), "")
    )


@dataclass(slots=True)
class FieldState:
    """What is known of fields before a paragraph."""

    ended: frozenset[Element]
    """The beginnings of fields that end somewhere in the part."""
    open: list[bool] = field(default_factory=list)
    """Whether each field that is open shows its result already."""
    hidden: int = 0
    """How many of them do not."""

    def sign(self, token: Token) -> None:
        """Take in a sign of a field."""
        if token.raw == "begin" and token.leaves[0].node in self.ended:
            self.open.append(False)
            self.hidden += 1
        elif token.raw == "separate" and self.open:
            self.hidden -= not self.open[-1]
            self.open[-1] = True
        elif token.raw == "end" and self.open:
            self.hidden -= not self.open.pop()


def fields_that_end(part: Element, word: str) -> frozenset[Element]:
    """Return the beginnings of the fields of a part that end in the same story, in places that are read."""
    paragraph, sign = f"{{{word}}}p", f"{{{word}}}fldChar"
    found: list[Element] = []
    open_: dict[Element, list[Element]] = {}
    for node in part.iter(sign):
        parent = node.getparent()
        while parent is not None and local_name(parent) in _THROUGH | _PAIRS:
            parent = parent.getparent()
        if parent is None or parent.tag != paragraph:
            continue
        kind = _field_sign(node)
        own = open_.setdefault(story_of(parent), [])
        if kind == "begin":
            own.append(node)
        elif kind == "end" and own:
            found.append(own.pop())
    return frozenset(found)


_STORIES = frozenset({"txbxContent", "footnote", "endnote", "comment"})


def story_of(paragraph: Element) -> Element:
    """Return what a paragraph is the text of: a text box, a note, or the whole part."""
    node = paragraph
    while local_name(node) not in _STORIES:
        parent = node.getparent()
        if parent is None:
            return node
        node = parent
    return node


def _is_end_of_comment(token: Token) -> bool:
    return local_name(token.leaves[0].node) == "commentRangeEnd"


def _is_pointing(token: Token) -> bool:
    """Whether a comment is to be seen here; one that is about some words begins and ends at them."""
    return token.kind is Kind.MARK and local_name(token.leaves[0].node) == "commentReference"


def _id(token: Token) -> str:
    return next((value for name, value in token.leaves[0].node.attrib.items() if plain_name(name) == "id"), "")


def _mark_ranges(tokens: list[Token]) -> None:
    """Make codes of the ends of ranges that hold some of the words.

    They say what a comment is about, what others refer to, or what may be edited in a protected document.
    """
    if not any(token.kind is Kind.MARK for token in tokens):
        return
    worded = (token.kind is Kind.TEXT and bool(token.text.strip()) for token in tokens)
    words = list(itertools.accumulate(worded, initial=0))
    ranges = {_id(token) for token in tokens if token.kind is Kind.MARK and _is_end_of_comment(token)}
    begun: dict[str, int] = {}
    inside: list[str] = []  # ranges, and elements ("")
    for i, token in enumerate(tokens):
        if token.kind is Kind.OPEN:
            inside.append("")
        elif token.kind is Kind.CLOSE:
            while inside.pop():
                pass  # a range that goes on outside
        elif token.kind is Kind.MARK and local_name(token.leaves[0].node) == "del" and 0 < words[i] < words[-1]:
            token.kind, token.raw = Kind.ALONE, "<w:del/>"  # a person who reviews it looks for it between these words
        elif _is_pointing(token) and 0 < words[i] < words[-1] and _id(token) not in ranges:
            token.kind, token.raw = Kind.ALONE, "<w:commentReference/>"
        elif token.kind is Kind.MARK and (sign := _RANGE.fullmatch(local_name(node := token.leaves[0].node))):
            told = {plain_name(name): value for name, value in node.attrib.items()}
            key = f"{sign['what']} {told.get('id')}"
            if sign["end"] == "Start" and not told.get("name", "").startswith(_OWN_BOOKMARKS):
                begun[key] = i
                inside.append(key)
            elif sign["end"] == "End" and key in begun:
                start = begun.pop(key)
                kinds = (Kind.OPEN, Kind.CLOSE) if inside and inside[-1] == key else (Kind.ALONE, Kind.ALONE)
                if key in inside:
                    inside.remove(key)
                if 0 < words[i] - words[start] < words[-1]:
                    for at, kind in zip((start, i), kinds, strict=True):
                        tokens[at].kind, tokens[at].raw = kind, f"<w:{local_name(tokens[at].leaves[0].node)}/>"


def tokens_of(paragraph: Element, word: str, state: FieldState) -> list[Token]:
    """Return the tokens of a paragraph, in order: of its content, which is in the namespace `word`."""
    tokens = _flattened(paragraph, word)
    _mark_ranges(tokens)
    if not state.open and not any(token.kind is Kind.FIELD or token.kind is Kind.INSTRUCTION for token in tokens):
        return tokens
    return _Fields(tokens, state).joined()


class _Fields:
    """Makes codes of the signs of fields."""

    def __init__(self, tokens: list[Token], state: FieldState) -> None:
        self._tokens = tokens
        self._state = state
        self._spans = dict(self._complete())
        """Begin -> separator (or -1) and end, of the fields that are in this paragraph as a whole."""
        worded = (token.kind is Kind.TEXT and LETTER.search(token.text) is not None for token in tokens)
        self._words = list(itertools.accumulate(worded, initial=0))
        """How many texts with letters are before each token."""
        self._out: list[Token] = []

    def _complete(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """Yield the fields that begin and end here, between the same elements."""
        waiting: list[tuple[int, int, int]] = []  # where it begins, its separator (-2: elsewhere), and inside of what
        around = [0]
        for i, token in enumerate(self._tokens):
            if token.kind is Kind.OPEN:
                around.append(i)
            elif token.kind is Kind.CLOSE:
                around.pop()
            elif token.kind is Kind.FIELD and token.raw == "begin":
                waiting.append((i, -1, around[-1]))
            elif token.kind is Kind.FIELD and waiting:
                start, separator, inside = waiting.pop()
                if token.raw == "separate":
                    waiting.append((start, i if inside == around[-1] else -2, inside))
                elif separator != -2 and inside == around[-1]:
                    yield start, (separator, i)

    def joined(self) -> list[Token]:
        """Return the tokens with codes for fields."""
        ends: dict[int, str] = {}
        i = 0
        while i < len(self._tokens):
            token = self._tokens[i]
            if i in ends:
                self._out.append(Token(Kind.CLOSE, token.leaves, ends[i]))
            elif i in self._spans and not self._state.hidden:
                separator, end = self._spans[i]
                instruction = self._instruction(i, separator if separator >= 0 else end)
                raw = f"<w:fld {instruction}"
                has_words = separator >= 0 and self._words[separator] < self._words[end]
                if has_words and not _fixed(instruction):
                    self._out.append(Token(Kind.OPEN, _leaves(self._tokens[i : separator + 1]), f"{raw}>"))
                    ends[end] = "</w:fld>"
                    i = separator
                else:
                    leaves = _leaves(self._tokens[i : end + 1])
                    said = separator >= 0 and _shows(self._tokens[separator:end])
                    self._out.append(Token(Kind.ALONE, leaves, f"{raw}/>", said=said))
                    i = end
            else:
                self._part(token)
            i += 1
        return self._out

    def _instruction(self, start: int, end: int) -> str:
        parts = [token.raw for token in self._tokens[start:end] if token.kind is Kind.INSTRUCTION]
        return " ".join("".join(parts).split())

    def _part(self, token: Token) -> None:
        """Add a token that is no part of a field which is here as a whole."""
        hidden = self._state.hidden
        if token.kind is Kind.FIELD:
            self._state.sign(token)
            self._sign(token, new=not hidden)
        elif token.kind is Kind.INSTRUCTION:
            self._sign(token, new=False)
        elif hidden and token.kind not in {Kind.OPEN, Kind.CLOSE}:
            self._sign(Token(Kind.ALONE, token.leaves, ""), new=False)
        else:
            self._out.append(token)

    def _sign(self, token: Token, *, new: bool) -> None:
        """Add a sign as a code, or to the code before it: a beginning, its instruction and its separator are one."""
        last = self._out[-1] if self._out else None
        if not new and last is not None and last.kind is Kind.ALONE and last.raw.startswith("<w:fldChar"):
            last.leaves += token.leaves
        else:
            self._out.append(
                Token(Kind.ALONE, list(token.leaves), f"<w:fldChar {token.raw}/>" if new else "<w:fldChar/>")
            )


def _leaves(tokens: Sequence[Token]) -> list[Leaf]:
    return [leaf for token in tokens for leaf in token.leaves]
