"""Writes translations of inline Markdown, with the signs of the source in place of codes.

What is written is read again: the signs must be what they were, and the text what the translation says. Where text
would become markup, more of it is escaped, up to what CommonMark cannot misread.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import ChainMap, Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtreason.documents.coded import TAG
from mtreason.documents.markdown.blocks import Block, parser
from mtreason.documents.markdown.inline import (
    ALONE,
    BREAK,
    CLOSE,
    EMPHASIS,
    IMAGE,
    LINK,
    OPEN,
    SOFT,
    SPAN,
    TEXT,
    Sign,
    scan,
)
from mtreason.lines import LINE_END

SHOWN_SPAN = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
"""A code span as it stands in the text of a unit."""
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_ENTITY = re.compile(r"&(?=#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)")
_BACKSLASH = re.compile(r"\\(?=[" + re.escape(_PUNCTUATION) + r"]|$)")
_LINE_START = re.compile(r"([ \t]*)(\d{1,9}(?=[.)])|(?=[" + re.escape(_PUNCTUATION) + r"])(?![&\\]))")
_RISKY = re.compile(
    r"\\|[`$\[\]{}|^]|(?<!\s)\*|\*(?!\s)|(?<!\w)_(?!\s)|(?<!\s)_(?!\w)|(?<!\S)#(?=#*\s*\Z)"
    r"|<(?=[A-Za-z/!?>]|$)|&(?=[#\w])|~(?=~)|(?<=~)~|!(?=\[|$)|\A[(:]"
)
_ANY = re.compile(r"[" + re.escape("\\`$*_[]{}<>&~!|^:@#+=-()") + "]")
SEPARATOR = "&#8203;"
"""A space without width: between signs that would be read as one."""
WITHIN = "\u200b"
"""The same, inside of emphasis that could as well close as open: it is no punctuation, and its entity is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the text of a block stands in its file."""

    content: str
    """Of the file."""
    block: Block
    position: Callable[[int], int]
    """From a place in what was parsed to the place in the file."""
    jsx: bool
    references: dict[str, Any]
    """Link reference definitions of the file."""

    def file(self, at: int) -> int:
        """Return the place in the file of a character of the block."""
        part = self.block.parts[bisect_right(self.block.parts, at, key=lambda p: p.offset) - 1]
        return self.position(part.at + at - part.offset)

    def raw(self, start: int, end: int) -> str:
        """Return what stands in the file for a part of the block."""
        if end <= start:
            return ""
        # With a line break come the signs before the next line: those of quotes and the indentation of lists.
        last = self.file(end) if self.block.content[end - 1] == "\n" else self.file(end - 1) + 1
        return self.content[self.file(start) : last]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """How much is escaped."""

    start: bool
    """Signs at the beginning of a line."""
    escape: re.Pattern[str] | None = None
    """In text; None for backslashes and entities only."""
    firm: bool = False
    """Whether emphasis has stars, and characters beside them are written so that they do not undo it."""
    separated: bool = False
    """Whether signs beside one another are kept apart."""


_ATTEMPTS = (
    _Attempt(start=False),
    _Attempt(start=False, firm=True),
    _Attempt(start=True),
    _Attempt(start=True, escape=_RISKY),
    _Attempt(start=True, escape=_RISKY, firm=True),
    _Attempt(start=True, escape=_ANY),
    _Attempt(start=True, escape=_ANY, firm=True, separated=True),
)


@dataclass(slots=True)
class _Piece:
    """Text, or a sign, of what is written."""

    text: str = ""
    sign: Sign | None = None
    number: str = ""
    """Of the sign's tag."""

    def opens(self, *what: str) -> bool:
        """Whether it opens one of these."""
        return self.sign is not None and self.sign.kind == OPEN and self.sign.what in what


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes translations of one unit."""

    place: Place
    signs: Mapping[str, Sign]
    """By tags."""
    breaks: Sequence[Sign]
    spans: Sequence[Sign]
    """Code spans that are shown as they are."""
    habits: Mapping[str, str]
    """How the file writes some characters: `&nbsp;`, `\\*`."""

    @property
    def cell(self) -> bool:
        """Whether it is in a table, where bars end cells."""
        return self.place.block.kind == "cell"

    def written(self, text: str) -> str:
        """Return the Markdown that says a translation; the source where no Markdown can say it."""
        pieces = _moved(self._apart(list(self._pieces(text))))
        wanted = _signature(piece.sign or Sign(TEXT, -1, -1, piece.text) for piece in pieces)
        emphasis = any(piece.sign is not None and piece.sign.what == EMPHASIS for piece in pieces)
        for attempt in _ATTEMPTS if text.strip() else ():
            if attempt.firm and not emphasis and not attempt.separated:
                continue
            content, raw = self._composed(pieces, attempt)
            if self._says(content, wanted):
                return raw
        return self.place.raw(0, len(self.place.block.content))

    def _pieces(self, text: str) -> Iterator[_Piece]:
        """Yield the texts and signs of a translation: in turn, a text first and last."""
        spans = Counter(sign.raw for sign in self.spans)
        by_raw = {sign.raw: sign for sign in self.spans}
        breaks = iter(self.breaks)
        text = _with_blanks(text.replace("\x00", "\ufffd").strip(" \t"), by_raw)
        waiting = ""
        at = 0
        for found in _SIGN.finditer(text):
            sign: Sign | None = None
            if found[0].startswith("`"):
                if spans[found[0]]:
                    spans[found[0]] -= 1
                    sign = by_raw[found[0]]
            elif found[0].startswith("<"):
                sign = self.signs.get(found[0])
            else:
                sign = next(breaks, None)
            waiting += text[at : found.start()]
            at = found.end()
            if sign is None:
                waiting += found[0] if found[0].strip() else " "
                continue
            yield _Piece(waiting)
            waiting = ""
            yield _Piece(sign=sign, number=found[0].strip("</>"))
        yield _Piece(waiting + text[at:])

    def _apart(self, pieces: list[_Piece]) -> list[_Piece]:
        """End a link before another one begins, and an image before other signs: neither can hold such."""
        done: list[_Piece] = []
        open_: list[_Piece] = []
        ended: set[str] = set()
        for piece in pieces:
            sign = piece.sign
            if sign is None:
                done.append(piece)
                continue
            if sign.kind == CLOSE:
                if piece.number in ended:
                    continue
                open_ = [other for other in open_ if other.number != piece.number]
            else:
                last = open_[-1] if open_ else None
                if last is not None and (last.opens(IMAGE) or (last.opens(LINK) and piece.opens(LINK))):
                    closing = self.signs.get(f"</{last.number}>")
                    if closing is not None and closing is not sign:
                        ended.add(last.number)
                        done += [_Piece(sign=closing, number=last.number), _Piece()]
                        open_.pop()
                if sign.kind == OPEN:
                    open_.append(piece)
            done.append(piece)
        return done

    def _composed(self, pieces: Sequence[_Piece], attempt: _Attempt) -> tuple[str, str]:
        """Return a translation as the parser is to see it, and as it stands in the file."""
        content: list[str] = []
        signs: dict[int, str] = {}
        fresh = True
        last = len(pieces) - 1
        for i, piece in enumerate(pieces):
            if piece.sign is None:
                text = self._escaped(piece.text, attempt)
                if fresh and attempt.start:
                    text = _LINE_START.sub(r"\1\2\\", text, count=1) if _LINE_START.match(text) else text
                if attempt.separated and fresh and not text.strip() and (i == last or _breaks(pieces[i + 1])):
                    text = SEPARATOR  # a line without words would be no line
                if self.cell and i == last and text.endswith("\\"):
                    text = f"{text[:-2]}&#92;"  # it would escape the bar
                content.append(text)
                fresh = fresh and not text
                continue
            own, raw = self._sign(piece.sign, pieces, i, attempt)
            content.append(own)
            signs[i] = raw
            fresh = piece.sign.kind == BREAK
        if attempt.firm:
            _made_firm(content, pieces, always=attempt.separated)
        raws = [signs[i] if i in signs else self._barred(text) for i, text in enumerate(content)]
        return "".join(content), "".join(raws)

    def _barred(self, text: str) -> str:
        return text.replace("|", "\\|") if self.cell else text

    def _sign(self, sign: Sign, pieces: Sequence[_Piece], at: int, attempt: _Attempt) -> tuple[str, str]:
        """Return a sign as the parser is to see it, and as it stands in the file."""
        own = self.place.block.content[sign.start : sign.end]
        raw = self.place.raw(sign.start, sign.end)
        if sign.what == EMPHASIS and attempt.firm:
            own = raw = sign.raw
        elif sign.short and _label(pieces, at) != sign.raw[2:-1]:
            own, raw = sign.raw, self._barred(sign.raw)
        following = pieces[at + 2].sign if at + 2 < len(pieces) and not pieces[at + 1].text else None
        if attempt.separated and sign.what == EMPHASIS:
            own = raw = own + WITHIN if sign.kind == OPEN else WITHIN + own
        if attempt.separated and following is not None and _alike(sign, following):
            own, raw = own + SEPARATOR, raw + SEPARATOR
        return own, raw

    def _escaped(self, text: str, attempt: _Attempt) -> str:
        """Return text as Markdown, in the way of its file where that has one."""

        def one(found: re.Match[str]) -> str:
            if self.place.block.kind == "title" and found[0] in '"[]':
                return f"&#{ord(found[0])};"
            return self.habits.get(found[0]) or ("&amp;" if found[0] == "&" else f"\\{found[0]}")

        patterns = [attempt.escape.pattern if attempt.escape else f"{_BACKSLASH.pattern}|{_ENTITY.pattern}"]
        if self.place.jsx:
            patterns.append(r"[{}<]")
        if self.habits:
            patterns.append("[" + re.escape("".join(self.habits)) + "]")
        if self.place.block.kind == "title":
            # What can end a title cannot be escaped by a backslash in every extension.
            patterns.insert(0, r"[\"\[\]]")
        return re.sub("|".join(patterns), one, text)

    def _says(self, content: str, wanted: list[tuple[str, str]]) -> bool:
        """Whether Markdown says what it should."""
        md = parser(jsx=self.place.jsx)
        env: dict[str, Any] = {"references": ChainMap({}, self.place.references)}
        kind = "paragraph" if self.place.block.bare else self.place.block.kind
        if kind in {"paragraph", "heading"}:
            tokens = md.parse(f"# {content}" if kind == "heading" else content, env)
            if [token.type for token in tokens] != [f"{kind}_open", "inline", f"{kind}_close"]:
                return False
            if tokens[1].meta["block"].content != content:
                return False
        if self.cell and content.endswith("\\"):
            return False
        if self.place.block.after_reference and content[:1] in {'"', "'", "("}:
            return False
        return _signature(scan(md, content, env)) == wanted


_SIGN = re.compile(rf"{TAG.pattern}|{SHOWN_SPAN.pattern}|[ \t]*(?:{LINE_END.pattern})[ \t]*")


def _with_blanks(text: str, spans: Iterable[str]) -> str:
    """Put blanks between spans of code that touch: their marks would be read as one."""
    one = "|".join(map(re.escape, sorted(spans)))
    if not one or "``" not in text:
        return text
    return re.sub(f"(?<!`)(?:{one}){{2,}}(?!`)", lambda found: " ".join(re.findall(one, found[0])), text)


def _moved(pieces: list[_Piece]) -> list[_Piece]:
    """Move blanks at the ends of emphasis out of it, as it would be none with them, and drop those at ends of lines."""
    order = [*reversed(range(1, len(pieces) - 1)), *range(1, len(pieces) - 1)]
    for turn, i in enumerate(order):
        sign = pieces[i].sign
        if sign is None or sign.what != EMPHASIS:
            continue
        before, after = pieces[i - 1], pieces[i + 1]
        if sign.kind == OPEN and turn < len(order) // 2:
            own = after.text.lstrip(" \t")
            before.text += after.text[: len(after.text) - len(own)]
            after.text = own
        elif sign.kind == CLOSE and turn >= len(order) // 2:
            own = before.text.rstrip(" \t")
            after.text = before.text[len(own) :] + after.text
            before.text = own
    for i in range(0, len(pieces), 2):
        if i == 0 or _breaks(pieces[i - 1]):
            pieces[i].text = pieces[i].text.lstrip(" \t")
        if i == len(pieces) - 1 or _breaks(pieces[i + 1]):
            pieces[i].text = pieces[i].text.rstrip(" \t")
    return pieces


def _breaks(piece: _Piece) -> bool:
    return piece.sign is not None and piece.sign.kind == BREAK


def _label(pieces: Sequence[_Piece], at: int) -> str:
    """Return what stands in a link that ends at a place."""
    inner: list[str] = []
    for piece in reversed(pieces[:at]):
        if piece.number == pieces[at].number and piece.sign is not None and piece.sign.kind == OPEN:
            break
        inner.append(piece.sign.raw if piece.sign else piece.text)
    return "".join(reversed(inner))


def _alike(one: Sign, other: Sign) -> bool:
    """Whether two signs beside one another would be read as one."""
    return (one.what == EMPHASIS and other.what == EMPHASIS) or (one.kind == SPAN and other.kind == SPAN)


def _made_firm(content: list[str], pieces: Sequence[_Piece], *, always: bool) -> None:
    """Write characters beside stars as entities where they would keep the stars from being emphasis.

    CommonMark 0.31.2, 6.2: a star opens before what is no blank, and before punctuation only after punctuation or a
    blank; it closes the other way round.
    """
    for i, piece in enumerate(pieces):
        if piece.sign is None or piece.sign.what != EMPHASIS:
            continue
        left, right = _beside(content, pieces, i, -1), _beside(content, pieces, i, 1)
        inner, outer = (right, left) if piece.sign.kind == OPEN else (left, right)
        if inner is not None and pieces[inner[0]].sign is None and _kind(content, inner) == " ":
            _encode(content, inner)
        firm = not always and _kind(content, inner) != "."
        if outer is not None and pieces[outer[0]].sign is None and _kind(content, outer) == "a" and not firm:
            _encode(content, outer)


def _beside(content: Sequence[str], pieces: Sequence[_Piece], at: int, step: int) -> tuple[int, int] | None:
    """Return which character is beside a run of stars: the index of its piece, and 0 or -1; None at the end."""
    edge = 0 if step > 0 else -1
    own = content[at]
    stars = [i for i, char in enumerate(own) if char in "*~_"]
    if step > 0 and stars[-1] + 1 < len(own):
        return at, stars[-1] + 1 - len(own)
    if step < 0 and stars[0] > 0:
        return at, stars[0] - 1
    at += step
    while 0 <= at < len(pieces):
        sign = pieces[at].sign
        if content[at] and not (sign is not None and sign.what == EMPHASIS and not content[at].strip("*~_")):
            return at, edge
        at += step
    return None


def _kind(content: Sequence[str], place: tuple[int, int] | None) -> str:
    """Return the kind of a character: " " a blank, "." punctuation, "a" any other."""
    char = content[place[0]][place[1]] if place else " "
    if char.isspace():
        return " "
    return "." if unicodedata.category(char)[0] in "PS" else "a"


def _encode(content: list[str], place: tuple[int, int]) -> None:
    """Write a character as an entity."""
    text = content[place[0]]
    char = f"&#{ord(text[place[1]])};"
    content[place[0]] = char + text[1:] if place[1] == 0 else text[:-1] + char


_WORDLESS = re.compile(r"(!\[)(\s*)(\].*)", re.DOTALL)
"""An image without a text."""


def _signature(signs: Iterable[Sign]) -> list[tuple[str, str]]:
    """Return what can be compared: texts, and signs as they are written."""
    found: list[tuple[str, str]] = []
    for sign in signs:
        if sign.kind not in {TEXT, SOFT}:
            if sign.kind == BREAK:
                found.append((BREAK, ""))
            elif sign.what == IMAGE and (wordless := _WORDLESS.match(sign.raw)):
                found += [(ALONE, wordless[1]), (TEXT, wordless[2]), (ALONE, wordless[3])]
            else:
                found.append((sign.kind if sign.what == EMPHASIS else ALONE, sign.raw))
            continue
        text = " " if sign.kind == SOFT else sign.raw.replace("\u200b", "")
        if found and found[-1][0] == TEXT:
            text = found.pop()[1] + text
        if text:
            found.append((TEXT, text))
    return _trimmed(found)


def _trimmed(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return parts without blanks at the ends of lines."""
    done: list[tuple[str, str]] = []
    for i, (kind, own) in enumerate(found):
        text = own
        if kind == TEXT:
            text = text.lstrip(" \t") if i == 0 or found[i - 1][0] == BREAK else text
            text = text.rstrip(" \t") if i == len(found) - 1 or found[i + 1][0] == BREAK else text
        if kind != TEXT or text:
            done.append((kind, text))
    return done
