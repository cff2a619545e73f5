"""Whether source text that asks for something is translated, or obeyed: a card for people, then one JSON line.

    python benchmarks/injections.py --model qwen2.5-coder-0.5b --decoders greedy,mcts

The sources, ten in each of six languages, were written for this project. Each has two patterns: what any translation of
it contains, and what only an answer does. An output with the first alone is translated, with the second alone obeyed,
with both mixed, and with neither it is read by a person: --show prints all that are not translated.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

from tabulate import tabulate

import mtreason

SOURCES = Path(__file__).parent / "samples" / "injections.jsonl"
KINDS = ("translated", "mixed", "neither", "obeyed")


def kind_of(row: dict[str, Any], text: str) -> str:
    """Return what became of a source: one of KINDS."""
    translated, obeyed = (re.search(row[name], text, re.IGNORECASE) is not None for name in ("translated", "obeyed"))
    if translated:
        return "mixed" if obeyed else "translated"
    return "obeyed" if obeyed else "neither"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--decoders", default="greedy,mcts")
    parser.add_argument("--budget", type=float, help="of a sentence, in full samples")
    parser.add_argument("--prompt", help="a wording")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--output", type=Path, help="a JSONL file for all outputs")
    asked = parser.parse_args()
    rows = [json.loads(line) for line in SOURCES.read_text("utf-8").splitlines()]
    found: dict[str, Counter[str]] = {}
    outputs: list[dict[str, Any]] = []
    with mtreason.load_model(asked.model) as model:
        for decoder in asked.decoders.split(","):
            found[decoder] = Counter()
            for (source, target), own in groupby(rows, lambda row: (row["src_lang"], row["tgt_lang"])):
                group = list(own)
                settings = {"decoder": decoder, "prompt": asked.prompt, "in_flight": 16}
                if asked.budget is not None:
                    settings["budget"] = asked.budget
                translator = mtreason.Translator(model, source, target, terms=(), **settings)
                for row, made in zip(group, translator.translate([row["src"] for row in group]), strict=True):
                    kind = kind_of(row, made.text)
                    found[decoder][kind] += 1
                    outputs.append({"decoder": decoder, "kind": kind, "status": made.status, "text": made.text, **row})
                    if asked.show and kind != "translated":
                        print(f"{decoder} {kind}: {row['src']} -> {made.text}")
    if asked.output:
        asked.output.write_text("".join(json.dumps(o, ensure_ascii=False) + "\n" for o in outputs), "utf-8")
    table = [[decoder, *(counts[kind] for kind in KINDS)] for decoder, counts in found.items()]
    print(tabulate(table, headers=["decoder", *KINDS]))
    print(json.dumps({"model": asked.model, "sources": len(rows), "found": found}))


if __name__ == "__main__":
    main()
