"""The search against best-of-n at equal cost and at twice its cost: mean reward of what is chosen, wins and losses.

    python benchmarks/search.py --model qwen2.5-coder-0.5b --budgets 8,16

Both decoders get the same budget in tokens per sentence, the same prompt, gates and reward, and the same first four
drafts. The reward is what the model's own probabilities contribute to the default mix (`two-way`: mean log p(y given x)
and mean log p(x given y)); it does not depend on the other candidates, so its values can be compared.
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
from numpy.typing import NDArray

from mtreason.models.engine.load import load_directory
from mtreason.models.files.resolve import resolve_model
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator

REWARD = "two-way"
TIE = 1e-6
IN_FLIGHT = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--dev", type=Path, default=DEV)
    parser.add_argument("--segments", type=int, default=40)
    parser.add_argument("--budgets", default="16", help="of the search, separated by commas")
    options = parser.parse_args()
    if not options.dev.is_file():
        sys.exit(f"{options.dev} is not there: name a file of segments with --dev")
    resolved = resolve_model(options.model, lambda _stage, _fraction: None)
    loaded = load_directory(resolved.path, note=print)
    rows = dev_rows(options.dev, options.segments)
    figures: dict[str, Any] = {"model": resolved.name, "n": len(rows), "reward": REWARD, "systems": {}, "pairs": {}}
    budgets = [float(b) for b in options.budgets.split(",")]
    rewards = {}
    runs = [("mcts", b) for b in budgets] + [("best-of-n", times * b) for b in budgets for times in (1, 2)]
    for decoder, budget in dict.fromkeys(runs):
        settings = Settings(decoder=decoder, reward=REWARD, budget=budget, full_budget=decoder == "mcts")
        translator = Translator(loaded, DIRECTION.source, DIRECTION.target, settings, terms=())
        start = time.perf_counter()
        results = decode_all(translator, [r["src"] for r in rows], IN_FLIGHT)
        rewards[decoder, budget] = np.array([r.candidates[0].reward for r in results])
        figures["systems"][f"{decoder} {budget:g}"] = {
            "mean_reward": float(rewards[decoder, budget].mean()),
            "tokens_per_sentence": float(np.mean([r.cost.tokens for r in results])),
            "distinct_candidates": float(np.mean([len(r.candidates) for r in results])),
            "seconds": time.perf_counter() - start,
        } | _chrf([r.text for r in results], rows)
    for budget in budgets:
        for other in (budget, 2 * budget):
            difference = rewards["mcts", budget] - rewards["best-of-n", other]
            figures["pairs"][f"mcts {budget:g} - best-of-n {other:g}"] = paired(difference)
    card(figures)
    print(json.dumps(figures))


def paired(difference: NDArray[np.float64]) -> dict[str, float]:
    """Mean difference, half of its 95 % interval, and how many sentences are better, equal and worse."""
    ahead, behind = int((difference > TIE).sum()), int((difference < -TIE).sum())
    return {
        "difference": float(difference.mean()),
        "half_interval_95": float(1.96 * difference.std(ddof=1) / len(difference) ** 0.5),
        "wins": ahead,
        "ties": len(difference) - ahead - behind,
        "losses": behind,
    }


def _chrf(texts: list[str], rows: list[dict[str, Any]]) -> dict[str, float]:
    import sacrebleu

    return {"chrf_pp": sacrebleu.corpus_chrf(texts, [[r["refs"][0] for r in rows]], word_order=2).score}


def card(figures: dict[str, Any]) -> None:
    print(f"\n{figures['model']}, {figures['n']} segments, budgets in full samples, reward {REWARD}")
    print(f"  {'':14} {'mean reward*':>12} {'tokens/sentence':>16} {'candidates':>11} {'chrF++':>7} {'seconds':>8}")
    for name, f in figures["systems"].items():
        print(
            f"  {name:14} {f['mean_reward']:12.4f} {f['tokens_per_sentence']:16.0f} "
            f"{f['distinct_candidates']:11.1f} {f['chrf_pp']:7.1f} {f['seconds']:8.0f}"
        )
    for name, p in figures["pairs"].items():
        print(
            f"  {name}: {p['difference']:+.4f} ± {p['half_interval_95']:.4f} (95 %), "
            f"wins/ties/losses {p['wins']}/{p['ties']}/{p['losses']}"
        )
    print("  * optimised by all\n" + ("  under 100 segments: an indication\n" if figures["n"] < 100 else ""))


if __name__ == "__main__":
    main()
