"""How often each gate would flag translations by people, which are right: a card for people, then one JSON line.

    python benchmarks/gates.py FILE…

A file has a pair a line: JSON objects with `src`, `src_lang`, `tgt_lang` and `refs` (or `ref`), or a table of source
and translation whose name says the languages (`pairs.zh-en.tsv`). Either may end with `.gz`.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tabulate import tabulate

from mtreason.gates import GATES, Pair, single_spaced, strip_chatter
from mtreason.languages import Direction, parse_language


def read_pairs(path: Path) -> Iterator[tuple[Direction, str, str]]:
    """Read the pairs of a file, in order."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        plain = path.with_suffix("") if path.suffix == ".gz" else path
        if plain.suffix == ".jsonl":
            for row in map(json.loads, lines):
                direction = _direction(row["src_lang"], row["tgt_lang"])
                for reference in row.get("refs") or [row["ref"]]:
                    yield direction, row["src"], reference
        else:
            source, target = plain.stem.rpartition(".")[2].split("-")
            for line in lines:
                if not line.startswith("#"):
                    yield _direction(source, target), *line.rstrip("\n").split("\t")[:2]


def _direction(source: str, target: str) -> Direction:
    return Direction(parse_language(source), parse_language(target))


def flags(direction: Direction, source: str, text: str) -> dict[str, str]:
    """Return what each gate says of a translation that somebody wrote, as it would of a draft with this text."""
    cleaned = strip_chatter(text, source)
    pair = Pair(source, cleaned, direction, stripped=cleaned != single_spaced(text))
    return {name: "; ".join(said) for name, gate in GATES.items() if (said := gate.finds(pair))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--both-ways", action="store_true", help="also with source and translation exchanged")
    parser.add_argument("--limit", type=int, help="the first pairs of each file")
    parser.add_argument("--show", type=int, default=0, help="print so many flagged pairs for each gate and direction")
    asked = parser.parse_args()
    counted: Counter[str] = Counter()
    flagged: Counter[tuple[str, str]] = Counter()
    for path in asked.files:
        for direction, source, text in itertools.islice(read_pairs(path), asked.limit):
            ways = [(direction, source, text)]
            if asked.both_ways:
                ways.append((Direction(direction.target, direction.source), text, source))
            for way, own, other in ways:
                name = f"{way.source.tag}-{way.target.tag}"
                counted[name] += 1
                for gate, said in flags(way, own, other).items():
                    flagged[gate, name] += 1
                    if flagged[gate, name] <= asked.show:
                        print(f"{gate} {name} ({said}): {own} -> {other}")
    shares = {gate: {name: flagged[gate, name] / counted[name] for name in counted} for gate in GATES}
    rows = [
        [gate, *(f"{flagged[gate, name]} ({share:.2%})" for name, share in own.items())] for gate, own in shares.items()
    ]
    print(tabulate([["pairs", *counted.values()], *rows], headers=["gate", *counted]))
    total = {gate: sum(flagged[gate, name] for name in counted) / max(1, sum(counted.values())) for gate in GATES}
    print(json.dumps({"pairs": counted, "flagged_share": total}))


if __name__ == "__main__":
    main()
