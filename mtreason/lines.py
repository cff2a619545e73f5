"""What a line is, and how text is read line by line: the same for every command and every file of lines.

A line ends with a line feed, a carriage return, or both in this order, and with nothing else: vertical tabs, form
feeds, U+0085, U+2028 and U+2029 are characters of a line, unlike in `str.splitlines`.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mtreason.errors import DocumentError
from mtreason.files import read_unpacked

CHUNK = 1 << 16
LONGEST = 1 << 26
"""Characters after which a line that has not ended is refused: it may never end."""
LINE_END = re.compile(r"\r\n|\n|\r")
_LAST_END = re.compile(r"(?:\r\n|\n|\r)\Z")
BOM = "\ufeff"
"""The byte order mark: it may stand before the first line, and is no part of it."""


def read_lines(path: Path) -> list[str]:
    """Read all lines of a UTF-8 file, plain or packed by gzip, without their ends; blank ones too.

    Raises `InputError` as `read_unpacked` does, and for what is no text; see `lines_of`.
    """
    data = read_unpacked(path, "check the name")
    lines = [without_end(line) for line in lines_of(io.BytesIO(data), str(path))]
    if lines:
        lines[0] = lines[0].removeprefix(BOM)
    return lines if lines != [""] or data.endswith((b"\n", b"\r")) else []


def without_end(line: str) -> str:
    """Return a line without what ends it."""
    return _LAST_END.sub("", line)


def split_lines(text: str, *, final: bool = True) -> list[str]:
    r"""Split after line ends; the last item has none yet, and may be "".

    A "\r" at the very end waits for its "\n", and stays in the last item, unless the text is final.
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


def lines_of(stream: BinaryIO, name: str) -> Iterator[str]:
    r"""Yield lines with their endings ("\n", "\r\n" or "\r") as soon as each is complete.

    Raises `DocumentError` at the first byte that is not text, and where a line does not end, after it has yielded the
    lines before.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    pending: list[str] = []  # parts of a line so far; joined once, so that a long line is not copied at every block
    number, offset, length = 1, 0, 0
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
        *lines, rest = split_lines(text, final=not block or problem is not None)
        for line in lines:
            yield "".join([*pending, line])
            pending.clear()
            number += 1
        if rest:
            pending.append(rest)
        length = len(rest) + (0 if lines else length)
        if length > LONGEST:
            raise DocumentError(f"{name}: line {number} has no end in {LONGEST >> 20} million characters: divide it")
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


_IDEOGRAPH = "[\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f\U00020000-\U0003ffff]"
_WRAP = re.compile(rf"(?<={_IDEOGRAPH})((?:<[^<>]*>)*)[ \r\n]+((?:<[^<>]*>)*)(?={_IDEOGRAPH})")


def unwrapped(text: str) -> str:
    """Return a text without blanks and line breaks between characters of Chinese and Japanese, which need none.

    There they only say where a line was broken; tags may stand beside them.
    """
    return _WRAP.sub(r"\1\2", text)
