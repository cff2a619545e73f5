"""How well heads of the reward `value` choose from pools that they were not trained on: a card, then one JSON line.

    mtreason tune --value --data dev.jsonl --langs zh-en --model MODEL --budget 8 --pools pools.jsonl -o dev.safetensors
    python benchmarks/heads.py --data dev.jsonl --langs zh-en --pools pools.jsonl HEAD.safetensors …

Pools are those that `tune --value` keeps: candidates with their parts and hidden states. Rows need references. A pair
is right where a score orders two candidates of a segment as sentence chrF++ does. Sums have the same weight for each
part, in units of its spread within segments; nothing is fitted here. Choices are scored as a whole with sacrebleu.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics import BLEU, CHRF, TER
from tabulate import tabulate

from mtreason.rewards import REWARDS, read_head
from mtreason.tuning.agreement import Values, agreement, standardised
from mtreason.tuning.pools import FEATURES, PoolFile, unpacked
from mtreason.tuning.segments import Segment, gold_values, read_segments

Record = Mapping[str, object]


def part(records: Sequence[Record], name: str) -> list[NDArray[np.float64]]:
    """Return a part of the reward for all candidates."""
    return [np.array([c["parts"][name] for c in record["candidates"]]) for record in records]  # type: ignore[attr-defined]


def added(*scores: Values) -> list[NDArray[np.float64]]:
    """Return the sum of scores in units of their spread."""
    return [np.sum(own, axis=0) for own in zip(*map(standardised, scores), strict=True)]


def of_head(records: Sequence[Record], path: Path) -> list[NDArray[np.float64]]:
    """Return a head's values of all candidates."""
    head = read_head(path)
    return [np.array([head.value(unpacked(c[FEATURES])) for c in r["candidates"]]) for r in records]  # type: ignore[attr-defined]


def scores_of(records: Sequence[Record], gold: Values, heads: Sequence[Path]) -> dict[str, Values]:
    """Return all that is compared, by name."""
    likelihood, consensus, channel = (part(records, name) for name in ("likelihood", "consensus", "channel"))
    weights = {name: weight for name, weight in REWARDS["mix"].weights.items() if name != "terms"}
    mix = [sum(own) for own in zip(*([w * v for v in part(records, n)] for n, w in weights.items()), strict=True)]
    # The greedy draft comes first in every pool that has it.
    found: dict[str, Values] = {"greedy": [-np.arange(len(own), dtype=np.float64).clip(0, 1) for own in gold]}
    found |= {"likelihood": likelihood, "consensus": consensus, "channel": channel, "mix": mix}
    found["likelihood + consensus"] = added(likelihood, consensus)
    for path in heads:
        value = of_head(records, path)
        found[path.stem] = value
        found[f"{path.stem} + l. + c."] = added(value, likelihood, consensus)
        found[f"{path.stem} + l. + c. + channel"] = added(value, likelihood, consensus, channel)
    return found | {"best by chrF++": gold}


def choose(segments: Sequence[Segment], records: Sequence[Record], scores: Values) -> dict[str, float]:
    """Score what is chosen, the first of equals."""
    texts = [r["candidates"][int(np.argmax(own))]["text"] for r, own in zip(records, scores, strict=True)]  # type: ignore[index]
    most = max(len(segment.row.references) for segment in segments)
    # Sacrebleu wants as many references for each; the first is said again where there are fewer.
    refs = [[s.row.references[min(k, len(s.row.references) - 1)] for s in segments] for k in range(most)]
    metrics = {"BLEU": BLEU(), "chrF++": CHRF(word_order=2), "TER": TER()}
    return {name: round(metric.corpus_score(texts, refs).score, 2) for name, metric in metrics.items()}


def main() -> None:
    """Print the card and the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heads", nargs="*", type=Path)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--langs")
    parser.add_argument("--pools", required=True, type=Path)
    args = parser.parse_args()
    store = PoolFile(args.pools)
    read, _ = read_segments(args.data, args.langs, None)
    segments = [s for s in read if store.has(s) and store.records[s.row.id]["candidates"]]
    records = [store.records[segment.row.id] for segment in segments]
    gold = [
        np.array(gold_values(s, [c["text"] for c in r["candidates"]])) for s, r in zip(segments, records, strict=True)
    ]
    rows = []
    for name, scores in scores_of(records, gold, args.heads).items():
        agrees = agreement(scores, gold)
        ordered = {"pairs_right": round(agrees.pairs_right, 4), "spearman": round(agrees.spearman, 4)}
        rows.append({"score": name, **ordered, **choose(segments, records, scores)})
    print(f"{len(segments)} of {len(read)} segments, {sum(map(len, gold))} candidates, {args.pools.name}")
    print(tabulate(rows, headers="keys"))
    print(json.dumps({"segments": len(segments), "candidates": sum(map(len, gold)), "rows": rows}))


if __name__ == "__main__":
    main()
