"""The charset of a web page: a byte order mark, what the page declares, or UTF-8 (WHATWG Encoding, HTML 13.2.3)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from mtreason.documents.html.tags import EMPTY, START, Piece, attributes, pieces
from mtreason.documents.spans import decode
from mtreason.errors import DocumentError

PRESCAN = 4096
"""How many bytes are searched for a declaration."""
_XML = re.compile(r"<\?xml\s[^>]*?\sencoding\s*=\s*([\"'])\s*([A-Za-z][\w.:-]*)\s*\1")
_IN_CONTENT = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_LABELS = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "cp1252": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874",
    "tis-620": "cp874", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949",
    "big5": "big5hkscs",
}  # fmt: skip
"""Charsets that browsers read as a larger one, by Python's names."""
_ALIASES = {
    "x-sjis": "cp932", "windows-31j": "cp932", "ks_c_5601-1987": "cp949", "windows-949": "cp949", "x-gbk": "gb18030",
    "iso-8859-8-i": "iso8859-8", "x-cp1250": "cp1250", "x-cp1251": "cp1251", "x-cp1252": "cp1252",
    "macintosh": "mac-roman", "x-mac-roman": "mac-roman", "x-mac-cyrillic": "mac-cyrillic", "x-euc-jp": "euc_jp",
    "dos-874": "cp874", "windows-874": "cp874",
}  # fmt: skip
"""Names of the web that Python does not know."""
_KNOWN = re.compile(
    r"iso8859-\d+|cp(?:125\d|874|866|932|949)|koi8-[ru]|gb18030|big5hkscs|euc_jp|iso2022_jp|mac-(?:roman|cyrillic)"
)
_WESTERN = {i: bytes([i]).decode("cp1252", "ignore") or chr(i) for i in range(0x80, 0xA0)}


class Declared(NamedTuple):
    """A charset that a page declares, at `content[start:end]`."""

    label: str
    start: int
    end: int


def declared_by(content: str, piece: Piece) -> Iterator[Declared]:
    """Yield the charsets that a <meta> declares: it has two ways to do so."""
    found = {attribute.name: attribute for attribute in reversed(list(attributes(content, piece)))}
    if "charset" in found:
        label = found["charset"]
        yield Declared(label.value.strip(), label.start, label.end)
    kind, value = found.get("http-equiv"), found.get("content")
    if kind is None or value is None or kind.value.strip().lower() != "content-type":
        return
    if there := _IN_CONTENT.search(value.value):
        yield Declared(there[1], value.start + there.start(1), value.start + there.end(1))


def declared_in_xml(content: str) -> Declared | None:
    """Return the charset that an XML declaration names."""
    found = _XML.match(content)
    return Declared(found[2], found.start(2), found.end(2)) if found else None


def is_utf_8(label: str) -> bool:
    """Whether a label stands for UTF-8."""
    return label.lower() in {"utf-8", "utf8", "unicode-1-1-utf-8"}


def decode_page(data: bytes, name: str, *, xml: bool = False) -> tuple[str, bytes, str]:
    """Return the text of a page, the byte order mark to write, and its charset by Python's name.

    A page that is UTF-8 is read so whatever it declares, because no other text looks like it by chance. Raises
    `DocumentError` for bytes that are not in the charset, and where there is none that is known.
    """
    for mark, charset in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return _strict(data[len(mark) :], name, charset, charset[:6].upper()), codecs.BOM_UTF8, charset
    label = "" if data.startswith(codecs.BOM_UTF8) else _label(data, xml=xml)
    charset = _python_name(label)
    if charset == "iso2022_jp" and b"\x1b" in data:  # it is ASCII to look at
        return _strict(data, name, charset, label), b"", charset
    try:
        text, bom = decode(data, name)
    except DocumentError as error:
        if not label and b"\x00" not in data:
            raise DocumentError(f"{error}, or let it declare its charset") from error
        if not label or is_utf_8(label):
            raise
        if not charset:
            raise DocumentError(f"{name}: declares the unknown charset {label!r}: convert the file to UTF-8") from error
        return _strict(data, name, charset, label), b"", charset
    return text, bom, "utf-8"


def _strict(data: bytes, name: str, charset: str, label: str) -> str:
    if charset == "cp1252":  # every byte has a meaning to browsers
        text = data.decode("latin-1").translate(_WESTERN)
    else:
        try:
            text = data.decode(charset)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise DocumentError(
                f"{name}: line {line}, byte offset {error.start}, is not {label}, which the file declares: correct the "
                "declaration, or convert the file to UTF-8"
            ) from error
    # The limits and the refusal of NUL are those of every text.
    return decode(text.encode("utf-8", "replace"), name)[0]


def _label(data: bytes, *, xml: bool) -> str:
    """Return the label of the charset that a page declares, or ""."""
    head = data[:PRESCAN].decode("latin-1")
    found = declared_in_xml(head)
    if found is not None:
        return found.label
    for piece in pieces(head, xml=xml):
        if piece.name == "meta" and piece.kind in {START, EMPTY}:
            found = next(declared_by(head, piece), None)
            if found is not None:
                return found.label
    return ""


def _python_name(label: str) -> str:
    """Return Python's name of a charset, "" for one that no page is read in."""
    label = label.lower()
    try:
        found = _ALIASES.get(label) or codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    found = _LABELS.get(found, found)
    return found if _KNOWN.fullmatch(found) else ""
