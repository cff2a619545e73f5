"""Translations that people rated, in one form: who is better than whom, and by how much.

Scores are put on one scale set by set: each set's ratings become normal scores of their ranks, higher is better.
Documents and systems are held out whole, not rows at random.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scipy.stats import norm, rankdata

TEST_SHARE = 0.2
"""Of documents, and of the systems of a set that has several."""
BLOCK = 20
"""Segments in a row that stand for a document where documents are not named."""


@dataclass(frozen=True)
class Rated:
    """One translation with its rating."""

    origin: str
    pair: str
    source: str
    translation: str
    reference: str | None
    score: float
    """On the set's own scale at first, higher is better; then normal scores."""
    document: str
    system: str
    split: str = "train"
    """train or test; none: shares a document or a system with the test set, and serves neither."""


def read_ratings(directory: Path) -> list[Rated]:
    """Read all sets, split and scaled."""
    found = []
    for path in sorted(directory.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            own = list(_rows(path.name.partition(".jsonl")[0], [json.loads(line) for line in stream]))
        scaled = norm.ppf((rankdata([r.score for r in own]) - 0.5) / len(own))
        found += [replace(r, score=float(s)) for r, s in zip(_split(own), scaled, strict=True)]
    return found


def _rows(name: str, rows: list[dict[str, Any]]) -> Iterator[Rated]:
    origin, _, pair = name.rpartition(".")
    for row in rows:
        text = (row.get("hyp") or row.get("mt") or "").strip()
        # Some sets have the reference rated as if a system had written it.
        if not text or text == row.get("ref"):
            continue
        if origin == "mlqe_pe":
            # The post-edit is a reference that was made from the translation: too close to it to learn from.
            yield Rated(origin, pair, row["src"], row["mt"], None, row["da_z"], row["split"], "mlqe")
        elif "mqm" in row:
            document = row.get("doc") or f"block {int(row['seg']) // BLOCK}"
            yield Rated(origin, pair, row["src"], row["hyp"], row["ref"], -row["mqm"], document, row["system"])
        elif "esa" in row:
            yield Rated(origin, pair, row["src"], row["hyp"], row["ref"], row["esa"], row["doc"], row["system"])
        else:
            penalty = {"Critical": 10, "Major": 5, "Minor": 1}.get(row["severity"], 0) + (row["emotion_penalty"] or 0)
            yield Rated(origin, pair, row["src"], row["hyp"], None, -penalty, row["src"], row["system"])


def _split(rows: list[Rated]) -> Iterator[Rated]:
    systems = {r.system for r in rows}
    for row in rows:
        if row.origin == "mlqe_pe":
            held, unseen = row.document == "dev", True
        else:
            held = _drawn(f"{row.origin} {row.document}")
            unseen = len(systems) == 1 or _drawn(f"{row.origin} {row.system}")
        split = "test" if held else "train"
        yield replace(row, split="none" if not held and unseen and len(systems) > 1 else split)


def _drawn(key: str) -> bool:
    """Draw a document or system into the test set, the same at every run."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) / 2**32 < TEST_SHARE
