"""Translation memory exchange (TMX 1.4b): reads human corrections, writes pairs."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

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
    from mtreason import __version__

    head = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4">\n  <header creationtool="mtreason" '
        f'creationtoolversion="{__version__}" segtype="sentence" adminlang="en" srclang="*all*" datatype="plaintext" '
        'o-tmf="mtreason"/>\n  <body>\n'
    )
    tags: dict[str, str] = {}
    parts = [head]
    # As text: a tree of 200,000 translations takes 700 MB and three times as long.
    for pair in pairs:
        (first, second), (source, target) = (
            [tags.get(tag) or tags.setdefault(tag, parse_language(tag).tag) for tag in pair[:2]],
            [escape(xml_text(text), quote=False).replace("\r", "&#13;") for text in pair[2:]],
        )
        parts.append(
            f'    <tu>\n      <tuv xml:lang="{first}">\n        <seg>{source}</seg>\n      </tuv>\n'
            f'      <tuv xml:lang="{second}">\n        <seg>{target}</seg>\n      </tuv>\n    </tu>\n'
        )
    parts.append("  </body>\n</tmx>\n")
    return "".join(parts).encode()
