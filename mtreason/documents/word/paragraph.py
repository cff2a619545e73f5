"""A paragraph of a Word document as a text with codes, and a translation put back into its runs.

Runs that look the same are one text. Where the look changes, a pair of codes stands; what most of the paragraph looks
like needs none. If a translation has its codes in the order of the source, only text changes, each run of it in the
place of the old one; otherwise the paragraph is put together anew from its own nodes.
"""

from __future__ import annotations

import copy
import functools
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mtreason.documents.coded import MOST_CODES, TAG, Coded, Coder
from mtreason.documents.word.elements import Element, Look, in_drawings, is_stretched, local_name, namespace
from mtreason.documents.word.tokens import HEADS, LETTER, SPACE, Kind, Leaf, Token
from mtreason.errors import DocumentError
from mtreason.files import xml_text
from mtreason.languages import Language

MOST_NESTED = 200
"""A file with codes deeper in one another is refused: what is around a code is looked at for each."""

_CUT = re.compile(f"{TAG.pattern}|\r\n|\r|\n")
_SEEN_IN_BLANKS = re.compile(r"(?:u|strike|dstrike|highlight|shd|bdr|em|effect)\b")
"""What makes a blank look different from other blanks."""


@dataclass(eq=False, slots=True)
class _Context:
    """What is around a text: the paragraph itself, a link or the like, or another look."""

    look: Look
    run: Element | None = None
    """A run that looks like it."""
    chain: tuple[Element, ...] = ()
    """The elements that it adds around its runs."""


@dataclass(eq=False, slots=True)
class _Item:
    """A code or a line break, and what follows it up to the next."""

    key: str
    """The tag, or a line break; "" for what comes first."""
    kind: Kind
    stack: tuple[_Context, ...]
    """What is around the text after it."""
    leaves: list[Leaf] = field(default_factory=list)
    """The code itself."""
    after: list[Leaf] = field(default_factory=list)
    """Texts and marks."""
    text: str = ""
    """What the texts say together."""


class Paragraph:
    """A paragraph with something to translate."""

    def __init__(self, element: Element, tokens: Sequence[Token], where: str) -> None:
        """Raise `DocumentError`, beginning with `where`, for more codes than tags have numbers."""
        self.element = element
        self._where = where
        self._coder = Coder()
        self._codes = 0
        self._items = [_Item("", Kind.MARK, ())]
        self._add(tokens)
        self.coded: Coded = self._coder.coded()
        self._literals = self._named()

    # Reading

    def _add(self, tokens: Sequence[Token]) -> None:
        bases = _bases(tokens)
        self._stack: list[_Context] = [next(bases)]
        self._items[0].stack = tuple(self._stack)
        numbers: list[int] = []
        self._open = 0  # the number of the code of the look that is open
        self._waiting: list[Token] = []
        for token in tokens:
            if token.kind is Kind.OPEN:
                self._close_look()
                numbers.append(self._code(token, context=next(bases)))
            elif token.kind is Kind.CLOSE:
                self._close_look()
                self._code(token, closes=numbers.pop())
            elif token.kind is Kind.TEXT:
                self._text(token)
            elif self._open:
                self._waiting.append(token)
            else:
                self._plain(token)
        self._close_look()
        self._end_of_text()

    def _text(self, token: Token) -> None:
        leaf = token.leaves[0]
        if _is_blank(leaf):
            if self._open:
                self._waiting.append(token)
            else:
                self._plain(token)
            return
        if self._open and leaf.look != self._stack[-1].look:
            self._close_look()
        if self._open:
            self._flush()
        elif leaf.look != self._stack[-1].look:
            opening = Token(Kind.OPEN, [], f"<w:rPr>{''.join(f'<w:{name}/>' for name in leaf.look)}")
            self._open = self._code(opening, context=_Context(leaf.look, leaf.run))
        self._plain(token)

    def _close_look(self) -> None:
        """Close the code of a look after the last text that has it."""
        if self._open:
            self._code(Token(Kind.CLOSE, [], "</w:rPr>"), closes=self._open)
            self._open = 0
            self._flush()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for token in waiting:
            self._plain(token)

    def _plain(self, token: Token) -> None:
        if token.kind is Kind.TEXT or token.kind is Kind.MARK:
            self._items[-1].after += token.leaves
        else:
            self._code(token)

    def _code(self, token: Token, context: _Context | None = None, closes: int = 0) -> int:
        """Add a code or line break; returns the number of one that opens."""
        self._end_of_text()
        number = 0
        if token.kind is Kind.OPEN:
            number = self._coder.open(token.raw)
            self._stack += [context] if context is not None else []
            if len(self._stack) > MOST_NESTED:
                raise DocumentError(f"{self._where}: codes nested deeper than {MOST_NESTED} levels")
        elif token.kind is Kind.CLOSE:
            self._coder.close(closes, token.raw)
            self._stack.pop()
        elif token.kind is Kind.BREAK:
            self._coder.text("\n")
        else:
            self._coder.alone(token.raw, said=token.said)
        key = "\n" if token.kind is Kind.BREAK else ""  # the tags are known once all is there
        self._items.append(_Item(key, token.kind, tuple(self._stack), list(token.leaves)))
        return number

    def _end_of_text(self) -> None:
        item = self._items[-1]
        item.text = "".join(leaf.text for leaf in item.after if leaf.text)
        self._coder.text(item.text)
        self._codes += 1 + (len(TAG.findall(item.text)) if "<" in item.text else 0)
        if self._codes > MOST_CODES:
            raise DocumentError(f"{self._where}: a paragraph with more than {MOST_CODES:,} codes: cut it into parts")

    def _named(self) -> dict[str, str]:
        """Give the codes their tags; returns the tags of what the file has as text, with that text."""
        literals: dict[str, str] = {}
        if not self.coded.codes:
            return literals
        found = TAG.finditer(self.coded.text)
        for item in self._items:
            if item.key == "" and item.kind is not Kind.MARK:
                item.key = next(found)[0]
            for _ in TAG.finditer(item.text) if "<" in item.text else ():
                tag = next(found)[0]
                literals[tag] = self.coded.codes[tag].raw
        return literals

    @property
    def look(self) -> Look:
        """What most of the text looks like."""
        return self._items[0].stack[0].look

    # Writing

    def write(self, text: str, target: Language | None = None) -> None:
        """Put a translation in the place of the text; whatever codes it lacks come after it."""
        given = self._cut(text)
        kept = [key for key, _ in given] == [item.key for item in self._items]
        places = [self._place(item, said, item.stack) for item, (_, said) in zip(self._items, given, strict=False)]
        if kept and all(place is not None for place in places):
            for item, (_, said), place in zip(self._items, given, places, strict=True):
                if said != item.text and place is not None:
                    _fill(item, place, said, target)
        else:
            self._rebuild(given, target)

    def _cut(self, text: str) -> list[tuple[str, str]]:
        """Return the codes and line breaks of a translation, each with the text after it."""
        own = {item.key for item in self._items}
        parts: list[tuple[str, list[str]]] = [("", [])]
        at = 0
        for found in _CUT.finditer(text):
            key = found[0] if found[0][0] == "<" else "\n"
            parts[-1][1].append(text[at : found.start()])
            at = found.end()
            if key == "\n" or key in own:
                own.discard(key if key != "\n" else "")  # A code that is there twice is text the second time.
                parts.append((key, []))
            else:
                parts[-1][1].append(self._literals.get(key, key))
        parts[-1][1].append(text[at:])
        return [(key, xml_text("".join(said))) for key, said in parts]

    def _place(self, item: _Item, said: str, stack: Sequence[_Context]) -> int | None:
        """Return which of the leaves after a code takes the text; -1 where none has to, None where none can."""
        if said == item.text and list(item.stack) == list(stack):
            return -1
        several = len(item.after) > 1
        fitting = [
            (not _under_ruby(leaf), not (several and is_stretched(leaf.run)), len(leaf.text), -i)
            for i, leaf in enumerate(item.after)
            if leaf.text is not None and (leaf.look == stack[-1].look or not said.strip())
        ]
        if fitting and list(item.stack) == list(stack):
            return -max(fitting)[3]
        return None if said else -1

    def _rebuild(self, given: Sequence[tuple[str, str]], target: Language | None) -> None:
        """Put the paragraph together anew, in the order of the codes of a translation."""
        builder = _Builder(self.element, self._items[0].stack[0])
        left: dict[str, deque[_Item]] = {}
        for item in self._items:
            left.setdefault(item.key, deque()).append(item)
        for key, said in given:
            found = left[key].popleft() if left.get(key) else None
            if found is None:  # one line more than there were
                found = _Item("\n", Kind.BREAK, (), [builder.line_break()])
            builder.enter(found)
            place = self._place(found, said, builder.stack)
            if place is None:
                builder.text(said, target)
                _fill(found, -1, "", target)
            elif said != found.text or list(found.stack) != builder.stack:
                _fill(found, place, said, target)
            builder.leaves(found.after, found.stack)
        for found in (item for items in left.values() for item in items):
            _fill(found, -1, "", target)
            builder.leaves(found.leaves, found.stack)
            builder.leaves(found.after, found.stack)
        builder.build()


class _Builder:
    """Puts nodes of a paragraph into a new order, with the elements that have to be around them."""

    def __init__(self, paragraph: Element, base: _Context) -> None:
        self._paragraph = paragraph
        self.stack = [base]
        self._numbers: list[str] = [""]
        self._nodes: list[tuple[tuple[Element, ...], Element]] = []

    def enter(self, item: _Item) -> None:
        """Add a code."""
        number = item.key.strip("</>")
        if item.kind is Kind.OPEN:
            self.stack.append(item.stack[-1])
            self._numbers.append(number)
        self.leaves(item.leaves, item.stack)
        if item.kind is Kind.CLOSE and number in self._numbers:
            at = self._numbers.index(number)
            del self.stack[at:], self._numbers[at:]

    def leaves(self, leaves: Sequence[Leaf], stack: Sequence[_Context]) -> None:
        """Add nodes that were in a context; elsewhere they keep their run, but not what was around it."""
        around = self._around
        same = around == tuple(element for context in stack for element in context.chain)
        for leaf in leaves:
            run = leaf.run
            path = leaf.path if same else around if run is None else (*around, run)
            self._nodes.append((path, leaf.node))

    @property
    def _around(self) -> tuple[Element, ...]:
        return tuple(element for context in self.stack for element in context.chain)

    def text(self, said: str, target: Language | None) -> None:
        """Add a new text that looks as its context does."""
        leaf = Leaf(self._new("t"), (self._run,))
        _say(leaf, said, target)
        self._nodes.append(((*self._around, *leaf.path), leaf.node))

    def line_break(self) -> Leaf:
        """Return a line break that no place of the paragraph has."""
        return Leaf(self._new("br"), () if in_drawings(namespace(self._paragraph)) else (self._run,))

    @property
    def _run(self) -> Element:
        """A run that looks as the context does."""
        found = next((c.run for c in reversed(self.stack) if c.run is not None), None)
        return self._new("r") if found is None else found

    def _new(self, name: str) -> Element:
        return self._paragraph.makeelement(f"{self._paragraph.tag.removesuffix('p')}{name}")

    def build(self) -> None:
        """Write the paragraph."""
        self._nodes.sort(key=lambda own: local_name(own[1]) == "endParaRPr")  # which must be the last
        for child in list(self._paragraph):
            if local_name(child) != "pPr":
                self._paragraph.remove(child)
        open_: list[tuple[Element, Element]] = []
        for path, node in self._nodes:
            same = 0
            while same < min(len(open_), len(path)) and open_[same][0] is path[same]:
                same += 1
            del open_[same:]
            for element in path[same:]:
                parent = open_[-1][1] if open_ else self._paragraph
                open_.append((element, _shell(element)))
                parent.append(open_[-1][1])
            (open_[-1][1] if open_ else self._paragraph).append(node)


def _shell(element: Element) -> Element:
    """Return an element without its content."""
    new = element.makeelement(element.tag, dict(element.attrib), element.nsmap)
    for child in element:
        if local_name(child) in HEADS:
            new.append(copy.deepcopy(child))
    return new


def _fill(item: _Item, place: int, text: str, target: Language | None) -> None:
    """Write a text into one of the leaves after a code, and empty the others."""
    for i, leaf in enumerate(item.after):
        if leaf.text is not None:
            _say(leaf, text if i == place else "", target)


def _say(leaf: Leaf, text: str, target: Language | None) -> None:
    for child in list(leaf.node):
        if not local_name(child):
            leaf.node.remove(child)
    leaf.node.text = text or None
    if (text != text.strip() or "  " in text) and not in_drawings(namespace(leaf.node)):
        leaf.node.set(SPACE, "preserve")
    for element in leaf.path:
        if local_name(element) == "ruby":
            _drop_reading(element)
    run = leaf.run
    if target is not None and text.strip() and run is not None:
        for child in run:
            if local_name(child) == "rPr":
                set_language(child, target)


def _under_ruby(leaf: Leaf) -> bool:
    """Whether a text stands under ruby, where Word breaks no line."""
    return any(local_name(element) == "ruby" for element in leaf.path)


def _drop_reading(ruby: Element) -> None:
    """Empty the reading of a word that is another one now."""
    for reading in (child for child in ruby if local_name(child) == "rt"):
        for node in reading.iter():
            if local_name(node) == "t":
                node.text = ""


_EAST_ASIAN = frozenset({"zh", "ja", "ko"})
_OTHER_SCRIPTS = frozenset({"ar", "dv", "fa", "he", "hi", "ps", "sd", "th", "ug", "ur", "yi"})
"""Languages that Word has attributes of their own for."""


def set_language(element: Element, target: Language) -> None:
    """Set the language in the properties of a run, where they name one for that script."""
    primary = target.primary
    kind = "eastAsia" if primary in _EAST_ASIAN else "bidi" if primary in _OTHER_SCRIPTS else "val"
    if "lang" in element.attrib:  # in drawings
        element.set("lang", _name_for_word(target.tag))
    for node in element:
        if local_name(node) == "lang" and f"{{{namespace(node)}}}{kind}" in node.attrib:
            node.set(f"{{{namespace(node)}}}{kind}", _name_for_word(target.tag))


@functools.cache
def _name_for_word(tag: str) -> str:
    """Return the tag of a language as Word writes it, with a country."""
    import langcodes

    full = langcodes.Language.get(tag).maximize()
    script = full.script if full.language != "zh" and full.script and f"-{full.script}" in tag else None
    return "-".join(filter(None, (full.language, script, full.territory)))


def _is_blank(leaf: Leaf) -> bool:
    """Whether a text is blank, and looks like any other blank."""
    return not (leaf.text and leaf.text.strip()) and not any(map(_SEEN_IN_BLANKS.match, leaf.look))


def _bases(tokens: Sequence[Token]) -> Iterator[_Context]:
    """Yield what needs no code in the paragraph itself, and in each element in it, in the order in which they begin."""
    if len(tokens) == 1 and tokens[0].kind is Kind.TEXT:
        yield _Context(tokens[0].leaves[0].look, tokens[0].leaves[0].run)
        return
    counts: list[Counter[Look]] = [Counter()]
    runs: list[dict[Look, Element | None]] = [{}]
    wrappers: list[Element | None] = [None]
    stack = [0]
    for token in tokens:
        if token.kind is Kind.OPEN:
            stack.append(len(counts))
            counts.append(Counter())
            runs.append({})
            wrappers.append(token.wrapper)
        elif token.kind is Kind.CLOSE:
            stack.pop()
        elif token.kind is Kind.TEXT and not _is_blank(token.leaves[0]):
            leaf = token.leaves[0]
            counts[stack[-1]][leaf.look] += len(LETTER.findall(token.text))
            if leaf.look not in runs[stack[-1]]:
                runs[stack[-1]][leaf.look] = leaf.run
    for count, own, wrapper in zip(counts, runs, wrappers, strict=True):
        look = _base(count)
        yield _Context(look, own.get(look), _chain(wrapper))


_EMPHASIS = re.compile(
    r"(?:bdr|b|caps|color|dstrike|effect|em|emboss|highlight|imprint|i|outline|position|rStyle|shadow|shd|smallCaps"
    r'|strike|u|vanish|vertAlign)(?![A-Za-z])(?!.*val="(?:0|false|none|auto)"$)'
)


def _base(letters: Counter[Look]) -> Look:
    """Return the plainest look, which is the same in a translation; another one if nearly all of the text has that.

    So a document and its translation have the same codes, whichever half of a paragraph is longer in which language.
    """
    if not letters:
        return ()
    if len(letters) == 1:
        return next(iter(letters))
    plainest = min(letters, key=lambda look: (_emphasis(look), -letters[look]))
    most = max(letters, key=letters.__getitem__)
    return most if 4 * letters[most] > 3 * letters.total() else plainest


@functools.lru_cache(1000)
def _emphasis(look: Look) -> int:
    """Return how many properties of a look make words stand out."""
    return sum(_EMPHASIS.match(name) is not None for name in look)


def _chain(wrapper: Element | None) -> tuple[Element, ...]:
    if wrapper is None:
        return ()
    inner = (child for child in wrapper if local_name(child) in {"sdtContent", "rubyBase"})
    return (*((wrapper.getparent(),) if local_name(wrapper) == "ruby" else ()), wrapper, *inner)
