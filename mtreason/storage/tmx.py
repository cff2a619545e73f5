"""Translation memory exchange (TMX 1.4b): reads human corrections, writes pairs."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

from mtreason.errors import DocumentError
from mtreason.files import read_bytes, xml_text
from mtreason.glossary.formats.tmx import head, read_units
from mtreason.languages import Language, best_tag, parse_language


def read_tmx(path: Path, source: Language, target: Language) -> dict[str, str]:
    """Return the translations of a memory, by source text; where a text occurs twice, the later one counts.

    Of several variants of a language the one that serves best counts. Raises `DocumentError` for a file that is not
    TMX, or has nothing in these languages.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    for unit in read_units(read_bytes(path, "check the name"), str(path)):
        seen.update(unit.variants)
        tags = (best_tag(source.tag, unit.variants), best_tag(target.tag, unit.variants))
        sources, targets = (unit.variants[tag] if tag is not None else [] for tag in tags)
        if sources and targets:
            found[sources[0]] = targets[0]
    if not found:
        listed = ", ".join(sorted(filter(None, seen))) or "no units with a language"
        raise DocumentError(f"{path}: has no pairs of {source.tag} and {target.tag} (there are {listed})")
    return found


def tmx_bytes(pairs: Iterable[tuple[str, str, str, str]]) -> bytes:
    """Return a memory with these pairs: (source language, target language, source, translation)."""
    tags: dict[str, str] = {}
    parts = [head("memory")]
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
