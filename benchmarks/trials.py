"""Trials of the search: the reward that each variant reaches at the same cost, paired with the default.

    python benchmarks/trials.py --model qwen2.5-coder-0.5b --segments 60 --budget 8 -o benchmarks/trials.md

Every variant gets the same tokens per sentence, prompt and gates as the default. What is compared is the reward
`two-way`, which does not depend on the other candidates, and it is what all maximise unless --reward says otherwise:
whether a reward is right is another question, which `tune` asks.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sacrebleu
from engine import DEV, DIRECTION, decode_all, dev_rows

from mtreason.benchmark.systems import COMMON_REWARD, common_reward
from mtreason.decoding import DECODERS
from mtreason.decoding.borders import parse_border
from mtreason.decoding.mcts import MctsDecoder
from mtreason.decoding.protocol import Decoder, Judging
from mtreason.models.calls import Calls
from mtreason.models.engine.load import load_directory
from mtreason.models.files.resolve import resolve_model
from mtreason.rewards import Draft, Reward, RewardContext, Samples, judge, parts_of
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator
from mtreason.search.selection import MIN_UNEXPLORED, resample, unexplored
from mtreason.search.tree import ROOT, Tree

IN_FLIGHT = 24
TIE = 1e-6
RESAMPLES = 10_000


@dataclass(frozen=True)
class Trial:
    """One variant."""

    group: str
    name: str
    decoder: Decoder
    nodes: str = "1"
    times: float = 1.0
    """The budget, as a multiple of that of the others."""
    judging: Judging = judge


def walk(tree: Tree, value: str, priors: bool, exploration: float, widening: float) -> int | None:
    """Walk down from the root by value(c) + exploration * bonus(c), and begin at a node that may still get a child.

    The bonus is that of UCT, or with priors that of PUCT (Silver et al. 2017): prior(c) sqrt(visits(n)) / (1 +
    visits(c)), priors being the model's probabilities of the first token of a step.
    """
    values = tree.best[: tree.size] if value == "best" else tree.mean()
    closed = unexplored(tree) < MIN_UNEXPLORED
    alive = ~closed
    for node in range(tree.size - 1, 0, -1):
        alive[tree.parent[node]] |= alive[node]
    node = ROOT if alive[ROOT] else None
    while node is not None:
        visits = int(tree.visits[node] + tree.tries[node])
        below = [int(c) for c in tree.children_of(node) if alive[c]]
        if not closed[node] and (tree.children[node] < max(1.0, visits**widening) or not below):
            return node
        counts = [int(tree.visits[c] + tree.tries[c]) for c in below]
        bonus = [
            tree.prior[c] * math.sqrt(visits) / (1 + n) if priors else math.sqrt(math.log(max(visits, 2)) / max(1, n))
            for c, n in zip(below, counts, strict=True)
        ]
        node = below[int(np.argmax([values[c] + exploration * b for c, b in zip(below, bonus, strict=True)]))]
    return None


def filtered(margin: float) -> Judging:
    """Judge only drafts whose likelihood is within a margin of the round's best; the others get a low reward."""

    def cheap(
        reward: Reward, context: RewardContext, drafts: Sequence[Draft], samples: Samples, *, compared: bool
    ) -> Calls[list[dict[str, float]]]:
        if compared or not drafts:
            return (yield from judge(reward, context, drafts, samples, compared=compared))
        means = [float(d.log_probs.mean()) for d in drafts]
        kept = [d for d, m in zip(drafts, means, strict=True) if m >= max(means) - margin]
        judged = iter((yield from judge(reward, context, kept, samples, compared=False)))
        low = {"likelihood": -20.0, "channel": -20.0, "confidence": 0.0, "terms": 0.0}
        return [next(judged) if m >= max(means) - margin else low for m in means]

    return cheap


def trials(reward: Reward) -> Iterator[Trial]:
    base = MctsDecoder(stopping_rule=None)
    yield Trial("default", "mcts", base)
    yield Trial("no search", "best-of-n", DECODERS["best-of-n"])
    for least in (0.1, 0.2, 0.4):
        rule = partial(resample, pool=1, spread=2.0, least=least)
        yield Trial("early stopping", f"below a score of {least:g}", replace(base, rule=rule))
    for least in (0.2, 0.4):
        rule = partial(resample, pool=1, spread=2.0, least=least)
        saved = f"below {least:g}, half as much again for those that go on"
        yield Trial("saved budget", saved, replace(base, rule=rule), times=1.5)
    for value in ("best", "mean"):
        for priors in (False, True):
            rule = partial(walk, value=value, priors=priors, exploration=0.5, widening=0.5)
            name = f"{'PUCT' if priors else 'UCT'}, {value} value, nodes of 4"
            yield Trial("rule and backup", name, replace(base, rule=rule), "4")
    rule = partial(walk, value="best", priors=False, exploration=0.5, widening=0.5)
    yield Trial("rule and backup", "UCT, best value, T = .5, no contrast", DECODERS["mcts-uct"], "4")
    for nodes in ("2", "4", "8", "16", "step"):
        yield Trial("node size", f"nodes of {nodes}", base, nodes)
    for kept in (2, 4):
        yield Trial("re-sampling", f"of the {kept} best", replace(base, rule=partial(resample, pool=kept, spread=2.0)))
    for spread in (1.0, 4.0):
        yield Trial("re-sampling", f"spread {spread:g}", replace(base, rule=partial(resample, pool=1, spread=spread)))
    for temperature in (0.3, 0.7):
        yield Trial("temperature", f"rollouts at T = {temperature}", replace(base, temperature=temperature))
    for guidance in (0.0, 0.1, 0.4, 0.6):
        yield Trial("contrast", f"weight {guidance:g}", replace(base, guidance=guidance))
    for leaves in (2, 8):
        yield Trial("round", f"{leaves} rollouts", replace(base, leaves=leaves))
    if any(part.compares_samples for part in parts_of(reward)):
        for share in (0.25, 0.75):
            yield Trial("opening", f"{share:g} of the budget", replace(base, opening=share))
    else:
        for count in (1, 8):
            yield Trial("opening", f"{count} drafts", replace(base, first_drafts=count))
    for width in (2, 3, 5):
        yield Trial("beam first", f"width {width}", replace(base, beam=width))
    for margin in (0.5, 1.0):
        name = f"channel only within {margin:g} nats of the round's best likelihood"
        yield Trial("filter", name, base, judging=filtered(margin))


def measure(t: Translator, trial: Trial, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    variant = copy.copy(t)
    variant.decoder = trial.decoder
    border, budget = parse_border(trial.nodes, t.codec.decode), trial.times * t.decoding.budget
    variant.decoding = replace(t.decoding, border=border, budget=budget, judge=trial.judging)
    start = time.perf_counter()
    results = decode_all(variant, [r["src"] for r in rows], IN_FLIGHT)
    references = [[r["refs"][0] for r in rows]]
    best = [math.nan if r.fell_back else common_reward(r.candidates[0].parts) for r in results]
    return {
        "group": trial.group,
        "name": trial.name,
        "rewards": best,
        "tokens": float(np.mean([r.cost.tokens for r in results])),
        "distinct": float(np.mean([len(r.candidates) for r in results])),
        "chrf": sacrebleu.corpus_chrf([r.text for r in results], references, word_order=2).score,
        "seconds": (time.perf_counter() - start) / len(rows),
    }


def table(measured: Sequence[dict[str, Any]], maximised: str) -> str:
    """Differences from the default, with bootstrap intervals over sentences."""
    default = next(m for m in measured if m["group"] == "default")
    random = np.random.default_rng(0)
    lines = [
        "| varied | variant | mean reward* | difference from the default (95 %) | ahead / level / behind | tokens "
        "| candidates | chrF++ |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for m in measured:
        delta = np.array(m["rewards"]) - np.array(default["rewards"])
        delta = delta[np.isfinite(delta)]
        means = delta[random.integers(0, len(delta), (RESAMPLES, len(delta)))].mean(1)
        low, high = np.quantile(means, [0.025, 0.975])
        ahead, behind = int((delta > TIE).sum()), int((delta < -TIE).sum())
        lines.append(
            f"| {m['group']} | {m['name']} | {np.nanmean(m['rewards']):.4f} | {delta.mean():+.4f} ({low:+.4f} to "
            f"{high:+.4f}) | {ahead} / {len(delta) - ahead - behind} / {behind} | {m['tokens']:.0f} | "
            f"{m['distinct']:.1f} | {m['chrf']:.1f} |"
        )
    return "\n".join([*lines, "", f"\\* `{COMMON_REWARD.name}`; all variants maximise `{maximised}`"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--dev", type=Path, default=DEV)
    parser.add_argument("--segments", type=int, default=60)
    parser.add_argument("--budget", type=float, default=8)
    parser.add_argument("--reward", default=COMMON_REWARD.name, help="one with likelihood and channel in it")
    parser.add_argument("--only", help="names of groups, separated by commas")
    parser.add_argument("-o", "--out", type=Path)
    options = parser.parse_args()
    if not options.dev.is_file():
        sys.exit(f"{options.dev} is not there: name a file of segments with --dev")
    loaded = load_directory(resolve_model(options.model, lambda _stage, _fraction: None).path, note=print)
    t = Translator(
        loaded, DIRECTION.source, DIRECTION.target, Settings(reward=options.reward, budget=options.budget), terms=()
    )
    if not COMMON_REWARD.weights.keys() <= t.decoding.reward.weights.keys():
        sys.exit(f"--reward {options.reward}: expected one with {' and '.join(COMMON_REWARD.weights)} in it")
    rows = dev_rows(options.dev, options.segments)
    wanted = set(options.only.split(",")) | {"default"} if options.only else None
    measured: list[dict[str, Any]] = []
    for trial in trials(t.decoding.reward):
        if wanted is None or trial.group in wanted:
            measured.append(measure(t, trial, rows))
            print(f"{trial.name}: {np.mean(measured[-1]['rewards']):.4f}", file=sys.stderr, flush=True)
            if options.out:
                options.out.write_text(page(options, measured), "utf-8")
    print(page(options, measured))
    print(json.dumps([{k: v for k, v in m.items() if k != "rewards"} for m in measured]))


def page(options: argparse.Namespace, measured: Sequence[dict[str, Any]]) -> str:
    return (
        f"# Trials of the search\n\n`{options.model}`, {options.segments} zh-en segments spread over the development "
        f"set, budget {options.budget:g}, one seed: an indication.\n\n{table(measured, options.reward)}\n"
    )


if __name__ == "__main__":
    main()
