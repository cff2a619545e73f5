"""Plain text in UTF-8, line by line: everything that is not translated stays the same, byte for byte."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mtreason.characters import LINE_END, utf8
from mtreason.documents.coded import TAG, Code
from mtreason.documents.protocol import Unit
from mtreason.documents.sentences import split_segments
from mtreason.documents.views import View, view_of_lines
from mtreason.errors import DocumentError
from mtreason.languages import Language, scripts_of

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Line:
    """One line, as segments to translate and the gaps around them.

    Gaps and segments in turn make up the line; a blank line is one gap.
    """

    number: int
    """From 1."""
    segments: tuple[str, ...]
    """Without white space at their ends."""
    gaps: tuple[str, ...]
    """One more than there are segments; the last one holds the line ending."""


class TextDocument:
    """Text that is read and written line by line: a unit is a line with its ending."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines

    @property
    def units(self) -> Iterator[Unit]:
        """The lines as they are read; can be read once."""
        for number, raw in enumerate(self._lines, 1):
            yield Unit(number, f"line {number}", raw)

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield each line as its text arrives."""
        for text in texts:
            yield utf8(text)

    def view(self) -> View:
        """Return the text as it stands, line by line; reads the lines, as `units` does."""
        return view_of_lines(self._lines)


def check_text(path: Path) -> int:
    """Read a file once, count its lines, and raise `DocumentError` for any fault that would stop its translation later.

    The error names the file, the line and the byte: bytes that are not UTF-8 (encoded surrogates are not either), and
    NUL bytes. Memory is limited by the longest line.
    """
    with open_text(path) as stream:
        return sum(1 for _ in read_lines(stream, str(path)))


def open_text(path: Path) -> BinaryIO:
    """Open a file for reading; raises `DocumentError` that says what to do when it cannot be opened."""
    try:
        if path.is_dir():
            raise DocumentError(f"{path} is a directory: name a text file, or - for standard input")
        return path.open("rb")
    except FileNotFoundError as error:
        raise DocumentError(f"{path}: no such file: check the name, or use - for standard input") from error
    except PermissionError as error:
        raise DocumentError(f"{path}: no permission to read it: chmod +r it, or run as its owner") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise DocumentError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def read_lines(stream: BinaryIO, name: str) -> Iterator[str]:
    r"""Yield lines with their endings ("\n", "\r\n" or "\r") as soon as each is complete.

    Raises `DocumentError` at the first byte that is not text, after it has yielded the lines before.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    pending: list[str] = []  # parts of a line so far; joined once, so that a long line is not copied at every block
    number, offset = 1, 0
    while True:
        block = _read_block(stream, name)
        kept = len(decoder.getstate()[0])
        problem = None
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            place = offset - kept + error.start
            wide = place == 0 and error.object.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            which = ", as UTF-16 begins" if wide else ""
            problem = place, f"is not UTF-8 (byte 0x{error.object[error.start]:02x}{which}): convert the file to UTF-8"
            text = error.object[: error.start].decode("utf-8")
        nul = text.find("\x00")
        if nul >= 0:
            problem = (
                offset - kept + len(text[:nul].encode("utf-8")),
                "is a NUL byte: this is no text; name a text file",
            )
            text = text[:nul]
        offset += len(block)
        if pending and pending[-1].endswith("\r"):
            text = pending.pop() + text
        *lines, rest = _split_lines(text, final=not block or problem is not None)
        for line in lines:
            yield "".join([*pending, line])
            pending.clear()
            number += 1
        if rest:
            pending.append(rest)
        if problem is not None:
            at, what = problem
            raise DocumentError(f"{name}: line {number}, byte offset {at}, {what}")
        if not block:
            if pending:
                yield "".join(pending)
            return


def _read_block(stream: BinaryIO, name: str) -> bytes:
    """Return the bytes that are ready, at most CHUNK; empty at the end."""
    try:
        # read1 returns what is ready: a slow pipe need not fill a chunk.
        block: bytes = getattr(stream, "read1", stream.read)(CHUNK)
    except OSError as error:
        raise DocumentError(f"{name}: cannot be read ({error.strerror or error})") from error
    return block


def _split_lines(text: str, *, final: bool) -> list[str]:
    r"""Split after line endings; the last item has no ending yet. A trailing "\r" waits for its "\n" unless final.

    `str.splitlines` would also split at characters that are part of a line (U+2028, form feeds).
    """
    parts: list[str] = []
    start = 0
    for match in LINE_END.finditer(text):
        end = match.end()
        if end == len(text) and match[0] == "\r" and not final:
            break
        parts.append(text[start:end])
        start = end
    return [*parts, text[start:]]


_EDGES = "".join(char for char in map(chr, range(0x3001)) if char.isspace()) + "\ufeff"
"""White space, and the byte order mark, which is not text either."""


def parse_line(number: int, raw: str, language: Language, codes: Mapping[str, Code] | None = None) -> Line:
    """Divide a unit, which may have several lines, into segments and gaps.

    To the gaps belong line endings, markers of lists and dialogues, and codes at the ends of a segment.
    """
    segments: list[str] = []
    gaps = [""]
    lines = _split_lines(raw, final=True)
    before = [_codes_before(line, codes or {}) for line in lines]
    dialogue = sum(bool(_SPEAKER.match(line, at)) for line, at in zip(lines, before, strict=True)) > 1
    for line, at in zip(lines, before, strict=True):
        marker = _marker(line, at, language, dialogue=dialogue)
        gaps[-1] += line[:marker]
        for piece in split_segments(line[marker:], language):
            start, end = _core(piece, codes or {})
            if start == end:
                gaps[-1] += piece
                continue
            gaps[-1] += piece[:start]
            segments.append(piece[start:end])
            gaps.append(piece[end:])
    return Line(number, tuple(segments), tuple(gaps))


_SIGN = "[-–—•*·‣▪●○◦▸►✓✔☐☑♪♫♬]"
_BULLET = re.compile(
    rf"[\s\ufeff]*(?:>+\s+)*(?:(?:{_SIGN}\s+)?\[[ xX]\]\s+|{_SIGN}\s+|\(?(?:\d{{1,3}}|[A-Za-z])\)\s+"
    r"|[\u2460-\u2473]\s*|[一二三四五六七八九十]{1,3}、\s*|(?<=>\s))"
)
_NUMBER = re.compile(r"[\s\ufeff]*\d{1,3}\.\s+")
_SPEAKER = re.compile(r"[\s\ufeff]*[-‐‑–—―－]\s*(?=[^\W\d_]|[¿¡\"'“‘«(\[…]|\.\.|</?\d)")
# fmt: off
_ORDINALS = frozenset({
    "bs", "cs", "da", "de", "et", "fi", "hr", "hu", "is", "lb", "lv", "nb", "nn", "no", "pl", "sk", "sl", "sr", "tr",
})
# fmt: on
"""Languages in which a number with a dot may be the first word of a sentence ("3. Platz")."""


_BLANK_AND_CODE = re.compile(rf"[\s\ufeff]*({TAG.pattern})")


def _codes_before(line: str, codes: Mapping[str, Code]) -> int:
    """Return where a line begins after the codes that can stand outside of its words."""
    at = 0
    while True:
        found = _BLANK_AND_CODE.match(line, at)
        tag = found and TAG.fullmatch(found[1])
        if found is None or tag is None or not _outside(tag, codes):
            return at
        at = found.end()


def _marker(line: str, at: int, language: Language, *, dialogue: bool) -> int:
    """Return how long the marker is with which a line begins, which may stand after codes, as at `at`."""
    found = _BULLET.match(line, at) or (_SPEAKER.match(line, at) if dialogue else None)
    if found is None and language.primary not in _ORDINALS:
        found = _NUMBER.match(line, at)
    return found.end() if found else 0


def _core(piece: str, codes: Mapping[str, Code]) -> tuple[int, int]:
    """Return where the words of a segment begin and end, without blanks and codes that can stand outside of it."""
    start, end = 0, len(piece)
    while True:
        start = end - len(piece[start:end].lstrip(_EDGES))
        end = start + len(piece[start:end].rstrip(_EDGES))
        first, last = TAG.match(piece, start, end), TAG.fullmatch(piece, max(piece.rfind("<", start, end), 0), end)
        if first is not None and _outside(first, codes) and (first[1] or first[3]):
            start = first.end()
        elif last is not None and _outside(last, codes) and (last[3] or not last[1]):
            end = last.start()
        elif first is not None and _outside(first, codes) and piece.find(f"</{first[2]}>", start, end) < 0:
            start = first.end()
        elif last is not None and _outside(last, codes) and piece.find(f"<{last[2]}>", start, end) < 0:
            end = last.start()
        elif first is not None and last is not None and _outside(first, codes) and first[2] == last[2] and last[1]:
            start, end = first.end(), last.start()
        else:
            return start, end


def _outside(tag: re.Match[str], codes: Mapping[str, Code]) -> bool:
    """Whether a code can stand outside of the words."""
    return tag[0] in codes and not codes[tag[0]].said


def join_line(line: Line, translations: Sequence[str], source: Language, target: Language) -> str:
    """Put translations in place of segments and keep the gaps; one line stays one line.

    Where one language separates sentences by a space and the other does not, the gap between two segments follows the
    target language; a space beside a Latin letter or a digit stays.
    """
    parts = [line.gaps[0]]
    last = len(translations) - 1
    for i, translation in enumerate(translations):
        # A line break would shift all later lines.
        flat = LINE_END.sub(" ", translation)
        gap = line.gaps[i + 1]
        if i < last and source.spaced != target.spaced:
            following = translations[i + 1][:1]
            if target.spaced and not TAG.sub("", gap) and flat[-1:] not in _OPENING:
                # After what closes with the one sentence, and before what opens with the next.
                place = _CLOSING.match(gap)
                at = place.end() if place else 0
                gap = f"{gap[:at]} {gap[at:]}"
            elif not target.spaced and gap == " " and not (_latin(flat[-1:]) or _latin(following)):
                gap = ""
        parts += [flat, gap]
    return "".join(parts)


_OPENING = frozenset("([{“‘«")
_CLOSING = re.compile(r"(?:</\d+>|<\d+/>)*")


def _latin(char: str) -> bool:
    return char.isdecimal() or "Latin" in scripts_of(char)
