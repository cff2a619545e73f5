"""Whether documents come back whole: a folder of your own files, translated by stand-ins, and judged by other parsers.

    python benchmarks/whole.py FOLDER

Two stand-ins take the place of a model, so that whatever is wrong is this program's doing: both change the case of
every letter. The perfect one keeps tags and all that `mtreason.documents.placeholders` lists, the careless one only
the latter. Each file of a known format goes through `mtreason.translate_document`, and its output is held against it
with other parsers (markdown-it-py, html5lib, lxml, polib, pysubs2 and those of the standard library). It is whole
when all structure is there, each text is there, and each was translated. The files themselves are only read.

A card for people, then one JSON line. `--show` names what is wrong and where.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from oracles import JUDGED, taken_apart
from pages import EXACT, TEXT, flat
from tabulate import tabulate

import mtreason
from mtreason.documents import FORMATS, literals, pick_format

TARGET = "de"
"""The language that outputs are to name."""
KINDS = ("whole", "damaged", "untranslated", "crashed", "refused", "not judged")
_TAG = re.compile(r"</?\w[^<>]*>")


class StandIn:
    """Translates by changing the case of every letter that it need not keep."""

    def __init__(self, *, careful: bool) -> None:
        self._careful = careful

    def translate(self, texts: Sequence[str]) -> list[str]:
        return [self.translated(text) for text in texts]

    def translated(self, text: str) -> str:
        kept = bytearray(len(text))
        for literal in literals(text):
            kept[literal.start : literal.end] = b"\1" * (literal.end - literal.start)
        for tag in _TAG.finditer(text) if self._careful else ():
            kept[tag.start() : tag.end()] = b"\1" * len(tag[0])
        return "".join(char if keep else _swapped(char) for char, keep in zip(text, kept, strict=True))

    def changes(self, text: str) -> bool:
        return self.translated(text) != text


def _swapped(char: str) -> str:
    """Return the other case of a letter that has one, and that comes back from it."""
    other = char.swapcase()
    return other if other.casefold() == char.casefold() and other.swapcase() == char else char


STAND_INS = {"perfect": StandIn(careful=True), "careless": StandIn(careful=False)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a file."""

    path: Path
    form: str
    kind: str
    """One of KINDS."""
    faults: tuple[str, ...] = ()


def faults(form: str, source: bytes, output: bytes, changes: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Yield (kind, message) of what is wrong in an output; the kinds are "damaged" and "untranslated".

    `changes` tells whether the stand-in would have changed a text.
    """
    for before, after in itertools.zip_longest(*taken_apart(form, source, output)):
        if before is None or after is None or (before.kind, before.how) != (after.kind, after.how):
            what = ("nothing" if token is None else f"{token.kind} {token.value[:40]!r}" for token in (before, after))
            where = (before or after).place
            yield "damaged", "{}: where the source has {}, the output has {}".format(where, *what)
            return  # what follows would be compared with the wrong part
        values = before.value, after.value
        if before.how == EXACT:
            same = values[0] == values[1]
        else:
            same = flat(values[0]).casefold() == flat(values[1]).casefold()
        if not same:
            yield "damaged", f"{before.place}: {before.kind} {before.value[:60]!r} became {after.value[:60]!r}"
        elif before.how == TEXT and values[0] == values[1] and changes(before.value):
            yield "untranslated", f"{before.place}: {before.value[:60]!r}"


Translate = Callable[[Path, Path, StandIn, Sequence[str]], None]
"""Translates a file, given what stands in for a model, and the columns."""


def through_the_interface(path: Path, out: Path, translator: StandIn, columns: Sequence[str]) -> None:
    mtreason.translate_document(path, out, translator, target=TARGET, columns=columns)


def judge(path: Path, form: str, stand_in: StandIn, translate: Translate = through_the_interface) -> Verdict:
    """Translate a file, and return what became of it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / path.name
        try:
            translate(path, out, stand_in, _columns(path, form))
        except mtreason.MtreasonError as error:
            return Verdict(path, form, "refused", (str(error),))
        except Exception as error:  # noqa: BLE001 - a crash is what is looked for
            return Verdict(path, form, "crashed", (f"{type(error).__name__}: {error}",))
        source, output = path.read_bytes(), out.read_bytes()
    if form not in JUDGED:
        return Verdict(path, form, "not judged")
    try:
        list(faults(form, source, source, lambda _: False))
    except Exception as error:  # noqa: BLE001 - the source is no such file to other parsers either
        return Verdict(path, form, "not judged", (f"the source: {type(error).__name__}: {error}",))
    try:
        found = list(faults(form, source, output, stand_in.changes))
    except Exception as error:  # noqa: BLE001 - the output is no such file any more
        found = [("damaged", f"cannot be read any more: {type(error).__name__}: {error}")]
    kinds = {kind for kind, _ in found}
    kind = next((kind for kind in ("damaged", "untranslated") if kind in kinds), "whole")
    return Verdict(path, form, kind, tuple(f"{kind}: {message}" for kind, message in found))


def _columns(path: Path, form: str) -> tuple[str, ...]:
    """Return all columns of a table, which has to be told."""
    if form not in {"csv", "tsv"}:
        return ()
    content = path.read_bytes().decode("utf-8-sig", "replace")
    delimiter = max(",;\t|", key=content.partition("\n")[0].count)
    return tuple(dict.fromkeys(next(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter), [])))


def documents(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of known formats, with the names of these."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        try:
            form = pick_format(path.name, None, ())
        except mtreason.MtreasonError:
            continue
        if form is not None or path.suffix.lower() == ".txt":
            yield path, "text" if form is None else form.name


def measure(
    folder: Path, stand_ins: dict[str, StandIn] | None = None, translate: Translate = through_the_interface
) -> dict[str, list[Verdict]]:
    """Return what became of each file of a folder, for each stand-in."""
    found = list(documents(folder))
    return {
        name: [judge(path, form, stand_in, translate) for path, form in found]
        for name, stand_in in (stand_ins or STAND_INS).items()
    }


def card(measured: dict[str, list[Verdict]]) -> str:
    rows = []
    for name, verdicts in measured.items():
        forms = sorted({v.form for v in verdicts}, key=["text", *FORMATS].index)
        for form in [*forms, "all"]:
            counts = Counter(v.kind for v in verdicts if form in {v.form, "all"})
            rows.append([name, form, counts.total(), *(counts[kind] or "" for kind in KINDS)])
    return tabulate(rows, headers=["stand-in", "format", "files", *KINDS])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--show", action="store_true", help="name what is wrong")
    asked = parser.parse_args(arguments)
    if not asked.folder.is_dir():
        parser.error(f"{asked.folder} is no folder")
    measured = measure(asked.folder)
    for name, verdicts in measured.items() if asked.show else ():
        for verdict in verdicts:
            for fault in verdict.faults:
                print(f"{name}: {verdict.path}: {fault}")
    print(card(measured))
    totals = {
        name: {kind: sum(v.kind == kind for v in verdicts) for kind in KINDS} for name, verdicts in measured.items()
    }
    print(json.dumps({"folder": str(asked.folder), "files": len(next(iter(measured.values()))), **totals}))


if __name__ == "__main__":
    main()
