"""The text of a caption: its markup as codes, each speaker on a line, and lines of readable length again.

Where a caption breaks its lines is only wrapping, and joined for translation, except where another speaker begins.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby, pairwise

from mtreason.documents.coded import Coded, Coder

WIDTH = 42
"""Columns of a line, by the rules of subtitlers; wide characters take two."""
WIDEST = 2 * WIDTH
"""A source with longer lines than `WIDTH` may have them in the translation as well, up to this."""
_BLANKS = " \t"
_LONG = 2000
"""A caption with more characters is wrapped at the first place that fits: balanced lines would cost too much."""

TEXT, CODE, BREAK = "text", "code", "break"
BIDI = "[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]+"
"""Marks of the direction of writing."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a caption: text as people read it, markup, or a line break."""

    kind: str
    raw: str
    text: str = ""


Cut = Callable[[str], Iterator[Part]]
"""Cuts a caption as its file has it into parts that join to it."""
Pairs = Callable[[str], tuple[str, bool] | None]
"""Returns for a code what it opens or closes, and whether it opens; None for one that stands alone."""

_DASH = r"[-‐‑–—―－]"
_LABEL = re.compile(r"[^\W\d_][\w.'’&#-]{0,24}(?: [\w.'’&#-]{1,20}){0,2}\s?(?:[:：](?=\s|$)|：)")
_TURN = re.compile(rf"{_DASH}\s*(?!{_DASH})[^\d\s>]|[♪♫♬]|>>")
"""What begins a line that is not the continuation of the one before: a dialogue dash, >>, a sign of music."""
_VOICE = re.compile(r"<v[ .\t\n>]|\{[^}]*\\(?:fs\d|fn|r[\\}])")


def coded_caption(parts: Sequence[Part], pairs: Pairs, escape: Callable[[str], str]) -> Coded:
    r"""Return the text of a caption with "\n" where a speaker or a paragraph begins, and other lines joined."""
    lines = [_merged(line) for line in _lines(parts)]
    partner = _partners([part.raw for line in lines for part in line if part.kind == CODE], pairs)
    plain = ["".join(part.text for part in line if part.kind == TEXT).strip() for line in lines]
    blank = [all(part.kind == TEXT and not part.raw.strip() for part in line) for line in lines]
    labelled = sum(_LABEL.match(text) is not None for text in plain) > 1
    coder = Coder()
    numbers: dict[int, int] = {}
    at = 0
    for i, line in enumerate(lines):
        own = i == 0 or blank[i] or blank[i - 1] or _turns(line, plain[i], labelled=labelled)
        if i:
            coder.text("\n" if own else " ")
        for place, part in enumerate(line):
            if part.kind == TEXT:
                text = part.text if own or place else part.text.lstrip(_BLANKS)
                coder.text(text if place < len(line) - 1 or i == len(lines) - 1 else text.rstrip(_BLANKS), escape)
                continue
            if at not in partner:
                coder.alone(part.raw)
            elif partner[at] > at:
                numbers[at] = coder.open(part.raw)
            else:
                coder.close(numbers[partner[at]], part.raw)
            at += 1
    return coder.coded()


def _lines(parts: Sequence[Part]) -> list[list[Part]]:
    lines: list[list[Part]] = [[]]
    for part in parts:
        if part.kind == BREAK:
            lines.append([])
        else:
            lines[-1].append(part)
    return lines


def _merged(line: Sequence[Part]) -> list[Part]:
    """Return a line in which text is not divided by the ways to write it."""
    found: list[Part] = []
    for is_text, group in groupby(line, lambda part: part.kind == TEXT):
        own = list(group)
        found += [Part(TEXT, "".join(p.raw for p in own), "".join(p.text for p in own))] if is_text else own
    return found


def _turns(line: Sequence[Part], plain: str, *, labelled: bool) -> bool:
    """Whether a line begins what somebody else says, or text in another font or size."""
    first = next((part for part in line if part.kind == CODE or part.text.strip()), None)
    if first is not None and first.kind == CODE and _VOICE.match(first.raw):
        return True
    return _TURN.match(plain) is not None or (labelled and _LABEL.match(plain) is not None)


def _partners(codes: Sequence[str], pairs: Pairs) -> dict[int, int]:
    """Return for each code that opens or closes the index of the one that belongs to it; pairs do not cross."""
    partner: dict[int, int] = {}
    open_: list[tuple[str, int]] = []
    places: defaultdict[str, list[int]] = defaultdict(list)
    for i, raw in enumerate(codes):
        found = pairs(raw)
        if found is None:
            continue
        name, opens = found
        if opens:
            places[name].append(len(open_))
            open_.append((name, i))
        elif places[name]:
            at = places[name][-1]
            partner[open_[at][1]], partner[i] = i, open_[at][1]
            while len(open_) > at:
                # What was opened after it and never closed stands alone.
                places[open_.pop()[0]].pop()
    return partner


def longest(parts: Sequence[Part]) -> int:
    """Return how many columns the lines of a translation may have, given the caption in the source."""
    widths = [sum(width(part.text) for part in line if part.kind == TEXT) for line in _lines(parts)]
    return min(max(WIDTH, *widths), WIDEST)


def width(text: str) -> int:
    """Return the columns of a text: wide characters take two, combining marks and other invisible ones none."""
    return sum(map(_columns, text))


@lru_cache(maxsize=4096)
def _columns(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf", "Cc"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def laid_out(parts: Sequence[Part], most: int) -> Iterator[str]:
    """Yield the lines of a translated caption as its file has them; a line of the unit begins a new one."""
    for line in _lines(parts):
        yield from wrapped(line, most)


def wrapped(parts: Sequence[Part], most: int = WIDTH) -> list[str]:
    """Wrap text into as few lines as its width needs, of about equal length; never inside a code."""
    cells = [cell for part in parts for cell in _cells(part)]
    if sum(columns for _, columns, _ in cells) <= most:
        return ["".join(raw for raw, _, _ in cells).rstrip(" ")]
    starts = [0, *_breaks(cells), len(cells)]
    ends = _ends(cells)
    before = [0, *_sums(cells)]

    def size(i: int, j: int) -> int:
        return max(ends[starts[j]] - before[starts[i]], 0)

    chosen = _greedy(len(starts), size, most)
    if len(chosen) > 2 and len(cells) <= _LONG:
        chosen = _balanced(starts, size, most, ends[-1] / (len(chosen) - 1), cells)
    lines = []
    for i, j in pairwise(chosen):
        line = "".join(raw for raw, _, _ in cells[starts[i] : starts[j]]).rstrip(" ")
        lines.append(line.lstrip(" ") if i else line)
    return lines


Cell = tuple[str, int, str]
"""A character, or a whole code: as the file has it, its columns, and as people read it."""


def _cells(part: Part) -> Iterator[Cell]:
    if part.kind == CODE:
        yield part.raw, width(part.text), ""
    elif part.raw == part.text:
        yield from ((char, _columns(char), char) for char in part.text)
    else:
        yield part.raw, width(part.text), part.text


def _sums(cells: Sequence[Cell]) -> Iterator[int]:
    total = 0
    for _, columns, _ in cells:
        total += columns
        yield total


def _ends(cells: Sequence[Cell]) -> list[int]:
    """Return for each place how many columns are before it, without the blanks right before it."""
    found = [0]
    total = 0
    for _, columns, text in cells:
        total += columns
        found.append(found[-1] if text == " " or not columns else total)
    return found


_NOT_FIRST = frozenset(
    "、。，．,.：；:;？！?!）)」』】》〉〕］｝}]…‥—–-～〜ー々ゝゞヽヾ・·\u3000％%℃°”’»"
    "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
)
_NOT_LAST = frozenset("（(「『【《〈〔［｛[{“‘«$¥￥£#＃")
_PAUSE = frozenset("、。，．,.：；:;？！?!）)」』】》〉…”’»")


def _ideographic(char: str) -> bool:
    """Whether a line may be broken beside a character: in Chinese and Japanese, which have no spaces."""
    return "\u2e80" <= char <= "\ua4cf" or "\uf900" <= char <= "\ufaff" or "\ufe30" <= char <= "\ufe4f" or (
        "\uff00" <= char <= "\uff9f" or "\U00020000" <= char <= "\U0003ffff"
    )  # fmt: skip


def _breaks(cells: Sequence[Cell]) -> Iterator[int]:
    """Yield the cells before which a line may be broken."""
    plain = [(i, text) for i, (_, _, text) in enumerate(cells) if text]
    begun = False
    for k in range(1, len(plain)):
        (i, one), (j, two) = plain[k - 1], plain[k]
        begun = begun or one != " "
        if two == " " or not begun:
            continue
        if one != " ":
            wide = _ideographic(one) or _ideographic(two)
            if not wide or one in _NOT_LAST or two in _NOT_FIRST or not (_columns(one) and _columns(two[0])):
                continue
        if _begins_line("".join(text for _, text in plain[k : k + 80])):
            continue  # The line would be taken for another speaker's.
        if one == " ":
            yield i + 1
            continue
        # What closes stays with what is before it.
        at = i + 1
        while at < j and cells[at][0].startswith("</"):
            at += 1
        yield at


def _begins_line(text: str) -> bool:
    return _TURN.match(text) is not None or _LABEL.match(text) is not None


Size = Callable[[int, int], int]
"""Returns the columns between two of the places where lines may be broken."""


def _greedy(count: int, size: Size, most: int) -> list[int]:
    chosen = [0]
    for j in range(1, count):
        if size(chosen[-1], j) > most and j - 1 > chosen[-1]:
            chosen.append(j - 1)
    return [*chosen, count - 1]


def _depth(code: str) -> int:
    """Return 1 for a code that opens, -1 for one that closes, as far as that shows."""
    if code.startswith("</") or re.fullmatch(r"\{\\[ibus]0?\}", code):
        return -1
    return 1 if code.startswith("<") or re.fullmatch(r"\{\\[ibus]1\}", code) else 0


def _balanced(starts: Sequence[int], size: Size, most: int, wanted: float, cells: Sequence[Cell]) -> list[int]:
    """Return where to break so that there are as few lines as possible, and they are of about equal length."""
    best: list[tuple[int, float, int]] = [(0, 0.0, 0)]
    depths = list(accumulate(_depth(raw) if not text else 0 for raw, _, text in cells))
    for j in range(1, len(starts)):
        last = cells[starts[j] - 1][2] or "x"
        if last == " " and starts[j] > 1:
            last = cells[starts[j] - 2][2] or "x"
        rough = 0 if j == len(starts) - 1 else 16 * (last not in _PAUSE) + 200 * (depths[starts[j] - 1] > 0)
        options: list[tuple[int, float, int]] = []
        for i in range(j - 1, -1, -1):
            columns = size(i, j)
            if columns > most and options:
                break
            over = 10_000 if columns > most else 0
            options.append((best[i][0] + 1, best[i][1] + (columns - wanted) ** 2 + rough + over, i))
        best.append(min(options))
    chosen = [len(starts) - 1]
    while chosen[-1]:
        chosen.append(best[chosen[-1]][2])
    return chosen[::-1]
