"""Train the checkpoints of `mtreason evaluate` that need no network: a small change to the encoder, and two heads.

    python benchmarks/metric/train.py --human DIR -o weights.safetensors

One low-rank change (LoRA, Hu et al. 2021) to the packaged encoder serves both heads: one with a reference, one without.
Both heads are those of COMET (`RegressionMetric`, `ReferencelessRegression`), so what comes out is assembled into
ordinary COMET checkpoints. Each step takes some sources with several translations of each: the heads learn the rating,
who of two translations of one source is better, and that a damaged translation is worse than the whole one.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from agreement import by_set
from faults import DAMAGES, SUBTLE, Others
from ratings import Rated, read_ratings
from safetensors.torch import save_file
from scipy.stats import spearmanr
from torch import Tensor, nn

from mtreason.evaluation.learned.encoder import prepare_encoder

PAIRS = ("zh-en", "en-zh")
RANK = 8
HIDDEN = [384, 128]
SOURCES = 16
"""A step."""
TRANSLATIONS = 5
"""At most, of one source a step."""
LONGEST = 128
"""Tokens; longer texts are cut off in training."""
TOGETHER = 32
"""Texts that are encoded as one batch."""
MARGIN = 1.0
"""By how much a damaged translation should lie below the whole one, in standard deviations of the ratings."""
TAUGHT = tuple(kind for kind in DAMAGES if kind != "unrelated")
"""Kinds of damage to learn from; what says something else falls through without having been taught."""
TELLING = 0.25
"""Pairs whose ratings differ by less are not evidence."""


@dataclass(frozen=True)
class Step:
    """Rows of one step, and what was damaged of them."""

    rows: list[Rated]
    damaged: list[tuple[int, str]]
    """Which row, and what became of its translation."""


class Metric(nn.Module):
    """The encoder and both heads."""

    def __init__(self, encoder: Path) -> None:
        super().__init__()
        from comet.models import ReferencelessRegression, RegressionMetric
        from peft import LoraConfig, get_peft_model

        shared: dict[str, Any] = {
            "pretrained_model": str(encoder), "layer_norm": False, "hidden_sizes": HIDDEN, "local_files_only": True,
        }  # fmt: skip
        self.with_reference = RegressionMetric(**shared)
        self.without = ReferencelessRegression(**shared)
        self.tokenizer = self.with_reference.encoder.tokenizer
        config = LoraConfig(
            r=RANK, lora_alpha=2 * RANK, lora_dropout=0.05, target_modules=["query", "key", "value", "dense"]
        )
        body = self.with_reference.encoder.model
        body.requires_grad_(False)
        self.with_reference.encoder.model = get_peft_model(body, config)
        self.without.encoder = self.with_reference.encoder
        self.without.layerwise_attention = self.with_reference.layerwise_attention

    def embed(self, texts: Sequence[str]) -> Tensor:
        """Encode distinct texts, [B, width]; with others of like length, so that little is padding."""
        pieces = self.tokenizer(list(texts), truncation=True, max_length=LONGEST)["input_ids"]
        order = sorted(range(len(texts)), key=lambda i: len(pieces[i]))
        embedded = []
        for start in range(0, len(order), TOGETHER):
            chunk = {"input_ids": [pieces[i] for i in order[start : start + TOGETHER]]}
            batch = self.tokenizer.pad(chunk, return_tensors="pt")
            embedded.append(self.with_reference.compute_sentence_embedding(batch["input_ids"], batch["attention_mask"]))
        return torch.cat(embedded)[torch.tensor(order).argsort()]

    def scores(self, source: Tensor, translation: Tensor, reference: Tensor | None) -> Tensor:
        """Score embedded triples, [B]."""
        if reference is None:
            # As `ReferencelessRegression.forward`, which offers no way in behind its encoder.
            pair = torch.cat([translation, source, translation * source, (translation - source).abs()], dim=1)
            return self.without.metric(pair).view(-1)
        return self.with_reference.score_triples(source, translation, reference).score


def steps(rows: Sequence[Rated], texts: Mapping[str, Sequence[str]], seed: int) -> Iterator[Step]:
    """Yield one epoch: every source once, with some of its translations; `texts` are there to be put in the place."""
    chance = random.Random(seed)
    by_source: dict[tuple[str, str], list[Rated]] = defaultdict(list)
    for row in rows:
        by_source[row.pair, row.source].append(row)
    groups = []
    for own in by_source.values():
        chance.shuffle(own)
        groups += [own[i : i + TRANSLATIONS] for i in range(0, len(own), TRANSLATIONS)]
    chance.shuffle(groups)
    # Of like length, so that little is padding; in chunks, so that steps stay varied.
    for start in range(0, len(groups), 50 * SOURCES):
        chunk = sorted(groups[start : start + 50 * SOURCES], key=lambda g: len(g[0].source))
        batches = [chunk[i : i + SOURCES] for i in range(0, len(chunk), SOURCES)]
        chance.shuffle(batches)
        for batch in batches:
            taken = [row for group in batch for row in group]
            yield Step(taken, list(damage(taken, texts, chance)))


def damage(
    rows: Sequence[Rated], texts: Mapping[str, Sequence[str]], chance: random.Random
) -> Iterator[tuple[int, str]]:
    """Damage two thirds of the better half, each in one way; what changes a word or a figure takes most to learn."""
    for i, row in enumerate(rows):
        if row.score < 0 or chance.random() > 0.66:
            continue
        kinds = list(SUBTLE if chance.random() < 0.5 else TAUGHT)
        chance.shuffle(kinds)
        for kind in kinds:
            text = DAMAGES[kind](row.source, row.translation, others(row, texts, chance), chance)
            if text is not None and text != row.translation:
                yield i, text
                break


def texts_by_language(rows: Sequence[Rated]) -> dict[str, list[str]]:
    """Return what there is to say in each language."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        source, _, target = row.pair.partition("-")
        found[source].append(row.source)
        found[target].append(row.translation)
    return found


def others(row: Rated, texts: Mapping[str, Sequence[str]], chance: random.Random) -> Others:
    """Draw texts that are no translation of the row's source."""
    target = row.pair.partition("-")[2]
    language = chance.choice(texts[chance.choice(sorted(texts.keys() - {target}))])
    sentence = chance.choice(texts[target])
    while sentence in {row.translation, row.reference}:
        sentence = chance.choice(texts[target])
    return Others(language, sentence)


def loss_of(metric: Metric, step: Step) -> Tensor:
    rows = step.rows
    texts = [t for r in rows for t in (r.source, r.translation, r.reference) if t is not None]
    texts += [t for _, t in step.damaged]
    places = {t: i for i, t in enumerate(dict.fromkeys(texts))}
    with torch.autocast("cpu", torch.bfloat16):
        embedded = metric.embed(list(places))
    embedded = embedded.float()
    ratings = torch.tensor([r.score for r in rows])
    same = torch.tensor([[a.source == b.source for b in rows] for a in rows])
    losses = []
    for which in (range(len(rows)), [i for i, r in enumerate(rows) if r.reference is not None]):
        picked = list(which)
        if not picked:
            continue
        with_reference = bool(losses)
        own = [rows[i] for i in picked]
        source = embedded[[places[r.source] for r in own]]
        reference = embedded[[places[str(r.reference)] for r in own]] if with_reference else None
        scores = metric.scores(source, embedded[[places[r.translation] for r in own]], reference)
        y = ratings[picked]
        loss = nn.functional.huber_loss(scores, y)
        gap = y[:, None] - y[None, :]
        telling = same[picked][:, picked] & (gap > TELLING)
        if telling.any():
            lead = (scores[:, None] - scores[None, :])[telling]
            loss = loss + nn.functional.softplus(-2 * lead).mean()
        bad = [(picked.index(i), text) for i, text in step.damaged if i in picked]
        if bad:
            at = [i for i, _ in bad]
            worse = metric.scores(
                source[at], embedded[[places[t] for _, t in bad]], None if reference is None else reference[at]
            )
            loss = loss + nn.functional.softplus(2 * (MARGIN - (scores[at] - worse))).mean() / 2
        losses.append(loss)
    return torch.stack(losses).sum()


def predict(metric: Metric, rows: Sequence[Rated], *, with_reference: bool) -> np.ndarray:
    """Score rows, [n]."""
    metric.eval()
    embedded: dict[str, Tensor] = {}
    texts = {t for r in rows for t in (r.source, r.translation, r.reference) if t is not None}
    ordered = sorted(texts, key=len)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(ordered), 64):
            chunk = ordered[start : start + 64]
            embedded.update(zip(chunk, metric.embed(chunk).float(), strict=True))
    with torch.inference_mode():
        source, translation = (
            torch.stack([embedded[t] for t in own])
            for own in zip(*[(r.source, r.translation) for r in rows], strict=True)
        )
        reference = torch.stack([embedded[str(r.reference)] for r in rows]) if with_reference else None
        found = metric.scores(source, translation, reference).numpy()
    metric.train()
    return found


def some(rows: Sequence[Rated], split: str, limit: int | None) -> Iterator[Rated]:
    """Yield the rows of a split, so many of each set at most, drawn at random."""
    for own in by_set([r for r in rows if r.split == split]).values():
        yield from own if limit is None else random.Random(0).sample(own, min(limit, len(own)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--human", type=Path, required=True, help="the directory of rated translations")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, help="take so many rows a set, to try things")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    every = read_ratings(options.human)
    texts = texts_by_language([r for r in every if r.split == "train"])
    rows = [r for r in every if r.pair in PAIRS]
    train, test = (list(some(rows, split, options.limit)) for split in ("train", "test"))
    print(f"{len(train)} to train on, {len(test)} to test on", file=sys.stderr)
    metric = Metric(prepare_encoder(lambda *_: None))
    metric.train()
    learned = [p for p in metric.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=options.rate, weight_decay=0.01)
    total = options.epochs * sum(1 for _ in steps(train, texts, options.seed))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.rate, total_steps=total, pct_start=0.1)
    start, done = time.perf_counter(), 0
    for epoch in range(options.epochs):
        for step in steps(train, texts, options.seed + epoch):
            loss = loss_of(metric, step)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learned, 1.0)
            optimiser.step()
            schedule.step()
            done += 1
            if done % 50 == 0:
                seconds = time.perf_counter() - start
                print(
                    f"{done}/{total} loss {loss.item():.3f} {seconds / done:.2f} s a step", file=sys.stderr, flush=True
                )
        save(metric, options.out)
        for (origin, pair), own in by_set(test).items():
            sample = own[:: max(1, len(own) // 400)]
            score = spearmanr(predict(metric, sample, with_reference=False), [r.score for r in sample]).statistic
            print(f"epoch {epoch + 1}: {origin} {pair}: Spearman {score:.3f} without reference, n = {len(sample)}")


def save(metric: Metric, path: Path) -> None:
    """Write what was learned, in 16 bits."""
    state = {n: p.detach().half().contiguous() for n, p in metric.named_parameters() if p.requires_grad}
    save_file(state, path)


if __name__ == "__main__":
    main()
