"""Measure the packaged checkpoints on translations that training did not see, and write what there is to know.

    python benchmarks/metric/card.py --human DIR -o benchmarks/metric/CARD.md

Agreement with people, beside chrF, BLEU, the cosine of the bare encoder and, with --model, the mean log-probability of
the translation given the source; then how often a damaged translation scores below the good one.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from agreement import Agreement, Scorer, bleu, by_set, chrf, measure
from faults import DAMAGES
from ratings import Rated, read_ratings
from train import PAIRS, others, texts_by_language

from mtreason.evaluation.learned.checkpoints import PACKAGED, REFERENCELESS, WITH_REFERENCE
from mtreason.evaluation.learned.encoder import prepare_encoder
from mtreason.evaluation.learned.estimator import Estimator
from mtreason.files import cache_dir
from mtreason.languages import parse_language

ROWS = 64
MOST_DAMAGED = 300
"""Of a kind and pair of languages."""


def cosine(rows: Sequence[Rated]) -> list[float]:
    """Cosine of the bare encoder, of the translation with the reference, or with the source where there is none."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    encoder = prepare_encoder(lambda *_: None)
    tokenizer, model = (kind.from_pretrained(encoder, trust_remote_code=False) for kind in (AutoTokenizer, AutoModel))
    model.eval()
    embedded: dict[str, Any] = {}
    texts = sorted({t for r in rows for t in (r.translation, r.reference or r.source)}, key=len)
    for start in range(0, len(texts), ROWS):
        chunk = [f"query: {t}" for t in texts[start : start + ROWS]]
        batch = tokenizer(chunk, return_tensors="pt", padding=True, truncation=True, max_length=256)
        with torch.inference_mode():
            states = model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None]
        mean = (states * mask).sum(1) / mask.sum(1)
        embedded |= zip(texts[start : start + ROWS], torch.nn.functional.normalize(mean), strict=True)
    return [float(embedded[r.translation] @ embedded[r.reference or r.source]) for r in rows]


def estimated(estimator: Estimator) -> Scorer:
    return lambda rows: estimator.scores(
        [(r.source, r.translation, r.reference if estimator.takes_references else None) for r in rows]
    )


def log_probability(model: str) -> Scorer:
    """Mean log-probability of the translation given the source; `GivenDecoder` judges texts that were not drawn."""
    from mtreason.decoding import run
    from mtreason.models.engine.load import load_directory
    from mtreason.models.files.resolve import resolve_model
    from mtreason.runs.settings import Settings
    from mtreason.runs.translator import Translator
    from mtreason.tuning.pools import GivenDecoder

    loaded = load_directory(resolve_model(model, lambda *_: None).path, note=lambda _: None)

    def score(rows: Sequence[Rated]) -> list[float]:
        source, target = (parse_language(tag) for tag in rows[0].pair.split("-"))
        options = Settings(reward="likelihood", decoder="best-of-n", shipped_glossaries=False)
        t = Translator(loaded, source, target, options, terms=())
        texts = {i: [r.translation] for i, r in enumerate(rows)}
        tasks = (t.bind(t.task(i, r.source)) for i, r in enumerate(rows))
        decoder = GivenDecoder(texts, t.codec.encode, t.codec.end)
        found = {r.index: r.candidates[0].parts["likelihood"] for r in run(decoder, tasks, t.decoding, t.model, 16)}
        return [found[i] for i in range(len(rows))]

    return score


def whole_sources(rows: Sequence[Rated], most: int) -> list[Rated]:
    """Take the translations of as many sources as fit."""
    sources = list(dict.fromkeys(r.source for r in rows))
    random.Random(0).shuffle(sources)
    taken: list[Rated] = []
    for source in sources:
        own = [r for r in rows if r.source == source]
        if len(taken) + len(own) <= most:
            taken += own
    return taken


def damaged(rows: Sequence[Rated], texts: Mapping[str, Sequence[str]], kind: str) -> Iterator[tuple[Rated, str]]:
    """Damage good translations, each at most once."""
    chance = random.Random(7)
    good = [r for r in rows if r.score > 0]
    chance.shuffle(good)
    count = 0
    for row in good:
        text = DAMAGES[kind](row.source, row.translation, others(row, texts, chance), chance)
        if text is not None and text != row.translation and count < MOST_DAMAGED:
            count += 1
            yield row, text


def failures(rows: Sequence[Rated], texts: Mapping[str, Sequence[str]], estimator: Estimator) -> list[dict[str, Any]]:
    """Count how often a damaged translation scores below the good one, by kind of damage and pair of languages."""
    found = []
    for pair in sorted({r.pair for r in rows}):
        own = [r for r in rows if r.pair == pair and (r.reference or not estimator.takes_references)]
        for kind in DAMAGES:
            cases = list(damaged(own, texts, kind))
            if not cases:
                continue
            references = [r.reference if estimator.takes_references else None for r, _ in cases]
            whole = estimator.scores(
                [(r.source, r.translation, f) for (r, _), f in zip(cases, references, strict=True)]
            )
            bad = estimator.scores([(r.source, text, f) for (r, text), f in zip(cases, references, strict=True)])
            below = np.mean([b < w for b, w in zip(bad, whole, strict=True)])
            found.append({"pair": pair, "damage": kind, "n": len(cases), "below": float(below)})
    return found


def agreement_table(agreements: Sequence[Agreement]) -> str:
    lines = [
        "| metric | Spearman (95 %) | Kendall | pairwise | ahead of chrF (95 %) |",
        "|:--|--:|--:|--:|--:|",
    ]
    for a in agreements:
        spearman = "{:.3f} ({:.3f} to {:.3f})".format(a.spearman, *a.spearman_interval)
        share = "–" if a.pairwise is None else f"{a.pairwise:.3f}"
        ahead = "–" if a.ahead_of_chrf is None else "{:+.3f} ({:+.3f} to {:+.3f})".format(*a.ahead_of_chrf)
        lines.append(f"| {a.metric} | {spearman} | {a.kendall:.3f} | {share} | {ahead} |")
    return "\n".join(lines)


def failure_table(by_metric: dict[str, list[dict[str, Any]]]) -> str:
    lines = ["| damage | languages | " + " | ".join(by_metric) + " | n |", "|:--|:--|" + "--:|" * (len(by_metric) + 1)]
    keys = sorted({(f["damage"], f["pair"]) for own in by_metric.values() for f in own})
    for damage, pair in keys:
        cells, n = [], 0
        for own in by_metric.values():
            [*found] = [f for f in own if (f["damage"], f["pair"]) == (damage, pair)]
            cells.append(f"{found[0]['below']:.1%}" if found else "–")
            n = max([n, *[f["n"] for f in found]])
        lines.append(f"| {damage} | {pair} | {' | '.join(cells)} | {n} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--human", type=Path, required=True, help="the directory of rated translations")
    parser.add_argument("--rows", type=int, default=1500, help="at most of each set, by whole sources")
    parser.add_argument("--model", help="a translating model, for its log-probability")
    parser.add_argument("-o", "--out", type=Path)
    options = parser.parse_args()
    every = read_ratings(options.human)
    texts = texts_by_language(every)
    rows = [r for r in every if r.split == "test" and r.pair in PAIRS]
    estimators = {name: Estimator(name, cache_dir() / "scores") for name in PACKAGED}
    scorers: dict[str, Scorer] = {"cosine of the bare encoder": cosine}
    if options.model:
        scorers["log-probability"] = log_probability(options.model)
    parts, figures = [], {}
    for (origin, pair), every in by_set(rows).items():
        own = whole_sources(every, options.rows)
        referenced = all(r.reference is not None for r in own)
        surface: dict[str, Scorer] = {"chrF": chrf, "BLEU": bleu} if referenced else {}
        names = [WITH_REFERENCE.name] * referenced + [REFERENCELESS.name]
        found = measure(own, surface | scorers | {name: estimated(estimators[name]) for name in names})
        sources = len({r.source for r in own})
        parts.append(f"### {origin}, {pair}: {len(own)} translations of {sources} sources\n\n{agreement_table(found)}")
        figures[f"{origin} {pair}"] = [asdict(a) for a in found]
        print(parts[-1], file=sys.stderr, flush=True)
    broken = {name: failures(rows, texts, estimator) for name, estimator in estimators.items()}
    parts.append(f"### Damaged translations that score below the good ones\n\n{failure_table(broken)}")
    text = "\n\n".join(parts) + "\n"
    if options.out:
        options.out.write_text(text, "utf-8")
    print(text)
    print(json.dumps({"agreement": figures, "failures": broken}))


if __name__ == "__main__":
    main()
