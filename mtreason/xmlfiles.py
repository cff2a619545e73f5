"""XML from anywhere: read as text first, whatever its encoding, so that one rule about entities and size holds for all.

lxml and the libraries on it get UTF-8 that was checked here. Nothing is fetched, and no entity is ever expanded.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from mtreason.errors import DocumentError

MOST_TAGS = 4_000_000
"""Signs that begin a tag, and as many that begin the value of an attribute: a tree of more would take gigabytes."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16 does, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(rb"<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z][\w.-]*)[\"']")
_KNOWN = re.compile(
    r"utf-(?:7|8|16|32)(?:-[lb]e)?|ascii|iso8859-\d+|cp\d+|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc_jp|euc_kr"
)
_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>")
_REFERENCE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);|#)")
_DOCTYPE = re.compile(r"(?:\s++|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL)


def plain_xml(data: bytes, name: str) -> bytes:
    """Return XML as UTF-8 without its declaration.

    Raises `DocumentError` for an encoding that is unknown or not kept, for entities, and for too many tags.
    """
    plain, entities = _plain(data, name)
    if entities:
        raise DocumentError(f"{name}: declares XML entities, which are not read: remove the DOCTYPE")
    return plain


def parse_xml(data: bytes, name: str) -> Any:  # noqa: ANN401 - lxml is untyped
    """Parse XML and return its root; raises `DocumentError` for malformed XML, entities, and an external DTD."""
    from lxml import etree

    plain, entities = _plain(data, name)
    if not entities:
        with _explained(name):
            parser = xml_parser()
            root = etree.fromstring(plain, parser)
        _refuse_errors(parser.error_log, name)
        internal = root.getroottree().docinfo.internalDTD
        if internal is None or not (internal.system_url or any(True for _ in internal.iterentities())):
            return root
    raise DocumentError(f"{name}: declares entities or an external DTD, which are not read: remove the DOCTYPE")


def stream_xml(data: bytes, name: str, elements: Collection[str]) -> Iterator[Any]:
    """Yield the root as it begins and then each element with one of these local names, whole, and forget it again.

    A DOCTYPE is passed over, and what it names is not loaded. Raises `DocumentError` for malformed XML, and for
    entities, declared or used. Memory does not grow with the number of elements.
    """
    from lxml import etree

    text = _without_declaration(decode_xml(data, name))
    doctype = _DOCTYPE.match(text) is not None
    if doctype and "<!ENTITY" in text:
        raise DocumentError(f"{name}: declares XML entities, which are not read: remove the DOCTYPE")
    suspect = doctype and _REFERENCE.search(text) is not None
    plain = text.encode()
    options: Any = {
        "resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False, "remove_comments": True,
        "remove_pis": True,
    }  # fmt: skip
    with _explained(name):
        yield next(etree.iterparse(io.BytesIO(plain), ("start",), **options))[1]
        found = etree.iterparse(io.BytesIO(plain), tag=[f"{{*}}{local}" for local in elements], **options)
        for _, element in found:
            if suspect and next(element.iter(etree.Entity), None) is not None:
                line = element.sourceline or 1
                raise DocumentError(f"{name}:{line}: uses an XML entity, which is not read: write the character")
            yield element
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del element.getparent()[0]
    _refuse_errors(found.error_log, name)


def _without_declaration(text: str) -> str:
    declaration = _DECLARATION.match(text)
    return text if declaration is None else "\n" * declaration[0].count("\n") + text[declaration.end() :]


def _plain(data: bytes, name: str) -> tuple[bytes, bool]:
    """Return XML as UTF-8 without its declaration, and whether it declares entities."""
    text = _without_declaration(decode_xml(data, name))
    if max(text.count("<"), text.count("=")) > MOST_TAGS:
        raise DocumentError(f"{name}: more than {MOST_TAGS:,} tags: cut the file into parts")
    return text.encode(), "<!ENTITY" in text and _DOCTYPE.match(text) is not None


def xml_parser() -> Any:  # noqa: ANN401 - lxml is untyped
    """Return a parser that expands and fetches nothing, and keeps to lxml's limits of depth and length."""
    from lxml import etree

    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def decode_xml(data: bytes, name: str) -> str:
    """Return XML as text, without its byte order mark; raises `DocumentError` as `plain_xml` does for its encoding."""
    encoding, mark = _encoding(data, name)
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, len(mark) + error.start) + 1
        raise DocumentError(
            f"{name}: line {line}, byte offset {len(mark) + error.start}, is not {encoding.upper()}, which the file "
            "is said to be in: convert it to UTF-8"
        ) from error


def _encoding(data: bytes, name: str) -> tuple[str, bytes]:
    """Return the encoding that a file shows or declares, and its byte order mark (XML 1.0, appendix F)."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, mark
    for beginning, encoding in _UNMARKED:
        if data.startswith(beginning):
            return encoding, b""
    declared = _DECLARED.match(data)
    if declared is None:
        return "utf-8", b""
    stated = declared[1].decode("ascii")
    encoding = known_encoding(stated)
    if not encoding:
        raise DocumentError(f"{name}: line 1: unknown encoding {stated!r}: convert the file to UTF-8")
    return encoding, b""


def known_encoding(stated: str) -> str:
    """Return our name of an encoding that texts are written in; "" for any other codec, and for what is none."""
    try:
        encoding = codecs.lookup(stated).name
    except LookupError:
        return ""
    return encoding if _KNOWN.fullmatch(encoding) else ""


def _refuse_errors(log: Any, name: str) -> None:  # noqa: ANN401 - lxml is untyped
    """Raise `DocumentError` for an error that lxml passes over, with all that follows, where a warning comes after."""
    from lxml import etree

    for error in log.filter_from_errors():
        if error.type not in {etree.ErrorTypes.WAR_UNDECLARED_ENTITY, etree.ErrorTypes.ERR_UNDECLARED_ENTITY}:
            raise DocumentError(f"{name}: line {error.line}: not XML: {error.message}")


@contextmanager
def _explained(name: str) -> Iterator[None]:
    from lxml import etree

    try:
        yield
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise DocumentError(f"{name}: line {line}: not XML: {str(error).splitlines()[0]}") from error
    except ValueError as error:
        raise DocumentError(f"{name}: not XML: {(str(error).splitlines() or ['empty'])[0]}") from error
