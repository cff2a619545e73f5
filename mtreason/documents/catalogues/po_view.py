"""A gettext catalogue as translators see it: each message is a piece, which stands alone and is known by its msgid.

A translator owns the strings of a message, its flags, its comments, and the msgid it had before; the program owns the
rest. Where lines break inside a string means nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from mtreason.documents.protocol import Unit
from mtreason.documents.views import Piece
from mtreason.lines import LINE_END

_LINE = re.compile(rf"[^\r\n]*(?:{LINE_END.pattern})|[^\r\n]+")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_KEYWORD = re.compile(r"(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)(?=[\s\"]|$)")
_KEYWORD_OR_STRING = re.compile(rf'"(?:[^"\\]|\\.)*+"?|{_KEYWORD.pattern}')
OWNED = frozenset({"comment", "flag", "previous", "target"})
"""Kinds of lines that belong to the translator."""


@dataclass(slots=True)
class _Block:
    """A message, or lines that are none, with the blank lines after it."""

    number: int
    lines: list[tuple[str, str]] = field(default_factory=list)
    """(kind, line) pairs."""

    def of(self, *kinds: str) -> str:
        """Return the lines of these kinds."""
        return "".join(line for kind, line in self.lines if kind in kinds)

    @property
    def whole(self) -> str:
        """All lines."""
        return "".join(line for _, line in self.lines)


class PoView:
    """The messages of a catalogue; implements `View`."""

    keyed = True
    frame = ""

    def __init__(self, content: str, bom: bytes = b"") -> None:
        self._bom = bom
        self._blocks = list(_blocks(content))
        self._numbers = [block.number for block in self._blocks]
        seen: Counter[str] = Counter()
        self.pieces = []
        for block in self._blocks:
            named = _by_keyword(block.of("source"))
            key = "\0".join(f"{k} {v}" for k, v in named.items()) or f"#{block.of('obsolete', 'comment')}"
            seen[key] += 1
            self.pieces.append(_piece(block, f"{key}\0{seen[key]}" if seen[key] > 1 else key))

    def put(self, raws: Mapping[int, str], more: Sequence[str] = ()) -> bytes:
        """See `View.put`."""
        texts = [_composed(b, raws[i]) if i in raws else b.whole for i, b in enumerate(self._blocks)]
        for block in more:
            before = texts[-1] if texts else "\n\n"
            texts.append("" if before.endswith("\n\n") else "\n" if before.endswith("\n") else "\n\n")
            texts.append(block if block.endswith("\n") else f"{block}\n")
        return self._bom + "".join(texts).encode()

    def owner(self, unit: Unit) -> int:
        """See `View.owner`."""
        return bisect_right(self._numbers, int(unit.place.removeprefix("line "))) - 1

    def doubtful(self, raw: str) -> str:
        """See `View.doubtful`: the flag fuzzy."""
        kinds = _kinds(raw)
        flags = [line for kind, line in kinds if kind == "flag"]
        if any("fuzzy" in line for line in flags):
            return raw
        comments = "".join(line for kind, line in kinds if kind == "comment")
        return f"{comments}#, fuzzy\n" + "".join(line for kind, line in kinds if kind != "comment")

    def obsolete(self, piece: Piece) -> str:
        """See `View.obsolete`: lines that begin with #~."""
        return "".join(
            f"#~ {_ended(line)}" if kind in {"source", "target"} else line for kind, line in _kinds(piece.block)
        )


def _piece(block: _Block, key: str) -> Piece:
    strings = _by_keyword(block.of("target"))
    comments = [line.strip() for line in _LINE.findall(block.of("comment"))]
    return Piece(
        f"line {block.number}",
        key,
        "",
        "".join(line for kind, line in block.lines if kind in OWNED),
        repr((sorted(strings.items()), _is_fuzzy(block), comments)),
        any(strings.values()) or not strings,
        block.whole,
    )


def _is_fuzzy(block: _Block) -> bool:
    return "fuzzy" in block.of("flag")


def _flags(block: _Block, *, fuzzy: bool) -> str:
    """Return the flags of a message with or without the one that is the translator's."""
    listed = [f.strip() for line in _LINE.findall(block.of("flag")) for f in line.strip()[2:].split(",")]
    kept = [*(["fuzzy"] if fuzzy else []), *(f for f in listed if f and f != "fuzzy")]
    return f"#, {', '.join(kept)}\n" if kept else ""


def _composed(block: _Block, raw: str) -> str:
    """Give a message the translator's part of another one; a string that is empty there stays as it is here."""
    theirs = _Block(0, _kinds(raw))
    lines, own = _lines_of(theirs.of("target")), _lines_of(block.of("target"))
    strings = _by_keyword(theirs.of("target"))
    chosen = {
        name: lines[name] if strings.get(name) else own.get(name, lines.get(name, "")) for name in {**own, **lines}
    }
    targets = "".join(_ended(text) for _, text in sorted(chosen.items()))
    return (
        theirs.of("comment")
        + block.of("extracted", "reference")
        + _flags(block, fuzzy=_is_fuzzy(theirs))
        + theirs.of("previous")
        + block.of("source")
        + targets
        + block.of("blank", "obsolete")
    )


def _ended(line: str) -> str:
    return line if line.endswith(("\n", "\r")) else f"{line}\n"


def _parts(text: str) -> Iterator[str]:
    """Yield the lines of a catalogue with their ends; one with several keywords in as many parts."""
    for line in _LINE.findall(text):
        bare = line.lstrip()
        if bare.startswith("#") or line.count("msg") < 2:
            yield line
            continue
        found = [own.start() for own in _KEYWORD_OR_STRING.finditer(line) if own[1]]
        for start, end in pairwise([0, *(at for at in found if line[:at].strip()), len(line)]):
            yield line[start:end]


def _lines_of(text: str) -> dict[str, str]:
    """Return the lines of each keyword."""
    found: dict[str, str] = {}
    name = ""
    for line in _parts(text):
        keyword = _KEYWORD.match(line.lstrip())
        name = keyword[1] if keyword else name
        found[name] = found.get(name, "") + line
    return found


def _by_keyword(text: str) -> dict[str, str]:
    """Return the string of each keyword, as it is written, but on one line."""
    return {name: "".join(_STRING.findall(lines)) for name, lines in _lines_of(text).items()}


def _kinds(text: str) -> list[tuple[str, str]]:
    """Return each line with its kind."""
    found: list[tuple[str, str]] = []
    last = "source"
    for line in _parts(text):
        bare = line.strip()
        keyword = _KEYWORD.match(bare)
        if not bare:
            kind = "blank"
        elif bare.startswith("#"):
            signs = {"#~": "obsolete", "#,": "flag", "#.": "extracted", "#:": "reference", "#|": "previous"}
            kind = signs.get(bare[:2], "comment")
        elif keyword:
            kind = last = "target" if keyword[1].startswith("msgstr") else "source"
        else:
            kind = last
        found.append((kind, line))
    return found


def _blocks(content: str) -> Iterator[_Block]:
    """Cut a catalogue into messages."""
    block = _Block(1)
    there: set[str] = set()
    number = 1
    for kind, line in _kinds(content):
        ended = ("target" in there and kind not in {"target", "blank"}) or (
            "obsolete" in there and kind not in {"obsolete", "blank"}
        )
        if ended or (kind == "obsolete" and "blank" in there):
            yield block
            block, there = _Block(number), set()
        block.lines.append((kind, line))
        there.add(kind)
        number += line.endswith(("\n", "\r"))
    if block.lines:
        yield block
