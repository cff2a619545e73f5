"""Slang: how often glossary terms are honoured, and literal readings avoided, by system; and which reading is liked.

    python benchmarks/slang.py --data slang_dev.jsonl --model qwen2.5-coder-0.5b -o outputs.jsonl

Rows are those of `bench`, with `terms` (`en`, and `literal` or `bad` readings) or `wrong` translations where there are
some. A term counts where a glossary has an entry for it. The four systems get the same budget; greedy spends less.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sacrebleu
from engine import DIRECTION, decode_all

from mtreason.config import Options
from mtreason.decoding import run
from mtreason.glossary import Matcher, avoided, follows
from mtreason.glossary.check import contains
from mtreason.models.load import LoadedModel, load_model
from mtreason.models.resolve import resolve_model
from mtreason.translator import Translator, load_entries
from mtreason.tuning.pools import GivenDecoder

SYSTEMS: dict[str, dict[str, Any]] = {
    "no glossary, greedy": {"decoder": "greedy", "shipped_glossaries": False},
    "hints, greedy": {"decoder": "greedy"},
    "hints, best-of-n": {"decoder": "best-of-n"},
    "hints, mcts": {"decoder": "mcts", "full_budget": True},
}
IN_FLIGHT = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--budget", type=float, default=16)
    parser.add_argument("--limit", type=int)
    parser.add_argument("-o", "--out", type=Path, help="the translations, as JSON lines")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.data.read_text("utf-8").splitlines()]
    rows = [r for r in rows if (r["src_lang"], r["tgt_lang"]) == ("zh", "en")][: options.limit]
    entries = load_entries(DIRECTION, Options())
    matcher = Matcher([e for e in entries if not e.note.startswith("guard:")], "zh")
    loaded = load_model(resolve_model(options.model, lambda _stage, _fraction: None).path, note=print)
    figures: dict[str, Any] = {"model": options.model, "rows": len(rows), "budget": options.budget, "systems": {}}
    written: list[dict[str, Any]] = []
    for name, changes in SYSTEMS.items():
        settings = Options(budget=options.budget, **changes)
        t = Translator(loaded, DIRECTION, settings, entries if settings.shipped_glossaries else ())
        start = time.perf_counter()
        results = decode_all(t, [r["src"] for r in rows], IN_FLIGHT)
        texts = [r.text for r in results]
        figures["systems"][name] = count(rows, texts, matcher) | {
            "repaired": sum(any(c.repaired and c.text == r.text for c in r.candidates) for r in results),
            "tokens": float(np.mean([r.cost.tokens for r in results])),
            "seconds": (time.perf_counter() - start) / len(rows),
        }
        written += [
            {"system": name, "id": r["id"], "src": r["src"], "translation": t} for r, t in zip(rows, texts, strict=True)
        ]
    figures["readings"] = readings(loaded, [r for r in rows if r.get("wrong")])
    if options.out:
        options.out.write_text("".join(json.dumps(w, ensure_ascii=False) + "\n" for w in written), "utf-8")
    card(figures)
    print(json.dumps(figures))


def count(rows: Sequence[dict[str, Any]], texts: Sequence[str], matcher: Matcher) -> dict[str, Any]:
    """Count terms of the glossary that are honoured, and readings that a translation should not have."""
    hits = [(hit.entry, text) for row, text in zip(rows, texts, strict=True) for hit in matcher.find(row["src"])]
    bad = [
        any(contains(reading, text, "en") for reading in _readings(row)) for row, text in zip(rows, texts, strict=True)
    ]
    references = [[r["refs"][0] for r in rows]]
    return {
        "terms": len(hits),
        "honoured": sum(follows(entry, text, "en") for entry, text in hits),
        "literal": sum(bool(avoided(entry, text, "en")) for entry, text in hits),
        "bad_readings": sum(bad),
        "chrf_pp": sacrebleu.corpus_chrf(texts, references, word_order=2).score,
    }


def _readings(row: dict[str, Any]) -> list[str]:
    """Return the readings that a row warns of, in a few words each."""
    listed = [x for term in row.get("terms", ()) for key in ("literal", "bad") for x in term.get(key) or ()]
    return [x for x in listed if len(x.split()) <= 6]


def readings(loaded: LoadedModel, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Say how often the model's reward is higher for the right translation than for the wrong one."""
    if not rows:
        return {}
    t = Translator(loaded, DIRECTION, Options(reward="two-way", decoder="best-of-n", shipped_glossaries=False), ())
    texts = {i: (r["refs"][0], r["wrong"][0]) for i, r in enumerate(rows)}
    tasks = (t.task(i, r["src"], ()) for i, r in enumerate(rows))
    decoder = GivenDecoder(texts, t.codec.encode, t.codec.end)
    parts = [[c.parts for c in r.candidates] for r in run(decoder, tasks, t.settings, t.model, IN_FLIGHT)]
    found: dict[str, Any] = {"n": len(parts)}
    for name in ("likelihood", "channel"):
        found[name] = float(np.mean([right[name] > wrong[name] for right, wrong in parts]))
    both = [[p["likelihood"] + p["channel"] for p in pair] for pair in parts]
    return found | {"two-way": float(np.mean([right > wrong for right, wrong in both]))}


def card(figures: dict[str, Any]) -> None:
    print(f"\n{figures['model']}, {figures['rows']} rows, budget {figures['budget']:g}")
    print(f"  {'':22}{'terms':>7}{'honoured':>10}{'literal':>9}{'bad':>5}{'repaired':>10}{'chrF++':>8}{'tokens':>8}")
    for name, f in figures["systems"].items():
        share = f"{f['honoured'] / max(1, f['terms']):.1%}"
        print(
            f"  {name:22}{f['terms']:7}{share:>10}{f['literal']:9}{f['bad_readings']:5}{f['repaired']:10}"
            f"{f['chrf_pp']:8.1f}{f['tokens']:8.0f}"
        )
    if figures["readings"]:
        own = dict(figures["readings"])
        n = own.pop("n")
        print(f"  right before wrong (n = {n}): " + ", ".join(f"{k} {v:.0%}" for k, v in own.items()) + "\n")


if __name__ == "__main__":
    main()
