"""Terms with several meanings: whether a translation has the one that is meant, by system.

    python benchmarks/senses.py --model qwen2.5-coder-0.5b

The sentences and glossaries in `samples/senses` were written for this project: each sentence has a term with two
entries, and means one of them. A translation is right if it has a rendering of that entry and none of the other, wrong
if it has one of the other alone, and unclear otherwise. "choice" is the glossary as it is; with "first" the prompt has
the first entry alone, as it had when several entries were one, while the check takes either; "none" is no glossary.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import decode_all
from tabulate import tabulate

from mtreason.glossary import Term, follows, load_glossary
from mtreason.languages import parse_language
from mtreason.models.engine.load import load_directory
from mtreason.models.files.resolve import resolve_model
from mtreason.models.loaded import LoadedModel
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator

SAMPLES = Path(__file__).parent / "samples" / "senses"
DIRECTIONS = ("zh-en", "en-de")
PARTS = ("open", "held")
SYSTEMS: dict[str, dict[str, Any]] = {
    "greedy": {"decoder": "greedy"},
    "mbr": {"decoder": "mbr"},
    "mcts": {"decoder": "mcts"},
}
IN_FLIGHT = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--budget", type=float, default=4)
    parser.add_argument("--part", choices=PARTS, help="the open or the held-out terms; both if not given")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="names with commas between them")
    parser.add_argument("--directions", default=",".join(DIRECTIONS))
    parser.add_argument("--show", action="store_true", help="print the translations")
    asked = parser.parse_args()
    loaded = load_directory(resolve_model(asked.model, lambda _stage, _fraction: None).path, note=print)
    parts = (asked.part,) if asked.part else PARTS
    table: list[list[Any]] = []
    for direction in asked.directions.split(","):
        for name in asked.systems.split(","):
            settings = Settings(budget=asked.budget, shipped_glossaries=False, **SYSTEMS[name])
            for glossary in ("none", "first", "choice"):
                counts = count(loaded, direction, settings, glossary, parts, show=asked.show)
                table.append([direction, name, glossary, sum(counts.values()), *(counts[k] for k in KINDS)])
    print(tabulate(table, headers=["", "system", "glossary", "sentences", *KINDS]))
    print(json.dumps({"model": asked.model, "budget": asked.budget, "parts": parts, "rows": table}, ensure_ascii=False))


KINDS = ("right", "wrong", "unclear")


def count(
    loaded: LoadedModel, direction: str, settings: Settings, glossary: str, parts: Sequence[str], *, show: bool
) -> Counter[str]:
    """Translate the sentences of a direction, and count what became of their terms."""
    source, target = direction.split("-")
    terms = load_glossary(SAMPLES / f"senses.{direction}.tsv", source, target)
    given = {"none": (), "first": tuple(replace(t, senses=()) for t in terms)}
    with (SAMPLES / f"sentences.{direction}.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["part"] in parts]
    t = Translator(loaded, parse_language(source), parse_language(target), settings, terms=given.get(glossary, terms))
    texts = [result.text for result in decode_all(t, [row["source"] for row in rows], IN_FLIGHT)]
    kinds = [kind(row, text, terms, target) for row, text in zip(rows, texts, strict=True)]
    if show:
        for row, text, found in zip(rows, texts, kinds, strict=True):
            print(f"{glossary}, {settings.decoder}, {found}: {row['meant']}: {row['source']} {text}")
    return Counter(kinds)


def kind(row: dict[str, str], text: str, terms: Sequence[Term], target: str) -> str:
    """Return whether a translation has the meaning of a row."""
    [term] = [term for term in terms if term.source == row["term"]]
    has = {s.targets[0]: follows(replace(term, targets=s.targets, senses=()), text, target) for s in term.senses}
    meant = has.pop(row["meant"])
    other = any(has.values())
    return "right" if meant and not other else "wrong" if other and not meant else "unclear"


if __name__ == "__main__":
    main()
