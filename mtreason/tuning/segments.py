"""The data of a fit: segments with references, or with hypotheses that somebody has rated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtreason.benchmark import Row, by_pair, read_records
from mtreason.characters import HALF_PAIR, has_half_pair
from mtreason.errors import InputError


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment, and the references or ratings that tell good translations of it from bad ones."""

    row: Row
    hypotheses: tuple[str, ...]
    ratings: tuple[float, ...]
    """Rating of each hypothesis, higher is better; both are empty where references are used."""


def read_segments(path: Path, pair: str | None, limit: int | None) -> tuple[list[Segment], int]:
    """Read JSON lines of one pair of languages; also return how many were left out without references or ratings.

    Lines have the keys of a benchmark's rows, with `refs`, or with `hyps` and `ratings` instead; `limit` takes this
    many evenly. Raises `InputError` for what cannot be parsed, more than one pair, and a mixture of references and
    ratings.
    """
    records = read_records(path, pair)
    segments = [Segment(row, *_ratings(where, record)) for row, where, record in records]
    segments = [segment for segment in segments if segment.ratings or segment.row.references]
    left_out = len(records) - len(segments)
    pairs = list(dict.fromkeys(segment.row.pair for segment in segments))
    if len(pairs) > 1:
        raise InputError(
            f"{path} has {', '.join(pairs)}: weights are fitted to one pair of languages: add --langs {pairs[0]}"
        )
    if not segments:
        raise InputError(f"{path}: no row has refs, or hyps with ratings: there is nothing to learn from")
    rated = sum(bool(segment.ratings) for segment in segments)
    if 0 < rated < len(segments):
        raise InputError(
            f"{path}: {rated} rows have ratings and {len(segments) - rated} have references, which measure "
            "differently: make a file of each"
        )
    by_id = {segment.row.id: segment for segment in segments}
    [rows] = by_pair((segment.row for segment in segments), limit).values()
    return [by_id[row.id] for row in rows], left_out


def _ratings(where: str, record: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    hypotheses, ratings = record.get("hyps") or [], record.get("ratings") or []
    if not isinstance(hypotheses, list) or not all(isinstance(h, str) and h.strip() for h in hypotheses):
        raise InputError(f"{where}: hyps must be a list of texts that are not blank")
    if any(map(has_half_pair, hypotheses)):
        raise InputError(f"{where}: {HALF_PAIR}")
    if not isinstance(ratings, list) or not all(_is_number(r) for r in ratings):
        raise InputError(f"{where}: ratings must be a list of numbers, higher is better")
    if len(hypotheses) != len(ratings):
        raise InputError(f"{where}: {len(hypotheses)} hyps and {len(ratings)} ratings: give each text its number")
    return tuple(hypotheses), tuple(map(float, ratings))


def _is_number(value: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def gold_values(segment: Segment, texts: Sequence[str]) -> list[float]:
    """Return the value of translations: sentence chrF++ with the reference that fits best, or the ratings.

    Rated texts are the segment's hypotheses, or the first of them.
    """
    if segment.ratings:
        return list(segment.ratings[: len(texts)])
    from sacrebleu.metrics.chrf import CHRF

    scorer = CHRF(word_order=2)
    return [float(scorer.sentence_score(text, list(segment.row.references)).score) for text in texts]
