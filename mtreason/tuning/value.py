"""Trains the head of the reward `value` for a model: sources, pools with hidden states, labels, ridge, file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtreason.errors import InputError
from mtreason.evaluation.learned.estimator import Estimator
from mtreason.languages import parse_language
from mtreason.models.loaded import LoadedModel
from mtreason.rewards import Head, write_head
from mtreason.rewards.heads import SUFFIX
from mtreason.rewards.value import FEATURES as READ
from mtreason.tuning.agreement import Values, agreement, standardised
from mtreason.tuning.fit import assign_folds
from mtreason.tuning.job import FEW, TuneJob
from mtreason.tuning.labels import OWN_PARTS, Measure, labels_of, measures_of
from mtreason.tuning.pools import FEATURES, unpacked
from mtreason.tuning.ridge import PENALTIES, Pool, Ridge, fit_ridge
from mtreason.tuning.segments import Segment, read_sources

COMPARED = ("likelihood", "consensus", "channel")
"""The parts that the head is shown beside."""
Record = Mapping[str, Any]


def train_value(
    job: TuneJob,
    langs: str | None,
    limit: int | None,
    folds: int,
    comet: Estimator | None,
    open_model: Callable[[], LoadedModel],
) -> dict[str, Any]:
    """Check everything that is cheap to check, make the pools, train, write; return the evidence in JSON types."""
    if job.out.suffix != SUFFIX:
        raise InputError(f"-o {job.out}: a head is kept in a file whose name ends with {SUFFIX}")
    job.check_files()
    segments = _read(job, langs, limit)
    if comet is not None:
        _check_comet(job, segments, comet)
    store = job.collect(segments, list(OWN_PARTS), open_model, states=True)
    told = [(segment, store.records[segment.row.id]) for segment in segments]
    used, records = _with_several(job, told)
    measures = measures_of(used, records, None if comet is None else comet.scores)
    labels = labels_of(measures, [[c["text"] for c in record["candidates"]] for record in records])
    pools = _pools(job, used, records, labels, folds)
    ridge = fit_ridge(pools)
    report = _report(used, records, measures, labels, pools, ridge)
    config = store.config or {}
    pair = "-".join(parse_language(tag).primary for tag in (used[0].row.source_tag, used[0].row.target_tag))
    about = {"data": job.data.name, "decoding": config["run"]["settings"], **report}
    weights = ridge.weights.astype(np.float32)
    write_head(job.out, Head(weights, ridge.offset, config["run"]["model"], READ, (pair,), about, job.command))
    return {"model": config["model"], "pair": pair, **report}


def _read(job: TuneJob, langs: str | None, limit: int | None) -> list[Segment]:
    """Read the sources, and refuse what no head can be trained on or decoded with."""
    segments, without = read_sources(job.data, langs, limit)
    if len(segments) < 2:
        raise InputError(f"{job.data}: one source: a head needs two at least, to be tested on one it has not seen")
    job.check_decoding(segments, list(OWN_PARTS))
    if without:
        job.progress.note(f"{without} rows have neither references nor ratings, and others do: left out")
    if len(segments) < FEW:
        job.progress.warn(f"{len(segments)} sources are few: some hundreds are needed before a head is of use")
    return segments


def _with_several(job: TuneJob, told: Sequence[tuple[Segment, Record]]) -> tuple[list[Segment], list[Record]]:
    """Return the segments that have several candidates, and their pools: the others have nothing to compare."""
    several = [(segment, record) for segment, record in told if len(record["candidates"]) > 1]
    if len(several) < len(told):
        job.progress.note(f"{len(told) - len(several)} sources have no two clean candidates: left out")
    if len(several) < 2:
        raise InputError(f"{job.data}: {len(several)} sources have two candidates: raise --budget, or give more")
    return [segment for segment, _ in several], [record for _, record in several]


def _check_comet(job: TuneJob, segments: Sequence[Segment], comet: Estimator) -> None:
    """Raise `InputError` for a checkpoint that adds nothing to these labels, or cannot score these sources."""
    if segments[0].ratings:
        raise InputError(f"--qe: {job.data} has ratings, which are the labels: leave it out")
    if comet.needs_references and not segments[0].row.references:
        raise InputError(f"--qe: this checkpoint needs references, and {job.data} has none: name one that does without")


def _pools(
    job: TuneJob, segments: Sequence[Segment], records: Sequence[Record], labels: Measure, folds: int
) -> list[Pool]:
    """Return what is fitted; no document is in two folds, so there are no more of these than documents."""
    documents = list(dict.fromkeys(segment.document for segment in segments))
    numbers = assign_folds([""] * len(documents), min(folds, len(documents)), job.settings.seed)
    fold_of = dict(zip(documents, numbers.tolist(), strict=True))
    return [
        Pool(fold_of[segment.document], _features(job, record), own)
        for segment, record, own in zip(segments, records, labels, strict=True)
    ]


def _features(job: TuneJob, record: Record) -> NDArray[np.float32]:
    """Return the features of a pool [C, F]; raises `InputError` where the file holds something else."""
    try:
        return np.stack([unpacked(candidate[FEATURES]) for candidate in record["candidates"]])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{job.pools}: the pool of {record['id']!r} has no hidden states that can be read: name another --pools"
        ) from error


def _report(
    segments: Sequence[Segment],
    records: Sequence[Record],
    measures: Mapping[str, Measure],
    labels: Measure,
    pools: Sequence[Pool],
    ridge: Ridge,
) -> dict[str, Any]:
    """Return what was trained on, and how well the head and other parts order candidates, in JSON types."""
    scores: dict[str, Values] = {"value": ridge.held_out}
    scores |= {part: [_part(record, part) for record in records] for part in COMPARED}
    scores["value + likelihood + consensus"] = _sum([scores[name] for name in ("value", *COMPARED[:2])])
    scores["likelihood + consensus"] = _sum([scores[name] for name in COMPARED[:2]])
    return {
        "label": list(measures),
        "sources": len(segments),
        "documents": len({segment.document for segment in segments}),
        "folds": len({pool.fold for pool in pools}),
        "candidates": sum(map(len, labels)),
        "penalty": ridge.penalty,
        "errors": dict(zip(map("{:.3g}".format, PENALTIES), ridge.errors, strict=True)),
        "held_out": {name: asdict(agreement(values, labels)) for name, values in scores.items()},
    }


def _part(record: Record, part: str) -> NDArray[np.float64]:
    return np.array([candidate["parts"][part] for candidate in record["candidates"]])


def _sum(values: Sequence[Values]) -> Values:
    """Return the sum of scores in units of their spread, all with the same weight."""
    return [np.sum(own, axis=0) for own in zip(*map(standardised, values), strict=True)]
