"""The data of a fit: segments with references, or with hypotheses that somebody has rated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtreason.benchmark import Row, by_pair, read_files, read_records
from mtreason.characters import HALF_PAIR, has_half_pair
from mtreason.errors import InputError


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment, and the references or ratings that tell good translations of it from bad ones."""

    row: Row
    hypotheses: tuple[str, ...]
    ratings: tuple[float, ...]
    """Rating of each hypothesis, higher is better; both are empty where references are used."""
    document: str = ""
    """What it shares with the segments that it must not be tested on; its `doc`, or the lines around it."""


BLOCK = 10
"""Where no documents are named, so many lines count as one: neighbours are often about the same, or the same."""
LINES = ".txt"
"""The suffix of a file with a source on each line, and nothing else."""


def read_segments(path: Path, pair: str | None, limit: int | None) -> tuple[list[Segment], int]:
    """Read JSON lines of one pair of languages; also return how many were left out without references or ratings.

    Lines have the keys of a benchmark's rows, with `refs`, or with `hyps` and `ratings` instead; `limit` takes this
    many evenly. Raises `InputError` for what cannot be parsed, more than one pair, and a mixture of references and
    ratings.
    """
    every = _read_all(path, pair)
    segments = [segment for segment in every if segment.ratings or segment.row.references]
    if not segments:
        raise InputError(f"{path}: no row has refs, or hyps with ratings: there is nothing to learn from")
    _check_kind(path, segments)
    return _some(segments, limit), len(every) - len(segments)


def read_sources(path: Path, pair: str | None, limit: int | None) -> tuple[list[Segment], int]:
    """Read as `read_segments` does, but take segments without references or ratings where no other is there.

    A file whose name ends with LINES has a source on each line; blank lines are left out, and `pair` is needed.
    """
    every = _read_lines(path, pair) if path.suffix == LINES else _read_all(path, pair)
    told = [segment for segment in every if segment.ratings or segment.row.references] or every
    _check_kind(path, told)
    return _some(told, limit), len(every) - len(told)


def _read_lines(path: Path, pair: str | None) -> list[Segment]:
    tags = (pair or "").split("-", 1)
    if len(tags) != 2:
        raise InputError(f"{path} does not say its languages: add --langs, such as --langs zh-en")
    rows = read_files(path, [], *tags)
    return [Segment(row, (), (), str(i // BLOCK)) for i, row in enumerate(rows)]


def _read_all(path: Path, pair: str | None) -> list[Segment]:
    return [
        Segment(row, *_ratings(where, record), str(record.get("doc") or i // BLOCK))
        for i, (row, where, record) in enumerate(read_records(path, pair))
    ]


def _check_kind(path: Path, segments: Sequence[Segment]) -> None:
    """Raise `InputError` unless segments are of one pair of languages, and have references or ratings alike."""
    pairs = list(dict.fromkeys(segment.row.pair for segment in segments))
    if len(pairs) > 1:
        raise InputError(
            f"{path} has {', '.join(pairs)}: weights are fitted to one pair of languages: add --langs {pairs[0]}"
        )
    rated = sum(bool(segment.ratings) for segment in segments)
    if 0 < rated < len(segments):
        raise InputError(
            f"{path}: {rated} rows have ratings and {len(segments) - rated} have references, which measure "
            "differently: make a file of each"
        )


def _some(segments: Sequence[Segment], limit: int | None) -> list[Segment]:
    """Take some segments of one pair of languages, evenly."""
    by_id = {segment.row.id: segment for segment in segments}
    [rows] = by_pair((segment.row for segment in segments), limit).values()
    return [by_id[row.id] for row in rows]


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
