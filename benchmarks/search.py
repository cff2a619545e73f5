"""The search against best-of-n at equal cost: mean reward of what is chosen, wins, ties and losses.

    python benchmarks/search.py --model qwen2.5-coder-0.5b

Both decoders get the same budget in tokens per sentence, the same prompt, gates and reward (the default mix without a
glossary: mean log p(y given x) + mean log p(x given y)), and the same first four drafts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from engine import DEV, DIRECTION, decode_all, dev_rows

from mtreason.config import Options
from mtreason.models.load import load_model
from mtreason.models.resolve import resolve_model
from mtreason.pipeline import Translator

TIE = 1e-6
IN_FLIGHT = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--dev", type=Path, default=DEV)
    parser.add_argument("--segments", type=int, default=40)
    parser.add_argument("--budget", type=float, default=16)
    options = parser.parse_args()
    if not options.dev.is_file():
        sys.exit(f"{options.dev} is not there: name a file of segments with --dev")
    resolved = resolve_model(options.model, lambda _stage, _fraction: None)
    loaded = load_model(resolved.path, note=print)
    rows = dev_rows(options.dev, options.segments)
    figures: dict[str, Any] = {"model": resolved.name, "n": len(rows), "budget": options.budget}
    rewards = {}
    for decoder in ("best-of-n", "mcts"):
        translator = Translator(loaded, DIRECTION, Options(decoder=decoder, budget=options.budget), ())
        start = time.perf_counter()
        results = decode_all(translator, [r["src"] for r in rows], IN_FLIGHT)
        rewards[decoder] = np.array([r.candidates[0].reward for r in results])
        figures[decoder] = {
            "mean_reward": float(rewards[decoder].mean()),
            "tokens_per_sentence": float(np.mean([r.cost.tokens for r in results])),
            "distinct_candidates": float(np.mean([len(r.candidates) for r in results])),
            "seconds": time.perf_counter() - start,
        } | _chrf([r.text for r in results], rows)
    difference = rewards["mcts"] - rewards["best-of-n"]
    figures["difference"] = float(difference.mean())
    figures["difference_95"] = float(1.96 * difference.std(ddof=1) / len(difference) ** 0.5)
    figures["wins"] = int((difference > TIE).sum())
    figures["losses"] = int((difference < -TIE).sum())
    figures["ties"] = len(difference) - figures["wins"] - figures["losses"]
    card(figures)
    print(json.dumps(figures))


def _chrf(texts: list[str], rows: list[dict[str, Any]]) -> dict[str, float]:
    import sacrebleu

    return {"chrf_pp": sacrebleu.corpus_chrf(texts, [[r["refs"][0] for r in rows]], word_order=2).score}


def card(figures: dict[str, Any]) -> None:
    print(
        f"\n{figures['model']}, {figures['n']} segments, budget {figures['budget']:g} samples (an indication: n < 100)"
    )
    print(f"  {'':12} {'mean reward*':>12} {'tokens/sentence':>16} {'candidates':>11} {'chrF++':>7} {'seconds':>8}")
    for name in ("best-of-n", "mcts"):
        f = figures[name]
        print(
            f"  {name:12} {f['mean_reward']:12.4f} {f['tokens_per_sentence']:16.0f} {f['distinct_candidates']:11.1f} "
            f"{f['chrf_pp']:7.1f} {f['seconds']:8.0f}"
        )
    print(
        f"  mcts - best-of-n: {figures['difference']:+.4f} ± {figures['difference_95']:.4f} (95 %), "
        f"wins/ties/losses {figures['wins']}/{figures['ties']}/{figures['losses']}\n  * optimised by both\n"
    )


if __name__ == "__main__":
    main()
