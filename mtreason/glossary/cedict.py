"""Slang from CC-CEDICT, a dictionary that users may have: terms with a label such as slang, neologism, colloquial.

A line is `traditional simplified [pinyin] /definition/definition/`; lines that begin with `#!` state version and
licence, which are copied along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mtreason.errors import GlossaryError
from mtreason.files import read_unpacked
from mtreason.glossary.formats.text import decode
from mtreason.glossary.term import Term
from mtreason.lines import split_lines, without_end

LABELS = ("slang", "neologism")
LICENCE = "from CC-CEDICT, CC BY-SA 4.0 (https://cc-cedict.org): whoever passes this file on has to keep that licence"
MOST_TARGETS = 6

_LINE = re.compile(r"(\S+) (\S+) \[([^\]]*)\] /(.+)/\s*")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NO_RENDERING = re.compile(
    r"^(?:CL:|variant of|see |see also|also written|abbr\. for|erhua|used in|surname|old variant)"
)


@dataclass(frozen=True, slots=True)
class Imported:
    """The terms that were imported."""

    terms: tuple[Term, ...]
    comments: tuple[str, ...]
    """Where the terms come from, and under which licence."""


def read_cedict(path: Path, labels: tuple[str, ...] = LABELS) -> Imported:
    """Read the terms of a dictionary file, plain or gzipped, that have one of the labels.

    Raises `InputError` for a file that cannot be read, and `GlossaryError` for one of another kind.
    """
    name = str(path)
    text = decode(read_unpacked(path, "check it"), name)
    terms: dict[str, Term] = {}
    lines = 0
    comments = [f"licence: {LICENCE}"]
    for number, line in enumerate(map(without_end, split_lines(text)), 1):
        if line.startswith("#"):
            comments += [line.lstrip("#! ").strip()] if line.startswith("#!") else []
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            if line.strip():
                raise GlossaryError(f"{name}:{number}: not a line of CC-CEDICT: {line.strip()[:40]!r}")
            continue
        lines += 1
        definitions = found[4].split("/")
        labelled = [d for d in definitions if any(re.search(rf"\(([^()]*\b)?{label}\b", d) for label in labels)]
        renderings = tuple(dict.fromkeys(r for d in labelled for r in _renderings(d)))[:MOST_TARGETS]
        if renderings and len(found[2]) > 1 and found[2] not in terms:
            note = "; ".join(labelled).replace("\t", " ")
            terms[found[2]] = Term(found[2], renderings, "", note, name, number)
    if not lines:
        raise GlossaryError(f"{name}: no line of CC-CEDICT in it: name the file cedict_ts.u8 of a download")
    return Imported(tuple(terms.values()), tuple(comments))


def _renderings(definition: str) -> Iterator[str]:
    """Yield the parts of a definition that can be a rendering in a translation."""
    bare = " ".join(_BRACKETS.sub(" ", definition).split())
    if _NO_RENDERING.match(bare):
        return
    for piece in re.split(r"[;,]", bare):
        text = " ".join(piece.replace("|", " ").split()).removeprefix("fig. ").removeprefix("lit. ")
        if text and len(text.split()) <= 6 and not re.search(r"[\u3400-\u9fff]", text):
            yield text
