"""What a translation must contain as it is in the source: codes, variables of programs, markup, addresses, emoji.

Some of it is read by programs, which fail where it is missing (`HARD`); the rest is read by people (`SOFT`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mtreason.documents.coded import TAG, nested

_BRACES = re.compile(r"[$%#]?\{|\}")
_COMMENT_END = "-->"
MOST_BRACED = 4000
"""A brace that is not closed within this many characters is an ordinary character."""

_HARD = (
    r"<!--",
    TAG.pattern.replace("(", "(?:"),
    r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>",  # tags of markup, and the times inside captions
    r"&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);",
    r"%\([A-Za-z_]\w*\)[-+#0 ]*\d*(?:\.\d+)?[A-Za-z]|%<PRI\w+>|%[A-Za-z_]\w*%",
    r"%(?:\d+\$)?[-+#0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh?|ll?|[jztLq])?[diouxXeEfFgGaAcsSp@](?![A-Za-z])",
    r"\$t\([^()]+\)|\$[A-Za-z_]\w*\$|\*\|[\w:.]+\|\*",
    r"%arg(?!\w)|\^\[(?=[^\[\]]*\]\(inflect:)|\]\(inflect:[^()]*\)",  # numbers and agreement in Apple's strings
    r"[\[\]](?:-Inf,\s?\+?(?:Inf|-?\d+)|-?\d+,\s?\+?Inf)[\[\]]",  # how many, in messages of Symfony
    r"\\[nNhtrsS](?![A-Za-z])",
    r"(?<![\w:]):[a-z_]{2,}\b",
)
_EXTENSIONS = (
    "bat|bin|bmp|bz2|c|cc|cfg|conf|cpp|cs|css|csv|dll|doc|docx|env|epub|exe|gif|go|gz|h|hpp|htm|html|ico|ini|ipynb|iso|jar"
    "|java|jpe?g|js|json|jsonl|jsx|kt|lock|log|lua|md|mdx|mkv|mov|mp3|mp4|odt|ogg|pdf|php|pkl|png|po|pot|ppt|pptx|ps1|py|pyc"
    "|rar|rb|rs|rst|rtf|sh|so|sql|srt|svg|swift|tar|tex|tgz|tiff?|toml|ts|tsv|tsx|ttf|txt|vtt|vue|wav|webm|webp|whl|xlf|xls"
    "|xlsx|xml|xz|yaml|yml|zip|zst"
)
_EMOJI = "[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
_BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IP = rf"{_BYTE}(?:\.{_BYTE}){{3}}(?!\w|\.\w)"
_SOFT = (
    # An address ends before signs that end the sentence, and in Chinese before the characters that follow.
    r"(?<![\w+.-])(?:[a-z][a-z0-9+.-]{1,20}://|www\.|mailto:)[!-;=?-~]*[\w/=&#~+-]",
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+",
    r"(?<!`)`[^`\n]+`(?!`)|(?<!`)``(?!`).+?(?<!`)``(?!`)",
    r"(?<![\w@./])@[A-Za-z_]\w+",
    r"(?<!\w)[A-Za-z]:\\[^\s\"<>|*?]*\w|(?<![\w.:/~<])(?:(?:~|\.{1,2})/|/(?:[\w.+@-]+/))[\w.+@/-]*[\w/]",
    rf"(?<![\w/.-])(?:[\w.-]+/)*[\w-][\w.-]*\.(?:{_EXTENSIONS})\b",
    # A version or an address of a machine; a date and 1.234.567 are written otherwise in other languages.
    rf"\bv\d+(?:\.\d+)+\b|(?<![\w.])(?!\d{{1,2}}\.\d{{1,2}}\.\d{{4}}\b|(?!{_IP})[1-9]\d{{0,2}}(?:\.\d{{3}})+(?!\w|[.+-]\w))"
    r"\d+\.\d+\.\d+(?:\.\d+)*(?:[-+][0-9A-Za-z.]*\w)?\b",
)
_UNICODE_SOFT = (
    r"#[^\s#，。！？、；：,.!?;:]{1,30}#",
    r"(?<![\w&#/])#(?![\d_])(?:(?![\u2e80-\uffef])\w)+",
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f\u20e3"
    f"|{_EMOJI}[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*(?:\u200d{_EMOJI}[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*)*",
)
_OTHERS = re.compile(f"(?P<hard>(?a:{'|'.join(_HARD)}))|(?a:{'|'.join(_SOFT)})|{'|'.join(_UNICODE_SOFT)}")


@dataclass(frozen=True, slots=True)
class Literal:
    """A part of a text that stays as it is, at `text[start:end]`."""

    start: int
    end: int
    hard: bool
    """Whether a program reads it."""


def literals(text: str) -> list[Literal]:
    """Return what must come back as it is, in order; none overlaps another.

    Hard: {name}, {0}, {{name}}, ${x}, %{x} and whole ICU messages in braces; %s, %1$d, %(name)s, %lu, %name%, %arg;
    $t(…), $name$, *|NAME|*, :name, ]1,Inf[; <b>, <1/> and other tags; &amp; and other entities; a backslash with a
    letter. Soft: addresses, `code`, @handles, #hashtags, paths and names of files, version numbers, emoji.
    """
    found = [Literal(start, end, hard=True) for start, end in _braced(text)]
    found += _others(without(text, found))
    return sorted(found, key=lambda literal: literal.start)


def placeholders(text: str) -> tuple[str, ...]:
    """Return all literals of a text, in order, each as often as it occurs."""
    return tuple(text[found.start : found.end] for found in literals(text))


def without_literals(text: str) -> str:
    """Return the words of a text, with blanks in place of its literals; as long as the text."""
    return without(text, literals(text))


def without(text: str, found: Iterable[Literal], sign: str = " ") -> str:
    """Return a text with a sign for each character of some of its literals, given in order; as long as the text."""
    parts = []
    at = 0
    for literal in found:
        parts += [text[at : literal.start], sign * (literal.end - literal.start)]
        at = literal.end
    return "".join([*parts, text[at:]])


@dataclass(frozen=True, slots=True)
class Lost:
    """What a translation did not keep of its source."""

    hard: tuple[str, ...] = ()
    """Hard literals that are missing."""
    soft: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    """Hard literals that the source does not have, or not so often."""
    crossed: bool = False
    """Whether codes are there, but one closes before it opens or inside another."""

    @property
    def breaks(self) -> bool:
        """Whether a program could fail on the translation."""
        return bool(self.hard or self.added or self.crossed)


def lost(source: str, text: str) -> Lost:
    """Compare the literals of a translation with those of its source."""
    before, after = literals(source), literals(text)
    if not before and not after:
        return Lost()
    hard = Counter(source[x.start : x.end] for x in before if x.hard)
    there = Counter(text[x.start : x.end] for x in after if x.hard)
    soft = Counter(source[x.start : x.end] for x in before if not x.hard)
    # What people read may be part of something else in the translation, so it is looked for as text.
    missing = tuple(name for name, count in soft.items() if text.count(name) < count)
    gone, more = tuple((hard - there).elements()), tuple((there - hard).elements())
    return Lost(gone, missing, more, crossed=not gone and not more and not nested(source, text))


def _braced(text: str) -> Iterator[tuple[int, int]]:
    """Yield the outermost braces that are closed and not empty, with the sign before them."""
    ends: dict[int, int] = {}
    waiting: list[re.Match[str]] = []
    openings = []
    for sign in _BRACES.finditer(text):
        if sign[0] != "}":
            waiting.append(sign)
            openings.append(sign)
        elif waiting:
            ends[waiting.pop().start()] = sign.end()
    done = 0
    for opening in openings:
        end = ends.get(opening.start(), 0)
        if opening.start() >= done and opening.end() - 1 < end <= opening.end() - 1 + MOST_BRACED:
            done = end
            yield opening.start(), end


def _others(text: str) -> Iterator[Literal]:
    """Yield what is not in braces."""
    last = text.rfind(_COMMENT_END)
    at = 0
    while found := _OTHERS.search(text, at):
        start, at = found.span()
        if found[0] == "<!--":
            if last < at:
                continue  # No comment ends after this place, so none needs to be looked for.
            at = text.index(_COMMENT_END, at) + len(_COMMENT_END)
        yield Literal(start, at, hard=found["hard"] is not None)
