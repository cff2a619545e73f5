"""How a model should be asked: each wording by what a greedy draft and samples are worth, without any search.

    python benchmarks/wordings.py --data dev.jsonl --langs zh-en --model qwen2.5-coder-0.5b

One line for each wording: chrF++ (chrF2 into languages without spaces) and BLEU of the greedy drafts, the mean over
greedy and samples, the best of them, the difference from the first wording with its 95 % interval and p-value; drafts
with problems, and letters of a script that is not the target's. With --terms, rows with glossary terms: the share that
greedy drafts honour.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import sacrebleu
from slang import row_entries

from mtreason.decoding.masks import CARRIED
from mtreason.decoding.wordings import named_wording, wordings
from mtreason.errors import InputError
from mtreason.evaluation.metrics import mean_metric, tokenizer_for
from mtreason.evaluation.significance import compare
from mtreason.gates.language import foreign_letters
from mtreason.glossary import Matcher, follows
from mtreason.languages import Direction, parse_language
from mtreason.models.load import load_model
from mtreason.runs.settings import Settings
from mtreason.runs.translator import load_terms
from mtreason.tuning.wordings import Tried, try_wording


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--langs", default="zh-en")
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--wordings", help="some of them, with commas; the first is what others are compared with")
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--limit", type=int, help="about so many rows, spread evenly")
    parser.add_argument("--terms", action="store_true", help="rows with terms of the glossaries or of their own")
    parser.add_argument("-o", "--out", type=Path, help="greedy drafts, as JSON lines")
    options = parser.parse_args()
    source, target = map(parse_language, options.langs.split("-"))
    direction = Direction(source, target)
    rows = [json.loads(line) for line in options.data.read_text("utf-8").splitlines()]
    rows = [r for r in rows if (r["src_lang"], r["tgt_lang"]) == (source.tag, target.tag)]
    found_terms = (*load_terms(direction, Settings()), *row_entries(rows)) if options.terms else ()
    matcher = Matcher(found_terms, source.tag)
    if options.terms:
        rows = [r for r in rows if matcher.find(r["src"])]
    rows = rows[:: max(1, len(rows) // (options.limit or len(rows)))]
    hits = [(i, hit.term) for i, r in enumerate(rows) for hit in matcher.find(r["src"])]
    loaded = load_model(options.model)
    names = options.wordings.split(",") if options.wordings else [n for n, w in wordings().items() if w.chat]
    first: Tried | None = None
    figures: dict[str, Any] = {"model": options.model, "langs": options.langs, "rows": len(rows), "wordings": {}}
    print(f"{options.model}, {options.langs}, {len(rows)} rows, {len(hits)} terms")
    print("| wording | greedy | BLEU | mean | best | over the first, mean | tokens | problems | script | terms |")
    print("|:--|--:|--:|--:|--:|:--|--:|--:|--:|--:|")
    for name in names:
        try:
            tried = try_wording(
                loaded,
                named_wording(name),
                direction,
                [r["src"] for r in rows],
                [r["refs"] for r in rows],
                terms=found_terms,
                samples=options.samples,
            )
        except InputError as error:
            print(f"| {name} | {error} |")
            continue
        first = first or tried
        refs = [[(r["refs"] * 9)[k] for r in rows] for k in range(max(len(r["refs"]) for r in rows))]
        scripts = frozenset(target.scripts) | {CARRIED}
        own = {
            "greedy": float(np.mean(tried.greedy)),
            "bleu": sacrebleu.corpus_bleu(list(tried.texts), refs, tokenize=tokenizer_for(target)).score,
            "mean": float(np.mean(tried.mean)),
            "best": float(np.mean(tried.best)),
            "tokens": tried.tokens,
            "problems": dict(tried.faults),
            "foreign": sum(foreign_letters(t, scripts, []) for t in tried.texts),
            "honoured": sum(follows(term, tried.texts[i], target.tag) for i, term in hits),
        }
        over = "–"
        if tried is not first:
            metric = mean_metric("mean", "mean", [first.mean, tried.mean], 1e-9)
            c = compare(metric, 1, 0)
            own |= {"delta": c.delta, "low": c.low, "high": c.high, "p": c.p_value}
            over = f"{c.delta:+.2f} [{c.low:+.2f}, {c.high:+.2f}] p {c.p_value:.3f}"
        figures["wordings"][name] = own
        print(
            f"| {name} | {own['greedy']:.1f} | {own['bleu']:.1f} | {own['mean']:.1f} | {own['best']:.1f} | {over} "
            f"| {own['tokens']:.0f} | {sum(tried.faults.values())} | {own['foreign']} | {own['honoured']} |",
            flush=True,
        )
        if options.out:
            with options.out.open("a", encoding="utf-8") as file:
                for row, text in zip(rows, tried.texts, strict=True):
                    record = {"wording": name, "id": row["id"], "src": row["src"], "text": text}
                    file.write(json.dumps(record, ensure_ascii=False) + "\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
