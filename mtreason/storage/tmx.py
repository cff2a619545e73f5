"""Translation memory exchange (TMX 1.4b): reads human corrections, writes pairs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mtreason.errors import DocumentError
from mtreason.files import read_bytes, xml_text
from mtreason.languages import Language, parse_language
from mtreason.xmlfiles import parse_xml

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def read_tmx(path: Path, source: Language, target: Language) -> dict[str, str]:
    """Return the translations of a memory, by source text; where a text occurs twice, the later one counts.

    Raises `DocumentError` for a file that is not TMX, or has nothing in these languages.
    """
    root = parse_xml(read_bytes(path, "check the name"), str(path))
    if root.tag != "tmx":
        raise DocumentError(f"{path}: expected <tmx>, found <{root.tag}>")
    found = {}
    seen: set[str] = set()
    for unit in root.iter("tu"):
        texts = {}
        for variant in unit.iter("tuv"):
            tag = variant.get(_LANG) or variant.get("lang") or ""
            segment = variant.find("seg")
            if segment is not None and tag:
                seen.add(tag)
                texts[tag.partition("-")[0].lower()] = "".join(segment.itertext())
        if source.primary in texts and target.primary in texts:
            found[texts[source.primary].strip()] = texts[target.primary].strip()
    if not found and seen:
        listed = ", ".join(sorted(seen))
        raise DocumentError(f"{path}: has no pairs of {source.tag} and {target.tag} (there are {listed})")
    return found


def tmx_bytes(pairs: Iterable[tuple[str, str, str, str]]) -> bytes:
    """Return a memory with these pairs: (source language, target language, source, translation)."""
    from lxml import etree

    from mtreason import __version__

    root: Any = etree.Element("tmx", version="1.4")
    etree.SubElement(
        root, "header", creationtool="mtreason", creationtoolversion=__version__, segtype="sentence",
        adminlang="en", srclang="*all*", datatype="plaintext", **{"o-tmf": "mtreason"},
    )  # fmt: skip
    body = etree.SubElement(root, "body")
    for source_tag, target_tag, source, translation in pairs:
        unit = etree.SubElement(body, "tu")
        for tag, text in ((source_tag, source), (target_tag, translation)):
            variant = etree.SubElement(unit, "tuv")
            variant.set(_LANG, parse_language(tag).tag)
            etree.SubElement(variant, "seg").text = xml_text(text)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
